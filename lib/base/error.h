/*
 * One error type for the whole program.
 *
 * A function that can fail returns 0, or a negative enum bg_code with *err
 * complete; on 0 *err is untouched.  Findings of a verification or a review
 * are data, never errors.  Nothing in lib prints: cmd/main.c does, once.
 */
#ifndef BG_BASE_ERROR_H
#define BG_BASE_ERROR_H

#define BG_MUST_CHECK __attribute__((warn_unused_result))
#define BG_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Code, exit status of bg (cli.md "Exit codes").  Each exists because a
 * caller or a script acts on it. */
#define BG_CODES(X) \
	X(BG_EFAIL, -1, 1)        /* I/O, GPG, git, provider, cancelled */ \
	X(BG_ENOENT, -2, 3)       /* no such thing, or more than one */ \
	X(BG_EDENIED, -3, 4)      /* refused by policy or role */ \
	X(BG_EVERIFY, -4, 5)      /* evidence is wrong */ \
	X(BG_EATTENTION, -5, 6)   /* overdue, failing, not proven gone */ \
	X(BG_EWAIT, -6, 7)        /* waiting for somebody */ \
	X(BG_EUNANCHORED, -7, 11) /* the repository has no known anchor */ \
	X(BG_EUNSAFE, -8, 14)     /* the repository could mislead a reader */ \
	X(BG_EBUSY, -9, 75)       /* locked, or moved: try again */ \
	X(BG_EUSAGE, -10, 129)    /* wrong command line; nothing written */ \
	X(BG_ENOKEY, -11, 1)      /* a key or its agent cannot sign */ \
	X(BG_ENOSPC, -12, 1)      /* disk full: the spool may still take it */

enum bg_code {
	BG_OK = 0,
#define X(name, value, exit) name = value,
	BG_CODES(X)
#undef X
};

/* Lives on a stack; no allocation, so it cannot fail or leak. */
struct bg_error {
	int code;       /* enum bg_code */
	char id[48];    /* stable kebab-case reason id, for --json */
	char msg[1024]; /* "cannot X 'SUBJECT': WHY", lower case, no stop */
	char hint[512]; /* complete line to type, starting "bg ", or "" */
};

/* Fill err and return code.  id: stable kebab-case word. */
int bg_fail(struct bg_error *err, int code, const char *id, const char *fmt,
	    ...) BG_PRINTF(4, 5);
/* The same with ": strerror(errno)" appended; ENOSPC and EDQUOT give
 * BG_ENOSPC, everything else BG_EFAIL.  id is "io". */
int bg_fail_errno(struct bg_error *err, const char *fmt, ...) BG_PRINTF(2, 3);
/* Out of memory. */
int bg_fail_oom(struct bg_error *err);
/* Prepend "fmt: " to the message; returns err->code. */
int bg_wrap(struct bg_error *err, const char *fmt, ...) BG_PRINTF(2, 3);
/* Set the hint ("bg ..." is printed with the word that was typed) if none is
 * set yet; returns err->code. */
int bg_hint(struct bg_error *err, const char *fmt, ...) BG_PRINTF(2, 3);
/* Exit status of a code; 0 for BG_OK. */
int bg_code_exit(int code);

/* The analyzer sees one file at a time and thinks that these could return 0:
 * tell it otherwise, or it reports every use of an output after a failure. */
#if defined(__clang_analyzer__) && !defined(BG_BASE_ERROR_C)
#define bg_fail(err, code, ...) ((void)bg_fail(err, code, __VA_ARGS__), (code))
#define bg_fail_errno(...) ((void)bg_fail_errno(__VA_ARGS__), (int)BG_EFAIL)
#define bg_fail_oom(err) ((void)bg_fail_oom(err), (int)BG_EFAIL)
#define bg_wrap(...) ((void)bg_wrap(__VA_ARGS__), (int)BG_EFAIL)
#define bg_hint(...) ((void)bg_hint(__VA_ARGS__), (int)BG_EFAIL)
#endif

#endif
