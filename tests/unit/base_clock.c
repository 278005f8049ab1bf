#include "unit/unit.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/str.h"

static void format_and_back(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} table[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ INT64_C(951782400000), "2000-02-29T00:00:00.000Z" },
		{ INT64_C(1709251199999), "2024-02-29T23:59:59.999Z" },
		{ INT64_C(1795403650123), "2026-11-23T03:14:10.123Z" },
		{ INT64_C(4107542400000), "2100-03-01T00:00:00.000Z" },
		{ INT64_C(253402300799999), "9999-12-31T23:59:59.999Z" },
		{ INT64_C(-62167219200000), "0000-01-01T00:00:00.000Z" },
	};
	char out[BG_TIME_LEN + 1];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		bg_time_format(out, table[i].ms);
		assert_string_equal(out, table[i].text);
		assert_true(bg_time_parse_exact(&ms, out));
		assert_true(ms == table[i].ms);
		assert_true(bg_time_parse(&ms, out, true));
		assert_true(ms == table[i].ms);
	}
	/* Outside of four digits: the nearest that can be written. */
	bg_time_format(out, INT64_MAX);
	assert_string_equal(out, "9999-12-31T23:59:59.999Z");
	bg_time_format(out, INT64_MIN);
	assert_string_equal(out, "0000-01-01T00:00:00.000Z");
	/* Every day of 400 years. */
	for (int64_t day = -100 * 365; day < 300 * 365; day++) {
		bg_time_format(out, day * 86400000 + 12345);
		assert_true(bg_time_parse_exact(&ms, out));
		assert_true(ms == day * 86400000 + 12345);
	}
}

static void exact_is_strict(void **state)
{
	static const char *const bad[] = {
		"",
		"2026-11-23T03:14:10Z",
		"2026-11-23T03:14:10.12Z",
		"2026-11-23T03:14:10.1234Z",
		"2026-11-23t03:14:10.123Z",
		"2026-11-23T03:14:10.123z",
		"2026-11-23 03:14:10.123Z",
		"2026-11-23T03:14:10.123+00:00",
		"2026-11-23T03:14:10.123Z ",
		" 2026-11-23T03:14:10.123Z",
		"2026-02-29T03:14:10.123Z",
		"2026-13-01T03:14:10.123Z",
		"2026-00-01T03:14:10.123Z",
		"2026-01-00T03:14:10.123Z",
		"2026-04-31T03:14:10.123Z",
		"1900-02-29T03:14:10.123Z",
		"2026-11-23T24:00:00.000Z",
		"2026-11-23T03:60:10.123Z",
		"2026-11-23T03:14:60.123Z",
		"2026-11-23T03:14:1x.123Z",
		"+026-11-23T03:14:10.123Z",
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++)
		if (bg_time_parse_exact(&ms, bad[i]))
			fail_msg("accepted '%s'", bad[i]);
}

