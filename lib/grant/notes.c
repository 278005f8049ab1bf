/*
 * Deviations and gaps of one grant: what is out of line with the policy or with
 * the clock, and what is known to be missing.  None of them changes the state.
 */
#include "grant/judge.h"

#include <stdio.h>
#include <string.h>

#define STEP_MS 5000 /* within one boot, wall and boot time differ by less */

static const char *by(const struct bg_judged *v)
{
	return v->e->by;
}

/* A moment in text. */
struct moment {
	char text[BG_TIME_LEN + 1];
};
static struct moment at(int64_t ms)
{
	struct moment m = { "" };

	bg_time_format(m.text, ms);
	return m;
}

static int64_t skew_of(const struct bg_judged *v)
{
	return bg_ms_of(v->trust ? v->trust->limits.skew : 120);
}

/* --- events in an odd place ------------------------------------------------------ */

/* Concurrent with an end: neither knows the other. */
static bool beside_end(const struct bg_judge *j, size_t i)
{
	for (size_t k = 0; k < j->n; k++)
		if (j->g->fold.end_order[k] && !bg_judge_knows(j, i, k) &&
		    !bg_judge_knows(j, k, i) && k != i)
			return true;
	return false;
}

static void note_grant(struct bg_judge *j, size_t i)
{
	const struct bg_judged *v = &j->ev[i];
	const struct bg_fold *f = &j->g->fold;
	int64_t expires;

	if (j->fe[i].result != BG_RES_DONE && j->fe[i].result != BG_RES_UNKNOWN)
		return;
	if (f->view[i].has_end)
		bg_judge_say(j, "grant-after-end", v->e,
			     "access given after an end was known to %s",
			     by(v));
	if (i == f->first_grant && !f->view[i].may_open)
		bg_judge_say(j, "opened-without-approval", v->e,
			     "opened before it was approved");
	if (bg_data_time(&expires, v, "expires") &&
	    expires > bg_ms_add(f->window_ms, skew_of(v)))
		bg_judge_say(j, "target-window", v->e,
			     "the target gives access until %s, the window "
			     "ends %s",
			     at(expires).text, at(f->window_ms).text);
	if (bg_json_bool(v->e->data, "self_run"))
		bg_judge_say(j, "self-run", v->e,
			     "%s's own machine ran the provider", by(v));
}

static void note_check(struct bg_judge *j, size_t i)
{
	const struct bg_judged *v = &j->ev[i];
	const struct bg_fold *f = &j->g->fold;
	const struct bg_fold_view *k = &f->view[i];

	if (j->fe[i].access == BG_ACC_ABSENT && k->state == BG_OPEN)
		bg_judge_say(j, "access-vanished", v->e,
			     "access was gone before an end");
	if (j->fe[i].access == BG_ACC_PRESENT && k->state == BG_WAITING)
		bg_judge_say(j, "access-without-grant", v->e,
			     "access was there before a grant");
	if (j->fe[i].access == BG_ACC_PRESENT && f->has_window &&
	    v->e->at_ms > bg_ms_add(f->window_ms, BG_MINUTES(15)))
		bg_judge_say(j, "access-after-window", v->e,
			     "access was still there; the window ended %s",
			     at(f->window_ms).text);
	if (j->fe[i].access == BG_ACC_UNKNOWN && k->has_end)
		bg_judge_say(j, "check-unknown", v->e,
			     "it could not be checked whether access is gone");
}

/* When a request that nobody opened lapses by itself. */
static int64_t lapse_of(const struct bg_grant *g)
{
	int64_t within = BG_MINUTES(15);

	if (g->policy && g->policy->approve.when == BG_BEFORE && !g->fold.solo)
		within = bg_ms_of(g->policy->approve.within);
	return bg_ms_add(g->activate->at_ms, within);
}

static void note_expire(struct bg_judge *j, size_t i)
{
	const struct bg_judged *v = &j->ev[i];
	const struct bg_fold_view *k = &j->g->fold.view[i];
	int64_t deadline = k->state == BG_WAITING ? lapse_of(j->g)
						  : k->window_ms;

	if (v->e->at_ms < deadline - STEP_MS)
		bg_judge_say(j, "expire-early", v->e, "ended by time before %s",
			     at(deadline).text);
}

static void note_extend(struct bg_judge *j, size_t i)
{
	const struct bg_judged *v = &j->ev[i];
	const struct bg_fold *f = &j->g->fold;

	if (f->has_window && j->fe[i].until_ms > f->cap_ms)
		bg_judge_say(j, "extension-limit", v->e,
			     "asked for until %s; the limit is %s",
			     at(j->fe[i].until_ms).text, at(f->cap_ms).text);
	if (beside_end(j, i))
		bg_judge_say(j, "extended-after-end", v->e,
			     "extended by %s, who had not seen the end", by(v));
}

