/* The anchor: the genesis digest as a line that a person can print and type. */
#include <string.h>

#include "evidence/install.h"

#define BODY 52 /* characters of 32 bytes */
#define CHECK 4 /* 20 bits of its SHA-256 */

static void check_chars(char out[CHECK + 1], const struct bg_digest *genesis)
{
	struct bg_digest d = { { 0 } };
	char text[8];

	/* Out of memory gives the check of nothing: refused when read. */
	if (bg_sha256(&d, genesis->b, sizeof(genesis->b)))
		memset(&d, 0, sizeof(d));
	bg_base32(text, d.b, 3);
	memcpy(out, text, CHECK);
	out[CHECK] = '\0';
}

void bg_anchor_format(char *out, const struct bg_digest *genesis, bool grouped)
{
	char text[BODY + CHECK + 2];
	size_t n = 4;

	bg_base32(text, genesis->b, sizeof(genesis->b));
	check_chars(text + BODY, genesis);
	memcpy(out, "bg1:", 4);
	for (size_t i = 0; i < BODY + CHECK; i++) {
		if (grouped && i && i % 4 == 0)
			out[n++] = '-';
		out[n++] = text[i];
	}
	out[n] = '\0';
}

static int mistyped(struct bg_error *err, const char *what)
{
	return bg_fail(err, BG_EUSAGE, "bad-anchor",
		       "this is not an anchor: %s", what);
}

/* The 56 characters after "bg1:" as values. */
static int take_values(unsigned char *v, const char *text, struct bg_error *err)
{
	size_t n = 0;

	if (strncmp(text, "bg1:", 4) != 0)
		return mistyped(err, "it does not begin with bg1:");
	for (text += 4; *text; text++) {
		int value;

		if (*text == '-')
			continue;
		value = bg_base32_value(*text);
		if (value < 0 || n == BODY + CHECK)
			return mistyped(err, "a character too many, or one "
					     "that no anchor has");
		v[n++] = (unsigned char)value;
	}
	return n == BODY + CHECK ? 0 : mistyped(err, "it is too short");
}

int bg_anchor_parse(struct bg_digest *out, const char *text,
		    struct bg_error *err)
{
	unsigned char v[BODY + CHECK];
	struct bg_digest d;
	char want[CHECK + 1];
	int r = take_values(v, text, err);
	unsigned bits = 0, have = 0;
	size_t n = 0;

	if (r)
		return r;
	for (size_t i = 0; i < BODY; i++) {
		bits = bits << 5 | v[i];
		have += 5;
		if (have < 8)
			continue;
		have -= 8;
		d.b[n++] = (unsigned char)(bits >> have);
		bits &= (1u << have) - 1;
	}
	check_chars(want, &d);
	for (size_t i = 0; i < CHECK; i++)
		if (v[BODY + i] != bg_base32_value(want[i]))
			return mistyped(err, "its check characters are wrong: "
					     "one is mistyped");
	if (bits)
		return mistyped(err, "one character is mistyped");
	*out = d;
	return 0;
}
