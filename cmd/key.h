/* Keys of the keyring on the command line: exactly one, or a list to choose. */
#ifndef BG_CMD_KEY_H
#define BG_CMD_KEY_H

#include "cmd/cmd.h"

/* A key with its minimal public blob, as trust takes it. */
struct bg_own_key {
	struct bg_fpr primary;
	char uid[256];
	BG_VEC(struct bg_fpr) signing; /* of the blob, gpg's choice first */
	struct bg_str blob;
	struct bg_keyblob parsed;
};
void bg_own_key_release(struct bg_own_key *k);
BG_AUTO_VALUE(own_key, struct bg_own_key, bg_own_key_release)
/* The one usable key that matches pattern (NULL: any). line: hint for each of
 * several ("bg init x --key %s"). BG_ENOENT "no-key", "several-keys"; BG_ENOKEY
 * key-expired, key-revoked. */
int bg_own_key_find(struct bg_own_key *out, struct bg_ctx *ctx,
		    const char *pattern, bool secret, const char *line,
		    struct bg_error *err) BG_MUST_CHECK;
/* A public key from a file: armored by gpg or binary. */
int bg_own_key_read(struct bg_own_key *out, const char *path,
		    struct bg_error *err) BG_MUST_CHECK;
int bg_own_key_parse(struct bg_own_key *out, const void *p, size_t n,
		     struct bg_error *err) BG_MUST_CHECK;
/* A principal's name from what a person typed: [a-z][a-z0-9-]{0,31}. */
bool bg_is_principal_name(const char *s);
/* The same made of an address or login name; "" when nothing is left. */
void bg_principal_slug(char out[33], const char *text);

#endif
