#include "grant/escrow.h"

#include <openssl/evp.h>
#include <string.h>

#define KEY_LEN 16
#define NONCE_LEN 12
#define TAG_LEN 16

static const struct bg_json_limits file_limits = { BG_ESCROW_FILE_MAX,
						   256 * 1024, 6 };

/*
 * Base 64
 */
static int to_base64(json_t *o, const char *name, const void *p, size_t n,
		     struct bg_error *err)
{
	size_t size = 4 * ((n + 2) / 3) + 1;
	BG_AUTO(free) char *text = malloc(size);

	if (!text)
		return bg_fail_oom(err);
	EVP_EncodeBlock((unsigned char *)text, p, (int)n);
	if (json_object_set_new(o, name, json_string(text)))
		return bg_fail_oom(err);
	return 0;
}

/* Append the bytes; false unless the text is exactly what they encode to. */
static bool from_base64(struct bg_str *out, const char *text)
{
	size_t n = text ? strlen(text) : 0, pad = 0;
	BG_AUTO(free) unsigned char *buf = malloc(n + 4);
	int got;

	if (!buf || n == 0 || n % 4)
		return false;
	while (pad < 2 && text[n - 1 - pad] == '=')
		pad++;
	got = EVP_DecodeBlock(buf, (const unsigned char *)text, (int)n);
	if (got < 0 || (size_t)got < pad)
		return false;
	bg_str_addn(out, buf, (size_t)got - pad);
	bg_wipe(buf, n + 4);
	return !out->oom;
}

/*
 * AEAD
 */
static int stretch(unsigned char out[32], const unsigned char key[KEY_LEN])
{
	static const char prefix[] = "bg-escrow/1\n";
	const struct bg_span pieces[] = {
		{ prefix, sizeof(prefix) - 1 },
		{ (const char *)key, KEY_LEN },
	};
	struct bg_digest d;

	if (bg_sha256_v(&d, pieces, 2))
		return -1;
	memcpy(out, d.b, 32);
	bg_wipe(&d, sizeof(d));
	return 0;
}

struct aead {
	const unsigned char *key, *nonce;
	const char *identity, *version;
};

/* in -> out of the same length; tag is written when sealing, else compared. */
static bool aead_run(unsigned char *out, unsigned char *tag,
		     const struct aead *a, const void *in, size_t n, bool seal)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	unsigned char long_key[32];
	int len, enc = seal ? 1 : 0;
	bool ok;

	if (!c || stretch(long_key, a->key)) {
		EVP_CIPHER_CTX_free(c);
		return false;
	}
	ok = EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, long_key, a->nonce,
			       enc) == 1 &&
	     EVP_CipherUpdate(c, NULL, &len, (const unsigned char *)a->identity,
			      (int)strlen(a->identity)) == 1 &&
	     EVP_CipherUpdate(c, NULL, &len, (const unsigned char *)"\n", 1) ==
		     1 &&
	     EVP_CipherUpdate(c, NULL, &len, (const unsigned char *)a->version,
			      (int)strlen(a->version)) == 1 &&
	     EVP_CipherUpdate(c, out, &len, in, (int)n) == 1;
	if (ok && !seal)
		ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_LEN,
					 tag) == 1;
	ok = ok && EVP_CipherFinal_ex(c, out + len, &len) == 1;
	if (ok && seal)
		ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_LEN,
					 tag) == 1;
	EVP_CIPHER_CTX_free(c);
	bg_wipe(long_key, sizeof(long_key));
	return ok;
}

/*
 * Envelopes
 */
struct recipients {
	BG_VEC(struct bg_span) blobs;
	json_t *names;
};

static int add_recipient(struct recipients *r, const struct bg_trust *t,
			 const char *name, struct bg_error *err)
{
	const struct bg_principal *p = bg_trust_principal(t, name);

	if (!p)
		return 0;
	for (size_t i = 0; i < p->n_keys; i++) {
		const struct bg_trust_file *f;
		char fpr[41], path[64];

		bg_fpr_format(fpr, &p->keys[i].primary);
		snprintf(path, sizeof(path), "keys/%s.pgp", fpr);
		f = bg_trust_file(t, path);
		if (f &&
		    bg_vec_push(&r->blobs, (struct bg_span){ f->text, f->n }))
			return bg_fail_oom(err);
	}
	json_array_append_new(r->names, json_string(name));
	return 0;
}

static int add_envelope(json_t *list, const char *to,
			const struct bg_names *names, const struct bg_trust *t,
			const char *tmp, const unsigned char key[KEY_LEN],
			struct bg_error *err)
{
	BG_AUTO(str) struct bg_str message = BG_STR_INIT;
	struct recipients r = { .names = json_array() };
	json_t *o = json_object();
	int rc = 0;

