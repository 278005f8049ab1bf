#include "cmd/key.h"

#include <ctype.h>

#include "base/io.h"

void bg_own_key_release(struct bg_own_key *k)
{
	bg_vec_release(&k->signing);
	bg_str_release(&k->blob);
	bg_keyblob_release(&k->parsed);
}

static bool in_blob(const struct bg_keyblob *blob, const struct bg_fpr *fpr)
{
	for (size_t i = 0; i < blob->keys.n; i++)
		if (bg_fpr_eq(&blob->keys.v[i].fpr, fpr))
			return blob->keys.v[i].may_sign && blob->keys.v[i].evp;
	return false;
}

int bg_own_key_parse(struct bg_own_key *out, const void *p, size_t n,
		     struct bg_error *err)
{
	BG_AUTO(str) struct bg_str blob = BG_STR_INIT;
	int rc = bg_keyblob_minimise(&blob, p, n, err);
	if (!rc)
		rc = bg_keyblob_parse(&out->parsed, blob.buf, blob.len, err);
	if (rc)
		return rc;
	out->blob = blob;
	blob = (struct bg_str)BG_STR_INIT;
	const struct bg_keyblob *k = &out->parsed;
	out->primary = k->keys.v[0].fpr;
	snprintf(out->uid, sizeof(out->uid), "%s", k->uid ? k->uid : "");
	for (size_t i = 0; !out->signing.n && i < k->keys.n; i++)
		if (k->keys.v[i].may_sign && k->keys.v[i].evp &&
		    bg_vec_push(&out->signing, k->keys.v[i].fpr))
			return bg_fail_oom(err);
	if (!out->signing.n)
		return bg_fail(err, BG_ENOKEY, "key-cannot-sign",
			       "key of '%s' has no part that can sign evidence "
			       "(Ed25519, NIST P-256 or P-384, RSA from 3072 "
			       "bits)",
			       out->uid);
	return 0;
}

static bool is_binary(const struct bg_str *s)
{
	return s->len && ((unsigned char)s->buf[0] & 0x80);
}

