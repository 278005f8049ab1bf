/*
 * A page of a human-readable report: titles, fields and tables written once, put
 * down as plain text or as Markdown.  Every text is escaped for its form.
 */
#ifndef BG_REPORT_PAGE_H
#define BG_REPORT_PAGE_H

#include "report/report.h"

#define BG_PAGE_COLUMNS 8

struct bg_page {
	struct bg_str *out;
	bool markdown;
	/* the table being filled */
	size_t columns, cells;
	BG_VEC(char *) cell; /* row by row, headings first; owned */
	bool oom;
};
void bg_page_begin(struct bg_page *p, struct bg_str *out, bool markdown);
void bg_page_title(struct bg_page *p, const char *text);
void bg_page_section(struct bg_page *p, const char *text);
void bg_page_line(struct bg_page *p, const char *text);
/* "key  value"; a NULL or empty value is left out. */
void bg_page_field(struct bg_page *p, const char *key, const char *value);
/* A command to paste: verbatim. */
void bg_page_command(struct bg_page *p, const char *line);
/* Headings, NULL terminated; then cells in order; then the end. */
void bg_page_table(struct bg_page *p, const char *const *headings);
void bg_page_cell(struct bg_page *p, const char *text);
void bg_page_table_end(struct bg_page *p);
int bg_page_end(struct bg_page *p, struct bg_error *err) BG_MUST_CHECK;

#endif
