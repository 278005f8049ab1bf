/* lib/crypto: armor, signature packets, key blobs, the native check; gpg makes
 * what is to be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "support/gpghome.h"

static struct gpghome home;
static const char payload[] = "tree 4b825dc\n\nwhat is signed \xe2\x82\xac\n";
#define PAYLOAD payload, sizeof(payload) - 1

/* One key, one good signature of gpg by it. */
static struct sample {
	const char *name;
	struct bg_keyblob blob;
	const struct bg_pubkey *key;
	struct bg_str armor, packet;
} samples[] = { { .name = "alice" },
		{ .name = "p256" },
		{ .name = "p384" },
		{ .name = "rsa3072" },
		{ .name = "subkey" } };
#define N_SAMPLES (sizeof(samples) / sizeof(*samples))
#define ED (&samples[0])
#define P256 (&samples[1])
#define RSA (&samples[3])

/* valgrind is thirty times slower: there only some of the edits. */
static size_t stride(void)
{
	return getenv("BG_VALGRIND") ? 61 : 1;
}

static void gpg_sign(struct bg_str *out, const char *const *options)
{
	const char *args[16] = { "--armor", "--detach-sign" };
	BG_AUTO(str) struct bg_str status = BG_STR_INIT;
	size_t n = 0;

	while (options[n] && n < 13) {
		args[n] = options[n];
		n++;
	}
	args[n] = "--armor";
	args[n + 1] = "--detach-sign";
	args[n + 2] = NULL;
	if (gpghome_run(&home, args, PAYLOAD, out, &status))
		fail_msg("gpg: %s", bg_str_text(&status));
}

static int make_samples(void **state)
{
	struct bg_error err = { 0 };

	(void)state;
	gpghome_make(&home);
	gpghome_import(&home, "rsa2048", true);
	gpghome_import(&home, "bob", true);
	gpghome_import(&home, "revoked", false);
	for (size_t i = 0; i < N_SAMPLES; i++) {
		struct sample *s = &samples[i];
		const char *options[] = { "-u", NULL, NULL };
		char hex[41];
		struct bg_fpr fpr = gpghome_fpr(s->name);

		gpghome_import(&home, s->name, true);
		gpghome_blob(&home, &s->blob, s->name);
		for (size_t k = 0; k < s->blob.keys.n; k++)
			if (s->blob.keys.v[k].may_sign)
				s->key = &s->blob.keys.v[k];
		bg_fpr_format(hex, &fpr);
		options[1] = hex;
		gpg_sign(&s->armor, options);
		if (bg_armor_read(&s->packet, s->armor.buf, s->armor.len, &err))
			fail_msg("%s: %s", s->name, err.msg);
	}
	return 0;
}

static int drop_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		bg_keyblob_release(&samples[i].blob);
		bg_str_release(&samples[i].armor);
		bg_str_release(&samples[i].packet);
	}
	gpghome_drop(&home);
	return 0;
}

/* The whole way of a signature; 0 when all of it is passed. */
static int check(const struct bg_pubkey *key, const char *armor, size_t n,
		 struct bg_error *err)
{
	BG_AUTO(str) struct bg_str packet = BG_STR_INIT;
	struct bg_sig sig;
	int r;

	if ((r = bg_armor_read(&packet, armor, n, err)) ||
	    (r = bg_sig_parse(&sig, packet.buf, packet.len, err)))
		return r;
	return bg_sig_check(&sig, key, PAYLOAD, err);
}

static int check_packet(const struct bg_pubkey *key, const void *p, size_t n,
			struct bg_error *err)
{
	BG_AUTO(str) struct bg_str armor = BG_STR_INIT;

