/*
 * Writing: whose key, which log, what is answered; then the new event is
 * indexed and its grant judged.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "evidence/reader.h"
#include "evidence/store_priv.h"

/*
 * Which log.
 */
static int need_install(struct bg_store *s, struct bg_error *err)
{
	if (s->has_install)
		return 0;
	bg_fail(err, BG_ENOENT, "no-installation",
		"this is a plain clone: it has no installation that could "
		"write");
	return bg_hint(err, "bg clone URL DIR --anchor ANCHOR");
}

static int is_registered(bool *out, struct bg_store *s, const char *name,
			 struct bg_error *err)
{
	struct bg_writer w;
	int rc = bg_index_writer(&w, &s->index, name, false, err);

	*out = rc == 1;
	return rc < 0 ? rc : 0;
}

/* What every log of this store has in common, under today's trust. */
static int set_log(struct bg_hand_log *h, struct bg_store *s,
		   struct bg_signer *signer, const char *by,
		   struct bg_error *err)
{
	const struct bg_trust *t = bg_store_trust(s);
	const struct bg_principal *p = bg_trust_principal(t, by);

	if (!p)
		return bg_fail(err, BG_ENOENT, "no-key",
			       "trust does not know '%s' any more", by);
	if (by != h->by)
		snprintf(h->by, sizeof(h->by), "%s", by);
	snprintf(h->email, sizeof(h->email), "%s", p->email);
	h->log = (struct bg_log){
		.repo = s->repo,
		.install = &s->install,
		.signer = signer,
		.writer = h->writer,
		.by = h->by,
		.name = h->by,
		.email = h->email,
		.genesis = s->chain.v[0]->digest,
		.trust = t->digest,
		.trust_version = t->version,
		.trust_commit = t->commit,
		.places = s->places,
	};
	return 0;
}

static const struct bg_trust_key *listed_key(const struct bg_principal *p,
					     const struct bg_fpr *primary)
{
	for (size_t k = 0; p && k < p->n_keys; k++)
		if (bg_fpr_eq(&p->keys[k].primary, primary))
			return &p->keys[k];
	return NULL;
}

/* The person's log; its signer is opened, nobody is asked. */
static int open_person(struct bg_store *s, struct bg_error *err)
{
	struct bg_hand_log *h = &s->hands[BG_BY_PERSON];
	const struct bg_trust_key *key;
	const struct bg_principal *p;
	int rc = need_install(s, err);

	if (!rc)
		rc = bg_store_person(&p, s, NULL, err);
	if (rc)
		return rc;
	key = listed_key(p, &s->primary);
	if (!key)
		return bg_store_no_key(s, NULL, err);
	bg_writer_name(h->writer, p->name, s->install.host_slug, &s->primary,
		       s->install.id);
	if (!h->signer)
		rc = bg_signer_open_gpg(&h->signer, &s->places->gpg,
					&key->parsed, &s->signing, err);
	if (!rc)
		rc = set_log(h, s, h->signer, p->name, err);
	if (!rc && !h->registered)
		rc = is_registered(&h->registered, s, h->writer, err);
	return rc;
}

static const struct bg_fpr *install_primary(const struct bg_store *s)
{
	return &bg_signer_keyblob(s->install.signer)->keys.v[0].fpr;
}

/* A log that is here for this installation's key, of that principal or, when
 * NULL, of the first by name.  1 found. */
static int known_install_log(struct bg_writer *out, struct bg_store *s,
			     const char *principal, struct bg_error *err)
{
	BG_AUTO(free) struct bg_writer *w = NULL;
	size_t n = 0;
	int rc = bg_store_writers(&w, &n, s, err);

	for (size_t i = 0; !rc && i < n; i++)
		if (w[i].installation &&
		    bg_fpr_eq(&w[i].primary, install_primary(s)) &&
		    (!principal || !strcmp(principal, w[i].principal))) {
			*out = w[i];
			return 1;
		}
	return rc;
}

static int root_owner(char out[33], struct bg_store *s,
		      const struct bg_digest *root, struct bg_error *err)
{
	BG_AUTO(grant_row) struct bg_grant_row row = { .summary = NULL };
	struct bg_error why;
	int rc;

	out[0] = '\0';
	if (!root)
		return 0;
	rc = bg_store_grant(&row, s, root, &why);
	if (rc && rc != BG_ENOENT) {
		*err = why;
		return rc;
	}
	if (!rc)
		snprintf(out, 33, "%s", row.by);
	return 0;
}

/* Whose facts this installation states: its own when trust lists its key; else
 * of the grant's owner when that person introduced it, of the person at the
 * keyboard, or of whoever introduced it. */
