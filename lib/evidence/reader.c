#include "evidence/reader.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ITEMS_MAX (64u * 1024 * 1024)

/*
 * Tables over items.  Keys are digests: any eight of their bytes are a hash.
 */
static const unsigned char *key_of(const struct bg_item *i, bool by_oid)
{
	return by_oid ? i->oid.b : i->digest.b;
}

static size_t key_len(bool by_oid)
{
	return by_oid ? sizeof(((struct bg_item *)0)->oid.b)
		      : sizeof(((struct bg_item *)0)->digest.b);
}

static size_t first_slot(const struct bg_item_table *t,
			 const unsigned char *key)
{
	uint64_t h;

	memcpy(&h, key, sizeof(h));
	return (size_t)h & (t->cap - 1);
}

/* The slot of this key, or the free one where it would go. */
static uint32_t *find_slot(const struct bg_reader *r,
			   const struct bg_item_table *t, bool by_oid,
			   const unsigned char *key)
{
	size_t i = first_slot(t, key);

	while (t->slot[i] && memcmp(key_of(r->items.v[t->slot[i] - 1], by_oid),
				    key, key_len(by_oid)))
		i = (i + 1) & (t->cap - 1);
	return &t->slot[i];
}

static int grow_table(struct bg_reader *r, struct bg_item_table *t, bool by_oid)
{
	struct bg_item_table bigger = { .cap = t->cap ? t->cap * 2 : 1024,
					.n = t->n };

	bigger.slot = calloc(bigger.cap, sizeof(*bigger.slot));
	if (!bigger.slot)
		return -1;
	for (size_t i = 0; i < t->cap; i++)
		if (t->slot[i])
			*find_slot(r, &bigger, by_oid,
				   key_of(r->items.v[t->slot[i] - 1], by_oid)) =
				t->slot[i];
	free(t->slot);
	*t = bigger;
	return 0;
}

/* Put items.v[index] in, unless its key is there. */
int bg_items_add(struct bg_reader *r, struct bg_item_table *t, bool by_oid,
		 size_t index)
{
	uint32_t *slot;

	if (t->n * 2 >= t->cap && grow_table(r, t, by_oid))
		return -1;
	slot = find_slot(r, t, by_oid, key_of(r->items.v[index], by_oid));
	if (!*slot) {
		*slot = (uint32_t)index + 1;
		t->n++;
	}
	return 0;
}

struct bg_item *bg_reader_by_oid(const struct bg_reader *r,
				 const struct bg_oid *oid)
{
	uint32_t at = r->by_oid.cap ? *find_slot(r, &r->by_oid, true, oid->b)
				    : 0;

	return at ? r->items.v[at - 1] : NULL;
}

struct bg_item *bg_reader_by_digest(const struct bg_reader *r,
				    const struct bg_digest *digest)
{
	uint32_t at = r->by_digest.cap
			      ? *find_slot(r, &r->by_digest, false, digest->b)
			      : 0;

	return at ? r->items.v[at - 1] : NULL;
}

/*
 * Items.
 */
static struct bg_item *add_item(struct bg_reader *r, const struct bg_oid *oid)
{
	struct bg_item *i;

	if (r->items.n >= ITEMS_MAX)
		return NULL;
	i = calloc(1, sizeof(*i));
	if (!i)
		return NULL;
	i->oid = *oid;
	i->signature = 1;
	if (bg_vec_push(&r->items, i)) {
		free(i);
		return NULL;
	}
	return bg_items_add(r, &r->by_oid, true, r->items.n - 1) ? NULL : i;
}

/* An item to read, unless it is there already.  Called with the lock held. */
static int want(struct bg_reader *r, const struct bg_oid *oid, const char *ref,
		struct bg_item **out)
{
	const struct bg_history_from *from = r->opt->from;
	struct bg_item *i = bg_reader_by_oid(r, oid);
	struct bg_known known;

	*out = i;
	if (i)
		return 0;
	i = add_item(r, oid);
	if (!i || bg_vec_push(&r->todo, i))
		return -1;
	i->ref = ref;
	*out = i;
	if (from && from->find && from->find(from->arg, NULL, oid, &known)) {
		i->kind = BG_ITEM_KNOWN;
		i->wrong = known.wrong;
		i->floor = known.floor;
		i->visit = 2;
	}
	return 0;
}

