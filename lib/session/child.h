/*
 * The command's process: its group, its terminal, its end.
 *
 * With a terminal on stdin and stdout the command's group gets the foreground,
 * as a shell gives it to a job; stop and continue go through.  With a terminal
 * on one side only (a pipeline) it stays in our group.  Without one it has a
 * group of its own, and signals that we get are passed on.
 */
#ifndef BG_SESSION_CHILD_H
#define BG_SESSION_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

#include "base/error.h"

struct bg_child {
	pid_t pid;
	int pidfd;
	int signals;        /* signalfd of what is passed on */
	bool own_group;     /* pid leads its group */
	bool foreground;    /* it has, or should have, the terminal */
	bool has_tty;       /* tty is usable */
	struct termios tty; /* as it was */
	sigset_t old;       /* our signal mask before */
	int exec_errno;     /* not executed: why */
	bool exited;
	int status; /* of waitpid(2) */
};
#define BG_CHILD_INIT \
	{ \
		.pid = -1, .pidfd = -1, .signals = -1 \
	}
/* Start path with argv and env.  *out also says when it could not be executed. */
int bg_child_start(struct bg_child *out, const char *path,
		   const char *const *argv, const char *const *env,
		   struct bg_error *err) BG_MUST_CHECK;
/* Reap and handle stops; call when pidfd or signals is readable. */
void bg_child_tick(struct bg_child *c);
/* Send to the whole tree below it and its group. */
void bg_child_kill(const struct bg_child *c, int signal);
/* Take the terminal back as it was. */
void bg_child_finish(struct bg_child *c);

#endif
