#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "policy/decide_private.h"

#define TEXT_MAX 4096 /* one string of an event */

/* --- reasons -------------------------------------------------------------------- */

static void set_text(struct bg_reason *r, const char *id, const char *fmt,
		     va_list ap)
{
	memset(r, 0, sizeof(*r));
	snprintf(r->id, sizeof(r->id), "%s", id);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
}

static struct bg_reason *add_reason(struct bg_deciding *d,
				    const struct bg_reason *r)
{
	if (bg_vec_push(&d->out->reasons, *r)) {
		d->oom = true;
		return NULL;
	}
	return &d->out->reasons.v[d->out->reasons.n - 1];
}

struct bg_reason *bg_decide_refuse(struct bg_deciding *d, const char *id,
				   const char *fmt, ...)
{
	struct bg_reason r;
	va_list ap;
	va_start(ap, fmt);
	set_text(&r, id, fmt, ap);
	va_end(ap);
	return add_reason(d, &r);
}

struct bg_reason *bg_mistake(struct bg_deciding *d, const char *id,
			     const char *fmt, ...)
{
	struct bg_reason r;
	va_list ap;
	va_start(ap, fmt);
	set_text(&r, id, fmt, ap);
	va_end(ap);
	r.usage = true;
	return add_reason(d, &r);
}

void bg_gap(struct bg_deciding *d, const char *id, const char *fmt, ...)
{
	struct bg_reason r;
	va_list ap;
	va_start(ap, fmt);
	set_text(&r, id, fmt, ap);
	va_end(ap);
	if (bg_vec_push(&d->out->gaps, r))
		d->oom = true;
}

/* The line to type instead: scope, code and duration as given here (NULL, 0:
 * not typed), and more. */
static void set_hint(struct bg_deciding *d, struct bg_reason *r,
		     const char *scope, int64_t duration, const char *more)
{
	char time[24] = "";
	bool several = d->policy->codes.n > 1;
	if (!r)
		return;
	if (duration)
		bg_duration_format(time, duration);
	snprintf(r->hint, sizeof(r->hint),
		 "bg activate %s%s%s%s%s%s%s -m \"...\"%s%s", d->policy->name,
		 scope ? "/" : "", scope ? scope : "", several ? " -c " : "",
		 several ? d->out->code : "", duration ? " -t " : "", time,
		 *more ? " " : "", more);
}

/* --- what is asked for ------------------------------------------------------------ */

static int no_such(struct bg_deciding *d, const char *what, const char *id,
		   const char *word, struct bg_error *err)
{
	return bg_fail(err, BG_ENOENT, id, "no %s '%.100s' in '%s'", what, word,
		       d->policy->name);
}

static void list_codes(struct bg_str *out, const struct bg_policy *p)
{
	for (size_t i = 0; i < p->codes.n; i++)
		bg_str_addf(out, "%s%s", i ? ", " : "", p->codes.v[i]);
}

static int no_such_code(struct bg_deciding *d, const char *word, size_t n,
			struct bg_error *err)
{
	BG_AUTO(str) struct bg_str list = BG_STR_INIT;
	list_codes(&list, d->policy);
	if (n > 1)
		return bg_fail(err, BG_ENOENT, "no-such-code",
			       "%zu codes in '%s' begin with '%.100s': %.180s",
			       n, d->policy->name, word, bg_str_text(&list));
	return bg_fail(err, BG_ENOENT, "no-such-code",
		       "no code '%.100s' in '%s': %.180s", word,
		       d->policy->name, bg_str_text(&list));
}

static int no_such_scope(struct bg_deciding *d, const char *word,
			 struct bg_error *err)
{
	BG_AUTO(str) struct bg_str list = BG_STR_INIT;
	for (size_t i = 0; i < d->policy->n_scopes; i++)
		bg_str_addf(&list, "%s%s", i ? ", " : "",
			    d->policy->scopes[i].id);
	return bg_fail(err, BG_ENOENT, "no-such-scope",
		       "no scope '%.100s' in '%s': %.180s", word,
		       d->policy->name, bg_str_text(&list));
}

