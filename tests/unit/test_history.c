/*
 * Reading and verifying: every finding that reading can raise, raised by bytes
 * made for it, at the place that it must name, and nothing else wrong.
 */
#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "evidence/history.h"
#include "evidence/record.h"
#include "evidence/trust_version.h"
#include "evidence/verify.h"
#include "support/fixture.h"
#include "support/rawcommit.h"

static char base[64]; /* a repository that every case gets a copy of */

/* A case: its copy, and what was read of it. */
struct world {
	char dir[64];
	struct fx f;
	struct bg_history h;
};

static void must(int rc, const struct bg_error *err)
{
	if (rc)
		fail_msg("%s: %s", err->id, err->msg);
}

static void run(const char *const *argv)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void copy_base(struct world *w)
{
	const char *argv[] = { "cp", "-a", base, NULL, NULL };
	struct bg_error err;
	char to[80];

	memset(w, 0, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "/tmp/bgXXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(to, sizeof(to), "%s/w", w->dir);
	argv[3] = to;
	run(argv);
	must(fx_open(&w->f, to, &err), &err);
}

static void drop(struct world *w)
{
	struct bg_error err;

	bg_history_release(&w->h);
	fx_close(&w->f);
	must(bg_tree_remove(w->dir, &err), &err);
}

static void read_with(struct world *w, const struct bg_digest *anchor,
		      bool native, bool gpgme)
{
	const struct bg_history_options opt = { .engine_native = native,
						.engine_gpgme = gpgme,
						.threads = 3,
						.tmp = w->dir };
	struct bg_error err;

	bg_history_release(&w->h);
	must(bg_history_read(&w->h, w->f.repo, anchor, &opt, &err), &err);
}

static void read_all(struct world *w)
{
	read_with(w, &w->f.genesis, true, false);
}

static const struct bg_finding *find(const struct bg_history *h, const char *id)
{
	for (size_t i = 0; i < h->findings.list.n; i++)
		if (!strcmp(h->findings.list.v[i].id, id))
			return &h->findings.list.v[i];
	return NULL;
}

static size_t count_wrong(const struct bg_history *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->findings.list.n; i++)
		if (h->findings.list.v[i].class == BG_WRONG)
			n++;
	return n;
}

static const struct bg_event *event_at(const struct bg_history *h,
				       const struct bg_oid *oid)
{
	for (size_t i = 0; i < h->events.n; i++)
		if (bg_oid_eq(&h->events.v[i]->commit, oid))
			return h->events.v[i];
	return NULL;
}

static void show(const struct bg_history *h)
{
	for (size_t i = 0; i < h->findings.list.n; i++)
		print_error("  %s %s: %s\n", h->findings.list.v[i].id,
			    h->findings.list.v[i].ref,
			    h->findings.list.v[i].text);
}

/* The finding is there, at this commit and ref; when it is a wrong one it is
 * the only wrong one, and the event does not count. */
static void expect(struct world *w, const char *id, const char *ref,
		   const struct bg_oid *at)
{
	const struct bg_finding *f = find(&w->h, id);
	const struct bg_event *e;

	if (!f) {
		show(&w->h);
		fail_msg("no finding %s", id);
		return;
	}
	if (ref)
		assert_string_equal(f->ref, ref);
	if (at)
		assert_memory_equal(&f->commit, at, sizeof(*at));
	if (f->class != BG_WRONG)
		return;
	if (count_wrong(&w->h) != 1) {
		show(&w->h);
		fail_msg("more is wrong than %s", id);
	}
	e = event_at(&w->h, &f->commit);
	if (e)
		assert_true(e->wrong);
	assert_int_equal(bg_verdict_of(&w->h), BG_V_TAMPERED);
}

/*
 * An event made by hand: the next one of a log, as good as any until a case
 * spoils it.
 */
struct draft {
	struct fx *f;
	enum fx_who who;
	json_t *json;
	struct bg_oid tree, parents[8];
	size_t n_parents;
	const char *name, *email;
	char subject[128];
	bool own_subject;
	int64_t seconds;
	bool own_seconds;
	struct bg_signer *signer;
	char name_buf[64], email_buf[64];
};

static const char *const order[] = { "v",     "repo",    "writer", "seq",
				     "prev",  "trust",   "seal",   "type",
				     "grant", "answers", "at",     "clock",
				     "by",    "for",     "host",   "data",
				     NULL };

static json_t *refusal(void)
{
	return json_pack("{s:s, s:[s], s:i}", "command", "activate", "rules",
			 "role", "repeated", 1);
}

static void log_name(char out[160], const struct fx *f, enum fx_who who)
{
	snprintf(out, 160, "log/%s", f->who[who].writer);
}

static void load_tip(struct bg_record *r, struct fx *f, enum fx_who who,
		     struct bg_oid *oid)
{
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	struct bg_error err;
	char ref[180];

	snprintf(ref, sizeof(ref), "refs/heads/log/%s", f->who[who].writer);
	must(bg_repo_ref(oid, f->repo, ref, &err), &err);
	must(bg_repo_read(&raw, NULL, f->repo, oid, &err), &err);
	must(bg_record_parse(r, oid, raw.buf, raw.len, &err), &err);
}

/* From a refusal that was really written, so that trust is named already. */
static void begin(struct draft *d, struct fx *f, enum fx_who who)
{
	struct bg_record r = { .has_commit = false };
	char text[BG_DIGEST_TEXT + 1];
	struct bg_error err;
	struct bg_oid tip;

	*d = (struct draft){ .f = f, .who = who, .tree = bg_empty_tree };
	must(fx_append(f, NULL, who, BG_EV_REFUSE, refusal(), &err), &err);
	load_tip(&r, f, who, &tip);
	d->json = json_deep_copy(r.event.json);
	json_object_set_new(d->json, "seq",
			    json_integer((json_int_t)r.event.seq + 1));
	bg_digest_format(text, &r.event.digest);
	json_object_set_new(d->json, "prev", json_string(text));
	d->parents[0] = tip;
	d->n_parents = 1;
	snprintf(d->name_buf, sizeof(d->name_buf), "%s", r.commit.name);
	snprintf(d->email_buf, sizeof(d->email_buf), "%s", r.commit.email);
	d->name = d->name_buf;
	d->email = d->email_buf;
	d->signer = f->who[who].signer;
	bg_record_release(&r);
}

static void set_text(struct draft *d, const char *key, const char *value)
{
	json_object_set_new(d->json, key, json_string(value));
}

static void set_at(struct draft *d, int64_t ms)
{
	char text[BG_TIME_LEN + 1];

	bg_time_format(text, ms);
	set_text(d, "at", text);
}

static void payload(struct bg_str *out, struct draft *d)
{
	BG_AUTO(str) struct bg_str body = BG_STR_INIT;
	BG_AUTO(str) struct bg_str subject = BG_STR_INIT;
	struct bg_event e = { .json = NULL };
	struct bg_error err;
	int64_t ms = 0;

	must(bg_json_canon(&body, d->json, order, &err), &err);
	if (!d->own_subject) {
		must(bg_event_parse(&e, body.buf, body.len, &err), &err);
		must(bg_event_subject(&subject, &e, &err), &err);
		snprintf(d->subject, sizeof(d->subject), "%s", subject.buf);
		bg_event_release(&e);
	}
	assert_true(bg_time_parse_exact(&ms, bg_json_text(d->json, "at")));
	if (!d->own_seconds)
		d->seconds = ms / 1000;
	must(bg_commit_payload(out, &d->tree, d->parents, d->n_parents, d->name,
			       d->email, d->seconds, d->subject, body.buf,
			       body.len, &err),
	     &err);
}

static struct bg_oid store(struct fx *f, const void *p, size_t n)
{
	struct bg_error err;
	struct bg_oid oid;

	must(bg_repo_write(&oid, f->repo, BG_OBJ_COMMIT, p, n, &err), &err);
	return oid;
}