/* RFC 4880 armor of any tool: headers and line length are free here. */
static int unarmor(struct bg_str *out, const struct bg_str *in,
		   struct bg_error *err)
{
	static const char begin[] = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
	const char *at = in->len ? strstr(in->buf, begin) : NULL;
	const char *end = at ? strstr(at, "-----END PGP PUBLIC KEY BLOCK") : 0;
	const char *body = at ? strstr(at, "\n\n") : NULL;
	const char *crlf = at ? strstr(at, "\r\n\r\n") : NULL;
	uint32_t bits = 0;
	unsigned have = 0;
	if (crlf && (!body || crlf < body))
		body = crlf + 2;
	if (!at || !end || !body || body > end)
		return bg_fail(err, BG_EVERIFY, "bad-key",
			       "this is no OpenPGP public key");
	for (const char *p = body; p < end; p++) {
		static const char alphabet[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			"0123456789+/";
		const char *c = *p ? strchr(alphabet, *p) : NULL;
		/* "=" begins padding or the checksum: the end of the data. */
		if (*p == '=')
			break;
		if (!c)
			continue;
		bits = bits << 6 | (uint32_t)(c - alphabet);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		bg_str_addc(out, (char)(bits >> have & 0xff));
	}
	return bg_str_check(out, err);
}

int bg_own_key_read(struct bg_own_key *out, const char *path,
		    struct bg_error *err)
{
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	BG_AUTO(str) struct bg_str binary = BG_STR_INIT;
	int rc = bg_file_read(&raw, path, 256 * 1024, err);
	if (rc)
		return bg_wrap(err, "cannot read the key");
	if (!is_binary(&raw)) {
		rc = unarmor(&binary, &raw, err);
		if (rc)
			return bg_wrap(err, "cannot read '%s'", path);
	}
	const struct bg_str *s = is_binary(&raw) ? &raw : &binary;
	rc = bg_own_key_parse(out, bg_str_text(s), s->len, err);
	return rc ? bg_wrap(err, "cannot use the key in '%s'", path) : 0;
}

static bool usable(const struct bg_gpg_key *k)
{
	return !k->expired && !k->revoked && !k->disabled && k->signing.n;
}

static int none(struct bg_error *err, const struct bg_gpg_keys *keys,
		const char *pattern, bool secret)
{
	const char *kind = secret ? "secret key" : "key";
	const struct bg_gpg_key *k = keys->list.n ? &keys->list.v[0] : NULL;
	if (k && k->revoked)
		return bg_fail(err, BG_ENOKEY, "key-revoked",
			       "cannot use the key of '%s': it is revoked",
			       k->uid);
	if (k && k->expired) {
		bg_fail(err, BG_ENOKEY, "key-expired",
			"cannot use the key of '%s': it has expired", k->uid);
		char fpr[2 * BG_FPR_LEN + 1];
		bg_fpr_format(fpr, &k->primary);
		return bg_hint(err, "gpg --quick-set-expire %s 1y", fpr);
	}
	if (k)
		return bg_fail(err, BG_ENOKEY, "key-cannot-sign",
			       "cannot use the key of '%s': it cannot sign",
			       k->uid);
	if (pattern)
		return bg_fail(err, BG_ENOENT, "no-key", "no %s '%s'", kind,
			       pattern);
	bg_fail(err, BG_ENOENT, "no-key", "no %s in your keyring", kind);
	return bg_hint(err, "gpg --quick-generate-key 'Name <you@example.org>' "
			    "ed25519 sign 2y");
}

static int several(struct bg_ctx *ctx, const struct bg_gpg_keys *keys,
		   const char *line, size_t n, struct bg_error *err)
{
	const char *mark = strstr(line, "%s");
	for (size_t i = 0; i < keys->list.n; i++) {
		char fpr[2 * BG_FPR_LEN + 1];
		if (!usable(&keys->list.v[i]))
			continue;
		bg_fpr_format(fpr, &keys->list.v[i].primary);
		bg_ctx_hint(ctx, "%.*s%s%s    # %s",
			    (int)(mark ? mark - line : 0), line, fpr,
			    mark ? mark + 2 : "", keys->list.v[i].uid);
	}
	return bg_fail(err, BG_ENOENT, "several-keys",
		       "%zu keys could sign: name one", n);
}

/* gpg's choice of signing subkeys, as far as the blob has them. */
static int choose_signing(struct bg_own_key *out, const struct bg_gpg_key *k,
			  struct bg_error *err)
{
	bg_vec_release(&out->signing);
	for (size_t i = 0; i < k->signing.n; i++)
		if (in_blob(&out->parsed, &k->signing.v[i]) &&
		    bg_vec_push(&out->signing, k->signing.v[i]))
			return bg_fail_oom(err);
	if (out->signing.n)
		return 0;
	return bg_fail(err, BG_ENOKEY, "key-cannot-sign",
		       "key of '%s' has no signing part of a kind that "
		       "evidence takes (Ed25519, NIST P-256 or P-384, RSA "
		       "from 3072 bits)",
		       k->uid);
}

int bg_own_key_find(struct bg_own_key *out, struct bg_ctx *ctx,
		    const char *pattern, bool secret, const char *line,
		    struct bg_error *err)
{
	BG_AUTO(gpg_keys) struct bg_gpg_keys keys = { 0 };
	BG_AUTO(str) struct bg_str blob = BG_STR_INIT;
	const struct bg_gpg_key *found = NULL;
	size_t n = 0;
	int rc = bg_gpg_list(&keys, &ctx->places.gpg, pattern, secret, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < keys.list.n; i++) {
		if (!usable(&keys.list.v[i]))
			continue;
		found = &keys.list.v[i];
		n++;
	}
	if (!n)
		return none(err, &keys, pattern, secret);
	if (n > 1)
		return several(ctx, &keys, line, n, err);
	rc = bg_gpg_export(&blob, &ctx->places.gpg, &found->primary, err);
	if (!rc)
		rc = bg_own_key_parse(out, blob.buf, blob.len, err);
	if (rc)
		return bg_wrap(err, "cannot use the key of '%s'", found->uid);
	return choose_signing(out, found, err);
}

bool bg_is_principal_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return islower((unsigned char)*s) && !s[n] && n <= 32;
}

void bg_principal_slug(char out[33], const char *text)
{
	size_t n = 0;
	for (; *text && *text != '@' && n < 32; text++) {
		char c = (char)tolower((unsigned char)*text);
		bool good = islower((unsigned char)c) ||
			    (n && isdigit((unsigned char)c));
		if (good)
			out[n++] = c;
		else if (n && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n && out[n - 1] == '-')
		n--;
	out[n] = 0;
}
