#include "crypto/agent.h"

#include <assuan.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* When nobody may be asked, an agent that says nothing is dead. */
#define BATCH_WAIT_S 60

struct bg_agent {
	assuan_context_t ctx;
	const struct bg_gpg *gpg;
};

/*
 * Connecting.
 */

/* Nothing that libassuan writes to an agent that went away may end the
 * process, and how the process treats SIGPIPE is not ours to change. */
struct quiet {
	sigset_t before;
	bool was_pending;
};

static void quiet_begin(struct quiet *q)
{
	sigset_t pending, pipe_only;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigpending(&pending);
	q->was_pending = sigismember(&pending, SIGPIPE) == 1;
	pthread_sigmask(SIG_BLOCK, &pipe_only, &q->before);
}

static void quiet_end(const struct quiet *q)
{
	static const struct timespec now = { 0, 0 };
	sigset_t pipe_only;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	while (!q->was_pending &&
	       sigtimedwait(&pipe_only, NULL, &now) == SIGPIPE)
		;
	pthread_sigmask(SIG_SETMASK, &q->before, NULL);
}

static gpg_error_t transact(assuan_context_t ctx, const char *line,
			    gpg_error_t (*data)(void *, const void *, size_t),
			    void *into,
			    gpg_error_t (*inquire)(void *, const char *))
{
	struct quiet q;
	gpg_error_t e;

	quiet_begin(&q);
	e = assuan_transact(ctx, line, data, into, inquire, NULL, NULL, NULL);
	quiet_end(&q);
	return e;
}

static void release(assuan_context_t ctx)
{
	struct quiet q;

	quiet_begin(&q);
	assuan_release(ctx); /* says BYE */
	quiet_end(&q);
}

/* Another user's socket at that path would learn what we sign. */
static bool is_ours(int fd)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
	       (peer.uid == geteuid() || peer.uid == 0);
}

static bool set_wait(assuan_context_t ctx, const struct bg_gpg *gpg)
{
	struct timeval tv = { .tv_sec = BATCH_WAIT_S };
	assuan_fd_t fds[2];
	int n = assuan_get_active_fds(ctx, 0, fds, 2);

	if (n < 1 || !is_ours(fds[0]))
		return false;
	return !gpg->batch || setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &tv,
					 sizeof(tv)) == 0;
}

/* NULL when nobody listens there. */
static assuan_context_t connect_to(const char *path, const struct bg_gpg *gpg)
{
	assuan_context_t ctx;
	struct stat st;

	if (!*path ||
	    strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return NULL;
	if (stat(path, &st) || !S_ISSOCK(st.st_mode))
		return NULL; /* a redirection: gpgconf knows */
	if (assuan_new(&ctx))
		return NULL;
	if (!assuan_socket_connect(ctx, path, ASSUAN_INVALID_PID, 0) &&
	    set_wait(ctx, gpg))
		return ctx;
	release(ctx);
	return NULL;
}

static gpg_error_t option(assuan_context_t ctx, const char *name,
			  const char *value)
{
	BG_AUTO(str) struct bg_str line = BG_STR_INIT;

	if (!value || !*value || strchr(value, '\n') ||
	    strlen(value) + strlen(name) + 16 > ASSUAN_LINELENGTH)
		return 0;
	bg_str_addf(&line, "OPTION %s=%s", name, value);
	if (line.oom)
		return gpg_error(GPG_ERR_ENOMEM);
	return transact(ctx, line.buf, NULL, NULL, NULL);
}

/* What a pinentry has to know; one that the agent does not know is no reason
 * not to sign. */
static gpg_error_t greet(assuan_context_t ctx, const struct bg_gpg *gpg)
{
	if (gpg->batch)
		return option(ctx, "pinentry-mode", "error");
	(void)option(ctx, "ttyname", gpg->ttyname);
	(void)option(ctx, "ttytype", gpg->ttytype);
	(void)option(ctx, "lc-ctype", gpg->lc_ctype);
	(void)option(ctx, "display", gpg->display);
	(void)option(ctx, "xauthority", gpg->xauthority);
	(void)option(ctx, "putenv=WAYLAND_DISPLAY", gpg->wayland_display);
	(void)option(ctx, "putenv=DBUS_SESSION_BUS_ADDRESS", gpg->dbus_session);
	return 0;
}

static assuan_context_t connect_guessed(const struct bg_gpg *gpg,
					const char *home)
{
	assuan_context_t ctx = NULL;

	for (int in_home = 0; !ctx && in_home < 2; in_home++) {
		BG_AUTO(str) struct bg_str path = BG_STR_INIT;

		bg_agent_socket_guess(&path, gpg, home, in_home);
		ctx = connect_to(bg_str_text(&path), gpg);
	}
	return ctx;
}

static int connect_agent(assuan_context_t *out, const struct bg_gpg *gpg,
			 struct bg_error *err)
{
	BG_AUTO(str) struct bg_str home = BG_STR_INIT;
	assuan_context_t ctx;
	int r;

	if ((r = bg_gpg_home(&home, gpg, err)))
		return r;
	ctx = connect_guessed(gpg, bg_str_text(&home));
	for (int launch = 0; !ctx && launch < 2; launch++) {
		BG_AUTO(str) struct bg_str path = BG_STR_INIT;

		if ((r = bg_agent_socket_ask(&path, gpg, launch, err)))
			return r;
		ctx = connect_to(bg_str_text(&path), gpg);
	}
	if (!ctx)
		return bg_fail_gpg(err, gpg_error(GPG_ERR_NO_AGENT),
				   "cannot sign");
	if (greet(ctx, gpg)) {
		release(ctx);
		return bg_fail(err, BG_ENOKEY, "agent-refuses",
			       "gpg-agent refuses pinentry-mode");
	}
	*out = ctx;
	return 0;
}

int bg_agent_open(struct bg_agent **out, const struct bg_gpg *gpg,
		  struct bg_error *err)
{
	BG_AUTO(agent) struct bg_agent *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return bg_fail_oom(err);
	a->gpg = gpg;
	if ((r = connect_agent(&a->ctx, gpg, err)))
		return r;
	*out = bg_move(a);
	return 0;
}

void bg_agent_close(struct bg_agent *a)
{
	if (a->ctx)
		release(a->ctx);
	free(a);
}

int bg_agent_look(struct bg_error *err, const struct bg_gpg *gpg)
{
	BG_AUTO(agent) struct bg_agent *a = NULL;
	struct bg_error why;

	if (bg_str_eq(err->id, "key-not-here") &&
	    bg_agent_open(&a, gpg, &why) &&
	    bg_str_eq(why.id, "agent-unreachable"))
		*err = why;
	return err->code;
}

/*
 * Commands.
 */

static gpg_error_t collect(void *into, const void *p, size_t n)
{
	struct bg_str *s = into;

	if (s->len + n > 4096)
		return gpg_error(GPG_ERR_TOO_LARGE);
	bg_str_addn(s, p, n);
	return 0;
}

/* "A pinentry was launched" wants an empty answer; a passphrase is never
 * ours to give. */
static gpg_error_t answer(void *none, const char *line)
{
	(void)none;
	if (bg_starts_with(line, "PINENTRY_LAUNCHED"))
		return 0;
	return gpg_error(GPG_ERR_NO_PIN_ENTRY);
}

static gpg_error_t run(struct bg_agent *a, struct bg_str *out, const char *line)
{
	return transact(a->ctx, line, out ? collect : NULL, out, answer);
}

int bg_agent_has(struct bg_agent *a, const char *keygrip, struct bg_error *err)
{
	char line[64];
	gpg_error_t e;

	snprintf(line, sizeof(line), "HAVEKEY %s", keygrip);
	e = run(a, NULL, line);
	return e ? bg_fail_gpg(err, e, "cannot sign") : 0;
}

/* The agent takes "+" for a space and %XX for the rest. */
static void add_escaped(struct bg_str *s, const char *text)
{
	for (; *text && s->len < ASSUAN_LINELENGTH - 80; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == ' ')
			bg_str_addc(s, '+');
		else if (c <= ' ' || c == '+' || c == '%' || c == '"')
			bg_str_addf(s, "%%%02X", c);
		else
			bg_str_addc(s, (char)c);
	}
}

