/* log: events, newest first. */
#include "cmd/facts.h"

static struct {
	const char *grant, *type, *by;
	struct bg_range range;
	int64_t n;
} o = { .n = 0 };

static int query(struct bg_event_query *q, struct bg_digest *root,
		 struct bg_ctx *ctx, const char *grant, struct bg_error *err)
{
	int rc = 0;
	if (o.type && bg_event_type_parse(o.type) < 0) {
		bg_fail(err, BG_ENOENT, "no-such-type", "no event type '%s'",
			o.type);
		return bg_hint(err, "bg help log");
	}
	if (grant)
		rc = bg_ctx_grant(root, ctx, grant, false, "bg log --grant %s",
				  err);
	*q = (struct bg_event_query){ .type = o.type,
				      .by = o.by,
				      .root = grant ? root : NULL,
				      .since_ms = o.range.since_ms,
				      .until_ms = o.range.until_ms,
				      .limit = (size_t)o.n };
	return rc;
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(event_list) struct bg_event_list list = { 0 };
	struct bg_event_query q;
	struct bg_digest root;
	int rc = bg_ctx_args(ctx, argc, argv, 0, 1, err);
	if (!rc && argc && o.grant)
		rc = bg_ctx_usage(ctx, err, "a grant is named twice");
	if (!rc)
		rc = bg_ctx_conflict(ctx, "period", "since", err);
	if (!rc)
		rc = bg_ctx_conflict(ctx, "period", "until", err);
	if (!rc)
		rc = query(&q, &root, ctx, argc ? argv[0] : o.grant, err);
	if (!rc)
		rc = bg_store_events(&list, ctx->store, &q, err);
	for (size_t i = 0; !rc && i < list.list.n; i++) {
		if (ctx->json) {
			BG_AUTO(json)
			json_t *doc = bg_event_json(list.list.v[i]);
			rc = bg_ctx_json(ctx, doc, err);
		} else {
			BG_AUTO(str) struct bg_str s = BG_STR_INIT;
			bg_event_line(&s, list.list.v[i]);
			puts(bg_str_text(&s));
		}
	}
	return rc;
}

static const char *const examples[] = {
	"bg log -5", "bg log --grant @k7 --json",
	"bg log --type activate --period 2026Q4", NULL
};
static const struct bg_opt opts[] = {
	{ BG_OPT_TEXT, 0, "grant", "GRANT", "events of one grant", &o.grant,
	  "grant" },
	{ BG_OPT_TEXT, 0, "type", "TYPE", "events of one type", &o.type,
	  "type" },
	{ BG_OPT_TEXT, 0, "by", "WHO", "events of one person or machine", &o.by,
	  "principal" },
	BG_OPT_RANGE(o.range),
	{ BG_OPT_NUMBER, 'n', "number", "N", "the newest N only", &o.n, NULL },
	{ 0 },
};

const struct bg_cmd cmd_log = {
	.name = "log",
	.group = "evidence",
	.summary = "events, newest first",
	.usage = "log [GRANT] [--grant G] [--type T] [--by WHO] [--since T] "
		 "[--until T] [-n N]",
	.examples = examples,
	.exits = "0 1 3 5 14 129",
	.opts = opts,
	.complete = "grant",
	.flags = BG_CMD_STORE | BG_CMD_PAGER,
	.run = run,
};
