/* Refs: candidates for evidence, and durable compare and swap. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "evidence/repo_priv.h"

/*
 * Listing.
 */
void bg_refs_release(struct bg_refs *r)
{
	for (size_t i = 0; i < r->list.n; i++)
		free(r->list.v[i].full);
	bg_vec_release(&r->list);
}

static bool is_evidence(const char *name)
{
	return strcmp(name, "trust") == 0 || bg_starts_with(name, "log/") ||
	       bg_starts_with(name, "seal/") || bg_starts_with(name, "att/");
}

/* X of refs/heads/X or refs/remotes/R/X; NULL: no place for evidence. */
static const char *name_in(const char *full, bool *remote)
{
	static const char heads[] = "refs/heads/", remotes[] = "refs/remotes/";
	const char *slash;

	*remote = false;
	if (bg_starts_with(full, heads))
		return full + sizeof(heads) - 1;
	if (!bg_starts_with(full, remotes))
		return NULL;
	*remote = true;
	slash = strchr(full + sizeof(remotes) - 1, '/');
	return slash ? slash + 1 : NULL;
}

static int add_ref(struct bg_refs *out, size_t *others, git_reference *ref,
		   struct bg_error *err)
{
	const char *full = git_reference_name(ref);
	struct bg_ref r = { .full = NULL };
	const char *name = name_in(full, &r.remote);

	if (!name || !is_evidence(name)) {
		/* refs/remotes/origin/HEAD is what every clone has. */
		if (!name || strcmp(name, "HEAD") != 0)
			++*others;
		return 0;
	}
	if (git_reference_type(ref) != GIT_REFERENCE_DIRECT)
		return bg_fail(err, BG_EUNSAFE, "unsafe-repository",
			       "ref '%s' is only a name for another ref", full);
	bg_oid_from_git(&r.oid, git_reference_target(ref));
	r.full = strdup(full);
	if (!r.full)
		return bg_fail_oom(err);
	r.name = r.full + (name - full);
	if (bg_vec_push(&out->list, r)) {
		free(r.full);
		return bg_fail_oom(err);
	}
	return 0;
}

static int ref_cmp(const void *a, const void *b)
{
	const struct bg_ref *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->full, y->full);
}

/* Every ref that matches glob (NULL: all). */
static int list_refs(struct bg_refs *out, size_t *others, struct bg_repo *r,
		     const char *glob, struct bg_error *err)
{
	BG_AUTO(refs) struct bg_refs refs = { { NULL, 0, 0 } };
	git_reference_iterator *it = NULL;
	git_reference *ref;
	int rc, e = 0;

	if (glob)
		rc = git_reference_iterator_glob_new(&it, r->git, glob);
	else
		rc = git_reference_iterator_new(&it, r->git);
	while (!rc && !e && !(rc = git_reference_next(&ref, it))) {
		e = add_ref(&refs, others, ref, err);
		git_reference_free(ref);
	}
	git_reference_iterator_free(it);
	if (e)
		return e;
	if (rc != GIT_ITEROVER)
		return bg_fail_git(err, rc, "cannot list the refs of '%s'",
				   r->git_dir);
	if (refs.list.n)
		qsort(refs.list.v, refs.list.n, sizeof(*refs.list.v), ref_cmp);
	*out = refs;
	memset(&refs, 0, sizeof(refs));
	return 0;
}

int bg_repo_refs(struct bg_refs *out, size_t *other, struct bg_repo *r,
		 struct bg_error *err)
{
	size_t others = 0;
	int rc = list_refs(out, &others, r, NULL, err);

	if (!rc && other)
		*other = others;
	return rc;
}

int bg_repo_remote_refs(struct bg_refs *out, struct bg_repo *r,
			const char *name, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str glob = BG_STR_INIT;
	size_t others = 0;

	bg_str_addf(&glob, "refs/remotes/*/%s", name);
	if (glob.oom)
		return bg_fail_oom(err);
	return list_refs(out, &others, r, glob.buf, err);
}

int bg_repo_ref(struct bg_oid *out, struct bg_repo *r, const char *full,
		struct bg_error *err)
{
	git_reference *ref = NULL;
	int rc = git_reference_lookup(&ref, r->git, full);

	if (rc == GIT_ENOTFOUND)
		return bg_fail(err, BG_ENOENT, "no-ref", "there is no ref '%s'",
			       full);
	if (rc)
		return bg_fail_git(err, rc, "cannot read ref '%s'", full);
	if (git_reference_type(ref) != GIT_REFERENCE_DIRECT) {
		git_reference_free(ref);
		return bg_fail(err, BG_EUNSAFE, "unsafe-repository",
			       "ref '%s' is only a name for another ref", full);
	}
	bg_oid_from_git(out, git_reference_target(ref));
	git_reference_free(ref);
	return 0;
}

/*
 * Moving.
 */
#define LOCK_WAIT_MS 2000
#define LOCK_STALE_S 60

