#include "evidence/trust_version.h"

#include <stdio.h>
#include <string.h>

/* The files of a version while it is checked; texts are owned here. */
struct version_files {
	struct bg_trust_file *v;  /* all but cosig/ */
	struct bg_trust_file *co; /* cosig/ */
	struct bg_str *text;
	size_t n, n_co, n_text;
};

static void version_files_release(struct version_files *f)
{
	for (size_t i = 0; i < f->n_text; i++)
		bg_str_release(&f->text[i]);
	free(f->text);
	free(f->v);
	free(f->co);
}
BG_AUTO_VALUE(version_files, struct version_files, version_files_release)

static bool plain_name(const char *s, size_t n)
{
	if (!n || n > 64 || s[0] == '.' || s[0] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(s[i] >= 'a' && s[i] <= 'z') &&
		    !(s[i] >= '0' && s[i] <= '9') && !strchr("._-", s[i]))
			return false;
	return true;
}

/* DIR/NAME.EXT with a plain name. */
static bool path_is(const char *path, const char *dir, const char *ext)
{
	size_t n = strlen(path), d = strlen(dir), e = strlen(ext);

	return n > d + e && !strncmp(path, dir, d) &&
	       !strcmp(path + n - e, ext) && plain_name(path + d, n - d - e);
}

static bool path_is_key(const char *path)
{
	struct bg_fpr fpr;
	char hex[41], again[41];

	if (strlen(path) != 5 + 40 + 4 || strncmp(path, "keys/", 5) ||
	    strcmp(path + 45, ".pgp"))
		return false;
	memcpy(hex, path + 5, 40);
	hex[40] = '\0';
	if (!bg_fpr_parse(&fpr, hex))
		return false;
	bg_fpr_format(again, &fpr);
	return !strcmp(hex, again);
}

bool bg_trust_path_allowed(const char *path)
{
	static const char *const fixed[] = { "README.md", "trust.yaml",
					     "channels.yaml", "controls.yaml" };

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		if (!strcmp(path, fixed[i]))
			return true;
	return path_is(path, "policies/", ".yaml") ||
	       path_is(path, "identities/", ".yaml") ||
	       path_is(path, "cosig/", ".sig") || path_is_key(path);
}

/* Read every blob of the tree; names and modes are checked on the way. */
static int read_files(struct version_files *out, struct bg_tree_files *tree,
		      struct bg_repo *repo, struct bg_error *err)
{
	size_t n = tree->list.n;

	out->v = calloc(n + 1, sizeof(*out->v));
	out->co = calloc(n + 1, sizeof(*out->co));
	out->text = calloc(n + 1, sizeof(*out->text));
	if (!out->v || !out->co || !out->text)
		return bg_fail_oom(err);
	for (size_t i = 0; i < n; i++) {
		const struct bg_tree_file *t = &tree->list.v[i];
		struct bg_str *s = &out->text[out->n_text];
		struct bg_trust_file *file;
		enum bg_object_kind kind;
		int rc;

		if (t->mode != 0100644 || !bg_trust_path_allowed(t->path))
			return bg_fail(err, BG_EVERIFY, "bad-path",
				       "'%s' (mode %o) may not be under trust",
				       t->path, t->mode);
		rc = bg_repo_read(s, &kind, repo, &t->blob, err);
		if (rc)
			return bg_wrap(err, "'%s'", t->path);
		out->n_text++;
		if (kind != BG_OBJ_BLOB)
			return bg_fail(err, BG_EVERIFY, "bad-path",
				       "'%s' is no file", t->path);
		file = bg_starts_with(t->path, "cosig/") ? &out->co[out->n_co++]
							 : &out->v[out->n++];
		file->path = t->path;
		file->text = bg_str_text(s);
		file->n = s->len;
		if (bg_sha256(&file->digest, file->text, file->n))
			return bg_fail_oom(err);
	}
	return 0;
}

