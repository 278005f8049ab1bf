/* identity add: its file under trust, then its first `rotate`, which carries
 * the escrow file. */
#include "cmd/facts.h"
#include "cmd/identity.h"
#include "cmd/key.h"
#include "cmd/secret.h"
#include "evidence/trust_write.h"

#define o bg_identity_o

static void add_duration(struct bg_str *out, const char *key, int64_t seconds,
			 const char *rest)
{
	char text[24];
	if (!seconds && !*rest)
		return;
	bg_str_addf(out, "%s: {", key);
	if (seconds) {
		bg_duration_format(text, seconds);
		bg_str_addf(out, "every: %s%s", text, *rest ? ", " : "");
	}
	bg_str_addf(out, "%s}\n", rest);
}

static void add_list(struct bg_str *out, const struct bg_opt_list *l)
{
	bg_str_addc(out, '[');
	for (size_t i = 0; i < l->list.n; i++) {
		bg_str_add(out, i ? ", " : "");
		bg_yaml_scalar(out, l->list.v[i]);
	}
	bg_str_addc(out, ']');
}

static void add_escrow(struct bg_str *out)
{
	bg_str_add(out, "escrow: {");
	if (o.escrow) {
		bg_str_addf(out, "quorum: {k: %lld, custodians: ",
			    (long long)o.escrow);
		add_list(out, &o.custodians);
		bg_str_add(out, o.solo_to ? "}, " : "}");
	}
	if (o.solo_to) {
		bg_str_add(out, "solo_to: ");
		bg_yaml_scalar(out, o.solo_to);
	}
	bg_str_add(out, "}\n");
}

static void write_file(struct bg_str *out, const char *name, const char *owner)
{
	bool escrow = o.escrow || o.solo_to;
	bg_str_addf(out, "bg: identity/1\nname: %s\nkind: %s\ntitle: ", name,
		    o.kind ? o.kind : "maintenance");
	bg_yaml_scalar(out, o.title ? o.title : name);
	bg_str_addf(out, "\nowner: %s\ncustody: %s\n", owner,
		    escrow ? "escrow" : "none");
	if (escrow)
		add_escrow(out);
	add_duration(out, "rotate", o.rotate,
		     escrow     ? "method: manual, always: true"
		     : o.rotate ? "method: manual"
				: "");
	add_duration(out, "drill", o.drill, "");
	if (o.policies.list.n) {
		bg_str_add(out, "users: ");
		add_list(out, &o.policies);
		bg_str_addc(out, '\n');
	}
}

static int check(struct bg_ctx *ctx, const char *name, struct bg_error *err)
{
	const struct bg_trust *t = bg_store_trust(ctx->store);
	char path[128];
	snprintf(path, sizeof(path), "identities/%.64s.yaml", name);
	if (!bg_is_principal_name(name))
		return bg_ctx_usage(ctx, err,
				    "wrong name '%s': small letters, "
				    "digits and '-', 32 at most",
				    name);
	if (bg_trust_file(t, path)) {
		bg_fail(err, BG_EUSAGE, "exists",
			"identity '%s' is there "
			"already",
			name);
		return bg_hint(err, "bg rotate %s --secret-file FILE", name);
	}
	if (o.title && (!bg_text_is_clean(o.title, strlen(o.title)) ||
			strlen(o.title) > 200))
		return bg_ctx_usage(ctx, err, "wrong title");
	if (bg_ctx_given(ctx, "escrow") && o.escrow != 1)
		return bg_fail(err, BG_EUSAGE, "escrow-quorum",
			       "cannot keep '%s' so that %lld custodians open "
			       "it together: this version of the program makes "
			       "escrow that one opens",
			       name, (long long)o.escrow);
	if (o.escrow && !o.custodians.list.n)
		return bg_ctx_usage(ctx, err, "who keeps it? --custodian NAME");
	if (o.secret_file && !o.escrow && !o.solo_to)
		return bg_ctx_usage(ctx, err,
				    "a secret is kept in escrow: "
				    "--escrow 1 --custodian NAME");
	for (size_t i = 0; i < o.custodians.list.n; i++)
		if (!bg_trust_principal(t, o.custodians.list.v[i]))
			return bg_fail(err, BG_ENOENT, "no-such-person",
				       "no person '%s' in trust",
				       o.custodians.list.v[i]);
	return 0;
}

static int put_in_escrow(struct bg_ctx *ctx, const char *name,
			 const struct bg_str *secret, struct bg_error *err)
{
	struct bg_event e = { 0 };
	int rc = bg_rotate(&e, &ctx->ops, name, "put in escrow", secret, false,
			   err);
	bg_event_release(&e);
	if (rc) {
		bg_wrap(err, "'%s' is in trust, its secret is not in escrow",
			name);
		return bg_hint(err,
			       "bg rotate %s --secret-file FILE -m \"put "
			       "in escrow\"",
			       name);
	}
	if (!ctx->json && !ctx->quiet)
		bg_result_line(ctx, NULL, "%s is in escrow", name);
	return 0;
}

int bg_identity_add(struct bg_ctx *ctx, int argc, char **argv,
		    struct bg_error *err)
{
	BG_AUTO(change) struct bg_change c = { 0 };
	BG_AUTO(secret) struct bg_str secret = BG_STR_INIT;
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	const struct bg_principal *me = NULL;
	char path[128];
	(void)argc;
	int rc = check(ctx, argv[0], err);
	if (!rc)
		rc = bg_ctx_me(&me, ctx, err);
	/* Asked for first: who cancels has changed nothing. */
	if (!rc && (o.escrow || o.solo_to))
		rc = bg_secret_read(&secret, ctx, o.secret_file, argv[0],
				    "bg identity add %s ... --secret-file FILE",
				    err);
	if (!rc)
		rc = bg_change_begin(&c, ctx, false, err);
	if (rc)
		return rc;
	snprintf(path, sizeof(path), "identities/%.64s.yaml", argv[0]);
	write_file(&text, argv[0], o.owner ? o.owner : me->name);
	rc = bg_str_check(&text, err);
	if (!rc)
		rc = bg_change_set(&c, path, bg_str_text(&text), text.len, err);
	c.offline = o.offline;
	c.why = bg_arena_printf(&ctx->arena, "added %s", path);
	if (!rc)
		rc = bg_change_finish(&c, err);
	if (!rc && secret.len)
		rc = put_in_escrow(ctx, argv[0], &secret, err);
	return rc;
}
