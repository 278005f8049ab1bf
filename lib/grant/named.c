#include "grant/named.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/vec.h"

#define DEFAULT_TIMEOUT 10
/* Enough to count what a probe prints without keeping it in the end. */
#define PROBE_OUT (1 << 20)

/* What the program will be started with. */
struct start {
	struct bg_arena arena;
	const char **argv, **env;
	char *path, *home;
	uid_t uid;
	gid_t gid;
	bool set_uid;
};

static void start_release(struct start *s)
{
	struct bg_error ignored;

	if (s->home && bg_tree_remove(s->home, &ignored))
		rmdir(s->home);
	free(s->path);
	bg_arena_release(&s->arena);
}
BG_AUTO_VALUE(start, struct start, start_release)

/*
 * Arguments
 */
static const char *const *placeholder(const char *arg,
				      const struct bg_named_values *v)
{
	static const char *const unset = NULL;
	const struct {
		const char *name;
		const char *const *value;
	} all[] = {
		{ "{grant}", v ? &v->grant : &unset },
		{ "{principal}", v ? &v->principal : &unset },
		{ "{identity}", v ? &v->identity : &unset },
		{ "{expires}", v ? &v->expires : &unset },
		{ "{host}", v ? &v->host : &unset },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(arg, all[i].name) == 0)
			return all[i].value;
	return NULL;
}

static int make_argv(struct start *s, const struct bg_named *p,
		     struct bg_error *err)
{
	s->argv = bg_arena_array(&s->arena, p->argc + 1, sizeof(*s->argv));
	if (!s->argv)
		return bg_fail_oom(err);
	s->argv[0] = s->path;
	for (size_t i = 1; i < p->argc; i++) {
		const char *const *v = placeholder(p->argv[i], p->values);

		if (v && !bg_named_word(*v))
			return bg_fail(err, BG_EDENIED, "program-argument",
				       "cannot run '%s': the value of %s "
				       "cannot be an argument",
				       s->path, p->argv[i]);
		s->argv[i] = v ? *v : p->argv[i];
	}
	return 0;
}

/*
 * Environment
 */
/* Names that a policy may not set: what starts other programs, loads code or
 * carries the user's own authority. */
static bool env_is_banned(const char *pair)
{
	static const char *const prefixes[] = {
		"LD_",    "GPG_",   "GNUPG",      "AWS_", "DBUS_",
		"GCONV_", "GLIBC_", "MALLOC_",    "GIT_", "SSH_",
		"PYTHON", "PERL",   "BASH_FUNC_", NULL
	};
	static const char *const names[] = {
		"PATH=",       "HOME=",        "LANG=",
		"TZ=",         "KUBECONFIG=",  "IFS=",
		"ENV=",        "BASH_ENV=",    "SHELLOPTS=",
		"PS4=",        "http_proxy=",  "https_proxy=",
		"ftp_proxy=",  "all_proxy=",   "no_proxy=",
		"HTTP_PROXY=", "HTTPS_PROXY=", "FTP_PROXY=",
		"ALL_PROXY=",  "NO_PROXY=",    NULL
	};

	for (size_t i = 0; prefixes[i]; i++)
		if (bg_starts_with(pair, prefixes[i]))
			return true;
	for (size_t i = 0; names[i]; i++)
		if (bg_starts_with(pair, names[i]))
			return true;
	return false;
}

static bool env_is_pair(const char *pair)
{
	size_t n = strcspn(pair, "=");

	if (n == 0 || pair[n] != '=' || (pair[0] >= '0' && pair[0] <= '9'))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(pair[i] == '_' || (pair[i] >= '0' && pair[i] <= '9') ||
		      (pair[i] >= 'A' && pair[i] <= 'Z') ||
		      (pair[i] >= 'a' && pair[i] <= 'z')))
			return false;
	return true;
}

static int make_env(struct start *s, const struct bg_named *p,
		    struct bg_error *err)
{
	size_t n = 0;

	s->env = bg_arena_array(&s->arena, p->envc + 5, sizeof(*s->env));
	if (!s->env)
		return bg_fail_oom(err);
	s->env[n++] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	s->env[n++] = "LANG=C.UTF-8";
	s->env[n++] = "TZ=UTC";
	s->env[n++] = bg_arena_printf(&s->arena, "HOME=%s", s->home);
	for (size_t i = 0; i < p->envc; i++) {
		if (!env_is_pair(p->env[i]) || env_is_banned(p->env[i]))
			return bg_fail(err, BG_EDENIED, "program-environment",
				       "cannot run '%s': a policy may not set "
				       "'%.*s'",
				       s->path, (int)strcspn(p->env[i], "="),
				       p->env[i]);
		s->env[n++] = p->env[i];
	}
	return bg_arena_check(&s->arena, err);
}

/* An empty directory that the program's user owns. */
static int make_home(struct start *s, struct bg_error *err)
{
	s->home = bg_arena_strdup(&s->arena, "/tmp/bg-home-XXXXXX");
	if (!s->home)
		return bg_fail_oom(err);
	if (!mkdtemp(s->home)) {
		s->home = NULL;
		return bg_fail_errno(err, "cannot make an empty home");
	}
	if (s->set_uid && chown(s->home, s->uid, s->gid) < 0)
		return bg_fail_errno(err, "cannot hand over an empty home");
	return 0;
}

