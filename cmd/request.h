/*
 * A request to be let into trust: who, which key, signed by that key, so that
 * an admin knows that the sender has it.  Text file:
 *   bg-request/1
 *   {canonical JSON: contact? email? human? key kind name owner? repo}
 *   -----BEGIN PGP SIGNATURE----- over everything before it
 */
#ifndef BG_CMD_REQUEST_H
#define BG_CMD_REQUEST_H

#include "cmd/key.h"

struct bg_request {
	struct bg_arena arena;
	const char *name, *kind, *contact, *email, *human, *owner; /* or NULL */
	struct bg_digest repo;
	struct bg_own_key key; /* .signing: the one that signed, first */
};
void bg_request_release(struct bg_request *r);
BG_AUTO_VALUE(request, struct bg_request, bg_request_release)

/* Sign and append the text of a request; r->key is a key of the keyring. */
int bg_request_write(struct bg_str *out, const struct bg_request *r,
		     struct bg_ctx *ctx, struct bg_error *err) BG_MUST_CHECK;
/* Parse and check the signature. BG_EVERIFY "bad-request". */
int bg_request_read(struct bg_request *out, const char *path,
		    struct bg_error *err) BG_MUST_CHECK;
/* Fill what a person asks for and write it to path (0644). */
int bg_request_make(struct bg_ctx *ctx, const char *path,
		    const struct bg_request *wanted, struct bg_error *err)
	BG_MUST_CHECK;

#endif
