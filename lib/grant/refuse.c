/*
 * Refused attempts are evidence: one event for equal ones (who, which rules,
 * which policy) in ten minutes; the others are counted and told with the next.
 */
#include <string.h>

#include "base/clock.h"
#include "grant/op.h"

#define SAME_FOR_MS (10 * 60 * 1000)
#define FILE_MAX (256 * 1024)
#define KEYS_MAX 256

static int counts_path(struct bg_str *out, const struct bg_op *op,
		       struct bg_error *err)
{
	bg_str_addf(out, "%s/journal/refused.json", op->state);
	return bg_str_check(out, err);
}

static json_t *read_counts(const struct bg_op *op)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT, text = BG_STR_INIT;
	struct bg_error ignored;
	json_t *o = NULL;

	if (!counts_path(&path, op, &ignored) &&
	    !bg_file_read(&text, path.buf, FILE_MAX, &ignored))
		o = json_loads(bg_str_text(&text), 0, NULL);
	if (!json_is_object(o) || json_object_size(o) > KEYS_MAX) {
		json_decref(o);
		o = json_object();
	}
	return o;
}

static void write_counts(const struct bg_op *op, const json_t *counts)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT, dir = BG_STR_INIT;
	BG_AUTO(free) char *text = json_dumps(counts, JSON_COMPACT);
	struct bg_error ignored;

	bg_str_addf(&dir, "%s/journal", op->state);
	if (!text || counts_path(&path, op, &ignored) ||
	    bg_str_check(&dir, &ignored) ||
	    bg_dir_make(dir.buf, 0700, &ignored))
		return;
	/* Only a count is lost when this fails. */
	if (bg_file_commit(path.buf, 0600, text, strlen(text), &ignored))
		bg_op_say(op, "warning", ignored.msg);
}

static json_t *event_data(const char *command, const char *policy,
			  const struct bg_reason *reasons, size_t n,
			  json_int_t repeated)
{
	json_t *o = json_object(), *rules = json_array();

	json_object_set_new(o, "command", json_string(command));
	if (policy)
		json_object_set_new(o, "policy", json_string(policy));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rules, json_string(reasons[i].id));
	json_object_set_new(o, "rules", rules);
	json_object_set_new(o, "repeated", json_integer(repeated));
	return o;
}

static void make_key(struct bg_str *key, const char *by, const char *policy,
		     const struct bg_reason *reasons, size_t n)
{
	bg_str_addf(key, "%s|%s", by, policy ? policy : "");
	for (size_t i = 0; i < n; i++)
		bg_str_addf(key, "|%s", reasons[i].id);
}

static bool write_refusal(struct bg_op *op, json_t *data,
			  const struct bg_digest *root)
{
	struct bg_event e = { .type = BG_EV_REFUSE, .data = data };
	BG_AUTO(grant_row) struct bg_grant_row row = { 0 };
	struct bg_error err;
	int rc;

	/* In the log of whoever tried, not of the grant's owner. */
	if (root && bg_store_grant(&row, op->store, root, &err) == 0)
		e.grant = row.label;
	else
		root = NULL;
	rc = bg_store_append(&e, op->store, BG_BY_INSTALLATION, NULL, root,
			     root ? 1 : 0, &err);
	if (rc && !e.json)
		json_decref(e.data);
	bg_event_release(&e);
	return rc == 0;
}

void bg_refuse(bool *recorded, const struct bg_ops *ops, const char *command,
	       const char *policy, const struct bg_digest *root,
	       const struct bg_reason *reasons, size_t n)
{
	BG_AUTO(op) struct bg_op op = { 0 };
	BG_AUTO(json) json_t *counts = NULL;
	BG_AUTO(str) struct bg_str key = BG_STR_INIT;
	struct bg_error ignored;
	int64_t now, last, pending;
	json_t *had;

	*recorded = false;
	if (bg_op_begin(&op, ops, BG_OP_PERSON, false, &ignored))
		return;
	make_key(&key, op.me->name, policy, reasons, n);
	if (bg_str_check(&key, &ignored))
		return;
	counts = read_counts(&op);
	had = json_object_get(counts, key.buf);
	last = bg_json_int(had, "at", 0);
	pending = bg_json_int(had, "pending", 0);
	now = bg_op_now(&op);
	if (had && now >= last && now - last < SAME_FOR_MS) {
		json_object_set_new(had, "pending", json_integer(pending + 1));
		*recorded = true;
	} else {
		*recorded = write_refusal(
			&op, event_data(command, policy, reasons, n, pending),
			root);
		if (!*recorded)
			return;
		json_object_set_new(
			counts, key.buf,
			json_pack("{s:I,s:i,s:s,s:o}", "at", (json_int_t)now,
				  "pending", 0, "by", op.me->name, "data",
				  event_data(command, policy, reasons, n, 0)));
	}
	write_counts(&op, counts);
}

/* Ten minutes are over: what was counted is written, or forgotten when it was
 * nothing.  true: the entry is done with. */
static bool settle_count(struct bg_op *op, const json_t *entry)
{
	int64_t now = bg_op_now(op), last = bg_json_int(entry, "at", 0);
	int64_t pending = bg_json_int(entry, "pending", 0);
	const char *by = bg_json_text(entry, "by");
	json_t *data;

	if (now >= last && now - last < SAME_FOR_MS)
		return false;
	if (pending == 0 || !by)
		return true;
	if (!op->me || strcmp(by, op->me->name) != 0)
		return false;
	data = json_deep_copy(json_object_get(entry, "data"));
	if (!data)
		return true;
	json_object_set_new(data, "repeated", json_integer(pending));
	return write_refusal(op, data, NULL);
}

void bg_op_settle_refused(struct bg_op *op)
{
	BG_AUTO(json) json_t *counts = read_counts(op);
	bool changed = false;
	const char *key;
	json_t *entry;
	void *next;

	json_object_foreach_safe(counts, next, key, entry)
	{
		if (!settle_count(op, entry))
			continue;
		json_object_del(counts, key);
		changed = true;
	}
	if (changed)
		write_counts(op, counts);
}
