#include "crypto/signer.h"

#include <string.h>

#include "base/clock.h"
#include "crypto/signway.h"

static int copy_blob(struct bg_keyblob *out, const struct bg_keyblob *in,
		     struct bg_error *err)
{
	for (size_t i = 0; i < in->keys.n; i++) {
		struct bg_pubkey key = in->keys.v[i];

		if (bg_vec_push(&out->keys, key))
			return bg_fail_oom(err);
		if (key.evp)
			EVP_PKEY_up_ref(key.evp);
	}
	if (in->uid && !(out->uid = strdup(in->uid)))
		return bg_fail_oom(err);
	return 0;
}

/* What gpg takes by default for these keys. */
static int hash_for(const struct bg_pubkey *key)
{
	if (key->pk == BG_PK_RSA)
		return 10;
	return key->pk == BG_PK_ECDSA && key->bits > 256 ? 9 : 8;
}

static int set_key(struct bg_signer *s, const struct bg_fpr *signing,
		   struct bg_error *err)
{
	char fpr[2 * BG_FPR_LEN + 1];

	s->key = bg_keyblob_find(&s->blob, signing);
	bg_fpr_format(fpr, signing);
	if (!s->key || !s->key->may_sign)
		return bg_fail(err, BG_ENOKEY, "key-not-here",
			       "%s is not a key that may sign", fpr);
	s->hash = hash_for(s->key);
	return 0;
}

static int set_prompt(struct bg_signer *s, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	char fpr[2 * BG_FPR_LEN + 1];

	bg_fpr_format(fpr, &s->key->fpr);
	bg_str_addf(&text,
		    "Please unlock the key of\n\"%s\"\nto sign a break-glass "
		    "event.\n%s",
		    s->blob.uid ? s->blob.uid : "", fpr);
	s->prompt = bg_str_detach(&text);
	return s->prompt ? 0 : bg_fail_oom(err);
}

static int open_agent(struct bg_signer *s, struct bg_error *err)
{
	int r;

	if (bg_keygrip(s->keygrip, s->key))
		return bg_fail(err, BG_ENOKEY, "agent-refuses",
			       "cannot name the key to gpg-agent");
	if ((r = set_prompt(s, err)) ||
	    (r = bg_agent_open(&s->agent, s->gpg, err)))
		return r;
	return bg_agent_has(s->agent, s->keygrip, err);
}

/* Reasons to try GPGME; every other one it would only meet again. */
static bool may_fall_back(const struct bg_error *err)
{
	return bg_str_eq(err->id, "agent-refuses") ||
	       bg_str_eq(err->id, "agent-answer");
}

static void leave_agent(struct bg_signer *s)
{
	if (s->agent)
		bg_agent_close(s->agent);
	s->agent = NULL;
}

int bg_signer_open_gpg(struct bg_signer **out, const struct bg_gpg *gpg,
		       const struct bg_keyblob *blob,
		       const struct bg_fpr *signing, struct bg_error *err)
{
	BG_AUTO(signer) struct bg_signer *s = calloc(1, sizeof(*s));
	struct bg_error why = { 0 };
	int r;

	if (!s)
		return bg_fail_oom(err);
	s->gpg = gpg;
	if ((r = copy_blob(&s->blob, blob, err)) ||
	    (r = set_key(s, signing, err)) ||
	    (r = bg_keyring_check(gpg, s->key, err)))
		return r;
	if (!gpg->use_gpgme && (r = open_agent(s, &why))) {
		if (!may_fall_back(&why)) {
			*err = why;
			return r;
		}
		leave_agent(s);
	}
	*out = bg_move(s);
	return 0;
}

void bg_signer_close(struct bg_signer *s)
{
	leave_agent(s);
	bg_gpgme_leave(s);
	EVP_PKEY_free(s->secret);
	bg_keyblob_release(&s->blob);
	free(s->prompt);
	free(s);
}

const struct bg_keyblob *bg_signer_keyblob(const struct bg_signer *s)
{
	return &s->blob;
}

const struct bg_fpr *bg_signer_fpr(const struct bg_signer *s)
{
	return &s->key->fpr;
}

/* With the agent or the installation's key: the packet is ours. */
static int sign_here(struct bg_str *packet, struct bg_signer *s,
		     const void *payload, size_t n, struct bg_error *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct bg_sig sig;
	size_t len;
	int r;

	bg_sig_begin(&sig, &s->key->fpr, s->key->pk, s->hash,
		     (uint32_t)(bg_now_ms() / 1000));
	if ((r = bg_sig_digest(digest, &len, &sig, payload, n, true, err)))
		return r;
	if (s->secret)
		r = bg_ed25519_sign(&sig, s->secret, digest, len, err);
	else
		r = bg_agent_sign(s->agent, &sig, s->keygrip, s->prompt, digest,
				  len, err);
	if (!r)
		bg_sig_write(packet, &sig);
	return r;
}

static int make_packet(struct bg_str *packet, struct bg_signer *s,
		       const void *payload, size_t n, struct bg_error *err)
{
	if (s->secret || s->agent) {
		struct bg_error why = { 0 };
		int r = sign_here(packet, s, payload, n, &why);

		if (!r)
			return 0;
		if (s->secret || !may_fall_back(&why)) {
			*err = why;
			return r;
		}
		leave_agent(s);
		bg_str_clear(packet);
	}
	return bg_gpgme_sign(packet, s, payload, n, err);
}

/* What could not be verified is never handed out. */
static int check_packet(const struct bg_str *packet, struct bg_signer *s,
			const void *payload, size_t n, struct bg_error *err)
{
	struct bg_sig sig;
	int r;

	if ((r = bg_str_check(packet, err)))
		return r;
	if ((r = bg_sig_parse(&sig, packet->buf, packet->len, err)) ||
	    (r = bg_sig_check(&sig, s->key, payload, n, err))) {
		(void)bg_wrap(err, "the signature just made is not usable");
		err->code = BG_ENOKEY;
		return BG_ENOKEY;
	}
	return 0;
}

int bg_signer_sign(struct bg_str *armor, struct bg_signer *s,
		   const void *payload, size_t n, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str packet = BG_STR_INIT;
	int r;

	if ((r = make_packet(&packet, s, payload, n, err)) ||
	    (r = check_packet(&packet, s, payload, n, err)))
		return r;
	bg_armor_write(armor, packet.buf, packet.len);
	return bg_str_check(armor, err);
}
