/* lib/crypto: signing by agent, by file, through GPGME; what goes wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"
#include "crypto/agent.h"
#include "support/gpghome.h"

static struct gpghome home;
static const char payload[] = "tree 4b825dc\n\nthe payload \xc3\xa9 \r\n \n";
#define PAYLOAD payload, sizeof(payload) - 1

static int make_home(void **state)
{
	(void)state;
	gpghome_make(&home);
	gpghome_import(&home, "alice", true);
	gpghome_import(&home, "p256", true);
	gpghome_import(&home, "p384", true);
	gpghome_import(&home, "rsa3072", true);
	gpghome_import(&home, "rsa2048", true);
	gpghome_import(&home, "subkey", true);
	gpghome_import(&home, "signonly", true);
	gpghome_import(&home, "locked", true);
	gpghome_import(&home, "expired", true);
	gpghome_import(&home, "revoked", true);
	gpghome_import(&home, "bob", false);
	return 0;
}

static int drop_home(void **state)
{
	(void)state;
	gpghome_drop(&home);
	return 0;
}

/* The last of the blob's keys that may sign. */
static const struct bg_fpr *signing_key(const struct bg_keyblob *blob)
{
	for (size_t i = blob->keys.n; i-- > 0;)
		if (blob->keys.v[i].may_sign)
			return &blob->keys.v[i].fpr;
	return &blob->keys.v[0].fpr;
}

static int try_sign(const struct bg_gpg *gpg, const struct bg_keyblob *blob,
		    struct bg_str *armor, struct bg_error *err)
{
	BG_AUTO(signer) struct bg_signer *s = NULL;
	int r = bg_signer_open_gpg(&s, gpg, blob, signing_key(blob), err);

	return r ? r : bg_signer_sign(armor, s, PAYLOAD, err);
}

static void sign_and_verify(const struct bg_gpg *gpg, const char *name)
{
	BG_AUTO(keyblob) struct bg_keyblob blob = { 0 };
	BG_AUTO(str) struct bg_str armor = BG_STR_INIT, packet = BG_STR_INIT;
	struct bg_error err = { 0 };
	struct bg_sig sig;
	char want[41], got[41];

	gpghome_blob(&home, &blob, name);
	if (try_sign(gpg, &blob, &armor, &err))
		fail_msg("%s: %s %s", name, err.id, err.msg);
	bg_fpr_format(want, signing_key(&blob));
	gpghome_verify(&home, got, armor.buf, armor.len, PAYLOAD);
	assert_string_equal(got, want);
	assert_int_equal(bg_armor_read(&packet, armor.buf, armor.len, &err), 0);
	assert_int_equal(bg_sig_parse(&sig, packet.buf, packet.len, &err), 0);
	assert_true(bg_fpr_eq(&sig.issuer, signing_key(&blob)));
	assert_in_range(sig.created, bg_now_ms() / 1000 - 100,
			bg_now_ms() / 1000 + 1);
}

static const char *const usable[] = { "alice",   "p256",   "p384",
				      "rsa3072", "subkey", "signonly" };
#define N_USABLE (sizeof(usable) / sizeof(*usable))

static void test_agent(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_USABLE; i++)
		sign_and_verify(&home.gpg, usable[i]);
}

static void test_gpgme(void **state)
{
	struct bg_gpg gpg = home.gpg;

	(void)state;
	gpg.use_gpgme = true;
	for (size_t i = 0; i < N_USABLE; i++)
		sign_and_verify(&gpg, usable[i]);
}

