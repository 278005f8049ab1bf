/*
 * What only whole logs show: equivocation, re-encodings, retirements,
 * compromises, how many writers there are (lifecycle.md "Doubtful", T3).
 */
#include <string.h>

#include "evidence/reader.h"

#define LIVE_WRITERS_MAX 16

static bool is_good(const struct bg_item *i)
{
	return bg_item_has_event(i) && !i->wrong;
}

/* Two good events at one place, or one event in two encodings. */
static int compare(struct bg_reader *r, struct bg_log_state *log,
		   const struct bg_item *a, struct bg_item *b,
		   struct bg_error *err)
{
	const struct bg_event *e = &b->record.event;
	char hex[41];

	if (a->record.event.seq != e->seq)
		return 0;
	bg_oid_format(hex, &a->oid);
	if (bg_digest_eq(&a->digest, &b->digest))
		return bg_item_finding(r, b, "re-encoded", err,
				       "the same event as commit %s", hex);
	if (log->from_index)
		r->out->rebuild = true;
	if (!log->w.forked_seq || log->w.forked_seq > e->seq)
		log->w.forked_seq = e->seq;
	return bg_item_finding(r, b, "equivocation", err,
			       "seq %llu is signed twice; the other is commit "
			       "%s",
			       (unsigned long long)e->seq, hex);
}

static int find_forks(struct bg_reader *r, struct bg_log_state *log,
		      struct bg_error *err)
{
	const struct bg_item *before = NULL;
	uint64_t verified = log->from_index ? log->w.seq : 0;

	for (size_t i = log->begin; i < log->end; i++) {
		struct bg_item *it = r->items.v[i];
		int rc;

		if (!is_good(it))
			continue;
		rc = before ? compare(r, log, before, it, err) : 0;
		if (rc)
			return rc;
		if (it->kind == BG_ITEM_EVENT &&
		    it->record.event.seq <= verified)
			r->out->rebuild = true;
		before = it;
	}
	return 0;
}

/* Mark every good event from place (seq, digest) on; one finding at the first
 * says how many. */
static int doubt_after(struct bg_reader *r, struct bg_log_state *log,
		       const char *id, uint64_t seq,
		       const struct bg_digest *digest, const char *why,
		       struct bg_error *err)
{
	struct bg_item *first = NULL;
	size_t n = 0;

	for (size_t i = log->begin; i < log->end; i++) {
		struct bg_item *it = r->items.v[i];
		uint64_t s = it->record.event.seq;

		if (!is_good(it) || it->kind != BG_ITEM_EVENT || s < seq)
			continue;
		if (s == seq && (!digest || bg_digest_eq(digest, &it->digest)))
			continue;
		it->doubtful = true;
		first = first ? first : it;
		n++;
	}
	if (!n)
		return 0;
	return bg_item_finding(r, first, id, err, "%s (%zu events)", why, n);
}

static int apply_fork(struct bg_reader *r, struct bg_log_state *log,
		      struct bg_error *err)
{
	if (!log->w.forked_seq)
		return 0;
	return doubt_after(r, log, "forked-log", log->w.forked_seq - 1, NULL,
			   "at or after the fork of this log", err);
}

/* A writer that retired itself. */
static int apply_own_retirement(struct bg_reader *r, struct bg_log_state *log,
				struct bg_error *err)
{
	for (size_t i = log->begin; i < log->end && !log->w.retired_seq; i++) {
		struct bg_item *it = r->items.v[i];
		const struct bg_event *e = &it->record.event;
		BG_AUTO(keyblob) struct bg_keyblob key = { 0 };
		struct bg_error ignored;

		if (!is_good(it) || e->type != BG_EV_WRITER ||
		    !bg_str_eq(bg_json_text(e->data, "op"), "retire") ||
		    bg_event_key(&key, e, "key", &ignored) ||
		    !bg_fpr_eq(&key.keys.v[0].fpr, &log->w.primary))
			continue;
		log->w.retired_seq = e->seq;
	}
	if (!log->w.retired_seq)
		return 0;
	return doubt_after(r, log, "writer-retired", log->w.retired_seq, NULL,
			   "after the writer retired itself", err);
}

static const struct bg_cutoff *find_cutoff(const struct bg_retirement *x,
					   const char *writer)
{
	for (size_t i = 0; i < x->n_logs; i++)
		if (bg_str_eq(x->logs[i].writer, writer))
			return &x->logs[i];
	return NULL;
}

