/* extend: more time, added to the present end. */
#include "cmd/facts.h"

static struct {
	int64_t duration;
	const char *why;
} o;

static unsigned used(const struct bg_grant *g)
{
	unsigned n = 0;

	for (size_t i = 0; i < g->n_events; i++)
		n += g->events[i]->type == BG_EV_EXTEND && g->counted[i];
	return n;
}

static int show(struct bg_ctx *ctx, const struct bg_digest *root,
		int64_t window_ms, const struct bg_event *e,
		struct bg_error *err)
{
	BG_AUTO(grant) struct bg_grant *g = NULL;
	BG_AUTO(str) struct bg_str left = BG_STR_INIT;
	char t[BG_TIME_LEN + 1], digest[BG_DIGEST_TEXT + 1];

	if (bg_grant_load(&g, ctx->store, root, err))
		return err->code;
	if (ctx->json) {
		BG_AUTO(json) json_t *doc = bg_ctx_doc();

		bg_time_format(t, window_ms);
		bg_digest_format(digest, &e->digest);
		json_object_set_new(doc, "grant", json_string(g->label));
		json_object_set_new(doc, "state", json_string("open"));
		json_object_set_new(doc, "expires", json_string(t));
		json_object_set_new(doc, "extensions", json_integer(used(g)));
		json_object_set_new(doc, "event", json_string(digest));
		return bg_ctx_json(ctx, doc, err);
	}
	if (ctx->quiet)
		return 0;
	ctx->ui.now_ms = bg_now_ms();
	bg_ui_left(&left, &ctx->ui, window_ms);
	bg_result_line(ctx, g->label, "%s/%s  %s   extension %u of %u",
		       g->policy ? g->policy->name : "",
		       g->scope ? g->scope->id : "", bg_str_text(&left),
		       used(g), g->policy ? g->policy->extensions : 0);
	return 0;
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	struct bg_event e = { 0 };
	struct bg_digest root;
	int64_t window_ms = 0;
	int rc = bg_ctx_args(ctx, argc, argv, 0, 1, err);

	if (!rc)
		rc = bg_ctx_grant(&root, ctx, argc ? argv[0] : NULL, true,
				  "bg extend %s", err);
	if (!rc)
		rc = bg_extend(&e, &window_ms, &ctx->ops, &root, o.duration,
			       o.why, err);
	if (!rc)
		rc = show(ctx, &root, window_ms, &e, err);
	bg_event_release(&e);
	return rc;
}

static const char *const examples[] = {
	"bg extend -m \"base backup still copying\"",
	"bg extend @k7q2xm -t max", NULL
};
static const struct bg_opt opts[] = {
	{ BG_OPT_DURATION, 't', "for", "DURATION",
	  "how much more: 90s 30m 2h, or max", &o.duration, "max" },
	BG_OPT_WHY(&o.why),
	{ 0 },
};

const struct bg_cmd cmd_extend = {
	.name = "extend",
	.group = "emergency",
	.summary = "more time, without a gap",
	.usage = "extend [GRANT] [-t D|max] [-m TEXT]",
	.examples = examples,
	.exits = "0 1 3 4 5 11 14 75 129",
	.opts = opts,
	.complete = "grant",
	.flags = BG_CMD_STORE | BG_CMD_SIGN | BG_CMD_ANCHORED,
	.run = run,
};