static int check_manifest(const struct version_files *f, const json_t *files,
			  struct bg_error *err)
{
	for (size_t i = 0; i < f->n; i++) {
		const char *said = bg_json_text(files, f->v[i].path);
		struct bg_digest d;

		if (!said || !bg_digest_parse(&d, said))
			return bg_fail(err, BG_EVERIFY, "bad-manifest",
				       "'%s' is not in the manifest",
				       f->v[i].path);
		if (!bg_digest_eq(&d, &f->v[i].digest))
			return bg_fail(err, BG_EVERIFY, "bad-manifest",
				       "'%s' is not what the manifest says",
				       f->v[i].path);
	}
	if (json_object_size(files) != f->n)
		return bg_fail(err, BG_EVERIFY, "bad-manifest",
			       "the manifest names a file that is not there");
	return 0;
}

static int parse_files(struct bg_trust **out, const struct version_files *f,
		       struct bg_error *err)
{
	BG_AUTO(trust) struct bg_trust *t = NULL;
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	int rc = bg_trust_parse(&t, &faults, f->v, f->n, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < faults.list.n; i++) {
		const struct bg_fault *x = &faults.list.v[i];

		if (x->severity == BG_SEV_ERROR)
			return bg_fail(err, BG_EVERIFY, "bad-trust",
				       "%s:%u:%u: %s [%s]", x->file, x->line,
				       x->col, x->text, x->id);
	}
	if (!t)
		return bg_fail(err, BG_EVERIFY, "bad-trust",
			       "trust.yaml is not there");
	*out = bg_move(t);
	return 0;
}

/* Every listed key is the blob in keys/ that its digest names. */
static int check_keys(const struct bg_trust *t, struct bg_error *err)
{
	for (size_t i = 0; i < t->n_principals; i++) {
		const struct bg_principal *p = &t->principals[i];

		for (size_t k = 0; k < p->n_keys; k++) {
			const struct bg_trust_file *file;
			char fpr[41], path[64];

			bg_fpr_format(fpr, &p->keys[k].primary);
			snprintf(path, sizeof(path), "keys/%s.pgp", fpr);
			file = bg_trust_file(t, path);
			if (!file ||
			    !bg_digest_eq(&file->digest, &p->keys[k].blob))
				return bg_fail(err, BG_EVERIFY, "bad-trust",
					       "the key %s of %s is not the "
					       "file that its digest names",
					       fpr, p->name);
		}
	}
	return 0;
}

const struct bg_pubkey *bg_principal_key(const struct bg_principal *p,
					 const struct bg_fpr *fpr)
{
	for (size_t k = 0; p && k < p->n_keys; k++) {
		const struct bg_trust_key *key = &p->keys[k];

		for (size_t i = 0; i < key->n_signing; i++) {
			if (!bg_fpr_eq(&key->signing[i], fpr))
				continue;
			for (size_t j = 0; j < key->parsed.keys.n; j++)
				if (bg_fpr_eq(&key->parsed.keys.v[j].fpr, fpr))
					return &key->parsed.keys.v[j];
		}
	}
	return NULL;
}

static const struct bg_pubkey *find_key(const struct bg_trust *prev,
					const struct bg_trust *next,
					const char *name,
					const struct bg_fpr *fpr)
{
	const struct bg_pubkey *key =
		bg_principal_key(bg_trust_principal(next, name), fpr);

	if (!key && prev)
		key = bg_principal_key(bg_trust_principal(prev, name), fpr);
	return key;
}

