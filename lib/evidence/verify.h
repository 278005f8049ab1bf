/*
 * The verdict of a verification (evidence.md "Verify"): what findings and flags
 * add up to, acknowledgements, attachments, and what no verification proves.
 * The lifecycle is judged by lib/grant in between: read, judge, attachments,
 * acknowledge, verdict.
 */
#ifndef BG_EVIDENCE_VERIFY_H
#define BG_EVIDENCE_VERIFY_H

#include "evidence/history.h"

/* name, word, exit status */
#define BG_VERDICTS(X) \
	X(BG_V_OK, "ok", 0) \
	X(BG_V_STALE, "stale", 12) \
	X(BG_V_UNANCHORED, "unanchored", 11) \
	X(BG_V_INCOMPLETE, "incomplete", 1) \
	X(BG_V_ROLLED_BACK, "rolled-back", 13) \
	X(BG_V_TAMPERED, "tampered", 5) \
	X(BG_V_UNSUPPORTED, "unsupported", 1) \
	X(BG_V_UNSAFE, "unsafe", 14)
/* Of several that apply the last of this list is given. */
enum bg_verdict {
#define X(name, word, exit) name,
	BG_VERDICTS(X)
#undef X
};
const char *bg_verdict_text(enum bg_verdict v);
int bg_verdict_exit(enum bg_verdict v);
/* One sentence for a person. */
const char *bg_verdict_meaning(enum bg_verdict v);

/* From findings that are not acknowledged and the flags of h. */
enum bg_verdict bg_verdict_of(const struct bg_history *h);

/* Mark the findings that the newest trust acknowledges: never those of trust or
 * seals. */
void bg_findings_acknowledge(struct bg_findings *f,
			     const struct bg_trust_chain *chain);
/* The version that acknowledged it first; its signer did.  NULL: none. */
const struct bg_trust *bg_finding_acknowledged_in(
	const struct bg_finding *f, const struct bg_trust_chain *chain);

/* Every attachment that a good event names is there and equal, or redacted; what
 * no event names is a gap.  Adds to h->findings. */
int bg_verify_attachments(struct bg_history *h, struct bg_repo *repo,
			  struct bg_error *err) BG_MUST_CHECK;

struct bg_verify_counts {
	size_t events, wrong, doubtful, writers, grants;
	size_t unsealed;    /* good events that no seal covers */
	size_t of_class[4]; /* findings, acknowledged ones not counted */
};
void bg_verify_count(struct bg_verify_counts *out, const struct bg_history *h);

/* "What this does not prove": lines, NULL ends. */
extern const char *const bg_verify_limits[];

#endif
