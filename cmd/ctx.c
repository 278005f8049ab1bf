/* What every command needs: hints, arguments, the store, the person, GRANT. */
#include "cmd/cmd.h"

#include <sys/stat.h>

void bg_ctx_hint(struct bg_ctx *ctx, const char *fmt, ...)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	va_list ap;
	va_start(ap, fmt);
	bg_str_vaddf(&s, fmt, ap);
	va_end(ap);
	char *line = bg_str_detach(&s);
	/* A hint that does not fit into memory is no reason to fail. */
	if (line && bg_vec_push(&ctx->hints, line))
		free(line);
}

const char *bg_ctx_line(struct bg_ctx *ctx, const char *line)
{
	char *out = NULL;
	if (bg_starts_with(line, "bg "))
		out = bg_arena_printf(&ctx->arena, "%s%s", ctx->word, line + 2);
	return out ? out : line;
}

const char *bg_ctx_at(struct bg_ctx *ctx, const char *label)
{
	const char *dash = strrchr(label, '-');
	char *out =
		bg_arena_printf(&ctx->arena, "@%s", dash ? dash + 1 : label);
	return out ? out : label;
}

void bg_ctx_refused(struct bg_ctx *ctx, const struct bg_reason *reasons,
		    size_t n)
{
	free(ctx->reasons);
	ctx->n_reasons = 0;
	ctx->reasons = n ? calloc(n, sizeof(*reasons)) : NULL;
	if (!ctx->reasons)
		return;
	memcpy(ctx->reasons, reasons, n * sizeof(*reasons));
	ctx->n_reasons = n;
}

bool bg_ctx_given(const struct bg_ctx *ctx, const char *long_)
{
	return bg_opt_given(&ctx->parsed, ctx->cmd->opts, long_);
}

int bg_ctx_conflict(const struct bg_ctx *ctx, const char *a, const char *b,
		    struct bg_error *err)
{
	return bg_opt_conflict(&ctx->parsed, ctx->cmd->opts, a, b, err);
}

int bg_ctx_usage(struct bg_ctx *ctx, struct bg_error *err, const char *fmt, ...)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	va_list ap;
	va_start(ap, fmt);
	bg_str_vaddf(&s, fmt, ap);
	va_end(ap);
	int rc = bg_fail(err, BG_EUSAGE, "usage", "%s", bg_str_text(&s));
	bg_hint(err, "bg %s -h", ctx->cmd->name);
	return rc;
}

int bg_ctx_args(struct bg_ctx *ctx, int argc, char **argv, int min, int max,
		struct bg_error *err)
{
	if (argc < min)
		return bg_ctx_usage(ctx, err, "argument missing");
	if (max >= 0 && argc > max)
		return bg_ctx_usage(ctx, err, "unexpected argument '%s'",
				    argv[max]);
	return 0;
}

json_t *bg_ctx_doc(void)
{
	return json_pack("{s:i}", "schema", 1);
}

int bg_ctx_json(struct bg_ctx *ctx, const json_t *doc, struct bg_error *err)
{
	if (!doc)
		return bg_fail_oom(err);
	if (json_dumpf(doc, stdout, JSON_COMPACT))
		return bg_fail(err, BG_EFAIL, "io",
			       "cannot write to standard output");
	fputc('\n', stdout);
	ctx->printed = true;
	return 0;
}

/* -C, BG_REPO, bg.repo, else the current directory upwards. */
static const char *repo_of(struct bg_ctx *ctx)
{
	const char *env = getenv("BG_REPO");
	if (!ctx->repo && env && *env)
		ctx->repo = env;
	if (!ctx->repo)
		ctx->repo = bg_config_get(ctx, "bg.repo");
	/* As git expands it in paths of its configuration. */
	if (ctx->repo && bg_starts_with(ctx->repo, "~/"))
		ctx->repo = bg_arena_printf(&ctx->arena, "%s%s",
					    ctx->places.user_home,
					    ctx->repo + 1);
	return ctx->repo;
}

static const char *key_of(struct bg_ctx *ctx)
{
	if (!ctx->key)
		ctx->key = bg_config_get(ctx, "bg.signingKey");
	if (!ctx->key)
		ctx->key = bg_config_get(ctx, "user.signingKey");
	return ctx->key;
}