/* gpg would choose the newest subkey; trust may list any of them. */
static void test_chosen_subkey(void **state)
{
	const char *add[] = {
		"--passphrase",    "",
		"--pinentry-mode", "loopback",
		"--quick-add-key", "2D946502A985CCE7C635A93209BDA602D8CAA761",
		"ed25519",         "sign",
		"never",           NULL
	};
	BG_AUTO(keyblob) struct bg_keyblob blob = { 0 };
	struct bg_gpg gpg = home.gpg;

	(void)state;
	assert_int_equal(gpghome_run(&home, add, NULL, 0, NULL, NULL), 0);
	assert_int_equal(gpghome_run(&home, add, NULL, 0, NULL, NULL), 0);
	gpghome_blob(&home, &blob, "signonly");
	assert_int_equal(blob.keys.n, 3);
	for (size_t i = 0; i < 6; i++) {
		const struct bg_fpr *fpr = &blob.keys.v[i / 2].fpr;
		BG_AUTO(signer) struct bg_signer *s = NULL;
		BG_AUTO(str) struct bg_str armor = BG_STR_INIT;
		struct bg_error err = { 0 };
		char want[41], got[41];

		gpg.use_gpgme = i % 2;
		if (bg_signer_open_gpg(&s, &gpg, &blob, fpr, &err) ||
		    bg_signer_sign(&armor, s, PAYLOAD, &err))
			fail_msg("%zu: %s", i, err.msg);
		bg_fpr_format(want, fpr);
		gpghome_verify(&home, got, armor.buf, armor.len, PAYLOAD);
		assert_string_equal(got, want);
	}
}

/* gpg.conf of the user may ask for things that break the one form: what
 * results is refused, never written. */
static void test_user_options(void **state)
{
	static const char *const options[] = {
		"digest-algo SHA1\nweak-digest MD5\n",
		"textmode\n",
		"sig-notation a@example.org=b\n",
		"default-sig-expire 1d\n"
		"ask-sig-expire\n",
	};
	BG_AUTO(keyblob) struct bg_keyblob blob = { 0 };
	struct bg_gpg gpg = home.gpg;

	(void)state;
	gpghome_blob(&home, &blob, "alice");
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		BG_AUTO(str) struct bg_str armor = BG_STR_INIT;
		struct bg_error err = { 0 };

		gpghome_file(&home, "gpg.conf", 0600, options[i],
			     strlen(options[i]));
		gpg.use_gpgme = true;
		assert_int_equal(try_sign(&gpg, &blob, &armor, &err),
				 BG_ENOKEY);
		assert_int_equal(armor.len, 0);
		/* The agent's way does not read it. */
		sign_and_verify(&home.gpg, "alice");
	}
	/* Armor and comments do not matter: we make the armor. */
	gpghome_file(&home, "gpg.conf", 0600, "comment x\nemit-version\n", 23);
	sign_and_verify(&gpg, "alice");
	gpghome_file(&home, "gpg.conf", 0600, "", 0);
}

static void fails(const struct bg_gpg *gpg, const char *name, const char *id)
{
	BG_AUTO(keyblob) struct bg_keyblob blob = { 0 };
	BG_AUTO(str) struct bg_str armor = BG_STR_INIT;
	struct bg_error err = { 0 };

	gpghome_blob(&home, &blob, name);
	assert_int_equal(try_sign(gpg, &blob, &armor, &err), BG_ENOKEY);
	assert_string_equal(err.id, id);
	assert_int_equal(armor.len, 0);
	assert_true(err.msg[0] != 0);
}

static void both_fail(const char *name, const char *id)
{
	struct bg_gpg gpg = home.gpg;

	fails(&gpg, name, id);
	gpg.use_gpgme = true;
	fails(&gpg, name, id);
}

static void test_unusable_keys(void **state)
{
	(void)state;
	both_fail("expired", "key-expired");
	both_fail("revoked", "key-revoked");
	both_fail("bob", "key-not-here");
	both_fail("rsa2048", "key-not-here");
	/* Nobody may be asked for its passphrase. */
	both_fail("locked", "no-pinentry");
}

/* A pinentry that does what the test wants. */
static void set_pinentry(const char *script)
{
	BG_AUTO(str) struct bg_str conf = BG_STR_INIT;

	gpghome_file(&home, "pinentry", 0700, script, strlen(script));
	bg_str_addf(&conf,
		    "pinentry-program %s/pinentry\n"
		    "allow-preset-passphrase\n",
		    home.dir);
	gpghome_file(&home, "gpg-agent.conf", 0600, conf.buf, conf.len);
	gpghome_kill_agent(&home);
}

#define PINENTRY(getpin) \
	"#!/bin/sh\necho OK ready\nwhile read -r c rest; do\n" \
	"case $c in\nGETPIN) " getpin " ;;\n" \
	"BYE) echo OK; exit 0 ;;\n*) echo OK ;;\nesac\ndone\n"

