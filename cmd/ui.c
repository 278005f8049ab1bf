/* Printing: colour, escaping, talk, progress, tables. */
#include "cmd/ui.h"

#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/vec.h"
#include "cmd/ui_table.h"

static bool wants_colour(const struct bg_ui *ui, const char *when)
{
	const char *term = getenv("TERM");
	const char *no = getenv("NO_COLOR");
	if (!strcmp(when, "always"))
		return true;
	if (!strcmp(when, "never") || (no && *no))
		return false;
	return ui->out_tty && term && *term && strcmp(term, "dumb");
}

static int columns(void)
{
	struct winsize w;
	const char *env = getenv("COLUMNS");
	int n = env ? atoi(env) : 0;
	if (n <= 0 && !ioctl(1, TIOCGWINSZ, &w))
		n = w.ws_col;
	return n < 20 || n > 1000 ? 80 : n;
}

void bg_ui_init(struct bg_ui *ui, const char *when)
{
	ui->in_tty = isatty(0);
	ui->out_tty = isatty(1);
	ui->err_tty = isatty(2);
	ui->columns = columns();
	ui->now_ms = bg_now_ms();
	ui->colour = wants_colour(ui, when);
}

bool bg_ui_may_ask(const struct bg_ui *ui)
{
	return ui->in_tty && ui->err_tty && !ui->batch;
}

const char *bg_ui_on(const struct bg_ui *ui, enum bg_colour c)
{
	static const char *const codes[] = {
		[BG_PLAIN] = "",         [BG_BOLD] = "\033[1m",
		[BG_DIM] = "\033[2m",    [BG_RED] = "\033[31m",
		[BG_GREEN] = "\033[32m", [BG_YELLOW] = "\033[33m",
	};
	return ui->colour ? codes[c] : "";
}

const char *bg_ui_off(const struct bg_ui *ui)
{
	return ui->colour ? "\033[0m" : "";
}

void bg_ui_text(FILE *f, const char *text)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	bg_text_escape(&s, text, strlen(text), false);
	fputs(bg_str_text(&s), f);
}

void bg_ui_block(FILE *f, const char *text, unsigned indent)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	bg_text_escape(&s, text, strlen(text), true);
	for (const char *p = bg_str_text(&s); *p; p++) {
		fputc(*p, f);
		if (*p == '\n' && p[1])
			fprintf(f, "%*s", (int)indent, "");
	}
}

void bg_ui_escape(struct bg_str *out, const char *text, size_t max)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	bg_text_escape(&s, text, strlen(text), false);
	const char *p = bg_str_text(&s);
	size_t keep = bg_table_cut(p, max ? max : SIZE_MAX);
	bg_str_addn(out, p, keep);
	if (p[keep])
		bg_str_add(out, "...");
}

static void BG_PRINTF(2, 0)
	talk(const char *before, const char *fmt, va_list ap)
{
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	bg_str_vaddf(&raw, fmt, ap);
	bg_text_escape(&s, bg_str_text(&raw), raw.len, true);
	fflush(stdout);
	fprintf(stderr, "%s%s\n", before, bg_str_text(&s));
}

void bg_ui_say(const struct bg_ui *ui, const char *fmt, ...)
{
	va_list ap;
	if (ui->quiet)
		return;
	va_start(ap, fmt);
	talk("", fmt, ap);
	va_end(ap);
}

void bg_ui_warn(const struct bg_ui *ui, const char *fmt, ...)
{
	va_list ap;
	(void)ui;
	va_start(ap, fmt);
	talk("warning: ", fmt, ap);
	va_end(ap);
}

void bg_ui_progress(struct bg_ui *ui, const char *what, size_t done, size_t all)
{
	static int64_t shown_ms;
	static bool visible;
	if (!ui->err_tty || ui->quiet || ui->batch)
		return;
	if (!all) {
		if (visible)
			fputs("\r\033[K", stderr);
		visible = false;
		return;
	}
	int64_t now = bg_now_ms();
	if (now - ui->now_ms < 500 || now - shown_ms < 100)
		return;
	shown_ms = now;
	visible = true;
	fprintf(stderr, "\r\033[K%s %zu of %zu", what, done, all);
	fflush(stderr);
}
