/* status: what is open, what waits for you, what is owed. */
#include "cmd/status.h"

#include "cmd/queue.h"

static struct {
	bool all, check;
} o;

static bool is_mine(const struct bg_queue *q, const struct bg_turn *t)
{
	(void)q;
	return t->mine;
}

static bool is_other(const struct bg_queue *q, const struct bg_turn *t)
{
	(void)q;
	return !t->mine;
}

/* What a reader must know of a grant first. */
static void standing(struct bg_str *out, struct bg_ctx *ctx,
		     const struct bg_queue_grant *qg)
{
	const struct bg_grant *g = qg->g;
	if (g->state == BG_ENDING) {
		bg_str_add(out, "NOT PROVEN gone: ");
		bg_str_addf(out, "%s revoke --retry %s", ctx->word,
			    bg_ctx_at(ctx, g->label));
	} else if (g->state == BG_OPEN && g->fold.has_window) {
		bg_ui_left(out, &ctx->ui, g->fold.window_ms);
	} else if (g->state == BG_WAITING) {
		bg_str_add(out, g->fold.may_open ? "may open now: "
						 : "WAITING for approval");
		if (g->fold.may_open)
			bg_str_addf(out, "%s activate %s", ctx->word,
				    bg_ctx_at(ctx, g->label));
	} else {
		bg_str_add(out, bg_state_text(g->state));
		if (g->fold.outcome)
			bg_str_addf(out, ", %s", g->fold.outcome);
	}
}

static int print_grants(size_t *n, struct bg_ctx *ctx, const struct bg_queue *q,
			bool open, struct bg_error *err)
{
	BG_AUTO(table) struct bg_table t = { .columns = 4 };
	*n = 0;
	for (size_t i = 0; i < q->grants.n; i++) {
		const struct bg_queue_grant *qg = &q->grants.v[i];
		const struct bg_event *a = qg->g->activate;
		BG_AUTO(str) struct bg_str s = BG_STR_INIT;
		if ((qg->g->state < BG_ENDED) != open)
			continue;
		(*n)++;
		standing(&s, ctx, qg);
		const json_t *host = a ? a->host : NULL;
		const char *name = host ? bg_json_text(host, "name") : NULL;
		if (open && name && strcmp(name, ctx->places.host))
			bg_str_addf(&s, ", opened on %s", name);
		const char *policy = qg->g->policy ? qg->g->policy->name : "?";
		const char *scope = qg->g->scope ? qg->g->scope->id : "?";
		if (bg_table_add(&t, bg_ctx_at(ctx, qg->label)) ||
		    bg_table_addf(&t, "%s/%s", policy, scope) ||
		    bg_table_add(&t, qg->g->by) ||
		    bg_table_add(&t, bg_str_text(&s)))
			return bg_fail_oom(err);
	}
	if (!*n)
		return 0;
	puts(open ? "open" : "ended");
	bg_table_print(stdout, &ctx->ui, &t, 2);
	return 0;
}

static json_t *grant_json(const struct bg_ctx *ctx, const struct bg_queue *q,
			  size_t index)
{
	const struct bg_queue_grant *qg = &q->grants.v[index];
	const struct bg_grant *g = qg->g;
	char text[BG_TIME_LEN + 1];
	json_t *late = json_array();
	if (qg->late)
		json_array_append_new(late, json_string("end"));
	for (size_t i = 0; i < q->turns.n; i++)
		if (q->turns.v[i].grant == index && q->turns.v[i].overdue)
			json_array_append_new(late,
					      json_string(q->turns.v[i].what));
	json_t *doc = json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", g->label,
				"policy", g->policy ? g->policy->name : "",
				"scope", g->scope ? g->scope->id : "", "by",
				g->by, "state", bg_state_text(g->state));
	if (!doc)
		return NULL;
	if (g->beneficiary && strcmp(g->beneficiary, g->by))
		json_object_set_new(doc, "beneficiary",
				    json_string(g->beneficiary));
	if (g->fold.has_window) {
		int64_t left = g->fold.window_ms - ctx->ui.now_ms;
		bool open = g->state == BG_OPEN;
		bg_time_format(text, g->fold.began_ms);
		json_object_set_new(doc, "started", json_string(text));
		bg_time_format(text, g->fold.window_ms);
		json_object_set_new(doc, "expires", json_string(text));
		json_object_set_new(doc, "left",
				    json_integer(open && left > 0 ? left / 1000
								  : 0));
	}
	json_object_set_new(doc, "overdue", late);
	return doc;
}

