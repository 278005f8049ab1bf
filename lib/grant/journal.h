/*
 * The journal of an installation: what is being done and is not evidence yet.
 * Small files in <state>/journal/, each written whole and fsynced before the act
 * that it is about, and removed when the events are durable:
 *   open-<hex>.json   a provider is about to run for this root
 *   end-<hex>.json    an end was ordered
 *   seen-<hex>.json   when this machine first saw somebody else's grant
 *   live-<hex>        the grant is open and its timer waits for it; removed
 *                     at the end, which wakes the timer and running sessions
 *   refused.json      refusals that were counted and not written
 * <hex>: the root's digest, 64 digits.
 */
#ifndef BG_GRANT_JOURNAL_H
#define BG_GRANT_JOURNAL_H

#include "base/io.h"
#include "base/vec.h"
#include "crypto/digest.h"
#include "format/json.h"

enum bg_journal_kind { BG_J_OPEN, BG_J_END, BG_J_SEEN, BG_J_LIVE };

struct bg_journal_entry {
	struct bg_digest root;
	json_t *data; /* owned */
};
struct bg_journal_entries {
	BG_VEC(struct bg_journal_entry) list;
};
void bg_journal_entries_release(struct bg_journal_entries *e);
BG_AUTO_VALUE(journal_entries, struct bg_journal_entries,
	      bg_journal_entries_release)

/* state: the installation's state directory. */
int bg_journal_put(const char *state, enum bg_journal_kind kind,
		   const struct bg_digest *root, const json_t *data,
		   struct bg_error *err) BG_MUST_CHECK;
/* BG_ENOENT when there is none.  A file that is no JSON reads as {}: that
 * something was begun is what counts. */
int bg_journal_get(json_t **data, const char *state, enum bg_journal_kind kind,
		   const struct bg_digest *root, struct bg_error *err)
	BG_MUST_CHECK;
bool bg_journal_has(const char *state, enum bg_journal_kind kind,
		    const struct bg_digest *root);
/* Missing is success. */
int bg_journal_drop(const char *state, enum bg_journal_kind kind,
		    const struct bg_digest *root, struct bg_error *err)
	BG_MUST_CHECK;
int bg_journal_list(struct bg_journal_entries *out, const char *state,
		    enum bg_journal_kind kind, struct bg_error *err)
	BG_MUST_CHECK;
/* Path of an entry; the caller's (free). */
int bg_journal_path(char **path, const char *state, enum bg_journal_kind kind,
		    const struct bg_digest *root, struct bg_error *err)
	BG_MUST_CHECK;

/* One process at a time opens or ends a grant here; another waits at most
 * timeout_ms (a provider's time-outs), then BG_EBUSY. */
int bg_grant_lock(struct bg_lock *lock, const char *state,
		  const struct bg_digest *root, int timeout_ms,
		  struct bg_error *err) BG_MUST_CHECK;

#endif