static void nap(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

/* The lock file of a ref: git's and libgit2's. */
static int lock_path(struct bg_str *out, const struct bg_repo *r,
		     const char *full, struct bg_error *err)
{
	bg_str_addf(out, "%s%s.lock", r->git_dir, full);
	return bg_str_check(out, err);
}

/*
 * A process that was killed leaves its lock behind, for ever.  A log belongs
 * to one writer, whose lock our caller holds, and git touches it for
 * milliseconds at most: one that stayed the same while we waited is nobody's.
 * Other refs may be held for longer by a hook of git: a minute.
 */
static bool is_stale(const struct stat *before, const struct stat *now,
		     const char *full)
{
	bool one_writer = bg_starts_with(full, BG_LOG_PREFIX) ||
			  bg_starts_with(full, "refs/heads/att/");
	time_t least = one_writer ? LOCK_WAIT_MS / 1000 : LOCK_STALE_S;

	if (before->st_ino != now->st_ino || before->st_dev != now->st_dev ||
	    before->st_mtim.tv_sec != now->st_mtim.tv_sec ||
	    before->st_mtim.tv_nsec != now->st_mtim.tv_nsec)
		return false;
	/* A date in the future says nothing; we saw it stay ourselves. */
	return one_writer || bg_now_ms() / 1000 - now->st_mtime >= least;
}

/* Kept, because it is a trace; not under refs, where it would be a ref. */
static int move_aside(const struct bg_repo *r, const char *path,
		      const char *full, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str to = BG_STR_INIT;
	size_t base;
	int rc;

	bg_str_addf(&to, "%sbg-stale", r->git_dir);
	if (to.oom)
		return bg_fail_oom(err);
	if ((rc = bg_dir_make(to.buf, 0700, err)))
		return rc;
	base = to.len + 1;
	bg_str_addf(&to, "/%s-%lld", full, (long long)bg_now_ms());
	if (to.oom)
		return bg_fail_oom(err);
	for (char *p = to.buf + base; *p; p++)
		if (*p == '/')
			*p = '_';
	if (rename(path, to.buf) && errno != ENOENT)
		return bg_fail_errno(err, "cannot move '%s' aside", path);
	return 0;
}

static int swap(struct bg_repo *r, const char *full, const git_oid *old,
		const git_oid *to)
{
	git_reference *ref = NULL;
	int rc;

	errno = 0;
	if (old)
		rc = git_reference_create_matching(&ref, r->git, full, to, 1,
						   old, NULL);
	else
		rc = git_reference_create(&ref, r->git, full, to, 0, NULL);
	git_reference_free(ref);
	return rc;
}

/* Wait while the ref is locked; what the last try said in *rc. */
static int swap_waiting(int *rc, bool *stale, struct bg_repo *r,
			const char *full, const git_oid *old, const git_oid *to,
			struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	struct stat before = { 0 }, now;
	int64_t since = bg_boottime_us();
	int e = lock_path(&path, r, full, err);

	if (e)
		return e;
	for (long pause = 1;; pause = pause < 50 ? pause * 2 : 50) {
		*rc = swap(r, full, old, to);
		if (*rc != GIT_ELOCKED)
			return 0;
		if (stat(path.buf, &now) == 0 && before.st_ino != now.st_ino) {
			before = now;
			since = bg_boottime_us();
		}
		nap(pause);
		if (bg_boottime_us() - since < LOCK_WAIT_MS * INT64_C(1000))
			continue;
		if (stat(path.buf, &now) || !is_stale(&before, &now, full))
			return 0;
		if ((e = move_aside(r, path.buf, full, err)))
			return e;
		*stale = true;
	}
}

/* The first event of a log makes directories, whose entries must last too. */
static int sync_parents(struct bg_repo *r, const char *full,
			struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	size_t least = strlen(r->git_dir) + strlen("refs");
	int rc = bg_repo_path(&path, r, full, err);
	char *slash;

	if (rc)
		return rc;
	while ((slash = strrchr(path.buf, '/')) &&
	       (size_t)(slash - path.buf) >= least) {
		*slash = '\0';
		if ((rc = bg_dir_sync(path.buf, err)))
			return rc;
	}
	return 0;
}

int bg_repo_ref_move(struct bg_repo *r, const char *full,
		     const struct bg_oid *old, const struct bg_oid *to,
		     bool *stale, struct bg_error *err)
{
	git_oid from_id, to_id;
	bool was_stale = false;
	int rc, e;

	if (bg_faulty(bg_fault("repo.ref")))
		return bg_fail_errno(err, "cannot move ref '%s'", full);
	bg_oid_to_git(&to_id, to);
	if (old)
		bg_oid_to_git(&from_id, old);
	e = swap_waiting(&rc, &was_stale, r, full, old ? &from_id : NULL,
			 &to_id, err);
	if (e)
		return bg_wrap(err, "cannot move ref '%s'", full);
	if (stale)
		*stale = was_stale;
	switch (rc) {
	case 0:
		return old ? 0 : sync_parents(r, full, err);
	case GIT_EMODIFIED:
	case GIT_EEXISTS:
	case GIT_ENOTFOUND:
		return bg_fail(err, BG_EBUSY, "ref-moved",
			       "ref '%s' was moved by somebody else", full);
	case GIT_ELOCKED:
		return bg_fail(err, BG_EBUSY, "ref-locked",
			       "ref '%s' is locked by another process "
			       "('%s%s.lock')",
			       full, r->git_dir, full);
	default:
		return bg_fail_git(err, rc, "cannot move ref '%s'", full);
	}
}
