/*
 * The trust ref and its candidates in other refs: every version is verified in
 * full, from the genesis, each time.  Candidates must lie on one chain (T8).
 */
#include <stdio.h>
#include <string.h>

#include "evidence/chain.h"
#include "evidence/trust_version.h"

#define VERSIONS_MAX 100000

/* One commit of one candidate, parsed as far as it goes. */
struct link {
	struct bg_oid oid;
	struct bg_record record;
	int rc; /* of reading and parsing; why says what */
	struct bg_error why;
};
/* One candidate: links from the genesis to the tip. */
struct candidate {
	const char *ref; /* full name, borrowed */
	bool remote;
	BG_VEC(struct link *) links;
	bool whole;                     /* every version was good */
	BG_VEC(struct bg_trust *) good; /* of its beginning; owned */
};

static void candidate_release(struct candidate *c)
{
	for (size_t i = 0; i < c->links.n; i++) {
		bg_record_release(&c->links.v[i]->record);
		free(c->links.v[i]);
	}
	bg_vec_release(&c->links);
	for (size_t i = 0; i < c->good.n; i++)
		bg_trust_free(c->good.v[i]);
	bg_vec_release(&c->good);
}

static bool is_about_evidence(int rc)
{
	return rc == BG_EVERIFY || rc == BG_ENOENT;
}

static int add_finding(struct bg_findings *f, const struct candidate *c,
		       const struct link *l, const struct bg_error *why)
{
	struct bg_finding *made = bg_finding_new(f, why->id, "trust");

	if (!made)
		return -1;
	made->commit = l->oid;
	if (l->record.has_commit)
		made->event = l->record.commit.digest;
	bg_finding_say(made, "%s (%s)", why->msg, c->ref);
	return 0;
}

static int read_link(struct link **out, struct bg_repo *repo,
		     const struct bg_oid *oid, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	struct link *l = calloc(1, sizeof(*l));
	enum bg_object_kind kind;

	if (!l)
		return bg_fail_oom(err);
	l->oid = *oid;
	l->rc = bg_repo_read(&raw, &kind, repo, oid, &l->why);
	if (!l->rc && kind != BG_OBJ_COMMIT)
		l->rc = bg_fail(&l->why, BG_EVERIFY, "not-canonical",
				"not a commit");
	if (!l->rc)
		l->rc = bg_record_parse(&l->record, oid, raw.buf, raw.len,
					&l->why);
	if (l->rc && !is_about_evidence(l->rc)) {
		*err = l->why;
		bg_record_release(&l->record);
		free(l);
		return err->code;
	}
	*out = l;
	return 0;
}

static void reverse(struct candidate *c)
{
	for (size_t i = 0, j = c->links.n; i + 1 < j; i++) {
		struct link *l = c->links.v[i];

		c->links.v[i] = c->links.v[--j];
		c->links.v[j] = l;
	}
}

/* From the tip to the first commit. */
static int walk(struct candidate *c, struct bg_repo *repo,
		const struct bg_oid *tip, struct bg_error *err)
{
	struct bg_oid oid = *tip;

	for (;;) {
		struct link *l = NULL;
		int rc = read_link(&l, repo, &oid, err);

		if (rc)
			return rc;
		if (bg_vec_push(&c->links, l)) {
			bg_record_release(&l->record);
			free(l);
			return bg_fail_oom(err);
		}
		if (!l->record.has_commit || !l->record.commit.n_parents)
			break;
		if (l->record.commit.n_parents > 1 && !l->rc)
			l->rc = bg_fail(&l->why, BG_EVERIFY, "bad-parents",
					"a trust version has one parent");
		if (c->links.n >= VERSIONS_MAX)
			return bg_fail(err, BG_EFAIL, "too-many-versions",
				       "trust has more than %d versions",
				       VERSIONS_MAX);
		oid = l->record.commit.parents[0];
	}
	reverse(c);
	return 0;
}

