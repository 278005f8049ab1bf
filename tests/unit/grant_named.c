/* Programs named under trust: one test for each rule X1 to X10. */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "grant/named.h"

static char home[] = "/tmp/bgXXXXXX";
static struct bg_error err;
static struct bg_named_env machine;
static struct bg_proc_result r = BG_PROC_RESULT_INIT;

static int enter(void **state)
{
	(void)state;
	if (!mkdtemp(home) || chmod(home, 0755) || chdir(home))
		return -1;
	machine = (struct bg_named_env){ .pinned = true, .uid = getuid() };
	return 0;
}

static int leave(void **state)
{
	(void)state;
	bg_proc_result_release(&r);
	return chdir("/") || bg_tree_remove(home, &err) ? -1 : 0;
}

/* An executable script below home; the path lives until the next call. */
static const char *script(const char *name, const char *body)
{
	static char path[256];
	char text[4096];
	int n;

	snprintf(path, sizeof(path), "%s/%s", home, name);
	n = snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", body);
	assert_ok(bg_file_commit(path, 0755, text, (size_t)n, &err), err);
	assert_int_equal(chmod(path, 0755), 0);
	return path;
}

static int go(struct bg_named p, const char *const *argv)
{
	size_t n = 0;

	while (argv[n])
		n++;
	if (!p.machine)
		p.machine = &machine;
	p.argc = n;
	p.argv = argv;
	if (p.kind == BG_NAMED_PROBE && !p.max_out)
		p.kind = BG_NAMED_COMMAND;
	return bg_proc_named(&r, &p, &err);
}
#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define COMMAND .kind = BG_NAMED_COMMAND, .max_out = 4096

static void x1_nothing_runs_unpinned(void **state)
{
	struct bg_named_env m = machine;
	const char *path = script("touch", "touch ran");

	(void)state;
	m.pinned = false;
	assert_fails(go((struct bg_named){ .machine = &m, COMMAND },
			ARGS(path)),
		     BG_EUNANCHORED, "unanchored", err);
	assert_true(strstr(err.hint, "trust accept") != NULL);
	assert_int_equal(access("ran", F_OK), -1);
}

static void write_allow(const char *file, const char *line)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "# agreed\n%s\n", line);

	assert_ok(bg_file_commit(file, 0644, text, (size_t)n, &err), err);
}

static void x3_self_mode_list_narrows(void **state)
{
	struct bg_named_env m = machine;
	const char *path = script("prog", "exit 0");

	(void)state;
	m.allow_file = "allow"; /* not there: the pin is the consent */
	assert_ok(go((struct bg_named){ .machine = &m, COMMAND }, ARGS(path)),
		  err);
	write_allow("allow", "/usr/bin/true");
	assert_fails(go((struct bg_named){ .machine = &m, COMMAND },
			ARGS(path)),
		     BG_EDENIED, "program-not-allowed", err);
	write_allow("allow", path);
	assert_ok(go((struct bg_named){ .machine = &m, COMMAND }, ARGS(path)),
		  err);
	assert_int_equal(r.exit_status, 0);
}

static void x3_runner_needs_consent(void **state)
{
	struct bg_named_env m = machine;

	(void)state;
	m.runner = true;
	m.owner_any = true;
	m.allow_dir = "allow.d";
	assert_int_equal(mkdir("allow.d", 0755), 0);
	assert_fails(go((struct bg_named){ .machine = &m, COMMAND },
			ARGS("true")),
		     BG_EDENIED, "program-not-allowed", err);
	write_allow("allow.d/prod.txt", "/usr/bin/true");
	assert_fails(go((struct bg_named){ .machine = &m, COMMAND },
			ARGS("true")),
		     BG_EDENIED, "program-not-allowed", err);
	write_allow("allow.d/prod.conf", "/usr/bin/true");
	assert_ok(go((struct bg_named){ .machine = &m, COMMAND }, ARGS("true")),
		  err);
	/* A list that others could write is no consent. */
	m.owner_any = false;
	assert_int_equal(chmod("allow.d/prod.conf", 0666), 0);
	assert_fails(go((struct bg_named){ .machine = &m, COMMAND },
			ARGS("true")),
		     BG_EDENIED, "program-not-allowed", err);
}

