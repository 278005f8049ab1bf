/* policy explain: what activate would decide, without running anything. */
#include "cmd/policy.h"
#include "policy/cases.h"

#define o bg_policy_o

struct known {
	BG_VEC(struct bg_known_grant) list;
};

/* Open grants of the policy: what concurrency is counted on. */
static int read_known(struct known *out, struct bg_ctx *ctx,
		      const struct bg_grant_rows *rows, struct bg_error *err)
{
	(void)ctx;
	for (size_t i = 0; i < rows->list.n; i++) {
		const struct bg_grant_row *r = &rows->list.v[i];
		struct bg_known_grant k = {
			.label = r->label,
			.by = r->by,
			.scope = r->scope,
			.identity = r->identity,
			.open = r->state == BG_WAITING || r->state == BG_OPEN ||
				r->state == BG_ENDING,
		};
		if (bg_vec_push(&out->list, k))
			return bg_fail_oom(err);
	}
	return 0;
}

static int load_identity(struct bg_identity **out, struct bg_ctx *ctx,
			 const char *name, struct bg_error *err)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	char *path =
		name ? bg_arena_printf(&ctx->arena, "identities/%s.yaml", name)
		     : NULL;
	const struct bg_trust_file *f =
		path ? bg_trust_file(bg_store_trust(ctx->store), path) : NULL;
	if (f)
		return bg_identity_load(out, &faults, f->path, f->text, f->n,
					err);
	return name && o.identity ? bg_fail(err, BG_ENOENT, "no-such-identity",
					    "no identity '%s'", name)
				  : 0;
}

static void add_program(struct bg_str *out, const char *what,
			const struct bg_program *p)
{
	if (!p->n)
		return;
	bg_str_addf(out, "%s", what);
	for (size_t i = 0; i < p->n; i++)
		bg_str_addf(out, " %s", p->argv[i]);
	bg_str_addc(out, '\n');
}

static void describe(struct bg_str *out, const struct bg_policy *p,
		     const struct bg_decision *d)
{
	if (d->scope) {
		bg_str_addf(out, "would open   %s/%s", p->name, d->scope->id);
		if (d->scope->identity)
			bg_str_addf(out, " as %s", d->scope->identity);
		if (d->scope->n_grant)
			bg_str_addf(out, " through %s",
				    d->scope->grant[0].name);
		bg_str_addc(out, '\n');
	}
	if (d->trigger) {
		bg_str_addf(out, "would claim  %s: %s\n", d->trigger->id,
			    d->trigger->when ? d->trigger->when : "");
		add_program(out, "would probe ", &d->trigger->probe.run);
	}
}

static json_t *reasons_json(const struct bg_reason *v, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s}", "id", v[i].id,
						"text", v[i].text));
	return list;
}

static int print_json(struct bg_ctx *ctx, const struct bg_policy *p,
		      const struct bg_decision *d, struct bg_error *err)
{
	json_t *duties = json_array();
	for (size_t i = 0; i < d->duties.n; i++)
		json_array_append_new(
			duties, json_pack("{s:s, s:I, s:s}", "what",
					  d->duties.v[i].what, "within",
					  (json_int_t)d->duties.v[i].within,
					  "who", d->duties.v[i].who));
	BG_AUTO(json)
	json_t *doc = json_pack(
		"{s:i, s:s, s:s, s:b, s:b, s:I, s:I, s:o, s:o, s:o}", "schema",
		1, "policy", p->name, "scope", d->scope ? d->scope->id : "",
		"allowed", d->allowed, "waits", d->waits, "duration",
		(json_int_t)d->duration, "until_max", (json_int_t)d->until_max,
		"reasons", reasons_json(d->reasons.v, d->reasons.n), "gaps",
		reasons_json(d->gaps.v, d->gaps.n), "duties", duties);
	return bg_ctx_json(ctx, doc, err);
}