static bool has_session_end(const struct bg_judge *j, const char *session)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->ev[i].e->type == BG_EV_SESSION_END &&
		    bg_counts(&j->ev[i]) &&
		    bg_str_eq(bg_data(&j->ev[i], "session"), session))
			return true;
	return false;
}

static bool is_recorded(const struct bg_judged *v)
{
	const char *capture = bg_data(v, "capture");

	return capture && strcmp(capture, "none") != 0;
}

static const char *wants(const struct bg_policy *p)
{
	return p->record == BG_RECORD_REQUIRED ? "requires" : "asks for";
}

static void note_session(struct bg_judge *j, size_t i)
{
	const struct bg_judged *v = &j->ev[i];

	if (j->g->fold.view[i].has_end)
		bg_judge_say(j, "session-after-end", v->e,
			     "a session began after an end was known");
	else if (beside_end(j, i))
		bg_judge_say(j, "session-concurrent", v->e,
			     "a session began without knowing the end");
	if (j->g->state >= BG_ENDED &&
	    !has_session_end(j, bg_data(v, "session")))
		bg_judge_say(j, "session-open", v->e, "a session has no end");
	if (v->user)
		bg_judge_say(j, "self-recorded", v->e,
			     "recorded by %s, who used the access", by(v));
	if (j->g->policy && j->g->policy->record != BG_RECORD_NONE &&
	    !is_recorded(v))
		bg_judge_say(j, "not-recorded", v->e,
			     "the policy %s a recording; the session has none",
			     wants(j->g->policy));
}

static void note_session_end(struct bg_judge *j, size_t i)
{
	if (bg_json_bool(j->ev[i].e->data, "recovered"))
		bg_judge_say(j, "recovered", j->ev[i].e,
			     "the end of a session was written afterwards");
}

static void note_revoke(struct bg_judge *j, size_t i)
{
	if (bg_data_is(&j->ev[i], "kind", "collateral"))
		bg_judge_say(j, "collateral", j->ev[i].e,
			     "ended with another grant of the identity");
}

/* A user's word about having told somebody, without a delivery id. */
static void note_notify(struct bg_judge *j, size_t i)
{
	const struct bg_judged *v = &j->ev[i];
	const char *channel = bg_data(v, "channel");

	if (!v->user || bg_data(v, "remote_id") ||
	    bg_data_is(v, "status", "failed"))
		return;
	for (size_t k = 0; k < j->g->duties.n; k++) {
		const struct bg_duty *d = &j->g->duties.v[k];

		if (!strcmp(d->what, "told") && d->state != BG_DUE &&
		    bg_str_eq(d->detail, channel))
			return;
	}
	bg_judge_say(j, "self-told", v->e,
		     "'%.60s' was told by %s, who used the access",
		     channel ? channel : "", by(v));
}

static bool needs_clock(enum bg_event_type t)
{
	return t == BG_EV_ACTIVATE || t == BG_EV_GRANT || t == BG_EV_REVOKE ||
	       t == BG_EV_EXPIRE || t == BG_EV_CHECK || t == BG_EV_DENY;
}

static void note_one(struct bg_judge *j, size_t i)
{
	const struct bg_judged *v = &j->ev[i];

	if (!bg_counts(v))
		return;
	if (needs_clock(v->e->type) && !v->e->clock_synced)
		bg_judge_say(j, "clock-unsynced", v->e,
			     "%s: the clock was not synchronised",
			     bg_event_type_text(v->e->type));
	switch (v->e->type) {
	case BG_EV_GRANT:
		note_grant(j, i);
		break;
	case BG_EV_CHECK:
		note_check(j, i);
		break;
	case BG_EV_EXPIRE:
		note_expire(j, i);
		break;
	case BG_EV_EXTEND:
		note_extend(j, i);
		break;
	case BG_EV_SESSION_START:
		note_session(j, i);
		break;
	case BG_EV_SESSION_END:
		note_session_end(j, i);
		break;
	case BG_EV_REVOKE:
		note_revoke(j, i);
		break;
	case BG_EV_NOTIFY:
		note_notify(j, i);
		break;
	default:
		break;
	}
}

/* --- the root ---------------------------------------------------------------------- */

