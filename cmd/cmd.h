/*
 * Commands.
 *
 * How to add a command `foo`:
 *   cmd/foo.c                 const struct bg_cmd cmd_foo = { ... };
 *   cmd/list.h                one line, sorted
 *   man/bg-foo.1              its page
 *   tests/cli/foo.sh          its test
 *   make completions          completions/ from the option tables
 * A test fails when one is missing.
 *
 * Only cmd/ prints, prompts, reads argv and the environment.
 */
#ifndef BG_CMD_H
#define BG_CMD_H

#include "cmd/opt.h"
#include "cmd/ui.h"
#include "grant/ops.h"

enum bg_cmd_flags {
	BG_CMD_STORE = 1 << 0,     /* open the store first (ctx->store) */
	BG_CMD_ANCHORED = 1 << 1,  /* refuse (11) unless anchored */
	BG_CMD_PAGER = 1 << 2,
	BG_CMD_PLUMBING = 1 << 3,  /* help -a only */
	BG_CMD_STOP = 1 << 4,      /* options stop at the first argument */
	BG_CMD_REMOTE = 1 << 5,    /* exec-like exit codes: ours is 125 */
};
struct bg_ctx {
	struct bg_places places;
	const char *word;          /* "bg" or "breakglass": what was typed */
	const char *repo;          /* -C, BG_REPO, bg.repo; NULL: search up */
	const char *key;           /* --key, bg.signingKey, user.signingKey */
	const char *env_grant;     /* BG_GRANT */
	bool json, batch, quiet, verbose, no_pager;
	struct bg_ui ui;
	struct bg_store *store;    /* when BG_CMD_STORE */
	struct bg_ops ops;
	struct bg_reason *reasons; /* of a refusal, for --json */
	size_t n_reasons;
	BG_VEC(char *) hints;      /* complete lines, owned */
};
struct bg_cmd {
	const char *name;
	const char *group;         /* emergency others afterwards evidence before */
	const char *summary;       /* one line of help */
	const char *usage;         /* synopsis without the program's name */
	const char *const *examples; /* NULL terminated, at least two */
	const char *exits;         /* "0 1 3 4": codes it can return */
	const struct bg_opt *opts; /* ends with { 0 } */
	const char *const *words;  /* sub-commands, or NULL; for completion */
	const char *complete;      /* what arguments are: grant policy code file
				    * identity principal command, or NULL */
	unsigned flags;
	/* Returns 0, a negative code with err filled (printed once, by main), or
	 * a positive exit status to use as it is (exec). */
	int (*run)(struct bg_ctx *ctx, int argc, char **argv,
		   struct bg_error *err);
};
#define BG_CMD(name) extern const struct bg_cmd cmd_##name;
#include "cmd/list.h"
#undef BG_CMD

/* Add a complete line to type ("bg ..." is printed with ctx->word). */
void bg_ctx_hint(struct bg_ctx *ctx, const char *fmt, ...) BG_PRINTF(2, 3);
/* The principal at the keyboard; asks for nothing yet. */
int bg_ctx_me(const struct bg_principal **out, struct bg_ctx *ctx,
	      struct bg_error *err) BG_MUST_CHECK;
/* Resolve GRANT (cli.md); guess: nothing given may mean mine. On several or none
 * the candidates become hints with `line` ("bg done %s") and exit 3; on a
 * terminal a number answers. */
int bg_ctx_grant(struct bg_digest *root, struct bg_ctx *ctx, const char *given,
		 bool guess, const char *line, struct bg_error *err)
	BG_MUST_CHECK;

#endif