static void with_pinentry(const char *script, const char *id)
{
	struct bg_gpg gpg = home.gpg;

	gpg.batch = false;
	gpg.ttyname = "/dev/null";
	gpg.ttytype = "dumb";
	for (int use_gpgme = 0; use_gpgme < 2; use_gpgme++) {
		gpg.use_gpgme = use_gpgme;
		set_pinentry(script);
		if (id)
			fails(&gpg, "locked", id);
		else
			sign_and_verify(&gpg, "locked");
	}
}

static void test_pinentry(void **state)
{
	(void)state;
	with_pinentry(PINENTRY("echo 'ERR 83886179 cancelled'"),
		      "pinentry-cancelled");
	with_pinentry(PINENTRY("echo 'ERR 83886142 timeout'"),
		      "pinentry-timeout");
	with_pinentry(PINENTRY("printf 'D wrong\\nOK\\n'"), "bad-passphrase");
	with_pinentry(PINENTRY("printf 'D INSECURE\\nOK\\n'"), NULL);
	with_pinentry("#!/bin/nowhere\n", "no-pinentry");
	with_pinentry("#!/bin/sh\nexit 1\n", "no-pinentry");
	gpghome_file(&home, "gpg-agent.conf", 0600, "", 0);
	gpghome_kill_agent(&home);
}

/* What the person sees says what for. */
static void test_prompt(void **state)
{
	BG_AUTO(str)
	struct bg_str script = BG_STR_INIT, seen = BG_STR_INIT,
		      path = BG_STR_INIT;
	struct bg_gpg gpg = home.gpg;
	struct bg_error err;

	(void)state;
	bg_str_addf(&path, "%s/seen", home.dir);
	bg_str_addf(&script,
		    "#!/bin/sh\necho OK ready\nwhile read -r c rest; do\n"
		    "case $c in\nSETDESC) echo \"$rest\" >>%s; echo OK ;;\n"
		    "GETPIN) printf 'D INSECURE\\nOK\\n' ;;\n"
		    "BYE) echo OK; exit 0 ;;\n*) echo OK ;;\nesac\ndone\n",
		    path.buf);
	set_pinentry(script.buf);
	gpg.batch = false;
	sign_and_verify(&gpg, "locked");
	assert_int_equal(bg_file_read(&seen, path.buf, 4096, &err), 0);
	assert_non_null(strstr(seen.buf, "Locked Test (INSECURE) "
					 "<locked@example.org>"));
	assert_non_null(strstr(seen.buf, "break-glass"));
	gpghome_file(&home, "gpg-agent.conf", 0600, "", 0);
	gpghome_kill_agent(&home);
}

/* An agent that cannot be started. */
static void test_dead_agent(void **state)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	struct bg_gpg gpg = home.gpg;
	struct bg_error err;

	(void)state;
	gpghome_kill_agent(&home);
	bg_str_addf(&path, "%s/S.gpg-agent", home.dir);
	(void)unlink(path.buf);
	assert_int_equal(mkdir(path.buf, 0700), 0);
	gpghome_file(&home, "S.gpg-agent/not-empty", 0600, "", 0);
	fails(&gpg, "alice", "agent-unreachable");
	gpg.use_gpgme = true;
	fails(&gpg, "alice", "agent-unreachable");
	assert_int_equal(bg_tree_remove(path.buf, &err), 0);
	/* And one that is not running yet is started. */
	sign_and_verify(&home.gpg, "alice");
}

/* The agent is restarted between two signatures of one process. */
static void test_restarted_agent(void **state)
{
	BG_AUTO(keyblob) struct bg_keyblob blob = { 0 };
	BG_AUTO(str) struct bg_str armor = BG_STR_INIT;
	BG_AUTO(signer) struct bg_signer *s = NULL;
	struct bg_error err = { 0 };

	(void)state;
	gpghome_blob(&home, &blob, "alice");
	assert_int_equal(bg_signer_open_gpg(&s, &home.gpg, &blob,
					    signing_key(&blob), &err),
			 0);
	for (int i = 0; i < 3; i++) {
		bg_str_clear(&armor);
		if (bg_signer_sign(&armor, s, PAYLOAD, &err))
			fail_msg("%s", err.msg);
		gpghome_kill_agent(&home);
	}
}

