/* verify: every grant of a history, on all cores. */
#include "grant/judge.h"
#include "grant/pin.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* Events of one grant: a range of the sorted list. */
struct group {
	struct bg_event **events;
	size_t n;
	struct bg_findings findings;
	char label[BG_LABEL_LEN + 1];
	const struct bg_event *root;
};
struct work {
	struct bg_history *h;
	const struct bg_writer **writers; /* sorted by name */
	struct bg_event **loose;          /* events without a grant */
	size_t n_loose;
	struct bg_event **rotations; /* by identity */
	size_t n_rotations;
	struct bg_event **members; /* by root */
	size_t n_members;
	struct group *groups;
	size_t n_groups;
	atomic_size_t next;
	atomic_int failed;
	struct bg_error error; /* of the first that failed */
};

/* --- look-ups ------------------------------------------------------------------ */

static const struct bg_trust *version_of(void *arg, uint64_t version,
					 const struct bg_digest *digest)
{
	const struct work *w = arg;

	return bg_trust_chain_find(&w->h->trust, version, digest);
}

static int cmp_writer(const void *a, const void *b)
{
	const struct bg_writer *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int cmp_writer_name(const void *name, const void *b)
{
	const struct bg_writer *const *y = b;

	return strcmp(name, (*y)->name);
}

static const struct bg_writer *writer_of(void *arg, const char *log)
{
	const struct work *w = arg;
	const struct bg_writer **found = NULL;

	if (w->h->writers.n)
		found = bsearch(log, w->writers, w->h->writers.n,
				sizeof(*w->writers), cmp_writer_name);
	return found ? *found : NULL;
}

static const char *identity_of(const struct bg_event *e)
{
	const char *text = bg_json_text(e->data, "identity");

	return text ? text : "";
}

static int cmp_rotation(const void *a, const void *b)
{
	const struct bg_event *const *x = a, *const *y = b;
	int c = strcmp(identity_of(*x), identity_of(*y));

	return c ? c : bg_digest_cmp(&(*x)->digest, &(*y)->digest);
}

static int rotations_of(struct bg_event *const **out, size_t *n, void *arg,
			const char *identity, struct bg_error *err)
{
	const struct work *w = arg;
	size_t lo = 0, hi = w->n_rotations, end;

	(void)err;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(identity_of(w->rotations[mid]), identity) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (end = lo; end < w->n_rotations; end++)
		if (strcmp(identity_of(w->rotations[end]), identity) != 0)
			break;
	*out = w->rotations + lo;
	*n = end - lo;
	return 0;
}

static struct bg_judge_env env_of(struct work *w)
{
	return (struct bg_judge_env){ .newest = bg_trust_chain_newest(
					      &w->h->trust),
				      .version = version_of,
				      .writer = writer_of,
				      .rotations = rotations_of,
				      .arg = w };
}

/* --- grouping -------------------------------------------------------------------- */

static bool is_root(const struct bg_event *e)
{
	return e->type == BG_EV_ACTIVATE || e->type == BG_EV_DECLARE;
}

static const struct bg_digest *root_of(const struct bg_event *e)
{
	return is_root(e) ? &e->digest : &e->answers[0];
}

/* Of a grant: it names one, and a root to answer. */
static bool is_member(const struct bg_event *e)
{
	return is_root(e) ||
	       (e->grant && e->n_answers && e->type != BG_EV_ROTATE);
}

static int cmp_member(const void *a, const void *b)
{
	const struct bg_event *const *x = a, *const *y = b;
	int c = bg_digest_cmp(root_of(*x), root_of(*y));

	if (c)
		return c;
	c = strcmp((*x)->writer, (*y)->writer);
	if (c)
		return c;
	if ((*x)->seq != (*y)->seq)
		return (*x)->seq < (*y)->seq ? -1 : 1;
	return bg_digest_cmp(&(*x)->digest, &(*y)->digest);
}

static void split(struct work *w)
{
	for (size_t i = 0; i < w->h->events.n; i++) {
		struct bg_event *e = w->h->events.v[i];

		if (is_member(e))
			w->members[w->n_members++] = e;
		else
			w->loose[w->n_loose++] = e;
		if (e->type == BG_EV_ROTATE)
			w->rotations[w->n_rotations++] = e;
	}
	if (w->n_rotations)
		qsort(w->rotations, w->n_rotations, sizeof(*w->rotations),
		      cmp_rotation);
	if (w->n_members)
		qsort(w->members, w->n_members, sizeof(*w->members),
		      cmp_member);
}

static void group(struct work *w)
{
	for (size_t i = 0; i < w->n_members; i++) {
		struct group *g = w->n_groups ? &w->groups[w->n_groups - 1]
					      : NULL;

		if (!g || !bg_digest_eq(root_of(g->events[0]),
					root_of(w->members[i]))) {
			g = &w->groups[w->n_groups++];
			g->events = w->members + i;
		}
		g->n++;
		if (is_root(w->members[i]))
			g->root = w->members[i];
	}
}

/* --- judging ------------------------------------------------------------------------- */

/* A grant whose root is not here cannot be judged; the reader of the logs said
 * that an answer is missing. */
static int judge_group(struct group *g, const struct bg_judge_env *env,
		       struct bg_error *err)
{
	BG_AUTO(grant) struct bg_grant *made = NULL;
	int rc;

	if (!g->root)
		return 0;
	rc = bg_grant_judge(&made, g->events, g->n, env, err);
	if (rc)
		return rc;
	memcpy(g->label, made->label, sizeof(g->label));
	g->findings = made->findings;
	made->findings = (struct bg_findings){ 0 };
	return 0;
}

static void *judge_some(void *arg)
{
	struct work *w = arg;
	BG_AUTO(pin_cache) struct bg_pin_cache *cache = bg_pin_cache_new();
	struct bg_judge_env env = env_of(w);
	struct bg_error err;

	env.cache = cache;
	for (;;) {
		size_t i = atomic_fetch_add(&w->next, 1);

		if (i >= w->n_groups || atomic_load(&w->failed))
			return NULL;
		if (judge_group(&w->groups[i], &env, &err) &&
		    !atomic_exchange(&w->failed, 1))
			w->error = err;
	}
}

static void judge_all(struct work *w)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t thread[64];
	size_t n = 0, want = cores > 1 ? (size_t)cores - 1 : 0;

	if (want > 64)
		want = 64;
	if (want > w->n_groups / 8)
		want = w->n_groups / 8;
	while (n < want && !pthread_create(&thread[n], NULL, judge_some, w))
		n++;
	judge_some(w);
	while (n)
		pthread_join(thread[--n], NULL);
}

