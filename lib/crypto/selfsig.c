#include <string.h>

#include "crypto/packet.h"

/* Signatures that a key makes over its own parts: RFC 4880, 5.2.  Their form
 * is gpg's, not ours: any subpackets, as long as nothing critical is unknown. */

enum {
	SUB_CREATED = 2,
	SUB_EXPIRES = 3,
	SUB_KEY_EXPIRES = 9,
	SUB_REVOKER = 12,
	SUB_ISSUER_ID = 16,
	SUB_FLAGS = 27,
	SUB_EMBEDDED = 32,
	SUB_ISSUER_FPR = 33,
};

static int bad_key(struct bg_error *err, const char *why)
{
	return bg_fail(err, BG_EVERIFY, "bad-key", "self-signature: %s", why);
}

static uint32_t number(struct bg_bytes b)
{
	struct bg_cursor c = { b.p, b.n, false };

	return bg_cur_u32(&c);
}

/* Critical ones that gpg and we may pass over: they limit nothing here. */
static bool may_ignore(unsigned type)
{
	static const unsigned char known[] = { 11, 20, 21, 22, 23, 24,
					       25, 26, 28, 29, 30, 34 };

	return memchr(known, (int)type, sizeof(known)) != NULL;
}

/* Fields that decide something count in the hashed area only. */
static bool take_hashed(struct bg_selfsig *s, unsigned type, struct bg_bytes b)
{
	switch (type) {
	case SUB_CREATED:
		s->created = number(b);
		return b.n == 4 && s->created;
	case SUB_EXPIRES:
		s->expires_after = number(b);
		return b.n == 4;
	case SUB_KEY_EXPIRES:
		s->key_expires_after = number(b);
		return b.n == 4;
	case SUB_REVOKER:
		s->has_revoker = true;
		return true;
	case SUB_FLAGS:
		s->has_flags = true;
		s->flags = b.n ? b.p[0] : 0;
		return true;
	}
	return false;
}

static bool take_any(struct bg_selfsig *s, unsigned type, struct bg_bytes b)
{
	switch (type) {
	case SUB_ISSUER_ID:
		if (b.n != 8)
			return false;
		memcpy(s->issuer_id, b.p, 8);
		s->has_issuer_id = true;
		return true;
	case SUB_ISSUER_FPR:
		if (b.n != 1 + BG_FPR_LEN || b.p[0] != 4)
			return false;
		memcpy(s->issuer.b, b.p + 1, BG_FPR_LEN);
		s->has_issuer_fpr = true;
		return true;
	case SUB_EMBEDDED:
		s->embedded = b;
		return b.n > 0;
	}
	return false;
}

static bool parse_area(struct bg_selfsig *s, struct bg_bytes area, bool hashed)
{
	struct bg_cursor c = { area.p, area.n, false };

	while (c.n && !c.bad) {
		unsigned type;
		struct bg_bytes b = bg_cur_subpacket(&type, &c);
		bool critical = type & 0x80;

		type &= 0x7f;
		if (c.bad)
			return false;
		if ((hashed && take_hashed(s, type, b)) || take_any(s, type, b))
			continue;
		if (type == SUB_CREATED || type == SUB_EXPIRES ||
		    type == SUB_KEY_EXPIRES || type == SUB_ISSUER_ID ||
		    type == SUB_EMBEDDED)
			return false; /* malformed, or where it must not be */
		if (critical && !may_ignore(type))
			return false;
	}
	return !c.bad;
}

int bg_selfsig_parse(struct bg_selfsig *out, struct bg_bytes body,
		     struct bg_error *err)
{
	struct bg_cursor c = { body.p, body.n, false };
	struct bg_bytes area;
	const unsigned char *left;

	memset(out, 0, sizeof(*out));
	if (bg_cur_u8(&c) != 4)
		return bad_key(err, "not version 4");
	out->class = bg_cur_u8(&c);
	out->pk = bg_cur_u8(&c);
	out->hash = (int)bg_cur_u8(&c);
	area.n = bg_cur_u16(&c);
	area.p = bg_cur_take(&c, area.n);
	if (c.bad || !parse_area(out, area, true))
		return bad_key(err, "wrong subpackets");
	out->hashed.p = body.p;
	out->hashed.n = (size_t)(c.p - body.p);
	area.n = bg_cur_u16(&c);
	area.p = bg_cur_take(&c, area.n);
	if (c.bad || !parse_area(out, area, false))
		return bad_key(err, "wrong unhashed subpackets");
	left = bg_cur_take(&c, 2);
	if (left)
		memcpy(out->left16, left, 2);
	out->mpi[0] = bg_cur_mpi(&c);
	if (out->pk != BG_PK_RSA)
		out->mpi[1] = bg_cur_mpi(&c);
	if (c.bad || c.n || !out->created)
		return bad_key(err, "wrong length, numbers or no time");
	return 0;
}

