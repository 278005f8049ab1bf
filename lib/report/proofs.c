#include "report/proofs.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* A present check later than this after the window contradicts "reversed"
 * (decision 11). */
#define PRESENT_GRACE_MS (15 * 60 * 1000)

const char *bg_shown_state_text(enum bg_shown_state s)
{
	switch (s) {
	case BG_SHOWN:
		return "shown";
	case BG_CONTRADICTED:
		return "contradicted";
	default:
		return "not-shown";
	}
}

const struct bg_finding *bg_grant_finding(const struct bg_grant *g,
					  const char *id)
{
	for (size_t i = 0; i < g->findings.list.n; i++)
		if (!strcmp(g->findings.list.v[i].id, id))
			return &g->findings.list.v[i];
	return NULL;
}

static int say(struct bg_proof *p, enum bg_shown_state state, const char *text,
	       const struct bg_digest *event)
{
	p->state = state;
	snprintf(p->text, sizeof(p->text), "%s", text);
	return event ? bg_vec_push(&p->events, *event) : 0;
}

/* Answer of the counted reviews to one question: "no" if any says no, "yes" if
 * the quorum stands and all say yes, else NULL.  The last event that says so. */
static const char *reviewers_say(const struct bg_grant *g, const char *question,
				 const struct bg_event **which)
{
	const char *answer = NULL;
	bool all_yes = g->reviewed;

	for (size_t i = 0; i < g->n_events; i++) {
		const struct bg_event *e = g->events[i];
		const char *a;

		if (e->type != BG_EV_REVIEW || !g->counted[i] || e->doubtful)
			continue;
		a = bg_json_text(json_object_get(e->data, question), "answer");
		if (!a)
			continue;
		if (!strcmp(a, "no")) {
			*which = e;
			return "no";
		}
		if (strcmp(a, "yes"))
			all_yes = false;
		else
			*which = e;
		answer = a;
	}
	return answer && all_yes ? "yes" : NULL;
}

static int prove_necessary(struct bg_proof *p, const struct bg_grant *g)
{
	const json_t *probe = json_object_get(g->activate->data, "probe");
	const char *result = bg_json_text(probe, "result");
	const struct bg_event *review = NULL;
	const char *said = reviewers_say(g, "necessary", &review);
	char text[240];

	if (said && !strcmp(said, "no")) {
		snprintf(text, sizeof(text),
			 "the reviewer %s says it was not necessary",
			 review->by);
		return say(p, BG_CONTRADICTED, text, &review->digest);
	}
	if (result && !strcmp(result, "otherwise"))
		return say(p, BG_CONTRADICTED,
			   "the probe of the trigger says that the condition "
			   "was not there",
			   &g->root);
	if (said) {
		snprintf(text, sizeof(text), "%sthe review quorum agrees (%s)",
			 result && !strcmp(result, "as-expected")
				 ? "probe as expected; "
				 : "",
			 review->by);
		if (say(p, BG_SHOWN, text, &g->root))
			return -1;
		return bg_vec_push(&p->events, review->digest);
	}
	if (result && !strcmp(result, "as-expected"))
		return say(p, BG_SHOWN,
			   bg_grant_finding(g, "self-probed")
				   ? "probe of the trigger as expected (run by "
				     "the activator: gap self-probed)"
				   : "probe of the trigger as expected",
			   &g->root);
	return say(p, BG_NOT_SHOWN,
		   result ? "the probe could not run, and no review quorum "
			    "says yes"
			  : "no probe ran, and no review quorum says yes",
		   &g->root);
}

