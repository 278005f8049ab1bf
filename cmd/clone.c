/* clone: get the evidence, prove it, remember the anchor; this machine gets a
 * key and a writer of its own. */
#include <errno.h>
#include <sys/stat.h>

#include "base/io.h"
#include "cmd/git.h"
#include "cmd/request.h"

static struct {
	const char *anchor, *name;
} o;

/* The last part of a URL or path without ".git", as git names its clones. */
static const char *dir_of(struct bg_ctx *ctx, const char *url)
{
	size_t n = strlen(url);
	while (n && url[n - 1] == '/')
		n--;
	if (n > 4 && !strncmp(url + n - 4, ".git", 4))
		n -= 4;
	while (n && url[n - 1] == '/')
		n--;
	size_t from = n;
	while (from && url[from - 1] != '/' && url[from - 1] != ':')
		from--;
	return bg_arena_strndup(&ctx->arena, url + from, n - from);
}

static int check_url(struct bg_ctx *ctx, const char *url, struct bg_error *err)
{
	if (!*url || !bg_text_is_clean(url, strlen(url)))
		return bg_ctx_usage(ctx, err, "wrong URL");
	/* "ext::sh -c ..." and the like would run what a message says. */
	if (strstr(url, "::"))
		return bg_ctx_usage(ctx, err,
				    "cannot clone through a helper "
				    "program: '%s'",
				    url);
	return 0;
}

static int get(struct bg_ctx *ctx, const char *url, const char *dir,
	       struct bg_error *err)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;
	const char *const args[] = { "clone",
				     "--no-local",
				     "--no-tags",
				     "--origin",
				     "origin",
				     "--template=",
				     "--no-checkout",
				     "--quiet",
				     "--branch",
				     "trust",
				     "--",
				     url,
				     dir,
				     NULL };
	int rc = bg_git_run(&r, ctx, NULL, args, 0, err);
	if (rc || !r.exit_status)
		return rc;
	return bg_fail(err, BG_EFAIL, "clone",
		       "cannot clone '%s': git ended with %d", url,
		       r.exit_status);
}

static int check_history(struct bg_history *h, struct bg_ctx *ctx,
			 struct bg_repo *repo, const struct bg_digest *anchor,
			 struct bg_error *err)
{
	const struct bg_history_options opt = { .engine_native = true };
	size_t wrong = 0;
	int rc = bg_history_read(h, repo, anchor, &opt, err);
	if (!rc)
		rc = bg_history_judge(h, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < h->findings.list.n; i++) {
		const struct bg_finding *f = &h->findings.list.v[i];
		if (f->class != BG_WRONG || f->acknowledged)
			continue;
		if (wrong++ < 5)
			bg_ui_say(&ctx->ui, "%s: %s: %s", f->ref, f->id,
				  f->text);
	}
	if (!wrong)
		return 0;
	return bg_fail(err, BG_EVERIFY, "tampered",
		       "tampered: %zu finding%s; the clone was not kept", wrong,
		       wrong == 1 ? "" : "s");
}

static int remember(struct bg_repo *repo, const struct bg_digest *anchor,
		    struct bg_ctx *ctx, struct bg_error *err)
{
	BG_AUTO(install) struct bg_install install = { 0 };
	int rc = bg_install_make(&install, repo, anchor, &ctx->places, err);
	if (!rc)
		rc = bg_install_pin(&install, anchor, err);
	return rc ? rc : bg_repo_checkout_trust(repo, err);
}

/* Who is not in trust leaves a request for an admin. */
static const char *make_request(struct bg_ctx *ctx, struct bg_error *err)
{
	BG_AUTO(request) struct bg_request r = { 0 };
	char name[33];
	if (bg_own_key_find(&r.key, ctx, ctx->key ? ctx->key : ctx->ops.key,
			    true, "bg --key %s trust request", err))
		return NULL;
	const char *lt = strrchr(r.key.uid, '<');
	bg_principal_slug(name, lt ? lt + 1 : r.key.uid);
	r.name = o.name ? o.name : name;
	r.kind = "person";
	r.repo = *bg_store_genesis(ctx->store);
	char *path = bg_arena_printf(&ctx->arena, "%s.req", r.name);
	if (!path || !bg_is_principal_name(r.name) ||
	    bg_request_make(ctx, path, &r, err))
		return NULL;
	return path;
}

static void print_admins(const struct bg_trust *t)
{
	for (size_t i = 0; i < t->admin.principals.n; i++)
		printf("%s%s", i ? " or " : "", t->admin.principals.v[i]);
}

