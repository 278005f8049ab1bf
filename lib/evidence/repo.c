/* Opening and making a repository. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include <git2/sys/repository.h>

#include "base/io.h"
#include "evidence/repo_priv.h"

/*
 * libgit2, without its surroundings: no configuration files but what the
 * safety check reads, no owner rule (evidence is data: nothing in it is run),
 * every hash checked on reading, every write synced.
 */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int started;

static void start(void)
{
	static const int levels[] = { GIT_CONFIG_LEVEL_SYSTEM,
				      GIT_CONFIG_LEVEL_XDG,
				      GIT_CONFIG_LEVEL_GLOBAL,
				      GIT_CONFIG_LEVEL_PROGRAMDATA };
	int r = git_libgit2_init();

	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		r |= git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
	r |= git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	r |= git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	r |= git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
	/* Each object is read once; a cache would hold all of them. */
	r |= git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
	started = r < 0 ? r : 1;
}

int bg_git_start(struct bg_error *err)
{
	pthread_once(&once, start);
	return started > 0 ? 0
			   : bg_fail_git(err, started, "cannot start libgit2");
}

int bg_fail_git(struct bg_error *err, int rc, const char *fmt, ...)
{
	int saved = errno;
	const git_error *e = git_error_last();
	const char *text = e && e->message ? e->message : "unknown reason";
	BG_AUTO(str) struct bg_str why = BG_STR_INIT;
	BG_AUTO(str) struct bg_str what = BG_STR_INIT;
	bool full = rc < 0 && (strstr(text, "No space left") ||
			       strstr(text, "Disk quota") || saved == ENOSPC ||
			       saved == EDQUOT);
	va_list ap;

	va_start(ap, fmt);
	bg_str_vaddf(&what, fmt, ap);
	va_end(ap);
	bg_text_escape(&why, text, strlen(text), false);
	return bg_fail(err, full ? BG_ENOSPC : BG_EFAIL, full ? "io" : "git",
		       "%s: %s", bg_str_text(&what), bg_str_text(&why));
}

int bg_repo_path(struct bg_str *out, const struct bg_repo *r, const char *path,
		 struct bg_error *err)
{
	bg_str_add(out, r->git_dir);
	bg_str_add(out, path);
	return bg_str_check(out, err);
}

/*
 * Finding it.
 */
static bool is_dir(const char *dir, const char *name)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	struct stat st;

	bg_str_addf(&path, "%s/%s", dir, name);
	return !path.oom && stat(path.buf, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_file(const char *dir, const char *name)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	struct stat st;

	bg_str_addf(&path, "%s/%s", dir, name);
	return !path.oom && stat(path.buf, &st) == 0 && S_ISREG(st.st_mode);
}

static bool is_git_dir(const char *dir)
{
	return is_file(dir, "HEAD") && is_dir(dir, "objects") &&
	       is_dir(dir, "refs");
}

/* 1: git_dir and work_dir are set; 0: there is none in dir. */
static int look_in(struct bg_str *git_dir, struct bg_str *work_dir,
		   const char *dir, struct bg_error *err)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	if (is_file(dir, ".git"))
		return bg_fail(err, BG_EUNSAFE, "unsafe-repository",
			       "'%s/.git' is a file that names a repository "
			       "elsewhere (a work tree): use a plain clone",
			       dir);
	if (is_dir(dir, ".git")) {
		bg_str_addn(git_dir, dir, n);
		bg_str_add(git_dir, n == 1 && *dir == '/' ? ".git/" : "/.git/");
		bg_str_addn(work_dir, dir, n);
		if (!(n == 1 && *dir == '/'))
			bg_str_addc(work_dir, '/');
		return 1;
	}
	if (!is_git_dir(dir))
		return 0;
	bg_str_addn(git_dir, dir, n);
	bg_str_addc(git_dir, '/');
	/* Inside a .git directory: the work tree is around it. */
	if (n > 5 && memcmp(dir + n - 5, "/.git", 5) == 0)
		bg_str_addn(work_dir, dir, n - 4);
	return 1;
}

