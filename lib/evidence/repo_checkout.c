/*
 * The work tree of a repository that is not bare shows the files of trust, so
 * that a person can read and edit them.  A copy for people: nothing reads it
 * as evidence.  What a person has changed is left alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "evidence/repo_priv.h"

/* lifecycle.md T12, and nothing that would leave the work tree. */
static bool path_is_safe(const char *path)
{
	for (const char *p = path; p;) {
		if (*p == '.' || *p == '\0' || *p == '/')
			return false;
		p = strchr(p, '/');
		p = p ? p + 1 : NULL;
	}
	return strlen(path) < 200;
}

/* Every directory on the way is a real one of ours. */
static bool way_is_plain(const struct bg_repo *r, const char *path)
{
	BG_AUTO(str) struct bg_str at = BG_STR_INIT;
	const char *slash = path;
	struct stat st;

	while ((slash = strchr(slash, '/'))) {
		bg_str_clear(&at);
		bg_str_add(&at, r->work_dir);
		bg_str_addn(&at, path, (size_t)(slash - path));
		if (at.oom)
			return false;
		if (lstat(at.buf, &st) == 0 && !S_ISDIR(st.st_mode))
			return false;
		slash++;
	}
	return true;
}

enum have { HAVE_NONE, HAVE_SAME, HAVE_OLD, HAVE_OTHER };

/* What is at path now, against the new blob and the one that was shown. */
static enum have look(const char *full, const struct bg_oid *want,
		      const git_index_entry *shown)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	struct bg_error ignored;
	struct stat st;
	git_oid id, new_id;

	if (lstat(full, &st))
		return errno == ENOENT ? HAVE_NONE : HAVE_OTHER;
	if (!S_ISREG(st.st_mode) ||
	    bg_file_read(&text, full, BG_OBJECT_MAX, &ignored) ||
	    git_odb_hash(&id, bg_str_text(&text), text.len, GIT_OBJECT_BLOB))
		return HAVE_OTHER;
	if (want) {
		bg_oid_to_git(&new_id, want);
		if (git_oid_equal(&id, &new_id))
			return HAVE_SAME;
	}
	return shown && git_oid_equal(&id, &shown->id) ? HAVE_OLD : HAVE_OTHER;
}

static int write_file(struct bg_repo *r, const char *full,
		      const struct bg_oid *blob, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	BG_AUTO(free) char *dir = strdup(full);
	char *slash;
	int rc = bg_repo_read(&text, NULL, r, blob, err);

	if (rc)
		return rc;
	if (!dir)
		return bg_fail_oom(err);
	slash = strrchr(dir, '/');
	*slash = '\0';
	if ((rc = bg_dir_make(dir, 0755, err)))
		return rc;
	return bg_file_commit(full, 0644, bg_str_text(&text), text.len, err);
}

static int show_file(struct bg_repo *r, git_index *index,
		     const struct bg_tree_file *f, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str full = BG_STR_INIT;
	const git_index_entry *shown;
	enum have have;

	if (f->mode != 0100644 || !path_is_safe(f->path) ||
	    !way_is_plain(r, f->path))
		return 0;
	bg_str_add(&full, r->work_dir);
	bg_str_add(&full, f->path);
	if (full.oom)
		return bg_fail_oom(err);
	shown = git_index_get_bypath(index, f->path, 0);
	have = look(full.buf, &f->blob, shown);
	if (have == HAVE_NONE || have == HAVE_OLD)
		return write_file(r, full.buf, &f->blob, err);
	return 0;
}

/* Shown before, not in the tree any more, and as it was: gone. */
static int hide_file(struct bg_repo *r, const git_index_entry *shown,
		     struct bg_error *err)
{
	BG_AUTO(str) struct bg_str full = BG_STR_INIT;

	if (!path_is_safe(shown->path) || !way_is_plain(r, shown->path))
		return 0;
	bg_str_add(&full, r->work_dir);
	bg_str_add(&full, shown->path);
	if (full.oom)
		return bg_fail_oom(err);
	if (look(full.buf, NULL, shown) == HAVE_OLD && unlink(full.buf) &&
	    errno != ENOENT)
		return bg_fail_errno(err, "cannot remove '%s'", full.buf);
	return 0;
}

static bool has_path(const struct bg_tree_files *files, const char *path)
{
	for (size_t i = 0; i < files->list.n; i++)
		if (strcmp(files->list.v[i].path, path) == 0)
			return true;
	return false;
}

static int show_all(struct bg_repo *r, git_index *index,
		    const struct bg_tree_files *files, struct bg_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < files->list.n && !rc; i++)
		rc = show_file(r, index, &files->list.v[i], err);
	for (size_t i = 0; i < git_index_entrycount(index) && !rc; i++) {
		const git_index_entry *e = git_index_get_byindex(index, i);

		if (!has_path(files, e->path))
			rc = hide_file(r, e, err);
	}
	return rc;
}

/* git's index, so that `git status` in a clone says what is changed. */
static int write_index(git_index *index, const struct bg_tree_files *files,
		       struct bg_error *err)
{
	int rc = git_index_clear(index);

	for (size_t i = 0; i < files->list.n && !rc; i++) {
		git_index_entry e;

		memset(&e, 0, sizeof(e));
		e.mode = files->list.v[i].mode;
		e.path = files->list.v[i].path;
		bg_oid_to_git(&e.id, &files->list.v[i].blob);
		rc = git_index_add(index, &e);
	}
	if (!rc)
		rc = git_index_write(index);
	return rc ? bg_fail_git(err, rc, "cannot write git's index") : 0;
}

static int read_trust_tree(struct bg_tree_files *out, struct bg_repo *r,
			   struct bg_error *err)
{
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	BG_AUTO(commit) struct bg_commit c = { .arena = BG_ARENA_INIT };
	struct bg_oid tip;
	int rc = bg_repo_ref(&tip, r, BG_TRUST_REF, err);

	if (rc || (rc = bg_repo_read(&raw, NULL, r, &tip, err)) ||
	    (rc = bg_commit_parse(&c, raw.buf, raw.len, err)))
		return rc;
	return bg_repo_read_tree(out, r, &c.tree, err);
}

int bg_repo_checkout_trust(struct bg_repo *r, struct bg_error *err)
{
	BG_AUTO(tree_files) struct bg_tree_files files = { { NULL, 0, 0 } };
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	git_index *index = NULL;
	int rc;

	if (!r->work_dir)
		return 0;
	if ((rc = read_trust_tree(&files, r, err)) ||
	    (rc = bg_repo_path(&path, r, "index", err)))
		return rc;
	rc = git_index_open(&index, path.buf);
	if (rc)
		return bg_fail_git(err, rc, "cannot read git's index");
	rc = show_all(r, index, &files, err);
	if (!rc)
		rc = write_index(index, &files, err);
	git_index_free(index);
	return rc;
}
