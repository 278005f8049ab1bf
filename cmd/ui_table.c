/* Tables of escaped cells. */
#include "cmd/ui_table.h"

#include "base/vec.h"
#include "cmd/ui.h"

/* East Asian wide and emoji blocks, combining marks: enough to keep columns
 * straight without a locale (wcwidth() needs one). */
static size_t width_of(uint32_t cp)
{
	if ((cp >= 0x300 && cp <= 0x36f) || (cp >= 0x20d0 && cp <= 0x20ff) ||
	    (cp >= 0xfe00 && cp <= 0xfe0f))
		return 0;
	if ((cp >= 0x1100 && cp <= 0x115f) || (cp >= 0x2e80 && cp <= 0xa4cf) ||
	    (cp >= 0xac00 && cp <= 0xd7a3) || (cp >= 0xf900 && cp <= 0xfaff) ||
	    (cp >= 0xfe30 && cp <= 0xfe6f) || (cp >= 0xff00 && cp <= 0xff60) ||
	    (cp >= 0xffe0 && cp <= 0xffe6) ||
	    (cp >= 0x1f300 && cp <= 0x1faff) ||
	    (cp >= 0x20000 && cp <= 0x3fffd))
		return 2;
	return 1;
}

size_t bg_table_cut(const char *text, size_t max)
{
	size_t n = strlen(text), at = 0, used = 0;
	while (at < n) {
		uint32_t cp = 0;
		size_t len = bg_utf8_decode(&cp, text + at, n - at);
		size_t w = len ? width_of(cp) : 1;
		if (used + w > max)
			break;
		used += w;
		at += len ? len : 1;
	}
	return at;
}

size_t bg_table_width(const char *text)
{
	size_t n = strlen(text), at = 0, used = 0;
	while (at < n) {
		uint32_t cp = 0;
		size_t len = bg_utf8_decode(&cp, text + at, n - at);
		used += len ? width_of(cp) : 1;
		at += len ? len : 1;
	}
	return used;
}

int bg_table_add(struct bg_table *t, const char *cell)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	bg_ui_escape(&s, cell ? cell : "", 0);
	BG_AUTO(free) char *text = bg_str_detach(&s);
	if (!text || bg_vec_push(&t->cells, text))
		return -1;
	text = NULL;
	return 0;
}

int bg_table_addf(struct bg_table *t, const char *fmt, ...)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	va_list ap;
	va_start(ap, fmt);
	bg_str_vaddf(&s, fmt, ap);
	va_end(ap);
	return bg_table_add(t, bg_str_text(&s));
}

static void print_last(FILE *f, const struct bg_ui *ui, const char *cell,
		       size_t used)
{
	size_t room = (size_t)ui->columns > used + 8 ? ui->columns - used : 8;
	if (f != stdout || !ui->out_tty || bg_table_width(cell) <= room) {
		fprintf(f, "%s\n", cell);
		return;
	}
	fprintf(f, "%.*s...\n", (int)bg_table_cut(cell, room - 3), cell);
}

void bg_table_print(FILE *f, const struct bg_ui *ui, const struct bg_table *t,
		    unsigned indent)
{
	size_t widths[16] = { 0 };
	size_t columns = t->columns > 16 ? 16 : t->columns;
	for (size_t i = 0; columns && i < t->cells.n; i++) {
		size_t w = bg_table_width(t->cells.v[i]);
		if (w > widths[i % columns])
			widths[i % columns] = w;
	}
	for (size_t row = 0; columns && row + columns <= t->cells.n;
	     row += columns) {
		size_t last = columns - 1, used = indent;
		while (last > 0 && !*t->cells.v[row + last])
			last--;
		fprintf(f, "%*s", (int)indent, "");
		for (size_t i = 0; i < last; i++) {
			const char *cell = t->cells.v[row + i];
			size_t pad = widths[i] - bg_table_width(cell);
			if (!widths[i])
				continue;
			fprintf(f, "%s%*s", cell, (int)pad + 2, "");
			used += widths[i] + 2;
		}
		print_last(f, ui, t->cells.v[row + last], used);
	}
}

void bg_table_release(struct bg_table *t)
{
	for (size_t i = 0; i < t->cells.n; i++)
		free(t->cells.v[i]);
	bg_vec_release(&t->cells);
}
