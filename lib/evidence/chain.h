/*
 * Internal to lib/evidence: steps that history.c and store.c share.
 */
#ifndef BG_EVIDENCE_CHAIN_H
#define BG_EVIDENCE_CHAIN_H

#include "evidence/history.h"

/* bg_trust_chain_read() over refs that were read already. */
int bg_trust_chain_read_refs(struct bg_trust_chain *out, struct bg_findings *f,
			     struct bg_repo *repo, const struct bg_refs *refs,
			     const struct bg_digest *anchor,
			     struct bg_error *err) BG_MUST_CHECK;
/* bg_history_read() over refs that were read already.  given: a chain that was
 * verified already and stays the caller's (out->trust is empty then), or NULL.
 */
int bg_history_read_refs(struct bg_history *out, struct bg_repo *repo,
			 const struct bg_refs *refs,
			 const struct bg_trust_chain *given,
			 const struct bg_digest *anchor,
			 const struct bg_history_options *opt,
			 struct bg_error *err) BG_MUST_CHECK;
#endif
