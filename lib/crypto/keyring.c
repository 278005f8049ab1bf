#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/io.h"
#include "crypto/gpgme.h"
#include "crypto/signway.h"

/* The user's keyring through GPGME: what is there, in which state. */

void bg_gpg_keys_release(struct bg_gpg_keys *k)
{
	for (size_t i = 0; i < k->list.n; i++)
		bg_vec_release(&k->list.v[i].signing);
	bg_vec_release(&k->list);
}

static bool may_sign(const struct _gpgme_subkey *sub, bool secret)
{
	return sub->can_sign && !sub->revoked && !sub->expired &&
	       !sub->disabled && !sub->invalid && (!secret || sub->secret);
}

static bool is_listed(const struct bg_gpg_key *k, const char *hex)
{
	struct bg_fpr fpr;

	if (!bg_fpr_parse(&fpr, hex))
		return true; /* nothing that we could use */
	for (size_t i = 0; i < k->signing.n; i++)
		if (bg_fpr_eq(&k->signing.v[i], &fpr))
			return true;
	return false;
}

/* gpg takes the newest signing subkey, and the primary when there is none. */
static int add_signing(struct bg_gpg_key *k, gpgme_key_t key, bool secret,
		       struct bg_error *err)
{
	for (;;) {
		gpgme_subkey_t best = NULL;
		struct bg_fpr fpr;

		for (gpgme_subkey_t s = key->subkeys->next; s; s = s->next)
			if (may_sign(s, secret) && !is_listed(k, s->fpr) &&
			    (!best || s->timestamp > best->timestamp))
				best = s;
		if (!best)
			break;
		if (!bg_fpr_parse(&fpr, best->fpr) ||
		    bg_vec_push(&k->signing, fpr))
			return bg_fail_oom(err);
	}
	if (may_sign(key->subkeys, secret) &&
	    bg_vec_push(&k->signing, k->primary))
		return bg_fail_oom(err);
	return 0;
}

static void copy_uid(struct bg_gpg_key *k, gpgme_key_t key)
{
	BG_AUTO(str) struct bg_str clean = BG_STR_INIT;
	size_t n;

	if (!key->uids || !key->uids->uid)
		return;
	bg_text_clean(&clean, key->uids->uid, strlen(key->uids->uid));
	if (clean.oom)
		return;
	n = clean.len < sizeof(k->uid) - 1 ? clean.len : sizeof(k->uid) - 1;
	/* Not in the middle of a character. */
	while (n && n < clean.len && (clean.buf[n] & 0xc0) == 0x80)
		n--;
	memcpy(k->uid, bg_str_text(&clean), n);
}

static int add_key(struct bg_gpg_keys *out, gpgme_key_t key, bool secret,
		   struct bg_error *err)
{
	struct bg_gpg_key k = { .secret = key->secret,
				.expired = key->expired,
				.revoked = key->revoked,
				.disabled = key->disabled };
	int r;

	if (!key->subkeys || !bg_fpr_parse(&k.primary, key->subkeys->fpr))
		return 0; /* another version of OpenPGP */
	for (gpgme_subkey_t s = key->subkeys; s; s = s->next)
		k.secret |= s->secret;
	if (secret && !k.secret)
		return 0;
	copy_uid(&k, key);
	if ((r = add_signing(&k, key, secret, err))) {
		bg_vec_release(&k.signing);
		return r;
	}
	if (bg_vec_push(&out->list, k)) {
		bg_vec_release(&k.signing);
		return bg_fail_oom(err);
	}
	return 0;
}

static int list(struct bg_gpg_keys *out, size_t *seen, gpgme_ctx_t ctx,
		const char *pattern, bool secret, struct bg_error *err)
{
	gpgme_error_t e = gpgme_op_keylist_start(ctx, pattern, 0);
	int r = 0;

	while (!e && !r) {
		BG_AUTO(gpgme_key) gpgme_key_t key = NULL;

		if ((e = gpgme_op_keylist_next(ctx, &key)))
			break;
		(*seen)++;
		r = add_key(out, key, secret, err);
	}
	gpgme_op_keylist_end(ctx);
	if (r)
		return r;
	if (gpgme_err_code(e) != GPG_ERR_EOF &&
	    gpgme_err_code(e) != GPG_ERR_NO_ERROR)
		return bg_fail(err, BG_EFAIL, "gpg",
			       "cannot list keys: error %u of %s",
			       (unsigned)gpgme_err_code(e), gpgme_strsource(e));
	return 0;
}

