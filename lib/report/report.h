/*
 * Reports: one JSON document (a grant, or a period) is the model; every other
 * form is rendered from it, so that no form can say something that another does
 * not.  Same evidence, same bytes: no clock and no locale here; "now" is the time
 * of the newest event held.
 */
#ifndef BG_REPORT_REPORT_H
#define BG_REPORT_REPORT_H

#include "grant/grant.h"

/* The document of one grant (cli.md "report"): schema kind verification proofs
 * facts times timeline actions deviations gaps attributes reviews
 * corrective_actions debts controls reverify. */
int bg_report_grant(json_t **out, struct bg_store *store,
		    const struct bg_digest *root, struct bg_error *err)
	BG_MUST_CHECK;

struct bg_report_range {
	int64_t since_ms, until_ms;
	size_t sample; /* 0: none */
	const char *seed;
};
/* The document of a period: schema kind period verification population metrics
 * grants exceptions refused declared identities debts gaps sample controls. */
int bg_report_period(json_t **out, struct bg_store *store,
		     const struct bg_report_range *range, struct bg_error *err)
	BG_MUST_CHECK;

enum bg_report_format { BG_REPORT_TEXT, BG_REPORT_MD, BG_REPORT_JSON };
/* Render a document of either kind. */
int bg_report_render(struct bg_str *out, const json_t *doc,
		     enum bg_report_format format, struct bg_error *err)
	BG_MUST_CHECK;

#endif
