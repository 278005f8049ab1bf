/* -h: everything from the command's own table. */
#include "cmd/cmd.h"

static const struct {
	int code;
	const char *text;
} meanings[] = {
	{ 0, "done" },
	{ 1, "failed: I/O, GPG, git, provider, cancelled" },
	{ 3, "no such thing, or more than one; nothing is signed" },
	{ 4, "refused by policy or role" },
	{ 5, "evidence is wrong" },
	{ 6, "attention: overdue, failing, not proven gone" },
	{ 7, "waiting for somebody: nothing is open yet" },
	{ 11, "the repository is unanchored" },
	{ 12, "stale" },
	{ 13, "rolled back" },
	{ 14, "the repository could mislead a reader" },
	{ 75, "try again: locked, or the other side moved" },
	{ 124, "the window ended the command" },
	{ 125, "anything of bg's own" },
	{ 126, "not executable" },
	{ 127, "not found" },
	{ 129, "wrong command line; nothing was written" },
};

static void add_lines(struct bg_str *out, struct bg_ctx *ctx,
		      const struct bg_cmd *cmd)
{
	const char *p = cmd->usage;
	bool first = true;
	while (*p) {
		size_t n = strcspn(p, "\n");
		bg_str_addf(out, "%s %s %.*s\n",
			    first ? "usage:" : "   or:", ctx->word, (int)n, p);
		first = false;
		p += n + (p[n] == '\n');
	}
}

static void add_exits(struct bg_str *out, const struct bg_cmd *cmd)
{
	const char *p = cmd->exits;
	bg_str_add(out, "\nexit status\n");
	while (p && *p) {
		char *end;
		int code = (int)strtol(p, &end, 10);
		if (end == p)
			break;
		for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]);
		     i++)
			if (meanings[i].code == code)
				bg_str_addf(out, "  %-4d %s\n", code,
					    meanings[i].text);
		p = end + strspn(end, " ");
	}
}

void bg_cmd_describe(struct bg_str *out, struct bg_ctx *ctx,
		     const struct bg_cmd *cmd)
{
	add_lines(out, ctx, cmd);
	bg_str_addf(out, "\n%s\n", cmd->summary);
	if (cmd->opts && cmd->opts[0].kind) {
		bg_str_add(out, "\noptions\n");
		bg_opt_describe(out, cmd->opts);
	}
	bg_str_add(out, "\nglobal options, before or after the command\n");
	bg_opt_describe(out, bg_global_opts);
	bg_str_add(out, "\nexamples\n");
	for (const char *const *e = cmd->examples; e && *e; e++)
		bg_str_addf(out, "  %s\n", bg_ctx_line(ctx, *e));
	add_exits(out, cmd);
}
