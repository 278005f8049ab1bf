/* Go on with an activation that waits: approvals came, or alone. */
#include <string.h>

#include "base/clock.h"
#include "grant/op.h"

static int load(struct bg_op *op, const struct bg_ops *ops,
		const struct bg_digest *root, struct bg_error *err)
{
	if (bg_op_begin(op, ops, BG_OP_PERSON, false, err))
		return err->code;
	bg_op_recover(op);
	if (bg_op_load(op, root, err))
		return err->code;
	if (strcmp(op->grant->by, op->me->name) != 0)
		return bg_op_deny(op, "activate", err, "not-yours",
				  "'%s' was asked for by %s", op->grant->label,
				  op->grant->by);
	return 0;
}

/* In self mode access is given where the activation was written. */
static int check_opener(struct bg_op *op, struct bg_error *err)
{
	const char *opener = bg_json_text(op->grant->activate->data, "opener");
	char mine[BG_WRITER_MAX];

	if (bg_op_is_mine(mine, op))
		return 0;
	return bg_fail(err, BG_EFAIL, "other-host",
		       "'%s' opens only where it was asked for (%s)",
		       op->grant->label, opener ? opener : "");
}

static int is_over(struct bg_op *op, struct bg_error *err)
{
	const struct bg_grant *g = op->grant;

	bg_fail(err, BG_EFAIL, "grant-over", "'%s' is over (%s)", g->label,
		bg_state_text(g->state));
	return g->policy ? bg_hint(err, "bg activate %s -m \"...\"",
				   g->policy->name)
			 : err->code;
}

/* The request's own time-out: approve.within from the activation. */
static int check_age(struct bg_op *op, struct bg_error *err)
{
	const struct bg_grant *g = op->grant;
	int64_t within = g->policy ? g->policy->approve.within : 0;

	if (!within || bg_op_now(op) <= g->activate->at_ms + within * 1000)
		return 0;
	bg_fail(err, BG_EFAIL, "request-over",
		"the request '%s' is too old to be opened", g->label);
	return bg_hint(err, "bg activate %s -m \"...\"", g->policy->name);
}

/*
 * Alone
 */
/* solo: after D counts from the first attempt to tell somebody. */
static int64_t told_since(const struct bg_grant *g)
{
	int64_t since = g->activate->at_ms;
	bool any = false;

	for (size_t i = 0; i < g->n_events; i++)
		if (g->events[i]->type == BG_EV_NOTIFY &&
		    (!any || g->events[i]->at_ms < since)) {
			since = g->events[i]->at_ms;
			any = true;
		}
	return since;
}

static int write_solo(struct bg_op *op, const struct bg_names *skipped,
		      struct bg_error *err)
{
	json_t *names = json_array();
	char since[BG_TIME_LEN + 1];

	for (size_t i = 0; i < skipped->n; i++)
		json_array_append_new(names, json_string(skipped->v[i]));
	bg_time_format(since, told_since(op->grant));
	bg_op_say(op, "sign", op->me->name);
	if (bg_op_append(NULL, op, BG_EV_SOLO,
			 json_pack("{s:o,s:s}", "skipped", names, "since",
				   since),
			 BG_BY_PERSON, NULL, 0, err))
		return err->code;
	return bg_op_load(op, &op->grant->root, err);
}

static int go_alone(struct bg_op *op, const struct bg_names *skipped,
		    struct bg_error *err)
{
	const struct bg_approval *a = &op->grant->policy->approve;
	int64_t from = told_since(op->grant) + a->solo_after * 1000;
	char text[24];

	if (a->solo == BG_SOLO_DENIED)
		return bg_op_deny(op, "activate", err, "solo-denied",
				  "'%s' may not be opened alone",
				  op->grant->policy->name);
	if (a->solo == BG_SOLO_AFTER && bg_op_now(op) < from) {
		bg_duration_format(text, (from - bg_op_now(op)) / 1000 + 1);
		return bg_fail(err, BG_EWAIT, "solo-later",
			       "'%s' may go on alone in %s", op->grant->label,
			       text);
	}
	return write_solo(op, skipped, err);
}

/* The activator asked for it once, and may not ask twice. */
static bool solo_is_asked(const struct bg_grant *g)
{
	for (size_t i = 0; i < g->n_events; i++)
		if (g->events[i]->type == BG_EV_SOLO && g->counted[i])
			return true;
	return json_is_true(json_object_get(g->activate->data, "solo"));
}

static int open_it(struct bg_opening *out, struct bg_op *op,
		   struct bg_error *err)
{
	BG_AUTO(lock) struct bg_lock lock = BG_LOCK_INIT;
	const struct bg_digest root = op->grant->root;

	if (bg_grant_lock(&lock, op->state, &root, 60000, err) ||
	    bg_store_update(op->store, err) || bg_op_load(op, &root, err))
		return err->code;
	/* Another process may have been quicker. */
	if (op->grant->state == BG_OPEN)
		return bg_op_describe(out, op, err);
	if (op->grant->state != BG_WAITING)
		return is_over(op, err);
	return bg_op_open(out, op, err);
}

int bg_activate_continue(struct bg_opening *out, const struct bg_ops *ops,
			 const struct bg_digest *root, bool solo,
			 struct bg_error *err)
{
	BG_AUTO(op) struct bg_op op = { 0 };
	char at[BG_AT_LEN];

	memset(out, 0, sizeof(*out));
	if (load(&op, ops, root, err) || bg_op_describe(out, &op, err))
		return err->code;
	snprintf(out->because, sizeof(out->because), "%s",
		 bg_json_text(op.grant->activate->data, "code"));
	if (op.grant->state == BG_OPEN)
		return 0;
	if (op.grant->state != BG_WAITING)
		return is_over(&op, err);
	if (check_opener(&op, err) || check_age(&op, err))
		return err->code;
	if (solo && !op.grant->fold.may_open && op.grant->policy &&
	    !solo_is_asked(op.grant) && go_alone(&op, &out->waits_for, err))
		return err->code;
	if (op.grant->fold.may_open)
		return open_it(out, &op, err);
	bg_op_at(at, op.grant->label);
	return bg_fail(err, BG_EWAIT, "waiting",
		       "'%s' waits; nothing is open yet", at);
}
