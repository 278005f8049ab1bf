#include "cmd/git.h"

#include "base/io.h"

#define ARGS_MAX 24

static const char *program(void)
{
	static const char *const places[] = { "/usr/bin/git",
					      "/usr/local/bin/git", "/bin/git",
					      NULL };
	for (const char *const *p = places; *p; p++)
		if (access(*p, X_OK) == 0)
			return *p;
	return NULL;
}

/* NAME=VALUE of our own environment, or nothing. */
static void keep(const char **env, size_t *n, struct bg_ctx *ctx,
		 const char *name)
{
	const char *v = getenv(name);
	if (v && *v)
		env[(*n)++] = bg_arena_printf(&ctx->arena, "%s=%s", name, v);
}

int bg_git_run(struct bg_proc_result *out, struct bg_ctx *ctx,
	       const char *git_dir, const char *const *args, int timeout_ms,
	       struct bg_error *err)
{
	static const char *const fixed[] = {
		"-c", "core.hooksPath=/dev/null",
		"-c", "core.fsmonitor=false",
		"-c", "protocol.ext.allow=never",
		"-c", "core.attributesFile=/dev/null",
		"-c", "advice.detachedHead=false",
	};
	const size_t n_fixed = sizeof(fixed) / sizeof(fixed[0]);
	const char *argv[ARGS_MAX + sizeof(fixed) / sizeof(fixed[0]) + 4];
	const char *env[24];
	size_t n = 0, e = 0;
	const char *git = program();
	if (!git)
		return bg_fail(err, BG_EFAIL, "no-git",
			       "cannot find the git program");
	argv[n++] = git;
	memcpy(argv + n, fixed, sizeof(fixed));
	n += n_fixed;
	for (size_t i = 0; i < ARGS_MAX && args[i]; i++)
		argv[n++] = args[i];
	argv[n] = NULL;
	env[e++] = "PATH=/usr/local/bin:/usr/bin:/bin";
	env[e++] = "LC_ALL=C.UTF-8";
	env[e++] = "GIT_TERMINAL_PROMPT=0";
	env[e++] = "GIT_TEMPLATE_DIR=/dev/null";
	env[e++] = "GIT_ALLOW_PROTOCOL=file:ssh:https:git";
	env[e++] = "GIT_OPTIONAL_LOCKS=0";
	if (git_dir)
		env[e++] = bg_arena_printf(&ctx->arena, "GIT_DIR=%s", git_dir);
	keep(env, &e, ctx, "HOME");
	keep(env, &e, ctx, "XDG_CONFIG_HOME");
	keep(env, &e, ctx, "GIT_CONFIG_GLOBAL");
	keep(env, &e, ctx, "GIT_CONFIG_NOSYSTEM");
	keep(env, &e, ctx, "SSH_AUTH_SOCK");
	keep(env, &e, ctx, "GIT_SSH_COMMAND");
	keep(env, &e, ctx, "TMPDIR");
	env[e] = NULL;
	int rc = bg_arena_check(&ctx->arena, err);
	if (rc)
		return rc;
	char cwd[4096];
	struct bg_proc p = { .argv = argv,
			     .env = env,
			     .dir = getcwd(cwd, sizeof(cwd)),
			     .secret_fd = -1,
			     .max_out = 1024 * 1024,
			     .err_inherit = ctx->verbose || !git_dir,
			     .timeout_ms = timeout_ms,
			     .own_session = false };
	return bg_proc_run(out, &p, err);
}

/* The name in a line [remote "NAME"] of a configuration. */
static char *remote_name(struct bg_ctx *ctx, const char *text)
{
	static const char head[] = "[remote \"";
	const char *at = strstr(text, head);
	if (!at)
		return NULL;
	at += sizeof(head) - 1;
	size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
	if (!n || at[n] != '"' || *at == '-')
		return NULL;
	return bg_arena_strndup(&ctx->arena, at, n);
}

const char *bg_git_remote(struct bg_ctx *ctx)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	struct bg_error ignored;
	char path[4096];
	/* Only a pinned repository may name where evidence goes. */
	if (!bg_store_anchored(ctx->store))
		return NULL;
	snprintf(path, sizeof(path), "%sconfig",
		 bg_repo_git_dir(bg_store_repo(ctx->store)));
	if (bg_file_read(&text, path, 256 * 1024, &ignored))
		return NULL;
	return remote_name(ctx, bg_str_text(&text));
}
