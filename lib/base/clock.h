/*
 * Time: wall clock in milliseconds since 1970 (UTC), boot time in
 * microseconds, durations in seconds.
 */
#ifndef BG_BASE_CLOCK_H
#define BG_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define BG_BOOT_ID_LEN 36

struct bg_clock {
	int64_t wall_ms;               /* CLOCK_REALTIME */
	int64_t boottime_us;           /* CLOCK_BOOTTIME */
	char boot[BG_BOOT_ID_LEN + 1]; /* /proc/sys/kernel/random/boot_id */
	bool synced;          /* adjtimex(2): state ok, not STA_UNSYNC */
	int64_t max_error_us; /* adjtimex(2) maxerror */
};
/* A snapshot; parts that cannot be read are zero, "" or false. */
void bg_clock_read(struct bg_clock *out);
int64_t bg_now_ms(void);
int64_t bg_boottime_us(void);

/* "2026-11-23T03:14:10.123Z"; out holds BG_TIME_LEN + 1. */
#define BG_TIME_LEN 24
void bg_time_format(char *out, int64_t ms);
/* Exactly the form above (canonical events). */
bool bg_time_parse_exact(int64_t *ms, const char *s);
/* What a person types: RFC 3339 with or without fraction and with any offset,
 * or a whole day, month, quarter, year (UTC).  With end set a whole period
 * gives its last millisecond, else its first. */
bool bg_time_parse(int64_t *ms, const char *s, bool end);
/* "90s" "30m" "2h" "7d", at least 1 s, at most 3660 d. */
bool bg_duration_parse(int64_t *seconds, const char *s);
/* Shortest exact form ("30m", "90s"); out holds 24 bytes. */
void bg_duration_format(char *out, int64_t seconds);

#endif
