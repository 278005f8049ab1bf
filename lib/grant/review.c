/*
 * Reviews: what they must cover, whether the quorum is there, and the worst
 * decision, which wins.
 */
#include "grant/judge.h"

#include <string.h>

bool bg_is_material(enum bg_event_type t)
{
	switch (t) {
	case BG_EV_ACTIVATE:
	case BG_EV_DECLARE:
	case BG_EV_GRANT:
	case BG_EV_EXTEND:
	case BG_EV_REVOKE:
	case BG_EV_EXPIRE:
	case BG_EV_DENY:
	case BG_EV_CHECK:
	case BG_EV_SESSION_START:
	case BG_EV_SESSION_END:
	case BG_EV_ATTACH:
		return true;
	default:
		return false;
	}
}

/*
 * Everything material that is not wrong, doubtful or not: doubt can come years
 * later and must not make reviews out of date that nobody would do differently.
 */
int bg_grant_covers(struct bg_digest *out, size_t *n, const struct bg_grant *g)
{
	BG_AUTO(free) struct bg_digest *list = NULL;
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	char line[BG_DIGEST_TEXT + 1];
	size_t count = 0;

	list = calloc(g->n_events ? g->n_events : 1, sizeof(*list));
	if (!list)
		return BG_EFAIL;
	for (size_t i = 0; i < g->n_events; i++)
		if (g->counted[i] && bg_is_material(g->events[i]->type))
			list[count++] = g->events[i]->digest;
	qsort(list, count, sizeof(*list), bg_digest_cmp);
	for (size_t i = 0; i < count; i++) {
		bg_digest_format(line, &list[i]);
		bg_str_add(&text, line);
		bg_str_addc(&text, '\n');
	}
	*n = count;
	if (text.oom || bg_sha256(out, bg_str_text(&text), text.len))
		return BG_EFAIL;
	return 0;
}

bool bg_review_decides(const struct bg_event *e)
{
	const char *d = bg_json_text(e->data, "decision");

	return d && strcmp(d, "needs-info") != 0 && strcmp(d, "forwarded") != 0;
}

static bool is_current(const struct bg_judge *j, const struct bg_event *e)
{
	const json_t *covers = json_object_get(e->data, "covers");
	const char *text = bg_json_text(covers, "digest");
	struct bg_digest d;

	return bg_json_int(covers, "n", -1) == (int64_t)j->g->n_material &&
	       text && bg_digest_parse(&d, text) &&
	       bg_digest_eq(&d, &j->g->covers);
}

/* A later review of the same person replaces the earlier that it knows. */
static bool is_replaced(const struct bg_judge *j, size_t i)
{
	for (size_t k = 0; k < j->n; k++)
		if (k != i && j->ev[k].e->type == BG_EV_REVIEW &&
		    bg_sound(&j->ev[k]) && bg_review_decides(j->ev[k].e) &&
		    bg_str_eq(j->ev[k].human, j->ev[i].human) &&
		    bg_judge_knows(j, k, i))
			return true;
	return false;
}

static int rank_of(const char *decision)
{
	if (bg_str_eq(decision, "rejected"))
		return 3;
	return bg_str_eq(decision, "approved-with-findings") ? 2 : 1;
}

struct tally {
	size_t n;           /* current, decided, by distinct humans */
	size_t misuse;      /* of those: class misuse */
	const char **human; /* who, n of them */
	const char *class_;
	int64_t class_ms;
};

static bool counted_before(const struct tally *t, const char *human)
{
	for (size_t i = 0; i < t->n; i++)
		if (bg_str_eq(t->human[i], human))
			return true;
	return false;
}

static void take(struct bg_judge *j, struct tally *t, size_t i)
{
	const struct bg_judged *v = &j->ev[i];
	const char *decision = bg_data(v, "decision");
	const char *class_ = bg_data(v, "class");
	bool misuse = bg_str_eq(class_, "misuse");

	if (!j->g->decision || rank_of(decision) > rank_of(j->g->decision))
		j->g->decision = decision;
	if (!counted_before(t, v->human)) {
		t->human[t->n++] = v->human;
		t->misuse += misuse;
	}
	/* One reviewer's word is not the quorum's: misuse is decided below. */
	if (class_ && !misuse && (!t->class_ || v->e->at_ms > t->class_ms)) {
		t->class_ = class_;
		t->class_ms = v->e->at_ms;
	}
}

static bool is_lifted(const struct bg_judge *j)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->ev[i].e->type == BG_EV_SETTLE && bg_sound(&j->ev[i]) &&
		    bg_data_is(&j->ev[i], "duty", "misuse"))
			return true;
	return false;
}

int bg_judge_reviews(struct bg_judge *j)
{
	struct bg_grant *g = j->g;
	struct tally t = { 0 };
	size_t need = g->policy && g->policy->review_count
			      ? g->policy->review_count
			      : 1;

	if (bg_grant_covers(&g->covers, &g->n_material, g))
		return bg_fail_oom(j->err);
	t.human = bg_arena_array(&g->arena, j->n, sizeof(*t.human));
	if (bg_arena_check(&g->arena, j->err))
		return BG_EFAIL;
	for (size_t i = 0; i < j->n; i++) {
		const struct bg_judged *v = &j->ev[i];

		if (v->e->type != BG_EV_REVIEW || !bg_sound(v) ||
		    !bg_review_decides(v->e) || is_replaced(j, i))
			continue;
		if (is_current(j, v->e))
			take(j, &t, i);
		else
			bg_judge_say(j, "review-outdated", v->e,
				     "the review by %s does not cover the "
				     "material events as they are now",
				     v->e->by);
	}
	g->reviewed = t.n >= need;
	g->class_ = t.class_;
	if (t.misuse >= need || (!t.class_ && t.misuse))
		g->class_ = "misuse";
	g->misuse = g->reviewed && t.misuse >= need && !is_lifted(j);
	return 0;
}
