/* Inside of bg_policy_load(): its parts.  Not for other folders. */
#ifndef BG_POLICY_POLICY_READ_H
#define BG_POLICY_POLICY_READ_H

#include "format/yaml_read.h"
#include "policy/policy.h"

struct bg_policy_reader {
	struct bg_reader r;
	struct bg_yaml *root;
	struct bg_policy *p;
};

#define BG_DAY INT64_C(86400)
#define BG_NAMES(names) &(names).n, &(names).v
#define BG_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* triggers: and their probes. */
void bg_policy_read_triggers(struct bg_policy_reader *p);
/* scopes: and their providers. */
void bg_policy_read_scopes(struct bg_policy_reader *p);
/* What fits by itself and not together. */
void bg_policy_lint(struct bg_policy_reader *p);

/* {provider: NAME, with: {...}}; with under a policy or an identity. */
void bg_provider_read(struct bg_reader *r, const struct bg_yaml *map,
		      const char *name_key, struct bg_provider_use *out);
/* The member of a list that is this text, for places. */
const struct bg_yaml *bg_yaml_find(const struct bg_yaml *list,
				   const char *text);

#endif
