/* approve: agree, before or after; alone: what waits for you. */
#include "cmd/facts.h"
#include "cmd/queue.h"

static struct {
	const char *text;
} o;

static bool waits(const struct bg_queue *q, const struct bg_turn *t)
{
	(void)q;
	return t->mine && !strcmp(t->what, "approve");
}

static bool any_waits(const struct bg_queue *q)
{
	for (size_t i = 0; i < q->turns.n; i++)
		if (waits(q, &q->turns.v[i]))
			return true;
	return false;
}

static int list(struct bg_ctx *ctx, struct bg_error *err)
{
	BG_AUTO(queue) struct bg_queue q = { 0 };
	const struct bg_principal *me = NULL;
	size_t n = 0;
	int rc = bg_ctx_me(&me, ctx, err);
	if (!rc)
		rc = bg_queue_read(&q, ctx, me, false, NULL, err);
	/* Who was called at night has not fetched yet. */
	if (!rc && !any_waits(&q) && bg_ctx_fetch(ctx)) {
		bg_queue_release(&q);
		q = (struct bg_queue){ 0 };
		rc = bg_queue_read(&q, ctx, me, false, NULL, err);
	}
	if (rc)
		return rc;
	if (ctx->json) {
		json_t *you = json_array();
		for (size_t i = 0; i < q.turns.n; i++)
			if (waits(&q, &q.turns.v[i]))
				json_array_append_new(
					you, bg_turn_json(&q, &q.turns.v[i]));
		BG_AUTO(json)
		json_t *doc = json_pack("{s:i, s:o}", "schema", 1, "you", you);
		return bg_ctx_json(ctx, doc, err);
	}
	for (size_t i = 0; i < q.turns.n; i++) {
		const struct bg_turn *t = &q.turns.v[i];
		if (!waits(&q, t))
			continue;
		n++;
		bg_facts_print(stdout, ctx, q.grants.v[t->grant].g);
		printf("  next     %s\n", bg_ctx_line(ctx, t->line));
	}
	if (!n)
		puts("nothing waits for you");
	return 0;
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(grant) struct bg_grant *g = NULL;
	struct bg_event e = { 0 };
	struct bg_digest root;
	int rc = bg_ctx_args(ctx, argc, argv, 0, 1, err);
	if (!rc && !argc)
		return list(ctx, err);
	if (!rc)
		rc = bg_ctx_grant(&root, ctx, argv[0], false, "bg approve %s",
				  err);
	if (!rc)
		rc = bg_grant_load(&g, ctx->store, &root, err);
	if (rc)
		return rc;
	/* What is signed is shown before the key is asked. */
	if (!ctx->json && !ctx->quiet)
		bg_facts_print(stderr, ctx, g);
	rc = bg_approve(&e, &ctx->ops, &root, o.text, err);
	if (!rc && ctx->json) {
		BG_AUTO(json) json_t *doc = bg_event_json(&e);
		rc = bg_ctx_json(ctx, doc, err);
	} else if (!rc && !ctx->quiet) {
		bg_result_line(ctx, g->label, "approved");
	}
	bg_event_release(&e);
	return rc;
}

static const char *const examples[] = { "bg approve", "bg approve @p4wz8t",
					NULL };
static const struct bg_opt opts[] = { BG_OPT_WHY(&o.text), { 0 } };

const struct bg_cmd cmd_approve = {
	.name = "approve",
	.group = "others",
	.summary = "agree, before or after; alone: what waits for you",
	.usage = "approve [GRANT] [-m TEXT]",
	.examples = examples,
	.exits = "0 1 3 4 5 14 75 129",
	.opts = opts,
	.complete = "grant",
	.flags = BG_CMD_STORE | BG_CMD_SIGN,
	.run = run,
};
