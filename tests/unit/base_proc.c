#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"

static char home[] = "/tmp/bgXXXXXX";
static const char *const env[] = { "PATH=/usr/bin:/bin", "ONE=1", NULL };
static struct bg_error err;

static int enter(void **state)
{
	(void)state;
	return mkdtemp(home) && chdir(home) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	return chdir("/") || bg_tree_remove(home, &err) ? -1 : 0;
}

/* Nothing of a test is left: no child, no descriptor. */
static int fds_before;

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int before(void **state)
{
	(void)state;
	bg_fault_set(NULL);
	fds_before = count_fds();
	return 0;
}

static int after(void **state)
{
	(void)state;
	bg_fault_set(NULL);
	if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
		return -1;
	return count_fds() == fds_before ? 0 : -1;
}

static void sh(struct bg_proc_result *r, const char *script, struct bg_proc p)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };

	p.argv = argv;
	p.env = env;
	if (!p.max_out)
		p.max_out = 1 << 20;
	if (!p.timeout_ms)
		p.timeout_ms = 20000;
	assert_ok(bg_proc_run(r, &p, &err), err);
}
#define SH(r, script, ...) \
	sh(r, script, (struct bg_proc){ .secret_fd = -1, __VA_ARGS__ })

static void statuses(void **state)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;

	(void)state;
	SH(&r, "echo out; echo err >&2; exit 3");
	assert_true(r.started);
	assert_int_equal(r.exit_status, 3);
	assert_int_equal(r.signal, 0);
	assert_string_equal(bg_str_text(&r.out), "out\n");
	assert_int_equal(r.out_bytes, 4);
	assert_int_equal(r.err_bytes, 4);
	assert_false(r.timed_out || r.overflow);
	/* The result may be used again. */
	SH(&r, "kill -9 $$");
	assert_int_equal(r.exit_status, -1);
	assert_int_equal(r.signal, SIGKILL);
	assert_int_equal(r.out.len, 0);
	SH(&r, "exit 255");
	assert_int_equal(r.exit_status, 255);
}

static void surroundings(void **state)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;
	char want[128];

	(void)state;
	setenv("LEAK", "1", 1);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	/* 32 and 33 belong to libc, which lets nobody reset them. */
	SH(&r, "env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= | sort; pwd; umask; "
	       "grep -E '^Sig(Ign|Blk)' /proc/self/status | cut -f2 | "
	       "sed s/180000000/000000000/");
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	assert_string_equal(bg_str_text(&r.out),
			    "ONE=1\nPATH=/usr/bin:/bin\n/\n0077\n"
			    "0000000000000000\n0000000000000000\n");
	SH(&r, "pwd", .dir = home);
	snprintf(want, sizeof(want), "%s\n", home);
	assert_string_equal(bg_str_text(&r.out), want);
}

static void descriptors_are_closed(void **state)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;
	int high = fcntl(2, F_DUPFD, 700);
	int low = fcntl(2, F_DUPFD, 3);

	(void)state;
	/* ls itself opens one for the directory. */
	SH(&r, "exec ls /proc/self/fd");
	close(high);
	close(low);
	assert_string_equal(bg_str_text(&r.out), "0\n1\n2\n3\n");
}

static void input(void **state)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;
	BG_AUTO(str) struct bg_str big = BG_STR_INIT;

	(void)state;
	SH(&r, "cat; echo end");
	assert_string_equal(bg_str_text(&r.out), "end\n");
	SH(&r, "cat", .in = "a\0b", .in_len = 3);
	assert_int_equal(r.out.len, 3);
	assert_memory_equal(r.out.buf, "a\0b", 3);
	SH(&r, "cat; echo end", .in = "", .in_len = 0);
	assert_string_equal(bg_str_text(&r.out), "end\n");
	/* More than any pipe holds, read by nobody, or echoed back. */
	while (big.len < 3000000)
		bg_str_add(&big, "0123456789");
	SH(&r, "exit 5", .in = big.buf, .in_len = big.len);
	assert_int_equal(r.exit_status, 5);
	SH(&r, "cat", .in = big.buf, .in_len = big.len, .max_out = 4000000);
	assert_int_equal(r.out.len, big.len);
	assert_memory_equal(r.out.buf, big.buf, big.len);
}

