#include "grant/knows.h"

#include <string.h>

/* The model-based test compiles this file once more, with each clause of the
 * fold made breakable (tests/support/fold_broken.c); here a clause is what it
 * says. */
#ifndef CLAUSE
#define CLAUSE(name, condition) (condition)
#endif

/* Events that are legal and count, by what they mean to the fold. */
enum set {
	S_GRANTS, /* G */
	S_OPENED, /* F */
	S_ENDS,   /* N */
	S_APPROVES,
	S_SHARES,
	S_SOLOS, /* counted solo events and an activate that asked */
	S_SOLO_EVENTS,
	S_EXTENDS,
	S_DENIES,
	S_REVOKES,
	S_PRESENT,  /* counted checks that say present */
	S_ABSENT,   /* may prove alone */
	S_ATTESTED, /* may prove in twos */
	S_MAYBE,    /* doubtful ones that would matter if they were not */
	S_COUNT
};
struct ctx {
	const struct bg_fold_event *ev;
	const struct bg_fold_rules *rules;
	size_t n, words, root;
	struct bg_fold_bits *bits;
	size_t *event;   /* of a column */
	uint32_t *human; /* per event: equal numbers, equal humans */
	uint32_t *turn;  /* scratch of humans(): [0] counts the calls */
	uint64_t *set[S_COUNT];
	uint64_t *everything; /* all columns */
	struct bg_fold *out;
};

const char *bg_state_text(enum bg_state s)
{
	static const char *const text[] = { "waiting", "open", "ending",
					    "ended", "closed" };

	return text[s];
}

void bg_fold_release(struct bg_fold *f)
{
	if (f->bits)
		bg_arena_release(&f->bits->arena);
	free(f->bits);
	f->bits = NULL;
	f->not_allowed = f->end_order = f->proves = NULL;
	f->view = NULL;
}

/* --- bit rows ----------------------------------------------------------- */

static uint64_t *row(const struct ctx *c, size_t event)
{
	return bg_knows_row(c->bits, event);
}

static bool meets(const uint64_t *a, const uint64_t *b, size_t words)
{
	for (size_t i = 0; i < words; i++)
		if (a[i] & b[i])
			return true;
	return false;
}

/* Is everything of `what` that lies in mask also in `in`? */
static bool holds_all(const uint64_t *in, const uint64_t *what,
		      const uint64_t *mask, size_t words)
{
	for (size_t i = 0; i < words; i++)
		if (what[i] & mask[i] & ~in[i])
			return false;
	return true;
}

/* The events of (set & mask), one after the other; BG_NOWHERE at the end. */
struct walk {
	const uint64_t *set, *mask;
	size_t words, word;
	uint64_t left;
};

static struct walk walk_of(const struct ctx *c, enum set set,
			   const uint64_t *mask)
{
	struct walk w = { c->set[set], mask, c->words, 0, 0 };

	w.left = w.words ? w.set[0] & mask[0] : 0;
	return w;
}

static size_t walk_next(const struct ctx *c, struct walk *w)
{
	size_t bit;

	while (!w->left) {
		if (w->word + 1 >= w->words)
			return BG_NOWHERE;
		w->word++;
		w->left = w->set[w->word] & w->mask[w->word];
	}
	bit = (size_t)__builtin_ctzll(w->left);
	w->left &= w->left - 1;
	return c->bits->event[w->word * 64 + bit];
}

static bool any(const struct ctx *c, enum set set, const uint64_t *mask)
{
	return meets(c->set[set], mask, c->words);
}

bool bg_fold_knows(const struct bg_fold *f, size_t a, size_t b)
{
	size_t column = f->bits->column[b];

	return column != BG_NOWHERE &&
	       bg_bit_has(bg_knows_row(f->bits, a), column);
}

/* Earlier by claimed time; the digest decides between equals. */
static bool is_earlier(const struct bg_fold_event *a,
		       const struct bg_fold_event *b)
{
	if (a->at_ms != b->at_ms)
		return a->at_ms < b->at_ms;
	return bg_digest_cmp(&a->id, &b->id) < 0;
}