int bg_reader_init(struct bg_reader *r, struct bg_repo *repo,
		   const struct bg_history_options *opt, struct bg_history *out,
		   struct bg_error *err)
{
	*r = (struct bg_reader){ .repo = repo, .opt = opt, .out = out };
	r->trust = &out->trust;
	r->findings = &out->findings;
	if (pthread_mutex_init(&r->lock, NULL) ||
	    pthread_cond_init(&r->more, NULL))
		return bg_fail_oom(err);
	return 0;
}

void bg_reader_release(struct bg_reader *r)
{
	for (size_t i = 0; i < r->items.n; i++) {
		bg_record_release(&r->items.v[i]->record);
		free(r->items.v[i]->why);
		free(r->items.v[i]);
	}
	for (size_t i = 0; i < r->names.n; i++)
		free(r->names.v[i]);
	for (size_t i = 0; i < r->n_logs; i++) {
		bg_keyblob_release(&r->logs[i].blob);
		bg_keyblob_release(&r->logs[i].w.key);
	}
	free(r->logs);
	bg_vec_release(&r->items);
	bg_vec_release(&r->names);
	bg_vec_release(&r->todo);
	bg_vec_release(&r->keys);
	bg_vec_release(&r->order);
	free(r->by_oid.slot);
	free(r->by_digest.slot);
	if (r->repo) {
		pthread_mutex_destroy(&r->lock);
		pthread_cond_destroy(&r->more);
	}
	*r = (struct bg_reader){ 0 };
}

int bg_reader_add_trust(struct bg_reader *r, struct bg_error *err)
{
	for (size_t v = 0; v < r->trust->n; v++) {
		const struct bg_trust *t = r->trust->v[v];
		struct bg_item *i = bg_reader_by_oid(r, &t->commit);

		if (!i)
			i = add_item(r, &t->commit);
		if (!i)
			return bg_fail_oom(err);
		i->kind = BG_ITEM_TRUST;
		i->trust = t;
		i->digest = t->digest;
		i->has_digest = true;
		i->floor = t->version;
		i->visit = 2;
	}
	return 0;
}

int bg_reader_add_tip(struct bg_reader *r, const struct bg_oid *oid,
		      const char *name, struct bg_error *err)
{
	char *copy = strdup(name);
	struct bg_item *i;

	if (!copy || bg_vec_push(&r->names, copy)) {
		free(copy);
		return bg_fail_oom(err);
	}
	if (want(r, oid, copy, &i))
		return bg_fail_oom(err);
	i->tip = true;
	if (!i->ref)
		i->ref = copy;
	return 0;
}

/*
 * Reading.
 */
/* The parents of a commit that our grammar refuses: only to find what else
 * there is to read. */
static size_t loose_parents(struct bg_oid *out, size_t max, const char *raw,
			    size_t n)
{
	const char *p = raw, *end = raw + n;
	size_t found = 0;

	if (n < 46 || memcmp(p, "tree ", 5) || p[45] != '\n')
		return 0;
	p += 46;
	while (found < max && end - p >= 48 && !memcmp(p, "parent ", 7) &&
	       p[47] == '\n') {
		char hex[2 * BG_OID_LEN + 1];

		memcpy(hex, p + 7, 2 * BG_OID_LEN);
		hex[2 * BG_OID_LEN] = '\0';
		if (!bg_oid_parse(&out[found], hex))
			break;
		found++;
		p += 48;
	}
	return found;
}

static int set_why(struct bg_item *i, const struct bg_error *err)
{
	i->why = malloc(sizeof(*i->why));
	if (!i->why)
		return -1;
	*i->why = *err;
	return 0;
}

static bool is_about_evidence(int rc)
{
	return rc == BG_EVERIFY || rc == BG_ENOENT;
}

/* Read the object and the commit around the event. */
static int read_commit(struct bg_reader *r, struct bg_item *i,
		       struct bg_str *raw, struct bg_error *err)
{
	enum bg_object_kind kind;
	int rc = bg_repo_read(raw, &kind, r->repo, &i->oid, err);

