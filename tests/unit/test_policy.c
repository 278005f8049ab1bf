/*
 * Files under trust: the corpus of tests/policy compared whole, starters against
 * a trust, what lint says of changed ones, patterns, controls, channels, and
 * changed bytes that must never do more than make faults.
 */
#include "unit.h"

#include <glob.h>

#include "base/io.h"
#include "policy/channel.h"
#include "policy/controls.h"
#include "policy/decide.h"
#include "policy/pattern.h"
#include "support/lint.h"

static void read_file(struct bg_str *out, const char *path)
{
	struct bg_error err;
	assert_ok(bg_file_read(out, path, 1 << 20, &err), err);
}

static void test_corpus(void **state)
{
	glob_t files = { 0 };
	unsigned wrong = 0;
	(void)state;
	assert_int_equal(glob("tests/policy/*.yaml", 0, NULL, &files), 0);
	assert_true(files.gl_pathc >= 30);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		BG_AUTO(str) struct bg_str got = BG_STR_INIT;
		BG_AUTO(str) struct bg_str want = BG_STR_INIT;
		char path[256];
		struct bg_error err;
		const char *yaml = files.gl_pathv[i];
		snprintf(path, sizeof(path), "%.*s.faults",
			 (int)(strlen(yaml) - strlen(".yaml")), yaml);
		read_file(&want, path);
		assert_ok(lint_file(&got, "auto", yaml, &err), err);
		if (strcmp(bg_str_text(&got), bg_str_text(&want)) == 0)
			continue;
		print_error("%s: expected\n%sgot\n%s", yaml, bg_str_text(&want),
			    bg_str_text(&got));
		wrong++;
	}
	globfree(&files);
	assert_int_equal(wrong, 0);
}

/* --- starters against trust ------------------------------------------------------ */

static const char *const starters[] = { "prod-db",
					"linux-root",
					"ssh-host",
					"service-account",
					"maintenance-credential",
					"vendor-support" };

#define FILES_MAX 32
struct tree {
	struct bg_arena arena;
	struct bg_trust_file files[FILES_MAX];
	size_t n;
};

static void add_file(struct tree *t, const char *path, const char *from)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	read_file(&text, from);
	assert_true(t->n < FILES_MAX);
	struct bg_trust_file *f = &t->files[t->n++];
	f->path = bg_arena_strdup(&t->arena, path);
	f->text = bg_arena_strdup(&t->arena, bg_str_text(&text));
	f->n = text.len;
}

/* A trust with every starter, identity and channel. */
static void make_tree(struct tree *t)
{
	glob_t files = { 0 };
	memset(t, 0, sizeof(*t));
	add_file(t, "trust.yaml", "tests/decide/trust.yaml");
	add_file(t, "channels.yaml", "policies/channels.yaml");
	assert_int_equal(glob("policies/identities/*.yaml", 0, NULL, &files),
			 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		add_file(t, files.gl_pathv[i] + strlen("policies/"),
			 files.gl_pathv[i]);
	globfree(&files);
	for (size_t i = 0; i < LENGTH(starters); i++) {
		char path[64], from[64];
		snprintf(path, sizeof(path), "policies/%s.yaml", starters[i]);
		snprintf(from, sizeof(from), "policies/%s.yaml", starters[i]);
		add_file(t, path, from);
	}
}

/* In one file the old text, which is there once, becomes new. */
static void change(struct tree *t, const char *path, const char *old,
		   const char *new)
{
	for (size_t i = 0; i < t->n; i++) {
		struct bg_trust_file *f = &t->files[i];
		if (strcmp(f->path, path) != 0)
			continue;
		const char *at = strstr(f->text, old);
		assert_non_null(at);
		f->text = bg_arena_printf(&t->arena, "%.*s%s%s",
					  (int)(at - f->text), f->text, new,
					  at + strlen(old));
		f->n = strlen(f->text);
		return;
	}
	fail_msg("no file %s", path);
}

static void drop_file(struct tree *t, const char *path)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->files[i].path, path) == 0) {
			t->files[i] = t->files[--t->n];
			return;
		}
	fail_msg("no file %s", path);
}

/* Faults of one policy, by itself and against the trust of the tree, a line
 * "id" each, errors with "!". */
