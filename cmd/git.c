#include "cmd/git.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

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

struct line {
	const char *argv[ARGS_MAX + 16];
	const char *env[24];
};

static int make_line(struct line *out, struct bg_ctx *ctx, const char *git_dir,
		     const char *const *args, struct bg_error *err)
{
	static const char *const fixed[] = {
		"-c", "core.hooksPath=/dev/null",
		"-c", "core.fsmonitor=false",
		"-c", "protocol.ext.allow=never",
		"-c", "core.attributesFile=/dev/null",
		"-c", "advice.detachedHead=false",
	};
	static const char *const kept[] = { "HOME",
					    "XDG_CONFIG_HOME",
					    "GIT_CONFIG_GLOBAL",
					    "GIT_CONFIG_NOSYSTEM",
					    "SSH_AUTH_SOCK",
					    "GIT_SSH_COMMAND",
					    "TMPDIR",
					    NULL };
	size_t n = 0, e = 0;
	out->argv[n++] = program();
	if (!out->argv[0])
		return bg_fail(err, BG_EFAIL, "no-git",
			       "cannot find the git program");
	memcpy(out->argv + n, fixed, sizeof(fixed));
	n += sizeof(fixed) / sizeof(fixed[0]);
	for (size_t i = 0; i < ARGS_MAX && args[i]; i++)
		out->argv[n++] = args[i];
	out->argv[n] = NULL;
	out->env[e++] = "PATH=/usr/local/bin:/usr/bin:/bin";
	out->env[e++] = "LC_ALL=C.UTF-8";
	out->env[e++] = "GIT_TERMINAL_PROMPT=0";
	out->env[e++] = "GIT_TEMPLATE_DIR=/dev/null";
	out->env[e++] = "GIT_ALLOW_PROTOCOL=file:ssh:https:git";
	out->env[e++] = "GIT_OPTIONAL_LOCKS=0";
	if (git_dir)
		out->env[e++] =
			bg_arena_printf(&ctx->arena, "GIT_DIR=%s", git_dir);
	for (const char *const *k = kept; *k; k++)
		keep(out->env, &e, ctx, *k);
	out->env[e] = NULL;
	return bg_arena_check(&ctx->arena, err);
}

int bg_git_run(struct bg_proc_result *out, struct bg_ctx *ctx,
	       const char *git_dir, const char *const *args, int timeout_ms,
	       struct bg_error *err)
{
	struct line line;
	char cwd[4096];
	int rc = make_line(&line, ctx, git_dir, args, err);
	if (rc)
		return rc;
	struct bg_proc p = { .argv = line.argv,
			     .env = line.env,
			     .dir = getcwd(cwd, sizeof(cwd)),
			     .secret_fd = -1,
			     .max_out = 1024 * 1024,
			     .err_inherit = ctx->verbose || !git_dir,
			     .timeout_ms = timeout_ms,
			     .own_session = false };
	return bg_proc_run(out, &p, err);
}

/* In the child: a session of its own, nothing of ours open. */
static void become(const struct line *line, unsigned limit_s)
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR);
	setsid();
	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	close_range(3, ~0U, 0);
	alarm(limit_s);
	execve(line->argv[0], (char *const *)line->argv,
	       (char *const *)line->env);
	_exit(127);
}

int bg_git_patient(struct bg_ctx *ctx, const char *git_dir,
		   const char *const *args, int wait_ms, unsigned limit_s)
{
	struct bg_error ignored;
	struct line line;
	int64_t until = bg_boottime_us() + (int64_t)wait_ms * 1000;
	if (make_line(&line, ctx, git_dir, args, &ignored))
		return -1;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		become(&line, limit_s);
	for (int64_t pause = 1000; pid > 0;) {
		int status;
		pid_t got = waitpid(pid, &status, WNOHANG);
		if (got == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		if ((got < 0 && errno != EINTR) || bg_boottime_us() >= until)
			break;
		usleep((useconds_t)pause);
		pause = pause < 20000 ? pause * 2 : pause;
	}
	return -1;
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
