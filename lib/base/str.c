#include "base/str.h"

#include <stdio.h>
#include <string.h>

/*
 * Growing copies and wipes instead of realloc(), so that a secret that was
 * collected piece by piece leaves no copies on the heap.  Doubling keeps the
 * cost at about one extra pass over the bytes.
 */
static bool reserve(struct bg_str *s, size_t n)
{
	size_t need, cap = s->cap ? s->cap : 64;
	char *p;

	if (s->oom)
		return false;
	if (__builtin_add_overflow(s->len, n, &need) || need > SIZE_MAX / 4) {
		s->oom = true;
		return false;
	}
	if (need < s->cap)
		return true;
	while (cap <= need)
		cap *= 2;
	p = malloc(cap);
	if (!p) {
		s->oom = true;
		return false;
	}
	if (s->buf) {
		memcpy(p, s->buf, s->len);
		bg_wipe(s->buf, s->len);
		free(s->buf);
	}
	p[s->len] = '\0';
	s->buf = p;
	s->cap = cap;
	return true;
}

void bg_str_addn(struct bg_str *s, const void *bytes, size_t n)
{
	if (!reserve(s, n))
		return;
	if (n)
		memcpy(s->buf + s->len, bytes, n);
	s->len += n;
	s->buf[s->len] = '\0';
}

void bg_str_add(struct bg_str *s, const char *text)
{
	bg_str_addn(s, text, strlen(text));
}

void bg_str_addc(struct bg_str *s, char c)
{
	bg_str_addn(s, &c, 1);
}

void bg_str_vaddf(struct bg_str *s, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	if (!reserve(s, 0))
		return;
	va_copy(again, ap);
	n = vsnprintf(s->buf + s->len, s->cap - s->len, fmt, ap);
	if (n < 0) {
		s->buf[s->len] = '\0';
		s->oom = true;
	} else if ((size_t)n < s->cap - s->len) {
		s->len += (size_t)n;
	} else {
		s->buf[s->len] = '\0';
		if (reserve(s, (size_t)n)) {
			vsnprintf(s->buf + s->len, s->cap - s->len, fmt, again);
			s->len += (size_t)n;
		}
	}
	va_end(again);
}

void bg_str_addf(struct bg_str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	bg_str_vaddf(s, fmt, ap);
	va_end(ap);
}

void bg_str_clear(struct bg_str *s)
{
	s->len = 0;
	s->oom = false;
	if (s->buf)
		s->buf[0] = '\0';
}

void bg_str_release(struct bg_str *s)
{
	free(s->buf);
	*s = (struct bg_str)BG_STR_INIT;
}

void bg_str_wipe(struct bg_str *s)
{
	if (s->buf)
		bg_wipe(s->buf, s->cap);
	bg_str_release(s);
}

int bg_str_check(const struct bg_str *s, struct bg_error *err)
{
	return s->oom ? bg_fail_oom(err) : 0;
}

const char *bg_str_text(const struct bg_str *s)
{
	return s->buf ? s->buf : "";
}

char *bg_str_detach(struct bg_str *s)
{
	char *p = NULL;

	if (!s->buf)
		reserve(s, 0);
	if (!s->oom)
		p = bg_move(s->buf);
	bg_str_release(s);
	return p;
}

bool bg_span_is(struct bg_span s, const char *text)
{
	size_t n = strlen(text);

	return s.n == n && !memcmp(s.p, text, n);
}

bool bg_str_eq(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

bool bg_starts_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}
