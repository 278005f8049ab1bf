/* Times as people read them: what is left, local time, then UTC. */
#include "cmd/ui.h"

#include "base/clock.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

void bg_ui_span(char *out, int64_t ms)
{
	if (ms < 0)
		ms = 0;
	if (ms >= 2 * DAY)
		snprintf(out, BG_SPAN_LEN, "%lldd %lldh", (long long)(ms / DAY),
			 (long long)(ms % DAY / HOUR));
	else if (ms >= HOUR)
		snprintf(out, BG_SPAN_LEN, "%lldh %02lldm",
			 (long long)(ms / HOUR),
			 (long long)(ms % HOUR / MINUTE));
	else if (ms >= MINUTE)
		snprintf(out, BG_SPAN_LEN, "%lldm %02llds",
			 (long long)(ms / MINUTE),
			 (long long)(ms % MINUTE / SECOND));
	else
		snprintf(out, BG_SPAN_LEN, "%llds", (long long)(ms / SECOND));
}

/* One unit, rounded: "28m", "3h", "2d". */
static void coarse(char *out, int64_t ms)
{
	if (ms < 0)
		ms = 0;
	if (ms >= 2 * DAY)
		snprintf(out, BG_SPAN_LEN, "%lldd",
			 (long long)((ms + DAY / 2) / DAY));
	else if (ms >= 10 * HOUR)
		snprintf(out, BG_SPAN_LEN, "%lldh",
			 (long long)((ms + HOUR / 2) / HOUR));
	else if (ms >= HOUR - 30 * SECOND)
		snprintf(out, BG_SPAN_LEN, "%lldh %02lldm",
			 (long long)((ms + MINUTE / 2) / HOUR),
			 (long long)((ms + MINUTE / 2) % HOUR / MINUTE));
	else if (ms >= 10 * MINUTE - 30 * SECOND)
		snprintf(out, BG_SPAN_LEN, "%lldm",
			 (long long)((ms + MINUTE / 2) / MINUTE));
	else
		bg_ui_span(out, ms);
	/* Whole units read better without a zero part. */
	char *zero = strstr(out, " 00");
	if (zero)
		*zero = 0;
}

static void split(struct tm *local, struct tm *utc, int64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	if (!localtime_r(&t, local))
		memset(local, 0, sizeof(*local));
	if (!gmtime_r(&t, utc))
		memset(utc, 0, sizeof(*utc));
}

void bg_ui_time(struct bg_str *out, const struct bg_ui *ui, int64_t ms)
{
	struct tm local, utc, now_local, now_utc;
	char text[48];
	split(&local, &utc, ms);
	split(&now_local, &now_utc, ui->now_ms);
	bool today = local.tm_year == now_local.tm_year &&
		     local.tm_yday == now_local.tm_yday;
	strftime(text, sizeof(text), today ? "%H:%M" : "%Y-%m-%d %H:%M",
		 &local);
	bg_str_add(out, text);
	bool same_day = local.tm_yday == utc.tm_yday;
	strftime(text, sizeof(text),
		 same_day ? " (%H:%M:%SZ)" : " (%Y-%m-%dT%H:%M:%SZ)", &utc);
	bg_str_add(out, text);
}

void bg_ui_left(struct bg_str *out, const struct bg_ui *ui, int64_t until_ms)
{
	char text[BG_SPAN_LEN];
	if (until_ms > ui->now_ms) {
		coarse(text, until_ms - ui->now_ms);
		bg_str_addf(out, "%s left, until ", text);
	} else {
		bg_str_add(out, "over since ");
	}
	bg_ui_time(out, ui, until_ms);
}

void bg_ui_due(struct bg_str *out, const struct bg_ui *ui, int64_t ms,
	       bool late)
{
	char text[BG_SPAN_LEN];
	int64_t left = ms - ui->now_ms;
	coarse(text, left < 0 ? -left : left);
	if (left >= 0)
		bg_str_addf(out, "in %s", text);
	else
		bg_str_addf(out, "%s %s", text, late ? "late" : "ago");
}
