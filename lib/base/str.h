/*
 * Growable byte strings, bounded views, hex, base 32, UTF-8.
 * An append that runs out of memory sets oom and later appends do nothing:
 * check once at the end with bg_str_check().
 */
#ifndef BG_BASE_STR_H
#define BG_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct bg_str {
	char *buf; /* always NUL terminated once anything was added; else NULL */
	size_t len, cap;
	bool oom;
};
#define BG_STR_INIT \
	{ \
		NULL, 0, 0, false \
	}

void bg_str_add(struct bg_str *s, const char *text);
void bg_str_addn(struct bg_str *s, const void *bytes, size_t n);
void bg_str_addc(struct bg_str *s, char c);
void bg_str_addf(struct bg_str *s, const char *fmt, ...) BG_PRINTF(2, 3);
void bg_str_vaddf(struct bg_str *s, const char *fmt, va_list ap)
	BG_PRINTF(2, 0);
/* Forget the content, keep the memory. */
void bg_str_clear(struct bg_str *s);
void bg_str_release(struct bg_str *s);
/* Wipe the content, then release: for secrets. */
void bg_str_wipe(struct bg_str *s);
BG_AUTO_VALUE(str, struct bg_str, bg_str_release)
BG_AUTO_VALUE(secret, struct bg_str, bg_str_wipe)
int bg_str_check(const struct bg_str *s, struct bg_error *err) BG_MUST_CHECK;
/* The text, "" when empty; borrowed. */
const char *bg_str_text(const struct bg_str *s);
/* Hand the buffer to the caller (free()); "" becomes an allocated empty
 * string; NULL only when memory is out. */
char *bg_str_detach(struct bg_str *s);

/* A borrowed range of bytes. */
struct bg_span {
	const char *p;
	size_t n;
};
bool bg_span_is(struct bg_span s, const char *text);

bool bg_str_eq(const char *a, const char *b); /* NULL equals NULL only */
bool bg_starts_with(const char *s, const char *prefix);

/* Lower-case hex. out holds 2n+1 bytes. */
void bg_hex(char *out, const unsigned char *bytes, size_t n);
/* Exactly 2n hex digits (either case when any_case) -> n bytes. */
bool bg_unhex(unsigned char *out, size_t n, const char *hex, bool any_case);

/* Crockford's base 32, lower case, most significant bit first; a last group
 * is padded with zero bits.  out holds (8n+4)/5 + 1 bytes. */
extern const char bg_base32_alphabet[33];
void bg_base32(char *out, const unsigned char *bytes, size_t n);
/* Value of one character in either case, o as 0, i and l as 1; -1: none. */
int bg_base32_value(char c);

/* Decode one UTF-8 character (RFC 3629: shortest form, no surrogates) of at
 * most n bytes.  Returns its length, 0 when invalid; *cp gets the code point. */
size_t bg_utf8_decode(uint32_t *cp, const char *p, size_t n);
/* A code point that evidence never holds: C0, DEL, C1, bidi and zero-width
 * controls, line separators, BOM, noncharacters (evidence.md, "Canonical JSON").
 */
bool bg_char_forbidden(uint32_t cp);
/* Valid UTF-8 without a forbidden character. */
bool bg_text_is_clean(const char *p, size_t n);
/* Append with every invalid byte and forbidden character replaced by U+FFFD;
 * returns whether anything was replaced. */
bool bg_text_clean(struct bg_str *out, const char *p, size_t n);
/* Append text for a terminal: what bg_text_is_clean() refuses becomes \xNN or
 * \u{N}; newline is kept when keep_newline. */
void bg_text_escape(struct bg_str *out, const char *p, size_t n,
		    bool keep_newline);

#endif