/* Point refs/heads/NAME (or a full name) at a commit, whatever was there. */
static void point(struct fx *f, const char *name, const struct bg_oid *to)
{
	struct bg_error err, ignored;
	struct bg_oid now;
	char full[260];
	bool there;

	snprintf(full, sizeof(full), "%s%s",
		 bg_starts_with(name, "refs/") ? "" : "refs/heads/", name);
	there = !bg_repo_ref(&now, f->repo, full, &ignored);
	must(bg_repo_ref_move(f->repo, full, there ? &now : NULL, to, NULL,
			      &err),
	     &err);
}

static void delete_ref(struct world *w, const char *name)
{
	char full[260];
	const char *const argv[] = { "git", "-C", w->f.repo_dir, "update-ref",
				     "-d",  full, NULL };

	snprintf(full, sizeof(full), "%s%s",
		 bg_starts_with(name, "refs/") ? "" : "refs/heads/", name);
	run(argv);
}

/* Sign, store; the ref is not moved. */
static struct bg_oid make(struct draft *d)
{
	BG_AUTO(str) struct bg_str p = BG_STR_INIT;
	BG_AUTO(str) struct bg_str armor = BG_STR_INIT;
	BG_AUTO(str) struct bg_str bytes = BG_STR_INIT;
	struct bg_error err;

	payload(&p, d);
	must(bg_signer_sign(&armor, d->signer, p.buf, p.len, &err), &err);
	must(bg_commit_sign(&bytes, p.buf, p.len, armor.buf, armor.len, &err),
	     &err);
	json_decref(d->json);
	d->json = NULL;
	return store(d->f, bytes.buf, bytes.len);
}

static struct bg_oid put(struct draft *d)
{
	struct bg_oid oid = make(d);
	char ref[160];

	log_name(ref, d->f, d->who);
	point(d->f, ref, &oid);
	return oid;
}

/*
 * What is good.
 */
static void good_repository_has_nothing_wrong(void **state)
{
	struct world w;

	(void)state;
	copy_base(&w);
	read_all(&w);
	assert_int_equal(count_wrong(&w.h), 0);
	assert_int_equal(bg_verdict_of(&w.h), BG_V_OK);
	assert_int_equal(w.h.writers.n, FX_WRITERS);
	read_with(&w, NULL, true, false);
	assert_int_equal(bg_verdict_of(&w.h), BG_V_UNANCHORED);
	assert_non_null(find(&w.h, "single-admin"));
	drop(&w);
}

static void draft_by_hand_is_good(void **state)
{
	struct world w;
	struct draft d;
	struct bg_oid at;

	(void)state;
	copy_base(&w);
	begin(&d, &w.f, FX_BOB);
	at = put(&d);
	read_all(&w);
	assert_int_equal(count_wrong(&w.h), 0);
	assert_non_null(event_at(&w.h, &at));
	drop(&w);
}

/* What each event answers or follows comes before it. */
static void causal_order_is_given(void **state)
{
	struct world w;

	(void)state;
	copy_base(&w);
	read_all(&w);
	for (size_t i = 0; i < w.h.events.n; i++) {
		const struct bg_event *e = w.h.events.v[w.h.causal[i]];

		for (size_t j = i; j < w.h.events.n; j++) {
			const struct bg_event *l = w.h.events.v[w.h.causal[j]];

			assert_false(e->has_prev &&
				     bg_digest_eq(&e->prev, &l->digest));
			for (size_t k = 0; k < e->n_answers; k++)
				assert_false(bg_digest_eq(&e->answers[k],
							  &l->digest));
		}
	}
	drop(&w);
}

/*
 * One spoilt thing each; signed by the writer's own key unless it is about the
 * signature.
 */
static void spoil_tree(struct draft *d)
{
	struct bg_tree_files files = { .list = { NULL, 0, 0 } };
	struct bg_tree_file file = { .mode = 0100644 };
	struct bg_error err;

	must(bg_repo_write(&file.blob, d->f->repo, BG_OBJ_BLOB, "x", 1, &err),
	     &err);
	file.path = strdup("x");
	assert_int_equal(bg_vec_push(&files.list, file), 0);
	must(bg_repo_write_tree(&d->tree, d->f->repo, &files, &err), &err);
	bg_tree_files_release(&files);
}

static void spoil_repo(struct draft *d)
{
	set_text(d, "repo",
		 "sha256:00000000000000000000000000000000000000000000000000000"
		 "00000000001");
}

static void spoil_subject(struct draft *d)
{
	d->own_subject = true;
	snprintf(d->subject, sizeof(d->subject), "refuse activate: nothing");
}

static void spoil_seconds(struct draft *d)
{
	d->own_seconds = true;
	d->seconds = bg_now_ms() / 1000 + 5;
}

static void spoil_signature_time(struct draft *d)
{
	set_at(d, bg_now_ms() - INT64_C(86400000));
}

static void spoil_author(struct draft *d)
{
	d->name = "ciso";
}

static void spoil_key(struct draft *d)
{
	d->signer = d->f->who[FX_ALICE].signer;
}

static void spoil_unlisted_key(struct draft *d)
{
	d->signer = d->f->who[FX_HOST].signer;
}

static void spoil_seq(struct draft *d)
{
	json_object_set_new(d->json, "seq",
			    json_integer(bg_json_int(d->json, "seq", 0) + 1));
}

static void spoil_prev(struct draft *d)
{
	set_text(d, "prev",
		 "sha256:00000000000000000000000000000000000000000000000000000"
		 "00000000001");
}

static void spoil_parents(struct draft *d)
{
	struct bg_record r = { .has_commit = false };

	load_tip(&r, d->f, FX_ALICE, &d->parents[1]);
	d->n_parents = 2;
	bg_record_release(&r);
}

static void spoil_first_parent(struct draft *d)
{
	struct bg_record r = { .has_commit = false };
	char text[BG_DIGEST_TEXT + 1], remote[200];

	/* What came before it is known from elsewhere. */
	snprintf(remote, sizeof(remote), "refs/remotes/origin/log/%s",
		 d->f->who[FX_BOB].writer);
	point(d->f, remote, &d->parents[0]);
	load_tip(&r, d->f, FX_ALICE, &d->parents[0]);
	bg_digest_format(text, &r.event.digest);
	set_text(d, "prev", text);
	bg_record_release(&r);
}

static void spoil_trust(struct draft *d)
{
	json_object_set_new(
		d->json, "trust",
		json_pack("{s:s, s:i}", "digest",
			  "sha256:0000000000000000000000000000000000000000000"
			  "000000000000000000001",
			  "version", 9));
}

static void spoil_rollback(struct draft *d)
{
	char text[BG_DIGEST_TEXT + 1];

	bg_digest_format(text, &d->f->genesis);
	json_object_set_new(d->json, "trust",
			    json_pack("{s:s, s:i}", "digest", text, "version",
				      1));
}

static void spoil_root(struct draft *d)
{
	struct bg_record r = { .has_commit = false };
	char text[BG_DIGEST_TEXT + 1];

	load_tip(&r, d->f, FX_ALICE, &d->parents[1]);
	bg_digest_format(text, &r.event.digest);
	d->n_parents = 2;
	json_object_set_new(d->json, "answers", json_pack("[s]", text));
	set_text(d, "grant", "BG-20261123-k7q2xm");
	bg_record_release(&r);
}

static void spoil_answer(struct draft *d)
{
	json_object_set_new(d->json, "answers",
			    json_pack("[s]",
				      "sha256:000000000000000000000000000000"
				      "0000000000000000000000000000000001"));
}

static void spoil_unparented_answer(struct draft *d)
{
	struct bg_record r = { .has_commit = false };
	char text[BG_DIGEST_TEXT + 1];
	struct bg_oid oid;

	load_tip(&r, d->f, FX_ALICE, &oid);
	bg_digest_format(text, &r.event.digest);
	json_object_set_new(d->json, "answers", json_pack("[s]", text));
	bg_record_release(&r);
}

static void spoil_seal(struct draft *d)
{
	set_text(d, "seal",
		 "sha256:00000000000000000000000000000000000000000000000000000"
		 "00000000001");
}

static void spoil_clock(struct draft *d)
{
	set_at(d, bg_now_ms() - 20000);
}

