/* Questions to a person; each has an option, so that scripts never meet one. */
#include "cmd/ui.h"

#include <fcntl.h>
#include <signal.h>
#include <termios.h>

#include "base/io.h"

#define ANSWER_MAX 4096

static int not_asked(struct bg_error *err, const char *question)
{
	return bg_fail(err, BG_EUSAGE, "not-asked",
		       "cannot ask '%s': no terminal, or --batch", question);
}

/* One line from a terminal, without stdio's read-ahead. */
static int read_line(struct bg_str *out, int fd, struct bg_error *err)
{
	for (;;) {
		char c;
		ssize_t n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return bg_fail_errno(err, "cannot read the answer");
		if (!n && !out->len)
			return bg_fail(err, BG_EFAIL, "cancelled", "cancelled");
		if (!n || c == '\n')
			return bg_str_check(out, err);
		if (out->len >= ANSWER_MAX)
			return bg_fail(err, BG_EUSAGE, "message-too-long",
				       "answer too long");
		bg_str_addc(out, c);
	}
}

int bg_ui_ask(struct bg_str *out, const struct bg_ui *ui, const char *question,
	      struct bg_error *err)
{
	if (!bg_ui_may_ask(ui))
		return not_asked(err, question);
	fflush(stdout);
	bg_ui_text(stderr, question);
	fputs(" ", stderr);
	fflush(stderr);
	return read_line(out, 0, err);
}

int bg_ui_confirm(bool *yes, const struct bg_ui *ui, const char *question,
		  bool otherwise, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	bg_str_addf(&text, "%s %s", question, otherwise ? "[Y/n]" : "[y/N]");
	for (;;) {
		BG_AUTO(str) struct bg_str line = BG_STR_INIT;
		int rc = bg_ui_ask(&line, ui, bg_str_text(&text), err);
		if (rc)
			return rc;
		const char *a = bg_str_text(&line);
		if (!*a || *a == 'y' || *a == 'Y' || *a == 'n' || *a == 'N') {
			*yes = *a ? *a == 'y' || *a == 'Y' : otherwise;
			return 0;
		}
	}
}

int bg_ui_choose(size_t *index, const struct bg_ui *ui, const char *question,
		 size_t n, struct bg_error *err)
{
	for (;;) {
		BG_AUTO(str) struct bg_str line = BG_STR_INIT;
		int rc = bg_ui_ask(&line, ui, question, err);
		if (rc)
			return rc;
		const char *a = bg_str_text(&line);
		char *end;
		unsigned long v = strtoul(a, &end, 10);
		if (!*a)
			return bg_fail(err, BG_EFAIL, "cancelled", "cancelled");
		if (!*end && v >= 1 && v <= n) {
			*index = v - 1;
			return 0;
		}
		fprintf(stderr, "a number from 1 to %zu, or nothing\n", n);
	}
}

int bg_ui_secret(struct bg_str *out, const struct bg_ui *ui,
		 const char *question, struct bg_error *err)
{
	struct termios old, quiet;
	sigset_t block, before;
	if (ui->batch)
		return not_asked(err, question);
	BG_AUTO(fd) int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || tcgetattr(fd, &old))
		return not_asked(err, question);
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	bg_text_escape(&text, question, strlen(question), false);
	bg_str_add(&text, " ");
	/* A stop or an interrupt must not leave the terminal silent. */
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTSTP);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGHUP);
	sigprocmask(SIG_BLOCK, &block, &before);
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ISIG);
	quiet.c_lflag |= ICANON;
	int rc = 0;
	if (tcsetattr(fd, TCSAFLUSH, &quiet))
		rc = bg_fail_errno(err, "cannot silence the terminal");
	if (!rc)
		rc = bg_fd_write_all(fd, text.buf, text.len, err);
	if (!rc)
		rc = read_line(out, fd, err);
	/* ISIG is off, so that ^C arrives as a character. */
	if (!rc && out->len && memchr(out->buf, 3, out->len))
		rc = bg_fail(err, BG_EFAIL, "cancelled", "cancelled");
	tcsetattr(fd, TCSAFLUSH, &old);
	sigprocmask(SIG_SETMASK, &before, NULL);
	struct bg_error ignored;
	if (bg_fd_write_all(fd, "\n", 1, &ignored))
		return rc;
	return rc;
}