/* Scope, code, trigger: what the ask leaves out is the least and the only. */
static int resolve(struct bg_deciding *d, struct bg_error *err)
{
	const struct bg_policy *p = d->policy;
	const struct bg_ask *ask = d->ask;
	const char *code = ask->code;
	size_t n;
	if (code) {
		code = bg_policy_code(p, ask->code, &n);
		if (!code)
			return no_such_code(d, ask->code, n, err);
	} else if (p->codes.n == 1) {
		code = p->codes.v[0];
	}
	if (ask->scope && !bg_policy_scope(p, ask->scope))
		return no_such_scope(d, ask->scope, err);
	d->out->code = code;
	d->out->scope = ask->scope ? bg_policy_scope(p, ask->scope)
			: code     ? bg_policy_default_scope(p, code)
				   : NULL;
	if (code)
		d->out->trigger = bg_policy_trigger(p, code, ask->trigger);
	if (ask->trigger && code && !d->out->trigger)
		return no_such(d, "trigger", "no-such-trigger", ask->trigger,
			       err);
	if (code && !d->out->scope)
		return no_such(d, "scope for code", "no-such-scope", code, err);
	if (d->out->scope &&
	    (!d->identity ||
	     strcmp(d->identity->name, d->out->scope->identity) != 0))
		return bg_fail(err, BG_ENOENT, "no-such-identity",
			       "no identity '%s' for '%s/%s'",
			       d->out->scope->identity, p->name,
			       d->out->scope->id);
	return 0;
}

/* Text from a command line that an event can hold. */
static bool text_fits(struct bg_deciding *d, const char *what, const char *text)
{
	size_t n = strlen(text);
	if (n > TEXT_MAX)
		bg_mistake(d, "text-too-long",
			   "the %s has %zu bytes: at most %d", what, n,
			   TEXT_MAX);
	else if (!bg_text_is_clean(text, n))
		bg_mistake(d, "bad-text",
			   "the %s holds control characters or is not UTF-8",
			   what);
	else
		return true;
	return false;
}

/* Characters without the blanks around them. */
static size_t characters(const char *s)
{
	size_t n = strlen(s), count = 0;
	while (n > 0 && s[n - 1] == ' ')
		n--;
	size_t i = strspn(s, " ");
	while (i < n) {
		uint32_t cp;
		size_t len = bg_utf8_decode(&cp, s + i, n - i);
		i += len ? len : 1;
		count++;
	}
	return count;
}

static void decide_text(struct bg_deciding *d)
{
	const char *reason = d->ask->reason ? d->ask->reason : "";
	if (text_fits(d, "message", reason) &&
	    characters(reason) < d->policy->reason_min)
		bg_mistake(d, "reason-too-short",
			   "message too short for '%s': %zu of %u characters",
			   d->policy->name, characters(reason),
			   d->policy->reason_min);
	if (d->ask->ticket)
		text_fits(d, "ticket", d->ask->ticket);
	if (d->out->code)
		return;
	BG_AUTO(str) struct bg_str list = BG_STR_INIT;
	list_codes(&list, d->policy);
	bg_mistake(d, "code-missing", "'%s' has several codes: %.180s",
		   d->policy->name, bg_str_text(&list));
}

/* --- limits ------------------------------------------------------------------------ */

static void decide_scope(struct bg_deciding *d)
{
	const struct bg_scope *scope = d->out->scope;
	const char *code = d->out->code;
	if (!scope || !code || bg_scope_has_code(scope, code))
		return;
	const struct bg_scope *fit = bg_policy_default_scope(d->policy, code);
	struct bg_reason *r = bg_decide_refuse(d, "not-this-scope",
					       "%s does not open '%s/%s'", code,
					       d->policy->name, scope->id);
	if (fit)
		set_hint(d, r, fit->id, d->ask->duration, "");
}

static void decide_window(struct bg_deciding *d)
{
	const struct bg_policy *p = d->policy;
	bool drill = d->ask->drill && p->drill_every;
	int64_t max = drill ? p->drill_max : p->limit_max;
	int64_t asked = d->ask->duration;
	char text[24];
	if (asked < 0) {
		bg_mistake(d, "bad-duration", "the duration is negative");
		return;
	}
	if (asked == 0)
		asked = p->limit_default < max ? p->limit_default : max;
	if (asked > max) {
		bg_duration_format(text, max);
		struct bg_reason *r = bg_decide_refuse(d, "window-over-limit",
						       "at most %s here", text);
		set_hint(d, r, d->out->scope ? d->out->scope->id : NULL, max,
			 drill ? "--drill" : "");
		asked = max;
	}
	d->out->duration = asked;
	d->out->until_max = asked + (int64_t)p->extensions * p->extend_max;
	if (d->out->until_max > max)
		d->out->until_max = max;
}