static const struct {
	const char *id;
	void (*spoil)(struct draft *);
	enum bg_verdict verdict;
} spoilt[] = {
	{ "bad-tree", spoil_tree, BG_V_TAMPERED },
	{ "foreign-repository", spoil_repo, BG_V_TAMPERED },
	{ "bad-subject", spoil_subject, BG_V_TAMPERED },
	{ "wrong-time", spoil_seconds, BG_V_TAMPERED },
	{ "signature-time", spoil_signature_time, BG_V_TAMPERED },
	{ "wrong-author", spoil_author, BG_V_TAMPERED },
	{ "wrong-key", spoil_key, BG_V_TAMPERED },
	{ "key-not-listed", spoil_unlisted_key, BG_V_TAMPERED },
	{ "bad-seq", spoil_seq, BG_V_TAMPERED },
	{ "bad-prev", spoil_prev, BG_V_TAMPERED },
	{ "bad-parents", spoil_parents, BG_V_TAMPERED },
	{ "bad-parents", spoil_first_parent, BG_V_TAMPERED },
	{ "bad-parents", spoil_unparented_answer, BG_V_TAMPERED },
	{ "bad-answers", spoil_root, BG_V_TAMPERED },
	{ "trust-rollback", spoil_rollback, BG_V_TAMPERED },
	{ "trust-missing", spoil_trust, BG_V_INCOMPLETE },
	{ "answer-missing", spoil_answer, BG_V_INCOMPLETE },
	{ "seal-missing", spoil_seal, BG_V_INCOMPLETE },
	{ "clock-step", spoil_clock, BG_V_OK },
};

static void spoilt_events_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(spoilt); i++) {
		struct world w;
		struct draft d;
		struct bg_oid at;
		char ref[160];

		copy_base(&w);
		begin(&d, &w.f, FX_BOB);
		spoilt[i].spoil(&d);
		at = put(&d);
		log_name(ref, &w.f, FX_BOB);
		read_all(&w);
		expect(&w, spoilt[i].id, ref, &at);
		if (bg_verdict_of(&w.h) != spoilt[i].verdict)
			fail_msg("%s gives %s", spoilt[i].id,
				 bg_verdict_text(bg_verdict_of(&w.h)));
		drop(&w);
	}
}

/*
 * Bytes of a commit.
 */
static struct raw_commit take(struct fx *f, enum fx_who who)
{
	struct raw_commit c = { .head = BG_STR_INIT };
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	struct bg_error err;
	struct bg_oid oid;
	char ref[180];

	must(fx_append(f, NULL, who, BG_EV_REFUSE, refusal(), &err), &err);
	snprintf(ref, sizeof(ref), "refs/heads/log/%s", f->who[who].writer);
	must(bg_repo_ref(&oid, f->repo, ref, &err), &err);
	must(bg_repo_read(&raw, NULL, f->repo, &oid, &err), &err);
	assert_true(raw_split(&c, &raw));
	return c;
}

static void resign(struct fx *f, enum fx_who who, struct raw_commit *c,
		   int class, int hash)
{
	const struct raw_how how = { .class = class, .hash = hash };
	struct raw_key key;
	struct bg_error err;
	char path[200];

	snprintf(path, sizeof(path), "%s/keys/%s", f->dir, f->who[who].by);
	must(raw_key_read(&key, path, &err), &err);
	must(raw_sign(c, &key, &how, &err), &err);
}

static void spoil_unsigned(struct fx *f, struct raw_commit *c,
			   struct bg_str *out)
{
	(void)f;
	bg_str_addn(out, c->head.buf, c->head.len);
	bg_str_addc(out, '\n');
	bg_str_addn(out, c->message.buf, c->message.len);
}

static void spoil_second(struct fx *f, struct raw_commit *c, struct bg_str *out)
{
	(void)f;
	bg_str_addn(out, c->head.buf, c->head.len);
	raw_fold(out, "gpgsig", &c->armor);
	raw_fold(out, "gpgsig", &c->armor);
	bg_str_addc(out, '\n');
	bg_str_addn(out, c->message.buf, c->message.len);
}

static void spoil_header(struct fx *f, struct raw_commit *c, struct bg_str *out)
{
	bg_str_add(&c->head, "encoding UTF-8\n");
	resign(f, FX_BOB, c, 0, 8);
	raw_join(out, c);
}

static void spoil_nul(struct fx *f, struct raw_commit *c, struct bg_str *out)
{
	(void)f;
	raw_join(out, c);
	bg_str_addn(out, "\0more\n", 6);
}

static void spoil_ident(struct fx *f, struct raw_commit *c, struct bg_str *out)
{
	assert_true(raw_replace(&c->head, "author bob <", "author ana <"));
	resign(f, FX_BOB, c, 0, 8);
	raw_join(out, c);
}

static void spoil_armor(struct fx *f, struct raw_commit *c, struct bg_str *out)
{
	(void)f;
	assert_true(raw_replace(&c->armor, "SIGNATURE-----\n",
				"SIGNATURE-----\nComment: x\n"));
	raw_join(out, c);
}

static void spoil_packet(struct fx *f, struct raw_commit *c, struct bg_str *out)
{
	struct raw_how how = { .hash = 8, .wrong_issuer = true };
	struct raw_key key;
	struct bg_error err;
	char path[200];

	snprintf(path, sizeof(path), "%s/keys/bob", f->dir);
	must(raw_key_read(&key, path, &err), &err);
	must(raw_sign(c, &key, &how, &err), &err);
	raw_join(out, c);
}

static void spoil_class(struct fx *f, struct raw_commit *c, struct bg_str *out)
{
	resign(f, FX_BOB, c, 1, 8);
	raw_join(out, c);
}

static void spoil_hash(struct fx *f, struct raw_commit *c, struct bg_str *out)
{
	resign(f, FX_BOB, c, 0, 2);
	raw_join(out, c);
}

static void spoil_bytes(struct fx *f, struct raw_commit *c, struct bg_str *out)
{
	(void)f;
	assert_true(
		raw_replace(&c->message, "\"repeated\": 1", "\"repeated\": 2"));
	raw_join(out, c);
}

static void spoil_json(struct fx *f, struct raw_commit *c, struct bg_str *out)
{
	assert_true(raw_replace(&c->message, "\"repeated\": 1",
				"\"repeated\": null"));
	resign(f, FX_BOB, c, 0, 8);
	raw_join(out, c);
}

static void spoil_form(struct fx *f, struct raw_commit *c, struct bg_str *out)
{
	assert_true(raw_replace(&c->message, "\"repeated\": 1",
				"\"repeated\":  1"));
	resign(f, FX_BOB, c, 0, 8);
	raw_join(out, c);
}

static void spoil_envelope(struct fx *f, struct raw_commit *c,
			   struct bg_str *out)
{
	assert_true(
		raw_replace(&c->message, "\"by\": \"bob\"", "\"by\": \"ana\""));
	resign(f, FX_BOB, c, 0, 8);
	raw_join(out, c);
}

static void spoil_type(struct fx *f, struct raw_commit *c, struct bg_str *out)
{
	assert_true(raw_replace(&c->message, "\"type\": \"refuse\"",
				"\"type\": \"bless\""));
	resign(f, FX_BOB, c, 0, 8);
	raw_join(out, c);
}

static void spoil_data(struct fx *f, struct raw_commit *c, struct bg_str *out)
{
	assert_true(raw_replace(&c->message, "\"repeated\": 1",
				"\"repeated\": \"1\""));
	resign(f, FX_BOB, c, 0, 8);
	raw_join(out, c);
}

static void spoil_version(struct fx *f, struct raw_commit *c,
			  struct bg_str *out)
{
	assert_true(raw_replace(&c->message, "\"v\": 1", "\"v\": 2"));
	resign(f, FX_BOB, c, 0, 8);
	raw_join(out, c);
}

