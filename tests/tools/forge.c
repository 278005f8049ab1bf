/*
 * forge make DIR           a repository DIR/repo (bare) with one grant that was
 *                          opened, used, ended and reviewed, and two notes after
 *                          it; keys in DIR/keys; prints its anchor
 * forge anchor DIR         prints the anchor again
 * forge KIND DIR [REF]     rewrites a ref of DIR/repo; REF is the log that ends
 *                          with a note unless it is given; prints "REF COMMIT" of
 *                          the place that a verifier has to name
 * forge -k KEY KIND REPO REF   the same in any repository, with a key file
 *
 * It knows nothing of verification: bytes are moved, and signed with the key
 * files that the fixture leaves behind.  KIND: see the table below.
 */
#include <stdio.h>
#include <string.h>

#include "support/fixture.h"
#include "support/rawcommit.h"

struct forge {
	const char *dir; /* of the fixture, or NULL */
	struct bg_repo *repo;
	char ref[256];
	struct bg_oid tip;
	struct raw_commit c; /* the tip */
	char key[300];       /* of the log's writer */
	struct bg_str raw;   /* bytes to write instead of c, when set */
	struct bg_oid place; /* what a verifier names; default: new tip */
	bool has_place;
	struct bg_error *err;
};

static int fail(struct forge *f, const char *what)
{
	return bg_fail(f->err, BG_EFAIL, "forge", "cannot forge: %s", what);
}

static int load(struct raw_commit *out, struct forge *f,
		const struct bg_oid *oid)
{
	BG_AUTO(str) struct bg_str bytes = BG_STR_INIT;
	int r = bg_repo_read(&bytes, NULL, f->repo, oid, f->err);

	if (r)
		return r;
	return raw_split(out, &bytes) ? 0
				      : fail(f, "a commit without a "
						"signature");
}

static int put(struct bg_oid *out, struct forge *f, const struct bg_str *bytes)
{
	return bg_repo_write(out, f->repo, BG_OBJ_COMMIT, bytes->buf,
			     bytes->len, f->err);
}

static int move(struct forge *f, const char *ref, const struct bg_oid *to)
{
	struct bg_error ignored;
	struct bg_oid now;
	int r = bg_repo_ref(&now, f->repo, ref, &ignored);

	return bg_repo_ref_move(f->repo, ref, r ? NULL : &now, to, NULL,
				f->err);
}

static const struct raw_how good = { 0, 8, false, NULL };

static int sign_with(struct forge *f, const char *path,
		     const struct raw_how *how)
{
	struct raw_key key;
	int r = raw_key_read(&key, path, f->err);

	return r ? r : raw_sign(&f->c, &key, how, f->err);
}

static int sign_again(struct forge *f)
{
	return sign_with(f, f->key, &good);
}

static int other_person(struct forge *f, char path[300])
{
	if (!f->dir)
		return fail(f, "only in a fixture");
	snprintf(path, 300, "%s/keys/bob", f->dir);
	return 0;
}

/*
 * Without any key.
 */
static int edit_message(struct forge *f)
{
	char *end = f->c.message.buf + f->c.message.len;

	/* Subject and body alike, where we know what they say. */
	if (raw_replace(&f->c.message, "second note", "another one")) {
		raw_replace(&f->c.message, "second note", "another one");
		return 0;
	}
	while (end > f->c.message.buf) {
		char c = *--end;

		if (c < 'a' || c > 'z')
			continue;
		*end = (char)(c - 'a' + 'A');
		return 0;
	}
	return fail(f, "no letter in the message");
}

static int with_parent(struct forge *f,
		       int (*then)(struct forge *, struct raw_commit *,
				   const struct bg_oid *))
{
	struct raw_commit p;
	struct bg_oid oid;
	int r;

	if (!raw_parent(&oid, &f->c))
		return fail(f, "the event has no parent");
	if ((r = load(&p, f, &oid)))
		return r;
	r = then(f, &p, &oid);
	raw_release(&p);
	return r;
}

static int take_signature(struct forge *f, struct raw_commit *p,
			  const struct bg_oid *oid)
{
	(void)oid;
	bg_str_clear(&f->c.armor);
	bg_str_addn(&f->c.armor, p->armor.buf, p->armor.len);
	return 0;
}

static int swap_signature(struct forge *f)
{
	return with_parent(f, take_signature);
}

static int skip(struct forge *f, struct raw_commit *p, const struct bg_oid *oid)
{
	struct bg_oid grand;

	(void)oid;
	if (!raw_parent(&grand, p) || !raw_set_parent(&f->c, &grand))
		return fail(f, "the log is too short");
	return 0;
}