int bg_trust_statement(struct bg_str *out, const struct bg_digest *repo,
		       uint64_t version, const struct bg_digest *prev,
		       const json_t *files, struct bg_error *err)
{
	BG_AUTO(json) json_t *o = json_object();
	char hex[BG_DIGEST_TEXT + 1];
	int bad = !o;

	bad = bad ||
	      json_object_set_new(o, "version",
				  json_integer((json_int_t)version)) ||
	      json_object_set_new(o, "files", json_deep_copy(files));
	if (!bad && repo) {
		bg_digest_format(hex, repo);
		bad = json_object_set_new(o, "repo", json_string(hex));
	}
	if (!bad && prev) {
		bg_digest_format(hex, prev);
		bad = json_object_set_new(o, "prev", json_string(hex));
	}
	if (bad)
		return bg_fail_oom(err);
	bg_str_add(out, "bg-trust/1\n");
	return bg_json_canon(out, o, NULL, err);
}

/* One detached co-signature over the statement. */
static int check_cosignature(struct bg_signers *signers,
			     const struct bg_trust *prev,
			     const struct bg_trust *next, const char *name,
			     const struct bg_trust_file *file,
			     const struct bg_str *statement,
			     struct bg_error *err)
{
	BG_AUTO(str) struct bg_str packet = BG_STR_INIT;
	const struct bg_signature_of who = { name, { { 0 } } };
	const struct bg_pubkey *key;
	struct bg_error why;
	struct bg_sig sig;

	if (bg_armor_read(&packet, file->text, file->n, &why) ||
	    bg_sig_parse(&sig, packet.buf, packet.len, &why))
		return bg_fail(err, BG_EVERIFY, "bad-cosignature", "'%s': %s",
			       file->path, why.msg);
	key = find_key(prev, next, name, &sig.issuer);
	if (!key)
		return bg_fail(err, BG_EVERIFY, "bad-cosignature",
			       "'%s': trust does not list its key for '%s'",
			       file->path, name);
	if (bg_sig_check(&sig, key, statement->buf, statement->len, &why))
		return bg_fail(err, BG_EVERIFY, "bad-cosignature", "'%s': %s",
			       file->path, why.msg);
	if (bg_vec_push(&signers->list, who))
		return bg_fail_oom(err);
	signers->list.v[signers->list.n - 1].fpr = sig.issuer;
	return 0;
}

static int check_cosignatures(struct bg_signers *signers,
			      struct bg_arena *names,
			      const struct bg_trust *prev,
			      const struct bg_trust *next,
			      const struct bg_digest *genesis,
			      const struct version_files *f,
			      const struct bg_record *r, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str statement = BG_STR_INIT;
	int rc;

	if (!f->n_co)
		return 0;
	rc = bg_trust_statement(&statement, prev ? genesis : NULL, r->event.seq,
				prev ? &prev->digest : NULL,
				json_object_get(r->event.data, "files"), err);
	for (size_t i = 0; !rc && i < f->n_co; i++) {
		const char *base = f->co[i].path + strlen("cosig/");
		const char *name =
			bg_arena_strndup(names, base, strlen(base) - 4);

		if (!name)
			return bg_fail_oom(err);
		rc = check_cosignature(signers, prev, next, name, &f->co[i],
				       &statement, err);
	}
	return rc;
}

/* Sequence, names of what is before it, shape of the genesis. */
static int check_envelope(const struct bg_trust *prev,
			  const struct bg_digest *genesis,
			  const struct bg_record *r, struct bg_error *err)
{
	const struct bg_event *e = &r->event;
	const struct bg_commit *c = &r->commit;

	if (e->type != BG_EV_TRUST || e->grant || e->for_ || e->n_answers)
		return bg_fail(err, BG_EVERIFY, "bad-envelope",
			       "not the envelope of a trust version");
	if (!prev) {
		if (e->seq != 1 || e->has_repo || e->has_prev || e->has_trust ||
		    e->has_seal || c->n_parents)
			return bg_fail(err, BG_EVERIFY, "bad-genesis",
				       "the first version names something "
				       "before it");
		return 0;
	}
	if (!e->has_repo || !bg_digest_eq(&e->repo, genesis))
		return bg_fail(err, BG_EVERIFY, "foreign-repository",
			       "a trust version of another repository");
	if (e->seq != prev->version + 1)
		return bg_fail(err, BG_EVERIFY, "bad-version",
			       "version %llu follows version %llu",
			       (unsigned long long)e->seq,
			       (unsigned long long)prev->version);
	if (!e->has_prev || !bg_digest_eq(&e->prev, &prev->digest) ||
	    (e->has_trust && (e->trust_version != prev->version ||
			      !bg_digest_eq(&e->trust, &prev->digest))))
		return bg_fail(err, BG_EVERIFY, "bad-version",
			       "it does not name the version before it");
	return 0;
}