static void x3_others_may_not_write_it(void **state)
{
	const char *path = script("loose", "touch ran");
	char inner[300];

	(void)state;
	assert_int_equal(chmod(path, 0775), 0);
	assert_fails(go((struct bg_named){ COMMAND }, ARGS(path)), BG_EDENIED,
		     "program-owner", err);
	assert_int_equal(chmod(path, 0755), 0);
	assert_ok(go((struct bg_named){ COMMAND }, ARGS(path)), err);
	/* Nor a folder above it. */
	assert_int_equal(mkdir("open", 0777) | chmod("open", 0777), 0);
	path = script("open/prog", "touch ran");
	assert_fails(go((struct bg_named){ COMMAND }, ARGS(path)), BG_EDENIED,
		     "program-owner", err);
	/* Nor the folder of a link to it. */
	snprintf(inner, sizeof(inner), "%s/open/link", home);
	assert_int_equal(symlink("/usr/bin/true", inner), 0);
	assert_fails(go((struct bg_named){ COMMAND }, ARGS(inner)), BG_EDENIED,
		     "program-owner", err);
	assert_int_equal(access("ran", F_OK), -1);
}

static void x3_runner_wants_root_files(void **state)
{
	struct bg_named_env m = machine;
	const char *path = script("mine", "exit 0");

	(void)state;
	if (getuid() == 0)
		assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(bg_named_owned(path, true, 65534, &err), BG_EDENIED);
	assert_string_equal(err.id, "program-owner");
	(void)m;
}

static void x4_paths(void **state)
{
	static const char *const bad[] = { "./prog",
					   "bin/prog",
					   "../prog",
					   "/usr/bin/../bin/true",
					   "/usr//bin/true",
					   "/usr/bin/./true",
					   "/usr/bin/",
					   "-x",
					   "",
					   "true;reboot",
					   "$(true)",
					   "true true",
					   "~root",
					   NULL };

	(void)state;
	for (size_t i = 0; bad[i]; i++)
		assert_fails(go((struct bg_named){ COMMAND }, ARGS(bad[i])),
			     BG_EDENIED, "program-path", err);
	assert_fails(go((struct bg_named){ COMMAND }, ARGS("no-such-prog-x")),
		     BG_EDENIED, "program-missing", err);
	assert_fails(go((struct bg_named){ COMMAND },
			ARGS("/usr/bin/no-such-prog-x")),
		     BG_EDENIED, "program-missing", err);
	assert_ok(go((struct bg_named){ COMMAND }, ARGS("true")), err);
	assert_int_equal(r.exit_status, 0);
	/* A program in the current directory is never found by name. */
	script("uniq-prog-x", "exit 0");
	assert_fails(go((struct bg_named){ COMMAND }, ARGS("uniq-prog-x")),
		     BG_EDENIED, "program-missing", err);
}

static void x4_no_shell(void **state)
{
	(void)state;
	assert_ok(go((struct bg_named){ COMMAND },
		     ARGS("printf", "%s\n", "$(id); `id` | x > y && z *")),
		  err);
	assert_string_equal(bg_str_text(&r.out),
			    "$(id); `id` | x > y && z *\n");
}

static void x4_shells_are_refused(void **state)
{
	char link[300];

	(void)state;
	assert_fails(go((struct bg_named){ COMMAND },
			ARGS("sh", "-c", "touch ran")),
		     BG_EDENIED, "program-shell", err);
	assert_fails(go((struct bg_named){ COMMAND },
			ARGS("/bin/bash", "-c", "touch ran")),
		     BG_EDENIED, "program-shell", err);
	snprintf(link, sizeof(link), "%s/tool", home);
	assert_int_equal(symlink("/bin/sh", link), 0);
	assert_fails(go((struct bg_named){ COMMAND },
			ARGS(link, "-c", "touch ran")),
		     BG_EDENIED, "program-shell", err);
}

