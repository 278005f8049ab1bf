/*
 * Programs named by files under trust: probes, providers, the commands of the
 * `command` provider, channels.  bg_proc_named() runs them all and nothing else
 * may (lifecycle.md, "Programs named by files under trust", X1 to X12).
 *
 * A program gets: argv as written, with whole-argument placeholders replaced; a
 * fresh environment (PATH, LANG, TZ, HOME = an empty directory, literal values
 * of the policy); directory /; /dev/null as stdin; umask 077; no other
 * descriptors; its own session; the limits of X7.
 */
#ifndef BG_GRANT_NAMED_H
#define BG_GRANT_NAMED_H

#include "base/error.h"
#include "base/proc.h"

/* What this machine agreed to.  Made by bg_named_here() or by a test. */
struct bg_named_env {
	bool pinned;           /* X1: the repository's genesis is pinned here */
	bool runner;           /* X3, X5: system configuration only */
	const char *allow_dir; /* runner: folder of *.conf */
	const char *allow_file; /* self mode: narrows when it exists; or NULL */
	uid_t uid;              /* whose files count as ours (self mode) */
	bool owner_any; /* tests only: owner of files is not looked at */
};
#define BG_ALLOW_DIR "/etc/bg/allow.d"

/* Values for {grant} {principal} {identity} {expires} {host}; NULL: unset. */
struct bg_named_values {
	const char *grant, *principal, *identity, *expires, *host;
};

enum bg_named_kind {
	BG_NAMED_PROBE,    /* X5: never as root */
	BG_NAMED_PROVIDER, /* bg-provider-NAME, found by bg_named_provider() */
	BG_NAMED_COMMAND,  /* of the command provider, of a channel */
};

struct bg_named {
	const struct bg_named_env *machine;
	enum bg_named_kind kind;
	size_t argc;
	const char *const *argv; /* placeholders not replaced yet */
	size_t envc;
	const char *const *env; /* literal NAME=VALUE of the policy */
	const struct bg_named_values *values; /* NULL: none are set */
	const char *in; /* bytes for stdin; NULL: /dev/null */
	size_t in_len;
	int secret_fd;       /* readable as 3 there; 0: none */
	bool capture_secret; /* 3 is written there, read here */
	bool err_inherit;    /* stderr to our terminal, never kept */
	bool may_gain;       /* sudo: no no_new_privs */
	size_t max_out;      /* of stdout; 0: nothing is kept, all counted */
	int64_t timeout;     /* seconds; 0: 10 */
};

/* Run it.  0: it was started or could not be executed: read *out (exec_errno,
 * timed_out, exit_status, signal).  Refusals, nothing ran: BG_EUNANCHORED
 * "unanchored"; BG_EDENIED "program-path" "program-missing" "program-owner"
 * "program-shell" "program-not-allowed" "program-argument" "program-environment". */
int bg_proc_named(struct bg_proc_result *out, const struct bg_named *p,
		  struct bg_error *err) BG_MUST_CHECK;

/* X10: what an exit of a check says. */
enum bg_named_answer { BG_ANSWER_PRESENT, BG_ANSWER_ABSENT, BG_ANSWER_UNKNOWN };
enum bg_named_answer bg_named_check_answer(const struct bg_proc_result *r);
/* Why a run says nothing: "not-executable", "not-found", "timed-out",
 * "signal", "too-much-output", or NULL when it exited by itself with a status
 * that is neither 126 nor 127. */
const char *bg_named_why(const struct bg_proc_result *r);

/* X4: [A-Za-z0-9][A-Za-z0-9._:@+-]{0,127} */
bool bg_named_word(const char *s);
/* X4: absolute, or a name looked up in the system's folders.  *path is the
 * caller's (free). */
int bg_named_resolve(char **path, const char *program, struct bg_error *err)
	BG_MUST_CHECK;
/* X3, X9: the file and every directory above it belong to root (or, unless
 * root_only, to uid) and nobody else may write them. */
int bg_named_owned(const char *path, bool root_only, uid_t uid,
		   struct bg_error *err) BG_MUST_CHECK;
/* X3: does the machine consent to this path? */
int bg_named_allowed(const struct bg_named_env *machine, const char *path,
		     struct bg_error *err) BG_MUST_CHECK;
/* X9: bg-provider-NAME in one of dirs (NULL terminated); *path is the
 * caller's.  BG_EDENIED "provider-name", "provider-owner"; BG_ENOENT
 * "no-provider". */
int bg_named_provider(char **path, const struct bg_named_env *machine,
		      const char *const *dirs, const char *name,
		      struct bg_error *err) BG_MUST_CHECK;

#endif
