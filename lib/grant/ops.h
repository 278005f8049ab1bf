/*
 * What people and machines do to a grant, one function each.  Every operation
 * writes and signs before it acts (opening) or acts even when it cannot write
 * (ending).  Nothing here prints; what a person should see is in the results.
 */
#ifndef BG_GRANT_OPS_H
#define BG_GRANT_OPS_H

#include "grant/grant.h"

struct bg_ops {
	struct bg_store *store;
	const char *key; /* --key, or NULL */
	int64_t now_ms;  /* 0: the clock */
	/* Progress for a person ("sign as alice", "written"); may be NULL. */
	void (*say)(void *arg, const char *what, const char *text);
	void *arg;
};

struct bg_activate_ask {
	const char *policy, *scope, *code,
		*trigger; /* scope, code: NULL default */
	const char *reason, *ticket, *beneficiary, *identity;
	int64_t duration; /* 0: the policy's default */
	bool solo, owing, drill, host_signed;
};
struct bg_shown { /* one line for the terminal (escaped there) */
	char label[24], text[400];
};
struct bg_opening {
	struct bg_digest root;
	char label[BG_LABEL_LEN + 1];
	char policy[64], scope[64];
	enum bg_state state;    /* open or waiting */
	int64_t expires_ms;     /* W; 0 while waiting */
	int64_t waits_until_ms; /* waiting: the request's own time-out */
	json_t *access;         /* {"paths":{..},"show":[..]}: never a secret */
	char because[300]; /* "DB-PRIMARY-DOWN: probe '..' failed, as .." */
	struct bg_names waits_for; /* approvers; names borrowed from trust */
	BG_VEC(struct bg_shown) show;
	BG_VEC(struct bg_duty) debts;
	bool timer; /* its own timer runs */
	struct bg_decision decision;
};
void bg_opening_release(struct bg_opening *o);
BG_AUTO_VALUE(opening, struct bg_opening, bg_opening_release)

/* Decide, probe, write activate, then (unless it waits) open: run the provider,
 * write grant, start the timer.  Refused: BG_EDENIED with *out->decision's
 * reasons, and a refuse event by a known key. BG_ENOENT for what does not exist
 * (nothing signed), BG_EUSAGE for usage reasons (nothing signed). BG_EWAIT: the
 * grant waits, *out complete. A provider that fails: BG_EFAIL, grant failed is
 * on record and nothing is open. */
int bg_activate(struct bg_opening *out, const struct bg_ops *ops,
		const struct bg_activate_ask *ask, struct bg_error *err)
	BG_MUST_CHECK;
/* Go on with one that waits: approvals are there, or solo (writes solo, naming
 * the skipped approvers). BG_EWAIT while still waiting. */
int bg_activate_continue(struct bg_opening *out, const struct bg_ops *ops,
			 const struct bg_digest *root, bool solo,
			 struct bg_error *err) BG_MUST_CHECK;
/* What a command inside the grant gets: {NAME: PATH, ..}, paths only (session.md
 * "Entry"); {} when the access has no files. */
int bg_access_env(json_t **out, struct bg_store *store,
		  const struct bg_digest *root, struct bg_error *err)
	BG_MUST_CHECK;
/* What `me` could open now, for the bare `activate`: runs nothing. */
struct bg_may_open {
	const char *policy, *scope, *title, *blocks; /* blocks: NULL or why */
	char line[200];
};
struct bg_may_open_list {
	struct bg_arena arena;
	BG_VEC(struct bg_may_open) list;
};
void bg_may_open_release(struct bg_may_open_list *l);
BG_AUTO_VALUE(may_open, struct bg_may_open_list, bg_may_open_release)
int bg_may_open(struct bg_may_open_list *out, struct bg_store *store,
		const struct bg_principal *me, struct bg_error *err)
	BG_MUST_CHECK;

int bg_approve(struct bg_event *out, const struct bg_ops *ops,
	       const struct bg_digest *root, const char *text,
	       struct bg_error *err) BG_MUST_CHECK;
int bg_extend(struct bg_event *out, int64_t *window_ms,
	      const struct bg_ops *ops, const struct bg_digest *root,
	      int64_t seconds /* 0 step, -1 max */, const char *reason,
	      struct bg_error *err) BG_MUST_CHECK;
int bg_note(struct bg_event *out, const struct bg_ops *ops,
	    const struct bg_digest *root, const char *text, bool answer,
	    struct bg_error *err) BG_MUST_CHECK;
