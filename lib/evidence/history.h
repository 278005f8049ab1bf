/*
 * Reading evidence: from raw objects to verified events, and what was found
 * wrong on the way.  verify reads everything; the index reads what is new.
 * Both go through bg_history_read(), so there is one verifier.
 */
#ifndef BG_EVIDENCE_HISTORY_H
#define BG_EVIDENCE_HISTORY_H

#include <stdarg.h>

#include "base/vec.h"
#include "evidence/append.h"
#include "evidence/event.h"
#include "evidence/repo.h"
#include "evidence/trust.h"

enum bg_class { BG_WRONG, BG_DOUBTFUL, BG_DEVIATION, BG_GAP };
const char *bg_class_text(enum bg_class c);

/* Every id that a finding may have, with its class and one line of meaning:
 * findings.c; bg-verify(1) lists them, a test compares. */
struct bg_finding {
	const char *id; /* static */
	enum bg_class class;
	char ref[160];          /* "log/alice.ops1-...", or "" */
	struct bg_oid commit;   /* zero when none */
	struct bg_digest event; /* zero when none */
	struct bg_digest grant; /* root it is about; zero when none */
	uint64_t seq;           /* on its log, for the order; 0: none */
	char text[240];
	bool acknowledged;
};
struct bg_findings {
	BG_VEC(struct bg_finding) list;
	bool oom; /* one could not be added */
};
void bg_findings_release(struct bg_findings *f);
BG_AUTO_VALUE(findings, struct bg_findings, bg_findings_release)
struct bg_finding_kind {
	const char *id;
	enum bg_class class;
	const char *meaning;
};
extern const struct bg_finding_kind bg_finding_kinds[]; /* id NULL ends */
const struct bg_finding_kind *bg_finding_kind(const char *id); /* or NULL */
/* Add one; id must be in the list above (another becomes bad-envelope).  e may
 * be NULL; ref NULL: the log of e.  Sets grant from e.  0, or -1 (memory). */
int bg_finding_add(struct bg_findings *f, const char *id, const char *ref,
		   const struct bg_event *e, const char *fmt, ...)
	BG_PRINTF(5, 6);
int bg_finding_vadd(struct bg_findings *f, const char *id, const char *ref,
		    const struct bg_event *e, const char *fmt, va_list ap);
/* The same for what is no parsed event: the rest is for the caller to fill.
 * NULL when memory is out. */
struct bg_finding *bg_finding_new(struct bg_findings *f, const char *id,
				  const char *ref);
/* Set its text, cut to what fits. */
void bg_finding_say(struct bg_finding *f, const char *fmt, ...) BG_PRINTF(2, 3);

/* In one fixed order: ref, place on it, id. */
void bg_findings_sort(struct bg_findings *f);

/* The trust chain, verified in full from the genesis. */
struct bg_trust_chain {
	size_t n;
	struct bg_trust **v; /* v[0] is version 1 */
	size_t cap;
	bool whole;        /* every candidate of the ref was good */
	struct bg_oid tip; /* of the newest version */
};
/* Verify every version of the trust ref.  anchor: NULL when none is known. Findings
 * are appended; chain->n is how many versions are good. Threshold 1 and more. */
int bg_trust_chain_read(struct bg_trust_chain *out, struct bg_findings *f,
			struct bg_repo *repo, const struct bg_digest *anchor,
			struct bg_error *err) BG_MUST_CHECK;
void bg_trust_chain_release(struct bg_trust_chain *c);
BG_AUTO_VALUE(trust_chain, struct bg_trust_chain, bg_trust_chain_release)
/* NULL: not here.  A version that a later one abandoned gives the version it
 * was made on (T8). */
const struct bg_trust *bg_trust_chain_find(const struct bg_trust_chain *c,
					   uint64_t version,
					   const struct bg_digest *digest);
static inline const struct bg_trust *
bg_trust_chain_newest(const struct bg_trust_chain *c)
{
	return c->n ? c->v[c->n - 1] : NULL;
}

/* Who a log belongs to, from its seq 1 (and the introducing event). */
struct bg_writer {
	char name[BG_WRITER_MAX];
	char principal[33]; /* whose key: by */
	char install[33];   /* id of the installation */
	bool installation;  /* an introduced installation's log */
	bool listed;        /* its key is listed in trust */
	struct bg_fpr primary, signing;
	struct bg_keyblob key;
	uint64_t seq; /* highest verified */
	struct bg_digest digest;
	struct bg_oid commit;
	uint64_t trust_version; /* of the tip: T2 floor */
	int64_t at_ms;
	uint64_t forked_seq;  /* 0: none; equivocation from here */
	uint64_t retired_seq; /* 0: none; retired by itself here */
};

/* What an earlier run knows of a commit. */
struct bg_known {
	struct bg_oid commit;
	struct bg_digest digest;
	bool wrong;
	uint64_t floor; /* T2: highest trust version it had seen */
	char writer[BG_WRITER_MAX];
};
/* Where reading may stop: what the index has verified.  Calls are serialised,
 * from any thread. */
struct bg_history_from {
	/* Is this event known?  By digest or by commit (the other is NULL). */
	bool (*find)(void *arg, const struct bg_digest *digest,
		     const struct bg_oid *commit, struct bg_known *out);
	/* A known log, with its key (taken over by the caller). */
	bool (*writer)(void *arg, const char *name, struct bg_writer *out);
	/* How many live logs of its own a principal has. */
	size_t (*live)(void *arg, const char *principal);
	void *arg;
};
struct bg_history_options {
	unsigned threads; /* 0: one a core */
	bool engine_native, engine_gpgme;
	const char *tmp;                    /* for the GPGME engine's home */
	const struct bg_history_from *from; /* NULL: everything */
	/* Calls are serialised, from any thread; all grows while reading. */
	void (*progress)(void *arg, size_t done, size_t all);
	void *progress_arg;
};
struct bg_history {
	struct bg_trust_chain trust;
	BG_VEC(struct bg_writer) writers;
	BG_VEC(struct bg_event *) events; /* by log, then seq; owned */
	struct bg_findings findings;
	size_t read; /* commits read */
	bool incomplete, unsupported;
	bool anchored;
	size_t *causal;   /* indices of events, what each one answers
				   * and follows before it; events.n of them */
	bool trust_moved; /* an event relies on a trust version that the
				   * given chain lacks (chain.h) */
	bool rebuild;     /* what is new contradicts `from`: read again
				   * without it; the rest is not filled in */
};
/* Read and verify every log (and trust): object hash, grammar, canonical bytes,
 * signature, key listed or introduced, envelope, chain, T1, T2, answers
 * present.  Wrong events are kept with wrong set; lifecycle and roles are for
 * grant/judge.h. */
int bg_history_read(struct bg_history *out, struct bg_repo *repo,
		    const struct bg_digest *anchor,
		    const struct bg_history_options *opt, struct bg_error *err)
	BG_MUST_CHECK;
void bg_history_release(struct bg_history *h);
BG_AUTO_VALUE(history, struct bg_history, bg_history_release)

#endif