	json_object_set_new(o, "to", json_string(to));
	json_object_set_new(o, "names", r.names);
	json_array_append_new(list, o);
	for (size_t i = 0; !rc && i < names->n; i++)
		rc = add_recipient(&r, t, names->v[i], err);
	if (!rc && r.blobs.n == 0)
		rc = bg_fail(err, BG_EFAIL, "escrow-nobody",
			     "cannot encrypt: no key of a %s is in trust",
			     strcmp(to, "solo") == 0 ? "member of the role"
						     : "custodian");
	if (!rc)
		rc = bg_encrypt(&message, tmp, r.blobs.v, r.blobs.n, key,
				KEY_LEN, err);
	if (!rc)
		rc = to_base64(o, "message", message.buf, message.len, err);
	bg_vec_release(&r.blobs);
	return rc;
}

static int add_envelopes(json_t *file, const struct bg_identity *id,
			 const struct bg_trust *t, const char *tmp,
			 const unsigned char key[KEY_LEN], struct bg_error *err)
{
	json_t *list = json_array();
	const struct bg_role *role =
		id->escrow.solo_to ? bg_trust_role(t, id->escrow.solo_to)
				   : NULL;

	json_object_set_new(file, "envelopes", list);
	if (id->escrow.k > 1 && !id->escrow.solo_to)
		return bg_fail(err, BG_EFAIL, "escrow-quorum",
			       "cannot encrypt '%s': %u custodians together "
			       "are not supported yet, one is",
			       id->name, id->escrow.k);
	if (id->escrow.k == 1 &&
	    add_envelope(list, "quorum", &id->escrow.custodians, t, tmp, key,
			 err))
		return err->code;
	if (role &&
	    add_envelope(list, "solo", &role->members, t, tmp, key, err))
		return err->code;
	if (json_array_size(list) == 0)
		return bg_fail(err, BG_EFAIL, "escrow-nobody",
			       "cannot encrypt '%s': it names nobody who "
			       "could open it",
			       id->name);
	return 0;
}

/*
 * Seal and open
 */
static int seal_secret(json_t *file, const struct aead *a, const void *secret,
		       size_t n, struct bg_error *err)
{
	BG_AUTO(free) unsigned char *buf = malloc(n + TAG_LEN);

	if (!buf)
		return bg_fail_oom(err);
	if (!aead_run(buf, buf + n, a, secret, n, true))
		return bg_fail(err, BG_EFAIL, "crypto",
			       "cannot encrypt the credential");
	if (to_base64(file, "nonce", a->nonce, NONCE_LEN, err))
		return err->code;
	return to_base64(file, "sealed", buf, n + TAG_LEN, err);
}

static int seal_all(json_t *file, const struct bg_identity *id,
		    const struct bg_trust *t, const char *tmp,
		    const void *secret, size_t n, struct bg_error *err)
{
	unsigned char key[KEY_LEN], nonce[NONCE_LEN], v[8];
	char version[17];
	struct aead a = { key, nonce, id->name, version };
	int rc;

	if (bg_random(key, sizeof(key), err) ||
	    bg_random(nonce, sizeof(nonce), err) ||
	    bg_random(v, sizeof(v), err))
		return err->code;
	bg_hex(version, v, sizeof(v));
	json_object_set_new(file, "version", json_string(version));
	rc = seal_secret(file, &a, secret, n, err);
	if (!rc)
		rc = add_envelopes(file, id, t, tmp, key, err);
	bg_wipe(key, sizeof(key));
	return rc;
}

int bg_escrow_seal(struct bg_str *out, const struct bg_identity *id,
		   const struct bg_trust *t, const char *tmp,
		   const void *secret, size_t n, struct bg_error *err)
{
	BG_AUTO(json) json_t *file = json_object();

	if (n == 0 || n > BG_ESCROW_SECRET_MAX)
		return bg_fail(err, BG_EUSAGE, "secret-size",
			       "a credential has 1 to %d bytes",
			       BG_ESCROW_SECRET_MAX);
	json_object_set_new(file, "bg", json_string("escrow/1"));
	json_object_set_new(file, "cipher", json_string("aes-256-gcm"));
	json_object_set_new(file, "identity", json_string(id->name));
	if (seal_all(file, id, t, tmp, secret, n, err))
		return bg_wrap(err, "escrow of '%s'", id->name);
	return bg_json_canon(out, file, NULL, err);
}

static int altered(struct bg_error *err, const struct bg_identity *id,
		   const char *why)
{
	return bg_fail(err, BG_EVERIFY, "escrow-altered",
		       "cannot open the escrow of '%s': %s", id->name, why);
}