/* X5: as root a probe becomes bg-probe, else nobody. */
static int pick_user(struct start *s, const struct bg_named *p,
		     struct bg_error *err)
{
	const struct passwd *pw;

	if (p->kind != BG_NAMED_PROBE || geteuid() != 0)
		return 0;
	pw = getpwnam("bg-probe");
	if (!pw || pw->pw_uid == 0)
		pw = getpwnam("nobody");
	if (!pw || pw->pw_uid == 0)
		return bg_fail(err, BG_EFAIL, "no-probe-user",
			       "cannot run a probe as root: there is neither "
			       "a user bg-probe nor nobody");
	s->uid = pw->pw_uid;
	s->gid = pw->pw_gid;
	s->set_uid = true;
	return 0;
}

/* X4: a policy names the program itself, never something that reads one. */
static bool is_shell(const char *path)
{
	static const char *const shells[] = { "sh",   "bash", "rbash", "dash",
					      "ash",  "zsh",  "ksh",   "mksh",
					      "fish", "csh",  "tcsh",  NULL };
	BG_AUTO(free) char *real = realpath(path, NULL);
	const char *const names[] = { path, real };

	for (size_t k = 0; k < 2; k++) {
		const char *base = names[k] ? strrchr(names[k], '/') : NULL;

		for (size_t i = 0; base && shells[i]; i++)
			if (strcmp(base + 1, shells[i]) == 0)
				return true;
	}
	return false;
}

/* The limit of processes counts all that the user runs, in every session: a
 * desktop alone has more than 64. Root has no such limit. */
static unsigned count_tasks(uid_t uid)
{
	DIR *d = uid == 0 ? NULL : opendir("/proc");
	struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d))) {
		char path[64];
		struct stat st;

		if (e->d_name[0] < '0' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/task", e->d_name);
		/* One link for each thread, and two of its own. */
		if (stat(path, &st) == 0 && st.st_uid == uid)
			n += st.st_nlink > 2 ? (unsigned)st.st_nlink - 2 : 1;
	}
	if (d)
		closedir(d);
	return n;
}

/*
 * Run
 */
static int find_program(struct start *s, const struct bg_named *p,
			struct bg_error *err)
{
	const struct bg_named_env *m = p->machine;

	if (!m->pinned) {
		bg_fail(err, BG_EUNANCHORED, "unanchored",
			"cannot run '%s': this repository's anchor is not "
			"known here",
			p->argc ? p->argv[0] : "");
		return bg_hint(err, "bg trust accept ANCHOR");
	}
	if (p->argc == 0)
		return bg_fail(err, BG_EDENIED, "program-path",
			       "cannot run '': no program is named");
	if (bg_named_resolve(&s->path, p->argv[0], err))
		return err->code;
	if (is_shell(s->path))
		return bg_fail(err, BG_EDENIED, "program-shell",
			       "cannot run '%s': it is a shell; name the "
			       "program itself",
			       s->path);
	if (bg_named_allowed(m, s->path, err))
		return err->code;
	return m->owner_any ? 0
			    : bg_named_owned(s->path, m->runner, m->uid, err);
}

static int prepare(struct start *s, const struct bg_named *p,
		   struct bg_error *err)
{
	if (find_program(s, p, err) || make_argv(s, p, err) ||
	    pick_user(s, p, err) || make_home(s, err) || make_env(s, p, err))
		return err->code;
	return 0;
}

int bg_proc_named(struct bg_proc_result *out, const struct bg_named *p,
		  struct bg_error *err)
{
	BG_AUTO(start) struct start s = { .arena = BG_ARENA_INIT };
	int64_t timeout = p->timeout > 0 ? p->timeout : DEFAULT_TIMEOUT;
	struct bg_proc proc;

	if (prepare(&s, p, err))
		return err->code;
	proc = (struct bg_proc){
		.argv = s.argv,
		.env = s.env,
		.dir = "/",
		.in = p->in,
		.in_len = p->in_len,
		.secret_fd = p->secret_fd,
		.capture_secret = p->capture_secret,
		.max_out = p->max_out ? p->max_out : PROBE_OUT,
		.err_inherit = p->err_inherit,
		.timeout_ms = timeout > 3600 ? 3600000 : (int)timeout * 1000,
		.own_session = true,
		.no_new_privs = !p->may_gain,
		.limits = true,
		.procs = count_tasks(s.set_uid ? s.uid : geteuid()),
		.uid = s.uid,
		.gid = s.gid,
		.set_uid = s.set_uid,
	};
	if (bg_proc_run(out, &proc, err))
		return err->code;
	if (!p->max_out) /* X8: the text of a probe is nobody's business */
		bg_str_wipe(&out->out);
	return 0;
}

const char *bg_named_why(const struct bg_proc_result *r)
{
	if (!r->started)
		return r->exec_errno == ENOENT ? "not-found" : "not-executable";
	if (r->timed_out)
		return "timed-out";
	if (r->overflow)
		return "too-much-output";
	if (r->exit_status < 0)
		return "signal";
	if (r->exit_status == 126)
		return "not-executable";
	return r->exit_status == 127 ? "not-found" : NULL;
}

enum bg_named_answer bg_named_check_answer(const struct bg_proc_result *r)
{
	if (bg_named_why(r))
		return BG_ANSWER_UNKNOWN;
	if (r->exit_status == 0)
		return BG_ANSWER_PRESENT;
	return r->exit_status == 1 ? BG_ANSWER_ABSENT : BG_ANSWER_UNKNOWN;
}
