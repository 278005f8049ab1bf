/*
 * The terminal: pager, colour, progress, questions, editor, safe printing.
 * Results go to stdout, talk to stderr.  Text that came from a record passes
 * bg_ui_text(), which escapes what could steer a terminal.
 */
#ifndef BG_CMD_UI_H
#define BG_CMD_UI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"
#include "base/vec.h"

struct bg_ui {
	bool out_tty, err_tty, in_tty;
	bool colour;
	bool batch;
	bool quiet;
	int columns;
	int64_t now_ms;
	int pager_pid;
};
enum bg_colour { BG_PLAIN, BG_BOLD, BG_DIM, BG_RED, BG_GREEN, BG_YELLOW };

/* when: "auto" "always" "never"; NO_COLOR and a dumb terminal mean never
 * for auto. */
void bg_ui_init(struct bg_ui *ui, const char *when);
/* May a person be asked?  stdin and stderr are a terminal, not --batch. */
bool bg_ui_may_ask(const struct bg_ui *ui);

/* --- printing ----------------------------------------------------------- */
/* The escape sequence for stdout, or "". */
const char *bg_ui_on(const struct bg_ui *ui, enum bg_colour c);
const char *bg_ui_off(const struct bg_ui *ui);
/* Print text from a record; control characters are shown, not sent. */
void bg_ui_text(FILE *f, const char *text);
/* The same, lines after the first indented by `indent` columns. */
void bg_ui_block(FILE *f, const char *text, unsigned indent);
/* Append; at most max characters, then "..." (0: all). One line. */
void bg_ui_escape(struct bg_str *out, const char *text, size_t max);
/* Talk on stderr with a line end; silent with -q. fmt is ours, never a record's;
 * arguments are escaped as a whole. */
void bg_ui_say(const struct bg_ui *ui, const char *fmt, ...) BG_PRINTF(2, 3);
/* "warning: ..." on stderr, with -q too. */
void bg_ui_warn(const struct bg_ui *ui, const char *fmt, ...) BG_PRINTF(2, 3);
/* A line that is overwritten, on a terminal's stderr only, after the first
 * half second; all 0 ends it. */
void bg_ui_progress(struct bg_ui *ui, const char *what, size_t done,
		    size_t all);
/* A table: cells are escaped, columns aligned, two spaces between, the last
 * column cut to the terminal when stdout is one. */
struct bg_table {
	size_t columns;
	BG_VEC(char *) cells; /* owned, row by row */
};
int bg_table_add(struct bg_table *t, const char *cell); /* NULL is "" */
int bg_table_addf(struct bg_table *t, const char *fmt, ...) BG_PRINTF(2, 3);
/* indent: spaces before each row. */
void bg_table_print(FILE *f, const struct bg_ui *ui, const struct bg_table *t,
		    unsigned indent);
void bg_table_release(struct bg_table *t);
BG_AUTO_VALUE(table, struct bg_table, bg_table_release)

/* --- time --------------------------------------------------------------- */
/* "29m 12s", "1h 05m", "3d 4h", "45s"; "0s" for none; out holds 32. */
#define BG_SPAN_LEN 32
void bg_ui_span(char *out, int64_t ms);
/* "28m left, until 04:44 (03:44:10Z)"; past: "over since 04:44 (...)". With
 * the date when it is another day. */
void bg_ui_left(struct bg_str *out, const struct bg_ui *ui, int64_t until_ms);
/* "04:44 (03:44:10Z)", with the date in front when it is another day. */
void bg_ui_time(struct bg_str *out, const struct bg_ui *ui, int64_t ms);
/* "12m ago", "in 3h", "6h late" when late is asked for. */
void bg_ui_due(struct bg_str *out, const struct bg_ui *ui, int64_t ms,
	       bool late);

/* --- asking ------------------------------------------------------------- */
/* One line.  BG_EUSAGE "not-asked" when nobody can be asked, BG_EFAIL "cancelled"
 * at end of input. */
int bg_ui_ask(struct bg_str *out, const struct bg_ui *ui, const char *question,
	      struct bg_error *err) BG_MUST_CHECK;
/* yes or no; an empty answer is `otherwise`. */
int bg_ui_confirm(bool *yes, const struct bg_ui *ui, const char *question,
		  bool otherwise, struct bg_error *err) BG_MUST_CHECK;
/* A number from 1 to n; *index gets it less one. */
int bg_ui_choose(size_t *index, const struct bg_ui *ui, const char *question,
		 size_t n, struct bg_error *err) BG_MUST_CHECK;
/* From the terminal itself, without echo; the caller wipes out. */
int bg_ui_secret(struct bg_str *out, const struct bg_ui *ui,
		 const char *question, struct bg_error *err) BG_MUST_CHECK;
/* Text in BG_EDITOR, VISUAL, EDITOR, else vi, in a private file whose name ends
 * with suffix; *changed says whether it differs from what was given. */
int bg_ui_edit(struct bg_str *text, bool *changed, const struct bg_ui *ui,
	       const char *suffix, struct bg_error *err) BG_MUST_CHECK;

/* --- programs of the person --------------------------------------------- */
/* Send stdout through BG_PAGER, PAGER or less; nothing unless a terminal. */
void bg_ui_pager_start(struct bg_ui *ui);
/* Flush and wait for it. */
void bg_ui_pager_finish(struct bg_ui *ui);
/* Run and wait, terminal and environment inherited; PATH is searched.  *status
 * is the exit status or 128 + signal. BG_ENOENT "not-found". */
int bg_ui_run(int *status, const char *const *argv, struct bg_error *err)
	BG_MUST_CHECK;

#endif