/* --- the state of a set of events ---------------------------------------- */

/* Would this check be a proof for the events in mask? */
static bool covers(const struct ctx *c, size_t check, const uint64_t *mask)
{
	const uint64_t *k = row(c, check);
	bool after_end = false;

	for (size_t i = 0; i < c->words && !after_end; i++)
		after_end = k[i] & c->set[S_ENDS][i] & mask[i];
	return CLAUSE(PROOF_KNOWS_END, after_end) &&
	       CLAUSE(PROOF_KNOWS_GRANTS,
		      holds_all(k, c->set[S_GRANTS], mask, c->words)) &&
	       CLAUSE(PROOF_KNOWS_PRESENT,
		      holds_all(k, c->set[S_PRESENT], mask, c->words));
}

/* Two absent checks by two people who did not use it; nothing but a person's
 * word, so G may be empty: the opener may be gone for ever.  The later one. */
static size_t attested_by_two(const struct ctx *c, const uint64_t *mask)
{
	struct walk w = walk_of(c, S_ATTESTED, mask);
	size_t e, first = BG_NOWHERE, second = BG_NOWHERE;

	while ((e = walk_next(c, &w)) != BG_NOWHERE)
		if (covers(c, e, mask) &&
		    (first == BG_NOWHERE ||
		     is_earlier(c->ev + e, c->ev + first)))
			first = e;
	if (first == BG_NOWHERE)
		return BG_NOWHERE;
	w = walk_of(c, S_ATTESTED, mask);
	while ((e = walk_next(c, &w)) != BG_NOWHERE)
		if (CLAUSE(ATTESTED_BY_TWO, e != first) &&
		    CLAUSE(ATTESTED_DISTINCT,
			   e == first || c->human[e] != c->human[first]) &&
		    covers(c, e, mask) &&
		    (second == BG_NOWHERE ||
		     is_earlier(c->ev + e, c->ev + second)))
			second = e;
	return second;
}

/* First proof by (at, id); mark: also list all of them in out->proves. */
static size_t first_proof(const struct ctx *c, const uint64_t *mask, bool mark)
{
	struct walk w = walk_of(c, S_ABSENT, mask);
	size_t e, best = BG_NOWHERE;

	if (!CLAUSE(PROOF_NEEDS_GRANT, any(c, S_GRANTS, mask)))
		return BG_NOWHERE;
	while ((e = walk_next(c, &w)) != BG_NOWHERE) {
		if (!covers(c, e, mask))
			continue;
		if (mark)
			c->out->proves[e] = true;
		if (best == BG_NOWHERE || is_earlier(c->ev + e, c->ev + best))
			best = e;
	}
	return best;
}

/* How many people: two events by one person are one. */
static unsigned humans(const struct ctx *c, enum set set, const uint64_t *mask)
{
	struct walk w = walk_of(c, set, mask);
	uint32_t turn = ++c->turn[0];
	unsigned n = 0;
	size_t e;

	while ((e = walk_next(c, &w)) != BG_NOWHERE) {
		uint32_t *last = &c->turn[1 + c->human[e]];

		if (CLAUSE(DISTINCT_HUMANS, *last != turn))
			n++;
		*last = turn;
	}
	return n;
}

static int64_t later(int64_t at, int64_t ms)
{
	int64_t sum;

	return __builtin_add_overflow(at, ms, &sum) ? INT64_MAX : sum;
}

static int64_t times(unsigned n, int64_t ms)
{
	int64_t product;

	return __builtin_mul_overflow((int64_t)n, ms, &product) ? INT64_MAX
								: product;
}

static size_t first_of(const struct ctx *c, enum set set, const uint64_t *mask)
{
	struct walk w = walk_of(c, set, mask);
	size_t e, best = BG_NOWHERE;

	while ((e = walk_next(c, &w)) != BG_NOWHERE)
		if (best == BG_NOWHERE || is_earlier(c->ev + e, c->ev + best))
			best = e;
	return best;
}

