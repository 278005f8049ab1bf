/*
 * Who may sign what: the event table of lifecycle.md, one function a row.  A row
 * answers with the id of a finding and a reason, or with nothing.  Membership of
 * roles is read in the version that the event names; the roles themselves are
 * those of the pinned policy (T6).
 */
#include "grant/judge.h"

#include <stdio.h>
#include <string.h>

struct refusal {
	const char *id, *why;
};
static const struct refusal fine = { NULL, NULL };

static struct refusal no(const char *id, const char *why)
{
	return (struct refusal){ id, why };
}
static struct refusal no_role(void)
{
	return no("role-not-held", "has no role that may");
}
static struct refusal no_user(void)
{
	return no("not-distinct", "used this access");
}

/* --- who is it ------------------------------------------------------------- */

static bool is_person(const struct bg_judged *v)
{
	return v->who && v->who->kind == BG_PERSON;
}

static bool is_outsider(const struct bg_judged *v)
{
	return v->who &&
	       (v->who->kind == BG_VENDOR || v->who->kind == BG_AI_AGENT);
}

static bool is_named(const struct bg_judged *v, const char *name)
{
	return name && bg_str_eq(v->e->by, name);
}

static bool owns_policy(const struct bg_judge *j, const struct bg_judged *v)
{
	return j->g->policy && is_named(v, j->g->policy->owner);
}

static bool owns_identity(const struct bg_judge *j, const struct bg_judged *v)
{
	return j->g->identity && is_named(v, j->g->identity->owner);
}

/* A machine that trust lists for this: its own key, or one that a machine's own
 * principal introduced.  A person's installation never is, whatever roles the
 * person has: its key is a file without a passphrase. */
static bool is_machine(const struct bg_judged *v, const char *role)
{
	return bg_has_role(v, role) &&
	       (!v->installation || (!is_person(v) && !is_outsider(v)));
}

static bool is_sweeper(const struct bg_judged *v)
{
	return is_machine(v, "sweeper");
}

/* The runner that opened this grant. */
static bool is_runner(const struct bg_judge *j, const struct bg_judged *v)
{
	const char *opener = bg_data(&j->ev[j->root], "opener");

	if (!is_machine(v, "runner"))
		return false;
	return bg_str_eq(opener, v->e->writer) ||
	       (j->opener && is_named(v, j->opener->principal));
}

/* The installation that the root names as opener (or that declared it). */
static bool is_opener(const struct bg_judge *j, const struct bg_judged *v)
{
	const char *opener = bg_data(&j->ev[j->root], "opener");

	if (!v->installation)
		return false;
	if (j->g->declared)
		return is_named(v, j->g->by);
	return bg_str_eq(opener, v->e->writer) &&
	       (is_named(v, j->g->by) || v->user);
}

/* A fact by somebody who may not state it. */
static struct refusal no_fact(const struct bg_judged *v)
{
	if (v->installation || bg_has_role(v, "runner"))
		return no("foreign-fact", "speaks about another's grant");
	return no_role();
}

static const struct bg_names *roles(const struct bg_judge *j, char which)
{
	static const struct bg_names none = { 0, NULL };
	const struct bg_policy *p = j->g->policy;

	if (!p)
		return &none;
	switch (which) {
	case 'a':
		return &p->activate;
	case 'r':
		return &p->revoke;
	case 'v':
		return &p->review_roles;
	default:
		return &p->approve.roles;
	}
}

/* --- asks -------------------------------------------------------------------- */

static struct refusal row_host_signed(const struct bg_judge *j,
				      const struct bg_judged *v)
{
	struct bg_judged named = *v;

	if (!bg_has_role(v, "host-signer"))
		return no("role-not-held", "is no host-signer");
	if (!j->g->policy || !j->g->policy->host_signed)
		return no("host-signed-denied",
			  "may not sign for a person here");
	if (bg_json_bool(v->e->data, "solo") || bg_data(v, "beneficiary"))
		return no("host-signed-denied",
			  "may not go alone or for another");
	named.who = bg_trust_principal(v->trust, v->e->for_);
	return bg_has_any_role(&named, roles(j, 'a'))
		       ? fine
		       : no("role-not-held", "signs for somebody who may not");
}

static bool policy_suspended(const struct bg_judge *j,
			     const struct bg_judged *v)
{
	for (size_t i = 0; j->g->policy && i < v->trust->n_suspended; i++)
		if (bg_str_eq(v->trust->suspended[i].name, j->g->policy->name))
			return true;
	return false;
}

