/*
 * Inside of bg_trust_parse(): one reader over trust.yaml, the version that is
 * being made, and helpers that its parts share.  Not for other folders.
 */
#ifndef BG_EVIDENCE_TRUST_PARSE_H
#define BG_EVIDENCE_TRUST_PARSE_H

#include "evidence/trust.h"
#include "format/yaml_read.h"

struct bg_trust_reader {
	struct bg_reader r;
	struct bg_yaml *root;
	struct bg_trust *t;
};

/* principals: with their keys. */
void bg_trust_read_principals(struct bg_trust_reader *p);
/* retired compromised abandoned acknowledged suspended writers witnesses
 * authorities limits. */
void bg_trust_read_lists(struct bg_trust_reader *p);

/* "sha256:<64 hex>" or a fault. */
bool bg_trust_read_digest(struct bg_trust_reader *p, const struct bg_yaml *node,
			  struct bg_digest *out);
/* 40 upper-case hex digits or a fault. */
bool bg_trust_read_fpr(struct bg_trust_reader *p, const struct bg_yaml *node,
		       struct bg_fpr *out);
/* A zeroed array for the elements of a list (0 for an absent one). */
void *bg_trust_new_array(struct bg_trust_reader *p, const struct bg_yaml *list,
			 size_t size);

#endif
