/*
 * What the operations share: who acts, under which trust, on which grant; the
 * provider of a grant; appending.  Not for other folders.
 */
#ifndef BG_GRANT_OP_H
#define BG_GRANT_OP_H

#include "evidence/append.h"
#include "grant/journal.h"
#include "grant/ops.h"
#include "grant/provider.h"

struct bg_op {
	const struct bg_ops *ops;
	struct bg_store *store;
	const struct bg_places *places;
	const struct bg_trust *trust;  /* newest valid version */
	const char *state;             /* the installation's folder */
	const struct bg_principal *me; /* the person; NULL: not asked for */
	struct bg_grant *grant;        /* owned; NULL: none */
	struct bg_named_env machine;
	char *allow_file; /* owned */
};
#define BG_OP_PERSON true
#define BG_OP_MACHINE false
/* Everything but the grant.  BG_EUNANCHORED unless the repository is anchored
 * or read_only_ok (notes, approvals, reviews). */
int bg_op_begin(struct bg_op *op, const struct bg_ops *ops, bool person,
		bool unanchored_ok, struct bg_error *err) BG_MUST_CHECK;
/* (Re)load the grant with what is stored now. */
int bg_op_load(struct bg_op *op, const struct bg_digest *root,
	       struct bg_error *err) BG_MUST_CHECK;
void bg_op_release(struct bg_op *op);
BG_AUTO_VALUE(op, struct bg_op, bg_op_release)

int64_t bg_op_now(const struct bg_op *op);
void bg_op_say(const struct bg_op *op, const char *what, const char *text);
/* "@k7q2xm" of a label, for messages; out holds 16. */
#define BG_AT_LEN 16
void bg_op_at(char out[BG_AT_LEN], const char *label);
/* A refusal: recorded by bg_refuse(), BG_EDENIED. */
int bg_op_deny(struct bg_op *op, const char *command, struct bg_error *err,
	       const char *id, const char *fmt, ...) BG_PRINTF(5, 6);

/* Append an event of op's grant (or, grant NULL, of none); data is stolen. *out
 * may be NULL. */
int bg_op_append(struct bg_event *out, struct bg_op *op,
		 enum bg_event_type type, json_t *data, enum bg_hand hand,
		 const struct bg_digest *extra, size_t n_extra,
		 struct bg_error *err) BG_MUST_CHECK;
/* Keep bytes as an attachment of the person's log; subject: a label or an
 * identity. */
int bg_op_attach(struct bg_attachment *out, struct bg_op *op,
		 const char *subject, const char *name, const char *media,
		 const void *p, size_t n, struct bg_error *err) BG_MUST_CHECK;
/* May this installation's log hold facts of this grant (lifecycle.md, "Log of an
 * introduced installation")?  Its owner activated it here, or trust lists it as
 * runner or sweeper. */
bool bg_op_machine_counts(struct bg_op *op);
/* Did this installation open the grant?  Its log is then in name. */
bool bg_op_is_mine(char name[BG_WRITER_MAX], const struct bg_op *op);

/* Files under trust.  BG_ENOENT "no-such-policy" with the nearest name,
 * "no-such-identity". */
int bg_op_policy(struct bg_policy **out, const struct bg_trust *trust,
		 const char *name, struct bg_error *err) BG_MUST_CHECK;
int bg_op_identity(struct bg_identity **out, const struct bg_trust *trust,
		   const char *name, struct bg_error *err) BG_MUST_CHECK;

/* The human behind a principal has one of these roles (as itself). */
bool bg_op_has_role(const struct bg_op *op, const char *name,
		    const struct bg_names *roles);
bool bg_op_i_am_user(const struct bg_op *op);
/* users(g), approvers, policy owner, who.revoke of the pinned or the current
 * policy, root. */
bool bg_op_may_revoke(struct bg_op *op);

/* --- the provider of the loaded grant (one_provider.c) ------------------- */
struct bg_op_provider {
	const char *name;                    /* borrowed */
	json_t *with, *identity, *principal; /* owned */
	char label[BG_LABEL_LEN + 1];
	char root[BG_DIGEST_TEXT + 1];
	char *place; /* owned */
	struct bg_provider_facts facts;
	bool described;
	struct bg_provider_call call;
};
/* use NULL: the one that the newest `grant` names. */
int bg_op_provider_open(struct bg_op_provider *p, struct bg_op *op,
			const struct bg_provider_use *use, struct bg_error *err)
	BG_MUST_CHECK;
