#include "grant/knows.h"

#include <string.h>

#ifndef CLAUSE /* see fold.c */
#define CLAUSE(name, condition) (condition)
#endif

static bool has_column(enum bg_event_type t)
{
	return t != BG_EV_NOTE && t != BG_EV_NOTIFY && t != BG_EV_TICKET &&
	       t != BG_EV_SESSION_MARK;
}

struct graph {
	const struct bg_fold_event *ev;
	size_t n;
	struct bg_fold_bits *bits;
	size_t *slot; /* hash table: event by digest, BG_NOWHERE when free */
	size_t mask;
	size_t *by_log; /* events by (log, seq, id) */
	size_t *before; /* per event: where in by_log the previous sequence
			 * number of its log begins, or BG_NOWHERE */
};

static size_t slot_of(const struct graph *g, const struct bg_digest *id)
{
	uint64_t h;
	size_t i;

	memcpy(&h, id->b, sizeof(h));
	i = (size_t)(h ^ h >> 32) & g->mask;
	while (g->slot[i] != BG_NOWHERE &&
	       !bg_digest_eq(&g->ev[g->slot[i]].id, id))
		i = (i + 1) & g->mask;
	return i;
}

static int cmp_log(const void *a, const void *b, void *arg)
{
	const struct bg_fold_event *ev = arg;
	const struct bg_fold_event *x = ev + *(const size_t *)a;
	const struct bg_fold_event *y = ev + *(const size_t *)b;

	if (x->log != y->log)
		return x->log < y->log ? -1 : 1;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return bg_digest_cmp(&x->id, &y->id);
}

static int cmp_id(const void *a, const void *b, void *arg)
{
	const struct bg_fold_event *ev = arg;

	return bg_digest_cmp(&ev[*(const size_t *)a].id,
			     &ev[*(const size_t *)b].id);
}

static void before_make(struct graph *g)
{
	size_t start = 0, before = BG_NOWHERE;

	for (size_t i = 0; i < g->n; i++) {
		const struct bg_fold_event *e = g->ev + g->by_log[i];
		const struct bg_fold_event *s = g->ev + g->by_log[start];

		if (e->log != s->log) {
			before = BG_NOWHERE;
			start = i;
		} else if (e->seq != s->seq) {
			before = start;
			start = i;
		}
		g->before[g->by_log[i]] = before;
	}
}

static int graph_make(struct graph *g, struct bg_arena *a)
{
	size_t size = 16;

	while (size < g->n * 2)
		size *= 2;
	g->mask = size - 1;
	g->slot = bg_arena_array(a, size, sizeof(size_t));
	g->by_log = bg_arena_array(a, g->n, sizeof(size_t));
	g->before = bg_arena_array(a, g->n, sizeof(size_t));
	if (a->oom)
		return -1;
	memset(g->slot, 0xff, size * sizeof(size_t));
	for (size_t i = 0; i < g->n; i++) {
		g->slot[slot_of(g, &g->ev[i].id)] = i;
		g->by_log[i] = i;
	}
	qsort_r(g->by_log, g->n, sizeof(size_t), cmp_log,
		(void *)(uintptr_t)g->ev);
	before_make(g);
	return 0;
}

/* The k-th event that e says directly to have seen: false after the last. *at is
 * BG_NOWHERE when it is not in the set. */
static bool seen(size_t *at, const struct graph *g, size_t e, size_t k)
{
	const struct bg_fold_event *ev = g->ev + e, *o, *first;

	if (k < ev->n_answers) {
		*at = g->slot[slot_of(g, &ev->answers[k])];
		return true;
	}
	if (g->before[e] == BG_NOWHERE ||
	    g->before[e] + k - ev->n_answers >= g->n)
		return false;
	first = g->ev + g->by_log[g->before[e]];
	*at = g->by_log[g->before[e] + k - ev->n_answers];
	o = g->ev + *at;
	return o->log == first->log && o->seq == first->seq;
}

/* What e saw of its k-th, `at`, is e's knowledge too. */
static void learn(const struct graph *g, size_t e, size_t k, size_t at)
{
	uint64_t *to = bg_knows_row(g->bits, e);
	const uint64_t *of = bg_knows_row(g->bits, at);

	if (k < g->ev[e].n_answers ? CLAUSE(SKIP_ANSWERS, false)
				   : CLAUSE(SKIP_OWN_LOG, false))
		return;
	for (size_t i = 0; i < g->bits->words; i++)
		to[i] |= of[i];
	if (g->bits->column[at] != BG_NOWHERE)
		bg_bit_set(to, g->bits->column[at]);
}

/*
 * Depth first from the smallest digest, so that nothing depends on the order in
 * which events came.  Digests cannot make a circle; a log with a broken chain
 * can (its sequence numbers are then only claims): the step that would close
 * it is left out.
 */
static int rows_make(struct graph *g, struct bg_arena *a)
{
	size_t *stack = bg_arena_array(a, g->n, sizeof(size_t));
	size_t *next = bg_arena_array(a, g->n, sizeof(size_t));
	size_t *from = bg_arena_array(a, g->n, sizeof(size_t));
	char *mark = bg_arena_array(a, g->n, 1); /* 1: on the stack, 2: done */
	size_t done = 0, at;

	if (a->oom)
		return -1;
	for (size_t i = 0; i < g->n; i++)
		from[i] = i;
	qsort_r(from, g->n, sizeof(size_t), cmp_id, (void *)(uintptr_t)g->ev);
	for (size_t i = 0; i < g->n; i++) {
		size_t depth = 0;

		if (!mark[from[i]])
			stack[depth++] = from[i];
		while (depth) {
			size_t e = stack[depth - 1];

			mark[e] = 1;
			if (!seen(&at, g, e, next[e])) {
				mark[e] = 2;
				g->bits->order[done++] = e;
				depth--;
			} else if (at != BG_NOWHERE && !mark[at]) {
				stack[depth++] = at;
			} else {
				if (at != BG_NOWHERE && mark[at] == 2)
					learn(g, e, next[e], at);
				next[e]++;
			}
		}
	}
	return 0;
}

int bg_knows_make(struct bg_fold_bits *out, const struct bg_fold_event *events,
		  size_t n, struct bg_error *err)
{
	BG_AUTO(arena) struct bg_arena scratch = BG_ARENA_INIT;
	struct graph g = { .ev = events, .n = n, .bits = out };
	struct bg_arena *a = &out->arena;

	out->n = n;
	out->column = bg_arena_array(a, n, sizeof(size_t));
	out->event = bg_arena_array(a, n, sizeof(size_t));
	out->order = bg_arena_array(a, n, sizeof(size_t));
	if (a->oom)
		return bg_fail_oom(err);
	for (size_t i = 0; i < n; i++) {
		out->column[i] = BG_NOWHERE;
		if (has_column(events[i].type)) {
			out->event[out->m] = i;
			out->column[i] = out->m++;
		}
	}
	out->words = (out->m + 63) / 64;
	out->rows = bg_arena_array(a, n * out->words, sizeof(uint64_t));
	if (a->oom || graph_make(&g, &scratch) || rows_make(&g, &scratch))
		return bg_fail_oom(err);
	return 0;
}