static void decide_drill(struct bg_deciding *d)
{
	const struct bg_policy *p = d->policy;
	if (!d->ask->drill)
		return;
	if (!p->drill_every) {
		bg_decide_refuse(d, "drill-block", "'%s' has no drill block",
				 p->name);
		return;
	}
	if (!d->out->scope || !p->drill_scope ||
	    strcmp(d->out->scope->id, p->drill_scope) == 0)
		return;
	struct bg_reason *r = bg_decide_refuse(d, "drill-scope",
					       "a drill opens '%s/%s' only",
					       p->name, p->drill_scope);
	set_hint(d, r, p->drill_scope, 0, "--drill");
}

/* --- what is known ------------------------------------------------------------------- */

static bool is_mine(const struct bg_deciding *d, const struct bg_known_grant *g)
{
	return g->by && bg_str_eq(bg_trust_human(d->trust, g->by),
				  bg_trust_human(d->trust, d->ask->by));
}

static void decide_concurrent(struct bg_deciding *d)
{
	const char *label = NULL;
	unsigned n = 0;
	if (!d->out->scope || d->ask->drill)
		return;
	for (size_t i = 0; i < d->n_grants; i++) {
		const struct bg_known_grant *g = &d->grants[i];
		if (!g->open || g->drill || g->successor_of_ask ||
		    !is_mine(d, g) || !bg_str_eq(g->scope, d->out->scope->id))
			continue;
		n++;
		label = g->label;
	}
	if (n < d->policy->concurrent)
		return;
	struct bg_reason *r = bg_decide_refuse(
		d, "concurrent", "%u of %u open in '%s/%s' already (%s)", n,
		d->policy->concurrent, d->policy->name, d->out->scope->id,
		label ? label : "");
	if (r && label)
		snprintf(r->hint, sizeof(r->hint), "bg done %s", label);
}

static void decide_owing(struct bg_deciding *d)
{
	size_t n = 0;
	for (size_t i = 0; i < d->n_grants; i++)
		n += d->grants[i].review_overdue;
	if (n == 0 || !d->policy->review_require_owing)
		return;
	if (d->ask->owing) {
		bg_gap(d, "owing", "opened owing %zu overdue review%s", n,
		       n == 1 ? "" : "s");
		return;
	}
	struct bg_reason *r =
		bg_decide_refuse(d, "owing", "%zu overdue review%s of '%s'", n,
				 n == 1 ? "" : "s", d->policy->name);
	set_hint(d, r, d->ask->scope, d->ask->duration, "--owing");
}

/* --- approval, custodians, device --------------------------------------------------- */

static void decide_approval(struct bg_deciding *d)
{
	const struct bg_approval *a = &d->policy->approve;
	char after[24];
	d->out->approvals = a->when == BG_NONE ? 0 : a->count;
	if (a->when != BG_BEFORE)
		return;
	d->out->waits = true;
	if (!d->ask->solo)
		return;
	if (a->solo == BG_SOLO_DENIED) {
		bg_decide_refuse(d, "solo-denied",
				 "'%s' may not be opened alone",
				 d->policy->name);
	} else if (a->solo == BG_SOLO_AFTER) {
		bg_duration_format(after, a->solo_after);
		bg_gap(d, "solo-later",
		       "may go on alone %s after the approvers were told",
		       after);
	} else {
		d->out->waits = false;
		bg_gap(d, "solo", "opened alone: %u approval%s skipped",
		       a->count, a->count == 1 ? "" : "s");
	}
}

bool bg_opens_alone(const struct bg_deciding *d)
{
	const struct bg_escrow *e = &d->identity->escrow;
	if (e->solo_to && bg_trust_has_role(d->trust, d->ask->by, e->solo_to))
		return true;
	return e->k == 1 && bg_names_have(&e->custodians, d->ask->by);
}

static void decide_identity(struct bg_deciding *d)
{
	const struct bg_identity *id = d->identity;
	if (!d->out->scope)
		return;
	if (d->ask->now_ms >= id->retired_ms)
		bg_decide_refuse(d, "identity-retired",
				 "identity '%s' is retired", id->name);
	if (id->users.n && !bg_names_have(&id->users, d->policy->name))
		bg_decide_refuse(d, "identity-users",
				 "identity '%s' is not for policy '%s'",
				 id->name, d->policy->name);
	if (!id->escrow.present || bg_opens_alone(d))
		return;
	if (d->ask->solo)
		bg_decide_refuse(
			d, "solo-no-envelope",
			"'%s' cannot open the credential of '%s' alone",
			d->ask->by, id->name);
	else if (id->escrow.k == 0)
		bg_decide_refuse(d, "escrow-role",
				 "only %s can open the credential of '%s'",
				 id->escrow.solo_to, id->name);
	d->out->shares = id->escrow.k;
	d->out->waits = d->out->waits || id->escrow.k > 0;
}

