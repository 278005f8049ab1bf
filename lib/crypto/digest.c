#include "crypto/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

/* EVP_sha256() looks the implementation up in every use; fetched once it
 * costs nothing.  Never freed: it lives as long as the process. */
static EVP_MD *sha256;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

static void fetch_sha256(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

int bg_sha256_v(struct bg_digest *out, const struct bg_span *pieces, size_t n)
{
	EVP_MD_CTX *ctx;
	int ok;

	pthread_once(&sha256_once, fetch_sha256);
	ctx = EVP_MD_CTX_new();
	ok = sha256 && ctx && EVP_DigestInit_ex(ctx, sha256, NULL);
	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(ctx, pieces[i].p, pieces[i].n);
	if (ok)
		ok = EVP_DigestFinal_ex(ctx, out->b, NULL);
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : -1;
}

int bg_sha256(struct bg_digest *out, const void *p, size_t n)
{
	const struct bg_span piece = { p, n };

	return bg_sha256_v(out, &piece, 1);
}

bool bg_digest_eq(const struct bg_digest *a, const struct bg_digest *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

int bg_digest_cmp(const void *a, const void *b)
{
	const struct bg_digest *x = a, *y = b;

	return memcmp(x->b, y->b, sizeof(x->b));
}

static const char prefix[] = "sha256:";

void bg_digest_format(char *out, const struct bg_digest *d)
{
	memcpy(out, prefix, sizeof(prefix) - 1);
	bg_hex(out + sizeof(prefix) - 1, d->b, sizeof(d->b));
}

bool bg_digest_parse(struct bg_digest *out, const char *text)
{
	return text && bg_starts_with(text, prefix) &&
	       strlen(text) == BG_DIGEST_TEXT &&
	       bg_unhex(out->b, sizeof(out->b), text + sizeof(prefix) - 1,
			false);
}

int bg_random(void *out, size_t n, struct bg_error *err)
{
	unsigned char *p = out;

	while (n) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0) {
			if (errno == EINTR)
				continue;
			return bg_fail_errno(err, "cannot get random bytes");
		}
		p += got;
		n -= (size_t)got;
	}
	return 0;
}