static void typed_times(void **state)
{
	static const struct {
		const char *typed, *from, *to;
	} table[] = {
		{ "2026-11-23T03:14:10Z", "2026-11-23T03:14:10.000Z", NULL },
		{ "2026-11-23t03:14:10z", "2026-11-23T03:14:10.000Z", NULL },
		{ "2026-11-23 03:14:10Z", "2026-11-23T03:14:10.000Z", NULL },
		{ "2026-11-23T03:14:10.5Z", "2026-11-23T03:14:10.500Z", NULL },
		{ "2026-11-23T03:14:10.123456789Z", "2026-11-23T03:14:10.123Z",
		  NULL },
		{ "2026-11-23T03:14:10+01:00", "2026-11-23T02:14:10.000Z",
		  NULL },
		{ "2026-01-01T00:14:10+05:30", "2025-12-31T18:44:10.000Z",
		  NULL },
		{ "2026-11-23T23:14:10-08:00", "2026-11-24T07:14:10.000Z",
		  NULL },
		{ "2026-12-31T23:59:60Z", "2027-01-01T00:00:00.000Z", NULL },
		{ "2026-11-23", "2026-11-23T00:00:00.000Z",
		  "2026-11-23T23:59:59.999Z" },
		{ "2024-02", "2024-02-01T00:00:00.000Z",
		  "2024-02-29T23:59:59.999Z" },
		{ "2026-12", "2026-12-01T00:00:00.000Z",
		  "2026-12-31T23:59:59.999Z" },
		{ "2026Q1", "2026-01-01T00:00:00.000Z",
		  "2026-03-31T23:59:59.999Z" },
		{ "2026Q4", "2026-10-01T00:00:00.000Z",
		  "2026-12-31T23:59:59.999Z" },
		{ "2026-q2", "2026-04-01T00:00:00.000Z",
		  "2026-06-30T23:59:59.999Z" },
		{ "2026", "2026-01-01T00:00:00.000Z",
		  "2026-12-31T23:59:59.999Z" },
	};
	static const char *const bad[] = {
		"",
		"26",
		"2026-",
		"2026-1",
		"2026-13",
		"2026Q0",
		"2026Q5",
		"2026Q",
		"2026Q11",
		"2026Q1 ",
		"2026-11-",
		"2026-11-31",
		"2026x",
		"2026-11-2x",
		"yesterday",
		"20261123",
		"202611",
		"2026--Q1",
		"2026-11-23T",
		"2026-11-23T03:14Z",
		"2026-11-23T03:14:10",
		"2026-11-23T03:14:10.Z",
		"2026-11-23T03:14:10+0100",
		"2026-11-23T03:14:10+24:00",
		"2026-11-23T03:14:10+01:60",
		"2026-11-23T03:14:61Z",
		"2026-11-23T03:14:10Zx",
	};
	char out[BG_TIME_LEN + 1];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		assert_true(bg_time_parse(&ms, table[i].typed, false));
		bg_time_format(out, ms);
		assert_string_equal(out, table[i].from);
		assert_true(bg_time_parse(&ms, table[i].typed, true));
		bg_time_format(out, ms);
		assert_string_equal(out,
				    table[i].to ? table[i].to : table[i].from);
	}
	for (size_t i = 0; i < LENGTH(bad); i++)
		if (bg_time_parse(&ms, bad[i], false))
			fail_msg("accepted '%s'", bad[i]);
}

static void durations(void **state)
{
	static const struct {
		const char *typed;
		int64_t seconds;
		const char *text;
	} good[] = {
		{ "1s", 1, "1s" },
		{ "90s", 90, "90s" },
		{ "60s", 60, "1m" },
		{ "30m", 1800, "30m" },
		{ "90m", 5400, "90m" },
		{ "2h", 7200, "2h" },
		{ "36h", 129600, "36h" },
		{ "48h", 172800, "2d" },
		{ "7d", 604800, "7d" },
		{ "05m", 300, "5m" },
		{ "3660d", 316224000, "3660d" },
		{ "316224000s", 316224000, "3660d" },
	};
	static const char *const bad[] = {
		"",
		"s",
		"0s",
		"0d",
		"-1s",
		"+1s",
		"1",
		"1 s",
		" 1s",
		"1s ",
		"1w",
		"1S",
		"1h30m",
		"1.5h",
		"3661d",
		"316224001s",
		"1e3s",
		"99999999999999999999s",
		"18446744073709551617s",
		"1ss",
	};
	char out[24];
	int64_t s;

	(void)state;
	for (size_t i = 0; i < LENGTH(good); i++) {
		assert_true(bg_duration_parse(&s, good[i].typed));
		assert_true(s == good[i].seconds);
		bg_duration_format(out, s);
		assert_string_equal(out, good[i].text);
	}
	for (size_t i = 0; i < LENGTH(bad); i++)
		if (bg_duration_parse(&s, bad[i]))
			fail_msg("accepted '%s'", bad[i]);
	bg_duration_format(out, 0);
	assert_string_equal(out, "0s");
	bg_duration_format(out, -90);
	assert_string_equal(out, "-90s");
	bg_duration_format(out, INT64_MIN);
	bg_duration_format(out, INT64_MAX);
}

static void snapshot(void **state)
{
	struct bg_clock c;

	(void)state;
	bg_clock_read(&c);
	assert_true(c.wall_ms > INT64_C(1700000000000));
	assert_true(c.boottime_us > 0);
	assert_true(bg_boottime_us() >= c.boottime_us);
	assert_int_equal(strlen(c.boot), BG_BOOT_ID_LEN);
	assert_true(bg_text_is_clean(c.boot, strlen(c.boot)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(format_and_back),
		cmocka_unit_test(exact_is_strict),
		cmocka_unit_test(typed_times),
		cmocka_unit_test(durations),
		cmocka_unit_test(snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