struct window {
	int64_t began, ends, cap;
	bool capped;
};

/* b and W.  until is absolute and the cap is a formula, so extensions in two
 * places do not add up. */
static struct window window_of(const struct ctx *c, size_t first,
			       const uint64_t *mask)
{
	const struct bg_fold_event *root = c->ev + c->root;
	struct walk w = walk_of(c, S_EXTENDS, mask);
	struct window out = { c->ev[first].at_ms, 0, INT64_MAX, false };
	int64_t by_step, by_max;
	size_t e;

	if (root->type == BG_EV_DECLARE) {
		out.began = root->since_ms;
		out.ends = root->until_ms ? root->until_ms : root->at_ms;
		out.cap = out.ends;
		return out;
	}
	out.ends = later(out.began, root->until_ms);
	by_step = later(out.ends,
			times(c->rules->extensions, c->rules->extend_max));
	by_max = later(out.began, c->rules->max);
	if (!CLAUSE(CAP_BY_STEPS, false))
		out.cap = by_step;
	if (!CLAUSE(CAP_BY_MAX, false) && by_max < out.cap)
		out.cap = by_max;
	while ((e = walk_next(c, &w)) != BG_NOWHERE) {
		if (CLAUSE(UNTIL_IS_ABSOLUTE, false))
			out.ends = later(out.ends, c->rules->extend_max);
		if (c->ev[e].until_ms > out.ends)
			out.ends = c->ev[e].until_ms;
		if (c->ev[e].until_ms > out.cap)
			out.capped = true;
	}
	if (out.ends > out.cap)
		out.ends = out.cap;
	return out;
}

static void may_open(struct bg_fold_view *v, const struct ctx *c,
		     const uint64_t *mask)
{
	const struct bg_fold_rules *r = c->rules;

	v->solo = any(c, S_SOLOS, mask);
	v->may_open =
		CLAUSE(ROOT_COUNTS, !c->ev[c->root].wrong) &&
		CLAUSE(OPEN_BY_APPROVAL,
		       !r->before || v->solo ||
			       humans(c, S_APPROVES, mask) >= r->count) &&
		CLAUSE(OPEN_BY_SHARES,
		       !r->shares || humans(c, S_SHARES, mask) >= r->shares);
}

/* The state of the events in mask. */
static void state_of(struct bg_fold_view *v, const struct ctx *c,
		     const uint64_t *mask)
{
	size_t first = first_of(c, S_OPENED, mask);
	bool could_be, proven;

	may_open(v, c, mask);
	v->has_end = any(c, S_ENDS, mask);
	v->has_window = first != BG_NOWHERE;
	if (v->has_window)
		v->window_ms = window_of(c, first, mask).ends;
	could_be = !CLAUSE(VOID_NOTHING_OPENED, first == BG_NOWHERE) ||
		   !CLAUSE(VOID_COULD_NOT_OPEN, !v->may_open) ||
		   !CLAUSE(VOID_NOTHING_SEEN, !any(c, S_PRESENT, mask));
	if (!v->has_end) {
		v->state = first != BG_NOWHERE ? BG_OPEN : BG_WAITING;
		return;
	}
	proven = first_proof(c, mask, false) != BG_NOWHERE ||
		 attested_by_two(c, mask) != BG_NOWHERE;
	v->void_ = !proven && !could_be;
	v->state = proven || v->void_ ? BG_ENDED : BG_ENDING;
}

/* --- asks ---------------------------------------------------------------- */

/*
 * The state table, for asks: is it allowed in the state folded from what its
 * writer knew?
 */
