/*
 * All of it in order: trust, reading, signatures, each event after what it
 * descends from, whole logs; then what was found is handed out.
 */
#include "evidence/history.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/chain.h"
#include "evidence/reader.h"

static int report_unreadable(struct bg_reader *r, struct bg_item *i,
			     struct bg_error *err)
{
	const struct bg_error *why = i->why;
	int rc;

	if (i->kind == BG_ITEM_MISSING)
		r->out->incomplete = true;
	if (!strcmp(why->id, "needs-newer-bg"))
		r->out->unsupported = true;
	rc = bg_item_wrong(r, i, why->id, err, "%s", why->msg);
	return rc < 0 ? rc : 0;
}

static int check_item(struct bg_reader *r, struct bg_item *i,
		      struct bg_error *err)
{
	if (i->why && i->kind != BG_ITEM_OTHER)
		return report_unreadable(r, i, err);
	if (i->kind == BG_ITEM_OTHER && i->record.event.type == BG_EV_SEAL) {
		r->out->unsupported = true;
		return i->tip ? bg_item_finding(r, i, "needs-newer-bg", err,
						"seals are not judged by this "
						"version")
			      : 0;
	}
	if (i->kind != BG_ITEM_EVENT || !i->record.has_event)
		return 0;
	return bg_item_check(r, i, err);
}

/* Parents first.  The stack is as deep as a chain is long: on the heap. */
static int visit(struct bg_reader *r, struct bg_item *from,
		 struct bg_error *err)
{
	BG_VEC(struct bg_item *) stack = { 0 };
	int rc = 0;

	if (from->visit == 2)
		return 0;
	if (bg_vec_push(&stack, from))
		return bg_fail_oom(err);
	while (!rc && stack.n) {
		struct bg_item *i = stack.v[stack.n - 1];
		const struct bg_commit *c = &i->record.commit;

		if (i->visit) {
			stack.n--;
			if (i->visit == 1) {
				i->order = r->n_checked++;
				rc = check_item(r, i, err);
			}
			i->visit = 2;
			continue;
		}
		i->visit = 1;
		for (size_t k = c->n_parents; !rc && k-- > 0;) {
			struct bg_item *p = bg_reader_by_oid(r, &c->parents[k]);

			if (p && !p->visit && bg_vec_push(&stack, p))
				rc = bg_fail_oom(err);
		}
	}
	bg_vec_release(&stack);
	return rc;
}

/* A log's ref ends with an event of that log. */
static int check_tip(struct bg_reader *r, const struct bg_ref *ref,
		     struct bg_error *err)
{
	const struct bg_item *i = bg_reader_by_oid(r, &ref->oid);
	struct bg_finding *f;

	if (!bg_starts_with(ref->name, "log/"))
		return 0;
	if (bg_item_has_event(i) &&
	    bg_str_eq(ref->name + 4, i->record.event.writer))
		return 0;
	/* Unreadable or not here: said so already. */
	if (i->kind == BG_ITEM_MISSING ||
	    (i->kind == BG_ITEM_EVENT && !i->record.has_event))
		return 0;
	f = bg_finding_new(r->findings, "wrong-log", ref->name);
	if (!f)
		return bg_fail_oom(err);
	f->commit = i->oid;
	f->event = i->digest;
	f->seq = UINT64_MAX;
	bg_finding_say(f, "its tip is %s",
		       bg_item_has_event(i) ? i->record.event.writer
					    : "no event");
	return 0;
}

static int check_all(struct bg_reader *r, const struct bg_refs *refs,
		     struct bg_error *err)
{
	/* Resolving answers may add items; those are known already. */
	size_t n = r->items.n;
	int rc = 0;

	for (size_t i = 0; !rc && i < n; i++)
		rc = visit(r, r->items.v[i], err);
	for (size_t i = 0; !rc && i < refs->list.n; i++)
		rc = check_tip(r, &refs->list.v[i], err);
	return rc;
}

/* --- reading ---------------------------------------------------------- */

