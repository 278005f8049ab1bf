/* revoke: end somebody else's access, or all of it; try a failed end again. */
#include "cmd/ended.h"

static struct {
	const char *why, *by, *policy, *identity;
	bool all, retry, attest;
} o;

struct revoking {
	struct bg_ctx *ctx;
	json_t *list; /* --json of several */
	int status;   /* the worst of them */
};

/* Still there is worse than not proven is worse than gone. */
static int worse(int a, int b)
{
	if (a == 1 || b == 1)
		return 1;
	return a ? a : b;
}

static int end_one(struct revoking *r, const struct bg_digest *root,
		   struct bg_error *err)
{
	BG_AUTO(ending) struct bg_ending e = { 0 };
	const struct bg_ops *ops = &r->ctx->ops;
	int rc;

	if (o.retry)
		rc = bg_end_retry(&e, ops, root, err);
	else if (o.attest)
		rc = bg_end_attest(&e, ops, root, o.why, err);
	else
		rc = bg_end(&e, ops, root, BG_END_ORDERED, o.why, err);
	if (rc)
		return rc;
	r->status = worse(r->status, bg_ended_status(&e));
	if (r->ctx->json)
		json_array_append_new(r->list, bg_ended_json(&e));
	else if (!r->ctx->quiet)
		bg_ended_print(stdout, r->ctx, &e);
	return 0;
}

static int named(struct revoking *r, int argc, char **argv,
		 struct bg_error *err)
{
	/* All names first: a typo in the second ends nothing of the first. */
	BG_AUTO(free)
	struct bg_digest *roots = calloc((size_t)argc, sizeof(*roots));

	if (!roots)
		return bg_fail_oom(err);
	for (int i = 0; i < argc; i++)
		if (bg_ctx_grant(&roots[i], r->ctx, argv[i], false,
				 "bg revoke %s -m \"...\"", err))
			return err->code;
	for (int i = 0; i < argc; i++)
		if (end_one(r, &roots[i], err))
			return err->code;
	return 0;
}

static int all(struct revoking *r, struct bg_error *err)
{
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	const struct bg_grant_query q = { .active_only = true,
					  .by = o.by,
					  .policy = o.policy,
					  .identity = o.identity };
	int failed = 0;
	size_t n = 0;

	if (bg_store_grants(&rows, r->ctx->store, &q, err))
		return err->code;
	for (size_t i = 0; i < rows.list.n; i++) {
		struct bg_grant_row *row = &rows.list.v[i];
		struct bg_error why;

		if (row->state >= BG_ENDED)
			continue;
		n++;
		/* One that cannot be ended must not keep the others. */
		if (end_one(r, &row->root, &why)) {
			bg_ui_warn(&r->ctx->ui, "%s: %s",
				   bg_ctx_at(r->ctx, row->label), why.msg);
			*err = why;
			failed = why.code;
		}
	}
	if (n == 0 && !r->ctx->json && !r->ctx->quiet)
		puts("nothing is open");
	return failed;
}

static int check(struct bg_ctx *ctx, int argc, struct bg_error *err)
{
	if (!argc && !o.all)
		return bg_ctx_usage(ctx, err,
				    "which grant? none is given (--all: "
				    "everything that is open)");
	if (argc && o.all)
		return bg_ctx_usage(ctx, err,
				    "--all and a grant exclude each other");
	if (!o.all && (o.by || o.policy || o.identity))
		return bg_ctx_usage(ctx, err,
				    "--by, --policy and --identity narrow "
				    "--all");
	if (bg_ctx_conflict(ctx, "retry", "attest", err))
		return err->code;
	if (o.retry || (o.why && *o.why))
		return 0;
	bg_fail(err, BG_EUSAGE, "no-message", "why? an order says so");
	return bg_hint(err, "bg revoke %s -m \"...\"",
		       o.all ? "--all" : "GRANT");
}

static int show_json(struct revoking *r, int argc, struct bg_error *err)
{
	BG_AUTO(json) json_t *doc = NULL;

	if (argc == 1 && json_array_size(r->list) == 1)
		return bg_ctx_json(r->ctx, json_array_get(r->list, 0), err);
	doc = bg_ctx_doc();
	json_object_set(doc, "grants", r->list);
	return bg_ctx_json(r->ctx, doc, err);
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(json) json_t *list = json_array();
	struct revoking r = { .ctx = ctx, .list = list };
	int rc = check(ctx, argc, err);

	if (rc)
		return rc;
	rc = o.all ? all(&r, err) : named(&r, argc, argv, err);
	if (ctx->json && !rc)
		rc = show_json(&r, argc, err);
	return rc ? rc : r.status;
}

static const char *const examples[] = {
	"bg revoke @k7q2xm -m \"alice's laptop died\"",
	"bg revoke --all --by eve -m \"key stolen\"",
	"bg revoke @k7q2xm --retry", NULL
};
static const struct bg_opt opts[] = {
	BG_OPT_WHY(&o.why),
	{ BG_OPT_FLAG, 0, "all", NULL, "everything that is open", &o.all,
	  NULL },
	{ BG_OPT_TEXT, 0, "by", "WHO", "of --all: opened by", &o.by,
	  "principal" },
	{ BG_OPT_TEXT, 0, "policy", "POLICY", "of --all: under this policy",
	  &o.policy, "policy" },
	{ BG_OPT_TEXT, 0, "identity", "NAME", "of --all: as this identity",
	  &o.identity, "identity" },
	{ BG_OPT_FLAG, 0, "retry", NULL,
	  "take back again what was ended and is not gone", &o.retry, NULL },
	{ BG_OPT_FLAG, 0, "attest", NULL,
	  "the target is gone: two people who did not use it say so", &o.attest,
	  NULL },
	{ 0 },
};

const struct bg_cmd cmd_revoke = {
	.name = "revoke",
	.group = "others",
	.summary = "end somebody else's access, or all of it",
	.usage = "revoke GRANT... -m TEXT\n"
		 "revoke --all [--by WHO] [--policy P] [--identity I] -m TEXT\n"
		 "revoke GRANT... --retry | --attest",
	.examples = examples,
	.exits = "0 1 3 4 5 6 11 14 75 129",
	.opts = opts,
	.complete = "grant",
	.flags = BG_CMD_STORE | BG_CMD_SIGN | BG_CMD_ANCHORED,
	.run = run,
};
