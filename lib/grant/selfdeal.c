/*
 * Self-dealing is shown (T11): a trust version that gives a role of this policy
 * to somebody who then activates, approves or reviews under it within days, or
 * changes the policy for them, or that they signed themselves.
 */
#include "grant/judge.h"

#include <stdio.h>
#include <string.h>

#define RECENT_MS (BG_MINUTES(60) * 24 * 7)

static bool changes_file(const struct bg_trust *t, const struct bg_trust *prev,
			 const char *path)
{
	const struct bg_trust_file *a = bg_trust_file(t, path);
	const struct bg_trust_file *b = prev ? bg_trust_file(prev, path) : NULL;

	return a && (!b || !bg_digest_eq(&a->digest, &b->digest));
}

static bool gives_role(const struct bg_trust *t, const struct bg_trust *prev,
		       const struct bg_names *roles, const char *name)
{
	for (size_t i = 0; i < roles->n; i++)
		if (bg_trust_has_role(t, name, roles->v[i]) &&
		    (!prev || !bg_trust_has_role(prev, name, roles->v[i])))
			return true;
	return false;
}

static bool changes_roles(const struct bg_trust *t, const struct bg_trust *prev,
			  const struct bg_names *roles)
{
	for (size_t i = 0; i < roles->n; i++) {
		const struct bg_role *r = bg_trust_role(t, roles->v[i]);

		for (size_t k = 0; r && k < r->members.n; k++)
			if (!prev || !bg_trust_has_role(prev, r->members.v[k],
							roles->v[i]))
				return true;
	}
	return false;
}

static const struct bg_names *roles_of(const struct bg_policy *p,
				       enum bg_event_type t)
{
	if (t == BG_EV_ACTIVATE)
		return &p->activate;
	return t == BG_EV_APPROVE ? &p->approve.roles : &p->review_roles;
}

/* Why the version is self-dealing for this event, or NULL. */
static const char *deals(const struct bg_judge *j, const struct bg_judged *v,
			 const struct bg_trust *t, const struct bg_trust *prev)
{
	const struct bg_names *roles = roles_of(j->g->policy, v->e->type);
	char path[160];
	bool policy;

	snprintf(path, sizeof(path), "policies/%s.yaml", j->g->policy->name);
	policy = changes_file(t, prev, path);
	if (bg_str_eq(t->signer, v->e->by) &&
	    (policy || changes_roles(t, prev, roles)))
		return "changed trust for this policy";
	if (gives_role(t, prev, roles, v->e->by))
		return "was given the role";
	return policy && prev && bg_trust_file(prev, path)
		       ? "uses a policy that was changed"
		       : NULL;
}

static void trust_of(struct bg_judge *j, const struct bg_judged *v)
{
	const struct bg_trust *t = v->trust, *prev;
	const char *why;

	while (t && v->e->at_ms - t->at_ms < RECENT_MS) {
		prev = t->version > 1
			       ? j->env->version(j->env->arg, t->version - 1,
						 &t->prev)
			       : NULL;
		why = deals(j, v, t, prev);
		if (why) {
			bg_judge_say(j, "recent-trust-change", v->e,
				     "%s: %s %s in trust version %llu, within "
				     "7 days",
				     bg_event_type_text(v->e->type), v->e->by,
				     why, (unsigned long long)t->version);
			return;
		}
		t = prev;
	}
}

void bg_judge_trust(struct bg_judge *j)
{
	if (!j->g->policy)
		return;
	for (size_t i = 0; i < j->n; i++) {
		enum bg_event_type t = j->ev[i].e->type;

		if ((t == BG_EV_ACTIVATE || t == BG_EV_APPROVE ||
		     t == BG_EV_REVIEW) &&
		    bg_sound(&j->ev[i]))
			trust_of(j, &j->ev[i]);
	}
}