	bg_armor_write(&armor, p, n);
	return check(key, armor.buf, armor.len, err);
}

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		struct sample *s = &samples[i];
		BG_AUTO(str) struct bg_str packet = BG_STR_INIT;
		struct bg_error err = { 0 };
		struct bg_sig sig;

		if (check(s->key, s->armor.buf, s->armor.len, &err))
			fail_msg("%s: %s", s->name, err.msg);
		assert_int_equal(bg_sig_parse(&sig, s->packet.buf,
					      s->packet.len, &err),
				 0);
		bg_sig_write(&packet, &sig);
		assert_int_equal(packet.len, s->packet.len);
		assert_memory_equal(packet.buf, s->packet.buf, packet.len);
		assert_true(bg_fpr_eq(&sig.issuer, &s->key->fpr));
		assert_int_equal(sig.pk, s->key->pk);
	}
	assert_false(bg_fpr_eq(&samples[4].key->fpr,
			       &samples[4].blob.keys.v[0].fpr));
}

static void test_other_bytes(void **state)
{
	struct bg_error err;
	struct bg_sig sig;

	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		struct sample *s = &samples[i];
		char edited[sizeof(payload)];

		assert_int_equal(bg_sig_parse(&sig, s->packet.buf,
					      s->packet.len, &err),
				 0);
		for (size_t bit = 0; bit < (sizeof(payload) - 1) * 8;
		     bit += stride()) {
			memcpy(edited, payload, sizeof(payload));
			edited[bit / 8] ^= (char)(1 << bit % 8);
			assert_int_equal(bg_sig_check(&sig, s->key, edited,
						      sizeof(payload) - 1,
						      &err),
					 BG_EVERIFY);
			assert_string_equal(err.id, "bad-signature");
		}
		for (size_t k = 0; k < N_SAMPLES; k++)
			if (k != i)
				assert_int_equal(bg_sig_check(&sig,
							      samples[k].key,
							      PAYLOAD, &err),
						 BG_EVERIFY);
		/* A primary does not answer for its subkey. */
		if (s->key != &s->blob.keys.v[0])
			assert_int_equal(bg_sig_check(&sig, &s->blob.keys.v[0],
						      PAYLOAD, &err),
					 BG_EVERIFY);
	}
}

/*
 * Every single edit.
 */
static void refused(const struct sample *s, const char *p, size_t n)
{
	struct bg_error err;

	if (check(s->key, p, n, &err) == 0)
		fail_msg("%s: accepted a changed signature", s->name);
}

static void test_armor_edits(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		const struct sample *s = &samples[i];
		static const char extra[] = "A=\n \0\r-";
		size_t n = s->armor.len;
		BG_AUTO(free) char *e = malloc(n + 1);

		assert_non_null(e);
		for (size_t bit = 0; bit < n * 8; bit += stride()) {
			memcpy(e, s->armor.buf, n);
			e[bit / 8] ^= (char)(1 << bit % 8);
			refused(s, e, n);
		}
		for (size_t at = 0; at < n; at += stride()) {
			memcpy(e, s->armor.buf, at);
			memcpy(e + at, s->armor.buf + at + 1, n - at - 1);
			refused(s, e, n - 1);
			refused(s, s->armor.buf, at);
		}
		for (size_t at = 0; at <= n; at += stride())
			for (size_t x = 0; x < sizeof(extra) - 1; x++) {
				memcpy(e, s->armor.buf, at);
				e[at] = extra[x];
				memcpy(e + at + 1, s->armor.buf + at, n - at);
				refused(s, e, n + 1);
			}
	}
}

/* With armor and CRC made right again. */
static void test_packet_edits(void **state)
{
	struct bg_error err;

	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		const struct sample *s = &samples[i];
		size_t n = s->packet.len;
		BG_AUTO(free) char *e = malloc(n + 1);

		assert_non_null(e);
		for (size_t bit = 0; bit < n * 8; bit += stride()) {
			memcpy(e, s->packet.buf, n);
			e[bit / 8] ^= (char)(1 << bit % 8);
			if (check_packet(s->key, e, n, &err) == 0)
				fail_msg("%s: bit %zu", s->name, bit);
		}
		for (size_t at = 0; at < n; at += stride()) {
			memcpy(e, s->packet.buf, at);
			memcpy(e + at, s->packet.buf + at + 1, n - at - 1);
			assert_int_not_equal(
				check_packet(s->key, e, n - 1, &err), 0);
			memcpy(e, s->packet.buf, at);
			e[at] = 0;
			memcpy(e + at + 1, s->packet.buf + at, n - at);
			assert_int_not_equal(
				check_packet(s->key, e, n + 1, &err), 0);
		}
	}
}

