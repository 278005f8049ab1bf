/* Judging one grant: the passes, in order. */
#include "grant/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int64_t bg_ms_of(int64_t seconds)
{
	int64_t ms;

	return __builtin_mul_overflow(seconds, INT64_C(1000), &ms) ? INT64_MAX
								   : ms;
}

int64_t bg_ms_add(int64_t at_ms, int64_t ms)
{
	int64_t sum;

	return __builtin_add_overflow(at_ms, ms, &sum) ? INT64_MAX : sum;
}

/* --- findings ------------------------------------------------------------ */

static void say(struct bg_judge *j, const char *id, const struct bg_event *e,
		const char *fmt, va_list ap)
{
	char text[sizeof(((struct bg_finding *)0)->text)];

	vsnprintf(text, sizeof(text), fmt, ap);
	if (bg_finding_add(&j->g->findings, id, NULL, e, "%s", text))
		j->oom = true;
	else
		j->g->findings.list.v[j->g->findings.list.n - 1].grant =
			j->g->root;
}

void bg_judge_say(struct bg_judge *j, const char *id, const struct bg_event *e,
		  const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(j, id, e, fmt, ap);
	va_end(ap);
}

void bg_judge_wrong(struct bg_judge *j, struct bg_judged *v, const char *id,
		    const char *fmt, ...)
{
	va_list ap;

	v->e->wrong = true;
	va_start(ap, fmt);
	say(j, id, v->e, fmt, ap);
	va_end(ap);
}

/* --- small questions ------------------------------------------------------ */

bool bg_judge_knows(const struct bg_judge *j, size_t a, size_t b)
{
	size_t column = j->bits.column[b];

	return column != BG_NOWHERE &&
	       bg_bit_has(bg_knows_row(&j->bits, a), column);
}

bool bg_has_role(const struct bg_judged *v, const char *role)
{
	return v->who && bg_trust_has_role(v->trust, v->who->name, role);
}

bool bg_has_any_role(const struct bg_judged *v, const struct bg_names *roles)
{
	for (size_t i = 0; i < roles->n; i++)
		if (bg_has_role(v, roles->v[i]))
			return true;
	return false;
}

bool bg_data_is(const struct bg_judged *v, const char *key, const char *text)
{
	return bg_str_eq(bg_json_text(v->e->data, key), text);
}

bool bg_data_time(int64_t *ms, const struct bg_judged *v, const char *key)
{
	const char *text = bg_json_text(v->e->data, key);

	return text && bg_time_parse_exact(ms, text);
}

bool bg_grant_is_user(const struct bg_grant *g, const char *human)
{
	return human && bg_names_have(&g->users, human);
}

/* --- facts for the fold ---------------------------------------------------- */

static enum bg_result result_of(const struct bg_judged *v)
{
	if (bg_data_is(v, "result", "done"))
		return BG_RES_DONE;
	if (bg_data_is(v, "result", "failed"))
		return BG_RES_FAILED;
	if (bg_data_is(v, "result", "not-run"))
		return BG_RES_NOT_RUN;
	return BG_RES_UNKNOWN;
}

static enum bg_access access_of(const struct bg_judged *v)
{
	if (bg_data_is(v, "access", "present"))
		return BG_ACC_PRESENT;
	if (bg_data_is(v, "access", "absent"))
		return BG_ACC_ABSENT;
	return BG_ACC_UNKNOWN;
}

/* A root may ask for solo, and counts as having asked only where nobody has to
 * be waited for first. */
static bool solo_of(const struct bg_judge *j, const struct bg_judged *v)
{
	return v->e->type == BG_EV_ACTIVATE && j->g->policy &&
	       j->g->policy->approve.solo == BG_SOLO_ALLOWED &&
	       bg_json_bool(v->e->data, "solo");
}

static void times_of(struct bg_fold_event *f, const struct bg_judged *v)
{
	if (v->e->type == BG_EV_ACTIVATE) {
		f->until_ms = bg_ms_of(bg_json_int(v->e->data, "duration", 0));
		return;
	}
	if (v->e->type == BG_EV_DECLARE)
		f->since_ms = v->e->at_ms;
	if (!bg_data_time(&f->until_ms, v, "until"))
		f->until_ms = 0;
	(void)!bg_data_time(&f->since_ms, v, "since");
}

/* Where this log was seen first. */
static uint32_t log_of(const struct bg_judge *j, size_t i)
{
	uint32_t log = 0;

	while (strcmp(j->ev[log].e->writer, j->ev[i].e->writer) != 0)
		log++;
	return log;
}

static void facts_make(struct bg_judge *j)
{
	for (size_t i = 0; i < j->n; i++) {
		const struct bg_judged *v = &j->ev[i];
		struct bg_fold_event *f = &j->fe[i];

		f->id = v->e->digest;
		f->seq = v->e->seq;
		f->log = i ? f[-1].log : 0;
		if (i && strcmp(v[-1].e->writer, v->e->writer) != 0)
			f->log = log_of(j, i);
		f->type = v->e->type;
		f->at_ms = v->e->at_ms;
		f->human = v->human;
		f->n_answers = v->e->n_answers;
		f->answers = v->e->answers;
		f->result = result_of(v);
		f->access = access_of(v);
		f->attested = bg_data_is(v, "method", "attested");
		f->solo = solo_of(j, v);
		times_of(f, v);
	}
}

