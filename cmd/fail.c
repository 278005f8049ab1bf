/* The one place that prints an error: text on stderr, or the document of
 * cli.md on stdout with --json. */
#include "cmd/fail.h"

static bool same_before(const struct bg_ctx *ctx, size_t n, const char *line)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(ctx->hints.v[i], line))
			return true;
	return false;
}

/* All hints in one list: the error's, the reasons', the command's. */
static void gather(struct bg_ctx *ctx, const struct bg_error *err)
{
	size_t own = ctx->hints.n;
	if (*err->hint)
		bg_ctx_hint(ctx, "%s", err->hint);
	for (size_t i = 0; i < ctx->n_reasons; i++)
		if (*ctx->reasons[i].hint)
			bg_ctx_hint(ctx, "%s", ctx->reasons[i].hint);
	/* The error's own come first. */
	for (size_t i = own; i < ctx->hints.n; i++) {
		char *line = ctx->hints.v[i];
		memmove(ctx->hints.v + (i - own) + 1, ctx->hints.v + (i - own),
			own * sizeof(*ctx->hints.v));
		ctx->hints.v[i - own] = line;
	}
}

static void print_text(struct bg_ctx *ctx, const struct bg_error *err)
{
	fprintf(stderr, "%s: ", ctx->word);
	bg_ui_block(stderr, err->msg, 2);
	fputc('\n', stderr);
	for (size_t i = 0; i < ctx->n_reasons; i++) {
		if (strstr(err->msg, ctx->reasons[i].text))
			continue;
		fputs("  ", stderr);
		bg_ui_text(stderr, ctx->reasons[i].text);
		fputc('\n', stderr);
	}
	for (size_t i = 0; i < ctx->hints.n; i++) {
		if (same_before(ctx, i, ctx->hints.v[i]))
			continue;
		fputs("hint: ", stderr);
		bg_ui_text(stderr, bg_ctx_line(ctx, ctx->hints.v[i]));
		fputc('\n', stderr);
	}
}

static json_t *clean_string(const char *text)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	bg_text_clean(&s, text, strlen(text));
	return json_string(bg_str_text(&s));
}

static void print_json(struct bg_ctx *ctx, const struct bg_error *err,
		       int exit_)
{
	json_t *reasons = json_array(), *hints = json_array();
	for (size_t i = 0; i < ctx->n_reasons; i++)
		json_array_append_new(
			reasons,
			json_pack("{s:s, s:o}", "id", ctx->reasons[i].id,
				  "text", clean_string(ctx->reasons[i].text)));
	if (!ctx->n_reasons)
		json_array_append_new(
			reasons, json_pack("{s:s, s:o}", "id", err->id, "text",
					   clean_string(err->msg)));
	for (size_t i = 0; i < ctx->hints.n; i++)
		if (!same_before(ctx, i, ctx->hints.v[i]))
			json_array_append_new(hints,
					      clean_string(bg_ctx_line(
						      ctx, ctx->hints.v[i])));
	json_t *doc = json_pack("{s:i, s:{s:i, s:o, s:o}}", "schema", 1,
				"error", "exit", exit_, "reasons", reasons,
				"hints", hints);
	/* exec's stdout is the command's own. */
	FILE *f = ctx->remote ? stderr : stdout;
	json_dumpf(doc, f, JSON_COMPACT);
	fputc('\n', f);
	json_decref(doc);
}

int bg_ctx_fail(struct bg_ctx *ctx, const struct bg_error *err)
{
	int status = ctx->remote ? 125 : bg_code_exit(err->code);
	fflush(stdout);
	gather(ctx, err);
	if (ctx->json && !ctx->printed)
		print_json(ctx, err, status);
	else
		print_text(ctx, err);
	return status;
}
