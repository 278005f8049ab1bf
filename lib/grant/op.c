#include "grant/op.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "format/nearest.h"

int bg_op_begin(struct bg_op *op, const struct bg_ops *ops, bool person,
		bool unanchored_ok, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str allow = BG_STR_INIT;
	struct bg_install *install = bg_store_install(ops->store);

	memset(op, 0, sizeof(*op));
	op->ops = ops;
	op->store = ops->store;
	op->places = bg_store_places(ops->store);
	op->trust = bg_store_trust(ops->store);
	if (!bg_store_anchored(op->store) && !unanchored_ok) {
		bg_fail(err, BG_EUNANCHORED, "unanchored",
			"this repository's anchor is not known here");
		return bg_hint(err, "bg trust accept ANCHOR");
	}
	if (!install)
		return bg_fail(err, BG_ENOENT, "no-installation",
			       "this repository has no installation here");
	op->state = install->dir;
	bg_str_addf(&allow, "%s/bg/allow", op->places->config_home);
	if (bg_str_check(&allow, err))
		return err->code;
	op->allow_file = bg_str_detach(&allow);
	op->machine = (struct bg_named_env){
		.pinned = bg_store_anchored(op->store),
		.allow_file = op->allow_file,
		.uid = geteuid(),
	};
	return person ? bg_store_person(&op->me, op->store, ops->key, err) : 0;
}

int bg_op_load(struct bg_op *op, const struct bg_digest *root,
	       struct bg_error *err)
{
	struct bg_digest r = *root; /* may lie in the grant that goes */
	struct bg_grant *g = NULL;

	if (bg_grant_load(&g, op->store, &r, err))
		return err->code;
	bg_grant_free(op->grant);
	op->grant = g;
	return 0;
}

void bg_op_release(struct bg_op *op)
{
	if (op->grant)
		bg_grant_free(op->grant);
	free(op->allow_file);
	op->grant = NULL;
	op->allow_file = NULL;
}

int64_t bg_op_now(const struct bg_op *op)
{
	return op->ops->now_ms ? op->ops->now_ms : bg_now_ms();
}

void bg_op_say(const struct bg_op *op, const char *what, const char *text)
{
	if (op->ops->say)
		op->ops->say(op->ops->arg, what, text);
}

void bg_op_at(char out[BG_AT_LEN], const char *label)
{
	const char *random = strrchr(label, '-');

	snprintf(out, BG_AT_LEN, "@%.12s", random ? random + 1 : label);
}

int bg_op_deny(struct bg_op *op, const char *command, struct bg_error *err,
	       const char *id, const char *fmt, ...)
{
	struct bg_reason r = { 0 };
	bool recorded;
	va_list ap;

	snprintf(r.id, sizeof(r.id), "%s", id);
	va_start(ap, fmt);
	vsnprintf(r.text, sizeof(r.text), fmt, ap);
	va_end(ap);
	bg_refuse(&recorded, op->ops, command,
		  op->grant && op->grant->policy ? op->grant->policy->name
						 : NULL,
		  op->grant ? &op->grant->root : NULL, &r, 1);
	return bg_fail(err, BG_EDENIED, id, "%s%s", r.text,
		       recorded ? "" : " (could not be recorded)");
}

int bg_op_append(struct bg_event *out, struct bg_op *op,
		 enum bg_event_type type, json_t *data, enum bg_hand hand,
		 const struct bg_digest *extra, size_t n_extra,
		 struct bg_error *err)
{
	struct bg_event e = { .type = type, .data = data };
	const struct bg_digest *root = op->grant ? &op->grant->root : NULL;
	int rc;

	if (!data)
		return bg_fail_oom(err);
	if (op->grant)
		e.grant = op->grant->label;
	rc = bg_store_append(&e, op->store, hand, root, extra, n_extra, err);
	/* On success the event owns its data through its JSON. */
	if (rc && !e.json)
		json_decref(e.data);
	if (rc || !out)
		bg_event_release(&e);
	else
		*out = e;
	return rc;
}

int bg_op_attach(struct bg_attachment *out, struct bg_op *op,
		 const char *subject, const char *name, const char *media,
		 const void *p, size_t n, struct bg_error *err)
{
	char writer[BG_WRITER_MAX];
	struct bg_log log = {
		.repo = bg_store_repo(op->store),
		.install = bg_store_install(op->store),
		.writer = writer,
		.places = op->places,
	};

	if (bg_store_writer_name(writer, op->store, BG_BY_PERSON, err))
		return err->code;
	return bg_attachment_write(out, &log, subject, name, media, p, n, err);
}

static bool is_listed(const struct bg_op *op, const char *role)
{
	struct bg_install *i = bg_store_install(op->store);
	const struct bg_principal *p =
		i && i->signer
			? bg_trust_by_key(op->trust, bg_signer_fpr(i->signer))
			: NULL;

	return p && bg_trust_has_role(op->trust, p->name, role);
}

