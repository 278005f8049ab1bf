/*
 * What a crash, a full disk or a key that would not sign left behind: journal
 * entries of openings without an event, and of ends that were ordered.
 */
#include <string.h>

#include "base/clock.h"
#include "grant/op.h"

/* Another process of ours may be in the middle of it: then it is no wreck. */
static bool lock_now(struct bg_lock *lock, const struct bg_op *op,
		     const struct bg_digest *root)
{
	struct bg_error ignored;

	return bg_grant_lock(lock, op->state, root, 0, &ignored) == 0;
}

static void drop(const struct bg_op *op, enum bg_journal_kind kind,
		 const struct bg_digest *root)
{
	struct bg_error ignored;

	if (bg_journal_drop(op->state, kind, root, &ignored))
		bg_op_say(op, "warning", ignored.msg);
}

/*
 * Openings
 */
static bool has_grant_event(const struct bg_grant *g, const char *began)
{
	for (size_t i = 0; i < g->n_events; i++) {
		const char *b = bg_json_text(g->events[i]->data, "began");

		if (g->events[i]->type == BG_EV_GRANT && b && began &&
		    strcmp(b, began) == 0)
			return true;
	}
	return false;
}

/* The provider ran, or was about to: nobody knows. */
static json_t *unknown_grant(const json_t *entry)
{
	static const char *const copied[] = { "provider",  "expires",
					      "isolation", "revocable",
					      "exposed",   "target_enforces",
					      "began",     "self_run",
					      NULL };
	json_t *o = json_pack("{s:s,s:s,s:s,s:{}}", "result", "unknown",
			      "access", "unknown", "why", "broken-off",
			      "handle");

	for (size_t i = 0; o && copied[i]; i++)
		json_object_set(o, copied[i],
				json_object_get(entry, copied[i]));
	return o;
}

static int end_what_was_taken_back(struct bg_op *op, struct bg_error *err)
{
	BG_AUTO(ending) struct bg_ending e = { 0 };
	struct bg_order order = {
		.type = op->grant->state == BG_OPEN ? BG_EV_REVOKE
						    : BG_EV_COUNT,
		.hand = BG_BY_INSTALLATION,
	};

	order.data = json_pack("{s:s,s:s}", "kind", "handback", "reason",
			       "the opening could not be written: access was "
			       "taken back");
	return bg_op_end(&e, op, &order, err);
}

static int recover_opening(struct bg_op *op,
			   const struct bg_journal_entry *entry,
			   struct bg_error *err)
{
	BG_AUTO(lock) struct bg_lock lock = BG_LOCK_INIT;
	bool taken_back = bg_json_bool(entry->data, "taken_back");

	if (!lock_now(&lock, op, &entry->root))
		return 0;
	/* It may have been finished before the lock was free. */
	if (!bg_journal_has(op->state, BG_J_OPEN, &entry->root))
		return 0;
	if (bg_op_load(op, &entry->root, err))
		return err->code;
	if (!has_grant_event(op->grant, bg_json_text(entry->data, "began")) &&
	    json_object_size(entry->data) > 0) {
		if (bg_op_append(NULL, op, BG_EV_GRANT,
				 unknown_grant(entry->data), BG_BY_INSTALLATION,
				 NULL, 0, err) ||
		    bg_op_load(op, &entry->root, err))
			return err->code;
		bg_op_say(op, "recovered", op->grant->label);
	}
	drop(op, BG_J_OPEN, &entry->root);
	bg_lock_release(&lock);
	if (taken_back || op->grant->state != BG_OPEN)
		return end_what_was_taken_back(op, err);
	bg_timer_start(op);
	return 0;
}

/*
 * Ends
 */
static bool may_write(struct bg_op *op, const json_t *entry)
{
	const char *by = bg_json_text(entry, "by");

	if (bg_json_bool(entry, "machine") && bg_op_machine_counts(op))
		return true;
	return op->me && by && strcmp(by, op->me->name) == 0;
}

static int recover_end(struct bg_op *op, const struct bg_journal_entry *entry,
		       struct bg_error *err)
{
	BG_AUTO(ending) struct bg_ending e = { 0 };
	struct bg_order order = { .type = BG_EV_COUNT };
	const char *type = bg_json_text(entry->data, "type");
	BG_AUTO(lock) struct bg_lock lock = BG_LOCK_INIT;

	if (!lock_now(&lock, op, &entry->root) ||
	    !bg_journal_has(op->state, BG_J_END, &entry->root))
		return 0;
	if (bg_op_load(op, &entry->root, err))
		return err->code;
	if (op->grant->state >= BG_ENDED) {
		drop(op, BG_J_END, &entry->root);
		return 0;
	}
	if (op->grant->state < BG_ENDING) {
		if (!type || !may_write(op, entry->data))
			return 0;
		order.type = (enum bg_event_type)bg_event_type_parse(type);
		order.data = json_incref(json_object_get(entry->data, "data"));
		order.hand = bg_json_bool(entry->data, "machine") &&
					     bg_op_machine_counts(op)
				     ? BG_BY_INSTALLATION
				     : BG_BY_PERSON;
	}
	bg_lock_release(&lock);
	bg_op_say(op, "recovered", op->grant->label);
	return bg_op_end(&e, op, &order, err);
}

static size_t recover_all(struct bg_op *op, enum bg_journal_kind kind,
			  int (*one)(struct bg_op *,
				     const struct bg_journal_entry *,
				     struct bg_error *))
{
	BG_AUTO(journal_entries) struct bg_journal_entries list = { 0 };
	struct bg_error err;
	size_t n = 0;

	if (bg_journal_list(&list, op->state, kind, &err)) {
		bg_op_say(op, "warning", err.msg);
		return 0;
	}
	for (size_t i = 0; i < list.list.n; i++) {
		if (one(op, &list.list.v[i], &err))
			bg_op_say(op, "warning", err.msg);
		else
			n++;
	}
	return n;
}

size_t bg_op_recover(struct bg_op *with)
{
	BG_AUTO(op) struct bg_op op = { 0 };
	struct bg_error err;
	size_t n;

	/* Its own view: the caller's grant stays as it is. */
	if (bg_op_begin(&op, with->ops, BG_OP_MACHINE, false, &err))
		return 0;
	op.me = with->me;
	bg_op_settle_refused(&op);
	n = recover_all(&op, BG_J_OPEN, recover_opening);
	return n + recover_all(&op, BG_J_END, recover_end);
}
