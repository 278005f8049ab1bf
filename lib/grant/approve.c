/* Approve: before or after, by somebody who did not use it. */
#include "grant/op.h"

static bool has_approved(const struct bg_op *op)
{
	const struct bg_grant *g = op->grant;

	for (size_t i = 0; i < g->n_events; i++)
		if (g->events[i]->type == BG_EV_APPROVE && g->counted[i] &&
		    bg_str_eq(bg_trust_human(op->trust, g->events[i]->by),
			      op->me->human))
			return true;
	return false;
}

/* The row "approve" of the state table. */
static int check_state(struct bg_op *op, struct bg_error *err)
{
	const struct bg_grant *g = op->grant;
	const struct bg_approval *a = &g->policy->approve;

	if (g->fold.void_)
		return bg_fail(err, BG_EFAIL, "grant-over",
			       "'%s' was never opened and is over", g->label);
	if (g->state >= BG_ENDING && a->when != BG_AFTER && !g->fold.solo)
		return bg_fail(err, BG_EFAIL, "grant-over",
			       "'%s' is over, and its policy asks for "
			       "approval before",
			       g->label);
	return 0;
}

static int check_person(struct bg_op *op, struct bg_error *err)
{
	const struct bg_grant *g = op->grant;

	if (!g->policy)
		return bg_fail(err, BG_EFAIL, "policy-missing",
			       "the policy of '%s' is not here", g->label);
	if (op->me->kind != BG_PERSON ||
	    !bg_op_has_role(op, op->me->name, &g->policy->approve.roles))
		return bg_op_deny(op, "approve", err, "role",
				  "'%s' may not be approved by %s", g->label,
				  op->me->name);
	if (bg_op_i_am_user(op))
		return bg_op_deny(op, "approve", err, "own-grant",
				  "who uses '%s' cannot approve it", g->label);
	if (has_approved(op))
		return bg_fail(err, BG_EFAIL, "approved-already",
			       "'%s' has the approval of %s already", g->label,
			       op->me->name);
	return 0;
}

int bg_approve(struct bg_event *out, const struct bg_ops *ops,
	       const struct bg_digest *root, const char *text,
	       struct bg_error *err)
{
	BG_AUTO(op) struct bg_op op = { 0 };
	json_t *data;

	if (bg_op_begin(&op, ops, BG_OP_PERSON, true, err) ||
	    bg_op_load(&op, root, err) || check_person(&op, err) ||
	    check_state(&op, err))
		return err->code;
	data = json_object();
	if (text && *text)
		json_object_set_new(data, "text", json_string(text));
	bg_op_say(&op, "sign", op.me->name);
	return bg_op_append(out, &op, BG_EV_APPROVE, data, BG_BY_PERSON, NULL,
			    0, err);
}