void bg_op_provider_release(struct bg_op_provider *p);
BG_AUTO_VALUE(op_provider, struct bg_op_provider, bg_op_provider_release)
/* Run one verb; describes first when that was not done. */
int bg_op_provider_run(struct bg_provider_answer *out, struct bg_op_provider *p,
		       const char *verb, struct bg_error *err) BG_MUST_CHECK;
/* <state>/access/<16 hex of root>; the caller's. */
int bg_op_place(char **out, const struct bg_op *op,
		const struct bg_digest *root, struct bg_error *err)
	BG_MUST_CHECK;
/* Shred what was given to the user and remove the folder. */
int bg_op_place_clear(const struct bg_op *op, const struct bg_digest *root,
		      struct bg_error *err) BG_MUST_CHECK;

/* --- steps that several operations take ---------------------------------- */
/* Write what the journal says is owed (recover.c): an opening that broke off
 * becomes `grant` unknown, an ordered end is carried out. Never fails the
 * caller; n counts. */
size_t bg_op_recover(struct bg_op *op);
/* Write refusals of this person that were only counted (refuse.c). */
void bg_op_settle_refused(struct bg_op *op);
/* Run the provider and write grant; the grant is loaded, waits and may open; the
 * lock is held. */
int bg_op_open(struct bg_opening *out, struct bg_op *op, struct bg_error *err)
	BG_MUST_CHECK;
/* Give access again with a later end (the target enforces the window). */
int bg_op_reissue(struct bg_op *op, const struct bg_digest *extend,
		  struct bg_error *err) BG_MUST_CHECK;
/* Fill what an opening shows from the loaded grant. */
int bg_op_describe(struct bg_opening *out, struct bg_op *op,
		   struct bg_error *err) BG_MUST_CHECK;
/* Run a trigger's probe: the `probe` object of activate, NULL when there is
 * none; and the sentence for `because`. */
int bg_op_probe(json_t **out, char *because, size_t size, struct bg_op *op,
		const struct bg_trigger *trigger, const char *code,
		const char *identity, struct bg_error *err) BG_MUST_CHECK;
/* Revoke and check through the provider; writes check.  first: run revoke before
 * check. */
enum bg_take {
	BG_TAKE_SILENT,  /* write nothing: the order is not on record */
	BG_TAKE_MACHINE, /* the installation signs, if its word counts */
	BG_TAKE_PERSON,  /* else the person does, who may revoke */
	BG_TAKE_HAND, /* the person, whatever the machine may: a check by somebody
		       * who did not use it */
};
struct bg_taken {
	bool ran;     /* the provider could be asked */
	bool written; /* check is on record */
	enum bg_access access;
	char how[200];
};
int bg_op_take_back(struct bg_taken *out, struct bg_op *op, bool first,
		    enum bg_take who, struct bg_error *err) BG_MUST_CHECK;
/* Newest counted rotate of the grant's identity that knows every exposure of
 * this grant; false: none. */
bool bg_op_rotated(struct bg_digest *rotate, struct bg_op *op);
/* Was a credential seen that nobody rotated since, so that no check can prove
 * it gone? */
bool bg_op_unrotated(struct bg_op *op);
/* An end order and everything that follows from it (end.c). data is stolen. */
struct bg_order {
	enum bg_event_type type; /* revoke deny expire; BG_EV_COUNT: none, it
				   * was ordered before: take back again */
	json_t *data;
	enum bg_hand hand;
	bool may_fall_back;  /* the installation signs when the person
				   * cannot (handback) */
	bool may_sign_check; /* the person may sign the check */
};
int bg_op_end(struct bg_ending *out, struct bg_op *op, struct bg_order *order,
	      struct bg_error *err) BG_MUST_CHECK;
/* Fill *out from the loaded grant. */
void bg_op_ending(struct bg_ending *out, struct bg_op *op);
/* Start the grant's own timer; says whether it runs. */
bool bg_timer_start(struct bg_op *op);

#endif
