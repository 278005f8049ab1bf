/* Taking access back: revoke, then check, and what the check proves. */
#include <string.h>

#include "base/clock.h"
#include "grant/op.h"

#define ROTATES_MAX 8
/* A retry that learns nothing new is written once an hour. */
#define SAME_CHECK_MS (60 * 60 * 1000)

static const char *const access_words[] = { "present", "absent", "unknown" };
static const char *const result_words[] = { "done", "failed", "unknown",
					    "unknown" };

/*
 * Rotation: what was seen is gone only when it was changed
 */
struct rotates {
	struct bg_digest v[ROTATES_MAX];
	size_t n;
};

/* Every opening whose access nothing else takes away. */
static bool needs_rotation(const struct bg_grant *g, size_t i)
{
	const struct bg_event *e = g->events[i];
	const char *result;

	if (e->type != BG_EV_GRANT || !g->counted[i])
		return false;
	result = bg_json_text(e->data, "result");
	if (!result ||
	    (strcmp(result, "done") != 0 && strcmp(result, "unknown") != 0))
		return false;
	return json_is_false(json_object_get(e->data, "revocable"));
}

static bool answers(const struct bg_event *e, const struct bg_digest *d)
{
	for (size_t i = 0; i < e->n_answers; i++)
		if (bg_digest_eq(&e->answers[i], d))
			return true;
	return false;
}

static bool has(const struct rotates *r, const struct bg_digest *d)
{
	for (size_t i = 0; i < r->n; i++)
		if (bg_digest_eq(&r->v[i], d))
			return true;
	return false;
}

/* A counted rotate that knows this exposure. */
static bool add_rotate(struct rotates *r, const struct bg_event_list *list,
		       const struct bg_digest *exposure)
{
	for (size_t i = 0; i < list->list.n; i++) {
		const struct bg_event *e = list->list.v[i];

		if (e->wrong || e->doubtful || !answers(e, exposure))
			continue;
		if (!has(r, &e->digest) && r->n < ROTATES_MAX)
			r->v[r->n++] = e->digest;
		return has(r, &e->digest);
	}
	return false;
}

/* true: every exposure is known to a rotate (or there is none). */
static bool find_rotates(struct rotates *out, struct bg_op *op)
{
	BG_AUTO(event_list) struct bg_event_list list = { 0 };
	const struct bg_grant *g = op->grant;
	struct bg_event_query q = { .type = "rotate" };
	struct bg_error ignored;

	out->n = 0;
	if (!g->scope)
		return false;
	q.identity = g->scope->identity;
	if (bg_store_events(&list, op->store, &q, &ignored))
		return false;
	for (size_t i = 0; i < g->n_events; i++)
		if (needs_rotation(g, i) &&
		    !add_rotate(out, &list, &g->events[i]->digest))
			return false;
	return true;
}

bool bg_op_rotated(struct bg_digest *rotate, struct bg_op *op)
{
	struct rotates r;

	if (!find_rotates(&r, op) || r.n == 0)
		return false;
	*rotate = r.v[r.n - 1];
	return true;
}

bool bg_op_unrotated(struct bg_op *op)
{
	struct rotates r;

	for (size_t i = 0; i < op->grant->n_events; i++)
		if (needs_rotation(op->grant, i))
			return !find_rotates(&r, op);
	return false;
}

/*
 * Writing what was found
 */
static json_t *check_data(const struct bg_taken *t, bool revoked,
			  const struct bg_provider_answer *a, const char *why)
{
	const char *result = a->refused ? "refused" : result_words[a->result];
	json_t *o = json_pack("{s:s,s:s,s:s,s:s}", "ran",
			      revoked ? "revoke" : "check", "result", result,
			      "access", access_words[t->access], "method",
			      "provider");

	if (why)
		json_object_set_new(o, "why", json_string(why));
	return o;
}

/* Did this log say the same less than an hour ago, knowing the end?  Then
 * nothing is new. */
static bool says_nothing_new(struct bg_op *op, enum bg_hand hand,
			     enum bg_access access)
{
	const struct bg_grant *g = op->grant;
	char mine[BG_WRITER_MAX];
	size_t last = g->n_events;
	struct bg_error ignored;
	const char *said;

