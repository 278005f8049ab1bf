/* Inside of the policy command. */
#ifndef BG_CMD_POLICY_H
#define BG_CMD_POLICY_H

#include "cmd/change.h"

struct bg_policy_opts {
	bool draft, offline, solo, owing, drill, host_signed;
	const char *by, *code, *why, *ticket, *on_behalf, *identity;
	int64_t duration;
};
extern struct bg_policy_opts bg_policy_o;
typedef int bg_policy_run(struct bg_ctx *ctx, int argc, char **argv,
			  struct bg_error *err);
bg_policy_run bg_policy_lint_files, bg_policy_explain, bg_policy_test;

/* A policy in force; BG_ENOENT "no-such-policy" with the nearest as hint. */
int bg_policy_named(struct bg_policy **out, struct bg_ctx *ctx,
		    const char *name, struct bg_error *err) BG_MUST_CHECK;
/* Put a file into the change by what its first lines say it is: policy/1,
 * identity/1 (by their name), channels/1, controls/1. *path: where it went,
 * of the change's arena. */
int bg_change_take(const char **path, struct bg_change *c, const char *file,
		   struct bg_error *err) BG_MUST_CHECK;

#endif
