/*
 * Files, directories, locks: bounded reads, writes that are durable or absent.
 * Paths are absolute or relative to the current directory; nothing here reads
 * the environment.
 */
#ifndef BG_BASE_IO_H
#define BG_BASE_IO_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

/* Read a whole regular file of at most max bytes; appends to out.  Refuses
 * anything that is not a regular file.  BG_ENOENT (id "no-such-file") when it
 * is not there. */
int bg_file_read(struct bg_str *out, const char *path, size_t max,
		 struct bg_error *err) BG_MUST_CHECK;
/* Read a descriptor to its end, at most max bytes, else BG_EFAIL. */
int bg_fd_read_all(struct bg_str *out, int fd, size_t max, struct bg_error *err)
	BG_MUST_CHECK;
int bg_fd_write_all(int fd, const void *buf, size_t n, struct bg_error *err)
	BG_MUST_CHECK;
/* Write path.tmp-<pid>, fsync, rename over path, fsync the directory. */
int bg_file_commit(const char *path, mode_t mode, const void *buf, size_t n,
		   struct bg_error *err) BG_MUST_CHECK;
/* Append one record with a single write() and fsync it. */
int bg_file_append(const char *path, mode_t mode, const void *buf, size_t n,
		   struct bg_error *err) BG_MUST_CHECK;
int bg_dir_sync(const char *path, struct bg_error *err) BG_MUST_CHECK;
/* mkdir -p; only directories that it makes get the mode. */
int bg_dir_make(const char *path, mode_t mode, struct bg_error *err)
	BG_MUST_CHECK;
/* Remove a tree without following links; a missing one is success. */
int bg_tree_remove(const char *path, struct bg_error *err) BG_MUST_CHECK;
/* Overwrite a file, fsync, unlink; a missing one is success. */
int bg_file_shred(const char *path, struct bg_error *err) BG_MUST_CHECK;
bool bg_path_exists(const char *path);

/* flock() on a file that stays (made 0600), waiting at most timeout_ms
 * (-1: for ever); BG_EBUSY (id "locked") after it. */
struct bg_lock {
	int fd;
};
#define BG_LOCK_INIT \
	{ \
		-1 \
	}
int bg_lock_take(struct bg_lock *lock, const char *path, int timeout_ms,
		 struct bg_error *err) BG_MUST_CHECK;
void bg_lock_release(struct bg_lock *lock);
BG_AUTO_VALUE(lock, struct bg_lock, bg_lock_release)

/* Fault points, in a test build (-DBG_TEST) only: "name:N" set with
 * bg_fault_set() makes the Nth bg_fault("name") return an errno (name=EIO:N,
 * name=ENOSPC:N) or kill the process (name=KILL:N).  Else always 0.  "N+" is
 * the Nth and all later calls; several are separated by commas; without N the
 * first.  Points here: read write append fsync fsync-dir rename unlink fork
 * exec. */
#ifdef BG_TEST
int bg_fault(const char *name);
void bg_fault_set(const char *spec);
#else
#define bg_fault(name) 0
#endif
/* if (bg_faulty(bg_fault("x")) || call() < 0): a fault is a failed call. */
static inline bool bg_faulty(int error)
{
	if (error)
		errno = error;
	return error != 0;
}

#endif
