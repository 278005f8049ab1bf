#include "support/gpghome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/proc.h"

void gpghome_make(struct gpghome *h)
{
	memset(h, 0, sizeof(*h));
	memcpy(h->dir, "/tmp/bgXXXXXX", 14);
	assert_non_null(mkdtemp(h->dir));
	h->gpg.home = h->dir;
	h->gpg.user_home = h->dir;
	h->gpg.batch = true;
}

static int run(const char *const *argv, const char *dir, const void *in,
	       size_t n, struct bg_str *out, struct bg_str *status)
{
	BG_AUTO(str) struct bg_str home = BG_STR_INIT;
	const char *env[] = { "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", NULL,
			      NULL };
	BG_AUTO(proc_result) struct bg_proc_result res = BG_PROC_RESULT_INIT;
	struct bg_proc p = { .argv = argv,
			     .env = env,
			     .in = in,
			     .in_len = n,
			     .secret_fd = -1,
			     .capture_secret = true,
			     .max_out = 1 << 20,
			     .timeout_ms = 60000 };
	struct bg_error err = { 0 };

	bg_str_addf(&home, "HOME=%s", dir);
	env[2] = home.buf;
	if (bg_proc_run(&res, &p, &err))
		fail_msg("%s: %s", argv[0], err.msg);
	assert_true(res.started);
	if (out)
		bg_str_addn(out, bg_str_text(&res.out), res.out.len);
	if (status)
		bg_str_addn(status, bg_str_text(&res.secret), res.secret.len);
	return res.exit_status;
}

int gpghome_run(struct gpghome *h, const char *const *args, const void *in,
		size_t n, struct bg_str *out, struct bg_str *status)
{
	const char *argv[48] = { "/usr/bin/gpg",
				 "--homedir",
				 h->dir,
				 "--batch",
				 "--no-tty",
				 "--quiet",
				 "--status-fd",
				 "3",
				 "--trust-model",
				 "always",
				 "--pinentry-mode",
				 "error" };
	size_t at = 12;

	while (*args && at < 47)
		argv[at++] = *args++;
	return run(argv, h->dir, in, n, out, status);
}

void gpghome_kill_agent(struct gpghome *h)
{
	const char *argv[] = { "/usr/bin/gpgconf", "--homedir", h->dir,
			       "--kill",           "all",       NULL };

	(void)run(argv, h->dir, NULL, 0, NULL, NULL);
}

void gpghome_drop(struct gpghome *h)
{
	struct bg_error err;

	gpghome_kill_agent(h);
	/* The agent may be taking its socket away at this moment. */
	if (bg_tree_remove(h->dir, &err) && bg_tree_remove(h->dir, &err))
		fail_msg("%s", err.msg);
}

void gpghome_file(struct gpghome *h, const char *name, int mode, const void *p,
		  size_t n)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	struct bg_error err;

	bg_str_addf(&path, "%s/%s", h->dir, name);
	if (bg_file_commit(path.buf, (mode_t)mode, p, n, &err))
		fail_msg("%s", err.msg);
}

void gpghome_import(struct gpghome *h, const char *name, bool secret)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	const char *args[] = { "--import", NULL, NULL };
	struct stat st;

	bg_str_addf(&path, "tests/keys/%s.%s.asc", name,
		    secret ? "sec" : "pub");
	if (stat(path.buf, &st))
		fail_msg("run it from the top: no '%s'", path.buf);
	{
		BG_AUTO(str) struct bg_str text = BG_STR_INIT;
		struct bg_error err;

		assert_int_equal(bg_file_read(&text, path.buf, 1 << 20, &err),
				 0);
		assert_int_equal(gpghome_run(h, args, text.buf, text.len, NULL,
					     NULL),
				 0);
	}
}

struct bg_fpr gpghome_fpr(const char *name)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT, want = BG_STR_INIT;
	struct bg_fpr fpr;
	struct bg_error err;
	char hex[41] = "";
	const char *at;

	assert_int_equal(
		bg_file_read(&text, "tests/keys/fingerprints", 65536, &err), 0);
	bg_str_addf(&want, "%s ", name);
	at = text.buf;
	while (at && !bg_starts_with(at, want.buf)) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	assert_non_null(at);
	memcpy(hex, at + want.len, 40);
	assert_true(bg_fpr_parse(&fpr, hex));
	return fpr;
}

void gpghome_blob(struct gpghome *h, struct bg_keyblob *out, const char *name)
{
	BG_AUTO(str) struct bg_str blob = BG_STR_INIT;
	struct bg_fpr fpr = gpghome_fpr(name);
	struct bg_error err;

	if (bg_gpg_export(&blob, &h->gpg, &fpr, &err) ||
	    bg_keyblob_parse(out, blob.buf, blob.len, &err))
		fail_msg("%s: %s", name, err.msg);
}

void gpghome_verify(struct gpghome *h, char *fpr, const char *armor,
		    size_t armor_n, const void *payload, size_t n)
{
	static const char valid[] = "[GNUPG:] VALIDSIG ";
	BG_AUTO(str) struct bg_str status = BG_STR_INIT, sig = BG_STR_INIT;
	const char *args[] = { "--verify", NULL, "-", NULL };
	const char *at;

	gpghome_file(h, "verify.asc", 0600, armor, armor_n);
	bg_str_addf(&sig, "%s/verify.asc", h->dir);
	args[1] = sig.buf;
	(void)gpghome_run(h, args, payload, n, NULL, &status);
	*fpr = '\0';
	at = strstr(bg_str_text(&status), valid);
	if (!at || strstr(at + 1, valid))
		return;
	memcpy(fpr, at + sizeof(valid) - 1, 40);
	fpr[40] = '\0';
}
