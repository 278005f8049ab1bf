/* The commit grammar: what is written is read; no single edit is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "evidence/object.h"

static const char armor[] = "-----BEGIN PGP SIGNATURE-----\n"
			    "\n"
			    "iHUEABYIAB0WIQQ=\n"
			    "=abcd\n"
			    "-----END PGP SIGNATURE-----\n";
static const char body[] = "{\n \"v\": 1\n}\n";

static void make_payload(struct bg_str *out)
{
	struct bg_oid parents[2] = { { { 1 } }, { { 2 } } };
	struct bg_error err;

	assert_int_equal(bg_commit_payload(out, &bg_empty_tree, parents, 2,
					   "alice", "alice@acme.example",
					   1795403650, "note BG-x: text", body,
					   sizeof(body) - 1, &err),
			 0);
}

static void make(struct bg_str *out)
{
	BG_AUTO(str) struct bg_str payload = BG_STR_INIT;
	struct bg_error err;

	make_payload(&payload);
	assert_int_equal(bg_commit_sign(out, payload.buf, payload.len, armor,
					sizeof(armor) - 1, &err),
			 0);
}

static void test_round_trip(void **state)
{
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	BG_AUTO(str) struct bg_str payload = BG_STR_INIT;
	struct bg_commit c;
	struct bg_error err;

	(void)state;
	make(&raw);
	make_payload(&payload);
	assert_int_equal(bg_commit_parse(&c, raw.buf, raw.len, &err), 0);
	assert_string_equal(c.name, "alice");
	assert_string_equal(c.email, "alice@acme.example");
	assert_int_equal(c.seconds, 1795403650);
	assert_int_equal(c.n_parents, 2);
	assert_string_equal(c.subject, "note BG-x: text");
	assert_int_equal(c.body_n, sizeof(body) - 1);
	assert_memory_equal(c.body, body, c.body_n);
	assert_int_equal(c.armor_n, sizeof(armor) - 1);
	assert_memory_equal(c.armor, armor, c.armor_n);
	assert_int_equal(c.payload.len, payload.len);
	assert_memory_equal(c.payload.buf, payload.buf, payload.len);
	bg_commit_release(&c);
}

/* Either refused, or the same payload with another armor text: the armor's own
 * grammar (bg_armor_read) is not this test's. */
static void try_mutant(const char *p, size_t n, const struct bg_commit *good)
{
	struct bg_commit c;
	struct bg_error err;

	if (bg_commit_parse(&c, p, n, &err)) {
		assert_int_equal(err.code, BG_EVERIFY);
		return;
	}
	if (c.armor_n == good->armor_n &&
	    memcmp(c.armor, good->armor, c.armor_n) == 0)
		assert_false(bg_digest_eq(&c.digest, &good->digest));
	bg_commit_release(&c);
}

/* No two byte strings may parse to one (payload, armor). */
static void test_single_edits(void **state)
{
	static const char inserts[] = { '\0', '\n', '\r', ' ', 'a', '0' };
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	BG_AUTO(commit) struct bg_commit good = { 0 };
	struct bg_error err;
	char buf[4096];

	(void)state;
	make(&raw);
	assert_int_equal(bg_commit_parse(&good, raw.buf, raw.len, &err), 0);
	for (size_t i = 0; i < raw.len; i++) {
		memcpy(buf, raw.buf, raw.len);
		for (int bit = 0; bit < 8; bit++) {
			buf[i] = (char)(raw.buf[i] ^ (1 << bit));
			try_mutant(buf, raw.len, &good);
		}
		memcpy(buf + i, raw.buf + i + 1, raw.len - i - 1);
		try_mutant(buf, raw.len - 1, &good);
		try_mutant(raw.buf, i, &good);
		for (size_t k = 0; k < sizeof(inserts); k++) {
			memcpy(buf, raw.buf, i);
			buf[i] = inserts[k];
			memcpy(buf + i + 1, raw.buf + i, raw.len - i);
			try_mutant(buf, raw.len + 1, &good);
		}
	}
}

struct edit {
	const char *from, *to, *id;
};

