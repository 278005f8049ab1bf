/* trust role, suspend, resume, retire: who is there already. */
#include "cmd/trust.h"

#include "base/io.h"

#define o bg_trust_o

bool bg_names_add(struct bg_arena *a, struct bg_names *names, const char *name)
{
	if (bg_names_have(names, name))
		return false;
	const char **v = bg_grow_in(a, names->v, names->n, sizeof(*v));
	if (!v)
		return false;
	v[names->n++] = name;
	names->v = v;
	return true;
}

bool bg_names_remove(struct bg_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->v[i], name))
			continue;
		memmove(&names->v[i], &names->v[i + 1],
			(names->n - i - 1) * sizeof(*names->v));
		names->n--;
		return true;
	}
	return false;
}

int bg_change_principal(struct bg_principal **out, struct bg_change *c,
			const char *name, struct bg_error *err)
{
	for (size_t i = 0; i < c->t->n_principals; i++) {
		if (strcmp(c->t->principals[i].name, name))
			continue;
		*out = &c->t->principals[i];
		return 0;
	}
	return bg_no_principal(c->t, name, err);
}

/* --- role ------------------------------------------------------------------ */

static struct bg_role *role_of(struct bg_change *c, const char *name)
{
	struct bg_trust *t = c->t;
	for (size_t i = 0; i < t->n_roles; i++)
		if (!strcmp(t->roles[i].name, name))
			return &t->roles[i];
	t->roles =
		bg_grow_in(&t->arena, t->roles, t->n_roles, sizeof(*t->roles));
	if (!t->roles)
		return NULL;
	t->roles[t->n_roles] = (struct bg_role){ .name = name };
	return &t->roles[t->n_roles++];
}

int bg_trust_role_change(struct bg_ctx *ctx, int argc, char **argv,
			 struct bg_error *err)
{
	static const char *const sections[] = { "roles", NULL };
	BG_AUTO(change) struct bg_change c = { 0 };
	struct bg_principal *p;
	(void)argc;
	if (!o.add.list.n && !o.remove.list.n)
		return bg_ctx_usage(ctx, err,
				    "who? --add NAME or --remove "
				    "NAME");
	int rc = bg_change_begin(&c, ctx, o.draft, err);
	if (rc)
		return rc;
	struct bg_role *role = role_of(&c, argv[0]);
	if (!role)
		return bg_fail_oom(err);
	for (size_t i = 0; !rc && i < o.add.list.n; i++) {
		rc = bg_change_principal(&p, &c, o.add.list.v[i], err);
		if (!rc)
			bg_names_add(&c.t->arena, &role->members,
				     o.add.list.v[i]);
	}
	for (size_t i = 0; !rc && i < o.remove.list.n; i++)
		if (!bg_names_remove(&role->members, o.remove.list.v[i]))
			rc = bg_fail(err, BG_ENOENT, "no-such-member",
				     "'%s' is not in the role '%s'",
				     o.remove.list.v[i], argv[0]);
	if (!rc)
		rc = bg_change_sections(&c, sections, err);
	c.offline = o.offline;
	c.why = bg_arena_printf(&ctx->arena, "role %s", argv[0]);
	return rc ? rc : bg_change_finish(&c, err);
}

/* --- suspend, resume ---------------------------------------------------------- */

static bool has_policy(const struct bg_change *c, const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "policies/%.64s.yaml", name);
	return bg_change_file(c, path) != NULL;
}

static bool is_suspended(const struct bg_trust *t, const char *name)
{
	for (size_t i = 0; i < t->n_suspended; i++)
		if (!strcmp(t->suspended[i].name, name))
			return true;
	return false;
}

int bg_trust_suspend(struct bg_ctx *ctx, int argc, char **argv,
		     struct bg_error *err)
{
	static const char *const sections[] = { "suspended", NULL };
	BG_AUTO(change) struct bg_change c = { 0 };
	const struct bg_principal *me = NULL;
	const char *name = argv[0];
	(void)argc;
	int rc = bg_change_begin(&c, ctx, o.draft, err);
	if (!rc)
		rc = bg_ctx_me(&me, ctx, err);
	if (rc)
		return rc;
	struct bg_trust *t = c.t;
	if (!bg_trust_principal(t, name) && !has_policy(&c, name))
		return bg_no_principal(t, name, err);
	if (is_suspended(t, name))
		return bg_fail(err, BG_EUSAGE, "no-change",
			       "'%s' is suspended already", name);
	t->suspended = bg_grow_in(&t->arena, t->suspended, t->n_suspended,
				  sizeof(*t->suspended));
	if (!t->suspended)
		return bg_fail_oom(err);
	t->suspended[t->n_suspended++] =
		(struct bg_suspension){ .name = name, .by = me->name };
	rc = bg_change_sections(&c, sections, err);
	c.offline = o.offline;
	c.why = bg_arena_printf(&ctx->arena, "suspended %s", name);
	if (!rc)
		rc = bg_change_finish(&c, err);
	if (rc || ctx->json || ctx->quiet)
		return rc;
	/* A suspension stops new openings; what is open must be ended. */
	if (bg_trust_principal(bg_store_trust(ctx->store), name))
		printf("next  %s revoke --all --by %s -m \"why\"\n", ctx->word,
		       name);
	return 0;
}

int bg_trust_resume(struct bg_ctx *ctx, int argc, char **argv,
		    struct bg_error *err)
{
	static const char *const sections[] = { "suspended", NULL };
	BG_AUTO(change) struct bg_change c = { 0 };
	size_t left = 0;
	(void)argc;
	int rc = bg_change_begin(&c, ctx, o.draft, err);
	if (rc)
		return rc;
	struct bg_trust *t = c.t;
	if (!is_suspended(t, argv[0]))
		return bg_fail(err, BG_ENOENT, "not-suspended",
			       "'%s' is not suspended", argv[0]);
	for (size_t i = 0; i < t->n_suspended; i++)
		if (strcmp(t->suspended[i].name, argv[0]))
			t->suspended[left++] = t->suspended[i];
	t->n_suspended = left;
	rc = bg_change_sections(&c, sections, err);
	c.offline = o.offline;
	c.why = bg_arena_printf(&ctx->arena, "resumed %s", argv[0]);
	return rc ? rc : bg_change_finish(&c, err);
}
