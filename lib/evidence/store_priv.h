/*
 * Inside of the store.  store.c opens and keeps the index up to date,
 * store_query.c answers, store_sign.c writes.
 */
#ifndef BG_EVIDENCE_STORE_PRIV_H
#define BG_EVIDENCE_STORE_PRIV_H

#include "evidence/chain.h"
#include "evidence/index.h"

struct bg_hand_log { /* a log that we may write */
	struct bg_log log;
	struct bg_signer *signer; /* owned; NULL: not open, or borrowed */
	char writer[BG_WRITER_MAX];
	char by[33], email[256];
	bool registered;
};
struct bg_store {
	struct bg_repo *repo;
	struct bg_install install;
	bool has_install;
	const struct bg_places *places;
	bg_judge_fn judge, judge_loose;
	bool anchored;
	bool unshared; /* something was appended since it was shared */
	struct bg_digest anchor;
	struct bg_trust_chain chain;
	BG_VEC(struct bg_trust_chain) old; /* handed-out pointers stay good */
	struct bg_findings trust_findings;
	struct bg_str trust_tips; /* candidates that chain was made from */
	struct bg_index index;
	struct bg_refs refs;  /* as last read */
	struct bg_ref taking; /* bg_store_take(): strings borrowed */
	/* the person at the keyboard */
	bool has_person;
	char person[33];
	struct bg_fpr primary, signing;
	struct bg_hand_log hands[2];
};

/* index: run again when it turns out to be damaged */
int bg_store_rebuild(struct bg_store *s, struct bg_error *err) BG_MUST_CHECK;
/* Read and judge what one new commit of an own log brings. */
int bg_store_take(struct bg_store *s, const struct bg_event *e,
		  struct bg_error *err) BG_MUST_CHECK;
/* Verify trust again; the old chain is kept. */
int bg_store_load_trust(struct bg_store *s, struct bg_error *err) BG_MUST_CHECK;
/* An event from its commit; flags as the index has them. */
int bg_store_load_event(struct bg_event **out, struct bg_store *s,
			const struct bg_oid *oid, bool wrong, bool doubtful,
			struct bg_error *err) BG_MUST_CHECK;
/* Rows (oid, wrong, doubtful) of a statement become events. */
int bg_store_load_rows(struct bg_event_list *out, struct bg_store *s,
		       sqlite3_stmt *st, int mask, struct bg_error *err)
	BG_MUST_CHECK;

/* wrong and doubtful have two bits: what reading said, what judging said. */
#define BG_READER 1
#define BG_JUDGE 2

#endif
