#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

/*
 * Reading
 */
static int read_some(struct bg_str *out, int fd, size_t left, bool *end)
{
	char buf[16 * 1024];
	/* One byte more than is left tells "exactly max" from "too long". */
	size_t want = left < sizeof(buf) ? left + 1 : sizeof(buf);
	ssize_t n;

	do
		n = bg_faulty(bg_fault("read")) ? -1 : read(fd, buf, want);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		return poll(&p, 1, -1) < 0 && errno != EINTR ? -1 : 0;
	}
	if (n < 0)
		return -1;
	*end = n == 0;
	bg_str_addn(out, buf, (size_t)n);
	bg_wipe(buf, (size_t)n);
	return 0;
}

int bg_fd_read_all(struct bg_str *out, int fd, size_t max, struct bg_error *err)
{
	size_t start = out->len;
	bool end = false;

	while (!end) {
		if (read_some(out, fd, max - (out->len - start), &end))
			return bg_fail_errno(err, "cannot read");
		if (out->oom)
			return bg_fail_oom(err);
		if (out->len - start > max)
			return bg_fail(err, BG_EFAIL, "too-large",
				       "more than %zu bytes", max);
	}
	return 0;
}

int bg_file_read(struct bg_str *out, const char *path, size_t max,
		 struct bg_error *err)
{
	BG_AUTO(fd) int fd = -1;
	struct stat st;

