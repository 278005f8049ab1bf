/* lib/crypto/engine.h: gpg as the second engine; encryption for escrow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"
#include "crypto/engine.h"
#include "crypto/signway.h"
#include "support/gpghome.h"

static struct gpghome home;
static const char payload[] = "tree 4b825dc\n\nwhat is signed\r\n";
#define PAYLOAD payload, sizeof(payload) - 1

static int make_home(void **state)
{
	static const char *const names[] = { "alice",   "bob",    "p256",
					     "rsa3072", "subkey", "expired",
					     "locked" };

	(void)state;
	gpghome_make(&home);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		gpghome_import(&home, names[i], true);
	return 0;
}

static int drop_home(void **state)
{
	(void)state;
	gpghome_drop(&home);
	return 0;
}

static void add(struct bg_engine *e, const char *name)
{
	BG_AUTO(str) struct bg_str blob = BG_STR_INIT;
	struct bg_fpr fpr = gpghome_fpr(name);
	struct bg_error err = { 0 };

	if (bg_gpg_export(&blob, &home.gpg, &fpr, &err) ||
	    bg_engine_add_key(e, blob.buf, blob.len, &err))
		fail_msg("%s: %s", name, err.msg);
}

static void sign(struct bg_str *armor, const char *const *options)
{
	const char *args[16] = { NULL };
	size_t n = 0;

	while (options[n] && n < 12) {
		args[n] = options[n];
		n++;
	}
	args[n] = "--armor";
	args[n + 1] = "--detach-sign";
	bg_str_clear(armor);
	assert_int_equal(gpghome_run(&home, args, PAYLOAD, armor, NULL), 0);
}

static void test_good(void **state)
{
	static const char *const names[] = { "alice", "p256", "rsa3072",
					     "subkey" };
	BG_AUTO(engine) struct bg_engine *e = NULL;
	BG_AUTO(str) struct bg_str armor = BG_STR_INIT;
	struct bg_error err = { 0 };

	(void)state;
	assert_int_equal(bg_engine_open(&e, home.dir, &err), 0);
	for (size_t i = 0; i < 4; i++) {
		BG_AUTO(keyblob) struct bg_keyblob blob = { 0 };
		const struct bg_pubkey *key;
		char edited[sizeof(payload)];
		char hex[41];

		add(e, names[i]);
		add(e, names[i]); /* twice does no harm */
		gpghome_blob(&home, &blob, names[i]);
		key = &blob.keys.v[blob.keys.n - 2];
		bg_fpr_format(hex, &blob.keys.v[0].fpr);
		sign(&armor, (const char *[]){ "-u", hex, NULL });
		if (bg_engine_check(e, armor.buf, armor.len, PAYLOAD, &key->fpr,
				    &err))
			fail_msg("%s: %s", names[i], err.msg);
		memcpy(edited, payload, sizeof(payload));
		edited[3] ^= 1;
		assert_int_equal(bg_engine_check(e, armor.buf, armor.len,
						 edited, sizeof(payload) - 1,
						 &key->fpr, &err),
				 BG_EVERIFY);
		assert_string_equal(err.id, "engine-disagrees");
	}
}

static void refused(struct bg_engine *e, const char *const *options)
{
	BG_AUTO(str) struct bg_str armor = BG_STR_INIT;
	struct bg_fpr alice = gpghome_fpr("alice");
	struct bg_error err = { 0 };

	sign(&armor, options);
	assert_int_equal(bg_engine_check(e, armor.buf, armor.len, PAYLOAD,
					 &alice, &err),
			 BG_EVERIFY);
	assert_string_equal(err.id, "engine-disagrees");
}

