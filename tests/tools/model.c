/*
 * Model-based test of the fold: random histories of one grant by twelve writers
 * with partitions, crashes between provider and event, lying clocks, lying
 * people, thieves of keys, a rogue installation and a broken tool, folded by
 * lib/grant/fold.c and judged by what lifecycle.md says must stay true.
 *
 *   model [N] [--seed S] [--orders N] [--break CLAUSE] [--mutants]
 *
 * Without --break: N histories (20,000), exit 0 when none violates anything.
 * --orders: fold every hundredth history in that many random orders.  --break:
 * with one clause of the fold made to hold always; says what caught it first.
 * --mutants: all clauses, one after the other; exit 0 when each is caught.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/fold_broken.h"
#include "support/model.h"

static enum fold_clause broken = FOLD_WHOLE;

/* --- random ------------------------------------------------------------------ */

static uint64_t state, order_state;

static uint64_t mix(uint64_t *from)
{
	uint64_t z = *from += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t model_random(void)
{
	return mix(&state);
}

int pick(int n)
{
	return (int)(model_random() % (uint64_t)n);
}

static bool chance(int percent)
{
	return pick(100) < percent;
}

/* --- folding -------------------------------------------------------------------- */

static void fold(struct bg_fold *out, const struct bg_fold_event *ev, size_t n,
		 const struct bg_fold_rules *rules)
{
	struct bg_error err;
	int rc = broken == FOLD_WHOLE ? bg_fold(out, ev, n, rules, &err)
				      : fold_broken(out, ev, n, rules, &err);

	if (rc) {
		fprintf(stderr, "model: %s\n", err.msg);
		exit(2);
	}
}

/* The events of a set, in the order of the world; index of each. */
static size_t gather(struct bg_fold_event *ev, int *index,
		     const struct model *m, const struct set *s)
{
	size_t n = 0;

	for (int i = 0; i < m->n; i++)
		if (set_has(s, i)) {
			ev[n] = m->ev[i].f;
			index[n++] = i;
		}
	return n;
}

struct view view_of(const struct model *m, const struct set *s)
{
	struct bg_fold_event ev[WORLD];
	BG_AUTO(fold) struct bg_fold f = { 0 };
	struct view v = { .state = BG_WAITING, .nothing = true };
	int index[WORLD];
	size_t n = gather(ev, index, m, s);

	if (!n)
		return v;
	fold(&f, ev, n, &m->rules);
	v.nothing = false;
	v.state = f.state;
	v.may_open = f.may_open;
	v.has_end = f.has_end;
	v.has_window = f.has_window;
	v.window = f.window_ms;
	v.attested = f.attested;
	for (size_t i = 0; i < n; i++)
		v.grants |= m->ev[index[i]].f.type == BG_EV_GRANT &&
			    !m->ev[index[i]].f.wrong;
	return v;
}

/* --- writing ----------------------------------------------------------------------- */

static const struct {
	const char *name, *human;
	bool user, doubtful, wrong, liar;
} people[NODES] = {
	[ALICE] = { "alice.ops1", "alice", true, false, false, false },
	[ALICE2] = { "alice.lap", "alice", true, false, false, true },
	[RUNNER] = { "ops1.runner", "omar", false, false, false, false },
	[BOB] = { "bob.lap", "bob", false, false, false, true },
	[BOB2] = { "bob.phone", "bob", false, false, false, true },
	[CAT] = { "cat.lap", "cat", false, false, false, false },
	[SW1] = { "sw1", "olga", false, false, false, false },
	[SW2] = { "sw2", "otto", false, false, false, false },
	[THIEF] = { "thief", "otto", false, true, false, true },
	[THIEF2] = { "thief2", "dan", false, true, false, true },
	[ROGUE] = { "rogue.inst", "mal", false, false, true, true },
	[BROKEN] = { "bob.broken", "bob", false, false, false, true },
};

static void id_make(struct bg_digest *d)
{
	for (size_t i = 0; i < sizeof(d->b); i += 8) {
		uint64_t r = model_random();

		memcpy(d->b + i, &r, 8);
	}
}

/* What a good writer answers: events on other logs that nothing it holds follows,
 * sorted; answers[0] is the root. */
static void frontier(struct model *m, struct event *e, int node)
{
	struct set seen = { { 0 } };
	const struct set *have = &m->node[node].have;

	for (int i = 0; i < m->n; i++)
		if (set_has(have, i))
			set_join(&seen, &m->ev[i].before);
	if (m->n)
		e->answers[e->f.n_answers++] = m->ev[0].f.id;
	for (int i = 1; i < m->n && e->f.n_answers < BG_ANSWERS_MAX; i++)
		if (set_has(have, i) && !set_has(&seen, i) &&
		    m->ev[i].node != node) {
			e->answers[e->f.n_answers++] = m->ev[i].f.id;
			set_add(&e->before, i);
		}
	if (e->f.n_answers > 2)
		qsort(e->answers + 1, e->f.n_answers - 1, sizeof(*e->answers),
		      bg_digest_cmp);
	if (m->n)
		set_add(&e->before, 0);
}

struct event *model_write(struct model *m, int node, enum bg_event_type type)
{
	struct node *w = &m->node[node];
	struct event *e;

	if (m->n >= WORLD) {
		m->full = true;
		return &m->nowhere;
	}
	e = &m->ev[m->n];
	memset(e, 0, sizeof(*e));
	e->node = node;
	e->knew = w->have;
	id_make(&e->f.id);
	e->f.type = type;
	e->f.log = (uint32_t)node;
	e->f.seq = ++w->seq;
	e->f.at_ms = m->now + w->skew;
	e->f.human = people[node].human;
	e->f.user = people[node].user;
	e->f.doubtful = people[node].doubtful;
	e->f.wrong = people[node].wrong;
	e->f.access = BG_ACC_UNKNOWN;
	frontier(m, e, node);
	if (w->last >= 0)
		set_add(&e->before, w->last);
	e->f.answers = e->answers;
	oracle_judge(m, e);
	e->target = m->target;
	w->last = m->n;
	w->dirty = true;
	set_add(&w->have, m->n);
	set_add(&m->all, m->n);
	m->n++;
	return e;
}

static void check(struct model *m, int node, bool present)
{
	struct event *e = model_write(m, node, BG_EV_CHECK);

	e->f.access = present ? BG_ACC_PRESENT : BG_ACC_ABSENT;
	/* With such a provider only a new secret takes access away. */
	e->f.rotate_missing = m->irrevocable && !m->node[node].knows_rotate;
}

static void grant(struct model *m, int node, enum bg_result r)
{
	model_write(m, node, BG_EV_GRANT)->f.result = r;
}

static void extend(struct model *m, int node, int64_t until)
{
	model_write(m, node, BG_EV_EXTEND)->f.until_ms = until;
}

static void sync_two(struct model *m, int a, int b)
{
	struct node *x = &m->node[a], *y = &m->node[b];

	if (!set_equal(&x->have, &y->have)) {
		x->dirty |= !set_within(&y->have, &x->have);
		y->dirty |= !set_within(&x->have, &y->have);
		set_join(&x->have, &y->have);
		y->have = x->have;
	}
	x->knows_rotate |= y->knows_rotate;
	y->knows_rotate |= x->knows_rotate;
	if (x->first < 0 && set_has(&x->have, 0))
		x->first = m->now;
	if (y->first < 0 && set_has(&y->have, 0))
		y->first = m->now;
}

/* --- the world ------------------------------------------------------------------------ */

static void rotate(struct model *m, int node)
{
	if (!m->irrevocable)
		return;
	m->node[node].knows_rotate = true;
	m->target = false;
}

static void take_back(struct model *m, int node)
{
	if (!m->irrevocable || m->node[node].knows_rotate)
		m->target = false;
}

static struct view see(struct model *m, int node)
{
	return view_of(m, &m->node[node].have);
}

static bool lives(const struct view *v)
{
	return !v->nothing && (v->state == BG_WAITING || v->state == BG_OPEN);
}

static void runner_begin(struct model *m)
{
	struct view v = see(m, RUNNER);
	bool extended = false;

	for (int i = 0; i < m->n; i++)
		extended |= set_has(&m->node[RUNNER].have, i) &&
			    m->ev[i].f.type == BG_EV_EXTEND;
	if (!lives(&v) || !v.may_open || (v.state == BG_OPEN && !extended))
		return;
	if (!oracle_may_open(m, &m->node[RUNNER].have))
		model_violation(m, "OPENED-WITHOUT-AUTHORITY");
	m->inflight = m->journal = true;
}

static void runner_finish(struct model *m)
{
	bool ok = chance(85);

	if (ok)
		m->target = true;
	m->inflight = false;
	if (chance(15)) /* crash between provider and event */
		return;
	grant(m, RUNNER, ok ? BG_RES_DONE : BG_RES_FAILED);
	m->journal = false;
}

static void runner_recover(struct model *m)
{
	grant(m, RUNNER, BG_RES_UNKNOWN);
	m->journal = false;
}

/* Nobody but the opener can say that nothing ever ran. */
static void runner_report(struct model *m)
{
	struct view v = see(m, RUNNER);

	if (!v.nothing && !m->inflight && !m->journal && v.has_end &&
	    !v.grants && v.state == BG_ENDING && !m->declared)
		grant(m, RUNNER, BG_RES_NOT_RUN);
}

static void sweep(struct model *m, int node, bool force)
{
	struct view v = see(m, node);
	bool over;

	if (v.nothing)
		return;
	over = force ||
	       (v.has_window && m->now + m->node[node].skew > v.window);
	over |= m->now - m->node[node].first > 200;
	if (lives(&v) && over) {
		model_write(m, node, BG_EV_EXPIRE);
		v = see(m, node);
	}
	if (v.state != BG_ENDING)
		return;
	if (force)
		rotate(m, node);
	if (force || chance(80))
		take_back(m, node);
	check(m, node,
	      m->target && !(m->irrevocable && !m->node[node].knows_rotate));
}

static void approve_or_deny(struct model *m)
{
	static const int who[] = { BOB, CAT, BOB2, CAT, BOB, ALICE2 };
	int node = who[pick(6)];
	struct view v = see(m, node);

	if (lives(&v))
		model_write(m, node, chance(75) ? BG_EV_APPROVE : BG_EV_DENY);
	else if (!v.nothing && chance(30))
		model_write(m, node, BG_EV_DENY); /* an objection on record */
	else if (!v.nothing && oracle_may(m, node, BG_EV_APPROVE))
		model_write(m, node, BG_EV_APPROVE);
}

static void extend_some(struct model *m)
{
	int node = chance(60) ? ALICE : ALICE2;
	static const int64_t more[] = { 10, 30, 45, 1000000 };
	struct view v;

	if (chance(70))
		sync_two(m, node, RUNNER);
	v = see(m, node);
	if (!v.nothing && v.state == BG_OPEN)
		extend(m, node, m->now + m->node[node].skew + more[pick(4)]);
}

static void revoke_some(struct model *m)
{
	static const int who[] = { ALICE, ALICE2, BOB, CAT };
	int node = who[pick(4)];
	struct view v = see(m, node);

	if (lives(&v) || (!v.nothing && v.state == BG_ENDING))
		model_write(m, node, BG_EV_REVOKE);
}

/* Two people who did not use it end what no check can; liars try alone. */
static void attest_some(struct model *m)
{
	static const int who[] = { BOB, CAT, BOB2, ALICE2 };
	int node = who[pick(4)];
	struct view v = see(m, node);
	struct event *e;

	if (v.nothing || v.state != BG_ENDING ||
	    (m->target && !people[node].liar))
		return;
	e = model_write(m, node, BG_EV_CHECK);
	e->f.access = BG_ACC_ABSENT;
	e->f.attested = true;
}

static void review_or_solo(struct model *m)
{
	int node = chance(50) ? CAT : ALICE;
	enum bg_event_type t = node == CAT ? BG_EV_REVIEW : BG_EV_SOLO;

	if (oracle_may(m, node, t))
		model_write(m, node, t);
}

static void share_some(struct model *m)
{
	static const int who[] = { BOB, CAT, BOB2, ALICE2 };
	int node = who[pick(4)];

	if (m->rules.shares && !see(m, node).nothing)
		model_write(m, node, BG_EV_SHARE);
}

/* Stolen keys, a rogue installation: anything goes. */
static void mischief(struct model *m)
{
	static const enum bg_event_type any[] = { BG_EV_CHECK,   BG_EV_CHECK,
						  BG_EV_REVOKE,  BG_EV_EXTEND,
						  BG_EV_APPROVE, BG_EV_GRANT,
						  BG_EV_SOLO,    BG_EV_SHARE,
						  BG_EV_EXPIRE,  BG_EV_DENY };
	static const int who[] = { THIEF, THIEF2, ROGUE };
	int node = who[pick(3)];
	struct event *e;

	if (!set_has(&m->node[node].have, 0))
		return;
	e = model_write(m, node, any[pick(10)]);
	e->f.access = chance(80) ? BG_ACC_ABSENT : BG_ACC_PRESENT;
	e->f.result = chance(50) ? BG_RES_FAILED : BG_RES_DONE;
	e->f.until_ms = m->now + 1000000;
	/* Doubtful access would have to be proven gone by honest checks; a thief
	 * who can give access is another story. */
	if (e->f.type == BG_EV_GRANT && node != ROGUE)
		e->f.result = BG_RES_DONE;
}

/* A tool that asks whatever the state is. */
static void broken_tool(struct model *m)
{
	static const enum bg_event_type any[] = { BG_EV_APPROVE, BG_EV_EXTEND,
						  BG_EV_REVOKE,  BG_EV_EXPIRE,
						  BG_EV_SOLO,    BG_EV_REVIEW,
						  BG_EV_DENY };

	if (!set_has(&m->node[BROKEN].have, 0))
		return;
	if (chance(50))
		sync_two(m, BROKEN, pick(NODES));
	model_write(m, BROKEN, any[pick(7)])->f.until_ms = m->now + 1000000;
}

static void look(struct model *m)
{
	static const int who[] = { SW1, SW2, RUNNER };
	int node = who[pick(3)];
	struct view v = see(m, node);

	if (v.nothing)
		return;
	/* Access that comes back by itself is seen by who looks. */
	if (v.state == BG_ENDED && chance(10) && !m->irrevocable)
		m->target = true;
	check(m, node, m->target);
}

static void step(struct model *m)
{
	static const int sweepers[] = { SW1, SW2, RUNNER };
	int x = pick(100), a = pick(NODES), b = pick(NODES);

	m->now += pick(13);
	if (chance(50) && a != b)
		sync_two(m, a, b);
	if (x < 27)
		sync_two(m, pick(NODES), RUNNER);
	else if (x < 35 && !m->inflight && !m->declared)
		runner_begin(m);
	else if (x < 45 && m->inflight)
		runner_finish(m);
	else if (x < 53)
		approve_or_deny(m);
	else if (x < 60)
		extend_some(m);
	else if (x < 67)
		revoke_some(m);
	else if (x < 71 && m->journal && !m->inflight)
		runner_recover(m);
	else if (x < 75)
		mischief(m);
	else if (x < 79)
		broken_tool(m);
	else if (x < 82)
		attest_some(m);
	else if (x < 84)
		review_or_solo(m);
	else if (x < 87)
		share_some(m);
	else if (x < 89)
		rotate(m, sweepers[pick(3)]);
	else if (x < 93)
		look(m);
	else
		sweep(m, sweepers[pick(3)], false);
}

/* --- what must stay true while it runs ---------------------------------------------- */

static void watch_node(struct model *m, int node)
{
	struct node *w = &m->node[node];
	struct view v;

	if (!w->dirty || !set_has(&w->have, 0))
		return;
	w->dirty = false;
	v = see(m, node);
	if (w->saw_end && lives(&v))
		model_violation(m, "REOPENED");
	w->saw_end |= v.has_end;
	/* A root that asks in vain is over before it began. */
	if (v.state == BG_ENDED && m->target && set_equal(&w->have, &m->all) &&
	    !((v.grants || v.attested || m->ev[0].f.wrong) &&
	      (m->inflight || m->journal)))
		model_violation(m, "ENDED-BUT-PRESENT");
	oracle_check(m, &w->have, &v);
}

static void fold_world(struct bg_fold *f, const struct model *m,
		       struct bg_fold_event *ev, int *index, size_t *n)
{
	*n = gather(ev, index, m, &m->all);
	fold(f, ev, *n, &m->rules);
}

/* Everything the fold says, by event, in bytes. */
static size_t bytes_of(unsigned char *out, const struct model *m,
		       const struct bg_fold *f, const int *index, size_t n)
{
	struct summary s;

	memset(&s, 0, sizeof(s));
	s.state = f->state;
	s.may_open = f->may_open;
	s.void_ = f->void_;
	s.approvals = f->approvals;
	s.shares = f->shares;
	s.window = f->has_window ? f->window_ms : -1;
	s.began = f->has_window ? f->began_ms : -1;
	s.first = f->has_window ? index[f->first_grant] : -1;
	s.end = f->has_end ? index[f->end] : -1;
	s.proof = f->has_proof ? index[f->proof] : -1;
	s.attested = f->attested;
	s.capped = f->extension_capped;
	s.outcome = f->outcome ? f->outcome[0] : 0;
	for (size_t i = 0; i < n; i++) {
		s.flags[index[i]] = (unsigned char)(f->not_allowed[i] |
						    f->end_order[i] << 1 |
						    f->proves[i] << 2 |
						    f->view[i].state << 3);
		s.windows[index[i]] = f->view[i].window_ms;
	}
	(void)m;
	memcpy(out, &s, sizeof(s));
	return sizeof(s);
}

static void check_orders(struct model *m, int orders)
{
	static unsigned char want[sizeof(struct summary)],
		got[sizeof(struct summary)];
	struct bg_fold_event ev[WORLD];
	int index[WORLD];
	size_t n = gather(ev, index, m, &m->all);

	for (int o = 0; o <= orders; o++) {
		BG_AUTO(fold) struct bg_fold f = { 0 };

		for (size_t i = n; o && i > 1; i--) {
			size_t k = (size_t)(mix(&order_state) % i);
			struct bg_fold_event e = ev[i - 1];
			int x = index[i - 1];

			ev[i - 1] = ev[k];
			ev[k] = e;
			index[i - 1] = index[k];
			index[k] = x;
		}
		fold(&f, ev, n, &m->rules);
		bytes_of(o ? got : want, m, &f, index, n);
		if (o && memcmp(want, got, sizeof(want)) != 0) {
			model_violation(m, "ORDER");
			return;
		}
		m->folds++;
	}
}

/* No window is longer than somebody good asked for. */
static int64_t longest(const struct model *m, const struct bg_fold *f)
{
	int64_t until = f->began_ms + m->ev[0].f.until_ms;

	for (int i = 0; i < m->n; i++) {
		const struct event *e = &m->ev[i];

		if (e->f.type == BG_EV_EXTEND && e->allowed && !e->f.wrong &&
		    !e->f.doubtful && e->f.until_ms > until)
			until = e->f.until_ms;
	}
	return until;
}

/* Refused exactly where the state table refuses it; who knows whom; the cap. */
static void check_world(struct model *m)
{
	struct bg_fold_event ev[WORLD];
	BG_AUTO(fold) struct bg_fold f = { 0 };
	int index[WORLD];
	size_t n;

	fold_world(&f, m, ev, index, &n);
	for (size_t i = 0; i < n; i++) {
		const struct event *e = &m->ev[index[i]];

		if (!e->f.wrong && !e->f.doubtful &&
		    f.not_allowed[i] == e->allowed)
			model_violation(m, e->allowed ? "HONEST-REFUSED"
						      : "FORBIDDEN-COUNTS");
		for (size_t k = 0; k < n; k++)
			if (bg_fold_knows(&f, i, k) !=
			    set_has(&e->knew, index[k]))
				model_violation(m, "KNOWS");
	}
	for (size_t i = 0; i < n; i++)
		if (f.end_order[i] && ev[i].type == BG_EV_DENY &&
		    m->ev[index[i]].knew_end)
			model_violation(m, "OBJECTION-ENDS");
	if (f.has_window && !m->declared && f.window_ms > longest(m, &f))
		model_violation(m, "EXTENDS-ADD-UP");
	if (f.has_window && !m->declared &&
	    (f.window_ms > f.began_ms + m->rules.max ||
	     f.window_ms > f.began_ms + m->ev[0].f.until_ms +
				   (int64_t)m->rules.extensions *
					   m->rules.extend_max))
		model_violation(m, "CAP");
	oracle_check_all(m, &f, index, n);
}

/* Doubt comes later: nothing reopens, no honest ask becomes wrong, nothing is
 * proven by doubtful words. */
static void check_doubt(struct model *m)
{
	struct bg_fold_event ev[WORLD];
	BG_AUTO(fold) struct bg_fold f = { 0 };
	struct view before = view_of(m, &m->all);
	bool keep[WORLD];
	int index[WORLD];
	size_t n;

	for (int i = 0; i < m->n; i++) {
		keep[i] = m->ev[i].f.doubtful;
		if (i && chance(30))
			m->ev[i].f.doubtful = true;
	}
	fold_world(&f, m, ev, index, &n);
	if (before.has_end && (f.state == BG_OPEN || f.state == BG_WAITING))
		model_violation(m, "DOUBT-REOPENS");
	if (f.has_proof && !f.attested && ev[f.proof].doubtful)
		model_violation(m, "DOUBT-PROVES");
	for (size_t i = 0; i < n; i++)
		if (f.not_allowed[i] && m->ev[index[i]].allowed &&
		    !ev[i].wrong && !keep[index[i]])
			model_violation(m, "DOUBT-REFUSES");
	for (int i = 0; i < m->n; i++)
		m->ev[i].f.doubtful = keep[i];
}

/* Everybody meets, the sweepers work: it ends, and access is gone. */
static void heal(struct model *m)
{
	m->now += 1000;
	if (m->inflight) {
		m->target = true;
		grant(m, RUNNER, BG_RES_DONE);
		m->inflight = m->journal = false;
	}
	if (m->journal)
		runner_recover(m);
	for (int round = 0; round < 6; round++) {
		runner_report(m);
		for (int a = 0; a < NODES; a++)
			for (int b = 0; b < a; b++)
				sync_two(m, a, b);
		sweep(m, SW1, true);
		sweep(m, SW2, true);
	}
	for (int round = 0; round < 2; round++)
		for (int a = 0; a < NODES; a++)
			for (int b = 0; b < a; b++)
				sync_two(m, a, b);
	if (m->full)
		return;
	for (int a = 0; a < NODES; a++) {
		struct view v = see(m, a);

		if (v.state != BG_ENDED)
			model_violation(m, "NOT-ENDED");
		if (m->target && !m->ev[0].f.wrong)
			model_violation(m, "PRESENT-AT-END");
	}
}

/* --- one history ------------------------------------------------------------------------ */

static void rules_make(struct model *m)
{
	static const int64_t max[] = { 45, 60, 120 };

	m->rules.before = chance(45);
	m->rules.solo_allowed = chance(50);
	m->rules.count = chance(66) ? 1 : 2;
	m->rules.extensions = (unsigned)pick(3);
	m->rules.extend_max = 30;
	m->rules.max = max[pick(3)];
	m->rules.shares = chance(12) ? 2 : 0;
	m->irrevocable = chance(12);
	m->declared = chance(7);
}

static int64_t skew(void)
{
	static const int64_t by[] = { 0, 0, 0, 0, 3, -3, 500, -500 };

	return by[pick(8)];
}

static void root_make(struct model *m)
{
	struct event *e;

	if (m->declared) {
		e = model_write(m, ALICE, BG_EV_DECLARE);
		e->f.since_ms = -50;
		e->f.until_ms = chance(50) ? -10 : 0;
		m->target = chance(70);
	} else {
		e = model_write(m, ALICE, BG_EV_ACTIVATE);
		e->f.until_ms = 30;
		e->f.solo = chance(30);
		e->f.wrong = chance(4);
	}
	sync_two(m, ALICE, RUNNER);
}

/* NULL, or what was violated first. */
static const char *history(struct model *m, uint64_t seed, int orders)
{
	bool blind = m->blind;
	int steps;

	memset(m, 0, sizeof(*m));
	m->blind = blind;
	state = seed * UINT64_C(0xd1342543de82ef95) + 1;
	rules_make(m);
	for (int i = 0; i < NODES; i++) {
		m->node[i].last = -1;
		m->node[i].first = -1;
		m->node[i].skew = skew();
	}
	root_make(m);
	steps = 5 + pick(86);
	for (int i = 0; i < steps && !m->violated; i++) {
		step(m);
		for (int k = 0; k < NODES; k++)
			watch_node(m, k);
	}
	if (!m->violated) {
		check_world(m);
		check_orders(m, orders);
		check_doubt(m);
		heal(m);
		check_world(m);
	}
	return m->violated;
}

/* --- command line -------------------------------------------------------------------------- */

struct options {
	uint64_t n, seed;
	int orders;
	bool mutants;
};

static int run_all(const struct options *o)
{
	static struct model m;
	uint64_t bad = 0, events = 0, folds = 0;

	for (uint64_t i = 0; i < o->n; i++) {
		const char *what =
			history(&m, o->seed + i, i % 100 ? 3 : o->orders);

		events += (uint64_t)m.n;
		folds += m.folds;
		if (what && bad++ < 5)
			printf("# seed %" PRIu64 ": %s\n", o->seed + i, what);
	}
	printf("%" PRIu64 " histories, %" PRIu64 " events, %" PRIu64
	       " orders, %" PRIu64 " violations\n",
	       o->n, events, folds, bad);
	return bad ? 1 : 0;
}

/* How many histories until a broken clause shows; 0: never.  blind: by what must
 * stay true alone. */
static uint64_t run_broken(const struct options *o, enum fold_clause c,
			   bool blind, const char **what)
{
	static struct model m;
	uint64_t i;

	m.blind = blind;
	*what = NULL;
	broken = fold_broken_clause = c;
	for (i = 0; i < o->n; i++) {
		*what = history(&m, o->seed + i, 0);
		if (*what)
			break;
	}
	broken = fold_broken_clause = FOLD_WHOLE;
	return *what ? i + 1 : 0;
}

/* By the invariants; only where they never see it, by comparison. */
static bool show_broken(const struct options *o, enum fold_clause c)
{
	const char *what;
	uint64_t n = run_broken(o, c, true, &what);

	if (!n)
		n = run_broken(o, c, false, &what);
	if (n)
		printf("%-22s caught by %s after %" PRIu64 "\n",
		       fold_clause_text(c), what, n);
	else
		printf("%-22s NOT CAUGHT\n", fold_clause_text(c));
	return n != 0;
}

static int run_mutants(const struct options *o)
{
	unsigned caught = 0;

	for (int c = 0; c < FOLD_WHOLE; c++)
		caught += show_broken(o, (enum fold_clause)c);
	printf("%u of %d broken clauses caught\n", caught, (int)FOLD_WHOLE);
	return caught == FOLD_WHOLE ? 0 : 1;
}

static int run_one_broken(const struct options *o, const char *name)
{
	for (int c = 0; c < FOLD_WHOLE; c++)
		if (!strcmp(fold_clause_text((enum fold_clause)c), name))
			return show_broken(o, (enum fold_clause)c) ? 0 : 1;
	fprintf(stderr, "model: no clause '%s'\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	struct options o = { .n = 20000, .seed = 1, .orders = 3 };
	const char *clause = NULL;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--mutants"))
			o.mutants = true;
		else if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			o.seed = strtoull(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "--orders") && i + 1 < argc)
			o.orders = atoi(argv[++i]);
		else if (!strcmp(argv[i], "--break") && i + 1 < argc)
			clause = argv[++i];
		else
			o.n = strtoull(argv[i], NULL, 10);
	}
	if (clause)
		return run_one_broken(&o, clause);
	return o.mutants ? run_mutants(&o) : run_all(&o);
}
