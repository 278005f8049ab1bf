/*
 * generate N DIR [NAME=BLOB]   makes DIR/repo (bare, packed) with N events:
 *                              grants that were opened, used, approved, ended,
 *                              checked and reviewed, one after the other, by
 *                              several writers; the last may be open.
 *
 * Every event is complete and valid.  Keys and state lie beside it as the
 * fixture leaves them (DIR/keys, DIR/state); NAME is one person more, with
 * every role, whose public key (gpg --export) is in BLOB.  Events are 100 ms
 * apart and begin eight days from now, when no role is new any more: with
 * `faketime '20 days ago' generate ...` they, and the keys, are in the past.
 * Prints the anchor.
 *
 * Speed: commits go into one pack, which git then indexes and repacks.
 */
#include <stdio.h>
#include <string.h>

#include <git2.h>
#include <openssl/evp.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "evidence/schema.h"
#include "support/fixture.h"
#include "support/rawcommit.h"

struct maker {
	struct fx f;
	struct bg_tip tips[FX_WRITERS];
	struct raw_key keys[FX_WRITERS];
	FILE *pack;
	EVP_MD_CTX *sha1;
	size_t made, wanted;
	int64_t at_ms;
	json_t *host;
	struct bg_error *err;
};

/*
 * The pack: a header, then each commit as a stored deflate stream.
 */
static void emit(struct maker *m, const void *p, size_t n)
{
	EVP_DigestUpdate(m->sha1, p, n);
	fwrite(p, 1, n, m->pack);
}

static void put32(unsigned char out[4], uint32_t v)
{
	for (int i = 0; i < 4; i++)
		out[i] = (unsigned char)(v >> (24 - 8 * i));
}

static int begin_pack(struct maker *m, const char *path)
{
	unsigned char head[12] = { 'P', 'A', 'C', 'K', 0, 0, 0, 2 };

	m->pack = fopen(path, "wb");
	m->sha1 = EVP_MD_CTX_new();
	if (!m->pack || !m->sha1 ||
	    !EVP_DigestInit_ex(m->sha1, EVP_sha1(), NULL))
		return bg_fail_errno(m->err, "cannot write '%s'", path);
	put32(head + 8, (uint32_t)m->wanted);
	emit(m, head, sizeof(head));
	return 0;
}

