/* The process: descriptors, dispatch, one report at the end. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/io.h"
#include "cmd/fail.h"
#include "cmd/unknown.h"

static struct {
	const char *repo, *key, *colour;
	bool json, batch, quiet, verbose, no_pager;
} global = { .colour = "auto" };

const struct bg_opt bg_global_opts[] = {
	{ BG_OPT_TEXT, 'C', "repo", "DIR", "use this evidence repository",
	  &global.repo, "dir" },
	{ BG_OPT_FLAG, 0, "json", NULL, "one JSON document, errors too",
	  &global.json, NULL },
	{ BG_OPT_TEXT, 0, "color", "WHEN", "auto, always or never",
	  &global.colour, "auto always never" },
	{ BG_OPT_FLAG, 0, "no-pager", NULL, "never start a pager",
	  &global.no_pager, NULL },
	{ BG_OPT_FLAG, 0, "batch", NULL, "never ask, not even for a passphrase",
	  &global.batch, NULL },
	{ BG_OPT_FLAG, 'q', "quiet", NULL, "only the one word a script wants",
	  &global.quiet, NULL },
	{ BG_OPT_FLAG, 'v', "verbose", NULL, "say more", &global.verbose,
	  NULL },
	{ BG_OPT_TEXT, 0, "key", "KEY", "sign with this key", &global.key,
	  "key" },
	{ 0 },
};

const struct bg_cmd *const *bg_cmds(void)
{
	static const struct bg_cmd *const table[] = {
#define BG_CMD(name) &cmd_##name,
#include "cmd/list.h"
#undef BG_CMD
		NULL
	};
	return table;
}

const struct bg_cmd *bg_cmd_find(const char *name)
{
	for (const struct bg_cmd *const *c = bg_cmds(); *c; c++)
		if (!strcmp((*c)->name, name))
			return *c;
	return NULL;
}

/* A closed standard descriptor would be taken by the first file that is opened,
 * and messages would then be written into it. */
static void fill_descriptors(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= 2 && fcntl(fd, F_SETFD, 0) == 0);
	if (fd > 2)
		close(fd);
}

static const char *typed_word(const char *argv0)
{
	const char *name = getenv("BG_NAME");
	const char *slash = strrchr(argv0, '/');
	if (!name || !*name)
		name = slash ? slash + 1 : argv0;
	return !strcmp(name, "breakglass") ? "breakglass" : "bg";
}

static void take_globals(struct bg_ctx *ctx)
{
	const char *batch = getenv("BG_BATCH");
	ctx->repo = global.repo;
	ctx->key = global.key;
	ctx->json = global.json;
	ctx->batch = global.batch || (batch && *batch && strcmp(batch, "0"));
	ctx->quiet = global.quiet;
	ctx->verbose = global.verbose;
	ctx->no_pager = global.no_pager || ctx->json;
	ctx->ui.batch = ctx->batch;
	ctx->ui.quiet = ctx->quiet;
	const char *grant = getenv("BG_GRANT");
	ctx->env_grant = grant && *grant ? grant : NULL;
}

static int check_globals(struct bg_error *err)
{
	const char *c = global.colour;
	if (strcmp(c, "auto") && strcmp(c, "always") && strcmp(c, "never"))
		return bg_fail(err, BG_EUSAGE, "bad-value",
			       "wrong value '%s' for '--color': want auto, "
			       "always or never",
			       c);
	if (global.quiet && global.verbose)
		return bg_fail(err, BG_EUSAGE, "conflict",
			       "options '--quiet' and '--verbose' exclude each "
			       "other");
	return 0;
}

static int describe(struct bg_ctx *ctx, const struct bg_cmd *cmd,
		    struct bg_error *err)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	bg_cmd_describe(&s, ctx, cmd);
	int rc = bg_str_check(&s, err);
	if (!rc)
		fputs(bg_str_text(&s), stdout);
	return rc;
}

