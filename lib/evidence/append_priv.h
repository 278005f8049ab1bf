/* Inside append: what an append of an event and one of a trust version share. */
#ifndef BG_EVIDENCE_APPEND_PRIV_H
#define BG_EVIDENCE_APPEND_PRIV_H

#include "evidence/append.h"
#include "evidence/record.h"

/* A commit on its way: filled from top to bottom. */
struct bg_draft {
	const struct bg_log *log;
	const char *ref;   /* full name */
	struct bg_tip tip; /* what it follows; seq 0: nothing */
	struct bg_oid tree;
	BG_VEC(struct bg_oid) parents;
	struct bg_str raw; /* the commit object */
	struct bg_oid oid;
	struct bg_record record; /* read back from raw */
};
void bg_draft_release(struct bg_draft *d);
BG_AUTO_VALUE(draft, struct bg_draft, bg_draft_release)

/* Add a parent unless it is there already. */
int bg_draft_parent(struct bg_draft *d, const struct bg_oid *oid,
		    struct bg_error *err) BG_MUST_CHECK;
/* Clock and host of now; at_ms 0 becomes now.  Takes nothing from e but that;
 * *host is owned by the caller. */
int bg_draft_facts(struct bg_event *e, json_t **host, char boot[37],
		   const struct bg_places *places, struct bg_error *err)
	BG_MUST_CHECK;
/* e (without json) becomes canonical bytes, a signed commit, and that is read
 * back and its signature checked: raw, oid and record. */
int bg_draft_sign(struct bg_draft *d, const struct bg_event *e,
		  struct bg_error *err) BG_MUST_CHECK;
/* Object, then ref; a full disk gets the reserve, once. */
int bg_draft_publish(struct bg_draft *d, struct bg_error *err) BG_MUST_CHECK;
/* Move the event out of the record into *e, whose data reference is dropped. */
void bg_draft_hand_out(struct bg_event *e, struct bg_draft *d);

#endif
