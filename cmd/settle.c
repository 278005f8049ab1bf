/* settle: clear what is owed, by hand; alone: what you owe. */
#include "cmd/facts.h"
#include "cmd/queue.h"

static struct {
	const char *why;
	bool waive;
} o;

static bool owed(const struct bg_queue *q, const struct bg_turn *t)
{
	(void)q;
	return t->mine;
}

static int list(struct bg_ctx *ctx, struct bg_error *err)
{
	BG_AUTO(queue) struct bg_queue q = { 0 };
	const struct bg_principal *me = NULL;
	size_t n = 0;
	int rc = bg_ctx_me(&me, ctx, err);

	if (!rc)
		rc = bg_queue_read(&q, ctx, me, false, NULL, err);
	if (rc)
		return rc;
	if (ctx->json) {
		BG_AUTO(json) json_t *doc = bg_ctx_doc();
		json_t *you = json_array();

		for (size_t i = 0; i < q.turns.n; i++)
			if (owed(&q, &q.turns.v[i]))
				json_array_append_new(
					you, bg_turn_json(&q, &q.turns.v[i]));
		json_object_set_new(doc, "you", you);
		return bg_ctx_json(ctx, doc, err);
	}
	rc = bg_queue_print(&n, ctx, &q, "you owe", owed, err);
	if (!rc && !n)
		puts("you owe nothing");
	return rc;
}

/* These need no further word. */
static bool is_alone(const char *duty)
{
	return strcmp(duty, "rotated") == 0 || strcmp(duty, "gone") == 0 ||
	       strcmp(duty, "claim") == 0;
}

static int check(struct bg_ctx *ctx, int argc, char **argv,
		 struct bg_error *err)
{
	if (argc < 1)
		return bg_ctx_usage(ctx, err,
				    "settle what? one of ticket told rotated "
				    "gone claim action use");
	if (argc > 2)
		return bg_ctx_usage(ctx, err, "too many arguments");
	if (argc == 1 && !is_alone(argv[0]) && !o.waive)
		return bg_ctx_usage(ctx, err, "%s of what? a word is missing",
				    argv[0]);
	return 0;
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(grant_row) struct bg_grant_row row = { 0 };
	const char *grant = NULL;
	struct bg_event e = { 0 };
	struct bg_digest root;
	int rc;

	if (argc == 0)
		return list(ctx, err);
	if (bg_is_grant(argv[0])) {
		grant = argv[0];
		argc--;
		argv++;
	}
	rc = check(ctx, argc, argv, err);
	if (!rc)
		rc = bg_ctx_grant(&root, ctx, grant, true, "bg settle %s ...",
				  err);
	if (!rc)
		rc = bg_settle(&e, &ctx->ops, &root, argv[0],
			       argc > 1 ? argv[1] : NULL, o.waive, o.why, err);
	if (!rc)
		rc = bg_store_grant(&row, ctx->store, &root, err);
	if (!rc && ctx->json && e.json) {
		BG_AUTO(json) json_t *doc = bg_event_json(&e);

		rc = bg_ctx_json(ctx, doc, err);
	} else if (!rc && ctx->json) {
		BG_AUTO(json) json_t *doc = bg_ctx_doc();

		json_object_set_new(doc, "grant", json_string(row.label));
		rc = bg_ctx_json(ctx, doc, err);
	} else if (!rc && !ctx->quiet) {
		bg_result_line(ctx, row.label, "%s: %s%s%s",
			       o.waive ? "waived" : "settled", argv[0],
			       argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
	}
	bg_event_release(&e);
	return rc;
}

static const char *const examples[] = {
	"bg settle", "bg settle @k7q2xm ticket INC-4711",
	"bg settle @k7q2xm told dana -m \"by phone, 03:20\"",
	"bg settle @k7q2xm rotate --waive -m \"the array was scrapped\"", NULL
};
static const struct bg_opt opts[] = {
	{ BG_OPT_FLAG, 0, "waive", NULL, "it will never be done", &o.waive,
	  NULL },
	BG_OPT_WHY(&o.why),
	{ 0 },
};

const struct bg_cmd cmd_settle = {
	.name = "settle",
	.group = "afterwards",
	.summary = "clear what is owed, by hand; alone: what you owe",
	.usage = "settle\n"
		 "settle [GRANT] ticket ID | told NAME | rotated | gone | "
		 "claim | action N | use N [--waive] [-m TEXT]",
	.examples = examples,
	.exits = "0 1 3 4 5 11 14 75 129",
	.opts = opts,
	.complete = "grant",
	.flags = BG_CMD_STORE | BG_CMD_SIGN | BG_CMD_ANCHORED,
	.run = run,
};