static void decide_device(struct bg_deciding *d)
{
	const struct bg_ask *ask = d->ask;
	if (d->policy->device == BG_DEVICE_PINNED && !ask->device_pinned)
		bg_decide_refuse(d, "device-unknown",
				 "'%s' opens only from devices that trust pins",
				 d->policy->name);
	else if (d->policy->device == BG_DEVICE_KNOWN && !ask->device_known &&
		 !ask->device_pinned)
		bg_gap(d, "device-new", "opened from a device that is new");
	if (!ask->host_signed)
		return;
	if (!d->policy->host_signed)
		bg_decide_refuse(d, "host-signed",
				 "'%s' does not allow --host-signed",
				 d->policy->name);
	else if (!bg_trust_has_role(d->trust, ask->signer, "host-signer"))
		bg_decide_refuse(d, "host-signed",
				 "this host is no host-signer");
	else
		bg_gap(d, "host-signed", "signed by the host '%s' for '%s'",
		       ask->signer, ask->by);
	if (ask->solo)
		bg_decide_refuse(d, "host-signed-solo",
				 "host-signed and solo exclude each other");
}

/* Age of trust never refuses; it is loud (lifecycle.md T5). */
static void decide_freshness(struct bg_deciding *d)
{
	int64_t age = d->ask->now_ms - d->ask->trust_fetched_ms;
	int64_t max = d->trust->limits.trust_max_age;
	char text[24];
	if (!d->ask->trust_fetched_ms) {
		bg_gap(d, "stale-trust", "trust was never fetched");
	} else if (age / 1000 > max) {
		bg_duration_format(text, age / 1000 / 3600 * 3600);
		bg_gap(d, "stale-trust", "trust was last fetched %s ago", text);
	}
}

/* --- the whole ----------------------------------------------------------------------- */

/* Refusals before wrong words: the first reason is what a command says. */
static void order_reasons(struct bg_decision *out)
{
	for (size_t i = 1; i < out->reasons.n; i++) {
		struct bg_reason r = out->reasons.v[i];
		size_t k = i;
		for (; k > 0 && out->reasons.v[k - 1].usage && !r.usage; k--)
			out->reasons.v[k] = out->reasons.v[k - 1];
		out->reasons.v[k] = r;
	}
}

static void conclude(struct bg_deciding *d)
{
	struct bg_decision *out = d->out;
	bool refused = false;
	order_reasons(out);
	for (size_t i = 0; i < out->reasons.n; i++)
		refused = refused || !out->reasons.v[i].usage;
	out->allowed = out->reasons.n == 0;
	out->usage = out->reasons.n > 0 && !refused;
	if (out->allowed) {
		bg_decide_duties(d);
		return;
	}
	out->waits = false;
	out->approvals = out->shares = 0;
	out->duration = out->until_max = 0;
	bg_vec_release(&out->gaps);
}

int bg_decide(struct bg_decision *out, const struct bg_policy *policy,
	      const struct bg_trust *trust, const struct bg_identity *identity,
	      const struct bg_known_grant *grants, size_t n_grants,
	      const struct bg_ask *ask, struct bg_error *err)
{
	struct bg_decision made = { 0 };
	struct bg_deciding d = { .out = &made,
				 .policy = policy,
				 .trust = trust,
				 .identity = identity,
				 .grants = grants,
				 .n_grants = n_grants,
				 .ask = ask };
	int rc = resolve(&d, err);
	if (rc == 0 && ask->beneficiary &&
	    !bg_trust_principal(trust, ask->beneficiary))
		rc = bg_fail(err, BG_ENOENT, "no-such-person",
			     "no principal '%.100s'", ask->beneficiary);
	if (rc)
		return rc;
	decide_text(&d);
	bg_decide_people(&d);
	decide_scope(&d);
	decide_drill(&d);
	decide_window(&d);
	decide_concurrent(&d);
	decide_owing(&d);
	decide_approval(&d);
	decide_identity(&d);
	decide_device(&d);
	decide_freshness(&d);
	conclude(&d);
	if (d.oom) {
		bg_decision_release(&made);
		return bg_fail_oom(err);
	}
	*out = made;
	return 0;
}

void bg_decision_release(struct bg_decision *d)
{
	bg_vec_release(&d->reasons);
	bg_vec_release(&d->duties);
	bg_vec_release(&d->gaps);
}
