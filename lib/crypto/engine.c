#include "crypto/engine.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "crypto/gpgme.h"

/* GPGME hands no options to gpg, the home's own configuration does. */
static const char conf[] =
	"batch\nno-tty\nno-greeting\nquiet\n"
	"no-autostart\ndisable-dirmngr\nno-auto-key-retrieve\n"
	"no-auto-key-import\nno-auto-key-locate\nno-auto-check-trustdb\n"
	"no-random-seed-file\nlock-never\ntrust-model always\n"
	"ignore-time-conflict\n";

/* One VALIDSIG of gpg's status lines (GnuPG's doc/DETAILS). */
struct verdict {
	unsigned valid, others; /* VALIDSIG lines, NEWSIG lines */
	struct bg_fpr fpr;
	unsigned hash, class;
};

struct bg_engine {
	gpgme_ctx_t ctx;
	struct bg_str home;
	struct verdict verdict;
};

static bool parse_valid(struct verdict *v, const char *args)
{
	char fpr[41], class[3];

	/* fpr date seconds expires version reserved pk hash class primary */
	return sscanf(args, "%40s %*s %*s %*s %*s %*s %*s %u %2s", fpr,
		      &v->hash, class) == 3 &&
	       sscanf(class, "%2x", &v->class) == 1 &&
	       bg_fpr_parse(&v->fpr, fpr);
}

static gpgme_error_t take_status(void *into, const char *keyword,
				 const char *args)
{
	struct verdict *v = into;

	if (keyword && bg_str_eq(keyword, "NEWSIG"))
		v->others++;
	if (keyword && bg_str_eq(keyword, "VALIDSIG")) {
		v->valid++;
		if (!parse_valid(v, args))
			v->valid = 99;
	}
	return 0;
}

static int make_home(struct bg_engine *e, const char *tmp, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	int r;

	bg_str_addf(&e->home, "%s/gpg-XXXXXX", tmp);
	if ((r = bg_str_check(&e->home, err)))
		return r;
	if (!mkdtemp(e->home.buf)) {
		r = bg_fail_errno(err, "cannot make a folder under '%s'", tmp);
		bg_str_release(&e->home);
		return r;
	}
	bg_str_addf(&path, "%s/gpg.conf", e->home.buf);
	if ((r = bg_str_check(&path, err)))
		return r;
	return bg_file_commit(path.buf, 0600, conf, sizeof(conf) - 1, err);
}

int bg_engine_open(struct bg_engine **out, const char *tmp,
		   struct bg_error *err)
{
	BG_AUTO(engine) struct bg_engine *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return bg_fail_oom(err);
	if ((r = make_home(e, tmp, err)) ||
	    (r = bg_gpgme_new(&e->ctx, e->home.buf, true, err)))
		return r;
	gpgme_set_ctx_flag(e->ctx, "full-status", "1");
	gpgme_set_status_cb(e->ctx, take_status, &e->verdict);
	*out = bg_move(e);
	return 0;
}

void bg_engine_close(struct bg_engine *e)
{
	struct bg_error why;

	if (e->ctx)
		gpgme_release(e->ctx);
	/* What cannot be removed holds public keys only. */
	if (e->home.len && bg_tree_remove(e->home.buf, &why))
		bg_str_clear(&e->home);
	bg_str_release(&e->home);
	free(e);
}

int bg_engine_add_key(struct bg_engine *e, const void *blob, size_t n,
		      struct bg_error *err)
{
	BG_AUTO(gpgme_data) gpgme_data_t data = NULL;
	gpgme_import_result_t res;
	gpgme_error_t g;
	int r;

	if ((r = bg_gpgme_from(&data, blob, n, err)))
		return r;
	g = gpgme_op_import(e->ctx, data);
	res = gpgme_op_import_result(e->ctx);
	if (g || !res || res->imported + res->unchanged != 1 ||
	    res->secret_imported)
		return bg_fail(err, BG_EVERIFY, "engine-disagrees",
			       "gpg does not take the public key: error %u",
			       (unsigned)gpgme_err_code(g));
	return 0;
}

static int disagree(struct bg_error *err, const struct bg_fpr *fpr,
		    const char *why)
{
	char hex[2 * BG_FPR_LEN + 1];

	bg_fpr_format(hex, fpr);
	return bg_fail(err, BG_EVERIFY, "engine-disagrees",
		       "gpg finds no good signature of %s: %s", hex, why);
}

/* Expired and revoked keys are no matter of this engine: trust decides. */
static bool is_good(gpgme_signature_t s)
{
	switch (gpgme_err_code(s->status)) {
	case GPG_ERR_NO_ERROR:
	case GPG_ERR_KEY_EXPIRED:
	case GPG_ERR_CERT_REVOKED:
		return true;
	default:
		return false;
	}
}

static int judge(struct bg_engine *e, const struct bg_fpr *fpr,
		 struct bg_error *err)
{
	gpgme_verify_result_t res = gpgme_op_verify_result(e->ctx);
	gpgme_signature_t s = res ? res->signatures : NULL;
	const struct verdict *v = &e->verdict;
	struct bg_fpr by;

	if (!s || s->next || v->others != 1)
		return disagree(err, fpr, "not exactly one signature");
	if (v->valid != 1 || !is_good(s))
		return disagree(err, fpr, "it does not verify");
	if (!s->fpr || !bg_fpr_parse(&by, s->fpr) || !bg_fpr_eq(&by, fpr) ||
	    !bg_fpr_eq(&v->fpr, fpr))
		return disagree(err, fpr, "another key made it");
	if (v->class != 0 || v->hash < 8 || v->hash > 10)
		return disagree(err, fpr, "another class or a weak hash");
	return 0;
}

