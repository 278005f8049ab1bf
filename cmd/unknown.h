/* A word that is no command: alias, external program, or the nearest names. */
#ifndef BG_CMD_UNKNOWN_H
#define BG_CMD_UNKNOWN_H

#include "cmd/cmd.h"

/* argv[0] is the word.  An alias changes argc and argv to a known command; an
 * external program replaces this process; else BG_EUSAGE "unknown-command". */
int bg_unknown(int *argc, char ***argv, struct bg_ctx *ctx,
	       struct bg_error *err) BG_MUST_CHECK;
/* The screen of the bare program. */
extern const struct bg_cmd cmd_bare;

#endif
