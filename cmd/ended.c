#include "cmd/ended.h"

int bg_ended_status(const struct bg_ending *e)
{
	switch (e->gone) {
	case BG_NOT_PROVEN:
		return bg_code_exit(BG_EATTENTION);
	case BG_STILL_THERE:
		return bg_code_exit(BG_EFAIL);
	default:
		return 0;
	}
}

/*
 * Debts
 */
static void debt_text(struct bg_str *out, struct bg_ctx *ctx,
		      const struct bg_duty *d)
{
	bg_str_add(out, d->what);
	if (d->detail[0])
		bg_str_addf(out, " %s", d->detail);
	else if (d->who[0])
		bg_str_addf(out, " by %s", d->who);
	if (d->due_ms) {
		bg_str_addc(out, ' ');
		bg_ui_due(out, &ctx->ui, d->due_ms, true);
	}
}

void bg_debts_print(FILE *f, struct bg_ctx *ctx, const struct bg_duty *v,
		    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		BG_AUTO(str) struct bg_str s = BG_STR_INIT;

		debt_text(&s, ctx, &v[i]);
		fprintf(f, "  %-9s", i ? "" : "owed");
		bg_ui_text(f, bg_str_text(&s));
		if (v[i].line[0]) {
			fputs("   ", f);
			bg_ui_text(f, bg_ctx_line(ctx, v[i].line));
		}
		fputc('\n', f);
	}
}

json_t *bg_debts_json(const struct bg_duty *v, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_pack("{s:s}", "what", v[i].what);
		char t[BG_TIME_LEN + 1];

		if (v[i].detail[0])
			json_object_set_new(o, "detail",
					    json_string(v[i].detail));
		if (v[i].who[0])
			json_object_set_new(o, "who", json_string(v[i].who));
		if (v[i].due_ms) {
			bg_time_format(t, v[i].due_ms);
			json_object_set_new(o, "due", json_string(t));
		}
		if (v[i].line[0])
			json_object_set_new(o, "line", json_string(v[i].line));
		json_array_append_new(list, o);
	}
	return list;
}

/*
 * The end
 */
static void begin_line(struct bg_str *out, struct bg_ctx *ctx,
		       const struct bg_ending *e)
{
	char span[BG_SPAN_LEN];

	if (e->already && e->ordered_ms) {
		bg_str_addf(out, "was ended by %s at ", e->ordered_by);
		bg_ui_time(out, &ctx->ui, e->ordered_ms);
	} else if (e->open_ms > 0) {
		bg_ui_span(span, e->open_ms);
		bg_str_addf(out, "ended after %s", span);
	} else {
		bg_str_add(out, "ended");
	}
	bg_str_add(out, "; ");
}

static void end_line(struct bg_str *out, struct bg_ctx *ctx,
		     const struct bg_ending *e)
{
	char span[BG_SPAN_LEN];

	switch (e->gone) {
	case BG_WITHDRAWN:
		bg_str_add(out, e->already ? "it was never open"
					   : "withdrawn, it was never open");
		return;
	case BG_GONE:
		bg_str_addf(out, "%saccess gone%s",
			    bg_ui_on(&ctx->ui, BG_GREEN), bg_ui_off(&ctx->ui));
		if (e->lag_ms >= 0 && e->lag_ms < 10000)
			bg_str_addf(out, ", checked after %lld.%llds",
				    (long long)e->lag_ms / 1000,
				    (long long)e->lag_ms % 1000 / 100);
		else if (e->lag_ms >= 0) {
			bg_ui_span(span, e->lag_ms);
			bg_str_addf(out, ", checked after %s", span);
		}
		break;
	case BG_NOT_PROVEN:
		bg_str_addf(out, "%sNOT PROVEN gone%s",
			    bg_ui_on(&ctx->ui, BG_YELLOW), bg_ui_off(&ctx->ui));
		break;
	case BG_STILL_THERE:
		bg_str_addf(out, "%sSTILL THERE%s", bg_ui_on(&ctx->ui, BG_RED),
			    bg_ui_off(&ctx->ui));
		break;
	}
	if (e->how[0]) {
		bg_str_add(out, " (");
		bg_ui_escape(out, e->how, 0);
		bg_str_addc(out, ')');
	}
}