static gpg_error_t sign(struct bg_agent *a, struct bg_str *out,
			const char *keygrip, const char *prompt, int hash,
			const unsigned char *digest, size_t n)
{
	BG_AUTO(str) struct bg_str desc = BG_STR_INIT;
	char line[2 * EVP_MAX_MD_SIZE + 32];
	gpg_error_t e;
	int at;

	snprintf(line, sizeof(line), "SIGKEY %s", keygrip);
	if ((e = run(a, NULL, line)))
		return e;
	if (!a->gpg->batch && prompt) {
		bg_str_add(&desc, "SETKEYDESC ");
		add_escaped(&desc, prompt);
		if ((e = run(a, NULL, bg_str_text(&desc))))
			return e;
	}
	at = snprintf(line, sizeof(line), "SETHASH %d ", hash);
	bg_hex(line + at, digest, n);
	if ((e = run(a, NULL, line)))
		return e;
	return run(a, out, "PKSIGN");
}

static bool is_lost(gpg_error_t e)
{
	switch (gpg_err_code(e)) {
	case GPG_ERR_EOF:
	case GPG_ERR_EPIPE:
	case GPG_ERR_ECONNRESET:
	case GPG_ERR_ASS_READ_ERROR:
	case GPG_ERR_ASS_WRITE_ERROR:
	case GPG_ERR_ASS_CONNECT_FAILED:
		/* A pinentry that went away has the same codes. */
		return gpg_err_source(e) == GPG_ERR_SOURCE_ASSUAN ||
		       gpg_err_source(e) == GPG_ERR_SOURCE_UNKNOWN ||
		       gpg_err_source(e) == GPG_ERR_SOURCE_USER_1;
	default:
		return false;
	}
}

int bg_agent_sign(struct bg_agent *a, struct bg_sig *sig, const char *keygrip,
		  const char *prompt, const unsigned char *digest, size_t n,
		  struct bg_error *err)
{
	BG_AUTO(str) struct bg_str out = BG_STR_INIT;
	gpg_error_t e;
	int r;

	e = sign(a, &out, keygrip, prompt, sig->hash, digest, n);
	if (is_lost(e)) {
		/* It was restarted since we connected: once more. */
		assuan_context_t ctx;

		if ((r = connect_agent(&ctx, a->gpg, err)))
			return r;
		release(a->ctx);
		a->ctx = ctx;
		bg_str_clear(&out);
		e = sign(a, &out, keygrip, prompt, sig->hash, digest, n);
	}
	if (e)
		return bg_fail_gpg(err, e, "cannot sign");
	if ((r = bg_str_check(&out, err)))
		return r;
	return bg_sexp_signature(sig, bg_str_text(&out), out.len, err);
}