static void x4_placeholders(void **state)
{
	struct bg_named_values v = { .grant = "BG-20261123-k7q2xm",
				     .principal = "alice",
				     .identity = "pg",
				     .expires = "2026-11-23T03:14:10.123Z",
				     .host = "db1" };
	struct bg_named p = { .values = &v, COMMAND };

	(void)state;
	assert_ok(go(p, ARGS("printf", "%s ", "{grant}", "{principal}",
			     "{identity}", "{expires}", "{host}", "x{grant}",
			     "{other}")),
		  err);
	assert_string_equal(bg_str_text(&r.out),
			    "BG-20261123-k7q2xm alice pg "
			    "2026-11-23T03:14:10.123Z db1 x{grant} {other} ");
	/* A value that could be taken for an option, or is none. */
	v.host = "-oProxyCommand=x";
	assert_fails(go(p, ARGS("printf", "{host}")), BG_EDENIED,
		     "program-argument", err);
	v.host = "db1 db2";
	assert_fails(go(p, ARGS("printf", "{host}")), BG_EDENIED,
		     "program-argument", err);
	v.host = NULL;
	assert_fails(go(p, ARGS("printf", "{host}")), BG_EDENIED,
		     "program-argument", err);
	/* The program itself is never a placeholder. */
	v.host = "true";
	assert_fails(go(p, ARGS("{host}")), BG_EDENIED, "program-path", err);
}

static void x4_words(void **state)
{
	char longest[130];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[128] = '\0';
	assert_true(bg_named_word(longest));
	longest[128] = 'a';
	longest[129] = '\0';
	assert_false(bg_named_word(longest));
	assert_true(bg_named_word("A1._:@+-z"));
	assert_false(bg_named_word(NULL));
	assert_false(bg_named_word(""));
	assert_false(bg_named_word("-a"));
	assert_false(bg_named_word("a/b"));
	assert_false(bg_named_word("a b"));
	assert_false(bg_named_word("\xc3\xa4"));
}

static void x5_probes_are_not_root(void **state)
{
	const char *const argv[] = { "id", "-u", NULL };
	struct bg_named p = { .machine = &machine,
			      .kind = BG_NAMED_PROBE,
			      .argc = 2,
			      .argv = argv,
			      .max_out = 100 };
	const struct passwd *pw = getpwnam("bg-probe");

	(void)state;
	assert_ok(bg_proc_named(&r, &p, &err), err);
	if (!pw)
		pw = getpwnam("nobody");
	if (getuid() != 0)
		assert_int_equal(atoi(bg_str_text(&r.out)), getuid());
	else
		assert_int_equal(atoi(bg_str_text(&r.out)), pw->pw_uid);
}

static void x6_environment(void **state)
{
	const char *const extra[] = { "PGHOST=db1", "LC_X=y" };
	const char *path = script("env",
				  "env | grep -v '^PWD=' | sort; pwd; umask; "
				  "ls -A \"$HOME\"; stat -c %a \"$HOME\"");
	struct bg_named p = { .env = extra, .envc = 2, COMMAND };
	char *s;

	(void)state;
	setenv("SSH_AUTH_SOCK", "/tmp/agent", 1);
	setenv("GNUPGHOME", "/tmp/gpg", 1);
	setenv("LD_PRELOAD_X", "x", 1);
	setenv("KUBECONFIG", "x", 1);
	assert_ok(go(p, ARGS(path)), err);
	unsetenv("SSH_AUTH_SOCK");
	unsetenv("GNUPGHOME");
	unsetenv("KUBECONFIG");
	s = r.out.buf;
	assert_true(bg_starts_with(s, "HOME=/tmp/bg-home-"));
	s = strchr(s, '\n');
	assert_string_equal(s, "\nLANG=C.UTF-8\nLC_X=y\nPATH=/usr/sbin:"
			       "/usr/bin:/sbin:/bin\nPGHOST=db1\nTZ=UTC\n/\n"
			       "0077\n700\n");
}

static void x6_policy_cannot_set_these(void **state)
{
	static const char *const bad[] = { "LD_PRELOAD=/tmp/x.so",
					   "SSH_AUTH_SOCK=/x",
					   "GPG_TTY=/x",
					   "AWS_PROFILE=x",
					   "KUBECONFIG=/x",
					   "DBUS_SESSION_BUS_ADDRESS=x",
					   "https_proxy=x",
					   "PATH=/tmp",
					   "HOME=/root",
					   "BASH_ENV=/x",
					   "NOVALUE",
					   "1A=x",
					   "A B=x",
					   "=x",
					   NULL };

	(void)state;
	for (size_t i = 0; bad[i]; i++) {
		struct bg_named p = { .env = &bad[i], .envc = 1, COMMAND };

		assert_fails(go(p, ARGS("true")), BG_EDENIED,
			     "program-environment", err);
	}
}

