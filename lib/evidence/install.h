/*
 * An installation: one clone of a repository on one machine, with its random
 * id, key, locks, journals. State lives in
 *   <state_home>/bg/<12 hex of genesis>-<installation>/
 *     installation   id, one line      key         Ed25519, 0600
 *     key.pgp        its public key
 *     repo           device, inode, path of the repository that it serves
 *     host           the slug in its writers' names
 *     genesis        of that repository  anchor    the pinned one
 *     lock/          one lock a log; NAME.pending: the commit being written
 *     journal/       orders and openings not yet evidence; first-seen times
 *     outbox/ sessions/ access/         0700 each
 * and <git dir>/bg-installation names it, so a copied repository is noticed.
 * <git dir>/bg-reserve keeps 4 MiB for the last events of a full disk.
 */
#ifndef BG_EVIDENCE_INSTALL_H
#define BG_EVIDENCE_INSTALL_H

#include "crypto/signer.h"
#include "evidence/repo.h"

/* Everything lib needs to know of its surroundings; made by cmd, borrowed. */
struct bg_places {
	const char *state_home, *cache_home, *config_home;
	const char *run_dir; /* XDG_RUNTIME_DIR or NULL: spool on tmpfs */
	const char *user_home;
	struct bg_gpg gpg;
	const char *self_path;            /* absolute path of the program */
	const char *const *provider_dirs; /* NULL terminated (X9) */
	const char *user;                 /* login name */
	unsigned uid;
	const char *from;    /* "ssh 10.0.0.7", "local" */
	const char *tty;     /* "pts/3" or NULL */
	const char *host;    /* host name */
	const char *machine; /* digest of machine-id, "sha256:..." */
	const char *os;      /* "Debian GNU/Linux 12" */
	const char *anchor;  /* BG_ANCHOR, or NULL */
};

struct bg_install {
	char id[33];     /* 32 hex */
	char *dir;       /* state directory, no trailing '/' */
	char *host_slug; /* [a-z0-9-]{1,32} */
	struct bg_signer *signer;
	struct bg_str blob; /* its public key, as a writer event has it */
	bool has_anchor;
	struct bg_digest genesis;
};
/* A random id: init needs it for the writer's name before there is a genesis. */
int bg_install_new_id(char out[33], struct bg_error *err) BG_MUST_CHECK;
/* New key and state directory for a repository whose genesis is known.  out->id is
 * taken when it is set (bg_install_new_id), else made here: zero *out before. */
int bg_install_make(struct bg_install *out, struct bg_repo *repo,
		    const struct bg_digest *genesis,
		    const struct bg_places *places, struct bg_error *err)
	BG_MUST_CHECK;
/* BG_ENOENT "no-installation" when this repository has none here (a plain git
 * clone); BG_EFAIL "copied-installation" when it belongs to another path. */
int bg_install_open(struct bg_install *out, struct bg_repo *repo,
		    const struct bg_places *places, struct bg_error *err)
	BG_MUST_CHECK;
void bg_install_close(struct bg_install *i);
/* The disk is full: give the reserve back; false: there was none. */
bool bg_install_free_reserve(const struct bg_repo *repo);
BG_AUTO_VALUE(install, struct bg_install, bg_install_close)
/* Pin (remember) an anchor: state's anchor file. */
int bg_install_pin(struct bg_install *i, const struct bg_digest *genesis,
		   struct bg_error *err) BG_MUST_CHECK;
/* <principal>.<host slug>-<12 hex of sha256(primary fpr bytes, installation id)>
 * (20 bytes, then the 32 hex digits as they are written). out holds
 * BG_WRITER_MAX. */
#define BG_WRITER_MAX 96
void bg_writer_name(char *out, const char *principal, const char *host_slug,
		    const struct bg_fpr *primary, const char *installation);
/* Split; the verifier recomputes. false: not of this form. */
bool bg_writer_split(char principal[33], char host[33], char hex12[13],
		     const char *writer);
/* The host's name as a slug: first label, lower case, [a-z0-9-]{1,32}. */
void bg_host_slug(char out[33], const char *host);

/* Anchor: bg1:<52 base32><4 check>, "-" ignored (evidence.md). out holds
 * BG_ANCHOR_LEN + 1; printed in groups of 4 with dashes when grouped. */
#define BG_ANCHOR_LEN 80
void bg_anchor_format(char *out, const struct bg_digest *genesis, bool grouped);
/* BG_EUSAGE "bad-anchor": mistyped. */
int bg_anchor_parse(struct bg_digest *out, const char *text,
		    struct bg_error *err) BG_MUST_CHECK;

#endif