/* What the keyring said is remembered, and forgotten when it changes. */
static void test_cache(void **state)
{
	BG_AUTO(keyblob) struct bg_keyblob blob = { 0 };
	BG_AUTO(str) struct bg_str cache = BG_STR_INIT, file = BG_STR_INIT;
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	struct bg_gpg gpg = home.gpg;
	struct bg_error err = { 0 };
	char hex[41];
	int64_t start;

	(void)state;
	bg_str_addf(&cache, "%s/cache", home.dir);
	gpg.cache_dir = cache.buf;
	sign_and_verify(&gpg, "alice");
	gpghome_blob(&home, &blob, "alice");
	bg_fpr_format(hex, &blob.keys.v[0].fpr);
	bg_str_addf(&file, "%s/gpgkey-%s", cache.buf, hex);
	assert_int_equal(bg_file_read(&text, file.buf, 4096, &err), 0);
	start = bg_boottime_us();
	for (int i = 0; i < 10; i++) {
		BG_AUTO(str) struct bg_str armor = BG_STR_INIT;

		assert_int_equal(try_sign(&gpg, &blob, &armor, &err), 0);
	}
	print_message("# open and sign: %ld us\n",
		      (long)(bg_boottime_us() - start) / 10);
	/* Anything else in the file counts for nothing. */
	gpghome_file(&home, "cache/x", 0600, "", 0);
	assert_int_equal(
		bg_file_commit(file.buf, 0600, "1 nonsense\n", 11, &err), 0);
	sign_and_verify(&gpg, "alice");
	/* The revoked key is remembered as such. */
	fails(&gpg, "revoked", "key-revoked");
	fails(&gpg, "revoked", "key-revoked");
	fails(&gpg, "expired", "key-expired");
	fails(&gpg, "expired", "key-expired");
}

static void test_keygrip(void **state)
{
	BG_AUTO(str) struct bg_str out = BG_STR_INIT;
	const char *args[] = { "--with-colons", "--with-keygrip", "-K", NULL };
	size_t found = 0;

	(void)state;
	assert_int_equal(gpghome_run(&home, args, NULL, 0, &out, NULL), 0);
	for (size_t i = 0; i < N_USABLE; i++) {
		BG_AUTO(keyblob) struct bg_keyblob blob = { 0 };

		gpghome_blob(&home, &blob, usable[i]);
		for (size_t k = 0; k < blob.keys.n; k++) {
			char grip[41], line[64];

			if (bg_keygrip(grip, &blob.keys.v[k]))
				continue;
			snprintf(line, sizeof(line), "grp:::::::::%s:", grip);
			assert_non_null(strstr(out.buf, line));
			found++;
		}
	}
	assert_true(found >= 7);
}

static void test_sexp(void **state)
{
	static const char *const bad[] = {
		"",
		"(",
		"(7:sig-val(5:eddsa(1:r1:a)(1:s1:b)))x",
		"(7:sig-val(5:ecdsa(1:r1:a)(1:s1:b)))",
		"(7:sig-val(5:eddsa(1:s1:a)(1:r1:b)))",
		"(7:sig-val(5:eddsa(1:r1:a)))",
		"(7:sig-val(5:eddsa(1:r01:a)(1:s1:b)))",
		"(7:sig-val(5:eddsa(1:r0:)(1:s1:b)))",
		"(7:sig-val(5:eddsa(1:r9999:a)(1:s1:b)))",
		"(7:sig-val(5:eddsa(1:r99999999999999999999:a)(1:s1:b)))",
		"(7:sig-val(5:eddsa(1:r1:a)(1:s1:b))",
		"(7:sig-val(5:eddsa(1:r-1:a)(1:s1:b)))",
		"(7:sig-val(5:eddsa(1:r1:a)(1:s1",
	};
	static const char good[] = "(7:sig-val(5:eddsa(1:r3:abc)(1:s2:\0d)))";
	struct bg_sig sig = { .pk = BG_PK_EDDSA };
	struct bg_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(bg_sexp_signature(&sig, bad[i], strlen(bad[i]),
						   &err),
				 BG_EFAIL);
	assert_int_equal(bg_sexp_signature(&sig, good, sizeof(good) - 1, &err),
			 0);
	assert_int_equal(sig.mpi_len[0], 3);
	assert_int_equal(sig.mpi_len[1], 1);
	for (size_t n = 0; n < sizeof(good) - 1; n++)
		assert_int_equal(bg_sexp_signature(&sig, good, n, &err),
				 BG_EFAIL);
}

