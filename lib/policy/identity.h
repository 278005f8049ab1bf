/*
 * Emergency identities: identities/NAME.yaml, bg: identity/1.
 *
 *   bg: identity/1
 *   name: san-root
 *   kind: maintenance      # person vendor service workload maintenance
 *                          # ai-agent cloud-role
 *   title: Root of the storage array
 *   owner: dana
 *   custody: escrow        # escrow | provider | vault | none
 *   at: sudo               # ssh://USER@HOST | sudo; absent: caller's account
 *   escrow: {quorum: {k: 1, custodians: [dana, omar]}, solo_to: ROLE}
 *   rotate: {every: 90d, method: provider|manual, always: false}
 *   drill: {every: 90d}
 *   users: [prod-db]       # policies that may use it; empty: any
 *   provider: {name: command, with: {rotate: [...]}}   # for rotation
 *   retired: 2026-12-31    # from this day it opens nothing
 */
#ifndef BG_POLICY_IDENTITY_H
#define BG_POLICY_IDENTITY_H

#include "policy/policy.h"

struct bg_escrow {
	bool present;
	unsigned k; /* 0: no quorum envelope */
	struct bg_names custodians;
	const char *solo_to; /* role, or NULL */
};
struct bg_identity {
	struct bg_arena arena;
	const char *name, *kind, *title, *owner, *custody, *at;
	struct bg_escrow escrow;
	int64_t rotate_every, drill_every; /* 0: none */
	bool rotate_by_provider, rotate_always;
	struct bg_names users;
	struct bg_provider_use provider; /* name NULL: none */
	int64_t retired_ms;              /* INT64_MAX: in use */
};
int bg_identity_load(struct bg_identity **out, struct bg_faults *faults,
		     const char *file, const char *text, size_t n,
		     struct bg_error *err) BG_MUST_CHECK;
void bg_identity_free(struct bg_identity *i);
BG_AUTO_POINTER(identity, struct bg_identity, bg_identity_free)

#endif
