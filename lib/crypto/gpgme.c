#include "crypto/gpgme.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Without the flag GPGME starts gpgconf three times, gpg twice and gpgsm once
 * before it does anything (prototype.md, section 1). */
static void init(void)
{
	gpgme_set_global_flag("disable-gpgconf", "1");
	gpgme_check_version(NULL);
}

static int fail(struct bg_error *err, gpgme_error_t e, const char *what)
{
	return bg_fail(err, BG_EFAIL, "gpg", "cannot %s: error %u of %s", what,
		       (unsigned)gpgme_err_code(e), gpgme_strsource(e));
}

void bg_gpgme_init(void)
{
	pthread_once(&once, init);
}

int bg_gpgme_new(gpgme_ctx_t *out, const char *home, bool batch,
		 struct bg_error *err)
{
	BG_AUTO(gpgme) gpgme_ctx_t ctx = NULL;
	gpgme_error_t e;

	bg_gpgme_init();
	if ((e = gpgme_new(&ctx)) ||
	    (e = gpgme_set_protocol(ctx, GPGME_PROTOCOL_OpenPGP)) ||
	    (e = gpgme_ctx_set_engine_info(ctx, GPGME_PROTOCOL_OpenPGP,
					   BG_GPG_PROGRAM, home)))
		return fail(err, e, "use GPGME");
	gpgme_set_armor(ctx, 0);
	gpgme_set_offline(ctx, 1);
	if (batch)
		gpgme_set_pinentry_mode(ctx, GPGME_PINENTRY_MODE_ERROR);
	*out = bg_move(ctx);
	return 0;
}

int bg_gpgme_user(gpgme_ctx_t *out, const struct bg_gpg *gpg,
		  struct bg_error *err)
{
	BG_AUTO(str) struct bg_str home = BG_STR_INIT;
	int r;

	if ((r = bg_gpg_home(&home, gpg, err)))
		return r;
	return bg_gpgme_new(out, home.len ? home.buf : NULL, gpg->batch, err);
}

int bg_gpgme_from(gpgme_data_t *out, const void *p, size_t n,
		  struct bg_error *err)
{
	gpgme_error_t e = gpgme_data_new_from_mem(out, p ? p : "", n, 0);

	return e ? fail(err, e, "give bytes to GPGME") : 0;
}

static ssize_t sink_write(void *handle, const void *p, size_t n)
{
	struct bg_gpgme_sink *sink = handle;

	if (n > sink->max || sink->into->len > sink->max - n) {
		errno = EFBIG;
		return -1;
	}
	bg_str_addn(sink->into, p, n);
	if (sink->into->oom) {
		errno = ENOMEM;
		return -1;
	}
	return (ssize_t)n;
}

int bg_gpgme_to(gpgme_data_t *out, struct bg_gpgme_sink *sink,
		struct bg_str *into, size_t max, struct bg_error *err)
{
	gpgme_error_t e;

	memset(sink, 0, sizeof(*sink));
	sink->into = into;
	sink->max = max;
	sink->cbs.write = sink_write;
	e = gpgme_data_new_from_cbs(out, &sink->cbs, sink);
	return e ? fail(err, e, "take bytes from GPGME") : 0;
}

int bg_gpgme_key(gpgme_key_t *out, gpgme_ctx_t ctx, const struct bg_fpr *fpr,
		 struct bg_error *err)
{
	char hex[2 * BG_FPR_LEN + 1];
	gpgme_error_t e;

	*out = NULL;
	bg_fpr_format(hex, fpr);
	e = gpgme_get_key(ctx, hex, out, 0);
	/* "Not there" and several other misfortunes are all end of file. */
	if (e && gpgme_err_code(e) != GPG_ERR_EOF &&
	    gpgme_err_code(e) != GPG_ERR_NOT_FOUND)
		return fail(err, e, "look for a key");
	return 0;
}
