#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define DAY_MS INT64_C(86400000)
#define DURATION_MAX (INT64_C(3660) * 86400)

static void read_boot_id(char *out)
{
	BG_AUTO(fd)
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, out, BG_BOOT_ID_LEN) != BG_BOOT_ID_LEN) {
		out[0] = '\0';
		return;
	}
	out[BG_BOOT_ID_LEN] = '\0';
}

void bg_clock_read(struct bg_clock *out)
{
	struct timex tx = { .modes = 0 };
	int state;

	memset(out, 0, sizeof(*out));
	out->wall_ms = bg_now_ms();
	out->boottime_us = bg_boottime_us();
	read_boot_id(out->boot);
	state = adjtimex(&tx);
	if (state >= 0) {
		out->synced = state != TIME_ERROR && !(tx.status & STA_UNSYNC);
		out->max_error_us = tx.maxerror;
	}
}

int64_t bg_now_ms(void)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t bg_boottime_us(void)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/*
 * The proleptic Gregorian calendar, days since 1970-01-01.  March is month 0
 * of the counting year, so that the leap day is its last.
 */
static int64_t days_from_date(int64_t y, int m, int d)
{
	int64_t era, yoe, doy;

	if (m <= 2)
		y--;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void date_from_days(int64_t days, int64_t *y, int *m, int *d)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*y = yoe + era * 400 + (*m <= 2);
}

static int days_in_month(int y, int m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };

	if (m == 2 && (y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)))
		return 29;
	return days[m - 1];
}

void bg_time_format(char *out, int64_t ms)
{
	const int64_t first = days_from_date(0, 1, 1) * DAY_MS;
	const int64_t last = days_from_date(10000, 1, 1) * DAY_MS - 1;
	int64_t days, y;
	unsigned int in_day;
	int m, d;

	/* The form has four digits for the year. */
	ms = ms < first ? first : ms > last ? last : ms;
	days = (ms >= 0 ? ms : ms - (DAY_MS - 1)) / DAY_MS;
	in_day = (unsigned int)(ms - days * DAY_MS);
	date_from_days(days, &y, &m, &d);
	snprintf(out, BG_TIME_LEN + 1, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
		 (unsigned int)y % 10000, (unsigned int)m % 100,
		 (unsigned int)d % 100, in_day / 3600000 % 24,
		 in_day / 60000 % 60, in_day / 1000 % 60, in_day % 1000);
}

/* Exactly n digits at *s, which moves past them. */
static bool take_digits(const char **s, int n, int *out)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		v = v * 10 + (**s - '0');
	}
	*out = v;
	return true;
}

static bool take_char(const char **s, const char *any)
{
	if (!**s || !strchr(any, **s))
		return false;
	(*s)++;
	return true;
}

/* hh:mm:ss as milliseconds; a leap second counts as the next second. */
static bool take_clock(const char **s, int max_second, int64_t *ms)
{
	int h, m, sec;

	if (!take_digits(s, 2, &h) || !take_char(s, ":") ||
	    !take_digits(s, 2, &m) || !take_char(s, ":") ||
	    !take_digits(s, 2, &sec) || h > 23 || m > 59 || sec > max_second)
		return false;
	*ms = ((h * 60 + m) * 60 + sec) * INT64_C(1000);
	return true;
}

static bool take_date(const char **s, int64_t *days)
{
	int y, m, d;

	if (!take_digits(s, 4, &y) || !take_char(s, "-") ||
	    !take_digits(s, 2, &m) || !take_char(s, "-") ||
	    !take_digits(s, 2, &d) || m < 1 || m > 12 || d < 1 ||
	    d > days_in_month(y, m))
		return false;
	*days = days_from_date(y, m, d);
	return true;
}

bool bg_time_parse_exact(int64_t *ms, const char *s)
{
	int64_t days, in_day;
	int frac;

	if (!take_date(&s, &days) || !take_char(&s, "T") ||
	    !take_clock(&s, 59, &in_day) || !take_char(&s, ".") ||
	    !take_digits(&s, 3, &frac) || !take_char(&s, "Z") || *s)
		return false;
	*ms = days * DAY_MS + in_day + frac;
	return true;
}

/* The fraction of a second; digits after the third are dropped. */
static bool take_fraction(const char **s, int64_t *ms)
{
	int64_t unit = 100;

	*ms = 0;
	if (!take_char(s, "."))
		return true;
	if (**s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; (*s)++, unit /= 10)
		*ms += (**s - '0') * unit;
	return true;
}

static bool take_offset(const char **s, int64_t *ms)
{
	int sign, h, m;

	*ms = 0;
	if (take_char(s, "Zz"))
		return true;
	if (**s != '+' && **s != '-')
		return false;
	sign = *(*s)++ == '-' ? -1 : 1;
	if (!take_digits(s, 2, &h) || !take_char(s, ":") ||
	    !take_digits(s, 2, &m) || h > 23 || m > 59)
		return false;
	*ms = sign * (h * 60 + m) * INT64_C(60000);
	return true;
}

/* RFC 3339, section 5.6. */
static bool parse_instant(int64_t *ms, const char *s)
{
	int64_t days, in_day, frac, offset;

	if (!take_date(&s, &days) || !take_char(&s, "Tt ") ||
	    !take_clock(&s, 60, &in_day) || !take_fraction(&s, &frac) ||
	    !take_offset(&s, &offset) || *s)
		return false;
	*ms = days * DAY_MS + in_day + frac - offset;
	return true;
}

/* First day of a day, month, quarter or year, and of the next one. */
static bool parse_period(int64_t *from, int64_t *to, const char *s)
{
	const char *p = s;
	int y, m = 1, months = 12, q;

	if (take_date(&p, from) && !*p) {
		*to = *from + 1;
		return true;
	}
	p = s;
	if (!take_digits(&p, 4, &y))
		return false;
	if (*p) {
		take_char(&p, "-");
		if (take_char(&p, "Qq")) {
			if (!take_digits(&p, 1, &q) || q < 1 || q > 4)
				return false;
			m = q * 3 - 2;
			months = 3;
		} else {
			if (p[-1] != '-' || !take_digits(&p, 2, &m) || m < 1 ||
			    m > 12)
				return false;
			months = 1;
		}
	}
	if (*p)
		return false;
	*from = days_from_date(y, m, 1);
	m += months;
	*to = days_from_date(y + (m > 12), m > 12 ? m - 12 : m, 1);
	return true;
}

bool bg_time_parse(int64_t *ms, const char *s, bool end)
{
	int64_t from, to;

	if (parse_instant(ms, s))
		return true;
	if (!parse_period(&from, &to, s))
		return false;
	*ms = end ? to * DAY_MS - 1 : from * DAY_MS;
	return true;
}

static const struct {
	char name;
	int64_t seconds;
} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

bool bg_duration_parse(int64_t *seconds, const char *s)
{
	int64_t n = 0;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		n = n * 10 + (*s - '0');
		if (n > DURATION_MAX)
			return false;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (*s != units[i].name)
			continue;
		if (s[1] || n < 1 || n > DURATION_MAX / units[i].seconds)
			return false;
		*seconds = n * units[i].seconds;
		return true;
	}
	return false;
}

void bg_duration_format(char *out, int64_t seconds)
{
	size_t i = 0;

	while (units[i].seconds > 1 && (!seconds || seconds % units[i].seconds))
		i++;
	snprintf(out, 24, "%" PRId64 "%c", seconds / units[i].seconds,
		 units[i].name);
}
