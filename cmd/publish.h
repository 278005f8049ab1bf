/* How a change of trust gets into force, or into the draft. */
#ifndef BG_CMD_PUBLISH_H
#define BG_CMD_PUBLISH_H

#include "cmd/change.h"

int bg_draft_save(struct bg_change *c, struct bg_error *err) BG_MUST_CHECK;
/* BG_EBUSY "draft-outdated" when another version came since. */
int bg_draft_check_base(struct bg_ctx *ctx, struct bg_error *err) BG_MUST_CHECK;
/* Sign c's files as a version, share it, say so. */
int bg_publish(struct bg_change *c, struct bg_error *err) BG_MUST_CHECK;

#endif