static int install_principal(char out[33], struct bg_store *s,
			     const struct bg_digest *root, struct bg_error *err)
{
	const struct bg_principal *p =
		bg_trust_by_key(bg_store_trust(s), install_primary(s));
	struct bg_writer w;
	int rc = 0;

	if (p) {
		snprintf(out, 33, "%s", p->name);
		return 0;
	}
	rc = root_owner(out, s, root, err);
	if (!rc && *out)
		rc = known_install_log(&w, s, out, err);
	if (rc)
		return rc < 0 ? rc : 0;
	if (!s->has_person) {
		rc = known_install_log(&w, s, NULL, err);
		if (rc < 0)
			return rc;
		if (rc) {
			snprintf(out, 33, "%s", w.principal);
			return 0;
		}
	}
	rc = bg_store_person(&p, s, NULL, err);
	if (!rc)
		snprintf(out, 33, "%s", p->name);
	return rc;
}

static int open_install(struct bg_store *s, const struct bg_digest *root,
			struct bg_error *err)
{
	struct bg_hand_log *h = &s->hands[BG_BY_INSTALLATION];
	char by[33];
	int rc = need_install(s, err);

	if (!rc)
		rc = install_principal(by, s, root, err);
	if (rc)
		return rc;
	bg_writer_name(h->writer, by, s->install.host_slug, install_primary(s),
		       s->install.id);
	rc = set_log(h, s, s->install.signer, by, err);
	return rc ? rc : is_registered(&h->registered, s, h->writer, err);
}

int bg_store_writer_name(char out[BG_WRITER_MAX], struct bg_store *s,
			 enum bg_hand hand, struct bg_error *err)
{
	int rc = hand == BG_BY_PERSON ? open_person(s, err)
				      : open_install(s, NULL, err);

	if (!rc)
		snprintf(out, BG_WRITER_MAX, "%s", s->hands[hand].writer);
	return rc;
}

/*
 * Registrations.
 */
static int base64(struct bg_str *out, const void *p, size_t n,
		  struct bg_error *err)
{
	BG_AUTO(free) unsigned char *text = malloc(n / 3 * 4 + 5);

	if (!text || n > BG_KEYBLOB_MAX)
		return bg_fail_oom(err);
	EVP_EncodeBlock(text, p, (int)n);
	bg_str_add(out, (const char *)text);
	return bg_str_check(out, err);
}

/* The public blob of a hand's key as base64. */
static int public_key(struct bg_str *out, struct bg_store *s, enum bg_hand hand,
		      struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	BG_AUTO(str) struct bg_str blob = BG_STR_INIT;
	const struct bg_trust_file *file;
	char fpr[41];
	int rc;

	if (hand == BG_BY_INSTALLATION) {
		bg_str_addf(&path, "%s/key", s->install.dir);
		rc = bg_str_check(&path, err);
		if (!rc)
			rc = bg_install_key_blob(&blob, path.buf, err);
		return rc ? rc : base64(out, blob.buf, blob.len, err);
	}
	bg_fpr_format(fpr, &s->primary);
	bg_str_addf(&path, "keys/%s.pgp", fpr);
	file = bg_trust_file(bg_store_trust(s), bg_str_text(&path));
	if (!file)
		return bg_fail(err, BG_EVERIFY, "bad-trust",
			       "trust has no file '%s'", bg_str_text(&path));
	return base64(out, file->text, file->n, err);
}

static int writer_data(json_t **out, struct bg_store *s, enum bg_hand hand,
		       const char *op, bool introduce, struct bg_error *err)
{
	BG_AUTO(json) json_t *data = json_object();
	BG_AUTO(str) struct bg_str key = BG_STR_INIT;
	BG_AUTO(str) struct bg_str other = BG_STR_INIT;
	int rc = public_key(&key, s, hand, err);

	if (!rc && introduce)
		rc = public_key(&other, s, BG_BY_INSTALLATION, err);
	if (rc)
		return rc;
	if (!data || json_object_set_new(data, "op", json_string(op)) ||
	    json_object_set_new(data, "installation",
				json_string(s->install.id)) ||
	    json_object_set_new(data, "host", json_string(s->places->host)) ||
	    json_object_set_new(data, "key", json_string(key.buf)) ||
	    (introduce && json_object_set_new(data, "installation_key",
					      json_string(other.buf))))
		return bg_fail_oom(err);
	*out = bg_move(data);
	return 0;
}

/* Append one writer event and index it. */
static int write_writer(struct bg_event *e, struct bg_store *s,
			enum bg_hand hand, const char *op, bool introduce,
			const struct bg_answer *answers, size_t n,
			struct bg_error *err)
{
	int rc;

