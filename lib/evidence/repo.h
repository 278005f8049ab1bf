/*
 * The git repository as a store of objects and refs (libgit2), opened without
 * any configuration, hooks, replacement or owner check, and nothing more.
 */
#ifndef BG_EVIDENCE_REPO_H
#define BG_EVIDENCE_REPO_H

#include "base/vec.h"
#include "evidence/object.h"

#define BG_TRUST_REF "refs/heads/trust"
#define BG_LOG_PREFIX "refs/heads/log/"
#define BG_OBJECT_MAX (64u * 1024 * 1024)

struct bg_repo;
/* Open DIR (or a folder above it when search).  BG_ENOENT "no-repository";
 * BG_EUNSAFE "unsafe-repository" naming what could mislead a reader (evidence.md
 * "Verify": replace refs, grafts, shallow, alternates, promisor, worktree, unknown
 * extensions). Calls git_libgit2_init() once, late. */
int bg_repo_open(struct bg_repo **out, const char *dir, bool search,
		 struct bg_error *err) BG_MUST_CHECK;
/* A new repository with HEAD at trust and the empty tree written. bare: no
 * work tree. */
int bg_repo_init(struct bg_repo **out, const char *dir, bool bare,
		 struct bg_error *err) BG_MUST_CHECK;
void bg_repo_close(struct bg_repo *r);
BG_AUTO_POINTER(repo, struct bg_repo, bg_repo_close)
const char *bg_repo_git_dir(const struct bg_repo *r);  /* ends with '/' */
const char *bg_repo_work_dir(const struct bg_repo *r); /* NULL when bare */

enum bg_object_kind { BG_OBJ_COMMIT, BG_OBJ_TREE, BG_OBJ_BLOB };
/* Raw bytes of an object, its hash checked; BG_ENOENT "missing-object";
 * BG_EVERIFY "corrupt-object". Thread-safe. */
int bg_repo_read(struct bg_str *out, enum bg_object_kind *kind,
		 struct bg_repo *r, const struct bg_oid *oid,
		 struct bg_error *err) BG_MUST_CHECK;
bool bg_repo_has(struct bg_repo *r, const struct bg_oid *oid);
/* Write durably (fsync). */
int bg_repo_write(struct bg_oid *out, struct bg_repo *r,
		  enum bg_object_kind kind, const void *p, size_t n,
		  struct bg_error *err) BG_MUST_CHECK;

/* The id that an object would have. */
int bg_repo_name(struct bg_oid *out, enum bg_object_kind kind, const void *p,
		 size_t n, struct bg_error *err) BG_MUST_CHECK;

/* A tree as a flat list of files with paths ("policies/x.yaml"), sorted. */
struct bg_tree_file {
	char *path;
	unsigned mode; /* 0100644; anything else is the caller's finding */
	struct bg_oid blob;
};
struct bg_tree_files {
	BG_VEC(struct bg_tree_file) list;
};
void bg_tree_files_release(struct bg_tree_files *t);
BG_AUTO_VALUE(tree_files, struct bg_tree_files, bg_tree_files_release)
int bg_repo_read_tree(struct bg_tree_files *out, struct bg_repo *r,
		      const struct bg_oid *tree, struct bg_error *err)
	BG_MUST_CHECK;
int bg_repo_write_tree(struct bg_oid *out, struct bg_repo *r,
		       const struct bg_tree_files *files, struct bg_error *err)
	BG_MUST_CHECK;

/* A candidate for an evidence ref X: refs/heads/X or refs/remotes/R/X. */
struct bg_ref {
	char *full; /* "refs/remotes/origin/log/alice.ops1-..." */
	char *name; /* "log/alice.ops1-..." (X) */
	bool remote;
	struct bg_oid oid;
};
struct bg_refs {
	BG_VEC(struct bg_ref) list; /* sorted by name, then full */
};
void bg_refs_release(struct bg_refs *r);
BG_AUTO_VALUE(refs, struct bg_refs, bg_refs_release)
/* All candidates whose X is trust, log/, seal/ or att/; refs that are none of
 * these are counted in *other (NULL allowed). */
int bg_repo_refs(struct bg_refs *out, size_t *other, struct bg_repo *r,
		 struct bg_error *err) BG_MUST_CHECK;
/* The candidates of one X under refs/remotes. */
int bg_repo_remote_refs(struct bg_refs *out, struct bg_repo *r,
			const char *name, struct bg_error *err) BG_MUST_CHECK;
/* BG_ENOENT when absent. */
int bg_repo_ref(struct bg_oid *out, struct bg_repo *r, const char *full,
		struct bg_error *err) BG_MUST_CHECK;
/* Compare and swap, durable: old NULL creates. BG_EBUSY "ref-moved" when it is not
 * old any more; short lock contention is retried; a stale lock file is moved aside
 * and *stale set (NULL allowed). */
int bg_repo_ref_move(struct bg_repo *r, const char *full,
		     const struct bg_oid *old, const struct bg_oid *to,
		     bool *stale, struct bg_error *err) BG_MUST_CHECK;
/* Above 500 loose objects: one pack, fsync, re-open, unlink. Takes the pack lock
 * without waiting; nothing to do is success. */
int bg_repo_pack(struct bg_repo *r, struct bg_error *err) BG_MUST_CHECK;
/* Make the work tree show the tree of trust (files only; nothing when bare). */
int bg_repo_checkout_trust(struct bg_repo *r, struct bg_error *err)
	BG_MUST_CHECK;

#endif