static bool same_link(const struct link *a, const struct link *b)
{
	if (a->record.has_commit && b->record.has_commit)
		return bg_digest_eq(&a->record.commit.digest,
				    &b->record.commit.digest);
	return bg_oid_eq(&a->oid, &b->oid);
}

/* How many versions, from the first on, two candidates share. */
static size_t shared(const struct candidate *a, const struct candidate *b)
{
	size_t i = 0;

	while (i < a->links.n && i < b->links.n &&
	       same_link(a->links.v[i], b->links.v[i]))
		i++;
	return i;
}

static int verify(struct candidate *c, struct bg_findings *f,
		  struct bg_repo *repo, const struct bg_digest *anchor,
		  struct bg_error *err)
{
	for (size_t i = 0; i < c->links.n; i++) {
		struct link *l = c->links.v[i];
		struct bg_trust *t = NULL;

		if (!l->rc && !i && anchor &&
		    !bg_digest_eq(anchor, &l->record.event.digest))
			l->rc = bg_fail(&l->why, BG_EVERIFY, "wrong-anchor",
					"the genesis is not the anchor's");
		if (!l->rc)
			l->rc = bg_trust_version_verify(
				&t, repo, i ? c->good.v[i - 1] : NULL,
				&c->links.v[0]->record.event.digest, &l->record,
				&l->why);
		if (l->rc && !is_about_evidence(l->rc)) {
			*err = l->why;
			return err->code;
		}
		if (l->rc)
			return add_finding(f, c, l, &l->why) ? bg_fail_oom(err)
							     : 0;
		if (bg_vec_push(&c->good, t)) {
			bg_trust_free(t);
			return bg_fail_oom(err);
		}
	}
	c->whole = true;
	return 0;
}

/* More good versions first; then our own ref; then any fixed order. */
static bool is_better(const struct candidate *a, const struct candidate *b)
{
	if (a->good.n != b->good.n)
		return a->good.n > b->good.n;
	if (a->remote != b->remote)
		return b->remote;
	return a->good.n &&
	       bg_digest_cmp(&a->good.v[a->good.n - 1]->digest,
			     &b->good.v[b->good.n - 1]->digest) < 0;
}

static bool is_abandoned(const struct bg_trust *newest,
			 const struct bg_digest *digest)
{
	for (size_t i = 0; newest && i < newest->n_abandoned; i++)
		if (bg_digest_eq(&newest->abandoned[i].digest, digest))
			return true;
	return false;
}

/* A candidate that leaves the chosen chain: a fork, unless it was healed. */
static int report_fork(struct bg_findings *f, const struct candidate *best,
		       const struct candidate *c, struct bg_error *err)
{
	size_t i = shared(best, c);
	const struct bg_trust *newest =
		best->good.n ? best->good.v[best->good.n - 1] : NULL;
	struct bg_error why;

	if (i >= c->good.n || i >= best->links.n)
		return 0; /* an ancestor; or wrong, and said so already */
	if (is_abandoned(newest, &c->good.v[i]->digest))
		return 0;
	bg_fail(&why, BG_EVERIFY, "trust-fork", "two versions have number %llu",
		(unsigned long long)c->good.v[i]->version);
	if (add_finding(f, c, c->links.v[i], &why))
		return bg_fail_oom(err);
	return 0;
}

static int report_single_admin(struct bg_findings *f, const struct bg_trust *t,
			       struct bg_error *err)
{
	const struct bg_names *names = &t->admin.principals;

	for (size_t i = 1; i < names->n; i++)
		if (!bg_str_eq(bg_trust_human(t, names->v[0]),
			       bg_trust_human(t, names->v[i])))
			return 0;
	if (bg_finding_add(f, "single-admin", "trust", NULL,
			   "'%s' alone may change trust",
			   names->n ? names->v[0] : ""))
		return bg_fail_oom(err);
	f->list.v[f->list.n - 1].commit = t->commit;
	f->list.v[f->list.n - 1].event = t->digest;
	return 0;
}