static uint32_t adler32(const unsigned char *p, size_t n)
{
	uint32_t a = 1, b = 0;

	for (size_t i = 0; i < n; i++) {
		a = (a + p[i]) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

/* An event's commit is below 64 KiB and one armored signature: one block. */
static int pack_commit(struct maker *m, const struct bg_str *raw)
{
	unsigned char head[16], block[7], sum[4];
	size_t n = 1, size = raw->len >> 4;

	if (raw->len > 0xffff)
		return bg_fail(m->err, BG_EFAIL, "generate", "too large");
	head[0] = (unsigned char)(1 << 4 | (raw->len & 15));
	while (size) {
		head[n - 1] |= 0x80;
		head[n++] = size & 0x7f;
		size >>= 7;
	}
	emit(m, head, n);
	block[0] = 0x78;
	block[1] = 0x01;
	block[2] = 1;
	block[3] = (unsigned char)(raw->len & 255);
	block[4] = (unsigned char)(raw->len >> 8);
	block[5] = (unsigned char)~block[3];
	block[6] = (unsigned char)~block[4];
	emit(m, block, sizeof(block));
	emit(m, raw->buf, raw->len);
	put32(sum, adler32((const unsigned char *)raw->buf, raw->len));
	emit(m, sum, sizeof(sum));
	return 0;
}

static int end_pack(struct maker *m, const char *path)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	int bad;

	EVP_DigestFinal_ex(m->sha1, sum, &n);
	EVP_MD_CTX_free(m->sha1);
	fwrite(sum, 1, n, m->pack);
	bad = ferror(m->pack);
	bad |= fclose(m->pack);
	return bad ? bg_fail_errno(m->err, "cannot write '%s'", path) : 0;
}

/*
 * Events, as bg_append() makes them, without a repository in between.
 */
static void set_envelope(struct bg_event *e, struct maker *m, enum fx_who who)
{
	const struct bg_log *log = &m->f.who[who].log;
	const struct bg_tip *tip = &m->tips[who];

	e->writer = log->writer;
	e->by = log->by;
	e->seq = tip->seq + 1;
	e->has_repo = e->has_prev = e->has_trust = true;
	e->repo = log->genesis;
	e->prev = tip->digest;
	e->trust = log->trust;
	e->trust_version = log->trust_version;
	e->at_ms = m->at_ms;
	e->clock_synced = true;
	e->clock_max_error_us = 1000;
	e->clock_boottime_us = m->at_ms % 100000000 * 1000;
	e->clock_boot = "00000000-0000-4000-8000-000000000000";
	e->host = m->host;
}

static int answer_cmp(const void *a, const void *b)
{
	const struct bg_answer *x = a, *y = b;

	return bg_digest_cmp(&x->digest, &y->digest);
}

static size_t set_answers(struct bg_event *e, struct bg_oid *parents,
			  struct maker *m, const struct fx_grant *g,
			  enum fx_who who)
{
	struct bg_answer answers[33];
	size_t n, n_parents = 1;

	fx_answers(answers, &n, &m->f, g, who);
	if (n > 2)
		qsort(answers + 1, n - 1, sizeof(*answers), answer_cmp);
	parents[0] = m->tips[who].commit;
	for (size_t i = 0; i < n; i++) {
		e->answers[i] = answers[i].digest;
		if (strcmp(answers[i].writer, e->writer) != 0)
			parents[n_parents++] = answers[i].commit;
	}
	e->n_answers = n;
	return n_parents;
}

/* Signed at the event's own time: an ordinary signer takes the clock's. */
static int sign(struct bg_str *raw, struct maker *m, enum fx_who who,
		const struct bg_str *payload)
{
	static const struct raw_how how = { .hash = 8 };
	struct raw_commit c = { .head = BG_STR_INIT };
	const char *end = strstr(payload->buf, "\n\n");
	size_t n = (size_t)(end + 1 - payload->buf);
	int r;

	bg_str_addn(&c.head, payload->buf, n);
	bg_str_addn(&c.message, end + 2, payload->len - n - 1);
	r = raw_sign(&c, &m->keys[who], &how, m->err);
	if (!r)
		raw_join(raw, &c);
	raw_release(&c);
	return r ? r : bg_str_check(raw, m->err);
}

static int store(struct maker *m, struct fx_grant *g, enum fx_who who,
		 const struct bg_event *e, const struct bg_str *payload)
{
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	struct bg_tip *tip = &m->tips[who];
	int r = sign(&raw, m, who, payload);

	if (r || (r = bg_repo_name(&tip->commit, BG_OBJ_COMMIT, raw.buf,
				   raw.len, m->err)))
		return r;
	if (bg_sha256(&tip->digest, payload->buf, payload->len))
		return bg_fail_oom(m->err);
	tip->seq = e->seq;
	fx_remember(g, who, e->type, &tip->digest, &tip->commit);
	return pack_commit(m, &raw);
}

static int make_event(struct maker *m, struct fx_grant *g, enum fx_who who,
		      enum bg_event_type type, json_t *data)
{
	BG_AUTO(json) json_t *owned = data;
	BG_AUTO(str) struct bg_str body = BG_STR_INIT;
	BG_AUTO(str) struct bg_str subject = BG_STR_INIT;
	BG_AUTO(str) struct bg_str payload = BG_STR_INIT;
	const struct bg_log *log = &m->f.who[who].log;
	struct bg_oid parents[34];
	struct bg_event e;
	size_t n;
	int r;

	if (m->made == m->wanted)
		return 0;
	memset(&e, 0, sizeof(e));
	e.type = type;
	e.data = owned;
	set_envelope(&e, m, who);
	if (bg_schema_of(type)->root)
		bg_event_label(g->label, e.writer, e.seq, e.at_ms);
	e.grant = g->label;
	n = set_answers(&e, parents, m, g, who);
	if ((r = bg_event_write(&body, &e, m->err)) ||
	    (r = bg_event_subject(&subject, &e, m->err)) ||
	    (r = bg_commit_payload(&payload, &bg_empty_tree, parents, n,
				   log->name, log->email, e.at_ms / 1000,
				   subject.buf, body.buf, body.len, m->err)))
		return r;
	m->made++;
	m->at_ms += 100;
	return store(m, g, who, &e, &payload);
}

static int make_grant(struct maker *m, size_t i)
{
	struct fx_grant g;
	char text[64], session[17];
	int r;

	memset(&g, 0, sizeof(g));
	snprintf(text, sizeof(text), "the database does not answer, case %zu",
		 i);
	snprintf(session, sizeof(session), "%016zx", i);
	if ((r = make_event(m, &g, FX_ALICE, BG_EV_ACTIVATE,
			    fx_activate(&m->f, text))) ||
	    (r = make_event(m, &g, FX_HOST, BG_EV_GRANT,
			    fx_grant_done(m->at_ms))) ||
	    (r = make_event(m, &g, FX_HOST, BG_EV_SESSION_START,
			    fx_session(true, session))) ||
	    (r = make_event(m, &g, FX_ALICE, BG_EV_NOTE,
			    fx_note("looking at the log files"))) ||
	    (r = make_event(m, &g, FX_BOB, BG_EV_APPROVE, fx_approve())) ||
	    (r = make_event(m, &g, FX_HOST, BG_EV_SESSION_END,
			    fx_session(false, session))) ||
	    (r = make_event(m, &g, FX_ALICE, BG_EV_REVOKE, fx_revoke())) ||
	    (r = make_event(m, &g, FX_SWEEP, BG_EV_CHECK, fx_check("absent"))))
		return r;
	return make_event(m, &g, FX_RITA, BG_EV_REVIEW,
			  fx_review(&g, m->at_ms));
}

/*
 * The repository around them.
 */
static int git(const char *dir, const char *const *args, struct bg_error *err)
{
	BG_AUTO(proc_result) struct bg_proc_result result = BG_PROC_RESULT_INIT;
	const char *argv[16] = { "/usr/bin/git", "-C", dir };
	const char *const env[] = { "PATH=/usr/bin:/bin", "HOME=/nonexistent",
				    "GIT_CONFIG_NOSYSTEM=1", NULL };
	struct bg_proc p = { .argv = argv,
			     .env = env,
			     .secret_fd = -1,
			     .max_out = 4096,
			     .err_inherit = true,
			     .timeout_ms = 550000 };
	int r;

	for (size_t i = 0; args[i] && i < 11; i++)
		argv[3 + i] = args[i];
	r = bg_proc_run(&result, &p, err);
	if (!r && result.exit_status != 0)
		r = bg_fail(err, BG_EFAIL, "generate", "git %s failed",
			    args[0]);
	return r;
}

static int finish(struct maker *m, const char *pack)
{
	const char *const index[] = { "index-pack", pack, NULL };
	const char *const repack[] = { "-c", "repack.writeBitmaps=false",
				       "repack", "-adfq", NULL };
	char index_file[256];
	struct bg_tip before;
	int r = git(m->f.repo_dir, index, m->err);

	/* Opened again: what it has listed of the packs is old. */
	bg_repo_close(m->f.repo);
	m->f.repo = NULL;
	if (!r)
		r = bg_repo_open(&m->f.repo, m->f.repo_dir, false, m->err);
	for (int i = 0; i < FX_WRITERS && !r; i++) {
		char ref[160];

		m->f.who[i].log.repo = m->f.repo;
		snprintf(ref, sizeof(ref), BG_LOG_PREFIX "%s",
			 m->f.who[i].writer);
		r = bg_log_tip(&before, &m->f.who[i].log, m->err);
		if (!r && before.seq < m->tips[i].seq)
			r = bg_repo_ref_move(m->f.repo, ref, &before.commit,
					     &m->tips[i].commit, NULL, m->err);
	}
	if (!r)
		r = git(m->f.repo_dir, repack, m->err);
	/* git keeps a pack whose name it has not made. */
	snprintf(index_file, sizeof(index_file), "%.*s.idx",
		 (int)(strlen(pack) - strlen(".pack")), pack);
	if (!r && (unlink(index_file) || unlink(pack)))
		r = bg_fail_errno(m->err, "cannot remove '%s'", pack);
	return r;
}

static int prepare(struct maker *m, const char *dir,
		   const struct fx_guest *guest)
{
	int r = bg_dir_make(dir, 0700, m->err);

	if (!r)
		r = fx_make_with(&m->f, dir, true, guest, m->err);
	for (int i = 0; i < FX_WRITERS && !r; i++)
		r = bg_log_tip(&m->tips[i], &m->f.who[i].log, m->err);
	if (r)
		return r;
	for (int i = 0; i < FX_WRITERS && !r; i++) {
		char path[400];

		if (i == FX_HOST)
			snprintf(path, sizeof(path), "%s/key",
				 m->f.install.dir);
		else
			snprintf(path, sizeof(path), "%s/keys/%s", dir,
				 m->f.who[i].by);
		r = raw_key_read(&m->keys[i], path, m->err);
	}
	if (r)
		return r;
	git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 0);
	m->host = json_pack("{s:s, s:s, s:s, s:s, s:i, s:s}", "from", "local",
			    "machine", m->f.places.machine, "name", "ops1",
			    "os", "Debian GNU/Linux 12", "uid", 1000, "user",
			    "tester");
	m->at_ms = bg_now_ms() + INT64_C(8) * 24 * 3600 * 1000;
	return m->host ? 0 : bg_fail_oom(m->err);
}