static int add_tips(struct bg_reader *r, const struct bg_refs *refs,
		    struct bg_error *err)
{
	for (size_t i = 0; i < refs->list.n; i++) {
		const struct bg_ref *ref = &refs->list.v[i];
		int rc = 0;

		if (bg_starts_with(ref->name, "log/") ||
		    bg_starts_with(ref->name, "seal/"))
			rc = bg_reader_add_tip(r, &ref->oid, ref->name, err);
		if (rc)
			return rc;
	}
	return 0;
}

/* Trust versions that only an event's parents lead to (T1: what an event relies
 * on travels with it): candidates like the ref's own. */
static int extend_trust(struct bg_reader *r, struct bg_repo *repo,
			const struct bg_refs *refs,
			const struct bg_trust_chain *given,
			const struct bg_digest *anchor, struct bg_error *err)
{
	static char full[] = "parent", name[] = "trust";
	struct bg_refs more = { 0 };
	int rc = 0;

	for (size_t i = 0; i < refs->list.n; i++)
		if (bg_vec_push(&more.list, refs->list.v[i]))
			rc = -1;
	for (size_t i = 0; !rc && i < r->items.n; i++) {
		struct bg_item *it = r->items.v[i];
		struct bg_ref ref = { .full = full,
				      .name = name,
				      .remote = true,
				      .oid = it->oid };

		if (it->kind == BG_ITEM_OTHER && !it->why &&
		    it->record.event.type == BG_EV_TRUST &&
		    !(it->child && it->child->kind == BG_ITEM_OTHER) &&
		    bg_vec_push(&more.list, ref))
			rc = -1;
	}
	if (rc)
		rc = bg_fail_oom(err);
	r->out->trust_moved = given && more.list.n > refs->list.n;
	if (!rc && !given && more.list.n > refs->list.n) {
		bg_trust_chain_release(r->trust);
		bg_findings_release(r->findings);
		rc = bg_trust_chain_read_refs(r->trust, r->findings, repo,
					      &more, anchor, err);
		if (!rc)
			rc = bg_reader_add_trust(r, err);
	}
	bg_vec_release(&more.list);
	return rc;
}

static int add_event(struct bg_reader *r, struct bg_item *i,
		     struct bg_error *err)
{
	const struct bg_place place = { i->order, r->out->events.n };
	struct bg_event *e = malloc(sizeof(*e));

	if (!e || bg_vec_push(&r->out->events, e)) {
		free(e);
		return bg_fail_oom(err);
	}
	if (bg_vec_push(&r->order, place))
		return bg_fail_oom(err);
	*e = i->record.event;
	e->wrong = i->wrong;
	e->doubtful = i->doubtful;
	i->record.event = (struct bg_event){ 0 };
	i->record.has_event = false;
	return 0;
}

/* Of equal digests one event is handed out: the first that is good. */
static int hand_out_log(struct bg_reader *r, struct bg_log_state *log,
			struct bg_error *err)
{
	struct bg_item **v = r->items.v;
	size_t i = log->begin, j;

	while (i < log->end) {
		size_t best = i;
		int rc = 0;

		for (j = i + 1;
		     j < log->end && bg_digest_eq(&v[i]->digest, &v[j]->digest);
		     j++)
			if (v[best]->wrong && !v[j]->wrong)
				best = j;
		if (v[best]->kind == BG_ITEM_EVENT)
			rc = add_event(r, v[best], err);
		if (rc)
			return rc;
		i = j;
	}
	return 0;
}

static int by_order(const void *a, const void *b)
{
	const struct bg_place *x = a, *y = b;

	return x->order < y->order ? -1 : x->order > y->order;
}

static int hand_out_order(struct bg_reader *r, struct bg_error *err)
{
	r->out->causal = calloc(r->order.n + 1, sizeof(*r->out->causal));
	if (!r->out->causal)
		return bg_fail_oom(err);
	if (r->order.n)
		qsort(r->order.v, r->order.n, sizeof(*r->order.v), by_order);
	for (size_t i = 0; i < r->order.n; i++)
		r->out->causal[i] = r->order.v[i].event;
	return 0;
}

static int hand_out(struct bg_reader *r, struct bg_error *err)
{
	for (size_t i = 0; i < r->n_logs; i++) {
		struct bg_log_state *log = &r->logs[i];
		int rc = hand_out_log(r, log, err);

		if (rc)
			return rc;
		if (!log->valid)
			continue;
		if (bg_vec_push(&r->out->writers, log->w))
			return bg_fail_oom(err);
		log->w.key = (struct bg_keyblob){ 0 };
	}
	return hand_out_order(r, err);
}

