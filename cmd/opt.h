/*
 * Option tables: one table a command gives parsing, -h, completion and the
 * check against the manual.  --long VALUE, --long=VALUE, -s VALUE, -sVALUE,
 * --no-long for flags, -3 for -n 3, `--`; an abbreviation is refused (scripts
 * break).  Global options are taken before and after the command.
 */
#ifndef BG_CMD_OPT_H
#define BG_CMD_OPT_H

#include "base/clock.h"
#include "base/str.h"
#include "base/vec.h"

enum bg_opt_kind {
	BG_OPT_END,
	BG_OPT_FLAG,     /* bool */
	BG_OPT_TEXT,     /* const char * */
	BG_OPT_LIST,     /* struct bg_opt_list: may be repeated */
	BG_OPT_DURATION, /* int64_t seconds; "max" gives -1 when complete names
			  * the word */
	BG_OPT_SINCE,    /* int64_t ms: start of a period */
	BG_OPT_UNTIL,    /* int64_t ms: end of a period */
	BG_OPT_PERIOD,   /* struct bg_range: both ends from one word */
	BG_OPT_NUMBER,   /* int64_t, not negative */
	BG_OPT_MESSAGE,  /* const char *: -m TEXT, -F FILE, --reason, --comment;
			  * several are joined; line ends become blanks,
			  * since no string of evidence may hold them */
};
struct bg_opt_list {
	BG_VEC(const char *) list;
};
struct bg_range {
	int64_t since_ms; /* 0: from the beginning */
	int64_t until_ms; /* 0: no end; the last millisecond that counts */
};
struct bg_opt {
	enum bg_opt_kind kind;
	char short_; /* 0: none */
	const char *long_;
	const char *placeholder; /* "DURATION"; NULL for flags */
	const char *help;        /* one line; NULL: not shown (an old name) */
	void *target;
	const char *complete; /* as struct bg_cmd.complete; or "a b c" words */
};
/* -t and -m are the same everywhere. */
#define BG_OPT_FOR(t) \
	{ \
		BG_OPT_DURATION, 't', "for", "DURATION", \
			"how long: 90s 30m 2h", t, NULL \
	}
#define BG_OPT_WHY(t) \
	{ \
		BG_OPT_MESSAGE, 'm', "message", "TEXT", "why, in your words", \
			t, NULL \
	}
/* --since --until --period into a struct bg_range. */
#define BG_OPT_RANGE(r) \
	{ BG_OPT_SINCE,  0,   "since", "TIME", "from this time on", \
	  &(r).since_ms, NULL }, \
		{ BG_OPT_UNTIL, \
		  0, \
		  "until", \
		  "TIME", \
		  "up to this time, included", \
		  &(r).until_ms, \
		  NULL }, \
	{ \
		BG_OPT_PERIOD, 0, "period", "PERIOD", \
			"a whole day, month, quarter, year: 2026-11 2026Q4", \
			&(r), NULL \
	}

#define BG_OPT_MAX 48
#define BG_MESSAGE_MAX (1024 * 1024) /* what is read; policy wants less */

/* What a parse found.  Arguments are in argv[0..argc), options taken out. */
struct bg_parsed {
	int argc;
	char **argv;
	int dashes;         /* index in argv of the first word after "--"; -1 */
	uint64_t seen;      /* bit i: opts[i] was given */
	bool help;          /* -h or --help */
	struct bg_str text; /* messages, joined; a target points into it */
};
void bg_parsed_release(struct bg_parsed *p);

struct bg_opt_rules {
	const struct bg_opt *opts;    /* the command's; NULL: none */
	const struct bg_opt *globals; /* taken too; NULL: none */
	bool stop;       /* stop at the first word that is no GRANT */
	bool stop_first; /* stop at the first argument (before COMMAND) */
};
/* Parse argv[0..argc) in place.  BG_EUSAGE: unknown-option, no-value,
 * bad-value, given-twice, unexpected-value; BG_EUSAGE "message-too-long";
 * BG_EFAIL for a file that cannot be read. */
int bg_opt_parse(struct bg_parsed *out, int argc, char **argv,
		 const struct bg_opt_rules *rules, struct bg_error *err)
	BG_MUST_CHECK;
bool bg_opt_given(const struct bg_parsed *p, const struct bg_opt *opts,
		  const char *long_);
/* BG_EUSAGE "conflict" when both were given, naming both. */
int bg_opt_conflict(const struct bg_parsed *p, const struct bg_opt *opts,
		    const char *a, const char *b, struct bg_error *err)
	BG_MUST_CHECK;
/* Append the lines of a table for -h. */
void bg_opt_describe(struct bg_str *out, const struct bg_opt *opts);
/* Call for every spelling that a table takes, -F and --file included. */
typedef void (*bg_opt_fn)(void *arg, const struct bg_opt *opt, char short_,
			  const char *long_, const char *placeholder,
			  const char *help);
void bg_opt_each(const struct bg_opt *opts, bg_opt_fn fn, void *arg);

#endif
