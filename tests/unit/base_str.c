#include "unit/unit.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/vec.h"

static void strings_grow(void **state)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	struct bg_error err;

	(void)state;
	assert_string_equal(bg_str_text(&s), "");
	for (int i = 0; i < 1000; i++)
		bg_str_addf(&s, "%d,", i);
	assert_int_equal(s.len, 3890);
	assert_int_equal(strlen(s.buf), s.len);
	bg_str_addc(&s, '\0');
	bg_str_addn(&s, "a\0b", 3);
	assert_int_equal(s.len, 3894);
	assert_memory_equal(s.buf + 3890, "\0a\0b", 5);
	bg_str_clear(&s);
	assert_string_equal(bg_str_text(&s), "");
	/* Exactly at, below and above a power of two. */
	for (int n = 60; n < 70; n++) {
		BG_AUTO(str) struct bg_str f = BG_STR_INIT;

		bg_str_addf(&f, "%*d", n, 7);
		assert_int_equal(f.len, n);
		assert_int_equal(f.buf[n - 1], '7');
		assert_int_equal(f.buf[n], 0);
	}
	assert_ok(bg_str_check(&s, &err), err);
}

static void strings_detach(void **state)
{
	struct bg_str s = BG_STR_INIT;
	char *p;

	(void)state;
	p = bg_str_detach(&s);
	assert_string_equal(p, "");
	free(p);
	bg_str_add(&s, "abc");
	p = bg_str_detach(&s);
	assert_string_equal(p, "abc");
	assert_null(s.buf);
	free(p);
}

static void strings_without_memory(void **state)
{
	struct bg_str s = BG_STR_INIT;
	struct bg_error err;

	(void)state;
	bg_str_add(&s, "kept");
	bg_str_addn(&s, "x", SIZE_MAX / 2);
	assert_true(s.oom);
	bg_str_add(&s, "later");
	assert_string_equal(s.buf, "kept");
	assert_fails(bg_str_check(&s, &err), BG_EFAIL, "out-of-memory", err);
	assert_null(bg_str_detach(&s));
	assert_null(s.buf);
}

static void small_comparisons(void **state)
{
	struct bg_span span = { "word and more", 4 };

	(void)state;
	assert_true(bg_span_is(span, "word"));
	assert_false(bg_span_is(span, "wor"));
	assert_false(bg_span_is(span, "word "));
	assert_true(bg_str_eq(NULL, NULL));
	assert_false(bg_str_eq(NULL, ""));
	assert_true(bg_str_eq("a", "a"));
	assert_true(bg_starts_with("abc", "ab"));
	assert_true(bg_starts_with("abc", ""));
	assert_false(bg_starts_with("ab", "abc"));
}

static void arenas(void **state)
{
	BG_AUTO(arena) struct bg_arena a = BG_ARENA_INIT;
	struct bg_error err;

	(void)state;
	for (size_t n = 0; n < 5000; n += 7) {
		unsigned char *p = bg_arena_alloc(&a, n);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
	}
	memset(bg_arena_alloc(&a, 1 << 20), 1, 1 << 20);
	assert_string_equal(bg_arena_printf(&a, "%s-%d", "x", 3), "x-3");
	assert_string_equal(bg_arena_strndup(&a, "abcdef", 3), "abc");
	assert_string_equal(bg_arena_strndup(&a, "ab", 3), "ab");
	assert_string_equal(bg_arena_strdup(&a, ""), "");
	assert_ok(bg_arena_check(&a, &err), err);
	assert_null(bg_arena_array(&a, SIZE_MAX / 2, 3));
	assert_fails(bg_arena_check(&a, &err), BG_EFAIL, "out-of-memory", err);
}

static void vectors(void **state)
{
	BG_VEC(int) v = { 0 };
	size_t cap = 0;
	void *p = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(bg_vec_push(&v, i), 0);
	assert_int_equal(v.n, 1000);
	assert_int_equal(v.v[999], 999);
	bg_vec_release(&v);
	assert_int_equal(v.n, 0);
	assert_int_equal(bg_vec_grow(&p, 0, &cap, SIZE_MAX / 4), -1);
}

