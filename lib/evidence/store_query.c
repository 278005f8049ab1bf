#include <stdio.h>
#include <string.h>

#include "evidence/record.h"
#include "evidence/store_priv.h"

struct bg_repo *bg_store_repo(struct bg_store *s)
{
	return s->repo;
}

struct bg_install *bg_store_install(struct bg_store *s)
{
	return s->has_install ? &s->install : NULL;
}

const struct bg_places *bg_store_places(const struct bg_store *s)
{
	return s->places;
}

bool bg_store_anchored(const struct bg_store *s)
{
	return s->anchored;
}

const struct bg_digest *bg_store_genesis(const struct bg_store *s)
{
	return &s->chain.v[0]->digest;
}

const struct bg_trust *bg_store_trust(const struct bg_store *s)
{
	return bg_trust_chain_newest(&s->chain);
}

const struct bg_trust *bg_store_trust_version(const struct bg_store *s,
					      uint64_t version,
					      const struct bg_digest *digest)
{
	return bg_trust_chain_find(&s->chain, version, digest);
}

/*
 * Events.
 */
void bg_event_free(struct bg_event *e)
{
	bg_event_release(e);
	free(e);
}

void bg_event_list_release(struct bg_event_list *l)
{
	for (size_t i = 0; i < l->list.n; i++)
		bg_event_free(l->list.v[i]);
	bg_vec_release(&l->list);
}

int bg_store_load_event(struct bg_event **out, struct bg_store *s,
			const struct bg_oid *oid, bool wrong, bool doubtful,
			struct bg_error *err)
{
	BG_AUTO(record) struct bg_record r = { .has_commit = false };
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	enum bg_object_kind kind;
	struct bg_error ignored;
	int rc = bg_repo_read(&raw, &kind, s->repo, oid, err);

	if (rc)
		return rc;
	/* A wrong event is kept as far as it could be understood. */
	rc = bg_record_parse(&r, oid, raw.buf, raw.len, &ignored);
	if (rc && !(wrong && r.has_event)) {
		*err = ignored;
		return bg_wrap(err, "reading an event that is indexed");
	}
	*out = malloc(sizeof(**out));
	if (!*out)
		return bg_fail_oom(err);
	**out = r.event;
	r.event = (struct bg_event){ 0 };
	(*out)->wrong = wrong;
	(*out)->doubtful = doubtful;
	return 0;
}

int bg_store_load_rows(struct bg_event_list *out, struct bg_store *s,
		       sqlite3_stmt *st, int mask, struct bg_error *err)
{
	int rc;

	while ((rc = bg_index_step(&s->index, st, err)) == 1) {
		struct bg_event *e = NULL;
		struct bg_oid oid;

		bg_column_bytes(&oid, sizeof(oid), st, 0);
		rc = bg_store_load_event(&e, s, &oid,
					 sqlite3_column_int(st, 1) & mask,
					 sqlite3_column_int(st, 2) & mask, err);
		if (!rc && bg_vec_push(&out->list, e)) {
			bg_event_free(e);
			rc = bg_fail_oom(err);
		}
		if (rc) {
			sqlite3_reset(st);
			return rc;
		}
	}
	return rc;
}

int bg_store_grant_events(struct bg_event_list *out, struct bg_store *s,
			  const struct bg_digest *root, struct bg_error *err)
{
	sqlite3_stmt *st;
	int rc = bg_index_stmt(&st, &s->index, err,
			       "SELECT oid, wrong, doubtful FROM event "
			       "WHERE root = ? ORDER BY log, seq",
			       "d", root);

	if (!rc)
		rc = bg_store_load_rows(out, s, st, BG_READER | BG_JUDGE, err);
	return rc;
}

/* One condition of a query whose text depends on what was asked. */
struct query {
	struct bg_str sql;
	bool where;
	size_t n;
	struct {
		const char *text;
		const void *blob;
		int64_t number;
	} arg[12];
};

static void condition(struct query *q, const char *sql)
{
	bg_str_add(&q->sql, q->where ? " AND " : " WHERE ");
	bg_str_add(&q->sql, sql);
	q->where = true;
}

static void with_text(struct query *q, const char *sql, const char *text)
{
	if (!text)
		return;
	condition(q, sql);
	q->arg[q->n++].text = text;
}

