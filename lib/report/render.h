/* Shared by the renderers of a grant and of a period. */
#ifndef BG_REPORT_RENDER_H
#define BG_REPORT_RENDER_H

#include "report/page.h"

void bg_render_grant(struct bg_page *p, const json_t *doc);
void bg_render_period(struct bg_page *p, const json_t *doc);
/* Text member, "" when absent. */
const char *bg_render_text(const json_t *object, const char *key);
/* A scalar as text, in place of what out held. */
void bg_render_number(struct bg_str *out, const json_t *value);
/* A section of findings (id, text), nothing when there are none. */
void bg_render_findings(struct bg_page *p, const json_t *doc, const char *key,
			const char *title);

#endif
