#include <stdio.h>
#include <string.h>

#include "evidence/reader.h"
#include "evidence/store_priv.h"

#define REBUILD 2 /* not an error: read everything again */

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

static int read_refs(struct bg_store *s, struct bg_error *err)
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

/*
 * What the index knows, for the reader.
 */
struct known_arg {
	struct bg_store *s;
	struct bg_error err;
	bool failed;
};

static bool known_event(void *arg, const struct bg_digest *digest,
			const struct bg_oid *commit, struct bg_known *out)
{
	struct known_arg *k = arg;
	struct bg_error err;
	int rc = bg_index_find(out, &k->s->index, digest, commit, &err);

	if (rc < 0 && !k->failed) {
		k->failed = true;
		k->err = err;
	}
	return rc == 1;
}

static bool known_writer(void *arg, const char *name, struct bg_writer *out)
{
	struct known_arg *k = arg;
	struct bg_error err;
	int rc = bg_index_writer(out, &k->s->index, name, true, &err);

	if (rc < 0 && !k->failed) {
		k->failed = true;
		k->err = err;
	}
	return rc == 1;
}

static size_t live_writers(void *arg, const char *principal)
{
	struct known_arg *k = arg;
	struct bg_error err;
	sqlite3_stmt *st;
	size_t n = 0;

	if (bg_index_stmt(&st, &k->s->index, &err,
			  "SELECT count(*) FROM writer WHERE principal = ? AND "
			  "NOT installation AND NOT retired",
			  "t", principal))
		return 0;
	if (bg_index_step(&k->s->index, st, &err) == 1)
		n = (size_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return n;
}

/*
 * What changed.
 */
static bool is_log(const struct bg_ref *r)
{
	return bg_starts_with(r->name, "log/");
}

/* -1: no row; else whether it has this commit. */
static int ref_is_at(struct bg_store *s, const struct bg_ref *r,
		     struct bg_oid *was, struct bg_error *err)
{
	sqlite3_stmt *st;
	int rc = bg_index_stmt(&st, &s->index, err,
			       "SELECT oid FROM ref WHERE name = ?", "t",
			       r->full);

	if (!rc)
		rc = bg_index_step(&s->index, st, err);
	if (rc != 1)
		return rc < 0 ? -2 : -1;
	bg_column_bytes(was, sizeof(*was), st, 0);
	sqlite3_reset(st);
	return bg_oid_eq(was, &r->oid);
}

/* Does to follow from, going down from to until something that is known? */
static int descends(bool *out, struct bg_store *s, const struct bg_oid *from,
		    const struct bg_oid *to, struct bg_error *err)
{
	struct bg_oid at = *to;

	*out = false;
	for (;;) {
		BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
		BG_AUTO(commit) struct bg_commit c = { 0 };
		struct bg_error ignored;
		enum bg_object_kind kind;
		struct bg_known known;
		int rc;

		if (bg_oid_eq(&at, from)) {
			*out = true;
			return 0;
		}
		rc = bg_index_find(&known, &s->index, NULL, &at, err);
		if (rc)
			return rc < 0 ? rc : 0;
		if (bg_repo_read(&raw, &kind, s->repo, &at, &ignored) ||
		    bg_commit_parse(&c, raw.buf, raw.len, &ignored) ||
		    !c.n_parents)
			return 0;
		at = c.parents[0];
	}
}

struct change {
	struct bg_refs refs; /* borrowed entries: logs that moved */
	bool rebuild;
	size_t logs;
};

static int look_at_ref(struct change *c, struct bg_store *s,
		       const struct bg_ref *r, struct bg_error *err)
{
	struct bg_oid was;
	int at = ref_is_at(s, r, &was, err);
	bool follows = true;
	int rc = 0;

	c->logs++;
	if (at == -2)
		return err->code;
	if (at == 1)
		return 0;
	if (at == 0)
		rc = descends(&follows, s, &was, &r->oid, err);
	if (rc)
		return rc;
	if (!follows)
		c->rebuild = true;
	return bg_vec_push(&c->refs.list, *r) ? bg_fail_oom(err) : 0;
}

static int count_refs(int64_t *out, struct bg_store *s, struct bg_error *err)
{
	sqlite3_stmt *st;
	int rc = bg_index_stmt(&st, &s->index, err, "SELECT count(*) FROM ref",
			       "");

	if (!rc)
		rc = bg_index_step(&s->index, st, err);
	if (rc == 1)
		*out = sqlite3_column_int64(st, 0);
	if (rc >= 0)
		sqlite3_reset(st);
	return rc < 0 ? rc : 0;
}

/* Which logs moved; a log that is gone, or that moved to something that does
 * not follow, makes the whole index doubtful. */
static int find_changes(struct change *c, struct bg_store *s,
			struct bg_error *err)
{
	int64_t rows = 0, fresh = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < s->refs.list.n; i++)
		if (is_log(&s->refs.list.v[i]))
			rc = look_at_ref(c, s, &s->refs.list.v[i], err);
	if (!rc)
		rc = count_refs(&rows, s, err);
	for (size_t i = 0; !rc && i < c->refs.list.n; i++) {
		struct bg_oid was;

		fresh += ref_is_at(s, &c->refs.list.v[i], &was, err) == -1;
	}
	if (!rc && rows + fresh != (int64_t)c->logs)
		c->rebuild = true;
	return rc;
}

