#include "unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

static char home[] = "/tmp/bgXXXXXX";
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

static int no_faults(void **state)
{
	(void)state;
	bg_fault_set(NULL);
	return 0;
}

static void assert_content(const char *path, const char *want)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;

	assert_ok(bg_file_read(&s, path, 1 << 20, &err), err);
	assert_string_equal(bg_str_text(&s), want);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void put(const char *path, const char *text)
{
	assert_ok(bg_file_commit(path, 0644, text, strlen(text), &err), err);
}

static void assert_nothing_begins(const char *prefix)
{
	DIR *d = opendir(".");
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)))
		assert_false(bg_starts_with(e->d_name, prefix));
	closedir(d);
}

static void read_bounds(void **state)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;

	(void)state;
	put("five", "12345");
	assert_ok(bg_file_read(&s, "five", 5, &err), err);
	/* Appends. */
	assert_ok(bg_file_read(&s, "five", 5, &err), err);
	assert_string_equal(s.buf, "1234512345");
	assert_fails(bg_file_read(&s, "five", 4, &err), BG_EFAIL, "too-large",
		     err);
	put("empty", "");
	bg_str_clear(&s);
	assert_ok(bg_file_read(&s, "empty", 0, &err), err);
	assert_int_equal(s.len, 0);
	/* A file that says it is empty and is not. */
	assert_ok(bg_file_read(&s, "/proc/self/status", 1 << 20, &err), err);
	assert_true(s.len > 100);
}

static void read_refuses(void **state)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;

	(void)state;
	assert_fails(bg_file_read(&s, "none", 9, &err), BG_ENOENT,
		     "no-such-file", err);
	put("file", "x");
	assert_fails(bg_file_read(&s, "file/x", 9, &err), BG_ENOENT,
		     "no-such-file", err);
	assert_fails(bg_file_read(&s, ".", 9, &err), BG_EFAIL, "not-a-file",
		     err);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	/* Nobody writes: must not hang. */
	assert_fails(bg_file_read(&s, "fifo", 9, &err), BG_EFAIL, "not-a-file",
		     err);
	assert_fails(bg_file_read(&s, "/dev/zero", 9, &err), BG_EFAIL,
		     "not-a-file", err);
	bg_fault_set("read");
	assert_fails(bg_file_read(&s, "file", 9, &err), BG_EFAIL, "io", err);
}

static void large_file(void **state)
{
	BG_AUTO(str) struct bg_str in = BG_STR_INIT;
	BG_AUTO(str) struct bg_str out = BG_STR_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		bg_str_addf(&in, "%d\n", i);
	put("large", in.buf);
	assert_ok(bg_file_read(&out, "large", in.len, &err), err);
	assert_int_equal(out.len, in.len);
	assert_memory_equal(out.buf, in.buf, in.len);
}

static void commit_is_whole_or_absent(void **state)
{
	static const char *const points[] = {
		"write=ENOSPC",
		"write=EIO",
		"fsync=EIO",
		"rename=EACCES",
	};

	(void)state;
	put("c", "old");
	assert_int_equal(mode_of("c"), 0644);
	for (size_t i = 0; i < LENGTH(points); i++) {
		bg_fault_set(points[i]);
		assert_int_equal(bg_file_commit("c", 0600, "new", 3, &err),
				 strstr(points[i], "ENOSPC") ? BG_ENOSPC
							     : BG_EFAIL);
		assert_content("c", "old");
	}
	bg_fault_set(NULL);
	assert_ok(bg_file_commit("c", 0600, "new", 3, &err), err);
	assert_content("c", "new");
	assert_int_equal(mode_of("c"), 0600);
	/* Nothing is left beside it. */
	assert_nothing_begins("c.tmp-");
	assert_fails(bg_file_commit("no/c", 0600, "x", 1, &err), BG_EFAIL, "io",
		     err);
}

