/*
 * Reading all commits that the evidence refs reach, on several threads.
 * Internal to lib/evidence: reader.c reads, writers.c says whose a log is,
 * history.c checks in order, doubt.c looks at whole logs.
 */
#ifndef BG_EVIDENCE_READER_H
#define BG_EVIDENCE_READER_H

#include <pthread.h>

#include "evidence/history.h"
#include "evidence/record.h"

enum bg_item_kind {
	BG_ITEM_NEW,     /* not read */
	BG_ITEM_EVENT,   /* an event, or a commit that should be one */
	BG_ITEM_KNOWN,   /* verified in an earlier run */
	BG_ITEM_TRUST,   /* a version of the chain */
	BG_ITEM_OTHER,   /* a trust or seal commit that is not on it */
	BG_ITEM_MISSING, /* the object is not here */
};
struct bg_log_state;
/* One commit.  Lives as long as the reader. */
struct bg_item {
	struct bg_oid oid;
	enum bg_item_kind kind;
	struct bg_record record;
	struct bg_digest digest; /* of a trust version too */
	bool has_digest;
	struct bg_error *why;        /* reading or parsing failed; owned */
	const char *ref;             /* X through which it was reached first */
	bool tip;                    /* of that ref */
	const struct bg_item *child; /* through whose parents[0] it was found */
	const struct bg_trust *trust;
	struct bg_log_state *log; /* of its envelope's writer */
	int signature;            /* 0 good, 1 no key, < 0 bad */
	uint64_t floor;
	bool wrong, doubtful, waits;
	unsigned char visit; /* 0 new, 1 under way, 2 done */
	size_t order;
};
struct bg_place { /* where in the order of checking an event was */
	size_t order, event;
};
struct bg_item_table { /* open addressing over items, by oid or digest */
	uint32_t *slot;
	size_t cap, n;
};
struct bg_log_state {
	struct bg_writer w;
	size_t begin, end;      /* its items, sorted by seq */
	struct bg_keyblob blob; /* key of its registration, not judged */
	bool from_index, valid, told;
};
struct bg_reader {
	struct bg_repo *repo;
	const struct bg_history_options *opt;
	struct bg_trust_chain *trust;
	struct bg_findings *findings;
	struct bg_history *out;
	BG_VEC(struct bg_item *) items;
	struct bg_item_table by_oid, by_digest;
	BG_VEC(char *) names;      /* refs, owned */
	struct bg_log_state *logs; /* sorted by name */
	size_t n_logs;
	/* keys of every trust version, by fingerprint */
	BG_VEC(const struct bg_pubkey *) keys;
	BG_VEC(struct bg_place) order;
	size_t n_checked;
	/* phase under way */
	pthread_mutex_t lock;
	pthread_cond_t more;
	BG_VEC(struct bg_item *) todo;
	size_t active, next, done;
	struct bg_error err;
	int rc;
};

int bg_reader_init(struct bg_reader *r, struct bg_repo *repo,
		   const struct bg_history_options *opt, struct bg_history *out,
		   struct bg_error *err) BG_MUST_CHECK;
void bg_reader_release(struct bg_reader *r);
BG_AUTO_VALUE(reader, struct bg_reader, bg_reader_release)
/* Versions of the chain are known by their commits. */
int bg_reader_add_trust(struct bg_reader *r, struct bg_error *err)
	BG_MUST_CHECK;
/* A tip to read from; name is X. */
int bg_reader_add_tip(struct bg_reader *r, const struct bg_oid *oid,
		      const char *name, struct bg_error *err) BG_MUST_CHECK;
/* Read and parse everything that can be reached. */
int bg_reader_read(struct bg_reader *r, struct bg_error *err) BG_MUST_CHECK;
/* Group items into logs and find the keys that could have signed them. */
int bg_reader_group(struct bg_reader *r, struct bg_error *err) BG_MUST_CHECK;
/* Check every signature natively. */
int bg_reader_check_signatures(struct bg_reader *r, struct bg_error *err)
	BG_MUST_CHECK;

/* Put items.v[index] into a table, unless its key is there; -1: memory. */
int bg_items_add(struct bg_reader *r, struct bg_item_table *t, bool by_oid,
		 size_t index) BG_MUST_CHECK;
struct bg_item *bg_reader_by_oid(const struct bg_reader *r,
				 const struct bg_oid *oid);
/* The first good one of its encodings; NULL: not read in this run. */
struct bg_item *bg_reader_by_digest(const struct bg_reader *r,
				    const struct bg_digest *digest);
/* The same, or from the index (then kind is KNOWN).  NULL: nowhere. */
int bg_reader_resolve(struct bg_item **out, struct bg_reader *r,
		      const struct bg_digest *digest, struct bg_error *err)
	BG_MUST_CHECK;
struct bg_log_state *bg_reader_log(const struct bg_reader *r, const char *name);
/* An item of kind EVENT with a parsed event, or KNOWN. */
static inline bool bg_item_has_event(const struct bg_item *i)
{
	return (i->kind == BG_ITEM_EVENT || i->kind == BG_ITEM_KNOWN) &&
	       i->record.has_event;
}

/* writers.c: judge a registration (seq 1) under trust version t: fills
 * log->w.  BG_STOP: the item is wrong and has its finding. */
int bg_writer_register(struct bg_reader *r, struct bg_item *item,
		       const struct bg_trust *t, struct bg_error *err)
	BG_MUST_CHECK;
/* The signature is of the writer's key, and the key is its principal's. */
int bg_writer_check_key(struct bg_reader *r, struct bg_item *item,
			const struct bg_trust *t, struct bg_error *err)
	BG_MUST_CHECK;
/* Raw bytes of base64 that the schema has checked. */
int bg_base64_decode(struct bg_str *out, const char *text, struct bg_error *err)
	BG_MUST_CHECK;
/* A parsed key of an event's data. */
int bg_event_key(struct bg_keyblob *out, const struct bg_event *e,
		 const char *member, struct bg_error *err) BG_MUST_CHECK;
/* Add a finding at an item and mark it wrong.  BG_STOP, or an error. */
#define BG_STOP 1
int bg_item_wrong(struct bg_reader *r, struct bg_item *item, const char *id,
		  struct bg_error *err, const char *fmt, ...) BG_PRINTF(5, 6);
/* Add any other finding at an item; 0 or an error. */
int bg_item_finding(struct bg_reader *r, const struct bg_item *item,
		    const char *id, struct bg_error *err, const char *fmt, ...)
	BG_PRINTF(5, 6);

/* place.c: one event after its parents; marks it wrong with its finding. */
int bg_item_check(struct bg_reader *r, struct bg_item *item,
		  struct bg_error *err) BG_MUST_CHECK;
/* doubt.c: equivocation, cutoffs, compromises, too many writers. */
int bg_reader_doubt(struct bg_reader *r, struct bg_error *err) BG_MUST_CHECK;
/* second.c: the GPGME engine over every event that is not wrong. */
int bg_reader_second_engine(struct bg_reader *r, struct bg_error *err)
	BG_MUST_CHECK;

#endif
