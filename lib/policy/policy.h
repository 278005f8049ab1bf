/*
 * Policy files (policy.md): bg: policy/1.  A loaded policy is immutable and
 * owns an arena; durations are seconds.
 */
#ifndef BG_POLICY_POLICY_H
#define BG_POLICY_POLICY_H

#include "evidence/trust.h"
#include "format/json.h"

enum bg_when { BG_NONE, BG_BEFORE, BG_AFTER };
enum bg_solo { BG_SOLO_DENIED, BG_SOLO_ALLOWED, BG_SOLO_AFTER };
enum bg_record { BG_RECORD_NONE, BG_RECORD_WANTED, BG_RECORD_REQUIRED };
enum bg_device { BG_DEVICE_ANY, BG_DEVICE_KNOWN, BG_DEVICE_PINNED };

/* A program named under trust (lifecycle.md X4-X10). */
struct bg_program {
	size_t n;
	const char **argv; /* NULL terminated; placeholders kept */
	size_t n_env;
	const char **env; /* literal NAME=VALUE from the policy */
};
struct bg_probe {
	bool present;
	struct bg_program run, control; /* control.n == 0: none */
	bool expect_fail;               /* expect: fail, else ok */
	size_t n_exits;                 /* listed exit statuses of a failure */
	int *exits;                     /* default: {1} */
	bool timeout_counts;            /* expect: {timeout: true} */
	int64_t timeout;
};
struct bg_trigger {
	const char *id, *when;
	struct bg_names codes;
	struct bg_probe probe;
};
/* with: of a provider: kept as JSON so that it can be sent as it is. */
struct bg_provider_use {
	const char *name;
	json_t *with; /* object, owned by the policy */
};
struct bg_scope {
	const char *id, *title, *identity;
	struct bg_names codes; /* empty: every code of the policy */
	size_t n_grant;        /* fallbacks, first that works */
	struct bg_provider_use *grant;
	struct bg_names expect; /* globs of commands */
};
struct bg_approval {
	struct bg_names roles;
	unsigned count;
	enum bg_when when;
	int64_t within;
	enum bg_solo solo;
	int64_t solo_after;
};
struct bg_policy {
	struct bg_arena arena;
	struct bg_yaml_doc doc;  /* the file's tree: places for later checks */
	struct bg_digest digest; /* of the file's bytes */
	const char *name, *title, *owner;
	size_t n_triggers, n_scopes;
	struct bg_trigger *triggers;
	struct bg_scope *scopes;
	struct bg_names codes;            /* of all triggers, no repeats */
	struct bg_names activate, revoke; /* roles */
	struct bg_approval approve;
	unsigned reason_min;
	const char *ticket_pattern; /* NULL: none */
	int64_t ticket_within;      /* 0: no ticket is owed */
	int64_t limit_default, limit_max, extend_max, idle;
	unsigned extensions, concurrent;
	enum bg_record record;
	const char *capture; /* exec | terminal | none */
	bool end_on_record_failure;
	struct bg_names readable_by;
	enum bg_device device;
	bool host_signed;
	struct bg_names notify; /* channels */
	const char *ticket;     /* channel or NULL */
	struct bg_names review_roles;
	unsigned review_count;
	int64_t review_within;
	bool review_require_owing;      /* overdue: require-owing */
	int64_t rotate_within;          /* 0: no rotation is owed */
	int64_t drill_every, drill_max; /* 0: no drill block */
	const char *drill_scope;
	int64_t keep_recordings; /* 0: forever */
	bool sponsor_required, contract_required;
	struct bg_names controls;
};

/* Load and lint one file by itself. *out is usable only when faults holds no
 * error of severity error.  Every id that this and bg_policy_check() may record
 * is listed in bg-policy(5).  faults must outlive the policy. */
int bg_policy_load(struct bg_policy **out, struct bg_faults *faults,
		   const char *file, const char *text, size_t n,
		   struct bg_error *err) BG_MUST_CHECK;
/* Lint against trust and the files in it: roles, owner, channels, identities
 * named exist and fit; quorum and review can be reached by somebody else than
 * the activator. */
int bg_policy_check(const struct bg_policy *p, const struct bg_trust *trust,
		    struct bg_faults *faults, struct bg_error *err)
	BG_MUST_CHECK;
void bg_policy_free(struct bg_policy *p);
BG_AUTO_POINTER(policy, struct bg_policy, bg_policy_free)

const struct bg_scope *bg_policy_scope(const struct bg_policy *p,
				       const char *id);
/* Codes of all triggers, in file order, without repeats: *n of them; borrowed
 * from the policy's arena. */
const struct bg_names *bg_policy_codes(const struct bg_policy *p);
/* A full code, or the only one that begins with what, any case; NULL with *n =
 * how many begin so. */
const char *bg_policy_code(const struct bg_policy *p, const char *what,
			   size_t *n);
/* First trigger (or the one with id `trigger`) that lists the code. */
const struct bg_trigger *bg_policy_trigger(const struct bg_policy *p,
					   const char *code,
					   const char *trigger);
/* The first scope (least) that the code may open. */
const struct bg_scope *bg_policy_default_scope(const struct bg_policy *p,
					       const char *code);
/* Whether a ticket is a good one: matches the whole pattern (lifecycle.md X12);
 * true for any when there is no pattern. */
bool bg_policy_ticket_ok(const struct bg_policy *p, const char *ticket);
bool bg_scope_has_code(const struct bg_scope *s, const char *code);

#endif
