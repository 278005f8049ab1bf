/* identity: the emergency identities, their custody and age. */
#include "cmd/identity.h"

#include "cmd/sub.h"
#include "format/nearest.h"
#include "grant/escrow.h"

struct bg_identity_opts bg_identity_o;
#define o bg_identity_o

int bg_identity_named(struct bg_identity **out, struct bg_ctx *ctx,
		      const char *name, struct bg_error *err)
{
	const struct bg_trust *t = bg_store_trust(ctx->store);
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	char *path = bg_arena_printf(&ctx->arena, "identities/%s.yaml", name);
	const struct bg_trust_file *f = path ? bg_trust_file(t, path) : NULL;
	if (f)
		return bg_identity_load(out, &faults, f->path, f->text, f->n,
					err);
	bg_fail(err, BG_ENOENT, "no-such-identity", "no identity '%s'", name);
	return bg_hint(err, "bg identity list");
}

/* --- list ----------------------------------------------------------------- */

/* When the newest event of a type about the identity was; 0: never. */
static int newest(int64_t *at, struct bg_ctx *ctx, const char *type,
		  const char *identity, struct bg_error *err)
{
	BG_AUTO(event_list) struct bg_event_list list = { 0 };
	struct bg_event_query q = { .type = type,
				    .identity = identity,
				    .limit = 1 };
	int rc = bg_store_events(&list, ctx->store, &q, err);
	*at = !rc && list.list.n ? list.list.v[0]->at_ms : 0;
	return rc;
}

static void add_age(struct bg_str *out, const struct bg_ctx *ctx,
		    const char *what, int64_t at, int64_t every)
{
	bg_str_add(out, what);
	if (at)
		bg_ui_due(out, &ctx->ui, at, false);
	else
		bg_str_add(out, "never");
	if (every && ctx->ui.now_ms - at > every * 1000)
		bg_str_add(out, " OVERDUE");
}

static int add_time(json_t *doc, const char *key, int64_t at)
{
	char text[BG_TIME_LEN + 1];
	if (!at)
		return 0;
	bg_time_format(text, at);
	return json_object_set_new(doc, key, json_string(text));
}

static int list_one(struct bg_table *table, json_t *array, struct bg_ctx *ctx,
		    const struct bg_identity *id, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str rotated = BG_STR_INIT;
	BG_AUTO(str) struct bg_str used = BG_STR_INIT;
	int64_t rotate_at = 0, use_at = 0;
	int rc = newest(&rotate_at, ctx, "rotate", id->name, err);
	if (!rc)
		rc = newest(&use_at, ctx, "activate", id->name, err);
	if (rc)
		return rc;
	add_age(&rotated, ctx, "rotated ", rotate_at, id->rotate_every);
	add_age(&used, ctx, "used ", use_at, 0);
	bool retired = id->retired_ms <= ctx->ui.now_ms;
	json_t *doc = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "name",
				id->name, "kind", id->kind, "title", id->title,
				"owner", id->owner, "custody", id->custody,
				"retired", retired);
	if (!doc || add_time(doc, "rotated", rotate_at) ||
	    add_time(doc, "used", use_at) ||
	    json_array_append_new(array, doc) ||
	    bg_table_add(table, id->name) || bg_table_add(table, id->kind) ||
	    bg_table_add(table, id->owner) ||
	    bg_table_add(table, id->custody) ||
	    bg_table_add(table, bg_str_text(&rotated)) ||
	    bg_table_add(table, bg_str_text(&used)) ||
	    bg_table_add(table, retired ? "retired" : ""))
		return bg_fail_oom(err);
	return 0;
}

static int list(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	const struct bg_trust *t = bg_store_trust(ctx->store);
	BG_AUTO(table) struct bg_table table = { .columns = 7 };
	BG_AUTO(json) json_t *doc = bg_ctx_doc();
	json_t *array = json_array();
	int rc = 0;
	(void)argc, (void)argv;
	json_object_set_new(doc, "identities", array);
	for (size_t i = 0; !rc && i < t->n_files; i++) {
		const struct bg_trust_file *f = &t->files[i];
		BG_AUTO(faults) struct bg_faults faults = { 0 };
		BG_AUTO(identity) struct bg_identity *id = NULL;
		if (!bg_starts_with(f->path, "identities/"))
			continue;
		rc = bg_identity_load(&id, &faults, f->path, f->text, f->n,
				      err);
		if (!rc && id)
			rc = list_one(&table, array, ctx, id, err);
	}
	if (rc)
		return rc;
	if (ctx->json)
		return bg_ctx_json(ctx, doc, err);
	bg_table_print(stdout, &ctx->ui, &table, 0);
	if (!table.cells.n)
		puts("no identity yet");
	return 0;
}

/* --- show, test, retire -------------------------------------------------------- */

