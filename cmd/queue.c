#include "cmd/queue.h"

void bg_queue_release(struct bg_queue *q)
{
	for (size_t i = 0; i < q->grants.n; i++)
		bg_grant_free(q->grants.v[i].g);
	bg_vec_release(&q->grants);
	bg_vec_release(&q->turns);
}

bool bg_who_has(const struct bg_trust *t, const char *who,
		const struct bg_principal *me)
{
	while (me && *who) {
		char word[64];
		size_t n = strcspn(who, ", ");
		snprintf(word, sizeof(word), "%.*s", (int)n, who);
		if (n && (!strcmp(word, me->name) ||
			  bg_trust_has_role(t, me->name, word)))
			return true;
		who += n;
		who += strspn(who, ", ");
	}
	return false;
}

/* Who used it or approved it cannot judge it. */
static bool took_part(const struct bg_trust *t, const struct bg_grant *g,
		      const struct bg_principal *me)
{
	if (bg_grant_is_user(g, me->human))
		return true;
	for (size_t i = 0; i < g->n_events; i++)
		if (g->counted[i] && g->events[i]->type == BG_EV_APPROVE &&
		    bg_str_eq(bg_trust_human(t, g->events[i]->by), me->human))
			return true;
	return false;
}

static bool is_my_turn(const struct bg_trust *t, const struct bg_grant *g,
		       const struct bg_turn *turn,
		       const struct bg_principal *me)
{
	if (!me)
		return false;
	/* An approval and an independent check are another's than the user's. */
	bool other = !strcmp(turn->what, "approve") ||
		     !strcmp(turn->detail, "independent");
	if (other && bg_grant_is_user(g, me->human))
		return false;
	if (!strcmp(turn->what, "review") && took_part(t, g, me))
		return false;
	return bg_who_has(t, turn->who, me);
}

static int push(struct bg_queue *q, struct bg_turn *t, struct bg_error *err)
{
	struct bg_queue_grant *g = &q->grants.v[t->grant];
	g->overdue += t->overdue;
	q->n_overdue += t->overdue;
	q->n_mine += t->mine;
	return bg_vec_push(&q->turns, *t) ? bg_fail_oom(err) : 0;
}

static int add_duties(struct bg_queue *q, struct bg_ctx *ctx, size_t index,
		      const struct bg_principal *me, bool *approve_due,
		      struct bg_error *err)
{
	const struct bg_grant *g = q->grants.v[index].g;
	const struct bg_trust *t = bg_store_trust(ctx->store);
	int rc = 0;
	for (size_t i = 0; !rc && i < g->duties.n; i++) {
		const struct bg_duty *d = &g->duties.v[i];
		struct bg_turn turn = { .grant = index,
					.since_ms = d->since_ms,
					.due_ms = d->due_ms };
		if (d->state != BG_DUE)
			continue;
		snprintf(turn.what, sizeof(turn.what), "%s", d->what);
		snprintf(turn.detail, sizeof(turn.detail), "%s", d->detail);
		snprintf(turn.who, sizeof(turn.who), "%s", d->who);
		snprintf(turn.line, sizeof(turn.line), "%s", d->line);
		turn.overdue = d->due_ms && d->due_ms < ctx->ui.now_ms;
		turn.mine = is_my_turn(t, g, &turn, me);
		*approve_due |= !strcmp(d->what, "approve");
		rc = push(q, &turn, err);
	}
	return rc;
}