static const struct {
	const char *id;
	void (*spoil)(struct fx *, struct raw_commit *, struct bg_str *);
} bytes[] = {
	{ "unsigned", spoil_unsigned },
	{ "second-signature", spoil_second },
	{ "not-canonical", spoil_header },
	{ "not-canonical", spoil_nul },
	{ "not-canonical", spoil_form },
	{ "bad-ident", spoil_ident },
	{ "bad-armor", spoil_armor },
	{ "bad-packet", spoil_packet },
	{ "text-signature", spoil_class },
	{ "weak-hash", spoil_hash },
	{ "bad-signature", spoil_bytes },
	{ "bad-json", spoil_json },
	{ "bad-envelope", spoil_envelope },
	{ "unknown-type", spoil_type },
	{ "bad-data", spoil_data },
	{ "needs-newer-bg", spoil_version },
};

static void spoilt_bytes_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(bytes); i++) {
		BG_AUTO(str) struct bg_str out = BG_STR_INIT;
		struct raw_commit c;
		struct world w;
		struct bg_oid at;
		char ref[160];

		copy_base(&w);
		c = take(&w.f, FX_BOB);
		bytes[i].spoil(&w.f, &c, &out);
		at = store(&w.f, out.buf, out.len);
		log_name(ref, &w.f, FX_BOB);
		point(&w.f, ref, &at);
		read_all(&w);
		expect(&w, bytes[i].id, ref, &at);
		/* The rest of his log, and every other, still counts. */
		if (w.h.writers.n != FX_WRITERS) {
			show(&w.h);
			fail_msg("%s lost a writer", bytes[i].id);
		}
		raw_release(&c);
		drop(&w);
	}
}

static void newer_format_is_unsupported(void **state)
{
	BG_AUTO(str) struct bg_str out = BG_STR_INIT;
	struct raw_commit c;
	struct world w;
	struct bg_oid at;
	char ref[160];

	(void)state;
	copy_base(&w);
	c = take(&w.f, FX_BOB);
	spoil_version(&w.f, &c, &out);
	at = store(&w.f, out.buf, out.len);
	log_name(ref, &w.f, FX_BOB);
	point(&w.f, ref, &at);
	read_all(&w);
	assert_true(w.h.unsupported);
	assert_int_equal(bg_verdict_of(&w.h), BG_V_UNSUPPORTED);
	raw_release(&c);
	drop(&w);
}

/*
 * Whole logs.
 */
static void foreign_tip_is_named(void **state)
{
	struct bg_record r = { .has_commit = false };
	struct world w;
	struct bg_oid at;
	char ref[160];

	(void)state;
	copy_base(&w);
	load_tip(&r, &w.f, FX_ALICE, &at);
	bg_record_release(&r);
	log_name(ref, &w.f, FX_BOB);
	point(&w.f, ref, &at);
	read_all(&w);
	assert_non_null(find(&w.h, "wrong-log"));
	assert_string_equal(find(&w.h, "wrong-log")->ref, ref);
	assert_memory_equal(&find(&w.h, "wrong-log")->commit, &at, sizeof(at));
	assert_int_equal(count_wrong(&w.h), 1);
	/* Alice's event is hers all the same. */
	assert_false(event_at(&w.h, &at)->wrong);
	drop(&w);
}

/* Two events of one key at one place, both well made. */
static void fork_is_kept_and_doubted(void **state)
{
	struct bg_oid a, b;
	struct draft d;
	struct world w;
	char ref[160], remote[200];
	json_t *twin;
	size_t doubtful = 0;

	(void)state;
	copy_base(&w);
	begin(&d, &w.f, FX_BOB);
	twin = json_deep_copy(d.json);
	a = put(&d);
	d.json = twin;
	set_text(&d, "at", bg_json_text(twin, "at"));
	json_object_set_new(json_object_get(d.json, "data"), "repeated",
			    json_integer(7));
	b = make(&d);
	log_name(ref, &w.f, FX_BOB);
	snprintf(remote, sizeof(remote), "refs/remotes/origin/%s", ref);
	point(&w.f, remote, &b);
	read_all(&w);
	assert_non_null(find(&w.h, "equivocation"));
	assert_string_equal(find(&w.h, "equivocation")->ref, ref);
	assert_int_equal(count_wrong(&w.h), 1);
	assert_int_equal(bg_verdict_of(&w.h), BG_V_TAMPERED);
	assert_non_null(event_at(&w.h, &a));
	assert_non_null(event_at(&w.h, &b));
	assert_true(event_at(&w.h, &a)->doubtful);
	assert_true(event_at(&w.h, &b)->doubtful);
	for (size_t i = 0; i < w.h.events.n; i++)
		doubtful += w.h.events.v[i]->doubtful;
	assert_int_equal(doubtful, 2);
	assert_non_null(find(&w.h, "forked-log"));
	drop(&w);
}

/* A branch that somebody else made is wrong, and doubts nothing. */
static void forged_branch_doubts_nothing(void **state)
{
	struct draft d;
	struct world w;
	struct bg_oid a, b;
	char ref[160], remote[200];
	json_t *twin;

	(void)state;
	copy_base(&w);
	begin(&d, &w.f, FX_BOB);
	twin = json_deep_copy(d.json);
	a = put(&d);
	d.json = twin;
	json_object_set_new(json_object_get(d.json, "data"), "repeated",
			    json_integer(7));
	d.signer = w.f.who[FX_ALICE].signer;
	b = make(&d);
	log_name(ref, &w.f, FX_BOB);
	snprintf(remote, sizeof(remote), "refs/remotes/origin/%s", ref);
	point(&w.f, remote, &b);
	read_all(&w);
	expect(&w, "wrong-key", ref, &b);
	assert_false(event_at(&w.h, &a)->doubtful);
	drop(&w);
}

static void second_encoding_is_one_event(void **state)
{
	struct draft d;
	struct world w;
	struct bg_oid a, b;
	size_t events;
	char ref[160], remote[200];
	json_t *twin;

	(void)state;
	copy_base(&w);
	begin(&d, &w.f, FX_BOB);
	twin = json_deep_copy(d.json);
	a = put(&d);
	read_all(&w);
	events = w.h.events.n;
	/* Signed again a second later: other bytes, the same payload. */
	usleep(1100000);
	d.json = twin;
	b = make(&d);
	assert_memory_not_equal(&a, &b, sizeof(a));
	log_name(ref, &w.f, FX_BOB);
	snprintf(remote, sizeof(remote), "refs/remotes/origin/%s", ref);
	point(&w.f, remote, &b);
	read_all(&w);
	assert_int_equal(w.h.events.n, events);
	assert_non_null(find(&w.h, "re-encoded"));
	assert_int_equal(count_wrong(&w.h), 0);
	drop(&w);
}

/* Behind a remote: the longer one counts. */
static void longest_candidate_counts(void **state)
{
	struct bg_record r = { .has_commit = false };
	struct world w;
	struct bg_error err;
	struct bg_oid old, tip;
	char ref[160], remote[200];

	(void)state;
	copy_base(&w);
	load_tip(&r, &w.f, FX_BOB, &old);
	bg_record_release(&r);
	must(fx_append(&w.f, NULL, FX_BOB, BG_EV_REFUSE, refusal(), &err),
	     &err);
	load_tip(&r, &w.f, FX_BOB, &tip);
	bg_record_release(&r);
	log_name(ref, &w.f, FX_BOB);
	snprintf(remote, sizeof(remote), "refs/remotes/origin/%s", ref);
	point(&w.f, remote, &tip);
	point(&w.f, ref, &old);
	read_all(&w);
	assert_int_equal(count_wrong(&w.h), 0);
	assert_non_null(event_at(&w.h, &tip));
	drop(&w);
}

/* Registrations. */
static json_t *registration(struct draft *d, const char *installation)
{
	json_t *data = fx_register(d->f, d->who);

	json_object_set_new(data, "installation", json_string(installation));
	return data;
}

