/*
 * trust.yaml, written: one form for each section, so that two people who make
 * the same change write the same bytes.  Sections that did not change keep
 * their text, comments and all; a section that is written anew loses the
 * comments inside it.
 */
#ifndef BG_EVIDENCE_TRUST_WRITE_H
#define BG_EVIDENCE_TRUST_WRITE_H

#include "evidence/trust.h"

/* Append one section ("root", "admin", "principals", "roles", "suspended",
 * "retired", "compromised", "abandoned", "acknowledged", "writers", "organisation") as
 * whole lines; nothing for a list that is empty. BG_EFAIL for another name. */
int bg_trust_write_section(struct bg_str *out, const struct bg_trust *t,
			   const char *section, struct bg_error *err)
	BG_MUST_CHECK;
/* Append a whole file: the text as it is, with the named sections (NULL
 * terminated) written from t: in their place, or at the end. */
int bg_trust_rewrite(struct bg_str *out, const char *text, size_t n,
		     const struct bg_trust *t, const char *const *sections,
		     struct bg_error *err) BG_MUST_CHECK;
/* Append text as one YAML scalar: plain when it is a word, else in single
 * quotes. */
void bg_yaml_scalar(struct bg_str *out, const char *text);

#endif
