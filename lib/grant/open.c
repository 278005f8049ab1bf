/*
 * Opening: the activation is durable; now the provider runs, and what it did is
 * written.  A journal line is fsynced before each provider: a crash between
 * provider and event is found by it (recover.c).
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "grant/escrow.h"
#include "grant/op.h"

static const char *const result_words[] = { "done", "failed", "unknown",
					    "not-run" };
static const char *const access_words[] = { "present", "absent", "unknown" };

struct opening {
	struct bg_op *op;
	struct bg_op_provider provider;
	struct bg_provider_answer answer;
	json_t *fallbacks; /* names of those that failed */
	json_t *state;     /* given to the provider; owned */
	char began[BG_TIME_LEN + 1], expires[BG_TIME_LEN + 1];
	int64_t expires_ms;
	char why[64];                  /* why the last one did nothing */
	const struct bg_digest *extra; /* an extend that this answers */
	size_t n_extra;
};

static void opening_release(struct opening *o)
{
	bg_op_provider_release(&o->provider);
	bg_provider_answer_release(&o->answer);
	json_decref(o->fallbacks);
	json_decref(o->state);
}
BG_AUTO_VALUE(opening_state, struct opening, opening_release)

/*
 * Facts of the provider that journal and event share
 */
static void set_facts(json_t *o, const struct opening *s)
{
	const struct bg_provider_facts *f = &s->provider.facts;

	json_object_set_new(o, "provider", json_string(s->provider.name));
	json_object_set_new(o, "expires", json_string(s->expires));
	json_object_set_new(o, "isolation", json_string(f->isolation));
	json_object_set_new(o, "revocable", json_boolean(f->revocable));
	json_object_set_new(o, "exposed", json_boolean(f->exposed));
	json_object_set_new(o, "target_enforces",
			    json_boolean(f->target_enforces));
	json_object_set_new(o, "began", json_string(s->began));
	json_object_set_new(o, "self_run", json_true());
}

static int write_journal(const struct opening *s, struct bg_error *err)
{
	BG_AUTO(json) json_t *o = json_object();

	set_facts(o, s);
	if (s->n_extra)
		json_object_set_new(o, "reissue", json_true());
	return bg_journal_put(s->op->state, BG_J_OPEN, &s->op->grant->root, o,
			      err);
}

static json_t *event_data(const struct opening *s)
{
	const struct bg_provider_answer *a = &s->answer;
	json_t *o = json_object();

	json_object_set_new(o, "result", json_string(result_words[a->result]));
	if (s->provider.described) {
		set_facts(o, s);
		json_object_set_new(o, "access",
				    json_string(access_words[a->access]));
		json_object_set(o, "handle", a->handle);
	} else {
		json_object_set_new(o, "began", json_string(s->began));
		json_object_set_new(o, "self_run", json_true());
	}
	if (a->why || s->why[0])
		json_object_set_new(o, "why",
				    json_string(a->why ? a->why : s->why));
	if (json_array_size(s->fallbacks))
		json_object_set(o, "fallbacks", s->fallbacks);
	return o;
}

/*
 * The credential in escrow
 */
static int secret_file(int *fd, const struct bg_str *secret,
		       struct bg_error *err)
{
	*fd = memfd_create("bg-secret", MFD_CLOEXEC);
	if (*fd < 0)
		return bg_fail_errno(err, "cannot pass the credential");
	if (bg_fd_write_all(*fd, secret->buf, secret->len, err))
		return err->code;
	if (lseek(*fd, 0, SEEK_SET) < 0)
		return bg_fail_errno(err, "cannot pass the credential");
	return 0;
}

static int open_escrow(int *fd, struct opening *s, struct bg_error *err)
{
	BG_AUTO(secret) struct bg_str secret = BG_STR_INIT;
	BG_AUTO(str) struct bg_str file = BG_STR_INIT;
	const struct bg_identity *id = s->op->grant->identity;
	char version[17];

	if (!id)
		return bg_fail(err, BG_EFAIL, "no-escrow",
			       "the identity of this grant is not here");
	if (bg_escrow_find(&file, s->op->store, id->name, err) ||
	    bg_escrow_open(&secret, version, id, bg_str_text(&file), file.len,
			   &s->op->places->gpg, err) ||
	    secret_file(fd, &secret, err))
		return err->code;
	json_decref(s->state);
	s->state = json_pack("{s:s}", "version", version);
	s->provider.call.state = s->state;
	return 0;
}

