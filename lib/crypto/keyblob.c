#include <string.h>

#include "crypto/packet.h"

/* One primary, at most one direct self-signature; then user ids and subkeys,
 * each followed by exactly one self-signature. */

#define KEYS_MAX 32
#define UID_MAX 2048

struct parse {
	struct bg_keyblob *out;
	struct bg_keypart part; /* what a signature now stands under */
	bool signed_part;
	bool any_uid;
	/* Flags of the primary: of its newest self-signature. */
	uint32_t newest;
	bool has_flags;
	unsigned flags;
};

static int bad_key(struct bg_error *err, const char *why)
{
	return bg_fail(err, BG_EVERIFY, "bad-key", "public key: %s", why);
}

static int end_part(const struct parse *p, struct bg_error *err)
{
	if (p->part.tag != BG_TAG_PUBKEY && !p->signed_part)
		return bad_key(err, "a part without a self-signature");
	return 0;
}

static int add_key(struct parse *p, struct bg_bytes body, struct bg_error *err)
{
	struct bg_pubkey key;
	int r;

	if (p->out->keys.n >= KEYS_MAX)
		return bad_key(err, "too many subkeys");
	if ((r = bg_pubkey_parse(&key, body, err)))
		return r;
	if (!p->out->keys.n)
		key.primary = key.fpr;
	else
		key.primary = p->out->keys.v[0].fpr;
	for (size_t i = 0; i < p->out->keys.n; i++)
		if (bg_fpr_eq(&key.fpr, &p->out->keys.v[i].fpr)) {
			EVP_PKEY_free(key.evp);
			return bad_key(err, "the same key twice");
		}
	if (bg_vec_push(&p->out->keys, key)) {
		EVP_PKEY_free(key.evp);
		return bg_fail_oom(err);
	}
	/* The vector may have moved. */
	p->part.primary = &p->out->keys.v[0];
	p->part.subkey = &p->out->keys.v[p->out->keys.n - 1];
	return 0;
}

static int begin_uid(struct parse *p, struct bg_bytes body,
		     struct bg_error *err)
{
	BG_AUTO(str) struct bg_str clean = BG_STR_INIT;

	if (body.n > UID_MAX)
		return bad_key(err, "user id too long");
	p->any_uid = true;
	if (p->out->uid)
		return 0;
	bg_text_clean(&clean, (const char *)body.p, body.n);
	p->out->uid = bg_str_detach(&clean);
	return p->out->uid ? 0 : bg_fail_oom(err);
}

static void take_flags(struct parse *p, const struct bg_selfsig *s)
{
	if (p->part.tag == BG_TAG_SUBKEY) {
		struct bg_pubkey *key = &p->out->keys.v[p->out->keys.n - 1];

		key->may_sign = s->flags & BG_FLAG_SIGN &&
				bg_pubkey_strong(key);
	} else if (s->created >= p->newest) {
		p->newest = s->created;
		p->has_flags = s->has_flags;
		p->flags = s->flags;
	}
}

static int add_selfsig(struct parse *p, struct bg_bytes body,
		       struct bg_error *err)
{
	struct bg_selfsig s;
	int r;

	if (p->signed_part)
		return bad_key(err, "a second signature on one part");
	if ((r = bg_selfsig_parse(&s, body, err)) ||
	    (r = bg_selfsig_check(&s, &p->part, err)))
		return r;
	p->signed_part = true;
	take_flags(p, &s);
	return 0;
}

static int begin_part(struct parse *p, const struct bg_packet *packet,
		      struct bg_error *err)
{
	int r;

	if ((r = end_part(p, err)))
		return r;
	if (packet->tag == BG_TAG_UID)
		r = begin_uid(p, packet->body, err);
	else
		r = add_key(p, packet->body, err);
	p->part.tag = packet->tag;
	p->part.body = packet->body;
	p->signed_part = false;
	return r;
}

static int add_packet(struct parse *p, const struct bg_packet *packet,
		      struct bg_error *err)
{
	switch (packet->tag) {
	case BG_TAG_SIGNATURE:
		return add_selfsig(p, packet->body, err);
	case BG_TAG_UID:
	case BG_TAG_SUBKEY:
		return begin_part(p, packet, err);
	case BG_TAG_PUBKEY:
		return bad_key(err, "more than one primary key");
	case BG_TAG_SECKEY:
	case BG_TAG_SECSUBKEY:
		return bad_key(err, "it holds a secret key");
	}
	return bg_fail(err, BG_EVERIFY, "bad-key",
		       "public key: packet of type %u", packet->tag);
}

static int parse(struct parse *p, struct bg_cursor *c, struct bg_error *err)
{
	struct bg_packet packet;
	int r;

	bg_cur_packet(&packet, c);
	if (c->bad || packet.tag == BG_TAG_SECKEY)
		return bad_key(err, c->bad ? "not OpenPGP packets"
					   : "it is a secret key");
	if (packet.tag != BG_TAG_PUBKEY)
		return bad_key(err, "it does not begin with a primary key");
	if ((r = add_key(p, packet.body, err)))
		return r;
	p->part.tag = BG_TAG_PUBKEY;
	p->part.primary_body = packet.body;
	if (!p->part.primary->evp)
		return bad_key(err, "a primary of an unknown algorithm");
	while (c->n) {
		bg_cur_packet(&packet, c);
		if (c->bad)
			return bad_key(err, "not OpenPGP packets");
		if ((r = add_packet(p, &packet, err)))
			return r;
	}
	if ((r = end_part(p, err)))
		return r;
	if (!p->any_uid)
		return bad_key(err, "no user id");
	return 0;
}

int bg_keyblob_parse(struct bg_keyblob *out, const void *data, size_t n,
		     struct bg_error *err)
{
	struct bg_cursor c = { data, n, false };
	struct parse p = { .out = out };
	int r;

	memset(out, 0, sizeof(*out));
	if (n > BG_KEYBLOB_MAX)
		return bad_key(err, "too long");
	if ((r = parse(&p, &c, err))) {
		bg_keyblob_release(out);
		return r;
	}
	/* Without flags a primary may do what its algorithm can. */
	out->keys.v[0].may_sign = (!p.has_flags || p.flags & BG_FLAG_SIGN) &&
				  bg_pubkey_strong(&out->keys.v[0]);
	return 0;
}

const struct bg_pubkey *bg_keyblob_find(const struct bg_keyblob *k,
					const struct bg_fpr *fpr)
{
	for (size_t i = 0; i < k->keys.n; i++)
		if (bg_fpr_eq(&k->keys.v[i].fpr, fpr))
			return &k->keys.v[i];
	return NULL;
}

void bg_keyblob_release(struct bg_keyblob *k)
{
	for (size_t i = 0; i < k->keys.n; i++)
		EVP_PKEY_free(k->keys.v[i].evp);
	bg_vec_release(&k->keys);
	free(k->uid);
	k->uid = NULL;
}