static void lint(struct bg_str *out, struct tree *t, const char *name)
{
	struct bg_error err;
	BG_AUTO(faults) struct bg_faults trust_faults = { 0 };
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(trust) struct bg_trust *trust = NULL;
	BG_AUTO(policy) struct bg_policy *policy = NULL;
	char path[64];
	snprintf(path, sizeof(path), "policies/%s.yaml", name);
	assert_ok(bg_trust_parse(&trust, &trust_faults, t->files, t->n, &err),
		  err);
	for (size_t i = 0; i < trust_faults.list.n; i++)
		if (trust_faults.list.v[i].severity == BG_SEV_ERROR)
			fail_msg("%s", trust_faults.list.v[i].text);
	const struct bg_trust_file *file = bg_trust_file(trust, path);
	assert_non_null(file);
	assert_ok(bg_policy_load(&policy, &faults, path, file->text, file->n,
				 &err),
		  err);
	assert_ok(bg_policy_check(policy, trust, &faults, &err), err);
	for (size_t i = 0; i < faults.list.n; i++) {
		const struct bg_fault *f = &faults.list.v[i];
		assert_true(f->line > 0);
		bg_str_addf(out, "%s%s ",
			    f->severity == BG_SEV_ERROR ? "!" : "", f->id);
	}
}

static void test_starters(void **state)
{
	struct tree t;
	(void)state;
	make_tree(&t);
	for (size_t i = 0; i < LENGTH(starters); i++) {
		BG_AUTO(str) struct bg_str got = BG_STR_INIT;
		lint(&got, &t, starters[i]);
		/* Two of the vendors of this trust lack what is required. */
		assert_string_equal(bg_str_text(&got),
				    strcmp(starters[i], "vendor-support") == 0
					    ? "vendor-sponsor vendor-contract "
					    : "");
	}
	bg_arena_release(&t.arena);
}

struct change_case {
	const char *policy, *file, *old, *new, *want;
};

static const struct change_case changes[] = {
	{ "prod-db", "policies/prod-db.yaml", "owner: dana", "owner: nobody",
	  "!unknown-principal " },
	{ "prod-db", "policies/prod-db.yaml", "owner: dana", "owner: deploy",
	  "!not-a-person " },
	{ "prod-db", "policies/prod-db.yaml", "owner: dana", "owner: eve",
	  "!is-retired " },
	{ "prod-db", "policies/prod-db.yaml", "activate: [dba-oncall]",
	  "activate: [dba-onkall]", "!unknown-role !nobody-opens " },
	{ "prod-db", "policies/prod-db.yaml", "notify: [security-channel,",
	  "notify: [security, jira-sec,", "!unknown-channel !wrong-kind " },
	{ "prod-db", "policies/prod-db.yaml", "ticket: jira-sec",
	  "ticket: security-channel", "!wrong-kind " },
	{ "prod-db", "policies/prod-db.yaml", "controls: [nist-csf-2.0,",
	  "controls: [nist-csf-3.0,", "!unknown-framework " },
	{ "prod-db", "policies/prod-db.yaml", "host_signed: denied",
	  "host_signed: allowed", "" },
	{ "prod-db", "trust.yaml", "host-signer: [web1]", "host-signer: []",
	  "" },
	{ "prod-db", "policies/prod-db.yaml", "identity: db-host-emergency",
	  "identity: san-root", "!identity-users standing-credential " },
	{ "prod-db", "policies/prod-db.yaml", "identity: db-host-emergency",
	  "identity: nothing", "!unknown-identity " },
	{ "prod-db", "identities/db-host-emergency.yaml",
	  "at: ssh://bg@bastion1.acme.example\n", "", "standing-credential " },
	{ "prod-db", "identities/db-host-emergency.yaml",
	  "name: db-host-emergency", "name: other", "!bad-identity " },
	{ "prod-db", "identities/db-host-emergency.yaml", "kind: maintenance",
	  "kind: x", "!bad-identity " },
	{ "prod-db", "identities/db-host-emergency.yaml", "owner: dana",
	  "owner: nobody", "!unknown-principal " },
	{ "prod-db", "identities/db-host-emergency.yaml", "users: [prod-db]",
	  "retired: 2030-01-01", "identity-retired " },
	/* Nobody left: only the activator herself; only one of two; only in
	 * another role; only another name of the same person. */
	{ "prod-db", "trust.yaml", "sre-lead: [dana, omar]", "sre-lead: []",
	  "!quorum-unreachable " },
	{ "prod-db", "trust.yaml", "security-review: [rita, ines]",
	  "security-review: [eve]", "!review-unreachable " },
	{ "prod-db", "trust.yaml", "security-review: [rita, ines]",
	  "security-review: [alice, alice-tablet]", "review-unreachable " },
	{ "prod-db", "trust.yaml",
	  "sre-lead: [dana, omar]\n  storage-lead: [omar, ines]\n"
	  "  security: [ines]\n  security-review: [rita, ines]",
	  "sre-lead: [dana]\n  security: [ines]\n  security-review: [dana]",
	  "!review-unreachable " },
	{ "prod-db", "trust.yaml", "security-review: [rita, ines]",
	  "security-review: [rita, deploy]", "!not-a-person " },
	{ "prod-db", "policies/prod-db.yaml",
	  "{roles: [security-review], count: 1",
	  "{roles: [security-review], count: 3", "!review-unreachable " },
	{ "maintenance-credential", "policies/maintenance-credential.yaml",
	  "when: after, within: 1h", "when: before, within: 1h, solo: allowed",
	  "" },
	{ "maintenance-credential", "identities/san-root.yaml",
	  "{solo_to: storage-oncall}", "{solo_to: storage}", "!unknown-role " },
	{ "maintenance-credential", "identities/san-root.yaml",
	  "{solo_to: storage-oncall}",
	  "{quorum: {k: 1, custodians: [dana, zoe]}}", "!unknown-principal " },
	{ "maintenance-credential", "policies/maintenance-credential.yaml",
	  "rotate: {within: 24h}\n", "", "never-rotated " },
	{ "maintenance-credential", "identities/san-root.yaml",
	  "custody: escrow\nescrow: {solo_to: storage-oncall}\n",
	  "custody: none\n", "!not-escrowed " },
	{ "vendor-support", "policies/vendor-support.yaml",
	  "third_party: {sponsor: required, contract: required}\n", "",
	  "vendor-informal vendor-informal vendor-informal vendor-informal " },
};

