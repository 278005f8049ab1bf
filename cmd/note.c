/* note: what the recorder cannot see, or an answer to a reviewer. */
#include "cmd/facts.h"

static struct {
	const char *text;
	bool answer;
} o;

/* note [GRANT] TEXT: several words are one text, as echo joins them. */
static int take_text(struct bg_str *out, struct bg_ctx *ctx, int argc,
		     char **argv, struct bg_error *err)
{
	for (int i = 0; i < argc; i++)
		bg_str_addf(out, "%s%s", i ? " " : "", argv[i]);
	if (o.text && argc)
		return bg_ctx_usage(ctx, err, "the text is given twice");
	if (o.text)
		bg_str_add(out, o.text);
	if (!out->len && bg_ui_may_ask(&ctx->ui)) {
		int rc = bg_ui_ask(out, &ctx->ui, "note:", err);
		if (rc)
			return rc;
	}
	if (out->len)
		return bg_str_check(out, err);
	bg_fail(err, BG_EUSAGE, "no-message", "a note needs a text");
	return bg_hint(err, "bg note \"...\"");
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	BG_AUTO(grant_row) struct bg_grant_row row = { 0 };
	struct bg_event e = { 0 };
	struct bg_digest root;
	const char *grant = argc && bg_is_grant(argv[0]) ? argv[0] : NULL;
	int skip = grant != NULL;
	int rc = take_text(&text, ctx, argc - skip, argv + skip, err);
	if (!rc)
		rc = bg_ctx_grant(&root, ctx, grant, true, "bg note %s \"...\"",
				  err);
	if (!rc)
		rc = bg_note(&e, &ctx->ops, &root, bg_str_text(&text), o.answer,
			     err);
	if (!rc)
		rc = bg_store_grant(&row, ctx->store, &root, err);
	if (!rc && ctx->json) {
		BG_AUTO(json) json_t *doc = bg_event_json(&e);
		rc = bg_ctx_json(ctx, doc, err);
	} else if (!rc && !ctx->quiet) {
		bg_result_line(ctx, row.label, "noted");
	}
	bg_event_release(&e);
	return rc;
}

static const char *const examples[] = {
	"bg note \"promoted db2 by hand, db1 fenced\"",
	"bg note @m3xk9d --answer \"a temporary table of ours\"", NULL
};
static const struct bg_opt opts[] = {
	BG_OPT_WHY(&o.text),
	{ BG_OPT_FLAG, 0, "answer", NULL, "answers the reviewer's question",
	  &o.answer, NULL },
	{ 0 },
};

const struct bg_cmd cmd_note = {
	.name = "note",
	.group = "emergency",
	.summary = "write down what the recorder cannot see",
	.usage = "note [GRANT] TEXT [--answer]",
	.examples = examples,
	.exits = "0 1 3 4 5 14 75 129",
	.opts = opts,
	.complete = "grant",
	.flags = BG_CMD_STORE | BG_CMD_SIGN,
	.run = run,
};
