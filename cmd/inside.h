/* Running something inside a grant: for exec and activate -s | -- COMMAND. */
#ifndef BG_CMD_INSIDE_H
#define BG_CMD_INSIDE_H

#include "cmd/cmd.h"

/* The words of a command, NULL terminated; NULL when there are none. */
char **bg_inside_command(struct bg_ctx *ctx, int argc, char **argv);
/* argv NULL: a shell ($SHELL).  *status: what to exit with. Says on stderr what
 * is recorded; end: end the grant afterwards without asking, else, after a shell
 * on a terminal, ask. */
int bg_inside_run(int *status, struct bg_ctx *ctx, const struct bg_digest *root,
		  char **argv, bool end, struct bg_error *err) BG_MUST_CHECK;

#endif
