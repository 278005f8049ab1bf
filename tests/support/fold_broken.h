/* The fold of lib/grant once more, with one clause at a time that does not
 * hold: for the model-based test only. */
#ifndef BG_TESTS_FOLD_BROKEN_H
#define BG_TESTS_FOLD_BROKEN_H

#include "grant/fold.h"
#include "grant/knows.h"

/* One a line, which the formatter would not leave alone. */
/* clang-format off */
#define FOLD_CLAUSES(X) \
	X(SKIP_ANSWERS) \
	X(SKIP_OWN_LOG) \
	X(PROOF_KNOWS_END) \
	X(PROOF_KNOWS_GRANTS) \
	X(PROOF_KNOWS_PRESENT) \
	X(PROOF_NEEDS_GRANT) \
	X(PROOF_AFTER_ROTATE) \
	X(ATTESTED_BY_TWO) \
	X(ATTESTED_DISTINCT) \
	X(ATTESTED_IS_WEAK) \
	X(ATTESTED_NOT_USER) \
	X(DISTINCT_HUMANS) \
	X(APPROVE_NOT_USER) \
	X(SHARE_NOT_USER) \
	X(CAP_BY_STEPS) \
	X(CAP_BY_MAX) \
	X(UNTIL_IS_ABSOLUTE) \
	X(ROOT_COUNTS) \
	X(OPEN_BY_APPROVAL) \
	X(OPEN_BY_SHARES) \
	X(VOID_NOTHING_OPENED) \
	X(VOID_COULD_NOT_OPEN) \
	X(VOID_NOTHING_SEEN) \
	X(SOLO_ALLOWED) \
	X(SOLO_WAITING) \
	X(SOLO_ONCE) \
	X(SOLO_ASKED_ALLOWED) \
	X(APPROVE_STATE) \
	X(EXTEND_OPEN) \
	X(REVOKE_STATE) \
	X(EXPIRE_LIVE) \
	X(REVIEW_ENDED) \
	X(DECLARE_IS_END) \
	X(DENY_BEFORE_END) \
	X(OPENED_BY_RESULT) \
	X(WRONG_DOES_NOT_COUNT) \
	X(DOUBT_END_COUNTS) \
	X(DOUBT_GRANT_COUNTS) \
	X(DOUBT_AUTHORITY) \
	X(DOUBT_CHECK) \
	X(DOUBT_EXTEND)
/* clang-format on */

enum fold_clause {
#define X(name) FOLD_##name,
	FOLD_CLAUSES(X)
#undef X
		FOLD_WHOLE /* nothing is broken */
};
extern enum fold_clause fold_broken_clause;
const char *fold_clause_text(enum fold_clause c);

int fold_broken(struct bg_fold *out, const struct bg_fold_event *events,
		size_t n, const struct bg_fold_rules *rules,
		struct bg_error *err);
bool fold_broken_knows(const struct bg_fold *f, size_t a, size_t b);
void fold_broken_release(struct bg_fold *f);
const char *fold_broken_state_text(enum bg_state s);
int fold_broken_knows_make(struct bg_fold_bits *out,
			   const struct bg_fold_event *events, size_t n,
			   struct bg_error *err);

#endif
