/*
 * The attribute sheet a to n that auditors test (controls-and-formats 3.4): each
 * with a result, a sentence and the events behind it.  Unknown is not met.
 */
#ifndef BG_REPORT_ATTRIBUTES_H
#define BG_REPORT_ATTRIBUTES_H

#include "report/build.h"

#define BG_ATTRIBUTES 14
/* [{key, title, result: met|not_met|gap_declared|not_applicable|unknown, text,
 *   event?}] in the order a to n. as_of_ms: newest event held. */
json_t *bg_attributes_make(struct bg_build *b, const struct bg_grant *g,
			   int64_t as_of_ms);

#endif
