#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include "base/proc.h"
#include "crypto/agent.h"

int bg_gpg_home(struct bg_str *out, const struct bg_gpg *gpg,
		struct bg_error *err)
{
	size_t from = out->len;

	if (gpg->home && gpg->home[0] && gpg->home[0] != '/') {
		char cwd[4096];

		if (!getcwd(cwd, sizeof(cwd)))
			return bg_fail_errno(err, "cannot find '%s'",
					     gpg->home);
		bg_str_add(out, cwd);
		bg_str_addc(out, '/');
	}
	if (gpg->home && gpg->home[0]) {
		bg_str_add(out, gpg->home);
	} else if (gpg->user_home && gpg->user_home[0]) {
		bg_str_add(out, gpg->user_home);
		bg_str_add(out, "/.gnupg");
	}
	/* gpg, too, takes slashes off the end before it hashes the name. */
	while (out->len > from + 1 && out->buf[out->len - 1] == '/')
		out->buf[--out->len] = '\0';
	return bg_str_check(out, err);
}

/* z-base-32, as GnuPG names the folders of homes that are not ~/.gnupg. */
static void add_zb32(struct bg_str *out, const unsigned char *p, size_t n)
{
	static const char digits[] = "ybndrfg8ejkmcpqxot1uwisza345h769";
	uint32_t v = 0;
	unsigned bits = 0;

	while (n--) {
		v = v << 8 | *p++;
		for (bits += 8; bits >= 5; bits -= 5)
			bg_str_addc(out, digits[v >> (bits - 5) & 31]);
	}
}

void bg_agent_socket_guess(struct bg_str *out, const struct bg_gpg *gpg,
			   const char *home, bool in_home)
{
	BG_AUTO(str) struct bg_str usual = BG_STR_INIT;
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n;

	if (in_home) {
		if (*home)
			bg_str_addf(out, "%s/S.gpg-agent", home);
		return;
	}
	if (!gpg->runtime)
		return;
	bg_str_add(out, gpg->runtime);
	if (gpg->user_home)
		bg_str_addf(&usual, "%s/.gnupg", gpg->user_home);
	if (strcmp(home, bg_str_text(&usual)) != 0 &&
	    EVP_Digest(home, strlen(home), sum, &n, EVP_sha1(), NULL) == 1) {
		bg_str_add(out, "/d.");
		add_zb32(out, sum, 15);
	}
	bg_str_add(out, "/S.gpg-agent");
}

static void env_add(struct bg_gpg_env *e, const char *name, const char *value)
{
	if (value && e->n + 1 < sizeof(e->list) / sizeof(*e->list))
		e->list[e->n++] =
			bg_arena_printf(&e->arena, "%s=%s", name, value);
}

int bg_gpg_env_init(struct bg_gpg_env *e, const struct bg_gpg *gpg,
		    struct bg_error *err)
{
	memset(e, 0, sizeof(*e));
	env_add(e, "PATH", "/usr/bin:/bin");
	env_add(e, "LC_ALL", "C.UTF-8");
	env_add(e, "HOME", gpg->user_home);
	env_add(e, "GNUPGHOME", gpg->home);
	env_add(e, "GPG_TTY", gpg->ttyname);
	env_add(e, "TERM", gpg->ttytype);
	env_add(e, "DISPLAY", gpg->display);
	env_add(e, "XAUTHORITY", gpg->xauthority);
	env_add(e, "WAYLAND_DISPLAY", gpg->wayland_display);
	env_add(e, "DBUS_SESSION_BUS_ADDRESS", gpg->dbus_session);
	return bg_arena_check(&e->arena, err);
}

void bg_gpg_env_release(struct bg_gpg_env *e)
{
	bg_arena_release(&e->arena);
}

static int gpgconf(struct bg_proc_result *res, const struct bg_gpg *gpg,
		   const char *what, const char *name, struct bg_error *err)
{
	BG_AUTO(gpg_env) struct bg_gpg_env env = { 0 };
	BG_AUTO(str) struct bg_str home = BG_STR_INIT;
	const char *argv[] = {
		BG_GPGCONF_PROGRAM, "--homedir", NULL, what, name, NULL
	};
	struct bg_proc p = { .argv = argv,
			     .secret_fd = -1,
			     .max_out = 8192,
			     .timeout_ms = 15000 };
	int r;

	if ((r = bg_gpg_home(&home, gpg, err)) ||
	    (r = bg_gpg_env_init(&env, gpg, err)))
		return r;
	p.env = env.list;
	argv[2] = bg_str_text(&home);
	if (!home.len) {
		argv[1] = what;
		argv[2] = name;
		argv[3] = NULL;
	}
	return bg_proc_run(res, &p, err);
}

int bg_agent_socket_ask(struct bg_str *out, const struct bg_gpg *gpg,
			bool launch, struct bg_error *err)
{
	BG_AUTO(proc_result) struct bg_proc_result res = BG_PROC_RESULT_INIT;
	BG_AUTO(proc_result) struct bg_proc_result run = BG_PROC_RESULT_INIT;
	const char *lf;
	int r;

	if (launch && (r = gpgconf(&run, gpg, "--launch", "gpg-agent", err)))
		return r;
	if ((r = gpgconf(&res, gpg, "--list-dirs", "agent-socket", err)))
		return r;
	lf = res.out.len ? memchr(res.out.buf, '\n', res.out.len) : NULL;
	if (!lf || res.exit_status != 0 || res.out.buf[0] != '/') {
		bg_fail(err, BG_ENOKEY, "agent-unreachable",
			"gpgconf does not tell where gpg-agent's socket is");
		return bg_hint(err, "gpgconf --list-dirs agent-socket");
	}
	bg_str_addn(out, res.out.buf, (size_t)(lf - res.out.buf));
	return bg_str_check(out, err);
}
