/*
 * The OpenPGP that evidence uses (evidence.md "Signature"; RFC 4880, RFC 9580
 * for v4; prototype.md section 2): one armored v4 signature in one byte form,
 * and public key blobs with exactly one primary.  Everything is parsed from
 * bounded bytes and compared with its own re-encoding.
 */
#ifndef BG_CRYPTO_OPENPGP_H
#define BG_CRYPTO_OPENPGP_H

#include <openssl/evp.h>
#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"

#define BG_FPR_LEN 20
struct bg_fpr {
	unsigned char b[BG_FPR_LEN];
};
/* 40 upper-case hex digits; out holds 41. */
void bg_fpr_format(char *out, const struct bg_fpr *f);
bool bg_fpr_parse(struct bg_fpr *out, const char *hex);
bool bg_fpr_eq(const struct bg_fpr *a, const struct bg_fpr *b);

enum bg_pk { BG_PK_RSA = 1, BG_PK_ECDSA = 19, BG_PK_EDDSA = 22 };

/* --- armor ------------------------------------------------------------ */
/* Append the only accepted armor: no headers, 64 columns, CRC, LF (the last
 * line ends with one too). */
void bg_armor_write(struct bg_str *out, const void *packet, size_t n);
/* The packet inside; BG_EVERIFY "bad-armor" unless re-encoding gives back the
 * very same bytes. */
int bg_armor_read(struct bg_str *packet, const char *armor, size_t n,
		  struct bg_error *err) BG_MUST_CHECK;

/* --- signature packet -------------------------------------------------- */
struct bg_sig {
	struct bg_fpr issuer; /* of the signing (sub)key */
	uint32_t created;     /* seconds since 1970 */
	enum bg_pk pk;
	int hash; /* 8, 9, 10: SHA-256, 384, 512 */
	unsigned char left16[2];
	unsigned char hashed[64]; /* version .. end of hashed area */
	size_t hashed_len;
	unsigned char mpi[2][512]; /* RSA: [0]; else r, s */
	size_t mpi_len[2];
};
/* Strict grammar.  BG_EVERIFY; ids: bad-packet (shape, trailing bytes, subpackets,
 * minimal MPIs), text-signature (class not 00), weak-hash, weak-key. */
int bg_sig_parse(struct bg_sig *out, const void *packet, size_t n,
		 struct bg_error *err) BG_MUST_CHECK;
/* Write the packet form of a signature made elsewhere (agent, OpenSSL). */
void bg_sig_write(struct bg_str *packet, const struct bg_sig *sig);
/* Begin a signature: fill the hashed part for this key, hash and time. */
void bg_sig_begin(struct bg_sig *out, const struct bg_fpr *issuer,
		  enum bg_pk pk, int hash, uint32_t created);
/* Digest of payload and hashed area; also sets left16 of sig if set_left. */
int bg_sig_digest(unsigned char *digest, size_t *digest_len, struct bg_sig *sig,
		  const void *payload, size_t n, bool set_left,
		  struct bg_error *err) BG_MUST_CHECK;

/* --- public keys ------------------------------------------------------- */
struct bg_pubkey {
	struct bg_fpr fpr;
	struct bg_fpr primary; /* the primary's; equal to fpr for a primary */
	enum bg_pk pk;
	unsigned bits;
	uint32_t created;
	bool may_sign; /* by key flags of its self-signature or binding, and
			  * strong enough for evidence */
	EVP_PKEY *evp; /* NULL: an algorithm that signs nothing here */
};
struct bg_keyblob {
	BG_VEC(struct bg_pubkey) keys; /* [0] is the primary */
	char *uid;                     /* first user id, cleaned; may be NULL */
};
#define BG_KEYBLOB_MAX (32 * 1024)
/* Parse a binary public key: one primary, user ids with self-signatures,
 * subkeys with bindings (and cross-certification for signing subkeys; all
 * self-signatures are checked).  BG_EVERIFY "bad-key": several primaries, secret
 * material, third-party signatures, revocations, trailing bytes. */
int bg_keyblob_parse(struct bg_keyblob *out, const void *p, size_t n,
		     struct bg_error *err) BG_MUST_CHECK;
/* The key of this fingerprint, primary or subkey; NULL if it is not there. */
const struct bg_pubkey *bg_keyblob_find(const struct bg_keyblob *k,
					const struct bg_fpr *fpr);
void bg_keyblob_release(struct bg_keyblob *k);
BG_AUTO_VALUE(keyblob, struct bg_keyblob, bg_keyblob_release)
/* Drop from an exported key what a blob may not hold (third-party signatures,
 * revocations, expired bindings, attributes, subkeys that cannot sign or encrypt), keeping the newest
 * self-signature of each part. */
int bg_keyblob_minimise(struct bg_str *out, const void *p, size_t n,
			struct bg_error *err) BG_MUST_CHECK;

/* The native engine: is sig a good signature of key over payload?  Knows no
 * clock, expiry or revocation.  BG_EVERIFY "bad-signature" (also when left16 is
 * wrong).  Thread-safe. */
int bg_sig_check(const struct bg_sig *sig, const struct bg_pubkey *key,
		 const void *payload, size_t n, struct bg_error *err)
	BG_MUST_CHECK;

#endif