/* What was seen is gone when it is rotated, not when a check is repeated. */
static void rotation_line(FILE *f, struct bg_ctx *ctx,
			  const struct bg_ending *e)
{
	const char *line = "bg rotate IDENTITY";

	for (size_t i = 0; i < e->debts.n; i++)
		if (strcmp(e->debts.v[i].what, "rotate") == 0)
			line = e->debts.v[i].line;
	fputs("  next     ", f);
	bg_ui_text(f, bg_ctx_line(ctx, line));
	fprintf(f,
		"   by somebody who has not seen it; then\n"
		"           %s revoke %s --retry\n",
		ctx->word, bg_ctx_at(ctx, e->label));
}

static void next_line(FILE *f, struct bg_ctx *ctx, const struct bg_ending *e)
{
	const char *at = bg_ctx_at(ctx, e->label);

	if (e->collateral)
		fprintf(f,
			"  also     ended %zu other grant%s of the same "
			"credential\n",
			e->collateral, e->collateral == 1 ? "" : "s");
	if (e->unwritten)
		fprintf(f, "  unwritten access was taken back, but not all of "
			   "it could be written; the next command writes "
			   "it\n");
	if (e->unrotated)
		rotation_line(f, ctx, e);
	else if (e->gone == BG_STILL_THERE || e->gone == BG_NOT_PROVEN)
		fprintf(f, "  next     %s revoke %s --retry\n", ctx->word, at);
}

void bg_ended_print(FILE *f, struct bg_ctx *ctx, const struct bg_ending *e)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	const char *shared = bg_ctx_share(ctx);

	begin_line(&s, ctx, e);
	end_line(&s, ctx, e);
	fprintf(f, "%s  %s%s%s\n", bg_ctx_at(ctx, e->label), bg_str_text(&s),
		*shared ? "      " : "", shared);
	bg_debts_print(f, ctx, e->debts.v, e->debts.n);
	next_line(f, ctx, e);
}

json_t *bg_ended_json(const struct bg_ending *e)
{
	static const char *const gone[] = { "gone", "not-proven", "still-there",
					    "never-open" };
	json_t *o = bg_ctx_doc();
	char t[BG_TIME_LEN + 1];

	if (!o)
		return NULL;
	json_object_set_new(o, "grant", json_string(e->label));
	json_object_set_new(o, "state",
			    json_string(e->gone == BG_GONE ||
							e->gone == BG_WITHDRAWN
						? "ended"
						: "ending"));
	json_object_set_new(o, "access", json_string(gone[e->gone]));
	json_object_set_new(o, "already", json_boolean(e->already));
	if (e->ordered_ms) {
		bg_time_format(t, e->ordered_ms);
		json_object_set_new(o, "ended_by", json_string(e->ordered_by));
		json_object_set_new(o, "ended_at", json_string(t));
	}
	if (e->open_ms > 0)
		json_object_set_new(o, "open", json_integer(e->open_ms / 1000));
	if (e->lag_ms >= 0)
		json_object_set_new(o, "lag_ms", json_integer(e->lag_ms));
	if (e->how[0]) {
		struct bg_error ignored;

		if (bg_json_set_text(o, "how", e->how, strlen(e->how), 400,
				     &ignored))
			json_object_del(o, "how");
	}
	if (e->unwritten)
		json_object_set_new(o, "unwritten", json_true());
	if (e->collateral)
		json_object_set_new(o, "collateral",
				    json_integer((json_int_t)e->collateral));
	json_object_set_new(o, "debts", bg_debts_json(e->debts.v, e->debts.n));
	return o;
}
