/* lib/format/json: the subset, its one form, text from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/json.h"

static const struct bg_json_limits tight = { 64, 8, 3 };

static void parses(const char *text, const struct bg_json_limits *limits,
		   bool good)
{
	struct bg_error err = { 0 };
	json_t *v = NULL;
	int r = bg_json_parse(&v, text, strlen(text), limits, &err);

	if ((r == 0) != good)
		fail_msg("%s: %d %s", text, r, err.msg);
	if (r) {
		assert_int_equal(r, BG_EVERIFY);
		assert_string_equal(err.id, "bad-json");
		assert_true(bg_text_is_clean(err.msg, strlen(err.msg)));
		assert_null(v);
	}
	json_decref(v);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"[]",
		"1",
		"\"a\"",
		"null",
		"true",
		"{\"a\": null}",
		"{\"a\": [null]}",
		"{\"a\": {\"b\": null}}",
		"{\"a\": 1.0}",
		"{\"a\": 1e2}",
		"{\"a\": 1E400}",
		"{\"a\": 0.5}",
		"{\"a\": -0}",
		"{\"a\": -0.0}",
		"{\"a\": 01}",
		"{\"a\": +1}",
		"{\"a\": -}",
		"{\"a\": 0x1}",
		"{\"a\": NaN}",
		"{\"a\": Infinity}",
		"{\"a\": 9007199254740992}",
		"{\"a\": -9007199254740992}",
		"{\"a\": 18446744073709551616}",
		"{\"a\": 9223372036854775808}",
		"{\"a\": 1, \"a\": 1}",
		"{\"a\": {\"b\": 1, \"b\": 2}}",
		"{\"a\": 1, \"\\u0061\": 1}",
		"{\"a\": \"\\ud800\"}",
		"{\"a\": \"\\udc00\\ud800\"}",
		"{\"a\": \"\\u0000\"}",
		"{\"\\u0000\": 1}",
		"{\"a\": \"\\n\"}",
		"{\"a\": \"\n\"}",
		"{\"a\": \"\\u001b\"}",
		"{\"a\": \"\\u007f\"}",
		"{\"a\": \"\x7f\"}",
		"{\"a\": \"\\u0085\"}",
		"{\"a\": \"\\u202e\"}",
		"{\"a\": \"\xe2\x80\xae\"}",
		"{\"\xe2\x80\xae\": 1}",
		"{\"a\": \"\\u2066\"}",
		"{\"a\": \"\\u200b\"}",
		"{\"a\": \"\\ufeff\"}",
		"{\"a\": \"\\u061c\"}",
		"{\"a\": \"\\uffff\"}",
		"{\"a\": \"\\ud83f\\udffe\"}",
		"{\"a\": \"\\ufdd0\"}",
		"{\"a\": \"\xff\"}",
		"{\"a\": \"\xc0\x80\"}",
		"{\"a\": \"\xed\xa0\x80\"}",
		"{\"a\": \"\xf4\x90\x80\x80\"}",
		"{\"a\": \"\xe2\x80\"}",
		"{\"a\": 1} x",
		"{\"a\": 1}{}",
		"{\"a\": 1,}",
		"{'a': 1}",
		"{a: 1}",
		"{\"a\" 1}",
		"{\"a\": 1",
		"{\"a\": [1 2]}",
		"// c\n{}",
		"\xef\xbb\xbf{}",
		"{\"a\": \"\\x\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		parses(bad[i], &bg_json_event_limits, false);
}

static void test_accepted(void **state)
{
	static const char *const good[] = {
		"{}",
		" {\n} ",
		"{\"a\": 9007199254740991}",
		"{\"a\": -9007199254740991}",
		"{\"a\": 0}",
		"{\"a\": -10}",
		"{\"a\": [], \"b\": {}, \"\": true}",
		"{\"a\": \"-0\"}",
		"{\"a\": \"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91\"}",
		"{\"a\": \"\\ud83d\\udd11\"}",
		"{\"a\": \"\\\"{[-0\\\\\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		parses(good[i], &bg_json_event_limits, true);
}

static void test_limits(void **state)
{
	(void)state;
	parses("{\"a\": \"12345678\"}", &tight, true);
	parses("{\"a\": \"123456789\"}", &tight, false);
	parses("{\"123456789\": 1}", &tight, false);
	parses("{\"a\": [[1]]}", &tight, true);
	parses("{\"a\": [[[1]]]}", &tight, false);
	parses("{\"a\": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
	       &tight, false);
	parses("{                                                             "
	       "}",
	       &tight, true);
	parses("{                                                             "
	       "  }",
	       &tight, false);
}

static void test_nul_and_length(void **state)
{
	struct bg_error err = { 0 };
	json_t *v = NULL;

	(void)state;
	assert_int_equal(bg_json_parse(&v, "{}\0", 3, &tight, &err),
			 BG_EVERIFY);
	assert_int_equal(bg_json_parse(&v, "{\"a\": \"\0\"}", 10, &tight, &err),
			 BG_EVERIFY);
	/* Nothing is read beyond n. */
	assert_int_equal(bg_json_parse(&v, "{}garbage", 2, &tight, &err), 0);
	json_decref(v);
}