static int find(struct bg_str *git_dir, struct bg_str *work_dir,
		const char *dir, bool search, struct bg_error *err)
{
	BG_AUTO(free) char *at = realpath(dir, NULL);

	if (!at)
		return bg_fail(err, BG_ENOENT, "no-repository",
			       "cannot open '%s': %s", dir, strerror(errno));
	for (;;) {
		int r = look_in(git_dir, work_dir, at, err);
		char *slash = strrchr(at, '/');

		if (r)
			return r < 0 ? r : bg_str_check(git_dir, err);
		if (!search || strcmp(at, "/") == 0)
			return bg_fail(err, BG_ENOENT, "no-repository",
				       "no evidence repository in '%s'%s", dir,
				       search ? " or above it" : "");
		slash[slash == at] = '\0';
	}
}

/*
 * Opening.
 */
static int open_git(struct bg_repo *r, struct bg_error *err)
{
	git_config *empty = NULL;
	int rc = git_repository_open_bare(&r->git, r->git_dir);

	if (!rc)
		rc = git_config_new(&empty);
	if (!rc)
		rc = git_repository_set_config(r->git, empty);
	git_config_free(empty);
	if (!rc)
		rc = git_repository_odb(&r->odb, r->git);
	if (rc)
		return bg_fail_git(err, rc, "cannot open the repository '%s'",
				   r->git_dir);
	return 0;
}

int bg_repo_open(struct bg_repo **out, const char *dir, bool search,
		 struct bg_error *err)
{
	BG_AUTO(str) struct bg_str git_dir = BG_STR_INIT;
	BG_AUTO(str) struct bg_str work_dir = BG_STR_INIT;
	BG_AUTO(repo) struct bg_repo *r = NULL;
	int rc = find(&git_dir, &work_dir, dir, search, err);

	if (rc || (rc = bg_str_check(&work_dir, err)) ||
	    (rc = bg_git_start(err)) ||
	    (rc = bg_repo_check_safe(git_dir.buf, err)))
		return rc;
	r = calloc(1, sizeof(*r));
	if (!r)
		return bg_fail_oom(err);
	r->git_dir = bg_str_detach(&git_dir);
	r->work_dir = work_dir.len ? bg_str_detach(&work_dir) : NULL;
	if (!r->git_dir)
		return bg_fail_oom(err);
	if ((rc = open_git(r, err)))
		return rc;
	*out = bg_move(r);
	return 0;
}

void bg_repo_close(struct bg_repo *r)
{
	if (!r)
		return;
	git_odb_free(r->odb);
	git_repository_free(r->git);
	free(r->git_dir);
	free(r->work_dir);
	free(r);
}

const char *bg_repo_git_dir(const struct bg_repo *r)
{
	return r->git_dir;
}

const char *bg_repo_work_dir(const struct bg_repo *r)
{
	return r->work_dir;
}

/*
 * Making.
 */
int bg_repo_init(struct bg_repo **out, const char *dir, bool bare,
		 struct bg_error *err)
{
	git_repository_init_options opt;
	BG_AUTO(repo) struct bg_repo *r = NULL;
	git_repository *git = NULL;
	struct bg_oid tree;
	int rc;

	if ((rc = bg_git_start(err)))
		return rc;
	if (is_dir(dir, ".git") || is_file(dir, ".git") || is_git_dir(dir))
		return bg_fail(err, BG_EFAIL, "repository-exists",
			       "cannot make '%s': there is a repository "
			       "already",
			       dir);
	rc = git_repository_init_options_init(
		&opt, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	if (rc)
		return bg_fail_git(err, rc, "cannot make a repository");
	opt.flags = GIT_REPOSITORY_INIT_MKPATH | GIT_REPOSITORY_INIT_NO_REINIT;
	if (bare)
		opt.flags |= GIT_REPOSITORY_INIT_BARE;
	opt.initial_head = "trust";
	rc = git_repository_init_ext(&git, dir, &opt);
	git_repository_free(git);
	if (rc)
		return bg_fail_git(err, rc, "cannot make the repository '%s'",
				   dir);
	if ((rc = bg_repo_open(&r, dir, false, err)) ||
	    (rc = bg_repo_write(&tree, r, BG_OBJ_TREE, "", 0, err)))
		return rc;
	*out = bg_move(r);
	return 0;
}
