/*
 * The end.  The order is written first when it can be, in the journal and then
 * as an event; access is taken back even when neither works, and what is owed
 * is written by the next command or sweep (recover.c).
 */
#include <string.h>

#include "base/clock.h"
#include "grant/op.h"

void bg_ending_release(struct bg_ending *e)
{
	bg_vec_release(&e->debts);
}

/*
 * What it came to
 */
static enum bg_gone gone_of(const struct bg_grant *g)
{
	const struct bg_event *last = NULL;
	const char *access;

	if (!g->grant && g->state >= BG_ENDED && !g->declared)
		return BG_WITHDRAWN;
	if (g->state >= BG_ENDED)
		return BG_GONE;
	for (size_t i = 0; i < g->n_events; i++)
		if (g->events[i]->type == BG_EV_CHECK && g->counted[i] &&
		    (!last || g->events[i]->at_ms >= last->at_ms))
			last = g->events[i];
	access = last ? bg_json_text(last->data, "access") : NULL;
	return access && strcmp(access, "present") == 0 ? BG_STILL_THERE
							: BG_NOT_PROVEN;
}

void bg_op_ending(struct bg_ending *out, struct bg_op *op)
{
	const struct bg_grant *g = op->grant;

	out->root = g->root;
	snprintf(out->label, sizeof(out->label), "%s", g->label);
	out->gone = gone_of(g);
	out->unrotated = out->gone == BG_NOT_PROVEN && bg_op_unrotated(op);
	out->lag_ms = g->lag_ms;
	if (g->fold.has_window && g->end)
		out->open_ms = g->end->at_ms - g->fold.began_ms;
	if (g->end) {
		snprintf(out->ordered_by, sizeof(out->ordered_by), "%s",
			 g->end->by);
		out->ordered_ms = g->end->at_ms;
	}
	out->debts.n = 0;
	for (size_t i = 0; i < g->duties.n; i++)
		if (g->duties.v[i].state == BG_DUE &&
		    bg_vec_push(&out->debts, g->duties.v[i]))
			break;
}

/*
 * The order
 */
static void journal_order(struct bg_op *op, const struct bg_order *order)
{
	BG_AUTO(json) json_t *o = json_object();
	struct bg_error ignored;
	char at[BG_TIME_LEN + 1];

	bg_time_format(at, bg_op_now(op));
	json_object_set_new(o, "at", json_string(at));
	json_object_set_new(o, "type",
			    json_string(bg_event_type_text(order->type)));
	json_object_set(o, "data", order->data);
	if (op->me)
		json_object_set_new(o, "by", json_string(op->me->name));
	json_object_set_new(o, "machine",
			    json_boolean(order->hand == BG_BY_INSTALLATION ||
					 order->may_fall_back));
	/* An end never waits for its record. */
	if (bg_journal_put(op->state, BG_J_END, &op->grant->root, o, &ignored))
		bg_op_say(op, "warning", ignored.msg);
}

/* The person's key did not sign: for a handback the machine may. */
static bool can_fall_back(struct bg_op *op, const struct bg_order *order,
			  const struct bg_error *err)
{
	return order->may_fall_back && order->hand == BG_BY_PERSON &&
	       (err->code == BG_ENOKEY || err->code == BG_ENOENT) &&
	       bg_op_machine_counts(op);
}

static int write_order(struct bg_op *op, struct bg_order *order,
		       struct bg_error *err)
{
	json_t *again = json_incref(order->data);
	enum bg_hand hand = order->hand;
	int rc;

	if (hand == BG_BY_PERSON && op->me)
		bg_op_say(op, "sign", op->me->name);
	rc = bg_op_append(NULL, op, order->type, bg_move(order->data), hand,
			  NULL, 0, err);
	if (rc && can_fall_back(op, order, err)) {
		bg_op_say(op, "failed", err->msg);
		rc = bg_op_append(NULL, op, order->type, json_incref(again),
				  BG_BY_INSTALLATION, NULL, 0, err);
	}
	json_decref(again);
	return rc ? rc : bg_op_load(op, &op->grant->root, err);
}

/* Nobody but the opener can say that no provider ever ran. */
static int write_not_run(struct bg_op *op, struct bg_error *err)
{
	char began[BG_TIME_LEN + 1];

	if (!bg_op_machine_counts(op))
		return 0;
	bg_time_format(began, bg_op_now(op));
	if (bg_op_append(NULL, op, BG_EV_GRANT,
			 json_pack("{s:s,s:s,s:b}", "result", "not-run",
				   "began", began, "self_run", 1),
			 BG_BY_INSTALLATION, NULL, 0, err))
		return err->code;
	return bg_op_load(op, &op->grant->root, err);
}