bool bg_selfsig_is_by(const struct bg_selfsig *s, const struct bg_pubkey *key)
{
	if (s->has_issuer_fpr)
		return bg_fpr_eq(&s->issuer, &key->fpr);
	return s->has_issuer_id &&
	       memcmp(s->issuer_id, key->fpr.b + BG_FPR_LEN - 8, 8) == 0;
}

/* Key, then user id or subkey, each with its prefix: RFC 4880, 5.2.4. */
static int hash_part(unsigned char *digest, size_t *len,
		     const struct bg_selfsig *s, const struct bg_keypart *part,
		     struct bg_error *err)
{
	const size_t pn = part->primary_body.n, n = part->body.n;
	const unsigned char key_head[3] = { 0x99, (unsigned char)(pn >> 8),
					    (unsigned char)(pn & 255) };
	const unsigned char sub_head[3] = { 0x99, (unsigned char)(n >> 8),
					    (unsigned char)(n & 255) };
	const unsigned char uid_head[5] = { 0xb4, (unsigned char)(n >> 24),
					    (unsigned char)(n >> 16 & 255),
					    (unsigned char)(n >> 8 & 255),
					    (unsigned char)(n & 255) };
	struct bg_bytes pieces[4] = { { key_head, 3 }, part->primary_body };
	size_t count = 2;

	if (part->tag == BG_TAG_UID)
		pieces[count++] = (struct bg_bytes){ uid_head, 5 };
	else if (part->tag == BG_TAG_SUBKEY)
		pieces[count++] = (struct bg_bytes){ sub_head, 3 };
	if (count == 3)
		pieces[count++] = part->body;
	return bg_openpgp_hash(digest, len, s->hash, pieces, count, s->hashed,
			       err);
}

static int check_by(const struct bg_selfsig *s, const struct bg_pubkey *key,
		    const struct bg_keypart *part, struct bg_error *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t len;
	int r;

	if (!bg_openpgp_md(s->hash))
		return bad_key(err, "made with a hash that is not SHA-2");
	if (!bg_selfsig_is_by(s, key) || s->pk != key->pk)
		return bad_key(err, "made by another key");
	if ((r = hash_part(digest, &len, s, part, err)))
		return r;
	if (memcmp(digest, s->left16, 2) != 0 ||
	    !bg_pk_verify(key, s->hash, digest, len, s->mpi))
		return bad_key(err, "it does not verify");
	return 0;
}

/* A signing subkey says itself that it belongs to this primary; else anyone
 * could claim another person's signatures. */
static int check_cross(const struct bg_selfsig *s,
		       const struct bg_keypart *part, struct bg_error *err)
{
	struct bg_selfsig cross;
	int r;

	if (!s->embedded.n)
		return bad_key(err, "signing subkey without its own consent");
	if ((r = bg_selfsig_parse(&cross, s->embedded, err)))
		return r;
	if (cross.class != 0x19)
		return bad_key(err, "subkey's consent of a wrong class");
	return check_by(&cross, part->subkey, part, err);
}

int bg_selfsig_check(const struct bg_selfsig *s, const struct bg_keypart *part,
		     struct bg_error *err)
{
	bool good;
	int r;

	if (part->tag == BG_TAG_UID)
		good = s->class >= 0x10 && s->class <= 0x13;
	else
		good = s->class == (part->tag == BG_TAG_SUBKEY ? 0x18 : 0x1f);
	if (!good)
		return bad_key(err, "of a class that does not belong here");
	if ((r = check_by(s, part->primary, part, err)))
		return r;
	if (part->tag == BG_TAG_SUBKEY && s->flags & BG_FLAG_SIGN &&
	    part->subkey->evp)
		return check_cross(s, part, err);
	return 0;
}