/* T3: by place, never by clock; a log that is not listed has no good part. */
static int apply_retirements(struct bg_reader *r, struct bg_log_state *log,
			     const struct bg_trust *newest,
			     struct bg_error *err)
{
	for (size_t i = 0; i < newest->n_retired; i++) {
		const struct bg_retirement *x = &newest->retired[i];
		const struct bg_cutoff *cut = find_cutoff(x, log->w.name);
		const char *id = x->name ? "principal-retired"
					 : "writer-retired";
		int rc;

		if (x->name ? !bg_str_eq(x->name, log->w.principal) : !cut)
			continue;
		rc = doubt_after(r, log, id, cut ? cut->seq : 0,
				 cut ? &cut->digest : NULL,
				 cut ? "after the recorded cutoff"
				     : "on a log that the retirement does not "
				       "list",
				 err);
		if (rc)
			return rc;
	}
	return 0;
}

static bool is_by_key(const struct bg_log_state *log, const struct bg_item *i,
		      const struct bg_compromise *x)
{
	static const struct bg_fpr none;

	if (!bg_str_eq(x->name, log->w.principal))
		return false;
	return bg_fpr_eq(&x->key, &none) ||
	       bg_fpr_eq(&x->key, &log->w.primary) ||
	       bg_fpr_eq(&x->key, &i->record.event.signer);
}

/* Only a safe seal keeps events of a compromised key good; this version judges
 * no seals, so none is covered. */
static int apply_compromises(struct bg_reader *r, struct bg_log_state *log,
			     const struct bg_trust *newest,
			     struct bg_error *err)
{
	struct bg_item *first = NULL;
	size_t n = 0;

	for (size_t c = 0; c < newest->n_compromised; c++)
		for (size_t i = log->begin; i < log->end; i++) {
			struct bg_item *it = r->items.v[i];

			if (!is_good(it) || it->kind != BG_ITEM_EVENT ||
			    !is_by_key(log, it, &newest->compromised[c]))
				continue;
			it->doubtful = true;
			first = first ? first : it;
			n++;
		}
	if (!n)
		return 0;
	return bg_item_finding(r, first, "compromised-key", err,
			       "signed by a compromised key (%zu events)", n);
}

static void take_tip(struct bg_reader *r, struct bg_log_state *log)
{
	for (size_t i = log->begin; i < log->end; i++) {
		const struct bg_item *it = r->items.v[i];
		const struct bg_event *e = &it->record.event;

		if (!is_good(it) || e->seq < log->w.seq)
			continue;
		log->w.seq = e->seq;
		log->w.digest = it->digest;
		log->w.commit = it->oid;
		log->w.trust_version = it->floor;
		log->w.at_ms = e->at_ms;
	}
}

/* --- how many writers --------------------------------------------------- */

static bool is_live(const struct bg_reader *r, const struct bg_writer *w,
		    const char *principal)
{
	const struct bg_trust *newest = bg_trust_chain_newest(r->trust);

	return !w->installation && !w->retired_seq &&
	       !strcmp(w->principal, principal) &&
	       !(newest && bg_trust_is_retired(newest, principal));
}

static size_t count_live(const struct bg_reader *r, const char *principal)
{
	const struct bg_history_from *from = r->opt->from;
	size_t n = 0;

	for (size_t i = 0; i < r->n_logs; i++)
		n += r->logs[i].valid && !r->logs[i].from_index &&
		     is_live(r, &r->logs[i].w, principal);
	if (from && from->live)
		n += from->live(from->arg, principal);
	return n;
}

/* Said once a principal, at the last of the logs that are new in this run. */
static int report_many(struct bg_reader *r, struct bg_error *err)
{
	for (size_t i = 0; i < r->n_logs; i++) {
		const struct bg_log_state *log = &r->logs[i];
		const struct bg_log_state *next = log + 1;
		size_t live;
		int rc;

		if (!log->valid || log->from_index ||
		    (i + 1 < r->n_logs &&
		     !strcmp(next->w.principal, log->w.principal)))
			continue;
		live = count_live(r, log->w.principal);
		if (live <= LIVE_WRITERS_MAX)
			continue;
		rc = bg_item_finding(r, r->items.v[log->begin],
				     "too-many-writers", err,
				     "'%s' has %zu live writers",
				     log->w.principal, live);
		if (rc)
			return rc;
	}
	return 0;
}

int bg_reader_doubt(struct bg_reader *r, struct bg_error *err)
{
	const struct bg_trust *newest = bg_trust_chain_newest(r->trust);

	for (size_t i = 0; i < r->n_logs; i++) {
		struct bg_log_state *log = &r->logs[i];
		int rc = find_forks(r, log, err);

		if (!rc)
			rc = apply_fork(r, log, err);
		if (!rc)
			rc = apply_own_retirement(r, log, err);
		if (!rc && newest)
			rc = apply_retirements(r, log, newest, err);
		if (!rc && newest)
			rc = apply_compromises(r, log, newest, err);
		if (rc)
			return rc;
		take_tip(r, log);
	}
	return report_many(r, err);
}