static int run(struct bg_ctx *ctx, const struct bg_cmd *cmd, int argc,
	       char **argv, struct bg_error *err)
{
	struct bg_opt_rules rules = { .opts = cmd->opts,
				      .globals = bg_global_opts,
				      .stop = cmd->flags & BG_CMD_STOP };
	ctx->cmd = cmd;
	ctx->remote = cmd->flags & BG_CMD_REMOTE;
	int rc = bg_opt_parse(&ctx->parsed, argc, argv, &rules, err);
	take_globals(ctx);
	if (!rc && ctx->parsed.help)
		return describe(ctx, cmd, err);
	if (!rc)
		rc = check_globals(err);
	if (rc) {
		if (err->code == BG_EUSAGE)
			bg_hint(err, "bg %s -h", cmd->name);
		return rc;
	}
	bg_ui_init(&ctx->ui, global.colour);
	rc = bg_ctx_places(ctx, err);
	if (!rc && (cmd->flags & BG_CMD_STORE))
		rc = bg_ctx_store(ctx, cmd->flags, err);
	if (rc)
		return rc;
	if ((cmd->flags & BG_CMD_PAGER) && !ctx->no_pager)
		bg_ui_pager_start(&ctx->ui);
	rc = cmd->run(ctx, ctx->parsed.argc, ctx->parsed.argv, err);
	/* Refusals too, and what -q and --json say nothing about. */
	bg_ctx_share_rest(ctx);
	return rc;
}

static int dispatch(struct bg_ctx *ctx, int argc, char **argv,
		    struct bg_error *err)
{
	struct bg_opt_rules rules = { .globals = bg_global_opts,
				      .stop_first = true };
	struct bg_parsed parsed;
	if (argc > 0 && !strcmp(argv[0], "--version"))
		argv[0] = (char *)"version";
	int rc = bg_opt_parse(&parsed, argc, argv, &rules, err);
	take_globals(ctx);
	bg_parsed_release(&parsed);
	if (rc) {
		bg_hint(err, "bg help");
		return rc;
	}
	argc = parsed.argc;
	argv = parsed.argv;
	const char *name = argc ? argv[0] : "";
	if (parsed.help)
		name = "help";
	const struct bg_cmd *cmd = *name ? bg_cmd_find(name) : &cmd_bare;
	if (cmd)
		return run(ctx, cmd, argc ? argc - 1 : 0,
			   argc ? argv + 1 : argv, err);
	rc = bg_unknown(&argc, &argv, ctx, err);
	if (rc)
		return rc;
	return run(ctx, bg_cmd_find(argv[0]), argc - 1, argv + 1, err);
}

static void release(struct bg_ctx *ctx)
{
	if (ctx->store)
		bg_store_close(ctx->store);
	for (size_t i = 0; i < ctx->hints.n; i++)
		free(ctx->hints.v[i]);
	bg_vec_release(&ctx->hints);
	free(ctx->reasons);
	bg_parsed_release(&ctx->parsed);
	bg_arena_release(&ctx->arena);
}

/* What was printed must have arrived, or the status must say so. */
static int check_stdout(struct bg_ctx *ctx, int status)
{
	struct bg_error err;
	bool failed = ferror(stdout);
	errno = failed ? EIO : 0;
	if (fflush(stdout))
		failed = true;
	if (!failed)
		return status;
	/* The reader had enough (| head): what a signal would have said. */
	if (errno == EPIPE || ctx->ui.pager_pid)
		return status ? status : 141;
	bg_fail_errno(&err, "cannot write to standard output");
	fprintf(stderr, "%s: %s\n", ctx->word, err.msg);
	return status ? status : 1;
}

int bg_main(int argc, char **argv)
{
	struct bg_ctx ctx = { .word = typed_word(argc ? argv[0] : "bg"),
			      .parsed = { .dashes = -1 } };
	struct bg_error err = { .code = BG_EFAIL, .msg = "failed" };
	fill_descriptors();
#ifdef BG_TEST
	bg_fault_set(getenv("BG_FAULT"));
#endif
	signal(SIGPIPE, SIG_IGN);
	/* Only for wide characters of editors and pagers: never for numbers. */
	setlocale(LC_CTYPE, "C.UTF-8");
	umask(umask(077) | 022);
	int status =
		dispatch(&ctx, argc ? argc - 1 : 0, argv + (argc > 0), &err);
	if (status < 0) {
		bg_ui_pager_finish(&ctx.ui);
		status = bg_ctx_fail(&ctx, &err);
	}
	status = check_stdout(&ctx, status);
	bg_ui_pager_finish(&ctx.ui);
	release(&ctx);
	return status;
}

int main(int argc, char **argv)
{
	return bg_main(argc, argv);
}
