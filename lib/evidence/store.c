#include <stdio.h>
#include <string.h>

#include "evidence/store_priv.h"

/*
 * Trust.
 */
/* The candidates as text: equal text, equal chain. */
static int describe_trust(struct bg_str *out, const struct bg_refs *refs,
			  struct bg_error *err)
{
	char hex[41];

	bg_str_clear(out);
	for (size_t i = 0; i < refs->list.n; i++) {
		const struct bg_ref *r = &refs->list.v[i];

		if (strcmp(r->name, "trust"))
			continue;
		bg_oid_format(hex, &r->oid);
		bg_str_addf(out, "%s %s\n", r->full, hex);
	}
	return bg_str_check(out, err);
}

static const struct bg_finding *first_wrong(const struct bg_findings *f)
{
	for (size_t i = 0; i < f->list.n; i++)
		if (f->list.v[i].class == BG_WRONG)
			return &f->list.v[i];
	return NULL;
}

/* Only our own chain must be whole: a bad copy of another is a finding. */
static int check_trust(const struct bg_trust_chain *c,
		       const struct bg_findings *f, struct bg_error *err)
{
	const struct bg_finding *why = first_wrong(f);

	if (c->n && c->whole)
		return 0;
	bg_fail(err, BG_EVERIFY, why ? why->id : "bad-trust",
		"trust is wrong: %s", why ? why->text : "an object is missing");
	return bg_hint(err, "bg verify");
}

int bg_store_load_trust(struct bg_store *s, struct bg_error *err)
{
	BG_AUTO(trust_chain) struct bg_trust_chain chain = { 0 };
	BG_AUTO(findings) struct bg_findings findings = { 0 };
	int rc = bg_trust_chain_read_refs(&chain, &findings, s->repo, &s->refs,
					  s->anchored ? &s->anchor : NULL, err);

	if (!rc)
		rc = check_trust(&chain, &findings, err);
	if (rc)
		return rc;
	if (s->chain.n && bg_vec_push(&s->old, s->chain))
		return bg_fail_oom(err);
	s->chain = chain;
	chain = (struct bg_trust_chain){ 0 };
	bg_findings_release(&s->trust_findings);
	s->trust_findings = findings;
	findings = (struct bg_findings){ 0 };
	return describe_trust(&s->trust_tips, &s->refs, err);
}

int bg_store_read_refs(struct bg_store *s, struct bg_error *err)
{
	BG_AUTO(refs) struct bg_refs refs = { 0 };
	int rc = bg_repo_refs(&refs, NULL, s->repo, err);

	if (rc)
		return rc;
	bg_refs_release(&s->refs);
	s->refs = refs;
	refs = (struct bg_refs){ 0 };
	return 0;
}

static int refresh_trust(struct bg_store *s, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str tips = BG_STR_INIT;
	int rc = describe_trust(&tips, &s->refs, err);

	if (rc || (s->chain.n &&
		   bg_str_eq(bg_str_text(&tips), bg_str_text(&s->trust_tips))))
		return rc;
	return bg_store_load_trust(s, err);
}

static int in_transaction(struct bg_store *s,
			  int (*fn)(struct bg_store *, struct bg_error *),
			  struct bg_error *err)
{
	int rc = bg_index_begin(&s->index, err);

	if (!rc)
		rc = fn(s, err);
	if (!rc)
		rc = bg_index_commit(&s->index, err);
	if (rc)
		bg_index_rollback(&s->index);
	return rc;
}

static int update_once(struct bg_store *s, struct bg_error *err)
{
	bool any = true;
	int rc = bg_store_look(&any, s, err);

	return rc || !any ? rc : in_transaction(s, bg_store_fill_new, err);
}

/*
 * The file.
 */
static int index_dir(struct bg_str *out, const struct bg_store *s,
		     struct bg_error *err)
{
	const char *git_dir = bg_repo_git_dir(s->repo);
	struct bg_digest d;
	char genesis[13], id[33];

	bg_hex(genesis, s->chain.v[0]->digest.b, 6);
	if (s->has_install) {
		snprintf(id, sizeof(id), "%s", s->install.id);
	} else {
		/* A clone without an installation: one index a place. */
		if (bg_sha256(&d, git_dir, strlen(git_dir)))
			return bg_fail_oom(err);
		bg_hex(id, d.b, 8);
	}
	bg_str_addf(out, "%s/bg/%s-%s", s->places->cache_home, genesis, id);
	return bg_str_check(out, err);
}

/* On disk, or in memory when that cannot be: a cache never stands in the way
 * of an end. */