static int prove_limited(struct bg_proof *p, const struct bg_grant *g)
{
	static const char *const against[] = {
		"opened-without-approval", "extension-limit",   "target-window",
		"limit-exceeded",          "session-after-end", NULL
	};
	const struct bg_event *review = NULL;
	const char *said = reviewers_say(g, "limited", &review);

	for (size_t i = 0; against[i]; i++) {
		const struct bg_finding *f = bg_grant_finding(g, against[i]);
		char text[240];

		if (!f || f->class == BG_WRONG)
			continue;
		snprintf(text, sizeof(text), "%s: %.180s", f->id, f->text);
		return say(p, BG_CONTRADICTED, text, &f->event);
	}
	if (said && !strcmp(said, "no"))
		return say(p, BG_CONTRADICTED,
			   "the reviewer says it was not limited",
			   &review->digest);
	if (!g->grant)
		return say(p, BG_NOT_SHOWN, "no access was given", &g->root);
	if (g->state == BG_OPEN || g->state == BG_WAITING)
		return say(p, BG_NOT_SHOWN, "access is still open", &g->root);
	if (!g->policy)
		return say(p, BG_NOT_SHOWN, "its policy is not here", &g->root);
	if (g->policy->record == BG_RECORD_REQUIRED &&
	    bg_grant_finding(g, "not-recorded"))
		return say(p, BG_NOT_SHOWN,
			   "the policy requires a recording and there is none",
			   &g->grant->digest);
	if (say(p, BG_SHOWN, "scope and window within the policy",
		&g->grant->digest))
		return -1;
	return g->end ? bg_vec_push(&p->events, g->end->digest) : 0;
}

static const struct bg_event *late_present(const struct bg_grant *g)
{
	for (size_t i = 0; i < g->n_events; i++) {
		const struct bg_event *e = g->events[i];
		const char *access;

		if (e->type != BG_EV_CHECK || !g->counted[i] || e->doubtful)
			continue;
		access = bg_json_text(e->data, "access");
		if (access && !strcmp(access, "present") &&
		    g->fold.has_window &&
		    e->at_ms > g->fold.window_ms + PRESENT_GRACE_MS)
			return e;
	}
	return NULL;
}

/* A check that would have proved the end but for the doubt about it. */
static const struct bg_event *doubted_proof(const struct bg_grant *g)
{
	for (size_t i = 0; i < g->n_events; i++) {
		const struct bg_event *e = g->events[i];
		const char *access = e->type == BG_EV_CHECK
					     ? bg_json_text(e->data, "access")
					     : NULL;

		if (access && e->doubtful && !e->wrong &&
		    !strcmp(access, "absent"))
			return e;
	}
	return NULL;
}

static int prove_reversed(struct bg_proof *p, const struct bg_grant *g)
{
	const struct bg_event *e = late_present(g);
	char text[240];

	if (e)
		return say(p, BG_CONTRADICTED,
			   "access was still there more than 15 minutes after "
			   "the window",
			   &e->digest);
	if (!g->grant && !g->proof)
		return say(p, BG_NOT_SHOWN,
			   "no access was given; nothing to take back",
			   &g->root);
	if (!g->proof) {
		e = doubted_proof(g);
		if (e)
			return say(p, BG_CONTRADICTED,
				   "the only check that found it gone is in "
				   "doubt",
				   &e->digest);
		if (!g->end)
			return say(p, BG_NOT_SHOWN, "it has not ended",
				   &g->root);
		return say(p, BG_NOT_SHOWN,
			   "it was ended, but nothing proves that access is "
			   "gone",
			   &g->end->digest);
	}
	if (g->fold.attested)
		return say(p, BG_NOT_SHOWN,
			   "two people attest it; the target was not asked",
			   &g->proof->digest);
	snprintf(text, sizeof(text),
		 "checked and gone %lld.%03lld s after the end%s",
		 (long long)(g->lag_ms / 1000), (long long)(g->lag_ms % 1000),
		 bg_grant_finding(g, "self-checked")
			 ? " (by the activator's machine: gap self-checked)"
			 : "");
	if (g->end && bg_vec_push(&p->events, g->end->digest))
		return -1;
	return say(p, BG_SHOWN, text, &g->proof->digest);
}

int bg_proofs_make(struct bg_proofs *out, const struct bg_grant *g,
		   struct bg_error *err)
{
	*out = (struct bg_proofs){ 0 };
	if (prove_necessary(&out->necessary, g) ||
	    prove_limited(&out->limited, g) ||
	    prove_reversed(&out->reversed, g)) {
		bg_proofs_release(out);
		return bg_fail_oom(err);
	}
	return 0;
}

void bg_proofs_release(struct bg_proofs *p)
{
	bg_vec_release(&p->necessary.events);
	bg_vec_release(&p->limited.events);
	bg_vec_release(&p->reversed.events);
}
