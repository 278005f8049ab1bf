/* Review: three answers, signed by somebody who neither used nor approved it. */
#include <string.h>

#include "base/clock.h"
#include "grant/op.h"

static bool by_me(const struct bg_op *op, enum bg_event_type type)
{
	const struct bg_grant *g = op->grant;

	for (size_t i = 0; i < g->n_events; i++)
		if (g->events[i]->type == type && g->counted[i] &&
		    bg_str_eq(bg_trust_human(op->trust, g->events[i]->by),
			      op->me->human))
			return true;
	return false;
}

/* Somebody of the review roles who could do it. */
static bool role_has_somebody(const struct bg_op *op)
{
	const struct bg_grant *g = op->grant;

	for (size_t i = 0; i < op->trust->n_principals; i++) {
		const struct bg_principal *p = &op->trust->principals[i];

		if (p->kind == BG_PERSON && !p->suspended &&
		    !bg_trust_is_retired(op->trust, p->name) &&
		    !bg_grant_is_user(g, p->human) &&
		    bg_op_has_role(op, p->name, &g->policy->review_roles))
			return true;
	}
	return false;
}

static int check_person(struct bg_op *op, struct bg_error *err)
{
	const struct bg_grant *g = op->grant;
	bool root;

	if (!g->policy)
		return bg_fail(err, BG_EFAIL, "policy-missing",
			       "the policy of '%s' is not here", g->label);
	root = bg_names_have(&op->trust->root.principals, op->me->name) &&
	       !role_has_somebody(op);
	if (bg_op_i_am_user(op))
		return bg_op_deny(op, "review", err, "own-grant",
				  "who used '%s' cannot review it", g->label);
	if (!root &&
	    !bg_op_has_role(op, op->me->name, &g->policy->review_roles))
		return bg_op_deny(op, "review", err, "role",
				  "'%s' may not be reviewed by %s", g->label,
				  op->me->name);
	if (by_me(op, BG_EV_APPROVE))
		return bg_op_deny(op, "review", err, "approver",
				  "who approved '%s' cannot review it",
				  g->label);
	if (by_me(op, BG_EV_SHARE))
		return bg_op_deny(op, "review", err, "custodian",
				  "who shared for '%s' cannot review it",
				  g->label);
	return 0;
}

static int check_state(const struct bg_op *op, struct bg_error *err)
{
	const struct bg_grant *g = op->grant;

	if (g->state >= BG_ENDED)
		return 0;
	bg_fail(err, BG_EFAIL, "not-ended", "cannot review '%s': it is %s",
		g->label, bg_state_text(g->state));
	return bg_hint(err, "bg status %s", g->label);
}

static bool is_final(const char *decision)
{
	return strcmp(decision, "needs-info") != 0 &&
	       strcmp(decision, "forwarded") != 0;
}

static void set_answer(json_t *o, const char *key, const char *answer,
		       const char *why)
{
	json_t *a = json_pack("{s:s}", "answer", answer);

	if (a && why && *why)
		json_object_set_new(a, "why", json_string(why));
	json_object_set_new(o, key, a);
}

static json_t *actions(const struct bg_review_answers *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n_actions; i++) {
		char due[BG_TIME_LEN + 1];

		bg_time_format(due, a->actions[i].due_ms);
		json_array_append_new(
			list,
			json_pack("{s:s,s:s,s:s}", "text", a->actions[i].text,
				  "owner", a->actions[i].owner, "due", due));
	}
	return list;
}

static json_t *event_data(const struct bg_op *op,
			  const struct bg_review_answers *a)
{
	const struct bg_grant *g = op->grant;
	char digest[BG_DIGEST_TEXT + 1], opened[BG_TIME_LEN + 1];
	json_t *o;

	bg_digest_format(digest, &g->covers);
	bg_time_format(opened,
		       a->opened_at_ms ? a->opened_at_ms : bg_op_now(op));
	o = json_pack("{s:s,s:s,s:{s:I,s:s},s:s}", "decision", a->decision,
		      "comment", a->comment ? a->comment : "", "covers", "n",
		      (json_int_t)g->n_material, "digest", digest, "opened_at",
		      opened);
	if (!o)
		return NULL;
	if (a->to)
		json_object_set_new(o, "to", json_string(a->to));
	if (!is_final(a->decision))
		return o;
	json_object_set_new(o, "class", json_string(a->class_));
	set_answer(o, "necessary", a->necessary, a->necessary_why);
	set_answer(o, "limited", a->limited, a->limited_why);
	set_answer(o, "reversed", a->reversed, a->reversed_why);
	if (a->n_actions)
		json_object_set_new(o, "corrective", actions(a));
	return o;
}

static int check_answers(const struct bg_review_answers *a,
			 struct bg_error *err)
{
	if (!a->decision)
		return bg_fail(err, BG_EUSAGE, "decision-missing",
			       "a review needs a decision");
	if (!a->comment || !*a->comment)
		return bg_fail(err, BG_EUSAGE, "comment-missing",
			       "a review needs a comment");
	if (is_final(a->decision) &&
	    (!a->class_ || !a->necessary || !a->limited || !a->reversed))
		return bg_fail(err, BG_EUSAGE, "answers-missing",
			       "a review needs a class and answers to "
			       "necessary, limited, reversed");
	return 0;
}

int bg_review(struct bg_event *out, const struct bg_ops *ops,
	      const struct bg_digest *root, const struct bg_review_answers *a,
	      struct bg_error *err)
{
	BG_AUTO(op) struct bg_op op = { 0 };

	if (check_answers(a, err) ||
	    bg_op_begin(&op, ops, BG_OP_PERSON, true, err) ||
	    bg_op_load(&op, root, err) || check_person(&op, err) ||
	    check_state(&op, err))
		return err->code;
	bg_op_say(&op, "sign", op.me->name);
	return bg_op_append(out, &op, BG_EV_REVIEW, event_data(&op, a),
			    BG_BY_PERSON, NULL, 0, err);
}