static int drop(struct forge *f)
{
	return with_parent(f, skip);
}

static int drop_signed(struct forge *f)
{
	int r = with_parent(f, skip);

	return r ? r : sign_again(f);
}

static int turn_round(struct forge *f, struct raw_commit *p,
		      const struct bg_oid *oid)
{
	BG_AUTO(str) struct bg_str bytes = BG_STR_INIT;
	struct bg_oid grand, tip;
	int r;

	(void)oid;
	if (!raw_parent(&grand, p) || !raw_set_parent(&f->c, &grand))
		return fail(f, "the log is too short");
	raw_join(&bytes, &f->c);
	if ((r = put(&tip, f, &bytes)))
		return r;
	f->place = tip;
	f->has_place = true;
	raw_set_parent(p, &tip);
	raw_join(&f->raw, p);
	return 0;
}

static int reorder(struct forge *f)
{
	return with_parent(f, turn_round);
}

static int append_nul(struct forge *f)
{
	static const char tail[] = "\0{\n \"approved\": true\n}\n";

	raw_join(&f->raw, &f->c);
	bg_str_addn(&f->raw, tail, sizeof(tail) - 1);
	return 0;
}

static int move_signature(struct forge *f)
{
	bg_str_addn(&f->raw, f->c.head.buf, f->c.head.len);
	bg_str_addc(&f->raw, '\n');
	raw_fold(&f->raw, "gpgsig", &f->c.armor);
	bg_str_addc(&f->raw, '\n');
	bg_str_addn(&f->raw, f->c.message.buf, f->c.message.len);
	return 0;
}

static int two_headers(struct forge *f, const char *first, const char *second)
{
	bg_str_addn(&f->raw, f->c.head.buf, f->c.head.len);
	raw_fold(&f->raw, first, &f->c.armor);
	raw_fold(&f->raw, second, &f->c.armor);
	bg_str_addc(&f->raw, '\n');
	bg_str_addn(&f->raw, f->c.message.buf, f->c.message.len);
	return 0;
}

static int second_signature(struct forge *f)
{
	return two_headers(f, "gpgsig", "gpgsig");
}

static int second_sha256(struct forge *f)
{
	return two_headers(f, "gpgsig", "gpgsig-sha256");
}

static int no_signature(struct forge *f)
{
	bg_str_addn(&f->raw, f->c.head.buf, f->c.head.len);
	bg_str_addc(&f->raw, '\n');
	bg_str_addn(&f->raw, f->c.message.buf, f->c.message.len);
	return 0;
}

static int armor_comment(struct forge *f)
{
	return raw_replace(&f->c.armor, "SIGNATURE-----\n",
			   "SIGNATURE-----\nComment: harmless\n")
		       ? 0
		       : fail(f, "no armor");
}

static int armor_crlf(struct forge *f)
{
	return raw_replace(&f->c.armor, "SIGNATURE-----\n",
			   "SIGNATURE-----\r\n")
		       ? 0
		       : fail(f, "no armor");
}

/* One line more: the same signature, in other columns. */
static int armor_width(struct forge *f)
{
	struct bg_str other = BG_STR_INIT;
	const char *at = strstr(f->c.armor.buf, "\n\n");

	if (!at)
		return fail(f, "no armor");
	at += 2 + 8;
	bg_str_addn(&other, f->c.armor.buf, (size_t)(at - f->c.armor.buf));
	bg_str_addc(&other, '\n');
	bg_str_add(&other, at);
	bg_str_release(&f->c.armor);
	f->c.armor = other;
	return 0;
}

/* The unhashed issuer: the CRC is right, the signature as good as before. */
static int unhashed(struct forge *f)
{
	BG_AUTO(str) struct bg_str packet = BG_STR_INIT;
	static const unsigned char mark[] = { 0, 10, 9, 16 };
	char *at;
	int r = bg_armor_read(&packet, f->c.armor.buf, f->c.armor.len, f->err);

	if (r)
		return r;
	at = memmem(packet.buf, packet.len, mark, sizeof(mark));
	if (!at)
		return fail(f, "no unhashed area");
	at[sizeof(mark)] ^= 1;
	bg_str_clear(&f->c.armor);
	bg_armor_write(&f->c.armor, packet.buf, packet.len);
	return 0;
}

static int truncate_log(struct forge *f)
{
	struct bg_oid parent;

	if (!raw_parent(&parent, &f->c))
		return fail(f, "the log is too short");
	f->place = f->tip;
	f->has_place = true;
	return move(f, f->ref, &parent);
}

/*
 * With a key.
 */
