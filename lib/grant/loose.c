/* Events without a grant: writer refuse rotate reconcile redact. */
#include "grant/judge.h"

#include <stdio.h>
#include <string.h>

/* The owner of an identity in a trust version; *owned keeps it alive. */
static int owner_of(const char **owner, struct bg_identity **owned,
		    const struct bg_trust *t, const char *identity,
		    struct bg_error *err)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	const struct bg_trust_file *f;
	char path[160];
	int rc;

	*owner = NULL;
	snprintf(path, sizeof(path), "identities/%s.yaml",
		 identity ? identity : "");
	f = bg_trust_file(t, path);
	if (!f)
		return 0;
	rc = bg_identity_load(owned, &faults, f->path, f->text, f->n, err);
	if (rc)
		return rc;
	if (!bg_faults_have_errors(&faults))
		*owner = (*owned)->owner;
	return 0;
}

static bool is_machine(const struct bg_judged *v)
{
	return v->installation;
}

/* May its signer write this loose event at all?  Distinctness of a rotation by
 * hand depends on the grant and is judged there. */
static int may(bool *yes, const struct bg_judged *v, struct bg_error *err)
{
	BG_AUTO(identity) struct bg_identity *identity = NULL;
	const char *owner;
	int rc;

	*yes = true;
	switch (v->e->type) {
	case BG_EV_RECONCILE:
		*yes = !is_machine(v) && (bg_has_role(v, "auditor") ||
					  bg_has_role(v, "security"));
		return 0;
	case BG_EV_REDACT:
		*yes = !is_machine(v) &&
		       bg_has_role(v, bg_data_is(v, "kind", "retention")
					      ? "sweeper"
					      : "redactor");
		return 0;
	case BG_EV_ROTATE:
		rc = owner_of(&owner, &identity, v->trust,
			      bg_data(v, "identity"), err);
		if (!rc)
			*yes = bg_may_rotate(v->e, v->trust, v->writer, owner,
					     NULL);
		return rc;
	default:
		return 0;
	}
}

static int say(struct bg_findings *f, const struct bg_event *e, const char *id,
	       const char *why, struct bg_error *err)
{
	return bg_finding_add(f, id, NULL, e, "%s by %s: %s",
			      bg_event_type_text(e->type), e->by, why)
		       ? bg_fail_oom(err)
		       : 0;
}

int bg_judge_loose(struct bg_findings *f, struct bg_event *e,
		   const struct bg_judge_env *env, struct bg_error *err)
{
	struct bg_judged v = { .e = e };
	const char *doubt;
	bool yes;
	int rc;

	if (e->wrong)
		return 0;
	if (e->has_trust)
		v.trust = env->version(env->arg, e->trust_version, &e->trust);
	if (!v.trust)
		return say(f, e, "trust-missing", "its version is not here",
			   err);
	v.writer = env->writer ? env->writer(env->arg, e->writer) : NULL;
	v.installation = v.writer && v.writer->installation &&
			 !v.writer->listed;
	v.who = bg_trust_principal(v.trust, e->by);
	rc = may(&yes, &v, err);
	if (rc)
		return rc;
	if (!yes || (!v.who && e->type != BG_EV_WRITER)) {
		e->wrong = true;
		return say(f, e, "role-not-held", "has no role that may", err);
	}
	doubt = bg_doubt_of(env->newest, v.writer, e);
	if (!doubt || e->doubtful)
		return 0;
	e->doubtful = true;
	return say(f, e, doubt, "after its cutoff, or with a key in doubt",
		   err);
}
