/*
 * A home for gpg of a test's own, with keys of tests/keys, and gpg as the
 * oracle.  Everything fails the running cmocka test when it goes wrong.
 */
#ifndef BG_TESTS_GPGHOME_H
#define BG_TESTS_GPGHOME_H

#include "crypto/signer.h"

struct gpghome {
	char dir[32];      /* GNUPGHOME and more: /tmp/bgXXXXXX */
	struct bg_gpg gpg; /* of that home, batch */
};
void gpghome_make(struct gpghome *h);
/* Ends the agent, removes the folder. */
void gpghome_drop(struct gpghome *h);
/* Import tests/keys/NAME.sec.asc (or .pub.asc). */
void gpghome_import(struct gpghome *h, const char *name, bool secret);
/* Fingerprint of a test key's primary. */
struct bg_fpr gpghome_fpr(const char *name);
/* Minimal parsed public key of the keyring. */
void gpghome_blob(struct gpghome *h, struct bg_keyblob *out, const char *name);
/* Write dir/NAME. */
void gpghome_file(struct gpghome *h, const char *name, int mode, const void *p,
		  size_t n);
/* Run gpg (argv after "gpg --homedir D --batch ..."), NULL terminated; stdin
 * from in; returns its exit status, output appended to out, status lines to
 * status (either may be NULL). */
int gpghome_run(struct gpghome *h, const char *const *args, const void *in,
		size_t n, struct bg_str *out, struct bg_str *status);
/* gpg --verify: the fingerprint of the one VALIDSIG, or "" . */
void gpghome_verify(struct gpghome *h, char *fpr, const char *armor,
		    size_t armor_n, const void *payload, size_t n);
/* End this home's agent. */
void gpghome_kill_agent(struct gpghome *h);

#endif
