/* The parts of a grant's document, each made from the one model (grant.h). */
#ifndef BG_REPORT_GRANT_PARTS_H
#define BG_REPORT_GRANT_PARTS_H

#include "report/build.h"

json_t *bg_part_facts(struct bg_build *b, const struct bg_grant *g);
json_t *bg_part_times(struct bg_build *b, const struct bg_grant *g);
json_t *bg_part_timeline(struct bg_build *b, const struct bg_grant *g);
json_t *bg_part_actions(struct bg_build *b, const struct bg_grant *g);
json_t *bg_part_findings(struct bg_build *b, const struct bg_grant *g,
			 enum bg_class class);
json_t *bg_part_reviews(struct bg_build *b, const struct bg_grant *g);
json_t *bg_part_corrective(struct bg_build *b, const struct bg_grant *g);
json_t *bg_part_duties(struct bg_build *b, const struct bg_grant *g);
/* Claimed time of the newest event of this grant. */
int64_t bg_part_as_of(const struct bg_grant *g);

#endif