static void overflow(void **state)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;

	(void)state;
	SH(&r, "while :; do echo 0123456789; done", .max_out = 100);
	assert_true(r.overflow);
	assert_false(r.timed_out);
	assert_int_equal(r.out.len, 100);
	assert_true(r.out_bytes > 100);
	assert_int_equal(r.signal, SIGKILL);
	SH(&r, "printf 12345", .max_out = 5);
	assert_false(r.overflow);
	assert_int_equal(r.exit_status, 0);
	/* stderr is only counted. */
	SH(&r, "head -c 300000 /dev/zero >&2", .max_out = 5);
	assert_false(r.overflow);
	assert_int_equal(r.err_bytes, 300000);
}

static bool alive(const char *pid_file)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	BG_AUTO(str) struct bg_str stat = BG_STR_INIT;

	assert_ok(bg_file_read(&s, pid_file, 32, &err), err);
	bg_str_addf(&path, "/proc/%ld/stat", strtol(s.buf, NULL, 10));
	if (bg_file_read(&stat, path.buf, 4096, &err))
		return false;
	/* A zombie of init's is dead. */
	return !strstr(stat.buf, ") Z ");
}

static void wait_dead(const char *pid_file)
{
	for (int i = 0; i < 200 && alive(pid_file); i++)
		usleep(10000);
	assert_false(alive(pid_file));
}

static void time_out(void **state)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;
	int64_t start = bg_boottime_us();

	(void)state;
	SH(&r,
	   "sh -c 'trap \"\" TERM INT HUP; sleep 60' & "
	   "echo $! > pid; echo before; wait",
	   .timeout_ms = 300, .dir = home);
	assert_true(r.timed_out);
	assert_true(r.started);
	assert_int_equal(r.exit_status, -1);
	assert_int_equal(r.signal, SIGKILL);
	assert_string_equal(bg_str_text(&r.out), "before\n");
	assert_true(r.duration_ms >= 300 && r.duration_ms < 5000);
	assert_true(bg_boottime_us() - start < 5000000);
	wait_dead("pid");
	SH(&r, "sleep 60 & echo $! > pid; wait", .timeout_ms = 200, .dir = home,
	   .own_session = true);
	assert_true(r.timed_out);
	wait_dead("pid");
}

/* A process left behind that holds our pipes does not hold us. */
static void left_behind(void **state)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;

	(void)state;
	SH(&r, "sleep 60 & echo $! > pid; echo done", .dir = home,
	   .limits = true);
	assert_string_equal(bg_str_text(&r.out), "done\n");
	assert_int_equal(r.exit_status, 0);
	assert_true(r.duration_ms < 5000);
	wait_dead("pid");
	/* Without limits it may stay (a provider's own agent). */
	SH(&r, "sleep 60 & echo $! > pid; echo done", .dir = home);
	assert_true(r.duration_ms < 5000);
	assert_true(alive("pid"));
	SH(&r, "kill -9 $(cat pid)", .dir = home);
	wait_dead("pid");
}

static void cannot_execute(void **state)
{
	static const struct {
		const char *path, *dir;
		int error;
	} table[] = {
		{ "/nonexistent", NULL, ENOENT },
		{ "/etc/passwd", NULL, EACCES },
		{ "/tmp", NULL, EACCES },
		{ "/bin/true", "/nonexistent", ENOENT },
	};
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		const char *const argv[] = { table[i].path, NULL };
		const struct bg_proc p = { .argv = argv,
					   .env = env,
					   .dir = table[i].dir,
					   .secret_fd = -1,
					   .timeout_ms = 5000 };

		assert_ok(bg_proc_run(&r, &p, &err), err);
		assert_false(r.started);
		assert_int_equal(r.exec_errno, table[i].error);
	}
	bg_fault_set("exec=ENOMEM");
	SH(&r, "true");
	assert_false(r.started);
	assert_int_equal(r.exec_errno, ENOMEM);
}

static void cannot_fork(void **state)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;
	const char *const argv[] = { "/bin/true", NULL };
	const struct bg_proc p = { .argv = argv, .env = env, .secret_fd = -1 };

	(void)state;
	bg_fault_set("fork=EAGAIN");
	assert_fails(bg_proc_run(&r, &p, &err), BG_EFAIL, "io", err);
	bg_fault_set("fork=EAGAIN");
	assert_fails(bg_proc_detach(argv, env, &err), BG_EFAIL, "io", err);
}

