/* Inside of bg_cases_run(): its parts.  Not for other folders. */
#ifndef BG_POLICY_CASES_PRIVATE_H
#define BG_POLICY_CASES_PRIVATE_H

#include "policy/cases.h"

/* One case, its strings in the arena. */
struct bg_case {
	struct bg_arena arena;
	struct bg_ask ask;
	bool fetched; /* trust_fetched_ms was given */
	int64_t repeat;
	BG_VEC(struct bg_known_grant) grants;
};
void bg_case_release(struct bg_case *c);
BG_AUTO_VALUE(case, struct bg_case, bg_case_release)

/* One word of a line: KEY, KEY=VALUE or KEY="VALUE"; *line moves past it. 1, 0
 * at the end, -1 for wrong quotes.  value is NULL without "=". */
int bg_case_word(struct bg_case *c, const char **line, const char **key,
		 const char **value);
/* Lines of @ASK and @GRANTS; NULL or what is wrong with them. */
const char *bg_case_ask(struct bg_case *c, const char *line);
const char *bg_case_grant(struct bg_case *c, const char *line);

/* Whether got has what the expectation asks for; else a text for people. */
bool bg_case_compare(struct bg_str *diff, const char *want, const char *got);

#endif