static int by_place(const void *a, const void *b)
{
	const struct bg_finding *x = a, *y = b;
	int d = strcmp(x->ref, y->ref);

	if (!d && x->seq != y->seq)
		d = x->seq < y->seq ? -1 : 1;
	if (!d)
		d = memcmp(x->commit.b, y->commit.b, BG_OID_LEN);
	if (!d)
		d = strcmp(x->id, y->id);
	return d ? d : strcmp(x->text, y->text);
}

void bg_findings_sort(struct bg_findings *f)
{
	if (f->list.n)
		qsort(f->list.v, f->list.n, sizeof(*f->list.v), by_place);
}

static int judge_all(struct bg_reader *r, const struct bg_refs *refs,
		     struct bg_error *err)
{
	int rc = bg_reader_check_signatures(r, err);

	if (!rc)
		rc = check_all(r, refs, err);
	if (!rc && r->opt->engine_gpgme)
		rc = bg_reader_second_engine(r, err);
	if (!rc)
		rc = bg_reader_doubt(r, err);
	if (!rc && !r->n_logs && !r->opt->from) {
		r->out->incomplete = true;
		if (bg_finding_add(r->findings, "no-log", "", NULL,
				   "there is trust, and not one event"))
			rc = bg_fail_oom(err);
	}
	if (!rc)
		rc = hand_out(r, err);
	bg_findings_sort(r->findings);
	return rc;
}

int bg_history_read_refs(struct bg_history *out, struct bg_repo *repo,
			 const struct bg_refs *refs,
			 const struct bg_trust_chain *given,
			 const struct bg_digest *anchor,
			 const struct bg_history_options *opt,
			 struct bg_error *err)
{
	BG_AUTO(reader) struct bg_reader r = { 0 };
	int rc = bg_reader_init(&r, repo, opt, out, err);

	if (!rc && given)
		out->trust = *given;
	else if (!rc)
		rc = bg_trust_chain_read_refs(&out->trust, &out->findings, repo,
					      refs, anchor, err);
	if (!rc)
		rc = bg_reader_add_trust(&r, err);
	if (!rc)
		rc = add_tips(&r, refs, err);
	if (!rc)
		rc = bg_reader_read(&r, err);
	if (!rc)
		rc = extend_trust(&r, repo, refs, given, anchor, err);
	if (!rc)
		rc = bg_reader_group(&r, err);
	if (!rc)
		rc = judge_all(&r, refs, err);
	out->read = r.items.n;
	out->anchored = anchor && out->trust.n;
	if (given)
		out->trust = (struct bg_trust_chain){ 0 };
	if (!rc && out->findings.oom)
		rc = bg_fail_oom(err);
	return rc;
}

int bg_history_read(struct bg_history *out, struct bg_repo *repo,
		    const struct bg_digest *anchor,
		    const struct bg_history_options *opt, struct bg_error *err)
{
	BG_AUTO(refs) struct bg_refs refs = { 0 };
	size_t other = 0;
	int rc = bg_repo_refs(&refs, &other, repo, err);

	if (!rc)
		rc = bg_history_read_refs(out, repo, &refs, NULL, anchor, opt,
					  err);
	if (!rc && other &&
	    bg_finding_add(&out->findings, "unknown-ref", "", NULL,
			   "%zu refs hold no evidence", other))
		rc = bg_fail_oom(err);
	return rc;
}

void bg_history_release(struct bg_history *h)
{
	for (size_t i = 0; i < h->events.n; i++) {
		bg_event_release(h->events.v[i]);
		free(h->events.v[i]);
	}
	for (size_t i = 0; i < h->writers.n; i++)
		bg_keyblob_release(&h->writers.v[i].key);
	bg_vec_release(&h->events);
	free(h->causal);
	bg_vec_release(&h->writers);
	bg_findings_release(&h->findings);
	bg_trust_chain_release(&h->trust);
	*h = (struct bg_history){ 0 };
}
