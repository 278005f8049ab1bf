/* Extend: added to the present end; the window is capped by formula. */
#include <string.h>

#include "base/clock.h"
#include "grant/op.h"

static unsigned used(const struct bg_grant *g)
{
	unsigned n = 0;

	for (size_t i = 0; i < g->n_events; i++)
		n += g->events[i]->type == BG_EV_EXTEND && g->counted[i];
	return n;
}

/* The latest end that the formula of W allows. */
static int64_t cap(const struct bg_grant *g)
{
	const struct bg_policy *p = g->policy;
	int64_t duration = bg_json_int(g->activate->data, "duration", 0) * 1000;
	int64_t b = g->fold.began_ms;
	int64_t steps =
		b + duration + (int64_t)p->extensions * p->extend_max * 1000;
	int64_t max = b + p->limit_max * 1000;

	return steps < max ? steps : max;
}

/* The complete line: the code too, which the policy may need to be told. */
static int successor_hint(struct bg_op *op, struct bg_error *err)
{
	const struct bg_grant *g = op->grant;
	const char *code = bg_json_text(g->activate->data, "code");
	bool several = code && bg_policy_codes(g->policy)->n > 1;

	return bg_hint(err, "bg activate %s/%s%s%s -m \"...\"", g->policy->name,
		       g->scope ? g->scope->id : "", several ? " -c " : "",
		       several ? code : "");
}

static int check_right(struct bg_op *op, struct bg_error *err)
{
	const struct bg_grant *g = op->grant;
	char at[BG_AT_LEN];
	bool mine =
		strcmp(g->by, op->me->name) == 0 ||
		(g->beneficiary && strcmp(g->beneficiary, op->me->name) == 0);

	if (!g->policy)
		return bg_fail(err, BG_EFAIL, "policy-missing",
			       "the policy of '%s' is not here", g->label);
	if (!mine)
		return bg_op_deny(op, "extend", err, "not-yours",
				  "'%s' was opened by %s", g->label, g->by);
	if (!bg_op_has_role(op, op->me->name, &g->policy->activate))
		return bg_op_deny(op, "extend", err, "role",
				  "'%s' may not be extended by %s any more",
				  g->label, op->me->name);
	if (g->state == BG_OPEN)
		return 0;
	bg_op_at(at, g->label);
	bg_fail(err, BG_EFAIL, "not-open", "cannot extend '%s': it is %s", at,
		bg_state_text(g->state));
	return g->state == BG_WAITING ? bg_hint(err, "bg activate %s", at)
				      : successor_hint(op, err);
}

/* The new end for what was asked (0: a step, -1: all). */
static int pick_until(int64_t *until, struct bg_op *op, int64_t seconds,
		      struct bg_error *err)
{
	const struct bg_grant *g = op->grant;
	const struct bg_policy *p = g->policy;
	int64_t end = g->fold.window_ms, last = cap(g);
	int64_t step = p->extend_max * 1000;
	char at[BG_AT_LEN], text[24];

	bg_op_at(at, g->label);
	if (used(g) >= p->extensions || last <= end) {
		bg_op_deny(op, "extend", err, "extension-limit",
			   "cannot extend '%s': %u of %u extensions used", at,
			   used(g), p->extensions);
		return successor_hint(op, err);
	}
	if (seconds < 0)
		*until = last;
	else if (seconds == 0)
		*until = end + step < last ? end + step : last;
	else
		*until = end + seconds * 1000;
	if (*until <= last && (seconds <= 0 || seconds * 1000 <= step))
		return 0;
	if (last - end > step)
		last = end + step;
	bg_duration_format(text, (last - end) / 1000);
	bg_op_deny(op, "extend", err, "window-over-limit",
		   "cannot extend '%s' so far: at most %s more", at, text);
	return bg_hint(err, "bg extend %s -t %s", at, text);
}

static int write_extend(struct bg_event *out, struct bg_op *op, int64_t until,
			const char *reason, struct bg_error *err)
{
	char text[BG_TIME_LEN + 1];
	json_t *data;

	bg_time_format(text, until);
	data = json_pack("{s:s}", "until", text);
	if (data && reason && *reason)
		json_object_set_new(data, "reason", json_string(reason));
	bg_op_say(op, "sign", op->me->name);
	if (bg_op_append(out, op, BG_EV_EXTEND, data, BG_BY_PERSON, NULL, 0,
			 err))
		return err->code;
	return bg_op_load(op, &op->grant->root, err);
}

/* What the target enforces must be given again with the later end. */
static void give_again(struct bg_op *op, const struct bg_digest *extend)
{
	BG_AUTO(lock) struct bg_lock lock = BG_LOCK_INIT;
	const struct bg_grant *g = op->grant;
	struct bg_error err;

	if (!g->handle || !bg_json_bool(g->handle->data, "target_enforces") ||
	    g->state != BG_OPEN || !bg_op_machine_counts(op))
		return;
	if (bg_grant_lock(&lock, op->state, &g->root, 60000, &err) ||
	    bg_op_reissue(op, extend, &err))
		bg_op_say(op, "warning", err.msg);
}

int bg_extend(struct bg_event *out, int64_t *window_ms,
	      const struct bg_ops *ops, const struct bg_digest *root,
	      int64_t seconds, const char *reason, struct bg_error *err)
{
	BG_AUTO(op) struct bg_op op = { 0 };
	int64_t until = 0;

	if (bg_op_begin(&op, ops, BG_OP_PERSON, false, err) ||
	    bg_op_load(&op, root, err) || check_right(&op, err) ||
	    pick_until(&until, &op, seconds, err) ||
	    write_extend(out, &op, until, reason, err))
		return err->code;
	give_again(&op, &out->digest);
	*window_ms = op.grant->fold.window_ms;
	return 0;
}
