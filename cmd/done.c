/* done: end what is mine; withdraw what waits. */
#include "cmd/ended.h"

static struct {
	const char *why;
	bool attest;
} o;

static int show(struct bg_ctx *ctx, const struct bg_ending *e,
		struct bg_error *err)
{
	if (ctx->json) {
		BG_AUTO(json) json_t *doc = bg_ended_json(e);

		return bg_ctx_json(ctx, doc, err);
	}
	if (!ctx->quiet)
		bg_ended_print(stdout, ctx, e);
	return 0;
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(ending) struct bg_ending e = { 0 };
	struct bg_digest root;
	int rc = bg_ctx_args(ctx, argc, argv, 0, 1, err);

	if (!rc)
		rc = bg_ctx_grant(&root, ctx, argc ? argv[0] : NULL, true,
				  "bg done %s", err);
	if (!rc && o.attest)
		rc = bg_end_attest(&e, &ctx->ops, &root, o.why, err);
	else if (!rc)
		rc = bg_end(&e, &ctx->ops, &root, BG_END_HANDBACK, o.why, err);
	if (!rc)
		rc = show(ctx, &e, err);
	return rc ? rc : bg_ended_status(&e);
}

static const char *const examples[] = { "bg done",
					"bg done @k7q2xm -m \"failed over\"",
					NULL };
static const struct bg_opt opts[] = {
	BG_OPT_WHY(&o.why),
	{ BG_OPT_FLAG, 0, "attest", NULL,
	  "the target is gone: two people who did not use it say so", &o.attest,
	  NULL },
	{ 0 },
};

const struct bg_cmd cmd_done = {
	.name = "done",
	.group = "emergency",
	.summary = "end it: take access back and check that it is gone",
	.usage = "done [GRANT] [-m TEXT]",
	.examples = examples,
	.exits = "0 1 3 4 5 6 11 14 75 129",
	.opts = opts,
	.complete = "grant",
	.flags = BG_CMD_STORE | BG_CMD_SIGN | BG_CMD_ANCHORED,
	.run = run,
};
