/*
 * Waiting for the end of a grant: its own timer (a detached `sweep --grant`)
 * and running sessions wait on the same three things.  Time passed is measured
 * (lifecycle.md, "Time and several sweepers"): boot time since the grant event,
 * or the wall clock at W, whichever is first.
 */
#ifndef BG_GRANT_TIMER_H
#define BG_GRANT_TIMER_H

#include "grant/grant.h"
#include "grant/journal.h"

struct bg_deadline {
	int64_t wall_ms; /* W; 0: none */
	int64_t boot_us; /* CLOCK_BOOTTIME of this boot; 0: none */
};
/* When the grant ends as its events say now; zero while it is not open. */
void bg_grant_deadline(struct bg_deadline *out, const struct bg_grant *g);
/* Milliseconds left, never negative; INT64_MAX without a deadline. */
int64_t bg_deadline_left_ms(const struct bg_deadline *d);

/* Something to poll(2): fires at the deadline, when the wall clock is set, or
 * when the journal says that the grant ended. */
enum { BG_TIMER_BOOT, BG_TIMER_WALL, BG_TIMER_END, BG_TIMER_FDS };
struct bg_timer {
	int fd[BG_TIMER_FDS]; /* poll them for POLLIN */
	char *live;           /* path of the journal's live entry */
};
#define BG_TIMER_INIT \
	{ \
		{ -1, -1, -1 }, NULL \
	}
int bg_timer_open(struct bg_timer *out, const char *state,
		  const struct bg_digest *root, const struct bg_deadline *d,
		  struct bg_error *err) BG_MUST_CHECK;
/* A new deadline (an extension). */
int bg_timer_set(struct bg_timer *t, const struct bg_deadline *d,
		 struct bg_error *err) BG_MUST_CHECK;
/* Read what fired. */
void bg_timer_drain(struct bg_timer *t);
/* The grant was ended on this machine. */
bool bg_timer_gone(const struct bg_timer *t);
void bg_timer_close(struct bg_timer *t);
BG_AUTO_VALUE(timer, struct bg_timer, bg_timer_close)
/* Sleep until something of the above happens, at most limit_ms (-1: no limit). */
int bg_timer_wait(struct bg_timer *t, int limit_ms, struct bg_error *err)
	BG_MUST_CHECK;

/* The grant's own timer: a detached process that runs
 * `breakglass -C REPO sweep --grant DIGEST --wait`. */

#endif