static bool allowed(const struct ctx *c, size_t e, const uint64_t *mask)
{
	const struct bg_fold_view *v = &c->out->view[e];
	bool live = v->state == BG_WAITING || v->state == BG_OPEN;

	switch (c->ev[e].type) {
	case BG_EV_SOLO:
		return CLAUSE(SOLO_ALLOWED, c->rules->solo_allowed) &&
		       CLAUSE(SOLO_WAITING, v->state == BG_WAITING) &&
		       CLAUSE(SOLO_ONCE, !any(c, S_SOLO_EVENTS, mask));
	case BG_EV_APPROVE:
		return CLAUSE(APPROVE_STATE,
			      live || ((!c->rules->before || v->solo) &&
				       !v->void_));
	case BG_EV_EXTEND:
		return CLAUSE(EXTEND_OPEN, v->state == BG_OPEN);
	case BG_EV_REVOKE:
		return CLAUSE(REVOKE_STATE, v->state != BG_ENDED);
	case BG_EV_EXPIRE:
		return CLAUSE(EXPIRE_LIVE, live);
	case BG_EV_REVIEW:
		return CLAUSE(REVIEW_ENDED, v->state == BG_ENDED);
	default:
		/* deny: later than an end it is an objection on record. */
		return true;
	}
}

/*
 * Doubt can come long after.  Where a check or an approval that the writer knew
 * is doubtful now, whether it was ending, ended or void for the writer cannot
 * be said any more: an ask that one of them allows does not become wrong, and
 * an end stays an end.  An approval does not count, so that doubt gives no
 * authority.
 */
static bool excused(const struct ctx *c, size_t e, const uint64_t *mask)
{
	enum bg_event_type t = c->ev[e].type;
	enum bg_state s = c->out->view[e].state;

	return (s == BG_ENDING || s == BG_ENDED) && any(c, S_MAYBE, mask) &&
	       (t == BG_EV_APPROVE || t == BG_EV_REVOKE || t == BG_EV_REVIEW);
}

static void add(struct ctx *c, size_t e, enum set set)
{
	bg_bit_set(c->set[set], c->bits->column[e]);
}

static void add_end(struct ctx *c, size_t e, enum set kind)
{
	if (c->ev[e].doubtful && CLAUSE(DOUBT_END_COUNTS, false))
		return;
	add(c, e, S_ENDS);
	add(c, e, kind);
	c->out->end_order[e] = true;
}

static void add_check(struct ctx *c, size_t e)
{
	const struct bg_fold_event *ev = c->ev + e;

	if (ev->access == BG_ACC_PRESENT)
		add(c, e, S_PRESENT);
	if (ev->access != BG_ACC_ABSENT ||
	    !CLAUSE(PROOF_AFTER_ROTATE, !ev->rotate_missing))
		return;
	if (!ev->attested || CLAUSE(ATTESTED_IS_WEAK, false))
		add(c, e, S_ABSENT);
	else if (CLAUSE(ATTESTED_NOT_USER, !ev->user))
		add(c, e, S_ATTESTED);
}

static void add_root(struct ctx *c, size_t e)
{
	if (c->ev[e].type == BG_EV_ACTIVATE) {
		if (c->ev[e].solo &&
		    CLAUSE(SOLO_ASKED_ALLOWED, c->rules->solo_allowed))
			add(c, e, S_SOLOS);
		return;
	}
	add(c, e, S_GRANTS);
	add(c, e, S_OPENED);
	if (!CLAUSE(DECLARE_IS_END, false))
		add_end(c, e, S_ENDS);
}

/* Doubtful ends and grants count: access may exist.  Doubtful authority and
 * proof do not. */
static bool doubt_allows(struct ctx *c, size_t e)
{
	if (!c->ev[e].doubtful)
		return true;
	switch (c->ev[e].type) {
	case BG_EV_SOLO:
	case BG_EV_APPROVE:
	case BG_EV_SHARE:
		add(c, e, S_MAYBE);
		return CLAUSE(DOUBT_AUTHORITY, false);
	case BG_EV_CHECK:
		add(c, e, S_MAYBE);
		return CLAUSE(DOUBT_CHECK, false);
	case BG_EV_EXTEND:
		return CLAUSE(DOUBT_EXTEND, false);
	case BG_EV_GRANT:
		return !CLAUSE(DOUBT_GRANT_COUNTS, false);
	default:
		return true;
	}
}

