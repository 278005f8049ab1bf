/* Names of logs: who, where, and a digest that ties them to key and
 * installation. */
#include <string.h>

#include "evidence/install.h"
#include "evidence/schema.h"

#define HEX_LEN 12
#define SLUG_MAX 32

void bg_writer_name(char *out, const char *principal, const char *host_slug,
		    const struct bg_fpr *primary, const char *installation)
{
	const struct bg_span pieces[] = {
		{ (const char *)primary->b, sizeof(primary->b) },
		{ installation, strlen(installation) },
	};
	struct bg_digest digest = { { 0 } };
	char hex[HEX_LEN + 1];

	/* Only out of memory fails; then the name is one that no log has. */
	if (bg_sha256_v(&digest, pieces, 2))
		memset(&digest, 0, sizeof(digest));
	bg_hex(hex, digest.b, HEX_LEN / 2);
	snprintf(out, BG_WRITER_MAX, "%s.%s-%s", principal, host_slug, hex);
}

static bool copy_part(char *out, size_t max, const char *from, size_t n,
		      const char *allowed)
{
	if (!n || n > max)
		return false;
	memcpy(out, from, n);
	out[n] = '\0';
	return strspn(out, allowed) == n;
}

bool bg_writer_split(char principal[33], char host[33], char hex12[13],
		     const char *writer)
{
	static const char slug[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const char *dot = writer ? strchr(writer, '.') : NULL;
	size_t n, rest;

	if (!dot)
		return false;
	n = (size_t)(dot - writer);
	rest = strlen(dot + 1);
	if (rest < HEX_LEN + 2 || dot[1 + rest - HEX_LEN - 1] != '-')
		return false;
	return copy_part(principal, SLUG_MAX, writer, n, slug) &&
	       bg_is_principal(principal) &&
	       copy_part(host, SLUG_MAX, dot + 1, rest - HEX_LEN - 1, slug) &&
	       host[0] != '-' &&
	       copy_part(hex12, HEX_LEN, dot + 1 + rest - HEX_LEN, HEX_LEN,
			 "0123456789abcdef");
}

void bg_host_slug(char out[33], const char *host)
{
	size_t n = 0;

	for (; *host && *host != '.' && n < SLUG_MAX; host++) {
		char c = *host;

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			c = '-';
		if (n || c != '-')
			out[n++] = c;
	}
	while (n && out[n - 1] == '-')
		n--;
	out[n] = '\0';
	if (!n)
		memcpy(out, "host", sizeof("host"));
}
