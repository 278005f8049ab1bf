/*
 * One change of trust: files of the version in force (or of the draft), edited
 * in memory, linted as a whole, then a signed version at once or kept as draft
 * in the installation's state.
 */
#ifndef BG_CMD_CHANGE_H
#define BG_CMD_CHANGE_H

#include "cmd/cmd.h"

struct bg_change {
	struct bg_ctx *ctx;
	struct bg_arena arena;
	BG_VEC(struct bg_trust_file) files; /* text lives in arena */
	struct bg_trust *t;                 /* parsed from files; ours */
	bool draft;                         /* keep, do not publish */
	bool from_draft;                    /* a draft was the start */
	bool offline;
	const char *why; /* what to say about it */
};
void bg_change_release(struct bg_change *c);
BG_AUTO_VALUE(change, struct bg_change, bg_change_release)

/* Start from the version in force, or with draft from the draft if one is. */
int bg_change_begin(struct bg_change *c, struct bg_ctx *ctx, bool draft,
		    struct bg_error *err) BG_MUST_CHECK;
const struct bg_trust_file *bg_change_file(const struct bg_change *c,
					   const char *path);
/* Replace or add a file; text NULL removes it. */
int bg_change_set(struct bg_change *c, const char *path, const char *text,
		  size_t n, struct bg_error *err) BG_MUST_CHECK;
/* After editing c->t: write these sections (NULL terminated) back to trust.yaml
 * and read it again. */
int bg_change_sections(struct bg_change *c, const char *const *sections,
		       struct bg_error *err) BG_MUST_CHECK;
/* Parse trust.yaml again after a file was set. */
int bg_change_parse(struct bg_change *c, struct bg_error *err) BG_MUST_CHECK;
/* Lint everything, refuse what nobody may sign, publish or keep. Prints what
 * happened. */
int bg_change_finish(struct bg_change *c, struct bg_error *err) BG_MUST_CHECK;
/* Print faults as file:line:col: severity: text [id] on f; returns errors. */
size_t bg_faults_print(FILE *f, const struct bg_faults *faults);
/* Lint trust and every policy and identity of a file set. */
int bg_change_lint(struct bg_faults *faults, const struct bg_change *c,
		   struct bg_error *err) BG_MUST_CHECK;

/* The draft: NULL path when there is none. */
bool bg_draft_exists(struct bg_ctx *ctx);
int bg_draft_discard(struct bg_ctx *ctx, struct bg_error *err) BG_MUST_CHECK;
/* Unified differences of two file sets, by diff(1)'s rules, on stdout. */
int bg_files_diff(struct bg_ctx *ctx, const struct bg_trust_file *a, size_t n,
		  const struct bg_trust_file *b, size_t m, struct bg_error *err)
	BG_MUST_CHECK;

/* Append to an array of the arena: *v becomes a copy with one more element. */
void *bg_grow_in(struct bg_arena *a, const void *v, size_t n, size_t size);

#endif