/* What came out of descriptor 3 goes into the user's file, and nowhere else. */
static int keep_secret(const struct opening *s, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;

	if (s->answer.secret.len == 0)
		return 0;
	bg_str_addf(&path, "%s/secret", s->provider.place);
	if (bg_str_check(&path, err))
		return err->code;
	return bg_file_commit(path.buf, 0600, s->answer.secret.buf,
			      s->answer.secret.len, err);
}

/*
 * One provider
 */
static int ask_provider(struct opening *s, struct bg_error *err)
{
	BG_AUTO(fd) int secret = -1;
	struct bg_op_provider *p = &s->provider;

	if (bg_provider_describe(&p->facts, &p->call, err))
		return err->code;
	p->described = true;
	p->call.expires_ms = s->expires_ms;
	if (bg_dir_make(p->place, 0700, err))
		return err->code;
	if (p->facts.secret == BG_SECRET_IN && open_escrow(&secret, s, err))
		return err->code;
	/* From here on the target may change. */
	if (write_journal(s, err))
		return err->code;
	p->call.secret_fd = secret > 0 ? secret : 0;
	if (bg_op_provider_run(&s->answer, p, "grant", err))
		return err->code;
	return keep_secret(s, err);
}

/* 0 with answer.result; what cannot even be asked has failed. */
static int try_provider(struct opening *s, const struct bg_provider_use *use,
			struct bg_error *err)
{
	struct bg_error why;
	int rc;

	bg_op_provider_release(&s->provider);
	bg_provider_answer_release(&s->answer);
	rc = bg_op_provider_open(&s->provider, s->op, use, err);
	if (rc)
		return rc;
	bg_op_say(s->op, "provider", use->name);
	rc = ask_provider(s, &why);
	if (rc == 0)
		return 0;
	bg_op_say(s->op, "failed", why.msg);
	snprintf(s->why, sizeof(s->why), "%s", why.id);
	if (!s->answer.handle) {
		s->answer.handle = json_object();
		s->answer.result = BG_RES_FAILED;
		s->answer.access = BG_ACC_UNKNOWN;
	} else if (s->answer.result == BG_RES_DONE) {
		/* It ran, but what it gave could not be kept. */
		s->answer.result = BG_RES_UNKNOWN;
	}
	*err = why; /* the last one is what the person sees */
	return 0;
}

static int try_all(struct opening *s, struct bg_error *err)
{
	const struct bg_scope *scope = s->op->grant->scope;
	struct bg_error ignored;

	if (!scope || scope->n_grant == 0)
		return bg_fail(err, BG_EFAIL, "no-provider",
			       "the scope of this grant is not here");
	for (size_t i = 0; i < scope->n_grant; i++) {
		if (try_provider(s, &scope->grant[i], err))
			return err->code;
		if (s->answer.result != BG_RES_FAILED)
			return 0;
		json_array_append_new(s->fallbacks,
				      json_string(scope->grant[i].name));
		if (bg_op_place_clear(s->op, &s->op->grant->root, &ignored))
			bg_op_say(s->op, "warning", ignored.msg);
	}
	return 0;
}

/*
 * Writing it down
 */
/* Access is there and cannot be written: it goes again.  The journal stays,
 * so that a later command writes what happened. */
