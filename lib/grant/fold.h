/*
 * The fold of lifecycle.md: a pure function from a set of events of one grant
 * to its state.  No clock, no order of arrival, no I/O.  Plain structs, so that
 * the model-based test can make histories by the ten thousand.
 */
#ifndef BG_GRANT_FOLD_H
#define BG_GRANT_FOLD_H

#include "evidence/event.h"

enum bg_state {
	BG_WAITING,
	BG_OPEN,
	BG_ENDING,
	BG_ENDED,
	BG_CLOSED, /* set by the judge from duties; the fold stops at ended */
};
const char *bg_state_text(enum bg_state s);

enum bg_result { BG_RES_DONE, BG_RES_FAILED, BG_RES_UNKNOWN, BG_RES_NOT_RUN };
enum bg_access { BG_ACC_PRESENT, BG_ACC_ABSENT, BG_ACC_UNKNOWN };

/* What the fold needs of one event.  Events that judge.h found wrong are not in
 * the set. */
struct bg_fold_event {
	struct bg_digest id;
	uint32_t log;          /* any number, equal for one log */
	uint64_t seq;
	enum bg_event_type type;
	int64_t at_ms;
	const char *human;     /* human() of by */
	bool doubtful;
	bool user;             /* human is in users(g) */
	size_t n_answers;
	const struct bg_digest *answers;
	enum bg_result result; /* grant */
	enum bg_access access; /* check */
	bool attested;         /* check: method attested */
	bool knows_rotate_needed; /* check absent that only a rotate it knows may
				   * prove (revocable: no) */
	int64_t until_ms;      /* extend; activate: duration in ms */
	bool solo;             /* activate: solo asked */
	bool solo_envelope;    /* share types: unused, kept false */
};
/* Limits pinned by the policy of the root (T6); milliseconds. */
struct bg_fold_rules {
	bool before;           /* approve.when: before */
	bool solo_allowed;
	unsigned count;        /* approvals needed */
	unsigned shares;       /* custodians needed; 0: none (or solo envelope) */
	int64_t extend_max, max;
	unsigned extensions;
};
struct bg_fold {
	enum bg_state state;   /* never BG_CLOSED here */
	bool may_open, void_;  /* void_: ended because it could never open */
	unsigned approvals;    /* |Q| */
	bool has_window;
	int64_t began_ms, window_ms; /* b and W */
	bool extension_capped;
	bool has_end;
	size_t end;            /* index of the earliest of N by (at, id) */
	const char *outcome;   /* denied revoked expired, NULL while no end */
	bool has_proof;
	size_t proof;          /* index of the first proof by (at, id) */
	bool attested;         /* ended only because two attested */
	bool *not_allowed;     /* per event, n of them: event-not-allowed; owned */
};
/* events[0] need not be the root; exactly one activate or declare must be in
 * it. Cost is bounded by n * n bits; n up to 20,000. */
int bg_fold(struct bg_fold *out, const struct bg_fold_event *events, size_t n,
	    const struct bg_fold_rules *rules, struct bg_error *err)
	BG_MUST_CHECK;
void bg_fold_release(struct bg_fold *f);
BG_AUTO_VALUE(fold, struct bg_fold, bg_fold_release)

#endif
