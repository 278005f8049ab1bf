/*
 * Rotate: change the credential of an identity, through its provider or by
 * hand, and say so.  What was seen before is worthless afterwards: a rotate
 * answers every exposure since the last one.
 */
#include <string.h>

#include "base/clock.h"
#include "grant/escrow.h"
#include "grant/op.h"

#define EXPOSURES_MAX 28

struct rotation {
	struct bg_op op;
	struct bg_identity *identity;
	struct bg_event_list events; /* rotates of it, newest first */
	struct bg_digest exposures[EXPOSURES_MAX];
	size_t n_exposures;
	bool mine;   /* I used one of the exposed grants */
	size_t open; /* grants of it that are open now */
};

static void rotation_release(struct rotation *r)
{
	bg_op_release(&r->op);
	if (r->identity)
		bg_identity_free(r->identity);
	bg_event_list_release(&r->events);
}
BG_AUTO_VALUE(rotation, struct rotation, rotation_release)

/*
 * Exposures
 */
static bool is_answered(const struct rotation *r, const struct bg_digest *d)
{
	for (size_t i = 0; i < r->events.list.n; i++) {
		const struct bg_event *e = r->events.list.v[i];

		if (e->wrong || e->doubtful)
			continue;
		for (size_t k = 0; k < e->n_answers; k++)
			if (bg_digest_eq(&e->answers[k], d))
				return true;
	}
	return false;
}

static bool exposes(const struct bg_event *e)
{
	const char *result = bg_json_text(e->data, "result");

	if (e->type == BG_EV_DECLARE)
		return true;
	return e->type == BG_EV_GRANT && result &&
	       (strcmp(result, "done") == 0 ||
		strcmp(result, "unknown") == 0) &&
	       (bg_json_bool(e->data, "exposed") ||
		json_is_false(json_object_get(e->data, "revocable")));
}

static int scan_grant(struct rotation *r, const struct bg_grant_row *row,
		      struct bg_error *err)
{
	BG_AUTO(grant) struct bg_grant *g = NULL;

	r->open += row->state < BG_ENDING;
	if (bg_grant_load(&g, r->op.store, &row->root, err))
		return err->code;
	for (size_t i = 0; i < g->n_events; i++) {
		const struct bg_event *e = g->events[i];

		if (!exposes(e) || is_answered(r, &e->digest))
			continue;
		r->mine = r->mine || bg_grant_is_user(g, r->op.me->human);
		if (r->n_exposures < EXPOSURES_MAX)
			r->exposures[r->n_exposures++] = e->digest;
	}
	return 0;
}

/* Grants stay active until they are rotated, so these are all that count. */
static int scan(struct rotation *r, struct bg_error *err)
{
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	const struct bg_grant_query q = { .active_only = true,
					  .identity = r->identity->name };
	const struct bg_event_query eq = { .type = "rotate",
					   .identity = r->identity->name };

	if (bg_store_events(&r->events, r->op.store, &eq, err) ||
	    bg_store_grants(&rows, r->op.store, &q, err))
		return err->code;
	for (size_t i = 0; i < rows.list.n; i++)
		if (scan_grant(r, &rows.list.v[i], err))
			return err->code;
	return 0;
}

static int deny(struct rotation *r, struct bg_error *err, const char *id,
		const char *text)
{
	struct bg_reason reason = { 0 };
	bool recorded;

	snprintf(reason.id, sizeof(reason.id), "%s", id);
	snprintf(reason.text, sizeof(reason.text), "%s", text);
	bg_refuse(&recorded, r->op.ops, "rotate", NULL, NULL, &reason, 1);
	return bg_fail(err, BG_EDENIED, id, "cannot rotate '%s': %s%s",
		       r->identity->name, text,
		       recorded ? "" : " (could not be recorded)");
}

static int check_right(struct rotation *r, bool now, struct bg_error *err)
{
	const struct bg_op *op = &r->op;
	const char *me = op->me->name;

	if (strcmp(r->identity->owner, me) != 0 &&
	    !bg_trust_has_role(op->trust, me, "rotator") &&
	    !bg_names_have(&op->trust->admin.principals, me))
		return deny(r, err, "role",
			    "only its owner, a rotator or an admin may");
	if (r->mine)
		return deny(r, err, "own-grant",
			    "who saw the credential cannot be the one who "
			    "changes it");
	if (r->open == 0 || now)
		return 0;
	bg_fail(err, BG_EFAIL, "in-use",
		"'%s' is in use by %zu open grant%s: they would lose it",
		r->identity->name, r->open, r->open == 1 ? "" : "s");
	return bg_hint(err, "bg rotate %s --now", r->identity->name);
}

/*
 * Through the provider
 */
