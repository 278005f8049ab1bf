/*
 * Sharing: the own logs, and what they bind, go to the remote after every event,
 * 2 s at most and never in the way (cli.md, "Sharing").
 */
#include "cmd/cmd.h"

#include "base/io.h"
#include "base/proc.h"
#include "cmd/git.h"

#define PUSH_MS 2000

const char *bg_ctx_share(struct bg_ctx *ctx)
{
	struct bg_error ignored;
	bg_store_set_shared(ctx->store);
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;
	const char *const list[] = { "remote", NULL };
	char *git_dir = bg_arena_strdup(
		&ctx->arena, bg_repo_git_dir(bg_store_repo(ctx->store)));
	/* Only a pinned repository may name where the logs go. */
	if (!git_dir || !bg_store_anchored(ctx->store))
		return "";
	if (bg_git_run(&r, ctx, git_dir, list, PUSH_MS, &ignored) ||
	    r.exit_status || !r.out.len)
		return "";
	char *remote = bg_arena_strndup(&ctx->arena, r.out.buf,
					strcspn(r.out.buf, "\n"));
	if (!remote || *remote == '-')
		return "";
	/* Attachments first: an event never names what is nowhere else. */
	const char *const push[] = { "push",
				     "--quiet",
				     "--no-verify",
				     "--",
				     remote,
				     "refs/heads/att/*:refs/heads/att/*",
				     "refs/heads/log/*:refs/heads/log/*",
				     NULL };
	BG_AUTO(proc_result) struct bg_proc_result p = BG_PROC_RESULT_INIT;
	if (bg_git_run(&p, ctx, git_dir, push, PUSH_MS, &ignored) ||
	    p.exit_status)
		return "queued";
	return "pushed";
}

void bg_ctx_share_rest(struct bg_ctx *ctx)
{
	if (ctx->store && bg_store_unshared(ctx->store))
		(void)bg_ctx_share(ctx);
}