static int print_json(struct bg_ctx *ctx, const struct bg_queue *q,
		      struct bg_error *err)
{
	json_t *grants = json_array(), *you = json_array();
	json_t *debts = json_array();
	char now[BG_TIME_LEN + 1];
	for (size_t i = 0; i < q->grants.n; i++)
		if (o.all || q->grants.v[i].g->state < BG_ENDED)
			json_array_append_new(grants, grant_json(ctx, q, i));
	for (size_t i = 0; i < q->turns.n; i++) {
		const struct bg_turn *t = &q->turns.v[i];
		if (t->mine)
			json_array_append_new(you, bg_turn_json(q, t));
		json_array_append_new(debts, bg_turn_json(q, t));
	}
	bg_time_format(now, ctx->ui.now_ms);
	json_t *doc = json_pack("{s:i, s:s, s:o, s:o, s:o, s:I}", "schema", 1,
				"as_of", now, "grants", grants, "you", you,
				"debts", debts, "overdue",
				(json_int_t)q->n_overdue);
	int rc = bg_ctx_json(ctx, doc, err);
	json_decref(doc);
	return rc;
}

static int print_text(struct bg_ctx *ctx, const struct bg_queue *q,
		      struct bg_error *err)
{
	size_t open = 0, ended = 0, mine = 0, owed = 0;
	int rc = print_grants(&open, ctx, q, true, err);
	if (!rc && o.all)
		rc = print_grants(&ended, ctx, q, false, err);
	if (!rc)
		rc = bg_queue_print(&mine, ctx, q, "for you", is_mine, err);
	if (!rc)
		rc = bg_queue_print(&owed, ctx, q, "owed", is_other, err);
	if (!rc && !open && !ended && !mine && !owed)
		puts("nothing open; nothing owed");
	return rc;
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(queue) struct bg_queue q = { 0 };
	struct bg_digest root;
	const struct bg_principal *me = bg_ctx_maybe_me(ctx);
	int rc = bg_ctx_args(ctx, argc, argv, 0, 1, err);
	if (!rc && argc)
		rc = bg_ctx_grant(&root, ctx, argv[0], false, "bg status %s",
				  err);
	if (!rc)
		rc = bg_queue_read(&q, ctx, me, o.all, argc ? &root : NULL,
				   err);
	if (rc)
		return rc;
	o.all |= argc > 0;
	if (ctx->json)
		rc = print_json(ctx, &q, err);
	else if (ctx->quiet)
		printf("%zu\n", q.n_overdue);
	else
		rc = print_text(ctx, &q, err);
	if (rc)
		return rc;
	return o.check && q.n_overdue ? bg_code_exit(BG_EATTENTION) : 0;
}

/* --- the bare program -------------------------------------------------------- */

static int may_open(struct bg_ctx *ctx, const struct bg_principal *me,
		    struct bg_error *err)
{
	BG_AUTO(may_open) struct bg_may_open_list list = { 0 };
	int rc = me ? bg_may_open(&list, ctx->store, me, err) : 0;
	if (rc || !list.list.n)
		return rc;
	fputs("you may open   ", stdout);
	const char *last = "";
	for (size_t i = 0; i < list.list.n; i++) {
		const struct bg_may_open *m = &list.list.v[i];
		if (m->blocks)
			continue;
		if (strcmp(last, m->policy))
			printf("%s%s:", *last ? "   " : "", m->policy);
		printf(" %s", m->scope);
		last = m->policy;
	}
	printf("\n               %s activate POLICY[/SCOPE] -m \"why\"\n",
	       ctx->word);
	return 0;
}

int bg_status_bare(struct bg_ctx *ctx, struct bg_error *err)
{
	BG_AUTO(queue) struct bg_queue q = { 0 };
	const struct bg_principal *me = bg_ctx_maybe_me(ctx);
	int rc = bg_queue_read(&q, ctx, me, false, NULL, err);
	if (rc)
		return rc;
	if (ctx->json)
		return print_json(ctx, &q, err);
	size_t open = 0, mine = 0;
	rc = print_grants(&open, ctx, &q, true, err);
	if (!rc)
		rc = bg_queue_print(&mine, ctx, &q, "for you", is_mine, err);
	if (!rc && !open && !mine)
		puts("nothing open; nothing waits for you");
	if (!rc)
		rc = may_open(ctx, me, err);
	if (!rc)
		printf("%s help\n", ctx->word);
	return rc;
}

static const char *const examples[] = { "bg status", "bg status --check",
					"bg status --json", NULL };
static const struct bg_opt opts[] = {
	{ BG_OPT_FLAG, 'a', "all", NULL, "closed grants too", &o.all, NULL },
	{ BG_OPT_FLAG, 0, "check", NULL,
	  "exit 6 when something is overdue or failing", &o.check, NULL },
	{ 0 },
};

const struct bg_cmd cmd_status = {
	.name = "status",
	.group = "emergency",
	.summary = "what is open, what waits for you, what is owed",
	.usage = "status [-a] [GRANT] [--check]",
	.examples = examples,
	.exits = "0 1 3 5 6 14 129",
	.opts = opts,
	.complete = "grant",
	.flags = BG_CMD_STORE | BG_CMD_PAGER,
	.run = run,
};