/* The first event of a log of its own name. */
static void begin_log(struct draft *d, struct fx *f, enum fx_who who,
		      const char *installation, const char *named_after)
{
	char writer[BG_WRITER_MAX];
	struct bg_record r = { .has_commit = false };
	struct bg_oid tip;

	*d = (struct draft){ .f = f, .who = who, .tree = bg_empty_tree };
	load_tip(&r, f, who, &tip);
	d->json = json_deep_copy(r.event.json);
	bg_record_release(&r);
	json_object_set_new(d->json, "seq", json_integer(1));
	json_object_del(d->json, "prev");
	json_object_del(d->json, "grant");
	json_object_del(d->json, "answers");
	set_text(d, "type", "writer");
	set_at(d, bg_now_ms());
	bg_writer_name(writer, f->who[who].by, "elsewhere", &f->who[who].fpr,
		       named_after);
	set_text(d, "writer", writer);
	json_object_set_new(d->json, "data", registration(d, installation));
	d->parents[0] = f->trust_commit;
	d->n_parents = 1;
	d->name = f->who[who].by;
	d->email = f->who[who].email;
	d->signer = f->who[who].signer;
}

static struct bg_oid put_log(struct draft *d, char ref[160])
{
	struct bg_oid at;

	snprintf(ref, 160, "log/%s", bg_json_text(d->json, "writer"));
	at = make(d);
	point(d->f, ref, &at);
	return at;
}

static void name_must_fit(void **state)
{
	struct world w;
	struct draft d;
	struct bg_oid at;
	char ref[160];

	(void)state;
	copy_base(&w);
	begin_log(&d, &w.f, FX_BOB, "00000000000000000000000000000077",
		  "00000000000000000000000000000078");
	at = put_log(&d, ref);
	read_all(&w);
	expect(&w, "bad-writer", ref, &at);
	drop(&w);
}

static void bad_key_is_named(void **state)
{
	struct world w;
	struct draft d;
	struct bg_oid at;
	char ref[160];

	(void)state;
	copy_base(&w);
	begin_log(&d, &w.f, FX_BOB, "00000000000000000000000000000077",
		  "00000000000000000000000000000077");
	json_object_set_new(json_object_get(d.json, "data"), "key",
			    json_string("AAAA"));
	at = put_log(&d, ref);
	read_all(&w);
	expect(&w, "bad-key", ref, &at);
	drop(&w);
}

static void stranger_is_not_introduced(void **state)
{
	struct world w;
	struct draft d;
	struct bg_oid at;
	char ref[160];

	(void)state;
	copy_base(&w);
	/* The key of alice's installation as a log of bob's. */
	begin_log(&d, &w.f, FX_BOB, "00000000000000000000000000000077",
		  "00000000000000000000000000000077");
	d.who = FX_HOST;
	json_object_set_new(d.json, "data",
			    registration(&d,
					 "00000000000000000000000000000077"));
	d.who = FX_BOB;
	bg_writer_name(ref, "bob", "elsewhere", &w.f.who[FX_HOST].fpr,
		       "00000000000000000000000000000077");
	set_text(&d, "writer", ref);
	d.signer = w.f.who[FX_HOST].signer;
	at = put_log(&d, ref);
	read_all(&w);
	expect(&w, "not-introduced", ref, &at);
	drop(&w);
}

/* A log whose first event is wrong: the others do not count, said once. */
static void unregistered_log_does_not_count(void **state)
{
	struct world w;
	struct draft d, e;
	struct bg_oid at;
	char ref[160], text[BG_DIGEST_TEXT + 1];
	struct bg_record r = { .has_commit = false };
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	struct bg_error err;
	json_t *next;

	(void)state;
	copy_base(&w);
	begin_log(&d, &w.f, FX_BOB, "00000000000000000000000000000077",
		  "00000000000000000000000000000078");
	next = json_deep_copy(d.json);
	at = put_log(&d, ref);
	must(bg_repo_read(&raw, NULL, w.f.repo, &at, &err), &err);
	must(bg_record_parse(&r, &at, raw.buf, raw.len, &err), &err);
	bg_digest_format(text, &r.event.digest);
	bg_record_release(&r);
	e = d;
	e.json = next;
	set_text(&e, "type", "refuse");
	set_text(&e, "prev", text);
	json_object_set_new(e.json, "seq", json_integer(2));
	json_object_set_new(e.json, "data", refusal());
	e.parents[0] = at;
	e.own_subject = false;
	at = put_log(&e, ref);
	read_all(&w);
	assert_non_null(find(&w.h, "unregistered-writer"));
	assert_memory_equal(&find(&w.h, "unregistered-writer")->commit, &at,
			    sizeof(at));
	assert_true(event_at(&w.h, &at)->wrong);
	assert_int_equal(w.h.writers.n, FX_WRITERS);
	drop(&w);
}

static void many_writers_are_told(void **state)
{
	struct world w;
	char id[33], ref[160];

	(void)state;
	copy_base(&w);
	for (int i = 0; i < 17; i++) {
		struct draft d;

		snprintf(id, sizeof(id), "%032x", 0x1000 + i);
		begin_log(&d, &w.f, FX_BOB, id, id);
		put_log(&d, ref);
	}
	read_all(&w);
	assert_int_equal(count_wrong(&w.h), 0);
	assert_non_null(find(&w.h, "too-many-writers"));
	assert_int_equal(w.h.writers.n, FX_WRITERS + 17);
	drop(&w);
}

static void missing_and_corrupt_objects(void **state)
{
	struct bg_record r = { .has_commit = false };
	struct world w;
	struct bg_oid tip, parent;
	char hex[41], path[300], dir[80];
	struct bg_error err;
	FILE *file;

	(void)state;
	copy_base(&w);
	must(fx_append(&w.f, NULL, FX_BOB, BG_EV_REFUSE, refusal(), &err),
	     &err);
	load_tip(&r, &w.f, FX_BOB, &tip);
	parent = r.commit.parents[0];
	bg_record_release(&r);
	bg_oid_format(hex, &parent);
	snprintf(path, sizeof(path), "%sobjects/%.2s/%s",
		 bg_repo_git_dir(w.f.repo), hex, hex + 2);
	assert_int_equal(unlink(path), 0);
	fx_close(&w.f);
	snprintf(dir, sizeof(dir), "%s/w", w.dir);
	must(fx_open(&w.f, dir, &err), &err);
	read_all(&w);
	assert_non_null(find(&w.h, "missing-object"));
	assert_memory_equal(&find(&w.h, "missing-object")->commit, &parent,
			    sizeof(parent));
	assert_true(w.h.incomplete);
	assert_int_equal(count_wrong(&w.h), 0);

	file = fopen(path, "wb");
	assert_non_null(file);
	fputs("x\x01nothing that zlib made", file);
	fclose(file);
	fx_close(&w.f);
	must(fx_open(&w.f, dir, &err), &err);
	read_all(&w);
	assert_non_null(find(&w.h, "corrupt-object"));
	drop(&w);
}

static void trust_alone_is_incomplete(void **state)
{
	struct world w;
	char ref[160];

	(void)state;
	copy_base(&w);
	for (int i = 0; i < FX_WRITERS; i++) {
		log_name(ref, &w.f, (enum fx_who)i);
		delete_ref(&w, ref);
	}
	read_all(&w);
	expect(&w, "no-log", "", NULL);
	assert_int_equal(bg_verdict_of(&w.h), BG_V_INCOMPLETE);
	drop(&w);
}

/* Bob's ref is gone, but alice answers him: he is read all the same. */
static void unknown_refs_are_counted(void **state)
{
	struct world w;

	(void)state;
	copy_base(&w);
	point(&w.f, "refs/heads/elsewhere", &w.f.trust_commit);
	read_all(&w);
	assert_non_null(find(&w.h, "unknown-ref"));
	assert_int_equal(bg_verdict_of(&w.h), BG_V_OK);
	drop(&w);
}

static void second_engine_agrees_and_refuses(void **state)
{
	BG_AUTO(str) struct bg_str out = BG_STR_INIT;
	struct raw_commit c;
	struct world w;
	struct bg_oid at;
	char ref[160];

	(void)state;
	if (UNDER_VALGRIND)
		skip();
	copy_base(&w);
	read_with(&w, &w.f.genesis, true, true);
	assert_int_equal(count_wrong(&w.h), 0);
	c = take(&w.f, FX_BOB);
	spoil_bytes(&w.f, &c, &out);
	at = store(&w.f, out.buf, out.len);
	log_name(ref, &w.f, FX_BOB);
	point(&w.f, ref, &at);
	/* The subject is a function of the data too; this one keeps it. */
	read_with(&w, &w.f.genesis, false, true);
	expect(&w, "engine-disagrees", ref, &at);
	raw_release(&c);
	drop(&w);
}

