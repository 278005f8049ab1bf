/* show: one screen about one thing: grant, event, person, policy, identity. */
#include "cmd/facts.h"
#include "cmd/queue.h"
#include "cmd/trust.h"

/* --- grant ------------------------------------------------------------------ */

static void print_findings(const struct bg_grant *g)
{
	for (size_t i = 0; i < g->findings.list.n; i++) {
		const struct bg_finding *f = &g->findings.list.v[i];
		printf("  %-10s%s: ", bg_class_text(f->class), f->id);
		bg_ui_text(stdout, f->text);
		putchar('\n');
	}
}

static json_t *findings_json(const struct bg_grant *g)
{
	json_t *list = json_array();
	for (size_t i = 0; i < g->findings.list.n; i++) {
		const struct bg_finding *f = &g->findings.list.v[i];
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "id",
						      f->id, "class",
						      bg_class_text(f->class),
						      "text", f->text));
	}
	return list;
}

static int grant_json(struct bg_ctx *ctx, const struct bg_queue *q,
		      struct bg_error *err)
{
	const struct bg_grant *g = q->grants.v[0].g;
	json_t *events = json_array(), *debts = json_array();
	char root[BG_DIGEST_TEXT + 1];
	bg_digest_format(root, &g->root);
	for (size_t i = 0; i < g->n_events; i++)
		json_array_append_new(events, bg_event_json(g->events[i]));
	for (size_t i = 0; i < q->turns.n; i++)
		json_array_append_new(debts, bg_turn_json(q, &q->turns.v[i]));
	json_t *doc = json_pack("{s:i, s:s, s:s, s:s, s:s, s:o, s:o, s:o}",
				"schema", 1, "grant", g->label, "root", root,
				"state", bg_state_text(g->state), "by", g->by,
				"debts", debts, "findings", findings_json(g),
				"events", events);
	int rc = bg_ctx_json(ctx, doc, err);
	json_decref(doc);
	return rc;
}

