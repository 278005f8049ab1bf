#include "unit/unit.h"

#include "cmd/ui.h"
#include "cmd/ui_table.h"

#define NOW INT64_C(1795403650000) /* 2026-11-23T03:14:10Z */
static const struct bg_ui ui = { .now_ms = NOW, .columns = 80 };

static void left(void **state)
{
	static const struct {
		int64_t ms;
		const char *utc, *berlin;
	} table[] = {
		{ 1680000, "28m left, until 03:42 (03:42:10Z)",
		  "28m left, until 04:42 (03:42:10Z)" },
		{ 1799600, "30m left, until 03:44 (03:44:09Z)",
		  "30m left, until 04:44 (03:44:09Z)" },
		{ 5000, "5s left, until 03:14 (03:14:15Z)",
		  "5s left, until 04:14 (03:14:15Z)" },
		{ 5400000, "1h 30m left, until 04:44 (04:44:10Z)",
		  "1h 30m left, until 05:44 (04:44:10Z)" },
		{ -60000, "over since 03:13 (03:13:10Z)",
		  "over since 04:13 (03:13:10Z)" },
		{ 86400000, "24h left, until 2026-11-24 03:14 (03:14:10Z)",
		  "24h left, until 2026-11-24 04:14 (03:14:10Z)" },
		{ 73800000, "21h left, until 23:44 (23:44:10Z)",
		  "21h left, until 2026-11-24 00:44 (2026-11-23T23:44:10Z)" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		for (int zone = 0; zone < 2; zone++) {
			BG_AUTO(str) struct bg_str s = BG_STR_INIT;

			setenv("TZ", zone ? "CET-1" : "UTC", 1);
			tzset();
			bg_ui_left(&s, &ui, NOW + table[i].ms);
			assert_string_equal(s.buf, zone ? table[i].berlin
							: table[i].utc);
		}
	}
}

static void due(void **state)
{
	static const struct {
		int64_t ms;
		bool late;
		const char *text;
	} table[] = {
		{ 3600000, true, "in 1h" },      { -3600000, true, "1h late" },
		{ -3600000, false, "1h ago" },   { 259200000, true, "in 3d" },
		{ -90000, false, "1m 30s ago" }, { 0, true, "in 0s" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		BG_AUTO(str) struct bg_str s = BG_STR_INIT;

		bg_ui_due(&s, &ui, NOW + table[i].ms, table[i].late);
		assert_string_equal(s.buf, table[i].text);
	}
}

static void spans(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} table[] = {
		{ -5, "0s" },          { 999, "0s" },
		{ 45000, "45s" },      { 1752000, "29m 12s" },
		{ 3900000, "1h 05m" }, { 273600000, "3d 4h" },
	};
	char out[BG_SPAN_LEN];

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		bg_ui_span(out, table[i].ms);
		assert_string_equal(out, table[i].text);
	}
}

static void escapes(void **state)
{
	static const struct {
		const char *in;
		size_t max;
		const char *out;
	} table[] = {
		{ "plain", 0, "plain" },
		{ "\033[31mred", 0, "\\x1b[31mred" },
		{ "a\nb", 0, "a\\x0ab" },
		{ "\xff", 0, "\\xff" },
		{ "\xe2\x80\xae", 0, "\\u{202e}" },
		{ "hello world", 5, "hello..." },
		{ "\xe6\x97\xa5\xe6\x9c\xac", 3, "\xe6\x97\xa5..." },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		BG_AUTO(str) struct bg_str s = BG_STR_INIT;

		bg_ui_escape(&s, table[i].in, table[i].max);
		assert_string_equal(bg_str_text(&s), table[i].out);
	}
	assert_int_equal(bg_table_width("\xe6\x97\xa5"), 2);
	assert_int_equal(bg_table_width("e\xcc\x81"), 1);
}

static void table(void **state)
{
	BG_AUTO(table) struct bg_table t = { .columns = 3 };
	char text[256] = "";
	FILE *f = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_non_null(f);
	assert_int_equal(bg_table_add(&t, "a"), 0);
	assert_int_equal(bg_table_add(&t, NULL), 0);
	assert_int_equal(bg_table_add(&t, "c\n"), 0);
	assert_int_equal(bg_table_addf(&t, "%s", "long"), 0);
	assert_int_equal(bg_table_add(&t, ""), 0);
	assert_int_equal(bg_table_add(&t, ""), 0);
	bg_table_print(f, &ui, &t, 2);
	fclose(f);
	/* An empty column takes no room, a row has no blanks at its end. */
	assert_string_equal(text, "  a     c\\x0a\n  long\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(left),  cmocka_unit_test(due),
		cmocka_unit_test(spans), cmocka_unit_test(escapes),
		cmocka_unit_test(table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
