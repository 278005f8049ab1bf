/* The bare program: what is open, what waits for you, what you may open, the
 * line to type. */
#include "cmd/status.h"
#include "cmd/unknown.h"

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	(void)argc, (void)argv;
	struct bg_error no_store;
	if (bg_ctx_store(ctx, 0, &no_store)) {
		/* Without a repository there is still something to type. */
		printf("%s\n", no_store.msg);
		printf("  %s init DIR --org NAME     make an evidence repository\n",
		       ctx->word);
		printf("  %s clone URL --anchor A    join one\n", ctx->word);
		printf("  %s help\n", ctx->word);
		return 0;
	}
	return bg_status_bare(ctx, err);
}

static const char *const examples[] = { "breakglass", "bg help", NULL };
static const struct bg_opt opts[] = { { 0 } };

const struct bg_cmd cmd_bare = {
	.name = "bare",
	.group = "emergency",
	.summary = "what is open, what waits for you, what you may open",
	.usage = "",
	.examples = examples,
	.exits = "0 1 5",
	.opts = opts,
	.flags = BG_CMD_PLUMBING,
	.run = run,
};
