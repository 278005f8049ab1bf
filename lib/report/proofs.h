/*
 * The three proofs of product.md, by the rules of lifecycle.md (decisions 2,
 * 11, 12).  Unknown never counts as shown.
 */
#ifndef BG_REPORT_PROOFS_H
#define BG_REPORT_PROOFS_H

#include "base/vec.h"
#include "grant/grant.h"

enum bg_shown_state { BG_NOT_SHOWN, BG_SHOWN, BG_CONTRADICTED };
const char *bg_shown_state_text(enum bg_shown_state s);

struct bg_proof {
	enum bg_shown_state state;
	char text[240];
	BG_VEC(struct bg_digest) events; /* that say so, in order of claim */
};
struct bg_proofs {
	struct bg_proof necessary, limited, reversed;
};
int bg_proofs_make(struct bg_proofs *out, const struct bg_grant *g,
		   struct bg_error *err) BG_MUST_CHECK;
void bg_proofs_release(struct bg_proofs *p);
BG_AUTO_VALUE(proofs, struct bg_proofs, bg_proofs_release)

/* A finding of this grant by id, or NULL. */
const struct bg_finding *bg_grant_finding(const struct bg_grant *g,
					  const char *id);

#endif