static int other_key(struct forge *f)
{
	char path[300];
	int r = other_person(f, path);

	return r ? r : sign_with(f, path, &good);
}

/* Bob's signature that says it is alice's. */
static int other_key_claimed(struct forge *f)
{
	BG_AUTO(signer) struct bg_signer *own = NULL;
	struct raw_how how = good;
	char path[300];
	int r = other_person(f, path);

	if (r || (r = bg_signer_open_file(&own, f->key, f->err)))
		return r;
	how.claim = bg_signer_fpr(own);
	return sign_with(f, path, &how);
}

static int sha1(struct forge *f)
{
	struct raw_how how = good;

	how.hash = 2;
	return sign_with(f, f->key, &how);
}

static int text_class(struct forge *f)
{
	struct raw_how how = good;

	how.class = 1;
	return sign_with(f, f->key, &how);
}

static int change_and_sign(struct forge *f, const char *from, const char *to)
{
	if (!raw_replace(&f->c.message, from, to))
		return fail(f, "the message has no such text");
	return sign_again(f);
}

static int foreign_repo(struct forge *f)
{
	char *at = strstr(f->c.message.buf, "\"repo\": \"sha256:");

	if (!at)
		return fail(f, "the event names no repository");
	at += strlen("\"repo\": \"sha256:");
	*at = *at == '0' ? '1' : '0';
	return sign_again(f);
}

static int unknown_type(struct forge *f)
{
	if (!raw_replace(&f->c.message, "note ", "action "))
		return fail(f, "not a note");
	return change_and_sign(f, "\"type\": \"note\"", "\"type\": \"action\"");
}

static int newer_version(struct forge *f)
{
	return change_and_sign(f, "\"v\": 1,", "\"v\": 2,");
}

static int other_by(struct forge *f)
{
	return change_and_sign(f, "\"by\": \"alice\"", "\"by\": \"bob\"");
}

static int not_canonical(struct forge *f)
{
	return change_and_sign(f, "\"v\": 1,", "\"v\":  1,");
}

static int other_author(struct forge *f)
{
	if (!raw_replace(&f->c.head, "author alice", "author bobby") ||
	    !raw_replace(&f->c.head, "committer alice", "committer bobby"))
		return fail(f, "not alice's");
	return sign_again(f);
}

static int extra_header(struct forge *f)
{
	bg_str_add(&f->c.head, "encoding UTF-8\n");
	return sign_again(f);
}

/* Two signed continuations of one event: the second under a remote. */
static int fork_log(struct forge *f)
{
	BG_AUTO(str) struct bg_str bytes = BG_STR_INIT;
	char remote[300];
	struct bg_oid oid;
	int r = edit_message(f);

	if (r || (r = sign_again(f)))
		return r;
	raw_join(&bytes, &f->c);
	if ((r = put(&oid, f, &bytes)))
		return r;
	snprintf(remote, sizeof(remote), "refs/remotes/hub/%s",
		 f->ref + strlen("refs/heads/"));
	f->place = oid;
	f->has_place = true;
	return move(f, remote, &oid);
}

/* An event by somebody whose role does not allow it, everything else right. */
static int by_role(struct forge *f, enum fx_who who, enum bg_event_type type)
{
	struct fx x;
	struct fx_grant g;
	struct bg_tip tip;
	json_t *data;
	int r;

	if (!f->dir)
		return fail(f, "only in a fixture");
	memset(&g, 0, sizeof(g));
	if ((r = fx_open(&x, f->dir, f->err)))
		return r;
	if (type == BG_EV_ACTIVATE) {
		data = fx_activate(&x, "I would like to");
	} else {
		r = fx_last_grant(&g, &x, f->err);
		data = type == BG_EV_REVIEW ? fx_review(&g, 0) : fx_approve();
	}
	if (!r)
		r = fx_append(&x, type == BG_EV_ACTIVATE ? NULL : &g, who, type,
			      data, f->err);
	if (!r)
		r = bg_log_tip(&tip, &x.who[who].log, f->err);
	if (!r) {
		snprintf(f->ref, sizeof(f->ref), BG_LOG_PREFIX "%s",
			 x.who[who].writer);
		f->place = tip.commit;
		f->has_place = true;
	}
	fx_close(&x);
	return r;
}

static int role_activate(struct forge *f)
{
	return by_role(f, FX_RITA, BG_EV_ACTIVATE);
}

static int role_approve(struct forge *f)
{
	return by_role(f, FX_RITA, BG_EV_APPROVE);
}

static int role_review(struct forge *f)
{
	return by_role(f, FX_BOB, BG_EV_REVIEW);
}

static int self_review(struct forge *f)
{
	return by_role(f, FX_ALICE, BG_EV_REVIEW);
}