static int print(struct bg_ctx *ctx, const struct bg_policy *p,
		 const struct bg_decision *d, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	if (ctx->json)
		return print_json(ctx, p, d, err);
	bg_decision_format(&s, d);
	describe(&s, p, d);
	/* Hints are printed below, with the word that was typed. */
	for (const char *l = bg_str_text(&s); *l;) {
		size_t n = strcspn(l, "\n") + 1;
		if (!bg_starts_with(l, "hint ")) {
			BG_AUTO(str) struct bg_str line = BG_STR_INIT;
			bg_str_addn(&line, l, strnlen(l, n));
			bg_ui_block(stdout, bg_str_text(&line), 0);
		}
		l += strnlen(l, n);
	}
	for (size_t i = 0; i < d->reasons.n; i++)
		if (*d->reasons.v[i].hint)
			printf("hint         %s\n",
			       bg_ctx_line(ctx, d->reasons.v[i].hint));
	return 0;
}

/* The explained person: --by, else whoever has a key here. */
static int who(const char **out, struct bg_ctx *ctx, struct bg_error *err)
{
	const struct bg_trust *t = bg_store_trust(ctx->store);
	const struct bg_principal *me = NULL;
	if (o.by && !bg_trust_principal(t, o.by)) {
		bg_fail(err, BG_ENOENT, "no-such-person",
			"no person or machine '%s' in trust", o.by);
		return bg_hint(err, "bg trust show");
	}
	*out = o.by;
	if (o.by)
		return 0;
	int rc = bg_ctx_me(&me, ctx, err);
	if (!rc)
		*out = me->name;
	return rc;
}

int bg_policy_explain(struct bg_ctx *ctx, int argc, char **argv,
		      struct bg_error *err)
{
	static const char good_reason[] =
		"a reason that is long enough, for the sake of explanation";
	BG_AUTO(policy) struct bg_policy *p = NULL;
	BG_AUTO(identity) struct bg_identity *identity = NULL;
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	BG_AUTO(decision) struct bg_decision d = { 0 };
	struct known known = { 0 };
	const char *slash = strchr(argv[0], '/');
	const char *name = bg_arena_strndup(&ctx->arena, argv[0],
					    slash ? (size_t)(slash - argv[0])
						  : strlen(argv[0]));
	struct bg_ask ask = {
		.scope = slash ? slash + 1 : NULL,
		.code = o.code,
		.reason = o.why ? o.why : good_reason,
		.ticket = o.ticket,
		.beneficiary = o.on_behalf,
		.duration = o.duration,
		.solo = o.solo,
		.owing = o.owing,
		.drill = o.drill,
		.host_signed = o.host_signed,
		.device_known = true,
		.device_pinned = true,
		.now_ms = ctx->ui.now_ms,
		.trust_fetched_ms = ctx->ui.now_ms,
	};
	struct bg_grant_query q = { .active_only = true, .policy = name };
	(void)argc;
	int rc = bg_policy_named(&p, ctx, name, err);
	if (!rc)
		rc = who(&ask.by, ctx, err);
	if (!rc)
		rc = bg_store_grants(&rows, ctx->store, &q, err);
	if (!rc)
		rc = read_known(&known, ctx, &rows, err);
	if (rc)
		return rc;
	const struct bg_names *codes = bg_policy_codes(p);
	const char *code = ask.code                 ? ask.code
			   : codes && codes->n == 1 ? codes->v[0]
						    : NULL;
	const struct bg_scope *scope = ask.scope ? bg_policy_scope(p, ask.scope)
				       : code ? bg_policy_default_scope(p, code)
				       : p->n_scopes ? &p->scopes[0]
						     : NULL;
	rc = load_identity(&identity, ctx,
			   o.identity ? o.identity
			   : scope    ? scope->identity
				      : NULL,
			   err);
	if (!rc)
		rc = bg_decide(&d, p, bg_store_trust(ctx->store), identity,
			       known.list.v, known.list.n, &ask, err);
	if (!rc)
		rc = print(ctx, p, &d, err);
	bg_vec_release(&known.list);
	if (rc)
		return rc;
	return d.allowed ? 0
	       : d.usage ? bg_code_exit(BG_EUSAGE)
			 : bg_code_exit(BG_EDENIED);
}
