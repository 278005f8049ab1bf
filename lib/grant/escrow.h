/*
 * Escrow (access.md): a credential, encrypted under a random key; the key is
 * encrypted by OpenPGP to custodians, or to the members of a role.  The file is
 * an attachment of the identity's newest counted `rotate`.
 *
 * {"bg":"escrow/1","cipher":"aes-256-gcm","envelopes":[{"message":BASE64,
 *  "to":"quorum|solo","names":[..]}],"identity":NAME,"nonce":BASE64,
 *  "sealed":BASE64,"version":HEX16}
 *
 * The 128-bit key is stretched to 256 bits by SHA-256 over "bg-escrow/1\n" and
 * the key; identity and version are associated data, so a file that was put in
 * another's place does not open.
 */
#ifndef BG_GRANT_ESCROW_H
#define BG_GRANT_ESCROW_H

#include "crypto/engine.h"
#include "evidence/store.h"
#include "policy/identity.h"

#define BG_ESCROW_SECRET_MAX (64 * 1024)
#define BG_ESCROW_FILE_MAX (512 * 1024)
#define BG_ESCROW_FILE "escrow.json"
#define BG_ESCROW_MEDIA "application/vnd.bg.escrow+json"

/* Encrypt a credential to the custodians and the role that the identity names
 * in this version of trust.  BG_EFAIL "escrow-quorum": more than one custodian is
 * needed, which this version cannot make; "escrow-nobody". tmp: a directory of
 * ours. */
int bg_escrow_seal(struct bg_str *file, const struct bg_identity *identity,
		   const struct bg_trust *trust, const char *tmp,
		   const void *secret, size_t n, struct bg_error *err)
	BG_MUST_CHECK;
/* Decrypt with the user's own key.  BG_EVERIFY "escrow-altered" when the file is
 * not the one of this identity or was changed; BG_ENOKEY ids of bg_decrypt(). The
 * caller wipes secret. version: 16 hex digits. */
int bg_escrow_open(struct bg_str *secret, char version[17],
		   const struct bg_identity *identity, const char *file,
		   size_t n, const struct bg_gpg *gpg, struct bg_error *err)
	BG_MUST_CHECK;
/* The newest counted rotate of the identity and its escrow file.  BG_ENOENT
 * "no-escrow" when there is none. */
int bg_escrow_find(struct bg_str *file, struct bg_store *store,
		   const char *identity, struct bg_error *err) BG_MUST_CHECK;
/* Does one person's key open it (a solo envelope, or a quorum of one)? */
bool bg_escrow_opens_alone(const struct bg_identity *identity);

#endif
