/* Scopes, codes and triggers of a policy. */
#include <string.h>
#include <strings.h>

#include "policy/pattern.h"
#include "policy/policy.h"

const struct bg_scope *bg_policy_scope(const struct bg_policy *p,
				       const char *id)
{
	for (size_t i = 0; id && i < p->n_scopes; i++)
		if (strcmp(p->scopes[i].id, id) == 0)
			return &p->scopes[i];
	return NULL;
}

const struct bg_names *bg_policy_codes(const struct bg_policy *p)
{
	return &p->codes;
}

const char *bg_policy_code(const struct bg_policy *p, const char *what,
			   size_t *n)
{
	const char *found = NULL;
	*n = 0;
	for (size_t i = 0; i < p->codes.n; i++) {
		const char *code = p->codes.v[i];
		if (strcasecmp(code, what) == 0) {
			*n = 1;
			return code;
		}
		if (strncasecmp(code, what, strlen(what)) != 0)
			continue;
		found = code;
		++*n;
	}
	return *n == 1 ? found : NULL;
}

const struct bg_trigger *bg_policy_trigger(const struct bg_policy *p,
					   const char *code,
					   const char *trigger)
{
	for (size_t i = 0; i < p->n_triggers; i++) {
		const struct bg_trigger *t = &p->triggers[i];
		if (trigger && strcmp(t->id, trigger) != 0)
			continue;
		if (bg_names_have(&t->codes, code))
			return t;
	}
	return NULL;
}

const struct bg_scope *bg_policy_default_scope(const struct bg_policy *p,
					       const char *code)
{
	for (size_t i = 0; i < p->n_scopes; i++)
		if (bg_scope_has_code(&p->scopes[i], code))
			return &p->scopes[i];
	return NULL;
}

bool bg_scope_has_code(const struct bg_scope *s, const char *code)
{
	return s->codes.n == 0 || bg_names_have(&s->codes, code);
}

bool bg_policy_ticket_ok(const struct bg_policy *p, const char *ticket)
{
	return !p->ticket_pattern ||
	       bg_pattern_match(p->ticket_pattern, ticket);
}
