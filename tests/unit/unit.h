/*
 * What every unit test includes: cmocka, a home for files, error checks.
 * One group a program: TAP has one plan.
 */
#ifndef BG_TESTS_UNIT_H
#define BG_TESTS_UNIT_H

/* cmocka.h wants these first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* For what cannot be shown under valgrind: if (UNDER_VALGRIND) skip(); */
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define UNDER_VALGRIND RUNNING_ON_VALGRIND
#else
#define UNDER_VALGRIND 0
#endif

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* The call succeeds; else its message is shown. */
#define assert_ok(call, err) \
	do { \
		if ((call) != 0) { \
			print_error("%s: %s\n", #call, (err).msg); \
			fail(); \
		} \
	} while (0)

/* The call fails with this code and reason id. */
#define assert_fails(call, want, want_id, err) \
	do { \
		assert_int_equal((call), want); \
		assert_int_equal((err).code, want); \
		assert_string_equal((err).id, want_id); \
		assert_int_not_equal(strlen((err).msg), 0); \
	} while (0)

#endif