static int self_approve(struct forge *f)
{
	return by_role(f, FX_ALICE, BG_EV_APPROVE);
}

/* An ask on the log of an installation. */
static int host_activate(struct forge *f)
{
	return by_role(f, FX_HOST, BG_EV_ACTIVATE);
}

/* A file of trust changed, under the old signature. */
static int trust_file(struct forge *f)
{
	BG_AUTO(tree_files) struct bg_tree_files t = { { NULL, 0, 0 } };
	char hex[41], line[64];
	struct bg_oid tree;
	int r;

	memcpy(hex, f->c.head.buf + 5, 40);
	hex[40] = '\0';
	if (!bg_oid_parse(&tree, hex))
		return fail(f, "no tree");
	if ((r = bg_repo_read_tree(&t, f->repo, &tree, f->err)) ||
	    (r = bg_repo_write(&t.list.v[0].blob, f->repo, BG_OBJ_BLOB,
			       "changed\n", 8, f->err)) ||
	    (r = bg_repo_write_tree(&tree, f->repo, &t, f->err)))
		return r;
	bg_oid_format(hex, &tree);
	snprintf(line, sizeof(line), "%.40s", hex);
	memcpy(f->c.head.buf + 5, line, 40);
	return 0;
}

static int trust_file_signed(struct forge *f)
{
	int r = trust_file(f);

	return r ? r : sign_again(f);
}

/* ref: what it works on unless one is given; finished: it moved the refs. */
static const struct {
	const char *kind;
	int (*make)(struct forge *f);
	bool trust, finished;
} kinds[] = {
	{ "edit", edit_message, false, false },
	{ "swap-signature", swap_signature, false, false },
	{ "drop", drop, false, false },
	{ "drop-signed", drop_signed, false, false },
	{ "reorder", reorder, false, false },
	{ "nul", append_nul, false, false },
	{ "signature-in-message", move_signature, false, false },
	{ "second-signature", second_signature, false, false },
	{ "second-sha256", second_sha256, false, false },
	{ "unsigned", no_signature, false, false },
	{ "armor-comment", armor_comment, false, false },
	{ "armor-crlf", armor_crlf, false, false },
	{ "armor-width", armor_width, false, false },
	{ "unhashed", unhashed, false, false },
	{ "truncate", truncate_log, false, true },
	{ "other-key", other_key, false, false },
	{ "other-key-claimed", other_key_claimed, false, false },
	{ "sha1", sha1, false, false },
	{ "text-class", text_class, false, false },
	{ "foreign", foreign_repo, false, false },
	{ "unknown-type", unknown_type, false, false },
	{ "newer", newer_version, false, false },
	{ "other-by", other_by, false, false },
	{ "not-canonical", not_canonical, false, false },
	{ "other-author", other_author, false, false },
	{ "extra-header", extra_header, false, false },
	{ "fork", fork_log, false, true },
	{ "role-activate", role_activate, false, true },
	{ "role-approve", role_approve, false, true },
	{ "role-review", role_review, false, true },
	{ "self-review", self_review, false, true },
	{ "self-approve", self_approve, false, true },
	{ "host-activate", host_activate, false, true },
	{ "trust-edit", edit_message, true, false },
	{ "trust-file", trust_file, true, false },
	{ "trust-file-signed", trust_file_signed, true, false },
};

/* The log that ends with a note. */
static int find_ref(struct forge *f)
{
	BG_AUTO(refs) struct bg_refs refs = { { NULL, 0, 0 } };
	int r = bg_repo_refs(&refs, NULL, f->repo, f->err);

	for (size_t i = 0; !r && i < refs.list.n; i++) {
		struct raw_commit c;
		bool note;

		if (refs.list.v[i].remote ||
		    !bg_starts_with(refs.list.v[i].name, "log/"))
			continue;
		if ((r = load(&c, f, &refs.list.v[i].oid)))
			return r;
		note = strstr(c.message.buf, "\"type\": \"note\"") != NULL;
		raw_release(&c);
		if (!note)
			continue;
		snprintf(f->ref, sizeof(f->ref), "%s", refs.list.v[i].full);
		return 0;
	}
	return r ? r : fail(f, "no log ends with a note");
}

static int publish(struct forge *f)
{
	struct bg_oid oid;
	int r;

	if (!f->raw.len)
		raw_join(&f->raw, &f->c);
	if ((r = put(&oid, f, &f->raw)))
		return r;
	if (!f->has_place)
		f->place = oid;
	f->has_place = true;
	return move(f, f->ref, &oid);
}

