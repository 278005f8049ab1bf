#include "evidence/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

#define BUSY_MS 30000

static const char schema[] =
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE ref(name TEXT PRIMARY KEY, oid BLOB NOT NULL)"
	" WITHOUT ROWID;"
	"CREATE TABLE bad(oid BLOB PRIMARY KEY) WITHOUT ROWID;"
	"CREATE TABLE writer(name TEXT PRIMARY KEY, principal TEXT NOT NULL,"
	" install TEXT NOT NULL, installation INT, listed INT, prim BLOB,"
	" signing BLOB, key BLOB, seq INT, digest BLOB, oid BLOB, floor INT,"
	" at INT, forked INT, retired INT) WITHOUT ROWID;"
	"CREATE TABLE event(id INTEGER PRIMARY KEY, digest BLOB NOT NULL,"
	" oid BLOB NOT NULL, log TEXT NOT NULL, seq INT, type INT, root BLOB,"
	" label TEXT, at INT, by_ TEXT, identity TEXT, signer BLOB, floor INT,"
	" wrong INT, doubtful INT, knows TEXT);"
	"CREATE UNIQUE INDEX event_digest ON event(digest);"
	"CREATE UNIQUE INDEX event_oid ON event(oid);"
	"CREATE INDEX event_place ON event(log, seq);"
	"CREATE INDEX event_root ON event(root, log, seq)"
	" WHERE root IS NOT NULL;"
	"CREATE INDEX event_loose ON event(at) WHERE root IS NULL;"
	"CREATE INDEX event_at ON event(at);"
	"CREATE INDEX event_type ON event(type, at);"
	"CREATE INDEX event_by ON event(by_, at);"
	"CREATE INDEX event_identity ON event(identity, at)"
	" WHERE identity IS NOT NULL;"
	"CREATE TABLE finding(id TEXT, ref TEXT, oid BLOB, event BLOB,"
	" root BLOB, seq INT, text TEXT, origin INT);"
	"CREATE INDEX finding_root ON finding(root, origin);"
	"CREATE INDEX finding_event ON finding(event);"
	"CREATE TABLE grants(root BLOB PRIMARY KEY, label TEXT, random TEXT,"
	" policy TEXT, scope TEXT, identity TEXT, by_ TEXT, beneficiary TEXT,"
	" state INT, active INT, at INT, window INT, summary TEXT)"
	" WITHOUT ROWID;"
	"CREATE INDEX grants_active ON grants(at) WHERE active;"
	"CREATE INDEX grants_at ON grants(at);"
	"CREATE INDEX grants_label ON grants(label);"
	"CREATE INDEX grants_random ON grants(random);"
	"CREATE INDEX grants_by ON grants(by_, at);"
	"CREATE INDEX grants_policy ON grants(policy, at);"
	"CREATE INDEX grants_identity ON grants(identity, at);";

static int fail(struct bg_index *ix, int code, struct bg_error *err)
{
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return bg_fail_oom(err);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return bg_fail(err, BG_EBUSY, "index-busy",
			       "the index '%s' is in use", ix->path);
	case SQLITE_FULL:
		return bg_fail(err, BG_ENOSPC, "io", "no space for '%s'",
			       ix->path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_FORMAT:
		return bg_fail(err, BG_EFAIL, "index-corrupt",
			       "the index '%s' is damaged: %s", ix->path,
			       sqlite3_errmsg(ix->db));
	default:
		return bg_fail(err, BG_EFAIL, "index", "index '%s': %s",
			       ix->path, sqlite3_errmsg(ix->db));
	}
}

static int exec(struct bg_index *ix, const char *sql, struct bg_error *err)
{
	int code = sqlite3_exec(ix->db, sql, NULL, NULL, NULL);

	return code ? fail(ix, code, err) : 0;
}

/*
 * Statements.
 */
static int prepare(sqlite3_stmt **out, struct bg_index *ix, const char *sql,
		   struct bg_error *err)
{
	int code;

