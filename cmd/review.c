/* review: judge a use; alone, what waits for your judgement. */
#include <string.h>

#include "base/io.h"
#include "cmd/facts.h"
#include "cmd/review_form.h"
#include "report/proofs.h"

#define FORM_MAX (64 * 1024)

static struct {
	bool print;
	const char *from, *ask, *forward, *why;
	struct bg_opt_list actions;
	struct bg_review_answers a;
} o;

static const struct bg_opt opts[] = {
	{ BG_OPT_FLAG, 0, "print", NULL, "print the form and stop", &o.print,
	  NULL },
	{ BG_OPT_TEXT, 0, "from", "FILE", "answers from a form; - is stdin",
	  &o.from, "file" },
	{ BG_OPT_TEXT, 0, "decision", "DECISION", "what you decide",
	  &o.a.decision, "approved approved-with-findings rejected" },
	{ BG_OPT_TEXT, 0, "class", "CLASS", "what kind of use it was",
	  &o.a.class_, "emergency drill misuse" },
	{ BG_OPT_TEXT, 0, "necessary", "ANSWER", "was it necessary?",
	  &o.a.necessary, "yes no unproven" },
	{ BG_OPT_TEXT, 0, "limited", "ANSWER", "was it limited?", &o.a.limited,
	  "yes no unproven" },
	{ BG_OPT_TEXT, 0, "reversed", "ANSWER", "was it reversed promptly?",
	  &o.a.reversed, "yes no unproven" },
	BG_OPT_WHY(&o.why),
	{ BG_OPT_LIST, 0, "action", "TEXT",
	  "a corrective action: WHAT | OWNER | DUE", &o.actions, NULL },
	{ BG_OPT_TEXT, 0, "ask", "TEXT", "ask the activator first", &o.ask,
	  NULL },
	{ BG_OPT_TEXT, 0, "forward", "NAME", "hand it to another reviewer",
	  &o.forward, "principal" },
	{ 0 }
};

/* May me review g: in the review roles, no user, no approver. */
static bool is_mine(const struct bg_grant *g, const struct bg_trust *t,
		    const struct bg_principal *me)
{
	bool role = false;

	if (!g->policy || (g->state != BG_ENDED && g->state != BG_CLOSED) ||
	    g->reviewed || bg_grant_is_user(g, me->human))
		return false;
	for (size_t i = 0; i < g->policy->review_roles.n; i++)
		role |= bg_trust_has_role(t, me->name,
					  g->policy->review_roles.v[i]);
	for (size_t i = 0; role && i < g->n_events; i++)
		if (g->counted[i] && g->events[i]->type == BG_EV_APPROVE &&
		    !strcmp(g->events[i]->by, me->name))
			role = false;
	return role;
}

static int64_t due_of(const struct bg_grant *g)
{
	for (size_t i = 0; i < g->duties.n; i++)
		if (!strcmp(g->duties.v[i].what, "review"))
			return g->duties.v[i].due_ms;
	return 0;
}

struct waiting {
	int64_t due_ms;
	char label[BG_LABEL_LEN + 1];
	char where[160], by[33];
	size_t deviations, gaps;
};
struct queue {
	BG_VEC(struct waiting) list;
};

static void queue_release(struct queue *q)
{
	bg_vec_release(&q->list);
}
BG_AUTO_VALUE(queue, struct queue, queue_release)

static int by_due(const void *a, const void *b)
{
	int64_t x = ((const struct waiting *)a)->due_ms;
	int64_t y = ((const struct waiting *)b)->due_ms;

	return (x > y) - (x < y);
}

static int queue_add(struct queue *q, const struct bg_grant *g,
		     const struct bg_grant_row *row, struct bg_error *err)
{
	struct waiting w = { .due_ms = due_of(g) };

	snprintf(w.label, sizeof(w.label), "%s", g->label);
	snprintf(w.where, sizeof(w.where), "%s/%s", row->policy, row->scope);
	snprintf(w.by, sizeof(w.by), "%s", g->by);
	for (size_t i = 0; i < g->findings.list.n; i++) {
		w.deviations += g->findings.list.v[i].class == BG_DEVIATION;
		w.gaps += g->findings.list.v[i].class == BG_GAP;
	}
	return bg_vec_push(&q->list, w) ? bg_fail_oom(err) : 0;
}

