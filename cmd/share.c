/*
 * Sharing: the own logs, and what they bind, go to the remote after every event,
 * 2 s at most and never in the way (cli.md, "Sharing").  What is not here yet is
 * fetched, 5 s at most ("GRANT").
 */
#include "cmd/cmd.h"

#include "base/io.h"
#include "base/proc.h"
#include "cmd/git.h"

#define PUSH_MS 2000
#define PUSH_LIMIT_S 120
#define FETCH_MS 5000

const char *bg_ctx_share(struct bg_ctx *ctx)
{
	const char *remote = bg_git_remote(ctx);
	bg_store_set_shared(ctx->store);
	if (!remote)
		return "";
	const char *git_dir = bg_repo_git_dir(bg_store_repo(ctx->store));
	/* Attachments first: an event never names what is nowhere else. */
	const char *const push[] = { "push",
				     "--quiet",
				     "--no-verify",
				     "--",
				     remote,
				     "refs/heads/att/*:refs/heads/att/*",
				     "refs/heads/log/*:refs/heads/log/*",
				     NULL };
	if (bg_git_patient(ctx, git_dir, push, PUSH_MS, PUSH_LIMIT_S))
		return "queued";
	return "pushed";
}

bool bg_ctx_fetch(struct bg_ctx *ctx)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;
	struct bg_error ignored;
	const char *remote = bg_git_remote(ctx);
	const char *git_dir = bg_repo_git_dir(bg_store_repo(ctx->store));
	const char *const fetch[] = { "fetch",     "--quiet",
				      "--no-tags", "--no-recurse-submodules",
				      "--",        remote,
				      NULL };
	if (!remote ||
	    bg_git_run(&r, ctx, git_dir, fetch, FETCH_MS, &ignored) ||
	    r.exit_status)
		return false;
	return bg_store_update(ctx->store, &ignored) == 0;
}

void bg_ctx_share_rest(struct bg_ctx *ctx)
{
	if (ctx->store && bg_store_unshared(ctx->store))
		(void)bg_ctx_share(ctx);
}
