#include "unit/unit.h"

#include "evidence/trust_write.h"

static const char *const all[] = {
	"organisation", "root",      "admin",        "principals",
	"roles",        "suspended", "retired",      "writers",
	"compromised",  "abandoned", "acknowledged", NULL
};

static const char whole[] =
	"# first\n"
	"bg: trust/1\n"
	"organisation: 'Acme, ''the'' company: #1'\n"
	"root: {threshold: 1, principals: [ana]}\n"
	"admin: {threshold: 1, principals: [ana, bob]}\n"
	"principals:\n"
	"  ana:\n"
	"    kind: person\n"
	"    human: ana\n"
	"    email: ana@acme.example\n"
	"    contact: '+49 171'\n"
	"  bob:\n"
	"    kind: person\n"
	"    human: bob\n"
	"  jo:\n"
	"    kind: vendor\n"
	"    human: jo\n"
	"    sponsor: ana\n"
	"    contract: C-2291\n"
	"    until: '2027-03-31'\n"
	"  web1:\n"
	"    kind: host\n"
	"    owner: ana\n"
	"    until: '2027-03-31T12:00:00.000Z'\n"
	"roles:\n"
	"  'no': [ana]\n"
	"  oncall: [bob, jo]\n"
	"suspended:\n"
	"  - {name: bob, by: ana}\n"
	"  - {name: jo, by: ana, keep: true}\n"
	"# before retired\n"
	"retired: []\n"
	"limits: {skew: 3m}  # kept\n"
	"abandoned:\n"
	"  - {version: 4, digest: 'sha256:"
	"1111111111111111111111111111111111111111111111111111111111111111'}\n"
	"acknowledged:\n"
	"  - id: clock-step\n"
	"    ref: log/ana.x-000000000000\n"
	"    event: 'sha256:"
	"2222222222222222222222222222222222222222222222222222222222222222'\n"
	"    reason: 'we know: dead battery'\n";

static struct bg_trust *parse(const char *text, size_t n)
{
	const struct bg_trust_file file = { .path = "trust.yaml",
					    .text = text,
					    .n = n };
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	struct bg_trust *t = NULL;
	struct bg_error err;

	assert_int_equal(bg_trust_parse(&t, &faults, &file, 1, &err), 0);
	for (size_t i = 0; i < faults.list.n; i++)
		if (faults.list.v[i].severity == BG_SEV_ERROR)
			fail_msg("%u:%u: %s", faults.list.v[i].line,
				 faults.list.v[i].col, faults.list.v[i].text);
	return t;
}

/* What is written reads as the same, and is written the same again. */
static void round_trip(void **state)
{
	BG_AUTO(trust) struct bg_trust *a = parse(whole, sizeof(whole) - 1);
	BG_AUTO(str) struct bg_str one = BG_STR_INIT;
	BG_AUTO(str) struct bg_str two = BG_STR_INIT;
	struct bg_error err;

	(void)state;
	assert_int_equal(bg_trust_rewrite(&one, whole, sizeof(whole) - 1, a,
					  all, &err),
			 0);
	BG_AUTO(trust) struct bg_trust *b = parse(one.buf, one.len);
	assert_int_equal(bg_trust_rewrite(&two, one.buf, one.len, b, all, &err),
			 0);
	assert_string_equal(one.buf, two.buf);
	assert_string_equal(b->organisation, "Acme, 'the' company: #1");
	assert_int_equal(b->n_principals, 4);
	assert_int_equal(b->n_roles, 2);
	assert_string_equal(b->roles[0].name, "no");
	assert_int_equal(b->n_suspended, 2);
	assert_true(b->suspended[1].keep);
	assert_int_equal(b->limits.skew, 180);
	assert_true(bg_trust_principal(b, "web1")->until_ms ==
		    bg_trust_principal(a, "web1")->until_ms);
	assert_true(bg_trust_principal(b, "jo")->until_ms ==
		    bg_trust_principal(a, "jo")->until_ms);
	assert_non_null(strstr(one.buf, "until: '2027-03-31'\n"));
	assert_non_null(strstr(one.buf, "# first\n"));
	assert_non_null(strstr(one.buf, "limits: {skew: 3m}  # kept\n"));
}

/* Only the named sections change; comments before the next one stay. */
static void one_section(void **state)
{
	static const char *const names[] = { "suspended", NULL };
	BG_AUTO(trust) struct bg_trust *t = parse(whole, sizeof(whole) - 1);
	BG_AUTO(str) struct bg_str out = BG_STR_INIT;
	struct bg_error err;

	(void)state;
	t->n_suspended = 1;
	assert_int_equal(bg_trust_rewrite(&out, whole, sizeof(whole) - 1, t,
					  names, &err),
			 0);
	const char *cut =
		strstr(whole, "  - {name: jo, by: ana, keep: true}\n");
	size_t before = (size_t)(cut - whole);
	assert_memory_equal(out.buf, whole, before);
	assert_string_equal(out.buf + before, strchr(cut, '\n') + 1);
	/* An empty list goes, an absent section comes at the end. */
	t->n_suspended = 0;
	bg_str_clear(&out);
	assert_int_equal(bg_trust_rewrite(&out, whole, sizeof(whole) - 1, t,
					  names, &err),
			 0);
	assert_null(strstr(out.buf, "suspended"));
	assert_non_null(strstr(out.buf, "# before retired\nretired: []\n"));
	assert_int_equal(bg_trust_write_section(&out, t, "nosuch", &err),
			 BG_EFAIL);
}

static void scalars(void **state)
{
	static const char *const table[][2] = {
		{ "word", "word" },    { "", "''" },
		{ "yes", "'yes'" },    { "Null", "'Null'" },
		{ "12", "'12'" },      { "a b", "'a b'" },
		{ "it's", "'it''s'" }, { "- x", "'- x'" },
		{ "a: b", "'a: b'" },  { "a@b.c", "a@b.c" },
		{ "@b", "'@b'" },      { "\xc3\xa4", "'\xc3\xa4'" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		BG_AUTO(str) struct bg_str s = BG_STR_INIT;

		bg_yaml_scalar(&s, table[i][0]);
		assert_string_equal(s.buf, table[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(one_section),
		cmocka_unit_test(scalars),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
