#include <stdio.h>
#include <string.h>

#include "evidence/index.h"

/*
 * What an event knows of its grant: for each log the highest seq, as
 * "log seq\n" lines.  Knowing an event is knowing the earlier events of the
 * grant on its log, so this says all (lifecycle.md "Seen").
 */
struct known_log {
	const char *log;
	uint64_t seq;
};
struct knowledge {
	BG_VEC(struct known_log) v;
};

static int learn(struct knowledge *k, struct bg_arena *a, const char *log,
		 size_t n, uint64_t seq)
{
	struct known_log made;

	for (size_t i = 0; i < k->v.n; i++)
		if (strlen(k->v.v[i].log) == n &&
		    !memcmp(k->v.v[i].log, log, n)) {
			if (k->v.v[i].seq < seq)
				k->v.v[i].seq = seq;
			return 0;
		}
	made.log = bg_arena_strndup(a, log, n);
	made.seq = seq;
	return made.log && !bg_vec_push(&k->v, made) ? 0 : -1;
}

static int learn_text(struct knowledge *k, struct bg_arena *a, const char *text)
{
	while (text && *text) {
		const char *space = strchr(text, ' ');
		char *end;
		uint64_t seq;

		if (!space)
			return 0;
		seq = strtoull(space + 1, &end, 10);
		if (learn(k, a, text, (size_t)(space - text), seq))
			return -1;
		text = *end ? end + 1 : end;
	}
	return 0;
}

static uint64_t knows_of(const char *text, const char *log)
{
	size_t n = strlen(log);

	while (text && *text) {
		const char *line = strchr(text, '\n');

		if (!strncmp(text, log, n) && text[n] == ' ')
			return strtoull(text + n + 1, NULL, 10);
		text = line ? line + 1 : NULL;
	}
	return 0;
}

static const struct bg_digest *root_of(const struct bg_event *e)
{
	if (e->type == BG_EV_ACTIVATE || e->type == BG_EV_DECLARE)
		return &e->digest;
	return e->grant && e->n_answers ? &e->answers[0] : NULL;
}

/* What one earlier event of the grant knew. */
static int learn_from(struct knowledge *k, struct bg_arena *a,
		      struct bg_index *ix, sqlite3_stmt *st,
		      struct bg_error *err)
{
	int rc = bg_index_step(ix, st, err);

	if (rc != 1)
		return rc;
	rc = learn_text(k, a, (const char *)sqlite3_column_text(st, 0));
	sqlite3_reset(st);
	return rc ? bg_fail_oom(err) : 0;
}

static int gather(struct knowledge *k, struct bg_arena *a, struct bg_index *ix,
		  const struct bg_event *e, const struct bg_digest *root,
		  struct bg_error *err)
{
	sqlite3_stmt *st;
	int rc = bg_index_stmt(&st, ix, err,
			       "SELECT knows FROM event WHERE root = ? AND "
			       "log = ? AND seq < ? AND NOT wrong "
			       "ORDER BY seq DESC LIMIT 1",
			       "dti", root, e->writer, (int64_t)e->seq);

	if (!rc)
		rc = learn_from(k, a, ix, st, err);
	for (size_t i = 0; !rc && i < e->n_answers; i++) {
		rc = bg_index_stmt(&st, ix, err,
				   "SELECT knows FROM event WHERE digest = ? "
				   "AND root = ?",
				   "dd", &e->answers[i], root);
		if (!rc)
			rc = learn_from(k, a, ix, st, err);
	}
	if (!rc && learn(k, a, e->writer, strlen(e->writer), e->seq))
		rc = bg_fail_oom(err);
	return rc;
}

static int knowledge_text(struct bg_str *out, struct bg_index *ix,
			  const struct bg_event *e,
			  const struct bg_digest *root, struct bg_error *err)
{
	BG_AUTO(arena) struct bg_arena arena = BG_ARENA_INIT;
	struct knowledge k = { 0 };
	int rc = gather(&k, &arena, ix, e, root, err);

	for (size_t i = 0; !rc && i < k.v.n; i++)
		bg_str_addf(out, "%s %llu\n", k.v.v[i].log,
			    (unsigned long long)k.v.v[i].seq);
	bg_vec_release(&k.v);
	return rc ? rc : bg_str_check(out, err);
}

static const char *identity_of(const struct bg_event *e)
{
	if (e->type == BG_EV_ACTIVATE || e->type == BG_EV_DECLARE ||
	    e->type == BG_EV_ROTATE)
		return bg_json_text(e->data, "identity");
	return NULL;
}

static int count(struct bg_index *ix, const char *key, struct bg_error *err)
{
	return bg_index_run(ix, err,
			    "INSERT INTO meta VALUES(?, 1) ON CONFLICT(key) "
			    "DO UPDATE SET value = value + 1",
			    "t", key);
}

