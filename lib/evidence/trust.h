/*
 * Trust: who may do what, and the policies in force (evidence.md "Trust",
 * lifecycle.md "Trust versions and offline writers").  One struct bg_trust is
 * one complete, verified version; immutable once loaded; owns an arena.
 *
 * trust.yaml:
 *   bg: trust/1
 *   organisation: Acme
 *   root: {threshold: 1, principals: [ana]}
 *   admin: {threshold: 1, principals: [ana]}
 *   principals:
 *     ana:                     # name: [a-z][a-z0-9-]{0,31}
 *       kind: person           # person vendor service workload maintenance
 *                              # ai-agent host
 *       human: ana             # person, vendor: one value per living person
 *       owner: dana            # the other kinds: a person
 *       email: ana@acme.example  # the author line of commits
 *       contact: '+49 171 ...'
 *       sponsor: dana          # vendor
 *       contract: C-2291
 *       until: 2027-03-31      # last day (UTC) on which asks count
 *       keys:
 *         - {primary: FPR, signing: [FPR...], blob: 'sha256:...'}
 *   roles: {dba-oncall: [alice, bob], runner: [...]}
 *   limits: {skew: 2m, sign_delay: 10m, unsealed_events: 50,
 *            unsealed_age: 24h, seal_age: 24h, trust_grace: 24h,
 *            trust_max_age: 30d, activate_ttl: 15m}
 *   suspended: [{name: bob, by: ana, keep: false}]
 *   retired:
 *     - {name: eve, at: T, logs: [{writer: W, seq: 7, digest: 'sha256:..'}]}
 *   compromised:
 *     - {name: eve, key: FPR, since: T, safe_seal: 'sha256:...'}
 *   abandoned: [{version: 4, digest: 'sha256:...'}]
 *   acknowledged: [{id: ID, ref: REF, event: 'sha256:...', reason: TEXT}]
 *   writers: {pinned: [...], retired: [{writer, seq, digest}]}
 *   witnesses: [NAME...]
 *   authorities: [{name: tsa1, certificate: 'sha256:...', url: ...}]
 * Absent sections are empty; limits have the defaults shown.
 */
#ifndef BG_EVIDENCE_TRUST_H
#define BG_EVIDENCE_TRUST_H

#include "crypto/digest.h"
#include "crypto/openpgp.h"
#include "evidence/object.h"
#include "format/yaml.h"

enum bg_principal_kind {
	BG_PERSON,
	BG_VENDOR,
	BG_SERVICE,
	BG_WORKLOAD,
	BG_MAINTENANCE,
	BG_AI_AGENT,
	BG_HOST,
};
const char *bg_principal_kind_text(enum bg_principal_kind k);

struct bg_trust_key {
	struct bg_fpr primary;
	size_t n_signing;
	struct bg_fpr *signing;   /* fingerprints that may sign */
	struct bg_digest blob;    /* of keys/<primary>.pgp */
	struct bg_keyblob parsed; /* loaded with the version */
};
struct bg_principal {
	const char *name;
	enum bg_principal_kind kind;
	const char *human; /* resolved: own, or of the owner; never NULL */
	const char *owner; /* NULL for person and vendor */
	const char *email; /* never NULL: NAME@invalid by default */
	const char *contact, *sponsor, *contract; /* NULL when absent */
	int64_t until_ms; /* last instant; INT64_MAX: none */
	size_t n_keys;
	struct bg_trust_key *keys;
	bool suspended;
};
struct bg_names {
	size_t n;
	const char **v;
};
struct bg_quorum {
	unsigned threshold;
	struct bg_names principals;
};
struct bg_role {
	const char *name;
	struct bg_names members;
};
struct bg_cutoff { /* nothing after it on this log counts without doubt */
	const char *writer;
	uint64_t seq;
	struct bg_digest digest;
};
struct bg_retirement {
	const char *name; /* principal, or NULL: a writer alone */
	int64_t at_ms;
	size_t n_logs;
	struct bg_cutoff *logs;
};
struct bg_compromise {
	const char *name;
	struct bg_fpr key;
	int64_t since_ms;
	bool has_safe_seal;
	struct bg_digest safe_seal;
};
struct bg_suspension {
	const char *name, *by;
	bool keep;
};
struct bg_version_ref {
	uint64_t version;
	struct bg_digest digest;
};
struct bg_acknowledgement {
	const char *id, *ref, *reason;
	struct bg_digest event;
};
struct bg_trust_limits { /* seconds, but unsealed_events */
	int64_t skew, sign_delay, unsealed_events, unsealed_age, seal_age,
		trust_grace, trust_max_age, activate_ttl;
};
struct bg_trust_file {
	const char *path;        /* "policies/prod-db.yaml" */
	struct bg_digest digest; /* SHA-256 of the content */
	const char *text;        /* content, NUL terminated */
	size_t n;
};
struct bg_trust {
	struct bg_arena arena;
	uint64_t version;
	struct bg_digest digest, prev; /* prev: zero for the genesis */
	struct bg_oid commit;
	const char *signer; /* principal */
	int64_t at_ms;
	const char *organisation;
	struct bg_quorum root, admin;
	size_t n_principals, n_roles, n_retired, n_compromised, n_suspended,
		n_abandoned, n_acknowledged, n_files;
	struct bg_principal *principals; /* sorted by name */
	struct bg_role *roles;
	struct bg_retirement *retired;
	struct bg_compromise *compromised;
	struct bg_suspension *suspended;
	struct bg_version_ref *abandoned;
	struct bg_acknowledgement *acknowledged;
	struct bg_trust_limits limits;
	struct bg_names pinned_writers;
	struct bg_trust_file *files; /* sorted by path */
};

/* Parse and lint trust.yaml and key blobs of a file set (no signatures): used
 * by the chain loader and by the commands that edit trust. Faults are
 * collected; *out is usable only when they hold no error. */
int bg_trust_parse(struct bg_trust **out, struct bg_faults *faults,
		   const struct bg_trust_file *files, size_t n_files,
		   struct bg_error *err) BG_MUST_CHECK;
void bg_trust_free(struct bg_trust *t);
BG_AUTO_POINTER(trust, struct bg_trust, bg_trust_free)

const struct bg_principal *bg_trust_principal(const struct bg_trust *t,
					      const char *name);
/* Who lists this fingerprint as a signing key; NULL: nobody. */
const struct bg_principal *bg_trust_by_key(const struct bg_trust *t,
					   const struct bg_fpr *fpr);
bool bg_trust_has_role(const struct bg_trust *t, const char *name,
		       const char *role);
/* Root, admin: "root" and "admin" are the two quorums. */
bool bg_names_have(const struct bg_names *names, const char *name);
const struct bg_role *bg_trust_role(const struct bg_trust *t, const char *role);
const struct bg_trust_file *bg_trust_file(const struct bg_trust *t,
					  const char *path);
/* human() of lifecycle.md; the name itself for an unknown principal. */
const char *bg_trust_human(const struct bg_trust *t, const char *name);
bool bg_trust_is_retired(const struct bg_trust *t, const char *name);

#endif