/*
 * Forms that gpg takes and evidence does not.
 */
static void armor_refused(const struct bg_str *text)
{
	struct bg_error err = { 0 };

	assert_int_equal(check(ED->key, text->buf, text->len, &err),
			 BG_EVERIFY);
	assert_string_equal(err.id, "bad-armor");
}

/* Replace the first occurrence of from in the sample's armor. */
static void with(struct bg_str *out, const char *from, const char *to)
{
	const char *at = strstr(ED->armor.buf, from);

	assert_non_null(at);
	bg_str_clear(out);
	bg_str_addn(out, ED->armor.buf, (size_t)(at - ED->armor.buf));
	bg_str_add(out, to);
	bg_str_add(out, at + strlen(from));
}

static void test_armor_forms(void **state)
{
	static const struct {
		const char *from, *to;
	} edits[] = {
		{ "-----\n\n", "-----\nComment: x\n\n" },
		{ "-----\n\n", "-----\nVersion: GnuPG v2\n\n" },
		{ "-----\n\n", "-----\n" },
		{ "-----\n\n", "-----\n\n\n" },
		{ "-----\n\n", "-----\n \n" },
		{ "-----\n\n", "-----\r\n\r\n" },
		{ "-----BEGIN", "\n-----BEGIN" },
		{ "-----BEGIN", "junk\n-----BEGIN" },
		{ "-----BEGIN PGP SIGNATURE", "-----BEGIN PGP MESSAGE" },
		{ "SIGNATURE-----\n\n", "SIGNATURE----- \n\n" },
		{ "\n=", "=\n=" },
		{ "\n=", "\n\n=" },
	};
	BG_AUTO(str) struct bg_str t = BG_STR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++) {
		with(&t, edits[i].from, edits[i].to);
		armor_refused(&t);
	}
	/* Without CRC, without the last LF, with more after it, twice. */
	with(&t, "\n=", "\n#");
	t.len = (size_t)(strchr(t.buf, '#') - t.buf);
	t.buf[t.len] = '\0';
	bg_str_add(&t, "-----END PGP SIGNATURE-----\n");
	armor_refused(&t);
	with(&t, "END PGP SIGNATURE-----\n", "END PGP SIGNATURE-----");
	armor_refused(&t);
	with(&t, "END PGP SIGNATURE-----\n", "END PGP SIGNATURE-----\nx\n");
	armor_refused(&t);
	with(&t, "", "");
	bg_str_add(&t, ED->armor.buf);
	armor_refused(&t);
	bg_str_clear(&t);
	bg_str_addn(&t, ED->packet.buf, ED->packet.len);
	armor_refused(&t);
}

/* Columns other than 64, and CR LF: the body wrapped anew. */
static void test_armor_columns(void **state)
{
	static const size_t columns[] = { 4, 60, 63, 65, 76, 4096 };
	const char *body = strstr(ED->armor.buf, "\n\n") + 2;
	const char *crc = strstr(body, "\n=") + 1;

	(void)state;
	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
		BG_AUTO(str) struct bg_str t = BG_STR_INIT;
		size_t at = 0;

		bg_str_add(&t, "-----BEGIN PGP SIGNATURE-----\n\n");
		for (const char *p = body; p < crc; p++) {
			if (*p == '\n')
				continue;
			bg_str_addc(&t, *p);
			if (++at % columns[i] == 0)
				bg_str_addc(&t, '\n');
		}
		if (at % columns[i])
			bg_str_addc(&t, '\n');
		bg_str_add(&t, crc);
		armor_refused(&t);
	}
}

