/* lib/format/yaml: the tree and its places, limits, readers. */
#include "unit.h"

#include "base/vec.h"
#include "format/nearest.h"
#include "format/yaml_read.h"
#include "support/lint.h"

struct loaded {
	struct bg_faults faults;
	struct bg_yaml_doc doc;
	struct bg_reader r;
};

static void load(struct loaded *l, const char *text)
{
	struct bg_error err;
	memset(l, 0, sizeof(*l));
	assert_ok(bg_yaml_load(&l->doc, &l->faults, "x.yaml", text,
			       strlen(text), &err),
		  err);
	l->r = (struct bg_reader){ &l->doc, &l->doc.arena };
}

static void drop(struct loaded *l)
{
	bg_yaml_release(&l->doc);
	bg_faults_release(&l->faults);
}

/* The only fault, and where. */
static void fault_is(const struct loaded *l, const char *id, unsigned line,
		     unsigned col)
{
	assert_int_equal(l->faults.list.n, 1);
	assert_string_equal(l->faults.list.v[0].id, id);
	assert_int_equal(l->faults.list.v[0].line, line);
	assert_int_equal(l->faults.list.v[0].col, col);
}

static void test_tree(void **state)
{
	struct loaded l;
	(void)state;
	load(&l, "a: plain\nb: 'quoted'\nlist:\n- 1\n- {x: \xc3\xa4, y: z}\n"
		 "text: |\n  two\n  lines\nfold: >-\n  one\n  line\n");
	assert_int_equal(l.faults.list.n, 0);
	const struct bg_yaml *root = l.doc.root;
	assert_int_equal(root->kind, BG_YAML_MAP);
	assert_int_equal(root->n, 5);
	assert_false(bg_yaml_get(root, "a")->quoted);
	assert_true(bg_yaml_get(root, "b")->quoted);
	const struct bg_yaml *list = bg_yaml_get(root, "list");
	assert_int_equal(list->kind, BG_YAML_LIST);
	assert_int_equal(list->n, 2);
	/* Columns count characters. */
	const struct bg_yaml *y = bg_yaml_get(list->items[1], "y");
	assert_string_equal(y->text, "z");
	assert_int_equal(y->line, 5);
	assert_int_equal(y->col, 13);
	assert_string_equal(bg_yaml_get(root, "text")->text, "two\nlines\n");
	assert_string_equal(bg_yaml_get(root, "fold")->text, "one line");
	assert_null(bg_yaml_get(root, "none"));
	assert_null(bg_yaml_get(list, "x"));
	assert_null(bg_yaml_get(NULL, "x"));
	drop(&l);
}

static void big_is(size_t bytes, const char *id)
{
	struct bg_error err;
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(yaml) struct bg_yaml_doc doc = { 0 };
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	bg_str_add(&text, "a: \"");
	while (text.len < bytes - 2)
		bg_str_addc(&text, 'x');
	bg_str_add(&text, "\"\n");
	assert_int_equal(text.len, bytes);
	assert_ok(bg_yaml_load(&doc, &faults, "big", text.buf, text.len, &err),
		  err);
	assert_int_equal(faults.list.n, id ? 1 : 0);
	if (id)
		assert_string_equal(faults.list.v[0].id, id);
}

static void test_size(void **state)
{
	(void)state;
	big_is(BG_YAML_MAX_BYTES, NULL);
	big_is(BG_YAML_MAX_BYTES + 1, "too-large");
	big_is(300 * 1024, "too-large");
}

/* Tens of thousands of keys and faults cost what a file may cost. */
static void test_many(void **state)
{
	struct bg_error err;
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	(void)state;
	bg_str_add(&text, "bg: policy/1\n");
	for (unsigned i = 0; text.len < BG_YAML_MAX_BYTES - 32; i++)
		bg_str_addf(&text, "k%x: %x\n", i % 20000, i);
	assert_ok(lint_text("policy", "many", text.buf, text.len, &faults,
			    &err),
		  err);
	assert_int_equal(faults.list.n, BG_FAULTS_MAX + 1);
	assert_string_equal(faults.list.v[BG_FAULTS_MAX].id, "too-many-faults");
}

static void test_fault_text(void **state)
{
	struct bg_error err;
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(str) struct bg_str out = BG_STR_INIT;
	char name[] = "gone.yaml";
	(void)state;
	bg_fault_add(&faults, name, 2, 1, BG_SEV_WARNING, "later", "b");
	bg_fault_add(&faults, name, 1, 9, BG_SEV_ERROR, "first", "a\x1b[0m");
	bg_fault_add(&faults, name, 0, 0, BG_SEV_ERROR, "whole", "c");
	memset(name, 'x', sizeof(name) - 1); /* faults own the name */
	bg_faults_sort(&faults);
	for (size_t i = 0; i < faults.list.n; i++)
		bg_fault_format(&out, &faults.list.v[i]);
	assert_string_equal(bg_str_text(&out),
			    "gone.yaml: error: c [whole]\n"
			    "gone.yaml:1:9: error: a\\x1b[0m [first]\n"
			    "gone.yaml:2:1: warning: b [later]\n");
	assert_fails(bg_faults_fail(&faults, BG_EUSAGE, &err), BG_EUSAGE,
		     "whole", err);
	assert_string_equal(err.msg, "gone.yaml: c (and 1 more)");
}

