/*
 * faults KIND FILE...: the faults of files, as lint prints them (kinds are in
 * support/lint.h).  `faults auto tests/policy/X.yaml >tests/policy/X.faults`
 * writes down what a case of tests/policy expects; read it before committing.
 */
#include <stdio.h>

#include "support/lint.h"

int main(int argc, char **argv)
{
	BG_AUTO(str) struct bg_str out = BG_STR_INIT;
	struct bg_error err;
	if (argc < 3) {
		fputs("usage: faults KIND FILE...\n", stderr);
		return 129;
	}
	for (int i = 2; i < argc; i++) {
		if (lint_file(&out, argv[1], argv[i], &err)) {
			fprintf(stderr, "faults: %s\n", err.msg);
			return 1;
		}
	}
	fputs(bg_str_text(&out), stdout);
	return 0;
}
