/* version: which program, which formats. */
#include "cmd/cmd.h"

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	int rc = bg_ctx_args(ctx, argc, argv, 0, 0, err);
	if (rc)
		return rc;
	if (ctx->quiet) {
		puts(BG_VERSION);
		return 0;
	}
	if (!ctx->json) {
		printf("breakglass %s\n", BG_VERSION);
		return 0;
	}
	json_t *doc = json_pack("{s:i, s:s, s:i}", "schema", 1, "version",
				BG_VERSION, "format", BG_EVENT_VERSION);
	rc = bg_ctx_json(ctx, doc, err);
	json_decref(doc);
	return rc;
}

static const char *const examples[] = { "bg version", "bg --version", NULL };
static const struct bg_opt opts[] = { { 0 } };

const struct bg_cmd cmd_version = {
	.name = "version",
	.group = "before",
	.summary = "print the version of the program",
	.usage = "version",
	.examples = examples,
	.exits = "0 129",
	.opts = opts,
	.flags = BG_CMD_PLUMBING,
	.run = run,
};
