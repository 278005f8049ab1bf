#include "unit/unit.h"

#include <errno.h>

#include "base/str.h"

static void fill_wrap_hint(void **state)
{
	struct bg_error err = { .code = 0 };

	(void)state;
	assert_int_equal(bg_fail(&err, BG_EDENIED, "no-role", "cannot %s", "x"),
			 BG_EDENIED);
	assert_string_equal(err.msg, "cannot x");
	assert_string_equal(err.id, "no-role");
	assert_string_equal(err.hint, "");
	assert_int_equal(bg_wrap(&err, "while %d", 1), BG_EDENIED);
	assert_string_equal(err.msg, "while 1: cannot x");
	bg_hint(&err, "bg %s", "status");
	bg_hint(&err, "bg help");
	assert_string_equal(err.hint, "bg status");
	bg_fail_oom(&err);
	assert_string_equal(err.hint, "");
	assert_int_equal(err.code, BG_EFAIL);
}

static void errno_is_kept(void **state)
{
	struct bg_error err;

	(void)state;
	errno = ENOSPC;
	assert_int_equal(bg_fail_errno(&err, "cannot write '%s'", "a"),
			 BG_ENOSPC);
	assert_string_equal(err.msg,
			    "cannot write 'a': No space left on device");
	errno = EDQUOT;
	assert_int_equal(bg_fail_errno(&err, "x"), BG_ENOSPC);
	errno = EIO;
	assert_int_equal(bg_fail_errno(&err, "x"), BG_EFAIL);
	assert_string_equal(err.id, "io");
}

/* A message that is too long is cut between characters. */
static void long_messages(void **state)
{
	static const char *const units[] = { "x", "\xc3\xa9", "\xe2\x82\xac",
					     "\xf0\x9f\x94\x91" };
	struct bg_error err;

	(void)state;
	for (size_t u = 0; u < LENGTH(units); u++) {
		for (int shift = 0; shift < 4; shift++) {
			BG_AUTO(str) struct bg_str s = BG_STR_INIT;

			bg_str_addf(&s, "%.*s", shift, "abc");
			while (s.len < 3000)
				bg_str_add(&s, units[u]);
			bg_fail(&err, BG_EFAIL, "long", "%s", s.buf);
			assert_true(strlen(err.msg) >= sizeof(err.msg) - 4);
			assert_true(bg_text_is_clean(err.msg, strlen(err.msg)));
			bg_hint(&err, "%s", s.buf);
			assert_true(
				bg_text_is_clean(err.hint, strlen(err.hint)));
			bg_wrap(&err, "%s", s.buf);
			assert_true(bg_text_is_clean(err.msg, strlen(err.msg)));
		}
	}
}

static void exit_codes(void **state)
{
	(void)state;
	assert_int_equal(bg_code_exit(BG_OK), 0);
	assert_int_equal(bg_code_exit(BG_EFAIL), 1);
	assert_int_equal(bg_code_exit(BG_ENOENT), 3);
	assert_int_equal(bg_code_exit(BG_EDENIED), 4);
	assert_int_equal(bg_code_exit(BG_EVERIFY), 5);
	assert_int_equal(bg_code_exit(BG_EATTENTION), 6);
	assert_int_equal(bg_code_exit(BG_EWAIT), 7);
	assert_int_equal(bg_code_exit(BG_EUNANCHORED), 11);
	assert_int_equal(bg_code_exit(BG_EUNSAFE), 14);
	assert_int_equal(bg_code_exit(BG_EBUSY), 75);
	assert_int_equal(bg_code_exit(BG_EUSAGE), 129);
	assert_int_equal(bg_code_exit(-99), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fill_wrap_hint),
		cmocka_unit_test(errno_is_kept),
		cmocka_unit_test(long_messages),
		cmocka_unit_test(exit_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