	for (size_t i = 0; i < ix->n_cache; i++)
		if (ix->cache[i].sql == sql) {
			*out = ix->cache[i].stmt;
			sqlite3_reset(*out);
			return 0;
		}
	if (ix->n_cache == BG_INDEX_STATEMENTS)
		return bg_fail(err, BG_EFAIL, "index",
			       "more statements than there is room for");
	code = sqlite3_prepare_v3(ix->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
				  out, NULL);
	if (code)
		return fail(ix, code, err);
	ix->cache[ix->n_cache].sql = sql;
	ix->cache[ix->n_cache++].stmt = *out;
	return 0;
}

static int bind_bytes(sqlite3_stmt *st, int at, const void *p, size_t n)
{
	return p ? sqlite3_bind_blob(st, at, p, (int)n, SQLITE_TRANSIENT)
		 : sqlite3_bind_null(st, at);
}

static int bind(struct bg_index *ix, sqlite3_stmt *st, const char *fmt,
		va_list ap, struct bg_error *err)
{
	int code = 0;

	for (int at = 1; !code && fmt[at - 1]; at++) {
		const void *p;

		switch (fmt[at - 1]) {
		case 'i':
			code = sqlite3_bind_int64(st, at, va_arg(ap, int64_t));
			break;
		case 't':
			p = va_arg(ap, const char *);
			code = p ? sqlite3_bind_text(st, at, p, -1,
						     SQLITE_TRANSIENT)
				 : sqlite3_bind_null(st, at);
			break;
		case 'd':
			code = bind_bytes(st, at, va_arg(ap, const void *),
					  sizeof(struct bg_digest));
			break;
		case 'o':
			code = bind_bytes(st, at, va_arg(ap, const void *),
					  sizeof(struct bg_oid));
			break;
		default:
			p = va_arg(ap, const void *);
			code = bind_bytes(st, at, p, va_arg(ap, size_t));
			break;
		}
	}
	return code ? fail(ix, code, err) : 0;
}

int bg_index_stmt(sqlite3_stmt **out, struct bg_index *ix, struct bg_error *err,
		  const char *sql, const char *fmt, ...)
{
	va_list ap;
	int rc = prepare(out, ix, sql, err);

	if (rc)
		return rc;
	va_start(ap, fmt);
	rc = bind(ix, *out, fmt, ap, err);
	va_end(ap);
	return rc;
}

int bg_index_step(struct bg_index *ix, sqlite3_stmt *st, struct bg_error *err)
{
	int code = sqlite3_step(st);

	if (code == SQLITE_ROW)
		return 1;
	sqlite3_reset(st);
	return code == SQLITE_DONE ? 0 : fail(ix, code, err);
}

int bg_index_run(struct bg_index *ix, struct bg_error *err, const char *sql,
		 const char *fmt, ...)
{
	sqlite3_stmt *st;
	va_list ap;
	int rc = prepare(&st, ix, sql, err);

	if (rc)
		return rc;
	va_start(ap, fmt);
	rc = bind(ix, st, fmt, ap, err);
	va_end(ap);
	if (!rc)
		rc = bg_index_step(ix, st, err);
	sqlite3_reset(st);
	return rc < 0 ? rc : 0;
}

void bg_column_text(char *out, size_t n, sqlite3_stmt *st, int col)
{
	const unsigned char *text = sqlite3_column_text(st, col);

	snprintf(out, n, "%s", text ? (const char *)text : "");
}

bool bg_column_bytes(void *out, size_t n, sqlite3_stmt *st, int col)
{
	const void *p = sqlite3_column_blob(st, col);

	if (!p || (size_t)sqlite3_column_bytes(st, col) != n) {
		memset(out, 0, n);
		return false;
	}
	memcpy(out, p, n);
	return true;
}

/*
 * Small values.
 */
int bg_index_get(int64_t *out, struct bg_index *ix, const char *key,
		 struct bg_error *err)
{
	sqlite3_stmt *st;
	int rc = bg_index_stmt(
		&st, ix, err, "SELECT value FROM meta WHERE key = ?", "t", key);

	*out = 0;
	if (!rc)
		rc = bg_index_step(ix, st, err);
	if (rc == 1)
		*out = sqlite3_column_int64(st, 0);
	if (rc >= 0)
		sqlite3_reset(st);
	return rc < 0 ? rc : 0;
}

