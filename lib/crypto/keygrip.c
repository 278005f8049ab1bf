#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

#include "crypto/agent.h"
#include "crypto/packet.h"

/*
 * The name that gpg-agent has for a key: libgcrypt's gcry_pk_get_keygrip().
 * SHA-1 over n for RSA (signed form), and over (1:pN:...)(1:aN:...) ... for
 * curves, with the curve's constants.  Computed here, it needs no gpg process;
 * were it ever wrong, the agent would not know the key and sign nothing.
 */

static const char *const ed25519[5] = {
	"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed",
	"01", /* libgcrypt hashes -1 without its sign, and so with b */
	"2dfc9311d490018c7338bf8688861767ff8ff5b2bebe27548a14b235eca6874a",
	"04216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51a"
	"6666666666666666666666666666666666666666666666666666666666666658",
	"1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed",
};
static const char *const p256[5] = {
	"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
	"ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
	"5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
	"046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
	"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
	"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
};
static const char *const p384[5] = {
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"fffffffeffffffff0000000000000000ffffffff",
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"fffffffeffffffff0000000000000000fffffffc",
	"b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875a"
	"c656398d8a2ed19d2a85c8edd3ec2aef",
	"04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38"
	"5502f25dbf55296c3a545e3872760ab7"
	"3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c0"
	"0a60b1ce1d7e819d7a431d7c90ea0e5f",
	"ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
	"581a0db248b0a77aecec196accc52973",
};

static void add_part(struct bg_str *s, char name, const void *p, size_t n)
{
	bg_str_addf(s, "(1:%c%zu:", name, n);
	bg_str_addn(s, p, n);
	bg_str_addc(s, ')');
}

static int curve_bytes(struct bg_str *s, const char *const *constants,
		       const unsigned char *q, size_t q_len)
{
	for (size_t i = 0; i < 5; i++) {
		unsigned char raw[97];
		size_t n = strlen(constants[i]) / 2;

		if (n > sizeof(raw) || !bg_unhex(raw, n, constants[i], false))
			return -1;
		add_part(s, "pabgn"[i], raw, n);
	}
	add_part(s, 'q', q, q_len);
	return 0;
}

static int ec_bytes(struct bg_str *s, const struct bg_pubkey *key)
{
	unsigned char point[97];
	size_t n;

	if (EVP_PKEY_get_octet_string_param(key->evp, OSSL_PKEY_PARAM_PUB_KEY,
					    point, sizeof(point), &n) != 1)
		return -1;
	return curve_bytes(s, key->bits == 256 ? p256 : p384, point, n);
}

static int ed_bytes(struct bg_str *s, const struct bg_pubkey *key)
{
	unsigned char point[32];
	size_t n = sizeof(point);

	if (EVP_PKEY_get_raw_public_key(key->evp, point, &n) != 1)
		return -1;
	return curve_bytes(s, ed25519, point, n);
}

static int rsa_bytes(struct bg_str *s, const struct bg_pubkey *key)
{
	BIGNUM *n = NULL;
	unsigned char raw[512];
	int len = 0;

	if (EVP_PKEY_get_bn_param(key->evp, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
	    BN_num_bytes(n) <= (int)sizeof(raw))
		len = BN_bn2bin(n, raw);
	BN_free(n);
	if (len <= 0)
		return -1;
	if (raw[0] & 0x80)
		bg_str_addc(s, '\0');
	bg_str_addn(s, raw, (size_t)len);
	return 0;
}

int bg_keygrip(char *out, const struct bg_pubkey *key)
{
	static const char digits[] = "0123456789ABCDEF";
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n;
	int r = -1;

	if (!key->evp)
		return -1;
	if (key->pk == BG_PK_EDDSA)
		r = ed_bytes(&s, key);
	else if (key->pk == BG_PK_ECDSA)
		r = ec_bytes(&s, key);
	else if (key->pk == BG_PK_RSA)
		r = rsa_bytes(&s, key);
	if (r || s.oom ||
	    EVP_Digest(s.buf, s.len, sum, &n, EVP_sha1(), NULL) != 1)
		return -1;
	for (size_t i = 0; i < 20; i++) {
		*out++ = digits[sum[i] >> 4];
		*out++ = digits[sum[i] & 15];
	}
	*out = '\0';
	return 0;
}
