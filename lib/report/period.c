/* The document of a period: population, metrics as n/N, exceptions. */
#include <stdio.h>
#include <string.h>

#include "report/attributes.h"
#include "report/period.h"
#include "report/proofs.h"
#include "report/report.h"

/* One use of the period, and what is said about it. */
struct use {
	struct bg_grant *grant;
	struct bg_proofs proofs;
	bool opened; /* access was given, or may have been */
};
struct uses {
	BG_VEC(struct use) list;
};

static void uses_release(struct uses *u)
{
	for (size_t i = 0; i < u->list.n; i++) {
		bg_grant_free(u->list.v[i].grant);
		bg_proofs_release(&u->list.v[i].proofs);
	}
	bg_vec_release(&u->list);
}
BG_AUTO_VALUE(uses, struct uses, uses_release)

static int load_uses(struct uses *out, struct bg_store *store,
		     const struct bg_report_range *range, struct bg_error *err)
{
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	const struct bg_grant_query q = { .since_ms = range->since_ms,
					  .until_ms = range->until_ms };
	int rc = bg_store_grants(&rows, store, &q, err);

	for (size_t i = 0; !rc && i < rows.list.n; i++) {
		struct use u = { 0 };

		rc = bg_grant_load(&u.grant, store, &rows.list.v[i].root, err);
		if (rc)
			break;
		rc = bg_proofs_make(&u.proofs, u.grant, err);
		if (rc) {
			bg_grant_free(u.grant);
			break;
		}
		u.opened = u.grant->grant || u.grant->declared;
		if (bg_vec_push(&out->list, u)) {
			bg_proofs_release(&u.proofs);
			bg_grant_free(u.grant);
			return bg_fail_oom(err);
		}
	}
	return rc;
}

static const char *use_class(const struct use *u)
{
	if (!u->opened)
		return "never-opened";
	if (u->grant->declared)
		return "declared";
	if (u->grant->class_ && !strcmp(u->grant->class_, "misuse"))
		return "misuse";
	return bg_json_bool(u->grant->activate->data, "drill") ? "drill"
							       : "emergency";
}

static size_t count_class(const struct uses *u, const char *class)
{
	size_t n = 0;

	for (size_t i = 0; i < u->list.n; i++)
		n += !strcmp(use_class(&u->list.v[i]), class);
	return n;
}

static json_t *population(struct bg_build *b, const struct uses *u,
			  size_t refused)
{
	static const char *const classes[] = { "emergency",    "drill",
					       "misuse",       "declared",
					       "never-opened", NULL };
	json_t *out = bg_build_object(b);

	bg_put_int(b, out, "grants", (int64_t)u->list.n);
	for (size_t i = 0; classes[i]; i++)
		bg_put_int(b, out, classes[i],
			   (int64_t)count_class(u, classes[i]));
	bg_put_int(b, out, "refused", (int64_t)refused);
	return out;
}

