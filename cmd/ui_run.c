/* Programs that a person chose: pager, editor, external commands. They get the
 * terminal and the environment as they are. */
#include "cmd/ui.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/io.h"

#define EDIT_MAX (1024 * 1024)

static void reset_signals(void)
{
	sigset_t none;
	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int wait_for(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 255;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int bg_ui_run(int *status, const char *const *argv, struct bg_error *err)
{
	int fds[2];
	fflush(stdout);
	fflush(stderr);
	if (pipe2(fds, O_CLOEXEC))
		return bg_fail_errno(err, "cannot run '%s'", argv[0]);
	/* As a shell does: while the child has the terminal, ^C is its own. */
	void (*old_int)(int) = signal(SIGINT, SIG_IGN);
	void (*old_quit)(int) = signal(SIGQUIT, SIG_IGN);
	pid_t pid = fork();
	if (!pid) {
		reset_signals();
		execvp(argv[0], (char *const *)argv);
		int e = errno;
		ssize_t n = write(fds[1], &e, sizeof(e));
		_exit(n == sizeof(e) ? 127 : 126);
	}
	int failed = 0, rc = 0;
	close(fds[1]);
	if (pid < 0)
		rc = bg_fail_errno(err, "cannot run '%s'", argv[0]);
	ssize_t n;
	do
		n = rc ? 0 : read(fds[0], &failed, sizeof(failed));
	while (n < 0 && errno == EINTR);
	close(fds[0]);
	if (!rc)
		*status = wait_for(pid);
	signal(SIGINT, old_int);
	signal(SIGQUIT, old_quit);
	if (rc || n != sizeof(failed))
		return rc;
	errno = failed;
	if (failed == ENOENT)
		return bg_fail(err, BG_ENOENT, "not-found",
			       "cannot run '%s': not found", argv[0]);
	return bg_fail_errno(err, "cannot run '%s'", argv[0]);
}

static const char *first_set(const char *const *names)
{
	for (; *names; names++) {
		const char *v = getenv(*names);
		if (v && *v)
			return v;
	}
	return NULL;
}

void bg_ui_pager_start(struct bg_ui *ui)
{
	static const char *const names[] = { "BG_PAGER", "PAGER", NULL };
	const char *pager = first_set(names);
	int fds[2];
	if (!ui->out_tty || ui->pager_pid)
		return;
	if (!pager)
		pager = "less";
	if (!strcmp(pager, "cat") || pipe2(fds, O_CLOEXEC))
		return;
	fflush(stdout);
	pid_t pid = fork();
	if (!pid) {
		reset_signals();
		dup2(fds[0], 0);
		setenv("LESS", "FRX", 0);
		/* PAGER is a command line, as for man(1) and git(1). */
		execl("/bin/sh", "sh", "-c", pager, (char *)NULL);
		_exit(127);
	}
	close(fds[0]);
	if (pid > 0) {
		dup2(fds[1], 1);
		ui->pager_pid = pid;
		/* The person may leave the pager early, or press ^C in it. */
		signal(SIGINT, SIG_IGN);
	}
	close(fds[1]);
}

void bg_ui_pager_finish(struct bg_ui *ui)
{
	if (!ui->pager_pid)
		return;
	fflush(stdout);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, 1);
		close(null);
	}
	wait_for(ui->pager_pid);
	ui->pager_pid = 0;
}

static int run_editor(const char *path, struct bg_error *err)
{
	static const char *const names[] = { "BG_EDITOR", "VISUAL", "EDITOR",
					     NULL };
	const char *editor = first_set(names);
	BG_AUTO(str) struct bg_str line = BG_STR_INIT;
	bg_str_addf(&line, "%s \"$@\"", editor ? editor : "vi");
	int rc = bg_str_check(&line, err), status = 0;
	const char *argv[] = { "/bin/sh", "-c", bg_str_text(&line),
			       "editor",  path, NULL };
	if (!rc)
		rc = bg_ui_run(&status, argv, err);
	if (!rc && status)
		rc = bg_fail(err, BG_EFAIL, "cancelled",
			     "cancelled: the editor ended with %d", status);
	return rc;
}

int bg_ui_edit(struct bg_str *text, bool *changed, const struct bg_ui *ui,
	       const char *suffix, struct bg_error *err)
{
	const char *tmp = getenv("TMPDIR");
	char path[512];
	if (ui->batch)
		return bg_fail(err, BG_EUSAGE, "not-asked",
			       "cannot start an editor with --batch");
	snprintf(path, sizeof(path), "%s/bg-XXXXXX%s",
		 tmp && *tmp ? tmp : "/tmp", suffix);
	BG_AUTO(fd) int fd = mkostemps(path, (int)strlen(suffix), O_CLOEXEC);
	if (fd < 0)
		return bg_fail_errno(err, "cannot make a file to edit");
	BG_AUTO(str) struct bg_str after = BG_STR_INIT;
	int rc = bg_fd_write_all(fd, bg_str_text(text), text->len, err);
	if (!rc)
		rc = run_editor(path, err);
	if (!rc)
		rc = bg_file_read(&after, path, EDIT_MAX, err);
	unlink(path);
	if (rc)
		return rc;
	*changed = after.len != text->len ||
		   (after.len && memcmp(after.buf, text->buf, after.len));
	bg_str_clear(text);
	bg_str_addn(text, bg_str_text(&after), after.len);
	return bg_str_check(text, err);
}