int bg_attach(struct bg_event *out, const struct bg_ops *ops,
	      const struct bg_digest *root, const char *path, const char *name,
	      const char *text, struct bg_error *err) BG_MUST_CHECK;

enum bg_gone { BG_GONE, BG_NOT_PROVEN, BG_STILL_THERE, BG_WITHDRAWN };
struct bg_ending {
	struct bg_digest root;
	char label[BG_LABEL_LEN + 1];
	enum bg_gone gone;
	int64_t open_ms;     /* how long access was open */
	int64_t lag_ms;      /* end to proof, -1 none */
	char how[200];       /* what the check said */
	char ordered_by[33]; /* who ended it, */
	int64_t ordered_ms;  /* and when; 0: nobody yet */
	bool already;        /* it had an end before: nothing new was ordered */
	size_t collateral;   /* other grants of a shared identity ended */
	bool unwritten;      /* access was taken back; events are owed */
	bool unrotated;      /* only a rotation can prove it gone */
	BG_VEC(struct bg_duty) debts;
};
void bg_ending_release(struct bg_ending *e);
BG_AUTO_VALUE(ending, struct bg_ending, bg_ending_release)
enum bg_end_kind {
	BG_END_HANDBACK,
	BG_END_ORDERED,
	BG_END_DENY,
	BG_END_EXPIRE
};
/* End: revoke through the provider, check, and write it (order first when that
 * can be done; access is taken back even when nothing can be written). */
int bg_end(struct bg_ending *out, const struct bg_ops *ops,
	   const struct bg_digest *root, enum bg_end_kind kind,
	   const char *reason, struct bg_error *err) BG_MUST_CHECK;
/* Provider's revoke and check again for one that is ending; writes check. */
int bg_end_retry(struct bg_ending *out, const struct bg_ops *ops,
		 const struct bg_digest *root, struct bg_error *err)
	BG_MUST_CHECK;
/* The target or host is gone: a check with method attested (two people). */
int bg_end_attest(struct bg_ending *out, const struct bg_ops *ops,
		  const struct bg_digest *root, const char *reason,
		  struct bg_error *err) BG_MUST_CHECK;

struct bg_review_answers {
	const char *decision, *class_, *necessary, *limited, *reversed;
	const char *necessary_why, *limited_why, *reversed_why;
	const char *comment, *to;
	size_t n_actions;
	struct {
		const char *text, *owner;
		int64_t due_ms;
	} actions[16];
	int64_t opened_at_ms;
};
int bg_review(struct bg_event *out, const struct bg_ops *ops,
	      const struct bg_digest *root, const struct bg_review_answers *a,
	      struct bg_error *err) BG_MUST_CHECK;
/* duty: ticket told rotated gone claim action use; what: id, name, number. */
int bg_settle(struct bg_event *out, const struct bg_ops *ops,
	      const struct bg_digest *root, const char *duty, const char *what,
	      bool waive, const char *reason, struct bg_error *err)
	BG_MUST_CHECK;
int bg_rotate(struct bg_event *out, const struct bg_ops *ops,
	      const char *identity, const char *evidence,
	      const struct bg_str *secret /* NULL: by hand or by provider */,
	      bool now, struct bg_error *err) BG_MUST_CHECK;
struct bg_declare_ask {
	const char *policy, *scope, *code, *user, *reason, *evidence;
	int64_t since_ms, until_ms;
};
int bg_declare(struct bg_event *out, const struct bg_ops *ops,
	       const struct bg_declare_ask *ask, struct bg_error *err)
	BG_MUST_CHECK;
/* One refused attempt; equal ones within 10 minutes are counted, not repeated.
 * Never fails the caller: *recorded says whether it could be written. */
void bg_refuse(bool *recorded, const struct bg_ops *ops, const char *command,
	       const char *policy, const struct bg_digest *root,
	       const struct bg_reason *reasons, size_t n);

struct bg_sweep_result {
	size_t ended, retried, recovered, overdue, failed;
	BG_VEC(struct bg_shown) lines;
};
void bg_sweep_result_release(struct bg_sweep_result *r);
BG_AUTO_VALUE(sweep_result, struct bg_sweep_result, bg_sweep_result_release)
/* End what is over, retry failed ends, recover journals and sessions, report
 * what is overdue.  only: one grant (its own timer), NULL: all. */
int bg_sweep(struct bg_sweep_result *out, const struct bg_ops *ops,
	     const struct bg_digest *only, struct bg_error *err) BG_MUST_CHECK;

#endif
