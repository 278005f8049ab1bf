/* Text from anywhere: cleaned and escaped it is clean; times and durations
 * that parse are written and parse again to the same. */
#include "base/clock.h"
#include "base/str.h"
#include "support/fuzz.h"

static void times(const char *s)
{
	char out[BG_TIME_LEN + 1], d[24];
	int64_t ms, again, end;

	if (bg_time_parse(&ms, s, false)) {
		must(bg_time_parse(&end, s, true) && end >= ms);
		bg_time_format(out, ms);
		must(bg_time_parse_exact(&again, out));
	}
	if (bg_time_parse_exact(&ms, s)) {
		bg_time_format(out, ms);
		must(strcmp(out, s) == 0);
	}
	if (bg_duration_parse(&ms, s)) {
		must(ms >= 1 && ms <= 3660 * INT64_C(86400));
		bg_duration_format(d, ms);
		must(bg_duration_parse(&again, d) && again == ms);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	BG_AUTO(str) struct bg_str clean = BG_STR_INIT;
	BG_AUTO(str) struct bg_str shown = BG_STR_INIT;
	BG_AUTO(str) struct bg_str copy = BG_STR_INIT;
	bool was = bg_text_is_clean((const char *)p, n);

	must(bg_text_clean(&clean, (const char *)p, n) == !was);
	must(bg_text_is_clean(bg_str_text(&clean), clean.len));
	must(!was || (clean.len == n && !memcmp(bg_str_text(&clean), p, n)));
	bg_text_escape(&shown, (const char *)p, n, false);
	must(bg_text_is_clean(bg_str_text(&shown), shown.len));
	bg_str_addn(&copy, p, n);
	times(bg_str_text(&copy));
	return 0;
}