static void test_changes(void **state)
{
	unsigned wrong = 0;
	(void)state;
	for (size_t i = 0; i < LENGTH(changes); i++) {
		const struct change_case *c = &changes[i];
		BG_AUTO(str) struct bg_str got = BG_STR_INIT;
		struct tree t;
		make_tree(&t);
		change(&t, c->file, c->old, c->new);
		lint(&got, &t, c->policy);
		if (strcmp(bg_str_text(&got), c->want) != 0)
			print_error("%s: '%s': expected '%s', got '%s'\n",
				    c->file, c->new, c->want,
				    bg_str_text(&got)),
				wrong++;
		bg_arena_release(&t.arena);
	}
	assert_int_equal(wrong, 0);
}

static void test_two_changes(void **state)
{
	BG_AUTO(str) struct bg_str got = BG_STR_INIT;
	struct tree t;
	(void)state;
	make_tree(&t);
	change(&t, "policies/maintenance-credential.yaml",
	       "when: after, within: 1h",
	       "when: before, within: 1h, solo: allowed");
	change(&t, "identities/san-root.yaml", "{solo_to: storage-oncall}",
	       "{quorum: {k: 2, custodians: [dana, omar, ines]}}");
	lint(&got, &t, "maintenance-credential");
	assert_string_equal(bg_str_text(&got), "!solo-no-envelope ");
	bg_str_clear(&got);
	bg_arena_release(&t.arena);
	make_tree(&t);
	drop_file(&t, "channels.yaml");
	lint(&got, &t, "linux-root");
	assert_string_equal(
		bg_str_text(&got),
		"!unknown-channel !unknown-channel !unknown-channel ");
	bg_arena_release(&t.arena);
}

/* --- lookups -------------------------------------------------------------------------- */

static void load_policy(struct bg_policy **out, const char *path)
{
	struct bg_error err;
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	read_file(&text, path);
	assert_ok(bg_policy_load(out, &faults, path, text.buf, text.len, &err),
		  err);
	assert_int_equal(faults.list.n, 0);
}

