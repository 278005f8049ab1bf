/* The provider of one grant: found, described, run. */
#include <string.h>

#include "base/io.h"
#include "grant/op.h"

int bg_op_place(char **out, const struct bg_op *op,
		const struct bg_digest *root, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	char hex[17];

	bg_hex(hex, root->b, 8);
	bg_str_addf(&s, "%s/access/%s", op->state, hex);
	if (bg_str_check(&s, err))
		return err->code;
	*out = bg_str_detach(&s);
	return *out ? 0 : bg_fail_oom(err);
}

int bg_op_place_clear(const struct bg_op *op, const struct bg_digest *root,
		      struct bg_error *err)
{
	BG_AUTO(str) struct bg_str secret = BG_STR_INIT;
	BG_AUTO(free) char *place = NULL;

	if (bg_op_place(&place, op, root, err))
		return err->code;
	bg_str_addf(&secret, "%s/secret", place);
	if (bg_str_check(&secret, err) || bg_file_shred(secret.buf, err))
		return err->code;
	return bg_tree_remove(place, err);
}

static const struct bg_provider_use *find_use(const struct bg_grant *g)
{
	const char *name = g->handle ? bg_json_text(g->handle->data, "provider")
				     : NULL;

	for (size_t i = 0; g->scope && i < g->scope->n_grant; i++)
		if (!name || strcmp(g->scope->grant[i].name, name) == 0)
			return &g->scope->grant[i];
	return NULL;
}

static int describe_people(struct bg_op_provider *p, const struct bg_grant *g,
			   struct bg_error *err)
{
	const char *identity = g->scope ? g->scope->identity : "";

	p->identity = json_pack("{s:s}", "name", identity);
	p->principal = json_pack("{s:s}", "name",
				 g->beneficiary ? g->beneficiary : g->by);
	if (!p->identity || !p->principal)
		return bg_fail_oom(err);
	if (g->identity && g->identity->kind)
		json_object_set_new(p->identity, "kind",
				    json_string(g->identity->kind));
	return 0;
}

int bg_op_provider_open(struct bg_op_provider *p, struct bg_op *op,
			const struct bg_provider_use *use, struct bg_error *err)
{
	const struct bg_grant *g = op->grant;

	memset(p, 0, sizeof(*p));
	if (!use)
		use = find_use(g);
	if (!use)
		return bg_fail(err, BG_EFAIL, "no-provider",
			       "cannot tell which provider gave '%s': its "
			       "policy is not here",
			       g->label);
	p->name = use->name;
	p->with = json_incref(use->with);
	snprintf(p->label, sizeof(p->label), "%s", g->label);
	bg_digest_format(p->root, &g->root);
	if (describe_people(p, g, err) ||
	    bg_op_place(&p->place, op, &g->root, err))
		return err->code;
	p->call = (struct bg_provider_call){
		.machine = &op->machine,
		.dirs = op->places->provider_dirs,
		.name = p->name,
		.grant = p->label,
		.root = p->root,
		.place = p->place,
		.identity = p->identity,
		.with = p->with,
		.principal = p->principal,
		.state = g->handle ? json_object_get(g->handle->data, "handle")
				   : NULL,
		.expires_ms = g->fold.has_window ? g->fold.window_ms : 0,
	};
	return 0;
}

void bg_op_provider_release(struct bg_op_provider *p)
{
	json_decref(p->with);
	json_decref(p->identity);
	json_decref(p->principal);
	bg_provider_facts_release(&p->facts);
	free(p->place);
	memset(p, 0, sizeof(*p));
}

int bg_op_provider_run(struct bg_provider_answer *out, struct bg_op_provider *p,
		       const char *verb, struct bg_error *err)
{
	if (!p->described) {
		bg_provider_facts_release(&p->facts);
		if (bg_provider_describe(&p->facts, &p->call, err))
			return err->code;
		p->described = true;
	}
	p->call.verb = verb;
	p->call.facts = &p->facts;
	return bg_provider_run(out, &p->call, err);
}