static void count(struct ctx *c, size_t e)
{
	const struct bg_fold_event *ev = c->ev + e;

	if (!CLAUSE(WRONG_DOES_NOT_COUNT, !ev->wrong) || !doubt_allows(c, e))
		return;
	switch (ev->type) {
	case BG_EV_ACTIVATE:
	case BG_EV_DECLARE:
		add_root(c, e);
		break;
	case BG_EV_SOLO:
		add(c, e, S_SOLOS);
		add(c, e, S_SOLO_EVENTS);
		break;
	case BG_EV_APPROVE:
		if (CLAUSE(APPROVE_NOT_USER, !ev->user))
			add(c, e, S_APPROVES);
		break;
	case BG_EV_SHARE:
		if (CLAUSE(SHARE_NOT_USER, !ev->user))
			add(c, e, S_SHARES);
		break;
	case BG_EV_GRANT:
		add(c, e, S_GRANTS);
		if (CLAUSE(OPENED_BY_RESULT,
			   ev->result == BG_RES_DONE ||
				   ev->result == BG_RES_UNKNOWN))
			add(c, e, S_OPENED);
		break;
	case BG_EV_EXTEND:
		add(c, e, S_EXTENDS);
		break;
	case BG_EV_REVOKE:
		add_end(c, e, S_REVOKES);
		break;
	case BG_EV_EXPIRE:
		add_end(c, e, S_ENDS);
		break;
	case BG_EV_DENY:
		if (CLAUSE(DENY_BEFORE_END, !c->out->view[e].has_end))
			add_end(c, e, S_DENIES);
		break;
	case BG_EV_CHECK:
		add_check(c, e);
		break;
	default:
		break;
	}
}

/* --- all of it ----------------------------------------------------------- */

static int cmp_human(const void *a, const void *b, void *arg)
{
	const struct bg_fold_event *ev = arg;
	const char *x = ev[*(const size_t *)a].human;
	const char *y = ev[*(const size_t *)b].human;

	return strcmp(x ? x : "", y ? y : "");
}

/* Numbers for humans; only who is the same person matters. */
static int name_humans(struct ctx *c, struct bg_arena *a)
{
	size_t *by = bg_arena_array(a, c->n, sizeof(size_t));
	uint32_t next = 0;

	c->human = bg_arena_array(a, c->n, sizeof(uint32_t));
	c->turn = bg_arena_array(a, c->n + 1, sizeof(uint32_t));
	if (a->oom)
		return -1;
	for (size_t i = 0; i < c->n; i++)
		by[i] = i;
	qsort_r(by, c->n, sizeof(size_t), cmp_human, (void *)(uintptr_t)c->ev);
	for (size_t i = 0; i < c->n; i++) {
		if (i &&
		    cmp_human(&by[i - 1], &by[i], (void *)(uintptr_t)c->ev))
			next++;
		c->human[by[i]] = next;
	}
	return 0;
}

static int results_make(struct ctx *c)
{
	struct bg_arena *a = &c->bits->arena;

	c->out->not_allowed = bg_arena_array(a, c->n, sizeof(bool));
	c->out->end_order = bg_arena_array(a, c->n, sizeof(bool));
	c->out->proves = bg_arena_array(a, c->n, sizeof(bool));
	c->out->view = bg_arena_array(a, c->n, sizeof(struct bg_fold_view));
	return a->oom ? -1 : 0;
}

static int sets_make(struct ctx *c, struct bg_arena *a)
{
	c->words = c->bits->words;
	c->everything = bg_arena_array(a, c->words, sizeof(uint64_t));
	for (size_t i = 0; i < S_COUNT; i++)
		c->set[i] = bg_arena_array(a, c->words, sizeof(uint64_t));
	if (a->oom)
		return -1;
	for (size_t i = 0; i < c->bits->m; i++)
		bg_bit_set(c->everything, i);
	return 0;
}