static void undo(struct opening *s)
{
	BG_AUTO(provider_answer) struct bg_provider_answer a = { 0 };
	BG_AUTO(json) json_t *o = NULL;
	struct bg_error ignored;
	const struct bg_digest *root = &s->op->grant->root;

	s->provider.call.secret_fd = 0;
	s->provider.call.state = s->answer.handle;
	if (bg_op_provider_run(&a, &s->provider, "revoke", &ignored))
		bg_op_say(s->op, "failed", ignored.msg);
	if (bg_op_place_clear(s->op, root, &ignored))
		bg_op_say(s->op, "failed", ignored.msg);
	if (bg_journal_get(&o, s->op->state, BG_J_OPEN, root, &ignored))
		o = json_object();
	json_object_set_new(o, "taken_back", json_true());
	if (bg_journal_put(s->op->state, BG_J_OPEN, root, o, &ignored))
		bg_op_say(s->op, "failed", ignored.msg);
}

static int write_grant(struct opening *s, struct bg_error *err)
{
	struct bg_op *op = s->op;
	struct bg_error ignored;

	if (bg_op_append(NULL, op, BG_EV_GRANT, event_data(s),
			 BG_BY_INSTALLATION, s->extra, s->n_extra, err)) {
		if (s->answer.result != BG_RES_FAILED)
			undo(s);
		return bg_wrap(err, "what the provider did cannot be written, "
				    "so access was taken back");
	}
	if (bg_journal_drop(op->state, BG_J_OPEN, &op->grant->root, &ignored))
		bg_op_say(op, "warning", ignored.msg);
	return bg_op_load(op, &op->grant->root, err);
}

static int begin(struct opening *s, int64_t expires_ms)
{
	s->fallbacks = json_array();
	bg_time_format(s->began, bg_op_now(s->op));
	s->expires_ms = expires_ms;
	bg_time_format(s->expires, expires_ms);
	return s->fallbacks ? 0 : -1;
}

static int failed(struct opening *s, const struct bg_error *last,
		  struct bg_error *err)
{
	const struct bg_grant *g = s->op->grant;

	bg_fail(err, BG_EFAIL, "provider-failed",
		"cannot open '%s': %s%s%s; nothing is open, and that is on "
		"record",
		g->label, last ? last->msg : "the provider said no",
		s->answer.text[0] ? ": " : "", s->answer.text);
	return bg_hint(err, "bg done %s", g->label);
}

int bg_op_open(struct bg_opening *out, struct bg_op *op, struct bg_error *err)
{
	BG_AUTO(opening_state) struct opening s = { .op = op };
	struct bg_error last = { 0 };
	int64_t duration =
		bg_json_int(op->grant->activate->data, "duration", 0);

	if (begin(&s, bg_op_now(op) + duration * 1000))
		return bg_fail_oom(err);
	if (try_all(&s, &last)) {
		*err = last;
		return err->code;
	}
	if (write_grant(&s, err))
		return err->code;
	if (s.answer.result == BG_RES_FAILED)
		return failed(&s, last.code ? &last : NULL, err);
	out->timer = bg_timer_start(op);
	if (bg_op_describe(out, op, err))
		return err->code;
	if (s.answer.show)
		json_object_set(out->access, "show", s.answer.show);
	return 0;
}

int bg_op_reissue(struct bg_op *op, const struct bg_digest *extend,
		  struct bg_error *err)
{
	BG_AUTO(opening_state)
	struct opening s = { .op = op, .extra = extend, .n_extra = 1 };
	const struct bg_grant *g = op->grant;
	struct bg_error last = { 0 };

	if (begin(&s, g->fold.window_ms))
		return bg_fail_oom(err);
	if (bg_op_provider_open(&s.provider, op, NULL, err))
		return err->code;
	if (ask_provider(&s, &last)) {
		if (!s.answer.handle)
			s.answer.handle = json_object();
		snprintf(s.why, sizeof(s.why), "%s", last.id);
	}
	return write_grant(&s, err);
}

/*
 * What a person sees of it
 */
static const char *path_name(const struct bg_grant *g)
{
	static const char *const ok[] = { "SSH_AUTH_SOCK", "PGPASSFILE",
					  "KUBECONFIG",
					  "AWS_SHARED_CREDENTIALS_FILE", NULL };
	const char *used = g->handle ? bg_json_text(g->handle->data, "provider")
				     : NULL;

	for (size_t i = 0; used && g->scope && i < g->scope->n_grant; i++) {
		const struct bg_provider_use *u = &g->scope->grant[i];
		const char *name = bg_json_text(u->with, "path_env");

		if (strcmp(u->name, used) != 0 || !name)
			continue;
		for (size_t k = 0; ok[k]; k++)
			if (strcmp(ok[k], name) == 0)
				return name;
	}
	return NULL;
}

