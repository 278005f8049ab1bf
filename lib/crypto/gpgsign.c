#include <stdio.h>
#include <string.h>

#include "crypto/gpgme.h"
#include "crypto/signway.h"

/* Signing by a gpg process that GPGME starts: fallback and reference. */

#define PACKET_MAX 4096

static int fail_sign(struct bg_error *err, gpgme_error_t e)
{
	return bg_fail_gpg(err, e, "cannot sign");
}

/* The context and the key, which only a listing makes: once per signer. */
static int enter(struct bg_signer *s, struct bg_error *err)
{
	gpgme_error_t e;
	int r;

	if (s->gpgme_key)
		return 0;
	bg_gpgme_leave(s);
	if ((r = bg_gpgme_user(&s->gpgme, s->gpg, err)) ||
	    (r = bg_gpgme_key(&s->gpgme_key, s->gpgme, &s->key->primary, err)))
		return r;
	if (!s->gpgme_key)
		return fail_sign(err, gpgme_error(GPG_ERR_NO_SECKEY));
	e = gpgme_signers_add(s->gpgme, s->gpgme_key);
	return e ? fail_sign(err, e) : 0;
}

void bg_gpgme_leave(struct bg_signer *s)
{
	if (s->gpgme_key)
		gpgme_key_unref(s->gpgme_key);
	if (s->gpgme)
		gpgme_release(s->gpgme);
	s->gpgme_key = NULL;
	s->gpgme = NULL;
}

/* expired, revoked and public only all come back as "unusable": the state was
 * asked for before (bg_keyring_check), so here the secret is missing. */
static int sign_openpgp(struct bg_signer *s, gpgme_data_t in, gpgme_data_t out,
			struct bg_error *err)
{
	gpgme_error_t e;
	int r;

	if ((r = enter(s, err)))
		return r;
	e = gpgme_op_sign(s->gpgme, in, out, GPGME_SIG_MODE_DETACH);
	return e ? fail_sign(err, e) : 0;
}

/* The number of gpg's last FAILURE status line; "unusable" without one. */
static gpgme_error_t failure(const char *text)
{
	gpgme_error_t e = gpgme_error(GPG_ERR_UNUSABLE_SECKEY);
	unsigned long code;

	for (const char *p = text; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (bg_starts_with(p, "[GNUPG:] FAILURE sign ") &&
		    sscanf(p + 22, "%lu", &code) == 1)
			e = (gpgme_error_t)code;
	}
	return e;
}

static bool has_created(const char *text)
{
	return bg_starts_with(text, "[GNUPG:] SIG_CREATED ") ||
	       strstr(text, "\n[GNUPG:] SIG_CREATED ");
}

/* "FPR!" chooses exactly this subkey, which GPGME's own protocol cannot. */
static int sign_spawn(const struct bg_gpg *gpg, const struct bg_pubkey *key,
		      gpgme_data_t in, gpgme_data_t out, struct bg_error *err)
{
	BG_AUTO(gpgme) gpgme_ctx_t ctx = NULL;
	BG_AUTO(gpgme_data) gpgme_data_t status = NULL;
	BG_AUTO(str) struct bg_str text = BG_STR_INIT, home = BG_STR_INIT;
	char user[2 * BG_FPR_LEN + 2];
	struct bg_gpgme_sink sink;
	gpgme_error_t e;
	int r;
	const char *argv[] = {
		"gpg",
		"--homedir",
		NULL,
		"--batch",
		"--no-tty",
		"--status-fd",
		"2",
		"--logger-file",
		"/dev/null",
		"--pinentry-mode",
		gpg->batch ? "error" : "default",
		"--no-armor",
		"--no-textmode",
		"--digest-algo",
		"SHA256",
		"-u",
		user,
		"--detach-sign",
		NULL,
	};

	bg_fpr_format(user, &key->fpr);
	user[2 * BG_FPR_LEN] = '!';
	user[2 * BG_FPR_LEN + 1] = '\0';
	if ((r = bg_gpg_home(&home, gpg, err)) ||
	    (r = bg_gpgme_to(&status, &sink, &text, 64 * 1024, err)))
		return r;
	argv[2] = bg_str_text(&home);
	bg_gpgme_init();
	if ((e = gpgme_new(&ctx)) ||
	    (e = gpgme_set_protocol(ctx, GPGME_PROTOCOL_SPAWN)))
		return fail_sign(err, e);
	e = gpgme_op_spawn(ctx, BG_GPG_PROGRAM, argv, in, out, status, 0);
	if (e)
		return fail_sign(err, e);
	if (!has_created(bg_str_text(&text)))
		return fail_sign(err, failure(bg_str_text(&text)));
	return 0;
}

/* Would gpg choose this one by itself?  Only when there is no other. */
static bool is_only_choice(const struct bg_keyblob *blob,
			   const struct bg_pubkey *key)
{
	for (size_t i = 0; i < blob->keys.n; i++)
		if (blob->keys.v[i].may_sign && &blob->keys.v[i] != key &&
		    !bg_fpr_eq(&blob->keys.v[i].fpr, &key->fpr))
			return false;
	return true;
}

int bg_gpgme_sign(struct bg_str *packet, struct bg_signer *s,
		  const void *payload, size_t n, struct bg_error *err)
{
	BG_AUTO(gpgme_data) gpgme_data_t in = NULL, out = NULL;
	struct bg_gpgme_sink sink;
	int r;

	if ((r = bg_gpgme_from(&in, payload, n, err)) ||
	    (r = bg_gpgme_to(&out, &sink, packet, PACKET_MAX, err)))
		return r;
	if (is_only_choice(&s->blob, s->key))
		r = sign_openpgp(s, in, out, err);
	else
		r = sign_spawn(s->gpg, s->key, in, out, err);
	if (r)
		return bg_agent_look(err, s->gpg);
	return bg_str_check(packet, err);
}