/* What gpg was asked to sign like this. */
static void gpg_form(const char *const *options, const char *id)
{
	BG_AUTO(str) struct bg_str armor = BG_STR_INIT;
	struct bg_error err = { 0 };
	char fpr[41];

	gpg_sign(&armor, options);
	gpghome_verify(&home, fpr, armor.buf, armor.len, PAYLOAD);
	assert_int_equal(check(ED->key, armor.buf, armor.len, &err),
			 BG_EVERIFY);
	assert_string_equal(err.id, id);
}

/* By fingerprint: with an address gpg adds the signer's user id. */
#define ALICE "-u", "13C0D94CA1C549246477921AF2FA4D2B59748F2A"
#define RSA2048 "7167E340FE819856711B48CD5D89B8A571945CC9"
static void test_gpg_forms(void **state)
{
	(void)state;
	gpg_form((const char *[]){ ALICE, "--digest-algo", "SHA1", NULL },
		 "weak-hash");
	gpg_form((const char *[]){ ALICE, "--digest-algo", "RIPEMD160", NULL },
		 "weak-hash");
	gpg_form((const char *[]){ ALICE, "--digest-algo", "SHA224", NULL },
		 "weak-hash");
	gpg_form((const char *[]){ ALICE, "--textmode", NULL },
		 "text-signature");
	gpg_form((const char *[]){ ALICE, "--sig-notation", "a@example.org=b",
				   NULL },
		 "bad-packet");
	gpg_form((const char *[]){ ALICE, "--default-sig-expire", "5d", NULL },
		 "bad-packet");
	gpg_form((const char *[]){ ALICE, "--sig-policy-url",
				   "http://example.org", NULL },
		 "bad-packet");
	gpg_form((const char *[]){ ALICE, "-u", "bob@example.org", NULL },
		 "bad-packet");
	gpg_form((const char *[]){ "-u", RSA2048, NULL }, "weak-key");
	gpg_form((const char *[]){ "-u", "alice@example.org", NULL },
		 "bad-packet");
	gpg_form((const char *[]){ ALICE, "--comment", "x", NULL },
		 "bad-armor");
	gpg_form((const char *[]){ ALICE, "--emit-version", NULL },
		 "bad-armor");
}

static void packet_id(const unsigned char *p, size_t n, const char *id)
{
	struct bg_error err = { 0 };
	struct bg_sig sig;

	assert_int_equal(bg_sig_parse(&sig, p, n, &err), BG_EVERIFY);
	assert_string_equal(err.id, id);
}

/* Byte at a place of the good packet set to v. */
static void byte_id(size_t at, unsigned v, const char *id)
{
	unsigned char p[256];

	assert_true(ED->packet.len < sizeof(p));
	memcpy(p, ED->packet.buf, ED->packet.len);
	p[at] = (unsigned char)v;
	packet_id(p, ED->packet.len, id);
}

