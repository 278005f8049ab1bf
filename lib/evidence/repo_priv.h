/* Inside the repository: shared by the repo*.c files and nobody else. */
#ifndef BG_EVIDENCE_REPO_PRIV_H
#define BG_EVIDENCE_REPO_PRIV_H

#include <git2.h>

#include "evidence/repo.h"

struct bg_repo {
	git_repository *git;
	git_odb *odb;
	char *git_dir;  /* ends with '/' */
	char *work_dir; /* ends with '/', NULL when bare */
};

/* The error maker of libgit2: rc is what it returned.  A full disk becomes
 * BG_ENOSPC, everything else BG_EFAIL "git". */
int bg_fail_git(struct bg_error *err, int rc, const char *fmt, ...)
	BG_PRINTF(3, 4);

static inline void bg_oid_to_git(git_oid *out, const struct bg_oid *oid)
{
	memcpy(out->id, oid->b, BG_OID_LEN);
}

static inline void bg_oid_from_git(struct bg_oid *out, const git_oid *oid)
{
	memcpy(out->b, oid->id, BG_OID_LEN);
}

/* BG_EUNSAFE when the repository could mislead a reader. */
int bg_repo_check_safe(const char *git_dir, struct bg_error *err) BG_MUST_CHECK;
/* git_libgit2_init() and its options, once a process. */
int bg_git_start(struct bg_error *err) BG_MUST_CHECK;

/* Path in the git directory; the caller releases out. */
int bg_repo_path(struct bg_str *out, const struct bg_repo *r, const char *path,
		 struct bg_error *err) BG_MUST_CHECK;

#endif