static int generate(struct maker *m, const char *dir,
		    const struct fx_guest *guest)
{
	char pack[256], anchor[BG_ANCHOR_LEN + 1];
	int r = prepare(m, dir, guest);

	/* Where git puts the index beside it. */
	snprintf(pack, sizeof(pack), "%s/objects/pack/pack-made.pack",
		 m->f.repo_dir);
	/* What registering wrote counts. */
	for (int i = 0; i < FX_WRITERS; i++)
		m->wanted -= m->wanted > m->tips[i].seq ? m->tips[i].seq : 0;
	if (r || (r = begin_pack(m, pack)))
		return r;
	for (size_t i = 0; !r && m->made < m->wanted; i++)
		r = make_grant(m, i);
	if (r || (r = end_pack(m, pack)) || (r = finish(m, pack)))
		return r;
	bg_anchor_format(anchor, &m->f.genesis, false);
	puts(anchor);
	return 0;
}

int main(int argc, char **argv)
{
	BG_AUTO(str) struct bg_str blob = BG_STR_INIT;
	struct fx_guest guest = { .name = NULL };
	struct bg_error err;
	struct maker m;
	char *equals;
	int r = 0;

	if (argc < 3 || argc > 4) {
		fputs("usage: generate N DIR [NAME=BLOB]\n", stderr);
		return 129;
	}
	memset(&m, 0, sizeof(m));
	m.err = &err;
	m.wanted = strtoul(argv[1], NULL, 10);
	if (argc > 3 && (equals = strchr(argv[3], '='))) {
		*equals = '\0';
		r = bg_file_read(&blob, equals + 1, BG_KEYBLOB_MAX, &err);
		guest.name = argv[3];
		guest.blob = bg_str_text(&blob);
		guest.n = blob.len;
	}
	if (!r)
		r = generate(&m, argv[2], guest.name ? &guest : NULL);
	if (r)
		fprintf(stderr, "generate: %s\n", err.msg);
	json_decref(m.host);
	fx_close(&m.f);
	return r ? 1 : 0;
}
