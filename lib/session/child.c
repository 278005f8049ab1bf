#include "session/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

#define TREE_MAX 4096

static const int passed[] = {
	SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2
};

/*
 * In the child
 */
__attribute__((noreturn)) static void run(const struct bg_child *c,
					  const char *path,
					  const char *const *argv,
					  const char *const *env, int report)
{
	struct sigaction sa;
	sigset_t none;
	int e;

	if (c->own_group)
		setpgid(0, 0);
	/* Still with SIGTTOU ignored: we are not in the foreground yet. */
	if (c->foreground)
		tcsetpgrp(0, getpgrp());
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_DFL;
	for (int i = 1; i < NSIG; i++)
		sigaction(i, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(path, (char *const *)argv, (char *const *)env);
	e = errno;
	if (write(report, &e, sizeof(e)) != sizeof(e))
		_exit(126);
	_exit(127);
}

/*
 * Start
 */
static void look_at_terminal(struct bg_child *c)
{
	bool in = isatty(0), out = isatty(1);

	c->has_tty = in && tcgetattr(0, &c->tty) == 0;
	c->own_group = !in || out;
	c->foreground = in && out && tcgetpgrp(0) == getpgrp();
	/* A job in the background stays one: no terminal to give. */
	if (in && out && !c->foreground)
		c->own_group = false;
}

static int watch_signals(struct bg_child *c, struct bg_error *err)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		sigaddset(&set, passed[i]);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, &c->old) < 0)
		return bg_fail_errno(err, "cannot block signals");
	c->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (c->signals < 0)
		return bg_fail_errno(err, "cannot watch signals");
	/* Handing the terminal over and back must not stop us. */
	signal(SIGTTOU, SIG_IGN);
	return 0;
}

static int read_report(struct bg_child *c, int fd)
{
	ssize_t n;

	do
		n = read(fd, &c->exec_errno, sizeof(c->exec_errno));
	while (n < 0 && errno == EINTR);
	return n == sizeof(c->exec_errno) ? -1 : 0;
}

static int start(struct bg_child *c, const char *path, const char *const *argv,
		 const char *const *env, struct bg_error *err)
{
	int report[2];

	if (pipe2(report, O_CLOEXEC) < 0)
		return bg_fail_errno(err, "cannot make a pipe");
	c->pid = fork();
	if (c->pid == 0)
		run(c, path, argv, env, report[1]);
	close(report[1]);
	if (c->pid < 0) {
		close(report[0]);
		return bg_fail_errno(err, "cannot start a process");
	}
	if (c->own_group)
		setpgid(c->pid, c->pid);
	if (c->foreground)
		tcsetpgrp(0, c->pid);
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (read_report(c, report[0])) {
		while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
			;
		c->exited = true;
	}
	close(report[0]);
	return 0;
}

int bg_child_start(struct bg_child *c, const char *path,
		   const char *const *argv, const char *const *env,
		   struct bg_error *err)
{
	int rc;

	*c = (struct bg_child)BG_CHILD_INIT;
	look_at_terminal(c);
	rc = watch_signals(c, err);
	if (!rc)
		rc = start(c, path, argv, env, err);
	if (rc)
		bg_child_finish(c);
	return rc;
}

/*
 * While it runs
 */
/* It stopped (Ctrl-Z): so do we, with the terminal as it was, and go on
 * together when the shell lets us. */
static void stop_with_it(struct bg_child *c)
{
	struct termios now;
	bool raw = false;

	if (c->foreground) {
		raw = tcgetattr(0, &now) == 0;
		tcsetpgrp(0, getpgrp());
		if (c->has_tty)
			tcsetattr(0, TCSADRAIN, &c->tty);
	}
	kill(0, SIGSTOP);
	/* Here again after SIGCONT. */
	if (c->foreground && tcgetpgrp(0) == getpgrp()) {
		if (raw)
			tcsetattr(0, TCSADRAIN, &now);
		tcsetpgrp(0, c->pid);
	}
	kill(c->own_group ? -c->pid : c->pid, SIGCONT);
}

/* Stopped because it wanted the terminal that we hold: it gets it. */
static bool wants_terminal(const struct bg_child *c, int signal)
{
	return (signal == SIGTTIN || signal == SIGTTOU) && c->own_group;
}

static void stopped(struct bg_child *c, int signal)
{
	int tty;

	if (wants_terminal(c, signal)) {
		tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
		if (tty >= 0 && tcgetpgrp(tty) == getpgrp() &&
		    tcsetpgrp(tty, c->pid) == 0) {
			close(tty);
			kill(-c->pid, SIGCONT);
			return;
		}
		bg_auto_fd(&tty);
	}
	/* In our own group the terminal stopped us as well. */
	if (c->own_group)
		stop_with_it(c);
}

static void reap(struct bg_child *c)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(c->pid, &status, WNOHANG | WUNTRACED);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid != c->pid)
			return;
		if (!WIFSTOPPED(status)) {
			c->status = status;
			c->exited = true;
			return;
		}
		stopped(c, WSTOPSIG(status));
	}
}

void bg_child_tick(struct bg_child *c)
{
	struct signalfd_siginfo s;

	while (read(c->signals, &s, sizeof(s)) == sizeof(s)) {
		int n = (int)s.ssi_signo;

		if (n == SIGCHLD || c->exited)
			continue;
		/* What the terminal sends reaches our own group anyway. */
		if (!c->own_group && s.ssi_code == SI_KERNEL)
			continue;
		kill(c->own_group ? -c->pid : c->pid, n);
	}
	if (!c->exited)
		reap(c);
}

/*
 * The end
 */
static size_t add_children(pid_t *list, size_t n, pid_t of)
{
	char path[64], word[16];
	size_t len = 0;
	int c;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", of, of);
	f = fopen(path, "re");
	if (!f)
		return n;
	while ((c = fgetc(f)) != EOF) {
		if (c >= '0' && c <= '9' && len < sizeof(word) - 1) {
			word[len++] = (char)c;
			continue;
		}
		word[len] = '\0';
		if (len && n < TREE_MAX)
			list[n++] = (pid_t)strtol(word, NULL, 10);
		len = 0;
	}
	fclose(f);
	return n;
}

/* Jobs of a shell have groups of their own: go by descent. */
void bg_child_kill(const struct bg_child *c, int signal)
{
	pid_t list[TREE_MAX];
	size_t n = 1;

	if (c->pid <= 0 || c->exited)
		return;
	list[0] = c->pid;
	for (size_t i = 0; i < n; i++)
		n = add_children(list, n, list[i]);
	if (c->own_group)
		kill(-c->pid, signal);
	while (n > 0)
		kill(list[--n], signal);
}

void bg_child_finish(struct bg_child *c)
{
	if (c->foreground && c->pid > 0) {
		tcsetpgrp(0, getpgrp());
		/* What was killed could not tidy up after itself. */
		if (c->has_tty && (!c->exited || WIFSIGNALED(c->status)))
			tcsetattr(0, TCSADRAIN, &c->tty);
	}
	if (c->signals >= 0) {
		struct signalfd_siginfo s;

		while (read(c->signals, &s, sizeof(s)) == sizeof(s))
			;
		sigprocmask(SIG_SETMASK, &c->old, NULL);
		signal(SIGTTOU, SIG_DFL);
	}
	bg_auto_fd(&c->signals);
	bg_auto_fd(&c->pidfd);
}
