/* What a person could open now: the bare `activate`.  Runs nothing. */
#include <string.h>

#include "grant/op.h"

void bg_may_open_release(struct bg_may_open_list *l)
{
	bg_vec_release(&l->list);
	bg_arena_release(&l->arena);
}

static const char *why_not(struct bg_arena *arena, const struct bg_trust *t,
			   const struct bg_policy *p,
			   const struct bg_principal *me)
{
	bool may = false;

	for (size_t i = 0; i < p->activate.n && !may; i++)
		may = bg_trust_has_role(t, me->name, p->activate.v[i]);
	if (!may)
		return "not your role";
	for (size_t i = 0; i < t->n_suspended; i++)
		if (strcmp(t->suspended[i].name, p->name) == 0)
			return bg_arena_printf(arena, "suspended by %s",
					       t->suspended[i].by);
	if (me->suspended)
		return "you are suspended";
	if (bg_trust_is_retired(t, me->name))
		return "you are retired";
	return NULL;
}

static int add_scope(struct bg_may_open_list *out, const struct bg_policy *p,
		     const struct bg_scope *s, const char *blocks,
		     struct bg_error *err)
{
	struct bg_may_open m = {
		.policy = bg_arena_strdup(&out->arena, p->name),
		.scope = bg_arena_strdup(&out->arena, s->id),
		.title = bg_arena_strdup(&out->arena, s->title ? s->title : ""),
		.blocks = blocks,
	};
	const struct bg_names *codes = bg_policy_codes(p);
	const char *code = s->codes.n ? s->codes.v[0]
			   : codes->n ? codes->v[0]
				      : NULL;

	snprintf(m.line, sizeof(m.line), "bg activate %s/%s%s%s -m \"...\"",
		 p->name, s->id, codes->n > 1 && code ? " -c " : "",
		 codes->n > 1 && code ? code : "");
	if (bg_vec_push(&out->list, m))
		return bg_fail_oom(err);
	return 0;
}

static int add_policy(struct bg_may_open_list *out, const struct bg_trust *t,
		      const struct bg_trust_file *f,
		      const struct bg_principal *me, struct bg_error *err)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(policy) struct bg_policy *p = NULL;
	const char *blocks;

	if (bg_policy_load(&p, &faults, f->path, f->text, f->n, err))
		return err->code;
	if (bg_faults_have_errors(&faults))
		return 0;
	blocks = why_not(&out->arena, t, p, me);
	for (size_t i = 0; i < p->n_scopes; i++)
		if (add_scope(out, p, &p->scopes[i], blocks, err))
			return err->code;
	return 0;
}

int bg_may_open(struct bg_may_open_list *out, struct bg_store *store,
		const struct bg_principal *me, struct bg_error *err)
{
	const struct bg_trust *t = bg_store_trust(store);

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < t->n_files; i++)
		if (bg_starts_with(t->files[i].path, "policies/") &&
		    add_policy(out, t, &t->files[i], me, err))
			return err->code;
	return bg_arena_check(&out->arena, err);
}
