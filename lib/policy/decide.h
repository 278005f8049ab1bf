/*
 * Decide: policy + trust + known grants + ask + time -> allowed until when,
 * under which duties, or refused with every reason.  Pure: no clock, no I/O.
 * The cases under tests/decide/ are its specification by example.
 */
#ifndef BG_POLICY_DECIDE_H
#define BG_POLICY_DECIDE_H

#include "policy/identity.h"
#include "policy/policy.h"

/* What is already known about one grant of this policy (for concurrency, owing
 * and bars); made by lib/grant from the index. */
struct bg_known_grant {
	const char *label, *by, *scope, *identity;
	bool open;             /* waiting, open or ending */
	bool successor_of_ask; /* same person, ends within its last step: a
			       * successor is allowed (users.md S6) */
	bool review_overdue;
	bool drill;
	bool misuse_by; /* review quorum said misuse by this person */
};
struct bg_ask {
	const char *by;           /* principal who asks */
	const char *beneficiary;  /* --on-behalf, or NULL */
	const char *scope, *code; /* NULL: the least; the policy's only one */
	const char *trigger;      /* NULL: the first that lists the code */
	const char *reason, *ticket;
	int64_t duration; /* 0: the policy's default */
	bool solo, owing, drill, host_signed;
	const char *signer; /* host_signed: the host's principal */
	bool runner;        /* a runner acts, not the asker's own account */
	bool device_known;  /* this writer is known (device: known) */
	bool device_pinned; /* trust pins this writer */
	int64_t now_ms, trust_fetched_ms; /* 0: never */
};
/*
 * One reason.  Ids of refusals are stable and listed in bg-activate(1):
 *   people      role suspended retired ended barred beneficiary
 *               vendor-sponsor vendor-contract vendor-ended vendor-self-mode
 *   policy      policy-suspended not-this-scope window-over-limit concurrent
 *               owing solo-denied device-unknown host-signed host-signed-solo
 *   identity    identity-retired identity-users solo-no-envelope escrow-role
 *   drill       drill-block drill-scope
 * Usage (129; nothing is recorded for them): reason-too-short bad-text
 * text-too-long bad-duration beneficiary-self code-missing.
 * Gaps and loud facts of what is allowed: stale-trust device-new host-signed
 * solo solo-later owing ticket-pattern on-behalf.
 */
struct bg_reason {
	char id[48];
	char text[240];
	char hint[240]; /* complete corrected line, or "" */
	bool usage;     /* not a refusal: wrong command line (129) */
};
/* A duty that the opening will owe, in this order: told approve claim ticket
 * check rotate review push. */
struct bg_duty_rule {
	char what[24];
	int64_t within; /* seconds from the event that owes it */
	char who[160];  /* roles or names, comma separated */
};
struct bg_decision {
	bool allowed;
	bool waits;                   /* approval or custodians first */
	int64_t duration, until_max;  /* seconds: first window, whole grant */
	bool usage;                   /* refused for usage reasons only: 129 */
	const struct bg_scope *scope; /* of the policy: what was resolved */
	const struct bg_trigger *trigger;
	const char *code;
	unsigned approvals; /* still needed, before or after */
	unsigned shares;    /* custodians still needed before it opens */
	BG_VEC(struct bg_reason) reasons;
	BG_VEC(struct bg_duty_rule) duties;
	BG_VEC(struct bg_reason) gaps; /* loud facts: stale-trust, device-new */
};
void bg_decision_release(struct bg_decision *d);
BG_AUTO_VALUE(decision, struct bg_decision, bg_decision_release)

/* 0 also when refused: read *out.  BG_ENOENT (no such scope, code, trigger,
 * identity, person: typos, nothing is signed for them); out of memory.
 * identity: of the scope that is asked for. */
int bg_decide(struct bg_decision *out, const struct bg_policy *policy,
	      const struct bg_trust *trust, const struct bg_identity *identity,
	      const struct bg_known_grant *grants, size_t n_grants,
	      const struct bg_ask *ask, struct bg_error *err) BG_MUST_CHECK;

#endif
