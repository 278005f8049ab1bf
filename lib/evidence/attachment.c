/*
 * Attachments: one file, one ref, unsigned, so that one can be erased alone.
 * The same bytes give the same commit: author and date are fixed.
 */
#include <string.h>

#include "base/io.h"
#include "evidence/append.h"
#include "evidence/schema.h"

static bool ref_part_ok(const char *s)
{
	size_t n = strlen(s);

	return n && n <= 100 && !strstr(s, "..") && s[n - 1] != '.' &&
	       s[0] != '.' && (n < 5 || strcmp(s + n - 5, ".lock") != 0) &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz"
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

/* "att/<subject>/<writer>/<name>" */
static int ref_name(struct bg_str *out, const char *subject, const char *writer,
		    const char *name, struct bg_error *err)
{
	if (!ref_part_ok(subject) || !ref_part_ok(writer) ||
	    !ref_part_ok(name) || !bg_is_name(name))
		return bg_fail(err, BG_EUSAGE, "bad-attachment-name",
			       "a name that an attachment cannot have");
	bg_str_addf(out, "att/%s/%s/%s", subject, writer, name);
	return bg_str_check(out, err);
}

/*
 * Writing.
 */
static int write_commit(struct bg_oid *out, struct bg_repo *repo,
			const char *name, const void *p, size_t n,
			struct bg_error *err)
{
	static const char body[] =
		"Not signed: the event that names its digest is.\n";
	BG_AUTO(tree_files) struct bg_tree_files t = { { NULL, 0, 0 } };
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	struct bg_tree_file f = { .mode = 0100644 };
	struct bg_oid tree;
	int r = bg_repo_write(&f.blob, repo, BG_OBJ_BLOB, p, n, err);

	if (r)
		return r;
	f.path = strdup(name);
	if (!f.path || bg_vec_push(&t.list, f)) {
		free(f.path);
		return bg_fail_oom(err);
	}
	if ((r = bg_repo_write_tree(&tree, repo, &t, err)) ||
	    (r = bg_commit_payload(&raw, &tree, NULL, 0, "bg", "bg@invalid", 0,
				   "attachment", body, sizeof(body) - 1, err)))
		return r;
	return bg_repo_write(out, repo, BG_OBJ_COMMIT, raw.buf, raw.len, err);
}

/* One that is there already must be the same. */
static int publish(struct bg_repo *repo, const char *full,
		   const struct bg_oid *commit, struct bg_error *err)
{
	struct bg_error why;
	struct bg_oid now;
	int r = bg_repo_ref(&now, repo, full, &why);

	if (r == BG_ENOENT)
		return bg_repo_ref_move(repo, full, NULL, commit, NULL, err);
	if (r) {
		*err = why;
		return r;
	}
	if (bg_oid_eq(&now, commit))
		return 0;
	return bg_fail(err, BG_EFAIL, "attachment-exists",
		       "'%s' is there with another content", full);
}

static int store(const struct bg_log *log, const char *ref, const char *name,
		 const void *p, size_t n, struct bg_error *err)
{
	struct bg_oid commit;
	int r = write_commit(&commit, log->repo, name, p, n, err);

	return r ? r : publish(log->repo, ref, &commit, err);
}

int bg_attachment_write(struct bg_attachment *out, const struct bg_log *log,
			const char *subject, const char *name,
			const char *media, const void *p, size_t n,
			struct bg_error *err)
{
	BG_AUTO(str) struct bg_str ref = BG_STR_INIT;
	struct bg_attachment a = { .size = n };
	struct bg_error why;
	int r;

	if (strlen(name) >= sizeof(a.name) || strlen(media) >= sizeof(a.media))
		return bg_fail(err, BG_EUSAGE, "bad-attachment-name",
			       "a name that an attachment cannot have");
	if (n > BG_OBJECT_MAX)
		return bg_fail(err, BG_EUSAGE, "too-large",
			       "an attachment of %zu bytes, %u are allowed", n,
			       BG_OBJECT_MAX);
	bg_str_add(&ref, "refs/heads/");
	if ((r = ref_name(&ref, subject, log->writer, name, err)))
		return r;
	memcpy(a.name, name, strlen(name) + 1);
	memcpy(a.media, media, strlen(media) + 1);
	if (bg_sha256(&a.sha256, p, n))
		return bg_fail_oom(err);
	r = store(log, ref.buf, name, p, n, &why);
	if (r == BG_ENOSPC && bg_install_free_reserve(log->repo))
		r = store(log, ref.buf, name, p, n, &why);
	if (r) {
		*err = why;
		return bg_wrap(err, "cannot store attachment '%s'", name);
	}
	*out = a;
	return 0;
}

/*
 * Reading.
 */
static int fail_altered(struct bg_error *err, const char *ref)
{
	return bg_fail(err, BG_EVERIFY, "attachment-altered",
		       "'%s' is not what its event says", ref);
}

/* The file behind one ref, if it is what a says. */
static int read_from(struct bg_str *out, struct bg_repo *repo,
		     const struct bg_oid *commit, const char *ref,
		     const struct bg_attachment *a, struct bg_error *err)
{
	BG_AUTO(tree_files) struct bg_tree_files t = { { NULL, 0, 0 } };
	BG_AUTO(commit) struct bg_commit c = { .arena = BG_ARENA_INIT };
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	struct bg_digest d;
	int r;

	if ((r = bg_repo_read(&raw, NULL, repo, commit, err)))
		return r;
	if ((r = bg_commit_parse_any(&c, raw.buf, raw.len, err)))
		return fail_altered(err, ref);
	if ((r = bg_repo_read_tree(&t, repo, &c.tree, err)))
		return r;
	if (c.armor || c.n_parents || t.list.n != 1 ||
	    t.list.v[0].mode != 0100644 ||
	    strcmp(t.list.v[0].path, a->name) != 0)
		return fail_altered(err, ref);
	if ((r = bg_repo_read(&text, NULL, repo, &t.list.v[0].blob, err)))
		return r;
	if (bg_sha256(&d, bg_str_text(&text), text.len))
		return bg_fail_oom(err);
	if (text.len != a->size || !bg_digest_eq(&d, &a->sha256))
		return fail_altered(err, ref);
	bg_str_addn(out, bg_str_text(&text), text.len);
	return bg_str_check(out, err);
}

static int fail_missing(struct bg_error *err, const char *ref)
{
	return bg_fail(err, BG_ENOENT, "attachment-missing",
		       "attachment '%s' is not in this repository", ref);
}

/* The own ref first, then what remotes have; the first good one. */
int bg_attachment_read(struct bg_str *out, struct bg_repo *repo,
		       const char *subject, const char *writer,
		       const struct bg_attachment *a, struct bg_error *err)
{
	BG_AUTO(refs) struct bg_refs refs = { { NULL, 0, 0 } };
	BG_AUTO(str) struct bg_str name = BG_STR_INIT;
	BG_AUTO(str) struct bg_str full = BG_STR_INIT;
	struct bg_error why;
	struct bg_oid oid;
	int r;

	if ((r = ref_name(&name, subject, writer, a->name, err)) ||
	    (r = bg_repo_remote_refs(&refs, repo, name.buf, err)))
		return r;
	bg_str_addf(&full, "refs/heads/%s", name.buf);
	if (full.oom)
		return bg_fail_oom(err);
	r = bg_repo_ref(&oid, repo, full.buf, &why);
	if (!r)
		r = read_from(out, repo, &oid, full.buf, a, &why);
	else if (r == BG_ENOENT)
		fail_missing(&why, name.buf);
	for (size_t i = 0; r && i < refs.list.n; i++)
		r = read_from(out, repo, &refs.list.v[i].oid,
			      refs.list.v[i].full, a, &why);
	if (r)
		*err = why;
	return r;
}

/*
 * As a member of an event's data.
 */
json_t *bg_attachment_json(const struct bg_attachment *a)
{
	char digest[BG_DIGEST_TEXT + 1];

	bg_digest_format(digest, &a->sha256);
	return json_pack("{s:s, s:s, s:s, s:I}", "media", a->media, "name",
			 a->name, "sha256", digest, "size",
			 (json_int_t)a->size);
}

bool bg_attachment_from_json(struct bg_attachment *out, const json_t *v)
{
	const char *name = bg_json_text(v, "name");
	const char *media = bg_json_text(v, "media");
	int64_t size = bg_json_int(v, "size", -1);

	if (!name || !media || size < 0 || strlen(name) >= sizeof(out->name) ||
	    strlen(media) >= sizeof(out->media) ||
	    !bg_digest_parse(&out->sha256, bg_json_text(v, "sha256")))
		return false;
	memcpy(out->name, name, strlen(name) + 1);
	memcpy(out->media, media, strlen(media) + 1);
	out->size = (uint64_t)size;
	return true;
}