int bg_index_put(struct bg_index *ix, const char *key, int64_t value,
		 struct bg_error *err)
{
	return bg_index_run(ix, err, "INSERT OR REPLACE INTO meta VALUES(?, ?)",
			    "ti", key, value);
}

int bg_index_get_text(struct bg_str *out, struct bg_index *ix, const char *key,
		      struct bg_error *err)
{
	sqlite3_stmt *st;
	int rc = bg_index_stmt(
		&st, ix, err, "SELECT value FROM meta WHERE key = ?", "t", key);

	if (!rc)
		rc = bg_index_step(ix, st, err);
	if (rc == 1 && sqlite3_column_text(st, 0))
		bg_str_add(out, (const char *)sqlite3_column_text(st, 0));
	if (rc >= 0)
		sqlite3_reset(st);
	return rc < 0 ? rc : bg_str_check(out, err);
}

int bg_index_put_text(struct bg_index *ix, const char *key, const char *value,
		      struct bg_error *err)
{
	return bg_index_run(ix, err,
			    "INSERT OR REPLACE INTO meta VALUES(?, ? || '')",
			    "tt", key, value);
}

/*
 * Transactions.
 */
int bg_index_begin(struct bg_index *ix, struct bg_error *err)
{
	int rc = ix->depth ? 0 : exec(ix, "BEGIN IMMEDIATE", err);

	if (!rc)
		ix->depth++;
	return rc;
}

int bg_index_commit(struct bg_index *ix, struct bg_error *err)
{
	if (--ix->depth)
		return 0;
	return exec(ix, "COMMIT", err);
}

void bg_index_rollback(struct bg_index *ix)
{
	ix->depth = 0;
	for (size_t i = 0; i < ix->n_cache; i++)
		sqlite3_reset(ix->cache[i].stmt);
	if (ix->db && !sqlite3_get_autocommit(ix->db))
		sqlite3_exec(ix->db, "ROLLBACK", NULL, NULL, NULL);
}

/*
 * Opening.
 */
/* The file is ours alone; SQLite would make it with the umask's mode. */
static int make_private(const char *path, struct bg_error *err)
{
	BG_AUTO(fd)
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return bg_fail_errno(err, "cannot open the index '%s'", path);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return bg_fail(err, BG_EFAIL, "index-corrupt",
			       "'%s' is not a file of this user", path);
	if ((st.st_mode & 0777) != 0600 && fchmod(fd, 0600))
		return bg_fail_errno(err, "cannot make '%s' private", path);
	return 0;
}

static int open_db(struct bg_index *ix, struct bg_error *err)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
			  SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_FULLMUTEX;
	int code = sqlite3_open_v2(ix->path, &ix->db, flags, NULL);

	if (code)
		return fail(ix, code, err);
	sqlite3_extended_result_codes(ix->db, 1);
	sqlite3_busy_timeout(ix->db, BUSY_MS);
	/* A power failure may cost what was indexed last, never a wrong row:
	 * it is read again. */
	return exec(ix,
		    "PRAGMA trusted_schema=OFF;"
		    "PRAGMA journal_mode=WAL;"
		    "PRAGMA synchronous=NORMAL;"
		    "PRAGMA foreign_keys=OFF;"
		    "PRAGMA cell_size_check=ON;",
		    err);
}

/* Whose index this is: path, device, inode and genesis of the repository. */
static int identity(struct bg_str *out, struct bg_repo *repo,
		    const struct bg_digest *genesis, struct bg_error *err)
{
	const char *dir = bg_repo_git_dir(repo);
	char hex[BG_DIGEST_TEXT + 1];
	struct stat st;

	if (stat(dir, &st))
		return bg_fail_errno(err, "cannot read '%s'", dir);
	bg_digest_format(hex, genesis);
	bg_str_addf(out, "%s %llu %llu %s", hex, (unsigned long long)st.st_dev,
		    (unsigned long long)st.st_ino, dir);
	return bg_str_check(out, err);
}