static void facts_judged(struct bg_judge *j)
{
	for (size_t i = 0; i < j->n; i++) {
		j->fe[i].wrong = !bg_counts(&j->ev[i]);
		j->fe[i].doubtful = j->ev[i].e->doubtful;
		j->fe[i].user = j->ev[i].user;
	}
}

/* A solo envelope, or being the only custodian, opens without a share. */
static unsigned shares_needed(const struct bg_judge *j)
{
	const struct bg_identity *id = j->g->identity;
	const struct bg_event *root = j->g->activate;
	const char *who = root->for_ ? root->for_ : root->by;

	if (!id || !id->escrow.present || j->g->declared)
		return 0;
	if (id->escrow.solo_to &&
	    bg_trust_has_role(j->g->trust, who, id->escrow.solo_to))
		return 0;
	if (id->escrow.k == 1 && bg_names_have(&id->escrow.custodians, who))
		return 0;
	return id->escrow.k;
}

static struct bg_fold_rules rules_of(const struct bg_judge *j)
{
	const struct bg_policy *p = j->g->policy;
	struct bg_fold_rules r = { .before = true, .count = UINT32_MAX };

	if (!p) /* wrong root: it never opens */
		return r;
	r.before = p->approve.when == BG_BEFORE;
	r.solo_allowed = p->approve.solo != BG_SOLO_DENIED;
	r.count = p->approve.count;
	r.shares = shares_needed(j);
	r.extensions = p->extensions;
	r.extend_max = bg_ms_of(p->extend_max);
	r.max = bg_ms_of(p->limit_max);
	return r;
}

/* Nothing is erased before the grant is over. */
static void refuse_early_erasure(struct bg_judge *j, size_t i)
{
	struct bg_judged *v = &j->ev[i];

	if (v->e->type == BG_EV_REDACT && bg_counts(v) &&
	    bg_data_is(v, "kind", "erasure") &&
	    j->g->fold.view[i].state != BG_ENDED)
		bg_judge_wrong(j, v, "event-not-allowed",
			       "erasure by %s before the grant was over",
			       v->e->by);
}

static int fold(struct bg_judge *j)
{
	struct bg_fold_rules rules = rules_of(j);
	int rc;

	facts_judged(j);
	rc = bg_fold(&j->g->fold, j->fe, j->n, &rules, j->err);
	if (rc)
		return rc;
	for (size_t i = 0; i < j->n; i++) {
		refuse_early_erasure(j, i);
		if (j->g->fold.not_allowed[i])
			bg_judge_wrong(j, &j->ev[i], "event-not-allowed",
				       "%s is not allowed when it is %s, as %s "
				       "knew",
				       bg_event_type_text(j->ev[i].e->type),
				       bg_state_text(j->g->fold.view[i].state),
				       j->ev[i].e->by);
		j->g->counted[i] = bg_counts(&j->ev[i]);
	}
	return 0;
}

/* --- the results that others read ------------------------------------------ */

static void handle_of(struct bg_judge *j)
{
	const struct bg_event *newest = NULL;

	for (size_t i = 0; i < j->n; i++) {
		const struct bg_judged *v = &j->ev[i];

		if (v->e->type != BG_EV_GRANT || !bg_counts(v) ||
		    (j->fe[i].result != BG_RES_DONE &&
		     j->fe[i].result != BG_RES_UNKNOWN))
			continue;
		if (bg_json_bool(v->e->data, "exposed"))
			j->g->exposed = true;
		if (!newest || v->e->at_ms > newest->at_ms ||
		    (v->e->at_ms == newest->at_ms &&
		     bg_digest_cmp(&v->e->digest, &newest->digest) > 0))
			newest = v->e;
	}
	j->g->handle = newest;
}

static void results_make(struct bg_judge *j)
{
	struct bg_grant *g = j->g;
	const struct bg_fold *f = &g->fold;
	int64_t from;

	g->state = f->state;
	g->lag_ms = -1;
	handle_of(j);
	if (f->has_window)
		g->grant = g->events[f->first_grant];
	if (f->has_end)
		g->end = g->events[f->end];
	if (!f->has_proof)
		return;
	g->proof = g->events[f->proof];
	from = g->end->at_ms;
	if (f->has_window && f->window_ms < from)
		from = f->window_ms;
	g->lag_ms = g->proof->at_ms > from ? g->proof->at_ms - from : 0;
}

/* --- all of it -------------------------------------------------------------- */

static void look_up(struct bg_judge *j, size_t i)
{
	struct bg_judged *v = &j->ev[i];
	const struct bg_judge_env *env = j->env;

	v->e = j->g->events[i];
	if (v->e->has_trust)
		v->trust = env->version(env->arg, v->e->trust_version,
					&v->e->trust);
	v->writer = env->writer ? env->writer(env->arg, v->e->writer) : NULL;
	v->installation = v->writer && v->writer->installation &&
			  !v->writer->listed;
	v->who = v->trust ? bg_trust_principal(v->trust, v->e->by) : NULL;
	v->human = v->trust ? bg_trust_human(v->trust, v->e->by) : v->e->by;
	v->waits = !v->trust;
}