static void hex(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		bool any_case, good;
	} table[] = {
		{ "00ff7f", 3, false, true },   { "00FF7F", 3, false, false },
		{ "00FF7f", 3, true, true },    { "00ff7", 3, false, false },
		{ "00ff7f0", 3, false, false }, { "00ff7f00", 3, false, false },
		{ "", 0, false, true },         { "0g", 1, true, false },
		{ " 0", 1, false, false },      { "", 1, false, false },
	};
	unsigned char b[4];
	char out[16];

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++)
		assert_int_equal(bg_unhex(b, table[i].n, table[i].text,
					  table[i].any_case),
				 table[i].good);
	bg_hex(out, (const unsigned char *)"\x00\xff\x7f", 3);
	assert_string_equal(out, "00ff7f");
}

static void base32(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *text;
	} table[] = {
		{ "", 0, "" },
		{ "\x00", 1, "00" },
		{ "\xff", 1, "zw" },
		{ "\x01\x23\x45\x67\x89", 5, "04hmasw9" },
		{ "\xff\xff\xff\xff\xff", 5, "zzzzzzzz" },
		{ "\x80\x00\x00\x00\x00\x01", 6, "g000000004" },
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		bg_base32(out, (const unsigned char *)table[i].bytes,
			  table[i].n);
		assert_string_equal(out, table[i].text);
		assert_int_equal(strlen(out), (8 * table[i].n + 4) / 5);
	}
	for (int i = 0; i < 32; i++)
		assert_int_equal(bg_base32_value(bg_base32_alphabet[i]), i);
	assert_int_equal(bg_base32_value('O'), 0);
	assert_int_equal(bg_base32_value('o'), 0);
	assert_int_equal(bg_base32_value('I'), 1);
	assert_int_equal(bg_base32_value('l'), 1);
	assert_int_equal(bg_base32_value('Z'), 31);
	assert_int_equal(bg_base32_value('u'), -1);
	assert_int_equal(bg_base32_value('U'), -1);
	assert_int_equal(bg_base32_value('-'), -1);
	assert_int_equal(bg_base32_value('\0'), -1);
}

static void utf8(void **state)
{
	static const struct {
		const char *bytes;
		size_t n, len;
		uint32_t cp;
	} table[] = {
		{ "a", 1, 1, 'a' },
		{ "\0", 1, 1, 0 },
		{ "\x7f", 1, 1, 0x7f },
		{ "\x80", 1, 0, 0 },
		{ "\xc2\x80", 2, 2, 0x80 },
		{ "\xc1\xbf", 2, 0, 0 }, /* overlong */
		{ "\xc0\x80", 2, 0, 0 },
		{ "\xc2", 1, 0, 0 }, /* cut */
		{ "\xc2\x41", 2, 0, 0 },
		{ "\xe0\xa0\x80", 3, 3, 0x800 },
		{ "\xe0\x9f\xbf", 3, 0, 0 },
		{ "\xe2\x82\xac", 3, 3, 0x20ac },
		{ "\xe2\x82\xac", 2, 0, 0 },
		{ "\xed\x9f\xbf", 3, 3, 0xd7ff },
		{ "\xed\xa0\x80", 3, 0, 0 }, /* surrogate */
		{ "\xed\xbf\xbf", 3, 0, 0 },
		{ "\xee\x80\x80", 3, 3, 0xe000 },
		{ "\xf0\x90\x80\x80", 4, 4, 0x10000 },
		{ "\xf0\x8f\xbf\xbf", 4, 0, 0 },
		{ "\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff },
		{ "\xf4\x90\x80\x80", 4, 0, 0 },
		{ "\xf8\x88\x80\x80\x80", 5, 0, 0 },
		{ "\xff", 1, 0, 0 },
		{ "", 0, 0, 0 },
	};
	uint32_t cp;

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		cp = 0;
		assert_int_equal(bg_utf8_decode(&cp, table[i].bytes,
						table[i].n),
				 table[i].len);
		if (table[i].len)
			assert_int_equal(cp, table[i].cp);
	}
}

