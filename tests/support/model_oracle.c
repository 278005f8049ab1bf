/* What the fold must say: lifecycle.md once more, without bit matrices, over
 * what every writer of the model really held. */
#include <string.h>

#include "support/model.h"

struct truth {
	enum bg_state state;
	bool void_, may_open, solo, has_end, has_window, attested;
	unsigned approvals, shares;
	int64_t began, window;
	int first, end, proof;
	char outcome;
};

static bool counts(const struct event *e)
{
	return !e->f.wrong && e->strictly;
}

static bool sound(const struct event *e)
{
	return counts(e) && !e->f.doubtful;
}

static bool is_grant(const struct event *e)
{
	return counts(e) &&
	       (e->f.type == BG_EV_GRANT || e->f.type == BG_EV_DECLARE);
}

static bool is_opening(const struct event *e)
{
	return is_grant(e) &&
	       (e->f.type == BG_EV_DECLARE || e->f.result == BG_RES_DONE ||
		e->f.result == BG_RES_UNKNOWN);
}

static bool is_end(const struct event *e)
{
	switch (e->f.type) {
	case BG_EV_REVOKE:
	case BG_EV_EXPIRE:
	case BG_EV_DECLARE:
		return counts(e);
	case BG_EV_DENY:
		return counts(e) && !e->knew_end;
	default:
		return false;
	}
}

static bool is_check(const struct event *e, enum bg_access access)
{
	return sound(e) && e->f.type == BG_EV_CHECK && e->f.access == access;
}

static bool earlier(const struct model *m, int a, int b)
{
	const struct bg_fold_event *x, *y;

	if (b < 0)
		return true;
	x = &m->ev[a].f;
	y = &m->ev[b].f;
	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms;
	return memcmp(x->id.b, y->id.b, sizeof(x->id.b)) < 0;
}

static int first_of(const struct model *m, const struct set *s,
		    bool (*is)(const struct event *))
{
	int best = -1;

	for (int i = 0; i < m->n; i++)
		if (set_has(s, i) && is(&m->ev[i]) && earlier(m, i, best))
			best = i;
	return best;
}

static unsigned people(const struct model *m, const struct set *s,
		       enum bg_event_type t)
{
	unsigned n = 0;

	for (int i = 0; i < m->n; i++) {
		const struct event *e = &m->ev[i];
		bool seen = false;

		if (!set_has(s, i) || e->f.type != t || !sound(e) || e->f.user)
			continue;
		for (int k = 0; k < i; k++)
			seen |= set_has(s, k) && m->ev[k].f.type == t &&
				sound(&m->ev[k]) &&
				!strcmp(m->ev[k].f.human, e->f.human);
		n += !seen;
	}
	return n;
}

