/* What an end came to: for done, revoke, exec, activate, settle. */
#ifndef BG_CMD_ENDED_H
#define BG_CMD_ENDED_H

#include "cmd/cmd.h"

/* 0 proven gone, 6 not proven gone, 1 still there (cli.md). */
int bg_ended_status(const struct bg_ending *e);
/* The line, what is owed, what to type next.  Results on f. */
void bg_ended_print(FILE *f, struct bg_ctx *ctx, const struct bg_ending *e);
json_t *bg_ended_json(const struct bg_ending *e);
/* "  owed     rotate pg in 24h   bg rotate pg", one line each. */
void bg_debts_print(FILE *f, struct bg_ctx *ctx, const struct bg_duty *v,
		    size_t n);
json_t *bg_debts_json(const struct bg_duty *v, size_t n);

#endif