static void note_limits(struct bg_judge *j)
{
	const struct bg_policy *p = j->g->policy;
	const struct bg_judged *v = &j->ev[j->root];
	const char *code = bg_data(v, "code");
	const char *reason = bg_data(v, "reason");
	int64_t duration = bg_json_int(v->e->data, "duration", 0);
	int64_t max = p->limit_max;

	if (bg_json_bool(v->e->data, "drill") && p->drill_max &&
	    p->drill_max < max)
		max = p->drill_max;
	if (duration > max)
		bg_judge_say(j, "limit-exceeded", v->e,
			     "asked for %lld s; the limit is %lld s",
			     (long long)duration, (long long)max);
	if (j->g->scope && code && !bg_scope_has_code(j->g->scope, code))
		bg_judge_say(j, "limit-exceeded", v->e,
			     "code %.40s does not open scope %.40s", code,
			     j->g->scope->id);
	if (j->g->scope && bg_data(v, "identity") &&
	    !bg_data_is(v, "identity", j->g->scope->identity))
		bg_judge_say(j, "limit-exceeded", v->e,
			     "identity %.60s is not the scope's",
			     bg_data(v, "identity"));
	if (!j->g->declared && reason && strlen(reason) < p->reason_min)
		bg_judge_say(j, "limit-exceeded", v->e,
			     "the reason is shorter than the policy asks");
}

/* A vendor opens, or is opened for, with a sponsor and a contract. */
static void note_vendor(struct bg_judge *j, const char *name)
{
	const struct bg_policy *p = j->g->policy;
	const struct bg_principal *who = bg_trust_principal(j->g->trust, name);

	if (!who || who->kind != BG_VENDOR)
		return;
	if (p->sponsor_required && !who->sponsor)
		bg_judge_say(j, "limit-exceeded", j->g->activate,
			     "vendor %s has no sponsor", name);
	if (p->contract_required && !who->contract)
		bg_judge_say(j, "limit-exceeded", j->g->activate,
			     "vendor %s has no contract", name);
}

static void note_probe(struct bg_judge *j)
{
	const struct bg_event *e = j->g->activate;
	const json_t *probe = json_object_get(e->data, "probe");
	const char *result = bg_json_text(probe, "result");
	const char *why = bg_json_text(probe, "why");

	if (!result)
		return;
	if (!strcmp(result, "could-not-run")) {
		bg_judge_say(j,
			     bg_str_eq(why, "not-allowed") ? "probe-not-allowed"
							   : "probe-not-run",
			     e, "the trigger's probe could not be run%s%.60s",
			     why ? ": " : "", why ? why : "");
		return;
	}
	if (!strcmp(result, "otherwise"))
		bg_judge_say(j, "probe-contradicts", e,
			     "the trigger's probe did not fail as expected");
	bg_judge_say(j, "self-probed", e, "%s's own machine ran the probe",
		     e->by);
}

static void note_freshness(struct bg_judge *j)
{
	const struct bg_event *e = j->g->activate;
	const char *text = bg_json_text(json_object_get(e->data, "freshness"),
					"fetched_at");
	int64_t fetched, age = j->g->trust->limits.trust_max_age;

	if (text && bg_time_parse_exact(&fetched, text) &&
	    bg_ms_add(fetched, bg_ms_of(age)) < e->at_ms)
		bg_judge_say(j, "trust-stale", e, "trust was fetched last %s",
			     at(fetched).text);
}

static void note_root(struct bg_judge *j)
{
	const struct bg_grant *g = j->g;
	const struct bg_judged *v = &j->ev[j->root];

	if (!bg_counts(v))
		return;
	if (g->policy) {
		note_limits(j);
		note_vendor(j, g->by);
		note_vendor(j, g->beneficiary);
	}
	if (g->declared) {
		bg_judge_say(j, "declared", v->e,
			     "a use outside bg, declared afterwards by %s",
			     by(v));
		return;
	}
	note_probe(j);
	note_freshness(j);
	if (v->e->for_)
		bg_judge_say(j, "host-signed", v->e, "signed by host %s for %s",
			     by(v), v->e->for_);
	if (g->policy && g->policy->device != BG_DEVICE_ANY &&
	    !bg_names_have(&g->trust->pinned_writers, v->e->writer))
		bg_judge_say(j, "device-new", v->e,
			     "no seal of somebody else and no pin vouches for "
			     "%s",
			     v->e->writer);
}

/* --- the grant as a whole ------------------------------------------------------------ */

static void note_opener(struct bg_judge *j)
{
	const char *opener = bg_data(&j->ev[j->root], "opener");
	size_t first = j->n;

	for (size_t i = 0; i < j->n; i++)
		if (j->ev[i].e->type == BG_EV_GRANT && bg_counts(&j->ev[i]) &&
		    (first == j->n ||
		     j->ev[i].e->at_ms < j->ev[first].e->at_ms ||
		     (j->ev[i].e->at_ms == j->ev[first].e->at_ms &&
		      bg_digest_cmp(&j->ev[i].e->digest,
				    &j->ev[first].e->digest) < 0)))
			first = i;
	if (first < j->n && opener &&
	    !bg_str_eq(opener, j->ev[first].e->writer))
		bg_judge_say(j, "opener-mismatch", j->ev[first].e,
			     "the opener is %.80s", opener);
}

