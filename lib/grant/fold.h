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

/* What the fold needs of one event. */
struct bg_fold_event {
	struct bg_digest id;
	uint32_t log; /* any number, equal for one log */
	uint64_t seq;
	enum bg_event_type type;
	int64_t at_ms;
	const char *human; /* human() of by */
	/* Found wrong by the judge: does not count, but what it says to have
	 * seen stays a path (an honest writer may answer it, and then does not
	 * answer again what it answered). */
	bool wrong;
	bool doubtful;
	bool user; /* human is in users(g) */
	size_t n_answers;
	const struct bg_digest *answers;
	enum bg_result result; /* grant */
	enum bg_access access; /* check */
	bool attested;         /* check: method attested */
	/* check: absent could only be proven after a rotate (revocable: no), and
	 * it KNOWS none that counts. */
	bool rotate_missing;
	int64_t until_ms; /* extend, declare: that time; activate: duration */
	int64_t since_ms; /* declare: when the use began */
	bool solo;        /* activate: solo asked */
};
/* Limits pinned by the policy of the root (T6); milliseconds. */
struct bg_fold_rules {
	bool before;       /* approve.when: before */
	bool solo_allowed; /* allowed, or after some time */
	unsigned count;    /* approvals needed */
	unsigned shares;   /* custodians needed; 0: none (or solo envelope) */
	int64_t extend_max, max;
	unsigned extensions;
};
/* The state folded from what one event KNOWS. */
struct bg_fold_view {
	enum bg_state state;
	bool void_, may_open, has_end, has_window, solo;
	int64_t window_ms;
};
struct bg_fold {
	enum bg_state state;  /* never BG_CLOSED here */
	bool may_open, void_; /* void_: ended because it could never open */
	bool solo;            /* solo was asked and is allowed */
	unsigned approvals;   /* |Q| */
	unsigned shares;      /* distinct custodians */
	bool has_window;
	int64_t began_ms, window_ms; /* b and W */
	int64_t cap_ms;        /* W is never later, however many extends */
	bool extension_capped; /* some counted extend asked for more */
	bool has_end;
	size_t end;          /* index of the earliest of N by (at, id) */
	const char *outcome; /* denied revoked expired, NULL while no end */
	bool has_proof;
	size_t proof;       /* index of the first proof by (at, id) */
	bool attested;      /* ended only because two attested */
	size_t first_grant; /* index of the first F by (at, id), or n */
	size_t n;
	bool *not_allowed; /* per event: event-not-allowed; owned */
	bool *end_order;   /* per event: one of N; owned */
	bool *proves;      /* per event: a check that is a proof; owned */
	struct bg_fold_view *view; /* per event; zero for note, notify, ticket
				    * and session-mark; owned */
	struct bg_fold_bits *bits; /* who knows whom; owned */
};
/* events[0] need not be the root; exactly one activate or declare must be in
 * it, else BG_EFAIL "no-root". Cost is bounded by n * n bits; n up to 20,000.
 * Everything in *out is independent of the order of events. */
int bg_fold(struct bg_fold *out, const struct bg_fold_event *events, size_t n,
	    const struct bg_fold_rules *rules, struct bg_error *err)
	BG_MUST_CHECK;
/* Does event a KNOW event b?  Never for a b of type note, notify, ticket or
 * session-mark: nothing depends on those. */
bool bg_fold_knows(const struct bg_fold *f, size_t a, size_t b);
void bg_fold_release(struct bg_fold *f);
BG_AUTO_VALUE(fold, struct bg_fold, bg_fold_release)

#endif
