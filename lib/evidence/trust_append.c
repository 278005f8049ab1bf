/* A version of trust: a real tree, and its manifest as the message. */
#include <string.h>

#include "base/io.h"
#include "evidence/append_priv.h"

/* Every file of the tree but the co-signatures, which sign this. */
static int manifest(json_t **out, const struct bg_trust_file *files, size_t n,
		    struct bg_error *err)
{
	BG_AUTO(json) json_t *data = json_object();
	json_t *list = json_object();

	if (!data || json_object_set_new(data, "files", list))
		return bg_fail_oom(err);
	for (size_t i = 0; i < n; i++) {
		char text[BG_DIGEST_TEXT + 1];
		struct bg_digest d;

		if (bg_starts_with(files[i].path, "cosig/"))
			continue;
		if (bg_sha256(&d, files[i].text, files[i].n))
			return bg_fail_oom(err);
		bg_digest_format(text, &d);
		if (json_object_set_new(list, files[i].path, json_string(text)))
			return bg_fail(err, BG_EUSAGE, "bad-path",
				       "a path that trust may not hold");
	}
	*out = bg_move(data);
	return 0;
}

static int write_tree(struct bg_oid *tree, struct bg_repo *repo,
		      const struct bg_trust_file *files, size_t n,
		      struct bg_error *err)
{
	BG_AUTO(tree_files) struct bg_tree_files t = { { NULL, 0, 0 } };
	int r;

	for (size_t i = 0; i < n; i++) {
		struct bg_tree_file f = { .mode = 0100644 };

		r = bg_repo_write(&f.blob, repo, BG_OBJ_BLOB, files[i].text,
				  files[i].n, err);
		if (r)
			return r;
		f.path = strdup(files[i].path);
		if (!f.path || bg_vec_push(&t.list, f)) {
			free(f.path);
			return bg_fail_oom(err);
		}
	}
	return bg_repo_write_tree(tree, repo, &t, err);
}

static void set_envelope(struct bg_event *e, const struct bg_draft *d)
{
	e->type = BG_EV_TRUST;
	e->writer = d->log->writer;
	e->by = d->log->by;
	e->seq = d->tip.seq + 1;
	if (!d->tip.seq)
		return;
	e->has_repo = e->has_prev = e->has_trust = true;
	e->repo = d->log->genesis;
	e->prev = e->trust = d->tip.digest;
	e->trust_version = d->tip.seq;
}

static int append(struct bg_draft *d, const struct bg_trust_file *files,
		  size_t n, struct bg_error *err)
{
	BG_AUTO(json) json_t *host = NULL;
	BG_AUTO(json) json_t *data = NULL;
	struct bg_event e;
	char boot[37];
	int r;

	memset(&e, 0, sizeof(e));
	set_envelope(&e, d);
	if ((r = manifest(&data, files, n, err)) ||
	    (r = write_tree(&d->tree, d->log->repo, files, n, err)) ||
	    (r = bg_draft_facts(&e, &host, boot, d->log->places, err)))
		return r;
	e.data = data;
	e.host = host;
	if ((r = bg_draft_sign(d, &e, err)))
		return r;
	return bg_draft_publish(d, err);
}

static int lock_trust(struct bg_lock *lock, const struct bg_log *log,
		      struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;

	if (!log->install)
		return 0;
	bg_str_addf(&path, "%s/lock/trust", log->install->dir);
	if (path.oom)
		return bg_fail_oom(err);
	return bg_lock_take(lock, path.buf, 30000, err);
}

int bg_trust_append(struct bg_digest *digest, struct bg_oid *commit,
		    const struct bg_log *log, const struct bg_trust *prev,
		    const struct bg_trust_file *files, size_t n_files,
		    struct bg_error *err)
{
	BG_AUTO(lock) struct bg_lock lock = BG_LOCK_INIT;
	BG_AUTO(draft) struct bg_draft d = { .log = log, .ref = BG_TRUST_REF };
	uint64_t version = prev ? prev->version + 1 : 1;
	int r = prev ? lock_trust(&lock, log, err) : 0;

	if (prev) {
		d.tip.seq = prev->version;
		d.tip.digest = prev->digest;
		d.tip.commit = prev->commit;
		if (!r)
			r = bg_draft_parent(&d, &prev->commit, err);
	}
	if (!r)
		r = append(&d, files, n_files, err);
	if (r)
		return bg_wrap(err, "cannot write version %llu of trust",
			       (unsigned long long)version);
	*digest = d.record.event.digest;
	*commit = d.oid;
	r = bg_repo_checkout_trust(log->repo, err);
	return r ? bg_wrap(err,
			   "version %llu of trust is written, but its files "
			   "cannot be shown",
			   (unsigned long long)version)
		 : 0;
}
