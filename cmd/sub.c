#include "cmd/sub.h"

#include "format/nearest.h"

static bool takes(const struct bg_sub *s, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = s->opts ? s->opts : ""; *p;) {
		size_t m = strcspn(p, " ");
		if (m == n && !memcmp(p, name, n))
			return true;
		p += m + (p[m] == ' ');
	}
	return false;
}

static int check_options(struct bg_ctx *ctx, const struct bg_sub *s,
			 struct bg_error *err)
{
	for (const struct bg_opt *o = ctx->cmd->opts; o && o->kind; o++)
		if (bg_ctx_given(ctx, o->long_) && !takes(s, o->long_))
			return bg_ctx_usage(ctx, err,
					    "'%s %s' takes no option '--%s'",
					    ctx->cmd->name, s->name, o->long_);
	return 0;
}

static int unknown(struct bg_ctx *ctx, const struct bg_sub *subs,
		   const char *word, struct bg_error *err)
{
	const char *names[32];
	size_t n = 0;
	for (; subs->name && n < 32; subs++)
		names[n++] = subs->name;
	const char *near = bg_nearest(word, names, n);
	bg_fail(err, BG_EUSAGE, "unknown-command", "unknown command '%s %s'",
		ctx->cmd->name, word);
	if (near)
		return bg_hint(err, "bg %s %s", ctx->cmd->name, near);
	return bg_hint(err, "bg %s -h", ctx->cmd->name);
}

int bg_sub_run(struct bg_ctx *ctx, const struct bg_sub *subs,
	       const char *otherwise, int argc, char **argv,
	       struct bg_error *err)
{
	const char *name = argc ? argv[0] : otherwise;
	const struct bg_sub *s = subs;
	while (s->name && strcmp(s->name, name))
		s++;
	if (!s->name)
		return unknown(ctx, subs, name, err);
	if (argc) {
		argc--;
		argv++;
	}
	if (argc < s->min)
		return bg_ctx_usage(ctx, err, "argument missing after '%s %s'",
				    ctx->cmd->name, s->name);
	if (s->max >= 0 && argc > s->max)
		return bg_ctx_usage(ctx, err, "unexpected argument '%s'",
				    argv[s->max]);
	int rc = check_options(ctx, s, err);
	if (!rc && (s->flags & BG_CMD_STORE))
		rc = bg_ctx_store(ctx, s->flags, err);
	if (rc)
		return rc;
	if ((s->flags & BG_CMD_PAGER) && !ctx->no_pager)
		bg_ui_pager_start(&ctx->ui);
	return s->run(ctx, argc, argv, err);
}
