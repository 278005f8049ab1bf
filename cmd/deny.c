/* deny: refuse; access that is open is taken back. */
#include "cmd/facts.h"

static struct {
	const char *why;
} o;

static const char *gone_text(enum bg_gone gone)
{
	switch (gone) {
	case BG_GONE:
		return "gone";
	case BG_NOT_PROVEN:
		return "not-proven";
	case BG_STILL_THERE:
		return "still-there";
	case BG_WITHDRAWN:
		break;
	}
	return "never-open";
}

static int show(struct bg_ctx *ctx, const struct bg_ending *e,
		struct bg_error *err)
{
	if (ctx->json) {
		BG_AUTO(json)
		json_t *doc = json_pack("{s:i, s:s, s:s, s:s}", "schema", 1,
					"grant", e->label, "state", "denied",
					"access", gone_text(e->gone));
		return bg_ctx_json(ctx, doc, err);
	}
	if (ctx->quiet)
		return 0;
	if (e->gone == BG_WITHDRAWN)
		bg_result_line(ctx, e->label, "denied; it was never open");
	else if (e->gone == BG_GONE)
		bg_result_line(ctx, e->label, "denied; access gone (%s)",
			       e->how);
	else if (e->gone == BG_NOT_PROVEN)
		bg_result_line(ctx, e->label, "denied; NOT PROVEN gone (%s)",
			       e->how);
	else
		bg_result_line(ctx, e->label, "denied; STILL THERE (%s)",
			       e->how);
	return 0;
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(ending) struct bg_ending e = { 0 };
	BG_AUTO(str) struct bg_str asked = BG_STR_INIT;
	struct bg_digest root;
	int rc = bg_ctx_args(ctx, argc, argv, 1, 1, err);
	if (!rc)
		rc = bg_ctx_grant(&root, ctx, argv[0], false,
				  "bg deny %s -m \"why\"", err);
	if (!rc && !o.why && bg_ui_may_ask(&ctx->ui)) {
		rc = bg_ui_ask(&asked, &ctx->ui, "why?", err);
		o.why = bg_str_text(&asked);
	}
	if (!rc && (!o.why || !*o.why)) {
		bg_fail(err, BG_EUSAGE, "no-message", "why? a denial says so");
		return bg_hint(err, "bg deny %s -m \"why\"", argv[0]);
	}
	if (!rc)
		rc = bg_end(&e, &ctx->ops, &root, BG_END_DENY, o.why, err);
	if (!rc)
		rc = show(ctx, &e, err);
	if (rc)
		return rc;
	return e.gone == BG_STILL_THERE  ? bg_code_exit(BG_EFAIL)
	       : e.gone == BG_NOT_PROVEN ? bg_code_exit(BG_EATTENTION)
					 : 0;
}

static const char *const examples[] = {
	"bg deny @p4wz8t -m \"use the read replica\"",
	"bg deny BG-20261123-p4wz8t -F why.txt", NULL
};
static const struct bg_opt opts[] = { BG_OPT_WHY(&o.why), { 0 } };

const struct bg_cmd cmd_deny = {
	.name = "deny",
	.group = "others",
	.summary = "refuse a grant; access that is open is taken back",
	.usage = "deny GRANT -m TEXT",
	.examples = examples,
	.exits = "0 1 3 4 5 6 11 14 75 129",
	.opts = opts,
	.complete = "grant",
	.flags = BG_CMD_STORE | BG_CMD_SIGN | BG_CMD_ANCHORED,
	.run = run,
};
