#include "cmd/publish.h"

#include "base/proc.h"
#include "cmd/git.h"

#define FETCH_MS 10000

static bool same_files(const struct bg_change *c, const struct bg_trust *now)
{
	if (c->files.n != now->n_files)
		return false;
	for (size_t i = 0; i < c->files.n; i++) {
		const struct bg_trust_file *a = &c->files.v[i];
		const struct bg_trust_file *b = bg_trust_file(now, a->path);
		if (!b || a->n != b->n ||
		    (a->n && memcmp(a->text, b->text, a->n)))
			return false;
	}
	return true;
}

static bool same_names(const struct bg_names *a, const struct bg_names *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!bg_names_have(b, a->v[i]))
			return false;
	return true;
}

static bool same_quorum(const struct bg_quorum *a, const struct bg_quorum *b)
{
	return a->threshold == b->threshold &&
	       same_names(&a->principals, &b->principals);
}

/* What only root may change: both quorums and compromises. */
static bool touches_root(const struct bg_change *c, const struct bg_trust *now)
{
	return !same_quorum(&c->t->root, &now->root) ||
	       !same_quorum(&c->t->admin, &now->admin) ||
	       c->t->n_compromised != now->n_compromised;
}

static void add_names(struct bg_str *out, const struct bg_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		bg_str_addf(out, "%s%s", i ? ", " : "", names->v[i]);
}

static int refuse(struct bg_change *c, const char *id, const char *text,
		  struct bg_error *err)
{
	struct bg_reason reason = { 0 };
	bool recorded = false;
	snprintf(reason.id, sizeof(reason.id), "%s", id);
	snprintf(reason.text, sizeof(reason.text), "%s", text);
	bg_ctx_refused(c->ctx, &reason, 1);
	bg_refuse(&recorded, &c->ctx->ops, c->ctx->cmd->name, NULL, NULL,
		  &reason, 1);
	return bg_fail(err, BG_EDENIED, id, "refused: %s", text);
}

/* Before a key is asked: may this person, and can one signature do it? */
static int check_signer(struct bg_change *c, const struct bg_principal *me,
			struct bg_error *err)
{
	const struct bg_trust *now = bg_store_trust(c->ctx->store);
	bool root = touches_root(c, now);
	const struct bg_quorum *q = root ? &now->root : &now->admin;
	const struct bg_quorum *next = root ? &c->t->root : &c->t->admin;
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	if (!bg_names_have(&q->principals, me->name)) {
		bg_str_addf(&text, "'%s' is no %s; ask ", me->name,
			    root ? "root" : "admin");
		add_names(&text, &q->principals);
		return refuse(c, "not-admin", bg_str_text(&text), err);
	}
	if (q->threshold < 2 && next->threshold < 2)
		return 0;
	bg_fail(err, BG_EUSAGE, "threshold",
		"cannot publish: %u signatures are needed, and this version "
		"of the program makes versions with one",
		q->threshold > next->threshold ? q->threshold
					       : next->threshold);
	return bg_hint(err, "bg trust edit with threshold: 1");
}

/* T8: the shared remote takes a version before it counts here, so that two
 * admins cannot make the same number apart. */
static int share_version(struct bg_change *c, const char *remote,
			 const struct bg_oid *before, struct bg_error *err)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;
	struct bg_repo *repo = bg_store_repo(c->ctx->store);
	const char *const push[] = {
		"push", "--quiet", "--no-verify",
		"--",   remote,    "refs/heads/trust:refs/heads/trust",
		NULL
	};
	struct bg_oid after;
	int rc = bg_git_run(&r, c->ctx, bg_repo_git_dir(repo), push, FETCH_MS,
			    err);
	if (!rc && !r.exit_status)
		return 0;
	if (rc)
		return rc;
	rc = bg_repo_ref(&after, repo, BG_TRUST_REF, err);
	if (!rc)
		rc = bg_repo_ref_move(repo, BG_TRUST_REF, &after, before, NULL,
				      err);
	if (!rc)
		rc = bg_repo_checkout_trust(repo, err);
	if (rc)
		return bg_wrap(err, "cannot take the version back");
	bg_fail(err, BG_EBUSY, "not-shared",
		"cannot publish: '%s' did not take the version; nothing "
		"changed",
		remote);
	return bg_hint(err, "git -C REPO fetch, then the same again, or "
			    "--offline");
}