	if (rc == BG_ENOENT)
		i->kind = BG_ITEM_MISSING;
	else if (i->kind == BG_ITEM_NEW)
		i->kind = BG_ITEM_EVENT;
	if (!rc && kind != BG_OBJ_COMMIT)
		rc = bg_fail(err, BG_EVERIFY, "not-canonical", "not a commit");
	if (!rc)
		rc = bg_commit_parse(&i->record.commit, raw->buf, raw->len,
				     err);
	i->record.has_commit = !rc;
	return rc;
}

/* What is to be read next; with the lock held. */
static int want_parents(struct bg_reader *r, const struct bg_item *i,
			const struct bg_str *raw)
{
	const struct bg_oid *parents = i->record.commit.parents;
	size_t n = i->record.commit.n_parents;
	struct bg_oid loose[8];
	struct bg_item *p;

	if (i->kind != BG_ITEM_EVENT)
		return 0;
	if (!i->record.has_commit) {
		n = loose_parents(loose, 8, raw->buf, raw->len);
		parents = loose;
	}
	for (size_t k = 0; k < n; k++) {
		if (want(r, &parents[k], k ? NULL : i->ref, &p))
			return -1;
		if (!k && !p->child)
			p->child = i;
		if (!p->ref)
			p->ref = i->ref;
	}
	return 0;
}

static int parse_event(struct bg_item *i, struct bg_error *err)
{
	int rc = bg_record_parse_event(&i->record, &i->oid, err);

	if (i->kind == BG_ITEM_EVENT && i->record.has_event &&
	    (i->record.event.type == BG_EV_TRUST ||
	     i->record.event.type == BG_EV_SEAL))
		i->kind = BG_ITEM_OTHER;
	return rc;
}

static void fail_phase(struct bg_reader *r, const struct bg_error *err)
{
	pthread_mutex_lock(&r->lock);
	if (!r->rc) {
		r->rc = err->code;
		r->err = *err;
	}
	pthread_cond_broadcast(&r->more);
	pthread_mutex_unlock(&r->lock);
}

/* Next item to read; NULL when everything was.  Leaves active raised. */
static struct bg_item *take(struct bg_reader *r)
{
	struct bg_item *i = NULL;

	pthread_mutex_lock(&r->lock);
	while (!r->todo.n && r->active && !r->rc)
		pthread_cond_wait(&r->more, &r->lock);
	if (r->todo.n && !r->rc) {
		i = r->todo.v[--r->todo.n];
		r->active++;
	}
	pthread_mutex_unlock(&r->lock);
	return i;
}

/* Hand out the parents before the event is looked at, so that another thread
 * can go on along the chain. */
static int give(struct bg_reader *r, const struct bg_item *i,
		const struct bg_str *raw)
{
	int rc;

	pthread_mutex_lock(&r->lock);
	rc = want_parents(r, i, raw);
	r->active--;
	r->done++;
	if (r->opt->progress && r->done % 256 == 0)
		r->opt->progress(r->opt->progress_arg, r->done, r->items.n);
	if (r->todo.n || !r->active)
		pthread_cond_broadcast(&r->more);
	pthread_mutex_unlock(&r->lock);
	return rc;
}

static void *read_worker(void *arg)
{
	struct bg_reader *r = arg;
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	struct bg_error err;
	struct bg_item *i;

	while ((i = take(r))) {
		int rc;

		bg_str_clear(&raw);
		rc = read_commit(r, i, &raw, &err);
		if (give(r, i, &raw))
			rc = bg_fail_oom(&err);
		if (!rc)
			rc = parse_event(i, &err);
		if (rc && is_about_evidence(rc) && !set_why(i, &err))
			rc = 0;
		if (rc)
			fail_phase(r, &err);
	}
	return NULL;
}

/* Run fn in all threads, this one included. */
static int run_phase(struct bg_reader *r, void *(*fn)(void *), size_t work,
		     struct bg_error *err)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = r->opt->threads ? r->opt->threads
				   : (size_t)(cores > 1 ? cores : 1);
	pthread_t thread[64];
	size_t started = 0;

	if (n > 64)
		n = 64;
	r->rc = 0;
	r->next = r->done = r->active = 0;
	/* A thread costs more than a few commits. */
	if (work >= 4)
		while (started + 1 < n &&
		       !pthread_create(&thread[started], NULL, fn, r))
			started++;
	fn(r);
	while (started)
		pthread_join(thread[--started], NULL);
	if (r->rc) {
		*err = r->err;
		return r->rc;
	}
	return 0;
}