/*
 * Trust.
 */
struct version {
	struct bg_trust_chain chain;
	struct bg_trust_file files[24];
	size_t n;
	struct bg_str yaml;
};

/* The newest version, to be changed and published. */
static void begin_version(struct version *v, struct world *w)
{
	struct bg_findings f = { .oom = false };
	const struct bg_trust *t;
	struct bg_error err;

	*v = (struct version){ .n = 0 };
	must(bg_trust_chain_read(&v->chain, &f, w->f.repo, NULL, &err), &err);
	bg_findings_release(&f);
	t = bg_trust_chain_newest(&v->chain);
	for (size_t i = 0; i < t->n_files; i++) {
		v->files[v->n] = t->files[i];
		if (!strcmp(t->files[i].path, "trust.yaml"))
			bg_str_addn(&v->yaml, t->files[i].text, t->files[i].n);
		else
			v->n++;
	}
}

static struct bg_oid publish_as(struct version *v, struct world *w,
				enum fx_who who)
{
	struct bg_digest digest;
	struct bg_oid commit;
	struct bg_error err;

	v->files[v->n].path = "trust.yaml";
	v->files[v->n].text = v->yaml.buf;
	v->files[v->n++].n = v->yaml.len;
	must(bg_trust_append(&digest, &commit, &w->f.who[who].log,
			     bg_trust_chain_newest(&v->chain), v->files, v->n,
			     &err),
	     &err);
	bg_str_release(&v->yaml);
	bg_trust_chain_release(&v->chain);
	return commit;
}

static void expect_trust(struct world *w, const char *id,
			 const struct bg_oid *at, size_t good)
{
	const struct bg_finding *f;

	read_all(w);
	f = find(&w->h, id);
	if (!f) {
		show(&w->h);
		fail_msg("no finding %s", id);
		return;
	}
	assert_string_equal(f->ref, "trust");
	if (at)
		assert_memory_equal(&f->commit, at, sizeof(*at));
	assert_int_equal(w->h.trust.n, good);
	assert_int_equal(bg_verdict_of(&w->h), BG_V_TAMPERED);
}

static void another_version_is_good(void **state)
{
	struct version v;
	struct world w;

	(void)state;
	copy_base(&w);
	begin_version(&v, &w);
	bg_str_add(&v.yaml, "limits: {skew: 3m}\n");
	publish_as(&v, &w, FX_ANA);
	read_all(&w);
	assert_int_equal(count_wrong(&w.h), 0);
	assert_int_equal(w.h.trust.n, 3);
	drop(&w);
}

static void others_sign_no_trust(void **state)
{
	struct version v;
	struct world w;
	struct bg_oid at;

	(void)state;
	copy_base(&w);
	begin_version(&v, &w);
	bg_str_add(&v.yaml, "limits: {skew: 3m}\n");
	at = publish_as(&v, &w, FX_BOB);
	expect_trust(&w, "below-threshold", &at, 2);
	drop(&w);
}

/* An admin who may not change the root's key under its name (not in the design,
 * follows from it): with two admins bob alone tries. */
static void bad_trust_is_named(void **state)
{
	struct version v;
	struct world w;
	struct bg_oid at;

	(void)state;
	copy_base(&w);
	begin_version(&v, &w);
	bg_str_add(&v.yaml, "limits: {skew: never}\n");
	at = publish_as(&v, &w, FX_ANA);
	expect_trust(&w, "bad-trust", &at, 2);
	drop(&w);
}

static void bad_path_is_named(void **state)
{
	struct version v;
	struct world w;
	struct bg_oid at;

	(void)state;
	copy_base(&w);
	begin_version(&v, &w);
	v.files[v.n].path = "notes.txt";
	v.files[v.n].text = "x";
	v.files[v.n++].n = 1;
	at = publish_as(&v, &w, FX_ANA);
	expect_trust(&w, "bad-path", &at, 2);
	drop(&w);
}

static void bad_cosignature_is_named(void **state)
{
	struct version v;
	struct world w;
	struct bg_oid at;

	(void)state;
	copy_base(&w);
	begin_version(&v, &w);
	v.files[v.n].path = "cosig/bob.sig";
	v.files[v.n].text = "x";
	v.files[v.n++].n = 1;
	at = publish_as(&v, &w, FX_ANA);
	expect_trust(&w, "bad-cosignature", &at, 2);
	drop(&w);
}

static void replace_in(struct bg_str *s, const char *from, const char *to)
{
	if (!raw_replace(s, from, to))
		fail_msg("no '%s' in '%s'", from, s->buf);
}

/* Two admins, threshold 2: bob cosigns version 3. */
static void cosign(struct bg_str *out, struct version *v, struct world *w,
		   enum fx_who who)
{
	const struct bg_trust *t = bg_trust_chain_newest(&v->chain);
	BG_AUTO(json) json_t *files = json_object();
	BG_AUTO(str) struct bg_str statement = BG_STR_INIT;
	char text[BG_DIGEST_TEXT + 1];
	struct bg_digest digest;
	struct bg_error err;

	for (size_t i = 0; i <= v->n; i++) {
		const char *path = i < v->n ? v->files[i].path : "trust.yaml";
		const char *p = i < v->n ? v->files[i].text : v->yaml.buf;
		size_t n = i < v->n ? v->files[i].n : v->yaml.len;

		assert_int_equal(bg_sha256(&digest, p, n), 0);
		bg_digest_format(text, &digest);
		json_object_set_new(files, path, json_string(text));
	}
	must(bg_trust_statement(&statement, &w->f.genesis, t->version + 1,
				&t->digest, files, &err),
	     &err);
	must(bg_signer_sign(out, w->f.who[who].signer, statement.buf,
			    statement.len, &err),
	     &err);
}

static void two_admins(struct version *v)
{
	replace_in(&v->yaml, "admin: {threshold: 1, principals: [ana]}",
		   "admin: {threshold: 2, principals: [ana, bob]}");
}

static void publish_cosigned(struct version *v, struct world *w)
{
	BG_AUTO(str) struct bg_str sig = BG_STR_INIT;

	cosign(&sig, v, w, FX_BOB);
	v->files[v->n].path = "cosig/bob.sig";
	v->files[v->n].text = sig.buf;
	v->files[v->n++].n = sig.len;
	publish_as(v, w, FX_ANA);
}

static void threshold_needs_two_humans(void **state)
{
	struct version v;
	struct world w;
	struct bg_oid at;

	(void)state;
	copy_base(&w);
	begin_version(&v, &w);
	two_admins(&v);
	publish_cosigned(&v, &w);
	read_all(&w);
	assert_int_equal(count_wrong(&w.h), 0);
	assert_int_equal(w.h.trust.n, 3);
	assert_null(find(&w.h, "single-admin"));
	/* One of them alone, from here on. */
	begin_version(&v, &w);
	bg_str_add(&v.yaml, "limits: {skew: 3m}\n");
	at = publish_as(&v, &w, FX_ANA);
	expect_trust(&w, "below-threshold", &at, 3);
	drop(&w);
}

static void one_signature_suspends_only(void **state)
{
	struct version v;
	struct world w;
	struct bg_oid at;

	(void)state;
	copy_base(&w);
	begin_version(&v, &w);
	two_admins(&v);
	publish_cosigned(&v, &w);
	begin_version(&v, &w);
	bg_str_add(&v.yaml, "suspended:\n"
			    "  - {name: alice, by: ana, keep: false}\n");
	publish_as(&v, &w, FX_ANA);
	read_all(&w);
	assert_int_equal(count_wrong(&w.h), 0);
	assert_int_equal(w.h.trust.n, 4);
	/* Not a sweeper, not for ever, not in another's name. */
	begin_version(&v, &w);
	bg_str_add(&v.yaml, "  - {name: sweep, by: ana, keep: false}\n");
	at = publish_as(&v, &w, FX_ANA);
	expect_trust(&w, "bad-suspension", &at, 4);
	drop(&w);
}

