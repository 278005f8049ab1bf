/* scopes: what may be touched, as which identity, through which provider. */
#include <string.h>

#include "format/nearest.h"
#include "policy/policy_read.h"
#include "policy/program.h"

#define SCOPES_MAX 100
#define FALLBACKS_MAX 8
#define EXPECT_MAX 200

static const char *const providers[] = { "ssh-ca", "postgres",   "sudo",
					 "escrow", "kubernetes", "aws",
					 "vault",  "ldap",       "command" };

const struct bg_yaml *bg_yaml_find(const struct bg_yaml *list, const char *text)
{
	for (size_t i = 0; list && i < list->n; i++)
		if (list->items[i]->kind == BG_YAML_SCALAR &&
		    strcmp(list->items[i]->text, text) == 0)
			return list->items[i];
	return list;
}

/* --- providers ---------------------------------------------------------------- */

/* A program of the command provider, as strings whatever they look like. */
static void set_program(struct bg_reader *r, const struct bg_yaml *with,
			const char *verb, json_t *out)
{
	const struct bg_yaml *run = bg_yaml_get(with, verb);
	struct bg_program program;
	json_t *list = json_array();
	if (!run || !list) {
		json_decref(list);
		return;
	}
	bg_program_read(r, run, NULL, false, &program);
	for (size_t i = 0; i < program.n; i++)
		if (json_array_append_new(list, json_string(program.argv[i])))
			r->arena->oom = 1;
	if (json_object_set_new(out, verb, list))
		r->arena->oom = 1;
}

static void set_env(struct bg_reader *r, const struct bg_yaml *env, json_t *out)
{
	struct bg_program program;
	json_t *map = json_object();
	bg_program_read(r, NULL, env, false, &program);
	for (size_t i = 0; i < program.n_env; i++) {
		const char *eq = program.env[i] ? strchr(program.env[i], '=')
						: NULL;
		if (eq && json_object_setn_new(map, program.env[i],
					       (size_t)(eq - program.env[i]),
					       json_string(eq + 1)))
			r->arena->oom = 1;
	}
	if (json_object_set_new(out, "env", map))
		r->arena->oom = 1;
}

static void set_text(struct bg_reader *r, json_t *out, const char *key,
		     const char *text)
{
	if (text && json_object_set_new(out, key, json_string(text)))
		r->arena->oom = 1;
}

/* The command provider's own arguments (access.md). */
static json_t *read_command(struct bg_reader *r, const struct bg_yaml *with,
			    bool rotate_only)
{
	static const char *const keys[] = { "grant",   "check",     "revoke",
					    "rotate",  "env",       "host",
					    "timeout", "isolation", "revocable",
					    "secret",  NULL };
	static const struct bg_choice isolations[] = { { "per-grant", 0 },
						       { "counted", 1 },
						       { "shared", 2 } };
	json_t *out = json_object();
	bg_yaml_only(r->doc, with, keys);
	bool revocable = bg_read_bool(r, bg_yaml_get(with, "revocable"), true);
	if (rotate_only) {
		bg_read_need(r, with, "rotate");
	} else {
		bg_read_need(r, with, "grant");
		bg_read_need(r, with, "check");
		if (revocable)
			bg_read_need(r, with, "revoke");
	}
	set_program(r, with, "grant", out);
	set_program(r, with, "check", out);
	set_program(r, with, "revoke", out);
	set_program(r, with, "rotate", out);
	if (bg_yaml_get(with, "env"))
		set_env(r, bg_yaml_get(with, "env"), out);
	if (bg_read_duration(r, bg_yaml_get(with, "timeout"), 1, 25, 0))
		set_text(r, out, "timeout", bg_yaml_get(with, "timeout")->text);
	set_text(r, out, "host",
		 bg_read_text(r, bg_yaml_get(with, "host"), 128));
	if (bg_yaml_get(with, "isolation"))
		set_text(
			r, out, "isolation",
			isolations[bg_read_choice(
					   r, bg_yaml_get(with, "isolation"),
					   isolations, BG_COUNT(isolations), 0)]
				.word);
	if (!revocable)
		json_object_set_new(out, "revocable", json_false());
	if (bg_read_bool(r, bg_yaml_get(with, "secret"), false))
		json_object_set_new(out, "secret", json_true());
	return out;
}

static void check_provider(struct bg_reader *r, const struct bg_yaml *at,
			   const char *name)
{
	for (size_t i = 0; i < BG_COUNT(providers); i++)
		if (strcmp(name, providers[i]) == 0)
			return;
	const char *near = bg_nearest(name, providers, BG_COUNT(providers));
	if (near)
		bg_read_warning(r, at, "provider-unknown",
				"bg has no provider '%s' (did you mean "
				"'%s'?): bg-provider-%s must be installed",
				name, near, name);
	else
		bg_read_warning(r, at, "provider-unknown",
				"bg has no provider '%s': bg-provider-%s "
				"must be installed",
				name, name);
}