	*e = (struct bg_event){ .type = BG_EV_WRITER };
	rc = writer_data(&e->data, s, hand, op, introduce, err);
	if (!rc)
		rc = bg_append(e, &s->hands[hand].log, answers, n, false, err);
	if (!rc)
		rc = bg_store_take(s, e, err);
	if (!rc)
		s->hands[hand].registered = true;
	return rc;
}

/* The event of a person's log that carries this installation's key, if any. */
static int find_introduction(struct bg_event **out, struct bg_store *s,
			     const char *by, struct bg_error *err)
{
	const struct bg_event_query q = { .type = "writer", .by = by };
	BG_AUTO(event_list) struct bg_event_list list = { 0 };
	BG_AUTO(str) struct bg_str key = BG_STR_INIT;
	int rc = public_key(&key, s, BG_BY_INSTALLATION, err);

	*out = NULL;
	if (!rc)
		rc = bg_store_events(&list, s, &q, err);
	for (size_t i = 0; !rc && i < list.list.n; i++) {
		const struct bg_event *e = list.list.v[i];

		if (e->wrong ||
		    !bg_str_eq(bg_json_text(e->data, "installation_key"),
			       key.buf) ||
		    !bg_str_eq(bg_json_text(e->data, "installation"),
			       s->install.id))
			continue;
		*out = bg_move(list.list.v[i]);
		list.list.v[i] = list.list.v[--list.list.n];
		return 0;
	}
	return rc;
}

static bool install_is_listed(const struct bg_store *s)
{
	return bg_trust_by_key(bg_store_trust(s), install_primary(s)) != NULL;
}

static int register_person(struct bg_store *s, struct bg_error *err)
{
	struct bg_hand_log *h = &s->hands[BG_BY_PERSON];
	struct bg_event e;
	int rc = open_person(s, err);

	if (rc || h->registered)
		return rc;
	rc = write_writer(&e, s, BG_BY_PERSON, "register",
			  !install_is_listed(s), NULL, 0, err);
	if (!rc)
		bg_event_release(&e);
	return rc;
}

/* The installation's own first event, which answers its introduction. */
static int register_install(struct bg_store *s, const struct bg_digest *root,
			    struct bg_error *err)
{
	struct bg_hand_log *h = &s->hands[BG_BY_INSTALLATION];
	BG_AUTO(event) struct bg_event *in = NULL;
	struct bg_answer answer = { .writer = NULL };
	struct bg_event e;
	int rc = open_install(s, root, err);

	if (rc || h->registered)
		return rc;
	if (!install_is_listed(s)) {
		rc = find_introduction(&in, s, h->by, err);
		if (!rc && !in)
			rc = register_person(s, err);
		if (!rc && !in)
			rc = find_introduction(&in, s, h->by, err);
		if (!rc && !in) {
			/* Registered before this key: introduce it now. */
			rc = write_writer(&e, s, BG_BY_PERSON, "introduce",
					  true, NULL, 0, err);
			if (!rc)
				bg_event_release(&e);
			if (!rc)
				rc = find_introduction(&in, s, h->by, err);
		}
		if (!rc && !in)
			rc = bg_fail(err, BG_ENOENT, "not-introduced",
				     "nobody introduced this installation for "
				     "'%s'",
				     h->by);
		if (rc)
			return rc;
		answer.digest = in->digest;
		answer.commit = in->commit;
		answer.writer = in->writer;
	}
	rc = write_writer(&e, s, BG_BY_INSTALLATION, "register", false, &answer,
			  in ? 1 : 0, err);
	if (!rc)
		bg_event_release(&e);
	return rc;
}

int bg_store_register(struct bg_store *s, const char *key, struct bg_error *err)
{
	const struct bg_principal *p;
	int rc = bg_store_person(&p, s, key, err);

	if (!rc)
		rc = register_person(s, err);
	return rc ? rc : register_install(s, NULL, err);
}

/*
 * Events.
 */
static int find_answer(struct bg_answer *out, struct bg_store *s,
		       struct bg_arena *arena, const struct bg_digest *digest,
		       struct bg_error *err)
{
	char hex[BG_DIGEST_TEXT + 1];
	struct bg_known known;
	int rc = bg_index_find(&known, &s->index, digest, NULL, err);

	if (rc < 0)
		return rc;
	if (!rc) {
		bg_digest_format(hex, digest);
		return bg_fail(err, BG_ENOENT, "no-such-event", "no event '%s'",
			       hex);
	}
	out->digest = *digest;
	out->commit = known.commit;
	out->writer = bg_arena_strdup(arena, known.writer);
	return out->writer ? 0 : bg_fail_oom(err);
}

