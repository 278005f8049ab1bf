/* The environment as lib wants it: the only reader of XDG, gpg's and ssh's
 * variables. */
#include "cmd/cmd.h"

#include <pwd.h>
#include <sys/stat.h>

#include "base/io.h"

static const char *env(const char *name)
{
	const char *v = getenv(name);
	return v && *v ? v : NULL;
}

/* $NAME when absolute (the XDG specification ignores others), else below home. */
static const char *xdg(struct bg_ctx *ctx, const char *name, const char *below)
{
	const char *v = env(name);
	if (v && *v == '/')
		return bg_arena_strdup(&ctx->arena, v);
	return bg_arena_printf(&ctx->arena, "%s/%s", ctx->places.user_home,
			       below);
}

static int find_home(struct bg_ctx *ctx, struct bg_error *err)
{
	struct bg_places *p = &ctx->places;
	const char *home = env("HOME");
	struct passwd *pw = getpwuid(getuid());
	p->uid = getuid();
	p->user = pw ? bg_arena_strdup(&ctx->arena, pw->pw_name)
		     : bg_arena_printf(&ctx->arena, "uid-%u", p->uid);
	if (!home || *home != '/')
		home = pw ? pw->pw_dir : NULL;
	if (!home)
		return bg_fail(err, BG_EFAIL, "no-home",
			       "no home directory: HOME is not set");
	p->user_home = bg_arena_strdup(&ctx->arena, home);
	return bg_arena_check(&ctx->arena, err);
}

static const char *self_path(struct bg_ctx *ctx)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (n <= 0)
		return "/usr/bin/breakglass";
	return bg_arena_strndup(&ctx->arena, path, (size_t)n);
}

static const char *const *provider_dirs(struct bg_ctx *ctx)
{
	const char *self = ctx->places.self_path;
	const char *slash = strrchr(self, '/');
	const char **out = bg_arena_array(&ctx->arena, 4, sizeof(*out));
	if (!out)
		return NULL;
	out[0] = bg_arena_strndup(&ctx->arena, self, (size_t)(slash - self));
	out[1] = "/etc/bg/providers";
	return out;
}

static const char *tty_name(struct bg_ctx *ctx)
{
	char name[256];
	for (int fd = 0; fd <= 2; fd++)
		if (!ttyname_r(fd, name, sizeof(name)))
			return bg_arena_strdup(&ctx->arena, name);
	return NULL;
}

static void find_gpg(struct bg_ctx *ctx, const char *tty)
{
	struct bg_gpg *g = &ctx->places.gpg;
	struct stat st;
	char *runtime = bg_arena_printf(&ctx->arena, "/run/user/%u/gnupg",
					ctx->places.uid);
	g->home = env("GNUPGHOME");
	g->user_home = ctx->places.user_home;
	if (runtime && !stat(runtime, &st) && S_ISDIR(st.st_mode))
		g->runtime = runtime;
	g->ttyname = env("GPG_TTY") ? env("GPG_TTY") : tty;
	g->ttytype = env("TERM");
	g->lc_ctype = env("LC_ALL") ? env("LC_ALL") : env("LC_CTYPE");
	if (!g->lc_ctype)
		g->lc_ctype = env("LANG");
	g->display = env("DISPLAY");
	g->xauthority = env("XAUTHORITY");
	g->wayland_display = env("WAYLAND_DISPLAY");
	g->dbus_session = env("DBUS_SESSION_BUS_ADDRESS");
	g->batch = ctx->batch;
	g->cache_dir =
		bg_arena_printf(&ctx->arena, "%s/bg", ctx->places.cache_home);
}

/* PRETTY_NAME of os-release(5), without its quotes. */
static const char *os_name(struct bg_ctx *ctx)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	BG_AUTO(str) struct bg_str clean = BG_STR_INIT;
	struct bg_error ignored;
	if (bg_file_read(&text, "/usr/lib/os-release", 65536, &ignored))
		return "unknown";
	const char *at = strstr(bg_str_text(&text), "PRETTY_NAME=");
	if (!at)
		return "unknown";
	at += strlen("PRETTY_NAME=");
	at += *at == '"';
	size_t n = strcspn(at, "\"\n");
	bg_text_clean(&clean, at, n > 100 ? 100 : n);
	return bg_arena_strdup(&ctx->arena, bg_str_text(&clean));
}

/* machine-id(5) asks not to show the id itself. */
static const char *machine(struct bg_ctx *ctx)
{
	static const char label[] = "bg-machine/1\n";
	BG_AUTO(str) struct bg_str id = BG_STR_INIT;
	struct bg_error ignored;
	struct bg_digest digest;
	char *text = bg_arena_alloc(&ctx->arena, BG_DIGEST_TEXT + 1);
	if (bg_file_read(&id, "/etc/machine-id", 256, &ignored))
		bg_str_add(&id, ctx->places.host);
	while (id.len && id.buf[id.len - 1] == '\n')
		id.len--;
	struct bg_span pieces[] = { { label, sizeof(label) - 1 },
				    { id.buf, id.len } };
	if (!text || bg_sha256_v(&digest, pieces, 2))
		return "unknown";
	bg_digest_format(text, &digest);
	return text;
}

static const char *came_from(struct bg_ctx *ctx)
{
	const char *ssh = env("SSH_CONNECTION");
	BG_AUTO(str) struct bg_str clean = BG_STR_INIT;
	if (!ssh)
		return "local";
	size_t n = strcspn(ssh, " ");
	bg_str_add(&clean, "ssh ");
	bg_text_clean(&clean, ssh, n > 64 ? 64 : n);
	return bg_arena_strdup(&ctx->arena, bg_str_text(&clean));
}

int bg_ctx_places(struct bg_ctx *ctx, struct bg_error *err)
{
	struct bg_places *p = &ctx->places;
	char host[256] = "localhost";
	int rc = find_home(ctx, err);
	if (rc)
		return rc;
	if (gethostname(host, sizeof(host) - 1) ||
	    !bg_text_is_clean(host, strlen(host)))
		snprintf(host, sizeof(host), "localhost");
	p->host = bg_arena_strdup(&ctx->arena, host);
	p->state_home = xdg(ctx, "XDG_STATE_HOME", ".local/state");
	p->cache_home = xdg(ctx, "XDG_CACHE_HOME", ".cache");
	p->config_home = xdg(ctx, "XDG_CONFIG_HOME", ".config");
	p->run_dir = env("XDG_RUNTIME_DIR");
	p->self_path = self_path(ctx);
	p->provider_dirs = provider_dirs(ctx);
	const char *tty = tty_name(ctx);
	p->tty = tty && bg_starts_with(tty, "/dev/") ? tty + 5 : tty;
	find_gpg(ctx, tty);
	p->from = came_from(ctx);
	p->machine = machine(ctx);
	p->os = os_name(ctx);
	p->anchor = env("BG_ANCHOR");
	return bg_arena_check(&ctx->arena, err);
}
