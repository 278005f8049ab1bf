/* GRANT on the command line: one answer, or complete lines to type. */
#include "cmd/cmd.h"

static void add_line(struct bg_ctx *ctx, const char *line,
		     const struct bg_grant_row *row)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	const char *mark = strstr(line, "%s");
	/* Two grants may share the random part on different days. */
	const char *at = bg_ctx_at(ctx, row->label);
	bg_str_addn(&s, line, mark ? (size_t)(mark - line) : strlen(line));
	if (mark)
		bg_str_addf(&s, "%s%s", at, mark + 2);
	bg_str_addf(&s, "    # %s/%s, %s", row->policy, row->scope,
		    bg_state_text((enum bg_state)row->state));
	if (row->state == BG_OPEN && row->window_ms) {
		bg_str_add(&s, ", ");
		bg_ui_left(&s, &ctx->ui, row->window_ms);
	}
	bg_ctx_hint(ctx, "%s", bg_str_text(&s));
}

static int choose(struct bg_digest *root, struct bg_ctx *ctx,
		  const struct bg_grant_rows *rows, struct bg_error *err)
{
	BG_AUTO(table) struct bg_table t = { .columns = 5 };
	size_t index;
	for (size_t i = 0; i < rows->list.n; i++) {
		const struct bg_grant_row *r = &rows->list.v[i];
		BG_AUTO(str) struct bg_str left = BG_STR_INIT;
		if (r->state == BG_OPEN && r->window_ms)
			bg_ui_left(&left, &ctx->ui, r->window_ms);
		if (bg_table_addf(&t, "%zu", i + 1) ||
		    bg_table_add(&t, bg_ctx_at(ctx, r->label)) ||
		    bg_table_addf(&t, "%s/%s", r->policy, r->scope) ||
		    bg_table_add(&t, r->by) ||
		    bg_table_add(
			    &t,
			    left.len ? bg_str_text(&left)
				     : bg_state_text((enum bg_state)r->state)))
			return bg_fail_oom(err);
	}
	bg_table_print(stderr, &ctx->ui, &t, 2);
	int rc =
		bg_ui_choose(&index, &ctx->ui, "which one?", rows->list.n, err);
	if (!rc)
		*root = rows->list.v[index].root;
	return rc;
}

int bg_ctx_grant(struct bg_digest *root, struct bg_ctx *ctx, const char *given,
		 bool guess, const char *line, struct bg_error *err)
{
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	const struct bg_principal *me = NULL;
	/* A guess needs to know whose; a name that was typed does not. */
	if (!given && guess && !ctx->env_grant)
		me = bg_ctx_maybe_me(ctx);
	int rc = bg_grant_find(root, &rows, ctx->store, given, ctx->env_grant,
			       me ? me->name : NULL, guess, err);
	/* It may have been written elsewhere: look there, once. */
	if (rc == BG_ENOENT && given && !rows.list.n && bg_ctx_fetch(ctx))
		rc = bg_grant_find(root, &rows, ctx->store, given, NULL, NULL,
				   guess, err);
	if (rc != BG_ENOENT || !rows.list.n)
		return rc;
	if (bg_ui_may_ask(&ctx->ui))
		return choose(root, ctx, &rows, err);
	for (size_t i = 0; i < rows.list.n && i < 10; i++)
		add_line(ctx, line, &rows.list.v[i]);
	return rc;
}
