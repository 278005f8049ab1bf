/*
 * Inside of the judge: one grant on its way to struct bg_grant.  Not for other
 * folders.
 *
 *   judge.c    the passes, in order
 *   signer.c   who may sign what: the event table, row by row
 *   distinct.c one person, one say
 *   doubtful.c intact, but whose authority is in doubt (T3, T13, forks)
 *   rotation.c rotations of the identity, what they know
 *   review.c   reviews: coverage, quorum, worst decision
 *   duties.c   duties, closed
 *   notes.c    deviations and gaps; selfdeal.c those about trust (T11)
 */
#ifndef BG_GRANT_JUDGE_H
#define BG_GRANT_JUDGE_H

#include "grant/grant.h"
#include "grant/knows.h"

#include "base/clock.h"

#define BG_MINUTES(n) ((int64_t)(n)*60 * 1000)
#define BG_SECONDS(n) ((int64_t)(n)*1000)
/* Never an overflow: times come from files. */
int64_t bg_ms_of(int64_t seconds);
int64_t bg_ms_add(int64_t at_ms, int64_t ms);

/* One event with what its signer was then. */
struct bg_judged {
	struct bg_event *e;
	const struct bg_trust *trust;   /* version it names; NULL: absent */
	const struct bg_principal *who; /* NULL: not listed there */
	const struct bg_writer *writer; /* NULL: unknown log */
	const char *human;              /* of by */
	bool installation;              /* an introduced installation's log */
	bool user;                      /* human is in users(g) */
	bool waits;                     /* its trust version is absent (T7) */
};
struct bg_judge {
	struct bg_grant *g;
	const struct bg_judge_env *env;
	struct bg_error *err;
	size_t n, root;
	struct bg_judged *ev;              /* n, as g->events */
	struct bg_fold_event *fe;          /* n */
	struct bg_fold_bits bits;          /* who knows whom, before the fold */
	struct bg_event *const *rotations; /* of the identity; borrowed */
	size_t n_rotations;
	const struct bg_writer *opener; /* the opener's log, or NULL */
	bool oom;
};

/* --- shared by the parts ------------------------------------------------- */

/* Add a finding about an event of the grant (NULL: the grant). */
void bg_judge_say(struct bg_judge *j, const char *id, const struct bg_event *e,
		  const char *fmt, ...) BG_PRINTF(4, 5);
/* The same, and the event does not count. */
void bg_judge_wrong(struct bg_judge *j, struct bg_judged *v, const char *id,
		    const char *fmt, ...) BG_PRINTF(4, 5);
/* Counts at all: neither wrong nor waiting for its trust version. */
static inline bool bg_counts(const struct bg_judged *v)
{
	return !v->e->wrong && !v->waits;
}
/* Counts, and nobody doubts it. */
static inline bool bg_sound(const struct bg_judged *v)
{
	return bg_counts(v) && !v->e->doubtful;
}
/* Does a KNOW b (indices)? */
bool bg_judge_knows(const struct bg_judge *j, size_t a, size_t b);
/* Role of by in the version that the event names. */
bool bg_has_role(const struct bg_judged *v, const char *role);
bool bg_has_any_role(const struct bg_judged *v, const struct bg_names *roles);
static inline const char *bg_data(const struct bg_judged *v, const char *key)
{
	return bg_json_text(v->e->data, key);
}
bool bg_data_is(const struct bg_judged *v, const char *key, const char *text);
/* A time member; false when absent. */
bool bg_data_time(int64_t *ms, const struct bg_judged *v, const char *key);

/* --- the passes ---------------------------------------------------------- */

/* Pinned policy, scope, identity; users. */
int bg_judge_pin(struct bg_judge *j);
/* Sets wrong: the event table. */
void bg_judge_signers(struct bg_judge *j);
/* What needs to know who shared, approved: after all single rows. */
void bg_judge_distinct(struct bg_judge *j);
/* Sets doubtful. */
void bg_judge_doubt(struct bg_judge *j);
/* Id of the finding that makes this event doubtful by itself (fork, retirement,
 * compromise), or NULL.  newest, w may be NULL. */
const char *bg_doubt_of(const struct bg_trust *newest,
			const struct bg_writer *w, const struct bg_event *e);
/* Loads rotations; sets rotate_missing of the checks. */
int bg_judge_rotations(struct bg_judge *j);
/* The first counted rotation that knows every exposure of this grant, or NULL. */
const struct bg_event *bg_judge_rotated(const struct bg_judge *j);
/* Reviews, covers; needs the fold. */
int bg_judge_reviews(struct bg_judge *j);
bool bg_is_material(enum bg_event_type t);
/* needs-info and forwarded settle nothing. */
bool bg_review_decides(const struct bg_event *e);
int bg_judge_duties(struct bg_judge *j);
void bg_judge_notes(struct bg_judge *j);
void bg_judge_trust(struct bg_judge *j);

/* May this principal end access (row revoke), by role in its version or in the
 * current policy? */
bool bg_may_revoke(const struct bg_judge *j, const struct bg_judged *v);
/* Rotate by itself: may its signer rotate this identity (row rotate)?  g users
 * excluded by hand: humans, may be NULL. */
bool bg_may_rotate(const struct bg_event *e, const struct bg_trust *t,
		   const struct bg_writer *w, const char *owner,
		   const struct bg_names *users);

#endif