int bg_engine_check(struct bg_engine *e, const char *armor, size_t armor_n,
		    const void *payload, size_t n, const struct bg_fpr *fpr,
		    struct bg_error *err)
{
	BG_AUTO(gpgme_data) gpgme_data_t sig = NULL, text = NULL;
	gpgme_error_t g;
	int r;

	memset(&e->verdict, 0, sizeof(e->verdict));
	if ((r = bg_gpgme_from(&sig, armor, armor_n, err)) ||
	    (r = bg_gpgme_from(&text, payload, n, err)))
		return r;
	g = gpgme_op_verify(e->ctx, sig, text, NULL);
	if (g)
		return disagree(err, fpr, "it cannot be read");
	return judge(e, fpr, err);
}

/*
 * Encryption.
 */
#define RECIPIENTS_MAX 64
#define CIPHER_MAX (64 * 1024 * 1024)

struct recipients {
	gpgme_key_t list[RECIPIENTS_MAX + 1]; /* NULL terminated */
};

static void recipients_release(struct recipients *r)
{
	for (size_t i = 0; r->list[i]; i++)
		gpgme_key_unref(r->list[i]);
}
BG_AUTO_VALUE(recipients, struct recipients, recipients_release)

static int add_recipient(struct recipients *to, size_t i, struct bg_engine *e,
			 struct bg_span blob, struct bg_error *err)
{
	BG_AUTO(keyblob) struct bg_keyblob key = { 0 };
	char hex[2 * BG_FPR_LEN + 1];
	int r;

	if ((r = bg_keyblob_parse(&key, blob.p, blob.n, err)) ||
	    (r = bg_engine_add_key(e, blob.p, blob.n, err)) ||
	    (r = bg_gpgme_key(&to->list[i], e->ctx, &key.keys.v[0].fpr, err)))
		return r;
	bg_fpr_format(hex, &key.keys.v[0].fpr);
	if (!to->list[i] || !to->list[i]->can_encrypt)
		return bg_fail(err, BG_ENOKEY, "cannot-encrypt",
			       "key %s of %s has no part to encrypt to that "
			       "is valid now",
			       hex, key.uid);
	return 0;
}

static int encrypt(struct bg_str *out, struct bg_engine *e,
		   struct recipients *to, const void *plain, size_t n,
		   struct bg_error *err)
{
	BG_AUTO(gpgme_data) gpgme_data_t in = NULL, cipher = NULL;
	BG_AUTO(str) struct bg_str made = BG_STR_INIT;
	struct bg_gpgme_sink sink;
	gpgme_error_t g;
	int r;

	if ((r = bg_gpgme_from(&in, plain, n, err)) ||
	    (r = bg_gpgme_to(&cipher, &sink, &made, CIPHER_MAX, err)))
		return r;
	/* A secret's length should not depend on what it says. */
	g = gpgme_op_encrypt(e->ctx, to->list,
			     GPGME_ENCRYPT_ALWAYS_TRUST |
				     GPGME_ENCRYPT_NO_ENCRYPT_TO |
				     GPGME_ENCRYPT_NO_COMPRESS,
			     in, cipher);
	if (g || gpgme_op_encrypt_result(e->ctx)->invalid_recipients)
		return bg_fail(err, BG_EFAIL, "cannot-encrypt",
			       "gpg cannot encrypt: error %u of %s",
			       (unsigned)gpgme_err_code(g), gpgme_strsource(g));
	bg_str_addn(out, made.buf, made.len);
	return bg_str_check(out, err);
}

int bg_encrypt(struct bg_str *out, const char *tmp, const struct bg_span *blobs,
	       size_t n_blobs, const void *plain, size_t n,
	       struct bg_error *err)
{
	BG_AUTO(engine) struct bg_engine *e = NULL;
	BG_AUTO(recipients) struct recipients to = { { NULL } };
	int r;

	if (!n_blobs || n_blobs > RECIPIENTS_MAX)
		return bg_fail(err, BG_EFAIL, "cannot-encrypt",
			       "cannot encrypt to %zu keys", n_blobs);
	if ((r = bg_engine_open(&e, tmp, err)))
		return r;
	for (size_t i = 0; i < n_blobs; i++)
		if ((r = add_recipient(&to, i, e, blobs[i], err)))
			return r;
	return encrypt(out, e, &to, plain, n, err);
}

int bg_decrypt(struct bg_str *out, const struct bg_gpg *gpg, const void *cipher,
	       size_t n, struct bg_error *err)
{
	BG_AUTO(gpgme) gpgme_ctx_t ctx = NULL;
	BG_AUTO(gpgme_data) gpgme_data_t in = NULL, plain = NULL;
	BG_AUTO(secret) struct bg_str made = BG_STR_INIT;
	struct bg_gpgme_sink sink;
	gpgme_error_t g;
	int r;

	if ((r = bg_gpgme_user(&ctx, gpg, err)) ||
	    (r = bg_gpgme_from(&in, cipher, n, err)) ||
	    (r = bg_gpgme_to(&plain, &sink, &made, CIPHER_MAX, err)))
		return r;
	g = gpgme_op_decrypt(ctx, in, plain);
	if (gpgme_err_code(g) == GPG_ERR_NO_DATA ||
	    gpgme_err_code(g) == GPG_ERR_BAD_DATA)
		return bg_fail(err, BG_EVERIFY, "bad-cipher",
			       "cannot decrypt: not an OpenPGP message");
	if (g) {
		bg_fail_gpg(err, g, "cannot decrypt");
		bg_agent_look(err, gpg);
		return err->code;
	}
	/* Put out only when gpg said that the whole was intact. */
	bg_str_addn(out, bg_str_text(&made), made.len);
	return bg_str_check(out, err);
}