/*
 * Judging.
 */
struct roots {
	BG_VEC(struct bg_digest) v;
};

static int add_root(struct roots *r, const struct bg_digest *d)
{
	return bg_vec_push(&r->v, *d);
}

/* Sorted, each once. */
static void unique_roots(struct roots *r)
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

static int add_roots(struct roots *out, struct bg_index *ix, sqlite3_stmt *st,
		     struct bg_error *err)
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
static int touch(struct roots *out, struct bg_store *s,
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

static int touch_active(struct roots *out, struct bg_store *s,
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

static int judge_all(struct bg_store *s, struct roots *roots,
		     struct bg_error *err)
{
	int rc = 0;

	unique_roots(roots);
	for (size_t i = 0; !rc && s->judge && i < roots->v.n; i++)
		rc = judge_grant(s, &roots->v.v[i], err);
	return rc;
}

/* Events without a grant are judged once, when they are new. */
static int judge_loose(struct bg_store *s, struct bg_history *h,
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

/*
 * Storing.
 */
static int store_writer(struct bg_store *s, const struct bg_history *h,
			const struct bg_writer *w, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str key = BG_STR_INIT;
	int rc = 0;

	for (size_t i = 0; !rc && i < h->events.n; i++) {
		const struct bg_event *e = h->events.v[i];

		if (e->seq == 1 && !e->wrong && !strcmp(e->writer, w->name)) {
			rc = bg_base64_decode(
				&key, bg_json_text(e->data, "key"), err);
			break;
		}
	}
	return rc ? rc : bg_index_put_writer(&s->index, w, &key, err);
}

static int store_findings(struct bg_store *s, const struct bg_history *h,
			  struct bg_error *err)
{
	static const struct bg_digest none;
	int rc = 0;

	for (size_t i = 0; !rc && i < h->findings.list.n; i++) {
		const struct bg_finding *f = &h->findings.list.v[i];
		struct bg_known known;

		rc = bg_index_add_finding(&s->index, f, BG_READER, err);
		if (rc || f->class != BG_WRONG)
			continue;
		rc = bg_digest_eq(&f->event, &none)
			     ? 0
			     : bg_index_find(&known, &s->index, &f->event, NULL,
					     err);
		if (!rc)
			rc = bg_index_add_bad(&s->index, &f->commit, err);
		else if (rc > 0)
			rc = 0;
	}
	return rc;
}

static int store_refs(struct bg_store *s, const struct bg_refs *refs,
		      struct bg_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < refs->list.n; i++)
		rc = bg_index_run(&s->index, err,
				  "INSERT OR REPLACE INTO ref VALUES(?, ?)",
				  "to", refs->list.v[i].full,
				  &refs->list.v[i].oid);
	return rc;
}

static int store_history(struct bg_store *s, const struct bg_history *h,
			 struct roots *roots, struct bg_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < h->events.n; i++) {
		const struct bg_event *e = h->events.v[h->causal[i]];
		struct bg_known known;

		rc = bg_index_find(&known, &s->index, &e->digest, NULL, err);
		if (rc == 1) { /* another encoding of it is here */
			rc = 0;
			continue;
		}
		if (!rc)
			rc = bg_index_add_event(&s->index, e, err);
		if (!rc)
			rc = touch(roots, s, e, err);
	}
	for (size_t i = 0; !rc && i < h->writers.n; i++)
		rc = store_writer(s, h, &h->writers.v[i], err);
	if (!rc)
		rc = store_findings(s, h, err);
	return rc;
}

/*
 * Reading what is new.
 */
static int read_history(struct bg_history *h, struct bg_store *s,
			const struct bg_refs *refs, bool whole,
			struct bg_error *err)
{
	struct known_arg arg = { .s = s };
	const struct bg_history_from from = {
		.find = known_event,
		.writer = known_writer,
		.live = live_writers,
		.arg = &arg,
	};
	const struct bg_history_options opt = {
		.engine_native = true,
		.from = whole ? NULL : &from,
	};
	int rc = bg_history_read_refs(h, s->repo, refs, &s->chain, NULL, &opt,
				      err);

	if (!rc && arg.failed) {
		*err = arg.err;
		rc = err->code;
	}
	return rc;
}

/* Sections of trust that reach back over events that were judged already: a
 * change of one of them has everything read again. */
static int describe_reach(struct bg_str *out, const struct bg_trust *t,
			  struct bg_error *err)
{
	char hex[BG_DIGEST_TEXT + 1];

	for (size_t i = 0; i < t->n_retired; i++) {
		const struct bg_retirement *r = &t->retired[i];

		bg_str_addf(out, "retired %s %lld\n", r->name ? r->name : "",
			    (long long)r->at_ms);
		for (size_t k = 0; k < r->n_logs; k++) {
			bg_digest_format(hex, &r->logs[k].digest);
			bg_str_addf(out, " %s %llu %s\n", r->logs[k].writer,
				    (unsigned long long)r->logs[k].seq, hex);
		}
	}
	for (size_t i = 0; i < t->n_compromised; i++) {
		bg_fpr_format(hex, &t->compromised[i].key);
		bg_str_addf(out, "compromised %s %s %lld\n",
			    t->compromised[i].name, hex,
			    (long long)t->compromised[i].since_ms);
	}
	for (size_t i = 0; i < t->n_suspended; i++)
		bg_str_addf(out, "suspended %s\n", t->suspended[i].name);
	for (size_t i = 0; i < t->n_abandoned; i++) {
		bg_digest_format(hex, &t->abandoned[i].digest);
		bg_str_addf(out, "abandoned %s\n", hex);
	}
	return bg_str_check(out, err);
}

/* What a new version of trust asks for: nothing, judging what is active again,
 * or everything. */
static int look_at_trust(bool *changed, bool *rebuild, struct bg_store *s,
			 struct bg_error *err)
{
	const struct bg_trust *t = bg_trust_chain_newest(&s->chain);
	BG_AUTO(str) struct bg_str had = BG_STR_INIT;
	BG_AUTO(str) struct bg_str reach = BG_STR_INIT;
	BG_AUTO(str) struct bg_str now = BG_STR_INIT;
	char hex[BG_DIGEST_TEXT + 1];
	int rc = bg_index_get_text(&had, &s->index, "trust", err);

	bg_digest_format(hex, &t->digest);
	*changed = !rc && !bg_str_eq(bg_str_text(&had), hex);
	if (rc || !*changed)
		return rc;
	rc = bg_index_get_text(&reach, &s->index, "reach", err);
	if (!rc)
		rc = describe_reach(&now, t, err);
	if (!rc && had.len &&
	    !bg_str_eq(bg_str_text(&reach), bg_str_text(&now)))
		*rebuild = true;
	if (!rc)
		rc = bg_index_put_text(&s->index, "trust", hex, err);
	if (!rc)
		rc = bg_index_put_text(&s->index, "reach", bg_str_text(&now),
				       err);
	return rc;
}

static int logs_of(struct bg_refs *out, const struct bg_store *s,
		   struct bg_error *err)
{
	for (size_t i = 0; i < s->refs.list.n; i++)
		if (is_log(&s->refs.list.v[i]) &&
		    bg_vec_push(&out->list, s->refs.list.v[i]))
			return bg_fail_oom(err);
	return 0;
}

/* Read, store and judge what is new (refs), or everything.  Inside a
 * transaction.  REBUILD when what is new contradicts what is stored. */
static int fill(struct bg_store *s, const struct bg_refs *refs, bool whole,
		bool trust_changed, struct bg_error *err)
{
	BG_AUTO(history) struct bg_history h = { 0 };
	struct bg_refs all = { 0 };
	struct roots roots = { 0 };
	int rc = 0;

	if (whole) {
		rc = logs_of(&all, s, err);
		refs = &all;
	}
	if (!rc)
		rc = read_history(&h, s, refs, whole, err);
	if (!rc && h.rebuild && !whole) {
		bg_vec_release(&all.list);
		return REBUILD;
	}
	if (!rc)
		rc = store_history(s, &h, &roots, err);
	if (!rc && trust_changed)
		rc = touch_active(&roots, s, err);
	if (!rc)
		rc = judge_loose(s, &h, err);
	if (!rc)
		rc = judge_all(s, &roots, err);
	if (!rc)
		rc = store_refs(s, refs, err);
	if (!rc && h.incomplete)
		rc = bg_index_put(&s->index, "waiting", 1, err);
	bg_vec_release(&roots.v);
	bg_vec_release(&all.list);
	return rc;
}

/* Inside a transaction. */
static int fill_whole(struct bg_store *s, struct bg_error *err)
{
	bool changed, again = false;
	int rc = bg_index_clear(&s->index, err);

	if (!rc)
		rc = look_at_trust(&changed, &again, s, err);
	return rc ? rc : fill(s, NULL, true, false, err);
}

static int update_locked(struct bg_store *s, struct bg_error *err)
{
	struct change c = { 0 };
	int64_t waiting = 0;
	bool trust = false;
	int rc = look_at_trust(&trust, &c.rebuild, s, err);

	if (!rc)
		rc = find_changes(&c, s, err);
	if (!rc)
		rc = bg_index_get(&waiting, &s->index, "waiting", err);
	if (!rc && waiting && (trust || c.refs.list.n))
		c.rebuild = true;
	if (!rc && !c.rebuild && (trust || c.refs.list.n))
		rc = fill(s, &c.refs, false, trust, err);
	if (rc == REBUILD || (!rc && c.rebuild))
		rc = fill_whole(s, err);
	bg_vec_release(&c.refs.list);
	return rc;
}

/* Is there anything to do?  Reads tips only, and takes no lock. */
static int look(bool *any, struct bg_store *s, struct bg_error *err)
{
	const struct bg_trust *t = bg_trust_chain_newest(&s->chain);
	BG_AUTO(str) struct bg_str had = BG_STR_INIT;
	struct change c = { 0 };
	char hex[BG_DIGEST_TEXT + 1];
	int rc = bg_index_get_text(&had, &s->index, "trust", err);

	bg_digest_format(hex, &t->digest);
	if (!rc)
		rc = find_changes(&c, s, err);
	*any = c.rebuild || c.refs.list.n || !bg_str_eq(bg_str_text(&had), hex);
	bg_vec_release(&c.refs.list);
	return rc;
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
	int rc = look(&any, s, err);

	return rc || !any ? rc : in_transaction(s, update_locked, err);
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
		rc = in_transaction(s, fill_whole, err);
	return rc;
}

int bg_store_rebuild(struct bg_store *s, struct bg_error *err)
{
	bg_index_delete(&s->index);
	return open_index(s, false, err) ? err->code : bg_store_update(s, err);
}

int bg_store_update(struct bg_store *s, struct bg_error *err)
{
	int rc = read_refs(s, err);

	if (!rc)
		rc = refresh_trust(s, err);
	return rc ? rc : with_repair(s, update_once, err);
}

/* The own log's new commit and nothing else: no refs are listed. */
static int take_locked(struct bg_store *s, struct bg_error *err)
{
	struct bg_refs one = { 0 };
	struct bg_known known;
	int rc = bg_index_find(&known, &s->index, NULL, &s->taking.oid, err);

	if (rc)
		return rc < 0 ? rc : 0; /* another process read it already */
	if (bg_vec_push(&one.list, s->taking))
		return bg_fail_oom(err);
	rc = fill(s, &one, false, false, err);
	bg_vec_release(&one.list);
	if (rc == REBUILD) {
		rc = read_refs(s, err);
		if (!rc)
			rc = fill_whole(s, err);
	}
	return rc;
}

static int take_once(struct bg_store *s, struct bg_error *err)
{
	return in_transaction(s, take_locked, err);
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
		rc = read_refs(s, err);
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
