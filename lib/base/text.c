/* Hex, base 32, UTF-8: the parts of str.h about alphabets. */
#include "base/str.h"

#include <string.h>

void bg_hex(char *out, const unsigned char *bytes, size_t n)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = digit[bytes[i] >> 4];
		*out++ = digit[bytes[i] & 15];
	}
	*out = '\0';
}

static int hex_value(char c, bool any_case)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (any_case && c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool bg_unhex(unsigned char *out, size_t n, const char *hex, bool any_case)
{
	for (size_t i = 0; i < n; i++) {
		int hi = hex_value(hex[2 * i], any_case), lo;

		if (hi < 0)
			return false;
		lo = hex_value(hex[2 * i + 1], any_case);
		if (lo < 0)
			return false;
		out[i] = (unsigned char)(hi << 4 | lo);
	}
	return hex[2 * n] == '\0';
}

const char bg_base32_alphabet[33] = "0123456789abcdefghjkmnpqrstvwxyz";

void bg_base32(char *out, const unsigned char *bytes, size_t n)
{
	unsigned int acc = 0, bits = 0;

	for (size_t i = 0; i < n; i++) {
		acc = (acc << 8 | bytes[i]) & 0xfff;
		for (bits += 8; bits >= 5; bits -= 5)
			*out++ = bg_base32_alphabet[acc >> (bits - 5) & 31];
	}
	if (bits)
		*out++ = bg_base32_alphabet[acc << (5 - bits) & 31];
	*out = '\0';
}

int bg_base32_value(char c)
{
	const char *at;

	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	if (c == 'o')
		c = '0';
	if (c == 'i' || c == 'l')
		c = '1';
	at = c ? strchr(bg_base32_alphabet, c) : NULL;
	return at ? (int)(at - bg_base32_alphabet) : -1;
}

size_t bg_utf8_decode(uint32_t *cp, const char *p, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *u = (const unsigned char *)p;
	uint32_t c;
	size_t len;

	if (!n)
		return 0;
	if (u[0] < 0x80) {
		*cp = u[0];
		return 1;
	}
	if ((u[0] & 0xe0) == 0xc0)
		len = 2;
	else if ((u[0] & 0xf0) == 0xe0)
		len = 3;
	else if ((u[0] & 0xf8) == 0xf0)
		len = 4;
	else
		return 0;
	if (len > n)
		return 0;
	c = u[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (u[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*cp = c;
	return len;
}

bool bg_char_forbidden(uint32_t cp)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {
		{ 0x0000, 0x001f }, { 0x007f, 0x009f }, { 0x061c, 0x061c },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x2069 },
		{ 0xd800, 0xdfff }, { 0xfdd0, 0xfdef }, { 0xfeff, 0xfeff },
	};

	if (cp >= 0x20 && cp < 0x7f)
		return false;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (cp >= ranges[i].from && cp <= ranges[i].to)
			return true;
	return (cp & 0xfffe) == 0xfffe || cp > 0x10ffff;
}

bool bg_text_is_clean(const char *p, size_t n)
{
	uint32_t cp;
	size_t len;

	for (; n; p += len, n -= len) {
		len = 1;
		/* Nearly all of evidence, and read in every verification. */
		if (*p >= 0x20 && *p < 0x7f)
			continue;
		len = bg_utf8_decode(&cp, p, n);
		if (!len || bg_char_forbidden(cp))
			return false;
	}
	return true;
}

bool bg_text_clean(struct bg_str *out, const char *p, size_t n)
{
	bool replaced = false;
	uint32_t cp;
	size_t len;

	for (; n; p += len, n -= len) {
		len = bg_utf8_decode(&cp, p, n);
		if (len && !bg_char_forbidden(cp)) {
			bg_str_addn(out, p, len);
			continue;
		}
		bg_str_add(out, "\xef\xbf\xbd");
		replaced = true;
		if (!len)
			len = 1;
	}
	return replaced;
}

void bg_text_escape(struct bg_str *out, const char *p, size_t n,
		    bool keep_newline)
{
	uint32_t cp = 0;
	size_t len;

	for (; n; p += len, n -= len) {
		len = bg_utf8_decode(&cp, p, n);
		if (len &&
		    (!bg_char_forbidden(cp) || (cp == '\n' && keep_newline)))
			bg_str_addn(out, p, len);
		else if (len > 1)
			bg_str_addf(out, "\\u{%x}", cp);
		else
			bg_str_addf(out, "\\x%02x", (unsigned char)*p);
		if (!len)
			len = 1;
	}
}
