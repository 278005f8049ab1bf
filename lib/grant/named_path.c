/* Which files may be run at all: X3, X4 and X9. */
#include "grant/named.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/vec.h"

static const char *const system_dirs[] = { "/usr/sbin", "/usr/bin", "/sbin",
					   "/bin", NULL };

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

bool bg_named_word(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (n == 0 || n > 128 || !is_alnum(s[0]))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!is_alnum(s[i]) && !strchr("._:@+-", s[i]))
			return false;
	return true;
}

/* An absolute path without empty, "." or ".." parts. */
static bool is_plain_path(const char *path)
{
	const char *p = path;

	if (*p != '/' || strlen(path) >= PATH_MAX)
		return false;
	while (*p) {
		const char *part = ++p;
		size_t n = strcspn(part, "/");

		if (n == 0 || (n == 1 && part[0] == '.') ||
		    (n == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		p = part + n;
	}
	return true;
}

int bg_named_resolve(char **path, const char *program, struct bg_error *err)
{
	if (strchr(program, '/')) {
		if (!is_plain_path(program))
			return bg_fail(err, BG_EDENIED, "program-path",
				       "cannot run '%s': a path must be "
				       "absolute and without . and ..",
				       program);
		*path = strdup(program);
		return *path ? 0 : bg_fail_oom(err);
	}
	if (!bg_named_word(program))
		return bg_fail(err, BG_EDENIED, "program-path",
			       "cannot run '%s': not the name of a program",
			       program);
	for (size_t i = 0; system_dirs[i]; i++) {
		BG_AUTO(str) struct bg_str s = BG_STR_INIT;
		struct stat st;

		bg_str_addf(&s, "%s/%s", system_dirs[i], program);
		if (bg_str_check(&s, err))
			return err->code;
		if (stat(s.buf, &st) == 0 && S_ISREG(st.st_mode)) {
			*path = bg_str_detach(&s);
			return *path ? 0 : bg_fail_oom(err);
		}
	}
	return bg_fail(err, BG_EDENIED, "program-missing",
		       "cannot run '%s': it is in none of /usr/sbin /usr/bin "
		       "/sbin /bin",
		       program);
}

static bool owner_fits(const struct stat *st, bool root_only, uid_t uid)
{
	return st->st_uid == 0 || (!root_only && st->st_uid == uid);
}

/* Others cannot replace what lies in it: not writable, or sticky (then only the
 * owner of an entry can). */
static bool dir_is_safe(const struct stat *st, bool root_only, uid_t uid)
{
	if (!owner_fits(st, root_only, uid))
		return false;
	return !(st->st_mode & (S_IWGRP | S_IWOTH)) ||
	       ((st->st_mode & S_ISVTX) && !root_only);
}

static int refuse_owner(struct bg_error *err, const char *path,
			const char *what)
{
	return bg_fail(err, BG_EDENIED, "program-owner",
		       "cannot run '%s': '%s' belongs to, or can be written "
		       "by, somebody else",
		       path, what);
}

static int check_chain(const char *path, const char *file, bool root_only,
		       uid_t uid, struct bg_error *err)
{
	BG_AUTO(free) char *dir = strdup(file);
	char *slash;
	struct stat st;

	if (!dir)
		return bg_fail_oom(err);
	while ((slash = strrchr(dir, '/'))) {
		*slash = '\0';
		if (stat(*dir ? dir : "/", &st) < 0)
			return bg_fail(err, BG_EDENIED, "program-missing",
				       "cannot run '%s': %s", path,
				       strerror(errno));
		if (!dir_is_safe(&st, root_only, uid))
			return refuse_owner(err, path, *dir ? dir : "/");
	}
	return 0;
}

int bg_named_owned(const char *path, bool root_only, uid_t uid,
		   struct bg_error *err)
{
	BG_AUTO(free) char *real = realpath(path, NULL);
	struct stat st;

	if (!real || stat(real, &st) < 0)
		return bg_fail(err, BG_EDENIED, "program-missing",
			       "cannot run '%s': %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return bg_fail(err, BG_EDENIED, "program-path",
			       "cannot run '%s': not a file", path);
	if (!owner_fits(&st, root_only, uid) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)))
		return refuse_owner(err, path, real);
	if (check_chain(path, real, root_only, uid, err))
		return err->code;
	/* A link in a folder of somebody else could be turned round. */
	if (strcmp(real, path) != 0)
		return check_chain(path, path, root_only, uid, err);
	return 0;
}

