/*
 * The verification box of a report: the events that it prints, read from their
 * objects and checked again now (evidence.md "Index"), not a cached verdict.
 */
#ifndef BG_REPORT_REVERIFY_H
#define BG_REPORT_REVERIFY_H

#include "evidence/store.h"

struct bg_reverified {
	size_t events; /* asked for */
	size_t good;   /* hash, grammar, payload digest, signature hold */
	struct bg_digest first_bad; /* when good < events */
	char why[160];
};
int bg_reverify(struct bg_reverified *out, struct bg_store *store,
		struct bg_event *const *events, size_t n, struct bg_error *err)
	BG_MUST_CHECK;

#endif