static void commit_ignores_umask_and_leftovers(void **state)
{
	char tmp[64];
	mode_t old = umask(077);

	(void)state;
	snprintf(tmp, sizeof(tmp), "u.tmp-%ld", (long)getpid());
	assert_int_equal(symlink("victim", tmp), 0);
	assert_ok(bg_file_commit("u", 0664, "x", 1, &err), err);
	umask(old);
	assert_int_equal(mode_of("u"), 0664);
	assert_false(bg_path_exists("victim"));
}

static void append(void **state)
{
	(void)state;
	assert_ok(bg_file_append("a", 0600, "one\n", 4, &err), err);
	assert_ok(bg_file_append("a", 0600, "two\n", 4, &err), err);
	assert_content("a", "one\ntwo\n");
	assert_int_equal(mode_of("a"), 0600);
	bg_fault_set("append=ENOSPC");
	assert_int_equal(bg_file_append("a", 0600, "x\n", 2, &err), BG_ENOSPC);
	assert_ok(bg_file_append("a", 0600, "three\n", 6, &err), err);
	assert_content("a", "one\ntwo\nthree\n");
}

static void directories(void **state)
{
	mode_t old = umask(027);

	(void)state;
	assert_ok(bg_dir_make("d/e//f/", 0755, &err), err);
	umask(old);
	assert_int_equal(mode_of("d/e/f"), 0755);
	assert_int_equal(chmod("d", 0700), 0);
	assert_ok(bg_dir_make("d/e/f", 0755, &err), err);
	assert_int_equal(mode_of("d"), 0700);
	put("plain", "x");
	assert_int_equal(bg_dir_make("plain/x", 0755, &err), BG_EFAIL);
	assert_int_equal(bg_dir_make("", 0755, &err), BG_EFAIL);
	assert_int_equal(symlink("d", "link"), 0);
	assert_ok(bg_dir_make("link/g", 0700, &err), err);
	assert_true(bg_path_exists("d/g"));
	assert_ok(bg_dir_make("/tmp", 0700, &err), err);
	assert_ok(bg_dir_sync(".", &err), err);
	assert_int_equal(bg_dir_sync("none", &err), BG_EFAIL);
}

static void trees(void **state)
{
	(void)state;
	assert_ok(bg_tree_remove("none", &err), err);
	assert_ok(bg_dir_make("t/a/b/c", 0755, &err), err);
	assert_ok(bg_dir_make("outside", 0755, &err), err);
	put("outside/kept", "x");
	put("t/a/f", "x");
	assert_int_equal(symlink("../../outside", "t/a/out"), 0);
	assert_int_equal(symlink("nowhere", "t/dangling"), 0);
	assert_int_equal(mkfifo("t/fifo", 0600), 0);
	bg_fault_set("unlink:3");
	assert_int_equal(bg_tree_remove("t", &err), BG_EFAIL);
	bg_fault_set(NULL);
	assert_ok(bg_tree_remove("t", &err), err);
	assert_false(bg_path_exists("t"));
	assert_content("outside/kept", "x");
	/* A link to a tree: the link goes, not the tree. */
	assert_int_equal(symlink("outside", "l"), 0);
	assert_ok(bg_tree_remove("l", &err), err);
	assert_content("outside/kept", "x");
}

static void shred(void **state)
{
	BG_AUTO(fd) int fd = -1;
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;

	(void)state;
	assert_ok(bg_file_shred("none", &err), err);
	for (int i = 0; i < 3000; i++)
		bg_str_add(&s, "SECRET");
	put("secret", s.buf);
	fd = open("secret", O_RDONLY);
	assert_true(fd >= 0);
	assert_ok(bg_file_shred("secret", &err), err);
	assert_false(bg_path_exists("secret"));
	bg_str_clear(&s);
	assert_ok(bg_fd_read_all(&s, fd, 1 << 20, &err), err);
	assert_true(s.len >= 18000);
	for (size_t i = 0; i < s.len; i++)
		assert_int_equal(s.buf[i], 0);
	/* Never through a link. */
	put("target", "kept");
	assert_int_equal(symlink("target", "way"), 0);
	assert_int_equal(bg_file_shred("way", &err), BG_EFAIL);
	assert_false(bg_path_exists("way"));
	assert_content("target", "kept");
	/* It goes away even when it cannot be overwritten. */
	put("secret", "x");
	bg_fault_set("fsync");
	assert_int_equal(bg_file_shred("secret", &err), BG_EFAIL);
	assert_false(bg_path_exists("secret"));
}