static int add_grant(struct bg_index *ix, const struct bg_event *e,
		     struct bg_error *err)
{
	const json_t *policy = json_object_get(e->data, "policy");
	int rc = bg_index_run(
		ix, err,
		"INSERT OR IGNORE INTO grants VALUES(?, ?, ?, ?, ?, ?, ?, ?,"
		" 0, 1, ?, 0, NULL)",
		"dttttttti", &e->digest, e->grant, e->grant + 12,
		bg_json_text(policy, "name"), bg_json_text(e->data, "scope"),
		bg_json_text(e->data, "identity"), e->by,
		bg_json_text(e->data, "beneficiary"), e->at_ms);

	return rc ? rc : count(ix, "grants", err);
}

int bg_index_add_event(struct bg_index *ix, const struct bg_event *e,
		       struct bg_error *err)
{
	BG_AUTO(str) struct bg_str knows = BG_STR_INIT;
	const struct bg_digest *root = root_of(e);
	int rc = 0;

	if (root)
		rc = knowledge_text(&knows, ix, e, root, err);
	if (!rc)
		rc = bg_index_run(
			ix, err,
			"INSERT INTO event(digest, oid, log, seq, type, root,"
			" label, at, by_, identity, signer, floor, wrong,"
			" doubtful, knows)"
			" VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			"dotiidtittbiiit", &e->digest, &e->commit, e->writer,
			(int64_t)e->seq, (int64_t)e->type, root, e->grant,
			e->at_ms, e->by, identity_of(e), e->signer.b,
			(size_t)BG_FPR_LEN, (int64_t)e->floor,
			(int64_t)e->wrong, (int64_t)e->doubtful,
			bg_str_text(&knows));
	if (!rc)
		rc = count(ix, "events", err);
	if (!rc && root == &e->digest && !e->wrong)
		rc = add_grant(ix, e, err);
	return rc;
}

int bg_index_add_finding(struct bg_index *ix, const struct bg_finding *f,
			 int origin, struct bg_error *err)
{
	static const struct bg_digest none;

	return bg_index_run(
		ix, err, "INSERT INTO finding VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
		"ttodditi", f->id, f->ref, &f->commit, &f->event,
		bg_digest_eq(&f->grant, &none) ? NULL : &f->grant,
		(int64_t)(f->seq & INT64_MAX), f->text, (int64_t)origin);
}

int bg_index_add_bad(struct bg_index *ix, const struct bg_oid *commit,
		     struct bg_error *err)
{
	return bg_index_run(ix, err, "INSERT OR IGNORE INTO bad VALUES(?)", "o",
			    commit);
}

int bg_index_put_writer(struct bg_index *ix, const struct bg_writer *w,
			const struct bg_str *key, struct bg_error *err)
{
	return bg_index_run(
		ix, err,
		"INSERT INTO writer VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
		" ?, ?, ?) ON CONFLICT(name) DO UPDATE SET seq = excluded.seq,"
		" digest = excluded.digest, oid = excluded.oid,"
		" floor = excluded.floor, at = excluded.at,"
		" forked = excluded.forked, retired = excluded.retired",
		"tttiibbbidoiiii", w->name, w->principal, w->install,
		(int64_t)w->installation, (int64_t)w->listed, w->primary.b,
		(size_t)BG_FPR_LEN, w->signing.b, (size_t)BG_FPR_LEN, key->buf,
		key->len, (int64_t)w->seq, &w->digest, &w->commit,
		(int64_t)w->trust_version, w->at_ms, (int64_t)w->forked_seq,
		(int64_t)w->retired_seq);
}

int bg_index_put_grant(struct bg_index *ix, const struct bg_grant_row *row,
		       struct bg_error *err)
{
	return bg_index_run(
		ix, err,
		"UPDATE grants SET policy = ?, scope = ?, identity = ?,"
		" beneficiary = ?, state = ?, active = ?, window = ?,"
		" summary = ? WHERE root = ?",
		"ttttiiitd", row->policy, row->scope, row->identity,
		row->beneficiary, (int64_t)row->state, (int64_t)row->active,
		row->window_ms, row->summary, &row->root);
}

int bg_index_find(struct bg_known *out, struct bg_index *ix,
		  const struct bg_digest *digest, const struct bg_oid *commit,
		  struct bg_error *err)
{
	sqlite3_stmt *st;
	int rc;

	*out = (struct bg_known){ 0 };
	if (digest)
		rc = bg_index_stmt(&st, ix, err,
				   "SELECT digest, oid, wrong, floor, log "
				   "FROM event WHERE digest = ?",
				   "d", digest);
	else
		rc = bg_index_stmt(&st, ix, err,
				   "SELECT digest, oid, wrong, floor, log "
				   "FROM event WHERE oid = ?1 UNION ALL "
				   "SELECT NULL, oid, 1, 0, '' FROM bad "
				   "WHERE oid = ?1",
				   "o", commit);
	if (!rc)
		rc = bg_index_step(ix, st, err);
	if (rc != 1)
		return rc;
	bg_column_bytes(&out->digest, sizeof(out->digest), st, 0);
	bg_column_bytes(&out->commit, sizeof(out->commit), st, 1);
	out->wrong = sqlite3_column_int(st, 2);
	out->floor = (uint64_t)sqlite3_column_int64(st, 3);
	bg_column_text(out->writer, sizeof(out->writer), st, 4);
	sqlite3_reset(st);
	return 1;
}

