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
 * Only cmd/ prints, prompts, reads argv and the environment.  A command:
 *   static struct { bool all; const char *why; } o;
 *   static const struct bg_opt opts[] = { {BG_OPT_FLAG, 'a', "all", NULL,
 *	"closed ones too", &o.all, NULL}, BG_OPT_WHY(&o.why), { 0 } };
 *   static int run(struct bg_ctx *ctx, int argc, char **argv,
 *	struct bg_error *err) ...    argv holds the arguments only
 * and never prints an error: it returns it.
 */
#ifndef BG_CMD_H
#define BG_CMD_H

#include "cmd/opt.h"
#include "cmd/ui.h"
#include "grant/ops.h"

enum bg_cmd_flags {
	BG_CMD_STORE = 1 << 0,    /* open the store first (ctx->store) */
	BG_CMD_ANCHORED = 1 << 1, /* refuse (11) unless anchored */
	BG_CMD_PAGER = 1 << 2,
	BG_CMD_PLUMBING = 1 << 3, /* help -a only */
	BG_CMD_STOP = 1 << 4,     /* options stop at the first argument that is
				    * no GRANT */
	BG_CMD_REMOTE = 1 << 5,   /* exec-like exit codes: ours is 125 */
	BG_CMD_SIGN = 1 << 6,     /* needs an installation; unanchored: a
				    * warning unless BG_CMD_ANCHORED */
	BG_CMD_KEEP_STORE = 1 << 7, /* opens the store itself: bg_ctx_store() */
};
struct bg_cmd;
struct bg_ctx {
	struct bg_places places;
	const struct bg_cmd *cmd;
	const char *word;      /* "bg" or "breakglass": what was typed */
	const char *repo;      /* -C, BG_REPO, bg.repo; NULL: search up */
	const char *key;       /* --key, bg.signingKey, user.signingKey */
	const char *env_grant; /* BG_GRANT */
	bool json, batch, quiet, verbose, no_pager;
	bool remote; /* ours is 125 now (BG_CMD_REMOTE, or set by
				    * activate -s | -- COMMAND) */
	struct bg_ui ui;
	struct bg_parsed parsed; /* .dashes: where "--" was */
	struct bg_store *store;  /* when BG_CMD_STORE */
	struct bg_ops ops;
	struct bg_reason *reasons; /* of a refusal, for --json; owned */
	size_t n_reasons;
	BG_VEC(char *) hints;  /* complete lines, owned */
	bool printed;          /* the --json document of a failure is out */
	struct bg_arena arena; /* lives as long as the process */
};
struct bg_cmd {
	const char *name;
	const char *group;   /* emergency others afterwards evidence before */
	const char *summary; /* one line of help */
	const char *usage;   /* synopsis without the program's name; one
				    * line each form */
	const char *const *examples; /* NULL terminated, at least two, each
				      * starting "bg " */
	const char *exits;           /* "0 1 3 4": codes it can return */
	const struct bg_opt *opts;   /* ends with { 0 } */
	const char *const *words;    /* sub-commands, or NULL; for completion */
	const char *complete; /* what arguments are: grant policy code file
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
/* The commands that are here, sorted; NULL ends. */
const struct bg_cmd *const *bg_cmds(void);
const struct bg_cmd *bg_cmd_find(const char *name);
extern const struct bg_opt bg_global_opts[];

/* Add a complete line to type ("bg ..." is printed with ctx->word). */
void bg_ctx_hint(struct bg_ctx *ctx, const char *fmt, ...) BG_PRINTF(2, 3);
/* The same line, with the word that was typed; lives as long as ctx. */
const char *bg_ctx_line(struct bg_ctx *ctx, const char *line);
/* "@k7q2xm" of a label; lives as long as ctx. */
const char *bg_ctx_at(struct bg_ctx *ctx, const char *label);
/* Keep the reasons of a refusal: text prints them, --json lists them, their
 * hints are printed. */
void bg_ctx_refused(struct bg_ctx *ctx, const struct bg_reason *reasons,
		    size_t n);
/* Was this option given? */
bool bg_ctx_given(const struct bg_ctx *ctx, const char *long_);
/* BG_EUSAGE when both were given. */
int bg_ctx_conflict(const struct bg_ctx *ctx, const char *a, const char *b,
		    struct bg_error *err) BG_MUST_CHECK;
/* BG_EUSAGE "usage" with the command's -h as hint. */
int bg_ctx_usage(struct bg_ctx *ctx, struct bg_error *err, const char *fmt, ...)
	BG_PRINTF(3, 4);
/* BG_EUSAGE unless min <= argc <= max (-1: any). */
int bg_ctx_args(struct bg_ctx *ctx, int argc, char **argv, int min, int max,
		struct bg_error *err) BG_MUST_CHECK;
/* Print one JSON document or line on stdout; NULL is out of memory. */
int bg_ctx_json(struct bg_ctx *ctx, const json_t *doc, struct bg_error *err)
	BG_MUST_CHECK;
/* A new {"schema": 1}; NULL when memory is out. */
json_t *bg_ctx_doc(void);
/* Open the store by the flags given (BG_CMD_SIGN, BG_CMD_ANCHORED). */
int bg_ctx_store(struct bg_ctx *ctx, unsigned flags, struct bg_error *err)
	BG_MUST_CHECK;
/* The principal at the keyboard; asks for nothing yet. */
int bg_ctx_me(const struct bg_principal **out, struct bg_ctx *ctx,
	      struct bg_error *err) BG_MUST_CHECK;
/* The same for reading: NULL when no key here is in trust. */
const struct bg_principal *bg_ctx_maybe_me(struct bg_ctx *ctx);
/* Resolve GRANT (cli.md); guess: nothing given may mean mine. On several or none
 * the candidates become hints with `line` ("bg done %s") and exit 3; on a
 * terminal a number answers. */
int bg_ctx_grant(struct bg_digest *root, struct bg_ctx *ctx, const char *given,
		 bool guess, const char *line, struct bg_error *err)
	BG_MUST_CHECK;
/* Does a first argument look like a GRANT ("@..." or "BG-...")? */
bool bg_is_grant(const char *arg);
/* Push the own logs to the remote, 2 s at most: "pushed", "queued", or "" when
 * there is no remote. Never fails. */
const char *bg_ctx_share(struct bg_ctx *ctx);
/* Fetch from the same remote and read what came, 5 s at most; false when there
 * is none or it did not answer. */
bool bg_ctx_fetch(struct bg_ctx *ctx);
/* The same, silently, when something was written and not shared yet: before a
 * store is closed. */
void bg_ctx_share_rest(struct bg_ctx *ctx);

/* Synopsis, options, examples, exit codes of a command, as -h prints. */
void bg_cmd_describe(struct bg_str *out, struct bg_ctx *ctx,
		     const struct bg_cmd *cmd);
/* The environment as lib wants it; 0 or an error. Borrowed from ctx. */
int bg_ctx_places(struct bg_ctx *ctx, struct bg_error *err) BG_MUST_CHECK;
/* A value of the user's or system's git configuration, never a repository's;
 * NULL when it is not set; lives as long as ctx. */
const char *bg_config_get(struct bg_ctx *ctx, const char *name);
/* All values of a multi-valued name, NULL terminated. */
const char *const *bg_config_all(struct bg_ctx *ctx, const char *name);
int bg_config_set(struct bg_ctx *ctx, const char *name, const char *value,
		  struct bg_error *err) BG_MUST_CHECK;

/* main.c's work without the process: parse, run, report; the exit status. */
int bg_main(int argc, char **argv);

#endif
