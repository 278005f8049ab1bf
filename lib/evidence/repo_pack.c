/*
 * Many loose objects become one pack: written and synced, opened again and
 * every object read from it, and only then the loose files go.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <git2/odb_backend.h>
#include <git2/sys/odb_backend.h>

#include "base/io.h"
#include "evidence/repo_priv.h"

#define LOOSE_MAX 500

struct loose {
	BG_VEC(struct bg_oid) list;
};

static bool is_hex(const char *s, size_t n)
{
	return strlen(s) == n && strspn(s, "0123456789abcdef") == n;
}

static int list_fanout(struct loose *out, const struct bg_repo *r, unsigned i,
		       struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	struct dirent *d;
	int rc = 0;
	DIR *dir;

	bg_str_addf(&path, "%sobjects/%02x", r->git_dir, i);
	if (path.oom)
		return bg_fail_oom(err);
	dir = opendir(path.buf);
	while (dir && !rc && (d = readdir(dir))) {
		char hex[2 * BG_OID_LEN + 1];
		struct bg_oid oid;

		if (!is_hex(d->d_name, 2 * BG_OID_LEN - 2))
			continue;
		snprintf(hex, sizeof(hex), "%02x%.38s", i, d->d_name);
		if (bg_oid_parse(&oid, hex) && bg_vec_push(&out->list, oid))
			rc = bg_fail_oom(err);
	}
	if (dir)
		closedir(dir);
	return rc;
}

static int list_loose(struct loose *out, const struct bg_repo *r,
		      struct bg_error *err)
{
	int rc = 0;

	for (unsigned i = 0; i < 256 && !rc; i++)
		rc = list_fanout(out, r, i, err);
	return rc;
}

/* The pack's path without its suffix. */
static int write_pack(struct bg_str *base, struct bg_repo *r,
		      const struct loose *loose, struct bg_error *err)
{
	git_packbuilder *pb = NULL;
	size_t dir_len;
	git_oid id;
	int rc;

	if ((rc = bg_repo_path(base, r, "objects/pack", err)))
		return rc;
	dir_len = base->len;
	rc = git_packbuilder_new(&pb, r->git);
	if (!rc)
		git_packbuilder_set_threads(pb, 1);
	for (size_t i = 0; !rc && i < loose->list.n; i++) {
		bg_oid_to_git(&id, &loose->list.v[i]);
		rc = git_packbuilder_insert(pb, &id, NULL);
	}
	errno = 0;
	if (!rc)
		rc = git_packbuilder_write(pb, base->buf, 0444, NULL, NULL);
	if (!rc)
		bg_str_addf(base, "/pack-%s", git_packbuilder_name(pb));
	git_packbuilder_free(pb);
	if (rc)
		return bg_fail_git(err, rc, "cannot pack '%s'", r->git_dir);
	base->buf[dir_len] = '\0';
	rc = bg_dir_sync(base->buf, err);
	base->buf[dir_len] = '/';
	return rc ? rc : bg_str_check(base, err);
}

/* Everything can be read from the new pack alone, with its hash right. */
static int check_pack(const struct bg_str *base, const struct loose *loose,
		      struct bg_error *err)
{
	BG_AUTO(str) struct bg_str index = BG_STR_INIT;
	git_odb_backend *pack = NULL;
	git_odb *odb = NULL;
	git_oid id;
	int rc;

	bg_str_addf(&index, "%s.idx", base->buf);
	if (index.oom)
		return bg_fail_oom(err);
	rc = git_odb_new(&odb);
	if (!rc)
		rc = git_odb_backend_one_pack(&pack, index.buf);
	if (!rc && (rc = git_odb_add_backend(odb, pack, 1)))
		pack->free(pack);
	for (size_t i = 0; !rc && i < loose->list.n; i++) {
		git_odb_object *o = NULL;

		bg_oid_to_git(&id, &loose->list.v[i]);
		rc = git_odb_read(&o, odb, &id);
		git_odb_object_free(o);
	}
	git_odb_free(odb);
	if (rc)
		return bg_fail_git(err, rc, "the new pack '%s' is not whole",
				   base->buf);
	return 0;
}

static void unlink_loose(const struct bg_repo *r, const struct loose *loose)
{
	for (size_t i = 0; i < loose->list.n; i++) {
		BG_AUTO(str) struct bg_str path = BG_STR_INIT;
		char hex[2 * BG_OID_LEN + 1];

		bg_oid_format(hex, &loose->list.v[i]);
		bg_str_addf(&path, "%sobjects/%.2s/%s", r->git_dir, hex,
			    hex + 2);
		/* One that stays is only a copy. */
		if (!path.oom)
			(void)unlink(path.buf);
	}
}

static int pack_listed(struct bg_repo *r, const struct loose *loose,
		       struct bg_error *err)
{
	BG_AUTO(str) struct bg_str base = BG_STR_INIT;
	int rc = write_pack(&base, r, loose, err);

	if (!rc)
		rc = check_pack(&base, loose, err);
	if (rc)
		return rc;
	if (bg_faulty(bg_fault("repo.pack")))
		return bg_fail_errno(err, "cannot pack '%s'", r->git_dir);
	rc = git_odb_refresh(r->odb);
	if (rc)
		return bg_fail_git(err, rc, "cannot open '%s' again",
				   r->git_dir);
	unlink_loose(r, loose);
	return 0;
}

static int pack_above(struct bg_repo *r, size_t least, struct bg_error *err)
{
	BG_AUTO(lock) struct bg_lock lock = BG_LOCK_INIT;
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	struct loose loose = { { NULL, 0, 0 } };
	int rc = bg_repo_path(&path, r, "bg-pack.lock", err);
	struct bg_error why;

	if (rc)
		return rc;
	rc = bg_lock_take(&lock, path.buf, 0, &why);
	if (rc == BG_EBUSY)
		return 0; /* somebody packs already */
	if (rc)
		*err = why;
	else
		rc = list_loose(&loose, r, err);
	if (!rc && loose.list.n > least)
		rc = pack_listed(r, &loose, err);
	bg_vec_release(&loose.list);
	return rc;
}

int bg_repo_pack(struct bg_repo *r, struct bg_error *err)
{
	return pack_above(r, LOOSE_MAX, err);
}