static int show(struct bg_ctx *ctx, const char *dir, size_t events,
		size_t writers, struct bg_error *err)
{
	const struct bg_principal *me = bg_ctx_maybe_me(ctx);
	const struct bg_trust *t = bg_store_trust(ctx->store);
	struct bg_error why;
	const char *request = me ? NULL : make_request(ctx, &why);
	if (ctx->json) {
		BG_AUTO(json)
		json_t *doc = json_pack("{s:i, s:s, s:s, s:I, s:I}", "schema",
					1, "repo", dir, "verdict", "ok",
					"events", (json_int_t)events, "writers",
					(json_int_t)writers);
		if (doc && me)
			json_object_set_new(doc, "principal",
					    json_string(me->name));
		if (doc && request)
			json_object_set_new(doc, "request",
					    json_string(request));
		return bg_ctx_json(ctx, doc, err);
	}
	if (ctx->quiet)
		return 0;
	printf("verified   ok, %zu events, %zu writers\n", events, writers);
	printf("remembered the anchor; made a key for this machine\n");
	if (me) {
		printf("you        %s\n", me->name);
	} else if (request) {
		printf("not in trust: send ");
		bg_ui_text(stdout, request);
		printf(" to ");
		print_admins(t);
		printf(" and read them the fingerprint\n");
	} else {
		printf("not in trust, and no request was made: ");
		bg_ui_text(stdout, why.msg);
		printf("\n  then     %s trust request\n", ctx->word);
	}
	printf("next       git config --global bg.repo '");
	bg_ui_text(stdout, dir);
	printf("'\n");
	return 0;
}

static int join(struct bg_ctx *ctx, const char *url, const char *dir,
		const struct bg_digest *anchor, struct bg_error *err)
{
	BG_AUTO(history) struct bg_history h = { 0 };
	BG_AUTO(repo) struct bg_repo *repo = NULL;
	char path[4096];
	int rc = get(ctx, url, dir, err);
	if (!rc)
		rc = bg_repo_open(&repo, dir, false, err);
	if (!rc)
		rc = check_history(&h, ctx, repo, anchor, err);
	if (!rc)
		rc = remember(repo, anchor, ctx, err);
	if (!rc && !realpath(dir, path))
		rc = bg_fail_errno(err, "cannot find '%s'", dir);
	ctx->repo = rc ? NULL : bg_arena_strdup(&ctx->arena, path);
	if (!rc)
		rc = bg_ctx_store(ctx, 0, err);
	return rc ? rc : show(ctx, path, h.events.n, h.writers.n, err);
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	struct bg_digest anchor;
	struct bg_error undone;
	struct stat st;
	int rc = bg_ctx_args(ctx, argc, argv, 1, 2, err);
	if (!rc)
		rc = check_url(ctx, argv[0], err);
	if (!rc && !o.anchor) {
		bg_fail(err, BG_EUSAGE, "no-anchor",
			"cannot clone without the anchor: nobody could tell a "
			"fake from the real one");
		return bg_hint(err, "bg clone URL DIR --anchor bg1:...");
	}
	if (!rc)
		rc = bg_anchor_parse(&anchor, o.anchor, err);
	if (rc)
		return rc;
	const char *dir = argc > 1 ? argv[1] : dir_of(ctx, argv[0]);
	if (!dir || !*dir)
		return bg_ctx_usage(ctx, err, "where to? give DIR");
	if (!lstat(dir, &st))
		return bg_fail(err, BG_EFAIL, "exists",
			       "cannot clone into '%s': it is there already",
			       dir);
	rc = join(ctx, argv[0], dir, &anchor, err);
	if (!rc)
		return 0;
	/* What did not verify is not kept: somebody would use it. */
	if (ctx->store) {
		bg_store_close(ctx->store);
		ctx->store = NULL;
	}
	(void)!bg_tree_remove(dir, &undone);
	return rc;
}

static const char *const examples[] = {
	"bg clone git@git.acme.example:evidence.git --anchor bg1:...",
	"bg clone /srv/evidence.git ~/evidence --anchor bg1:...", NULL
};
static const struct bg_opt opts[] = {
	{ BG_OPT_TEXT, 0, "anchor", "ANCHOR", "the printed line (bg1:...)",
	  &o.anchor, NULL },
	{ BG_OPT_TEXT, 0, "name", "NAME",
	  "your name in the request; default: from the key's address", &o.name,
	  NULL },
	{ 0 },
};

const struct bg_cmd cmd_clone = {
	.name = "clone",
	.group = "before",
	.summary = "join: clone, verify, remember the anchor",
	.usage = "clone URL [DIR] --anchor ANCHOR [--name NAME]",
	.examples = examples,
	.exits = "0 1 5 14 129",
	.opts = opts,
	.complete = "dir",
	.run = run,
};