static int forge(const char *kind, const char *repo, const char *ref,
		 const char *key, struct bg_error *err)
{
	struct forge f = { .err = err };
	char path[300], hex[41];
	size_t i = 0;
	int r;

	while (i < sizeof(kinds) / sizeof(*kinds) &&
	       strcmp(kinds[i].kind, kind) != 0)
		i++;
	if (i == sizeof(kinds) / sizeof(*kinds))
		return bg_fail(err, BG_EUSAGE, "forge", "no kind '%s'", kind);
	snprintf(path, sizeof(path), key ? "%s" : "%s/repo", repo);
	f.dir = key ? NULL : repo;
	if ((r = bg_repo_open(&f.repo, path, false, err)))
		return r;
	snprintf(f.key, sizeof(f.key), "%s", key ? key : "");
	if (!key)
		snprintf(f.key, sizeof(f.key), "%s/keys/%s", repo,
			 kinds[i].trust ? "ana" : "alice");
	if (ref)
		snprintf(f.ref, sizeof(f.ref), "%s", ref);
	else if (kinds[i].trust)
		snprintf(f.ref, sizeof(f.ref), BG_TRUST_REF);
	else
		r = find_ref(&f);
	if (!r)
		r = bg_repo_ref(&f.tip, f.repo, f.ref, err);
	if (!r)
		r = load(&f.c, &f, &f.tip);
	if (!r)
		r = kinds[i].make(&f);
	if (!r && !kinds[i].finished)
		r = publish(&f);
	if (!r) {
		bg_oid_format(hex, &f.place);
		printf("%s %s\n", f.ref + strlen("refs/heads/"), hex);
	}
	raw_release(&f.c);
	bg_str_release(&f.raw);
	bg_repo_close(f.repo);
	return r;
}

/*
 * The repository to forge in.
 */
static int play(struct fx *f, struct bg_error *err)
{
	static const char session[] = "0123456789abcdef";
	struct fx_grant g;
	int r;

	memset(&g, 0, sizeof(g));
	if ((r = fx_append(f, &g, FX_ALICE, BG_EV_ACTIVATE,
			   fx_activate(f, "the database is down"), err)) ||
	    (r = fx_append(f, &g, FX_HOST, BG_EV_GRANT, fx_grant_done(0),
			   err)) ||
	    (r = fx_append(f, &g, FX_HOST, BG_EV_SESSION_START,
			   fx_session(true, session), err)) ||
	    (r = fx_append(f, &g, FX_HOST, BG_EV_SESSION_END,
			   fx_session(false, session), err)) ||
	    (r = fx_append(f, &g, FX_BOB, BG_EV_APPROVE, fx_approve(), err)) ||
	    (r = fx_append(f, &g, FX_ALICE, BG_EV_REVOKE, fx_revoke(), err)) ||
	    (r = fx_append(f, &g, FX_SWEEP, BG_EV_CHECK, fx_check("absent"),
			   err)) ||
	    (r = fx_append(f, &g, FX_RITA, BG_EV_REVIEW, fx_review(&g, 0),
			   err)) ||
	    (r = fx_append(f, &g, FX_ALICE, BG_EV_NOTE, fx_note("first note"),
			   err)))
		return r;
	return fx_append(f, &g, FX_ALICE, BG_EV_NOTE, fx_note("second note"),
			 err);
}

static int make(const char *dir, bool open, struct bg_error *err)
{
	char anchor[BG_ANCHOR_LEN + 1];
	struct fx f;
	int r = open ? fx_open(&f, dir, err) : fx_make(&f, dir, true, err);

	if (!r && !open)
		r = play(&f, err);
	if (!r) {
		bg_anchor_format(anchor, &f.genesis, false);
		puts(anchor);
	}
	fx_close(&f);
	return r;
}

int main(int argc, char **argv)
{
	const char *key = NULL;
	struct bg_error err;
	int r;

	if (argc > 3 && strcmp(argv[1], "-k") == 0) {
		key = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc < 3 || argc > 4) {
		fputs("usage: forge make|anchor DIR\n"
		      "       forge [-k KEYFILE] KIND DIR|REPO [REF]\n",
		      stderr);
		for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
			fprintf(stderr, " %s", kinds[i].kind);
		fputc('\n', stderr);
		return 129;
	}
	if (strcmp(argv[1], "make") == 0)
		r = make(argv[2], false, &err);
	else if (strcmp(argv[1], "anchor") == 0)
		r = make(argv[2], true, &err);
	else
		r = forge(argv[1], argv[2], argc > 3 ? argv[3] : NULL, key,
			  &err);
	if (r)
		fprintf(stderr, "forge: %s\n", err.msg);
	return r ? 1 : 0;
}
