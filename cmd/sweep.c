/* sweep: end what is over, try again, recover, say what is overdue. */
#include <unistd.h>

#include "cmd/cmd.h"
#include "grant/timer.h"
#include "session/session.h"

/* A timer that cannot read the repository, or whose provider fails, tries
 * again; after these many it leaves the grant to the next sweep. */
#define TRIES 8
#define PAUSE_S 5

static struct {
	const char *grant;
	int64_t watch;
	bool wait;
} o;

static void print_lines(struct bg_ctx *ctx, const struct bg_sweep_result *r)
{
	for (size_t i = 0; i < r->lines.n; i++) {
		printf("%s  ", r->lines.v[i].label);
		bg_ui_text(stdout, r->lines.v[i].text);
		putchar('\n');
	}
	if (r->recovered)
		printf("recovered %zu record%s that a crash had left\n",
		       r->recovered, r->recovered == 1 ? "" : "s");
	if (r->lines.n == 0 && !r->recovered)
		puts("nothing to do");
	if (r->ended || r->retried) {
		const char *shared = bg_ctx_share(ctx);

		if (*shared)
			puts(shared);
	}
}

static json_t *result_json(const struct bg_sweep_result *r)
{
	json_t *o_ = bg_ctx_doc(), *lines = json_array();

	json_object_set_new(o_, "ended", json_integer((json_int_t)r->ended));
	json_object_set_new(o_, "retried",
			    json_integer((json_int_t)r->retried));
	json_object_set_new(o_, "recovered",
			    json_integer((json_int_t)r->recovered));
	json_object_set_new(o_, "overdue",
			    json_integer((json_int_t)r->overdue));
	json_object_set_new(o_, "failed", json_integer((json_int_t)r->failed));
	for (size_t i = 0; i < r->lines.n; i++)
		json_array_append_new(lines,
				      json_pack("{s:s,s:s}", "grant",
						r->lines.v[i].label, "text",
						r->lines.v[i].text));
	json_object_set_new(o_, "lines", lines);
	return o_;
}

static int sweep_once(int *status, struct bg_ctx *ctx, struct bg_error *err)
{
	BG_AUTO(sweep_result) struct bg_sweep_result r = { 0 };
	struct bg_error why;
	size_t sessions = 0;
	int rc;

	if (bg_session_recover(&sessions, &ctx->ops, &why))
		bg_ui_warn(&ctx->ui, "%s", why.msg);
	rc = bg_sweep(&r, &ctx->ops, NULL, err);
	if (rc)
		return rc;
	r.recovered += sessions;
	*status = r.overdue || r.failed ? bg_code_exit(BG_EATTENTION) : 0;
	if (ctx->json) {
		BG_AUTO(json) json_t *doc = result_json(&r);

		return bg_ctx_json(ctx, doc, err);
	}
	if (ctx->quiet)
		printf("%zu\n", r.ended + r.retried);
	else
		print_lines(ctx, &r);
	return 0;
}

__attribute__((noreturn)) static void watch(struct bg_ctx *ctx,
					    struct bg_error *err)
{
	int status = 0;

	for (;;) {
		if (bg_store_update(ctx->store, err) ||
		    sweep_once(&status, ctx, err))
			bg_ui_warn(&ctx->ui, "%s", err->msg);
		fflush(stdout);
		bg_ctx_share_rest(ctx);
		sleep((unsigned)o.watch);
	}
}

/*
 * The timer of one grant
 */
/* The store is closed while we sleep: it may be for hours. */
static void close_store(struct bg_ctx *ctx)
{
	bg_ctx_share_rest(ctx);
	if (ctx->store)
		bg_store_close(ctx->store);
	ctx->store = NULL;
}

/* One look: ends it when it is over. *left: open still, with its deadline. */
static int look(bool *open, struct bg_deadline *d, struct bg_timer *t,
		struct bg_ctx *ctx, const struct bg_digest *root,
		struct bg_error *err)
{
	BG_AUTO(sweep_result) struct bg_sweep_result r = { 0 };
	BG_AUTO(grant) struct bg_grant *g = NULL;

