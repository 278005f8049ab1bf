#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

/* Descriptor numbers in the child; ours are moved above CHILD_LAST first, so
 * that putting them in place overwrites none of them. */
#define CHILD_SECRET 3
#define CHILD_EXEC 4
#define CHILD_LAST 9

/* Enough for any credential. */
#define SECRET_MAX (64 * 1024)
/* How long a killed process may take to go away; a set-uid program can be
 * beyond our reach for good. */
#define KILL_WAIT_MS 5000
/* Without pidfd_open(2): how often to look. */
#define TICK_MS 20

#if defined(__SANITIZE_ADDRESS__)
#define BIG_ADDRESS_SPACE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BIG_ADDRESS_SPACE 1
#endif
#endif

/* Valgrind keeps descriptors for itself and refuses the limit on them. */
#if defined(BG_TEST) && defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef RUNNING_ON_VALGRIND
#define RUNNING_ON_VALGRIND 0
#endif

enum { OUT, ERRS, SECRET, EXEC, N_PIPES };

struct run {
	const struct bg_proc *p;
	struct bg_proc_result *r;
	pid_t pid;
	int pidfd;
	int in; /* becomes the child's 0 */
	int ours[N_PIPES], theirs[N_PIPES];
	int exec_fault;
	int64_t start, deadline; /* bg_boottime_us() */
	int64_t killed;          /* when, or 0 */
	bool exited, abandoned;
};

void bg_proc_result_release(struct bg_proc_result *r)
{
	bg_str_release(&r->out);
	bg_str_wipe(&r->secret);
}

/*
 * In the child: system calls only, between fork and exec.
 */
static void child_fail(int fd)
{
	int e = errno;
	ssize_t w = write(fd, &e, sizeof(e));

	_exit(w == sizeof(e) ? 127 : 126);
}

