/*
 * One version of trust, verified against the version before it.  Internal to
 * lib/evidence: trust_chain.c walks, this judges.
 */
#ifndef BG_EVIDENCE_TRUST_VERSION_H
#define BG_EVIDENCE_TRUST_VERSION_H

#include "evidence/record.h"
#include "evidence/repo.h"
#include "evidence/trust.h"

/* Who signed a version: the commit's signer first, then co-signers. */
struct bg_signature_of {
	const char *name; /* borrowed: event or path */
	struct bg_fpr fpr;
};
struct bg_signers {
	BG_VEC(struct bg_signature_of) list;
};

/* prev NULL: the genesis.  BG_EVERIFY with a finding's id when it is wrong;
 * BG_ENOENT missing-object. */
int bg_trust_version_verify(struct bg_trust **out, struct bg_repo *repo,
			    const struct bg_trust *prev,
			    const struct bg_digest *genesis,
			    const struct bg_record *r, struct bg_error *err)
	BG_MUST_CHECK;
/* Did enough sign (evidence.md "Trust", T9, T13)?  BG_EVERIFY below-threshold
 * or bad-suspension. */
int bg_trust_quorum_check(const struct bg_trust *prev,
			  const struct bg_trust *next,
			  const struct bg_signers *signers,
			  struct bg_error *err) BG_MUST_CHECK;
/* "bg-trust/1\n" and the canonical statement that co-signers sign (T12). prev
 * and repo NULL for the genesis. */
int bg_trust_statement(struct bg_str *out, const struct bg_digest *repo,
		       uint64_t version, const struct bg_digest *prev,
		       const json_t *files, struct bg_error *err) BG_MUST_CHECK;
/* May this path be in a tree of trust (T12)? */
bool bg_trust_path_allowed(const char *path);
/* The listed signing key with this fingerprint of a principal, or NULL. */
const struct bg_pubkey *bg_principal_key(const struct bg_principal *p,
					 const struct bg_fpr *fpr);

#endif
