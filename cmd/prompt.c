/* prompt: a few characters for PS1 while a grant is open; silent otherwise, and
 * never in the way. */
#include "cmd/cmd.h"

#define PATIENCE_S 1

static void print(struct bg_ctx *ctx, const struct bg_grant_row *row)
{
	char left[BG_SPAN_LEN] = "?";
	int64_t ms = row->window_ms - ctx->ui.now_ms;
	if (row->state == BG_ENDING)
		snprintf(left, sizeof(left), "ENDING");
	else if (ms <= 0)
		snprintf(left, sizeof(left), "OVER");
	else if (ms >= 60000)
		snprintf(left, sizeof(left), "%lldm", (long long)(ms / 60000));
	else
		snprintf(left, sizeof(left), "%llds", (long long)(ms / 1000));
	printf("(bg %s %s) ", bg_ctx_at(ctx, row->label) + 1, left);
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	struct bg_grant_query q = { .active_only = true };
	struct bg_error ignored;
	int rc = bg_ctx_args(ctx, argc, argv, 0, 0, err);
	if (rc)
		return rc;
	/* A prompt that hangs is worse than one that says nothing. */
	alarm(PATIENCE_S);
	if (bg_ctx_store(ctx, 0, &ignored))
		return 0;
	const struct bg_principal *me = ctx->env_grant ? NULL
						       : bg_ctx_maybe_me(ctx);
	if (ctx->env_grant)
		q.label = ctx->env_grant;
	else if (me)
		q.by = me->name;
	else
		return 0;
	if (bg_store_grants(&rows, ctx->store, &q, &ignored))
		return 0;
	for (size_t i = 0; i < rows.list.n; i++)
		if (rows.list.v[i].state == BG_OPEN ||
		    rows.list.v[i].state == BG_ENDING)
			print(ctx, &rows.list.v[i]);
	return 0;
}

static const char *const examples[] = { "PS1='$(breakglass prompt)\\$ '",
					"breakglass prompt", NULL };
static const struct bg_opt opts[] = { { 0 } };

const struct bg_cmd cmd_prompt = {
	.name = "prompt",
	.group = "before",
	.summary = "a few characters for PS1 while a grant is open",
	.usage = "prompt",
	.examples = examples,
	.exits = "0 129",
	.opts = opts,
	.flags = BG_CMD_PLUMBING,
	.run = run,
};
