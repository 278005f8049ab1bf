/*
 * What could show a reader something else than what is stored (evidence.md
 * "Verify", threats.md): refused before libgit2 opens anything.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/io.h"
#include "evidence/repo_priv.h"

static int unsafe(struct bg_error *err, const char *git_dir, const char *what)
{
	return bg_fail(err, BG_EUNSAFE, "unsafe-repository",
		       "'%s' could mislead a reader: %s (take a plain copy: "
		       "git clone --bare --no-local)",
		       git_dir, what);
}

static bool holds_something(const char *path)
{
	struct stat st;
	struct dirent *d;
	bool some = false;
	DIR *dir;

	if (lstat(path, &st))
		return false;
	if (!S_ISDIR(st.st_mode))
		return !S_ISREG(st.st_mode) || st.st_size > 0;
	dir = opendir(path);
	while (dir && !some && (d = readdir(dir)))
		some = strcmp(d->d_name, ".") != 0 &&
		       strcmp(d->d_name, "..") != 0;
	if (dir)
		closedir(dir);
	return some;
}

static int check_files(const char *git_dir, struct bg_error *err)
{
	static const struct {
		const char *path, *what;
	} files[] = {
		{ "refs/replace", "objects are replaced (refs/replace)" },
		{ "info/grafts", "parents are replaced (info/grafts)" },
		{ "shallow", "history is cut off (a shallow clone)" },
		{ "objects/info/alternates",
		  "objects come from elsewhere (alternates)" },
		{ "objects/info/http-alternates",
		  "objects come from elsewhere (alternates)" },
		{ "commondir", "it is a linked work tree (commondir)" },
		{ "reftable", "it keeps its refs in another format" },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		BG_AUTO(str) struct bg_str path = BG_STR_INIT;

		bg_str_add(&path, git_dir);
		bg_str_add(&path, files[i].path);
		if (path.oom)
			return bg_fail_oom(err);
		if (holds_something(path.buf))
			return unsafe(err, git_dir, files[i].what);
	}
	return 0;
}

static int check_packed_refs(const char *git_dir, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	int r;

	bg_str_addf(&path, "%spacked-refs", git_dir);
	if (path.oom)
		return bg_fail_oom(err);
	if (!bg_path_exists(path.buf))
		return 0;
	r = bg_file_read(&text, path.buf, 256u * 1024 * 1024, err);
	if (r)
		return r;
	if (text.len && memmem(text.buf, text.len, " refs/replace/", 14))
		return unsafe(err, git_dir,
			      "objects are replaced (refs/replace)");
	return 0;
}

/* A promisor pack says that objects may be absent on purpose. */
static int check_packs(const char *git_dir, struct bg_error *err)
{
	static const char suffix[] = ".promisor";
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	bool found = false;
	struct dirent *d;
	DIR *dir;

	bg_str_addf(&path, "%sobjects/pack", git_dir);
	if (path.oom)
		return bg_fail_oom(err);
	dir = opendir(path.buf);
	while (dir && !found && (d = readdir(dir))) {
		size_t n = strlen(d->d_name), k = sizeof(suffix) - 1;

		found = n > k && strcmp(d->d_name + n - k, suffix) == 0;
	}
	if (dir)
		closedir(dir);
	return found ? unsafe(err, git_dir, "a partial clone (promisor)") : 0;
}

/* One entry of the configuration; what it says against reading, or NULL. */
static const char *objection(const char *name, const char *value)
{
	static const char extensions[] = "extensions.";
	const char *last = strrchr(name, '.');

	if (!value)
		value = "true";
	if (bg_starts_with(name, extensions)) {
		name += sizeof(extensions) - 1;
		if (strcmp(name, "noop") == 0 ||
		    strcmp(name, "preciousobjects") == 0 ||
		    (strcmp(name, "objectformat") == 0 &&
		     strcasecmp(value, "sha1") == 0))
			return NULL;
		return "an extension of the format that bg does not know";
	}
	if (strcmp(name, "core.repositoryformatversion") == 0 &&
	    strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
		return "a format version that bg does not know";
	if (strcmp(name, "core.worktree") == 0)
		return "its work tree is elsewhere (core.worktree)";
	if (bg_starts_with(name, "remote.") && last &&
	    (strcmp(last, ".promisor") == 0 ||
	     strcmp(last, ".partialclonefilter") == 0))
		return "a partial clone (promisor)";
	return NULL;
}

static int check_config(const char *git_dir, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	git_config *config = NULL;
	git_config_iterator *it = NULL;
	git_config_entry *entry;
	const char *what = NULL;
	int rc;

	bg_str_addf(&path, "%sconfig", git_dir);
	if (path.oom)
		return bg_fail_oom(err);
	if (!bg_path_exists(path.buf))
		return 0;
	rc = git_config_open_ondisk(&config, path.buf);
	if (!rc)
		rc = git_config_iterator_new(&it, config);
	while (!rc && !what && !(rc = git_config_next(&entry, it)))
		what = objection(entry->name, entry->value);
	git_config_iterator_free(it);
	git_config_free(config);
	if (what)
		return unsafe(err, git_dir, what);
	if (rc && rc != GIT_ITEROVER)
		return unsafe(err, git_dir, "its configuration cannot be read");
	return 0;
}

int bg_repo_check_safe(const char *git_dir, struct bg_error *err)
{
	int r = check_files(git_dir, err);

	if (!r)
		r = check_packed_refs(git_dir, err);
	if (!r)
		r = check_packs(git_dir, err);
	if (!r)
		r = check_config(git_dir, err);
	return r;
}