static int open_index(struct bg_store *s, bool in_memory, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str dir = BG_STR_INIT;
	struct bg_error why;
	bool fresh;
	int rc = index_dir(&dir, s, err);

	for (int tries = 0; !rc && !in_memory && tries < 2; tries++) {
		rc = bg_index_open(&s->index, &fresh, dir.buf, s->repo,
				   &s->chain.v[0]->digest, &why);
		if (!rc)
			return 0;
		if (rc == BG_EBUSY) {
			bg_index_close(&s->index);
			*err = why;
			return rc;
		}
		rc = 0;
		if (!strcmp(why.id, "index-corrupt"))
			bg_index_delete(&s->index);
		else
			bg_index_close(&s->index);
	}
	if (!rc)
		rc = bg_index_open(&s->index, &fresh, NULL, s->repo,
				   &s->chain.v[0]->digest, err);
	return rc;
}

/* Once more after throwing a damaged index away, or in memory when the disk is
 * full. */
static int with_repair(struct bg_store *s,
		       int (*fn)(struct bg_store *, struct bg_error *),
		       struct bg_error *err)
{
	struct bg_error why;
	int rc = fn(s, &why);
	bool damaged = rc && !strcmp(why.id, "index-corrupt");
	bool full = rc == BG_ENOSPC || (rc && !strcmp(why.id, "index"));

	if (!damaged && !full) {
		if (rc)
			*err = why;
		return rc;
	}
	if (damaged)
		bg_index_delete(&s->index);
	else
		bg_index_close(&s->index);
	rc = open_index(s, full, err);
	if (!rc)
		rc = in_transaction(s, bg_store_fill_whole, err);
	return rc;
}

int bg_store_update(struct bg_store *s, struct bg_error *err)
{
	int rc = bg_store_read_refs(s, err);

	if (!rc)
		rc = refresh_trust(s, err);
	return rc ? rc : with_repair(s, update_once, err);
}

static int take_once(struct bg_store *s, struct bg_error *err)
{
	return in_transaction(s, bg_store_fill_taken, err);
}

int bg_store_take(struct bg_store *s, const struct bg_event *e,
		  struct bg_error *err)
{
	char full[BG_WRITER_MAX + 32];
	int rc;

	snprintf(full, sizeof(full), BG_LOG_PREFIX "%s", e->writer);
	s->taking = (struct bg_ref){
		.full = full,
		.name = full + strlen("refs/heads/"),
		.oid = e->commit,
	};
	rc = with_repair(s, take_once, err);
	s->taking = (struct bg_ref){ 0 };
	return rc;
}

/*
 * Opening.
 */
static int open_install(struct bg_store *s, const struct bg_store_options *opt,
			struct bg_error *err)
{
	struct bg_error why;
	int rc = bg_install_open(&s->install, s->repo, opt->places, &why);

	s->has_install = !rc;
	if (rc && (rc != BG_ENOENT || opt->need_install)) {
		*err = why;
		return rc;
	}
	return 0;
}

static int find_anchor(struct bg_store *s, struct bg_error *err)
{
	int rc;

	if (s->has_install && s->install.has_anchor) {
		s->anchor = s->install.genesis;
		s->anchored = true;
		return 0;
	}
	if (!s->places->anchor)
		return 0;
	rc = bg_anchor_parse(&s->anchor, s->places->anchor, err);
	s->anchored = !rc;
	return rc;
}

int bg_store_open(struct bg_store **out, const struct bg_store_options *opt,
		  struct bg_error *err)
{
	BG_AUTO(store) struct bg_store *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return bg_fail_oom(err);
	s->places = opt->places;
	s->judge = opt->judge;
	s->judge_loose = opt->judge_loose;
	rc = bg_repo_open(&s->repo, opt->path, opt->search, err);
	if (!rc)
		rc = open_install(s, opt, err);
	if (!rc)
		rc = find_anchor(s, err);
	if (!rc)
		rc = bg_store_read_refs(s, err);
	if (!rc)
		rc = bg_store_load_trust(s, err);
	if (!rc)
		rc = open_index(s, false, err);
	if (!rc)
		rc = with_repair(s, update_once, err);
	if (rc)
		return rc;
	*out = bg_move(s);
	return 0;
}

void bg_store_close(struct bg_store *s)
{
	if (s->index.path)
		bg_index_close(&s->index);
	for (int h = 0; h < 2; h++)
		if (s->hands[h].signer)
			bg_signer_close(s->hands[h].signer);
	for (size_t i = 0; i < s->old.n; i++)
		bg_trust_chain_release(&s->old.v[i]);
	bg_vec_release(&s->old);
	bg_trust_chain_release(&s->chain);
	bg_findings_release(&s->trust_findings);
	bg_str_release(&s->trust_tips);
	bg_refs_release(&s->refs);
	if (s->has_install)
		bg_install_close(&s->install);
	if (s->repo)
		bg_repo_close(s->repo);
	free(s);
}
