/*
 * A policy against trust: who and what it names exists and fits, and the people
 * that it counts on can be reached.  Places are those of the policy's own file.
 */
#include <stdio.h>
#include <string.h>

#include "policy/channel.h"
#include "policy/controls.h"
#include "policy/identity.h"
#include "policy/policy_read.h"

struct check {
	struct bg_reader r;
	const struct bg_policy *p;
	const struct bg_trust *t;
};

static const struct bg_yaml *at(struct check *c, const char *section,
				const char *key)
{
	const struct bg_yaml *root = c->p->doc.root;
	const struct bg_yaml *map = bg_yaml_get(root, section);
	const struct bg_yaml *node = key ? bg_yaml_get(map, key) : NULL;
	return node ? node : map ? map : root;
}

static const struct bg_yaml *approve_at(struct check *c, const char *key)
{
	return bg_yaml_get(bg_yaml_get(bg_yaml_get(c->p->doc.root, "who"),
				       "approve"),
			   key);
}

/* --- roles -------------------------------------------------------------------------- */

static void check_roles(struct check *c, const struct bg_yaml *list,
			const struct bg_names *roles, bool judges)
{
	for (size_t i = 0; i < roles->n; i++) {
		const struct bg_yaml *where = bg_yaml_find(list, roles->v[i]);
		const struct bg_role *role = bg_trust_role(c->t, roles->v[i]);
		if (!role) {
			bg_read_error(&c->r, where, "unknown-role",
				      "trust has no role '%s'", roles->v[i]);
			continue;
		}
		for (size_t k = 0; judges && k < role->members.n; k++) {
			const struct bg_principal *who =
				bg_trust_principal(c->t, role->members.v[k]);
			if (who && who->kind != BG_PERSON)
				bg_read_error(
					&c->r, where, "not-a-person",
					"'%s' in role '%s' is a %s: only "
					"persons approve and review",
					who->name, role->name,
					bg_principal_kind_text(who->kind));
		}
	}
}

/* --- who can be reached ----------------------------------------------------------------- */

struct humans {
	size_t n;
	const char **v;
};

static bool humans_have(const struct humans *h, const char *human)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->v[i], human) == 0)
			return true;
	return false;
}

/* People in office in any of the roles, each once. */
static struct humans humans_of(struct check *c, const struct bg_names *roles,
			       bool persons)
{
	struct humans h = { 0 };
	h.v = bg_arena_array(c->r.arena, c->t->n_principals + 1, sizeof(*h.v));
	for (size_t i = 0; h.v && i < c->t->n_principals; i++) {
		const struct bg_principal *who = &c->t->principals[i];
		bool in = false;
		for (size_t k = 0; k < roles->n && !in; k++)
			in = bg_trust_has_role(c->t, who->name, roles->v[k]);
		/* A host signs for people, it never asks. */
		if (who->kind == BG_HOST || (persons && who->kind != BG_PERSON))
			continue;
		if (in && !bg_trust_is_retired(c->t, who->name) &&
		    !humans_have(&h, who->human))
			h.v[h.n++] = who->human;
	}
	return h;
}

static size_t without(const struct humans *h, const char *human)
{
	return h->n - humans_have(h, human);
}

/* Those of both, without one. */
static size_t either(const struct humans *a, const struct humans *b,
		     const char *human)
{
	size_t n = without(a, human);
	for (size_t i = 0; i < b->n; i++)
		n += !humans_have(a, b->v[i]) && strcmp(b->v[i], human) != 0;
	return n;
}

/* One fault for a lack that everybody, or only some of the activators, meet. */
static void report_lack(struct check *c, const struct bg_yaml *where,
			const char *id, const char *what, size_t n, size_t all,
			const char *who)
{
	if (n == 0)
		return;
	if (n == all)
		bg_read_error(&c->r, where, id,
			      "nobody else than the activator is left to %s",
			      what);
	else
		bg_read_warning(&c->r, where, id,
				"when '%s' activates, nobody is left to %s",
				who, what);
}

