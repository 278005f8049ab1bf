/* SHA-256 digests and random bytes (OpenSSL's libcrypto). */
#ifndef BG_CRYPTO_DIGEST_H
#define BG_CRYPTO_DIGEST_H

#include "base/str.h"

struct bg_digest {
	unsigned char b[32];
};
#define BG_DIGEST_TEXT 71 /* "sha256:" and 64 hex digits */

int bg_sha256(struct bg_digest *out, const void *p, size_t n);
/* SHA-256 over several pieces, in order. */
int bg_sha256_v(struct bg_digest *out, const struct bg_span *pieces, size_t n);
bool bg_digest_eq(const struct bg_digest *a, const struct bg_digest *b);
int bg_digest_cmp(const void *a, const void *b); /* for qsort: byte order */
/* "sha256:<hex>"; out holds BG_DIGEST_TEXT + 1. */
void bg_digest_format(char *out, const struct bg_digest *d);
bool bg_digest_parse(struct bg_digest *out, const char *text);
/* n bytes from the system's generator. */
int bg_random(void *out, size_t n, struct bg_error *err) BG_MUST_CHECK;

#endif
