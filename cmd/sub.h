/* Commands with sub-commands: trust, policy, identity. */
#ifndef BG_CMD_SUB_H
#define BG_CMD_SUB_H

#include "cmd/cmd.h"

struct bg_sub {
	const char *name;
	int min, max;     /* arguments after the sub-command; max -1: any */
	const char *opts; /* long names that it takes, separated by blanks */
	unsigned flags;   /* BG_CMD_STORE ANCHORED SIGN PAGER: opened for it */
	int (*run)(struct bg_ctx *ctx, int argc, char **argv,
		   struct bg_error *err);
};
/* Run the sub-command argv[0], or `otherwise` when there is none.  An option
 * that belongs to another sub-command is a wrong command line. */
int bg_sub_run(struct bg_ctx *ctx, const struct bg_sub *subs,
	       const char *otherwise, int argc, char **argv,
	       struct bg_error *err) BG_MUST_CHECK;

#endif