/* Replace the first occurrence; a `to` may hold what it likes but NUL. */
static void replace(struct bg_str *out, const struct bg_str *raw,
		    const struct edit *e)
{
	const char *at = strstr(raw->buf, e->from);

	assert_non_null(at);
	bg_str_addn(out, raw->buf, (size_t)(at - raw->buf));
	bg_str_add(out, e->to);
	bg_str_add(out, at + strlen(e->from));
}

#define SIG "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n"
static const struct edit edits[] = {
	{ "author alice", "author bob", "bad-ident" },
	{ "alice@acme", "ali ce@acme", "bad-ident" },
	{ "+0000\ncommitter", "+0100\ncommitter", "bad-ident" },
	{ "1795403650", "01795403650", "bad-ident" },
	{ "gpgsig ", "encoding UTF-8\ngpgsig ", "not-canonical" },
	{ "gpgsig ", "mergetag x\ngpgsig ", "not-canonical" },
	{ "gpgsig ", SIG "gpgsig ", "second-signature" },
	{ "gpgsig ", "gpgsig-sha256 x\ngpgsig ", "second-signature" },
	{ "SIGNATURE-----\n\nnote", "SIGNATURE-----\n" SIG "\nnote",
	  "second-signature" },
	{ "gpgsig ", "gpgsigX ", "second-signature" },
	{ "parent 01", "parent 02", "not-canonical" },
	{ "parent 0100", "Parent 0100", "not-canonical" },
	{ "parent 01", "parent AB", "not-canonical" },
	{ "note BG", "\n\nnote BG", "not-canonical" },
	{ "note BG", " note BG", "not-canonical" },
	{ "note BG-x: text", "note BG-x: te\xc3\xa4xt", "not-canonical" },
	{ "text\n\n{", "text\n\n\n{", "not-canonical" },
	{ "text\n\n{", "text\n{", "not-canonical" },
	{ "text\n", "text\r\n", "not-canonical" },
	{ "}\n", "}", "not-canonical" },
	{ "tree ", "tree  ", "not-canonical" },
};

static void test_edits(void **state)
{
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;

	(void)state;
	make(&raw);
	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++) {
		BG_AUTO(str) struct bg_str other = BG_STR_INIT;
		struct bg_commit c;
		struct bg_error err;

		replace(&other, &raw, &edits[i]);
		/* A signature folded into one longer header is one header. */
		if (bg_commit_parse(&c, other.buf, other.len, &err) == 0)
			fail_msg("edit %zu accepted", i);
		assert_int_equal(err.code, BG_EVERIFY);
		if (strcmp(err.id, edits[i].id) != 0)
			fail_msg("edit %zu: %s, not %s", i, err.id,
				 edits[i].id);
	}
}

static void test_unsigned(void **state)
{
	BG_AUTO(str) struct bg_str payload = BG_STR_INIT;
	BG_AUTO(commit) struct bg_commit any = { 0 };
	struct bg_commit c;
	struct bg_error err;

	(void)state;
	make_payload(&payload);
	assert_int_equal(bg_commit_parse(&c, payload.buf, payload.len, &err),
			 BG_EVERIFY);
	assert_string_equal(err.id, "unsigned");
	assert_int_equal(
		bg_commit_parse_any(&any, payload.buf, payload.len, &err), 0);
	assert_null(any.armor);
}

static void test_nul_and_text(void **state)
{
	static const char tail[] = "\0approved by everyone\n";
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	struct bg_commit c;
	struct bg_error err;

	(void)state;
	make(&raw);
	bg_str_addn(&raw, tail, sizeof(tail) - 1);
	assert_int_equal(bg_commit_parse(&c, raw.buf, raw.len, &err),
			 BG_EVERIFY);
	assert_string_equal(err.id, "not-canonical");
}

static void test_oid(void **state)
{
	struct bg_oid oid;
	char hex[41];

	(void)state;
	bg_oid_format(hex, &bg_empty_tree);
	assert_string_equal(hex, "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
	assert_true(bg_oid_parse(&oid, hex));
	assert_true(bg_oid_eq(&oid, &bg_empty_tree));
	assert_false(bg_oid_parse(&oid, "4B825dc642cb6eb9a060e54bf8d69288fbee"
					"4904"));
	assert_false(bg_oid_parse(&oid, "4b82"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_single_edits),
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_unsigned),
		cmocka_unit_test(test_nul_and_text),
		cmocka_unit_test(test_oid),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("object", tests, NULL, NULL);
}