void bg_provider_read(struct bg_reader *r, const struct bg_yaml *map,
		      const char *name_key, struct bg_provider_use *out)
{
	const char *const keys[] = { name_key, "with", NULL };
	out->name = "";
	if (!bg_read_map(r, map, keys))
		return;
	const struct bg_yaml *at = bg_read_need(r, map, name_key);
	const struct bg_yaml *with = bg_yaml_get(map, "with");
	const char *name = bg_read_word(r, at, BG_WORD_NAME);
	if (name) {
		out->name = name;
		check_provider(r, at, name);
	}
	bool command = name && strcmp(name, "command") == 0;
	if (with && bg_read_map(r, with, NULL)) {
		out->with =
			command ? read_command(r, with,
					       strcmp(name_key, "name") == 0)
				: bg_read_json(r, with);
	} else if (command && !with) {
		bg_read_need(r, map, "with");
	}
	if (!out->with && !(out->with = json_object()))
		r->arena->oom = 1;
}

/* One provider, or a list of fallbacks. */
static void read_grant(struct bg_policy_reader *p, const struct bg_yaml *node,
		       struct bg_scope *s)
{
	bool list = node && node->kind == BG_YAML_LIST;
	size_t n = list ? node->n : 1;
	if (!node)
		return;
	if (n == 0 || n > FALLBACKS_MAX) {
		bg_read_error(&p->r, node, n ? "too-many" : "empty",
			      "expected 1 to %d providers", FALLBACKS_MAX);
		return;
	}
	s->grant = bg_arena_array(&p->p->arena, n, sizeof(*s->grant));
	for (size_t i = 0; s->grant && i < n; i++)
		bg_provider_read(&p->r, list ? node->items[i] : node,
				 "provider", &s->grant[s->n_grant++]);
}

/* --- scopes --------------------------------------------------------------------- */

static void check_codes(struct bg_policy_reader *p, const struct bg_yaml *list,
			const struct bg_scope *s)
{
	struct bg_policy *q = p->p;
	for (size_t i = 0; i < s->codes.n; i++) {
		const char *code = s->codes.v[i];
		if (bg_names_have(&q->codes, code))
			continue;
		const char *near = bg_nearest(code, q->codes.v, q->codes.n);
		bg_read_error(&p->r, bg_yaml_find(list, code),
			      "code-without-trigger",
			      "no trigger has the code '%s'%s%s%s", code,
			      near ? ": did you mean '" : "", near ? near : "",
			      near ? "'?" : "");
	}
	if (list && list->kind == BG_YAML_LIST && list->n == 0)
		bg_read_error(&p->r, list, "empty",
			      "no code: leave 'codes' out for every code");
}

static void read_scope(struct bg_policy_reader *p, const struct bg_yaml *map,
		       struct bg_scope *s)
{
	static const char *const keys[] = { "id",       "title", "codes",
					    "identity", "grant", "expect",
					    NULL };
	s->id = s->title = s->identity = "";
	if (!bg_read_map(&p->r, map, keys))
		return;
	const char *id = bg_read_word(&p->r, bg_read_need(&p->r, map, "id"),
				      BG_WORD_NAME);
	const char *title =
		bg_read_text(&p->r, bg_read_need(&p->r, map, "title"), 200);
	const char *identity = bg_read_word(
		&p->r, bg_read_need(&p->r, map, "identity"), BG_WORD_NAME);
	s->id = id ? id : "";
	s->title = title ? title : "";
	s->identity = identity ? identity : "";
	struct bg_yaml *codes = bg_yaml_get(map, "codes");
	bg_read_words(&p->r, codes, BG_WORD_CODE, BG_NAMES(s->codes));
	check_codes(p, codes, s);
	read_grant(p, bg_read_need(&p->r, map, "grant"), s);
	bg_read_texts(&p->r, bg_yaml_get(map, "expect"), 256, EXPECT_MAX,
		      BG_NAMES(s->expect));
}

void bg_policy_read_scopes(struct bg_policy_reader *p)
{
	struct bg_policy *q = p->p;
	struct bg_yaml *list = bg_read_need(&p->r, p->root, "scopes");
	if (!list || !bg_read_list(&p->r, list))
		return;
	if (list->n == 0 || list->n > SCOPES_MAX) {
		bg_read_error(&p->r, list, list->n ? "too-many" : "empty",
			      "expected 1 to %d scopes", SCOPES_MAX);
		return;
	}
	q->scopes = bg_arena_array(&q->arena, list->n, sizeof(*q->scopes));
	for (size_t i = 0; q->scopes && i < list->n; i++) {
		struct bg_scope *s = &q->scopes[q->n_scopes++];
		read_scope(p, list->items[i], s);
		for (size_t k = 0; k + 1 < q->n_scopes; k++)
			if (s->id[0] && strcmp(q->scopes[k].id, s->id) == 0)
				bg_read_error(&p->r,
					      bg_yaml_get(list->items[i], "id"),
					      "duplicate-id",
					      "scope '%s' is there already",
					      s->id);
	}
}