static void socket_is(const struct bg_gpg *gpg, bool in_home, const char *want)
{
	BG_AUTO(str) struct bg_str dir = BG_STR_INIT, path = BG_STR_INIT;
	struct bg_error err;

	assert_int_equal(bg_gpg_home(&dir, gpg, &err), 0);
	bg_agent_socket_guess(&path, gpg, bg_str_text(&dir), in_home);
	assert_string_equal(bg_str_text(&path), want);
}

/* What `gpgconf --list-dirs agent-socket` says with a /run/user/0. */
static void test_socket(void **state)
{
	struct bg_gpg gpg = { .home = "/tmp/bgnsx",
			      .user_home = "/root",
			      .runtime = "/run/user/0/gnupg" };

	(void)state;
	socket_is(&gpg, true, "/tmp/bgnsx/S.gpg-agent");
	socket_is(&gpg, false,
		  "/run/user/0/gnupg/"
		  "d.maigd5wzsz6egoeg55jcqh6q/S.gpg-agent");
	gpg.home = "/tmp/bgnsx//";
	socket_is(&gpg, true, "/tmp/bgnsx/S.gpg-agent");
	gpg.home = "/root/.gnupg";
	socket_is(&gpg, false, "/run/user/0/gnupg/S.gpg-agent");
	gpg.home = NULL;
	socket_is(&gpg, false, "/run/user/0/gnupg/S.gpg-agent");
	socket_is(&gpg, true, "/root/.gnupg/S.gpg-agent");
	gpg.runtime = NULL;
	socket_is(&gpg, false, "");
	gpg.user_home = NULL;
	socket_is(&gpg, true, "");
}

static void test_list(void **state)
{
	BG_AUTO(gpg_keys)
	struct bg_gpg_keys all = { 0 }, one = { 0 }, none = { 0 }, mine = { 0 };
	struct bg_fpr subkey = gpghome_fpr("subkey");
	struct bg_error err = { 0 };

	(void)state;
	assert_int_equal(bg_gpg_list(&all, &home.gpg, NULL, false, &err), 0);
	assert_int_equal(all.list.n, 11);
	assert_int_equal(bg_gpg_list(&mine, &home.gpg, NULL, true, &err), 0);
	assert_int_equal(mine.list.n, 10);
	assert_int_equal(bg_gpg_list(&one, &home.gpg, "subkey@example.org",
				     true, &err),
			 0);
	assert_int_equal(one.list.n, 1);
	assert_true(bg_fpr_eq(&one.list.v[0].primary, &subkey));
	assert_int_equal(one.list.v[0].signing.n, 1);
	assert_false(bg_fpr_eq(&one.list.v[0].signing.v[0], &subkey));
	assert_string_equal(one.list.v[0].uid,
			    "Subkey Test (INSECURE) <subkey@example.org>");
	/* Not a part of an address. */
	assert_int_equal(bg_gpg_list(&none, &home.gpg, "ubkey@example.org",
				     false, &err),
			 0);
	assert_int_equal(none.list.n, 0);
	for (size_t i = 0; i < all.list.n; i++) {
		struct bg_fpr r = gpghome_fpr("revoked"),
			      e = gpghome_fpr("expired"),
			      b = gpghome_fpr("bob");
		const struct bg_gpg_key *k = &all.list.v[i];

		assert_int_equal(k->revoked, bg_fpr_eq(&k->primary, &r));
		assert_int_equal(k->expired, bg_fpr_eq(&k->primary, &e));
		assert_int_equal(k->secret, !bg_fpr_eq(&k->primary, &b));
		assert_int_equal(k->signing.n != 0, !k->revoked && !k->expired);
	}
}

/*
 * The installation's key.
 */