	/* O_NONBLOCK: a named pipe must not hang us before it is refused. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return bg_fail(err, BG_ENOENT, "no-such-file",
			       "cannot read '%s': no such file", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return bg_fail_errno(err, "cannot read '%s'", path);
	if (!S_ISREG(st.st_mode))
		return bg_fail(err, BG_EFAIL, "not-a-file",
			       "cannot read '%s': not a regular file", path);
	if (bg_fd_read_all(out, fd, max, err))
		return bg_wrap(err, "cannot read '%s'", path);
	return 0;
}

/*
 * Writing
 */
int bg_fd_write_all(int fd, const void *buf, size_t n, struct bg_error *err)
{
	const char *p = buf;

	while (n) {
		ssize_t w = bg_faulty(bg_fault("write")) ? -1 : write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0 && errno == EAGAIN) {
			struct pollfd wait = { .fd = fd, .events = POLLOUT };

			if (poll(&wait, 1, -1) < 0 && errno != EINTR)
				return bg_fail_errno(err, "cannot write");
			continue;
		}
		if (w < 0)
			return bg_fail_errno(err, "cannot write");
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

/* "/a/b" of "/a/b/c", "/" of "/a", "." of "a". */
static void parent_of(struct bg_str *out, const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	while (n && path[n - 1] != '/')
		n--;
	while (n > 1 && path[n - 1] == '/')
		n--;
	if (n)
		bg_str_addn(out, path, n);
	else
		bg_str_add(out, ".");
}

int bg_dir_sync(const char *path, struct bg_error *err)
{
	BG_AUTO(fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || bg_faulty(bg_fault("fsync-dir")) || fsync(fd) < 0)
		return bg_fail_errno(err, "cannot sync the directory '%s'",
				     path);
	return 0;
}

static int sync_parent(const char *path, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str dir = BG_STR_INIT;

	parent_of(&dir, path);
	if (bg_str_check(&dir, err))
		return err->code;
	return bg_dir_sync(dir.buf, err);
}

static int write_new(const char *path, mode_t mode, const void *buf, size_t n,
		     struct bg_error *err)
{
	BG_AUTO(fd)
	int fd = open(path,
		      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		      mode & 0700);

	if (fd < 0)
		return bg_fail_errno(err, "cannot make '%s'", path);
	if (bg_fd_write_all(fd, buf, n, err))
		return bg_wrap(err, "cannot write '%s'", path);
	/* The mode asked for, whatever the umask is. */
	if (fchmod(fd, mode) < 0)
		return bg_fail_errno(err, "cannot set the mode of '%s'", path);
	if (bg_faulty(bg_fault("fsync")) || fsync(fd) < 0)
		return bg_fail_errno(err, "cannot sync '%s'", path);
	return 0;
}

int bg_file_commit(const char *path, mode_t mode, const void *buf, size_t n,
		   struct bg_error *err)
{
	BG_AUTO(str) struct bg_str tmp = BG_STR_INIT;

	bg_str_addf(&tmp, "%s.tmp-%ld", path, (long)getpid());
	if (bg_str_check(&tmp, err))
		return err->code;
	/* Left by a killed process that had our number. */
	unlink(tmp.buf);
	if (write_new(tmp.buf, mode, buf, n, err)) {
		unlink(tmp.buf);
		return err->code;
	}
	if (bg_faulty(bg_fault("rename")) || rename(tmp.buf, path) < 0) {
		bg_fail_errno(err, "cannot replace '%s'", path);
		unlink(tmp.buf);
		return err->code;
	}
	return sync_parent(path, err);
}

/* Take back what a short write left at the end, unless somebody else has
 * already appended behind it. */
static void undo_append(int fd, off_t written)
{
	off_t end = lseek(fd, 0, SEEK_CUR);
	struct stat st;

	if (end < written || fstat(fd, &st) < 0 || st.st_size != end)
		return;
	if (ftruncate(fd, end - written) < 0)
		return;
}

int bg_file_append(const char *path, mode_t mode, const void *buf, size_t n,
		   struct bg_error *err)
{
	bool is_new = !bg_path_exists(path);
	BG_AUTO(fd)
	int fd = open(path,
		      O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
		      mode);
	ssize_t w;

	if (fd < 0)
		return bg_fail_errno(err, "cannot append to '%s'", path);
	do
		w = bg_faulty(bg_fault("append")) ? -1 : write(fd, buf, n);
	while (w < 0 && errno == EINTR);
	if (w >= 0 && (size_t)w < n) {
		undo_append(fd, w);
		errno = ENOSPC;
		w = -1;
	}
	if (w < 0)
		return bg_fail_errno(err, "cannot append to '%s'", path);
	if (bg_faulty(bg_fault("fsync")) || fsync(fd) < 0)
		return bg_fail_errno(err, "cannot sync '%s'", path);
	return is_new ? sync_parent(path, err) : 0;
}

bool bg_path_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/*
 * Locks
 */
/* 0, EWOULDBLOCK, or the errno of what went wrong. */
static int try_lock(int fd, bool wait)
{
	int r;

	do
		r = flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
	while (r < 0 && errno == EINTR);
	return r < 0 ? errno : 0;
}

int bg_lock_take(struct bg_lock *lock, const char *path, int timeout_ms,
		 struct bg_error *err)
{
	BG_AUTO(fd)
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int64_t end = bg_boottime_us() + timeout_ms * INT64_C(1000);
	long pause_us = 200;
	int e;

	if (fd < 0)
		return bg_fail_errno(err, "cannot open the lock '%s'", path);
	/* flock() has no time-out: ask again, less and less often. */
	while ((e = try_lock(fd, timeout_ms < 0)) == EWOULDBLOCK &&
	       bg_boottime_us() < end) {
		struct timespec ts = { 0, pause_us * 1000 };

		nanosleep(&ts, NULL);
		if (pause_us < 10000)
			pause_us *= 2;
	}
	if (e == EWOULDBLOCK)
		return bg_fail(err, BG_EBUSY, "locked",
			       "cannot lock '%s': another process holds it",
			       path);
	if (e) {
		errno = e;
		return bg_fail_errno(err, "cannot lock '%s'", path);
	}
	bg_lock_release(lock);
	lock->fd = fd;
	fd = -1;
	return 0;
}

void bg_lock_release(struct bg_lock *lock)
{
	bg_auto_fd(&lock->fd);
}
