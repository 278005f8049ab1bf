/* bg_trust_parse() with real key files, and the lookups. */
#include "unit.h"

#include "evidence/trust.h"
#include "support/gpghome.h"

static struct gpghome home;

static int setup(void **state)
{
	static const char *const names[] = { "ana", "alice", "subkey" };
	(void)state;
	gpghome_make(&home);
	for (size_t i = 0; i < LENGTH(names); i++)
		gpghome_import(&home, names[i], false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	gpghome_drop(&home);
	return 0;
}

struct key {
	char primary[41], signing[41], path[64];
	char digest[BG_DIGEST_TEXT + 1];
	struct bg_str blob;
};

/* The last key of the blob that may sign. */
static void get_key(struct key *k, const char *name)
{
	struct bg_error err;
	struct bg_digest digest;
	BG_AUTO(keyblob) struct bg_keyblob parsed = { 0 };
	struct bg_fpr fpr = gpghome_fpr(name);
	memset(k, 0, sizeof(*k));
	bg_fpr_format(k->primary, &fpr);
	assert_ok(bg_gpg_export(&k->blob, &home.gpg, &fpr, &err), err);
	assert_ok(bg_keyblob_parse(&parsed, k->blob.buf, k->blob.len, &err),
		  err);
	for (size_t i = 0; i < parsed.keys.n; i++)
		if (parsed.keys.v[i].may_sign)
			bg_fpr_format(k->signing, &parsed.keys.v[i].fpr);
	snprintf(k->path, sizeof(k->path), "keys/%s.pgp", k->primary);
	assert_int_equal(bg_sha256(&digest, k->blob.buf, k->blob.len), 0);
	bg_digest_format(k->digest, &digest);
}

static const char trust_format[] =
	"bg: trust/1\n"
	"organisation: Acme\n"
	"root: {threshold: 1, principals: [ana]}\n"
	"admin: {threshold: 1, principals: [ana]}\n"
	"principals:\n"
	"  ana:\n"
	"    kind: person\n"
	"    human: ana\n"
	"    email: ana@acme.example\n"
	"    keys: [{primary: %s, signing: [%s], blob: '%s'}]\n"
	"  alice:\n"
	"    kind: person\n"
	"    human: alice\n"
	"    keys: [{primary: %s, signing: [%s], blob: '%s'}]\n"
	"  bot: {kind: service, owner: alice}\n"
	"roles: {oncall: [alice, bot]}\n"
	"suspended: [{name: bot, by: ana}]\n"
	"retired:\n"
	"  - name: alice\n"
	"    at: 2026-01-02T03:04:05Z\n"
	"    logs: [{writer: alice.lap-3f2a90c1d4e7, seq: 7, digest: '%s'}]\n"
	"writers: {pinned: [a.b-1], retired: [{writer: c.d-2, seq: 3,\n"
	"  digest: '%s'}]}\n"
	"limits: {skew: 5m}\n";

/* Parse with what the caller makes of keys and files; faults as "id " words. */
static void parse(struct bg_trust **out, struct bg_str *ids,
		  const struct key *ana, const struct key *alice,
		  const char *ana_digest, size_t n_files)
{
	struct bg_error err;
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	bg_str_addf(&text, trust_format, ana->primary, ana->signing, ana_digest,
		    alice->primary, alice->signing, alice->digest, ana->digest,
		    ana->digest);
	struct bg_trust_file files[] = {
		{ .path = "trust.yaml", .text = text.buf, .n = text.len },
		{ .path = ana->path, .text = ana->blob.buf, .n = ana->blob.len },
		{ .path = alice->path,
		  .text = alice->blob.buf,
		  .n = alice->blob.len },
		{ .path = ".gitattributes", .text = "x", .n = 1 },
		{ .path = "policies/../../x.yaml", .text = "x", .n = 1 },
		{ .path = "keys/x.pgp", .text = "", .n = 0 },
		{ .path = "README.md", .text = "", .n = 0 },
	};
	assert_ok(bg_trust_parse(out, &faults, files, n_files, &err), err);
	for (size_t i = 0; i < faults.list.n; i++)
		if (faults.list.v[i].severity == BG_SEV_ERROR)
			bg_str_addf(ids, "%s ", faults.list.v[i].id);
}

static void test_good(void **state)
{
	BG_AUTO(trust) struct bg_trust *t = NULL;
	BG_AUTO(str) struct bg_str ids = BG_STR_INIT;
	struct key ana, sub;
	struct bg_fpr fpr, other = { { 0 } };
	(void)state;
	get_key(&ana, "ana");
	get_key(&sub, "subkey");
	parse(&t, &ids, &ana, &sub, ana.digest, 3);
	assert_string_equal(bg_str_text(&ids), "");
	assert_true(bg_fpr_parse(&fpr, sub.signing));
	assert_string_equal(bg_trust_by_key(t, &fpr)->name, "alice");
	assert_null(bg_trust_by_key(t, &other));
	assert_null(bg_trust_principal(t, "eve"));
	assert_null(bg_trust_principal(t, NULL));
	assert_string_equal(bg_trust_principal(t, "alice")->email,
			    "alice@invalid");
	assert_string_equal(bg_trust_human(t, "bot"), "alice");
	assert_string_equal(bg_trust_human(t, "eve"), "eve");
	assert_true(bg_trust_principal(t, "bot")->suspended);
	assert_true(bg_trust_is_retired(t, "alice"));
	assert_false(bg_trust_is_retired(t, "ana"));
	assert_true(bg_trust_has_role(t, "ana", "root"));
	assert_true(bg_trust_has_role(t, "ana", "admin"));
	assert_true(bg_trust_has_role(t, "bot", "oncall"));
	assert_false(bg_trust_has_role(t, "ana", "oncall"));
	assert_false(bg_trust_has_role(t, NULL, "oncall"));
	assert_int_equal(t->n_retired, 2);
	assert_string_equal(t->retired[0].logs[0].writer,
			    "alice.lap-3f2a90c1d4e7");
	assert_null(t->retired[1].name);
	assert_int_equal(t->retired[1].logs[0].seq, 3);
	assert_int_equal(t->limits.skew, 300);
	assert_int_equal(t->limits.trust_max_age, 30 * 86400);
	assert_non_null(bg_trust_file(t, ana.path));
	assert_null(bg_trust_file(t, "x"));
	bg_str_release(&ana.blob);
	bg_str_release(&sub.blob);
}

static void test_wrong_keys(void **state)
{
	BG_AUTO(str) struct bg_str ids = BG_STR_INIT;
	BG_AUTO(trust) struct bg_trust *a = NULL;
	BG_AUTO(trust) struct bg_trust *b = NULL;
	BG_AUTO(trust) struct bg_trust *c = NULL;
	struct key ana, alice;
	char saved[41];
	(void)state;
	get_key(&ana, "ana");
	get_key(&alice, "alice");
	/* Another digest; no file; a key that the file does not hold. */
	parse(&a, &ids, &ana, &alice, alice.digest, 3);
	assert_string_equal(bg_str_text(&ids), "key-file-digest ");
	bg_str_clear(&ids);
	parse(&b, &ids, &ana, &alice, ana.digest, 2);
	assert_string_equal(bg_str_text(&ids), "key-file-missing ");
	bg_str_clear(&ids);
	memcpy(saved, alice.signing, sizeof(saved));
	memcpy(alice.signing, ana.signing, sizeof(saved));
	parse(&c, &ids, &ana, &alice, ana.digest, 3);
	assert_string_equal(bg_str_text(&ids), "key-not-in-file key-twice ");
	bg_str_release(&ana.blob);
	bg_str_release(&alice.blob);
}

static void test_bad_files(void **state)
{
	BG_AUTO(str) struct bg_str ids = BG_STR_INIT;
	BG_AUTO(trust) struct bg_trust *a = NULL;
	BG_AUTO(trust) struct bg_trust *b = NULL;
	struct key ana, alice;
	(void)state;
	get_key(&ana, "ana");
	get_key(&alice, "alice");
	parse(&a, &ids, &ana, &alice, ana.digest, 7);
	assert_string_equal(bg_str_text(&ids),
			    "path-not-allowed path-not-allowed "
			    "path-not-allowed ");
	/* A key file cut short. */
	bg_str_clear(&ids);
	alice.blob.len -= 3;
	parse(&b, &ids, &ana, &alice, ana.digest, 3);
	assert_string_equal(bg_str_text(&ids), "key-file-digest bad-key ");
	bg_str_release(&ana.blob);
	bg_str_release(&alice.blob);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_wrong_keys),
		cmocka_unit_test(test_bad_files),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