static void test_packet_forms(void **state)
{
	const unsigned char *good = (const unsigned char *)ED->packet.buf;
	size_t n = ED->packet.len;
	unsigned char p[512];

	(void)state;
	byte_id(0, 0xc2, "bad-packet"); /* new header, same length byte */
	byte_id(0, 0x8a, "bad-packet");
	byte_id(0, 0x8b, "bad-packet");
	byte_id(0, 0x84, "bad-packet"); /* another tag */
	byte_id(2, 3, "bad-packet");    /* version */
	byte_id(2, 5, "bad-packet");
	byte_id(2, 6, "bad-packet");
	byte_id(3, 1, "text-signature");
	byte_id(3, 2, "bad-packet");    /* stand-alone */
	byte_id(3, 0x10, "bad-packet"); /* certification */
	byte_id(4, 17, "weak-key");
	byte_id(4, 3, "weak-key");
	byte_id(4, 27, "weak-key");
	byte_id(5, 2, "weak-hash");
	byte_id(5, 1, "weak-hash");
	byte_id(5, 11, "weak-hash");
	byte_id(5, 12, "weak-hash");
	byte_id(9, 33 | 0x80, "bad-packet"); /* critical */
	byte_id(10, 5, "bad-packet");        /* fingerprint of a v5 key */
	byte_id(32, 2 | 0x80, "bad-packet");
	byte_id(38, 9, "bad-packet"); /* unhashed length */
	byte_id(40, 16 | 0x80, "bad-packet");
	byte_id(48, good[48] ^ 1, "bad-packet"); /* issuer id, not 33's */
	/* A two-byte length where one does. */
	p[0] = 0x89;
	p[1] = 0;
	memcpy(p + 2, good + 1, n - 1);
	packet_id(p, n + 1, "bad-packet");
	/* Creation before the issuer. */
	memcpy(p, good, n);
	memcpy(p + 8, good + 31, 6);
	memcpy(p + 14, good + 8, 23);
	packet_id(p, n, "bad-packet");
	/* Something after it, and the same packet again. */
	memcpy(p, good, n);
	p[n] = 0;
	packet_id(p, n + 1, "bad-packet");
	memcpy(p + n, good, n);
	packet_id(p, 2 * n, "bad-packet");
	packet_id(p, 0, "bad-packet");
}

/* Put bytes into the packet, mend its length, and name what it is. */
static void insert_id(size_t at, const void *bytes, size_t len, const char *id)
{
	unsigned char p[256];
	size_t n = ED->packet.len;

	assert_true(n + len < sizeof(p));
	memcpy(p, ED->packet.buf, at);
	memcpy(p + at, bytes, len);
	memcpy(p + at + len, ED->packet.buf + at, n - at);
	p[1] = (unsigned char)(p[1] + len);
	if (at == 49)
		p[38] = (unsigned char)(p[38] + len);
	if (at == 37)
		p[7] = (unsigned char)(p[7] + len);
	packet_id(p, n + len, id);
}

static void test_packet_inserts(void **state)
{
	static const unsigned char notation[] = { 5, 100, 'x', 'y', 'z', 0 };
	static const unsigned char expires[] = { 5, 3, 0, 1, 0, 0 };
	unsigned char p[256];
	size_t n = ED->packet.len;

	(void)state;
	insert_id(49, notation, sizeof(notation), "bad-packet");
	insert_id(37, expires, sizeof(expires), "bad-packet");
	/* A number with a leading zero, in length and in bits. */
	memcpy(p, ED->packet.buf, 53);
	memcpy(p + 54, ED->packet.buf + 53, n - 53);
	p[53] = 0;
	p[1]++;
	packet_id(p, n + 1, "bad-packet");
	p[51] = 1;
	p[52] = 8;
	packet_id(p, n + 1, "bad-packet");
}

/* RNP and gpg accept 16 flips here; the native check must not. */
static void test_left16(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++)
		for (int bit = 0; bit < 16; bit++) {
			struct bg_error err = { 0 };
			struct bg_sig sig;

			assert_int_equal(
				bg_sig_parse(&sig, samples[i].packet.buf,
					     samples[i].packet.len, &err),
				0);
			sig.left16[bit / 8] ^= (unsigned char)(1 << bit % 8);
			assert_int_equal(bg_sig_check(&sig, samples[i].key,
						      PAYLOAD, &err),
					 BG_EVERIFY);
			assert_string_equal(err.id, "bad-signature");
		}
}

static void test_weak_key(void **state)
{
	BG_AUTO(keyblob) struct bg_keyblob blob = { 0 };
	struct bg_error err = { 0 };
	struct bg_sig sig;

	(void)state;
	gpghome_blob(&home, &blob, "rsa2048");
	assert_int_equal(blob.keys.v[0].bits, 2048);
	assert_false(blob.keys.v[0].may_sign);
	bg_sig_begin(&sig, &blob.keys.v[0].fpr, BG_PK_RSA, 8, 1);
	assert_int_equal(bg_sig_check(&sig, &blob.keys.v[0], PAYLOAD, &err),
			 BG_EVERIFY);
	assert_string_equal(err.id, "weak-key");
}

