/*
 * A commit taken apart and put together with no grammar at all: for forgeries.
 * Signs like anybody who has a key file, in any class and with any hash.
 */
#ifndef BG_TESTS_RAWCOMMIT_H
#define BG_TESTS_RAWCOMMIT_H

#include "crypto/openpgp.h"
#include "evidence/repo.h"

struct raw_commit {
	struct bg_str head;    /* tree .. committer line */
	struct bg_str armor;   /* of the first gpgsig header, unfolded */
	struct bg_str message; /* after the empty line */
};
void raw_release(struct raw_commit *c);
/* Split; false when there is no gpgsig header. */
bool raw_split(struct raw_commit *c, const struct bg_str *bytes);
/* head, gpgsig header, empty line, message. */
void raw_join(struct bg_str *out, const struct raw_commit *c);
/* Fold armor into a header named word. */
void raw_fold(struct bg_str *out, const char *word, const struct bg_str *armor);
/* Replace the first occurrence; false: it is not there. */
bool raw_replace(struct bg_str *s, const char *from, const char *to);
/* id of the first parent; false: none. */
bool raw_parent(struct bg_oid *out, const struct raw_commit *c);
bool raw_set_parent(struct raw_commit *c, const struct bg_oid *to);

struct raw_how {
	int class, hash;            /* 0, 8 for a good one; hash 2: SHA-1 */
	bool wrong_issuer;          /* the unhashed issuer differs */
	const struct bg_fpr *claim; /* NULL: the key's own fingerprint */
};
struct raw_key {
	unsigned char seed[32];
	struct bg_fpr fpr;
};
/* A key file as bg_install_key_make() made it. */
int raw_key_read(struct raw_key *k, const char *path, struct bg_error *err)
	BG_MUST_CHECK;
/* Sign head + message, at the time of the committer line. */
int raw_sign(struct raw_commit *c, const struct raw_key *key,
	     const struct raw_how *how, struct bg_error *err) BG_MUST_CHECK;

#endif
