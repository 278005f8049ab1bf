#include "report/page.h"

#include <string.h>

void bg_page_begin(struct bg_page *p, struct bg_str *out, bool markdown)
{
	*p = (struct bg_page){ .out = out, .markdown = markdown };
}

/* One line, inert in the page's form. */
static void put_text(struct bg_page *p, struct bg_str *out, const char *text)
{
	BG_AUTO(str) struct bg_str safe = BG_STR_INIT;

	bg_text_escape(&safe, text, strlen(text), false);
	if (!p->markdown) {
		bg_str_add(out, bg_str_text(&safe));
	} else {
		for (const char *c = bg_str_text(&safe); *c; c++) {
			if (*c == '<')
				bg_str_add(out, "&lt;");
			else if (*c == '>')
				bg_str_add(out, "&gt;");
			else if (*c == '&')
				bg_str_add(out, "&amp;");
			else if (strchr("\\`*_[]|#~!", *c))
				bg_str_addf(out, "\\%c", *c);
			else
				bg_str_addc(out, *c);
		}
	}
	p->oom |= safe.oom;
}

void bg_page_title(struct bg_page *p, const char *text)
{
	if (p->markdown)
		bg_str_add(p->out, "# ");
	put_text(p, p->out, text);
	bg_str_add(p->out, p->markdown ? "\n\n" : "\n");
}

void bg_page_section(struct bg_page *p, const char *text)
{
	bg_str_add(p->out, p->markdown ? "\n## " : "\n");
	put_text(p, p->out, text);
	bg_str_add(p->out, p->markdown ? "\n\n" : "\n");
}

void bg_page_line(struct bg_page *p, const char *text)
{
	bg_str_add(p->out, p->markdown ? "- " : "  ");
	put_text(p, p->out, text);
	bg_str_addc(p->out, '\n');
}

void bg_page_field(struct bg_page *p, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	if (p->markdown) {
		bg_str_add(p->out, "- **");
		put_text(p, p->out, key);
		bg_str_add(p->out, "**: ");
	} else {
		bg_str_addf(p->out, "  %-15s ", key);
	}
	put_text(p, p->out, value);
	bg_str_addc(p->out, '\n');
}

void bg_page_command(struct bg_page *p, const char *line)
{
	bg_str_add(p->out, "    ");
	bg_str_add(p->out, line);
	bg_str_addc(p->out, '\n');
}

void bg_page_table(struct bg_page *p, const char *const *headings)
{
	p->columns = 0;
	while (headings[p->columns])
		bg_page_cell(p, headings[p->columns++]);
}

void bg_page_cell(struct bg_page *p, const char *text)
{
	struct bg_str s = BG_STR_INIT;
	char *cell;

	put_text(p, &s, text ? text : "");
	cell = bg_str_detach(&s);
	if (!cell || bg_vec_push(&p->cell, cell)) {
		free(cell);
		p->oom = true;
	}
}

/* Characters that a UTF-8 text takes (one a code point is near enough). */
static size_t width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

static void put_row(struct bg_page *p, char *const *cells, const size_t *widths)
{
	bg_str_add(p->out, p->markdown ? "|" : " ");
	for (size_t c = 0; c < p->columns; c++) {
		bool last = c + 1 == p->columns;
		size_t pad = widths[c] - width(cells[c]);

		bg_str_addc(p->out, ' ');
		bg_str_add(p->out, cells[c]);
		if (p->markdown)
			bg_str_add(p->out, " |");
		else if (!last)
			for (size_t i = 0; i <= pad; i++)
				bg_str_addc(p->out, ' ');
	}
	bg_str_addc(p->out, '\n');
}

void bg_page_table_end(struct bg_page *p)
{
	size_t widths[BG_PAGE_COLUMNS] = { 0 };
	size_t rows = p->columns ? p->cell.n / p->columns : 0;

	for (size_t i = 0; i < rows * p->columns; i++)
		if (width(p->cell.v[i]) > widths[i % p->columns])
			widths[i % p->columns] = width(p->cell.v[i]);
	for (size_t r = 0; r < rows; r++) {
		put_row(p, p->cell.v + r * p->columns, widths);
		if (r || !p->markdown)
			continue;
		bg_str_addc(p->out, '|');
		for (size_t c = 0; c < p->columns; c++)
			bg_str_add(p->out, " --- |");
		bg_str_addc(p->out, '\n');
	}
	for (size_t i = 0; i < p->cell.n; i++)
		free(p->cell.v[i]);
	bg_vec_release(&p->cell);
	p->columns = 0;
}

int bg_page_end(struct bg_page *p, struct bg_error *err)
{
	if (p->cell.n)
		bg_page_table_end(p);
	if (p->oom)
		return bg_fail_oom(err);
	return bg_str_check(p->out, err);
}
