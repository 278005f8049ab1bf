/*
 * Inside lib/crypto only: reading OpenPGP bytes (RFC 4880, sections 3 to 5)
 * from a bounded buffer, and the public-key mathematics under both data
 * signatures and self-signatures.
 */
#ifndef BG_CRYPTO_PACKET_H
#define BG_CRYPTO_PACKET_H

#include "crypto/openpgp.h"

/* A cursor.  Reading past the end sets bad, gives zeros from then on, and is
 * checked once, at the end. */
struct bg_cursor {
	const unsigned char *p;
	size_t n;
	bool bad;
};
unsigned bg_cur_u8(struct bg_cursor *c);
unsigned bg_cur_u16(struct bg_cursor *c);
uint32_t bg_cur_u32(struct bg_cursor *c);
/* n bytes, or NULL. */
const unsigned char *bg_cur_take(struct bg_cursor *c, size_t n);
/* A minimal, positive multi-precision integer: its bytes, without leading
 * zeros, at most 512 of them. */
struct bg_bytes {
	const unsigned char *p;
	size_t n;
};
struct bg_bytes bg_cur_mpi(struct bg_cursor *c);

enum {
	BG_TAG_SIGNATURE = 2,
	BG_TAG_SECKEY = 5,
	BG_TAG_PUBKEY = 6,
	BG_TAG_SECSUBKEY = 7,
	BG_TAG_UID = 13,
	BG_TAG_SUBKEY = 14,
};
struct bg_packet {
	unsigned tag;
	struct bg_bytes body, whole; /* borrowed */
};
/* The next packet, old or new header, a definite length; c->bad else. */
void bg_cur_packet(struct bg_packet *out, struct bg_cursor *c);
/* The next signature subpacket; type has its critical bit. */
struct bg_bytes bg_cur_subpacket(unsigned *type, struct bg_cursor *c);
/* Append an MPI. */
void bg_mpi_write(struct bg_str *out, const unsigned char *p, size_t n);

/* SHA-2 by OpenPGP number (8, 9, 10), NULL for any other. */
const EVP_MD *bg_openpgp_md(int hash);
/* Hash of pieces, then the signature's hashed part and its trailer. */
int bg_openpgp_hash(unsigned char *digest, size_t *len, int hash,
		    const struct bg_bytes *pieces, size_t n,
		    struct bg_bytes hashed, struct bg_error *err) BG_MUST_CHECK;
/* Does (mpi[0], mpi[1]) sign this digest under key? */
bool bg_pk_verify(const struct bg_pubkey *key, int hash,
		  const unsigned char *digest, size_t len,
		  const struct bg_bytes *mpi);

/* A public key packet's body; primary is left alone.  BG_EVERIFY "bad-key". */
int bg_pubkey_parse(struct bg_pubkey *out, struct bg_bytes body,
		    struct bg_error *err) BG_MUST_CHECK;
/* Strong enough for evidence: Ed25519, P-256, P-384, RSA of 3072 to 4096. */
bool bg_pubkey_strong(const struct bg_pubkey *key);

/* A signature that a key makes over its own parts. */
struct bg_selfsig {
	unsigned class;
	enum bg_pk pk;
	int hash;
	uint32_t created, expires_after, key_expires_after; /* 0: never */
	struct bg_bytes hashed; /* version .. end of hashed area */
	unsigned char left16[2];
	struct bg_bytes mpi[2];
	bool has_issuer_fpr, has_issuer_id, has_flags, has_revoker;
	struct bg_fpr issuer;
	unsigned char issuer_id[8];
	unsigned flags;           /* RFC 4880, 5.2.3.21 */
	struct bg_bytes embedded; /* cross-certification, or empty */
};
enum {
	BG_FLAG_CERTIFY = 0x01,
	BG_FLAG_SIGN = 0x02,
	BG_FLAG_ENCRYPT = 0x0c,
};
/* Any v4 signature in SHA-2; BG_EVERIFY "bad-key". */
int bg_selfsig_parse(struct bg_selfsig *out, struct bg_bytes body,
		     struct bg_error *err) BG_MUST_CHECK;
/* Says that it was made by key (which a verification must confirm). */
bool bg_selfsig_is_by(const struct bg_selfsig *s, const struct bg_pubkey *key);
/* What a self-signature stands under. */
struct bg_keypart {
	const struct bg_pubkey *primary, *subkey;
	struct bg_bytes primary_body;
	unsigned tag;         /* BG_TAG_PUBKEY, BG_TAG_UID, BG_TAG_SUBKEY */
	struct bg_bytes body; /* of that user id or subkey */
};
/* Is s a good signature of the primary over part, of a class that part may
 * have?  A binding of a signing subkey must hold its cross-certification. */
int bg_selfsig_check(const struct bg_selfsig *s, const struct bg_keypart *part,
		     struct bg_error *err) BG_MUST_CHECK;

#endif