/* "alice@example.org" alone would also find malice@example.org. */
static void exact_address(struct bg_str *out, const char *pattern)
{
	bool plain = (*pattern >= 'a' && *pattern <= 'z') ||
		     (*pattern >= 'A' && *pattern <= 'Z') ||
		     (*pattern >= '0' && *pattern <= '9');

	if (plain && strchr(pattern, '@') && !strpbrk(pattern, "<> "))
		bg_str_addf(out, "<%s>", pattern);
	else
		bg_str_add(out, pattern);
}

static int agent_is_there(const struct bg_gpg *gpg, struct bg_error *err)
{
	BG_AUTO(agent) struct bg_agent *a = NULL;

	return bg_agent_open(&a, gpg, err);
}

int bg_gpg_list(struct bg_gpg_keys *out, const struct bg_gpg *gpg,
		const char *pattern, bool secret, struct bg_error *err)
{
	BG_AUTO(gpgme) gpgme_ctx_t ctx = NULL;
	BG_AUTO(str) struct bg_str exact = BG_STR_INIT;
	BG_AUTO(gpg_keys) struct bg_gpg_keys found = { 0 };
	size_t seen = 0;
	int r;

	memset(out, 0, sizeof(*out));
	if (pattern)
		exact_address(&exact, pattern);
	if ((r = bg_str_check(&exact, err)) ||
	    (r = bg_gpgme_user(&ctx, gpg, err)))
		return r;
	gpgme_set_keylist_mode(ctx, GPGME_KEYLIST_MODE_LOCAL |
					    GPGME_KEYLIST_MODE_WITH_SECRET);
	r = list(&found, &seen, ctx, pattern ? bg_str_text(&exact) : NULL,
		 secret, err);
	if (r)
		return r;
	/* Without an agent every key looks as if it were public only. */
	if (secret && seen && !found.list.n && (r = agent_is_there(gpg, err)))
		return r;
	*out = found;
	memset(&found, 0, sizeof(found));
	return 0;
}

int bg_gpg_export(struct bg_str *blob, const struct bg_gpg *gpg,
		  const struct bg_fpr *primary, struct bg_error *err)
{
	BG_AUTO(gpgme) gpgme_ctx_t ctx = NULL;
	BG_AUTO(gpgme_data) gpgme_data_t data = NULL;
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	char hex[2 * BG_FPR_LEN + 1];
	struct bg_gpgme_sink sink;
	gpgme_error_t e;
	int r;

	bg_fpr_format(hex, primary);
	if ((r = bg_gpgme_user(&ctx, gpg, err)) ||
	    (r = bg_gpgme_to(&data, &sink, &raw, 4 * 1024 * 1024, err)))
		return r;
	e = gpgme_op_export(ctx, hex, GPGME_EXPORT_MODE_MINIMAL, data);
	if (e)
		return bg_fail(err, BG_EFAIL, "gpg",
			       "cannot export key %s: error %u of %s", hex,
			       (unsigned)gpgme_err_code(e), gpgme_strsource(e));
	if (!raw.len) {
		bg_fail(err, BG_ENOENT, "no-such-key",
			"key %s is not in the keyring", hex);
		return bg_hint(err, "gpg --list-keys");
	}
	if ((r = bg_keyblob_minimise(blob, raw.buf, raw.len, err)))
		return bg_wrap(err, "cannot use key %s", hex);
	return 0;
}

/*
 * State of one signing key, remembered while the keyring's files stay as they
 * are: "1 <fpr> <state> <expires> <stamp>".
 */
enum state { GOOD, EXPIRED, REVOKED, UNKNOWN };

struct remembered {
	int state;
	long long expires; /* seconds since 1970, 0: never */
};

static void add_stamp(struct bg_str *out, const char *home)
{
	static const char *const files[] = { "pubring.kbx",
					     "pubring.gpg",
					     "public-keys.d/pubring.db",
					     "public-keys.d/pubring.db-wal",
					     "gpg.conf",
					     "common.conf" };

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		BG_AUTO(str) struct bg_str path = BG_STR_INIT;
		struct stat st = { 0 };

		bg_str_addf(&path, "%s/%s", home, files[i]);
		if (path.oom || stat(path.buf, &st)) {
			bg_str_add(out, " -");
			continue;
		}
		bg_str_addf(out, " %llx:%llx:%llx:%llx.%lx:%llx.%lx",
			    (unsigned long long)st.st_dev,
			    (unsigned long long)st.st_ino,
			    (unsigned long long)st.st_size,
			    (unsigned long long)st.st_mtim.tv_sec,
			    (unsigned long)st.st_mtim.tv_nsec,
			    (unsigned long long)st.st_ctim.tv_sec,
			    (unsigned long)st.st_ctim.tv_nsec);
	}
}

