#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>
#include <string.h>

#include "crypto/packet.h"

/* Public key packets, version 4: RFC 4880, 5.5.2; curves: RFC 6637 and
 * RFC 9580, 9.2. */

static const struct curve {
	const char *name; /* NULL: Ed25519 */
	enum bg_pk pk;
	unsigned bits;
	unsigned char oid_len, oid[9];
} curves[] = {
	{ NULL, BG_PK_EDDSA, 255, 9, { 0x2b, 6, 1, 4, 1, 0xda, 0x47, 0x0f, 1 } },
	{ "P-256",
	  BG_PK_ECDSA,
	  256,
	  8,
	  { 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 } },
	{ "P-384", BG_PK_ECDSA, 384, 5, { 0x2b, 0x81, 4, 0, 0x22 } },
};

static const struct curve *find_curve(enum bg_pk pk, const unsigned char *oid,
				      size_t n)
{
	for (size_t i = 0; i < sizeof(curves) / sizeof(*curves); i++)
		if (curves[i].pk == pk && curves[i].oid_len == n &&
		    memcmp(curves[i].oid, oid, n) == 0)
			return &curves[i];
	return NULL;
}

static EVP_PKEY *key_from_params(const char *type, OSSL_PARAM_BLD *bld)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

static EVP_PKEY *make_rsa(struct bg_bytes n, struct bg_bytes e)
{
	BIGNUM *bn_n = BN_bin2bn(n.p, (int)n.n, NULL);
	BIGNUM *bn_e = BN_bin2bn(e.p, (int)e.n, NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;

	if (bn_n && bn_e && bld &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn_n) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, bn_e))
		key = key_from_params("RSA", bld);
	OSSL_PARAM_BLD_free(bld);
	BN_free(bn_n);
	BN_free(bn_e);
	return key;
}

static EVP_PKEY *make_ec(const char *group, struct bg_bytes point)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;

	if (bld &&
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
					    group, 0) &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY,
					     point.p, point.n))
		key = key_from_params("EC", bld);
	OSSL_PARAM_BLD_free(bld);
	return key;
}

static int bad_key(struct bg_error *err, const char *why)
{
	ERR_clear_error();
	return bg_fail(err, BG_EVERIFY, "bad-key", "public key: %s", why);
}

static int parse_rsa(struct bg_pubkey *out, struct bg_cursor *c,
		     struct bg_error *err)
{
	struct bg_bytes n = bg_cur_mpi(c), e = bg_cur_mpi(c);

	/* A public exponent beyond 64 bits only makes verifying slow. */
	if (c->bad || e.n > 8)
		return bad_key(err, "wrong RSA numbers");
	out->evp = make_rsa(n, e);
	if (!out->evp)
		return bad_key(err, "RSA numbers that OpenSSL refuses");
	out->bits = (unsigned)EVP_PKEY_get_bits(out->evp);
	return 0;
}

static int parse_ecc(struct bg_pubkey *out, struct bg_cursor *c,
		     struct bg_error *err)
{
	size_t oid_len = bg_cur_u8(c);
	const unsigned char *oid = bg_cur_take(c, oid_len);
	struct bg_bytes point = bg_cur_mpi(c);
	const struct curve *curve;

	if (c->bad)
		return bad_key(err, "wrong curve or point");
	curve = find_curve(out->pk, oid, oid_len);
	if (!curve)
		return 0; /* another curve: signs nothing here */
	out->bits = curve->bits;
	if (curve->name)
		out->evp = make_ec(curve->name, point);
	else if (point.n == 33 && point.p[0] == 0x40)
		out->evp = EVP_PKEY_new_raw_public_key(
			EVP_PKEY_ED25519, NULL, point.p + 1, point.n - 1);
	if (!out->evp)
		return bad_key(err, "a point that OpenSSL refuses");
	return 0;
}

static int fingerprint(struct bg_fpr *out, struct bg_bytes body)
{
	const unsigned char head[3] = { 0x99, (unsigned char)(body.n >> 8),
					(unsigned char)(body.n & 255) };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) &&
		 EVP_DigestUpdate(ctx, head, sizeof(head)) &&
		 EVP_DigestUpdate(ctx, body.p, body.n) &&
		 EVP_DigestFinal_ex(ctx, out->b, NULL);

	EVP_MD_CTX_free(ctx);
	return ok ? 0 : -1;
}

int bg_pubkey_parse(struct bg_pubkey *out, struct bg_bytes body,
		    struct bg_error *err)
{
	struct bg_cursor c = { body.p, body.n, false };
	unsigned version = bg_cur_u8(&c);
	int r = 0;

	memset(out, 0, sizeof(*out));
	out->created = bg_cur_u32(&c);
	out->pk = bg_cur_u8(&c);
	if (c.bad || version != 4 || body.n > 0xffff)
		return bad_key(err, "not a version 4 key");
	if (fingerprint(&out->fpr, body))
		return bad_key(err, "cannot compute the fingerprint");
	if (out->pk == BG_PK_RSA)
		r = parse_rsa(out, &c, err);
	else if (out->pk == BG_PK_ECDSA || out->pk == BG_PK_EDDSA)
		r = parse_ecc(out, &c, err);
	else
		return 0; /* may encrypt; what follows is gpg's business */
	if (!r && c.n)
		r = bad_key(err, "bytes after the key");
	if (r) {
		EVP_PKEY_free(out->evp);
		out->evp = NULL;
	}
	return r;
}

bool bg_pubkey_strong(const struct bg_pubkey *key)
{
	return key->evp && (key->pk != BG_PK_RSA ||
			    (key->bits >= 3072 && key->bits <= 4096));
}