	*open = false;
	if (bg_ctx_store(ctx, ctx->cmd->flags | BG_CMD_SIGN, err) ||
	    bg_sweep(&r, &ctx->ops, root, err) ||
	    bg_grant_load(&g, ctx->store, root, err))
		return err->code;
	bg_grant_deadline(d, g);
	*open = g->state == BG_OPEN;
	if (*open && !t->live)
		return bg_timer_open(t, bg_store_install(ctx->store)->dir, root,
				     d, err);
	return *open ? bg_timer_set(t, d, err) : 0;
}

static int wait_for_end(struct bg_ctx *ctx, const struct bg_digest *root,
			struct bg_error *err)
{
	BG_AUTO(timer) struct bg_timer t = BG_TIMER_INIT;
	struct bg_deadline d = { 0 };
	bool open = true;
	int tries = 0;

	for (;;) {
		int rc = look(&open, &d, &t, ctx, root, err);

		close_store(ctx);
		if (!rc && !open)
			return 0;
		if (rc && ++tries >= TRIES)
			return rc;
		if (rc) {
			sleep((unsigned)(PAUSE_S * tries));
			continue;
		}
		tries = 0;
		/* Anything in the journal wakes us: the end, and others'. */
		while (!bg_timer_gone(&t) && bg_deadline_left_ms(&d) > 0)
			if (bg_timer_wait(&t, 60000, err))
				return err->code;
		if (bg_timer_gone(&t))
			return 0;
	}
}

static int one(struct bg_ctx *ctx, struct bg_error *err)
{
	BG_AUTO(sweep_result) struct bg_sweep_result r = { 0 };
	struct bg_digest root;
	int rc;

	if (!bg_digest_parse(&root, o.grant)) {
		rc = bg_ctx_store(ctx, ctx->cmd->flags, err);
		if (!rc)
			rc = bg_ctx_grant(&root, ctx, o.grant, false,
					  "bg sweep --grant %s", err);
		if (rc)
			return rc;
	}
	if (o.wait)
		return wait_for_end(ctx, &root, err);
	rc = bg_ctx_store(ctx, ctx->cmd->flags, err);
	if (!rc)
		rc = bg_sweep(&r, &ctx->ops, &root, err);
	if (rc)
		return rc;
	if (ctx->json) {
		BG_AUTO(json) json_t *doc = result_json(&r);

		return bg_ctx_json(ctx, doc, err);
	}
	if (!ctx->quiet)
		print_lines(ctx, &r);
	return r.failed ? bg_code_exit(BG_EATTENTION) : 0;
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	int status = 0;
	int rc = bg_ctx_args(ctx, argc, argv, 0, 0, err);

	if (!rc && o.wait && !o.grant)
		return bg_ctx_usage(ctx, err, "--wait needs --grant");
	if (!rc && o.grant)
		return one(ctx, err);
	if (!rc)
		rc = bg_ctx_store(ctx, ctx->cmd->flags, err);
	if (!rc && o.watch)
		watch(ctx, err);
	if (!rc)
		rc = sweep_once(&status, ctx, err);
	return rc ? rc : status;
}

static const char *const examples[] = { "bg sweep", "bg sweep --watch 30s",
					NULL };
static const struct bg_opt opts[] = {
	{ BG_OPT_DURATION, 0, "watch", "DURATION",
	  "again and again, this often", &o.watch, NULL },
	{ BG_OPT_TEXT, 0, "grant", "GRANT", "only this one", &o.grant,
	  "grant" },
	{ BG_OPT_FLAG, 0, "wait", NULL,
	  "stay until it ends (what activate leaves behind)", &o.wait, NULL },
	{ 0 },
};

const struct bg_cmd cmd_sweep = {
	.name = "sweep",
	.group = "before",
	.summary = "end what is over, retry, recover",
	.usage = "sweep [--watch D]\n"
		 "sweep --grant GRANT [--wait]",
	.examples = examples,
	.exits = "0 1 3 5 6 11 14 75 129",
	.opts = opts,
	.flags = BG_CMD_KEEP_STORE | BG_CMD_SIGN | BG_CMD_ANCHORED,
	.run = run,
};
