/* rotate: change the credential of an identity, or say how it was done. */
#include "cmd/facts.h"
#include "cmd/secret.h"

static struct {
	const char *why, *secret_file;
	bool now;
} o;

/* Is a new credential for the escrow needed? */
static bool needs_secret(struct bg_ctx *ctx, const char *name)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(identity) struct bg_identity *id = NULL;
	const struct bg_trust *t = bg_store_trust(ctx->store);
	const struct bg_trust_file *f;
	struct bg_error ignored;
	char path[160];

	snprintf(path, sizeof(path), "identities/%s.yaml", name);
	f = bg_trust_file(t, path);
	if (!f ||
	    bg_identity_load(&id, &faults, f->path, f->text, f->n, &ignored) ||
	    bg_faults_have_errors(&faults))
		return false;
	return id->escrow.present && !id->rotate_by_provider;
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(secret) struct bg_str secret = BG_STR_INIT;
	struct bg_event e = { 0 };
	bool wants;
	int rc = bg_ctx_args(ctx, argc, argv, 1, 1, err);

	if (rc)
		return rc;
	wants = o.secret_file || needs_secret(ctx, argv[0]);
	if (wants)
		rc = bg_secret_read(&secret, ctx, o.secret_file, argv[0],
				    "bg rotate %s --secret-file FILE", err);
	if (!rc)
		rc = bg_rotate(&e, &ctx->ops, argv[0],
			       o.why   ? o.why
			       : wants ? "a new credential is in escrow"
				       : NULL,
			       wants ? &secret : NULL, o.now, err);
	if (!rc && ctx->json) {
		BG_AUTO(json) json_t *doc = bg_event_json(&e);

		rc = bg_ctx_json(ctx, doc, err);
	} else if (!rc && !ctx->quiet) {
		bg_result_line(ctx, NULL, "rotated %s, %zu exposure%s settled",
			       argv[0], e.n_answers,
			       e.n_answers == 1 ? "" : "s");
	}
	bg_event_release(&e);
	return rc;
}

static const char *const examples[] = {
	"bg rotate pg-emergency-rw", "bg rotate san-root --secret-file new.txt",
	"bg rotate vpn-key -m \"new key on both gateways, INC-881\"", NULL
};
static const struct bg_opt opts[] = {
	{ BG_OPT_FLAG, 0, "now", NULL, "although it is in use", &o.now, NULL },
	{ BG_OPT_TEXT, 0, "secret-file", "FILE",
	  "the new credential for the escrow; - for stdin", &o.secret_file,
	  "file" },
	BG_OPT_WHY(&o.why),
	{ 0 },
};

const struct bg_cmd cmd_rotate = {
	.name = "rotate",
	.group = "afterwards",
	.summary = "change the credential that was used",
	.usage = "rotate IDENTITY [--now] [--secret-file FILE] [-m TEXT]",
	.examples = examples,
	.exits = "0 1 3 4 5 11 14 75 129",
	.opts = opts,
	.complete = "identity",
	.flags = BG_CMD_STORE | BG_CMD_SIGN | BG_CMD_ANCHORED,
	.run = run,
};
