/*
 * The store: a repository as this installation uses it: repository, state,
 * pinned anchor, verified trust, and the index of what has been verified and
 * folded (SQLite; a cache that is never read by verify).
 */
#ifndef BG_EVIDENCE_STORE_H
#define BG_EVIDENCE_STORE_H

#include "evidence/history.h"

struct bg_store;
struct bg_event_list {
	BG_VEC(struct bg_event *) list; /* owned */
};
void bg_event_list_release(struct bg_event_list *l);
BG_AUTO_VALUE(event_list, struct bg_event_list, bg_event_list_release)

/* One grant as the index keeps it. */
struct bg_grant_row {
	struct bg_digest root;
	char label[BG_LABEL_LEN + 1];
	char policy[64], scope[64], identity[64], by[33], beneficiary[33];
	int state;                /* enum bg_state of grant/fold.h */
	bool active;              /* not closed: something is open or owed */
	int64_t at_ms, window_ms; /* activation; W, 0 when not begun */
	char *summary;            /* JSON made by the judge; owned */
};
struct bg_grant_rows {
	BG_VEC(struct bg_grant_row) list;
};
void bg_grant_rows_release(struct bg_grant_rows *r);
BG_AUTO_VALUE(grant_rows, struct bg_grant_rows, bg_grant_rows_release)

/* Called for each grant that got new events or whose trust changed: sets
 * wrong/doubtful of the events, adds findings, fills row (root is set). */
typedef int (*bg_judge_fn)(struct bg_grant_row *row, struct bg_findings *f,
			   struct bg_store *store, struct bg_event_list *events,
			   struct bg_error *err);

struct bg_store_options {
	const char *path; /* directory; searched upwards when search */
	bool search;
	const struct bg_places *places;
	bg_judge_fn judge;
	bg_judge_fn judge_loose; /* each new event without a grant; row->root is
				  * zero and the row is not kept; or NULL */
	bool need_install;       /* commands that sign */
};
/* Opens, verifies trust from the pinned anchor (else bg_store_anchored() is
 * false), brings the index up to date.  BG_EVERIFY when trust is wrong. */
int bg_store_open(struct bg_store **out, const struct bg_store_options *opt,
		  struct bg_error *err) BG_MUST_CHECK;
void bg_store_close(struct bg_store *s);
BG_AUTO_POINTER(store, struct bg_store, bg_store_close)
/* Read again what other processes wrote since. */
int bg_store_update(struct bg_store *s, struct bg_error *err) BG_MUST_CHECK;

struct bg_repo *bg_store_repo(struct bg_store *s);
struct bg_install *bg_store_install(struct bg_store *s); /* NULL: none */
const struct bg_places *bg_store_places(const struct bg_store *s);
bool bg_store_anchored(const struct bg_store *s);
const struct bg_digest *bg_store_genesis(const struct bg_store *s);
/* Newest valid version; any other version that was named. */
const struct bg_trust *bg_store_trust(const struct bg_store *s);
const struct bg_trust *bg_store_trust_version(const struct bg_store *s,
					      uint64_t version,
					      const struct bg_digest *digest);
/* Findings of reading and judging so far, of one grant (root) or all (NULL). */
int bg_store_findings(struct bg_findings *out, struct bg_store *s,
		      const struct bg_digest *root, struct bg_error *err)
	BG_MUST_CHECK;

/* Events of one grant, in (log, seq) order, re-read from their objects. */
int bg_store_grant_events(struct bg_event_list *out, struct bg_store *s,
			  const struct bg_digest *root, struct bg_error *err)
	BG_MUST_CHECK;
struct bg_event_query {
	const char *type, *by, *writer; /* NULL: any */
	const char *identity;           /* activate, declare, rotate of it */
	const struct bg_digest *root;   /* NULL: any */
	int64_t since_ms, until_ms;     /* claimed time; until 0: none */
	size_t limit;                   /* 0: none; newest first */
	bool no_grant;                  /* only events without a grant */
};
int bg_store_events(struct bg_event_list *out, struct bg_store *s,
		    const struct bg_event_query *q, struct bg_error *err)
	BG_MUST_CHECK;
/* By full digest, unique beginning of its hex, or commit id. BG_ENOENT. */
int bg_store_event(struct bg_event **out, struct bg_store *s, const char *name,
		   struct bg_error *err) BG_MUST_CHECK;
void bg_event_free(struct bg_event *e);
BG_AUTO_POINTER(event, struct bg_event, bg_event_free)

struct bg_grant_query {
	bool active_only;
	const char *label;  /* full label, or NULL */
	const char *random; /* beginning of the random part, lower case */
	const char *by, *policy, *identity;
	int64_t since_ms, until_ms;
};
int bg_store_grants(struct bg_grant_rows *out, struct bg_store *s,
		    const struct bg_grant_query *q, struct bg_error *err)
	BG_MUST_CHECK;
int bg_store_grant(struct bg_grant_row *out, struct bg_store *s,
		   const struct bg_digest *root, struct bg_error *err)
	BG_MUST_CHECK;
void bg_grant_row_release(struct bg_grant_row *r);
BG_AUTO_VALUE(grant_row, struct bg_grant_row, bg_grant_row_release)
int bg_store_writers(struct bg_writer **out, size_t *n, struct bg_store *s,
		     struct bg_error *err) BG_MUST_CHECK; /* free(*out) */
/* Counts of everything stored. */
struct bg_counts {
	uint64_t events, grants, writers;
};
int bg_store_counts(struct bg_counts *out, struct bg_store *s,
		    struct bg_error *err) BG_MUST_CHECK;

/* --- signing ---------------------------------------------------------- */
/* The person at the keyboard: key chosen (key NULL: the one secret key that
 * trust knows; BG_ENOENT "no-key" / "several-keys" with the list). Registers the
 * writer and introduces the installation when this is the first event here.
 * Opens lazily: no signature is asked before the first append. */
int bg_store_person(const struct bg_principal **out, struct bg_store *s,
		    const char *key, struct bg_error *err) BG_MUST_CHECK;
enum bg_hand { BG_BY_PERSON, BG_BY_INSTALLATION };
/* Append and index one event; answers are looked up by digest.  For an event
 * of a grant pass root: answers[0] and the frontier are computed here. */
int bg_store_append(struct bg_event *e, struct bg_store *s, enum bg_hand hand,
		    const struct bg_digest *root, const struct bg_digest *extra,
		    size_t n_extra, struct bg_error *err) BG_MUST_CHECK;
/* Write the person's first event here (writer: register and introduce) now, if
 * it is not there yet: init does, so that trust has a log beside it. */
int bg_store_register(struct bg_store *s, const char *key, struct bg_error *err)
	BG_MUST_CHECK;
/* Was something appended that was not shared since?  cmd shares and says so. */
bool bg_store_unshared(const struct bg_store *s);
void bg_store_set_shared(struct bg_store *s);
/* Sign and append a version of trust as the person at the keyboard (key as in
 * bg_store_person()); files as in bg_trust_append().  The store's trust is the
 * new version afterwards: pointers to the old one stay good until it closes. */
int bg_store_trust_append(struct bg_store *s, const char *key,
			  const struct bg_trust_file *files, size_t n_files,
			  struct bg_error *err) BG_MUST_CHECK;
/* Log name that hand would write to (for activate.data.opener). */
int bg_store_writer_name(char out[BG_WRITER_MAX], struct bg_store *s,
			 enum bg_hand hand, struct bg_error *err) BG_MUST_CHECK;

#endif
