#include "report/attributes.h"

#include <stdio.h>
#include <string.h>

#include "report/proofs.h"

struct verdict {
	const char *result, *text;
	const struct bg_digest *event;
};
#define MET(t, e) ((struct verdict){ "met", t, e })
#define NOT_MET(t, e) ((struct verdict){ "not_met", t, e })
#define GAP(t, e) ((struct verdict){ "gap_declared", t, e })
#define NA(t) ((struct verdict){ "not_applicable", t, NULL })
#define UNKNOWN(t) ((struct verdict){ "unknown", t, NULL })

struct sheet {
	const struct bg_grant *g;
	int64_t as_of_ms;
};

/* The worst duty of this kind: late, owed, waived, settled in time. */
static struct verdict by_duty(const struct sheet *s, const char *what,
			      const char *absent)
{
	const struct bg_grant *g = s->g;
	const struct bg_duty *worst = NULL;

	for (size_t i = 0; i < g->duties.n; i++) {
		const struct bg_duty *d = &g->duties.v[i];

		if (strcmp(d->what, what))
			continue;
		if (d->state == BG_DUE)
			return d->due_ms < s->as_of_ms
				       ? NOT_MET("owed and overdue", NULL)
				       : UNKNOWN("owed, not due yet");
		if (!worst || d->settled_ms > worst->settled_ms)
			worst = d;
	}
	if (!worst)
		return NA(absent);
	if (worst->state == BG_WAIVED)
		return GAP("waived", &worst->settled_by);
	if (worst->settled_ms > worst->due_ms)
		return NOT_MET("done, but late", &worst->settled_by);
	return MET("done in time", &worst->settled_by);
}

static struct verdict trigger(const struct sheet *s)
{
	const char *code = bg_json_text(s->g->activate->data, "code");

	if (!s->g->policy || !code)
		return UNKNOWN("its policy or its code is not here");
	if (!bg_policy_trigger(s->g->policy, code, NULL))
		return NOT_MET("no trigger of the policy lists the code",
			       &s->g->root);
	return MET("a trigger of the policy lists the code", &s->g->root);
}

static struct verdict reason(const struct sheet *s)
{
	const char *text = bg_json_text(s->g->activate->data, "reason");

	if (s->g->policy && text && strlen(text) < s->g->policy->reason_min)
		return NOT_MET("the reason is shorter than the policy asks",
			       &s->g->root);
	return text ? MET("code and text are there", &s->g->root)
		    : NOT_MET("no reason", &s->g->root);
}

static struct verdict approval(const struct sheet *s)
{
	const struct bg_finding *f =
		bg_grant_finding(s->g, "opened-without-approval");

	if (!s->g->policy)
		return UNKNOWN("its policy is not here");
	if (s->g->policy->approve.when == BG_NONE)
		return NA("the policy asks for no approval");
	if (f)
		return NOT_MET("opened without the approval it needs",
			       &f->event);
	if (s->g->fold.approvals >= s->g->policy->approve.count)
		return MET("approved by authorised people", NULL);
	return by_duty(s, "approve", "no approval was needed");
}

static struct verdict identity(const struct sheet *s)
{
	const struct bg_finding *f = bg_grant_finding(s->g, "host-signed");

	if (!f)
		f = bg_grant_finding(s->g, "device-new");
	if (f)
		return GAP("signed by the host, or from a new device",
			   &f->event);
	return MET("signed by a key that trust lists for one person",
		   &s->g->root);
}

static struct verdict scope(const struct sheet *s)
{
	const char *code = bg_json_text(s->g->activate->data, "code");

	if (!s->g->scope || !code)
		return UNKNOWN("its scope is not here");
	return bg_scope_has_code(s->g->scope, code)
		       ? MET("the reason code may open this scope", &s->g->root)
		       : NOT_MET("the reason code may not open this scope",
				 &s->g->root);
}

static struct verdict window(const struct sheet *s)
{
	const struct bg_finding *f = bg_grant_finding(s->g, "target-window");

	if (!f)
		f = bg_grant_finding(s->g, "limit-exceeded");
	if (!f)
		f = bg_grant_finding(s->g, "extension-limit");
	if (f)
		return NOT_MET("longer than the policy allows", &f->event);
	if (!s->g->grant)
		return NA("no access was given");
	return MET("within the policy's limits", &s->g->grant->digest);
}

