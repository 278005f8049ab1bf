/* Activate: decide, probe, write the activation; only then is anything opened. */
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "grant/op.h"

struct activation {
	struct bg_op op;
	const struct bg_activate_ask *ask;
	struct bg_policy *policy;
	struct bg_identity *identity;
	struct bg_grant_rows rows;
	BG_VEC(struct bg_known_grant) known;
	json_t *probe;
	char writer[BG_WRITER_MAX]; /* of the person */
	char opener[BG_WRITER_MAX]; /* of the installation */
	int64_t fetched_ms;
};

static void activation_release(struct activation *a)
{
	bg_op_release(&a->op);
	if (a->policy)
		bg_policy_free(a->policy);
	if (a->identity)
		bg_identity_free(a->identity);
	bg_grant_rows_release(&a->rows);
	bg_vec_release(&a->known);
	json_decref(a->probe);
}
BG_AUTO_VALUE(activation, struct activation, activation_release)

/*
 * What is known
 */
/* The scope that will be asked for, as decide finds it; NULL when decide will
 * say what is wrong. --identity chooses the first scope with that identity. */
static const struct bg_scope *find_scope(const struct activation *a)
{
	const struct bg_policy *p = a->policy;
	const char *code = a->ask->code;
	size_t n;

	if (a->ask->scope)
		return bg_policy_scope(p, a->ask->scope);
	if (code)
		code = bg_policy_code(p, code, &n);
	else if (bg_policy_codes(p)->n == 1)
		code = bg_policy_codes(p)->v[0];
	if (!code)
		return NULL;
	for (size_t i = 0; a->ask->identity && i < p->n_scopes; i++)
		if (strcmp(p->scopes[i].identity, a->ask->identity) == 0 &&
		    bg_scope_has_code(&p->scopes[i], code))
			return &p->scopes[i];
	return bg_policy_default_scope(p, code);
}

static int load_identity(struct activation *a, const struct bg_scope *scope,
			 struct bg_error *err)
{
	if (!scope)
		return 0;
	if (a->ask->identity && strcmp(scope->identity, a->ask->identity) != 0)
		return bg_fail(err, BG_ENOENT, "no-such-identity",
			       "'%s/%s' uses the identity '%s', not '%s'",
			       a->policy->name, scope->id, scope->identity,
			       a->ask->identity);
	return bg_op_identity(&a->identity, a->op.trust, scope->identity, err);
}

/* An overdue review, from the summary of a grant that is over. */
static bool review_overdue(const json_t *summary, int64_t now)
{
	json_t *d;
	size_t i;

	json_array_foreach(json_object_get(summary, "duties"), i, d) {
		const char *what = bg_json_text(d, "what");
		const char *state = bg_json_text(d, "state");
		int64_t due = bg_json_int(d, "due_ms", 0);

		if (what && strcmp(what, "review") == 0 && state &&
		    strcmp(state, "due") == 0 && due && due < now)
			return true;
	}
	return false;
}

/* A successor may begin before its predecessor ends: within the last step. */
static bool near_its_end(const struct activation *a,
			 const struct bg_grant_row *row, int64_t now)
{
	int64_t step = a->policy->extend_max > 0 ? a->policy->extend_max
						 : a->policy->limit_default;

	return row->state == BG_OPEN && row->window_ms &&
	       row->window_ms - now <= step * 1000 &&
	       strcmp(row->by, a->op.me->name) == 0;
}

static int load_known(struct activation *a, struct bg_error *err)
{
	/* A verdict of misuse keeps its grant active (load.c, is_active). */
	const struct bg_grant_query q = { .active_only = true,
					  .policy = a->policy->name };
	int64_t now = bg_op_now(&a->op);

	if (bg_store_grants(&a->rows, a->op.store, &q, err))
		return err->code;
	for (size_t i = 0; i < a->rows.list.n; i++) {
		const struct bg_grant_row *r = &a->rows.list.v[i];
		bool over = r->state >= BG_ENDED;
		BG_AUTO(json)
		json_t *sum = r->summary ? json_loads(r->summary, 0, NULL)
					 : NULL;
		const struct bg_known_grant k = {
			.label = r->label,
			.by = r->by,
			.scope = r->scope,
			.identity = r->identity,
			.open = !over,
			.successor_of_ask = near_its_end(a, r, now),
			.review_overdue = over && review_overdue(sum, now),
			.drill = bg_json_bool(sum, "drill"),
			.misuse_by = bg_json_bool(sum, "misuse"),
		};

		if (bg_vec_push(&a->known, k))
			return bg_fail_oom(err);
	}
	return 0;
}

