/*
 * The index: an SQLite file of what was verified and judged (evidence.md
 * "Index").  A cache: private, deletable, never taken from a repository, never
 * read by verify.  Internal to lib/evidence: index.c keeps it, index_query.c
 * reads it, store.c decides what goes in.
 */
#ifndef BG_EVIDENCE_INDEX_H
#define BG_EVIDENCE_INDEX_H

#include <sqlite3.h>

#include "evidence/store.h"

#define BG_INDEX_FORMAT 1 /* another user_version: thrown away */
#define BG_INDEX_STATEMENTS 64

struct bg_index {
	sqlite3 *db;
	char *path;
	struct { /* prepared once; sql is a literal */
		const char *sql;
		sqlite3_stmt *stmt;
	} cache[BG_INDEX_STATEMENTS];
	size_t n_cache;
	unsigned depth; /* of transactions */
};
/* Open or make (then *fresh is set).  BG_EFAIL "index-corrupt", also for another
 * repository or format: bg_index_delete() it and open again.  dir NULL: in memory.
 * On an error too the caller closes or deletes it. */
int bg_index_open(struct bg_index *out, bool *fresh, const char *dir,
		  struct bg_repo *repo, const struct bg_digest *genesis,
		  struct bg_error *err) BG_MUST_CHECK;
void bg_index_close(struct bg_index *ix);
/* Close and unlink. */
void bg_index_delete(struct bg_index *ix);
/* Forget everything but whose index it is.  Inside a transaction. */
int bg_index_clear(struct bg_index *ix, struct bg_error *err) BG_MUST_CHECK;
/* One writer at a time; may nest. */
int bg_index_begin(struct bg_index *ix, struct bg_error *err) BG_MUST_CHECK;
int bg_index_commit(struct bg_index *ix, struct bg_error *err) BG_MUST_CHECK;
void bg_index_rollback(struct bg_index *ix);

/* A statement of a literal, reset and bound: fmt has one letter an argument:
 * i int64_t, t text or NULL, d struct bg_digest *, o struct bg_oid * (either
 * NULL: null), b pointer and size_t. */
int bg_index_stmt(sqlite3_stmt **out, struct bg_index *ix, struct bg_error *err,
		  const char *sql, const char *fmt, ...) BG_MUST_CHECK;
/* 1: a row; 0: the end; negative: an error. */
int bg_index_step(struct bg_index *ix, sqlite3_stmt *st, struct bg_error *err)
	BG_MUST_CHECK;
/* Bind and run to the end. */
int bg_index_run(struct bg_index *ix, struct bg_error *err, const char *sql,
		 const char *fmt, ...) BG_MUST_CHECK;
/* Columns; text is copied and cut to what fits. */
void bg_column_text(char *out, size_t n, sqlite3_stmt *st, int col);
bool bg_column_bytes(void *out, size_t n, sqlite3_stmt *st, int col);

/* Small values by name: 0 when absent. */
int bg_index_get(int64_t *out, struct bg_index *ix, const char *key,
		 struct bg_error *err) BG_MUST_CHECK;
int bg_index_put(struct bg_index *ix, const char *key, int64_t value,
		 struct bg_error *err) BG_MUST_CHECK;
int bg_index_get_text(struct bg_str *out, struct bg_index *ix, const char *key,
		      struct bg_error *err) BG_MUST_CHECK;
int bg_index_put_text(struct bg_index *ix, const char *key, const char *value,
		      struct bg_error *err) BG_MUST_CHECK;

/* index_rows.c: what is stored */
int bg_index_add_event(struct bg_index *ix, const struct bg_event *e,
		       struct bg_error *err) BG_MUST_CHECK;
int bg_index_add_finding(struct bg_index *ix, const struct bg_finding *f,
			 int origin, struct bg_error *err) BG_MUST_CHECK;
/* A commit that holds no event: not read again. */
int bg_index_add_bad(struct bg_index *ix, const struct bg_oid *commit,
		     struct bg_error *err) BG_MUST_CHECK;
int bg_index_put_writer(struct bg_index *ix, const struct bg_writer *w,
			const struct bg_str *key, struct bg_error *err)
	BG_MUST_CHECK;
int bg_index_put_grant(struct bg_index *ix, const struct bg_grant_row *row,
		       struct bg_error *err) BG_MUST_CHECK;
/* 1 found, 0 not; exactly one of digest and commit is given. */
int bg_index_find(struct bg_known *out, struct bg_index *ix,
		  const struct bg_digest *digest, const struct bg_oid *commit,
		  struct bg_error *err) BG_MUST_CHECK;
/* With its parsed key when with_key.  1 found, 0 not. */
int bg_index_writer(struct bg_writer *out, struct bg_index *ix,
		    const char *name, bool with_key, struct bg_error *err)
	BG_MUST_CHECK;
/* Columns name .. retired of a row, in that order. */
void bg_index_writer_columns(struct bg_writer *out, sqlite3_stmt *st);
/* The frontier of a grant for a log (lifecycle.md "Seen"): digests, commits and
 * log names of at most max events; the names are in arena. */
int bg_index_frontier(struct bg_answer *out, size_t *n, size_t max,
		      struct bg_index *ix, struct bg_arena *arena,
		      const struct bg_digest *root, const char *own,
		      struct bg_error *err) BG_MUST_CHECK;

#endif
