/* declare: a use that happened without bg. */
#include "cmd/facts.h"

static struct {
	int64_t since, until;
	const char *why, *code, *by;
} o;

static int show(struct bg_ctx *ctx, const struct bg_event *e,
		struct bg_error *err)
{
	if (ctx->json) {
		BG_AUTO(json) json_t *doc = bg_event_json(e);

		return bg_ctx_json(ctx, doc, err);
	}
	if (ctx->quiet) {
		puts(e->grant);
		return 0;
	}
	bg_result_line(ctx, e->grant,
		       "declared; owes a check, rotation and review like any "
		       "other");
	printf("  next     %s revoke %s --retry   take it back and check\n",
	       ctx->word, bg_ctx_at(ctx, e->grant));
	return 0;
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	struct bg_declare_ask ask = { .since_ms = o.since,
				      .until_ms = o.until,
				      .reason = o.why,
				      .code = o.code,
				      .user = o.by };
	struct bg_event e = { 0 };
	char *slash;
	int rc = bg_ctx_args(ctx, argc, argv, 1, 1, err);

	if (rc)
		return rc;
	if (!bg_ctx_given(ctx, "since") || !o.why || !*o.why) {
		bg_fail(err, BG_EUSAGE, "usage", "%s is missing",
			o.why && *o.why ? "when it began" : "what happened");
		return bg_hint(err, "bg declare %s --since TIME -m \"...\"",
			       argv[0]);
	}
	slash = strchr(argv[0], '/');
	ask.policy = argv[0];
	if (slash) {
		*slash = '\0';
		ask.scope = slash + 1;
	}
	rc = bg_declare(&e, &ctx->ops, &ask, err);
	if (!rc)
		rc = show(ctx, &e, err);
	bg_event_release(&e);
	return rc;
}

static const char *const examples[] = {
	"bg declare prod-db --since 2026-11-23T03:10Z --until "
	"2026-11-23T03:40Z -m \"password from the safe, bg was down\"",
	"bg declare prod-db/repair --since 2026-11-22 --by bob -m \"...\"", NULL
};
static const struct bg_opt opts[] = {
	{ BG_OPT_SINCE, 0, "since", "TIME", "when it began", &o.since, NULL },
	{ BG_OPT_UNTIL, 0, "until", "TIME", "when it ended; none: not known",
	  &o.until, NULL },
	BG_OPT_WHY(&o.why),
	{ BG_OPT_TEXT, 'c', "code", "CODE", "reason code, or its beginning",
	  &o.code, "code" },
	{ BG_OPT_TEXT, 0, "by", "NAME", "who used it; you if not said", &o.by,
	  "principal" },
	{ 0 },
};

const struct bg_cmd cmd_declare = {
	.name = "declare",
	.group = "evidence",
	.summary = "a use that happened without bg",
	.usage = "declare POLICY[/SCOPE] --since T [--until T] -m TEXT "
		 "[-c CODE] [--by NAME]",
	.examples = examples,
	.exits = "0 1 3 4 5 11 14 75 129",
	.opts = opts,
	.complete = "policy",
	.flags = BG_CMD_STORE | BG_CMD_SIGN | BG_CMD_ANCHORED,
	.run = run,
};
