/*
 * Distinct from each other: one person approves once, and who approves or shares
 * does not review.  Which of two events is at fault is said by who knew the
 * other.
 */
#include "grant/judge.h"

/* One person approves once; who approves or shares does not review. */
static void distinct_pair(struct bg_judge *j, size_t a, size_t b)
{
	struct bg_judged *x = &j->ev[a], *y = &j->ev[b];
	enum bg_event_type t = x->e->type, u = y->e->type;

	if (t == BG_EV_APPROVE && u == BG_EV_APPROVE && bg_judge_knows(j, b, a))
		bg_judge_wrong(j, y, "duplicate-event",
			       "%s had approved already", y->e->by);
	if (u != BG_EV_REVIEW || (t != BG_EV_APPROVE && t != BG_EV_SHARE))
		return;
	if (bg_judge_knows(j, a, b))
		bg_judge_wrong(j, x, "not-distinct", "%s reviewed it: %s",
			       x->e->by, bg_event_type_text(t));
	else
		bg_judge_wrong(j, y, "not-distinct", "review: %s %s", y->e->by,
			       t == BG_EV_SHARE ? "was a custodian who shared"
						: "approved it");
}

static bool has_say(enum bg_event_type t)
{
	return t == BG_EV_APPROVE || t == BG_EV_SHARE || t == BG_EV_REVIEW;
}

void bg_judge_distinct(struct bg_judge *j)
{
	for (size_t i = 0; i < j->n; i++) {
		size_t a = j->bits.order[i];

		if (!has_say(j->ev[a].e->type))
			continue;
		for (size_t k = 0; k < j->n; k++) {
			size_t b = j->bits.order[k];

			if (a != b && has_say(j->ev[b].e->type) &&
			    bg_sound(&j->ev[a]) && bg_sound(&j->ev[b]) &&
			    bg_str_eq(j->ev[a].human, j->ev[b].human))
				distinct_pair(j, a, b);
		}
	}
}
