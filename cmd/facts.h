/* One grant on one screen: for show, approve and deny. */
#ifndef BG_CMD_FACTS_H
#define BG_CMD_FACTS_H

#include "cmd/cmd.h"

/* The head: who, what, why, how long; ends with a line end. */
void bg_facts_print(FILE *f, struct bg_ctx *ctx, const struct bg_grant *g);
/* One line about an event: time, who, what. Escaped. */
void bg_event_line(struct bg_str *out, const struct bg_event *e);
/* Envelope and data with event (digest) and commit: a new object. */
json_t *bg_event_json(const struct bg_event *e);
/* "pushed" and the like at the end of a result line; NULL-safe. */
void bg_result_line(struct bg_ctx *ctx, const char *label, const char *fmt, ...)
	BG_PRINTF(3, 4);

#endif
