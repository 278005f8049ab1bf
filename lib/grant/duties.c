/*
 * Duties: what policy and events ask for afterwards, and what settled it.
 * Nobody writes a debt.
 */
#include "grant/judge.h"

#include <stdio.h>
#include <string.h>

#define TOLD_WITHIN BG_MINUTES(15)
#define CHECK_WITHIN BG_MINUTES(15)
#define CLAIM_WITHIN BG_MINUTES(72 * 60)
#define ROTATE_WITHIN BG_MINUTES(24 * 60) /* where the policy says nothing */

/* Random part of the label, as people type it. */
static const char *short_id(const struct bg_grant *g)
{
	return strlen(g->label) == BG_LABEL_LEN ? g->label + 12 : g->label;
}

static struct bg_duty *owe(struct bg_judge *j, const char *what,
			   int64_t since_ms, int64_t within_ms)
{
	static struct bg_duty nowhere;
	struct bg_duty d = { .since_ms = since_ms,
			     .due_ms = bg_ms_add(since_ms, within_ms) };

	snprintf(d.what, sizeof(d.what), "%s", what);
	if (bg_vec_push(&j->g->duties, d)) {
		j->oom = true;
		return &nowhere;
	}
	return &j->g->duties.v[j->g->duties.n - 1];
}

static void who_add(struct bg_duty *d, const char *name)
{
	size_t n = strlen(d->who);

	if (name && n + strlen(name) + 3 < sizeof(d->who))
		snprintf(d->who + n, sizeof(d->who) - n, "%s%s", n ? ", " : "",
			 name);
}

static void who_all(struct bg_duty *d, const struct bg_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		who_add(d, names->v[i]);
}

static void settled(struct bg_duty *d, const struct bg_event *e)
{
	if (!e || d->state != BG_DUE)
		return;
	d->state = BG_SETTLED;
	d->settled_by = e->digest;
	d->settled_ms = e->at_ms;
}

static bool is_first(const struct bg_event *e, const struct bg_event *best)
{
	return !best || e->at_ms < best->at_ms ||
	       (e->at_ms == best->at_ms &&
		bg_digest_cmp(&e->digest, &best->digest) < 0);
}

/* The first sound settle of this kind for "WHAT" or "WHAT DETAIL". */
static const struct bg_event *settle_of(const struct bg_judge *j,
					const char *kind, const char *what,
					const char *detail)
{
	const struct bg_event *best = NULL;
	char both[160];

	snprintf(both, sizeof(both), "%s %s", what, detail ? detail : "");
	for (size_t i = 0; i < j->n; i++) {
		const struct bg_judged *v = &j->ev[i];
		const char *duty = bg_data(v, "duty");

		if (v->e->type != BG_EV_SETTLE || !bg_sound(v) || !duty ||
		    !bg_data_is(v, "kind", kind))
			continue;
		if (strcmp(duty, both) != 0 &&
		    (strncmp(duty, what, strlen(what)) != 0 ||
		     (duty[strlen(what)] != 0 &&
		      (detail || duty[strlen(what)] != ' '))))
			continue;
		if (is_first(v->e, best))
			best = v->e;
	}
	return best;
}

static void waived(struct bg_judge *j, struct bg_duty *d, const char *detail)
{
	const struct bg_event *e = settle_of(j, "waived", d->what, detail);

	if (!e || d->state != BG_DUE)
		return;
	settled(d, e);
	d->state = BG_WAIVED;
}

/* --- told ---------------------------------------------------------------------- */

/* A sender who used the access proves nothing, unless the other side named what
 * it got. */
static const struct bg_event *told_by(const struct bg_judge *j,
				      const char *name)
{
	const struct bg_event *best = NULL;

	for (size_t i = 0; i < j->n; i++) {
		const struct bg_judged *v = &j->ev[i];

		if (v->e->type != BG_EV_NOTIFY || !bg_sound(v) ||
		    bg_data_is(v, "status", "failed") ||
		    (!bg_data_is(v, "channel", name) &&
		     !bg_data_is(v, "to", name)) ||
		    (v->user && !bg_data(v, "remote_id")))
			continue;
		if (is_first(v->e, best))
			best = v->e;
	}
	return best;
}

static void owe_told(struct bg_judge *j, const char *name, int64_t since)
{
	struct bg_duty *d = owe(j, "told", since, TOLD_WITHIN);

	snprintf(d->detail, sizeof(d->detail), "%s", name);
	snprintf(d->line, sizeof(d->line), "bg settle @%s told %s",
		 short_id(j->g), name);
	who_add(d, "sweeper");
	who_add(d, j->g->policy->owner);
	settled(d, told_by(j, name));
	settled(d, settle_of(j, "done", "told", name));
	waived(j, d, name);
}