/* The one activate or declare; BG_NOWHERE when there is none, or more. */
static size_t root_of(const struct bg_fold_event *ev, size_t n)
{
	size_t root = BG_NOWHERE;

	for (size_t i = 0; i < n; i++) {
		if (ev[i].type != BG_EV_ACTIVATE && ev[i].type != BG_EV_DECLARE)
			continue;
		if (root != BG_NOWHERE)
			return BG_NOWHERE;
		root = i;
	}
	return root;
}

static void decide_all(struct ctx *c)
{
	for (size_t i = 0; i < c->n; i++) {
		size_t e = c->bits->order[i];

		if (c->bits->column[e] == BG_NOWHERE)
			continue;
		state_of(&c->out->view[e], c, row(c, e));
		if (allowed(c, e, row(c, e))) {
			count(c, e);
		} else if (!excused(c, e, row(c, e))) {
			c->out->not_allowed[e] = !c->ev[e].wrong;
		} else if (c->ev[e].type != BG_EV_APPROVE) {
			count(c, e);
		}
	}
}

static void end_of(struct bg_fold *f, const struct ctx *c)
{
	const uint64_t *all = c->everything;

	f->has_end = any(c, S_ENDS, all);
	if (!f->has_end)
		return;
	f->end = first_of(c, S_ENDS, all);
	if (!f->has_window && any(c, S_DENIES, all))
		f->outcome = "denied";
	else
		f->outcome = any(c, S_REVOKES, all) ? "revoked" : "expired";
	f->proof = first_proof(c, all, true);
	if (f->proof == BG_NOWHERE) {
		f->proof = attested_by_two(c, all);
		f->attested = f->proof != BG_NOWHERE;
	}
	f->has_proof = f->proof != BG_NOWHERE;
	if (f->attested)
		f->proves[f->proof] = true;
}

static void result_of(struct bg_fold *f, const struct ctx *c)
{
	const uint64_t *all = c->everything;
	struct bg_fold_view v = { 0 };

	state_of(&v, c, all);
	f->state = v.state;
	f->void_ = v.void_;
	f->may_open = v.may_open;
	f->solo = v.solo;
	f->approvals = humans(c, S_APPROVES, all);
	f->shares = humans(c, S_SHARES, all);
	f->first_grant = first_of(c, S_OPENED, all);
	f->has_window = v.has_window;
	if (f->has_window) {
		struct window w = window_of(c, f->first_grant, all);

		f->began_ms = w.began;
		f->window_ms = w.ends;
		f->cap_ms = w.cap;
		f->extension_capped = w.capped;
	} else {
		f->first_grant = f->n;
	}
	end_of(f, c);
}

int bg_fold(struct bg_fold *out, const struct bg_fold_event *events, size_t n,
	    const struct bg_fold_rules *rules, struct bg_error *err)
{
	BG_AUTO(arena) struct bg_arena a = BG_ARENA_INIT;
	BG_AUTO(fold) struct bg_fold f = { .n = n };
	struct ctx c = { .ev = events, .rules = rules, .n = n, .out = &f };
	int rc;

	c.root = root_of(events, n);
	if (c.root == BG_NOWHERE)
		return bg_fail(err, BG_EFAIL, "no-root",
			       "cannot fold: not exactly one activation");
	f.bits = c.bits = calloc(1, sizeof(*f.bits));
	if (!f.bits)
		return bg_fail_oom(err);
	rc = bg_knows_make(f.bits, events, n, err);
	if (rc)
		return rc;
	if (results_make(&c) || sets_make(&c, &a) || name_humans(&c, &a))
		return bg_fail_oom(err);
	decide_all(&c);
	result_of(&f, &c);
	*out = f;
	f.bits = NULL;
	return 0;
}