static void authority(struct truth *t, const struct model *m,
		      const struct set *s)
{
	const struct bg_fold_rules *r = &m->rules;

	t->approvals = people(m, s, BG_EV_APPROVE);
	t->shares = people(m, s, BG_EV_SHARE);
	t->solo = false;
	for (int i = 0; i < m->n; i++) {
		const struct event *e = &m->ev[i];

		if (!set_has(s, i))
			continue;
		if (e->f.type == BG_EV_SOLO && sound(e))
			t->solo = true;
		if (e->f.type == BG_EV_ACTIVATE && counts(e) && e->f.solo &&
		    r->solo_allowed)
			t->solo = true;
	}
	t->may_open = !m->ev[0].f.wrong &&
		      (!r->before || t->solo || t->approvals >= r->count) &&
		      t->shares >= r->shares;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void window(struct truth *t, const struct model *m, const struct set *s)
{
	const struct event *root = &m->ev[0];

	t->first = first_of(m, s, is_opening);
	t->has_window = t->first >= 0;
	if (!t->has_window)
		return;
	if (root->f.type == BG_EV_DECLARE) {
		t->began = root->f.since_ms;
		t->window = root->f.until_ms ? root->f.until_ms : root->f.at_ms;
		return;
	}
	t->began = m->ev[t->first].f.at_ms;
	t->window = t->began + root->f.until_ms;
	for (int i = 0; i < m->n; i++)
		if (set_has(s, i) && m->ev[i].f.type == BG_EV_EXTEND &&
		    sound(&m->ev[i]) && m->ev[i].f.until_ms > t->window)
			t->window = m->ev[i].f.until_ms;
	t->window = least(t->window, t->began + m->rules.max);
	t->window = least(t->window,
			  t->began + root->f.until_ms +
				  m->rules.extensions * m->rules.extend_max);
}

/* Says absent, and really knew an end, every grant and every present check. */
static bool covers(const struct model *m, const struct set *s, int c)
{
	const struct event *e = &m->ev[c];
	bool after_end = false;

	if (!is_check(e, BG_ACC_ABSENT) || e->f.rotate_missing)
		return false;
	for (int i = 0; i < m->n; i++) {
		if (!set_has(s, i))
			continue;
		after_end |= is_end(&m->ev[i]) && set_has(&e->knew, i);
		if ((is_grant(&m->ev[i]) ||
		     is_check(&m->ev[i], BG_ACC_PRESENT)) &&
		    !set_has(&e->knew, i))
			return false;
	}
	return after_end;
}

static void proof(struct truth *t, const struct model *m, const struct set *s)
{
	bool any_grant = false;
	int one = -1, two = -1;

	t->proof = -1;
	for (int i = 0; i < m->n; i++)
		any_grant |= set_has(s, i) && is_grant(&m->ev[i]);
	for (int i = 0; i < m->n; i++)
		if (set_has(s, i) && !m->ev[i].f.attested && any_grant &&
		    covers(m, s, i) && earlier(m, i, t->proof))
			t->proof = i;
	if (t->proof >= 0)
		return;
	for (int i = 0; i < m->n; i++)
		if (set_has(s, i) && m->ev[i].f.attested && !m->ev[i].f.user &&
		    covers(m, s, i) && earlier(m, i, one))
			one = i;
	for (int i = 0; one >= 0 && i < m->n; i++)
		if (set_has(s, i) && m->ev[i].f.attested && !m->ev[i].f.user &&
		    covers(m, s, i) &&
		    strcmp(m->ev[i].f.human, m->ev[one].f.human) != 0 &&
		    earlier(m, i, two))
			two = i;
	t->proof = two;
	t->attested = two >= 0;
}

static void outcome(struct truth *t, const struct model *m, const struct set *s)
{
	bool deny = false, revoke = false;

	for (int i = 0; i < m->n; i++) {
		if (!set_has(s, i) || !is_end(&m->ev[i]))
			continue;
		deny |= m->ev[i].f.type == BG_EV_DENY;
		revoke |= m->ev[i].f.type == BG_EV_REVOKE;
	}
	t->outcome = deny && t->first < 0 ? 'd' : revoke ? 'r' : 'e';
}

static struct truth truth_of(const struct model *m, const struct set *s)
{
	struct truth t = { .proof = -1 };
	bool present = false;

	authority(&t, m, s);
	window(&t, m, s);
	t.end = first_of(m, s, is_end);
	t.has_end = t.end >= 0;
	for (int i = 0; i < m->n; i++)
		present |= set_has(s, i) && is_check(&m->ev[i], BG_ACC_PRESENT);
	t.void_ = t.first < 0 && !t.may_open && !present;
	if (!t.has_end) {
		t.state = t.first >= 0 ? BG_OPEN : BG_WAITING;
		t.void_ = false;
		return t;
	}
	outcome(&t, m, s);
	proof(&t, m, s);
	t.void_ &= t.proof < 0;
	t.state = t.proof >= 0 || t.void_ ? BG_ENDED : BG_ENDING;
	return t;
}

/* --- the state table ------------------------------------------------------------ */

/* Doubtful words that would have changed ending into ended, or back. */
static bool maybe(const struct model *m, const struct set *s)
{
	for (int i = 0; i < m->n; i++) {
		const struct event *e = &m->ev[i];

		if (set_has(s, i) && counts(e) && e->f.doubtful &&
		    (e->f.type == BG_EV_CHECK || e->f.type == BG_EV_APPROVE ||
		     e->f.type == BG_EV_SHARE || e->f.type == BG_EV_SOLO))
			return true;
	}
	return false;
}

static bool knows_solo(const struct model *m, const struct set *s)
{
	for (int i = 0; i < m->n; i++)
		if (set_has(s, i) && m->ev[i].f.type == BG_EV_SOLO &&
		    sound(&m->ev[i]))
			return true;
	return false;
}

static bool allows(const struct model *m, const struct truth *t,
		   const struct set *s, enum bg_event_type type)
{
	bool waiting = t->state == BG_WAITING, open = t->state == BG_OPEN;
	bool ended = t->state == BG_ENDED;

	switch (type) {
	case BG_EV_SOLO:
		return waiting && m->rules.solo_allowed && !knows_solo(m, s);
	case BG_EV_APPROVE:
		return waiting || open ||
		       ((!m->rules.before || t->solo) && !t->void_);
	case BG_EV_EXTEND:
		return open;
	case BG_EV_REVOKE:
		return !ended;
	case BG_EV_EXPIRE:
		return waiting || open;
	case BG_EV_REVIEW:
		return ended;
	default:
		return true;
	}
}

static bool excuses(const struct model *m, const struct truth *t,
		    const struct set *s, enum bg_event_type type)
{
	return (t->state == BG_ENDING || t->state == BG_ENDED) && maybe(m, s) &&
	       (type == BG_EV_APPROVE || type == BG_EV_REVOKE ||
		type == BG_EV_REVIEW);
}

void oracle_judge(const struct model *m, struct event *e)
{
	struct truth t;

	if (e->f.type == BG_EV_ACTIVATE || e->f.type == BG_EV_DECLARE) {
		e->allowed = e->strictly = true;
		return;
	}
	t = truth_of(m, &e->knew);
	e->knew_end = t.has_end;
	e->strictly = allows(m, &t, &e->knew, e->f.type);
	e->allowed = e->strictly || excuses(m, &t, &e->knew, e->f.type);
	if (e->allowed && e->f.type != BG_EV_APPROVE)
		e->strictly = true;
}

bool oracle_may(struct model *m, int node, enum bg_event_type type)
{
	const struct set *s = &m->node[node].have;
	struct truth t;

	if (!set_has(s, 0))
		return false;
	t = truth_of(m, s);
	return allows(m, &t, s, type);
}

bool oracle_may_open(const struct model *m, const struct set *s)
{
	return truth_of(m, s).may_open;
}

/* --- comparing ---------------------------------------------------------------------- */

static void differs(struct model *m)
{
	if (!m->blind)
		model_violation(m, "ORACLE");
}

void oracle_check(struct model *m, const struct set *s, const struct view *v)
{
	struct truth t = truth_of(m, s);

	if (t.state != v->state || t.may_open != v->may_open ||
	    t.has_end != v->has_end || t.has_window != v->has_window ||
	    (t.has_window && t.window != v->window))
		differs(m);
}

void oracle_check_all(struct model *m, const struct bg_fold *f,
		      const int *index, size_t n)
{
	struct truth t = truth_of(m, &m->all);

	if (t.state != f->state || t.void_ != f->void_ ||
	    t.approvals != f->approvals || t.shares != f->shares ||
	    t.solo != f->solo || t.attested != f->attested ||
	    t.has_end != f->has_end || (t.proof >= 0) != f->has_proof)
		differs(m);
	if (t.has_window &&
	    (t.began != f->began_ms || index[f->first_grant] != t.first))
		differs(m);
	if (t.has_end && (index[f->end] != t.end || *f->outcome != t.outcome))
		differs(m);
	if (t.proof >= 0 && f->has_proof && index[f->proof] != t.proof)
		differs(m);
	for (size_t i = 0; i < n; i++)
		if (f->end_order[i] != is_end(&m->ev[index[i]]))
			differs(m);
}
