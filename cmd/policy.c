/* policy: what is allowed in an emergency. */
#include "cmd/policy.h"

#include <ctype.h>

#include "base/io.h"
#include "cmd/sub.h"
#include "format/nearest.h"

struct bg_policy_opts bg_policy_o;
#define o bg_policy_o
#define FILE_LIMIT (256 * 1024)

/* --- files ------------------------------------------------------------------ */

int bg_policy_named(struct bg_policy **out, struct bg_ctx *ctx,
		    const char *name, struct bg_error *err)
{
	const struct bg_trust *t = bg_store_trust(ctx->store);
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	const char *names[256];
	size_t n = 0;
	char *path = bg_arena_printf(&ctx->arena, "policies/%s.yaml", name);
	const struct bg_trust_file *f = path ? bg_trust_file(t, path) : NULL;
	if (f)
		return bg_policy_load(out, &faults, f->path, f->text, f->n,
				      err);
	for (size_t i = 0; i < t->n_files && n < 256; i++) {
		const char *p = t->files[i].path;
		if (bg_starts_with(p, "policies/"))
			names[n++] = bg_arena_strndup(&ctx->arena, p + 9,
						      strlen(p) - 14);
	}
	const char *near = bg_nearest(name, names, n);
	bg_fail(err, BG_ENOENT, "no-such-policy", "no policy '%s'", name);
	return near ? bg_hint(err, "bg policy show %s", near)
		    : bg_hint(err, "bg policy list");
}

/* The plain scalar of a key at the beginning of a line. */
static const char *top_word(struct bg_arena *a, const char *text,
			    const char *key)
{
	size_t n = strlen(key);
	for (const char *p = text; p && *p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, key, n) || p[n] != ':')
			continue;
		p += n + 1;
		p += strspn(p, " '\"");
		return bg_arena_strndup(a, p, strcspn(p, " '\"#\n"));
	}
	return NULL;
}

int bg_change_take(const char **path, struct bg_change *c, const char *file,
		   struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	int rc = bg_file_read(&text, file, FILE_LIMIT, err);
	if (rc)
		return rc;
	const char *s = bg_str_text(&text);
	const char *kind = top_word(&c->arena, s, "bg");
	const char *name = top_word(&c->arena, s, "name");
	const char *to = NULL;
	if (bg_str_eq(kind, "channels/1"))
		to = "channels.yaml";
	else if (bg_str_eq(kind, "controls/1"))
		to = "controls.yaml";
	else if (bg_str_eq(kind, "policy/1") && name)
		to = bg_arena_printf(&c->arena, "policies/%s.yaml", name);
	else if (bg_str_eq(kind, "identity/1") && name)
		to = bg_arena_printf(&c->arena, "identities/%s.yaml", name);
	if (!to || strlen(to) > 100 || strstr(to, ".."))
		return bg_fail(err, BG_EUSAGE, "unknown-file",
			       "cannot take '%s': its first lines name no "
			       "policy, identity, channels or controls",
			       file);
	*path = to;
	return bg_change_set(c, to, s, text.len, err);
}

/* --- list and show ----------------------------------------------------------- */

static bool may(const struct bg_trust *t, const struct bg_policy *p,
		const struct bg_principal *me)
{
	for (size_t i = 0; me && i < p->activate.n; i++)
		if (bg_trust_has_role(t, me->name, p->activate.v[i]))
			return true;
	return false;
}

static int list_one(struct bg_table *table, json_t *array, struct bg_ctx *ctx,
		    const struct bg_trust_file *f,
		    const struct bg_principal *me, struct bg_error *err)
{
	const struct bg_trust *t = bg_store_trust(ctx->store);
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(policy) struct bg_policy *p = NULL;
	BG_AUTO(str) struct bg_str scopes = BG_STR_INIT;
	json_t *list = json_array();
	int rc = bg_policy_load(&p, &faults, f->path, f->text, f->n, err);
	if (rc || !p) {
		json_decref(list);
		return rc;
	}
	for (size_t i = 0; i < p->n_scopes; i++) {
		bg_str_addf(&scopes, "%s%s", i ? " " : "", p->scopes[i].id);
		json_array_append_new(list, json_string(p->scopes[i].id));
	}
	bool open = may(t, p, me);
	json_array_append_new(
		array, json_pack("{s:s, s:s, s:s, s:o, s:b}", "name", p->name,
				 "title", p->title ? p->title : "", "owner",
				 p->owner ? p->owner : "", "scopes", list,
				 "may_open", open));
	if (bg_table_add(table, open ? "*" : " ") ||
	    bg_table_add(table, p->name) ||
	    bg_table_add(table, bg_str_text(&scopes)) ||
	    bg_table_add(table, p->title))
		return bg_fail_oom(err);
	return 0;
}