/* An approver is not the activator, a reviewer is neither. */
static void check_reach(struct check *c)
{
	const struct bg_policy *p = c->p;
	struct humans act = humans_of(c, &p->activate, false);
	struct humans approve = humans_of(c, &p->approve.roles, true);
	struct humans review = humans_of(c, &p->review_roles, true);
	size_t need = p->approve.when == BG_NONE ? 0 : p->approve.count;
	size_t no_approval = 0, no_review = 0;
	const char *who_approval = "", *who_review = "";
	if (!act.v || !approve.v || !review.v)
		return;
	if (act.n == 0)
		bg_read_error(&c->r, at(c, "who", "activate"), "nobody-opens",
			      "nobody may activate this policy");
	for (size_t i = 0; i < act.n; i++) {
		const char *human = act.v[i];
		if (without(&approve, human) < need) {
			no_approval++;
			who_approval = human;
		}
		if (without(&review, human) < p->review_count ||
		    either(&approve, &review, human) < need + p->review_count) {
			no_review++;
			who_review = human;
		}
	}
	report_lack(c, approve_at(c, "roles"), "quorum-unreachable", "approve",
		    no_approval, act.n, who_approval);
	report_lack(c, at(c, "review", "roles"), "review-unreachable", "review",
		    no_review, act.n, who_review);
}

/* --- identities ----------------------------------------------------------------------------- */

static int load_identity(struct check *c, const char *name,
			 const struct bg_yaml *where, struct bg_identity **out,
			 struct bg_error *err)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	char path[64];
	snprintf(path, sizeof(path), "identities/%s.yaml", name);
	const struct bg_trust_file *file = bg_trust_file(c->t, path);
	if (!file) {
		bg_read_error(&c->r, where, "unknown-identity",
			      "trust has no file '%s'", path);
		return 0;
	}
	int rc = bg_identity_load(out, &faults, path, file->text, file->n, err);
	if (rc == 0 && bg_faults_have_errors(&faults)) {
		bg_read_error(&c->r, where, "bad-identity",
			      "'%s' has errors: lint it", path);
		bg_identity_free(*out);
		*out = NULL;
	} else if (rc == 0 && !bg_str_eq((*out)->name, name)) {
		bg_read_error(&c->r, where, "bad-identity",
			      "'%s' is named '%s' inside", path, (*out)->name);
	}
	return rc;
}

static void check_custody(struct check *c, const struct bg_yaml *where,
			  const struct bg_identity *id)
{
	const struct bg_policy *p = c->p;
	if (!id->escrow.present)
		return;
	if (!p->rotate_within)
		bg_read_warning(&c->r, where, "never-rotated",
				"the credential of '%s' is shown and no "
				"rotation is owed (rotate)",
				id->name);
	if (p->approve.when == BG_BEFORE && p->approve.solo != BG_SOLO_DENIED &&
	    !id->escrow.solo_to)
		bg_read_error(&c->r, approve_at(c, "solo"), "solo-no-envelope",
			      "'%s' has no envelope (solo_to) that one person "
			      "can open",
			      id->name);
	if (id->escrow.solo_to && !bg_trust_role(c->t, id->escrow.solo_to))
		bg_read_error(&c->r, where, "unknown-role",
			      "trust has no role '%s' (solo_to of '%s')",
			      id->escrow.solo_to, id->name);
	for (size_t i = 0; i < id->escrow.custodians.n; i++)
		if (!bg_trust_principal(c->t, id->escrow.custodians.v[i]))
			bg_read_error(&c->r, where, "unknown-principal",
				      "no principal '%s' (custodian of '%s')",
				      id->escrow.custodians.v[i], id->name);
}