static void with_number(struct query *q, const char *sql, int64_t number)
{
	condition(q, sql);
	q->arg[q->n++].number = number;
}

static void with_digest(struct query *q, const char *sql, const void *digest)
{
	if (!digest)
		return;
	condition(q, sql);
	q->arg[q->n++].blob = digest;
}

static int prepare_query(sqlite3_stmt **out, struct bg_store *s,
			 struct query *q, struct bg_error *err)
{
	int code = 0, rc = bg_str_check(&q->sql, err);

	if (rc)
		return rc;
	code = sqlite3_prepare_v2(s->index.db, q->sql.buf, -1, out, NULL);
	for (size_t i = 0; !code && i < q->n; i++) {
		int at = (int)i + 1;

		if (q->arg[i].text)
			code = sqlite3_bind_text(*out, at, q->arg[i].text, -1,
						 SQLITE_TRANSIENT);
		else if (q->arg[i].blob)
			code = sqlite3_bind_blob(*out, at, q->arg[i].blob,
						 sizeof(struct bg_digest),
						 SQLITE_TRANSIENT);
		else
			code = sqlite3_bind_int64(*out, at, q->arg[i].number);
	}
	if (code)
		return bg_fail(err, BG_EFAIL, "index-corrupt",
			       "the index '%s': %s", s->index.path,
			       sqlite3_errmsg(s->index.db));
	return 0;
}