/* Everybody whose approval was skipped is told, by name. */
static void owe_told_skipped(struct bg_judge *j)
{
	for (size_t i = 0; i < j->n; i++) {
		const struct bg_judged *v = &j->ev[i];
		const json_t *list = json_object_get(v->e->data, "skipped");

		if (v->e->type != BG_EV_SOLO || !bg_sound(v))
			continue;
		for (size_t k = 0; k < json_array_size(list); k++) {
			const char *name =
				json_string_value(json_array_get(list, k));

			if (name)
				owe_told(j, name, v->e->at_ms);
		}
	}
}

/* --- the others ------------------------------------------------------------------ */

/* The approval that completed the quorum. */
static const struct bg_event *quorum(const struct bg_judge *j)
{
	const struct bg_event *best = NULL;

	/* The count-th by time: the one that has count - 1 earlier ones. */
	for (size_t i = 0; i < j->n; i++) {
		size_t earlier = 0;

		if (j->ev[i].e->type != BG_EV_APPROVE || !bg_sound(&j->ev[i]))
			continue;
		for (size_t k = 0; k < j->n; k++)
			earlier += k != i &&
				   j->ev[k].e->type == BG_EV_APPROVE &&
				   bg_sound(&j->ev[k]) &&
				   is_first(j->ev[k].e, j->ev[i].e);
		if (earlier + 1 >= j->g->policy->approve.count &&
		    is_first(j->ev[i].e, best))
			best = j->ev[i].e;
	}
	return best;
}

static void owe_approve(struct bg_judge *j)
{
	const struct bg_grant *g = j->g;
	const struct bg_approval *a = &g->policy->approve;
	bool first = a->when == BG_BEFORE && !g->fold.solo;
	struct bg_duty *d;

	if (a->when == BG_NONE || !a->count || (!first && !g->grant) ||
	    (first && !g->grant && g->state != BG_WAITING))
		return;
	d = owe(j, "approve", first ? g->activate->at_ms : g->grant->at_ms,
		bg_ms_of(a->within));
	snprintf(d->line, sizeof(d->line), "bg approve @%s", short_id(g));
	who_all(d, &a->roles);
	if (g->fold.approvals >= a->count)
		settled(d, quorum(j));
	waived(j, d, NULL);
}

static void owe_claim(struct bg_judge *j)
{
	const char *who = j->g->activate->for_;
	struct bg_duty *d;

	if (!who)
		return;
	d = owe(j, "claim", j->g->activate->at_ms, CLAIM_WITHIN);
	snprintf(d->detail, sizeof(d->detail), "%s", who);
	snprintf(d->line, sizeof(d->line), "bg settle @%s claim",
		 short_id(j->g));
	who_add(d, who);
	settled(d, settle_of(j, "done", "claim", NULL));
	waived(j, d, NULL);
}

static const struct bg_event *first_sound(const struct bg_judge *j,
					  enum bg_event_type t)
{
	const struct bg_event *best = NULL;

	for (size_t i = 0; i < j->n; i++)
		if (j->ev[i].e->type == t && bg_sound(&j->ev[i]) &&
		    is_first(j->ev[i].e, best))
			best = j->ev[i].e;
	return best;
}

static void owe_ticket(struct bg_judge *j)
{
	const struct bg_policy *p = j->g->policy;
	const char *given = bg_json_text(j->g->activate->data, "ticket");
	struct bg_duty *d;

	if (!p->ticket_within || (given && bg_policy_ticket_ok(p, given)))
		return;
	d = owe(j, "ticket", j->g->activate->at_ms, bg_ms_of(p->ticket_within));
	snprintf(d->line, sizeof(d->line), "bg settle @%s ticket ID",
		 short_id(j->g));
	who_add(d, j->g->by);
	settled(d, first_sound(j, BG_EV_TICKET));
	settled(d, settle_of(j, "done", "ticket", NULL));
	waived(j, d, NULL);
}

/* A check that proves, by somebody who did not use it; two who attest did not. */
static const struct bg_event *independent(const struct bg_judge *j)
{
	const struct bg_event *best = NULL;

	for (size_t i = 0; i < j->n; i++)
		if (j->g->fold.proves[i] && !j->ev[i].user &&
		    is_first(j->ev[i].e, best))
			best = j->ev[i].e;
	return best;
}

static void owe_check(struct bg_judge *j)
{
	const struct bg_grant *g = j->g;
	struct bg_duty *d = owe(j, "check", g->end->at_ms, CHECK_WITHIN);

	snprintf(d->detail, sizeof(d->detail), "%s",
		 g->proof ? "independent" : "access is gone");
	snprintf(d->line, sizeof(d->line), "bg revoke @%s --retry",
		 short_id(g));
	who_add(d, "sweeper");
	if (g->policy)
		who_all(d, &g->policy->revoke);
	settled(d, independent(j));
}