/* A grant that waits is a question to its approvers. */
static int add_waiting(struct bg_queue *q, struct bg_ctx *ctx, size_t index,
		       const struct bg_principal *me, struct bg_error *err)
{
	const struct bg_grant *g = q->grants.v[index].g;
	const struct bg_trust *t = bg_store_trust(ctx->store);
	struct bg_turn turn = { .grant = index, .what = "approve" };
	BG_AUTO(str) struct bg_str who = BG_STR_INIT;
	if (g->state != BG_WAITING || !g->policy || g->fold.may_open ||
	    !g->activate)
		return 0;
	const struct bg_approval *a = &g->policy->approve;
	for (size_t i = 0; i < a->roles.n; i++)
		bg_str_addf(&who, "%s%s", i ? "," : "", a->roles.v[i]);
	turn.since_ms = g->activate->at_ms;
	turn.due_ms = a->within ? turn.since_ms + a->within * 1000 : 0;
	snprintf(turn.who, sizeof(turn.who), "%s", bg_str_text(&who));
	snprintf(turn.line, sizeof(turn.line), "bg approve %s",
		 bg_ctx_at(ctx, g->label));
	turn.mine = is_my_turn(t, g, &turn, me);
	return push(q, &turn, err);
}

static bool answered(const struct bg_grant *g, const struct bg_event *question)
{
	char digest[BG_DIGEST_TEXT + 1];
	bg_digest_format(digest, &question->digest);
	for (size_t i = 0; i < g->n_events; i++)
		if (g->events[i]->type == BG_EV_NOTE && g->counted[i] &&
		    bg_str_eq(bg_json_text(g->events[i]->data, "reply_to"),
			      digest))
			return true;
	return false;
}

/* A reviewer's question waits for whoever used the access. */
static int add_questions(struct bg_queue *q, struct bg_ctx *ctx, size_t index,
			 const struct bg_principal *me, struct bg_error *err)
{
	const struct bg_grant *g = q->grants.v[index].g;
	int rc = 0;
	for (size_t i = 0; !rc && i < g->n_events; i++) {
		const struct bg_event *e = g->events[i];
		struct bg_turn turn = { .grant = index, .what = "answer" };
		if (e->type != BG_EV_REVIEW || !g->counted[i] ||
		    !bg_str_eq(bg_json_text(e->data, "decision"),
			       "needs-info") ||
		    answered(g, e))
			continue;
		turn.since_ms = e->at_ms;
		snprintf(turn.detail, sizeof(turn.detail), "%s", e->by);
		snprintf(turn.who, sizeof(turn.who), "%s", g->by);
		const char *text = bg_json_text(e->data, "comment");
		snprintf(turn.text, sizeof(turn.text), "%s", text ? text : "");
		snprintf(turn.line, sizeof(turn.line),
			 "bg note %s --answer \"...\"",
			 bg_ctx_at(ctx, g->label));
		turn.mine = me && bg_grant_is_user(g, me->human);
		rc = push(q, &turn, err);
	}
	return rc;
}

static int add_grant(struct bg_queue *q, struct bg_ctx *ctx,
		     const struct bg_digest *root,
		     const struct bg_principal *me, struct bg_error *err)
{
	struct bg_queue_grant qg = { 0 };
	bool approve_due = false;
	int rc = bg_grant_load(&qg.g, ctx->store, root, err);
	if (rc)
		return rc;
	const struct bg_grant *g = qg.g;
	snprintf(qg.label, sizeof(qg.label), "%s", g->label);
	qg.mine = me && bg_grant_is_user(g, me->human);
	qg.late = (g->state == BG_OPEN && g->fold.has_window &&
		   g->fold.window_ms < ctx->ui.now_ms) ||
		  g->state == BG_ENDING;
	if (bg_vec_push(&q->grants, qg)) {
		bg_grant_free(qg.g);
		return bg_fail_oom(err);
	}
	size_t index = q->grants.n - 1;
	q->n_open += g->state < BG_ENDED;
	q->n_overdue += qg.late;
	q->grants.v[index].overdue += qg.late;
	rc = add_duties(q, ctx, index, me, &approve_due, err);
	if (!rc && !approve_due)
		rc = add_waiting(q, ctx, index, me, err);
	return rc ? rc : add_questions(q, ctx, index, me, err);
}

static int by_due(const void *a, const void *b)
{
	const struct bg_turn *x = a, *y = b;
	int64_t p = x->due_ms ? x->due_ms : INT64_MAX;
	int64_t q = y->due_ms ? y->due_ms : INT64_MAX;
	if (p != q)
		return p < q ? -1 : 1;
	if (x->since_ms != y->since_ms)
		return x->since_ms < y->since_ms ? -1 : 1;
	return strcmp(x->what, y->what);
}