static int check_signer(struct bg_signers *signers, const struct bg_trust *prev,
			const struct bg_trust *next, const struct bg_record *r,
			struct bg_error *err)
{
	const struct bg_event *e = &r->event;
	const struct bg_pubkey *key = find_key(prev, next, e->by, &e->signer);
	const struct bg_signature_of who = { e->by, e->signer };
	const struct bg_principal *p = bg_trust_principal(next, e->by);
	int rc;

	if (!key)
		return bg_fail(err, BG_EVERIFY, "key-not-listed",
			       "trust does not list the signing key for '%s'",
			       e->by);
	rc = bg_sig_check(&r->sig, key, r->commit.payload.buf,
			  r->commit.payload.len, err);
	if (rc)
		return rc;
	if (!p)
		p = bg_trust_principal(prev, e->by);
	if (!bg_record_author_is(r, p->name, p->email))
		return bg_fail(err, BG_EVERIFY, "wrong-author",
			       "the author line is not that of '%s'", e->by);
	if (!bg_record_writer_is_of(r, e->by))
		return bg_fail(err, BG_EVERIFY, "bad-writer",
			       "'%s' is no writer of '%s'", e->writer, e->by);
	if (bg_vec_push(&signers->list, who))
		return bg_fail_oom(err);
	return 0;
}

static int check_signatures(const struct bg_trust *prev,
			    const struct bg_trust *next,
			    const struct bg_digest *genesis,
			    const struct version_files *f,
			    const struct bg_record *r, struct bg_error *err)
{
	BG_AUTO(arena) struct bg_arena names = BG_ARENA_INIT;
	struct bg_signers signers = { 0 };
	int rc = check_signer(&signers, prev, next, r, err);

	if (!rc)
		rc = check_cosignatures(&signers, &names, prev, next, genesis,
					f, r, err);
	if (!rc)
		rc = bg_trust_quorum_check(prev, next, &signers, err);
	bg_vec_release(&signers.list);
	return rc;
}

int bg_trust_version_verify(struct bg_trust **out, struct bg_repo *repo,
			    const struct bg_trust *prev,
			    const struct bg_digest *genesis,
			    const struct bg_record *r, struct bg_error *err)
{
	BG_AUTO(trust) struct bg_trust *t = NULL;
	BG_AUTO(version_files) struct version_files files = { 0 };
	BG_AUTO(tree_files) struct bg_tree_files tree = { 0 };
	int rc = check_envelope(prev, genesis, r, err);

	if (!rc)
		rc = bg_repo_read_tree(&tree, repo, &r->commit.tree, err);
	if (!rc)
		rc = read_files(&files, &tree, repo, err);
	if (!rc)
		rc = check_manifest(
			&files, json_object_get(r->event.data, "files"), err);
	if (!rc)
		rc = parse_files(&t, &files, err);
	if (!rc)
		rc = check_keys(t, err);
	if (rc)
		return rc;
	t->version = r->event.seq;
	rc = check_signatures(prev, t, genesis, &files, r, err);
	if (rc)
		return rc;
	t->digest = r->event.digest;
	if (prev)
		t->prev = prev->digest;
	t->commit = r->event.commit;
	t->at_ms = r->event.at_ms;
	t->signer = bg_arena_strdup(&t->arena, r->event.by);
	rc = bg_arena_check(&t->arena, err);
	if (rc)
		return rc;
	*out = bg_move(t);
	return 0;
}