static struct refusal row_activate(const struct bg_judge *j,
				   const struct bg_judged *v)
{
	if (policy_suspended(j, v))
		return no("suspended", "opens under a suspended policy");
	if (v->e->for_)
		return row_host_signed(j, v);
	if (is_outsider(v) && j->opener && j->opener->installation)
		return no("role-not-held", "opens only through a runner");
	return bg_has_any_role(v, roles(j, 'a')) ? fine : no_role();
}

static struct refusal row_declare(const struct bg_judge *j,
				  const struct bg_judged *v)
{
	if (bg_has_any_role(v, roles(j, 'a')) ||
	    bg_has_any_role(v, roles(j, 'p')) ||
	    bg_has_any_role(v, roles(j, 'r')) ||
	    bg_has_any_role(v, roles(j, 'v')) || owns_policy(j, v) ||
	    bg_has_role(v, "security"))
		return fine;
	return no_role();
}

static struct refusal row_solo(const struct bg_judge *j,
			       const struct bg_judged *v)
{
	const struct bg_policy *p = j->g->policy;
	int64_t since;

	if (!is_named(v, j->g->by))
		return no("role-not-held", "did not activate it");
	if (p && p->approve.solo == BG_SOLO_AFTER &&
	    (!bg_data_time(&since, v, "since") ||
	     v->e->at_ms < bg_ms_add(since, bg_ms_of(p->approve.solo_after))))
		return no("event-not-allowed", "went alone too early");
	return fine;
}

static struct refusal row_approve(const struct bg_judge *j,
				  const struct bg_judged *v)
{
	if (v->user)
		return no_user();
	return is_person(v) && bg_has_any_role(v, roles(j, 'p')) ? fine
								 : no_role();
}

static struct refusal row_deny(const struct bg_judge *j,
			       const struct bg_judged *v)
{
	if (v->user)
		return no_user();
	return bg_has_any_role(v, roles(j, 'p')) ||
			       bg_has_any_role(v, roles(j, 'r'))
		       ? fine
		       : no_role();
}

static struct refusal row_extend(const struct bg_judge *j,
				 const struct bg_judged *v)
{
	if (!is_named(v, j->g->by) && !is_named(v, j->g->beneficiary) &&
	    !is_named(v, j->g->activate->for_))
		return no("role-not-held", "did not activate it");
	return bg_has_any_role(v, roles(j, 'a')) ? fine : no_role();
}

/* The policy of that name in force now: for ends, the union of both counts. */
static bool current_revoke(const struct bg_judge *j, const struct bg_judged *v)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(policy) struct bg_policy *now = NULL;
	const struct bg_trust_file *f;
	struct bg_error err;
	char path[160];

	if (!j->g->policy || !j->env->newest)
		return false;
	snprintf(path, sizeof(path), "policies/%s.yaml", j->g->policy->name);
	f = bg_trust_file(j->env->newest, path);
	if (!f || bg_digest_eq(&f->digest, &j->g->policy->digest) ||
	    bg_policy_load(&now, &faults, f->path, f->text, f->n, &err) ||
	    bg_faults_have_errors(&faults))
		return false;
	return bg_has_any_role(v, &now->revoke) || is_named(v, now->owner);
}

bool bg_may_revoke(const struct bg_judge *j, const struct bg_judged *v)
{
	return v->user || owns_policy(j, v) || bg_has_role(v, "root") ||
	       bg_has_any_role(v, roles(j, 'p')) ||
	       bg_has_any_role(v, roles(j, 'r')) || current_revoke(j, v);
}

static struct refusal row_revoke(const struct bg_judge *j,
				 const struct bg_judged *v)
{
	bool handback = bg_data_is(v, "kind", "handback");
	bool collateral = bg_data_is(v, "kind", "collateral");

	if (!v->installation)
		return bg_may_revoke(j, v) || is_sweeper(v) || is_runner(j, v)
			       ? fine
			       : no_role();
	if (is_opener(j, v) || (handback && v->user) || is_sweeper(v) ||
	    is_runner(j, v))
		return fine;
	/* A shared credential that goes takes every grant of it along. */
	if (collateral &&
	    (bg_has_any_role(v, roles(j, 'a')) || bg_may_revoke(j, v)))
		return fine;
	return no_fact(v);
}

