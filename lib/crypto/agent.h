/*
 * Inside lib/crypto only: gpg-agent over libassuan (libassuan's manual;
 * GnuPG's manual, "Agent's Assuan Protocol").  Finding and starting it, and
 * signatures by key grip.
 */
#ifndef BG_CRYPTO_AGENT_H
#define BG_CRYPTO_AGENT_H

#include "crypto/signer.h"

#define BG_GPG_PROGRAM "/usr/bin/gpg"
#define BG_GPGCONF_PROGRAM "/usr/bin/gpgconf"
#define BG_KEYGRIP_LEN 40

/* Upper-case hex; out holds 41.  0, or -1 for a key that cannot sign here. */
int bg_keygrip(char *out, const struct bg_pubkey *key);

/* The home that gpg would use, absolute; "" when nothing tells. */
int bg_gpg_home(struct bg_str *out, const struct bg_gpg *gpg,
		struct bg_error *err) BG_MUST_CHECK;
/* Append the path of the agent's socket, where GnuPG's rules put it: beside
 * the home when in_home, else under gpg->runtime. Nothing when unknown. */
void bg_agent_socket_guess(struct bg_str *out, const struct bg_gpg *gpg,
			   const char *home, bool in_home);
/* The environment of gpg programs: nothing of ours but what gpg holds.
 * Entries are owned by list. */
struct bg_gpg_env {
	const char *list[16];
	size_t n;
	struct bg_arena arena;
};
int bg_gpg_env_init(struct bg_gpg_env *e, const struct bg_gpg *gpg,
		    struct bg_error *err) BG_MUST_CHECK;
void bg_gpg_env_release(struct bg_gpg_env *e);
BG_AUTO_VALUE(gpg_env, struct bg_gpg_env, bg_gpg_env_release)
/* Ask gpgconf where the socket is; start the agent when launch. */
int bg_agent_socket_ask(struct bg_str *out, const struct bg_gpg *gpg,
			bool launch, struct bg_error *err) BG_MUST_CHECK;

struct bg_agent;
/* Connect, starting the agent if it is not there.  BG_ENOKEY
 * "agent-unreachable".  gpg is borrowed for the life of the agent. */
int bg_agent_open(struct bg_agent **out, const struct bg_gpg *gpg,
		  struct bg_error *err) BG_MUST_CHECK;
void bg_agent_close(struct bg_agent *a);
BG_AUTO_POINTER(agent, struct bg_agent, bg_agent_close)
/* gpg says "no secret key" of every key when it has no agent: turn such an
 * error into "agent-unreachable" if that is what it is.  Gives err->code. */
int bg_agent_look(struct bg_error *err, const struct bg_gpg *gpg);
/* BG_ENOKEY "key-not-here" when the agent has no such secret key. */
int bg_agent_has(struct bg_agent *a, const char *keygrip, struct bg_error *err)
	BG_MUST_CHECK;
/* Sign digest with the key: sets sig->mpi.  prompt: what a pinentry shows
 * (clean text).  Errors as bg_signer_sign(); "agent-refuses" (BG_ENOKEY) when
 * the agent does not do that, so that another way may be tried. */
int bg_agent_sign(struct bg_agent *a, struct bg_sig *sig, const char *keygrip,
		  const char *prompt, const unsigned char *digest, size_t n,
		  struct bg_error *err) BG_MUST_CHECK;

/* The S-expression of a signature, strictly: (7:sig-val(5:eddsa(1:r..)(1:s..)))
 * and so on.  BG_EFAIL "agent-answer". */
int bg_sexp_signature(struct bg_sig *sig, const void *p, size_t n,
		      struct bg_error *err) BG_MUST_CHECK;

/* Make err from a gpg_error_t of the agent, gpg or GPGME that kept us from
 * using a secret key: ids of bg_signer_sign(). */
int bg_fail_gpg(struct bg_error *err, unsigned gpg_error, const char *fmt, ...)
	BG_PRINTF(3, 4);

#endif
