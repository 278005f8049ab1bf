/*
 * One signed commit, from raw bytes to commit, event and signature: what
 * history and the trust chain have in common.  Nothing here trusts a key.
 */
#ifndef BG_EVIDENCE_RECORD_H
#define BG_EVIDENCE_RECORD_H

#include "evidence/event.h"

struct bg_record {
	struct bg_commit commit;
	struct bg_event event; /* digest, commit, signer, signed_at are set */
	struct bg_sig sig;
	bool has_commit, has_event, has_sig;
};
/* Parse and compare everything with its own re-writing.  BG_EVERIFY with the
 * ids of the grammars, and bad-subject, wrong-time (committer seconds are not
 * floor(at)); what was understood before the fault is kept. */
int bg_record_parse(struct bg_record *out, const struct bg_oid *oid,
		    const char *raw, size_t n, struct bg_error *err)
	BG_MUST_CHECK;
/* The parts of it: event and signature (commit and has_commit are set already);
 * then what ties the commit's lines to the event: bad-subject, wrong-time. */
int bg_record_parse_event(struct bg_record *out, const struct bg_oid *oid,
			  struct bg_error *err) BG_MUST_CHECK;
int bg_record_check_form(const struct bg_record *r, struct bg_error *err)
	BG_MUST_CHECK;
/* Is the author line the principal's? */
bool bg_record_author_is(const struct bg_record *r, const char *name,
			 const char *email);
/* The log name is of the writer's form and its principal is by. */
bool bg_record_writer_is_of(const struct bg_record *r, const char *by);
void bg_record_release(struct bg_record *r);
BG_AUTO_VALUE(record, struct bg_record, bg_record_release)

#endif