static struct refusal row_expire(const struct bg_judge *j,
				 const struct bg_judged *v)
{
	if (is_runner(j, v) || is_sweeper(v) || (v->installation && v->user))
		return fine;
	return no_fact(v);
}

static bool root_reviews(const struct bg_judge *j, const struct bg_judged *v)
{
	const struct bg_names *r = roles(j, 'v');

	if (!bg_has_role(v, "root"))
		return false;
	for (size_t i = 0; i < r->n; i++) {
		const struct bg_role *role = bg_trust_role(v->trust, r->v[i]);

		for (size_t k = 0; role && k < role->members.n; k++) {
			const char *name = role->members.v[k];

			if (!bg_grant_is_user(j->g,
					      bg_trust_human(v->trust, name)))
				return false;
		}
	}
	return true;
}

static struct refusal row_review(const struct bg_judge *j,
				 const struct bg_judged *v)
{
	if (v->user)
		return no_user();
	return bg_has_any_role(v, roles(j, 'v')) || root_reviews(j, v)
		       ? fine
		       : no_role();
}

/* --- facts --------------------------------------------------------------------- */

static struct refusal row_grant(const struct bg_judge *j,
				const struct bg_judged *v)
{
	if (is_runner(j, v))
		return fine;
	if (j->opener && !j->opener->installation &&
	    !is_named(v, j->opener->principal))
		return no_fact(v);
	if (is_opener(j, v) || (!v->installation && is_named(v, j->g->by)))
		return fine;
	return no_fact(v);
}

static struct refusal row_check(const struct bg_judge *j,
				const struct bg_judged *v)
{
	if (is_runner(j, v) || is_sweeper(v) || is_opener(j, v))
		return fine;
	if (!v->installation && bg_may_revoke(j, v))
		return fine;
	return no_fact(v);
}

static struct refusal row_session(const struct bg_judge *j,
				  const struct bg_judged *v)
{
	const char *session = bg_data(v, "session");

	if (v->e->type == BG_EV_SESSION_END &&
	    bg_json_bool(v->e->data, "recovered") && is_sweeper(v))
		return fine;
	if (!v->user && !is_runner(j, v) && !is_opener(j, v))
		return no_fact(v);
	if (v->e->type == BG_EV_SESSION_START ||
	    bg_json_bool(v->e->data, "recovered"))
		return fine;
	for (size_t i = 0; i < j->n; i++)
		if (j->ev[i].e->type == BG_EV_SESSION_START &&
		    bg_counts(&j->ev[i]) &&
		    bg_str_eq(bg_data(&j->ev[i], "session"), session) &&
		    !bg_str_eq(j->ev[i].e->writer, v->e->writer))
			return no("foreign-fact",
				  "goes on with another log's session");
	return fine;
}

/* A part in the grant: who did something in it that counts. */
static bool has_part(const struct bg_judge *j, const struct bg_judged *v)
{
	for (size_t i = 0; i < j->n; i++) {
		enum bg_event_type t = j->ev[i].e->type;

		if (t != BG_EV_NOTE && t != BG_EV_ATTACH && t != BG_EV_REFUSE &&
		    bg_counts(&j->ev[i]) &&
		    bg_str_eq(j->ev[i].human, v->human) &&
		    bg_judge_knows(j, (size_t)(v - j->ev), i))
			return true;
	}
	return false;
}

static struct refusal row_note(const struct bg_judge *j,
			       const struct bg_judged *v)
{
	if (bg_may_revoke(j, v) || bg_has_any_role(v, roles(j, 'v')) ||
	    owns_identity(j, v) || bg_has_role(v, "security") ||
	    bg_has_role(v, "auditor") || bg_has_role(v, "admin") ||
	    has_part(j, v))
		return fine;
	return no_role();
}

static struct refusal row_notify(const struct bg_judge *j,
				 const struct bg_judged *v)
{
	if (v->user || is_sweeper(v) || is_runner(j, v) || is_opener(j, v))
		return fine;
	if (!v->installation && (owns_policy(j, v) || owns_identity(j, v) ||
				 bg_has_role(v, "admin")))
		return fine;
	return no_fact(v);
}

static struct refusal row_share(const struct bg_judge *j,
				const struct bg_judged *v)
{
	if (v->user)
		return no_user();
	if (!j->g->identity ||
	    !bg_names_have(&j->g->identity->escrow.custodians, v->e->by))
		return no("role-not-held", "is no custodian");
	return fine;
}

