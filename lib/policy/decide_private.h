/* Inside of bg_decide(): its parts.  Not for other folders. */
#ifndef BG_POLICY_DECIDE_PRIVATE_H
#define BG_POLICY_DECIDE_PRIVATE_H

#include "policy/decide.h"

struct bg_deciding {
	struct bg_decision *out;
	const struct bg_policy *policy;
	const struct bg_trust *trust;
	const struct bg_identity *identity;
	const struct bg_known_grant *grants;
	size_t n_grants;
	const struct bg_ask *ask;
	bool oom;
};

/* Add a refusal, a usage fault, a gap. Returns it, to set its hint; NULL when
 * memory is out. */
struct bg_reason *bg_decide_refuse(struct bg_deciding *d, const char *id,
				   const char *fmt, ...) BG_PRINTF(3, 4);
struct bg_reason *bg_mistake(struct bg_deciding *d, const char *id,
			     const char *fmt, ...) BG_PRINTF(3, 4);
void bg_gap(struct bg_deciding *d, const char *id, const char *fmt, ...)
	BG_PRINTF(3, 4);

/* Who asks, and for whom. */
void bg_decide_people(struct bg_deciding *d);
/* Duties of an opening that is allowed. */
void bg_decide_duties(struct bg_deciding *d);
/* Whether the asker holds the credential's key alone. */
bool bg_opens_alone(const struct bg_deciding *d);

#endif
