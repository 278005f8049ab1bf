/*
 * Inside lib/crypto only: the ways to sign that signer.c chooses from.
 */
#ifndef BG_CRYPTO_SIGNWAY_H
#define BG_CRYPTO_SIGNWAY_H

#include "crypto/agent.h"

struct bg_signer {
	struct bg_keyblob blob;
	const struct bg_pubkey *key; /* in blob: the one that signs */
	int hash;
	/* An installation's key; else NULL. */
	EVP_PKEY *secret;
	/* A person's. */
	const struct bg_gpg *gpg;
	struct bg_agent *agent;      /* NULL: through GPGME */
	struct gpgme_context *gpgme; /* made by the first use, as the key */
	struct _gpgme_key *gpgme_key;
	char keygrip[BG_KEYGRIP_LEN + 1];
	char *prompt;
};

/* Ed25519 over a digest: sets sig->mpi. */
int bg_ed25519_sign(struct bg_sig *sig, EVP_PKEY *secret,
		    const unsigned char *digest, size_t n, struct bg_error *err)
	BG_MUST_CHECK;

/* Append the binary packet that gpg makes over payload with this signer's key,
 * started by GPGME: its OpenPGP protocol, or, for a subkey that gpg would not
 * choose, GPGME_PROTOCOL_SPAWN and -u FPR!. */
int bg_gpgme_sign(struct bg_str *packet, struct bg_signer *s,
		  const void *payload, size_t n, struct bg_error *err)
	BG_MUST_CHECK;
void bg_gpgme_leave(struct bg_signer *s);

/* Does the user's keyring say that key is expired or revoked?  Then BG_ENOKEY
 * "key-expired" or "key-revoked".  Asks gpg only when the keyring changed
 * since the answer in gpg->cache_dir. A key that the keyring does not have
 * passes: whether the agent has its secret is another question. */
int bg_keyring_check(const struct bg_gpg *gpg, const struct bg_pubkey *key,
		     struct bg_error *err) BG_MUST_CHECK;

#endif
