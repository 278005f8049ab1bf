/* The error printer; main.c is its only caller. */
#ifndef BG_CMD_FAIL_H
#define BG_CMD_FAIL_H

#include "cmd/cmd.h"

/* Print, with hints and reasons; the exit status. */
int bg_ctx_fail(struct bg_ctx *ctx, const struct bg_error *err);

#endif