/*
 * Key blobs.
 */
static void export_raw(struct bg_str *out, const char *name, bool secret)
{
	const char *args[] = { secret ? "--export-secret-keys" : "--export",
			       NULL, NULL };
	struct bg_fpr fpr = gpghome_fpr(name);
	char hex[41];

	bg_fpr_format(hex, &fpr);
	args[1] = hex;
	assert_int_equal(gpghome_run(&home, args, NULL, 0, out, NULL), 0);
	assert_true(out->len > 0);
}

static void blob_refused(const struct bg_str *raw)
{
	struct bg_keyblob blob;
	struct bg_error err = { 0 };

	assert_int_equal(bg_keyblob_parse(&blob, raw->buf, raw->len, &err),
			 BG_EVERIFY);
	assert_string_equal(err.id, "bad-key");
	assert_int_equal(blob.keys.n, 0);
}

static void test_blob(void **state)
{
	static const unsigned bits[] = { 255, 256, 384, 3072, 255 };

	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		struct bg_keyblob *b = &samples[i].blob;
		struct bg_fpr fpr = gpghome_fpr(samples[i].name);

		assert_true(bg_fpr_eq(&b->keys.v[0].fpr, &fpr));
		assert_int_equal(b->keys.v[0].bits, bits[i]);
		assert_int_equal(b->keys.v[0].created, 1735689600);
		assert_int_equal(b->keys.v[0].may_sign, i != 4);
		assert_int_equal(b->keys.n, i == 4 ? 3 : 2);
		assert_non_null(strstr(b->uid, "Test (INSECURE) <"));
		assert_false(b->keys.v[b->keys.n - 1].may_sign);
		for (size_t k = 0; k < b->keys.n; k++)
			assert_true(bg_fpr_eq(&b->keys.v[k].primary, &fpr));
	}
}

static void test_blob_minimise(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		BG_AUTO(str)
		struct bg_str raw = BG_STR_INIT, one = BG_STR_INIT,
			      two = BG_STR_INIT;
		struct bg_error err;

		export_raw(&raw, samples[i].name, false);
		assert_int_equal(
			bg_keyblob_minimise(&one, raw.buf, raw.len, &err), 0);
		assert_int_equal(
			bg_keyblob_minimise(&two, one.buf, one.len, &err), 0);
		assert_int_equal(one.len, two.len);
		assert_memory_equal(one.buf, two.buf, one.len);
	}
}

static bool same_keys(const struct bg_keyblob *a, const struct bg_keyblob *b)
{
	if (a->keys.n != b->keys.n || !bg_str_eq(a->uid, b->uid))
		return false;
	for (size_t i = 0; i < a->keys.n; i++)
		if (!bg_fpr_eq(&a->keys.v[i].fpr, &b->keys.v[i].fpr) ||
		    a->keys.v[i].may_sign != b->keys.v[i].may_sign)
			return false;
	return true;
}

/* A flip is refused, or lies where nothing depends on it (the unhashed part
 * of a self-signature): it never gives other keys. */
static void test_blob_edits(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		BG_AUTO(str) struct bg_str blob = BG_STR_INIT;
		struct bg_error err;

		if (i == 2 || i == 3)
			continue; /* as the others, only slow */
		assert_int_equal(bg_gpg_export(&blob, &home.gpg,
					       &samples[i].blob.keys.v[0].fpr,
					       &err),
				 0);
		for (size_t bit = 0; bit < blob.len * 8; bit += stride()) {
			struct bg_keyblob got;

			blob.buf[bit / 8] ^= (char)(1 << bit % 8);
			if (!bg_keyblob_parse(&got, blob.buf, blob.len, &err)) {
				assert_true(same_keys(&got, &samples[i].blob));
				bg_keyblob_release(&got);
			}
			blob.buf[bit / 8] ^= (char)(1 << bit % 8);
		}
		for (size_t n = 0; n < blob.len; n += stride()) {
			struct bg_keyblob got;

			/* Only a whole last part may be missing. */
			if (bg_keyblob_parse(&got, blob.buf, n, &err))
				continue;
			assert_true(got.keys.n < samples[i].blob.keys.n);
			bg_keyblob_release(&got);
		}
	}
}

