/*
 * An evidence repository for tests, made in a moment: persons and an
 * installation with keys in files (no gpg, no agent), trust in two versions, a
 * policy, and logs.  Its keys are as good as gpg's: gpg and git read them.
 */
#ifndef BG_TESTS_FIXTURE_H
#define BG_TESTS_FIXTURE_H

#include "evidence/append.h"

enum fx_who {
	FX_ANA,   /* root and admin */
	FX_ALICE, /* oncall: activates */
	FX_BOB,   /* lead: approves */
	FX_RITA,  /* review */
	FX_DANA,  /* owner */
	FX_SWEEP, /* service, sweeper, of dana */
	FX_HOST,  /* alice's installation */
	FX_WRITERS,
};
struct fx_writer {
	char by[33], email[64], writer[BG_WRITER_MAX], id[33];
	struct bg_signer *signer;
	struct bg_str blob; /* public key */
	struct bg_fpr fpr;
	struct bg_log log;
};
struct fx {
	char dir[128];      /* everything is in here */
	char repo_dir[160]; /* dir/repo */
	char state_dir[160];
	struct bg_repo *repo;
	struct bg_places places;
	struct bg_install install; /* alice's */
	struct fx_writer who[FX_WRITERS];
	struct bg_digest genesis, trust;
	struct bg_oid trust_commit;
	uint64_t trust_version;
	char policy_digest[BG_DIGEST_TEXT + 1];
	const char *guest; /* name, or NULL */
	struct bg_str guest_blob;
	struct bg_keyblob guest_key;
};
/* In dir, which exists; bare as git means it. */
int fx_make(struct fx *f, const char *dir, bool bare, struct bg_error *err)
	BG_MUST_CHECK;
/* One person more in trust, with every role, whose key is elsewhere (gpg). */
struct fx_guest {
	const char *name;
	const void *blob; /* exported public key */
	size_t n;
};
int fx_make_with(struct fx *f, const char *dir, bool bare,
		 const struct fx_guest *guest, struct bg_error *err)
	BG_MUST_CHECK;
/* Open what fx_make() left in dir: keys, logs, trust. */
int fx_open(struct fx *f, const char *dir, struct bg_error *err) BG_MUST_CHECK;
void fx_close(struct fx *f);

/* A grant as the fixture follows it; at most 32 events. */
struct fx_grant {
	char label[BG_LABEL_LEN + 1];
	size_t n;
	struct {
		struct bg_digest digest;
		struct bg_oid commit;
		enum fx_who who;
		enum bg_event_type type;
		uint32_t knows; /* bits of this array */
	} events[32];
};
/* Root and frontier, as lifecycle.md "Seen" says; *n of them. */
void fx_answers(struct bg_answer *out, size_t *n, const struct fx *f,
		const struct fx_grant *g, enum fx_who who);
void fx_remember(struct fx_grant *g, enum fx_who who, enum bg_event_type type,
		 const struct bg_digest *digest, const struct bg_oid *commit);
/* Append an event (of g, or of no grant when NULL); data is taken. */
int fx_append(struct fx *f, struct fx_grant *g, enum fx_who who,
	      enum bg_event_type type, json_t *data, struct bg_error *err)
	BG_MUST_CHECK;

/* The only grant of what fx_open() opened, from its logs. */
int fx_last_grant(struct fx_grant *g, struct fx *f, struct bg_error *err)
	BG_MUST_CHECK;

/* Data of events that are good in this repository; NULL: out of memory. */
json_t *fx_register(const struct fx *f, enum fx_who who);
json_t *fx_activate(const struct fx *f, const char *reason);
json_t *fx_grant_done(int64_t at_ms);
json_t *fx_note(const char *text);
json_t *fx_revoke(void);
json_t *fx_check(const char *access);
json_t *fx_approve(void);
json_t *fx_review(const struct fx_grant *g, int64_t at_ms);
json_t *fx_session(bool start, const char *session);

#endif