/* When trust was last fetched: now, unless there is somewhere to fetch from. */
static int64_t fetched_at(const struct activation *a)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	const char *git = bg_repo_git_dir(bg_store_repo(a->op.store));
	struct stat st;

	bg_str_addf(&path, "%sFETCH_HEAD", git);
	if (!path.oom && stat(path.buf, &st) == 0)
		return (int64_t)st.st_mtime * 1000;
	bg_str_clear(&path);
	bg_str_addf(&path, "%srefs/remotes", git);
	if (!path.oom && stat(path.buf, &st) == 0)
		return (int64_t)st.st_mtime * 1000;
	return bg_op_now(&a->op);
}

static bool writer_is_known(const struct activation *a)
{
	BG_AUTO(free) struct bg_writer *w = NULL;
	struct bg_error ignored;
	size_t n = 0;
	bool found = false;

	if (bg_store_writers(&w, &n, a->op.store, &ignored))
		return false;
	for (size_t i = 0; i < n && !found; i++)
		found = strcmp(w[i].name, a->writer) == 0;
	return found;
}

/*
 * Decide
 */
static int decide(struct bg_opening *out, struct activation *a,
		  struct bg_error *err)
{
	const struct bg_activate_ask *ask = a->ask;
	const struct bg_scope *scope = find_scope(a);
	struct bg_ask q = {
		.by = a->op.me->name,
		.beneficiary = ask->beneficiary,
		.scope = scope && !ask->scope ? scope->id : ask->scope,
		.code = ask->code,
		.trigger = ask->trigger,
		.reason = ask->reason,
		.ticket = ask->ticket,
		.duration = ask->duration,
		.solo = ask->solo,
		.owing = ask->owing,
		.drill = ask->drill,
		.host_signed = ask->host_signed,
		.now_ms = bg_op_now(&a->op),
	};

	a->fetched_ms = fetched_at(a);
	q.trust_fetched_ms = a->fetched_ms;
	q.device_known = writer_is_known(a);
	q.device_pinned =
		bg_names_have(&a->op.trust->pinned_writers, a->writer);
	if (load_identity(a, scope, err) || load_known(a, err))
		return err->code;
	return bg_decide(&out->decision, a->policy, a->op.trust, a->identity,
			 a->known.v, a->known.n, &q, err);
}

static int refused(const struct bg_opening *out, struct activation *a,
		   struct bg_error *err)
{
	const struct bg_decision *d = &out->decision;
	const struct bg_reason *r = &d->reasons.v[0];
	char text[24] = "";
	bool recorded;

	if (a->ask->duration > 0)
		bg_duration_format(text, a->ask->duration);
	if (d->usage) {
		bg_fail(err, BG_EUSAGE, r->id, "%s", r->text);
	} else {
		bg_refuse(&recorded, a->op.ops, "activate", a->policy->name,
			  NULL, d->reasons.v, d->reasons.n);
		bg_fail(err, BG_EDENIED, r->id, "refused '%s%s%s'%s%s%s: %s%s",
			a->policy->name, d->scope ? "/" : "",
			d->scope ? d->scope->id : "",
			a->ask->duration ? " for " : "", text,
			a->ask->solo ? " alone" : "", r->text,
			recorded ? "" : " (could not be recorded)");
	}
	return r->hint[0] ? bg_hint(err, "%s", r->hint) : err->code;
}

/*
 * The event
 */
/* A key for what goes back to this opening alone (R2); self mode needs no
 * answer, so its secret half is forgotten at once. */
static json_t *reply_key(void)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	unsigned char raw[32], text[48];
	size_t n = sizeof(raw);
	json_t *out = NULL;

	if (key && EVP_PKEY_get_raw_public_key(key, raw, &n) == 1) {
		EVP_EncodeBlock(text, raw, (int)n);
		out = json_pack("{s:s}", "reply_key", text);
	}
	EVP_PKEY_free(key);
	return out;
}

static void set_optional(json_t *o, const char *key, const char *value)
{
	if (value && *value)
		json_object_set_new(o, key, json_string(value));
}