static void forbidden(void **state)
{
	static const uint32_t bad[] = {
		0,      0x0a,   0x1f,   0x7f,   0x80,    0x9f,     0x61c,
		0x200b, 0x200f, 0x2028, 0x202e, 0x2060,  0x2069,   0xfeff,
		0xfdd0, 0xfdef, 0xfffe, 0xffff, 0x1fffe, 0x10ffff, 0xd800,
	};
	static const uint32_t good[] = {
		0x20,   0x7e,   0xa0,   0x61b,   0x61d,   0x200a,
		0x2010, 0x2027, 0x202f, 0x205f,  0x206a,  0xfefe,
		0xfdcf, 0xfdf0, 0xfffd, 0x10000, 0x1f511, 0x10fffd,
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++)
		assert_true(bg_char_forbidden(bad[i]));
	for (size_t i = 0; i < LENGTH(good); i++)
		assert_false(bg_char_forbidden(good[i]));
}

static void clean_and_escape(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *clean, *escaped;
	} table[] = {
		{ "plain \\ \"text\"", 14, NULL, NULL },
		{ "gr\xc3\xbc\xc3\x9f", 6, NULL, NULL },
		{ "\x1b[31m", 5, "\xef\xbf\xbd[31m", "\\x1b[31m" },
		{ "a\0b", 3,
		  "a\xef\xbf\xbd"
		  "b",
		  "a\\x00b" },
		{ "\xff\xfe", 2, "\xef\xbf\xbd\xef\xbf\xbd", "\\xff\\xfe" },
		{ "\xe2\x82", 2, "\xef\xbf\xbd\xef\xbf\xbd", "\\xe2\\x82" },
		{ "\xe2\x80\xae", 3, "\xef\xbf\xbd", "\\u{202e}" },
		{ "\xc2\x9b"
		  "1m",
		  4,
		  "\xef\xbf\xbd"
		  "1m",
		  "\\u{9b}1m" },
		{ "\t", 1, "\xef\xbf\xbd", "\\x09" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		BG_AUTO(str) struct bg_str c = BG_STR_INIT;
		BG_AUTO(str) struct bg_str e = BG_STR_INIT;
		bool same = !table[i].clean;

		assert_int_equal(bg_text_is_clean(table[i].in, table[i].n),
				 same);
		assert_int_equal(bg_text_clean(&c, table[i].in, table[i].n),
				 !same);
		bg_text_escape(&e, table[i].in, table[i].n, false);
		assert_string_equal(c.buf, same ? table[i].in : table[i].clean);
		assert_string_equal(e.buf,
				    same ? table[i].in : table[i].escaped);
		assert_true(bg_text_is_clean(c.buf, c.len));
		assert_true(bg_text_is_clean(e.buf, e.len));
	}
}

static void escape_keeps_lines(void **state)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;

	(void)state;
	bg_text_escape(&s, "a\nb\r\n", 5, true);
	bg_text_escape(&s, "a\n", 2, false);
	assert_string_equal(s.buf, "a\nb\\x0d\na\\x0a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_grow),
		cmocka_unit_test(strings_detach),
		cmocka_unit_test(strings_without_memory),
		cmocka_unit_test(small_comparisons),
		cmocka_unit_test(arenas),
		cmocka_unit_test(vectors),
		cmocka_unit_test(hex),
		cmocka_unit_test(base32),
		cmocka_unit_test(utf8),
		cmocka_unit_test(forbidden),
		cmocka_unit_test(clean_and_escape),
		cmocka_unit_test(escape_keeps_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
