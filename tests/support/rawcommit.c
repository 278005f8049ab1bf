#include "support/rawcommit.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/io.h"
#include "crypto/signer.h"

void raw_release(struct raw_commit *c)
{
	bg_str_release(&c->head);
	bg_str_release(&c->armor);
	bg_str_release(&c->message);
}

bool raw_split(struct raw_commit *c, const struct bg_str *bytes)
{
	const char *end = memmem(bytes->buf, bytes->len, "\n\n", 2);
	const char *p = bytes->buf, *sig = strstr(p, "\ngpgsig ");

	memset(c, 0, sizeof(*c));
	if (!end || !sig || sig > end)
		return false;
	bg_str_addn(&c->head, p, (size_t)(sig + 1 - p));
	for (p = sig + 8; p < end;) {
		const char *lf = strchr(p, '\n');

		bg_str_addn(&c->armor, p, (size_t)(lf + 1 - p));
		p = lf + 2;
		if (lf[1] != ' ')
			break;
	}
	bg_str_addn(&c->message, end + 2,
		    bytes->len - (size_t)(end + 2 - bytes->buf));
	return true;
}

void raw_fold(struct bg_str *out, const char *word, const struct bg_str *armor)
{
	const char *p = armor->buf;

	bg_str_add(out, word);
	while (p && *p) {
		size_t n = strcspn(p, "\n") + 1;

		bg_str_addc(out, ' ');
		bg_str_addn(out, p, n);
		p += n;
	}
}

void raw_join(struct bg_str *out, const struct raw_commit *c)
{
	bg_str_addn(out, c->head.buf, c->head.len);
	raw_fold(out, "gpgsig", &c->armor);
	bg_str_addc(out, '\n');
	bg_str_addn(out, c->message.buf, c->message.len);
}

bool raw_replace(struct bg_str *s, const char *from, const char *to)
{
	struct bg_str other = BG_STR_INIT;
	char *at = memmem(s->buf, s->len, from, strlen(from));

	if (!at)
		return false;
	bg_str_addn(&other, s->buf, (size_t)(at - s->buf));
	bg_str_add(&other, to);
	at += strlen(from);
	bg_str_addn(&other, at, s->len - (size_t)(at - s->buf));
	bg_str_release(s);
	*s = other;
	return true;
}

bool raw_parent(struct bg_oid *out, const struct raw_commit *c)
{
	const char *at = strstr(c->head.buf, "\nparent ");
	char hex[41];

	if (!at)
		return false;
	memcpy(hex, at + 8, 40);
	hex[40] = '\0';
	return bg_oid_parse(out, hex);
}

bool raw_set_parent(struct raw_commit *c, const struct bg_oid *to)
{
	char *at = strstr(c->head.buf, "\nparent ");
	char hex[41];

	if (!at)
		return false;
	bg_oid_format(hex, to);
	memcpy(at + 8, hex, 40);
	return true;
}

/*
 * Signing by hand.
 */
int raw_key_read(struct raw_key *k, const char *path, struct bg_error *err)
{
	BG_AUTO(signer) struct bg_signer *signer = NULL;
	BG_AUTO(secret) struct bg_str text = BG_STR_INIT;
	char hex[65] = "";
	const char *at;
	int r = bg_file_read(&text, path, 4096, err);

	if (r || (r = bg_signer_open_file(&signer, path, err)))
		return r;
	k->fpr = *bg_signer_fpr(signer);
	at = strstr(text.buf, "seed ");
	if (at && strlen(at) >= 69)
		memcpy(hex, at + 5, 64);
	return bg_unhex(k->seed, sizeof(k->seed), hex, false)
		       ? 0
		       : bg_fail(err, BG_EFAIL, "bad-key", "no seed in '%s'",
				 path);
}

/* RFC 4880, 5.2.4: the data, the hashed part, and the trailer. */
static bool hash(unsigned char *out, unsigned *n, const struct bg_sig *sig,
		 const struct raw_commit *c)
{
	const unsigned char trailer[6] = { 4, 0xff,
					   0, 0,
					   0, (unsigned char)sig->hashed_len };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const EVP_MD *md = sig->hash == 2 ? EVP_sha1() : EVP_sha256();
	bool ok = ctx && EVP_DigestInit_ex(ctx, md, NULL) &&
		  EVP_DigestUpdate(ctx, c->head.buf, c->head.len) &&
		  EVP_DigestUpdate(ctx, "\n", 1) &&
		  EVP_DigestUpdate(ctx, c->message.buf, c->message.len) &&
		  EVP_DigestUpdate(ctx, sig->hashed, sig->hashed_len) &&
		  EVP_DigestUpdate(ctx, trailer, sizeof(trailer)) &&
		  EVP_DigestFinal_ex(ctx, out, n);

	EVP_MD_CTX_free(ctx);
	return ok;
}

static void set_mpi(struct bg_sig *sig, int i, const unsigned char *p)
{
	size_t n = 32;

	for (; n && !*p; p++)
		n--;
	memcpy(sig->mpi[i], p, n);
	sig->mpi_len[i] = n;
}

static bool sign_digest(struct bg_sig *sig, const unsigned char seed[32],
			const unsigned char *digest, size_t n)
{
	EVP_PKEY *key =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char rs[64];
	size_t len = sizeof(rs);
	bool ok = key && ctx &&
		  EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
		  EVP_DigestSign(ctx, rs, &len, digest, n) == 1;

	if (ok) {
		memcpy(sig->left16, digest, 2);
		set_mpi(sig, 0, rs);
		set_mpi(sig, 1, rs + 32);
	}
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

int raw_sign(struct raw_commit *c, const struct raw_key *key,
	     const struct raw_how *how, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str packet = BG_STR_INIT;
	unsigned char digest[64];
	const char *committer = strstr(c->head.buf, "\ncommitter ");
	const char *at = committer ? strstr(committer, "> ") : NULL;
	struct bg_sig sig;
	unsigned n = 0;

	bg_sig_begin(&sig, how->claim ? how->claim : &key->fpr, BG_PK_EDDSA,
		     how->hash, at ? (uint32_t)strtoul(at + 2, NULL, 10) : 0);
	sig.hashed[1] = (unsigned char)how->class;
	if (!hash(digest, &n, &sig, c) ||
	    !sign_digest(&sig, key->seed, digest, n))
		return bg_fail(err, BG_EFAIL, "sign", "cannot sign");
	if (how->wrong_issuer)
		sig.issuer.b[BG_FPR_LEN - 1] ^= 1;
	bg_sig_write(&packet, &sig);
	bg_str_clear(&c->armor);
	bg_armor_write(&c->armor, packet.buf, packet.len);
	return bg_str_check(&c->armor, err);
}