static void canon_is(const char *text, const char *const *order,
		     const char *want)
{
	struct bg_error err = { 0 };
	BG_AUTO(str) struct bg_str out = BG_STR_INIT;
	BG_AUTO(json) json_t *v = json_loads(text, JSON_ALLOW_NUL, NULL);
	int r = bg_json_canon(&out, v, order, &err);

	if (!want) {
		assert_int_equal(r, BG_EFAIL);
		assert_string_equal(err.id, "bad-json");
		return;
	}
	assert_int_equal(r, 0);
	assert_string_equal(bg_str_text(&out), want);
}

static void test_canon(void **state)
{
	static const char *const order[] = { "v", "repo", "at", "data", NULL };

	(void)state;
	canon_is("{}", NULL, "{}\n");
	canon_is("{}", order, "{}\n");
	canon_is("{\"b\":1,\"a\":[],\"aa\":{},\"B\":true,\"c\":[1,[false]]}",
		 NULL,
		 "{\n \"B\": true,\n \"a\": [],\n \"aa\": {},\n \"b\": 1,\n"
		 " \"c\": [\n  1,\n  [\n   false\n  ]\n ]\n}\n");
	canon_is("{\"data\":{\"z\":-1,\"y\":\"q\\\"b\\\\\"},\"v\":1}", order,
		 "{\n \"v\": 1,\n \"data\": {\n  \"y\": \"q\\\"b\\\\\",\n"
		 "  \"z\": -1\n }\n}\n");
	canon_is("{\"v\":1,\"extra\":2}", order, NULL);
	canon_is("[]", NULL, NULL);
	canon_is("{\"a\":null}", NULL, NULL);
	canon_is("{\"a\":1.5}", NULL, NULL);
	canon_is("{\"a\":\"\\u0000\"}", NULL, NULL);
	canon_is("{\"a\":\"\\t\"}", NULL, NULL);
	canon_is("{\"a\":9007199254740992}", NULL, NULL);
	/* Bytes, not letters: U+00E9 is after z, and shorter before longer. */
	canon_is("{\"\xc3\xa9\":1,\"z\":2,\"zz\":3}", NULL,
		 "{\n \"z\": 2,\n \"zz\": 3,\n \"\xc3\xa9\": 1\n}\n");
}

/* Many keys: the list does not fit the stack. */
static void test_many_keys(void **state)
{
	BG_AUTO(json) json_t *v = json_object(), *again = NULL;
	BG_AUTO(str) struct bg_str one = BG_STR_INIT, two = BG_STR_INIT;
	struct bg_error err;

	(void)state;
	for (int i = 999; i >= 0; i--) {
		BG_AUTO(str) struct bg_str key = BG_STR_INIT;

		bg_str_addf(&key, "k%03d", i);
		assert_int_equal(
			json_object_set_new(v, key.buf, json_integer(i)), 0);
	}
	assert_int_equal(bg_json_canon(&one, v, NULL, &err), 0);
	assert_non_null(strstr(one.buf, "{\n \"k000\": 0,\n \"k001\": 1,"));
	assert_int_equal(bg_json_parse(&again, one.buf, one.len,
				       &bg_json_event_limits, &err),
			 0);
	assert_int_equal(bg_json_canon(&two, again, NULL, &err), 0);
	assert_string_equal(one.buf, two.buf);
}

/*
 * Random values: what is written is read, and written the same again.
 */
static uint64_t seed = 20261123;

static uint32_t rnd(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) +
	       UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % n;
}

static json_t *random_string(void)
{
	static const char *const part[] = {
		"a", "\"", "\\", " ", "z9", "\xc3\xa9", "\xf0\x9f\x94\x91",
		"{", "-0", ":"
	};
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;

	for (uint32_t n = rnd(6); n; n--)
		bg_str_add(&s, part[rnd(10)]);
	return json_string(bg_str_text(&s));
}

static json_t *random_value(int depth)
{
	uint32_t kind = rnd(depth > 4 ? 4 : 6);
	json_t *v;

	switch (kind) {
	case 0:
		return json_boolean(rnd(2));
	case 1:
		return json_integer((int64_t)rnd(1000) - 500);
	case 2:
		return json_integer(rnd(2) ? BG_JSON_INT_MAX
					   : -BG_JSON_INT_MAX);
	case 3:
		return random_string();
	case 4:
		v = json_array();
		for (uint32_t n = rnd(4); n; n--)
			json_array_append_new(v, random_value(depth + 1));
		return v;
	}
	v = json_object();
	for (uint32_t n = rnd(5); n; n--) {
		BG_AUTO(json) json_t *key = random_string();

		json_object_set_new(v, json_string_value(key),
				    random_value(depth + 1));
	}
	return v;
}