static int open_envelope(struct bg_str *key, const json_t *list,
			 const struct bg_gpg *gpg, struct bg_error *err)
{
	int rc = bg_fail(err, BG_ENOKEY, "key-not-here", "no envelope");
	size_t i;
	json_t *v;

	json_array_foreach(list, i, v) {
		BG_AUTO(str) struct bg_str message = BG_STR_INIT;

		if (!from_base64(&message, bg_json_text(v, "message")))
			continue;
		bg_str_clear(key);
		rc = bg_decrypt(key, gpg, message.buf, message.len, err);
		if (rc == 0)
			return 0;
	}
	return rc;
}

static int open_sealed(struct bg_str *secret, const json_t *file,
		       const struct bg_identity *id, const struct bg_str *key,
		       struct bg_error *err)
{
	BG_AUTO(str) struct bg_str nonce = BG_STR_INIT, sealed = BG_STR_INIT;
	BG_AUTO(secret) struct bg_str plain = BG_STR_INIT;
	struct aead a = { (const unsigned char *)key->buf, NULL, id->name,
			  bg_json_text(file, "version") };
	size_t n;

	if (!from_base64(&nonce, bg_json_text(file, "nonce")) ||
	    !from_base64(&sealed, bg_json_text(file, "sealed")) ||
	    nonce.len != NONCE_LEN || sealed.len <= TAG_LEN ||
	    key->len != KEY_LEN)
		return altered(err, id, "it is not complete");
	n = sealed.len - TAG_LEN;
	a.nonce = (const unsigned char *)nonce.buf;
	bg_str_addn(&plain, sealed.buf, n);
	if (bg_str_check(&plain, err))
		return err->code;
	if (!aead_run((unsigned char *)plain.buf,
		      (unsigned char *)sealed.buf + n, &a, sealed.buf, n,
		      false))
		return altered(err, id, "it was changed, or is another's");
	bg_str_addn(secret, plain.buf, n);
	return bg_str_check(secret, err);
}

int bg_escrow_open(struct bg_str *secret, char version[17],
		   const struct bg_identity *id, const char *text, size_t n,
		   const struct bg_gpg *gpg, struct bg_error *err)
{
	BG_AUTO(secret) struct bg_str key = BG_STR_INIT;
	BG_AUTO(json) json_t *file = NULL;
	const char *kind, *name, *v;

	if (bg_json_parse(&file, text, n, &file_limits, err))
		return bg_wrap(err, "escrow of '%s'", id->name);
	kind = bg_json_text(file, "bg");
	name = bg_json_text(file, "identity");
	v = bg_json_text(file, "version");
	if (!kind || strcmp(kind, "escrow/1") != 0 || !name ||
	    strcmp(name, id->name) != 0 || !v || strlen(v) != 16)
		return altered(err, id, "it is another's, or no escrow file");
	if (open_envelope(&key, json_object_get(file, "envelopes"), gpg, err))
		return bg_wrap(err, "cannot open the escrow of '%s'", id->name);
	snprintf(version, 17, "%s", v);
	return open_sealed(secret, file, id, &key, err);
}

bool bg_escrow_opens_alone(const struct bg_identity *id)
{
	return id->escrow.solo_to || id->escrow.k == 1;
}

static const struct bg_event *newest(const struct bg_event_list *l)
{
	const struct bg_event *best = NULL;

	for (size_t i = 0; i < l->list.n; i++) {
		const struct bg_event *e = l->list.v[i];

		if (e->wrong || e->doubtful ||
		    !json_object_get(e->data, "attachments"))
			continue;
		if (!best || e->at_ms > best->at_ms ||
		    (e->at_ms == best->at_ms &&
		     bg_digest_cmp(&e->digest, &best->digest) > 0))
			best = e;
	}
	return best;
}

int bg_escrow_find(struct bg_str *file, struct bg_store *store,
		   const char *identity, struct bg_error *err)
{
	BG_AUTO(event_list) struct bg_event_list list = { 0 };
	const struct bg_event_query q = { .type = "rotate",
					  .identity = identity };
	struct bg_attachment a;
	const struct bg_event *e;

	if (bg_store_events(&list, store, &q, err))
		return err->code;
	e = newest(&list);
	if (!e ||
	    !bg_attachment_from_json(
		    &a, json_array_get(json_object_get(e->data, "attachments"),
				       0))) {
		bg_fail(err, BG_ENOENT, "no-escrow",
			"no credential of '%s' is in escrow", identity);
		return bg_hint(err, "bg rotate %s", identity);
	}
	return bg_attachment_read(file, bg_store_repo(store), identity,
				  e->writer, &a, err);
}
