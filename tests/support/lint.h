/* Load a file of any kind for its faults, as tests and tests/tools/faults do. */
#ifndef BG_TESTS_SUPPORT_LINT_H
#define BG_TESTS_SUPPORT_LINT_H

#include "format/yaml.h"

/* kind: yaml (syntax only) trust policy identity channels controls; "auto"
 * takes it from the name: KIND-WORDS.yaml.  Faults are appended. */
int lint_text(const char *kind, const char *name, const char *text, size_t n,
	      struct bg_faults *faults, struct bg_error *err) BG_MUST_CHECK;
/* The faults of one file as lint prints them, named without its folder. */
int lint_file(struct bg_str *out, const char *kind, const char *path,
	      struct bg_error *err) BG_MUST_CHECK;

#endif