	if ((hand == BG_BY_PERSON || !bg_op_is_mine(mine, op)) &&
	    bg_store_writer_name(mine, op->store, hand, &ignored))
		return false;
	for (size_t i = 0; i < g->n_events; i++)
		if (g->events[i]->type == BG_EV_CHECK &&
		    strcmp(g->events[i]->writer, mine) == 0 &&
		    (last == g->n_events ||
		     g->events[i]->seq > g->events[last]->seq))
			last = i;
	if (last == g->n_events || access == BG_ACC_ABSENT)
		return last < g->n_events && g->state >= BG_ENDED;
	if (g->fold.has_end && !bg_fold_knows(&g->fold, last, g->fold.end))
		return false;
	said = bg_json_text(g->events[last]->data, "access");
	return said && strcmp(said, access_words[access]) == 0 &&
	       bg_op_now(op) - g->events[last]->at_ms < SAME_CHECK_MS;
}

static int write_check(struct bg_taken *out, struct bg_op *op, enum bg_take who,
		       json_t *data, const struct rotates *rotates,
		       struct bg_error *err)
{
	bool machine = (who == BG_TAKE_MACHINE || who == BG_TAKE_PERSON) &&
		       bg_op_machine_counts(op);
	bool person = !machine &&
		      (who == BG_TAKE_PERSON || who == BG_TAKE_HAND) &&
		      bg_op_may_revoke(op);
	enum bg_hand hand = machine ? BG_BY_INSTALLATION : BG_BY_PERSON;

	if (!machine && !person) {
		json_decref(data);
		return 0;
	}
	if (who != BG_TAKE_HAND && says_nothing_new(op, hand, out->access)) {
		json_decref(data);
		out->written = true;
		return 0;
	}
	if (bg_op_append(NULL, op, BG_EV_CHECK, data, hand, rotates->v,
			 rotates->n, err))
		return err->code;
	out->written = true;
	return bg_op_load(op, &op->grant->root, err);
}

/*
 * Asking the provider
 */
static void say_how(struct bg_taken *out, const struct bg_provider_answer *a,
		    const char *otherwise)
{
	const char *text = a->text[0] ? a->text : a->why ? a->why : otherwise;

	snprintf(out->how, sizeof(out->how), "%.190s", text);
}

static int run_revoke(struct bg_provider_answer *a, struct bg_op *op,
		      struct bg_op_provider *p, struct bg_error *err)
{
	struct bg_error ignored;
	int rc = bg_op_provider_run(a, p, "revoke", err);

	/* What the user was given goes whatever the provider says. */
	if (bg_op_place_clear(op, &op->grant->root, &ignored))
		bg_op_say(op, "warning", ignored.msg);
	return rc;
}

static void take_access(struct bg_taken *out, const struct bg_op_provider *p,
			const struct bg_provider_answer *a, bool rotated)
{
	out->ran = true;
	out->access = a->result == BG_RES_DONE ? a->access : BG_ACC_UNKNOWN;
	say_how(out, a, "asked the provider");
	if (!p->facts.revocable && !rotated && out->access == BG_ACC_ABSENT) {
		out->access = BG_ACC_UNKNOWN;
		snprintf(out->how, sizeof(out->how),
			 "it was seen and is not rotated yet");
	}
}

/* revoke (when first) and check; why tells what kept us from asking. */
static int ask(struct bg_taken *out, struct bg_op *op,
	       struct bg_provider_answer *r, struct bg_provider_answer *c,
	       bool first, bool rotated, struct bg_error *why)
{
	BG_AUTO(op_provider) struct bg_op_provider p = { 0 };
	struct bg_error ignored;

	r->result = c->result = BG_RES_FAILED;
	if (bg_op_provider_open(&p, op, NULL, why)) {
		if (bg_op_place_clear(op, &op->grant->root, &ignored))
			bg_op_say(op, "warning", ignored.msg);
		return why->code;
	}
	p.call.rotated = rotated;
	if (first && run_revoke(r, op, &p, why))
		return why->code;
	if (bg_op_provider_run(c, &p, "check", why))
		return why->code;
	take_access(out, &p, c, rotated);
	return 0;
}

int bg_op_take_back(struct bg_taken *out, struct bg_op *op, bool first,
		    enum bg_take who, struct bg_error *err)
{
	BG_AUTO(provider_answer) struct bg_provider_answer r = { 0 };
	BG_AUTO(provider_answer) struct bg_provider_answer c = { 0 };
	struct rotates rotates;
	struct bg_error why;
	bool rotated = find_rotates(&rotates, op) && rotates.n > 0;
	const char *word;

	memset(out, 0, sizeof(*out));
	out->access = BG_ACC_UNKNOWN;
	if (!rotated)
		rotates.n = 0;
	if (ask(out, op, &r, &c, first, rotated, &why)) {
		snprintf(out->how, sizeof(out->how), "%.190s", why.msg);
		word = why.id;
	} else {
		word = first && r.why ? r.why : c.why;
	}
	return write_check(out, op, who,
			   check_data(out, first, first ? &r : &c, word),
			   &rotates, err);
}
