/*
 * Decisions as data: files of cases, run by `bg policy test` and by the tests
 * (tests/decide/).  Lines that begin with # are comments; a file sets up
 * policy, trust and identity and then has any number of cases:
 *
 *   @POLICY ../../policies/prod-db.yaml     a file, relative to this one, or
 *   @TRUST                                  the lines up to the next @
 *   bg: trust/1
 *   ...
 *   @IDENTITY
 *   ...
 *   @CASE the default window
 *   @CHANGE policy "max: 2h" "max: 4h"      for this case; must fit once
 *   @AT 2026-03-01T02:10:00Z
 *   @GRANTS
 *   BG-20260301-aaaaaa by=alice scope=shell open
 *   @ASK by=alice code=DB-DOWN for=4h solo
 *   @EXPECT
 *   allowed 30m up to 2h
 *   gap device-new
 *   owes review 3d: security-review
 *
 * @ASK: by on-behalf scope code trigger reason ticket for signer fetched
 * (a time or never) repeat (write the reason so many times); solo owing drill
 * host-signed runner device-new device-pinned.  Values may be in quotes with
 * \" \\ \n \xNN.  Left out: a good reason, a known device, trust just fetched.
 * @GRANTS: by scope; open successor overdue drill misuse.
 *
 * @EXPECT, first line: `allowed D up to D`, `waits D up to D`, `refused`,
 * `usage`, `not-found ID`.  Then `reason ID`, `usage-fault ID`, `gap ID`: all
 * there are, in order.  `scope` `code` `trigger` `approvals N` `shares N`
 * `hint LINE` and `owes WHAT D: WHO` are compared only when the case has one of
 * that kind, then all of the kind.  A line may leave out ": TEXT".
 */
#ifndef BG_POLICY_CASES_H
#define BG_POLICY_CASES_H

#include "policy/decide.h"

struct bg_case_result {
	char name[120];
	unsigned line; /* of its @CASE */
	bool passed;
	char *text; /* what differed, for people; owned; NULL if passed */
};
struct bg_case_results {
	BG_VEC(struct bg_case_result) list;
};
void bg_case_results_release(struct bg_case_results *r);
BG_AUTO_VALUE(case_results, struct bg_case_results, bg_case_results_release)

/* Run all cases of one file, appending to *out.  An error (id "bad-case",
 * message with file:line) when the file is not one of cases, or a policy,
 * trust or identity in it has errors.  policy: used where the file has no
 * @POLICY (NULL: none). Reads the files that are named, runs nothing. */
int bg_cases_run(struct bg_case_results *out, const char *path,
		 const struct bg_trust_file *policy, struct bg_error *err)
	BG_MUST_CHECK;

/* The decision as the lines above; also for `bg policy explain`. */
void bg_decision_format(struct bg_str *out, const struct bg_decision *d);

#endif