static void state_path(struct bg_str *out, const struct bg_gpg *gpg,
		       const char *hex)
{
	bg_str_addf(out, "%s/gpgkey-%s", gpg->cache_dir, hex);
}

static bool recall(struct remembered *out, const struct bg_gpg *gpg,
		   const char *hex, const char *stamp)
{
	BG_AUTO(str)
	struct bg_str path = BG_STR_INIT, text = BG_STR_INIT,
		      want = BG_STR_INIT;
	struct bg_error why;

	state_path(&path, gpg, hex);
	if (path.oom || bg_file_read(&text, path.buf, 2048, &why) ||
	    sscanf(bg_str_text(&text), "1 %*40s %d %lld", &out->state,
		   &out->expires) != 2)
		return false;
	bg_str_addf(&want, "1 %s %d %lld%s\n", hex, out->state, out->expires,
		    stamp);
	return !want.oom && bg_str_eq(want.buf, text.buf) &&
	       out->state >= GOOD && out->state < UNKNOWN;
}

static void remember(const struct remembered *m, const struct bg_gpg *gpg,
		     const char *hex, const char *stamp)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT, text = BG_STR_INIT;
	struct bg_error why;

	state_path(&path, gpg, hex);
	bg_str_addf(&text, "1 %s %d %lld%s\n", hex, m->state, m->expires,
		    stamp);
	/* Without it the next process asks gpg again, no more. */
	if (!path.oom && !text.oom &&
	    !bg_dir_make(gpg->cache_dir, 0700, &why) &&
	    bg_file_commit(path.buf, 0600, text.buf, text.len, &why))
		return;
}

static int ask_keyring(struct remembered *out, const struct bg_gpg *gpg,
		       const struct bg_pubkey *key, struct bg_error *err)
{
	BG_AUTO(gpgme) gpgme_ctx_t ctx = NULL;
	BG_AUTO(gpgme_key) gpgme_key_t found = NULL;
	int r;

	out->state = UNKNOWN;
	out->expires = 0;
	if ((r = bg_gpgme_user(&ctx, gpg, err)) ||
	    (r = bg_gpgme_key(&found, ctx, &key->primary, err)))
		return r;
	for (gpgme_subkey_t s = found ? found->subkeys : NULL; s; s = s->next) {
		struct bg_fpr fpr;

		if (!bg_fpr_parse(&fpr, s->fpr) || !bg_fpr_eq(&fpr, &key->fpr))
			continue;
		out->state = found->revoked || s->revoked   ? REVOKED
			     : found->expired || s->expired ? EXPIRED
							    : GOOD;
		out->expires = s->expires;
		if (found->subkeys->expires &&
		    (!out->expires || found->subkeys->expires < out->expires))
			out->expires = found->subkeys->expires;
	}
	return 0;
}

static int judge(const struct remembered *m, const char *hex,
		 struct bg_error *err)
{
	if (m->state == REVOKED) {
		bg_fail(err, BG_ENOKEY, "key-revoked",
			"cannot sign: key %s is revoked", hex);
		return bg_hint(err, "gpg --list-keys %s", hex);
	}
	if (m->state == EXPIRED ||
	    (m->expires && m->expires <= bg_now_ms() / 1000)) {
		bg_fail(err, BG_ENOKEY, "key-expired",
			"cannot sign: key %s has expired", hex);
		return bg_hint(err, "gpg --quick-set-expire %s 1y", hex);
	}
	return 0;
}

int bg_keyring_check(const struct bg_gpg *gpg, const struct bg_pubkey *key,
		     struct bg_error *err)
{
	BG_AUTO(str) struct bg_str home = BG_STR_INIT, stamp = BG_STR_INIT;
	char hex[2 * BG_FPR_LEN + 1];
	struct remembered m;
	int r;

	bg_fpr_format(hex, &key->fpr);
	if ((r = bg_gpg_home(&home, gpg, err)))
		return r;
	add_stamp(&stamp, bg_str_text(&home));
	if ((r = bg_str_check(&stamp, err)))
		return r;
	if (gpg->cache_dir && recall(&m, gpg, hex, stamp.buf))
		return judge(&m, hex, err);
	if ((r = ask_keyring(&m, gpg, key, err)))
		return r;
	if (gpg->cache_dir && m.state != UNKNOWN)
		remember(&m, gpg, hex, stamp.buf);
	return judge(&m, hex, err);
}