/* A long text is cut between characters. */
static void test_fault_cut(void **state)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	(void)state;
	for (int i = 0; i < 300; i++)
		bg_str_add(&text, "\xe2\x82\xac");
	bg_fault_add(&faults, "f", 1, 1, BG_SEV_ERROR, "x", "%s",
		     bg_str_text(&text));
	const char *cut = faults.list.v[0].text;
	assert_true(bg_text_is_clean(cut, strlen(cut)));
	assert_true(strlen(cut) > 200);
}

static void test_read_values(void **state)
{
	struct loaded l;
	(void)state;
	load(&l, "n: 12\nd: 90m\nb: true\nt: 2026-02-28\nz: 2026-11-23T03:14:"
		 "10+01:00\nw: some-name\n");
	struct bg_reader *r = &l.r;
	const struct bg_yaml *m = l.doc.root;
	assert_int_equal(bg_read_int(r, bg_yaml_get(m, "n"), 1, 12, 0), 12);
	assert_int_equal(bg_read_duration(r, bg_yaml_get(m, "d"), 1, 9999, 0),
			 5400);
	assert_true(bg_read_bool(r, bg_yaml_get(m, "b"), false));
	assert_int_equal(bg_read_time(r, bg_yaml_get(m, "t"), true, 0),
			 INT64_C(1772323199999));
	assert_int_equal(bg_read_time(r, bg_yaml_get(m, "z"), false, 0),
			 INT64_C(1795400050000));
	assert_string_equal(bg_read_word(r, bg_yaml_get(m, "w"), BG_WORD_NAME),
			    "some-name");
	/* Absent is the default and no fault. */
	assert_int_equal(bg_read_int(r, NULL, 1, 2, 7), 7);
	assert_null(bg_read_text(r, NULL, 10));
	assert_int_equal(l.faults.list.n, 0);
	drop(&l);
}

static void value_is_fault(const char *text, const char *id)
{
	struct loaded l;
	load(&l, text);
	json_t *v = bg_read_json(&l.r, bg_yaml_get(l.doc.root, "v"));
	assert_null(v);
	fault_is(&l, id, 1, 4);
	drop(&l);
}

static void test_read_json(void **state)
{
	static const char *const other[] = {
		"v: yes\n",  "v: No\n",    "v: on\n",  "v: ~\n",
		"v: null\n", "v: 0755\n",  "v: 1.5\n", "v: 1e3\n",
		"v: 0x1f\n", "v: 12:30\n", "v: -1\n",  "v: .5\n",
		"v: TRUE\n", "v: 1_000\n", "v:\n",     "v: 2026-01-01\n",
	};
	struct loaded l;
	(void)state;
	load(&l, "v: {a: [x, 1, true, '1', \"no\"], b: {c: d.e}, f: 12ab!}\n");
	json_t *v = bg_read_json(&l.r, bg_yaml_get(l.doc.root, "v"));
	char *text = json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS);
	assert_int_equal(l.faults.list.n, 0);
	assert_string_equal(text, "{\"a\":[\"x\",1,true,\"1\",\"no\"],"
				  "\"b\":{\"c\":\"d.e\"},\"f\":\"12ab!\"}");
	free(text);
	json_decref(v);
	drop(&l);
	for (size_t i = 0; i < LENGTH(other); i++) {
		load(&l, other[i]);
		assert_null(bg_read_json(&l.r, bg_yaml_get(l.doc.root, "v")));
		assert_int_equal(l.faults.list.n, 1);
		assert_string_equal(l.faults.list.v[0].id, "ambiguous-value");
		drop(&l);
	}
	value_is_fault("v: 'two\n\n  lines'\n", "several-lines");
}

static void test_nearest(void **state)
{
	static const char *const words[] = { "approve", "activate", "revoke",
					     "max",     NULL,       "" };
	(void)state;
	assert_string_equal(bg_nearest("aprove", words, 6), "approve");
	assert_string_equal(bg_nearest("revkoe", words, 6), "revoke");
	assert_string_equal(bg_nearest("mxa", words, 6), "max");
	assert_null(bg_nearest("min", words, 6));
	assert_null(bg_nearest("", words, 6));
	assert_null(bg_nearest("zzzzzzzz", words, 6));
	char longer[400];
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_null(bg_nearest(longer, words, 6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_fault_text),
		cmocka_unit_test(test_fault_cut),
		cmocka_unit_test(test_read_values),
		cmocka_unit_test(test_read_json),
		cmocka_unit_test(test_nearest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
