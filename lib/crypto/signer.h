/*
 * Signing.  A person's key is used through gpg-agent (libassuan on the agent's
 * socket, packet written by us), or through GPGME when that way is not open;
 * an installation's key is an Ed25519 key in a 0600 file used by OpenSSL.
 * Whatever the way, the result is parsed by our grammar and checked natively
 * before it is handed out: what could not be verified is never written.
 */
#ifndef BG_CRYPTO_SIGNER_H
#define BG_CRYPTO_SIGNER_H

#include "crypto/openpgp.h"

/* Where gpg lives.  All borrowed; made by cmd from the environment. */
struct bg_gpg {
	const char *home;      /* GNUPGHOME; NULL: gpg's default */
	const char *user_home; /* HOME: to find the default agent socket */
	const char *runtime; /* /run/user/UID/gnupg when it exists, else NULL */
	const char *ttyname; /* for pinentry; NULL: none */
	const char *ttytype, *lc_ctype, *display, *xauthority;
	const char *wayland_display, *dbus_session; /* for graphical pinentry */
	bool batch;            /* never ask: pinentry-mode error */
	bool use_gpgme;        /* only the GPGME way (tests, bench, fallback) */
	const char *cache_dir; /* NULL: none; else a folder of ours (made when
				* needed) that remembers what the keyring said
				* about a key */
};

/* A key of the user's keyring. */
struct bg_gpg_key {
	struct bg_fpr primary;
	char uid[256]; /* cleaned */
	bool secret, expired, revoked, disabled;
	BG_VEC(struct bg_fpr) signing; /* usable signing (sub)keys, gpg's choice
					* first */
};
struct bg_gpg_keys {
	BG_VEC(struct bg_gpg_key) list;
};
void bg_gpg_keys_release(struct bg_gpg_keys *k);
BG_AUTO_VALUE(gpg_keys, struct bg_gpg_keys, bg_gpg_keys_release)
/* Keys that match pattern (fingerprint, address; NULL: all). */
int bg_gpg_list(struct bg_gpg_keys *out, const struct bg_gpg *gpg,
		const char *pattern, bool secret, struct bg_error *err)
	BG_MUST_CHECK;
/* Minimal binary public key of a primary fingerprint (bg_keyblob_minimise). */
int bg_gpg_export(struct bg_str *blob, const struct bg_gpg *gpg,
		  const struct bg_fpr *primary, struct bg_error *err)
	BG_MUST_CHECK;

struct bg_signer;
/* Sign with a key of the user's keyring.  blob: its public key as trust (or
 * init) has it; signing: the listed signing key to use, which may be a subkey.
 * Errors, BG_ENOKEY, with ids and a hint each: key-not-here, key-expired,
 * key-revoked, agent-unreachable, no-pinentry, pinentry-cancelled,
 * pinentry-timeout, bad-passphrase, card-missing; gpg for what has no name. Opening does not ask. */
int bg_signer_open_gpg(struct bg_signer **out, const struct bg_gpg *gpg,
		       const struct bg_keyblob *blob,
		       const struct bg_fpr *signing, struct bg_error *err)
	BG_MUST_CHECK;
/* The installation's key: raw Ed25519 seed, creation time (file made by
 * bg_install_key_make). BG_ENOKEY: install-key-missing, install-key-exposed (mode
 * is not 0600, or another's file), install-key-damaged. */
int bg_signer_open_file(struct bg_signer **out, const char *path,
			struct bg_error *err) BG_MUST_CHECK;
void bg_signer_close(struct bg_signer *s);
BG_AUTO_POINTER(signer, struct bg_signer, bg_signer_close)
/* Public key of the signer (primary first) and the fingerprint that signs. */
const struct bg_keyblob *bg_signer_keyblob(const struct bg_signer *s);
const struct bg_fpr *bg_signer_fpr(const struct bg_signer *s);
/* Append the armored signature over payload. */
int bg_signer_sign(struct bg_str *armor, struct bg_signer *s,
		   const void *payload, size_t n, struct bg_error *err)
	BG_MUST_CHECK;

/* Make an Ed25519 key: secret to path (0600, fsynced, never overwritten),
 * public OpenPGP blob (primary, user id, self-signature) to blob; gpg imports it. */
int bg_install_key_make(struct bg_str *blob, const char *path, const char *uid,
			struct bg_error *err) BG_MUST_CHECK;

/* The public blob of a key made so: the same bytes each time. */
int bg_install_key_blob(struct bg_str *blob, const char *path,
			struct bg_error *err) BG_MUST_CHECK;

#endif