static int add_paths(json_t *paths, const struct bg_op *op,
		     struct bg_error *err)
{
	BG_AUTO(free) char *place = NULL;
	BG_AUTO(str) struct bg_str secret = BG_STR_INIT;
	const char *name = path_name(op->grant);

	if (bg_op_place(&place, op, &op->grant->root, err))
		return err->code;
	bg_str_addf(&secret, "%s/secret", place);
	if (bg_str_check(&secret, err))
		return err->code;
	if (!bg_path_exists(secret.buf))
		return 0;
	json_object_set_new(paths, "BG_SECRET_FILE", json_string(secret.buf));
	if (name)
		json_object_set_new(paths, name, json_string(secret.buf));
	return 0;
}

int bg_access_env(json_t **out, struct bg_store *store,
		  const struct bg_digest *root, struct bg_error *err)
{
	const struct bg_ops ops = { .store = store };
	BG_AUTO(op) struct bg_op op = { 0 };

	*out = json_object();
	if (bg_op_begin(&op, &ops, BG_OP_MACHINE, false, err) ||
	    bg_op_load(&op, root, err))
		return err->code;
	return add_paths(*out, &op, err);
}

static int add_debts(struct bg_opening *out, const struct bg_grant *g,
		     struct bg_error *err)
{
	for (size_t i = 0; i < g->duties.n; i++)
		if (g->duties.v[i].state == BG_DUE &&
		    bg_vec_push(&out->debts, g->duties.v[i]))
			return bg_fail_oom(err);
	return 0;
}

static int add_waits(struct bg_opening *out, const struct bg_op *op,
		     struct bg_error *err)
{
	const struct bg_grant *g = op->grant;
	const struct bg_approval *a = g->policy ? &g->policy->approve : NULL;
	size_t n = 0;

	if (!a || g->state != BG_WAITING)
		return 0;
	if (a->within)
		out->waits_until_ms = g->activate->at_ms + a->within * 1000;
	for (size_t i = 0; i < op->trust->n_principals; i++) {
		const struct bg_principal *p = &op->trust->principals[i];
		const char **v;

		if (p->kind != BG_PERSON || p->suspended ||
		    bg_grant_is_user(g, p->human) ||
		    bg_trust_is_retired(op->trust, p->name) ||
		    !bg_op_has_role(op, p->name, &a->roles))
			continue;
		v = realloc(out->waits_for.v, (n + 1) * sizeof(*v));
		if (!v)
			return bg_fail_oom(err);
		v[n++] = p->name;
		out->waits_for.v = v;
		out->waits_for.n = n;
	}
	return 0;
}

int bg_op_describe(struct bg_opening *out, struct bg_op *op,
		   struct bg_error *err)
{
	const struct bg_grant *g = op->grant;
	json_t *paths = json_object();

	out->root = g->root;
	snprintf(out->label, sizeof(out->label), "%s", g->label);
	snprintf(out->policy, sizeof(out->policy), "%s",
		 g->policy ? g->policy->name : "");
	snprintf(out->scope, sizeof(out->scope), "%s",
		 g->scope ? g->scope->id : "");
	out->state = g->state;
	out->expires_ms = g->fold.has_window ? g->fold.window_ms : 0;
	json_decref(out->access);
	out->access = json_object();
	json_object_set_new(out->access, "paths", paths);
	out->debts.n = 0;
	if (add_paths(paths, op, err) || add_debts(out, g, err))
		return err->code;
	return add_waits(out, op, err);
}

void bg_opening_release(struct bg_opening *o)
{
	json_decref(o->access);
	free(o->waits_for.v);
	bg_vec_release(&o->show);
	bg_vec_release(&o->debts);
	bg_decision_release(&o->decision);
	memset(o, 0, sizeof(*o));
}
