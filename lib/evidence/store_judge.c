/*
 * What a new event touches is judged again, and what judging said is kept.
 */
#include <stdio.h>
#include <string.h>

#include "evidence/store_priv.h"

static int add_root(struct bg_roots *r, const struct bg_digest *d)
{
	return bg_vec_push(&r->v, *d);
}

/* Sorted, each once. */
static void unique_roots(struct bg_roots *r)
{
	size_t kept = 0;

	if (!r->v.n)
		return;
	qsort(r->v.v, r->v.n, sizeof(*r->v.v), bg_digest_cmp);
	for (size_t i = 0; i < r->v.n; i++)
		if (!i || bg_digest_cmp(&r->v.v[i], &r->v.v[kept - 1]))
			r->v.v[kept++] = r->v.v[i];
	r->v.n = kept;
}

static int add_roots(struct bg_roots *out, struct bg_index *ix,
		     sqlite3_stmt *st, struct bg_error *err)
{
	struct bg_digest root;
	int rc;

	while ((rc = bg_index_step(ix, st, err)) == 1)
		if (bg_column_bytes(&root, sizeof(root), st, 0) &&
		    add_root(out, &root)) {
			sqlite3_reset(st);
			return bg_fail_oom(err);
		}
	return rc;
}

/* Grants whose judgement a new event may change. */
int bg_store_touch(struct bg_roots *out, struct bg_store *s,
		   const struct bg_event *e, struct bg_error *err)
{
	const char *identity = bg_json_text(e->data, "identity");
	sqlite3_stmt *st;
	int rc;

	if (e->type == BG_EV_ACTIVATE || e->type == BG_EV_DECLARE)
		return add_root(out, &e->digest) ? bg_fail_oom(err) : 0;
	if (e->n_answers && add_root(out, &e->answers[0]))
		return bg_fail_oom(err);
	if (e->type != BG_EV_ROTATE || !identity)
		return 0;
	rc = bg_index_stmt(&st, &s->index, err,
			   "SELECT root FROM grants WHERE identity = ? AND "
			   "active",
			   "t", identity);
	return rc ? rc : add_roots(out, &s->index, st, err);
}

int bg_store_touch_active(struct bg_roots *out, struct bg_store *s,
			  struct bg_error *err)
{
	sqlite3_stmt *st;
	int rc = bg_index_stmt(&st, &s->index, err,
			       "SELECT root FROM grants WHERE active", "");

	return rc ? rc : add_roots(out, &s->index, st, err);
}

static int save_flags(struct bg_store *s, const struct bg_event *e,
		      struct bg_error *err)
{
	return bg_index_run(&s->index, err,
			    "UPDATE event SET"
			    " wrong = CASE WHEN wrong & 1 THEN wrong ELSE ?1"
			    " END,"
			    " doubtful = CASE WHEN doubtful & 1 THEN doubtful"
			    " ELSE ?2 END WHERE digest = ?3",
			    "iid", (int64_t)(e->wrong ? BG_JUDGE : 0),
			    (int64_t)(e->doubtful ? BG_JUDGE : 0), &e->digest);
}

static int save_findings(struct bg_store *s, struct bg_findings *f,
			 const struct bg_digest *root, struct bg_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < f->list.n; i++) {
		if (root)
			f->list.v[i].grant = *root;
		rc = bg_index_add_finding(&s->index, &f->list.v[i], BG_JUDGE,
					  err);
	}
	return rc;
}

static int judge_grant(struct bg_store *s, const struct bg_digest *root,
		       struct bg_error *err)
{
	BG_AUTO(event_list) struct bg_event_list list = { 0 };
	BG_AUTO(findings) struct bg_findings findings = { 0 };
	BG_AUTO(grant_row) struct bg_grant_row row = { 0 };
	struct bg_error none;
	sqlite3_stmt *st;
	int rc = bg_store_grant(&row, s, root, &none);

	if (rc == BG_ENOENT)
		return 0; /* its root is wrong, or not here */
	if (rc) {
		*err = none;
		return rc;
	}
	free(row.summary);
	row.summary = NULL;
	rc = bg_index_stmt(&st, &s->index, err,
			   "SELECT oid, wrong, doubtful FROM event WHERE "
			   "root = ? ORDER BY log, seq",
			   "d", root);
	if (!rc)
		rc = bg_store_load_rows(&list, s, st, BG_READER, err);
	if (!rc)
		rc = s->judge(&row, &findings, s, &list, err);
	for (size_t i = 0; !rc && i < list.list.n; i++)
		rc = save_flags(s, list.list.v[i], err);
	if (!rc)
		rc = bg_index_run(&s->index, err,
				  "DELETE FROM finding WHERE root = ? AND "
				  "origin = 2",
				  "d", root);
	if (!rc)
		rc = save_findings(s, &findings, root, err);
	if (!rc)
		rc = bg_index_put_grant(&s->index, &row, err);
	return rc;
}

int bg_store_judge(struct bg_store *s, struct bg_roots *roots,
		   struct bg_error *err)
{
	int rc = 0;

	unique_roots(roots);
	for (size_t i = 0; !rc && s->judge && i < roots->v.n; i++)
		rc = judge_grant(s, &roots->v.v[i], err);
	return rc;
}

/* Events without a grant are judged once, when they are new. */
int bg_store_judge_loose(struct bg_store *s, struct bg_history *h,
			 struct bg_error *err)
{
	for (size_t i = 0; s->judge_loose && i < h->events.n; i++) {
		BG_AUTO(findings) struct bg_findings findings = { 0 };
		struct bg_grant_row row = { 0 };
		struct bg_event_list one = { 0 };
		struct bg_event *e = h->events.v[i];
		int rc;

		if (e->grant || e->wrong)
			continue;
		if (bg_vec_push(&one.list, e))
			return bg_fail_oom(err);
		rc = s->judge_loose(&row, &findings, s, &one, err);
		bg_vec_release(&one.list);
		free(row.summary);
		if (!rc)
			rc = save_flags(s, e, err);
		if (!rc)
			rc = save_findings(s, &findings, NULL, err);
		if (rc)
			return rc;
	}
	return 0;
}