static json_t *event_data(const struct activation *a,
			  const struct bg_decision *d)
{
	const struct bg_activate_ask *ask = a->ask;
	char digest[BG_DIGEST_TEXT + 1], fetched[BG_TIME_LEN + 1];
	bool solo = ask->solo && a->policy->approve.solo == BG_SOLO_ALLOWED;
	json_t *o;

	bg_digest_format(digest, &a->policy->digest);
	bg_time_format(fetched, a->fetched_ms);
	o = json_pack("{s:{s:s,s:s},s:s,s:s,s:s,s:s,s:I,s:b,s:b,s:s,s:o,"
		      "s:{s:I,s:s}}",
		      "policy", "name", a->policy->name, "sha256", digest,
		      "code", d->code, "reason", ask->reason, "scope",
		      d->scope->id, "identity", d->scope->identity, "duration",
		      (json_int_t)d->duration, "solo", solo, "drill",
		      ask->drill, "opener", a->opener, "access", reply_key(),
		      "freshness", "trust", (json_int_t)a->op.trust->version,
		      "fetched_at", fetched);
	if (!o)
		return NULL;
	if (d->trigger)
		set_optional(o, "trigger", d->trigger->id);
	set_optional(o, "ticket", ask->ticket);
	set_optional(o, "beneficiary", ask->beneficiary);
	if (ask->owing)
		json_object_set_new(o, "owing", json_true());
	if (a->probe)
		json_object_set(o, "probe", a->probe);
	return o;
}

static int write_activation(struct bg_opening *out, struct activation *a,
			    struct bg_error *err)
{
	struct bg_event e;
	int rc;

	bg_op_say(&a->op, "sign", a->op.me->name);
	rc = bg_op_append(&e, &a->op, BG_EV_ACTIVATE,
			  event_data(a, &out->decision), BG_BY_PERSON, NULL, 0,
			  err);
	if (rc)
		return rc;
	out->root = e.digest;
	bg_event_release(&e);
	bg_op_say(&a->op, "written", "");
	return bg_op_load(&a->op, &out->root, err);
}

static int prepare(struct activation *a, struct bg_error *err)
{
	if (bg_op_begin(&a->op, a->op.ops, BG_OP_PERSON, false, err))
		return err->code;
	bg_op_recover(&a->op);
	if (bg_store_writer_name(a->writer, a->op.store, BG_BY_PERSON, err) ||
	    bg_store_writer_name(a->opener, a->op.store, BG_BY_INSTALLATION,
				 err))
		return err->code;
	return bg_op_policy(&a->policy, a->op.trust, a->ask->policy, err);
}

static int waiting(struct bg_opening *out, struct activation *a,
		   struct bg_error *err)
{
	char at[BG_AT_LEN];

	if (bg_op_describe(out, &a->op, err))
		return err->code;
	bg_op_at(at, out->label);
	return bg_fail(err, BG_EWAIT, "waiting",
		       "'%s' waits for %u approval%s; nothing is open yet", at,
		       out->decision.approvals,
		       out->decision.approvals == 1 ? "" : "s");
}

/* These point into the policy, which goes. */
static void forget_borrowed(struct bg_decision *d)
{
	d->scope = NULL;
	d->trigger = NULL;
	d->code = NULL;
}

static int open_it(struct bg_opening *out, struct activation *a,
		   struct bg_error *err)
{
	BG_AUTO(lock) struct bg_lock lock = BG_LOCK_INIT;

	if (!a->op.grant->fold.may_open)
		return waiting(out, a, err);
	if (bg_grant_lock(&lock, a->op.state, &out->root, 60000, err))
		return err->code;
	return bg_op_open(out, &a->op, err);
}

static int activate(struct bg_opening *out, struct activation *a,
		    struct bg_error *err)
{
	const struct bg_decision *d = &out->decision;

	if (decide(out, a, err))
		return err->code;
	if (!d->allowed)
		return refused(out, a, err);
	if (bg_op_probe(&a->probe, out->because, sizeof(out->because), &a->op,
			d->trigger, d->code, a->identity->name, err))
		return err->code;
	if (write_activation(out, a, err))
		return err->code;
	return open_it(out, a, err);
}

int bg_activate(struct bg_opening *out, const struct bg_ops *ops,
		const struct bg_activate_ask *ask, struct bg_error *err)
{
	BG_AUTO(activation) struct activation a = { .op.ops = ops, .ask = ask };
	int rc;

	memset(out, 0, sizeof(*out));
	if (ask->host_signed)
		return bg_fail(err, BG_EDENIED, "host-signed",
			       "this host has no key of its own that trust "
			       "lists as host-signer");
	if (prepare(&a, err))
		return err->code;
	rc = activate(out, &a, err);
	forget_borrowed(&out->decision);
	return rc;
}