/* Is path a line of the text?  Blank lines and # comments are skipped. */
static bool lists(const char *text, const char *path)
{
	size_t want = strlen(path);

	while (*text) {
		size_t n = strcspn(text, "\n"), len = n;
		const char *line = text;

		text += n + (text[n] == '\n');
		while (len && strchr(" \t\r", line[len - 1]))
			len--;
		if (len == want && memcmp(line, path, len) == 0)
			return true;
	}
	return false;
}

static int file_lists(bool *found, const char *file, const char *path,
		      struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;

	if (bg_file_read(&text, file, 64 * 1024, err))
		return err->code;
	if (lists(bg_str_text(&text), path))
		*found = true;
	return 0;
}

static bool is_conf(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && name[0] != '.' && strcmp(name + n - 5, ".conf") == 0;
}

/* Consent that others could write is no consent: such files are passed over. */
static int dir_lists(bool *found, const struct bg_named_env *m,
		     const char *path, struct bg_error *err)
{
	const char *where = m->allow_dir ? m->allow_dir : BG_ALLOW_DIR;
	DIR *dir = opendir(where);
	struct dirent *e;
	int rc = 0;

	if (!dir)
		return 0;
	while (!rc && !*found && (e = readdir(dir))) {
		BG_AUTO(str) struct bg_str file = BG_STR_INIT;
		struct bg_error ignored;

		if (!is_conf(e->d_name))
			continue;
		bg_str_addf(&file, "%s/%s", where, e->d_name);
		rc = bg_str_check(&file, err);
		if (!rc && (m->owner_any ||
			    !bg_named_owned(file.buf, true, 0, &ignored)))
			rc = file_lists(found, file.buf, path, err);
	}
	closedir(dir);
	return rc;
}

int bg_named_allowed(const struct bg_named_env *m, const char *path,
		     struct bg_error *err)
{
	bool found = false;
	int rc = 0;

	if (!m->runner && (!m->allow_file || !bg_path_exists(m->allow_file)))
		return 0; /* the pin is the consent */
	if (m->runner)
		rc = dir_lists(&found, m, path, err);
	else
		rc = file_lists(&found, m->allow_file, path, err);
	if (rc || found)
		return rc;
	return bg_fail(err, BG_EDENIED, "program-not-allowed",
		       "cannot run '%s': this machine did not agree; add the "
		       "line '%s' to %s",
		       path, path,
		       m->runner ? "a file in /etc/bg/allow.d" : m->allow_file);
}

static bool is_provider_name(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > 32 || s[0] < 'a' || s[0] > 'z')
		return false;
	for (size_t i = 1; i < n; i++)
		if (!(s[i] >= 'a' && s[i] <= 'z') &&
		    !(s[i] >= '0' && s[i] <= '9') && s[i] != '-')
			return false;
	return true;
}

int bg_named_provider(char **path, const struct bg_named_env *m,
		      const char *const *dirs, const char *name,
		      struct bg_error *err)
{
	if (!is_provider_name(name))
		return bg_fail(err, BG_EDENIED, "provider-name",
			       "cannot use the provider '%s': a name is "
			       "[a-z][a-z0-9-]{0,31}",
			       name);
	for (size_t i = 0; dirs && dirs[i]; i++) {
		BG_AUTO(str) struct bg_str s = BG_STR_INIT;
		struct stat st;

		bg_str_addf(&s, "%s/bg-provider-%s", dirs[i], name);
		if (bg_str_check(&s, err))
			return err->code;
		if (stat(s.buf, &st) < 0)
			continue;
		if (!m->owner_any &&
		    bg_named_owned(s.buf, m->runner, m->uid, err))
			return err->code;
		*path = bg_str_detach(&s);
		return *path ? 0 : bg_fail_oom(err);
	}
	return bg_fail(err, BG_ENOENT, "no-provider",
		       "no provider '%s': there is no bg-provider-%s beside "
		       "bg or in /etc/bg/providers",
		       name, name);
}
