/* Parts of a period's document that stand on their own. */
#ifndef BG_REPORT_PERIOD_H
#define BG_REPORT_PERIOD_H

#include "report/build.h"
#include "report/report.h"

/* Whole-repository verification, made now: verdict, counts, wrong findings. */
int bg_period_verification(struct bg_build *b, json_t *doc,
			   struct bg_store *store, struct bg_error *err)
	BG_MUST_CHECK;
/* The reproducible sample: grants ranked by the hex of SHA-256("SEED LABEL"),
 * the first n; `sort` and `sha256sum` give the same. */
int bg_period_sample(struct bg_build *b, json_t *doc,
		     const struct bg_report_range *range, struct bg_error *err)
	BG_MUST_CHECK;

#endif