static void child_signals(void)
{
	struct sigaction sa;
	sigset_t none;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_DFL;
	for (int i = 1; i < NSIG; i++)
		sigaction(i, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_limit(int what, rlim_t value)
{
	struct rlimit have, want = { value, value };

	/* Never higher than what we were given. */
	if (getrlimit(what, &have) == 0 && have.rlim_max != RLIM_INFINITY &&
	    have.rlim_max < value)
		want.rlim_cur = want.rlim_max = have.rlim_max;
	return setrlimit(what, &want);
}

/* For programs that are named in policies. */
static int child_limits(const struct bg_proc *p)
{
	if (set_limit(RLIMIT_CPU, 10) || set_limit(RLIMIT_FSIZE, 1 << 20) ||
	    set_limit(RLIMIT_NPROC, (rlim_t)p->procs + 64) ||
	    set_limit(RLIMIT_CORE, 0))
		return -1;
	if (set_limit(RLIMIT_NOFILE, 64) && !RUNNING_ON_VALGRIND)
		return -1;
#ifndef BIG_ADDRESS_SPACE
	if (set_limit(RLIMIT_AS, 512 << 20))
		return -1;
#endif
	return 0;
}

static int child_user(const struct bg_proc *p)
{
	if (!p->set_uid)
		return 0;
	if (setgroups(1, &p->gid) && errno != EPERM)
		return -1;
	if (setresgid(p->gid, p->gid, p->gid) ||
	    setresuid(p->uid, p->uid, p->uid))
		return -1;
	return 0;
}

static int child_move(int from, int to)
{
	return dup2(from, to) < 0 ? -1 : 0;
}

static int child_descriptors(const struct run *run)
{
	int secret = run->theirs[SECRET];

	if (dup3(run->theirs[EXEC], CHILD_EXEC, O_CLOEXEC) < 0)
		return -1;
	if (child_move(run->in, 0) || child_move(run->theirs[OUT], 1))
		return -1;
	if (!run->p->err_inherit && child_move(run->theirs[ERRS], 2))
		return -1;
	if (secret >= 0 && child_move(secret, CHILD_SECRET))
		return -1;
	if (secret < 0)
		close(CHILD_SECRET);
	closefrom(CHILD_EXEC + 1);
	return 0;
}

__attribute__((noreturn)) static void child(const struct run *run)
{
	const struct bg_proc *p = run->p;
	int report = run->theirs[EXEC];

	if (p->own_session)
		setsid();
	else
		setpgid(0, 0);
	if (child_descriptors(run))
		child_fail(report);
	report = CHILD_EXEC;
	child_signals();
	umask(077);
	if (p->limits && child_limits(p))
		child_fail(report);
	if (child_user(p) || chdir(p->dir ? p->dir : "/"))
		child_fail(report);
	if (p->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		child_fail(report);
	if (!bg_faulty(run->exec_fault))
		execve(p->argv[0], (char *const *)p->argv,
		       (char *const *)p->env);
	child_fail(report);
	_exit(127);
}

/*
 * Descriptors
 */
/* Move above what the child uses. */
static int lift(int *fd)
{
	int up = fcntl(*fd, F_DUPFD_CLOEXEC, CHILD_LAST + 1);

	if (up < 0)
		return -1;
	close(*fd);
	*fd = up;
	return 0;
}

static int make_pipe(struct run *run, int which)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		return -1;
	run->ours[which] = fd[0];
	run->theirs[which] = fd[1];
	if (lift(&run->ours[which]) || lift(&run->theirs[which]))
		return -1;
	return fcntl(run->ours[which], F_SETFL, O_NONBLOCK);
}

/* The input as a file in memory: nothing to feed, no SIGPIPE, no deadlock. */
static int open_input(struct run *run, struct bg_error *err)
{
	const struct bg_proc *p = run->p;

	if (!p->in)
		run->in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	else
		run->in = memfd_create("bg-stdin", MFD_CLOEXEC);
	if (run->in < 0 || lift(&run->in))
		return bg_fail_errno(err, "cannot open the input");
	if (!p->in)
		return 0;
	if (bg_fd_write_all(run->in, p->in, p->in_len, err))
		return bg_wrap(err, "cannot write the input");
	if (lseek(run->in, 0, SEEK_SET) < 0)
		return bg_fail_errno(err, "cannot rewind the input");
	return 0;
}

static int open_all(struct run *run, struct bg_error *err)
{
	const struct bg_proc *p = run->p;

	if (open_input(run, err))
		return err->code;
	if (make_pipe(run, OUT) || make_pipe(run, EXEC) ||
	    (!p->err_inherit && make_pipe(run, ERRS)))
		return bg_fail_errno(err, "cannot make a pipe");
	if (p->capture_secret && make_pipe(run, SECRET))
		return bg_fail_errno(err, "cannot make a pipe");
	if (!p->capture_secret && p->secret_fd > 0) {
		run->theirs[SECRET] =
			fcntl(p->secret_fd, F_DUPFD_CLOEXEC, CHILD_LAST + 1);
		if (run->theirs[SECRET] < 0)
			return bg_fail_errno(err, "cannot pass the secret");
	}
	return 0;
}

static void close_theirs(struct run *run)
{
	bg_auto_fd(&run->in);
	for (int i = 0; i < N_PIPES; i++)
		bg_auto_fd(&run->theirs[i]);
}

static void close_all(struct run *run)
{
	close_theirs(run);
	for (int i = 0; i < N_PIPES; i++)
		bg_auto_fd(&run->ours[i]);
	bg_auto_fd(&run->pidfd);
}

/*
 * In the parent
 */
static void kill_group(struct run *run)
{
	if (!run->killed)
		run->killed = bg_boottime_us();
	kill(-run->pid, SIGKILL);
	kill(run->pid, SIGKILL);
}

static void keep(struct run *run, struct bg_str *to, size_t max,
		 const char *buf, size_t n)
{
	size_t room = to->len < max ? max - to->len : 0;

	bg_str_addn(to, buf, n < room ? n : room);
	if (n > room && !run->r->overflow) {
		run->r->overflow = true;
		kill_group(run);
	}
}

static void take(struct run *run, int which, const char *buf, size_t n)
{
	struct bg_proc_result *r = run->r;

	switch (which) {
	case OUT:
		r->out_bytes += n;
		keep(run, &r->out, run->p->max_out, buf, n);
		break;
	case ERRS:
		r->err_bytes += n;
		break;
	case SECRET:
		keep(run, &r->secret, SECRET_MAX, buf, n);
		break;
	case EXEC:
		if (n == sizeof(r->exec_errno))
			memcpy(&r->exec_errno, buf, n);
		break;
	}
}

/* Read what is there; closes the pipe at its end. */
static void drain(struct run *run, int which)
{
	/* A writer that never stops must not keep us from the deadline. */
	int rounds = 64;
	char buf[16 * 1024];

	while (run->ours[which] >= 0 && rounds-- > 0) {
		ssize_t n = read(run->ours[which], buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0)
			bg_auto_fd(&run->ours[which]);
		else
			take(run, which, buf, (size_t)n);
	}
	bg_wipe(buf, sizeof(buf));
}

/* Milliseconds until something must happen by itself; -1 never. */
static int wait_ms(const struct run *run)
{
	int64_t until = run->deadline, left;

	if (run->killed)
		until = run->killed + KILL_WAIT_MS * INT64_C(1000);
	if (!until)
		return run->pidfd < 0 ? TICK_MS : -1;
	left = (until - bg_boottime_us() + 999) / 1000;
	if (left < 0)
		left = 0;
	if (run->pidfd < 0 && left > TICK_MS)
		left = TICK_MS;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

static void check_time(struct run *run)
{
	int64_t now = bg_boottime_us();

	if (run->killed) {
		if (now - run->killed >= KILL_WAIT_MS * INT64_C(1000))
			run->abandoned = true;
	} else if (run->deadline && now >= run->deadline) {
		run->r->timed_out = true;
		kill_group(run);
	}
}

/* Has it ended?  It stays a zombie, so that its number stays ours. */
static void look(struct run *run)
{
	siginfo_t si = { .si_pid = 0 };
	int r;

	do
		r = waitid(P_PID, (id_t)run->pid, &si,
			   WEXITED | WNOHANG | WNOWAIT);
	while (r < 0 && errno == EINTR);
	if (r < 0 || si.si_pid == run->pid)
		run->exited = true;
}

static int watch(struct run *run, struct bg_error *err)
{
	while (!run->exited && !run->abandoned) {
		struct pollfd fds[N_PIPES + 1];

		for (int i = 0; i < N_PIPES; i++)
			fds[i] = (struct pollfd){ run->ours[i], POLLIN, 0 };
		fds[N_PIPES] = (struct pollfd){ run->pidfd, POLLIN, 0 };
		if (poll(fds, N_PIPES + 1, wait_ms(run)) < 0 &&
		    errno != EINTR) {
			bg_fail_errno(err, "cannot wait for the program");
			kill_group(run);
			return err->code;
		}
		for (int i = 0; i < N_PIPES; i++)
			if (fds[i].fd >= 0 && fds[i].revents)
				drain(run, i);
		if (run->pidfd < 0 || fds[N_PIPES].revents)
			look(run);
		check_time(run);
	}
	return 0;
}

static void reap(struct run *run)
{
	int status = 0;
	pid_t r;

	/* Limited programs leave nothing behind in their group; the zombie
	 * keeps the number of the group from being used again. */
	if (run->p->limits)
		kill(-run->pid, SIGKILL);
	do
		r = waitpid(run->pid, &status, run->abandoned ? WNOHANG : 0);
	while (r < 0 && errno == EINTR);
	if (r != run->pid)
		return;
	if (WIFEXITED(status))
		run->r->exit_status = WEXITSTATUS(status);
	else if (WIFSIGNALED(status))
		run->r->signal = WTERMSIG(status);
}

/* Fork with all signals blocked: a handler of ours must never run in the
 * child.  child_signals() unblocks them there. */
static pid_t fork_quietly(const struct run *run)
{
	sigset_t all, old;
	pid_t pid;
	int saved;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = bg_faulty(bg_fault("fork")) ? -1 : fork();
	if (pid == 0)
		child(run);
	saved = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return pid;
}

static int run_child(struct run *run, struct bg_error *err)
{
	const struct bg_proc *p = run->p;
	int rc;

	run->exec_fault = bg_fault("exec");
	run->start = bg_boottime_us();
	if (p->timeout_ms > 0)
		run->deadline = run->start + p->timeout_ms * INT64_C(1000);
	run->pid = fork_quietly(run);
	if (run->pid < 0)
		return bg_fail_errno(err, "cannot start a process");
	/* Both sides set it: whoever comes first. */
	if (!p->own_session)
		setpgid(run->pid, run->pid);
	close_theirs(run);
	run->pidfd = (int)syscall(SYS_pidfd_open, run->pid, 0);
	rc = watch(run, err);
	/* What it wrote before it ended. */
	for (int i = 0; i < N_PIPES; i++)
		drain(run, i);
	reap(run);
	run->r->started = !run->r->exec_errno;
	run->r->duration_ms = (bg_boottime_us() - run->start) / 1000;
	return rc;
}

int bg_proc_run(struct bg_proc_result *out, const struct bg_proc *p,
		struct bg_error *err)
{
	struct run run = { .p = p, .r = out, .pid = -1, .pidfd = -1, .in = -1 };
	int rc;

	for (int i = 0; i < N_PIPES; i++)
		run.ours[i] = run.theirs[i] = -1;
	bg_proc_result_release(out);
	*out = (struct bg_proc_result)BG_PROC_RESULT_INIT;
	rc = open_all(&run, err);
	if (!rc)
		rc = run_child(&run, err);
	close_all(&run);
	if (!rc && (out->out.oom || out->secret.oom))
		rc = bg_fail_oom(err);
	return rc ? bg_wrap(err, "cannot run '%s'", p->argv[0]) : 0;
}

/*
 * Detached
 */
__attribute__((noreturn)) static void detached(const char *const *argv,
					       const char *const *env, int null,
					       int report, int exec_fault)
{
	pid_t pid;

	setsid();
	/* Not the leader of the session: no terminal can become ours, and the
	 * parent of the program is init. */
	pid = fork();
	if (pid < 0)
		child_fail(report);
	if (pid > 0)
		_exit(0);
	if (dup3(report, CHILD_EXEC, O_CLOEXEC) < 0 || child_move(null, 0) ||
	    child_move(null, 1) || child_move(null, 2))
		child_fail(report);
	close(CHILD_SECRET);
	closefrom(CHILD_EXEC + 1);
	child_signals();
	umask(077);
	if (chdir("/"))
		child_fail(CHILD_EXEC);
	if (!bg_faulty(exec_fault))
		execve(argv[0], (char *const *)argv, (char *const *)env);
	child_fail(CHILD_EXEC);
	_exit(127);
}

static int detach(const char *const *argv, const char *const *env, int null,
		  int *report, struct bg_error *err)
{
	sigset_t all, old;
	int e = 0, status, fault = bg_fault("exec");
	ssize_t n;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = bg_faulty(bg_fault("fork")) ? -1 : fork();
	if (pid == 0)
		detached(argv, env, null, report[1], fault);
	e = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = e;
	bg_auto_fd(&report[1]);
	if (pid < 0)
		return bg_fail_errno(err, "cannot start a process");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* The end comes when the program runs. */
	do
		n = read(report[0], &e, sizeof(e));
	while (n < 0 && errno == EINTR);
	if (n == sizeof(e)) {
		errno = e;
		return bg_fail_errno(err, "cannot execute");
	}
	return 0;
}

int bg_proc_detach(const char *const *argv, const char *const *env,
		   struct bg_error *err)
{
	BG_AUTO(fd) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int report[2] = { -1, -1 };
	int rc;

	if (null < 0 || lift(&null) || pipe2(report, O_CLOEXEC) < 0 ||
	    lift(&report[0]) || lift(&report[1]))
		rc = bg_fail_errno(err, "cannot open descriptors");
	else
		rc = detach(argv, env, null, report, err);
	bg_auto_fd(&report[0]);
	bg_auto_fd(&report[1]);
	return rc ? bg_wrap(err, "cannot start '%s'", argv[0]) : 0;
}