static void wrong_anchor_is_named(void **state)
{
	struct bg_digest other = { .b = { 1 } };
	struct world w;

	(void)state;
	copy_base(&w);
	read_with(&w, &other, true, false);
	assert_non_null(find(&w.h, "wrong-anchor"));
	assert_string_equal(find(&w.h, "wrong-anchor")->ref, "trust");
	assert_int_equal(bg_verdict_of(&w.h), BG_V_TAMPERED);
	drop(&w);
}

/* A genesis that names two roots. */
static void genesis_has_one_admin(void **state)
{
	struct version v;
	struct world w;
	struct bg_digest digest;
	struct bg_oid commit;
	struct bg_error err;

	(void)state;
	copy_base(&w);
	begin_version(&v, &w);
	replace_in(&v.yaml, "admin: {threshold: 1, principals: [ana]}",
		   "admin: {threshold: 1, principals: [ana, bob]}");
	v.files[v.n].path = "trust.yaml";
	v.files[v.n].text = v.yaml.buf;
	v.files[v.n++].n = v.yaml.len;
	delete_ref(&w, "trust");
	must(bg_trust_append(&digest, &commit, &w.f.who[FX_ANA].log, NULL,
			     v.files, v.n, &err),
	     &err);
	bg_str_release(&v.yaml);
	bg_trust_chain_release(&v.chain);
	read_with(&w, NULL, true, false);
	assert_non_null(find(&w.h, "bad-genesis"));
	assert_memory_equal(&find(&w.h, "bad-genesis")->commit, &commit,
			    sizeof(commit));
	drop(&w);
}

/* Two versions 3, one of them at a remote; then one that names the loser. */
static void trust_fork_is_named_and_healed(void **state)
{
	struct version v;
	struct world w;
	struct bg_oid two, a, b;
	char text[BG_DIGEST_TEXT + 1];
	struct bg_record r = { .has_commit = false };
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	struct bg_error err;

	(void)state;
	copy_base(&w);
	two = w.f.trust_commit;
	begin_version(&v, &w);
	bg_str_add(&v.yaml, "limits: {skew: 3m}\n");
	a = publish_as(&v, &w, FX_ANA);
	point(&w.f, "refs/remotes/origin/trust", &a);
	point(&w.f, "trust", &two);
	begin_version(&v, &w);
	bg_trust_chain_release(&v.chain);
	bg_str_release(&v.yaml);
	/* The chain read above follows the remote; write beside it by hand. */
	delete_ref(&w, "refs/remotes/origin/trust");
	begin_version(&v, &w);
	bg_str_add(&v.yaml, "limits: {skew: 4m}\n");
	b = publish_as(&v, &w, FX_ANA);
	point(&w.f, "refs/remotes/origin/trust", &a);
	expect_trust(&w, "trust-fork", &a, 3);
	must(bg_repo_read(&raw, NULL, w.f.repo, &a, &err), &err);
	must(bg_record_parse(&r, &a, raw.buf, raw.len, &err), &err);
	bg_digest_format(text, &r.event.digest);
	begin_version(&v, &w);
	bg_str_addf(&v.yaml, "abandoned: [{version: 3, digest: '%s'}]\n", text);
	publish_as(&v, &w, FX_ANA);
	read_all(&w);
	assert_int_equal(count_wrong(&w.h), 0);
	assert_int_equal(w.h.trust.n, 4);
	/* What names the loser is judged under its parent. */
	assert_ptr_equal(bg_trust_chain_find(&w.h.trust, 3, &r.event.digest),
			 w.h.trust.v[1]);
	bg_record_release(&r);
	(void)b;
	drop(&w);
}

/* T3: by place. */
static void retirement_doubts_what_comes_after(void **state)
{
	struct bg_record r = { .has_commit = false };
	struct version v;
	struct world w;
	struct bg_error err;
	struct bg_oid cut, after;
	char text[BG_DIGEST_TEXT + 1];

	(void)state;
	copy_base(&w);
	load_tip(&r, &w.f, FX_BOB, &cut);
	bg_digest_format(text, &r.event.digest);
	begin_version(&v, &w);
	bg_str_addf(&v.yaml,
		    "retired:\n  - {name: bob, at: 2026-11-23T00:00:00.000Z, "
		    "logs: [{writer: %s, seq: %llu, digest: '%s'}]}\n",
		    w.f.who[FX_BOB].writer, (unsigned long long)r.event.seq,
		    text);
	bg_record_release(&r);
	publish_as(&v, &w, FX_ANA);
	must(fx_append(&w.f, NULL, FX_BOB, BG_EV_REFUSE, refusal(), &err),
	     &err);
	load_tip(&r, &w.f, FX_BOB, &after);
	bg_record_release(&r);
	read_all(&w);
	assert_int_equal(count_wrong(&w.h), 0);
	expect(&w, "principal-retired", NULL, &after);
	assert_true(event_at(&w.h, &after)->doubtful);
	assert_false(event_at(&w.h, &cut)->doubtful);
	drop(&w);
}

static void compromise_doubts_everything_unsealed(void **state)
{
	struct version v;
	struct world w;
	char fpr[41];
	size_t doubtful = 0, bobs = 0;

	(void)state;
	copy_base(&w);
	bg_fpr_format(fpr, &w.f.who[FX_BOB].fpr);
	begin_version(&v, &w);
	bg_str_addf(&v.yaml,
		    "compromised:\n  - {name: bob, key: %s, "
		    "since: 2026-11-23T00:00:00.000Z}\n",
		    fpr);
	publish_as(&v, &w, FX_ANA);
	read_all(&w);
	assert_int_equal(count_wrong(&w.h), 0);
	assert_non_null(find(&w.h, "compromised-key"));
	for (size_t i = 0; i < w.h.events.n; i++) {
		const struct bg_event *e = w.h.events.v[i];

		doubtful += e->doubtful;
		bobs += !strcmp(e->by, "bob");
	}
	assert_int_equal(doubtful, bobs);
	drop(&w);
}

static void own_retirement_ends_a_writer(void **state)
{
	struct world w;
	struct bg_error err;
	struct bg_oid after;
	struct bg_record r = { .has_commit = false };
	json_t *data;

	(void)state;
	copy_base(&w);
	data = fx_register(&w.f, FX_BOB);
	json_object_set_new(data, "op", json_string("retire"));
	must(fx_append(&w.f, NULL, FX_BOB, BG_EV_WRITER, data, &err), &err);
	must(fx_append(&w.f, NULL, FX_BOB, BG_EV_REFUSE, refusal(), &err),
	     &err);
	load_tip(&r, &w.f, FX_BOB, &after);
	bg_record_release(&r);
	read_all(&w);
	expect(&w, "writer-retired", NULL, &after);
	drop(&w);
}

/* An acknowledged finding is printed and sets no exit code. */
static void acknowledged_findings_set_no_verdict(void **state)
{
	struct version v;
	struct world w;
	struct draft d;
	struct bg_oid at;
	char ref[160], text[BG_DIGEST_TEXT + 1];

	(void)state;
	copy_base(&w);
	begin(&d, &w.f, FX_BOB);
	spoil_author(&d);
	at = put(&d);
	read_all(&w);
	log_name(ref, &w.f, FX_BOB);
	expect(&w, "wrong-author", ref, &at);
	bg_digest_format(text, &find(&w.h, "wrong-author")->event);
	begin_version(&v, &w);
	bg_str_addf(&v.yaml,
		    "acknowledged: [{id: wrong-author, ref: %s, event: '%s', "
		    "reason: known}]\n",
		    ref, text);
	publish_as(&v, &w, FX_ANA);
	read_all(&w);
	assert_int_equal(bg_verdict_of(&w.h), BG_V_TAMPERED);
	bg_findings_acknowledge(&w.h.findings, &w.h.trust);
	assert_int_equal(bg_verdict_of(&w.h), BG_V_OK);
	assert_ptr_equal(bg_finding_acknowledged_in(find(&w.h, "wrong-author"),
						    &w.h.trust),
			 w.h.trust.v[2]);
	assert_true(event_at(&w.h, &at)->wrong);
	drop(&w);
}

