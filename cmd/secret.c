#include "cmd/secret.h"

#include "base/io.h"
#include "grant/escrow.h"

static int ask(struct bg_str *out, struct bg_ctx *ctx, const char *what,
	       struct bg_error *err)
{
	BG_AUTO(secret) struct bg_str again = BG_STR_INIT;
	char question[160];
	snprintf(question, sizeof(question),
		 "secret of %.100s (hidden):", what);
	int rc = bg_ui_secret(out, &ctx->ui, question, err);
	if (!rc)
		rc = bg_ui_secret(&again, &ctx->ui, "again:", err);
	if (rc)
		return rc;
	if (out->len != again.len ||
	    (out->len && memcmp(out->buf, again.buf, out->len)))
		return bg_fail(err, BG_EUSAGE, "secret-differs",
			       "the two are not the same; nothing was kept");
	return 0;
}

int bg_secret_read(struct bg_str *out, struct bg_ctx *ctx, const char *path,
		   const char *what, const char *line, struct bg_error *err)
{
	const char *mark = strstr(line, "%s");
	int rc;
	if (!path)
		rc = ask(out, ctx, what, err);
	else if (!strcmp(path, "-"))
		rc = bg_fd_read_all(out, 0, BG_ESCROW_SECRET_MAX, err);
	else
		rc = bg_file_read(out, path, BG_ESCROW_SECRET_MAX, err);
	if (rc && !path && err->code == BG_EUSAGE &&
	    !strcmp(err->id, "not-asked")) {
		bg_fail(err, BG_EUSAGE, "no-secret",
			"cannot ask for the secret of '%s': no terminal", what);
		return bg_hint(err, "%.*s%s%s", (int)(mark - line), line, what,
			       mark + 2);
	}
	if (rc)
		return rc;
	if (path && out->len && out->buf[out->len - 1] == '\n')
		out->buf[--out->len] = 0;
	if (!out->len)
		return bg_fail(err, BG_EUSAGE, "secret-empty",
			       "the secret of '%s' is empty", what);
	return bg_str_check(out, err);
}