static int choose(struct bg_trust_chain *out, struct bg_findings *f,
		  struct candidate *c, size_t n, struct bg_error *err)
{
	struct candidate *best = &c[0];

	for (size_t i = 1; i < n; i++)
		if (is_better(&c[i], best))
			best = &c[i];
	out->whole = best->whole;
	for (size_t i = 0; i < n; i++) {
		int rc = &c[i] == best ? 0 : report_fork(f, best, &c[i], err);

		if (rc)
			return rc;
	}
	out->v = best->good.v;
	out->n = best->good.n;
	out->cap = best->good.cap;
	best->good.v = NULL;
	best->good.n = best->good.cap = 0;
	if (!out->n)
		return 0;
	out->tip = out->v[out->n - 1]->commit;
	return report_single_admin(f, out->v[out->n - 1], err);
}

/* Is this candidate nothing but the beginning of an earlier one, or equal? */
static bool is_part_of(const struct candidate *c, const struct candidate *all,
		       size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (&all[i] != c && shared(&all[i], c) == c->links.n &&
		    (all[i].links.n > c->links.n || &all[i] < c))
			return true;
	return false;
}

static int read_candidates(struct candidate *c, size_t *n, struct bg_repo *repo,
			   const struct bg_refs *refs, struct bg_error *err)
{
	for (size_t i = 0; i < refs->list.n; i++) {
		const struct bg_ref *ref = &refs->list.v[i];
		int rc;

		if (strcmp(ref->name, "trust"))
			continue;
		c[*n].ref = ref->full;
		c[*n].remote = ref->remote;
		rc = walk(&c[(*n)++], repo, &ref->oid, err);
		if (rc)
			return rc;
	}
	if (!*n)
		return bg_fail(err, BG_ENOENT, "no-trust",
			       "the repository has no branch 'trust': it "
			       "holds no evidence");
	return 0;
}

int bg_trust_chain_read_refs(struct bg_trust_chain *out, struct bg_findings *f,
			     struct bg_repo *repo, const struct bg_refs *refs,
			     const struct bg_digest *anchor,
			     struct bg_error *err)
{
	struct candidate *c = calloc(refs->list.n + 1, sizeof(*c));
	size_t n = 0;
	int rc;

	if (!c)
		return bg_fail_oom(err);
	rc = read_candidates(c, &n, repo, refs, err);
	for (size_t i = 0; !rc && i < n; i++)
		if (!is_part_of(&c[i], c, n))
			rc = verify(&c[i], f, repo, anchor, err);
	if (!rc)
		rc = choose(out, f, c, n, err);
	for (size_t i = 0; i < n; i++)
		candidate_release(&c[i]);
	free(c);
	return rc;
}

int bg_trust_chain_read(struct bg_trust_chain *out, struct bg_findings *f,
			struct bg_repo *repo, const struct bg_digest *anchor,
			struct bg_error *err)
{
	BG_AUTO(refs) struct bg_refs refs = { 0 };
	int rc = bg_repo_refs(&refs, NULL, repo, err);

	if (rc)
		return rc;
	return bg_trust_chain_read_refs(out, f, repo, &refs, anchor, err);
}

void bg_trust_chain_release(struct bg_trust_chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		bg_trust_free(c->v[i]);
	free(c->v);
	*c = (struct bg_trust_chain){ 0 };
}

const struct bg_trust *bg_trust_chain_find(const struct bg_trust_chain *c,
					   uint64_t version,
					   const struct bg_digest *digest)
{
	const struct bg_trust *newest = bg_trust_chain_newest(c);

	if (version && version <= c->n &&
	    bg_digest_eq(&c->v[version - 1]->digest, digest))
		return c->v[version - 1];
	for (size_t i = 0; newest && i < newest->n_abandoned; i++)
		if (newest->abandoned[i].version == version && version > 1 &&
		    version - 2 < c->n &&
		    bg_digest_eq(&newest->abandoned[i].digest, digest))
			return c->v[version - 2];
	return NULL;
}
