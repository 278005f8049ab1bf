/* Differences between two sets of files under trust. */
#include "cmd/change.h"

#include <git2.h>

static const struct bg_trust_file *find(const struct bg_trust_file *v, size_t n,
					const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i].path, path))
			return &v[i];
	return NULL;
}

static int print_line(const git_diff_delta *delta, const git_diff_hunk *hunk,
		      const git_diff_line *line, void *arg)
{
	const struct bg_ui *ui = arg;
	char c = line->origin;
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	(void)delta, (void)hunk;
	bg_text_escape(&s, line->content, line->content_len, true);
	bool body = c == '+' || c == '-' || c == ' ';
	enum bg_colour colour = c == '+'   ? BG_GREEN
				: c == '-' ? BG_RED
				: body     ? BG_PLAIN
					   : BG_BOLD;
	while (s.len && s.buf[s.len - 1] == '\n')
		s.buf[--s.len] = 0;
	printf("%s%s%s%s\n", bg_ui_on(ui, colour),
	       c == '+'   ? "+"
	       : c == '-' ? "-"
	       : body     ? " "
			  : "",
	       bg_str_text(&s), bg_ui_off(ui));
	return 0;
}

static bool is_text(const struct bg_trust_file *f)
{
	return !f || !f->n || bg_starts_with(f->path, "keys/") == 0;
}

static int diff_one(struct bg_ctx *ctx, const struct bg_trust_file *a,
		    const struct bg_trust_file *b, struct bg_error *err)
{
	git_patch *patch = NULL;
	const char *path = a ? a->path : b->path;
	if (a && b && a->n == b->n && !memcmp(a->text, b->text, a->n))
		return 0;
	if (!is_text(a) || !is_text(b)) {
		printf("%s %s\n", !a ? "new" : !b ? "gone" : "changed", path);
		return 0;
	}
	int failed = git_patch_from_buffers(&patch, a ? a->text : NULL,
					    a ? a->n : 0, path,
					    b ? b->text : NULL, b ? b->n : 0,
					    path, NULL);
	if (!failed)
		failed = git_patch_print(patch, print_line, &ctx->ui);
	git_patch_free(patch);
	return failed ? bg_fail(err, BG_EFAIL, "git", "cannot compare '%s'",
				path)
		      : 0;
}

int bg_files_diff(struct bg_ctx *ctx, const struct bg_trust_file *a, size_t n,
		  const struct bg_trust_file *b, size_t m, struct bg_error *err)
{
	int rc = 0;
	for (size_t i = 0; !rc && i < n; i++)
		rc = diff_one(ctx, &a[i], find(b, m, a[i].path), err);
	for (size_t i = 0; !rc && i < m; i++)
		if (!find(a, n, b[i].path))
			rc = diff_one(ctx, NULL, &b[i], err);
	return rc;
}
