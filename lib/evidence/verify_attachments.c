/*
 * Attachments: only a name, size and digest in an event make bytes evidence.
 */
#include <stdio.h>
#include <string.h>

#include "evidence/verify.h"

struct bound {          /* an attachment that an event names */
	char name[200]; /* of the ref, "att/..." */
	bool gone;
};
struct check {
	struct bg_history *h;
	struct bg_repo *repo;
	BG_VEC(struct bound) bound;
	struct bg_error *err;
};

/* What the attachment's ref hangs under. */
static const char *subject_of(const struct bg_event *e)
{
	if (e->grant)
		return e->grant;
	return bg_json_text(e->data, "identity");
}

static bool lists(const struct bg_event *e, const struct bg_attachment *a)
{
	const json_t *list = json_object_get(e->data, "attachments"), *v;
	struct bg_attachment one;
	size_t i;

	json_array_foreach(list, i, v)
		if (bg_attachment_from_json(&one, v) &&
		    bg_digest_eq(&one.sha256, &a->sha256) &&
		    !strcmp(one.name, a->name))
			return true;
	return false;
}

static const char *human_of(const struct check *c, const struct bg_event *e)
{
	const struct bg_trust *t =
		bg_trust_chain_find(&c->h->trust, e->trust_version, &e->trust);

	return t ? bg_trust_human(t, e->by) : e->by;
}

/* Retention takes one signature, erasure those of two humans. */
static bool is_redacted(const struct check *c, const struct bg_attachment *a)
{
	const char *first = NULL;

	for (size_t i = 0; i < c->h->events.n; i++) {
		const struct bg_event *e = c->h->events.v[i];

		if (e->type != BG_EV_REDACT || e->wrong || e->doubtful ||
		    !lists(e, a))
			continue;
		if (bg_str_eq(bg_json_text(e->data, "kind"), "retention"))
			return true;
		if (first && !bg_str_eq(first, human_of(c, e)))
			return true;
		first = human_of(c, e);
	}
	return false;
}

static int report(struct check *c, const struct bg_event *e, const char *id,
		  const char *ref, const char *what)
{
	struct bg_finding *f;

	if (bg_finding_add(&c->h->findings, id, ref, e, "%s", what))
		return bg_fail_oom(c->err);
	f = &c->h->findings.list.v[c->h->findings.list.n - 1];
	f->seq = e->seq;
	return 0;
}

static int check_one(struct check *c, const struct bg_event *e,
		     const struct bg_attachment *a)
{
	BG_AUTO(str) struct bg_str bytes = BG_STR_INIT;
	const char *subject = subject_of(e);
	struct bound b = { .gone = false };
	struct bg_error why;
	int rc;

	if (!subject)
		return 0;
	snprintf(b.name, sizeof(b.name), "att/%s/%s/%s", subject, e->writer,
		 a->name);
	if (bg_vec_push(&c->bound, b))
		return bg_fail_oom(c->err);
	rc = bg_attachment_read(&bytes, c->repo, subject, e->writer, a, &why);
	if (!rc)
		return 0;
	if (rc != BG_ENOENT && rc != BG_EVERIFY) {
		*c->err = why;
		return rc;
	}
	if (rc == BG_EVERIFY)
		return report(c, e, "attachment-altered", b.name, why.msg);
	if (is_redacted(c, a))
		return report(c, e, "attachment-withheld", b.name,
			      "redacted on the record");
	return report(c, e, "attachment-missing", b.name, why.msg);
}

static int check_event(struct check *c, const struct bg_event *e)
{
	const json_t *list = json_object_get(e->data, "attachments"), *v;
	struct bg_attachment a;
	int rc = 0;
	size_t i;

	if (e->wrong || e->type == BG_EV_REDACT)
		return 0;
	json_array_foreach(list, i, v) {
		if (!rc && bg_attachment_from_json(&a, v))
			rc = check_one(c, e, &a);
	}
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct bound *)a)->name,
		      ((const struct bound *)b)->name);
}

static int find_unbound(struct check *c, struct bg_error *err)
{
	BG_AUTO(refs) struct bg_refs refs = { 0 };
	int rc = bg_repo_refs(&refs, NULL, c->repo, err);

	if (c->bound.n)
		qsort(c->bound.v, c->bound.n, sizeof(*c->bound.v), by_name);
	for (size_t i = 0; !rc && i < refs.list.n; i++) {
		const struct bg_ref *r = &refs.list.v[i];
		struct bound key = { .gone = false };
		struct bg_finding *f;

		snprintf(key.name, sizeof(key.name), "%s", r->name);
		if (!bg_starts_with(r->name, "att/") ||
		    (i && !strcmp(refs.list.v[i - 1].name, r->name)) ||
		    (c->bound.n && bsearch(&key, c->bound.v, c->bound.n,
					   sizeof(*c->bound.v), by_name)))
			continue;
		f = bg_finding_new(&c->h->findings, "attachment-unbound",
				   r->name);
		if (!f)
			return bg_fail_oom(err);
		f->commit = r->oid;
		bg_finding_say(f, "no event names it");
	}
	return rc;
}

int bg_verify_attachments(struct bg_history *h, struct bg_repo *repo,
			  struct bg_error *err)
{
	struct check c = { .h = h, .repo = repo, .err = err };
	int rc = 0;

	for (size_t i = 0; !rc && i < h->events.n; i++)
		rc = check_event(&c, h->events.v[i]);
	if (!rc)
		rc = find_unbound(&c, err);
	bg_vec_release(&c.bound);
	return rc;
}