/* To give access one needs standing credentials: whose account holds them? */
static void check_standing(struct check *c, const struct bg_yaml *where,
			   const struct bg_scope *s,
			   const struct bg_identity *id)
{
	for (size_t i = 0; i < s->n_grant; i++) {
		const char *name = s->grant[i].name;
		bool escrow = strcmp(name, "escrow") == 0;
		if (escrow && !id->escrow.present)
			bg_read_error(&c->r, where, "not-escrowed",
				      "identity '%s' has no escrow", id->name);
		if (id->at || escrow || strcmp(name, "command") == 0)
			continue;
		bg_read_warning(&c->r, where, "standing-credential",
				"'%s' has no 'at': whoever activates can read "
				"what %s needs",
				id->name, name);
		return;
	}
}

static int check_scope(struct check *c, const struct bg_yaml *map,
		       const struct bg_scope *s, struct bg_error *err)
{
	BG_AUTO(identity) struct bg_identity *id = NULL;
	const struct bg_yaml *where = bg_yaml_get(map, "identity");
	int rc = load_identity(c, s->identity, where, &id, err);
	if (rc || !id)
		return rc;
	if (id->owner && !bg_trust_principal(c->t, id->owner))
		bg_read_error(&c->r, where, "unknown-principal",
			      "no principal '%s' (owner of '%s')", id->owner,
			      id->name);
	if (id->users.n && !bg_names_have(&id->users, c->p->name))
		bg_read_error(&c->r, where, "identity-users",
			      "identity '%s' is not for policy '%s'", id->name,
			      c->p->name);
	if (id->retired_ms != INT64_MAX)
		bg_read_warning(&c->r, where, "identity-retired",
				"identity '%s' has a day of retirement",
				id->name);
	check_custody(c, where, id);
	check_standing(c, where, s, id);
	return 0;
}

/* --- channels, controls, third parties ---------------------------------------------------------- */

static void check_channel(struct check *c, const struct bg_channels *channels,
			  const struct bg_yaml *where, const char *name,
			  bool ticket)
{
	const struct bg_channel *ch =
		channels ? bg_channels_find(channels, name) : NULL;
	if (!ch)
		bg_read_error(&c->r, where, "unknown-channel",
			      "channels.yaml has no channel '%s'", name);
	else if (ticket ? !bg_channel_kind_opens_tickets(ch->kind)
			: !bg_channel_kind_tells(ch->kind))
		bg_read_error(&c->r, where, "wrong-kind",
			      "channel '%s' is of kind %s, which %s", name,
			      bg_channel_kind_text(ch->kind),
			      ticket ? "opens no tickets" : "tells nobody");
}

static int check_channels(struct check *c, struct bg_error *err)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(channels) struct bg_channels *channels = NULL;
	const struct bg_policy *p = c->p;
	const struct bg_trust_file *file = bg_trust_file(c->t, "channels.yaml");
	int rc = file ? bg_channels_load(&channels, &faults, file->path,
					 file->text, file->n, err)
		      : 0;
	if (rc)
		return rc;
	for (size_t i = 0; i < p->notify.n; i++)
		check_channel(c, channels,
			      bg_yaml_find(at(c, "notify", NULL),
					   p->notify.v[i]),
			      p->notify.v[i], false);
	if (p->ticket)
		check_channel(c, channels, at(c, "ticket", NULL), p->ticket,
			      true);
	return 0;
}

static int check_controls(struct check *c, struct bg_error *err)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(controls) struct bg_controls *controls = NULL;
	const struct bg_trust_file *file = bg_trust_file(c->t, "controls.yaml");
	int rc = bg_controls_load(&controls, &faults, "controls.yaml",
				  file ? file->text : NULL, file ? file->n : 0,
				  err);
	if (rc)
		return rc;
	for (size_t i = 0; i < c->p->controls.n; i++) {
		const char *name = c->p->controls.v[i];
		if (!bg_controls_know(controls, name))
			bg_read_error(&c->r,
				      bg_yaml_find(at(c, "controls", NULL),
						   name),
				      "unknown-framework",
				      "no controls of '%s' are known: add them "
				      "to controls.yaml",
				      name);
	}
	return 0;
}

