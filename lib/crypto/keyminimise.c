#include <string.h>

#include "base/clock.h"
#include "crypto/packet.h"

/* From what gpg exports to what trust keeps. */

struct part {
	struct bg_packet packet;
	struct bg_bytes best; /* whole packet of the newest self-signature */
	struct bg_selfsig sig;
	bool revoked;
	struct bg_pubkey key; /* of a subkey */
};

struct sift {
	struct bg_pubkey primary;
	struct bg_bytes primary_body;
	BG_VEC(struct part) parts; /* [0] is the primary */
	int64_t now;
};

static void sift_release(struct sift *s)
{
	EVP_PKEY_free(s->primary.evp);
	for (size_t i = 0; i < s->parts.n; i++)
		EVP_PKEY_free(s->parts.v[i].key.evp);
	bg_vec_release(&s->parts);
}
BG_AUTO_VALUE(sift, struct sift, sift_release)

static int bad_key(struct bg_error *err, const char *why)
{
	return bg_fail(err, BG_EVERIFY, "bad-key", "exported key: %s", why);
}

static struct bg_keypart keypart(const struct sift *s, const struct part *part)
{
	return (struct bg_keypart){ .primary = &s->primary,
				    .subkey = &part->key,
				    .primary_body = s->primary_body,
				    .tag = part->packet.tag,
				    .body = part->packet.body };
}

static bool is_over(const struct sift *s, uint32_t from, uint32_t after)
{
	return after && (int64_t)from + after <= s->now;
}

/* A revocation is believed without a check: leaving out too much is safe. */
static bool is_revocation(const struct part *part, const struct bg_selfsig *s)
{
	return (part->packet.tag == BG_TAG_UID && s->class == 0x30) ||
	       (part->packet.tag == BG_TAG_SUBKEY && s->class == 0x28);
}

static void weigh(struct sift *s, struct part *part,
		  const struct bg_packet *packet)
{
	struct bg_keypart under = keypart(s, part);
	struct bg_selfsig sig;
	struct bg_error why;

	/* What is no good self-signature is what minimising is there to
	 * drop, so why is not told. */
	if (bg_selfsig_parse(&sig, packet->body, &why) ||
	    !bg_selfsig_is_by(&sig, &s->primary))
		return;
	if (is_revocation(part, &sig)) {
		part->revoked = true;
		return;
	}
	if (sig.has_revoker || is_over(s, sig.created, sig.expires_after) ||
	    bg_selfsig_check(&sig, &under, &why))
		return;
	if (part->best.n && sig.created < part->sig.created)
		return;
	part->best = packet->whole;
	part->sig = sig;
}

static int add_part(struct sift *s, const struct bg_packet *packet,
		    struct bg_error *err)
{
	struct part part = { .packet = *packet };
	struct bg_error why;

	/* A subkey that cannot be read stays without a binding: dropped. */
	if (packet->tag == BG_TAG_SUBKEY &&
	    bg_pubkey_parse(&part.key, packet->body, &why))
		part.revoked = true;
	if (bg_vec_push(&s->parts, part)) {
		EVP_PKEY_free(part.key.evp);
		return bg_fail_oom(err);
	}
	return 0;
}

static int read_packets(struct sift *s, struct bg_cursor *c,
			struct bg_error *err)
{
	bool in_part = true; /* not under a user attribute */
	int r;

	while (c->n) {
		struct bg_packet packet;

		bg_cur_packet(&packet, c);
		if (c->bad)
			return bad_key(err, "not OpenPGP packets");
		if (packet.tag == BG_TAG_PUBKEY)
			return bad_key(err, "more than one primary key");
		if (packet.tag == BG_TAG_SECSUBKEY)
			return bad_key(err, "it holds a secret key");
		if (packet.tag == BG_TAG_SIGNATURE) {
			if (in_part)
				weigh(s, &s->parts.v[s->parts.n - 1], &packet);
			continue;
		}
		in_part = packet.tag == BG_TAG_UID ||
			  packet.tag == BG_TAG_SUBKEY;
		if (in_part && (r = add_part(s, &packet, err)))
			return r;
	}
	return 0;
}

static int read_primary(struct sift *s, struct bg_cursor *c,
			struct bg_error *err)
{
	struct bg_packet packet;
	int r;

	bg_cur_packet(&packet, c);
	if (c->bad || packet.tag != BG_TAG_PUBKEY)
		return bad_key(err, "it does not begin with a public key");
	if ((r = bg_pubkey_parse(&s->primary, packet.body, err)))
		return r;
	if (!s->primary.evp)
		return bad_key(err, "a primary of an unknown algorithm");
	s->primary.primary = s->primary.fpr;
	s->primary_body = packet.body;
	return add_part(s, &packet, err);
}

static bool is_wanted(const struct sift *s, const struct part *part)
{
	if (part->packet.tag == BG_TAG_PUBKEY)
		return true;
	if (part->revoked || !part->best.n)
		return false;
	if (part->packet.tag == BG_TAG_UID)
		return true;
	if (is_over(s, part->key.created, part->sig.key_expires_after))
		return false;
	return (part->sig.flags & BG_FLAG_SIGN && part->key.evp) ||
	       part->sig.flags & BG_FLAG_ENCRYPT;
}

int bg_keyblob_minimise(struct bg_str *out, const void *p, size_t n,
			struct bg_error *err)
{
	BG_AUTO(sift) struct sift s = { .now = bg_now_ms() / 1000 };
	BG_AUTO(str) struct bg_str blob = BG_STR_INIT;
	BG_AUTO(keyblob) struct bg_keyblob check = { 0 };
	struct bg_cursor c = { p, n, false };
	int r;

	if ((r = read_primary(&s, &c, err)) || (r = read_packets(&s, &c, err)))
		return r;
	for (size_t i = 0; i < s.parts.n; i++) {
		const struct part *part = &s.parts.v[i];

		if (!is_wanted(&s, part))
			continue;
		bg_str_addn(&blob, part->packet.whole.p, part->packet.whole.n);
		bg_str_addn(&blob, part->best.p, part->best.n);
	}
	if ((r = bg_str_check(&blob, err)) ||
	    (r = bg_keyblob_parse(&check, blob.buf, blob.len, err)))
		return r;
	bg_str_addn(out, blob.buf, blob.len);
	return bg_str_check(out, err);
}
