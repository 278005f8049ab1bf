#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "crypto/digest.h"
#include "crypto/packet.h"
#include "crypto/signway.h"

/*
 * The installation's key: a text file of four lines,
 *
 *	bg-installation-key 1
 *	created <seconds since 1970>
 *	uid <user id>
 *	seed <64 hex digits>
 *
 * Ed25519 is deterministic, so the public blob is made from it again, byte
 * for byte, whenever it is opened.
 */
#define SEED_LEN 32
#define UID_LEN 256
#define FILE_MAX 1024

struct install_key {
	unsigned char seed[SEED_LEN];
	uint32_t created;
	char uid[UID_LEN];
	EVP_PKEY *secret;
};

static void install_key_release(struct install_key *k)
{
	EVP_PKEY_free(k->secret);
	bg_wipe(k, sizeof(*k));
}
BG_AUTO_VALUE(install_key, struct install_key, install_key_release)

static int load_secret(struct install_key *k, struct bg_error *err)
{
	k->secret = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
						 k->seed, SEED_LEN);
	if (!k->secret)
		return bg_fail(err, BG_EFAIL, "crypto",
			       "cannot use the installation's key");
	return 0;
}

int bg_ed25519_sign(struct bg_sig *sig, EVP_PKEY *secret,
		    const unsigned char *digest, size_t n, struct bg_error *err)
{
	unsigned char raw[64];
	size_t len = sizeof(raw);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx &&
		  EVP_DigestSignInit(ctx, NULL, NULL, NULL, secret) == 1 &&
		  EVP_DigestSign(ctx, raw, &len, digest, n) == 1 &&
		  len == sizeof(raw);

	EVP_MD_CTX_free(ctx);
	if (!ok)
		return bg_fail(err, BG_EFAIL, "crypto",
			       "cannot sign with the installation's key");
	for (size_t i = 0; i < 2; i++) {
		memcpy(sig->mpi[i], raw + 32 * i, 32);
		sig->mpi_len[i] = 32;
	}
	return 0;
}

/*
 * The public blob: RFC 4880, 5.5.2 and 5.2.3; curve as RFC 9580, 9.2.
 */
static void add_u32(struct bg_str *s, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		bg_str_addc(s, (char)(v >> shift & 255));
}

static void add_packet(struct bg_str *s, unsigned tag,
		       const struct bg_str *body)
{
	bg_str_addc(s, (char)(0x80 | tag << 2 | (body->len > 255)));
	if (body->len > 255)
		bg_str_addc(s, (char)(body->len >> 8));
	bg_str_addc(s, (char)(body->len & 255));
	bg_str_addn(s, bg_str_text(body), body->len);
}

static int key_body(struct bg_str *out, const struct install_key *k,
		    struct bg_error *err)
{
	static const unsigned char oid[] = { 22, 9,    0x2b, 6,    1, 4,
					     1,  0xda, 0x47, 0x0f, 1 };
	unsigned char point[33] = { 0x40 };
	size_t n = 32;

	if (EVP_PKEY_get_raw_public_key(k->secret, point + 1, &n) != 1)
		return bg_fail(err, BG_EFAIL, "crypto",
			       "cannot compute the installation's public key");
	bg_str_addc(out, 4);
	add_u32(out, k->created);
	bg_str_addn(out, oid, sizeof(oid));
	bg_mpi_write(out, point, sizeof(point));
	return bg_str_check(out, err);
}

/* Hashed: issuer, creation, flags (certifies and signs); class 0x13. */
static void selfsig_hashed(struct bg_str *out, const struct bg_fpr *fpr,
			   uint32_t created)
{
	static const unsigned char head[] = { 4, 0x13, 22, 8, 0, 32, 22, 33, 4 };
	static const unsigned char flags[] = { 2, 27, 3 };
	static const unsigned char time_head[] = { 5, 2 };

	bg_str_addn(out, head, sizeof(head));
	bg_str_addn(out, fpr->b, BG_FPR_LEN);
	bg_str_addn(out, time_head, sizeof(time_head));
	add_u32(out, created);
	bg_str_addn(out, flags, sizeof(flags));
}

