/* Control mapping of a grant: which evidence is available for which control. */
#ifndef BG_REPORT_GRANT_CONTROLS_H
#define BG_REPORT_GRANT_CONTROLS_H

#include "report/build.h"

/* [{evidence, attribute?, available, framework: [ids]...}] for the frameworks
 * that the policy names; `attributes` is the sheet a to n, whose result says
 * whether the evidence is there. AI frameworks only for AI identities. */
int bg_grant_controls(struct bg_build *b, json_t *doc, const struct bg_grant *g,
		      struct bg_error *err) BG_MUST_CHECK;

#endif
