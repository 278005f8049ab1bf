/* Settle: clear what is owed, by hand.  ticket, told, rotated and gone write
 * the event of that fact; the rest writes `settle`. */
#include <string.h>

#include "base/clock.h"
#include "grant/op.h"

static int settle_ticket(struct bg_event *out, struct bg_op *op, const char *id,
			 struct bg_error *err)
{
	const struct bg_policy *p = op->grant->policy;
	const char *system = p && p->ticket ? p->ticket : "manual";

	if (!id || !*id)
		return bg_fail(err, BG_EUSAGE, "usage",
			       "which ticket: its number is missing");
	if (p && p->ticket_pattern && !bg_policy_ticket_ok(p, id))
		return bg_fail(err, BG_EUSAGE, "ticket-pattern",
			       "ticket '%.60s' does not match %s", id,
			       p->ticket_pattern);
	return bg_op_append(out, op, BG_EV_TICKET,
			    json_pack("{s:s,s:s,s:s}", "system", system, "id",
				      id, "state", "open"),
			    BG_BY_PERSON, NULL, 0, err);
}

static int settle_told(struct bg_event *out, struct bg_op *op, const char *name,
		       struct bg_error *err)
{
	char about[BG_DIGEST_TEXT + 1];

	if (!name || !*name)
		return bg_fail(err, BG_EUSAGE, "usage",
			       "who was told: a channel or name is missing");
	bg_digest_format(about, &op->grant->root);
	return bg_op_append(out, op, BG_EV_NOTIFY,
			    json_pack("{s:s,s:s,s:s,s:s,s:i}", "about", about,
				      "channel", name, "to", name, "status",
				      "told", "attempt", 1),
			    BG_BY_PERSON, NULL, 0, err);
}

static bool owns_it(const struct bg_op *op)
{
	const struct bg_grant *g = op->grant;

	return (g->policy && strcmp(g->policy->owner, op->me->name) == 0) ||
	       bg_names_have(&op->trust->root.principals, op->me->name);
}

/* What cannot be waived by anybody. */
static bool never_waived(const char *duty)
{
	return strcmp(duty, "review") == 0 || strcmp(duty, "check") == 0 ||
	       strcmp(duty, "end") == 0 || strcmp(duty, "gone") == 0;
}

static int check_waive(struct bg_op *op, const char *duty, struct bg_error *err)
{
	if (never_waived(duty))
		return bg_op_deny(op, "settle", err, "never-waived",
				  "'%s' is never waived", duty);
	if (bg_op_i_am_user(op))
		return bg_op_deny(op, "settle", err, "own-grant",
				  "who used '%s' waives nothing of it",
				  op->grant->label);
	if (!owns_it(op))
		return bg_op_deny(op, "settle", err, "role",
				  "only the policy's owner or root waives");
	return 0;
}

static int write_settle(struct bg_event *out, struct bg_op *op,
			const char *duty, const char *what, bool waive,
			const char *reason, struct bg_error *err)
{
	json_t *o = json_pack("{s:s,s:s,s:s}", "duty", duty, "kind",
			      waive ? "waived" : "done", "reason",
			      reason && *reason ? reason : "settled by hand");

	if (o && what && *what)
		json_object_set_new(o, "evidence", json_string(what));
	return bg_op_append(out, op, BG_EV_SETTLE, o, BG_BY_PERSON, NULL, 0,
			    err);
}

static const char *duty_word(const char *typed)
{
	if (strcmp(typed, "rotated") == 0)
		return "rotate";
	return strcmp(typed, "gone") == 0 ? "check" : typed;
}

static int settle_rotated(struct bg_event *out, struct bg_op *op,
			  const char *reason, struct bg_error *err)
{
	const struct bg_scope *s = op->grant->scope;

	if (!s)
		return bg_fail(err, BG_EFAIL, "policy-missing",
			       "the policy of '%s' is not here",
			       op->grant->label);
	return bg_rotate(out, op->ops, s->identity, reason, NULL, true, err);
}

static int settle_gone(struct bg_event *out, struct bg_op *op,
		       const char *reason, struct bg_error *err)
{
	BG_AUTO(ending) struct bg_ending e = { 0 };

	memset(out, 0, sizeof(*out));
	return bg_end_attest(&e, op->ops, &op->grant->root, reason, err);
}

static int by_hand(struct bg_event *out, struct bg_op *op, const char *duty,
		   const char *what, const char *reason, struct bg_error *err)
{
	static const char *const own[] = { "claim", "action", "use", NULL };

	bg_op_say(op, "sign", op->me->name);
	if (strcmp(duty, "ticket") == 0)
		return settle_ticket(out, op, what, err);
	if (strcmp(duty, "told") == 0)
		return settle_told(out, op, what, err);
	if (strcmp(duty, "rotated") == 0)
		return settle_rotated(out, op, reason, err);
	if (strcmp(duty, "gone") == 0)
		return settle_gone(out, op, reason, err);
	for (size_t i = 0; own[i]; i++)
		if (strcmp(duty, own[i]) == 0)
			return write_settle(out, op, duty, what, false, reason,
					    err);
	bg_fail(err, BG_EUSAGE, "no-such-duty",
		"'%.40s' is none of ticket told rotated gone claim action use",
		duty);
	return bg_hint(err, "bg settle");
}

int bg_settle(struct bg_event *out, const struct bg_ops *ops,
	      const struct bg_digest *root, const char *duty, const char *what,
	      bool waive, const char *reason, struct bg_error *err)
{
	BG_AUTO(op) struct bg_op op = { 0 };

	if (bg_op_begin(&op, ops, BG_OP_PERSON, false, err) ||
	    bg_op_load(&op, root, err))
		return err->code;
	if (!waive)
		return by_hand(out, &op, duty, what, reason, err);
	if (check_waive(&op, duty, err))
		return err->code;
	if (!reason || !*reason)
		return bg_fail(err, BG_EUSAGE, "reason-missing",
			       "a waiver needs a reason");
	bg_op_say(&op, "sign", op.me->name);
	return write_settle(out, &op, duty_word(duty), what, true, reason, err);
}