static bool any_grant(const struct bg_grant *g)
{
	for (size_t i = 0; i < g->n_events; i++)
		if (g->events[i]->type == BG_EV_GRANT)
			return true;
	return false;
}

/*
 * Access
 */
static int take_back(struct bg_ending *out, struct bg_op *op,
		     const struct bg_order *order, struct bg_error *err)
{
	enum bg_take who = out->unwritten          ? BG_TAKE_SILENT
			   : order->may_sign_check ? BG_TAKE_PERSON
						   : BG_TAKE_MACHINE;
	struct bg_taken t;
	int rc;

	bg_op_say(op, "revoke", op->grant->label);
	rc = bg_op_take_back(&t, op, true, who, err);
	snprintf(out->how, sizeof(out->how), "%s", t.how);
	if (rc) {
		/* It was taken back; only the event is owed. */
		bg_op_say(op, "failed", err->msg);
		out->unwritten = true;
	}
	out->gone = t.access == BG_ACC_PRESENT ? BG_STILL_THERE : BG_NOT_PROVEN;
	return 0;
}

static void settle_journal(struct bg_op *op, const struct bg_ending *out)
{
	struct bg_error ignored;
	const struct bg_digest *root = &op->grant->root;

	if (out->unwritten)
		return;
	if (bg_journal_drop(op->state, BG_J_END, root, &ignored))
		bg_op_say(op, "warning", ignored.msg);
	if (op->grant->state != BG_OPEN && op->grant->state != BG_WAITING &&
	    bg_journal_drop(op->state, BG_J_LIVE, root, &ignored))
		bg_op_say(op, "warning", ignored.msg);
}

static void end_with_lock(struct bg_ending *out, struct bg_op *op,
			  struct bg_order *order, struct bg_error *err)
{
	if (order->type != BG_EV_COUNT) {
		journal_order(op, order);
		if (write_order(op, order, err)) {
			bg_op_say(op, "failed", err->msg);
			out->unwritten = true;
		}
	}
	/* An activation that could open and never did. */
	if (!out->unwritten && op->grant->state == BG_ENDING &&
	    !any_grant(op->grant) && write_not_run(op, err)) {
		bg_op_say(op, "failed", err->msg);
		out->unwritten = true;
	}
	if (op->grant->state >= BG_ENDED)
		return;
	if (take_back(out, op, order, err))
		out->unwritten = true;
}

int bg_op_end(struct bg_ending *out, struct bg_op *op, struct bg_order *order,
	      struct bg_error *err)
{
	BG_AUTO(lock) struct bg_lock lock = BG_LOCK_INIT;
	struct bg_digest root = op->grant->root;
	char how[sizeof(out->how)];
	struct bg_error ignored;
	enum bg_gone gone;

	/* The lock is for order, not for permission. */
	if (bg_grant_lock(&lock, op->state, &root, 60000, &ignored))
		bg_op_say(op, "warning", ignored.msg);
	end_with_lock(out, op, order, err);
	settle_journal(op, out);
	json_decref(bg_move(order->data));
	gone = out->gone;
	snprintf(how, sizeof(how), "%s", out->how);
	bg_op_ending(out, op);
	if (out->unwritten)
		out->gone = gone;
	snprintf(out->how, sizeof(out->how), "%s", how);
	return 0;
}

/*
 * Others that hold the same credential
 */
static bool is_shared(const struct bg_grant *g)
{
	const char *s = g->handle ? bg_json_text(g->handle->data, "isolation")
				  : NULL;

	return s && strcmp(s, "shared") == 0;
}

static void end_collateral(struct bg_ending *out, const struct bg_ops *ops,
			   const struct bg_digest *root, const char *label)
{
	BG_AUTO(op) struct bg_op op = { 0 };
	BG_AUTO(ending) struct bg_ending e = { 0 };
	struct bg_order order = { .type = BG_EV_REVOKE,
				  .hand = BG_BY_INSTALLATION };
	char reason[80];
	struct bg_error err;

	if (bg_op_begin(&op, ops, BG_OP_MACHINE, false, &err) ||
	    bg_op_load(&op, root, &err) || op.grant->state != BG_OPEN ||
	    !is_shared(op.grant))
		return;
	/* Facts about grants of others would not count (foreign-fact). */
	if (!bg_op_machine_counts(&op)) {
		bg_op_say(&op, "collateral-elsewhere", op.grant->label);
		return;
	}
	snprintf(reason, sizeof(reason), "the shared credential of %s ended",
		 label);
	order.data =
		json_pack("{s:s,s:s}", "kind", "collateral", "reason", reason);
	if (bg_op_end(&e, &op, &order, &err) == 0)
		out->collateral++;
}