static void test_lookups(void **state)
{
	BG_AUTO(policy) struct bg_policy *p = NULL;
	size_t n;
	(void)state;
	load_policy(&p, "policies/prod-db.yaml");
	assert_int_equal(bg_policy_codes(p)->n, 2);
	assert_string_equal(bg_policy_code(p, "DB-P", &n), "DB-PRIMARY-DOWN");
	assert_string_equal(bg_policy_code(p, "db-corrupt", &n), "DB-CORRUPT");
	assert_null(bg_policy_code(p, "DB", &n));
	assert_int_equal(n, 2);
	assert_null(bg_policy_code(p, "X", &n));
	assert_int_equal(n, 0);
	assert_string_equal(bg_policy_default_scope(p, "DB-CORRUPT")->id,
			    "repair");
	assert_null(bg_policy_default_scope(p, "X"));
	assert_string_equal(bg_policy_trigger(p, "DB-CORRUPT", NULL)->id,
			    "data-corrupt");
	assert_null(bg_policy_trigger(p, "DB-CORRUPT", "primary-down"));
	assert_null(bg_policy_scope(p, "x"));
	assert_int_equal(bg_policy_scope(p, "repair")->n_grant, 2);
	const struct bg_probe *probe = &p->triggers[0].probe;
	assert_true(probe->present && probe->expect_fail);
	assert_int_equal(probe->n_exits, 1);
	assert_int_equal(probe->exits[0], 2);
	assert_string_equal(probe->run.argv[0], "pg_isready");
	assert_null(probe->run.argv[probe->run.n]);
	assert_int_equal(probe->control.n, 4);
	assert_true(bg_policy_ticket_ok(p, "INC-1"));
	assert_false(bg_policy_ticket_ok(p, "INC-"));
	assert_int_equal(p->keep_recordings, 400 * 86400);
	assert_string_equal(p->capture, "exec");
}

/* Numbers among a command's arguments stay words. */
static void test_command_words(void **state)
{
	struct bg_error err;
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(policy) struct bg_policy *p = NULL;
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	(void)state;
	read_file(&text, "tests/policy/policy-command-numbers.yaml");
	assert_ok(bg_policy_load(&p, &faults, "x", text.buf, text.len, &err),
		  err);
	char *json = json_dumps(p->scopes[0].grant[0].with,
				JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(
		json, "{\"check\":[\"/bin/b\"],\"env\":{\"PORT\":\"5432\"},"
		      "\"grant\":[\"/bin/a\",\"-p\",\"5432\",\"0644\","
		      "\"yes\"],\"revocable\":false}");
	free(json);
}

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool match;
	} cases[] = {
		{ "INC-[0-9]+", "INC-12", true },
		{ "INC-[0-9]+", "xINC-12", false },
		{ "INC-[0-9]+", "INC-12\nx", false },
		{ "INC-[0-9]+", "", false },
		{ "^INC-[0-9]+$", "INC-12", true },
		{ "a|b", "b", true },
		{ "a|b", "ab", false },
		{ "(a|b)+", "abba", true },
		{ "[]{}]+", "{}]", true },
		{ "[^]]", "a", true },
		{ "[[:digit:]]+", "123", true },
		{ "a\\.b", "a.b", true },
		{ "a\\.b", "axb", false },
		{ "\\{x\\}", "{x}", true },
		{ "a{2}", "aa", false },   /* has a fault */
		{ "(a)\\1", "aa", false }, /* has a fault */
		{ "(((((a+)+)+)+)+)+b",
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac",
		  false },
	};
	char text[140];
	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		if (bg_pattern_match(cases[i].pattern, cases[i].text) !=
		    cases[i].match)
			fail_msg("%s: %s", cases[i].pattern, cases[i].text);
	memset(text, 'a', sizeof(text));
	text[BG_PATTERN_MAX] = '\0';
	assert_true(bg_pattern_match("a+", text));
	text[BG_PATTERN_MAX] = 'a';
	text[BG_PATTERN_MAX + 1] = '\0';
	assert_false(bg_pattern_match("a+", text));
}

