#include <openssl/err.h>
#include <pthread.h>
#include <string.h>

#include "crypto/packet.h"

/* Fetched once: EVP_sha256() would be looked up in every use. */
static EVP_MD *md[3];
static pthread_once_t md_once = PTHREAD_ONCE_INIT;

static void fetch_md(void)
{
	md[0] = EVP_MD_fetch(NULL, "SHA256", NULL);
	md[1] = EVP_MD_fetch(NULL, "SHA384", NULL);
	md[2] = EVP_MD_fetch(NULL, "SHA512", NULL);
}

const EVP_MD *bg_openpgp_md(int hash)
{
	pthread_once(&md_once, fetch_md);
	return hash >= 8 && hash <= 10 ? md[hash - 8] : NULL;
}

int bg_openpgp_hash(unsigned char *digest, size_t *len, int hash,
		    const struct bg_bytes *pieces, size_t n,
		    struct bg_bytes hashed, struct bg_error *err)
{
	const unsigned char trailer[6] = { 4,
					   255,
					   0,
					   0,
					   (unsigned char)(hashed.n >> 8),
					   (unsigned char)(hashed.n & 255) };
	const EVP_MD *type = bg_openpgp_md(hash);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned made = 0;
	int ok = type && ctx && EVP_DigestInit_ex(ctx, type, NULL);

	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(ctx, pieces[i].p, pieces[i].n);
	ok = ok && EVP_DigestUpdate(ctx, hashed.p, hashed.n) &&
	     EVP_DigestUpdate(ctx, trailer, sizeof(trailer)) &&
	     EVP_DigestFinal_ex(ctx, digest, &made);
	EVP_MD_CTX_free(ctx);
	*len = made;
	if (!ok)
		return bg_fail(err, BG_EFAIL, "crypto",
			       "cannot hash what is signed");
	return 0;
}

/* Copy a number to the end of a field of fixed size. */
static bool place(unsigned char *field, size_t size, struct bg_bytes v)
{
	if (v.n > size)
		return false;
	memset(field, 0, size - v.n);
	memcpy(field + size - v.n, v.p, v.n);
	return true;
}

static bool verify_eddsa(EVP_PKEY *key, const unsigned char *digest, size_t len,
			 const struct bg_bytes *mpi)
{
	unsigned char raw[64];
	EVP_MD_CTX *ctx;
	bool ok;

	if (!place(raw, 32, mpi[0]) || !place(raw + 32, 32, mpi[1]))
		return false;
	ctx = EVP_MD_CTX_new();
	ok = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
	     EVP_DigestVerify(ctx, raw, sizeof(raw), digest, len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool verify_digest(EVP_PKEY *key, const EVP_MD *type,
			  const unsigned char *digest, size_t len,
			  const unsigned char *raw, size_t raw_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool ok = ctx && EVP_PKEY_verify_init(ctx) == 1 &&
		  EVP_PKEY_CTX_set_signature_md(ctx, type) == 1 &&
		  EVP_PKEY_verify(ctx, raw, raw_len, digest, len) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* DER INTEGER, at most 49 bytes of content. */
static size_t der_integer(unsigned char *out, struct bg_bytes v)
{
	size_t pad = v.p[0] & 0x80 ? 1 : 0;

	out[0] = 2;
	out[1] = (unsigned char)(v.n + pad);
	out[2] = 0;
	memcpy(out + 2 + pad, v.p, v.n);
	return 2 + pad + v.n;
}

static bool verify_ecdsa(EVP_PKEY *key, const EVP_MD *type,
			 const unsigned char *digest, size_t len,
			 const struct bg_bytes *mpi)
{
	unsigned char der[2 + 2 * (3 + 48)];
	size_t n = 2;

	if (!mpi[0].n || mpi[0].n > 48 || !mpi[1].n || mpi[1].n > 48)
		return false;
	n += der_integer(der + n, mpi[0]);
	n += der_integer(der + n, mpi[1]);
	der[0] = 0x30;
	der[1] = (unsigned char)(n - 2); /* at most 102: short form */
	return verify_digest(key, type, digest, len, der, n);
}

static bool verify_rsa(EVP_PKEY *key, const EVP_MD *type,
		       const unsigned char *digest, size_t len,
		       const struct bg_bytes *mpi)
{
	size_t size = (size_t)EVP_PKEY_get_size(key);
	unsigned char raw[512];

	if (size > sizeof(raw) || !place(raw, size, mpi[0]))
		return false;
	/* PKCS #1 v1.5 is what EVP takes by default for an RSA key. */
	return verify_digest(key, type, digest, len, raw, size);
}

bool bg_pk_verify(const struct bg_pubkey *key, int hash,
		  const unsigned char *digest, size_t len,
		  const struct bg_bytes *mpi)
{
	const EVP_MD *type = bg_openpgp_md(hash);
	bool ok = false;

	if (!key->evp || !type)
		return false;
	switch (key->pk) {
	case BG_PK_EDDSA:
		ok = verify_eddsa(key->evp, digest, len, mpi);
		break;
	case BG_PK_ECDSA:
		ok = verify_ecdsa(key->evp, type, digest, len, mpi);
		break;
	case BG_PK_RSA:
		ok = verify_rsa(key->evp, type, digest, len, mpi);
		break;
	}
	if (!ok)
		ERR_clear_error();
	return ok;
}

static int bad_signature(struct bg_error *err, const struct bg_pubkey *key,
			 const char *why)
{
	char fpr[2 * BG_FPR_LEN + 1];

	bg_fpr_format(fpr, &key->fpr);
	return bg_fail(err, BG_EVERIFY, "bad-signature",
		       "not a good signature of %s: %s", fpr, why);
}

int bg_sig_check(const struct bg_sig *sig, const struct bg_pubkey *key,
		 const void *payload, size_t n, struct bg_error *err)
{
	const struct bg_bytes piece = { payload, n };
	const struct bg_bytes hashed = { sig->hashed, sig->hashed_len };
	const struct bg_bytes mpi[2] = { { sig->mpi[0], sig->mpi_len[0] },
					 { sig->mpi[1], sig->mpi_len[1] } };
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t len;
	int r;

	if (!bg_fpr_eq(&sig->issuer, &key->fpr) || sig->pk != key->pk)
		return bad_signature(err, key, "made by another key");
	if (!bg_pubkey_strong(key))
		return bg_fail(err, BG_EVERIFY, "weak-key",
			       "key of %u bits, algorithm %d, is too weak",
			       key->bits, (int)key->pk);
	if (!key->may_sign)
		return bad_signature(err, key, "the key may not sign");
	r = bg_openpgp_hash(digest, &len, sig->hash, &piece, 1, hashed, err);
	if (r)
		return r;
	if (memcmp(sig->left16, digest, 2) != 0)
		return bad_signature(err, key, "other bytes were signed");
	if (!bg_pk_verify(key, sig->hash, digest, len, mpi))
		return bad_signature(err, key, "it does not verify");
	return 0;
}