static int make_queue(struct queue *q, struct bg_ctx *ctx,
		      const struct bg_principal *me, struct bg_error *err)
{
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	const struct bg_grant_query query = { .active_only = true };
	int rc = bg_store_grants(&rows, ctx->store, &query, err);

	for (size_t i = 0; !rc && i < rows.list.n; i++) {
		BG_AUTO(grant) struct bg_grant *g = NULL;

		if (rows.list.v[i].state != BG_ENDED)
			continue;
		rc = bg_grant_load(&g, ctx->store, &rows.list.v[i].root, err);
		if (!rc && is_mine(g, bg_store_trust(ctx->store), me))
			rc = queue_add(q, g, &rows.list.v[i], err);
	}
	if (q->list.n)
		qsort(q->list.v, q->list.n, sizeof(*q->list.v), by_due);
	return rc;
}

static int print_queue_json(struct bg_ctx *ctx, const struct queue *q,
			    struct bg_error *err)
{
	BG_AUTO(json) json_t *doc = bg_ctx_doc();
	json_t *list = json_array();

	for (size_t i = 0; i < q->list.n; i++) {
		char due[BG_TIME_LEN + 1];

		bg_time_format(due, q->list.v[i].due_ms);
		json_array_append_new(list,
				      json_pack("{ssssssss}", "grant",
						q->list.v[i].label, "scope",
						q->list.v[i].where, "by",
						q->list.v[i].by, "due", due));
	}
	json_object_set_new(doc, "reviews", list);
	return bg_ctx_json(ctx, doc, err);
}

static int print_queue(struct bg_ctx *ctx, const struct queue *q,
		       struct bg_error *err)
{
	BG_AUTO(table) struct bg_table t = { .columns = 5 };

	if (ctx->json)
		return print_queue_json(ctx, q, err);
	if (!q->list.n) {
		printf("no review waits for you\n");
		return 0;
	}
	printf("%zu for you\n", q->list.n);
	for (size_t i = 0; i < q->list.n; i++) {
		const struct waiting *w = &q->list.v[i];
		BG_AUTO(str) struct bg_str due = BG_STR_INIT;

		bg_ui_due(&due, &ctx->ui, w->due_ms, true);
		if (bg_table_add(&t, bg_str_text(&due)) ||
		    bg_table_add(&t, bg_ctx_at(ctx, w->label)) ||
		    bg_table_add(&t, w->where) || bg_table_add(&t, w->by) ||
		    bg_table_addf(&t, "%zu deviations, %zu gaps", w->deviations,
				  w->gaps))
			return bg_fail_oom(err);
	}
	bg_table_print(stdout, &ctx->ui, &t, 2);
	bg_ctx_hint(ctx, "bg review %s", bg_ctx_at(ctx, q->list.v[0].label));
	return 0;
}

static bool given(void)
{
	return o.a.decision || o.a.class_ || o.a.necessary || o.a.limited ||
	       o.a.reversed || o.why || o.actions.list.n || o.ask || o.forward;
}

static int from_options(struct bg_ctx *ctx, struct bg_error *err)
{
	o.a.comment = o.why;
	if (o.ask) {
		o.a.decision = "needs-info";
		o.a.comment = o.ask;
	} else if (o.forward) {
		o.a.decision = "forwarded";
		o.a.to = o.forward;
		o.a.comment = o.why ? o.why : "forwarded";
	}
	for (size_t i = 0; i < o.actions.list.n; i++) {
		char *copy = bg_arena_strdup(&ctx->arena, o.actions.list.v[i]);
		int rc = copy ? bg_review_action(&o.a, copy, err)
			      : bg_fail_oom(err);

		if (rc)
			return rc;
	}
	return 0;
}

static int from_file(struct bg_str *text, struct bg_error *err)
{
	int rc = strcmp(o.from, "-") ? bg_file_read(text, o.from, FORM_MAX, err)
				     : bg_fd_read_all(text, 0, FORM_MAX, err);

	if (rc)
		return rc;
	if (text->len != strlen(bg_str_text(text)))
		return bg_fail(err, BG_EUSAGE, "bad-form",
			       "the form has a NUL in it");
	return text->buf ? bg_review_form_read(&o.a, text->buf, err) : 0;
}

static int from_editor(struct bg_str *text, struct bg_ctx *ctx,
		       const struct bg_grant *g, struct bg_error *err)
{
	bool changed = false;
	int rc = bg_review_form_write(text, g, &o.a, err);

	if (!rc)
		rc = bg_ui_edit(text, &changed, &ctx->ui, ".review", err);
	if (!rc && !changed)
		rc = bg_fail(err, BG_EFAIL, "cancelled",
			     "the form was left as it was; nothing is signed");
	return rc ? rc : bg_review_form_read(&o.a, text->buf, err);
}