int bg_store_events(struct bg_event_list *out, struct bg_store *s,
		    const struct bg_event_query *q, struct bg_error *err)
{
	struct query sql = { .sql = BG_STR_INIT };
	sqlite3_stmt *st = NULL;
	int type = q->type ? bg_event_type_parse(q->type) : -1;
	int rc;

	if (q->type && type < 0)
		return bg_fail(err, BG_ENOENT, "no-such-type",
			       "no event type '%s'", q->type);
	bg_str_add(&sql.sql, "SELECT oid, wrong, doubtful FROM event");
	if (q->type)
		with_number(&sql, "type = ?", type);
	with_text(&sql, "by_ = ?", q->by);
	with_text(&sql, "log = ?", q->writer);
	with_text(&sql, "identity = ?", q->identity);
	with_digest(&sql, "root = ?", q->root);
	if (q->since_ms)
		with_number(&sql, "at >= ?", q->since_ms);
	if (q->until_ms)
		with_number(&sql, "at <= ?", q->until_ms);
	if (q->no_grant)
		condition(&sql, "root IS NULL");
	bg_str_add(&sql.sql, " ORDER BY at DESC, id DESC");
	if (q->limit)
		bg_str_addf(&sql.sql, " LIMIT %zu", q->limit);
	rc = prepare_query(&st, s, &sql, err);
	if (!rc)
		rc = bg_store_load_rows(out, s, st, BG_READER | BG_JUDGE, err);
	sqlite3_finalize(st);
	bg_str_release(&sql.sql);
	return rc;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The range of n-byte values that begin with these hex digits. */
static bool hex_range(unsigned char *lo, unsigned char *hi, size_t n,
		      const char *hex)
{
	size_t digits = strlen(hex);

	if (digits < 4 || digits > 2 * n)
		return false;
	memset(lo, 0, n);
	memset(hi, 0xff, n);
	for (size_t i = 0; i < digits; i++) {
		int v = hex_value(hex[i]);
		unsigned shift = i % 2 ? 0 : 4;

		if (v < 0)
			return false;
		lo[i / 2] |= (unsigned char)(v << shift);
		hi[i / 2] &=
			(unsigned char)(v << shift | (i % 2 ? 0xf0 : 0x0f));
	}
	return true;
}

static int find_name(sqlite3_stmt **st, struct bg_store *s, const char *hex,
		     struct bg_error *err)
{
	unsigned char lo[32], hi[32], clo[20], chi[20];

	if (!hex_range(lo, hi, sizeof(lo), hex))
		return bg_fail(err, BG_ENOENT, "no-such-event",
			       "'%s' is no event's name", hex);
	if (!hex_range(clo, chi, sizeof(clo), hex)) {
		memset(clo, 0xff, sizeof(clo));
		memset(chi, 0, sizeof(chi));
	}
	return bg_index_stmt(st, &s->index, err,
			     "SELECT oid, wrong, doubtful FROM event WHERE "
			     "digest BETWEEN ? AND ? UNION "
			     "SELECT oid, wrong, doubtful FROM event WHERE "
			     "oid BETWEEN ? AND ? LIMIT 2",
			     "bbbb", lo, sizeof(lo), hi, sizeof(hi), clo,
			     sizeof(clo), chi, sizeof(chi));
}

int bg_store_event(struct bg_event **out, struct bg_store *s, const char *name,
		   struct bg_error *err)
{
	const char *hex = bg_starts_with(name, "sha256:") ? name + 7 : name;
	BG_AUTO(event_list) struct bg_event_list found = { 0 };
	sqlite3_stmt *st;
	int rc = find_name(&st, s, hex, err);

	if (!rc)
		rc = bg_store_load_rows(&found, s, st, BG_READER | BG_JUDGE,
					err);
	if (rc)
		return rc;
	if (!found.list.n)
		return bg_fail(err, BG_ENOENT, "no-such-event", "no event '%s'",
			       name);
	if (found.list.n > 1)
		return bg_fail(err, BG_ENOENT, "several-events",
			       "several events begin with '%s'", name);
	*out = found.list.v[0];
	found.list.n = 0;
	return 0;
}

/*
 * Grants.
 */
void bg_grant_row_release(struct bg_grant_row *r)
{
	free(r->summary);
	r->summary = NULL;
}

void bg_grant_rows_release(struct bg_grant_rows *r)
{
	for (size_t i = 0; i < r->list.n; i++)
		bg_grant_row_release(&r->list.v[i]);
	bg_vec_release(&r->list);
}

#define GRANT_COLUMNS \
	"root, label, policy, scope, identity, by_, beneficiary, state, " \
	"active, at, window, summary"

static int read_grant(struct bg_grant_row *out, sqlite3_stmt *st)
{
	const unsigned char *summary = sqlite3_column_text(st, 11);

	*out = (struct bg_grant_row){ .summary = NULL };
	bg_column_bytes(&out->root, sizeof(out->root), st, 0);
	bg_column_text(out->label, sizeof(out->label), st, 1);
	bg_column_text(out->policy, sizeof(out->policy), st, 2);
	bg_column_text(out->scope, sizeof(out->scope), st, 3);
	bg_column_text(out->identity, sizeof(out->identity), st, 4);
	bg_column_text(out->by, sizeof(out->by), st, 5);
	bg_column_text(out->beneficiary, sizeof(out->beneficiary), st, 6);
	out->state = sqlite3_column_int(st, 7);
	out->active = sqlite3_column_int(st, 8);
	out->at_ms = sqlite3_column_int64(st, 9);
	out->window_ms = sqlite3_column_int64(st, 10);
	if (!summary)
		return 0;
	out->summary = strdup((const char *)summary);
	return out->summary ? 0 : -1;
}

int bg_store_grants(struct bg_grant_rows *out, struct bg_store *s,
		    const struct bg_grant_query *q, struct bg_error *err)
{
	struct query sql = { .sql = BG_STR_INIT };
	char beyond[16] = "";
	struct bg_grant_row row;
	sqlite3_stmt *st = NULL;
	int rc;

	bg_str_add(&sql.sql, "SELECT " GRANT_COLUMNS " FROM grants");
	if (q->active_only)
		condition(&sql, "active");
	with_text(&sql, "label = ?", q->label);
	if (q->random && *q->random) {
		with_text(&sql, "random >= ?", q->random);
		snprintf(beyond, sizeof(beyond), "%.6s~", q->random);
		with_text(&sql, "random < ?", beyond);
	}
	with_text(&sql, "by_ = ?", q->by);
	with_text(&sql, "policy = ?", q->policy);
	with_text(&sql, "identity = ?", q->identity);
	if (q->since_ms)
		with_number(&sql, "at >= ?", q->since_ms);
	if (q->until_ms)
		with_number(&sql, "at <= ?", q->until_ms);
	bg_str_add(&sql.sql, " ORDER BY at DESC, root");
	rc = prepare_query(&st, s, &sql, err);
	while (!rc && (rc = bg_index_step(&s->index, st, err)) == 1) {
		rc = 0;
		if (read_grant(&row, st) || bg_vec_push(&out->list, row))
			rc = bg_fail_oom(err);
	}
	sqlite3_finalize(st);
	bg_str_release(&sql.sql);
	return rc;
}

int bg_store_grant(struct bg_grant_row *out, struct bg_store *s,
		   const struct bg_digest *root, struct bg_error *err)
{
	char hex[BG_DIGEST_TEXT + 1];
	sqlite3_stmt *st;
	int rc = bg_index_stmt(&st, &s->index, err,
			       "SELECT " GRANT_COLUMNS " FROM grants WHERE "
			       "root = ?",
			       "d", root);

	if (!rc)
		rc = bg_index_step(&s->index, st, err);
	if (rc == 1) {
		rc = read_grant(out, st) ? bg_fail_oom(err) : 0;
		sqlite3_reset(st);
		return rc;
	}
	if (rc)
		return rc;
	bg_digest_format(hex, root);
	return bg_fail(err, BG_ENOENT, "no-such-grant", "no grant '%s'", hex);
}

/*
 * The rest.
 */
int bg_store_writers(struct bg_writer **out, size_t *n, struct bg_store *s,
		     struct bg_error *err)
{
	BG_VEC(struct bg_writer) list = { 0 };
	sqlite3_stmt *st;
	int rc = bg_index_stmt(
		&st, &s->index, err,
		"SELECT name, principal, install, installation, listed, prim,"
		" signing, seq, digest, oid, floor, at, forked, retired"
		" FROM writer ORDER BY name",
		"");

	while (!rc && (rc = bg_index_step(&s->index, st, err)) == 1) {
		struct bg_writer w = { .listed = false };

		bg_index_writer_columns(&w, st);
		rc = bg_vec_push(&list, w) ? bg_fail_oom(err) : 0;
	}
	if (rc) {
		bg_vec_release(&list);
		return rc;
	}
	*out = list.v;
	*n = list.n;
	return 0;
}

int bg_store_counts(struct bg_counts *out, struct bg_store *s,
		    struct bg_error *err)
{
	int64_t events = 0, grants = 0;
	struct bg_writer *w = NULL;
	size_t n = 0;
	int rc = bg_index_get(&events, &s->index, "events", err);

	if (!rc)
		rc = bg_index_get(&grants, &s->index, "grants", err);
	if (!rc)
		rc = bg_store_writers(&w, &n, s, err);
	free(w);
	if (rc)
		return rc;
	out->events = (uint64_t)events;
	out->grants = (uint64_t)grants;
	out->writers = n;
	return 0;
}

static int read_finding(struct bg_findings *out, sqlite3_stmt *st)
{
	char id[64], ref[160];
	struct bg_finding *f;

	bg_column_text(id, sizeof(id), st, 0);
	bg_column_text(ref, sizeof(ref), st, 1);
	f = bg_finding_new(out, id, ref);
	if (!f)
		return -1;
	bg_column_bytes(&f->commit, sizeof(f->commit), st, 2);
	bg_column_bytes(&f->event, sizeof(f->event), st, 3);
	bg_column_bytes(&f->grant, sizeof(f->grant), st, 4);
	f->seq = (uint64_t)sqlite3_column_int64(st, 5);
	bg_column_text(f->text, sizeof(f->text), st, 6);
	return 0;
}

int bg_store_findings(struct bg_findings *out, struct bg_store *s,
		      const struct bg_digest *root, struct bg_error *err)
{
	sqlite3_stmt *st;
	int rc;

	if (root)
		rc = bg_index_stmt(&st, &s->index, err,
				   "SELECT id, ref, oid, event, root, seq, text"
				   " FROM finding WHERE root = ?",
				   "d", root);
	else
		rc = bg_index_stmt(&st, &s->index, err,
				   "SELECT id, ref, oid, event, root, seq, text"
				   " FROM finding",
				   "");
	while (!rc && (rc = bg_index_step(&s->index, st, err)) == 1)
		rc = read_finding(out, st) ? bg_fail_oom(err) : 0;
	for (size_t i = 0; !rc && !root && i < s->trust_findings.list.n; i++)
		if (bg_vec_push(&out->list, s->trust_findings.list.v[i]))
			rc = bg_fail_oom(err);
	if (!rc)
		bg_findings_sort(out);
	return rc;
}