static void end_sharing(struct bg_ending *out, const struct bg_op *op)
{
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	const struct bg_grant *g = op->grant;
	struct bg_grant_query q = { .active_only = true };
	struct bg_error ignored;

	if (!is_shared(g) || !g->scope)
		return;
	q.identity = g->scope->identity;
	if (bg_store_grants(&rows, op->store, &q, &ignored))
		return;
	for (size_t i = 0; i < rows.list.n; i++)
		if (rows.list.v[i].state == BG_OPEN &&
		    !bg_digest_eq(&rows.list.v[i].root, &g->root))
			end_collateral(out, op->ops, &rows.list.v[i].root,
				       g->label);
}

/*
 * What people ask for
 */
static int check_right(struct bg_op *op, enum bg_end_kind kind,
		       struct bg_error *err)
{
	const struct bg_grant *g = op->grant;
	bool user = op->me ? bg_op_i_am_user(op) : bg_op_machine_counts(op);

	switch (kind) {
	case BG_END_HANDBACK:
		if (user)
			return 0;
		bg_fail(err, BG_EUSAGE, "not-yours",
			"'%s' was opened by %s: ending it for somebody else "
			"is an order",
			g->label, g->by);
		return bg_hint(err, "bg revoke %s -m \"...\"", g->label);
	case BG_END_ORDERED:
		if (bg_op_may_revoke(op))
			return 0;
		return bg_op_deny(op, "revoke", err, "role",
				  "'%s' may not be ended by %s", g->label,
				  op->me ? op->me->name : "this machine");
	case BG_END_DENY:
		if (user)
			return bg_op_deny(op, "deny", err, "own-grant",
					  "who uses '%s' ends it with done",
					  g->label);
		if (op->me && g->policy &&
		    (bg_op_has_role(op, op->me->name,
				    &g->policy->approve.roles) ||
		     bg_op_has_role(op, op->me->name, &g->policy->revoke)))
			return 0;
		return bg_op_deny(op, "deny", err, "role",
				  "'%s' may not be denied by %s", g->label,
				  op->me ? op->me->name : "this machine");
	case BG_END_EXPIRE:
		return 0;
	}
	return 0;
}

static void make_order(struct bg_order *o, struct bg_op *op,
		       enum bg_end_kind kind, const char *reason)
{
	const char *word = kind == BG_END_HANDBACK ? "handback" : "ordered";

	*o = (struct bg_order){ .type = BG_EV_REVOKE,
				.hand = op->me ? BG_BY_PERSON
					       : BG_BY_INSTALLATION,
				.may_fall_back = kind == BG_END_HANDBACK,
				.may_sign_check = true };
	if (kind == BG_END_DENY) {
		o->type = BG_EV_DENY;
		o->data = json_pack("{s:s}", "reason", reason);
		/* Whoever approves need not be able to revoke. */
		o->may_sign_check = bg_op_may_revoke(op);
		return;
	}
	o->data = json_pack("{s:s}", "kind", word);
	if (reason && *reason)
		json_object_set_new(o->data, "reason", json_string(reason));
}

/* Already ending: order nothing new, try again.  deny stays on record. */
static bool is_ordered_already(const struct bg_grant *g, enum bg_end_kind kind)
{
	return g->state == BG_ENDING && kind != BG_END_DENY;
}

static int load(struct bg_op *op, const struct bg_ops *ops,
		const struct bg_digest *root, enum bg_end_kind kind,
		struct bg_error *err)
{
	/* Handing back needs no key when this machine opened it. */
	if (bg_op_begin(op, ops, kind != BG_END_EXPIRE, false, err)) {
		struct bg_error why = *err;

		bg_op_release(op);
		if (kind != BG_END_HANDBACK || err->code == BG_EUNANCHORED ||
		    bg_op_begin(op, ops, BG_OP_MACHINE, false, err)) {
			*err = why;
			return err->code;
		}
	}
	return bg_op_load(op, root, err);
}