static int read_version(int64_t *out, struct bg_index *ix, struct bg_error *err)
{
	sqlite3_stmt *st;
	int rc = bg_index_stmt(&st, ix, err, "PRAGMA user_version", "");

	*out = 0;
	if (!rc)
		rc = bg_index_step(ix, st, err);
	if (rc == 1)
		*out = sqlite3_column_int64(st, 0);
	if (rc >= 0)
		sqlite3_reset(st);
	return rc < 0 ? rc : 0;
}

/* Make the tables, or see that they are of this format and repository. */
static int prepare_tables(struct bg_index *ix, bool *fresh, const char *whose,
			  struct bg_error *err)
{
	BG_AUTO(str) struct bg_str had = BG_STR_INIT;
	int64_t version;
	char set[40];
	int rc = read_version(&version, ix, err);

	if (!rc && version == BG_INDEX_FORMAT)
		rc = bg_index_get_text(&had, ix, "repository", err);
	if (rc ||
	    (version == BG_INDEX_FORMAT && bg_str_eq(bg_str_text(&had), whose)))
		return rc;
	if (version)
		return bg_fail(err, BG_EFAIL, "index-corrupt",
			       "the index '%s' is of another repository or "
			       "format",
			       ix->path);
	rc = bg_index_begin(ix, err);
	/* Another process may have been first. */
	if (!rc)
		rc = read_version(&version, ix, err);
	if (!rc && !version) {
		*fresh = true;
		snprintf(set, sizeof(set), "PRAGMA user_version=%d",
			 BG_INDEX_FORMAT);
		rc = exec(ix, schema, err);
		if (!rc)
			rc = exec(ix, set, err);
		if (!rc)
			rc = bg_index_put_text(ix, "repository", whose, err);
	}
	if (!rc)
		rc = bg_index_commit(ix, err);
	else
		bg_index_rollback(ix);
	return rc;
}

int bg_index_open(struct bg_index *out, bool *fresh, const char *dir,
		  struct bg_repo *repo, const struct bg_digest *genesis,
		  struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	BG_AUTO(str) struct bg_str whose = BG_STR_INIT;
	int rc = dir ? bg_dir_make(dir, 0700, err) : 0;

	*out = (struct bg_index){ 0 };
	*fresh = false;
	if (dir)
		bg_str_addf(&path, "%s/index.sqlite", dir);
	else
		bg_str_add(&path, ":memory:");
	if (!rc)
		rc = bg_str_check(&path, err);
	if (!rc)
		rc = identity(&whose, repo, genesis, err);
	if (rc)
		return rc;
	out->path = bg_str_detach(&path);
	if (!out->path)
		return bg_fail_oom(err);
	rc = dir ? make_private(out->path, err) : 0;
	if (!rc)
		rc = open_db(out, err);
	if (!rc)
		rc = prepare_tables(out, fresh, bg_str_text(&whose), err);
	return rc;
}

void bg_index_close(struct bg_index *ix)
{
	for (size_t i = 0; i < ix->n_cache; i++)
		sqlite3_finalize(ix->cache[i].stmt);
	sqlite3_close_v2(ix->db);
	free(ix->path);
	*ix = (struct bg_index){ 0 };
}

void bg_index_delete(struct bg_index *ix)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
	char *path = ix->path;

	ix->path = NULL;
	bg_index_close(ix);
	for (size_t i = 0;
	     path && path[0] == '/' && i < sizeof(ends) / sizeof(*ends); i++) {
		BG_AUTO(str) struct bg_str s = BG_STR_INIT;

		bg_str_addf(&s, "%s%s", path, ends[i]);
		if (!s.oom)
			unlink(s.buf);
	}
	free(path);
}

int bg_index_clear(struct bg_index *ix, struct bg_error *err)
{
	return exec(ix,
		    "DELETE FROM ref; DELETE FROM bad; DELETE FROM writer;"
		    "DELETE FROM event; DELETE FROM finding;"
		    "DELETE FROM grants;"
		    "DELETE FROM meta WHERE key NOT IN ('repository');",
		    err);
}