static int selfsig_body(struct bg_str *out, const struct install_key *k,
			const struct bg_str *key, const struct bg_str *uid,
			const struct bg_fpr *fpr, struct bg_error *err)
{
	static const unsigned char unhashed[] = { 0, 10, 9, 16 };
	const unsigned char key_head[] = { 0x99, 0, (unsigned char)key->len };
	const unsigned char uid_head[] = { 0xb4, 0, 0,
					   (unsigned char)(uid->len >> 8),
					   (unsigned char)(uid->len & 255) };
	struct bg_bytes pieces[4] = {
		{ key_head, sizeof(key_head) },
		{ (const unsigned char *)key->buf, key->len },
		{ uid_head, sizeof(uid_head) },
		{ (const unsigned char *)uid->buf, uid->len },
	};
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct bg_sig sig = { .hash = 8 };
	size_t len;
	int r;

	selfsig_hashed(out, fpr, k->created);
	if ((r = bg_str_check(out, err)))
		return r;
	r = bg_openpgp_hash(
		digest, &len, 8, pieces, 4,
		(struct bg_bytes){ (unsigned char *)out->buf, out->len }, err);
	if (r || (r = bg_ed25519_sign(&sig, k->secret, digest, len, err)))
		return r;
	bg_str_addn(out, unhashed, sizeof(unhashed));
	bg_str_addn(out, fpr->b + BG_FPR_LEN - 8, 8);
	bg_str_addn(out, digest, 2);
	bg_mpi_write(out, sig.mpi[0], 32);
	bg_mpi_write(out, sig.mpi[1], 32);
	return bg_str_check(out, err);
}

static int make_blob(struct bg_str *out, const struct install_key *k,
		     struct bg_error *err)
{
	BG_AUTO(str)
	struct bg_str key = BG_STR_INIT, uid = BG_STR_INIT, sig = BG_STR_INIT;
	struct bg_pubkey pub;
	int r;

	bg_str_add(&uid, k->uid);
	if ((r = key_body(&key, k, err)) || (r = bg_str_check(&uid, err)))
		return r;
	r = bg_pubkey_parse(
		&pub, (struct bg_bytes){ (unsigned char *)key.buf, key.len },
		err);
	if (r)
		return r;
	EVP_PKEY_free(pub.evp);
	if ((r = selfsig_body(&sig, k, &key, &uid, &pub.fpr, err)))
		return r;
	add_packet(out, BG_TAG_PUBKEY, &key);
	add_packet(out, BG_TAG_UID, &uid);
	add_packet(out, BG_TAG_SIGNATURE, &sig);
	return bg_str_check(out, err);
}

/*
 * The file.
 */
static int write_new(const char *path, const struct bg_str *text,
		     struct bg_error *err)
{
	BG_AUTO(str) struct bg_str tmp = BG_STR_INIT;
	BG_AUTO(fd) int fd = -1;
	int r;

	bg_str_addf(&tmp, "%s.tmp-%ld", path, (long)getpid());
	if ((r = bg_str_check(&tmp, err)))
		return r;
	(void)unlink(tmp.buf);
	fd = open(tmp.buf, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd < 0)
		return bg_fail_errno(err, "cannot make '%s'", tmp.buf);
	if (!(r = bg_fd_write_all(fd, text->buf, text->len, err)) &&
	    (fchmod(fd, 0600) || fsync(fd)))
		r = bg_fail_errno(err, "cannot write '%s'", tmp.buf);
	/* link() does what rename() does not: it overwrites nothing. */
	if (!r && link(tmp.buf, path))
		r = bg_fail_errno(err, "cannot make '%s'", path);
	(void)unlink(tmp.buf);
	return r;
}

static int sync_parent(const char *path, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str dir = BG_STR_INIT;
	const char *slash = strrchr(path, '/');

	if (!slash)
		bg_str_addc(&dir, '.');
	else
		bg_str_addn(&dir, path,
			    slash == path ? 1 : (size_t)(slash - path));
	if (dir.oom)
		return bg_fail_oom(err);
	return bg_dir_sync(dir.buf, err);
}

static int write_file(const char *path, const struct install_key *k,
		      struct bg_error *err)
{
	BG_AUTO(secret) struct bg_str text = BG_STR_INIT;
	char hex[2 * SEED_LEN + 1];
	int r;

	bg_hex(hex, k->seed, SEED_LEN);
	bg_str_addf(&text,
		    "bg-installation-key 1\ncreated %lu\nuid %s\nseed %s\n",
		    (unsigned long)k->created, k->uid, hex);
	bg_wipe(hex, sizeof(hex));
	if ((r = bg_str_check(&text, err)) || (r = write_new(path, &text, err)))
		return r;
	return sync_parent(path, err);
}

int bg_install_key_make(struct bg_str *blob, const char *path, const char *uid,
			struct bg_error *err)
{
	BG_AUTO(install_key) struct install_key k = { 0 };
	BG_AUTO(str) struct bg_str made = BG_STR_INIT;
	int r;

	if (!*uid || strlen(uid) >= sizeof(k.uid) ||
	    !bg_text_is_clean(uid, strlen(uid)))
		return bg_fail(err, BG_EFAIL, "bad-uid",
			       "not a name for an installation's key");
	memcpy(k.uid, uid, strlen(uid) + 1);
	k.created = (uint32_t)(bg_now_ms() / 1000);
	if ((r = bg_random(k.seed, sizeof(k.seed), err)) ||
	    (r = load_secret(&k, err)) || (r = make_blob(&made, &k, err)) ||
	    (r = write_file(path, &k, err)))
		return r;
	bg_str_addn(blob, made.buf, made.len);
	return bg_str_check(blob, err);
}