/* A child takes the lock, says so and holds it until it is killed. */
static pid_t hold(const char *path)
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct bg_lock lock = BG_LOCK_INIT;

		if (bg_lock_take(&lock, path, -1, &err) ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void locks(void **state)
{
	BG_AUTO(lock) struct bg_lock lock = BG_LOCK_INIT;
	pid_t pid = hold("lock");
	int64_t start = bg_boottime_us(), took;

	(void)state;
	assert_fails(bg_lock_take(&lock, "lock", 0, &err), BG_EBUSY, "locked",
		     err);
	assert_fails(bg_lock_take(&lock, "lock", 100, &err), BG_EBUSY, "locked",
		     err);
	took = bg_boottime_us() - start;
	assert_true(took >= 100000 && took < 2000000);
	assert_int_equal(lock.fd, -1);
	/* The lock dies with its holder, however it dies. */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_ok(bg_lock_take(&lock, "lock", 1000, &err), err);
	assert_true(lock.fd >= 0);
	assert_int_equal(mode_of("lock"), 0600);
	bg_lock_release(&lock);
	bg_lock_release(&lock);
	assert_int_equal(lock.fd, -1);
	assert_ok(bg_lock_take(&lock, "lock", -1, &err), err);
	assert_int_equal(symlink("lock", "locklink"), 0);
	assert_int_equal(bg_lock_take(&lock, "locklink", 0, &err), BG_EFAIL);
}

/* Many processes count in one file under the lock. */
static void lock_excludes(void **state)
{
	pid_t pids[4];

	(void)state;
	put("counter", "0");
	for (size_t i = 0; i < LENGTH(pids); i++) {
		pids[i] = fork();
		if (pids[i] > 0)
			continue;
		for (int k = 0; k < 50; k++) {
			BG_AUTO(lock) struct bg_lock lock = BG_LOCK_INIT;
			BG_AUTO(str) struct bg_str s = BG_STR_INIT;
			char out[16];
			int n;

			if (bg_lock_take(&lock, "lock2", 20000, &err) ||
			    bg_file_read(&s, "counter", 16, &err))
				_exit(1);
			n = snprintf(out, sizeof(out), "%d", atoi(s.buf) + 1);
			if (bg_file_commit("counter", 0600, out, (size_t)n,
					   &err))
				_exit(1);
		}
		_exit(0);
	}
	for (size_t i = 0; i < LENGTH(pids); i++) {
		int status;

		waitpid(pids[i], &status, 0);
		assert_int_equal(status, 0);
	}
	assert_content("counter", "200");
}

static void fault_points(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	bg_fault_set("a:2,b=ENOSPC:2+");
	assert_int_equal(bg_fault("a"), 0);
	assert_int_equal(bg_fault("a"), EIO);
	assert_int_equal(bg_fault("a"), 0);
	assert_int_equal(bg_fault("b"), 0);
	assert_int_equal(bg_fault("b"), ENOSPC);
	assert_int_equal(bg_fault("b"), ENOSPC);
	assert_int_equal(bg_fault("c"), 0);
	pid = fork();
	if (pid == 0) {
		bg_fault_set("k=KILL");
		bg_fault("k");
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, no_faults, no_faults)
	const struct CMUnitTest tests[] = {
		TEST(read_bounds),
		TEST(read_refuses),
		TEST(large_file),
		TEST(commit_is_whole_or_absent),
		TEST(commit_ignores_umask_and_leftovers),
		TEST(append),
		TEST(directories),
		TEST(trees),
		TEST(shred),
		TEST(locks),
		TEST(lock_excludes),
		TEST(fault_points),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
