#include "cmd/request.h"

#include <openssl/evp.h>

#include "base/io.h"

#define HEAD "bg-request/1\n"
#define MARK "-----BEGIN PGP SIGNATURE-----"
#define REQUEST_MAX (64 * 1024)

static const struct bg_json_limits limits = { REQUEST_MAX, REQUEST_MAX, 4 };

void bg_request_release(struct bg_request *r)
{
	bg_own_key_release(&r->key);
	bg_arena_release(&r->arena);
}

static int set(json_t *o, const char *key, const char *value)
{
	return value ? json_object_set_new(o, key, json_string(value)) : 0;
}

static int to_json(json_t **out, const struct bg_request *r,
		   struct bg_error *err)
{
	BG_AUTO(json) json_t *o = json_object();
	char repo[BG_DIGEST_TEXT + 1];
	size_t n = r->key.blob.len;
	BG_AUTO(free) char *base64 = malloc(n / 3 * 4 + 8);
	if (!o || !base64)
		return bg_fail_oom(err);
	EVP_EncodeBlock((unsigned char *)base64,
			(const unsigned char *)r->key.blob.buf, (int)n);
	bg_digest_format(repo, &r->repo);
	if (set(o, "name", r->name) || set(o, "kind", r->kind) ||
	    set(o, "contact", r->contact) || set(o, "email", r->email) ||
	    set(o, "human", r->human) || set(o, "owner", r->owner) ||
	    set(o, "repo", repo) || set(o, "key", base64))
		return bg_fail(err, BG_EUSAGE, "bad-text",
			       "cannot write the request: wrong text");
	*out = bg_move(o);
	return 0;
}

int bg_request_write(struct bg_str *out, const struct bg_request *r,
		     struct bg_ctx *ctx, struct bg_error *err)
{
	BG_AUTO(signer) struct bg_signer *signer = NULL;
	BG_AUTO(json) json_t *o = NULL;
	size_t from = out->len;
	int rc = to_json(&o, r, err);
	bg_str_add(out, HEAD);
	if (!rc)
		rc = bg_json_canon(out, o, NULL, err);
	if (!rc)
		rc = bg_signer_open_gpg(&signer, &ctx->places.gpg,
					&r->key.parsed, &r->key.signing.v[0],
					err);
	if (rc)
		return rc;
	bg_ui_say(&ctx->ui, "sign as %s (%s)", r->name, r->key.uid);
	BG_AUTO(str) struct bg_str armor = BG_STR_INIT;
	rc = bg_signer_sign(&armor, signer, out->buf + from, out->len - from,
			    err);
	bg_str_addn(out, bg_str_text(&armor), armor.len);
	return rc ? rc : bg_str_check(out, err);
}

static int bad(struct bg_error *err, const char *path, const char *why)
{
	return bg_fail(err, BG_EVERIFY, "bad-request",
		       "cannot take the request '%s': %s", path, why);
}

static int decode_key(struct bg_request *r, const char *base64,
		      const char *path, struct bg_error *err)
{
	size_t n = strlen(base64);
	BG_AUTO(free) unsigned char *blob = malloc(n + 4);
	if (!blob)
		return bg_fail_oom(err);
	int len = n % 4 ? -1
			: EVP_DecodeBlock(blob, (const unsigned char *)base64,
					  (int)n);
	if (len < 3)
		return bad(err, path, "its key is not base 64");
	len -= n >= 2 && base64[n - 2] == '=' ? 2 : base64[n - 1] == '=';
	int rc = bg_own_key_parse(&r->key, blob, (size_t)len, err);
	return rc ? bg_wrap(err, "cannot take the request '%s'", path) : 0;
}

static const char *text(struct bg_request *r, const json_t *o, const char *key)
{
	const char *s = bg_json_text(o, key);
	return s ? bg_arena_strdup(&r->arena, s) : NULL;
}

static int check_signature(struct bg_request *r, const char *signed_, size_t n,
			   const char *armor, size_t armor_n, const char *path,
			   struct bg_error *err)
{
	BG_AUTO(str) struct bg_str packet = BG_STR_INIT;
	struct bg_sig sig;
	struct bg_error why;
	if (bg_armor_read(&packet, armor, armor_n, &why) ||
	    bg_sig_parse(&sig, packet.buf, packet.len, &why))
		return bad(err, path, why.msg);
	for (size_t i = 0; i < r->key.parsed.keys.n; i++) {
		const struct bg_pubkey *k = &r->key.parsed.keys.v[i];
		if (!bg_fpr_eq(&k->fpr, &sig.issuer))
			continue;
		if (!k->may_sign || bg_sig_check(&sig, k, signed_, n, &why))
			return bad(err, path, "its signature is wrong");
		/* The key that proved itself is the one to list. */
		r->key.signing.v[0] = sig.issuer;
		r->key.signing.n = 1;
		return 0;
	}
	return bad(err, path, "it is signed by another key than its own");
}

int bg_request_read(struct bg_request *out, const char *path,
		    struct bg_error *err)
{
	BG_AUTO(str) struct bg_str file = BG_STR_INIT;
	BG_AUTO(json) json_t *o = NULL;
	struct bg_error why;
	int rc = bg_file_read(&file, path, REQUEST_MAX, err);
	if (rc)
		return bg_wrap(err, "cannot read the request");
	const char *p = bg_str_text(&file), *mark = strstr(p, MARK);
	if (!bg_starts_with(p, HEAD) || !mark || strlen(p) != file.len)
		return bad(err, path, "it is no bg-request/1");
	size_t n = (size_t)(mark - p), head = strlen(HEAD);
	if (bg_json_parse(&o, p + head, n - head, &limits, &why))
		return bad(err, path, why.msg);
	const char *key = bg_json_text(o, "key");
	const char *repo = bg_json_text(o, "repo");
	out->name = text(out, o, "name");
	out->kind = text(out, o, "kind");
	out->contact = text(out, o, "contact");
	out->email = text(out, o, "email");
	out->human = text(out, o, "human");
	out->owner = text(out, o, "owner");
	if (!out->name || !out->kind || !key || !repo ||
	    !bg_digest_parse(&out->repo, repo))
		return bad(err, path, "name, kind, key or repo is missing");
	rc = decode_key(out, key, path, err);
	return rc ? rc
		  : check_signature(out, p, n, mark, file.len - n, path, err);
}

int bg_request_make(struct bg_ctx *ctx, const char *path,
		    const struct bg_request *wanted, struct bg_error *err)
{
	struct bg_request r = *wanted;
	BG_AUTO(str) struct bg_str file = BG_STR_INIT;
	int rc = bg_request_write(&file, &r, ctx, err);
	return rc ? rc : bg_file_commit(path, 0644, file.buf, file.len, err);
}
