/*
 * From refs to rows: which logs moved, reading what is new through the one
 * reader, storing it.
 */
#include <stdio.h>
#include <string.h>

#include "evidence/reader.h"
#include "evidence/store_priv.h"

#define REBUILD 2 /* not an error: read everything again */

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
			 struct bg_roots *roots, struct bg_error *err)
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
			rc = bg_store_touch(roots, s, e, err);
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
	struct bg_roots roots = { 0 };
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
		rc = bg_store_touch_active(&roots, s, err);
	if (!rc)
		rc = bg_store_judge_loose(s, &h, err);
	if (!rc)
		rc = bg_store_judge(s, &roots, err);
	if (!rc)
		rc = store_refs(s, refs, err);
	if (!rc && h.incomplete)
		rc = bg_index_put(&s->index, "waiting", 1, err);
	bg_vec_release(&roots.v);
	bg_vec_release(&all.list);
	return rc;
}

/* Inside a transaction. */
int bg_store_fill_whole(struct bg_store *s, struct bg_error *err)
{
	bool changed, again = false;
	int rc = bg_index_clear(&s->index, err);

	if (!rc)
		rc = look_at_trust(&changed, &again, s, err);
	return rc ? rc : fill(s, NULL, true, false, err);
}

int bg_store_fill_new(struct bg_store *s, struct bg_error *err)
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
		rc = bg_store_fill_whole(s, err);
	bg_vec_release(&c.refs.list);
	return rc;
}

/* Is there anything to do?  Reads tips only, and takes no lock. */
int bg_store_look(bool *any, struct bg_store *s, struct bg_error *err)
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

/* The own log's new commit and nothing else: no refs are listed. */
int bg_store_fill_taken(struct bg_store *s, struct bg_error *err)
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
		rc = bg_store_read_refs(s, err);
		if (!rc)
			rc = bg_store_fill_whole(s, err);
	}
	return rc;
}
