/*
 * The commit grammar of evidence.md ("An event is a commit"): parsed from raw
 * object bytes, length based, compared with its own re-writing; libgit2's
 * commit parser and signature extraction are never used (threats.md, 1).
 */
#ifndef BG_EVIDENCE_OBJECT_H
#define BG_EVIDENCE_OBJECT_H

#include "crypto/digest.h"

#define BG_OID_LEN 20
struct bg_oid {
	unsigned char b[BG_OID_LEN];
};
/* 40 lower-case hex digits; out holds 41. */
void bg_oid_format(char *out, const struct bg_oid *o);
bool bg_oid_parse(struct bg_oid *out, const char *hex);
bool bg_oid_eq(const struct bg_oid *a, const struct bg_oid *b);
extern const struct bg_oid bg_empty_tree;

#define BG_PARENTS_MAX 512
struct bg_commit {
	struct bg_arena arena;
	struct bg_oid tree;
	size_t n_parents;
	struct bg_oid *parents;
	const char *name, *email; /* author; the committer line is the same */
	int64_t seconds;          /* always +0000 */
	const char *armor;        /* signature, unfolded, NULL: unsigned */
	size_t armor_n;
	const char *subject; /* first line of the message */
	const char *body;    /* after the blank line, to the end */
	size_t body_n;
	struct bg_str payload;   /* all bytes without the gpgsig header */
	struct bg_digest digest; /* SHA-256 of payload */
};
/* Parse; BG_EVERIFY with ids: not-canonical (header order, unknown header, NUL,
 * CR, re-writing differs), unsigned, second-signature, bad-ident. */
int bg_commit_parse(struct bg_commit *out, const char *raw, size_t n,
		    struct bg_error *err) BG_MUST_CHECK;
/* The same for a commit that may be unsigned (attachments): armor is NULL then. */
int bg_commit_parse_any(struct bg_commit *out, const char *raw, size_t n,
			struct bg_error *err) BG_MUST_CHECK;
void bg_commit_release(struct bg_commit *c);
BG_AUTO_VALUE(commit, struct bg_commit, bg_commit_release)
/* Payload bytes of a new commit. */
int bg_commit_payload(struct bg_str *out, const struct bg_oid *tree,
		      const struct bg_oid *parents, size_t n_parents,
		      const char *name, const char *email, int64_t seconds,
		      const char *subject, const char *body, size_t body_n,
		      struct bg_error *err) BG_MUST_CHECK;
/* Insert the signature after the committer line: the commit object's bytes. */
int bg_commit_sign(struct bg_str *out, const char *payload, size_t n,
		   const char *armor, size_t armor_n, struct bg_error *err)
	BG_MUST_CHECK;

#endif
