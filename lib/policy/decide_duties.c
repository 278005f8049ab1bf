/* Decide: what an opening will owe afterwards (lifecycle.md, "Duties"). */
#include <stdio.h>
#include <string.h>

#include "policy/decide_private.h"

#define TOLD_WITHIN 900
#define CHECK_WITHIN 900
#define CLAIM_WITHIN (72 * 3600)

static struct bg_duty_rule *owe(struct bg_deciding *d, const char *what,
				int64_t within)
{
	struct bg_duty_rule rule = { .within = within };
	snprintf(rule.what, sizeof(rule.what), "%s", what);
	if (bg_vec_push(&d->out->duties, rule)) {
		d->oom = true;
		return NULL;
	}
	return &d->out->duties.v[d->out->duties.n - 1];
}

/* Append a name; what does not fit is said to be missing. */
static void by(struct bg_duty_rule *rule, const char *name)
{
	size_t n = rule ? strlen(rule->who) : 0, m = strlen(name);
	if (!rule || m == 0)
		return;
	if (n + m + 8 < sizeof(rule->who))
		snprintf(rule->who + n, sizeof(rule->who) - n, "%s%s",
			 n ? ", " : "", name);
	else if (n >= 3 && strcmp(rule->who + n - 3, "...") != 0)
		snprintf(rule->who + n, sizeof(rule->who) - n, ", ...");
}

static void by_all(struct bg_duty_rule *rule, const struct bg_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		by(rule, names->v[i]);
}

/* A wrong ticket is a debt, never a refusal. */
static void owe_ticket(struct bg_deciding *d)
{
	const char *ticket = d->ask->ticket;
	bool wrong = ticket && !bg_policy_ticket_ok(d->policy, ticket);
	if (wrong)
		bg_gap(d, "ticket-pattern", "ticket '%.60s' does not match %s",
		       ticket, d->policy->ticket_pattern);
	if (d->policy->ticket_within && (!ticket || wrong))
		by(owe(d, "ticket", d->policy->ticket_within), d->ask->by);
}

void bg_decide_duties(struct bg_deciding *d)
{
	const struct bg_policy *p = d->policy;
	bool exposes = d->identity->escrow.present ||
		       d->identity->rotate_always;
	bool later = p->approve.when == BG_AFTER ||
		     (p->approve.when == BG_BEFORE && d->ask->solo);
	struct bg_duty_rule *told = owe(d, "told", TOLD_WITHIN);
	by_all(told, &p->notify);
	by(told, p->owner);
	if (later)
		by_all(owe(d, "approve", p->approve.within), &p->approve.roles);
	if (d->ask->host_signed)
		by(owe(d, "claim", CLAIM_WITHIN), d->ask->by);
	owe_ticket(d);
	by_all(owe(d, "check", CHECK_WITHIN), &p->revoke);
	if (p->rotate_within && exposes)
		by(owe(d, "rotate", p->rotate_within), d->identity->owner);
	by_all(owe(d, "review", p->review_within), &p->review_roles);
	by(owe(d, "push", TOLD_WITHIN), d->ask->by);
}
