#include "crypto/packet.h"

#include <string.h>

/*
 * The one form (evidence.md "Signature"):
 *
 *	88 len | 89 len len
 *	04 00 pk hash 001d           version, class, algorithms, hashed area:
 *	   16 21 04 fingerprint      issuer
 *	   05 02 seconds             creation
 *	000a 09 10 key id            unhashed area: end of the fingerprint
 *	left 16 bits, MPIs
 */
#define HASHED_AREA 29
#define HASHED_LEN (6 + HASHED_AREA)
#define FPR_AT 9
#define CREATED_AT 31

void bg_sig_begin(struct bg_sig *out, const struct bg_fpr *issuer,
		  enum bg_pk pk, int hash, uint32_t created)
{
	unsigned char *h = out->hashed;
	const unsigned char head[FPR_AT] = {
		4,
		0,
		(unsigned char)pk,
		(unsigned char)hash,
		0,
		HASHED_AREA,
		22,
		33,
		4,
	};

	memset(out, 0, sizeof(*out));
	out->issuer = *issuer;
	out->created = created;
	out->pk = pk;
	out->hash = hash;
	out->hashed_len = HASHED_LEN;
	memcpy(h, head, sizeof(head));
	memcpy(h + FPR_AT, issuer->b, BG_FPR_LEN);
	h[29] = 5;
	h[30] = 2;
	h[CREATED_AT] = (unsigned char)(created >> 24);
	h[CREATED_AT + 1] = (unsigned char)(created >> 16 & 255);
	h[CREATED_AT + 2] = (unsigned char)(created >> 8 & 255);
	h[CREATED_AT + 3] = (unsigned char)(created & 255);
}

static size_t mpi_count(enum bg_pk pk)
{
	return pk == BG_PK_RSA ? 1 : 2;
}

void bg_sig_write(struct bg_str *packet, const struct bg_sig *sig)
{
	static const char unhashed[] = { 0, 10, 9, 16 };
	BG_AUTO(str) struct bg_str body = BG_STR_INIT;

	bg_str_addn(&body, sig->hashed, sig->hashed_len);
	bg_str_addn(&body, unhashed, sizeof(unhashed));
	bg_str_addn(&body, sig->issuer.b + BG_FPR_LEN - 8, 8);
	bg_str_addn(&body, sig->left16, 2);
	for (size_t i = 0; i < mpi_count(sig->pk); i++)
		bg_mpi_write(&body, sig->mpi[i], sig->mpi_len[i]);
	if (body.oom) {
		packet->oom = true;
		return;
	}
	if (body.len < 256) {
		bg_str_addc(packet, (char)0x88);
	} else {
		bg_str_addc(packet, (char)0x89);
		bg_str_addc(packet, (char)(body.len >> 8));
	}
	bg_str_addc(packet, (char)(body.len & 255));
	bg_str_addn(packet, body.buf, body.len);
}

static int bad_packet(struct bg_error *err, const char *what)
{
	return bg_fail(err, BG_EVERIFY, "bad-packet", "signature packet: %s",
		       what);
}

static int check_head(unsigned version, unsigned class, unsigned pk,
		      unsigned hash, struct bg_error *err)
{
	if (version != 4)
		return bad_packet(err, "not version 4");
	if (class == 1)
		return bg_fail(err, BG_EVERIFY, "text-signature",
			       "signature over text, not over bytes");
	if (class != 0)
		return bad_packet(err, "not a signature over a document");
	if (pk != BG_PK_RSA && pk != BG_PK_ECDSA && pk != BG_PK_EDDSA)
		return bg_fail(err, BG_EVERIFY, "weak-key",
			       "public key algorithm %u is not allowed", pk);
	if (hash < 8 || hash > 10)
		return bg_fail(err, BG_EVERIFY, "weak-hash",
			       "hash algorithm %u is not allowed", hash);
	return 0;
}

static int read_mpis(struct bg_sig *out, struct bg_cursor *c,
		     struct bg_error *err)
{
	const size_t most = out->pk == BG_PK_RSA     ? 512
			    : out->pk == BG_PK_ECDSA ? 48
						     : 32;

	for (size_t i = 0; i < mpi_count(out->pk); i++) {
		struct bg_bytes v = bg_cur_mpi(c);

		if (!v.n || v.n > most)
			return bad_packet(err, "wrong numbers");
		memcpy(out->mpi[i], v.p, v.n);
		out->mpi_len[i] = v.n;
	}
	/* A number of an RSA-3072 key has 3072 bits but for a few: a much
	 * shorter one can only come from a smaller key. */
	if (out->pk == BG_PK_RSA && out->mpi_len[0] < 384 - 16)
		return bg_fail(err, BG_EVERIFY, "weak-key",
			       "RSA key of less than 3072 bits");
	return 0;
}

static int read_body(struct bg_sig *out, struct bg_cursor *c,
		     struct bg_error *err)
{
	const unsigned char *head = bg_cur_take(c, HASHED_LEN);
	const unsigned char *left;
	struct bg_fpr issuer;
	uint32_t created;
	int r;

	if (!head)
		return bad_packet(err, "too short");
	if ((r = check_head(head[0], head[1], head[2], head[3], err)))
		return r;
	memcpy(issuer.b, head + FPR_AT, BG_FPR_LEN);
	created = (uint32_t)head[CREATED_AT] << 24 |
		  (uint32_t)head[CREATED_AT + 1] << 16 |
		  (uint32_t)head[CREATED_AT + 2] << 8 | head[CREATED_AT + 3];
	bg_sig_begin(out, &issuer, head[2], head[3], created);
	if (memcmp(out->hashed, head, HASHED_LEN) != 0)
		return bad_packet(err, "unexpected hashed area");
	if (!bg_cur_take(c, 12) || !(left = bg_cur_take(c, 2)))
		return bad_packet(err, "too short");
	memcpy(out->left16, left, 2);
	return read_mpis(out, c, err);
}

int bg_sig_parse(struct bg_sig *out, const void *packet, size_t n,
		 struct bg_error *err)
{
	BG_AUTO(str) struct bg_str again = BG_STR_INIT;
	struct bg_cursor c = { packet, n, false };
	unsigned header = bg_cur_u8(&c);
	int r;

	if (header != 0x88 && header != 0x89)
		return bad_packet(err, "unexpected header");
	if ((header == 0x88 ? bg_cur_u8(&c) : bg_cur_u16(&c)) != c.n || c.bad)
		return bad_packet(err, "wrong length");
	if ((r = read_body(out, &c, err)))
		return r;
	/* Length form, unhashed area and trailing bytes in one comparison. */
	bg_sig_write(&again, out);
	if ((r = bg_str_check(&again, err)))
		return r;
	if (again.len != n || memcmp(again.buf, packet, n) != 0)
		return bad_packet(err, "not in its one form");
	return 0;
}

int bg_sig_digest(unsigned char *digest, size_t *digest_len, struct bg_sig *sig,
		  const void *payload, size_t n, bool set_left,
		  struct bg_error *err)
{
	const struct bg_bytes piece = { payload, n };
	const struct bg_bytes hashed = { sig->hashed, sig->hashed_len };
	int r = bg_openpgp_hash(digest, digest_len, sig->hash, &piece, 1,
				hashed, err);

	if (!r && set_left)
		memcpy(sig->left16, digest, 2);
	return r;
}