static void note_proof(struct bg_judge *j)
{
	const struct bg_grant *g = j->g;

	if (!g->fold.has_proof)
		return;
	if (g->fold.attested) {
		bg_judge_say(j, "attested", g->proof,
			     "two people say that the access is gone; no "
			     "check proves it");
		return;
	}
	for (size_t i = 0; i < j->n; i++)
		if (g->fold.proves[i] && !j->ev[i].user)
			return;
	bg_judge_say(j, "self-checked", g->proof,
		     "only users of the access checked that it is gone");
}

static bool has_sessions(const struct bg_judge *j)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->ev[i].e->type == BG_EV_SESSION_START &&
		    bg_counts(&j->ev[i]))
			return true;
	return false;
}

/* Asked for, the grant is over, and nothing at all was recorded. */
static void note_recording(struct bg_judge *j)
{
	const struct bg_grant *g = j->g;

	if (g->grant && g->end && g->policy &&
	    g->policy->record != BG_RECORD_NONE && !has_sessions(j))
		bg_judge_say(j, "not-recorded", g->grant,
			     "the policy %s a recording; there is none",
			     wants(g->policy));
}

static void note_solo(struct bg_judge *j)
{
	const struct bg_grant *g = j->g;

	if (g->fold.solo && g->policy && g->policy->approve.when == BG_BEFORE &&
	    g->fold.approvals < g->policy->approve.count)
		bg_judge_say(j, "solo", g->activate,
			     "opened without waiting for approval");
}

/* The latest time that any counted event claims: what was not done by then is
 * late on anybody's clock. */
static int64_t latest(const struct bg_judge *j)
{
	int64_t ms = INT64_MIN;

	for (size_t i = 0; i < j->n; i++)
		if (bg_sound(&j->ev[i]) && j->ev[i].e->at_ms > ms)
			ms = j->ev[i].e->at_ms;
	return ms;
}

static void note_duties(struct bg_judge *j)
{
	int64_t now = latest(j);

	for (size_t i = 0; i < j->g->duties.n; i++) {
		const struct bg_duty *d = &j->g->duties.v[i];
		bool late = d->state == BG_SETTLED && d->settled_ms > d->due_ms;

		if (late)
			bg_judge_say(j, "late-duty", NULL,
				     "%s%s%.60s was due %s, settled %s",
				     d->what, *d->detail ? " " : "", d->detail,
				     at(d->due_ms).text,
				     at(d->settled_ms).text);
		if (!strcmp(d->what, "approve") &&
		    (late || (d->state == BG_DUE && now > d->due_ms)))
			bg_judge_say(j, "missing-approval", NULL,
				     "no approval by %s", at(d->due_ms).text);
	}
}

/* --- clocks --------------------------------------------------------------------------- */

/* Within one boot wall time and boot time go together; wall time never goes
 * back. Only events of one log are compared, in their order. */
static void note_clock_step(struct bg_judge *j, const struct bg_judged *a,
			    const struct bg_judged *b)
{
	int64_t wall = b->e->at_ms - a->e->at_ms;
	int64_t boot =
		(b->e->clock_boottime_us - a->e->clock_boottime_us) / 1000;
	bool same = a->e->clock_boot && *a->e->clock_boot &&
		    bg_str_eq(a->e->clock_boot, b->e->clock_boot);

	if (wall < 0 ||
	    (same && (wall - boot > STEP_MS || boot - wall > STEP_MS)))
		bg_judge_say(j, "clock-step", b->e,
			     "the clock moved by %lld ms against its boot time",
			     (long long)(same ? wall - boot : wall));
}

static int cmp_place(const void *a, const void *b)
{
	const struct bg_judged *const *x = a, *const *y = b;
	int c = strcmp((*x)->e->writer, (*y)->e->writer);

	if (c)
		return c;
	return (*x)->e->seq < (*y)->e->seq ? -1 : (*x)->e->seq > (*y)->e->seq;
}

static void note_clocks(struct bg_judge *j)
{
	const struct bg_judged **v =
		bg_arena_array(&j->g->arena, j->n, sizeof(*v));
	size_t n = 0;

	if (!v)
		return;
	for (size_t i = 0; i < j->n; i++)
		if (bg_counts(&j->ev[i]))
			v[n++] = &j->ev[i];
	qsort(v, n, sizeof(*v), cmp_place);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(v[i - 1]->e->writer, v[i]->e->writer))
			note_clock_step(j, v[i - 1], v[i]);
}

void bg_judge_notes(struct bg_judge *j)
{
	note_root(j);
	for (size_t i = 0; i < j->n; i++)
		note_one(j, i);
	note_clocks(j);
	if (!bg_counts(&j->ev[j->root]))
		return;
	note_opener(j);
	note_proof(j);
	note_recording(j);
	note_solo(j);
	note_duties(j);
	bg_judge_trust(j);
}
