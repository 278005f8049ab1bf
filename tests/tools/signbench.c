/*
 * What signatures cost, in microseconds each, in a home of its own with the
 * test keys: `signbench [ROUNDS]`, from the top of the source tree.
 * Each round measures all ways one after another, so that a busy machine
 * slows all of them; the least of all is printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/engine.h"
#include "support/gpghome.h"

static struct gpghome home;
static char payload[1200];

#define LOOP 20
#define KINDS 4
static const char *const kinds[KINDS] = { "alice", "p256", "rsa3072",
					  "subkey" };

struct row {
	const char *what, *kind;
	long best;
};
static struct row rows[64];
static size_t n_rows;

static void note(const char *what, const char *kind, int64_t us, int n)
{
	size_t i;

	for (i = 0; i < n_rows; i++)
		if (rows[i].what == what && rows[i].kind == kind)
			break;
	if (i == n_rows)
		rows[n_rows++] = (struct row){ what, kind, (long)us };
	us /= n;
	if (rows[i].best > us)
		rows[i].best = (long)us;
}

static void must(int r, const struct bg_error *err)
{
	if (!r)
		return;
	fprintf(stderr, "signbench: %s\n", err->msg);
	exit(1);
}

static void by_signer(struct bg_str *armor, struct bg_signer *s,
		      const char *what, const char *kind, int n)
{
	struct bg_error err;

	for (int i = 0; i < n; i++) {
		int64_t start = bg_boottime_us();

		bg_str_clear(armor);
		must(bg_signer_sign(armor, s, payload, sizeof(payload), &err),
		     &err);
		note(what, kind, bg_boottime_us() - start, 1);
	}
}

static void checks(const struct bg_str *armor, const struct bg_pubkey *key,
		   const char *kind)
{
	BG_AUTO(str) struct bg_str packet = BG_STR_INIT;
	int64_t start = bg_boottime_us();
	struct bg_error err;
	struct bg_sig sig;

	for (int i = 0; i < LOOP; i++) {
		bg_str_clear(&packet);
		must(bg_armor_read(&packet, armor->buf, armor->len, &err),
		     &err);
		must(bg_sig_parse(&sig, packet.buf, packet.len, &err), &err);
		must(bg_sig_check(&sig, key, payload, sizeof(payload), &err),
		     &err);
	}
	note("check, native", kind, bg_boottime_us() - start, LOOP);
}

static const struct bg_fpr *signing(const struct bg_keyblob *blob)
{
	for (size_t i = blob->keys.n; i-- > 0;)
		if (blob->keys.v[i].may_sign)
			return &blob->keys.v[i].fpr;
	return &blob->keys.v[0].fpr;
}

static void person(const char *kind)
{
	BG_AUTO(keyblob) struct bg_keyblob blob = { 0 };
	BG_AUTO(signer) struct bg_signer *agent = NULL, *gpgme = NULL;
	BG_AUTO(str) struct bg_str armor = BG_STR_INIT;
	struct bg_gpg gpg = home.gpg;
	struct bg_error err;
	int64_t start;

	gpghome_blob(&home, &blob, kind);
	start = bg_boottime_us();
	must(bg_signer_open_gpg(&agent, &gpg, &blob, signing(&blob), &err),
	     &err);
	note("open, agent", kind, bg_boottime_us() - start, 1);
	by_signer(&armor, agent, "sign, agent", kind, LOOP);
	checks(&armor, bg_keyblob_find(&blob, signing(&blob)), kind);
	gpg.use_gpgme = true;
	must(bg_signer_open_gpg(&gpgme, &gpg, &blob, signing(&blob), &err),
	     &err);
	by_signer(&armor, gpgme, "sign, GPGME", kind, 3);
}

static void installation(const char *path)
{
	BG_AUTO(signer) struct bg_signer *s = NULL;
	BG_AUTO(str) struct bg_str armor = BG_STR_INIT;
	int64_t start = bg_boottime_us();
	struct bg_error err;

	must(bg_signer_open_file(&s, path, &err), &err);
	note("open, file", "ed25519", bg_boottime_us() - start, 1);
	by_signer(&armor, s, "sign, file", "ed25519", LOOP);
}

static void second_engine(void)
{
	BG_AUTO(engine) struct bg_engine *e = NULL;
	BG_AUTO(signer) struct bg_signer *s = NULL;
	BG_AUTO(str) struct bg_str armor = BG_STR_INIT, raw = BG_STR_INIT;
	BG_AUTO(keyblob) struct bg_keyblob blob = { 0 };
	struct bg_error err;
	int64_t start;

	gpghome_blob(&home, &blob, "alice");
	must(bg_gpg_export(&raw, &home.gpg, signing(&blob), &err), &err);
	must(bg_signer_open_gpg(&s, &home.gpg, &blob, signing(&blob), &err),
	     &err);
	must(bg_signer_sign(&armor, s, payload, sizeof(payload), &err), &err);
	must(bg_engine_open(&e, home.dir, &err), &err);
	must(bg_engine_add_key(e, raw.buf, raw.len, &err), &err);
	start = bg_boottime_us();
	for (int i = 0; i < 5; i++)
		must(bg_engine_check(e, armor.buf, armor.len, payload,
				     sizeof(payload), signing(&blob), &err),
		     &err);
	note("check, gpg", "alice", bg_boottime_us() - start, 5);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 5;
	BG_AUTO(str)
	struct bg_str cache = BG_STR_INIT, key = BG_STR_INIT,
		      blob = BG_STR_INIT;
	struct bg_error err;

	memset(payload, 'x', sizeof(payload));
	gpghome_make(&home);
	bg_str_addf(&cache, "%s/cache", home.dir);
	bg_str_addf(&key, "%s/install.key", home.dir);
	home.gpg.cache_dir = cache.buf;
	for (size_t k = 0; k < KINDS; k++)
		gpghome_import(&home, kinds[k], true);
	must(bg_install_key_make(&blob, key.buf, "bench", &err), &err);
	for (int i = 0; i < rounds; i++) {
		for (size_t k = 0; k < KINDS; k++)
			person(kinds[k]);
		installation(key.buf);
		second_engine();
	}
	for (size_t i = 0; i < n_rows; i++)
		printf("%-16s %-8s %8ld us\n", rows[i].what, rows[i].kind,
		       rows[i].best);
	gpghome_drop(&home);
	return 0;
}