/* An installation has a log for each person who introduced it. */
bool bg_op_is_mine(char name[BG_WRITER_MAX], const struct bg_op *op)
{
	const struct bg_install *i = bg_store_install(op->store);
	const char *opener = bg_json_text(op->grant->activate->data, "opener");
	char principal[33], host[33], hex[13];

	if (!opener || !i || !i->signer ||
	    !bg_writer_split(principal, host, hex, opener))
		return false;
	bg_writer_name(name, principal, i->host_slug,
		       &bg_signer_keyblob(i->signer)->keys.v[0].fpr, i->id);
	return strcmp(name, opener) == 0;
}

bool bg_op_machine_counts(struct bg_op *op)
{
	char name[BG_WRITER_MAX];

	return is_listed(op, "runner") || is_listed(op, "sweeper") ||
	       bg_op_is_mine(name, op);
}

/*
 * Files under trust
 */
static const struct bg_trust_file *find_file(const struct bg_trust *t,
					     const char *folder,
					     const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s.yaml", folder, name);
	return bg_trust_file(t, path);
}

/* "policies/x.yaml" -> "x" in buf. */
static bool base_of(char *buf, size_t size, const char *path,
		    const char *folder)
{
	size_t n = strlen(folder), len = strlen(path);

	if (strncmp(path, folder, n) != 0 || path[n] != '/' || len < n + 7 ||
	    strcmp(path + len - 5, ".yaml") != 0)
		return false;
	snprintf(buf, size, "%.*s", (int)(len - n - 6), path + n + 1);
	return true;
}

#define NAMES_MAX 256
static void hint_nearest(struct bg_error *err, const struct bg_trust *t,
			 const char *folder, const char *name)
{
	char names[NAMES_MAX][64];
	const char *list[NAMES_MAX] = { NULL };
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < t->n_files && n < NAMES_MAX; i++)
		if (base_of(names[n], sizeof(names[n]), t->files[i].path,
			    folder)) {
			list[n] = names[n];
			n++;
		}
	near = bg_nearest(name, list, n);
	if (strcmp(folder, "policies") != 0)
		bg_hint(err, "bg identity list");
	else if (near)
		bg_hint(err, "bg activate %s -m \"...\"", near);
	else
		bg_hint(err, "bg policy list");
}

int bg_op_policy(struct bg_policy **out, const struct bg_trust *t,
		 const char *name, struct bg_error *err)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	const struct bg_trust_file *f = find_file(t, "policies", name);
	int rc;

	if (!f) {
		bg_fail(err, BG_ENOENT, "no-such-policy", "no policy '%.60s'",
			name);
		hint_nearest(err, t, "policies", name);
		return err->code;
	}
	rc = bg_policy_load(out, &faults, f->path, f->text, f->n, err);
	if (!rc && bg_faults_have_errors(&faults)) {
		bg_policy_free(bg_move(*out));
		rc = bg_fail(err, BG_EFAIL, "bad-policy",
			     "the policy '%s' in force has errors", name);
	}
	return rc;
}

int bg_op_identity(struct bg_identity **out, const struct bg_trust *t,
		   const char *name, struct bg_error *err)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	const struct bg_trust_file *f = find_file(t, "identities", name);
	int rc;

	if (!f) {
		bg_fail(err, BG_ENOENT, "no-such-identity",
			"no identity '%.60s'", name);
		hint_nearest(err, t, "identities", name);
		return err->code;
	}
	rc = bg_identity_load(out, &faults, f->path, f->text, f->n, err);
	if (!rc && bg_faults_have_errors(&faults)) {
		bg_identity_free(bg_move(*out));
		rc = bg_fail(err, BG_EFAIL, "bad-identity",
			     "the identity '%s' in force has errors", name);
	}
	return rc;
}

/*
 * Who may
 */
bool bg_op_has_role(const struct bg_op *op, const char *name,
		    const struct bg_names *roles)
{
	for (size_t i = 0; i < roles->n; i++)
		if (bg_trust_has_role(op->trust, name, roles->v[i]))
			return true;
	return false;
}

bool bg_op_i_am_user(const struct bg_op *op)
{
	return op->me && bg_grant_is_user(op->grant, op->me->human);
}

static bool approved(const struct bg_op *op)
{
	const struct bg_grant *g = op->grant;

	for (size_t i = 0; i < g->n_events; i++)
		if (g->events[i]->type == BG_EV_APPROVE && g->counted[i] &&
		    strcmp(g->events[i]->by, op->me->name) == 0)
			return true;
	return false;
}

static bool policy_lets_revoke(const struct bg_op *op,
			       const struct bg_policy *p)
{
	if (!p)
		return false;
	return strcmp(p->owner, op->me->name) == 0 ||
	       bg_op_has_role(op, op->me->name, &p->revoke);
}

bool bg_op_may_revoke(struct bg_op *op)
{
	const struct bg_grant *g = op->grant;
	BG_AUTO(policy) struct bg_policy *now = NULL;
	struct bg_error ignored;

	if (!op->me)
		return false;
	if (bg_op_i_am_user(op) || approved(op) ||
	    policy_lets_revoke(op, g->policy) ||
	    bg_names_have(&op->trust->root.principals, op->me->name))
		return true;
	if (!g->policy ||
	    bg_op_policy(&now, op->trust, g->policy->name, &ignored))
		return false;
	return policy_lets_revoke(op, now);
}