static void owe_rotate(struct bg_judge *j)
{
	const struct bg_grant *g = j->g;
	bool always = g->identity && g->identity->rotate_always;
	int64_t within = g->policy && g->policy->rotate_within
				 ? bg_ms_of(g->policy->rotate_within)
				 : ROTATE_WITHIN;
	const char *name =
		g->identity ? g->identity->name
			    : bg_json_text(g->activate->data, "identity");
	struct bg_duty *d;

	if (!g->declared && !g->exposed && !always)
		return;
	d = owe(j, "rotate", g->end ? g->end->at_ms : g->grant->at_ms, within);
	snprintf(d->detail, sizeof(d->detail), "%s", name ? name : "");
	snprintf(d->line, sizeof(d->line), "bg rotate %s", name ? name : "");
	if (g->identity)
		who_add(d, g->identity->owner);
	who_add(d, "rotator");
	settled(d, bg_judge_rotated(j));
	settled(d, settle_of(j, "done", "rotated", NULL));
	settled(d, settle_of(j, "done", "rotate", NULL));
	waived(j, d, NULL);
	if (d->state == BG_DUE && settle_of(j, "waived", "rotated", NULL)) {
		settled(d, settle_of(j, "waived", "rotated", NULL));
		d->state = BG_WAIVED;
	}
}

/* The current review that completed the quorum, or the last one. */
static const struct bg_event *last_review(const struct bg_judge *j)
{
	const struct bg_event *last = NULL;

	for (size_t i = 0; i < j->n; i++)
		if (j->ev[i].e->type == BG_EV_REVIEW && bg_sound(&j->ev[i]) &&
		    bg_review_decides(j->ev[i].e) &&
		    (!last || is_first(last, j->ev[i].e)))
			last = j->ev[i].e;
	return last;
}

static void owe_review(struct bg_judge *j)
{
	const struct bg_grant *g = j->g;
	struct bg_duty *d;

	d = owe(j, "review", g->end->at_ms,
		g->policy ? bg_ms_of(g->policy->review_within) : 0);
	snprintf(d->line, sizeof(d->line), "bg review @%s", short_id(g));
	if (g->policy)
		who_all(d, &g->policy->review_roles);
	if (g->reviewed)
		settled(d, last_review(j));
}

/* --- corrective actions -------------------------------------------------------------- */

static void owe_action(struct bg_judge *j, const struct bg_event *review,
		       const json_t *action, size_t number)
{
	const char *due = bg_json_text(action, "due");
	const char *text = bg_json_text(action, "text");
	struct bg_duty *d = owe(j, "action", review->at_ms, 0);
	char n[24];

	snprintf(n, sizeof(n), "%zu", number);
	snprintf(d->detail, sizeof(d->detail), "%s: %.80s", n,
		 text ? text : "");
	snprintf(d->line, sizeof(d->line), "bg settle @%s action %s",
		 short_id(j->g), n);
	if (due)
		(void)!bg_time_parse_exact(&d->due_ms, due);
	who_add(d, bg_json_text(action, "owner"));
	settled(d, settle_of(j, "done", "action", n));
	waived(j, d, n);
}

/* Numbered in the order of the reviews that asked for them. */
static void owe_actions(struct bg_judge *j)
{
	const struct bg_event *last = NULL, *next;
	size_t number = 0;

	for (;;) {
		next = NULL;
		for (size_t i = 0; i < j->n; i++) {
			const struct bg_event *e = j->ev[i].e;

			if (e->type == BG_EV_REVIEW && bg_sound(&j->ev[i]) &&
			    e != last && (!last || is_first(last, e)) &&
			    is_first(e, next))
				next = e;
		}
		if (!next)
			return;
		last = next;
		const json_t *list = json_object_get(next->data, "corrective");

		for (size_t k = 0; k < json_array_size(list); k++)
			owe_action(j, next, json_array_get(list, k), ++number);
	}
}

/* --- all of them ------------------------------------------------------------------------ */

/* Duties without which a grant is not closed. */
static bool closes(const struct bg_duty *d)
{
	return !strcmp(d->what, "approve") || !strcmp(d->what, "claim") ||
	       !strcmp(d->what, "rotate") || !strcmp(d->what, "review");
}

static void close_when_settled(struct bg_judge *j)
{
	struct bg_grant *g = j->g;

	if (g->state != BG_ENDED)
		return;
	for (size_t i = 0; i < g->duties.n; i++)
		if (closes(&g->duties.v[i]) && g->duties.v[i].state == BG_DUE)
			return;
	g->state = BG_CLOSED;
}

static void owe_opening(struct bg_judge *j)
{
	const struct bg_grant *g = j->g;

	for (size_t i = 0; i < g->policy->notify.n; i++)
		owe_told(j, g->policy->notify.v[i], g->activate->at_ms);
	if (g->declared)
		return;
	owe_told_skipped(j);
	owe_approve(j);
	owe_claim(j);
	owe_ticket(j);
}

/* What never opened and never can owes nothing. */
int bg_judge_duties(struct bg_judge *j)
{
	const struct bg_grant *g = j->g;

	if (!g->fold.void_) {
		if (g->policy)
			owe_opening(j);
		if (g->end)
			owe_check(j);
		if (g->grant)
			owe_rotate(j);
		if (g->grant && g->end)
			owe_review(j);
		owe_actions(j);
	}
	close_when_settled(j);
	return j->oom ? bg_fail_oom(j->err) : 0;
}
