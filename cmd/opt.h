/*
 * Option tables: one table a command gives parsing, -h, completion and the
 * check against the manual.  --long VALUE, --long=VALUE, -s VALUE, -sVALUE,
 * --no-long for flags, `--`, unique abbreviation is refused (scripts break).
 * Global options are taken before and after the command.
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
	BG_OPT_DURATION, /* int64_t seconds; "max" gives -1 when allowed */
	BG_OPT_SINCE,    /* int64_t ms: start of a period */
	BG_OPT_UNTIL,    /* int64_t ms: end of a period */
	BG_OPT_NUMBER,   /* int64_t, not negative */
	BG_OPT_MESSAGE,  /* const char *: -m, -F FILE, --reason, --comment */
};
struct bg_opt_list {
	BG_VEC(const char *) list;
};
struct bg_opt {
	enum bg_opt_kind kind;
	char short_;             /* 0: none */
	const char *long_;
	const char *placeholder; /* "DURATION"; NULL for flags */
	const char *help;        /* one line */
	void *target;
	const char *complete;    /* as struct bg_cmd.complete; or "a b c" words */
};

#endif