/* As people tell it: by the time that each claims. */
static int by_time(const void *a, const void *b)
{
	const struct bg_event *x = *(struct bg_event *const *)a;
	const struct bg_event *y = *(struct bg_event *const *)b;
	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	int d = strcmp(x->writer, y->writer);
	return d ? d : x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int print_events(const struct bg_grant *g, struct bg_error *err)
{
	struct bg_event **v =
		calloc(g->n_events + 1, sizeof(struct bg_event *));
	if (!v)
		return bg_fail_oom(err);
	memcpy(v, g->events, g->n_events * sizeof(struct bg_event *));
	qsort(v, g->n_events, sizeof(struct bg_event *), by_time);
	puts("events");
	for (size_t i = 0; i < g->n_events; i++) {
		BG_AUTO(str) struct bg_str s = BG_STR_INIT;
		bg_event_line(&s, v[i]);
		printf("  %s\n", bg_str_text(&s));
	}
	free(v);
	return 0;
}

static int show_grant(struct bg_ctx *ctx, const struct bg_digest *root,
		      struct bg_error *err)
{
	BG_AUTO(queue) struct bg_queue q = { 0 };
	size_t n;
	int rc = bg_queue_read(&q, ctx, bg_ctx_maybe_me(ctx), true, root, err);
	if (rc)
		return rc;
	if (ctx->json)
		return grant_json(ctx, &q, err);
	const struct bg_grant *g = q.grants.v[0].g;
	bg_facts_print(stdout, ctx, g);
	print_findings(g);
	rc = bg_queue_print(&n, ctx, &q, "owed", NULL, err);
	return rc ? rc : print_events(g, err);
}

/* --- event ------------------------------------------------------------------- */

static void print_value(const char *key, const json_t *v, unsigned indent)
{
	const char *k;
	json_t *child;
	size_t i;
	if (key)
		printf("%*s%s: ", (int)indent, "", key);
	switch (json_typeof(v)) {
	case JSON_STRING:
		bg_ui_block(stdout, json_string_value(v), indent + 4);
		putchar('\n');
		break;
	case JSON_INTEGER:
		printf("%lld\n", (long long)json_integer_value(v));
		break;
	case JSON_OBJECT:
		putchar('\n');
		json_object_foreach((json_t *)v, k, child)
			print_value(k, child, indent + 2);
		break;
	case JSON_ARRAY:
		putchar('\n');
		json_array_foreach(v, i, child) {
			printf("%*s- ", (int)indent + 2, "");
			print_value(NULL, child, indent + 4);
		}
		break;
	default:
		puts(json_is_true(v) ? "yes" : "no");
	}
}

static int show_event(struct bg_ctx *ctx, const struct bg_event *e,
		      struct bg_error *err)
{
	char digest[BG_DIGEST_TEXT + 1], fpr[2 * BG_FPR_LEN + 1];
	if (ctx->json) {
		BG_AUTO(json) json_t *doc = bg_event_json(e);
		return bg_ctx_json(ctx, doc, err);
	}
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	bg_event_line(&s, e);
	puts(bg_str_text(&s));
	bg_digest_format(digest, &e->digest);
	bg_fpr_format(fpr, &e->signer);
	printf("event   %s\nlog     %s, %llu\nkey     %s\n", digest, e->writer,
	       (unsigned long long)e->seq, fpr);
	if (e->grant)
		printf("grant   %s\n", e->grant);
	print_value("data", e->data, 0);
	return 0;
}

/* --- file under trust ----------------------------------------------------------- */

static int show_file(struct bg_ctx *ctx, const struct bg_trust_file *f,
		     struct bg_error *err)
{
	if (ctx->json) {
		char digest[BG_DIGEST_TEXT + 1];
		bg_digest_format(digest, &f->digest);
		BG_AUTO(json)
		json_t *doc = json_pack("{s:i, s:s, s:s, s:s%}", "schema", 1,
					"path", f->path, "sha256", digest,
					"text", f->text, f->n);
		return bg_ctx_json(ctx, doc, err);
	}
	bg_ui_block(stdout, f->text, 0);
	return 0;
}

static const struct bg_trust_file *file_named(struct bg_ctx *ctx,
					      const char *name)
{
	static const char *const folders[] = { "policies", "identities" };
	const struct bg_trust *t = bg_store_trust(ctx->store);
	for (size_t i = 0; i < 2; i++) {
		char *path = bg_arena_printf(&ctx->arena, "%s/%s.yaml",
					     folders[i], name);
		const struct bg_trust_file *f = path ? bg_trust_file(t, path)
						     : NULL;
		if (f)
			return f;
	}
	return NULL;
}

static bool looks_like_event(const char *s)
{
	if (bg_starts_with(s, "sha256:"))
		return true;
	size_t n = strspn(s, "0123456789abcdef");
	return n >= 6 && !s[n];
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	struct bg_digest root;
	int rc = bg_ctx_args(ctx, argc, argv, 0, 1, err);
	if (rc)
		return rc;
	const char *what = argc ? argv[0] : NULL;
	if (!what || bg_is_grant(what)) {
		rc = bg_ctx_grant(&root, ctx, what, true, "bg show %s", err);
		return rc ? rc : show_grant(ctx, &root, err);
	}
	const struct bg_trust *t = bg_store_trust(ctx->store);
	const struct bg_principal *p = bg_trust_principal(t, what);
	if (p && !ctx->json) {
		bg_person_print(ctx, t, p);
		return 0;
	}
	if (p)
		return bg_trust_show(ctx, argc, argv, err);
	const struct bg_trust_file *f = file_named(ctx, what);
	if (f)
		return show_file(ctx, f, err);
	if (looks_like_event(what)) {
		BG_AUTO(event) struct bg_event *e = NULL;
		rc = bg_store_event(&e, ctx->store, what, err);
		return rc ? rc : show_event(ctx, e, err);
	}
	bg_fail(err, BG_ENOENT, "no-such-thing",
		"no grant, event, person, policy or identity '%s'", what);
	return bg_hint(err, "bg log");
}

static const char *const examples[] = { "bg show @k7q2xm", "bg show alice",
					"bg show prod-db", NULL };
static const struct bg_opt opts[] = { { 0 } };

const struct bg_cmd cmd_show = {
	.name = "show",
	.group = "evidence",
	.summary =
		"everything about one grant, event, person, policy, identity",
	.usage = "show [GRANT | EVENT | NAME]",
	.examples = examples,
	.exits = "0 1 3 5 14 129",
	.opts = opts,
	.complete = "grant",
	.flags = BG_CMD_STORE | BG_CMD_PAGER,
	.run = run,
};
