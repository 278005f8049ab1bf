#include "cmd/inside.h"

#include <unistd.h>

#include "cmd/ended.h"
#include "session/session.h"

struct inside {
	struct bg_ctx *ctx;
	const char *label;
	bool shell;
};

/* 'exit' leaves, 'bg done' ends: said once, when it begins. */
static void say_begin(const struct inside *in, int64_t left_ms)
{
	struct bg_ctx *ctx = in->ctx;
	char span[BG_SPAN_LEN];

	bg_ui_span(span, left_ms / 1000 * 1000);
	bg_ui_say(&ctx->ui,
		  "recorded: that it ran, when, as whom, and its exit status; "
		  "not the terminal.  %s left%s%s%s",
		  span, in->shell ? "; 'exit' leaves, '" : "",
		  in->shell ? ctx->word : "",
		  in->shell ? " done' ends it" : "");
}

static void notice(void *arg, enum bg_session_notice what, int64_t left_ms,
		   const char *text)
{
	const struct inside *in = arg;
	struct bg_ctx *ctx = in->ctx;
	char span[BG_SPAN_LEN];

	bg_ui_span(span, left_ms);
	switch (what) {
	case BG_SESSION_BEGINS:
		say_begin(in, left_ms);
		break;
	case BG_SESSION_SOON:
		bg_ui_say(&ctx->ui, "%s: %s left; '%s extend' for more",
			  bg_ctx_at(ctx, in->label), span, ctx->word);
		break;
	case BG_SESSION_EXTENDED:
		bg_ui_say(&ctx->ui, "%s: now %s left",
			  bg_ctx_at(ctx, in->label), span);
		break;
	case BG_SESSION_OVER:
		bg_ui_say(&ctx->ui, "%s: it is over; this ends in 5s",
			  bg_ctx_at(ctx, in->label));
		break;
	case BG_SESSION_UNWRITTEN:
		bg_ui_warn(&ctx->ui,
			   "the end of this session is not written yet: %s",
			   text);
		break;
	}
}

/* Leaving the last shell leaves the grant open: most want it to end. */
static bool wants_end(struct bg_ctx *ctx, const struct bg_grant_row *row)
{
	BG_AUTO(str) struct bg_str q = BG_STR_INIT;
	struct bg_error ignored;
	char span[BG_SPAN_LEN];
	bool yes = false;

	if (!bg_ui_may_ask(&ctx->ui) || row->state != BG_OPEN)
		return false;
	bg_ui_span(span, (row->window_ms - bg_now_ms()) / 1000 * 1000);
	bg_str_addf(&q, "end %s now? %s left", bg_ctx_at(ctx, row->label),
		    span);
	if (bg_ui_confirm(&yes, &ctx->ui, bg_str_text(&q), true, &ignored))
		return false;
	return yes;
}

/* The command's output is stdout's; ours goes to stderr. */
static void end_now(struct bg_ctx *ctx, const struct bg_digest *root)
{
	BG_AUTO(ending) struct bg_ending e = { 0 };
	struct bg_error err;

	if (bg_end(&e, &ctx->ops, root, BG_END_HANDBACK, NULL, &err)) {
		bg_ui_warn(&ctx->ui, "%s", err.msg);
		return;
	}
	if (!ctx->quiet)
		bg_ended_print(stderr, ctx, &e);
}

/* The window ended it: the timer may be first, which is as well. */
static void expire_now(struct bg_ctx *ctx, const struct bg_digest *root)
{
	BG_AUTO(sweep_result) struct bg_sweep_result r = { 0 };
	struct bg_error err;

	if (bg_sweep(&r, &ctx->ops, root, &err))
		bg_ui_warn(&ctx->ui, "%s", err.msg);
	for (size_t i = 0; i < r.lines.n; i++)
		bg_ui_say(&ctx->ui, "%s  %s", r.lines.v[i].label,
			  r.lines.v[i].text);
}

static int shell_argv(const char *argv[2])
{
	const char *shell = getenv("SHELL");

	argv[0] = shell && *shell == '/' ? shell : "/bin/sh";
	argv[1] = NULL;
	return 0;
}

char **bg_inside_command(struct bg_ctx *ctx, int argc, char **argv)
{
	char **out;

	if (argc <= 0)
		return NULL;
	out = bg_arena_array(&ctx->arena, (size_t)argc + 1, sizeof(*out));
	for (int i = 0; out && i < argc; i++)
		out[i] = argv[i];
	return out;
}

int bg_inside_run(int *status, struct bg_ctx *ctx, const struct bg_digest *root,
		  char **argv, bool end, struct bg_error *err)
{
	BG_AUTO(grant_row) struct bg_grant_row row = { 0 };
	const char *shell[2];
	struct inside in = { .ctx = ctx, .shell = !argv };
	struct bg_session_result r;
	struct bg_session_ask ask = {
		.ops = &ctx->ops,
		.root = *root,
		.argv = (const char *const *)argv,
		.path = getenv("PATH"),
		.env = (const char *const *)environ,
		.notice = notice,
		.arg = &in,
	};
	struct bg_error ignored;

	if (bg_store_grant(&row, ctx->store, root, err))
		return err->code;
	in.label = row.label;
	if (!argv) {
		shell_argv(shell);
		ask.argv = shell;
	}
	fflush(stdout);
	if (bg_session_run(&r, &ask, err))
		return err->code;
	*status = r.status;
	if (!r.started)
		bg_ui_warn(&ctx->ui, "cannot run '%s': %s", ask.argv[0],
			   r.status == 127 ? "not found"
					   : "it cannot be executed");
	ctx->ui.now_ms = bg_now_ms();
	if (bg_store_update(ctx->store, &ignored))
		return 0;
	bg_grant_row_release(&row);
	if (bg_store_grant(&row, ctx->store, root, &ignored))
		return 0;
	in.label = row.label;
	if (r.window)
		expire_now(ctx, root);
	else if (end || (!argv && wants_end(ctx, &row)))
		end_now(ctx, root);
	return 0;
}