#define ALICE "-u", "13C0D94CA1C549246477921AF2FA4D2B59748F2A"
static void test_refused(void **state)
{
	BG_AUTO(engine) struct bg_engine *e = NULL;
	struct bg_fpr alice = gpghome_fpr("alice");
	struct bg_error err = { 0 };

	(void)state;
	assert_int_equal(bg_engine_open(&e, home.dir, &err), 0);
	/* A key that was not given, although the user has it. */
	refused(e, (const char *[]){ ALICE, NULL });
	add(e, "alice");
	add(e, "bob");
	refused(e, (const char *[]){ "-u", "bob@example.org", NULL });
	refused(e, (const char *[]){ ALICE, "-u", "bob@example.org", NULL });
	refused(e, (const char *[]){ ALICE, "--digest-algo", "SHA1", NULL });
	refused(e, (const char *[]){ ALICE, "--textmode", NULL });
	assert_int_equal(bg_engine_check(e, "nonsense", 8, PAYLOAD, &alice,
					 &err),
			 BG_EVERIFY);
	assert_int_equal(bg_engine_check(e, "", 0, PAYLOAD, &alice, &err),
			 BG_EVERIFY);
	assert_int_equal(bg_engine_add_key(e, "nonsense", 8, &err), BG_EVERIFY);
}

/* Expiry and a clock that stood still are trust's business. */
static void test_clocks(void **state)
{
	BG_AUTO(engine) struct bg_engine *e = NULL;
	BG_AUTO(str)
	struct bg_str armor = BG_STR_INIT, path = BG_STR_INIT,
		      blob = BG_STR_INIT, packet = BG_STR_INIT;
	BG_AUTO(signer) struct bg_signer *s = NULL;
	struct bg_fpr expired = gpghome_fpr("expired");
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct bg_error err = { 0 };
	struct bg_sig sig;
	size_t len;

	(void)state;
	assert_int_equal(bg_engine_open(&e, home.dir, &err), 0);
	add(e, "expired");
	sign(&armor,
	     (const char *[]){ "--faked-system-time", "20200601T000000!", "-u",
			       "0688D5C36096C4AFE8138C966158BA5E"
			       "2AF9C7B7",
			       NULL });
	if (bg_engine_check(e, armor.buf, armor.len, PAYLOAD, &expired, &err))
		fail_msg("%s", err.msg);
	bg_str_addf(&path, "%s/install.key", home.dir);
	assert_int_equal(bg_install_key_make(&blob, path.buf, "x", &err), 0);
	assert_int_equal(bg_signer_open_file(&s, path.buf, &err), 0);
	assert_int_equal(bg_engine_add_key(e, blob.buf, blob.len, &err), 0);
	for (int future = 0; future < 2; future++) {
		bg_sig_begin(&sig, bg_signer_fpr(s), BG_PK_EDDSA, 8,
			     future ? 4000000000 : 1000000);
		assert_int_equal(bg_sig_digest(digest, &len, &sig, PAYLOAD,
					       true, &err),
				 0);
		assert_int_equal(
			bg_ed25519_sign(&sig, s->secret, digest, len, &err), 0);
		bg_str_clear(&packet);
		bg_str_clear(&armor);
		bg_sig_write(&packet, &sig);
		bg_armor_write(&armor, packet.buf, packet.len);
		if (bg_engine_check(e, armor.buf, armor.len, PAYLOAD,
				    bg_signer_fpr(s), &err))
			fail_msg("%d: %s", future, err.msg);
	}
}

/* Nothing stays behind. */
static void test_home_goes_away(void **state)
{
	BG_AUTO(str) struct bg_str dir = BG_STR_INIT;
	struct bg_engine *e = NULL;
	struct bg_error err = { 0 };

	(void)state;
	bg_str_addf(&dir, "%s/tmp", home.dir);
	assert_int_equal(bg_dir_make(dir.buf, 0700, &err), 0);
	assert_int_equal(bg_engine_open(&e, dir.buf, &err), 0);
	add(e, "alice");
	bg_engine_close(e);
	assert_int_equal(rmdir(dir.buf), 0);
	assert_int_not_equal(bg_engine_open(&e, dir.buf, &err), 0);
}

/*
 * Encryption.
 */
