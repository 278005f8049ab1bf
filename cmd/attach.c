/* attach: a file beside the record; its digest is signed. */
#include "cmd/facts.h"

static struct {
	const char *name, *text;
} o;

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(grant_row) struct bg_grant_row row = { 0 };
	struct bg_event e = { 0 };
	struct bg_digest root;
	const char *grant = argc && bg_is_grant(argv[0]) ? argv[0] : NULL;
	int skip = grant != NULL;
	int rc = bg_ctx_args(ctx, argc - skip, argv + skip, 1, 1, err);
	if (!rc)
		rc = bg_ctx_grant(&root, ctx, grant, true, "bg attach %s FILE",
				  err);
	if (!rc)
		rc = bg_attach(&e, &ctx->ops, &root, argv[skip], o.name, o.text,
			       err);
	if (!rc)
		rc = bg_store_grant(&row, ctx->store, &root, err);
	if (!rc && ctx->json) {
		BG_AUTO(json) json_t *doc = bg_event_json(&e);
		rc = bg_ctx_json(ctx, doc, err);
	} else if (!rc && !ctx->quiet) {
		/* As it was stored: folders and what no name may hold are off. */
		const char *name = bg_json_text(
			json_array_get(json_object_get(e.data, "attachments"),
				       0),
			"name");
		bg_result_line(ctx, row.label, "attached %s", name ? name : "");
	}
	bg_event_release(&e);
	return rc;
}

static const char *const examples[] = {
	"bg attach screenshot.png", "bg attach @k7 out.txt --name console.txt",
	NULL
};
static const struct bg_opt opts[] = {
	{ BG_OPT_TEXT, 0, "name", "NAME", "another name than the file's",
	  &o.name, NULL },
	BG_OPT_WHY(&o.text),
	{ 0 },
};

const struct bg_cmd cmd_attach = {
	.name = "attach",
	.group = "emergency",
	.summary = "keep a file with the grant; its digest is signed",
	.usage = "attach [GRANT] FILE [--name NAME] [-m TEXT]",
	.examples = examples,
	.exits = "0 1 3 4 5 11 14 75 129",
	.opts = opts,
	.complete = "file",
	.flags = BG_CMD_STORE | BG_CMD_SIGN,
	.run = run,
};