static int cmp_event(const void *a, const void *b)
{
	const struct bg_event *const *x = a, *const *y = b;

	return bg_digest_cmp(&(*x)->digest, &(*y)->digest);
}

static bool taken(const struct bg_grant *g, const struct bg_digest *d)
{
	for (size_t i = 0; i < g->n_events; i++)
		if (bg_digest_eq(&g->events[i]->digest, d))
			return true;
	return false;
}

/* The root is found, and every other event is told apart from it. */
static int root_find(struct bg_judge *j)
{
	bool found = false;

	for (size_t i = 0; i < j->n; i++) {
		enum bg_event_type t = j->g->events[i]->type;

		if (t != BG_EV_ACTIVATE && t != BG_EV_DECLARE)
			continue;
		if (found)
			return bg_fail(j->err, BG_EFAIL, "no-root",
				       "cannot judge: events of two grants");
		found = true;
		j->root = i;
	}
	if (!found)
		return bg_fail(j->err, BG_EFAIL, "no-root",
			       "cannot judge: the activation is missing");
	return 0;
}

/* The distinct events of the list, in its order: two encodings of one payload
 * are one event. */
static int events_make(struct bg_judge *j, struct bg_event **events, size_t n)
{
	struct bg_grant *g = j->g;
	struct bg_event **sorted, **at;

	g->events = bg_arena_array(&g->arena, n, sizeof(*g->events));
	g->counted = bg_arena_array(&g->arena, n, sizeof(*g->counted));
	j->ev = bg_arena_array(&g->arena, n, sizeof(*j->ev));
	j->fe = bg_arena_array(&g->arena, n, sizeof(*j->fe));
	sorted = bg_arena_array(&g->arena, n, sizeof(*sorted));
	if (bg_arena_check(&g->arena, j->err))
		return BG_EFAIL;
	if (n)
		memcpy(sorted, events, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), cmp_event);
	for (size_t i = 0; i < n; i++) {
		at = bsearch(&events[i], sorted, n, sizeof(*sorted), cmp_event);
		while (at > sorted && !cmp_event(at - 1, at))
			at--;
		if (at + 1 < sorted + n && !cmp_event(at, at + 1) &&
		    taken(g, &events[i]->digest))
			continue;
		g->events[g->n_events++] = events[i];
	}
	j->n = g->n_events;
	return root_find(j);
}

static void missing_trust(struct bg_judge *j)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->ev[i].waits)
			bg_judge_say(
				j, "trust-missing", j->ev[i].e,
				"trust version %llu is not here: the "
				"event waits",
				(unsigned long long)j->ev[i].e->trust_version);
}

static int passes(struct bg_judge *j)
{
	int rc = bg_judge_pin(j);

	if (rc)
		return rc;
	missing_trust(j);
	facts_make(j);
	rc = bg_knows_make(&j->bits, j->fe, j->n, j->err);
	if (rc)
		return rc;
	bg_judge_signers(j);
	bg_judge_doubt(j);
	bg_judge_distinct(j);
	rc = bg_judge_rotations(j);
	if (!rc)
		rc = fold(j);
	if (rc)
		return rc;
	results_make(j);
	rc = bg_judge_reviews(j);
	if (!rc)
		rc = bg_judge_duties(j);
	if (rc)
		return rc;
	bg_judge_notes(j);
	return j->oom ? bg_fail_oom(j->err)
		      : bg_arena_check(&j->g->arena, j->err);
}

int bg_grant_judge(struct bg_grant **out, struct bg_event **events, size_t n,
		   const struct bg_judge_env *env, struct bg_error *err)
{
	BG_AUTO(grant) struct bg_grant *g = calloc(1, sizeof(*g));
	struct bg_judge j = { .g = g, .env = env, .err = err };
	int rc;

	if (!g)
		return bg_fail_oom(err);
	rc = events_make(&j, events, n);
	if (rc)
		return rc;
	g->activate = g->events[j.root];
	g->root = g->activate->digest;
	g->declared = g->activate->type == BG_EV_DECLARE;
	snprintf(g->label, sizeof(g->label), "%s",
		 g->activate->grant ? g->activate->grant : "");
	for (size_t i = 0; i < j.n; i++)
		look_up(&j, i);
	rc = passes(&j);
	bg_arena_release(&j.bits.arena);
	if (rc)
		return rc;
	*out = bg_move(g);
	return 0;
}

void bg_grant_free(struct bg_grant *g)
{
	if (!g)
		return;
	bg_fold_release(&g->fold);
	if (g->owns_policy)
		bg_policy_free(g->policy);
	if (g->owns_identity)
		bg_identity_free(g->identity);
	bg_vec_release(&g->duties);
	bg_findings_release(&g->findings);
	bg_event_list_release(&g->owned);
	bg_arena_release(&g->arena);
	free(g);
}