static void test_install_key(void **state)
{
	BG_AUTO(str)
	struct bg_str path = BG_STR_INIT, blob = BG_STR_INIT,
		      armor = BG_STR_INIT, again = BG_STR_INIT;
	BG_AUTO(keyblob) struct bg_keyblob parsed = { 0 };
	BG_AUTO(signer) struct bg_signer *s = NULL;
	const char *args[] = { "--import", NULL };
	struct bg_error err = { 0 };
	char want[41], got[41];
	struct stat st;

	(void)state;
	bg_str_addf(&path, "%s/install.key", home.dir);
	assert_int_equal(bg_install_key_make(&blob, path.buf,
					     "bg installation \xc3\xa9 on ops1",
					     &err),
			 0);
	assert_int_equal(stat(path.buf, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	if (bg_signer_open_file(&s, path.buf, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(bg_keyblob_parse(&parsed, blob.buf, blob.len, &err),
			 0);
	assert_true(bg_fpr_eq(&parsed.keys.v[0].fpr, bg_signer_fpr(s)));
	assert_string_equal(parsed.uid, "bg installation \xc3\xa9 on ops1");
	assert_true(parsed.keys.v[0].may_sign);
	assert_int_equal(bg_signer_sign(&armor, s, PAYLOAD, &err), 0);
	assert_int_equal(
		gpghome_run(&home, args, blob.buf, blob.len, NULL, NULL), 0);
	bg_fpr_format(want, bg_signer_fpr(s));
	gpghome_verify(&home, got, armor.buf, armor.len, PAYLOAD);
	assert_string_equal(got, want);
	/* What gpg gives back is the same blob. */
	if (bg_gpg_export(&again, &home.gpg, bg_signer_fpr(s), &err))
		fail_msg("%s", err.msg);
	assert_int_equal(again.len, blob.len);
	assert_memory_equal(again.buf, blob.buf, blob.len);
	/* Never overwritten. */
	bg_str_clear(&again);
	assert_int_equal(bg_install_key_make(&again, path.buf, "x", &err),
			 BG_EFAIL);
	assert_int_equal(again.len, 0);
}

static void opens_not(const char *path, const char *id)
{
	struct bg_signer *s = NULL;
	struct bg_error err = { 0 };

	assert_int_equal(bg_signer_open_file(&s, path, &err), BG_ENOKEY);
	assert_string_equal(err.id, id);
	assert_null(s);
}

static void test_install_key_refused(void **state)
{
	BG_AUTO(str)
	struct bg_str path = BG_STR_INIT, blob = BG_STR_INIT,
		      other = BG_STR_INIT, text = BG_STR_INIT;
	struct bg_error err;

	(void)state;
	bg_str_addf(&path, "%s/k", home.dir);
	bg_str_addf(&other, "%s/l", home.dir);
	opens_not(path.buf, "install-key-missing");
	assert_int_equal(bg_install_key_make(&blob, path.buf, "", &err),
			 BG_EFAIL);
	assert_int_equal(bg_install_key_make(&blob, path.buf, "a\nb", &err),
			 BG_EFAIL);
	assert_int_equal(bg_install_key_make(&blob, path.buf, "a", &err), 0);
	assert_int_equal(chmod(path.buf, 0640), 0);
	opens_not(path.buf, "install-key-exposed");
	assert_int_equal(chmod(path.buf, 0600), 0);
	assert_int_equal(symlink(path.buf, other.buf), 0);
	opens_not(other.buf, "io");
	assert_int_equal(unlink(other.buf), 0);
	assert_int_equal(bg_file_read(&text, path.buf, 4096, &err), 0);
	for (size_t n = 0; n < text.len; n++) {
		gpghome_file(&home, "l", 0600, text.buf, n);
		opens_not(other.buf, "install-key-damaged");
	}
	bg_str_addc(&text, '\n');
	gpghome_file(&home, "l", 0600, text.buf, text.len);
	opens_not(other.buf, "install-key-damaged");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sexp),
		cmocka_unit_test(test_keygrip),
		cmocka_unit_test(test_socket),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_agent),
		cmocka_unit_test(test_gpgme),
		cmocka_unit_test(test_chosen_subkey),
		cmocka_unit_test(test_user_options),
		cmocka_unit_test(test_unusable_keys),
		cmocka_unit_test(test_pinentry),
		cmocka_unit_test(test_prompt),
		cmocka_unit_test(test_dead_agent),
		cmocka_unit_test(test_restarted_agent),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_install_key),
		cmocka_unit_test(test_install_key_refused),
	};

	return cmocka_run_group_tests(tests, make_home, drop_home);
}
