#include "unit/unit.h"

#include "cmd/opt.h"

static struct {
	bool flag, on;
	const char *text, *why;
	struct bg_opt_list list;
	int64_t duration, number;
	struct bg_range range;
} o;
static const struct bg_opt opts[] = {
	{ BG_OPT_FLAG, 'f', "flag", NULL, "a flag", &o.flag, NULL },
	{ BG_OPT_TEXT, 't', "text", "TEXT", "a text", &o.text, NULL },
	{ BG_OPT_LIST, 'l', "list", "TEXT", "a list", &o.list, NULL },
	{ BG_OPT_DURATION, 'd', "for", "D", "a duration", &o.duration, "max" },
	{ BG_OPT_NUMBER, 'n', "number", "N", "a number", &o.number, NULL },
	BG_OPT_RANGE(o.range),
	BG_OPT_WHY(&o.why),
	{ 0 },
};
static const struct bg_opt globals[] = {
	{ BG_OPT_FLAG, 'g', "global", NULL, "a global flag", &o.on, NULL },
	{ 0 },
};

/* The parser moves words, it does not write into them. */
static int parse(struct bg_parsed *p, bool stop, const char *const *words,
		 struct bg_error *err)
{
	static char *argv[16];
	struct bg_opt_rules rules = { .opts = opts,
				      .globals = globals,
				      .stop = stop };
	int argc = 0;

	for (; words[argc]; argc++)
		argv[argc] = (char *)words[argc];
	bg_vec_release(&o.list.list);
	memset(&o, 0, sizeof(o));
	return bg_opt_parse(p, argc, argv, &rules, err);
}
#define ARGS(...) ((const char *[]){ __VA_ARGS__, NULL })

static void good(void **state)
{
	struct bg_parsed p;
	struct bg_error err;

	(void)state;
	assert_int_equal(parse(&p, false,
			       ARGS("a", "-f", "--text=x", "b", "-gtv", "c"),
			       &err),
			 BG_EUSAGE); /* --text twice */
	assert_string_equal(err.id, "given-twice");
	assert_int_equal(parse(&p, false,
			       ARGS("a", "-fg", "--text", "--x", "b", "-l1",
				    "-l", "2", "--list=3"),
			       &err),
			 0);
	assert_true(o.flag && o.on);
	assert_string_equal(o.text, "--x");
	assert_int_equal(o.list.list.n, 3);
	assert_string_equal(o.list.list.v[2], "3");
	assert_int_equal(p.argc, 2);
	assert_string_equal(p.argv[1], "b");
	assert_int_equal(p.dashes, -1);
	assert_true(bg_opt_given(&p, opts, "flag"));
	assert_false(bg_opt_given(&p, opts, "number"));
	bg_parsed_release(&p);

	assert_int_equal(parse(&p, false, ARGS("-f", "--no-flag", "-7"), &err),
			 0);
	assert_false(o.flag);
	assert_int_equal(o.number, 7);
	bg_parsed_release(&p);
	assert_int_equal(parse(&p, false, ARGS("-d", "max"), &err), 0);
	assert_int_equal(o.duration, -1);
	bg_parsed_release(&p);
	assert_int_equal(parse(&p, false, ARGS("-d90s", "-"), &err), 0);
	assert_int_equal(o.duration, 90);
	assert_int_equal(p.argc, 1);
	bg_parsed_release(&p);
	assert_int_equal(parse(&p, false, ARGS("--period", "2026Q4"), &err), 0);
	assert_true(o.range.since_ms == INT64_C(1790812800000));
	assert_true(o.range.until_ms == INT64_C(1798761599999));
	bg_parsed_release(&p);
}

static void ends(void **state)
{
	struct bg_parsed p;
	struct bg_error err;

	(void)state;
	assert_int_equal(parse(&p, false, ARGS("a", "--", "-f", "b"), &err), 0);
	assert_false(o.flag);
	assert_int_equal(p.argc, 3);
	assert_int_equal(p.dashes, 1);
	bg_parsed_release(&p);
	/* The command to run keeps its own options, GRANT or not. */
	assert_int_equal(parse(&p, true, ARGS("@k7", "-f", "psql", "-f"), &err),
			 0);
	assert_true(o.flag);
	assert_int_equal(p.argc, 3);
	assert_string_equal(p.argv[2], "-f");
	bg_parsed_release(&p);
	assert_int_equal(parse(&p, true, ARGS("psql", "-f", "-Z"), &err), 0);
	assert_false(o.flag);
	assert_int_equal(p.argc, 3);
	bg_parsed_release(&p);
	assert_int_equal(parse(&p, false, ARGS("-h"), &err), 0);
	assert_true(p.help);
	bg_parsed_release(&p);
}

static void messages(void **state)
{
	struct bg_parsed p;
	struct bg_error err;

	(void)state;
	assert_int_equal(parse(&p, false,
			       ARGS("-m", " one\n\ntwo\t", "--reason=three",
				    "--comment", "four"),
			       &err),
			 0);
	assert_string_equal(o.why, "one two three four");
	bg_parsed_release(&p);
	assert_int_equal(parse(&p, false, ARGS("-F", "/nowhere/at/all"), &err),
			 BG_ENOENT);
	bg_parsed_release(&p);
	BG_AUTO(free) char *big = malloc(BG_MESSAGE_MAX + 2);
	memset(big, 'x', BG_MESSAGE_MAX + 1);
	big[BG_MESSAGE_MAX + 1] = 0;
	assert_int_equal(parse(&p, false, ARGS("-m", big), &err), BG_EUSAGE);
	assert_string_equal(err.id, "message-too-long");
	bg_parsed_release(&p);
}

static void wrong(void **state)
{
	static const struct {
		const char *arg, *id;
	} table[] = {
		{ "--nosuch", "unknown-option" },
		{ "--fla", "unknown-option" },
		{ "-z", "unknown-option" },
		{ "-fz", "unknown-option" },
		{ "--flag=1", "unexpected-value" },
		{ "--text", "no-value" },
		{ "-t", "no-value" },
		{ "--number=x", "bad-value" },
		{ "--number=-1", "bad-value" },
		{ "--number=99999999999999999999", "bad-value" },
		{ "--for=never", "bad-value" },
		{ "--since=never", "bad-value" },
		{ "--no-text", "unknown-option" },
		{ "--", NULL },
	};
	struct bg_parsed p;
	struct bg_error err;

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		int rc = parse(&p, false, ARGS(table[i].arg), &err);

		if (table[i].id) {
			assert_int_equal(rc, BG_EUSAGE);
			assert_string_equal(err.id, table[i].id);
		} else {
			assert_int_equal(rc, 0);
		}
		bg_parsed_release(&p);
	}
	assert_int_equal(parse(&p, false, ARGS("--since=2026", "--period=2026"),
			       &err),
			 0);
	assert_int_equal(bg_opt_conflict(&p, opts, "since", "period", &err),
			 BG_EUSAGE);
	assert_int_equal(bg_opt_conflict(&p, opts, "since", "until", &err), 0);
	bg_parsed_release(&p);
	bg_vec_release(&o.list.list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(ends),
		cmocka_unit_test(messages),
		cmocka_unit_test(wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