/* Complete answers, or the line that gives them. */
static int check_answers(struct bg_ctx *ctx, const struct bg_grant *g,
			 struct bg_error *err)
{
	const struct bg_review_answers *a = &o.a;
	bool settles = !a->decision || (strcmp(a->decision, "needs-info") &&
					strcmp(a->decision, "forwarded"));

	if (a->decision && a->comment &&
	    (!settles ||
	     (a->class_ && a->necessary && a->limited && a->reversed)))
		return 0;
	bg_ctx_hint(ctx,
		    "bg review %s --decision approved --class emergency "
		    "--necessary yes --limited yes --reversed yes -m \"...\"",
		    bg_ctx_at(ctx, g->label));
	return bg_fail(err, BG_EUSAGE, "incomplete-review",
		       "cannot review '%s': decision, class, the three "
		       "answers and a comment are needed",
		       g->label);
}

static int sign(struct bg_ctx *ctx, const struct bg_grant *g,
		const struct bg_digest *root, struct bg_error *err)
{
	struct bg_event e = { 0 };
	int rc = check_answers(ctx, g, err);

	if (!rc)
		rc = bg_review(&e, &ctx->ops, root, &o.a, err);
	if (rc)
		return rc;
	if (ctx->json) {
		BG_AUTO(json) json_t *doc = bg_ctx_doc();
		char digest[BG_DIGEST_TEXT + 1];

		bg_digest_format(digest, &e.digest);
		json_object_set_new(doc, "grant", json_string(g->label));
		json_object_set_new(doc, "decision", json_string(o.a.decision));
		json_object_set_new(doc, "event", json_string(digest));
		rc = bg_ctx_json(ctx, doc, err);
	} else {
		bg_result_line(ctx, g->label, "reviewed: %s", o.a.decision);
	}
	bg_event_release(&e);
	return rc;
}

static int review_one(struct bg_ctx *ctx, const char *name,
		      struct bg_error *err)
{
	BG_AUTO(grant) struct bg_grant *g = NULL;
	BG_AUTO(str) struct bg_str form = BG_STR_INIT;
	struct bg_digest root;
	int rc = bg_ctx_grant(&root, ctx, name, false, "bg review %s", err);

	if (!rc)
		rc = bg_grant_load(&g, ctx->store, &root, err);
	if (rc)
		return rc;
	o.a.opened_at_ms = bg_now_ms();
	if (o.print) {
		rc = bg_review_form_write(&form, g, &o.a, err);
		if (!rc)
			fwrite(form.buf, 1, form.len, stdout);
		return rc;
	}
	if (o.from)
		rc = from_file(&form, err);
	else if (given())
		rc = from_options(ctx, err);
	else if (bg_ui_may_ask(&ctx->ui))
		rc = from_editor(&form, ctx, g, err);
	return rc ? rc : sign(ctx, g, &root, err);
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(queue) struct queue q = { 0 };
	const struct bg_principal *me = NULL;
	int rc = bg_ctx_args(ctx, argc, argv, 0, 1, err);

	if (!rc)
		rc = bg_ctx_conflict(ctx, "ask", "forward", err);
	if (rc)
		return rc;
	if (argc)
		return review_one(ctx, argv[0], err);
	if (given() || o.print || o.from)
		return bg_ctx_usage(ctx, err, "which grant?");
	rc = bg_ctx_me(&me, ctx, err);
	if (!rc)
		rc = make_queue(&q, ctx, me, err);
	return rc ? rc : print_queue(ctx, &q, err);
}

const struct bg_cmd cmd_review = {
	.name = "review",
	.group = "afterwards",
	.summary = "judge a use; alone: what waits for your judgement",
	.usage = "review [GRANT] [--print | --from FILE] [--decision D "
		 "--class C --necessary A --limited A --reversed A -m TEXT "
		 "--action TEXT...] [--ask TEXT] [--forward NAME]",
	.examples =
		(const char *const[]){
			"bg review", "bg review @k7q2xm --print > form",
			"bg review @k7q2xm --from form",
			"bg review @k7q2xm --ask \"why DROP TABLE?\"", NULL },
	.exits = "0 1 3 4 5 11 14 75 129",
	.opts = opts,
	.complete = "grant",
	.flags = BG_CMD_STORE | BG_CMD_SIGN,
	.run = run,
};