static void put_share(struct bg_build *b, json_t *out, const char *key,
		      size_t n, size_t of)
{
	json_t *v = bg_build_object(b);

	bg_put_int(b, v, "n", (int64_t)n);
	bg_put_int(b, v, "of", (int64_t)of);
	bg_put(b, out, key, v);
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Median and longest lag from end to proof. */
static void put_lags(struct bg_build *b, json_t *out, const struct uses *u)
{
	int64_t *lags = malloc((u->list.n + 1) * sizeof(*lags));
	size_t n = 0;

	if (!lags) {
		b->oom = true;
		return;
	}
	for (size_t i = 0; i < u->list.n; i++)
		if (u->list.v[i].grant->lag_ms >= 0)
			lags[n++] = u->list.v[i].grant->lag_ms;
	if (n) {
		qsort(lags, n, sizeof(*lags), by_number);
		bg_put_span(b, out, "lag_median", lags[(n - 1) / 2]);
		bg_put_span(b, out, "lag_longest", lags[n - 1]);
	}
	free(lags);
}

/* Duties of one kind: settled in time, out of all that are due or settled. */
static void put_duties(struct bg_build *b, json_t *out, const char *key,
		       const struct uses *u, const char *what, int64_t as_of_ms)
{
	size_t n = 0, of = 0;

	for (size_t i = 0; i < u->list.n; i++) {
		const struct bg_grant *g = u->list.v[i].grant;

		for (size_t k = 0; k < g->duties.n; k++) {
			const struct bg_duty *d = &g->duties.v[k];

			if (strcmp(d->what, what) ||
			    (d->state == BG_DUE && d->due_ms >= as_of_ms))
				continue;
			of++;
			n += d->state == BG_SETTLED &&
			     d->settled_ms <= d->due_ms;
		}
	}
	put_share(b, out, key, n, of);
}

static json_t *metrics(struct bg_build *b, const struct uses *u,
		       int64_t as_of_ms)
{
	json_t *out = bg_build_object(b);
	size_t of = 0, necessary = 0, limited = 0, reversed = 0;

	for (size_t i = 0; i < u->list.n; i++) {
		const struct use *one = &u->list.v[i];

		if (!one->opened)
			continue;
		of++;
		necessary += one->proofs.necessary.state == BG_SHOWN;
		limited += one->proofs.limited.state == BG_SHOWN;
		reversed += one->proofs.reversed.state == BG_SHOWN;
	}
	put_share(b, out, "necessary_shown", necessary, of);
	put_share(b, out, "limited_shown", limited, of);
	put_share(b, out, "reversed_shown", reversed, of);
	put_lags(b, out, u);
	put_duties(b, out, "reviewed_in_time", u, "review", as_of_ms);
	put_duties(b, out, "rotated_in_time", u, "rotate", as_of_ms);
	put_duties(b, out, "told_in_time", u, "told", as_of_ms);
	put_duties(b, out, "ticket_in_time", u, "ticket", as_of_ms);
	return out;
}

static json_t *grant_row(struct bg_build *b, const struct use *u,
			 int64_t as_of_ms)
{
	const struct bg_grant *g = u->grant;
	json_t *row = bg_build_object(b);

	bg_put_text(b, row, "grant", g->label);
	bg_put_digest(b, row, "event", &g->root);
	bg_put_time(b, row, "at", g->activate->at_ms);
	bg_put_text(b, row, "policy",
		    bg_json_text(json_object_get(g->activate->data, "policy"),
				 "name"));
	bg_put_text(b, row, "scope", bg_json_text(g->activate->data, "scope"));
	bg_put_text(b, row, "identity",
		    bg_json_text(g->activate->data, "identity"));
	bg_put_text(b, row, "code", bg_json_text(g->activate->data, "code"));
	bg_put_text(b, row, "by", g->by);
	bg_put_text(b, row, "class", use_class(u));
	bg_put_text(b, row, "state", bg_state_text(g->state));
	bg_put_text(b, row, "outcome", g->fold.outcome);
	bg_put_text(b, row, "necessary",
		    bg_shown_state_text(u->proofs.necessary.state));
	bg_put_text(b, row, "limited",
		    bg_shown_state_text(u->proofs.limited.state));
	bg_put_text(b, row, "reversed",
		    bg_shown_state_text(u->proofs.reversed.state));
	if (g->grant && g->end)
		bg_put_span(b, row, "open_for",
			    g->end->at_ms - g->grant->at_ms);
	if (g->lag_ms >= 0)
		bg_put_span(b, row, "lag", g->lag_ms);
	bg_put_text(b, row, "decision", g->decision);
	bg_put(b, row, "attributes", bg_attributes_make(b, g, as_of_ms));
	return row;
}

static void add_exception(struct bg_build *b, json_t *out,
			  const struct bg_grant *g, const char *id,
			  const char *text)
{
	json_t *row = bg_build_object(b);

	bg_put_text(b, row, "grant", g->label);
	bg_put_text(b, row, "by", g->by);
	bg_put_text(b, row, "id", id);
	bg_put_text(b, row, "text", text);
	bg_add(b, out, row);
}

static void add_proof_exception(struct bg_build *b, json_t *out,
				const struct bg_grant *g, const char *name,
				const struct bg_proof *p)
{
	char id[64];

	if (p->state == BG_SHOWN)
		return;
	snprintf(id, sizeof(id), "%s-%s", name, bg_shown_state_text(p->state));
	add_exception(b, out, g, id, p->text);
}

static json_t *exceptions(struct bg_build *b, const struct uses *u,
			  int64_t as_of_ms)
{
	json_t *out = bg_build_array(b);

	for (size_t i = 0; i < u->list.n; i++) {
		const struct use *one = &u->list.v[i];
		const struct bg_grant *g = one->grant;

		if (one->opened) {
			add_proof_exception(b, out, g, "necessary",
					    &one->proofs.necessary);
			add_proof_exception(b, out, g, "limited",
					    &one->proofs.limited);
			add_proof_exception(b, out, g, "reversed",
					    &one->proofs.reversed);
		}
		for (size_t k = 0; k < g->findings.list.n; k++)
			if (g->findings.list.v[k].class != BG_GAP)
				add_exception(b, out, g,
					      g->findings.list.v[k].id,
					      g->findings.list.v[k].text);
		for (size_t k = 0; k < g->duties.n; k++)
			if (g->duties.v[k].state == BG_DUE &&
			    g->duties.v[k].due_ms < as_of_ms) {
				char id[48];

				snprintf(id, sizeof(id), "%s-overdue",
					 g->duties.v[k].what);
				add_exception(b, out, g, id,
					      g->duties.v[k].detail);
			}
	}
	return out;
}

/* Gap register: id -> in how many grants. */
static json_t *gap_register(struct bg_build *b, const struct uses *u)
{
	json_t *out = bg_build_object(b);

	for (size_t i = 0; i < u->list.n; i++) {
		const struct bg_grant *g = u->list.v[i].grant;

		for (size_t k = 0; k < g->findings.list.n; k++) {
			const struct bg_finding *f = &g->findings.list.v[k];
			bool seen = false;

			for (size_t j = 0; j < k; j++)
				seen |= !strcmp(g->findings.list.v[j].id,
						f->id);
			if (f->class == BG_GAP && !seen)
				bg_put_int(b, out, f->id,
					   bg_json_int(out, f->id, 0) + 1);
		}
	}
	return out;
}

/* Uses by one member of a row: {"alice": 3, ...}. */
static json_t *tally(struct bg_build *b, const struct uses *u, const char *key)
{
	json_t *out = bg_build_object(b);

	for (size_t i = 0; i < u->list.n; i++) {
		const struct bg_grant *g = u->list.v[i].grant;
		const char *v = !strcmp(key, "by")
					? g->by
					: bg_json_text(g->activate->data, key);

		if (v && u->list.v[i].opened)
			bg_put_int(b, out, v, bg_json_int(out, v, 0) + 1);
	}
	return out;
}

static int newest_event(int64_t *at_ms, struct bg_store *store,
			struct bg_error *err)
{
	BG_AUTO(event_list) struct bg_event_list l = { 0 };
	const struct bg_event_query q = { .limit = 1 };
	int rc = bg_store_events(&l, store, &q, err);

	if (!rc)
		*at_ms = l.list.n ? l.list.v[0]->at_ms : 0;
	return rc;
}

static int count_refused(size_t *n, struct bg_store *store,
			 const struct bg_report_range *range,
			 struct bg_error *err)
{
	BG_AUTO(event_list) struct bg_event_list l = { 0 };
	const struct bg_event_query q = { .type = "refuse",
					  .since_ms = range->since_ms,
					  .until_ms = range->until_ms };
	int rc = bg_store_events(&l, store, &q, err);

	*n = 0;
	for (size_t i = 0; !rc && i < l.list.n; i++)
		*n += (size_t)bg_json_int(l.list.v[i]->data, "repeated", 1);
	return rc;
}

static json_t *period_box(struct bg_build *b, struct bg_store *store,
			  const struct bg_report_range *range, int64_t as_of_ms)
{
	char anchor[BG_ANCHOR_LEN + 1];
	json_t *out = bg_build_object(b);

	bg_anchor_format(anchor, bg_store_genesis(store), false);
	bg_put_time(b, out, "since", range->since_ms);
	bg_put_time(b, out, "until", range->until_ms);
	bg_put_time(b, out, "as_of", as_of_ms);
	bg_put_text(b, out, "anchor", anchor);
	bg_put_int(b, out, "trust_version",
		   (int64_t)bg_store_trust(store)->version);
	return out;
}

int bg_report_period(json_t **out, struct bg_store *store,
		     const struct bg_report_range *range, struct bg_error *err)
{
	BG_AUTO(uses) struct uses u = { 0 };
	BG_AUTO(json) json_t *doc = NULL;
	struct bg_build b = { false };
	int64_t as_of = 0;
	size_t refused = 0;
	json_t *grants;
	int rc = load_uses(&u, store, range, err);

	if (!rc)
		rc = newest_event(&as_of, store, err);
	if (!rc)
		rc = count_refused(&refused, store, range, err);
	if (rc)
		return rc;
	doc = bg_build_object(&b);
	bg_put_int(&b, doc, "schema", 1);
	bg_put_text(&b, doc, "kind", "period");
	bg_put(&b, doc, "period", period_box(&b, store, range, as_of));
	rc = bg_period_verification(&b, doc, store, err);
	if (rc)
		return rc;
	bg_put(&b, doc, "population", population(&b, &u, refused));
	bg_put(&b, doc, "metrics", metrics(&b, &u, as_of));
	grants = bg_build_array(&b);
	for (size_t i = 0; i < u.list.n; i++)
		bg_add(&b, grants, grant_row(&b, &u.list.v[i], as_of));
	bg_put(&b, doc, "grants", grants);
	bg_put(&b, doc, "exceptions", exceptions(&b, &u, as_of));
	bg_put(&b, doc, "gaps", gap_register(&b, &u));
	bg_put(&b, doc, "by_person", tally(&b, &u, "by"));
	bg_put(&b, doc, "by_code", tally(&b, &u, "code"));
	bg_put(&b, doc, "by_identity", tally(&b, &u, "identity"));
	rc = bg_period_sample(&b, doc, range, err);
	if (rc)
		return rc;
	if (b.oom)
		return bg_fail_oom(err);
	*out = bg_move(doc);
	return 0;
}