static void say(void *arg, const char *what, const char *text)
{
	struct bg_ctx *ctx = arg;
	bool sign = bg_str_eq(what, "sign");
	if (bg_str_eq(what, "warning")) {
		bg_ui_warn(&ctx->ui, "%s", text);
		return;
	}
	/* The touch of a token is waited for: always told on a terminal. */
	if (ctx->verbose || (sign && ctx->ui.err_tty))
		bg_ui_say(&ctx->ui, "%s%s%s", what, text && *text ? " " : "",
			  text ? text : "");
}

/* Providers named by the user's configuration count in self mode (X9). */
static void add_provider_dir(struct bg_ctx *ctx)
{
	const char **dirs = (const char **)ctx->places.provider_dirs;
	if (dirs && !dirs[2])
		dirs[2] = bg_config_get(ctx, "bg.providerPath");
}

static int unanchored(struct bg_ctx *ctx, unsigned flags, struct bg_error *err)
{
	char anchor[BG_ANCHOR_LEN + 1];
	if (bg_store_anchored(ctx->store))
		return 0;
	bg_anchor_format(anchor, bg_store_genesis(ctx->store), true);
	if (flags & BG_CMD_ANCHORED) {
		bg_fail(err, BG_EUNANCHORED, "unanchored",
			"'%s' needs an anchored repository: nobody here has "
			"said that %s is the right one",
			ctx->cmd->name, anchor);
		return bg_hint(err, "bg trust accept ANCHOR");
	}
	if (flags & BG_CMD_SIGN)
		bg_ui_warn(&ctx->ui,
			   "this repository is unanchored (%s): compare with "
			   "the printed line, then '%s trust accept ANCHOR'",
			   anchor, ctx->word);
	return 0;
}

/* A plain clone has no key of its own to sign with: it gets one; what it may
 * sign is decided by the anchor, not by this.  One that was copied is told. */
static int make_install(struct bg_ctx *ctx, struct bg_error *err)
{
	BG_AUTO(install) struct bg_install install = { 0 };
	struct bg_repo *repo = bg_store_repo(ctx->store);
	struct bg_error why;
	int rc = bg_install_open(&install, repo, &ctx->places, &why);
	if (!rc)
		return bg_fail(err, BG_EFAIL, "no-installation",
			       "the installation of this repository cannot be "
			       "used");
	if (strcmp(why.id, "no-installation")) {
		*err = why;
		return rc;
	}
	return bg_install_make(&install, repo, bg_store_genesis(ctx->store),
			       &ctx->places, err);
}

static int open_store(struct bg_ctx *ctx, unsigned flags, struct bg_error *err)
{
	struct bg_store_options opt = {
		.path = repo_of(ctx),
		.places = &ctx->places,
		.judge = bg_grant_row_make,
		.judge_loose = bg_grant_loose_make,
	};
	opt.search = !opt.path;
	if (!opt.path)
		opt.path = ".";
	int rc = bg_store_open(&ctx->store, &opt, err);
	if (!rc)
		rc = unanchored(ctx, flags, err);
	if (rc || !(flags & BG_CMD_SIGN) || bg_store_install(ctx->store))
		return rc;
	rc = make_install(ctx, err);
	bg_store_close(ctx->store);
	ctx->store = NULL;
	return rc ? rc : bg_store_open(&ctx->store, &opt, err);
}

int bg_ctx_store(struct bg_ctx *ctx, unsigned flags, struct bg_error *err)
{
	if (ctx->store)
		return 0;
	add_provider_dir(ctx);
	if (!ctx->places.anchor)
		ctx->places.anchor = bg_config_get(ctx, "bg.anchor");
	if (flags & BG_CMD_ANCHORED)
		flags |= BG_CMD_SIGN;
	int rc = open_store(ctx, flags, err);
	if (!rc)
		ctx->ops = (struct bg_ops){ .store = ctx->store,
					    .key = key_of(ctx),
					    .say = say,
					    .arg = ctx };
	return rc;
}

int bg_ctx_me(const struct bg_principal **out, struct bg_ctx *ctx,
	      struct bg_error *err)
{
	return bg_store_person(out, ctx->store, key_of(ctx), err);
}

const struct bg_principal *bg_ctx_maybe_me(struct bg_ctx *ctx)
{
	const struct bg_principal *me = NULL;
	struct bg_error ignored;
	if (bg_ctx_me(&me, ctx, &ignored))
		return NULL;
	return me;
}

bool bg_is_grant(const char *arg)
{
	return arg[0] == '@' || bg_starts_with(arg, "BG-");
}
