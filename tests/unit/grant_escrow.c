/* Escrow files: sealed to custodians, opened by one of them, never another's. */
#include "unit/unit.h"

#include <stdlib.h>

#include "grant/escrow.h"
#include "support/gpghome.h"

static struct gpghome all, alice_home;
static struct bg_error err;
static struct bg_trust trust;
static struct bg_principal people[3];
static struct bg_trust_key keys[3];
static struct bg_trust_file files[3];
static struct bg_str blobs[3];
static const char *const names[] = { "alice", "bob", "carol" };
static const char *const oncall[] = { "alice" };
static struct bg_role role = { "oncall", { 1, (const char **)oncall } };
static char paths[3][64];

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct bg_trust_file *)a)->path,
		      ((const struct bg_trust_file *)b)->path);
}

static int enter(void **state)
{
	(void)state;
	gpghome_make(&all);
	gpghome_make(&alice_home);
	gpghome_import(&alice_home, "alice", true);
	for (size_t i = 0; i < 3; i++) {
		char fpr[41];

		gpghome_import(&all, names[i], true);
		keys[i].primary = gpghome_fpr(names[i]);
		assert_ok(bg_gpg_export(&blobs[i], &all.gpg, &keys[i].primary,
					&err),
			  err);
		bg_fpr_format(fpr, &keys[i].primary);
		snprintf(paths[i], sizeof(paths[i]), "keys/%s.pgp", fpr);
		files[i] = (struct bg_trust_file){ .path = paths[i],
						   .text = blobs[i].buf,
						   .n = blobs[i].len };
		people[i] = (struct bg_principal){ .name = names[i],
						   .n_keys = 1,
						   .keys = &keys[i] };
	}
	qsort(files, 3, sizeof(files[0]), by_path);
	trust.n_principals = 3;
	trust.principals = people;
	trust.n_roles = 1;
	trust.roles = &role;
	trust.n_files = 3;
	trust.files = files;
	return 0;
}

static int leave(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		bg_str_release(&blobs[i]);
	gpghome_drop(&all);
	gpghome_drop(&alice_home);
	return 0;
}

static const char *const carol_only[] = { "carol" };

static struct bg_identity identity(void)
{
	return (struct bg_identity){
		.name = "san-root",
		.escrow = { .present = true, .solo_to = "oncall" },
	};
}

static void round_trip(void **state)
{
	static const char secret[] = "correct horse\0battery";
	BG_AUTO(secret) struct bg_str plain = BG_STR_INIT;
	BG_AUTO(str) struct bg_str file = BG_STR_INIT;
	struct bg_identity id = identity();
	char version[17];

	(void)state;
	assert_ok(bg_escrow_seal(&file, &id, &trust, all.dir, secret,
				 sizeof(secret), &err),
		  err);
	assert_null(memmem(file.buf, file.len, "correct horse", 13));
	assert_ok(bg_escrow_open(&plain, version, &id, file.buf, file.len,
				 &alice_home.gpg, &err),
		  err);
	assert_int_equal(plain.len, sizeof(secret));
	assert_memory_equal(plain.buf, secret, sizeof(secret));
	assert_int_equal(strlen(version), 16);
}

static void who_can_open(void **state)
{
	BG_AUTO(secret) struct bg_str plain = BG_STR_INIT;
	BG_AUTO(str) struct bg_str file = BG_STR_INIT;
	struct bg_identity id = identity();
	char version[17];

	(void)state;
	assert_true(bg_escrow_opens_alone(&id));
	/* To carol only: alice's own key does not open it. */
	id.escrow.solo_to = NULL;
	id.escrow.k = 1;
	id.escrow.custodians =
		(struct bg_names){ 1, (const char **)carol_only };
	assert_true(bg_escrow_opens_alone(&id));
	assert_ok(bg_escrow_seal(&file, &id, &trust, all.dir, "x", 1, &err),
		  err);
	assert_int_not_equal(bg_escrow_open(&plain, version, &id, file.buf,
					    file.len, &alice_home.gpg, &err),
			     0);
	assert_int_equal(plain.len, 0);
	assert_ok(bg_escrow_open(&plain, version, &id, file.buf, file.len,
				 &all.gpg, &err),
		  err);
	/* Two together are not made here, and said so. */
	id.escrow.k = 2;
	assert_false(bg_escrow_opens_alone(&id));
	bg_str_clear(&file);
	assert_fails(bg_escrow_seal(&file, &id, &trust, all.dir, "x", 1, &err),
		     BG_EFAIL, "escrow-quorum", err);
	id.escrow.k = 0;
	assert_fails(bg_escrow_seal(&file, &id, &trust, all.dir, "x", 1, &err),
		     BG_EFAIL, "escrow-nobody", err);
	id = identity();
	assert_fails(bg_escrow_seal(&file, &id, &trust, all.dir, "", 0, &err),
		     BG_EUSAGE, "secret-size", err);
}

/* Replace the first occurrence; the lengths are equal. */
static void replace(struct bg_str *s, const char *from, const char *to)
{
	char *p = memmem(s->buf, s->len, from, strlen(from));

	assert_non_null(p);
	memcpy(p, to, strlen(to));
}

static void changed_files(void **state)
{
	BG_AUTO(str) struct bg_str file = BG_STR_INIT;
	struct bg_identity id = identity(), other = identity();
	char version[17];
	char *p;

	(void)state;
	assert_ok(bg_escrow_seal(&file, &id, &trust, all.dir, "secret", 6,
				 &err),
		  err);
	/* Another identity's file, as it is and with its name changed. */
	for (int k = 0; k < 2; k++) {
		BG_AUTO(secret) struct bg_str plain = BG_STR_INIT;

		other.name = "nas-root";
		assert_fails(bg_escrow_open(&plain, version, &other, file.buf,
					    file.len, &alice_home.gpg, &err),
			     BG_EVERIFY, "escrow-altered", err);
		assert_int_equal(plain.len, 0);
		if (k == 0)
			replace(&file, "san-root", "nas-root");
		else
			replace(&file, "nas-root", "san-root");
	}
	/* One character of the version, the nonce, the sealed bytes. */
	static const char *const fields[] = { "\"version\": \"",
					      "\"nonce\": \"",
					      "\"sealed\": \"" };
	for (size_t i = 0; i < LENGTH(fields); i++) {
		BG_AUTO(secret) struct bg_str plain = BG_STR_INIT;

		p = memmem(file.buf, file.len, fields[i], strlen(fields[i]));
		assert_non_null(p);
		p += strlen(fields[i]) + 2;
		*p = *p == 'a' ? 'b' : 'a';
		assert_int_equal(bg_escrow_open(&plain, version, &id, file.buf,
						file.len, &alice_home.gpg,
						&err),
				 BG_EVERIFY);
		assert_int_equal(plain.len, 0);
	}
	BG_AUTO(secret) struct bg_str none = BG_STR_INIT;
	assert_int_equal(bg_escrow_open(&none, version, &id, "{}", 2,
					&alice_home.gpg, &err),
			 BG_EVERIFY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(who_can_open),
		cmocka_unit_test(changed_files),
	};

	return cmocka_run_group_tests_name("grant_escrow", tests, enter, leave);
}