static int list(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	const struct bg_trust *t = bg_store_trust(ctx->store);
	const struct bg_principal *me = bg_ctx_maybe_me(ctx);
	BG_AUTO(table) struct bg_table table = { .columns = 4 };
	BG_AUTO(json) json_t *doc = bg_ctx_doc();
	json_t *array = json_array();
	int rc = 0;
	(void)argc, (void)argv;
	json_object_set_new(doc, "policies", array);
	for (size_t i = 0; !rc && i < t->n_files; i++)
		if (bg_starts_with(t->files[i].path, "policies/"))
			rc = list_one(&table, array, ctx, &t->files[i], me,
				      err);
	if (rc)
		return rc;
	if (ctx->json)
		return bg_ctx_json(ctx, doc, err);
	bg_table_print(stdout, &ctx->ui, &table, 0);
	if (!table.cells.n)
		puts("no policy yet");
	for (size_t i = 0; i < table.cells.n; i += table.columns) {
		if (*table.cells.v[i] != '*')
			continue;
		puts("* you may open it");
		break;
	}
	return 0;
}

static int show(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(policy) struct bg_policy *p = NULL;
	char digest[BG_DIGEST_TEXT + 1], path[128];
	(void)argc;
	int rc = bg_policy_named(&p, ctx, argv[0], err);
	if (rc)
		return rc;
	snprintf(path, sizeof(path), "policies/%.64s.yaml", argv[0]);
	const struct bg_trust_file *f =
		bg_trust_file(bg_store_trust(ctx->store), path);
	if (!ctx->json) {
		bg_ui_block(stdout, f->text, 0);
		return 0;
	}
	bg_digest_format(digest, &f->digest);
	BG_AUTO(json)
	json_t *doc = json_pack("{s:i, s:s, s:s, s:s%}", "schema", 1, "name",
				argv[0], "sha256", digest, "text", f->text,
				f->n);
	return bg_ctx_json(ctx, doc, err);
}

/* --- changes ------------------------------------------------------------------ */

static int publish(struct bg_ctx *ctx, int argc, char **argv,
		   struct bg_error *err)
{
	BG_AUTO(change) struct bg_change c = { 0 };
	const char *path = NULL;
	int rc = bg_change_begin(&c, ctx, o.draft, err);
	for (int i = 0; !rc && i < argc; i++)
		rc = bg_change_take(&path, &c, argv[i], err);
	c.offline = o.offline;
	c.why = argc == 1 ? path : NULL;
	return rc ? rc : bg_change_finish(&c, err);
}

static int diff(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	const struct bg_trust *t = bg_store_trust(ctx->store);
	BG_AUTO(change) struct bg_change c = { 0 };
	const char *path;
	int rc = bg_change_begin(&c, ctx, !argc, err);
	for (int i = 0; !rc && i < argc; i++)
		rc = bg_change_take(&path, &c, argv[i], err);
	return rc ? rc
		  : bg_files_diff(ctx, t->files, t->n_files, c.files.v,
				  c.files.n, err);
}

static int retire(struct bg_ctx *ctx, int argc, char **argv,
		  struct bg_error *err)
{
	BG_AUTO(change) struct bg_change c = { 0 };
	BG_AUTO(policy) struct bg_policy *p = NULL;
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	struct bg_grant_query q = { .active_only = true, .policy = argv[0] };
	char path[128];
	(void)argc;
	int rc = bg_policy_named(&p, ctx, argv[0], err);
	if (!rc)
		rc = bg_store_grants(&rows, ctx->store, &q, err);
	if (!rc)
		rc = bg_change_begin(&c, ctx, o.draft, err);
	if (rc)
		return rc;
	if (rows.list.n)
		bg_ui_warn(&ctx->ui,
			   "%zu grant%s of '%s' not closed: the rules that "
			   "they began with stay",
			   rows.list.n, rows.list.n == 1 ? " is" : "s are",
			   argv[0]);
	snprintf(path, sizeof(path), "policies/%.64s.yaml", argv[0]);
	rc = bg_change_set(&c, path, NULL, 0, err);
	c.offline = o.offline;
	c.why = bg_arena_printf(&ctx->arena, "retired %s", path);
	return rc ? rc : bg_change_finish(&c, err);
}

static const char template[] = "bg: policy/1\n"
			       "name: %s\n"
			       "title: \n"
			       "owner: %s\n"
			       "triggers:\n"
			       "  - id: \n"
			       "    when: \n"
			       "    codes: [CODE]\n"
			       "who:\n"
			       "  activate: []\n"
			       "scopes:\n"
			       "  - id: \n"
			       "    title: \n"
			       "    identity: \n"
			       "    grant: {provider: command}\n"
			       "review: {roles: [], count: 1, within: 72h}\n";

static int start_text(struct bg_str *text, struct bg_change *c,
		      const char *path, const char *name, struct bg_error *err)
{
	const struct bg_trust_file *f = bg_change_file(c, path);
	const struct bg_principal *me = NULL;
	if (f) {
		bg_str_addn(text, f->text, f->n);
		return bg_str_check(text, err);
	}
	int rc = bg_ctx_me(&me, c->ctx, err);
	if (rc)
		return rc;
	const char *first = strstr(template, "%s");
	const char *second = strstr(first + 2, "%s");
	bg_str_addn(text, template, (size_t)(first - template));
	bg_str_add(text, name);
	bg_str_addn(text, first + 2, (size_t)(second - first - 2));
	bg_str_add(text, me->name);
	bg_str_add(text, second + 2);
	return bg_str_check(text, err);
}

