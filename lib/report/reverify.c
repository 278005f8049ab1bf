#include "report/reverify.h"

#include <stdio.h>
#include <string.h>

/* The public key that e's signer fingerprint names: of its log's writer, or
 * listed in any trust version that the event may have used. */
static const struct bg_pubkey *find_key(struct bg_store *store,
					const struct bg_writer *writers,
					size_t n, const struct bg_event *e,
					const struct bg_fpr *fpr)
{
	const struct bg_trust *t;
	const struct bg_principal *p;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(writers[i].name, e->writer))
			continue;
		for (size_t k = 0; k < writers[i].key.keys.n; k++)
			if (bg_fpr_eq(&writers[i].key.keys.v[k].fpr, fpr))
				return &writers[i].key.keys.v[k];
	}
	t = bg_store_trust_version(store, e->trust_version, &e->trust);
	p = t ? bg_trust_by_key(t, fpr) : NULL;
	for (size_t i = 0; p && i < p->n_keys; i++)
		for (size_t k = 0; k < p->keys[i].parsed.keys.n; k++)
			if (bg_fpr_eq(&p->keys[i].parsed.keys.v[k].fpr, fpr))
				return &p->keys[i].parsed.keys.v[k];
	return NULL;
}

static int check_one(struct bg_store *store, const struct bg_writer *writers,
		     size_t n, const struct bg_event *e, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	BG_AUTO(str) struct bg_str packet = BG_STR_INIT;
	BG_AUTO(commit) struct bg_commit c = { .arena = BG_ARENA_INIT };
	const struct bg_pubkey *key;
	enum bg_object_kind kind;
	struct bg_sig sig;
	int rc;

	rc = bg_repo_read(&raw, &kind, bg_store_repo(store), &e->commit, err);
	if (rc)
		return rc;
	rc = bg_commit_parse(&c, raw.buf, raw.len, err);
	if (rc)
		return rc;
	if (!bg_digest_eq(&c.digest, &e->digest))
		return bg_fail(err, BG_EVERIFY, "not-canonical",
			       "another payload than the event's name says");
	rc = bg_armor_read(&packet, c.armor, c.armor_n, err);
	if (rc)
		return rc;
	rc = bg_sig_parse(&sig, packet.buf, packet.len, err);
	if (rc)
		return rc;
	key = find_key(store, writers, n, e, &sig.issuer);
	if (!key)
		return bg_fail(err, BG_EVERIFY, "key-not-listed",
			       "signed by a key that trust does not know");
	return bg_sig_check(&sig, key, c.payload.buf, c.payload.len, err);
}

int bg_reverify(struct bg_reverified *out, struct bg_store *store,
		struct bg_event *const *events, size_t n, struct bg_error *err)
{
	struct bg_writer *writers = NULL;
	size_t n_writers = 0;
	int rc;

	*out = (struct bg_reverified){ .events = n };
	rc = bg_store_writers(&writers, &n_writers, store, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < n; i++) {
		struct bg_error why = { 0 };

		rc = check_one(store, writers, n_writers, events[i], &why);
		if (!rc) {
			out->good++;
		} else if (!out->why[0]) {
			out->first_bad = events[i]->digest;
			snprintf(out->why, sizeof(out->why), "%.150s", why.msg);
		}
	}
	free(writers);
	return 0;
}
