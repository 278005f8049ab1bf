/*
 * GPGME: the second verification engine (a throw-away home that holds only the
 * given keys; it may only add doubt), and encryption for escrow.
 */
#ifndef BG_CRYPTO_ENGINE_H
#define BG_CRYPTO_ENGINE_H

#include "crypto/signer.h"

struct bg_engine;
/* tmp: an existing directory of ours under which the home is made (0700).
 * gpg's path is absolute; network, agent autostart and trust database are off;
 * ignore-time-conflict is on. */
int bg_engine_open(struct bg_engine **out, const char *tmp,
		   struct bg_error *err) BG_MUST_CHECK;
int bg_engine_add_key(struct bg_engine *e, const void *blob, size_t n,
		      struct bg_error *err) BG_MUST_CHECK;
/* Exactly one signature, class 00, SHA-2, made by fpr: 0; else BG_EVERIFY
 * "engine-disagrees" (never from gpg's exit code or text; structures only). */
int bg_engine_check(struct bg_engine *e, const char *armor, size_t armor_n,
		    const void *payload, size_t n, const struct bg_fpr *fpr,
		    struct bg_error *err) BG_MUST_CHECK;
void bg_engine_close(struct bg_engine *e);
BG_AUTO_POINTER(engine, struct bg_engine, bg_engine_close)

/* OpenPGP message to several public key blobs (subkeys that encrypt are
 * chosen by gpg), in a throw-away home under tmp. "cannot-encrypt" names the
 * key that cannot be encrypted to now. */
int bg_encrypt(struct bg_str *out, const char *tmp, const struct bg_span *blobs,
	       size_t n_blobs, const void *plain, size_t n,
	       struct bg_error *err) BG_MUST_CHECK;
/* Decrypt with the user's key, through their agent.  Same error ids as
 * bg_signer_sign(), BG_EVERIFY "bad-cipher" for what is no OpenPGP message; the
 * caller wipes out (bg_str_wipe). */
int bg_decrypt(struct bg_str *out, const struct bg_gpg *gpg, const void *cipher,
	       size_t n, struct bg_error *err) BG_MUST_CHECK;

#endif