static struct refusal row_redact(const struct bg_judge *j,
				 const struct bg_judged *v)
{
	(void)j;
	if (bg_data_is(v, "kind", "retention"))
		return is_sweeper(v) ? fine : no_role();
	if (v->user)
		return no_user();
	return !v->installation && bg_has_role(v, "redactor") ? fine
							      : no_role();
}

static struct refusal row_drill(const struct bg_judge *j,
				const struct bg_judged *v)
{
	if (is_runner(j, v) || is_opener(j, v) || is_named(v, j->g->by))
		return fine;
	return no_fact(v);
}

static struct refusal row_rotate(const struct bg_judge *j,
				 const struct bg_judged *v)
{
	const char *owner = j->g->identity ? j->g->identity->owner : NULL;

	if (bg_may_rotate(v->e, v->trust, v->writer, owner, &j->g->users))
		return fine;
	return v->user ? no_user() : no_role();
}

/* --- settle ----------------------------------------------------------------------- */

/* "ticket" of "ticket INC-1". */
static bool duty_is(const struct bg_judged *v, const char *what)
{
	const char *duty = bg_data(v, "duty");
	size_t n = strlen(what);

	return duty && strncmp(duty, what, n) == 0 &&
	       (duty[n] == 0 || duty[n] == ' ');
}

static bool owes_action(const struct bg_judge *j, const struct bg_judged *v)
{
	for (size_t i = 0; i < j->n; i++) {
		const json_t *list =
			json_object_get(j->ev[i].e->data, "corrective");

		if (j->ev[i].e->type != BG_EV_REVIEW || !bg_counts(&j->ev[i]))
			continue;
		for (size_t k = 0; k < json_array_size(list); k++)
			if (is_named(v, bg_json_text(json_array_get(list, k),
						     "owner")))
				return true;
	}
	return false;
}

static struct refusal row_waive(const struct bg_judge *j,
				const struct bg_judged *v)
{
	if (duty_is(v, "review") || duty_is(v, "check") || duty_is(v, "end"))
		return no("event-not-allowed", "waives what nobody may");
	if (v->user)
		return no_user();
	if (duty_is(v, "misuse"))
		return bg_has_role(v, "admin") ? fine : no_role();
	return owns_policy(j, v) || bg_has_role(v, "root") ? fine : no_role();
}

static struct refusal row_settle(const struct bg_judge *j,
				 const struct bg_judged *v)
{
	if (bg_data_is(v, "kind", "waived"))
		return row_waive(j, v);
	if (duty_is(v, "claim"))
		return is_named(v, j->g->activate->for_) ? fine : no_role();
	if (duty_is(v, "action"))
		return owes_action(j, v) || owns_policy(j, v) ? fine
							      : no_role();
	if (duty_is(v, "ticket") || duty_is(v, "use"))
		return v->user || owns_policy(j, v) ? fine : no_role();
	if (!duty_is(v, "told") && !duty_is(v, "rotated") &&
	    !duty_is(v, "rotate"))
		return no("event-not-allowed", "settles what only events do");
	if (v->user)
		return no_user();
	return owns_policy(j, v) || owns_identity(j, v) ||
			       bg_has_role(v, "admin")
		       ? fine
		       : no_role();
}

/* --- all rows ------------------------------------------------------------------------ */

static struct refusal row_any(const struct bg_judge *j,
			      const struct bg_judged *v)
{
	(void)j;
	(void)v;
	return fine;
}

/* machine: may be on an introduced installation's log; outsider: a vendor or an
 * agent may sign it; end: never refused to the suspended, nor after a contract. */
