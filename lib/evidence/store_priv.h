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

/* Grants to judge again. */
struct bg_roots {
	BG_VEC(struct bg_digest) v;
};
/* store_judge.c: grants whose judgement an event may change; all that are
 * active; judge them; judge new events without a grant. */
int bg_store_touch(struct bg_roots *out, struct bg_store *s,
		   const struct bg_event *e, struct bg_error *err)
	BG_MUST_CHECK;
int bg_store_touch_active(struct bg_roots *out, struct bg_store *s,
			  struct bg_error *err) BG_MUST_CHECK;
int bg_store_judge(struct bg_store *s, struct bg_roots *roots,
		   struct bg_error *err) BG_MUST_CHECK;
int bg_store_judge_loose(struct bg_store *s, struct bg_history *h,
			 struct bg_error *err) BG_MUST_CHECK;
/* store_fill.c: is there anything new?  Compares tips and takes no lock. */
int bg_store_look(bool *any, struct bg_store *s, struct bg_error *err)
	BG_MUST_CHECK;
/* The others inside a transaction: what is new; everything; s->taking. */
int bg_store_fill_new(struct bg_store *s, struct bg_error *err) BG_MUST_CHECK;
int bg_store_fill_whole(struct bg_store *s, struct bg_error *err) BG_MUST_CHECK;
int bg_store_fill_taken(struct bg_store *s, struct bg_error *err) BG_MUST_CHECK;
/* store.c */
int bg_store_read_refs(struct bg_store *s, struct bg_error *err) BG_MUST_CHECK;
/* Read and judge what one new commit of an own log brings. */
int bg_store_take(struct bg_store *s, const struct bg_event *e,
		  struct bg_error *err) BG_MUST_CHECK;
/* Verify trust again; the old chain is kept. */
int bg_store_load_trust(struct bg_store *s, struct bg_error *err) BG_MUST_CHECK;
/* store_key.c: BG_ENOENT "no-key"; key is what was asked for, or NULL. */
int bg_store_no_key(const struct bg_store *s, const char *key,
		    struct bg_error *err) BG_MUST_CHECK;
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
