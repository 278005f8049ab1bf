/*
 * Child processes.  bg_proc_run() is the only place that starts a program and
 * waits for it; what programs named under trust may see and do is set by
 * grant/named.h on top of it.
 */
#ifndef BG_BASE_PROC_H
#define BG_BASE_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

struct bg_proc {
	const char *const *argv; /* NULL terminated; argv[0] is the path to
				   * execute (no PATH search) */
	const char *const *env;  /* NULL terminated; the whole environment */
	const char *dir;         /* working directory; NULL: "/" */
	const char *in;          /* bytes for stdin; NULL: /dev/null */
	size_t in_len;
	int secret_fd;       /* readable, the child's 3; 0 or -1 none */
	bool capture_secret; /* instead: the child's 3 is a pipe that is
				   * read into secret, 64 KiB at most */
	size_t max_out;      /* bytes of stdout kept; more: killed */
	bool err_inherit;    /* stderr goes to ours; else it is counted */
	int timeout_ms;      /* whole process group killed after it;
				   * 0: none */
	bool own_session;    /* setsid() */
	bool no_new_privs;
	bool limits;    /* the resource limits of a named program,
				   * and its group is killed when it ends */
	unsigned procs; /* with limits: processes that its user has already; 64
			     * more are allowed */
	uid_t uid;      /* change to this user when set_uid */
	gid_t gid;
	bool set_uid;
};

struct bg_proc_result {
	bool started;   /* the program was executed */
	int exec_errno; /* why not */
	bool timed_out;
	bool overflow;   /* stdout was longer than max_out */
	int exit_status; /* 0..255, -1 when killed by a signal */
	int signal;
	int64_t duration_ms;
	uint64_t out_bytes, err_bytes;
	struct bg_str out;    /* stdout */
	struct bg_str secret; /* descriptor 3, wiped by release */
};
#define BG_PROC_RESULT_INIT \
	{ \
		.exit_status = -1, .out = BG_STR_INIT, .secret = BG_STR_INIT \
	}
void bg_proc_result_release(struct bg_proc_result *r);
BG_AUTO_VALUE(proc_result, struct bg_proc_result, bg_proc_result_release)

/* Run to the end.  0 also when the program failed: read *out.  An error is
 * one of ours (fork, pipe). All other descriptors are closed in the child,
 * umask is 077, signal dispositions are default. */
int bg_proc_run(struct bg_proc_result *out, const struct bg_proc *p,
		struct bg_error *err) BG_MUST_CHECK;
/* Start a process that outlives us (own session, stdin and stdout /dev/null):
 * the grant's own timer.  argv, env as above. */
int bg_proc_detach(const char *const *argv, const char *const *env,
		   struct bg_error *err) BG_MUST_CHECK;

#endif