static void test_blob_refused(void **state)
{
	BG_AUTO(str)
	struct bg_str a = BG_STR_INIT, b = BG_STR_INIT, secret = BG_STR_INIT,
		      out = BG_STR_INIT;
	struct bg_error err;

	(void)state;
	export_raw(&a, "alice", false);
	export_raw(&b, "bob", false);
	export_raw(&secret, "bob", true);
	blob_refused(&secret);
	assert_int_equal(bg_keyblob_minimise(&out, secret.buf, secret.len,
					     &err),
			 BG_EVERIFY);
	/* Two keys; a key and its own packets again; a byte more. */
	bg_str_addn(&a, b.buf, b.len);
	blob_refused(&a);
	assert_int_equal(bg_keyblob_minimise(&out, a.buf, a.len, &err),
			 BG_EVERIFY);
	bg_str_addc(&b, 0);
	blob_refused(&b);
	b.len--;
	bg_str_clear(&a);
	bg_str_addn(&a, b.buf, b.len);
	while (a.len <= BG_KEYBLOB_MAX)
		bg_str_addn(&a, b.buf, b.len);
	blob_refused(&a);
	bg_str_clear(&a);
	blob_refused(&a);
	assert_int_equal(out.len, 0);
}

static void test_blob_revoked(void **state)
{
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT, out = BG_STR_INIT;
	BG_AUTO(keyblob) struct bg_keyblob blob = { 0 };
	struct bg_error err;

	(void)state;
	export_raw(&raw, "revoked", false);
	blob_refused(&raw);
	assert_int_equal(bg_keyblob_minimise(&out, raw.buf, raw.len, &err), 0);
	assert_int_equal(bg_keyblob_parse(&blob, out.buf, out.len, &err), 0);
	assert_true(out.len < raw.len);
}

/* Somebody else's signature, a user id that was taken back, an expired subkey
 * and a subkey of another person. */
