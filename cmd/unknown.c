#include "cmd/unknown.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

#include "format/nearest.h"

#define ALIAS_WORDS 64

static bool is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return n && !s[n] && *s != '-';
}

/* Words of an alias: blanks separate, quotes of either kind keep together,
 * a backslash keeps the next character.  Nothing is expanded or run. */
static int split(char **words, size_t *n, char *text, struct bg_error *err)
{
	char *in = text, *out = text, quote = 0;
	*n = 0;
	while (*in) {
		while (*in == ' ' || *in == '\t' || *in == '\n')
			in++;
		if (!*in)
			break;
		if (*n == ALIAS_WORDS)
			return bg_fail(err, BG_EUSAGE, "bad-alias",
				       "alias too long");
		words[(*n)++] = out;
		for (; *in && (quote || !strchr(" \t\n", *in)); in++) {
			if (!quote && (*in == '\'' || *in == '"'))
				quote = *in;
			else if (quote && *in == quote)
				quote = 0;
			else if (*in == '\\' && quote != '\'' && in[1])
				*out++ = *++in;
			else
				*out++ = *in;
		}
		bool more = *in != 0;
		*out++ = 0;
		in += more;
	}
	if (quote)
		return bg_fail(err, BG_EUSAGE, "bad-alias",
			       "alias with an open quote");
	return 0;
}

static int expand(int *argc, char ***argv, struct bg_ctx *ctx, const char *text,
		  struct bg_error *err)
{
	char *words[ALIAS_WORDS];
	size_t n;
	char *copy = bg_arena_strdup(&ctx->arena, text);
	if (!copy)
		return bg_fail_oom(err);
	int rc = split(words, &n, copy, err);
	if (rc)
		return bg_wrap(err, "wrong alias 'bg.alias.%s'", (*argv)[0]);
	if (!n || !bg_cmd_find(words[0]))
		return bg_fail(err, BG_EUSAGE, "bad-alias",
			       "wrong alias 'bg.alias.%s': it must begin with "
			       "a command",
			       (*argv)[0]);
	size_t rest = (size_t)*argc - 1;
	char **out = bg_arena_array(&ctx->arena, n + rest + 1, sizeof(*out));
	if (!out)
		return bg_fail_oom(err);
	memcpy(out, words, n * sizeof(*out));
	memcpy(out + n, *argv + 1, rest * sizeof(*out));
	*argc = (int)(n + rest);
	*argv = out;
	return 0;
}

/* bg-NAME in an absolute folder of PATH; the folder that the reader happens to
 * be in is never searched. */
static const char *external(struct bg_ctx *ctx, const char *name)
{
	const char *path = getenv("PATH");
	struct stat st;
	while (path && *path) {
		size_t n = strcspn(path, ":");
		char *file = bg_arena_printf(&ctx->arena, "%.*s/bg-%s", (int)n,
					     path, name);
		if (file && *file == '/' && !stat(file, &st) &&
		    S_ISREG(st.st_mode) && access(file, X_OK) == 0)
			return file;
		path += n + (path[n] == ':');
	}
	return NULL;
}

static int run_external(struct bg_ctx *ctx, const char *file, char **argv,
			struct bg_error *err)
{
	if (ctx->repo)
		setenv("BG_REPO", ctx->repo, 1);
	setenv("BG_NAME", ctx->word, 1);
	fflush(NULL);
	signal(SIGPIPE, SIG_DFL);
	argv[0] = (char *)file;
	execv(file, argv);
	return bg_fail_errno(err, "cannot run '%s'", file);
}

static int nearest(struct bg_ctx *ctx, const char *word, struct bg_error *err)
{
	const char *names[64];
	size_t n = 0, starts = 0;
	for (const struct bg_cmd *const *c = bg_cmds(); *c && n < 64; c++)
		if (!((*c)->flags & BG_CMD_PLUMBING))
			names[n++] = (*c)->name;
	const char *near = bg_nearest(word, names, n);
	if (near)
		bg_ctx_hint(ctx, "bg %s", near);
	for (size_t i = 0; i < n && starts < 5; i++) {
		if (names[i] == near || !bg_starts_with(names[i], word))
			continue;
		bg_ctx_hint(ctx, "bg %s", names[i]);
		starts++;
	}
	if (!ctx->hints.n)
		bg_ctx_hint(ctx, "bg help");
	return bg_fail(err, BG_EUSAGE, "unknown-command",
		       "unknown command '%s'", word);
}

int bg_unknown(int *argc, char ***argv, struct bg_ctx *ctx,
	       struct bg_error *err)
{
	const char *word = (*argv)[0];
	if (!is_name(word) || strlen(word) > 64)
		return nearest(ctx, word, err);
	int rc = bg_ctx_places(ctx, err);
	if (rc)
		return rc;
	char *name = bg_arena_printf(&ctx->arena, "bg.alias.%s", word);
	const char *alias = name ? bg_config_get(ctx, name) : NULL;
	if (alias)
		return expand(argc, argv, ctx, alias, err);
	const char *file = NULL;
	if (!bg_starts_with(word, "provider-"))
		file = external(ctx, word);
	if (file)
		return run_external(ctx, file, *argv, err);
	return nearest(ctx, word, err);
}