static const struct row {
	enum bg_event_type type;
	bool machine, outsider, end;
	struct refusal (*may)(const struct bg_judge *,
			      const struct bg_judged *);
} rows[] = {
	{ BG_EV_ACTIVATE, false, true, false, row_activate },
	{ BG_EV_DECLARE, false, false, false, row_declare },
	{ BG_EV_REFUSE, true, true, false, row_any },
	{ BG_EV_SOLO, false, false, false, row_solo },
	{ BG_EV_APPROVE, false, false, false, row_approve },
	{ BG_EV_DENY, false, false, true, row_deny },
	{ BG_EV_GRANT, true, false, false, row_grant },
	{ BG_EV_EXTEND, false, true, false, row_extend },
	{ BG_EV_REVOKE, true, true, true, row_revoke },
	{ BG_EV_EXPIRE, true, false, true, row_expire },
	{ BG_EV_CHECK, true, false, true, row_check },
	{ BG_EV_SESSION_START, true, true, false, row_session },
	{ BG_EV_SESSION_MARK, true, true, false, row_session },
	{ BG_EV_SESSION_END, true, true, false, row_session },
	{ BG_EV_NOTE, false, true, false, row_note },
	{ BG_EV_ATTACH, false, true, false, row_note },
	{ BG_EV_NOTIFY, true, false, false, row_notify },
	{ BG_EV_TICKET, true, false, false, row_notify },
	{ BG_EV_REVIEW, false, false, false, row_review },
	{ BG_EV_ROTATE, true, false, false, row_rotate },
	{ BG_EV_SHARE, false, false, false, row_share },
	{ BG_EV_REDACT, true, false, false, row_redact },
	{ BG_EV_DRILL, true, false, false, row_drill },
	{ BG_EV_SETTLE, false, false, false, row_settle },
};

static const struct row *row_of(enum bg_event_type t)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].type == t)
			return &rows[i];
	return NULL;
}

static struct refusal judge_row(const struct bg_judge *j,
				const struct bg_judged *v)
{
	const struct row *row = row_of(v->e->type);
	bool ask = bg_event_type_class(v->e->type) == 'A';

	if (!row)
		return no("bad-answers", "is no event of a grant");
	if (!v->who)
		return no("role-not-held", "is not listed in trust");
	if (v->installation && !row->machine)
		return no("role-not-held",
			  "is an installation: its owner must sign that");
	if (is_outsider(v) && (!row->outsider || v->installation))
		return no("role-not-held", "is no member of the organisation");
	if (ask && !row->end && v->who->suspended)
		return no("suspended", "is suspended");
	if (ask && !row->end && v->e->at_ms > v->who->until_ms)
		return no("contract-ended", "acts after the last day");
	if (v->e->for_ && v->e->type != BG_EV_ACTIVATE)
		return no("host-signed-denied", "signs for a person");
	return row->may(j, v);
}

static void judge_label(struct bg_judge *j, struct bg_judged *v)
{
	const struct bg_event *root = j->g->activate;
	char label[BG_LABEL_LEN + 1];

	if (v->e == root) {
		bg_event_label(label, root->writer, root->seq, root->at_ms);
		if (!bg_str_eq(label, root->grant))
			bg_judge_wrong(j, v, "bad-envelope",
				       "the label is not the one that follows "
				       "from log, seq and time");
		return;
	}
	if (!v->e->n_answers || !bg_digest_eq(&v->e->answers[0], &j->g->root) ||
	    (v->e->grant && !bg_str_eq(v->e->grant, root->grant)))
		bg_judge_wrong(j, v, "bad-answers",
			       "it does not answer the grant that it names");
}

void bg_judge_signers(struct bg_judge *j)
{
	for (size_t i = 0; i < j->n; i++) {
		/* What an event knows comes before it. */
		struct bg_judged *v = &j->ev[j->bits.order[i]];
		struct refusal r;

		if (!bg_counts(v))
			continue;
		judge_label(j, v);
		if (v->e->wrong)
			continue;
		r = judge_row(j, v);
		if (r.id)
			bg_judge_wrong(j, v, r.id, "%s: %s %s",
				       bg_event_type_text(v->e->type), v->e->by,
				       r.why);
	}
}

bool bg_may_rotate(const struct bg_event *e, const struct bg_trust *t,
		   const struct bg_writer *w, const char *owner,
		   const struct bg_names *users)
{
	struct bg_judged v = { .e = (struct bg_event *)(uintptr_t)e,
			       .trust = t,
			       .writer = w };

	v.who = t ? bg_trust_principal(t, e->by) : NULL;
	v.installation = w && w->installation && !w->listed;
	if (!v.who || is_outsider(&v))
		return false;
	if (bg_data_is(&v, "method", "provider") &&
	    (is_machine(&v, "sweeper") || is_machine(&v, "runner")))
		return true;
	if (v.installation || (users && bg_names_have(users, v.who->human)))
		return false;
	return is_named(&v, owner) || bg_has_role(&v, "rotator");
}