static void test_controls(void **state)
{
	struct bg_error err;
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(controls) struct bg_controls *c = NULL;
	BG_AUTO(controls) struct bg_controls *own = NULL;
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	const char *alias[2];
	char letters[32] = "";
	(void)state;
	assert_ok(bg_controls_load(&c, &faults, NULL, NULL, 0, &err), err);
	const struct bg_names *ids =
		bg_controls_ids(c, BG_ITEM_ROTATION, "owasp-nhi-2025");
	assert_int_equal(ids->n, 2);
	assert_string_equal(ids->v[0], "NHI7:2025");
	assert_null(bg_controls_ids(c, BG_ITEM_TIME_SYNC, "owasp-nhi-2025"));
	/* No row of ours is withdrawn. */
	for (int i = 0; i < BG_ITEM_COUNT; i++)
		for (size_t k = 0; k < c->items[i].n; k++)
			for (size_t j = 0; j < c->items[i].v[k].ids.n; j++)
				assert_null(bg_control_successor(
					c->items[i].v[k].framework,
					c->items[i].v[k].ids.v[j]));
	assert_string_equal(bg_control_successor("nist-csf-2.0", "PR.AC-04"),
			    "PR.AA");
	assert_int_equal(bg_control_alias("owasp-nhi-2025", "NHI-03", alias),
			 2);
	read_file(&text, "tests/policy/controls-good.yaml");
	assert_ok(bg_controls_load(&own, &faults, "c", text.buf, text.len,
				   &err),
		  err);
	ids = bg_controls_ids(own, BG_ITEM_ROTATION, "owasp-nhi-2025");
	assert_int_equal(ids->n, 2);
	assert_string_equal(ids->v[1], "NHI1:2025");
	assert_null(bg_controls_ids(own, BG_ITEM_DRILL, "nist-csf-2.0"));
	assert_non_null(bg_controls_ids(own, BG_ITEM_DRILL, "nist-800-53r5"));
	assert_true(bg_controls_know(own, "acme-1.0"));
	assert_false(bg_controls_know(c, "acme-1.0"));
	/* The attribute sheet has each letter from a to n once. */
	for (int i = 0, n = 0; i < BG_ITEM_COUNT; i++)
		if (bg_evidence_item_letter((enum bg_evidence_item)i))
			letters[n++] = bg_evidence_item_letter(
				(enum bg_evidence_item)i);
	assert_string_equal(letters, "abcdefghijklmn");
	assert_int_equal(bg_evidence_item_parse("review"), BG_ITEM_REVIEW);
}

static void test_channels(void **state)
{
	struct bg_error err;
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(channels) struct bg_channels *c = NULL;
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	(void)state;
	read_file(&text, "policies/channels.yaml");
	assert_ok(bg_channels_load(&c, &faults, "c", text.buf, text.len, &err),
		  err);
	assert_int_equal(faults.list.n, 0);
	const struct bg_channel *ch = bg_channels_find(c, "dba-lead-mail");
	assert_int_equal(ch->kind, BG_CH_SMTP);
	assert_int_equal(ch->to.n, 1);
	assert_null(bg_channels_find(c, "none"));
}

/* --- changed bytes ----------------------------------------------------------------------- */

static uint64_t seed = 88172645463325252u;

static size_t pick(size_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (size_t)(seed % n);
}

static void mutate(char *text, size_t *n)
{
	static const char bits[] =
		"{}[]:,-#&*!|>'\"%@`?~<\n \t\\\x80\xff\0az09";
	for (size_t k = 1 + pick(4); k > 0 && *n > 40; k--) {
		size_t at = pick(*n), len = 1 + pick(20);
		if (at + len > *n)
			len = *n - at;
		switch (pick(3)) {
		case 0:
			text[at] = bits[pick(sizeof(bits) - 1)];
			break;
		case 1:
			memmove(text + at, text + at + len, *n - at - len);
			*n -= len;
			break;
		default:
			memmove(text + at, text + pick(*n - len), len);
			break;
		}
	}
}

static void mutate_file(const char *kind, const char *path, unsigned times)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	struct bg_error err;
	read_file(&text, path);
	for (unsigned i = 0; i < times; i++) {
		BG_AUTO(faults) struct bg_faults faults = { 0 };
		size_t n = text.len;
		/* Exactly as large as it is: a sanitizer sees each step over. */
		BG_AUTO(free) char *copy = malloc(n);
		assert_non_null(copy);
		memcpy(copy, text.buf, n);
		mutate(copy, &n);
		assert_ok(lint_text(kind, "x", copy, n, &faults, &err), err);
		for (size_t k = 0; k < faults.list.n; k++) {
			const char *t = faults.list.v[k].text;
			assert_true(bg_text_is_clean(t, strlen(t)));
		}
	}
}

static void test_mutations(void **state)
{
	unsigned times = UNDER_VALGRIND ? 20 : 1500;
	(void)state;
	mutate_file("policy", "policies/prod-db.yaml", times);
	mutate_file("policy", "policies/service-account.yaml", times);
	mutate_file("identity", "policies/identities/deploy-svc.yaml", times);
	mutate_file("channels", "policies/channels.yaml", times);
	mutate_file("controls", "tests/policy/controls-good.yaml", times);
	mutate_file("trust", "tests/policy/trust-keys.yaml", times);
	mutate_file("trust", "tests/policy/trust-lists.yaml", times);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_starters),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_two_changes),
		cmocka_unit_test(test_lookups),
		cmocka_unit_test(test_command_words),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_controls),
		cmocka_unit_test(test_channels),
		cmocka_unit_test(test_mutations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