static int show(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(identity) struct bg_identity *id = NULL;
	char path[128], digest[BG_DIGEST_TEXT + 1];
	(void)argc;
	int rc = bg_identity_named(&id, ctx, argv[0], err);
	if (rc)
		return rc;
	snprintf(path, sizeof(path), "identities/%.64s.yaml", argv[0]);
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

/* What can be tried without giving access: that the escrow file is there and is
 * the one that was signed. */
static int test(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(identity) struct bg_identity *id = NULL;
	BG_AUTO(str) struct bg_str file = BG_STR_INIT;
	(void)argc;
	int rc = bg_identity_named(&id, ctx, argv[0], err);
	if (rc)
		return rc;
	if (!id->escrow.present) {
		bg_fail(err, BG_EATTENTION, "not-testable",
			"cannot test '%s' by itself: its custody is '%s'",
			id->name, id->custody);
		return bg_hint(err, "bg activate POLICY --drill -m \"why\"");
	}
	rc = bg_escrow_find(&file, ctx->store, id->name, err);
	if (rc)
		return rc;
	size_t n = id->escrow.custodians.n;
	if (ctx->json) {
		BG_AUTO(json)
		json_t *doc = json_pack("{s:i, s:s, s:s, s:I}", "schema", 1,
					"identity", id->name, "escrow",
					"present", "custodians", (json_int_t)n);
		return bg_ctx_json(ctx, doc, err);
	}
	printf("%s  escrow file present and as signed", id->name);
	if (id->escrow.k)
		printf("; opens with %u of %zu custodians", id->escrow.k, n);
	if (id->escrow.solo_to)
		printf("; opens with one key of the role %s",
		       id->escrow.solo_to);
	putchar('\n');
	return 0;
}

static int retire(struct bg_ctx *ctx, int argc, char **argv,
		  struct bg_error *err)
{
	BG_AUTO(change) struct bg_change c = { 0 };
	BG_AUTO(identity) struct bg_identity *id = NULL;
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	char path[128], today[BG_TIME_LEN + 1];
	(void)argc;
	int rc = bg_identity_named(&id, ctx, argv[0], err);
	if (!rc)
		rc = bg_change_begin(&c, ctx, false, err);
	if (rc)
		return rc;
	if (id->retired_ms != INT64_MAX)
		return bg_fail(err, BG_EUSAGE, "no-change",
			       "'%s' is retired already", argv[0]);
	snprintf(path, sizeof(path), "identities/%.64s.yaml", argv[0]);
	const struct bg_trust_file *f = bg_change_file(&c, path);
	bg_str_addn(&text, f->text, f->n);
	if (text.len && text.buf[text.len - 1] != '\n')
		bg_str_addc(&text, '\n');
	bg_time_format(today, ctx->ui.now_ms);
	bg_str_addf(&text, "retired: '%.10s'\n", today);
	rc = bg_change_set(&c, path, bg_str_text(&text), text.len, err);
	c.offline = o.offline;
	c.why = bg_arena_printf(&ctx->arena, "retired %s", path);
	return rc ? rc : bg_change_finish(&c, err);
}

static const struct bg_sub subs[] = {
	{ "list", 0, 0, "", BG_CMD_STORE | BG_CMD_PAGER, list },
	{ "show", 1, 1, "", BG_CMD_STORE | BG_CMD_PAGER, show },
	{ "add", 1, 1,
	  "kind owner title escrow custodian solo-to secret-file rotate drill "
	  "policy offline",
	  BG_CMD_STORE | BG_CMD_ANCHORED, bg_identity_add },
	{ "test", 1, 1, "", BG_CMD_STORE, test },
	{ "retire", 1, 1, "offline", BG_CMD_STORE | BG_CMD_ANCHORED, retire },
	{ 0 },
};

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	return bg_sub_run(ctx, subs, "list", argc, argv, err);
}

static const char *const examples[] = {
	"bg identity list",
	"bg identity add san-root --kind maintenance --owner dana --escrow 1 "
	"--custodian omar",
	NULL
};
static const struct bg_opt opts[] = {
	{ BG_OPT_TEXT, 0, "kind", "KIND",
	  "person vendor service workload maintenance ai-agent cloud-role",
	  &o.kind,
	  "person vendor service workload maintenance ai-agent cloud-role" },
	{ BG_OPT_TEXT, 0, "owner", "NAME", "who answers for it; default: you",
	  &o.owner, "principal" },
	{ BG_OPT_TEXT, 0, "title", "TEXT", "what it is", &o.title, NULL },
	{ BG_OPT_NUMBER, 0, "escrow", "K",
	  "keep its secret in escrow; K custodians open it", &o.escrow, NULL },
	{ BG_OPT_LIST, 0, "custodian", "NAME", "a custodian", &o.custodians,
	  "principal" },
	{ BG_OPT_TEXT, 0, "solo-to", "ROLE",
	  "anybody of this role may open it alone", &o.solo_to, "role" },
	{ BG_OPT_TEXT, 0, "secret-file", "FILE",
	  "the secret, - for standard input; else it is asked for, hidden",
	  &o.secret_file, "file" },
	{ BG_OPT_DURATION, 0, "rotate", "DURATION", "rotate at least so often",
	  &o.rotate, NULL },
	{ BG_OPT_DURATION, 0, "drill", "DURATION", "drill at least so often",
	  &o.drill, NULL },
	{ BG_OPT_LIST, 0, "policy", "POLICY", "only this policy may use it",
	  &o.policies, "policy" },
	{ BG_OPT_FLAG, 0, "offline", NULL, "do not share the version first",
	  &o.offline, NULL },
	{ 0 },
};
static const char *const words[] = { "list", "show",   "add",
				     "test", "retire", NULL };

const struct bg_cmd cmd_identity = {
	.name = "identity",
	.group = "before",
	.summary = "emergency identities: owner, custody, age, last use",
	.usage = "identity list | show NAME | test NAME | retire NAME\n"
		 "identity add NAME [--kind K] [--owner N] --escrow K "
		 "--custodian N... [--secret-file F]",
	.examples = examples,
	.exits = "0 1 3 4 5 6 11 14 75 129",
	.opts = opts,
	.words = words,
	.complete = "identity",
	.run = run,
};
