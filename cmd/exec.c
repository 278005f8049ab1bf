/* exec: a command, or a shell, inside an open grant. */
#include "cmd/inside.h"

static struct {
	bool end;
} o;

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	struct bg_digest root;
	const char *grant = NULL;
	int status = 125;

	/* A GRANT comes before "--"; behind it everything is the command. */
	if (argc && ctx->parsed.dashes != 0 && bg_is_grant(argv[0])) {
		grant = argv[0];
		argc--;
		argv++;
	}
	if (ctx->json)
		return bg_ctx_usage(ctx, err,
				    "--json: stdout belongs to the command");
	if (bg_ctx_grant(&root, ctx, grant, true, "bg exec %s", err))
		return err->code;
	if (bg_inside_run(&status, ctx, &root,
			  bg_inside_command(ctx, argc, argv), o.end, err))
		return err->code;
	return status;
}

static const char *const examples[] = { "bg exec",
					"bg exec @k7q2xm psql -h db1",
					"bg exec --end -- pg_ctl promote",
					NULL };
static const struct bg_opt opts[] = {
	{ BG_OPT_FLAG, 0, "end", NULL, "end the grant afterwards", &o.end,
	  NULL },
	{ 0 },
};

const struct bg_cmd cmd_exec = {
	.name = "exec",
	.group = "emergency",
	.summary = "run a command, or a shell, in it; recorded",
	.usage = "exec [GRANT] [--end] [--] [COMMAND...]",
	.examples = examples,
	.exits = "0 124 125 126 127",
	.opts = opts,
	.complete = "grant",
	.flags = BG_CMD_STORE | BG_CMD_SIGN | BG_CMD_ANCHORED | BG_CMD_STOP |
		 BG_CMD_REMOTE,
	.run = run,
};
