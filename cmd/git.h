/*
 * The git program, for what crosses the network: clone and push.  No hooks, no
 * templates, no prompts; the transports are file, ssh and https.
 */
#ifndef BG_CMD_GIT_H
#define BG_CMD_GIT_H

#include "base/proc.h"
#include "cmd/cmd.h"

/* git_dir: NULL for none.  args: after "git", NULL terminated, 24 at most.
 * The result says how it ended; BG_EFAIL "no-git" when git is not there. */
int bg_git_run(struct bg_proc_result *out, struct bg_ctx *ctx,
	       const char *git_dir, const char *const *args, int timeout_ms,
	       struct bg_error *err) BG_MUST_CHECK;
/* Run and wait at most wait_ms; what takes longer goes on by itself (a push that
 * is killed leaves locks behind on the other side), limit_s at most.  Its exit
 * status, or -1: still running, or it could not be started. */
int bg_git_patient(struct bg_ctx *ctx, const char *git_dir,
		   const char *const *args, int wait_ms, unsigned limit_s);
/* The first remote that the repository of the store names; NULL when there is
 * none, or when the repository is not anchored. */
const char *bg_git_remote(struct bg_ctx *ctx);

#endif