static int run_provider(struct rotation *r, struct bg_error *err)
{
	BG_AUTO(provider_answer) struct bg_provider_answer a = { 0 };
	BG_AUTO(provider_facts) struct bg_provider_facts facts = { 0 };
	BG_AUTO(json)
	json_t *identity = json_pack("{s:s}", "name", r->identity->name);
	BG_AUTO(json) json_t *who = json_pack("{s:s}", "name", r->op.me->name);
	struct bg_provider_call c = {
		.machine = &r->op.machine,
		.dirs = r->op.places->provider_dirs,
		.name = r->identity->provider.name,
		.identity = identity,
		.with = r->identity->provider.with,
		.principal = who,
	};

	bg_op_say(&r->op, "provider", c.name);
	if (bg_provider_describe(&facts, &c, err))
		return err->code;
	c.verb = "rotate";
	c.facts = &facts;
	if (bg_provider_run(&a, &c, err))
		return err->code;
	if (a.result == BG_RES_DONE)
		return 0;
	return bg_fail(err, BG_EFAIL, "rotate-failed",
		       "the provider '%s' did not rotate '%s' (%s)%s%s", c.name,
		       r->identity->name, a.why ? a.why : "failed",
		       a.text[0] ? ": " : "", a.text);
}

/*
 * Into escrow
 */
static int seal(json_t **attachments, struct rotation *r,
		const struct bg_str *secret, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str file = BG_STR_INIT;
	struct bg_attachment a;
	char name[64];
	unsigned char id[6];
	char hex[13];

	if (bg_escrow_seal(&file, r->identity, r->op.trust, r->op.state,
			   secret->buf, secret->len, err) ||
	    bg_random(id, sizeof(id), err))
		return err->code;
	bg_hex(hex, id, sizeof(id));
	snprintf(name, sizeof(name), "escrow-%s.json", hex);
	if (bg_op_attach(&a, &r->op, r->identity->name, name, BG_ESCROW_MEDIA,
			 file.buf, file.len, err))
		return err->code;
	*attachments = json_pack("[o]", bg_attachment_json(&a));
	return *attachments ? 0 : bg_fail_oom(err);
}

static int write_rotate(struct bg_event *out, struct rotation *r,
			bool by_provider, const char *evidence,
			json_t *attachments, struct bg_error *err)
{
	json_t *o = json_pack("{s:s,s:s,s:s}", "identity", r->identity->name,
			      "method", by_provider ? "provider" : "manual",
			      "evidence", evidence);

	if (o && attachments)
		json_object_set(o, "attachments", attachments);
	bg_op_say(&r->op, "sign", r->op.me->name);
	return bg_op_append(out, &r->op, BG_EV_ROTATE, o, BG_BY_PERSON,
			    r->exposures, r->n_exposures, err);
}

/* Grants that only waited for this are proven gone now, where this machine
 * may say so. */
static void prove_ended(struct rotation *r)
{
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	const struct bg_grant_query q = { .active_only = true,
					  .identity = r->identity->name };
	struct bg_error err;

	if (bg_store_grants(&rows, r->op.store, &q, &err))
		return;
	for (size_t i = 0; i < rows.list.n; i++) {
		BG_AUTO(op) struct bg_op op = { 0 };
		BG_AUTO(ending) struct bg_ending e = { 0 };
		struct bg_order order = { .type = BG_EV_COUNT };

		if (rows.list.v[i].state != BG_ENDING)
			continue;
		if (bg_op_begin(&op, r->op.ops, BG_OP_MACHINE, false, &err) ||
		    bg_op_load(&op, &rows.list.v[i].root, &err) ||
		    !bg_op_machine_counts(&op))
			continue;
		if (bg_op_end(&e, &op, &order, &err))
			bg_op_say(&r->op, "warning", err.msg);
	}
}

int bg_rotate(struct bg_event *out, const struct bg_ops *ops,
	      const char *identity, const char *evidence,
	      const struct bg_str *secret, bool now, struct bg_error *err)
{
	BG_AUTO(rotation) struct rotation r = { 0 };
	BG_AUTO(json) json_t *attachments = NULL;
	bool by_provider;

	if (bg_op_begin(&r.op, ops, BG_OP_PERSON, false, err) ||
	    bg_op_identity(&r.identity, r.op.trust, identity, err) ||
	    scan(&r, err) || check_right(&r, now, err))
		return err->code;
	by_provider = !secret && r.identity->rotate_by_provider;
	if (!secret && !by_provider && r.identity->escrow.present)
		return bg_fail(err, BG_EUSAGE, "secret-missing",
			       "'%s' is in escrow: the new credential is "
			       "missing",
			       identity);
	if (!by_provider && (!evidence || !*evidence))
		return bg_fail(err, BG_EUSAGE, "evidence-missing",
			       "say how '%s' was rotated", identity);
	if (by_provider && run_provider(&r, err))
		return err->code;
	if (secret && seal(&attachments, &r, secret, err))
		return err->code;
	if (write_rotate(out, &r, by_provider,
			 evidence && *evidence ? evidence
					       : "rotated by its provider",
			 attachments, err))
		return err->code;
	prove_ended(&r);
	return 0;
}
