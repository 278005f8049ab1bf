/* Decide: who asks, for whom, and what third parties need. */
#include <string.h>

#include "policy/decide_private.h"

static bool is_third_party(const struct bg_principal *who)
{
	return who->kind == BG_VENDOR || who->kind == BG_AI_AGENT;
}

static bool may_activate(const struct bg_deciding *d, const char *name)
{
	for (size_t i = 0; i < d->policy->activate.n; i++)
		if (bg_trust_has_role(d->trust, name, d->policy->activate.v[i]))
			return true;
	return false;
}

/* In office: not suspended, not retired, not past the last day. */
static void decide_standing(struct bg_deciding *d,
			    const struct bg_principal *who)
{
	if (who->suspended)
		bg_decide_refuse(d, "suspended", "'%s' is suspended",
				 who->name);
	if (bg_trust_is_retired(d->trust, who->name))
		bg_decide_refuse(d, "retired", "'%s' is retired", who->name);
	if (d->ask->now_ms > who->until_ms)
		bg_decide_refuse(
			d, who->kind == BG_VENDOR ? "vendor-ended" : "ended",
			"the last day of '%s' is over", who->name);
	for (size_t i = 0; i < d->n_grants; i++) {
		const struct bg_known_grant *g = &d->grants[i];
		if (!g->misuse_by || !g->by ||
		    !bg_str_eq(bg_trust_human(d->trust, g->by), who->human))
			continue;
		bg_decide_refuse(d, "barred",
				 "'%s' is barred from '%s': misuse in %s",
				 who->name, d->policy->name, g->label);
		break;
	}
}

static bool sponsor_stands(const struct bg_deciding *d, const char *name)
{
	const struct bg_principal *s = bg_trust_principal(d->trust, name);
	return s && s->kind == BG_PERSON && !s->suspended &&
	       !bg_trust_is_retired(d->trust, name) &&
	       d->ask->now_ms <= s->until_ms;
}

/* Sponsor and contract, as the policy asks for them. */
static void decide_vendor(struct bg_deciding *d, const struct bg_principal *who)
{
	if (who->kind != BG_VENDOR)
		return;
	if (!who->sponsor && d->policy->sponsor_required)
		bg_decide_refuse(d, "vendor-sponsor",
				 "vendor '%s' has no sponsor", who->name);
	else if (who->sponsor && !sponsor_stands(d, who->sponsor))
		bg_decide_refuse(d, "vendor-sponsor",
				 "the sponsor of '%s' ('%s') is not in office",
				 who->name, who->sponsor);
	if (!who->contract && d->policy->contract_required)
		bg_decide_refuse(d, "vendor-contract",
				 "vendor '%s' has no contract", who->name);
}

static void decide_asker(struct bg_deciding *d)
{
	const struct bg_principal *who =
		bg_trust_principal(d->trust, d->ask->by);
	if (!who) {
		bg_decide_refuse(d, "role", "'%.60s' is not in trust",
				 d->ask->by);
		return;
	}
	if (!may_activate(d, who->name) || who->kind == BG_HOST)
		bg_decide_refuse(d, "role", "'%s' may not activate '%s'",
				 who->name, d->policy->name);
	decide_standing(d, who);
	decide_vendor(d, who);
	if (is_third_party(who) && !d->ask->runner) {
		const char *sponsor = who->kind == BG_VENDOR ? who->sponsor
							     : who->owner;
		bg_decide_refuse(
			d, "vendor-self-mode",
			"'%s' acts through a runner, or %s%s%s opens for "
			"them with --on-behalf",
			who->name, sponsor ? "'" : "",
			sponsor ? sponsor : "their sponsor",
			sponsor ? "'" : "");
	}
	if (is_third_party(who) && d->ask->beneficiary)
		bg_decide_refuse(d, "beneficiary",
				 "'%s' may not act for others", who->name);
}

/* Who stands behind somebody that others may open for; NULL: themselves. */
static const char *patron(const struct bg_principal *who)
{
	switch (who->kind) {
	case BG_PERSON:
		return NULL;
	case BG_VENDOR:
		return who->sponsor ? who->sponsor : "";
	default:
		return who->owner;
	}
}

static void decide_beneficiary(struct bg_deciding *d)
{
	const struct bg_principal *who =
		bg_trust_principal(d->trust, d->ask->beneficiary);
	if (!who)
		return;
	if (strcmp(who->name, d->ask->by) == 0) {
		bg_mistake(d, "beneficiary-self",
			   "--on-behalf names the one who asks");
		return;
	}
	const char *behind = patron(who);
	if (who->kind == BG_HOST)
		bg_decide_refuse(d, "beneficiary", "'%s' is a host", who->name);
	else if (!behind && !may_activate(d, who->name))
		bg_decide_refuse(d, "beneficiary", "'%s' may not activate '%s'",
				 who->name, d->policy->name);
	else if (behind && !bg_str_eq(bg_trust_human(d->trust, behind),
				      bg_trust_human(d->trust, d->ask->by)))
		bg_decide_refuse(d,
				 who->kind == BG_VENDOR ? "vendor-sponsor"
							: "beneficiary",
				 "only the %s of '%s'%s%s%s may open for them",
				 who->kind == BG_VENDOR ? "sponsor" : "owner",
				 who->name, *behind ? " ('" : "", behind,
				 *behind ? "')" : "");
	decide_standing(d, who);
	if (*(behind ? behind : ""))
		decide_vendor(d, who);
	else if (who->kind == BG_VENDOR && d->policy->contract_required &&
		 !who->contract)
		bg_decide_refuse(d, "vendor-contract",
				 "vendor '%s' has no contract", who->name);
	bg_gap(d, "on-behalf", "'%s' acts for '%s'", d->ask->by, who->name);
}

void bg_decide_people(struct bg_deciding *d)
{
	for (size_t i = 0; i < d->trust->n_suspended; i++)
		if (bg_str_eq(d->trust->suspended[i].name, d->policy->name) &&
		    !bg_trust_principal(d->trust, d->policy->name))
			bg_decide_refuse(d, "policy-suspended",
					 "policy '%s' is suspended",
					 d->policy->name);
	decide_asker(d);
	if (d->ask->beneficiary)
		decide_beneficiary(d);
}