/* Root, what the caller names, then the frontier as far as there is room. */
static int find_answers(struct bg_answer *out, size_t *n, struct bg_store *s,
			struct bg_arena *arena, const char *own,
			const struct bg_digest *root,
			const struct bg_digest *extra, size_t n_extra,
			struct bg_error *err)
{
	size_t more = 0;
	int rc = 0;

	*n = 0;
	if (n_extra + (root ? 1 : 0) > BG_ANSWERS_MAX)
		return bg_fail(err, BG_EUSAGE, "too-many-answers",
			       "more than %d events to answer", BG_ANSWERS_MAX);
	if (root)
		rc = find_answer(&out[(*n)++], s, arena, root, err);
	for (size_t i = 0; !rc && i < n_extra; i++)
		rc = find_answer(&out[(*n)++], s, arena, &extra[i], err);
	if (!rc && root)
		rc = bg_index_frontier(out + *n, &more, BG_ANSWERS_MAX - *n,
				       &s->index, arena, root, own, err);
	*n += more;
	return rc;
}

/* Flags as judging left them. */
static int read_flags(struct bg_event *e, struct bg_store *s,
		      struct bg_error *err)
{
	sqlite3_stmt *st;
	int rc = bg_index_stmt(&st, &s->index, err,
			       "SELECT wrong, doubtful FROM event WHERE "
			       "digest = ?",
			       "d", &e->digest);

	if (!rc)
		rc = bg_index_step(&s->index, st, err);
	if (rc == 1) {
		e->wrong = sqlite3_column_int(st, 0);
		e->doubtful = sqlite3_column_int(st, 1);
		sqlite3_reset(st);
		rc = 0;
	}
	return rc;
}

static int set_label(struct bg_event *e, struct bg_arena *arena,
		     struct bg_store *s, const struct bg_digest *root,
		     struct bg_error *err)
{
	BG_AUTO(grant_row) struct bg_grant_row row = { .summary = NULL };
	int rc;

	if (!root || e->grant)
		return 0;
	rc = bg_store_grant(&row, s, root, err);
	if (rc)
		return rc;
	e->grant = bg_arena_strdup(arena, row.label);
	return e->grant ? 0 : bg_fail_oom(err);
}

static int append(struct bg_event *e, struct bg_store *s, enum bg_hand hand,
		  const struct bg_digest *root, const struct bg_digest *extra,
		  size_t n_extra, struct bg_error *err)
{
	BG_AUTO(arena) struct bg_arena arena = BG_ARENA_INIT;
	const struct bg_hand_log *h = &s->hands[hand];
	struct bg_answer answers[BG_ANSWERS_MAX];
	size_t n = 0;
	int rc = set_label(e, &arena, s, root, err);

	if (!rc)
		rc = find_answers(answers, &n, s, &arena, h->writer, root,
				  extra, n_extra, err);
	if (rc) {
		json_decref(e->data);
		e->data = NULL;
		return rc;
	}
	return bg_append(e, &h->log, answers, n, false, err);
}

int bg_store_append(struct bg_event *e, struct bg_store *s, enum bg_hand hand,
		    const struct bg_digest *root, const struct bg_digest *extra,
		    size_t n_extra, struct bg_error *err)
{
	struct bg_error later;
	int rc = hand == BG_BY_PERSON ? register_person(s, err)
				      : register_install(s, root, err);

	if (rc) {
		json_decref(e->data);
		e->data = NULL;
		return rc;
	}
	rc = append(e, s, hand, root, extra, n_extra, err);
	if (rc)
		return rc;
	s->unshared = true;
	/* It is on record now.  What follows is the cache's business: the next
	 * run does it if this one cannot. */
	rc = bg_store_take(s, e, &later);
	if (!rc)
		rc = read_flags(e, s, &later);
	(void)rc;
	return 0;
}

bool bg_store_unshared(const struct bg_store *s)
{
	return s->unshared;
}

void bg_store_set_shared(struct bg_store *s)
{
	s->unshared = false;
}

int bg_store_trust_append(struct bg_store *s, const char *key,
			  const struct bg_trust_file *files, size_t n_files,
			  struct bg_error *err)
{
	const struct bg_principal *p;
	struct bg_digest digest;
	struct bg_oid commit;
	int rc = bg_store_person(&p, s, key, err);

	if (!rc)
		rc = register_person(s, err);
	if (!rc)
		rc = bg_trust_append(&digest, &commit,
				     &s->hands[BG_BY_PERSON].log,
				     bg_store_trust(s), files, n_files, err);
	return rc ? rc : bg_store_update(s, err);
}
