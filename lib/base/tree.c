/* Directories and trees of io.h: make, remove, shred. */
#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each level holds one descriptor open. */
#define DEPTH_MAX 200

static void auto_closedir(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* Make one directory whose parent is there; *made says whether we did. */
static int make_one(const char *path, mode_t mode, bool *made,
		    struct bg_error *err)
{
	struct stat st;

	*made = false;
	if (mkdir(path, mode & 0700) == 0) {
		*made = true;
		if (chmod(path, mode) < 0)
			return bg_fail_errno(err, "cannot set the mode of '%s'",
					     path);
		return 0;
	}
	if (errno == EEXIST) {
		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			return 0;
		errno = ENOTDIR;
	}
	return bg_fail_errno(err, "cannot make the directory '%s'", path);
}

int bg_dir_make(const char *path, mode_t mode, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str part = BG_STR_INIT;
	BG_AUTO(str) struct bg_str above = BG_STR_INIT;
	const char *p = path;
	bool made;

	if (!*path) {
		errno = ENOENT;
		return bg_fail_errno(err, "cannot make the directory ''");
	}
	while (*p) {
		size_t n = strspn(p, "/");

		n += strcspn(p + n, "/");
		bg_str_addn(&part, p, n);
		p += n;
		if (bg_str_check(&part, err))
			return err->code;
		if (strspn(part.buf, "/") != part.len) {
			if (make_one(part.buf, mode, &made, err))
				return err->code;
			if (made && bg_dir_sync(above.len      ? above.buf
						: *path == '/' ? "/"
							       : ".",
						err))
				return err->code;
		}
		bg_str_clear(&above);
		bg_str_addn(&above, part.buf, part.len);
		if (bg_str_check(&above, err))
			return err->code;
	}
	return 0;
}

static int remove_at(int dir, const char *name, int depth);

static int remove_content(int dir, const char *name, int depth)
{
	__attribute__((cleanup(auto_closedir))) DIR *d = NULL;
	struct dirent *e;
	int fd = openat(dir, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -1;
	d = fdopendir(fd);
	if (!d) {
		bg_auto_fd(&fd);
		return -1;
	}
	while (errno = 0, (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (remove_at(dirfd(d), e->d_name, depth + 1))
			return -1;
	}
	return errno ? -1 : 0;
}

/* Remove whatever name is; 0, or -1 with errno.  Something that is already
 * gone is success: two cleaners may meet. */
static int remove_at(int dir, const char *name, int depth)
{
	if (bg_faulty(bg_fault("unlink")))
		return -1;
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	/* Linux says EISDIR, POSIX EPERM. */
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (depth > DEPTH_MAX) {
		errno = ELOOP;
		return -1;
	}
	if (remove_content(dir, name, depth) < 0)
		return errno == ENOENT ? 0 : -1;
	return unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0
									 : -1;
}

int bg_tree_remove(const char *path, struct bg_error *err)
{
	if (remove_at(AT_FDCWD, path, 0) < 0)
		return bg_fail_errno(err, "cannot remove '%s'", path);
	return 0;
}

static int overwrite(int fd, struct bg_error *err)
{
	static const char zero[4096];
	struct stat st;
	off_t left;

	if (fstat(fd, &st) < 0)
		return bg_fail_errno(err, "cannot stat");
	if (!S_ISREG(st.st_mode))
		return bg_fail(err, BG_EFAIL, "not-a-file",
			       "not a regular file");
	for (left = st.st_size; left > 0; left -= (off_t)sizeof(zero)) {
		size_t n = left < (off_t)sizeof(zero) ? (size_t)left
						      : sizeof(zero);

		if (bg_fd_write_all(fd, zero, n, err))
			return err->code;
	}
	if (bg_faulty(bg_fault("fsync")) || fsync(fd) < 0)
		return bg_fail_errno(err, "cannot sync");
	return 0;
}

int bg_file_shred(const char *path, struct bg_error *err)
{
	BG_AUTO(fd)
	int fd = open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
				    O_CLOEXEC);
	int rc = 0;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		rc = bg_fail_errno(err, "cannot overwrite '%s'", path);
	else if (overwrite(fd, err))
		rc = bg_wrap(err, "cannot overwrite '%s'", path);
	/* Even when it could not be overwritten, nobody shall find it. */
	if ((bg_faulty(bg_fault("unlink")) || unlink(path) < 0) &&
	    errno != ENOENT)
		rc = bg_fail_errno(err, "cannot remove '%s'", path);
	return rc;
}
