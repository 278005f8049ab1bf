/*
 * What a grant is judged by for its whole life (T6): policy, scope and identity
 * of the trust version that its root names; and who its users are.
 */
#include "grant/judge.h"
#include "grant/pin.h"

#include <string.h>

/* --- parsed files, by the digest of their bytes ----------------------------- */

struct entry {
	struct bg_digest digest;
	struct bg_policy *policy;
	struct bg_identity *identity;
};
struct bg_pin_cache {
	BG_VEC(struct entry) list;
};

struct bg_pin_cache *bg_pin_cache_new(void)
{
	return calloc(1, sizeof(struct bg_pin_cache));
}

void bg_pin_cache_free(struct bg_pin_cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->list.n; i++) {
		bg_policy_free(c->list.v[i].policy);
		bg_identity_free(c->list.v[i].identity);
	}
	bg_vec_release(&c->list);
	free(c);
}

static struct entry *cached(struct bg_pin_cache *c, const struct bg_digest *d)
{
	for (size_t i = 0; c && i < c->list.n; i++)
		if (bg_digest_eq(&c->list.v[i].digest, d))
			return &c->list.v[i];
	return NULL;
}

/* True when the cache took it over. */
static bool keep(struct bg_pin_cache *c, struct entry made)
{
	return c && !bg_vec_push(&c->list, made);
}

/* --- loading ------------------------------------------------------------------ */

static const struct bg_trust_file *file_of(const struct bg_judge *j,
					   const char *folder, const char *name)
{
	char path[160];

	if (!name || snprintf(path, sizeof(path), "%s/%s.yaml", folder, name) >=
			     (int)sizeof(path))
		return NULL;
	return bg_trust_file(j->g->trust, path);
}

static const char *first_error(const struct bg_faults *f)
{
	for (size_t i = 0; i < f->list.n; i++)
		if (f->list.v[i].severity == BG_SEV_ERROR)
			return f->list.v[i].text;
	return "";
}

static int load_policy(struct bg_judge *j, const struct bg_trust_file *f)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	struct entry *hit = cached(j->env->cache, &f->digest);
	struct bg_policy *p = NULL;
	int rc;

	if (hit && hit->policy) {
		j->g->policy = hit->policy;
		return 0;
	}
	rc = bg_policy_load(&p, &faults, f->path, f->text, f->n, j->err);
	if (rc)
		return rc;
	if (bg_faults_have_errors(&faults)) {
		bg_policy_free(p);
		bg_judge_wrong(j, &j->ev[j->root], "policy-missing",
			       "%.60s has faults: %.100s", f->path,
			       first_error(&faults));
		return 0;
	}
	j->g->policy = p;
	j->g->owns_policy =
		!keep(j->env->cache, (struct entry){ f->digest, p, NULL });
	return 0;
}

static int load_identity(struct bg_judge *j, const struct bg_trust_file *f)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	struct entry *hit = cached(j->env->cache, &f->digest);
	struct bg_identity *i = NULL;
	int rc;

	if (hit && hit->identity) {
		j->g->identity = hit->identity;
		return 0;
	}
	rc = bg_identity_load(&i, &faults, f->path, f->text, f->n, j->err);
	if (rc)
		return rc;
	if (bg_faults_have_errors(&faults)) {
		bg_identity_free(i);
		return 0;
	}
	j->g->identity = i;
	j->g->owns_identity =
		!keep(j->env->cache, (struct entry){ f->digest, NULL, i });
	return 0;
}

static int pin_policy(struct bg_judge *j)
{
	struct bg_judged *root = &j->ev[j->root];
	const json_t *named = json_object_get(root->e->data, "policy");
	const char *name = bg_json_text(named, "name");
	const char *sum = bg_json_text(named, "sha256");
	const struct bg_trust_file *f = file_of(j, "policies", name);
	struct bg_digest want;

	if (!f) {
		bg_judge_wrong(j, root, "policy-missing",
			       "policy '%.60s' is not in trust version %llu",
			       name ? name : "",
			       (unsigned long long)j->g->trust->version);
		return 0;
	}
	if (!sum || !bg_digest_parse(&want, sum) ||
	    !bg_digest_eq(&want, &f->digest))
		bg_judge_wrong(j, root, "policy-mismatch",
			       "policy '%.60s' is another one in trust version "
			       "%llu",
			       name, (unsigned long long)j->g->trust->version);
	return load_policy(j, f);
}

static int pin_scope(struct bg_judge *j)
{
	struct bg_judged *root = &j->ev[j->root];
	const char *scope = bg_data(root, "scope");
	const char *identity = bg_data(root, "identity");
	const struct bg_trust_file *f;

	if (j->g->policy && scope)
		j->g->scope = bg_policy_scope(j->g->policy, scope);
	if (j->g->policy && !j->g->scope)
		bg_judge_wrong(j, root, "policy-mismatch",
			       "policy '%s' has no scope '%.60s'",
			       j->g->policy->name, scope ? scope : "");
	if (!identity && j->g->scope)
		identity = j->g->scope->identity;
	f = file_of(j, "identities", identity);
	return f ? load_identity(j, f) : 0;
}

/* --- users -------------------------------------------------------------------- */

static void user_add(struct bg_judge *j, const struct bg_trust *t,
		     const char *name)
{
	struct bg_grant *g = j->g;
	const char *human;

	if (!name)
		return;
	human = t ? bg_trust_human(t, name) : name;
	if (bg_grant_is_user(g, human))
		return;
	/* Room was made for all of them. */
	g->users.v[g->users.n++] = human;
}

/* Who extends is a user, but only those who are users already may. */
static int pin_users(struct bg_judge *j)
{
	struct bg_grant *g = j->g;
	const struct bg_event *root = g->activate;

	g->users.v = bg_arena_array(&g->arena, 4, sizeof(char *));
	if (bg_arena_check(&g->arena, j->err))
		return BG_EFAIL;
	g->by = root->by;
	g->beneficiary = bg_json_text(root->data, "beneficiary");
	user_add(j, g->trust, root->by);
	user_add(j, g->trust, root->for_);
	user_add(j, g->trust, g->beneficiary);
	if (g->declared)
		user_add(j, g->trust, bg_json_text(root->data, "user"));
	for (size_t i = 0; i < j->n; i++)
		j->ev[i].user = bg_grant_is_user(g, j->ev[i].human);
	return 0;
}

int bg_judge_pin(struct bg_judge *j)
{
	const struct bg_event *root = j->g->activate;
	const char *opener = bg_json_text(root->data, "opener");
	int rc = 0;

	j->g->trust = j->ev[j->root].trust;
	if (opener && j->env->writer)
		j->opener = j->env->writer(j->env->arg, opener);
	if (j->g->trust)
		rc = pin_policy(j);
	if (!rc && j->g->trust)
		rc = pin_scope(j);
	return rc ? rc : pin_users(j);
}
