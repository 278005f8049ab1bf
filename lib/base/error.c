#define BG_BASE_ERROR_C
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* A message that was cut must not end in half a character. */
static void trim_utf8(char *s, size_t cut_at)
{
	size_t i, n = strlen(s);
	uint32_t cp;

	if (n < cut_at)
		return;
	for (i = n; i > 0 && n - i < 3; i--) {
		if (((unsigned char)s[i - 1] & 0xc0) == 0x80)
			continue;
		if (!bg_utf8_decode(&cp, s + i - 1, n - i + 1))
			s[i - 1] = '\0';
		return;
	}
}

static void set_text(char *out, size_t size, const char *text)
{
	size_t n = strlen(text);

	if (n >= size)
		n = size - 1;
	memcpy(out, text, n);
	out[n] = '\0';
	trim_utf8(out, size - 1);
}

static void BG_PRINTF(3, 0)
	set_textv(char *out, size_t size, const char *fmt, va_list ap)
{
	int saved = errno;

	if (vsnprintf(out, size, fmt, ap) < 0)
		out[0] = '\0';
	trim_utf8(out, size - 1);
	errno = saved;
}

int bg_fail(struct bg_error *err, int code, const char *id, const char *fmt,
	    ...)
{
	va_list ap;

	err->code = code;
	set_text(err->id, sizeof(err->id), id);
	err->hint[0] = '\0';
	va_start(ap, fmt);
	set_textv(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return code;
}

int bg_fail_errno(struct bg_error *err, const char *fmt, ...)
{
	int saved = errno;
	char what[sizeof(err->msg)];
	char buf[128];
	va_list ap;

	va_start(ap, fmt);
	set_textv(what, sizeof(what), fmt, ap);
	va_end(ap);
	return bg_fail(
		err, saved == ENOSPC || saved == EDQUOT ? BG_ENOSPC : BG_EFAIL,
		"io", "%s: %s", what, strerror_r(saved, buf, sizeof(buf)));
}

int bg_fail_oom(struct bg_error *err)
{
	return bg_fail(err, BG_EFAIL, "out-of-memory", "out of memory");
}

int bg_wrap(struct bg_error *err, const char *fmt, ...)
{
	char what[sizeof(err->msg)], why[sizeof(err->msg)];
	va_list ap;

	va_start(ap, fmt);
	set_textv(what, sizeof(what), fmt, ap);
	va_end(ap);
	memcpy(why, err->msg, sizeof(why));
	why[sizeof(why) - 1] = '\0';
	if (snprintf(err->msg, sizeof(err->msg), "%s: %s", what, why) < 0)
		err->msg[0] = '\0';
	trim_utf8(err->msg, sizeof(err->msg) - 1);
	return err->code;
}

int bg_hint(struct bg_error *err, const char *fmt, ...)
{
	va_list ap;

	if (err->hint[0])
		return err->code;
	va_start(ap, fmt);
	set_textv(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return err->code;
}

int bg_code_exit(int code)
{
	switch (code) {
	case BG_OK:
		return 0;
#define X(name, value, exit) \
	case name: \
		return exit;
		BG_CODES(X)
#undef X
	default:
		return 1;
	}
}