int bg_index_writer(struct bg_writer *out, struct bg_index *ix,
		    const char *name, bool with_key, struct bg_error *err)
{
	sqlite3_stmt *st;
	int rc = bg_index_stmt(
		&st, ix, err,
		"SELECT name, principal, install, installation, listed, prim,"
		" signing, seq, digest, oid, floor, at, forked, retired, key"
		" FROM writer WHERE name = ?",
		"t", name);

	*out = (struct bg_writer){ 0 };
	if (!rc)
		rc = bg_index_step(ix, st, err);
	if (rc != 1)
		return rc;
	bg_index_writer_columns(out, st);
	rc = 0;
	if (with_key)
		rc = bg_keyblob_parse(&out->key, sqlite3_column_blob(st, 14),
				      (size_t)sqlite3_column_bytes(st, 14),
				      err);
	sqlite3_reset(st);
	return rc ? bg_wrap(err, "the index holds a bad key") : 1;
}

void bg_index_writer_columns(struct bg_writer *out, sqlite3_stmt *st)
{
	bg_column_text(out->name, sizeof(out->name), st, 0);
	bg_column_text(out->principal, sizeof(out->principal), st, 1);
	bg_column_text(out->install, sizeof(out->install), st, 2);
	out->installation = sqlite3_column_int(st, 3);
	out->listed = sqlite3_column_int(st, 4);
	bg_column_bytes(&out->primary, sizeof(out->primary), st, 5);
	bg_column_bytes(&out->signing, sizeof(out->signing), st, 6);
	out->seq = (uint64_t)sqlite3_column_int64(st, 7);
	bg_column_bytes(&out->digest, sizeof(out->digest), st, 8);
	bg_column_bytes(&out->commit, sizeof(out->commit), st, 9);
	out->trust_version = (uint64_t)sqlite3_column_int64(st, 10);
	out->at_ms = sqlite3_column_int64(st, 11);
	out->forked_seq = (uint64_t)sqlite3_column_int64(st, 12);
	out->retired_seq = (uint64_t)sqlite3_column_int64(st, 13);
}

/*
 * The frontier: of each other log the last event of the grant, unless another
 * of these knows it.
 */
struct last_event {
	struct bg_answer answer;
	uint64_t seq;
	const char *knows;
	int64_t at_ms;
};

static int by_newest(const void *a, const void *b)
{
	const struct last_event *x = a, *y = b;

	return x->at_ms < y->at_ms ? 1 : x->at_ms > y->at_ms ? -1 : 0;
}

static bool is_followed(const struct last_event *v, size_t n, size_t i)
{
	for (size_t j = 0; j < n; j++)
		if (j != i &&
		    knows_of(v[j].knows, v[i].answer.writer) >= v[i].seq)
			return true;
	return false;
}

static int read_last(struct last_event *out, sqlite3_stmt *st,
		     struct bg_arena *arena)
{
	bg_column_bytes(&out->answer.digest, sizeof(out->answer.digest), st, 0);
	bg_column_bytes(&out->answer.commit, sizeof(out->answer.commit), st, 1);
	out->answer.writer = bg_arena_strdup(
		arena, (const char *)sqlite3_column_text(st, 2));
	out->seq = (uint64_t)sqlite3_column_int64(st, 3);
	out->knows = bg_arena_strdup(arena,
				     (const char *)sqlite3_column_text(st, 4));
	out->at_ms = sqlite3_column_int64(st, 5);
	return out->answer.writer && out->knows ? 0 : -1;
}

int bg_index_frontier(struct bg_answer *out, size_t *n, size_t max,
		      struct bg_index *ix, struct bg_arena *arena,
		      const struct bg_digest *root, const char *own,
		      struct bg_error *err)
{
	BG_VEC(struct last_event) last = { 0 };
	struct last_event one;
	sqlite3_stmt *st;
	/* SQLite gives the bare columns of the row that has the maximum. */
	int rc = bg_index_stmt(&st, ix, err,
			       "SELECT digest, oid, log, max(seq), knows, at "
			       "FROM event WHERE root = ? AND log <> ? "
			       "AND NOT wrong GROUP BY log",
			       "dt", root, own);

	*n = 0;
	while (!rc && (rc = bg_index_step(ix, st, err)) == 1)
		rc = read_last(&one, st, arena) || bg_vec_push(&last, one)
			     ? bg_fail_oom(err)
			     : 0;
	if (!rc && last.n)
		qsort(last.v, last.n, sizeof(*last.v), by_newest);
	for (size_t i = 0; !rc && i < last.n && *n < max; i++)
		if (!is_followed(last.v, last.n, i))
			out[(*n)++] = last.v[i].answer;
	if (rc)
		sqlite3_reset(st);
	bg_vec_release(&last);
	return rc;
}