static struct verdict recorded(const struct sheet *s)
{
	const struct bg_finding *f = bg_grant_finding(s->g, "not-recorded");

	if (!s->g->grant)
		return NA("no access was given");
	if (f && s->g->policy && s->g->policy->record == BG_RECORD_REQUIRED)
		return NOT_MET("the policy requires a recording", &f->event);
	if (f)
		return GAP("no recording", &f->event);
	return MET("recorded", NULL);
}

static struct verdict ended(const struct sheet *s)
{
	struct bg_proofs p;
	struct bg_error err;
	struct verdict v;

	if (!s->g->grant)
		return NA("no access was given");
	if (bg_proofs_make(&p, s->g, &err))
		return UNKNOWN("out of memory");
	if (p.reversed.state == BG_SHOWN)
		v = s->g->end && s->g->fold.has_window &&
				    s->g->end->at_ms >
					    s->g->fold.window_ms + 60000
			    ? NOT_MET("ended after the window",
				      &s->g->end->digest)
			    : MET("ended in the window, checked and gone",
				  &s->g->proof->digest);
	else if (p.reversed.state == BG_CONTRADICTED)
		v = NOT_MET("access was still there", NULL);
	else
		v = s->g->fold.attested ? GAP("attested by two people", NULL)
					: UNKNOWN("not proven gone");
	bg_proofs_release(&p);
	return v;
}

static struct verdict sound(const struct sheet *s)
{
	for (size_t i = 0; i < s->g->findings.list.n; i++) {
		const struct bg_finding *f = &s->g->findings.list.v[i];

		if (f->class == BG_WRONG || f->class == BG_DOUBTFUL)
			return NOT_MET("an event is wrong or doubtful",
				       &f->event);
	}
	if (bg_grant_finding(s->g, "clock-unsynced"))
		return GAP("records in order; a clock was not synchronised",
			   NULL);
	return MET("signed by authorised keys, in order", NULL);
}

static struct verdict told(const struct sheet *s)
{
	return by_duty(s, "told", "the policy names no channel");
}
static struct verdict ticket(const struct sheet *s)
{
	return by_duty(s, "ticket", "the policy asks for no ticket");
}
static struct verdict rotated(const struct sheet *s)
{
	return by_duty(s, "rotate", "nothing was exposed");
}
static struct verdict reviewed(const struct sheet *s)
{
	return by_duty(s, "review", "no review is owed yet");
}
static struct verdict corrected(const struct sheet *s)
{
	return by_duty(s, "action", "the review asked for none");
}

json_t *bg_attributes_make(struct bg_build *b, const struct bg_grant *g,
			   int64_t as_of_ms)
{
	static const struct {
		const char *title;
		struct verdict (*judge)(const struct sheet *s);
	} rows[BG_ATTRIBUTES] = {
		{ "the trigger is in the policy", trigger },
		{ "reason code and text", reason },
		{ "approval by an authorised person", approval },
		{ "individual identity and device confirmed", identity },
		{ "scope within what the reason code allows", scope },
		{ "window within the policy's maximum", window },
		{ "told out of band in time", told },
		{ "ticket opened in time", ticket },
		{ "actions complete and attributable", recorded },
		{ "ended by its expiry, and checked", ended },
		{ "credential rotated in time", rotated },
		{ "independent review in time, with a decision", reviewed },
		{ "records signed by authorised keys, in order", sound },
		{ "corrective actions closed or in time", corrected },
	};
	struct sheet s = { g, as_of_ms };
	json_t *out = bg_build_array(b);

	for (size_t i = 0; i < BG_ATTRIBUTES; i++) {
		struct verdict v = rows[i].judge(&s);
		const char key[2] = { (char)('a' + i), 0 };
		json_t *row = bg_build_object(b);

		bg_put_text(b, row, "key", key);
		bg_put_text(b, row, "title", rows[i].title);
		bg_put_text(b, row, "result", v.result);
		bg_put_text(b, row, "text", v.text);
		if (v.event)
			bg_put_digest(b, row, "event", v.event);
		bg_add(b, out, row);
	}
	return out;
}