static void test_blob_strangers(void **state)
{
	BG_AUTO(str)
	struct bg_str raw = BG_STR_INIT, out = BG_STR_INIT, bob = BG_STR_INIT;
	BG_AUTO(keyblob) struct bg_keyblob blob = { 0 };
	struct bg_fpr fpr = gpghome_fpr("bob");
	const char *sign[] = { "-u", "alice@example.org", "--quick-sign-key",
			       NULL, NULL };
	const char *add_uid[] = { "--quick-add-uid", NULL, "Gone <g@x.org>",
				  NULL };
	const char *revoke_uid[] = { "--quick-revoke-uid", NULL,
				     "Gone <g@x.org>", NULL };
	const char *add_key[] = { "--faked-system-time",
				  "20250601T000000!",
				  "--passphrase",
				  "",
				  "--pinentry-mode",
				  "loopback",
				  "--quick-add-key",
				  NULL,
				  "ed25519",
				  "sign",
				  "1d",
				  NULL };
	struct bg_error err = { 0 };
	char hex[41];

	(void)state;
	bg_fpr_format(hex, &fpr);
	sign[3] = add_uid[1] = revoke_uid[1] = add_key[7] = hex;
	export_raw(&bob, "bob", false);
	assert_int_equal(gpghome_run(&home, sign, NULL, 0, NULL, NULL), 0);
	assert_int_equal(gpghome_run(&home, add_uid, NULL, 0, NULL, NULL), 0);
	assert_int_equal(gpghome_run(&home, revoke_uid, NULL, 0, NULL, NULL),
			 0);
	assert_int_equal(gpghome_run(&home, add_key, NULL, 0, NULL, NULL), 0);
	export_raw(&raw, "bob", false);
	blob_refused(&raw);
	if (bg_keyblob_minimise(&out, raw.buf, raw.len, &err) ||
	    bg_keyblob_parse(&blob, out.buf, out.len, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(blob.uid, "Bob Test (INSECURE) <bob@example.org>");
	assert_int_equal(blob.keys.n, 2);
	/* Bob cannot claim alice's signing subkey: the packets of another
	 * key's subkey do not bind to his. */
	bg_str_clear(&raw);
	bg_str_addn(&raw, out.buf, out.len);
	bg_str_clear(&out);
	export_raw(&out, "subkey", false);
	for (size_t at = 0; at + 2 < out.len; at++)
		if ((unsigned char)out.buf[at] == 0xb8) {
			bg_str_addn(&raw, out.buf + at, out.len - at);
			break;
		}
	blob_refused(&raw);
}

static void test_random_bytes(void **state)
{
	unsigned char p[300];
	struct bg_error err;

	(void)state;
	for (int i = 0; i < 20000 / (int)stride(); i++) {
		struct bg_keyblob blob;
		struct bg_sig sig;

		assert_int_equal(bg_random(p, sizeof(p), &err), 0);
		p[0] = i % 2 ? 0x98 : 0x88;
		p[1] = (unsigned char)(sizeof(p) - 2 > 255 ? 255 : 0);
		assert_int_not_equal(
			bg_keyblob_parse(&blob, p, sizeof(p), &err), 0);
		assert_int_not_equal(bg_sig_parse(&sig, p, 257, &err), 0);
	}
}

static void test_digest(void **state)
{
	static const char text[] = "sha256:ba7816bf8f01cfea414140de5dae2223"
				   "b00361a396177a9cb410ff61f20015ad";
	const struct bg_span pieces[] = { { "a", 1 }, { "", 0 }, { "bc", 2 } };
	char out[BG_DIGEST_TEXT + 1];
	struct bg_digest a, b, c;

	(void)state;
	assert_int_equal(bg_sha256(&a, "abc", 3), 0);
	assert_int_equal(bg_sha256_v(&b, pieces, 3), 0);
	assert_true(bg_digest_eq(&a, &b));
	bg_digest_format(out, &a);
	assert_string_equal(out, text);
	assert_true(bg_digest_parse(&c, text));
	assert_int_equal(bg_digest_cmp(&a, &c), 0);
	assert_false(bg_digest_parse(&c, text + 1));
	assert_false(bg_digest_parse(&c, "sha256:BA"));
	assert_false(bg_digest_parse(&c, NULL));
}

/* What a check costs, for the eye. */
static void test_speed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		struct bg_error err;
		int64_t start = bg_boottime_us();
		const int rounds = 50;

		for (int k = 0; k < rounds; k++)
			assert_int_equal(check(samples[i].key,
					       samples[i].armor.buf,
					       samples[i].armor.len, &err),
					 0);
		print_message("# check %s: %ld us\n", samples[i].name,
			      (long)(bg_boottime_us() - start) / rounds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_other_bytes),
		cmocka_unit_test(test_armor_edits),
		cmocka_unit_test(test_packet_edits),
		cmocka_unit_test(test_armor_forms),
		cmocka_unit_test(test_armor_columns),
		cmocka_unit_test(test_gpg_forms),
		cmocka_unit_test(test_packet_forms),
		cmocka_unit_test(test_packet_inserts),
		cmocka_unit_test(test_left16),
		cmocka_unit_test(test_weak_key),
		cmocka_unit_test(test_blob),
		cmocka_unit_test(test_blob_minimise),
		cmocka_unit_test(test_blob_edits),
		cmocka_unit_test(test_blob_refused),
		cmocka_unit_test(test_blob_revoked),
		cmocka_unit_test(test_blob_strangers),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_speed),
	};

	return cmocka_run_group_tests(tests, make_samples, drop_samples);
}
