/* What status shows, for the bare program too. */
#ifndef BG_CMD_STATUS_H
#define BG_CMD_STATUS_H

#include "cmd/cmd.h"

int bg_status_bare(struct bg_ctx *ctx, struct bg_error *err) BG_MUST_CHECK;

#endif
