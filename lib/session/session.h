/*
 * Sessions: a command or a shell inside an open grant.  What lives here: the
 * start and end that are recorded, the window that ends it, the terminal that
 * the command gets, and recovery after a crash.  What does not: the capture of
 * terminal and actions, which fits between bg_session_run() and the child.
 *
 * The caller's standard input and output are the command's, untouched.
 */
#ifndef BG_SESSION_SESSION_H
#define BG_SESSION_SESSION_H

#include "grant/ops.h"

enum bg_session_notice {
	BG_SESSION_BEGINS,    /* left_ms: until the window ends */
	BG_SESSION_SOON,      /* five minutes, one minute */
	BG_SESSION_EXTENDED,  /* a new end */
	BG_SESSION_OVER,      /* the window or an end: the command is ended */
	BG_SESSION_UNWRITTEN, /* the end could not be written; it is owed */
};
struct bg_session_ask {
	const struct bg_ops *ops;
	struct bg_digest root;
	const char *const *argv; /* NULL terminated; argv[0] is looked up */
	const char *argv0;       /* what argv[0] of the program is; NULL: as
				   * argv[0] ("-bash" for a login shell) */
	const char *path;        /* where: PATH */
	const char *const *env;  /* NULL terminated; the whole environment, to
				   * which BG_GRANT and paths are added */
	void (*notice)(void *arg, enum bg_session_notice what, int64_t left_ms,
		       const char *text);
	void *arg;
};
struct bg_session_result {
	char session[17];     /* hex16 */
	int status;           /* the command's own; 128 + signal; 124 when the
			       * window ended it; 126; 127 */
	bool started, window; /* window: ended by the grant's end */
	bool unwritten;       /* session-end is owed */
	int64_t duration_ms;
};
/* Record the start (before anything runs), run, record the end.  0: the command
 * was started or could not be executed: read *out.  Errors: nothing ran
 * (BG_EFAIL "not-open", what the append says). */
int bg_session_run(struct bg_session_result *out,
		   const struct bg_session_ask *ask, struct bg_error *err)
	BG_MUST_CHECK;
/* Write the end of sessions whose supervisor died; *n counts. */
int bg_session_recover(size_t *n, const struct bg_ops *ops,
		       struct bg_error *err) BG_MUST_CHECK;

#endif