/* A trust version that only an event leads to is part of the chain. */
static void trust_travels_with_events(void **state)
{
	struct version v;
	struct world w;
	struct bg_error err;
	struct bg_oid two;
	char dir[80];

	(void)state;
	copy_base(&w);
	two = w.f.trust_commit;
	begin_version(&v, &w);
	bg_str_add(&v.yaml, "limits: {skew: 3m}\n");
	publish_as(&v, &w, FX_ANA);
	fx_close(&w.f);
	snprintf(dir, sizeof(dir), "%s/w", w.dir);
	must(fx_open(&w.f, dir, &err), &err);
	must(fx_append(&w.f, NULL, FX_BOB, BG_EV_REFUSE, refusal(), &err),
	     &err);
	point(&w.f, "trust", &two);
	read_all(&w);
	assert_int_equal(w.h.trust.n, 3);
	assert_int_equal(bg_verdict_of(&w.h), BG_V_OK);
	drop(&w);
}

/*
 * Attachments.
 */
static void attachments_are_looked_at(void **state)
{
	struct bg_attachment a;
	struct fx_grant g = { .n = 0 };
	struct world w;
	struct bg_error err;
	char ref[200];
	json_t *data;

	(void)state;
	copy_base(&w);
	must(fx_append(&w.f, &g, FX_ALICE, BG_EV_ACTIVATE,
		       fx_activate(&w.f, "because of it"), &err),
	     &err);
	must(bg_attachment_write(&a, &w.f.who[FX_ALICE].log, g.label, "x.txt",
				 "text/plain", "hello", 5, &err),
	     &err);
	read_all(&w);
	must(bg_verify_attachments(&w.h, w.f.repo, &err), &err);
	assert_non_null(find(&w.h, "attachment-unbound"));
	data = json_pack("{s:[o]}", "attachments", bg_attachment_json(&a));
	must(fx_append(&w.f, &g, FX_ALICE, BG_EV_ATTACH, data, &err), &err);
	read_all(&w);
	must(bg_verify_attachments(&w.h, w.f.repo, &err), &err);
	assert_null(find(&w.h, "attachment-unbound"));
	assert_int_equal(count_wrong(&w.h), 0);

	snprintf(ref, sizeof(ref), "att/%s/%s/x.txt", g.label,
		 w.f.who[FX_ALICE].writer);
	point(&w.f, ref, &w.f.trust_commit);
	read_all(&w);
	must(bg_verify_attachments(&w.h, w.f.repo, &err), &err);
	assert_non_null(find(&w.h, "attachment-altered"));
	assert_string_equal(find(&w.h, "attachment-altered")->ref, ref);
	delete_ref(&w, ref);
	read_all(&w);
	must(bg_verify_attachments(&w.h, w.f.repo, &err), &err);
	assert_non_null(find(&w.h, "attachment-missing"));
	assert_int_equal(bg_verdict_of(&w.h), BG_V_TAMPERED);

	data = json_pack("{s:[o], s:s, s:s}", "attachments",
			 bg_attachment_json(&a), "kind", "retention", "reason",
			 "too old");
	must(fx_append(&w.f, &g, FX_SWEEP, BG_EV_REDACT, data, &err), &err);
	read_all(&w);
	must(bg_verify_attachments(&w.h, w.f.repo, &err), &err);
	assert_null(find(&w.h, "attachment-missing"));
	assert_non_null(find(&w.h, "attachment-withheld"));
	drop(&w);
}

static void table_of_findings_is_sound(void **state)
{
	(void)state;
	for (const struct bg_finding_kind *k = bg_finding_kinds; k->id; k++) {
		assert_ptr_equal(bg_finding_kind(k->id), k);
		assert_true(strlen(k->meaning) > 10);
		assert_true(strspn(k->id, "abcdefghijklmnopqrstuvwxyz-") ==
			    strlen(k->id));
	}
}

static void verdicts_have_an_order(void **state)
{
	struct bg_history h = { .anchored = true };

	(void)state;
	assert_int_equal(bg_verdict_of(&h), BG_V_OK);
	h.anchored = false;
	assert_int_equal(bg_verdict_of(&h), BG_V_UNANCHORED);
	assert_int_equal(bg_verdict_exit(BG_V_UNANCHORED), 11);
	bg_finding_add(&h.findings, "stale", "", NULL, "x");
	assert_int_equal(bg_verdict_of(&h), BG_V_UNANCHORED);
	h.incomplete = true;
	assert_int_equal(bg_verdict_of(&h), BG_V_INCOMPLETE);
	bg_finding_add(&h.findings, "rolled-back", "", NULL, "x");
	assert_int_equal(bg_verdict_of(&h), BG_V_ROLLED_BACK);
	bg_finding_add(&h.findings, "bad-signature", "", NULL, "x");
	assert_int_equal(bg_verdict_of(&h), BG_V_TAMPERED);
	h.unsupported = true;
	assert_int_equal(bg_verdict_of(&h), BG_V_UNSUPPORTED);
	bg_finding_add(&h.findings, "unsafe-repository", "", NULL, "x");
	assert_int_equal(bg_verdict_of(&h), BG_V_UNSAFE);
	assert_int_equal(bg_verdict_exit(BG_V_UNSAFE), 14);
	bg_findings_release(&h.findings);
}

static int make_base(void **state)
{
	struct bg_error err;
	struct fx f;

	(void)state;
	snprintf(base, sizeof(base), "/tmp/bgXXXXXX");
	if (!mkdtemp(base))
		return -1;
	must(fx_make(&f, base, false, &err), &err);
	fx_close(&f);
	return 0;
}

static int drop_base(void **state)
{
	struct bg_error err;

	(void)state;
	return bg_tree_remove(base, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_of_findings_is_sound),
		cmocka_unit_test(verdicts_have_an_order),
		cmocka_unit_test(good_repository_has_nothing_wrong),
		cmocka_unit_test(draft_by_hand_is_good),
		cmocka_unit_test(causal_order_is_given),
		cmocka_unit_test(spoilt_events_are_named),
		cmocka_unit_test(spoilt_bytes_are_named),
		cmocka_unit_test(newer_format_is_unsupported),
		cmocka_unit_test(foreign_tip_is_named),
		cmocka_unit_test(fork_is_kept_and_doubted),
		cmocka_unit_test(forged_branch_doubts_nothing),
		cmocka_unit_test(second_encoding_is_one_event),
		cmocka_unit_test(longest_candidate_counts),
		cmocka_unit_test(name_must_fit),
		cmocka_unit_test(bad_key_is_named),
		cmocka_unit_test(stranger_is_not_introduced),
		cmocka_unit_test(unregistered_log_does_not_count),
		cmocka_unit_test(many_writers_are_told),
		cmocka_unit_test(missing_and_corrupt_objects),
		cmocka_unit_test(trust_alone_is_incomplete),
		cmocka_unit_test(unknown_refs_are_counted),
		cmocka_unit_test(second_engine_agrees_and_refuses),
		cmocka_unit_test(another_version_is_good),
		cmocka_unit_test(others_sign_no_trust),
		cmocka_unit_test(bad_trust_is_named),
		cmocka_unit_test(bad_path_is_named),
		cmocka_unit_test(bad_cosignature_is_named),
		cmocka_unit_test(threshold_needs_two_humans),
		cmocka_unit_test(one_signature_suspends_only),
		cmocka_unit_test(wrong_anchor_is_named),
		cmocka_unit_test(genesis_has_one_admin),
		cmocka_unit_test(trust_fork_is_named_and_healed),
		cmocka_unit_test(retirement_doubts_what_comes_after),
		cmocka_unit_test(compromise_doubts_everything_unsealed),
		cmocka_unit_test(own_retirement_ends_a_writer),
		cmocka_unit_test(acknowledged_findings_set_no_verdict),
		cmocka_unit_test(trust_travels_with_events),
		cmocka_unit_test(attachments_are_looked_at),
	};

	return cmocka_run_group_tests(tests, make_base, drop_base);
}
