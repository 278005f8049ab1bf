/* help: the emergency block first, so that a 24-line console shows it. */
#include "cmd/cmd.h"

#include <sys/stat.h>

#include "cmd/help_text.h"
#include "cmd/unknown.h"

static struct {
	bool all;
} o;

/* A line with text, or a line of names; names that are not here are left out. */
static const struct {
	const char *head, *names;
} groups[] = {
	{ "with others", "approve deny share revoke" },
	{ "afterwards", "settle rotate review replay report" },
	{ "the evidence", "log show verify sync seal declare reconcile export "
			  "redact" },
	{ "before the next one", "doctor drill init clone policy identity "
				 "trust sweep hook" },
};
static const struct {
	const char *name, *text;
} first[] = {
	{ "activate", "open access:  %s activate POLICY[/SCOPE] -m \"why\"" },
	{ "exec", "run a command, or a shell, in it; recorded" },
	{ "note", "write down what the recorder cannot see (attach: a file)" },
	{ "extend", "more time, without a gap" },
	{ "done", "end it: take access back and check that it is gone" },
	{ "status", "what is open, what waits for you, what is owed" },
};

static const struct {
	const char *name, *text;
} more[] = {
	{ "COMMAND -h", "its options and examples" },
	{ "help COMMAND", "its manual page" },
	{ "help -a", "every command" },
	{ "help TOPIC", "emergency approver reviewer auditor admin scripts" },
};

static void overview(struct bg_ctx *ctx)
{
	puts("in an emergency");
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		const char *mark = strstr(first[i].text, "%s");
		if (!bg_cmd_find(first[i].name))
			continue;
		printf("  %-10s ", first[i].name);
		if (mark)
			printf("%.*s%s%s\n", (int)(mark - first[i].text),
			       first[i].text, ctx->word, mark + 2);
		else
			puts(first[i].text);
	}
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		printf("%-22s", groups[i].head);
		for (const char *p = groups[i].names; *p;) {
			char name[32];
			size_t n = strcspn(p, " ");
			snprintf(name, sizeof(name), "%.*s", (int)n, p);
			if (bg_cmd_find(name))
				printf("  %s", name);
			p += n + (p[n] == ' ');
		}
		putchar('\n');
	}
	putchar('\n');
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		printf("%s %-13s %s\n", ctx->word, more[i].name, more[i].text);
}

static void everything(void)
{
	static const char *const order[][2] = {
		{ "emergency", "in an emergency" },
		{ "others", "with others" },
		{ "afterwards", "afterwards" },
		{ "evidence", "the evidence" },
		{ "before", "before the next one" },
	};
	const struct bg_cmd *const *c;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		puts(order[i][1]);
		for (c = bg_cmds(); *c; c++)
			if (!((*c)->flags & BG_CMD_PLUMBING) &&
			    !strcmp((*c)->group, order[i][0]))
				printf("  %-10s %s\n", (*c)->name,
				       (*c)->summary);
	}
	puts("plumbing");
	for (c = bg_cmds(); *c; c++)
		if ((*c)->flags & BG_CMD_PLUMBING)
			printf("  %-10s %s\n", (*c)->name, (*c)->summary);
}

static bool is_page(const char *path)
{
	struct stat st;
	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* The page beside the program (a source tree, or any PREFIX). */
static const char *man_page(struct bg_ctx *ctx, const char *name)
{
	const char *self = ctx->places.self_path;
	const char *slash = strrchr(self, '/');
	int n = slash ? (int)(slash - self) : 0;
	const char *tries[] = {
		bg_arena_printf(&ctx->arena, "%.*s/../man/bg-%s.1", n, self,
				name),
		bg_arena_printf(&ctx->arena, "%.*s/../../man/bg-%s.1", n, self,
				name),
		bg_arena_printf(&ctx->arena, "%.*s/../share/man/man1/bg-%s.1",
				n, self, name),
	};
	for (size_t i = 0; i < 3; i++)
		if (tries[i] && is_page(tries[i]))
			return tries[i];
	return NULL;
}

/* man(1) shows a file given with its path; mandoc(1) where there is no man. */
static bool show_page(const char *page)
{
	const char *const man[] = { "man", page, NULL };
	const char *const mandoc[] = { "mandoc", "-a", page, NULL };
	struct bg_error ignored;
	int status = 0;
	if (!bg_ui_run(&status, man, &ignored) && !status)
		return true;
	return !bg_ui_run(&status, mandoc, &ignored) && !status;
}

static int command_page(struct bg_ctx *ctx, const struct bg_cmd *cmd,
			struct bg_error *err)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	const char *page = man_page(ctx, cmd->name);
	if (page && ctx->ui.out_tty && show_page(page))
		return 0;
	bg_cmd_describe(&s, ctx, cmd);
	int rc = bg_str_check(&s, err);
	if (!rc)
		fputs(bg_str_text(&s), stdout);
	return rc;
}

/* "bg " at a word's start becomes the word that was typed; columns after it
 * stay where they are as far as blanks allow. */
static void print_page(struct bg_ctx *ctx, const char *text)
{
	size_t extra = strlen(ctx->word) - 2, owed = 0;
	for (const char *p = text; *p;) {
		bool word = p == text || p[-1] == ' ' || p[-1] == '\n';
		size_t blanks = strspn(p, " ");
		if (word && bg_starts_with(p, "bg ")) {
			fputs(ctx->word, stdout);
			owed += extra;
			p += 2;
		} else if (blanks > 2 && p != text && p[-1] != '\n') {
			size_t skip = blanks - 2 < owed ? blanks - 2 : owed;
			printf("%*s", (int)(blanks - skip), "");
			owed -= skip;
			p += blanks;
		} else {
			owed = *p == '\n' ? 0 : owed;
			putchar(*p++);
		}
	}
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	int rc = bg_ctx_args(ctx, argc, argv, 0, 1, err);
	if (rc)
		return rc;
	if (o.all) {
		everything();
		return 0;
	}
	if (!argc || !strcmp(argv[0], "help")) {
		overview(ctx);
		return 0;
	}
	for (const struct bg_help_page *p = bg_help_pages; p->name; p++) {
		if (strcmp(p->name, argv[0]))
			continue;
		print_page(ctx, p->text);
		return 0;
	}
	const struct bg_cmd *cmd = bg_cmd_find(argv[0]);
	if (cmd)
		return command_page(ctx, cmd, err);
	bg_fail(err, BG_ENOENT, "no-such-page", "no help about '%s'", argv[0]);
	return bg_hint(err, "bg help -a");
}

static const char *const examples[] = { "bg help emergency", "bg help activate",
					NULL };
static const struct bg_opt opts[] = {
	{ BG_OPT_FLAG, 'a', "all", NULL, "every command, plumbing too", &o.all,
	  NULL },
	{ 0 },
};
static const char *const words[] = { "emergency", "approver", "reviewer",
				     "auditor",   "admin",    "scripts",
				     NULL };

const struct bg_cmd cmd_help = {
	.name = "help",
	.group = "before",
	.summary = "explain the commands, or one of them",
	.usage = "help [COMMAND | emergency | approver | reviewer | auditor | "
		 "admin | scripts | -a]",
	.examples = examples,
	.exits = "0 3 129",
	.opts = opts,
	.words = words,
	.flags = BG_CMD_PLUMBING,
	.run = run,
};