static void x6_stdin_and_descriptors(void **state)
{
	/* The shell's own descriptor for its script is 10 or 255. */
	const char *path = script(
		"fds", "cat; for i in 3 4 5 6 7 8 9; do "
		       "[ -e /proc/self/fd/$i ] && readlink /proc/$$/fd/$i; "
		       "done; readlink /proc/$$/fd/0; "
		       "cut -d' ' -f6 /proc/$$/stat | grep -qx $$ && echo own");
	int fd = open("/dev/null", O_RDONLY), high = fcntl(fd, F_DUPFD, 7);

	(void)state;
	assert_ok(go((struct bg_named){ COMMAND }, ARGS(path)), err);
	close(fd);
	close(high);
	assert_string_equal(bg_str_text(&r.out), "/dev/null\nown\n");
	assert_ok(go((struct bg_named){ .in = "hello\n", .in_len = 6, COMMAND },
		     ARGS("cat")),
		  err);
	assert_string_equal(bg_str_text(&r.out), "hello\n");
}

static void x6_home_is_removed(void **state)
{
	const char *path = script("home", "echo x >\"$HOME/f\"; echo $HOME");
	char *nl;

	(void)state;
	assert_ok(go((struct bg_named){ COMMAND }, ARGS(path)), err);
	nl = strchr(r.out.buf, '\n');
	*nl = '\0';
	assert_true(bg_starts_with(r.out.buf, "/tmp/bg-home-"));
	assert_false(bg_path_exists(r.out.buf));
}

static void x7_limits(void **state)
{
	const char *path =
		script("limits", "ulimit -t; ulimit -f; ulimit -n; ulimit -c; "
				 "grep NoNewPrivs /proc/self/status | cut -f2");

	(void)state;
	if (UNDER_VALGRIND)
		skip();
	assert_ok(go((struct bg_named){ COMMAND }, ARGS(path)), err);
	assert_string_equal(bg_str_text(&r.out), "10\n2048\n64\n0\n1\n");
	assert_ok(go((struct bg_named){ .may_gain = true, COMMAND },
		     ARGS(path)),
		  err);
	assert_string_equal(bg_str_text(&r.out), "10\n2048\n64\n0\n0\n");
}

static void x7_timeout_kills_the_group(void **state)
{
	const char *path = script("slow", "sleep 30 & echo $!; sleep 30");
	pid_t child;

	(void)state;
	assert_ok(go((struct bg_named){ .timeout = 1, COMMAND }, ARGS(path)),
		  err);
	assert_true(r.timed_out);
	assert_string_equal(bg_named_why(&r), "timed-out");
	child = (pid_t)atoi(bg_str_text(&r.out));
	assert_true(child > 0);
	for (int i = 0; i < 100 && kill(child, 0) == 0; i++)
		usleep(20000);
	assert_int_equal(kill(child, 0), -1);
}

static void x8_output_flood(void **state)
{
	(void)state;
	assert_ok(go((struct bg_named){ COMMAND }, ARGS("yes")), err);
	assert_true(r.overflow);
	assert_string_equal(bg_named_why(&r), "too-much-output");
	assert_true(r.out.len <= 4096);
}

static void x8_probe_text_is_not_kept(void **state)
{
	const char *const argv[] = { "echo", "password", NULL };
	struct bg_named p = { .machine = &machine,
			      .kind = BG_NAMED_PROBE,
			      .argc = 2,
			      .argv = argv };

	(void)state;
	assert_ok(bg_proc_named(&r, &p, &err), err);
	assert_int_equal(r.out_bytes, 9);
	assert_string_equal(bg_str_text(&r.out), "");
}

static void x8_secret_on_descriptor_3(void **state)
{
	const char *path = script("secret", "echo s3cret >&3; echo out");
	int fd[2];

	(void)state;
	assert_ok(go((struct bg_named){ .capture_secret = true, COMMAND },
		     ARGS(path)),
		  err);
	assert_string_equal(bg_str_text(&r.secret), "s3cret\n");
	assert_string_equal(bg_str_text(&r.out), "out\n");
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "given", 5), 5);
	close(fd[1]);
	path = script("reads", "cat <&3");
	assert_ok(go((struct bg_named){ .secret_fd = fd[0], COMMAND },
		     ARGS(path)),
		  err);
	close(fd[0]);
	assert_string_equal(bg_str_text(&r.out), "given");
}

