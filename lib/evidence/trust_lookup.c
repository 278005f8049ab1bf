/* Who is who in one version of trust. */
#include <string.h>

#include "evidence/trust.h"

void bg_trust_free(struct bg_trust *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_principals; i++)
		for (size_t k = 0; k < t->principals[i].n_keys; k++)
			bg_keyblob_release(&t->principals[i].keys[k].parsed);
	bg_arena_release(&t->arena);
	free(t);
}

static int compare_principal(const void *key, const void *member)
{
	return strcmp(key, ((const struct bg_principal *)member)->name);
}

const struct bg_principal *bg_trust_principal(const struct bg_trust *t,
					      const char *name)
{
	if (!name || !t->n_principals)
		return NULL;
	return bsearch(name, t->principals, t->n_principals,
		       sizeof(*t->principals), compare_principal);
}

static bool lists_key(const struct bg_principal *who, const struct bg_fpr *fpr)
{
	for (size_t k = 0; k < who->n_keys; k++)
		for (size_t i = 0; i < who->keys[k].n_signing; i++)
			if (bg_fpr_eq(&who->keys[k].signing[i], fpr))
				return true;
	return false;
}

const struct bg_principal *bg_trust_by_key(const struct bg_trust *t,
					   const struct bg_fpr *fpr)
{
	for (size_t i = 0; i < t->n_principals; i++)
		if (lists_key(&t->principals[i], fpr))
			return &t->principals[i];
	return NULL;
}

bool bg_names_have(const struct bg_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (bg_str_eq(names->v[i], name))
			return true;
	return false;
}

const struct bg_role *bg_trust_role(const struct bg_trust *t, const char *role)
{
	for (size_t i = 0; i < t->n_roles; i++)
		if (bg_str_eq(t->roles[i].name, role))
			return &t->roles[i];
	return NULL;
}

bool bg_trust_has_role(const struct bg_trust *t, const char *name,
		       const char *role)
{
	if (!name || !role)
		return false;
	if (strcmp(role, "root") == 0)
		return bg_names_have(&t->root.principals, name);
	if (strcmp(role, "admin") == 0)
		return bg_names_have(&t->admin.principals, name);
	const struct bg_role *r = bg_trust_role(t, role);
	return r && bg_names_have(&r->members, name);
}

static int compare_file(const void *key, const void *member)
{
	return strcmp(key, ((const struct bg_trust_file *)member)->path);
}

const struct bg_trust_file *bg_trust_file(const struct bg_trust *t,
					  const char *path)
{
	if (!path || !t->n_files)
		return NULL;
	return bsearch(path, t->files, t->n_files, sizeof(*t->files),
		       compare_file);
}

const char *bg_trust_human(const struct bg_trust *t, const char *name)
{
	const struct bg_principal *who = bg_trust_principal(t, name);
	return who && who->human ? who->human : name;
}

bool bg_trust_is_retired(const struct bg_trust *t, const char *name)
{
	for (size_t i = 0; i < t->n_retired; i++)
		if (t->retired[i].name && bg_str_eq(t->retired[i].name, name))
			return true;
	return false;
}