static void test_encrypt(void **state)
{
	static const char *const names[] = { "bob", "rsa3072", "p256" };
	struct bg_str blob[3] = { BG_STR_INIT, BG_STR_INIT, BG_STR_INIT };
	BG_AUTO(str) struct bg_str cipher = BG_STR_INIT;
	BG_AUTO(secret) struct bg_str plain = BG_STR_INIT;
	struct bg_span spans[3];
	struct bg_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct bg_fpr fpr = gpghome_fpr(names[i]);

		assert_int_equal(bg_gpg_export(&blob[i], &home.gpg, &fpr, &err),
				 0);
		spans[i] = (struct bg_span){ blob[i].buf, blob[i].len };
	}
	if (bg_encrypt(&cipher, home.dir, spans, 3, "s3cret\0x", 8, &err))
		fail_msg("%s", err.msg);
	assert_null(memmem(cipher.buf, cipher.len, "s3cret", 6));
	if (bg_decrypt(&plain, &home.gpg, cipher.buf, cipher.len, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(plain.len, 8);
	assert_memory_equal(plain.buf, "s3cret\0x", 8);
	for (size_t i = 0; i < 3; i++)
		bg_str_release(&blob[i]);
	bg_str_wipe(&plain);
	/* Changed on the way. */
	cipher.buf[cipher.len - 10] ^= 1;
	assert_int_not_equal(
		bg_decrypt(&plain, &home.gpg, cipher.buf, cipher.len, &err), 0);
	assert_int_equal(plain.len, 0);
	assert_int_equal(bg_decrypt(&plain, &home.gpg, "nonsense", 8, &err),
			 BG_EVERIFY);
	assert_int_not_equal(bg_decrypt(&plain, &home.gpg, "", 0, &err), 0);
	assert_int_equal(bg_encrypt(&cipher, home.dir, spans, 0, "x", 1, &err),
			 BG_EFAIL);
}

static void encrypt_to(struct bg_str *cipher, const char *name, int want)
{
	BG_AUTO(str) struct bg_str blob = BG_STR_INIT;
	struct bg_fpr fpr = gpghome_fpr(name);
	struct bg_span span;
	struct bg_error err = { 0 };

	assert_int_equal(bg_gpg_export(&blob, &home.gpg, &fpr, &err), 0);
	span = (struct bg_span){ blob.buf, blob.len };
	assert_int_equal(bg_encrypt(cipher, home.dir, &span, 1, "x", 1, &err),
			 want);
	if (want)
		assert_string_equal(err.id, "cannot-encrypt");
}

static void decrypt_fails(const struct bg_str *cipher, const char *id)
{
	BG_AUTO(secret) struct bg_str plain = BG_STR_INIT;
	struct bg_error err = { 0 };

	assert_int_equal(bg_decrypt(&plain, &home.gpg, cipher->buf, cipher->len,
				    &err),
			 BG_ENOKEY);
	assert_string_equal(err.id, id);
	assert_int_equal(plain.len, 0);
}

static void test_decrypt_fails(void **state)
{
	BG_AUTO(str) struct bg_str cipher = BG_STR_INIT;
	const char *gone[] = { "--yes", "--delete-secret-keys",
			       "2A821463BCC01F9080775750BA74A92765CBB4C5",
			       NULL };

	(void)state;
	encrypt_to(&cipher, "expired", BG_ENOKEY);
	encrypt_to(&cipher, "locked", 0);
	decrypt_fails(&cipher, "no-pinentry");
	bg_str_clear(&cipher);
	encrypt_to(&cipher, "bob", 0);
	assert_int_equal(gpghome_run(&home, gone, NULL, 0, NULL, NULL), 0);
	decrypt_fails(&cipher, "key-not-here");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_home_goes_away),
		cmocka_unit_test(test_encrypt),
		cmocka_unit_test(test_decrypt_fails),
	};

	return cmocka_run_group_tests(tests, make_home, drop_home);
}
