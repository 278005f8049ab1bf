/*
 * Inside lib/crypto only: GPGME contexts that do not ask the environment or
 * gpgconf where gpg is.
 */
#ifndef BG_CRYPTO_GPGME_H
#define BG_CRYPTO_GPGME_H

#include <gpgme.h>

#include "crypto/agent.h"

static inline void bg_auto_gpgme(gpgme_ctx_t *ctx)
{
	gpgme_release(*ctx);
}
static inline void bg_auto_gpgme_data(gpgme_data_t *d)
{
	gpgme_data_release(*d);
}
static inline void bg_auto_gpgme_key(gpgme_key_t *key)
{
	gpgme_key_unref(*key);
}

/* Before any use of GPGME; thread-safe. */
void bg_gpgme_init(void);
/* OpenPGP on this home (NULL: gpg's default), binary output, no network. */
int bg_gpgme_new(gpgme_ctx_t *out, const char *home, bool batch,
		 struct bg_error *err) BG_MUST_CHECK;
/* The same on the user's keyring. */
int bg_gpgme_user(gpgme_ctx_t *out, const struct bg_gpg *gpg,
		  struct bg_error *err) BG_MUST_CHECK;
/* Borrowed bytes to read from. */
int bg_gpgme_from(gpgme_data_t *out, const void *p, size_t n,
		  struct bg_error *err) BG_MUST_CHECK;
/* What GPGME writes is appended to into, at most max bytes. */
struct bg_gpgme_sink {
	struct bg_str *into;
	size_t max;
	struct gpgme_data_cbs cbs;
};
int bg_gpgme_to(gpgme_data_t *out, struct bg_gpgme_sink *sink,
		struct bg_str *into, size_t max, struct bg_error *err)
	BG_MUST_CHECK;
/* One key by primary fingerprint; NULL and 0 when it is not there. */
int bg_gpgme_key(gpgme_key_t *out, gpgme_ctx_t ctx, const struct bg_fpr *fpr,
		 struct bg_error *err) BG_MUST_CHECK;

#endif