int bg_queue_read(struct bg_queue *out, struct bg_ctx *ctx,
		  const struct bg_principal *me, bool all,
		  const struct bg_digest *only, struct bg_error *err)
{
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	struct bg_grant_query query = { .active_only = !all };
	int rc = 0;
	if (only)
		return add_grant(out, ctx, only, me, err);
	rc = bg_store_grants(&rows, ctx->store, &query, err);
	for (size_t i = 0; !rc && i < rows.list.n; i++)
		rc = add_grant(out, ctx, &rows.list.v[i].root, me, err);
	if (!rc && out->turns.n)
		qsort(out->turns.v, out->turns.n, sizeof(*out->turns.v),
		      by_due);
	return rc;
}

/* Names that leave room for the line to type in 80 columns; JSON has all. */
static void some_of(struct bg_str *out, const char *who)
{
	const size_t room = 18;
	size_t n = strlen(who);
	if (n > room) {
		n = strcspn(who, ",");
		for (size_t i = n; i <= room; i++)
			if (who[i] == ',')
				n = i;
	}
	bg_str_addf(out, "%.*s%s", (int)n, who, who[n] ? ", ..." : "");
}

int bg_queue_print(size_t *n, struct bg_ctx *ctx, const struct bg_queue *q,
		   const char *title, bg_turn_fn pass, struct bg_error *err)
{
	BG_AUTO(table) struct bg_table table = { .columns = 5 };
	*n = 0;
	for (size_t i = 0; i < q->turns.n; i++) {
		const struct bg_turn *t = &q->turns.v[i];
		BG_AUTO(str) struct bg_str due = BG_STR_INIT;
		BG_AUTO(str) struct bg_str who = BG_STR_INIT;
		some_of(&who, t->who);
		if (pass && !pass(q, t))
			continue;
		(*n)++;
		if (t->due_ms)
			bg_ui_due(&due, &ctx->ui, t->due_ms, true);
		if (bg_table_add(&table,
				 bg_ctx_at(ctx, q->grants.v[t->grant].label)) ||
		    bg_table_addf(&table, "%s%s%s%s", t->what,
				  *t->detail ? " " : "", t->detail,
				  *t->text ? ": " : "") ||
		    bg_table_add(&table, bg_str_text(&due)) ||
		    bg_table_add(&table, t->mine ? "" : bg_str_text(&who)) ||
		    bg_table_add(&table, bg_ctx_line(ctx, t->line)))
			return bg_fail_oom(err);
	}
	if (!*n)
		return 0;
	puts(title);
	bg_table_print(stdout, &ctx->ui, &table, 2);
	return 0;
}

json_t *bg_turn_json(const struct bg_queue *q, const struct bg_turn *t)
{
	char due[BG_TIME_LEN + 1], since[BG_TIME_LEN + 1];
	json_t *o = json_pack("{s:s, s:s}", "grant",
			      q->grants.v[t->grant].label, "what", t->what);
	int failed = !o;
	bg_time_format(since, t->since_ms);
	bg_time_format(due, t->due_ms);
	if (!failed && *t->detail)
		failed = json_object_set_new(o, "detail",
					     json_string(t->detail));
	if (!failed)
		failed = json_object_set_new(o, "since", json_string(since));
	if (!failed && t->due_ms)
		failed = json_object_set_new(o, "due", json_string(due));
	if (!failed)
		failed = json_object_set_new(o, "overdue",
					     json_boolean(t->overdue));
	if (!failed && *t->who)
		failed = json_object_set_new(o, "who", json_string(t->who));
	if (!failed && *t->text)
		failed = json_object_set_new(o, "text", json_string(t->text));
	if (!failed)
		failed = json_object_set_new(o, "line", json_string(t->line));
	if (!failed)
		return o;
	json_decref(o);
	return NULL;
}
