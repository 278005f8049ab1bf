/*
 * Items grouped into logs, and the keys that could have signed them.
 */
#include <stdlib.h>
#include <string.h>

#include "evidence/reader.h"

static int by_place(const void *a, const void *b)
{
	const struct bg_item *x = *(struct bg_item *const *)a;
	const struct bg_item *y = *(struct bg_item *const *)b;
	bool ex = bg_item_has_event(x), ey = bg_item_has_event(y);
	int d;

	if (ex != ey)
		return ex ? -1 : 1;
	if (!ex)
		return memcmp(x->oid.b, y->oid.b, BG_OID_LEN);
	d = strcmp(x->record.event.writer, y->record.event.writer);
	if (!d && x->record.event.seq != y->record.event.seq)
		d = x->record.event.seq < y->record.event.seq ? -1 : 1;
	if (!d)
		d = bg_digest_cmp(&x->digest, &y->digest);
	return d ? d : memcmp(x->oid.b, y->oid.b, BG_OID_LEN);
}

static int collect_keys(struct bg_reader *r)
{
	for (size_t v = 0; v < r->trust->n; v++) {
		const struct bg_trust *t = r->trust->v[v];

		for (size_t p = 0; p < t->n_principals; p++)
			for (size_t k = 0; k < t->principals[p].n_keys; k++) {
				const struct bg_keyblob *blob =
					&t->principals[p].keys[k].parsed;

				for (size_t j = 0; j < blob->keys.n; j++)
					if (bg_vec_push(&r->keys,
							&blob->keys.v[j]))
						return -1;
			}
	}
	return 0;
}

static int by_fpr(const void *a, const void *b)
{
	const struct bg_pubkey *x = *(const struct bg_pubkey *const *)a;
	const struct bg_pubkey *y = *(const struct bg_pubkey *const *)b;

	return memcmp(x->fpr.b, y->fpr.b, BG_FPR_LEN);
}

/* The key of seq 1, to check signatures with.  The log's name is made from its
 * key, so a registration that somebody else put beside it does not count. */
static void candidate_key(struct bg_reader *r, struct bg_log_state *log,
			  const char *host)
{
	for (size_t i = log->begin; i < log->end; i++) {
		const struct bg_event *e = &r->items.v[i]->record.event;
		char name[BG_WRITER_MAX];
		struct bg_error ignored;

		if (e->seq > 1)
			return;
		if (e->type != BG_EV_WRITER ||
		    bg_event_key(&log->blob, e, "key", &ignored))
			continue;
		bg_writer_name(name, e->by, host, &log->blob.keys.v[0].fpr,
			       bg_json_text(e->data, "installation"));
		if (!strcmp(name, log->w.name))
			return;
		bg_keyblob_release(&log->blob);
		log->blob = (struct bg_keyblob){ 0 };
	}
}

static int add_log(struct bg_reader *r, const char *name, size_t begin,
		   size_t end)
{
	struct bg_log_state *log = &r->logs[r->n_logs++];
	const struct bg_history_from *from = r->opt->from;
	char host[33], hex12[13];

	log->begin = begin;
	log->end = end;
	log->from_index = log->valid = from && from->writer &&
				       from->writer(from->arg, name, &log->w);
	snprintf(log->w.name, sizeof(log->w.name), "%s", name);
	bg_writer_split(log->w.principal, host, hex12, name);
	candidate_key(r, log, host);
	for (size_t i = begin; i < end; i++)
		r->items.v[i]->log = log;
	return 0;
}

/* Items that have no log but are digests that others name. */
static int index_digests(struct bg_reader *r)
{
	for (size_t i = 0; i < r->items.n; i++) {
		struct bg_item *it = r->items.v[i];

		if (it->kind != BG_ITEM_TRUST && it->record.has_commit) {
			it->digest = it->record.commit.digest;
			it->has_digest = true;
		}
	}
	qsort(r->items.v, r->items.n, sizeof(*r->items.v), by_place);
	/* Sorting moved the items: both tables are made anew. */
	memset(r->by_oid.slot, 0, r->by_oid.cap * sizeof(*r->by_oid.slot));
	r->by_oid.n = 0;
	for (size_t i = 0; i < r->items.n; i++)
		if (bg_items_add(r, &r->by_oid, true, i) ||
		    (r->items.v[i]->has_digest &&
		     bg_items_add(r, &r->by_digest, false, i)))
			return -1;
	return 0;
}

int bg_reader_group(struct bg_reader *r, struct bg_error *err)
{
	size_t begin = 0, n = 0;

	if (collect_keys(r) || (r->items.n && index_digests(r)))
		return bg_fail_oom(err);
	if (r->keys.n)
		qsort(r->keys.v, r->keys.n, sizeof(*r->keys.v), by_fpr);
	while (n < r->items.n && bg_item_has_event(r->items.v[n]))
		n++;
	r->logs = calloc(n + 1, sizeof(*r->logs));
	if (!r->logs)
		return bg_fail_oom(err);
	for (size_t i = 1; i <= n; i++) {
		const char *name = r->items.v[begin]->record.event.writer;

		if (i < n && !strcmp(name, r->items.v[i]->record.event.writer))
			continue;
		add_log(r, name, begin, i);
		begin = i;
	}
	return 0;
}

struct bg_log_state *bg_reader_log(const struct bg_reader *r, const char *name)
{
	size_t lo = 0, hi = r->n_logs;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int d = strcmp(r->logs[mid].w.name, name);

		if (!d)
			return &r->logs[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}
