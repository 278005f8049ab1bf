/* A secret from a person: hidden and twice, or from a file or descriptor;
 * never from argv or the environment. */
#ifndef BG_CMD_SECRET_H
#define BG_CMD_SECRET_H

#include "cmd/cmd.h"

/* path: a file, "-" for standard input, NULL: ask.  One line end at the end is
 * not part of it. The caller wipes out. BG_EUSAGE "no-secret" when there is
 * nobody to ask, "secret-differs", "secret-empty".  line: what to type then,
 * with %s for the name ("bg rotate %s --secret-file FILE"). */
int bg_secret_read(struct bg_str *out, struct bg_ctx *ctx, const char *path,
		   const char *what, const char *line, struct bg_error *err)
	BG_MUST_CHECK;

#endif