static int judge_loose(struct work *w, struct bg_error *err)
{
	struct bg_judge_env env = env_of(w);
	int rc = 0;

	for (size_t i = 0; !rc && i < w->n_loose; i++)
		rc = bg_judge_loose(&w->h->findings, w->loose[i], &env, err);
	return rc;
}

/* --- what comes out --------------------------------------------------------------------- */

static int cmp_label(const void *a, const void *b)
{
	const struct group *const *x = a, *const *y = b;
	int c = strcmp((*x)->label, (*y)->label);

	return c ? c : bg_digest_cmp(&(*x)->root->digest, &(*y)->root->digest);
}

static int note_collisions(struct work *w, struct bg_error *err)
{
	BG_AUTO(free) struct group **by = NULL;
	size_t n = 0;

	by = calloc(w->n_groups ? w->n_groups : 1, sizeof(struct group *));
	if (!by)
		return bg_fail_oom(err);
	for (size_t i = 0; i < w->n_groups; i++)
		if (w->groups[i].root && *w->groups[i].label)
			by[n++] = &w->groups[i];
	qsort(by, n, sizeof(struct group *), cmp_label);
	for (size_t i = 0; i < n; i++) {
		bool same =
			(i && !strcmp(by[i - 1]->label, by[i]->label)) ||
			(i + 1 < n && !strcmp(by[i + 1]->label, by[i]->label));

		if (same && bg_finding_add(&w->h->findings, "label-collision",
					   NULL, by[i]->root,
					   "another grant has the label %s too",
					   by[i]->label))
			return bg_fail_oom(err);
	}
	return 0;
}

static int hand_over(struct work *w, struct bg_error *err)
{
	for (size_t i = 0; i < w->n_groups; i++) {
		struct bg_findings *f = &w->groups[i].findings;

		for (size_t k = 0; k < f->list.n; k++)
			if (bg_vec_push(&w->h->findings.list, f->list.v[k]))
				return bg_fail_oom(err);
	}
	return note_collisions(w, err);
}

static int work_make(struct work *w, struct bg_arena *a, struct bg_history *h,
		     struct bg_error *err)
{
	size_t n = h->events.n;

	w->h = h;
	w->writers = bg_arena_array(a, h->writers.n, sizeof(*w->writers));
	w->members = bg_arena_array(a, n, sizeof(*w->members));
	w->rotations = bg_arena_array(a, n, sizeof(*w->rotations));
	w->loose = bg_arena_array(a, n, sizeof(*w->loose));
	w->groups = bg_arena_array(a, n, sizeof(*w->groups));
	if (bg_arena_check(a, err))
		return BG_EFAIL;
	for (size_t i = 0; i < h->writers.n; i++)
		w->writers[i] = &h->writers.v[i];
	if (h->writers.n)
		qsort(w->writers, h->writers.n, sizeof(*w->writers),
		      cmp_writer);
	split(w);
	group(w);
	return 0;
}

int bg_history_judge(struct bg_history *h, struct bg_error *err)
{
	BG_AUTO(arena) struct bg_arena a = BG_ARENA_INIT;
	struct work w = { .n_groups = 0 };
	int rc = work_make(&w, &a, h, err);

	if (!rc)
		rc = judge_loose(&w, err);
	if (rc)
		return rc;
	judge_all(&w);
	if (atomic_load(&w.failed)) {
		*err = w.error;
		rc = err->code;
	} else {
		rc = hand_over(&w, err);
	}
	for (size_t i = 0; i < w.n_groups; i++)
		bg_findings_release(&w.groups[i].findings);
	return rc;
}
