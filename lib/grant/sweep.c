/*
 * Sweep: end what is over, try failed ends again, write what is owed, say what
 * is overdue.  Idempotent; several may run at once.
 */
#include <string.h>

#include "base/clock.h"
#include "grant/op.h"
#include "grant/timer.h"

/* Sweepers take turns (lifecycle.md). */
#define TURN_MS (30 * 1000)

struct sweeping {
	struct bg_op op;
	struct bg_sweep_result *out;
	struct bg_clock clock;
	bool sweeper; /* trust lists this installation as such */
	int64_t rank; /* in the sorted list of sweepers */
};

void bg_sweep_result_release(struct bg_sweep_result *r)
{
	bg_vec_release(&r->lines);
}

static void say(struct sweeping *s, const char *label, const char *fmt, ...)
	BG_PRINTF(3, 4);
static void say(struct sweeping *s, const char *label, const char *fmt, ...)
{
	struct bg_shown line;
	va_list ap;

	bg_op_at(line.label, label);
	va_start(ap, fmt);
	vsnprintf(line.text, sizeof(line.text), fmt, ap);
	va_end(ap);
	if (bg_vec_push(&s->out->lines, line))
		s->out->failed++;
}

/*
 * Who are we
 */
static void find_rank(struct sweeping *s)
{
	struct bg_install *i = bg_store_install(s->op.store);
	const struct bg_role *role = bg_trust_role(s->op.trust, "sweeper");
	const struct bg_principal *me =
		i && i->signer
			? bg_trust_by_key(s->op.trust, bg_signer_fpr(i->signer))
			: NULL;

	if (!me || !role || !bg_names_have(&role->members, me->name))
		return;
	s->sweeper = true;
	for (size_t k = 0; k < role->members.n; k++)
		s->rank += strcmp(role->members.v[k], me->name) < 0;
}

static bool is_mine(struct sweeping *s)
{
	char name[BG_WRITER_MAX];

	return bg_op_is_mine(name, &s->op);
}

/*
 * Is it over?  The basis, or NULL.
 */
static const char *basis_of_opener(struct sweeping *s)
{
	struct bg_deadline d;

	bg_grant_deadline(&d, s->op.grant);
	if (d.boot_us && s->clock.boottime_us >= d.boot_us)
		return "boottime";
	return d.wall_ms && s->clock.wall_ms >= d.wall_ms ? "wall" : NULL;
}

/* Boot time since this machine first saw the grant; -1 when it cannot say. */
static int64_t seen_for_ms(struct sweeping *s)
{
	BG_AUTO(json) json_t *o = NULL;
	const struct bg_digest *root = &s->op.grant->root;
	struct bg_error ignored;
	const char *boot;

	if (!bg_journal_get(&o, s->op.state, BG_J_SEEN, root, &ignored)) {
		boot = bg_json_text(o, "boot");
		if (!boot || strcmp(boot, s->clock.boot) != 0)
			return -1;
		return (s->clock.boottime_us -
			bg_json_int(o, "boottime_us", INT64_MAX)) /
		       1000;
	}
	o = json_pack("{s:s,s:I,s:I}", "boot", s->clock.boot, "boottime_us",
		      (json_int_t)s->clock.boottime_us, "wall_ms",
		      (json_int_t)s->clock.wall_ms);
	if (bg_journal_put(s->op.state, BG_J_SEEN, root, o, &ignored))
		bg_op_say(&s->op, "warning", ignored.msg);
	return 0;
}

static const char *basis_of_other(struct sweeping *s)
{
	const struct bg_fold *f = &s->op.grant->fold;
	int64_t skew = s->op.trust->limits.skew * 1000;
	int64_t seen = seen_for_ms(s);

	if (s->clock.synced &&
	    s->clock.wall_ms > f->window_ms + skew + TURN_MS * s->rank)
		return "skew";
	if (seen >= 0 &&
	    seen > f->window_ms - f->began_ms + skew + TURN_MS * s->rank)
		return "first-seen";
	return NULL;
}

/* A handle that names a host is ended only there. */
static bool is_elsewhere(struct sweeping *s)
{
	const struct bg_grant *g = s->op.grant;
	const char *where = g->handle ? bg_json_text(g->handle->data, "where")
				      : NULL;

	return where && s->op.places->host &&
	       strcmp(where, s->op.places->host) != 0;
}

/*
 * Acts
 */
static void count_end(struct sweeping *s, const struct bg_ending *e)
{
	if (e->unwritten || e->gone == BG_STILL_THERE)
		s->out->failed++;
	else
		s->out->ended++;
	switch (e->gone) {
	case BG_GONE:
	case BG_WITHDRAWN:
		say(s, e->label, "ended; access gone%s%s",
		    e->how[0] ? ": " : "", e->how);
		break;
	case BG_NOT_PROVEN:
		say(s, e->label, "ended; NOT PROVEN gone: %s", e->how);
		break;
	case BG_STILL_THERE:
		say(s, e->label, "STILL THERE: %s", e->how);
		break;
	}
}