static void test_round_trips(void **state)
{
	(void)state;
	for (int i = 0; i < 10000; i++) {
		BG_AUTO(str) struct bg_str one = BG_STR_INIT, two = BG_STR_INIT;
		BG_AUTO(json) json_t *v = json_object(), *again = NULL;
		struct bg_error err = { 0 };

		json_object_set_new(v, "x", random_value(0));
		json_object_set_new(v, "a", random_value(0));
		assert_int_equal(bg_json_canon(&one, v, NULL, &err), 0);
		if (bg_json_parse(&again, one.buf, one.len,
				  &bg_json_event_limits, &err))
			fail_msg("%s: %s", err.msg, one.buf);
		assert_true(json_equal(v, again));
		assert_int_equal(bg_json_canon(&two, again, NULL, &err), 0);
		assert_string_equal(one.buf, two.buf);
	}
}

/* Every single edit of a canonical text is refused, or writes as what it
 * reads: it never comes back as the original bytes. */
static void test_single_edits(void **state)
{
	static const char text[] = "{\n \"a\": [\n  -1,\n  true\n ],\n"
				   " \"b\": {},\n \"c\": \"\\\"x\"\n}\n";
	size_t n = sizeof(text) - 1;

	(void)state;
	for (size_t i = 0; i < n * 8; i++) {
		char edited[sizeof(text)];
		BG_AUTO(str) struct bg_str out = BG_STR_INIT;
		BG_AUTO(json) json_t *v = NULL;
		struct bg_error err;

		memcpy(edited, text, sizeof(text));
		edited[i / 8] ^= (char)(1 << i % 8);
		if (bg_json_parse(&v, edited, n, &bg_json_event_limits, &err))
			continue;
		assert_int_equal(bg_json_canon(&out, v, NULL, &err), 0);
		assert_string_not_equal(out.buf, text);
	}
}

static void set_text(json_t *o, const char *p, size_t n, size_t limit)
{
	struct bg_error err = { 0 };

	json_object_clear(o);
	if (bg_json_set_text(o, "k", p, n, limit, &err))
		fail_msg("%s", err.msg);
}

static void test_set_text(void **state)
{
	BG_AUTO(json) json_t *o = json_object();

	(void)state;
	set_text(o, "plain", 5, 100);
	assert_string_equal(bg_json_text(o, "k"), "plain");
	assert_int_equal(json_object_size(o), 1);
	set_text(o, "", 0, 100);
	assert_string_equal(bg_json_text(o, "k"), "");
	set_text(o, "a\033[31m\0\xff", 8, 100);
	assert_string_equal(bg_json_text(o, "k"),
			    "a\xef\xbf\xbd[31m\xef\xbf\xbd\xef\xbf\xbd");
	assert_string_equal(bg_json_text(o, "k_b64"), "YRtbMzFtAP8=");
	assert_int_equal(json_object_size(o), 2);
	/* Cut between characters. */
	set_text(o,
		 "ab\xe2\x82\xac"
		 "c",
		 6, 4);
	assert_string_equal(bg_json_text(o, "k"), "ab");
	assert_int_equal(bg_json_int(o, "k_bytes", 0), 6);
	set_text(o,
		 "ab\xe2\x82\xac"
		 "c",
		 6, 5);
	assert_string_equal(bg_json_text(o, "k"), "ab\xe2\x82\xac");
	assert_int_equal(json_object_size(o), 2);
}

static void test_set_text_huge(void **state)
{
	const size_t n = 1024 * 1024;
	BG_AUTO(json) json_t *o = json_object();
	BG_AUTO(free) char *p = malloc(n);

	(void)state;
	assert_non_null(p);
	for (int fill = 0; fill < 256; fill += 17) {
		struct bg_error err = { 0 };
		BG_AUTO(str) struct bg_str out = BG_STR_INIT;
		BG_AUTO(json) json_t *again = NULL;

		memset(p, fill, n);
		set_text(o, p, n, 4096);
		assert_true(strlen(bg_json_text(o, "k")) <= 4096);
		assert_int_equal(bg_json_int(o, "k_bytes", 0), n);
		assert_int_equal(bg_json_canon(&out, o, NULL, &err), 0);
		if (bg_json_parse(&again, out.buf, out.len,
				  &bg_json_event_limits, &err))
			fail_msg("%02x: %s", (unsigned)fill, err.msg);
	}
}

static void test_members(void **state)
{
	BG_AUTO(json)
	json_t *o = json_loads("{\"t\":\"x\",\"i\":7,\"b\":true,\"f\":false}",
			       0, NULL);

	(void)state;
	assert_string_equal(bg_json_text(o, "t"), "x");
	assert_null(bg_json_text(o, "i"));
	assert_null(bg_json_text(o, "none"));
	assert_int_equal(bg_json_int(o, "i", 1), 7);
	assert_int_equal(bg_json_int(o, "t", 1), 1);
	assert_int_equal(bg_json_int(NULL, "i", 3), 3);
	assert_true(bg_json_bool(o, "b"));
	assert_false(bg_json_bool(o, "f"));
	assert_false(bg_json_bool(o, "i"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_nul_and_length),
		cmocka_unit_test(test_canon),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_single_edits),
		cmocka_unit_test(test_set_text),
		cmocka_unit_test(test_set_text_huge),
		cmocka_unit_test(test_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