static void x9_providers(void **state)
{
	const char *dirs[] = { NULL, NULL };
	BG_AUTO(free) char *path = NULL;
	char dir[256];

	(void)state;
	snprintf(dir, sizeof(dir), "%s/providers", home);
	dirs[0] = dir;
	assert_int_equal(mkdir(dir, 0755), 0);
	script("providers/bg-provider-x", "exit 0");
	assert_ok(bg_named_provider(&path, &machine, dirs, "x", &err), err);
	assert_fails(bg_named_provider(&path, &machine, dirs, "y", &err),
		     BG_ENOENT, "no-provider", err);
	assert_fails(bg_named_provider(&path, &machine, dirs, "../x", &err),
		     BG_EDENIED, "provider-name", err);
	assert_fails(bg_named_provider(&path, &machine, dirs, "X", &err),
		     BG_EDENIED, "provider-name", err);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_fails(bg_named_provider(&path, &machine, dirs, "x", &err),
		     BG_EDENIED, "program-owner", err);
	assert_int_equal(chmod(dir, 0755), 0);
	script("providers/bg-provider-x", "exit 0");
	assert_int_equal(chmod("providers/bg-provider-x", 0757), 0);
	assert_fails(bg_named_provider(&path, &machine, dirs, "x", &err),
		     BG_EDENIED, "program-owner", err);
}

static void x10_answers(void **state)
{
	static const struct {
		const char *body;
		enum bg_named_answer answer;
		const char *why;
	} cases[] = {
		{ "exit 0", BG_ANSWER_PRESENT, NULL },
		{ "exit 1", BG_ANSWER_ABSENT, NULL },
		{ "exit 2", BG_ANSWER_UNKNOWN, NULL },
		{ "exit 126", BG_ANSWER_UNKNOWN, "not-executable" },
		{ "exit 127", BG_ANSWER_UNKNOWN, "not-found" },
		{ "kill -9 $$", BG_ANSWER_UNKNOWN, "signal" },
		{ "sleep 9", BG_ANSWER_UNKNOWN, "timed-out" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const char *path = script("check", cases[i].body);
		const char *why;

		assert_ok(go((struct bg_named){ .timeout = 1, COMMAND },
			     ARGS(path)),
			  err);
		assert_int_equal(bg_named_check_answer(&r), cases[i].answer);
		why = bg_named_why(&r);
		assert_string_equal(why ? why : "-",
				    cases[i].why ? cases[i].why : "-");
	}
	/* Not executable at all: nothing was asked. */
	assert_int_equal(chmod("check", 0644), 0);
	assert_ok(go((struct bg_named){ COMMAND },
		     ARGS(script("plain", "") ? "/etc/hostname" : "")),
		  err);
	assert_false(r.started);
	assert_int_equal(bg_named_check_answer(&r), BG_ANSWER_UNKNOWN);
	assert_string_equal(bg_named_why(&r), "not-executable");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x1_nothing_runs_unpinned),
		cmocka_unit_test(x3_self_mode_list_narrows),
		cmocka_unit_test(x3_runner_needs_consent),
		cmocka_unit_test(x3_others_may_not_write_it),
		cmocka_unit_test(x3_runner_wants_root_files),
		cmocka_unit_test(x4_paths),
		cmocka_unit_test(x4_no_shell),
		cmocka_unit_test(x4_shells_are_refused),
		cmocka_unit_test(x4_placeholders),
		cmocka_unit_test(x4_words),
		cmocka_unit_test(x5_probes_are_not_root),
		cmocka_unit_test(x6_environment),
		cmocka_unit_test(x6_policy_cannot_set_these),
		cmocka_unit_test(x6_stdin_and_descriptors),
		cmocka_unit_test(x6_home_is_removed),
		cmocka_unit_test(x7_limits),
		cmocka_unit_test(x7_timeout_kills_the_group),
		cmocka_unit_test(x8_output_flood),
		cmocka_unit_test(x8_probe_text_is_not_kept),
		cmocka_unit_test(x8_secret_on_descriptor_3),
		cmocka_unit_test(x9_providers),
		cmocka_unit_test(x10_answers),
	};

	return cmocka_run_group_tests_name("grant_named", tests, enter, leave);
}
