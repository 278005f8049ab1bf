/*
 * Append (evidence.md "Append"): lock, own tip, payload, signature checked,
 * object fsynced, ref swapped.  An event is whole or absent; a sequence number
 * is never used twice.
 */
#ifndef BG_EVIDENCE_APPEND_H
#define BG_EVIDENCE_APPEND_H

#include "base/io.h"
#include "evidence/event.h"
#include "evidence/install.h"
#include "evidence/trust.h"

/* What an event answers: its digest, the commit that carries it, its log. */
struct bg_answer {
	struct bg_digest digest;
	struct bg_oid commit;
	const char *writer;
};
/* A log that this process may write. */
struct bg_log {
	struct bg_repo *repo;
	struct bg_install *install; /* locks live there */
	struct bg_signer *signer;
	const char *writer;       /* log name */
	const char *by;           /* principal that owns the key */
	const char *name, *email; /* author line */
	struct bg_digest genesis; /* repo */
	struct bg_digest trust;   /* newest valid version held */
	uint64_t trust_version;
	struct bg_oid trust_commit;
	const struct bg_places *places; /* host facts */
};
/* Hold the log's lock over several appends (asking a person happens inside:
 * one lock a writer, not one a repository). */
int bg_log_lock(struct bg_lock *lock, const struct bg_log *log, int timeout_ms,
		struct bg_error *err) BG_MUST_CHECK;

/* Append one event: e has type, grant (not of activate and declare: their label is
 * made here), data (an owned reference, taken also when this fails), at_ms (0:
 * now), for_ and seal; answers as given (at most 30, answers[0] first, the rest
 * sorted here).  On success *e is the event as it was written and read back
 * (bg_event_release()).  Takes the lock itself unless held, finishes an event
 * that a killed process left half written.  BG_EFAIL "copied-log" when a remote
 * tip of the own log is ahead; "trust-rollback"; BG_EUSAGE "bad-data"; signer's
 * errors; BG_EBUSY; BG_ENOSPC. */
int bg_append(struct bg_event *e, const struct bg_log *log,
	      const struct bg_answer *answers, size_t n, bool lock_held,
	      struct bg_error *err) BG_MUST_CHECK;
/* The tip of the own log: seq 0 and zero digest when it is new. */
struct bg_tip {
	uint64_t seq;
	struct bg_digest digest;
	struct bg_oid commit;
	uint64_t trust_version;
	struct bg_digest trust;
	int64_t at_ms;
};
int bg_log_tip(struct bg_tip *out, const struct bg_log *log,
	       struct bg_error *err) BG_MUST_CHECK;

/* A version of trust: files (path, text) become the tree, the manifest the message;
 * prev NULL makes the genesis (log->install and log->genesis are not used then: the
 * installation is named after it).  Moves refs/heads/trust. */
int bg_trust_append(struct bg_digest *digest, struct bg_oid *commit,
		    const struct bg_log *log, const struct bg_trust *prev,
		    const struct bg_trust_file *files, size_t n_files,
		    struct bg_error *err) BG_MUST_CHECK;

/* Attachments: refs/heads/att/<subject>/<writer>/<name>: unsigned, one ref each. */
struct bg_attachment {
	char name[64];
	char media[64];
	struct bg_digest sha256;
	uint64_t size;
};
int bg_attachment_write(struct bg_attachment *out, const struct bg_log *log,
			const char *subject, const char *name,
			const char *media, const void *p, size_t n,
			struct bg_error *err) BG_MUST_CHECK;
/* BG_ENOENT "attachment-missing", BG_EVERIFY "attachment-altered". */
int bg_attachment_read(struct bg_str *out, struct bg_repo *repo,
		       const char *subject, const char *writer,
		       const struct bg_attachment *a, struct bg_error *err)
	BG_MUST_CHECK;
json_t *bg_attachment_json(const struct bg_attachment *a);
bool bg_attachment_from_json(struct bg_attachment *out, const json_t *v);

#endif