static int edit(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(change) struct bg_change c = { 0 };
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	bool changed = false, again = true;
	char path[128];
	(void)argc;
	size_t n = strspn(argv[0], "abcdefghijklmnopqrstuvwxyz0123456789.-_");
	if (!n || argv[0][n] || n > 64)
		return bg_ctx_usage(ctx, err, "wrong name '%s'", argv[0]);
	snprintf(path, sizeof(path), "policies/%.64s.yaml", argv[0]);
	int rc = bg_change_begin(&c, ctx, o.draft, err);
	if (!rc)
		rc = start_text(&text, &c, path, argv[0], err);
	c.offline = o.offline;
	c.why = path;
	while (!rc && again) {
		struct bg_error ask;
		rc = bg_ui_edit(&text, &changed, &ctx->ui, ".yaml", err);
		if (!rc)
			rc = bg_change_set(&c, path, bg_str_text(&text),
					   text.len, err);
		if (rc)
			return rc;
		rc = bg_change_finish(&c, err);
		again = rc == BG_EATTENTION && bg_ui_may_ask(&ctx->ui) &&
			!bg_ui_confirm(&again, &ctx->ui, "edit again?", true,
				       &ask) &&
			again;
		if (again)
			rc = 0;
	}
	return rc;
}

static const struct bg_sub subs[] = {
	{ "list", 0, 0, "", BG_CMD_STORE | BG_CMD_PAGER, list },
	{ "show", 1, 1, "", BG_CMD_STORE | BG_CMD_PAGER, show },
	{ "edit", 1, 1, "draft offline", BG_CMD_STORE | BG_CMD_ANCHORED, edit },
	{ "lint", 1, -1, "", 0, bg_policy_lint_files },
	{ "diff", 0, -1, "", BG_CMD_STORE | BG_CMD_PAGER, diff },
	{ "test", 1, -1, "", 0, bg_policy_test },
	{ "publish", 1, -1, "draft offline", BG_CMD_STORE | BG_CMD_ANCHORED,
	  publish },
	{ "retire", 1, 1, "draft offline", BG_CMD_STORE | BG_CMD_ANCHORED,
	  retire },
	{ "explain", 1, 1,
	  "by code message for ticket on-behalf identity solo owing drill "
	  "host-signed",
	  BG_CMD_STORE, bg_policy_explain },
	{ 0 },
};

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	return bg_sub_run(ctx, subs, "list", argc, argv, err);
}

static const char *const examples[] = {
	"bg policy lint prod-db.yaml", "bg policy publish prod-db.yaml",
	"bg policy explain prod-db/shell --by alice -t 4h", NULL
};
static const struct bg_opt opts[] = {
	{ BG_OPT_FLAG, 0, "draft", NULL, "collect; trust publish signs at once",
	  &o.draft, NULL },
	{ BG_OPT_FLAG, 0, "offline", NULL, "do not share the version first",
	  &o.offline, NULL },
	{ BG_OPT_TEXT, 0, "by", "WHO", "explain: as this person", &o.by,
	  "principal" },
	{ BG_OPT_TEXT, 'c', "code", "CODE", "explain: the reason code", &o.code,
	  "code" },
	BG_OPT_WHY(&o.why),
	BG_OPT_FOR(&o.duration),
	{ BG_OPT_TEXT, 0, "ticket", "ID", "explain: the ticket", &o.ticket,
	  NULL },
	{ BG_OPT_TEXT, 0, "on-behalf", "NAME", "explain: for somebody else",
	  &o.on_behalf, "principal" },
	{ BG_OPT_TEXT, 0, "identity", "NAME", "explain: another identity",
	  &o.identity, "identity" },
	{ BG_OPT_FLAG, 0, "solo", NULL, "explain: without approvers", &o.solo,
	  NULL },
	{ BG_OPT_FLAG, 0, "owing", NULL,
	  "explain: although reviews are overdue", &o.owing, NULL },
	{ BG_OPT_FLAG, 0, "drill", NULL, "explain: as a drill", &o.drill,
	  NULL },
	{ BG_OPT_FLAG, 0, "host-signed", NULL,
	  "explain: the host signs instead of you", &o.host_signed, NULL },
	{ 0 },
};
static const char *const words[] = { "list",    "show", "edit",    "lint",
				     "diff",    "test", "publish", "retire",
				     "explain", NULL };

const struct bg_cmd cmd_policy = {
	.name = "policy",
	.group = "before",
	.summary = "what is allowed in an emergency",
	.usage =
		"policy list | show NAME | edit NAME | retire NAME\n"
		"policy lint FILE... | diff [FILE...] | test FILE... | "
		"publish FILE...\n"
		"policy explain POLICY[/SCOPE] [--by WHO] [activate's options]",
	.examples = examples,
	.exits = "0 1 3 4 5 6 11 14 75 129",
	.opts = opts,
	.words = words,
	.complete = "policy",
	.run = run,
};
