/* Inside of the model-based test: model.c plays, model_oracle.c knows what the fold
 * must say, by the plainest loops over what every writer really held. */
#ifndef BG_TESTS_MODEL_H
#define BG_TESTS_MODEL_H

#include "grant/fold.h"

enum { WORLD = 256 };
enum {
	ALICE,  /* the activator */
	ALICE2, /* her laptop; she also approves and attests, in vain */
	RUNNER, /* the opener */
	BOB,
	BOB2, /* bob's telephone */
	CAT,
	SW1,
	SW2,
	THIEF,  /* sw2's key, known to be stolen */
	THIEF2, /* an approver's */
	ROGUE,  /* somebody's installation: wrong */
	BROKEN, /* a tool that asks in any state */
	NODES
};

struct set {
	uint64_t w[WORLD / 64];
};
static inline bool set_has(const struct set *s, int i)
{
	return s->w[i / 64] >> (i % 64) & 1;
}
static inline void set_add(struct set *s, int i)
{
	s->w[i / 64] |= UINT64_C(1) << (i % 64);
}
static inline void set_join(struct set *s, const struct set *o)
{
	for (size_t i = 0; i < WORLD / 64; i++)
		s->w[i] |= o->w[i];
}
static inline bool set_equal(const struct set *a, const struct set *b)
{
	for (size_t i = 0; i < WORLD / 64; i++)
		if (a->w[i] != b->w[i])
			return false;
	return true;
}
static inline bool set_within(const struct set *in, const struct set *out)
{
	for (size_t i = 0; i < WORLD / 64; i++)
		if (in->w[i] & ~out->w[i])
			return false;
	return true;
}

struct event {
	struct bg_fold_event f;
	struct bg_digest answers[BG_ANSWERS_MAX];
	int node;
	struct set knew;   /* what the writer really held */
	struct set before; /* what it names directly */
	bool strictly;     /* allowed by the state table: it counts */
	bool allowed;      /* ... or excused, because of doubt */
	bool knew_end;     /* when it was written */
	bool target;       /* access was there when it was written */
};
struct node {
	struct set have;
	uint64_t seq;
	int last;
	int64_t skew, first; /* first: when it saw the grant, -1 */
	bool dirty, saw_end, knows_rotate;
};
struct model {
	struct bg_fold_rules rules;
	int n;
	struct event ev[WORLD], nowhere;
	struct node node[NODES];
	struct set all;
	int64_t now;
	bool target;   /* access is there */
	bool inflight; /* the provider runs */
	bool journal;  /* it ran, and no event says how */
	bool declared, irrevocable, full;
	bool blind; /* do not compare with the oracle: invariants alone */
	const char *violated;
	uint64_t folds;
};
struct view {
	bool nothing, may_open, has_end, has_window, grants, attested;
	enum bg_state state;
	int64_t window;
};
struct summary {
	int64_t state, may_open, void_, approvals, shares, window, began, first,
		end, proof, attested, capped, outcome;
	unsigned char flags[WORLD];
	int64_t windows[WORLD];
};

uint64_t model_random(void);
int pick(int n);
struct event *model_write(struct model *m, int node, enum bg_event_type type);
struct view view_of(const struct model *m, const struct set *s);
static inline void model_violation(struct model *m, const char *what)
{
	if (!m->violated)
		m->violated = what;
}

/* --- model_oracle.c ------------------------------------------------------------ */

/* Sets allowed and knew_end, by what its writer held. */
void oracle_judge(const struct model *m, struct event *e);
/* May this node ask it now? */
bool oracle_may(struct model *m, int node, enum bg_event_type type);
bool oracle_may_open(const struct model *m, const struct set *s);
void oracle_check(struct model *m, const struct set *s, const struct view *v);
void oracle_check_all(struct model *m, const struct bg_fold *f,
		      const int *index, size_t n);

#endif
