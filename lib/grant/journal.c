#include "grant/journal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENTRY_MAX (64 * 1024)
/* A few files for all grants: they stay, so there must not be one each. */
#define LOCKS 16

static const char *const prefixes[] = { "open-", "end-", "seen-", "live-" };
static const struct bg_json_limits limits = { ENTRY_MAX, 4096, 8 };

void bg_journal_entries_release(struct bg_journal_entries *e)
{
	for (size_t i = 0; i < e->list.n; i++)
		json_decref(e->list.v[i].data);
	bg_vec_release(&e->list);
}

int bg_journal_path(char **path, const char *state, enum bg_journal_kind kind,
		    const struct bg_digest *root, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	char hex[65];

	bg_hex(hex, root->b, sizeof(root->b));
	bg_str_addf(&s, "%s/journal/%s%s.json", state, prefixes[kind], hex);
	if (bg_str_check(&s, err))
		return err->code;
	*path = bg_str_detach(&s);
	return *path ? 0 : bg_fail_oom(err);
}

static int make_folder(const char *state, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;

	bg_str_addf(&s, "%s/journal", state);
	if (bg_str_check(&s, err))
		return err->code;
	return bg_dir_make(s.buf, 0700, err);
}

int bg_journal_put(const char *state, enum bg_journal_kind kind,
		   const struct bg_digest *root, const json_t *data,
		   struct bg_error *err)
{
	BG_AUTO(free) char *path = NULL, *text = NULL;

	if (bg_journal_path(&path, state, kind, root, err) ||
	    make_folder(state, err))
		return err->code;
	text = json_dumps(data, JSON_COMPACT | JSON_SORT_KEYS);
	if (!text)
		return bg_fail_oom(err);
	if (bg_file_commit(path, 0600, text, strlen(text), err))
		return bg_wrap(err, "cannot write the journal");
	return 0;
}

static int read_entry(json_t **data, const char *path, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	struct bg_error ignored;

	if (bg_file_read(&text, path, ENTRY_MAX, err))
		return err->code;
	if (bg_json_parse(data, bg_str_text(&text), text.len, &limits,
			  &ignored))
		*data = json_object();
	return *data ? 0 : bg_fail_oom(err);
}

int bg_journal_get(json_t **data, const char *state, enum bg_journal_kind kind,
		   const struct bg_digest *root, struct bg_error *err)
{
	BG_AUTO(free) char *path = NULL;

	if (bg_journal_path(&path, state, kind, root, err))
		return err->code;
	return read_entry(data, path, err);
}

bool bg_journal_has(const char *state, enum bg_journal_kind kind,
		    const struct bg_digest *root)
{
	BG_AUTO(free) char *path = NULL;
	struct bg_error ignored;

	return bg_journal_path(&path, state, kind, root, &ignored) == 0 &&
	       bg_path_exists(path);
}

int bg_journal_drop(const char *state, enum bg_journal_kind kind,
		    const struct bg_digest *root, struct bg_error *err)
{
	BG_AUTO(free) char *path = NULL;

	if (bg_journal_path(&path, state, kind, root, err))
		return err->code;
	if (unlink(path) < 0 && errno != ENOENT)
		return bg_fail_errno(err, "cannot remove '%s'", path);
	return 0;
}

/* "open-<64 hex>.json" of this kind? */
static bool is_entry(struct bg_digest *root, const char *name,
		     enum bg_journal_kind kind)
{
	size_t n = strlen(prefixes[kind]);
	char hex[65];

	if (strlen(name) != n + 64 + 5 ||
	    strncmp(name, prefixes[kind], n) != 0 ||
	    strcmp(name + n + 64, ".json") != 0)
		return false;
	memcpy(hex, name + n, 64);
	hex[64] = '\0';
	return bg_unhex(root->b, sizeof(root->b), hex, false);
}

static int list_one(struct bg_journal_entries *out, const char *dir,
		    const char *name, enum bg_journal_kind kind,
		    struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	struct bg_journal_entry e = { 0 };

	if (!is_entry(&e.root, name, kind))
		return 0;
	bg_str_addf(&path, "%s/%s", dir, name);
	if (bg_str_check(&path, err))
		return err->code;
	if (read_entry(&e.data, path.buf, err))
		return err->code == BG_ENOENT ? 0 : err->code;
	if (bg_vec_push(&out->list, e)) {
		json_decref(e.data);
		return bg_fail_oom(err);
	}
	return 0;
}

/* What bg_file_commit() left when its process was killed before the rename: it
 * says nothing that counts, and nobody else would ever remove it. */
static bool is_wreck(const char *name)
{
	const char *tmp = strstr(name, ".tmp-");
	char proc[64];
	char *end;
	long pid;

	if (!tmp)
		return false;
	pid = strtol(tmp + 5, &end, 10);
	snprintf(proc, sizeof(proc), "/proc/%ld", pid);
	return !*end && pid > 0 && !bg_path_exists(proc);
}

static void remove_wreck(const char *dir, const char *name)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;

	if (!is_wreck(name))
		return;
	bg_str_addf(&path, "%s/%s", dir, name);
	if (!path.oom)
		unlink(path.buf);
}

int bg_journal_list(struct bg_journal_entries *out, const char *state,
		    enum bg_journal_kind kind, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str dir = BG_STR_INIT;
	struct dirent *e;
	DIR *d;
	int rc = 0;

	bg_str_addf(&dir, "%s/journal", state);
	if (bg_str_check(&dir, err))
		return err->code;
	d = opendir(dir.buf);
	if (!d)
		return errno == ENOENT ? 0
				       : bg_fail_errno(err, "cannot open '%s'",
						       dir.buf);
	while (!rc && (e = readdir(d))) {
		remove_wreck(dir.buf, e->d_name);
		rc = list_one(out, dir.buf, e->d_name, kind, err);
	}
	closedir(d);
	return rc;
}

int bg_grant_lock(struct bg_lock *lock, const char *state,
		  const struct bg_digest *root, int timeout_ms,
		  struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;

	bg_str_addf(&path, "%s/lock", state);
	if (bg_str_check(&path, err) || bg_dir_make(path.buf, 0700, err))
		return err->code;
	bg_str_addf(&path, "/grant-%x", root->b[0] % LOCKS);
	if (bg_str_check(&path, err))
		return err->code;
	return bg_lock_take(lock, path.buf, timeout_ms, err);
}
