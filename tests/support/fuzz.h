/*
 * Fuzz targets: tests/fuzz/NAME.c defines LLVMFuzzerTestOneInput() and calls
 * must() for what holds whatever the bytes are.  `make check` replays the
 * corpus (replay.c); `make fuzz TARGET=NAME SECONDS=60` runs libFuzzer.
 */
#ifndef BG_TESTS_SUPPORT_FUZZ_H
#define BG_TESTS_SUPPORT_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define must(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#condition); \
			abort(); \
		} \
	} while (0)

#endif