int bg_reader_read(struct bg_reader *r, struct bg_error *err)
{
	/* How much is below a tip is not known: only nothing is little. */
	return r->todo.n ? run_phase(r, read_worker,
				     r->opt->from ? r->todo.n : 4, err)
			 : 0;
}

int bg_reader_resolve(struct bg_item **out, struct bg_reader *r,
		      const struct bg_digest *digest, struct bg_error *err)
{
	const struct bg_history_from *from = r->opt->from;
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	struct bg_known known;
	struct bg_item *i;
	int rc;

	*out = bg_reader_by_digest(r, digest);
	if (*out || !from || !from->find ||
	    !from->find(from->arg, digest, NULL, &known))
		return 0;
	if (bg_reader_by_oid(r, &known.commit))
		return 0; /* read, and not what the index says */
	i = add_item(r, &known.commit);
	if (!i)
		return bg_fail_oom(err);
	i->kind = BG_ITEM_KNOWN;
	i->wrong = known.wrong;
	i->floor = known.floor;
	i->visit = 2;
	rc = read_commit(r, i, &raw, err);
	if (!rc)
		rc = bg_record_parse_event(&i->record, &i->oid, err);
	if (rc)
		return bg_wrap(err, "reading a known event again");
	i->digest = i->record.commit.digest;
	i->has_digest = true;
	if (bg_items_add(r, &r->by_digest, false, r->items.n - 1))
		return bg_fail_oom(err);
	*out = i;
	return 0;
}

/*
 * Signatures.
 */
static const struct bg_pubkey *find_trusted(const struct bg_reader *r,
					    const struct bg_fpr *fpr)
{
	size_t lo = 0, hi = r->keys.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int d = memcmp(r->keys.v[mid]->fpr.b, fpr->b, BG_FPR_LEN);

		if (!d)
			return r->keys.v[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static const struct bg_pubkey *find_key(const struct bg_reader *r,
					const struct bg_item *i)
{
	const struct bg_fpr *fpr = &i->record.event.signer;
	const struct bg_pubkey *key = find_trusted(r, fpr);
	const struct bg_keyblob *blob;

	if (key || !i->log)
		return key;
	blob = i->log->w.key.keys.n ? &i->log->w.key : &i->log->blob;
	for (size_t k = 0; k < blob->keys.n; k++)
		if (bg_fpr_eq(&blob->keys.v[k].fpr, fpr) &&
		    blob->keys.v[k].may_sign)
			return &blob->keys.v[k];
	return NULL;
}

static int check_signature(struct bg_reader *r, struct bg_item *i)
{
	const struct bg_pubkey *key;
	struct bg_error err;
	int rc;

	if (i->kind != BG_ITEM_EVENT || !i->record.has_event || i->why)
		return 0;
	key = find_key(r, i);
	if (!key)
		return 0;
	i->signature = 0;
	if (!r->opt->engine_native)
		return 0;
	rc = bg_sig_check(&i->record.sig, key, i->record.commit.payload.buf,
			  i->record.commit.payload.len, &err);
	i->signature = rc;
	if (rc && rc != BG_EVERIFY) {
		fail_phase(r, &err);
		return rc;
	}
	return 0;
}

static void *signature_worker(void *arg)
{
	struct bg_reader *r = arg;
	const size_t batch = 16;

	for (;;) {
		size_t from, to;

		pthread_mutex_lock(&r->lock);
		from = r->next;
		to = from + batch < r->items.n ? from + batch : r->items.n;
		r->next = to;
		if (r->rc)
			from = to;
		else if (r->opt->progress && from % 256 == 0)
			r->opt->progress(r->opt->progress_arg, from,
					 r->items.n);
		pthread_mutex_unlock(&r->lock);
		if (from >= to)
			return NULL;
		for (; from < to; from++)
			if (check_signature(r, r->items.v[from]))
				return NULL;
	}
}

int bg_reader_check_signatures(struct bg_reader *r, struct bg_error *err)
{
	return run_phase(r, signature_worker, r->items.n, err);
}