static void check_vendors(struct check *c)
{
	const struct bg_policy *p = c->p;
	for (size_t i = 0; i < c->t->n_principals; i++) {
		const struct bg_principal *who = &c->t->principals[i];
		bool in = false;
		for (size_t k = 0; k < p->activate.n && !in; k++)
			in = bg_trust_has_role(c->t, who->name,
					       p->activate.v[k]);
		if (!in || who->kind != BG_VENDOR)
			continue;
		if (p->sponsor_required && !who->sponsor)
			bg_read_warning(&c->r, at(c, "who", "activate"),
					"vendor-sponsor",
					"vendor '%s' has no sponsor",
					who->name);
		if (p->contract_required && !who->contract)
			bg_read_warning(&c->r, at(c, "who", "activate"),
					"vendor-contract",
					"vendor '%s' has no contract",
					who->name);
		if (!p->sponsor_required && !p->contract_required)
			bg_read_warning(&c->r, at(c, "who", "activate"),
					"vendor-informal",
					"vendor '%s' may activate and neither "
					"sponsor nor contract is required",
					who->name);
	}
}

static void check_owner(struct check *c)
{
	const struct bg_principal *who = bg_trust_principal(c->t, c->p->owner);
	if (!who)
		bg_read_error(&c->r, at(c, "owner", NULL), "unknown-principal",
			      "no principal '%s'", c->p->owner);
	else if (who->kind != BG_PERSON)
		bg_read_error(&c->r, at(c, "owner", NULL), "not-a-person",
			      "'%s' is a %s: a policy is owned by a person",
			      who->name, bg_principal_kind_text(who->kind));
	else if (bg_trust_is_retired(c->t, who->name))
		bg_read_error(&c->r, at(c, "owner", NULL), "is-retired",
			      "'%s' is retired", who->name);
}

static void check_people(struct check *c)
{
	const struct bg_policy *p = c->p;
	check_owner(c);
	check_roles(c, at(c, "who", "activate"), &p->activate, false);
	check_roles(c, at(c, "who", "revoke"), &p->revoke, false);
	check_roles(c, approve_at(c, "roles"), &p->approve.roles, true);
	check_roles(c, at(c, "review", "roles"), &p->review_roles, true);
	check_roles(c, at(c, "session", "readable_by"), &p->readable_by, false);
	check_reach(c);
	check_vendors(c);
	const struct bg_role *hosts = bg_trust_role(c->t, "host-signer");
	if (p->host_signed && (!hosts || !hosts->members.n))
		bg_read_warning(&c->r, at(c, "host_signed", NULL),
				"nobody-signs",
				"host_signed is allowed and no host is "
				"host-signer");
}

int bg_policy_check(const struct bg_policy *p, const struct bg_trust *trust,
		    struct bg_faults *faults, struct bg_error *err)
{
	BG_AUTO(arena) struct bg_arena arena = BG_ARENA_INIT;
	struct bg_yaml_doc doc = p->doc;
	struct check c = { .r = { &doc, &arena }, .p = p, .t = trust };
	int rc = 0;
	/* A policy with errors has no tree to compare. */
	if (!p->doc.root || !p->name || !p->owner)
		return 0;
	doc.faults = faults;
	check_people(&c);
	const struct bg_yaml *scopes = bg_yaml_get(p->doc.root, "scopes");
	for (size_t i = 0; rc == 0 && i < p->n_scopes; i++)
		rc = check_scope(&c, scopes->items[i], &p->scopes[i], err);
	if (rc == 0)
		rc = check_channels(&c, err);
	if (rc == 0)
		rc = check_controls(&c, err);
	if (rc == 0)
		rc = bg_arena_check(&arena, err);
	return rc ? rc : bg_arena_check(&faults->arena, err);
}
