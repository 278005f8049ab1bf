#include "report/reverify.h"

#include <stdio.h>
#include <string.h>

#include "evidence/reader.h"

/* Keys of the logs that the events stand on: from each log's registration. */
struct log_key {
	char writer[BG_WRITER_MAX];
	struct bg_keyblob blob;
};
struct log_keys {
	BG_VEC(struct log_key) list;
};

static void log_keys_release(struct log_keys *k)
{
	for (size_t i = 0; i < k->list.n; i++)
		bg_keyblob_release(&k->list.v[i].blob);
	bg_vec_release(&k->list);
}
BG_AUTO_VALUE(log_keys, struct log_keys, log_keys_release)

static int load_log_key(struct log_keys *out, struct bg_store *store,
			const char *writer, struct bg_error *err)
{
	const struct bg_event_query q = { .type = "writer", .writer = writer };
	BG_AUTO(event_list) struct bg_event_list l = { 0 };
	struct log_key key = { .writer = "" };
	int rc = bg_store_events(&l, store, &q, err);

	snprintf(key.writer, sizeof(key.writer), "%s", writer);
	for (size_t i = 0; !rc && i < l.list.n; i++)
		if (l.list.v[i]->seq == 1 && !l.list.v[i]->wrong &&
		    !key.blob.keys.n)
			rc = bg_event_key(&key.blob, l.list.v[i], "key", err);
	if (!rc && bg_vec_push(&out->list, key))
		rc = bg_fail_oom(err);
	if (rc)
		bg_keyblob_release(&key.blob);
	return rc;
}

static int load_keys(struct log_keys *out, struct bg_store *store,
		     struct bg_event *const *events, size_t n,
		     struct bg_error *err)
{
	for (size_t i = 0; i < n; i++) {
		bool seen = false;
		int rc;

		for (size_t k = 0; k < out->list.n; k++)
			seen |= !strcmp(out->list.v[k].writer,
					events[i]->writer);
		if (seen)
			continue;
		rc = load_log_key(out, store, events[i]->writer, err);
		if (rc)
			return rc;
	}
	return 0;
}

static const struct bg_pubkey *in_blob(const struct bg_keyblob *blob,
				       const struct bg_fpr *fpr)
{
	for (size_t i = 0; i < blob->keys.n; i++)
		if (bg_fpr_eq(&blob->keys.v[i].fpr, fpr))
			return &blob->keys.v[i];
	return NULL;
}

/* Listed in the trust version that the event names, or registered. */
static const struct bg_pubkey *find_key(struct bg_store *store,
					const struct log_keys *logs,
					const struct bg_event *e,
					const struct bg_fpr *fpr)
{
	const struct bg_trust *t =
		bg_store_trust_version(store, e->trust_version, &e->trust);
	const struct bg_principal *p = t ? bg_trust_by_key(t, fpr) : NULL;
	const struct bg_pubkey *key = NULL;

	for (size_t i = 0; p && !key && i < p->n_keys; i++)
		key = in_blob(&p->keys[i].parsed, fpr);
	for (size_t i = 0; !key && i < logs->list.n; i++)
		if (!strcmp(logs->list.v[i].writer, e->writer))
			key = in_blob(&logs->list.v[i].blob, fpr);
	return key;
}

static int check_one(struct bg_store *store, const struct log_keys *logs,
		     const struct bg_event *e, struct bg_error *err)
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
	key = find_key(store, logs, e, &sig.issuer);
	if (!key)
		return bg_fail(err, BG_EVERIFY, "key-not-listed",
			       "signed by a key that trust does not know");
	return bg_sig_check(&sig, key, c.payload.buf, c.payload.len, err);
}

int bg_reverify(struct bg_reverified *out, struct bg_store *store,
		struct bg_event *const *events, size_t n, struct bg_error *err)
{
	BG_AUTO(log_keys) struct log_keys logs = { 0 };
	int rc = load_keys(&logs, store, events, n, err);

	*out = (struct bg_reverified){ .events = n };
	for (size_t i = 0; !rc && i < n; i++) {
		struct bg_error why = { 0 };

		if (!check_one(store, &logs, events[i], &why)) {
			out->good++;
		} else if (!out->why[0]) {
			out->first_bad = events[i]->digest;
			snprintf(out->why, sizeof(out->why), "%.150s", why.msg);
		}
	}
	return rc;
}