static int run_end(struct bg_ending *out, struct bg_op *op,
		   enum bg_end_kind kind, const char *reason,
		   struct bg_error *err)
{
	struct bg_order order;

	make_order(&order, op, kind, reason);
	out->already = op->grant->state >= BG_ENDING;
	if (op->grant->state >= BG_ENDED && kind != BG_END_DENY) {
		json_decref(order.data);
		bg_op_ending(out, op);
		return 0;
	}
	if (is_ordered_already(op->grant, kind)) {
		json_decref(bg_move(order.data));
		order.type = BG_EV_COUNT;
	}
	if (bg_op_end(out, op, &order, err))
		return err->code;
	if (!out->already)
		end_sharing(out, op);
	return 0;
}

int bg_end(struct bg_ending *out, const struct bg_ops *ops,
	   const struct bg_digest *root, enum bg_end_kind kind,
	   const char *reason, struct bg_error *err)
{
	BG_AUTO(op) struct bg_op op = { 0 };

	memset(out, 0, sizeof(*out));
	out->lag_ms = -1;
	if (load(&op, ops, root, kind, err) || check_right(&op, kind, err))
		return err->code;
	bg_op_recover(&op);
	if (bg_op_load(&op, root, err))
		return err->code;
	return run_end(out, &op, kind, reason, err);
}

/* The end is proven, but only by those who used it: somebody else looks. */
static int check_again(struct bg_ending *out, struct bg_op *op,
		       struct bg_error *err)
{
	struct bg_taken t = { 0 };
	bool other = op->me && !bg_op_i_am_user(op) && op->grant->grant &&
		     bg_op_may_revoke(op);

	if (other && bg_op_take_back(&t, op, false, BG_TAKE_HAND, err))
		return err->code;
	bg_op_ending(out, op);
	snprintf(out->how, sizeof(out->how), "%s", t.how);
	return 0;
}

int bg_end_retry(struct bg_ending *out, const struct bg_ops *ops,
		 const struct bg_digest *root, struct bg_error *err)
{
	BG_AUTO(op) struct bg_op op = { 0 };
	struct bg_order order = { .type = BG_EV_COUNT, .may_sign_check = true };

	memset(out, 0, sizeof(*out));
	out->lag_ms = -1;
	out->already = true;
	if (load(&op, ops, root, BG_END_HANDBACK, err))
		return err->code;
	if (op.grant->state >= BG_ENDED)
		return check_again(out, &op, err);
	if (op.grant->state != BG_ENDING) {
		bg_fail(err, BG_EUSAGE, "not-ending",
			"'%s' was not ended: there is nothing to try again",
			op.grant->label);
		return bg_hint(err, "bg done %s", op.grant->label);
	}
	return bg_op_end(out, &op, &order, err);
}

/*
 * Attested
 */
int bg_end_attest(struct bg_ending *out, const struct bg_ops *ops,
		  const struct bg_digest *root, const char *reason,
		  struct bg_error *err)
{
	BG_AUTO(op) struct bg_op op = { 0 };
	json_t *data;

	memset(out, 0, sizeof(*out));
	out->lag_ms = -1;
	if (bg_op_begin(&op, ops, BG_OP_PERSON, false, err) ||
	    bg_op_load(&op, root, err))
		return err->code;
	if (op.grant->state < BG_ENDING) {
		bg_fail(err, BG_EUSAGE, "not-ending",
			"'%s' has no end order to attest", op.grant->label);
		return bg_hint(err, "bg revoke %s -m \"...\"", op.grant->label);
	}
	if (bg_op_i_am_user(&op))
		return bg_op_deny(&op, "revoke", err, "own-grant",
				  "who used '%s' cannot attest its end",
				  op.grant->label);
	if (!bg_op_may_revoke(&op))
		return bg_op_deny(&op, "revoke", err, "role",
				  "'%s' may not be ended by %s",
				  op.grant->label, op.me->name);
	data = json_pack("{s:s,s:s,s:s,s:s}", "ran", "check", "result", "done",
			 "access", "absent", "method", "attested");
	if (reason && *reason)
		json_object_set_new(data, "why", json_string(reason));
	bg_op_say(&op, "sign", op.me->name);
	if (bg_op_append(NULL, &op, BG_EV_CHECK, data, BG_BY_PERSON, NULL, 0,
			 err) ||
	    bg_op_load(&op, root, err))
		return err->code;
	bg_op_ending(out, &op);
	snprintf(out->how, sizeof(out->how), "attested by %s", op.me->name);
	return 0;
}
