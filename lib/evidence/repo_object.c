/* Objects: raw bytes in, raw bytes out. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "evidence/repo_priv.h"

static git_object_t to_git(enum bg_object_kind kind)
{
	switch (kind) {
	case BG_OBJ_TREE:
		return GIT_OBJECT_TREE;
	case BG_OBJ_BLOB:
		return GIT_OBJECT_BLOB;
	case BG_OBJ_COMMIT:
		break;
	}
	return GIT_OBJECT_COMMIT;
}

static int from_git(enum bg_object_kind *kind, git_object_t type)
{
	switch (type) {
	case GIT_OBJECT_COMMIT:
		*kind = BG_OBJ_COMMIT;
		return 0;
	case GIT_OBJECT_TREE:
		*kind = BG_OBJ_TREE;
		return 0;
	case GIT_OBJECT_BLOB:
		*kind = BG_OBJ_BLOB;
		return 0;
	default:
		return -1;
	}
}

static int fail_read(struct bg_error *err, int rc, const struct bg_oid *oid)
{
	char hex[2 * BG_OID_LEN + 1];

	bg_oid_format(hex, oid);
	if (rc == GIT_ENOTFOUND)
		return bg_fail(err, BG_ENOENT, "missing-object",
			       "object %s is not in this repository", hex);
	/* libgit2 says no more than -1 of a zlib stream or a pack entry that
	 * is broken; a read error of the disk looks the same to us. */
	return bg_fail(err, BG_EVERIFY, "corrupt-object",
		       "object %s is not what its name says", hex);
}

int bg_repo_read(struct bg_str *out, enum bg_object_kind *kind,
		 struct bg_repo *r, const struct bg_oid *oid,
		 struct bg_error *err)
{
	git_odb_object *o = NULL;
	enum bg_object_kind k;
	git_oid id;
	int rc;

	bg_oid_to_git(&id, oid);
	rc = git_odb_read(&o, r->odb, &id);
	if (rc)
		return fail_read(err, rc, oid);
	if (from_git(&k, git_odb_object_type(o)) ||
	    git_odb_object_size(o) > BG_OBJECT_MAX) {
		git_odb_object_free(o);
		return bg_fail(err, BG_EVERIFY, "corrupt-object",
			       "an object that evidence does not hold");
	}
	bg_str_addn(out, git_odb_object_data(o), git_odb_object_size(o));
	git_odb_object_free(o);
	if (kind)
		*kind = k;
	return bg_str_check(out, err);
}

bool bg_repo_has(struct bg_repo *r, const struct bg_oid *oid)
{
	git_oid id;

	bg_oid_to_git(&id, oid);
	return git_odb_exists(r->odb, &id);
}

/* libgit2 syncs the object and its directory, not the directory above it that
 * got a new entry. */
static int sync_new_fanout(struct bg_repo *r, bool was_there,
			   struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	int rc;

	if (was_there)
		return 0;
	if ((rc = bg_repo_path(&path, r, "objects", err)))
		return rc;
	return bg_dir_sync(path.buf, err);
}

static int fanout_exists(bool *there, struct bg_repo *r,
			 const struct bg_oid *oid, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;

	bg_str_addf(&path, "%sobjects/%02x", r->git_dir, oid->b[0]);
	*there = !path.oom && bg_path_exists(path.buf);
	return bg_str_check(&path, err);
}

int bg_repo_name(struct bg_oid *out, enum bg_object_kind kind, const void *p,
		 size_t n, struct bg_error *err)
{
	git_oid id;
	int rc = git_odb_hash(&id, p, n, to_git(kind));

	if (rc)
		return bg_fail_git(err, rc, "cannot name an object");
	bg_oid_from_git(out, &id);
	return 0;
}

int bg_repo_write(struct bg_oid *out, struct bg_repo *r,
		  enum bg_object_kind kind, const void *p, size_t n,
		  struct bg_error *err)
{
	bool fanout;
	git_oid id;
	int rc;

	if (bg_faulty(bg_fault("repo.object")))
		return bg_fail_errno(err, "cannot write an object");
	if ((rc = bg_repo_name(out, kind, p, n, err)))
		return rc;
	bg_oid_to_git(&id, out);
	if (git_odb_exists_ext(r->odb, &id, GIT_ODB_LOOKUP_NO_REFRESH))
		return 0;
	if ((rc = fanout_exists(&fanout, r, out, err)))
		return rc;
	errno = 0;
	rc = git_odb_write(&id, r->odb, p, n, to_git(kind));
	if (rc)
		return bg_fail_git(err, rc, "cannot write an object");
	return sync_new_fanout(r, fanout, err);
}