static int read_file(struct bg_str *text, const char *path,
		     struct bg_error *err)
{
	BG_AUTO(fd)
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0) {
		int e = errno;

		bg_fail_errno(err, "cannot read the installation's key '%s'",
			      path);
		if (e == ENOENT)
			(void)bg_fail(err, BG_ENOKEY, "install-key-missing",
				      "the installation's key '%s' is not "
				      "there",
				      path);
		err->code = BG_ENOKEY;
		return BG_ENOKEY;
	}
	if (fstat(fd, &st))
		return bg_fail_errno(err, "cannot read '%s'", path);
	if (!S_ISREG(st.st_mode) || (st.st_mode & 07777) != 0600 ||
	    st.st_uid != geteuid())
		return bg_fail(err, BG_ENOKEY, "install-key-exposed",
			       "the installation's key '%s' must be a file of "
			       "yours with mode 0600, it has %04o",
			       path, (unsigned)st.st_mode & 07777);
	return bg_fd_read_all(text, fd, FILE_MAX, err);
}

/* What comes after name on the next line. */
static struct bg_span field(const char **at, const char *name)
{
	struct bg_span v = { NULL, 0 };
	size_t n = strlen(name);
	const char *lf;

	if (!*at || strncmp(*at, name, n) != 0 || !(lf = strchr(*at, '\n'))) {
		*at = NULL;
		return v;
	}
	v.p = *at + n;
	v.n = (size_t)(lf - v.p);
	*at = lf + 1;
	return v;
}

static bool parse_file(struct install_key *k, const char *text)
{
	char created[16] = "", seed[2 * SEED_LEN + 1] = "";
	struct bg_span head = field(&text, "bg-installation-key 1");
	struct bg_span c = field(&text, "created ");
	struct bg_span uid = field(&text, "uid ");
	struct bg_span hex = field(&text, "seed ");
	unsigned long seconds;
	char *end = NULL;
	bool ok;

	if (!text || *text || head.n || c.n >= sizeof(created) || !c.n ||
	    uid.n >= sizeof(k->uid) || hex.n != 2 * SEED_LEN)
		return false;
	memcpy(created, c.p, c.n);
	seconds = strtoul(created, &end, 10);
	memcpy(k->uid, uid.p, uid.n);
	memcpy(seed, hex.p, hex.n);
	ok = !*end && seconds <= UINT32_MAX &&
	     bg_unhex(k->seed, SEED_LEN, seed, false);
	k->created = (uint32_t)seconds;
	bg_wipe(seed, sizeof(seed));
	return ok;
}

static int load(struct bg_signer *s, struct install_key *k, const char *path,
		struct bg_error *err)
{
	BG_AUTO(secret) struct bg_str text = BG_STR_INIT;
	BG_AUTO(str) struct bg_str blob = BG_STR_INIT;
	int r;

	if ((r = read_file(&text, path, err)))
		return r;
	if (!parse_file(k, bg_str_text(&text)))
		return bg_fail(err, BG_ENOKEY, "install-key-damaged",
			       "the installation's key '%s' is damaged", path);
	if ((r = load_secret(k, err)) || (r = make_blob(&blob, k, err)))
		return r;
	return bg_keyblob_parse(&s->blob, blob.buf, blob.len, err);
}

int bg_install_key_blob(struct bg_str *blob, const char *path,
			struct bg_error *err)
{
	BG_AUTO(install_key) struct install_key k = { 0 };
	BG_AUTO(secret) struct bg_str text = BG_STR_INIT;
	int r = read_file(&text, path, err);

	if (r)
		return r;
	if (!parse_file(&k, bg_str_text(&text)))
		return bg_fail(err, BG_ENOKEY, "install-key-damaged",
			       "the installation's key '%s' is damaged", path);
	if ((r = load_secret(&k, err)))
		return r;
	return make_blob(blob, &k, err);
}

int bg_signer_open_file(struct bg_signer **out, const char *path,
			struct bg_error *err)
{
	BG_AUTO(signer) struct bg_signer *s = calloc(1, sizeof(*s));
	BG_AUTO(install_key) struct install_key k = { 0 };
	int r;

	if (!s)
		return bg_fail_oom(err);
	if ((r = load(s, &k, path, err)))
		return r;
	s->key = &s->blob.keys.v[0];
	s->hash = 8;
	s->secret = bg_move(k.secret);
	*out = bg_move(s);
	return 0;
}
