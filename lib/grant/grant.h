/*
 * One grant, judged: who may sign what (the event table of lifecycle.md), what
 * counts, the fold, duties, gaps and deviations.  Everything that prints a grant
 * (status, show, review, report) reads this one model.
 */
#ifndef BG_GRANT_GRANT_H
#define BG_GRANT_GRANT_H

#include "evidence/store.h"
#include "grant/fold.h"
#include "policy/decide.h"

enum bg_duty_state { BG_DUE, BG_SETTLED, BG_WAIVED };
/* A duty (lifecycle.md "Duties"): computed, never written. */
struct bg_duty {
	char what[24];   /* told approve claim ticket check rotate review */
	char detail[96]; /* channel, approver's name, action number */
	enum bg_duty_state state;
	int64_t since_ms, due_ms;
	struct bg_digest settled_by; /* event; zero: none */
	int64_t settled_ms;
	char who[160];  /* who can settle it: roles or names */
	char line[200]; /* the command that does, starting "bg " */
};
struct bg_grant {
	struct bg_arena arena;
	struct bg_digest root;
	char label[BG_LABEL_LEN + 1];
	bool declared;                   /* root is a declare */
	const struct bg_event *activate; /* the root event */
	struct bg_policy *policy;        /* pinned (T6); owned; NULL: absent */
	const struct bg_scope *scope;
	struct bg_identity *identity; /* pinned; owned; NULL: absent */
	const struct bg_trust *trust; /* the version the root names */
	const char *by, *beneficiary; /* principals */
	struct bg_names users;        /* humans: users(g) */
	size_t n_events;
	struct bg_event **events;           /* borrowed from the list given */
	bool *counted;                      /* per event: counts at all */
	struct bg_fold fold;                /* indices are into events */
	enum bg_state state;                /* with closed */
	const struct bg_event *grant;       /* first F, or NULL */
	const struct bg_event *handle;      /* newest F: what to revoke */
	const struct bg_event *end, *proof; /* or NULL */
	int64_t lag_ms;                     /* end to proof; -1: none */
	bool exposed;                       /* a secret was shown */
	bool reviewed;                      /* quorum of up-to-date reviews */
	bool misuse; /* the quorum said misuse, and no admin lifted the bar */
	const char *decision;    /* worst counted, or NULL */
	const char *class_;      /* emergency drill misuse, or NULL */
	struct bg_digest covers; /* of the material events now */
	size_t n_material;
	BG_VEC(struct bg_duty) duties;
	struct bg_findings findings;     /* wrong doubtful deviation gap */
	struct bg_event_list owned;      /* events, when loaded from a store */
	bool owns_policy, owns_identity; /* else borrowed from a cache */
};
/* Judge the events of one grant (all of them, any order): sets wrong and
 * doubtful in the events. versions(arg, version, digest) finds trust versions;
 * newest is the newest valid one. Pure: no clock. */
struct bg_judge_env {
	const struct bg_trust *newest;
	const struct bg_trust *(*version)(void *arg, uint64_t version,
					  const struct bg_digest *digest);
	/* The writer of a log: installation's or listed, whose. */
	const struct bg_writer *(*writer)(void *arg, const char *log);
	/* Rotations of an identity (events without a grant), for the duty:
	 * borrowed until the judge returns.  NULL: none. */
	int (*rotations)(struct bg_event *const **out, size_t *n, void *arg,
			 const char *identity, struct bg_error *err);
	void *arg;
	struct bg_pin_cache *cache; /* policies parsed before, or NULL */
};
int bg_grant_judge(struct bg_grant **out, struct bg_event **events, size_t n,
		   const struct bg_judge_env *env, struct bg_error *err)
	BG_MUST_CHECK;
void bg_grant_free(struct bg_grant *g);
BG_AUTO_POINTER(grant, struct bg_grant, bg_grant_free)

/* Events without a grant (writer, refuse, rotate, reconcile, redact): role and
 * distinctness rules. */
int bg_judge_loose(struct bg_findings *f, struct bg_event *e,
		   const struct bg_judge_env *env, struct bg_error *err)
	BG_MUST_CHECK;

/* Load and judge a grant of the store; the grant owns its events. */
int bg_grant_load(struct bg_grant **out, struct bg_store *store,
		  const struct bg_digest *root, struct bg_error *err)
	BG_MUST_CHECK;
/* bg_judge_fn for bg_store_options: judge and fill the row; summary is
 * {"duties":[...],"outcome":..,"lag_ms":..,"decision":..,"class":..,
 *  "opened_on":HOST,"exposed":B,"gaps":[ids],"deviations":[ids]}. */
int bg_grant_row_make(struct bg_grant_row *row, struct bg_findings *f,
		      struct bg_store *store, struct bg_event_list *events,
		      struct bg_error *err);
/* bg_judge_fn for bg_store_options.judge_loose: row is not used. */
int bg_grant_loose_make(struct bg_grant_row *row, struct bg_findings *f,
			struct bg_store *store, struct bg_event_list *events,
			struct bg_error *err);
/* Judge every grant of a history (verify): findings are appended to
 * h->findings. Parallel inside. */
int bg_history_judge(struct bg_history *h, struct bg_error *err) BG_MUST_CHECK;

/* Digest over the material events' digests, sorted, for review.covers. */
int bg_grant_covers(struct bg_digest *out, size_t *n, const struct bg_grant *g);
/* Is this human in users(g)? */
bool bg_grant_is_user(const struct bg_grant *g, const char *human);

/* Resolve what a person typed (cli.md GRANT). me: principal, for the default.
 * BG_ENOENT "no-such-grant", "several-grants" (rows list the candidates), or
 * "label-collision". given NULL: env_grant, else the only open one of mine. */
int bg_grant_find(struct bg_digest *root, struct bg_grant_rows *candidates,
		  struct bg_store *store, const char *given,
		  const char *env_grant, const char *me, bool guess,
		  struct bg_error *err) BG_MUST_CHECK;

#endif