static int expire(struct sweeping *s, const char *basis, int64_t deadline,
		  struct bg_error *err)
{
	BG_AUTO(ending) struct bg_ending e = { .lag_ms = -1 };
	struct bg_order order = { .type = BG_EV_EXPIRE,
				  .hand = BG_BY_INSTALLATION };
	char text[BG_TIME_LEN + 1];

	bg_time_format(text, deadline);
	order.data = json_pack("{s:s,s:s}", "deadline", text, "basis", basis);
	if (bg_op_end(&e, &s->op, &order, err))
		return err->code;
	count_end(s, &e);
	return 0;
}

static int sweep_open(struct sweeping *s, struct bg_error *err)
{
	const struct bg_grant *g = s->op.grant;
	const char *basis;

	if (is_mine(s)) {
		basis = basis_of_opener(s);
	} else {
		basis = basis_of_other(s);
		if (basis &&
		    (is_elsewhere(s) || !bg_op_machine_counts(&s->op))) {
			s->out->overdue++;
			say(s, g->label,
			    "is over, and is owed by the host "
			    "that opened it");
			return 0;
		}
	}
	return basis ? expire(s, basis, g->fold.window_ms, err) : 0;
}

static int sweep_waiting(struct sweeping *s, struct bg_error *err)
{
	const struct bg_grant *g = s->op.grant;
	int64_t within = g->policy ? g->policy->approve.within : 0;
	int64_t deadline = g->activate->at_ms + within * 1000;
	int64_t skew = is_mine(s) ? 0 : s->op.trust->limits.skew * 1000;

	if (!within || s->clock.wall_ms <= deadline + skew ||
	    !bg_op_machine_counts(&s->op))
		return 0;
	return expire(s, "request", deadline, err);
}

static int sweep_ending(struct sweeping *s, struct bg_error *err)
{
	BG_AUTO(ending) struct bg_ending e = { .lag_ms = -1 };
	struct bg_order order = { .type = BG_EV_COUNT };

	if (is_elsewhere(s) || !bg_op_machine_counts(&s->op)) {
		s->out->overdue++;
		say(s, s->op.grant->label,
		    "is not proven gone; owed by the "
		    "host that opened it");
		return 0;
	}
	s->out->retried++;
	if (bg_op_end(&e, &s->op, &order, err))
		return err->code;
	count_end(s, &e);
	return 0;
}

static int sweep_one(struct sweeping *s, const struct bg_digest *root,
		     struct bg_error *err)
{
	if (bg_op_load(&s->op, root, err))
		return err->code;
	switch (s->op.grant->state) {
	case BG_WAITING:
		return sweep_waiting(s, err);
	case BG_OPEN:
		return sweep_open(s, err);
	case BG_ENDING:
		return sweep_ending(s, err);
	default:
		return 0;
	}
}

/*
 * What is overdue, from the index
 */
static void count_overdue(struct sweeping *s, const struct bg_grant_row *row)
{
	BG_AUTO(json)
	json_t *o = row->summary ? json_loads(row->summary, 0, NULL) : NULL;
	json_t *d;
	size_t i;

	json_array_foreach(json_object_get(o, "duties"), i, d) {
		const char *what = bg_json_text(d, "what");
		const char *state = bg_json_text(d, "state");
		int64_t due = bg_json_int(d, "due_ms", 0);

		if (!what || !state || strcmp(state, "due") != 0 || !due ||
		    due >= s->clock.wall_ms)
			continue;
		s->out->overdue++;
		say(s, row->label, "overdue: %s", what);
	}
}

static int sweep_rows(struct sweeping *s, struct bg_error *err)
{
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	const struct bg_grant_query q = { .active_only = true };

	if (bg_store_grants(&rows, s->op.store, &q, err))
		return err->code;
	for (size_t i = 0; i < rows.list.n; i++) {
		const struct bg_grant_row *row = &rows.list.v[i];
		struct bg_error why;

		count_overdue(s, row);
		if (row->state >= BG_ENDED)
			continue;
		/* One that cannot be ended must not keep the others. */
		if (sweep_one(s, &row->root, &why)) {
			s->out->failed++;
			say(s, row->label, "%s", why.msg);
		}
	}
	return 0;
}

int bg_sweep(struct bg_sweep_result *out, const struct bg_ops *ops,
	     const struct bg_digest *only, struct bg_error *err)
{
	struct sweeping s = { .out = out };
	int rc;

	memset(out, 0, sizeof(*out));
	rc = bg_op_begin(&s.op, ops, BG_OP_MACHINE, false, err);
	if (!rc) {
		out->recovered = bg_op_recover(&s.op);
		bg_clock_read(&s.clock);
		find_rank(&s);
		rc = only ? sweep_one(&s, only, err) : sweep_rows(&s, err);
	}
	bg_op_release(&s.op);
	return rc;
}
