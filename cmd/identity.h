/* Inside of the identity command. */
#ifndef BG_CMD_IDENTITY_H
#define BG_CMD_IDENTITY_H

#include "cmd/change.h"

struct bg_identity_opts {
	const char *kind, *owner, *title, *solo_to, *secret_file;
	struct bg_opt_list custodians, policies;
	int64_t escrow, rotate, drill;
	bool offline;
};
extern struct bg_identity_opts bg_identity_o;
int bg_identity_add(struct bg_ctx *ctx, int argc, char **argv,
		    struct bg_error *err);
/* An identity in force; BG_ENOENT "no-such-identity". */
int bg_identity_named(struct bg_identity **out, struct bg_ctx *ctx,
		      const char *name, struct bg_error *err) BG_MUST_CHECK;

#endif