static int show(struct bg_change *c, struct bg_error *err)
{
	const struct bg_trust *now = bg_store_trust(c->ctx->store);
	char digest[BG_DIGEST_TEXT + 1];
	bg_digest_format(digest, &now->digest);
	if (c->ctx->quiet) {
		printf("%llu\n", (unsigned long long)now->version);
		return 0;
	}
	if (!c->ctx->json) {
		printf("version %llu of trust, signed by %s%s%s\n",
		       (unsigned long long)now->version, now->signer,
		       c->why ? ": " : "", c->why ? c->why : "");
		return 0;
	}
	json_t *doc = json_pack("{s:i, s:I, s:s, s:s, s:b}", "schema", 1,
				"version", (json_int_t)now->version, "digest",
				digest, "by", now->signer, "draft", 0);
	int rc = bg_ctx_json(c->ctx, doc, err);
	json_decref(doc);
	return rc;
}

int bg_publish(struct bg_change *c, struct bg_error *err)
{
	const struct bg_principal *me = NULL;
	const struct bg_trust *now = bg_store_trust(c->ctx->store);
	struct bg_oid before = now->commit;
	int rc = bg_ctx_me(&me, c->ctx, err);
	if (!rc)
		rc = check_signer(c, me, err);
	if (rc)
		return rc;
	const char *remote = c->offline ? NULL : bg_git_remote(c->ctx);
	if (c->offline)
		bg_ui_warn(&c->ctx->ui,
			   "not shared yet: another admin could make the same "
			   "version number");
	rc = bg_store_trust_append(c->ctx->store, c->ctx->ops.key, c->files.v,
				   c->files.n, err);
	if (!rc && remote)
		rc = share_version(c, remote, &before, err);
	if (!rc)
		rc = bg_repo_checkout_trust(bg_store_repo(c->ctx->store), err);
	return rc ? rc : show(c, err);
}

/* What was said about the version in force was said then. */
static bool is_old(const struct bg_faults *old, const struct bg_fault *f)
{
	for (size_t i = 0; i < old->list.n; i++)
		if (!strcmp(old->list.v[i].file, f->file) &&
		    !strcmp(old->list.v[i].id, f->id) &&
		    !strcmp(old->list.v[i].text, f->text))
			return true;
	return false;
}

static int lint_new(size_t *errors, const struct bg_change *c,
		    struct bg_error *err)
{
	BG_AUTO(faults) struct bg_faults old = { 0 };
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(faults) struct bg_faults fresh = { 0 };
	BG_AUTO(change) struct bg_change now = { 0 };
	int rc = bg_change_begin(&now, c->ctx, false, err);
	if (!rc)
		rc = bg_change_lint(&old, &now, err);
	if (!rc)
		rc = bg_change_lint(&faults, c, err);
	for (size_t i = 0; !rc && i < faults.list.n; i++) {
		const struct bg_fault *f = &faults.list.v[i];
		if (f->severity != BG_SEV_ERROR && is_old(&old, f))
			continue;
		if (bg_vec_push(&fresh.list, *f))
			return bg_fail_oom(err);
	}
	*errors = rc ? 0 : bg_faults_print(stderr, &fresh);
	return rc;
}

int bg_change_finish(struct bg_change *c, struct bg_error *err)
{
	size_t errors = 0;
	int rc = bg_change_parse(c, err);
	if (rc)
		return rc;
	if (same_files(c, bg_store_trust(c->ctx->store)))
		return bg_fail(err, BG_EUSAGE, "no-change",
			       "nothing to change: it is so already");
	rc = lint_new(&errors, c, err);
	if (rc)
		return rc;
	if (errors)
		return bg_fail(err, BG_EATTENTION, "lint",
			       "cannot change trust: %zu error%s in its files",
			       errors, errors == 1 ? "" : "s");
	if (!c->draft)
		return bg_publish(c, err);
	rc = bg_draft_save(c, err);
	if (rc)
		return rc;
	if (!c->ctx->json) {
		printf("in the draft%s%s; %s trust diff, then %s trust "
		       "publish\n",
		       c->why ? ": " : "", c->why ? c->why : "", c->ctx->word,
		       c->ctx->word);
		return 0;
	}
	json_t *doc = json_pack("{s:i, s:b}", "schema", 1, "draft", 1);
	rc = bg_ctx_json(c->ctx, doc, err);
	json_decref(doc);
	return rc;
}