static void secrets(void **state)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "hunter2\n", 8), 8);
	close(fd[1]);
	sh(&r, "cat <&3; ls /proc/$$/fd | tr '\\n' ' '",
	   (struct bg_proc){ .secret_fd = fd[0] });
	close(fd[0]);
	assert_true(bg_starts_with(bg_str_text(&r.out), "hunter2\n0 1 2 3 "));
	SH(&r, "echo secret >&3; echo public", .capture_secret = true);
	assert_string_equal(bg_str_text(&r.secret), "secret\n");
	assert_string_equal(bg_str_text(&r.out), "public\n");
	/* A credential is never that long. */
	SH(&r, "head -c 100000 /dev/zero >&3; sleep 10",
	   .capture_secret = true);
	assert_true(r.overflow);
	assert_int_equal(r.secret.len, 65536);
	SH(&r, "echo x >&3", );
	assert_int_not_equal(r.exit_status, 0);
}

static void limits(void **state)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;

	(void)state;
	if (UNDER_VALGRIND)
		skip();
	SH(&r,
	   "ulimit -t; ulimit -n; ulimit -c; grep NoNewPrivs "
	   "/proc/self/status | cut -f2; ulimit -f",
	   .limits = true, .no_new_privs = true);
	assert_true(bg_starts_with(bg_str_text(&r.out), "10\n64\n0\n1\n"));
	SH(&r, "head -c 2000000 /dev/zero > big", .limits = true, .dir = home);
	assert_int_not_equal(r.exit_status, 0);
	SH(&r, "ulimit -t");
	assert_string_equal(bg_str_text(&r.out), "unlimited\n");
}

static void another_user(void **state)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;

	(void)state;
	if (getuid() != 0)
		skip();
	SH(&r, "id -u; id -g; id -G; grep -E '^(Uid|Gid)' /proc/self/status",
	   .set_uid = true, .uid = 65534, .gid = 65534);
	assert_string_equal(bg_str_text(&r.out),
			    "65534\n65534\n65534\n"
			    "Uid:\t65534\t65534\t65534\t65534\n"
			    "Gid:\t65534\t65534\t65534\t65534\n");
}

static void sessions(void **state)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;
	const char *script = "set -- $(cat /proc/$$/stat); "
			     "[ $1 = $5 ] && echo leader; "
			     "[ $1 = $6 ] && echo session";

	(void)state;
	SH(&r, script);
	assert_string_equal(bg_str_text(&r.out), "leader\n");
	SH(&r, script, .own_session = true);
	assert_string_equal(bg_str_text(&r.out), "leader\nsession\n");
}

static void handler(int sig)
{
	(void)sig;
}

/* Signals that reach us while we wait change nothing. */
static void interrupted(void **state)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;
	struct sigaction sa = { .sa_handler = handler };

	(void)state;
	sigaction(SIGUSR1, &sa, NULL);
	SH(&r, "for i in 1 2 3 4 5; do kill -USR1 $PPID; sleep 0.02; done; "
	       "echo end");
	signal(SIGUSR1, SIG_DFL);
	assert_string_equal(bg_str_text(&r.out), "end\n");
	assert_int_equal(r.exit_status, 0);
}

static void detached(void **state)
{
	static const char *const script =
		"exec 3>/dev/null; set -- $(cat /proc/$$/stat); "
		"l=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2); "
		"echo $$ $4 $6 > $ONE; echo \"$l\" >> $ONE; pwd >> $ONE; mv $ONE $ONE.done; "
		"exec sleep 60";
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const char *const missing[] = { "/nonexistent", NULL };
	char one[64];
	const char *const own[] = { "PATH=/usr/bin:/bin", one, NULL };
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	long pid, parent, session;

	(void)state;
	snprintf(one, sizeof(one), "ONE=%s/info", home);
	assert_ok(bg_proc_detach(argv, own, &err), err);
	for (int i = 0; i < 500 && !bg_path_exists("info.done"); i++)
		usleep(10000);
	assert_ok(bg_file_read(&s, "info.done", 4096, &err), err);
	assert_int_equal(sscanf(s.buf, "%ld %ld %ld", &pid, &parent, &session),
			 3);
	kill((pid_t)pid, SIGKILL);
	assert_int_not_equal(parent, getpid());
	assert_int_not_equal(session, getsid(0));
	assert_non_null(
		strstr(s.buf, "\n/dev/null\n/dev/null\n/dev/null\n/\n"));
	assert_fails(bg_proc_detach(missing, own, &err), BG_EFAIL, "io", err);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, before, after)
	const struct CMUnitTest tests[] = {
		TEST(statuses),
		TEST(surroundings),
		TEST(descriptors_are_closed),
		TEST(input),
		TEST(overflow),
		TEST(time_out),
		TEST(left_behind),
		TEST(cannot_execute),
		TEST(cannot_fork),
		TEST(secrets),
		TEST(limits),
		TEST(another_user),
		TEST(sessions),
		TEST(interrupted),
		TEST(detached),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
