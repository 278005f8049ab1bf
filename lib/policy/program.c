#include "policy/program.h"

#include <ctype.h>
#include <string.h>

static const char *const placeholders[] = { "{grant}", "{principal}",
					    "{identity}", "{expires}",
					    "{host}" };
#define N_PLACEHOLDERS (sizeof(placeholders) / sizeof(placeholders[0]))

bool bg_program_is_placeholder(const char *arg)
{
	for (size_t i = 0; i < N_PLACEHOLDERS; i++)
		if (strcmp(arg, placeholders[i]) == 0)
			return true;
	return false;
}

/* "{word}": what looks like a placeholder, known or not. */
static bool looks_like_one(const char *arg)
{
	size_t n = strlen(arg);
	return n > 2 && arg[0] == '{' && arg[n - 1] == '}' &&
	       strspn(arg + 1, "abcdefghijklmnopqrstuvwxyz_") == n - 2;
}

static bool is_one_of(const char *text, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(text, *list) == 0)
			return true;
	return false;
}

/* --- the program itself --------------------------------------------------- */

static bool name_is_plain(const char *s)
{
	return isalnum((unsigned char)s[0]) && strlen(s) <= 64 &&
	       strspn(s,
		      "abcdefghijklmnopqrstuvwxyz"
		      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-") == strlen(s);
}

/* From the root, each part a name, none of them a step back. */
static bool path_is_absolute(const char *s)
{
	if (s[0] != '/' || s[1] == '\0' || strlen(s) > 255)
		return false;
	while (*s == '/') {
		size_t n = strcspn(++s, "/");
		if (n == 0 || (n == 1 && s[0] == '.') ||
		    (n == 2 && s[0] == '.' && s[1] == '.'))
			return false;
		s += n;
	}
	return true;
}

static void check_path(struct bg_reader *r, const struct bg_yaml *at,
		       const char *path)
{
	static const char *const shells[] = { "sh",   "bash", "dash",  "zsh",
					      "ksh",  "mksh", "fish",  "csh",
					      "tcsh", "ash",  "rbash", NULL };
	static const char *const runners[] = { "env",    "busybox", "xargs",
					       "awk",    "perl",    "python3",
					       "python", "ruby",    "find",
					       "sudo",   "su",      "nohup",
					       "setsid", "timeout", NULL };
	const char *base = strrchr(path, '/');
	base = base ? base + 1 : path;
	if (!path_is_absolute(path) && !name_is_plain(path))
		bg_read_error(r, at, "program-path",
			      "expected an absolute path or a plain name, not "
			      "'%.60s'",
			      path);
	else if (is_one_of(base, shells))
		bg_read_error(r, at, "program-shell",
			      "'%.60s' is a shell: name the program itself",
			      path);
	else if (is_one_of(base, runners))
		bg_read_warning(r, at, "program-runs-others",
				"'%.60s' can run anything: name the program "
				"itself",
				path);
}

/* --- arguments -------------------------------------------------------------- */

static bool holds_placeholder(const char *arg)
{
	for (size_t i = 0; i < N_PLACEHOLDERS; i++)
		if (strstr(arg, placeholders[i]))
			return true;
	return false;
}

static void check_arg(struct bg_reader *r, const struct bg_yaml *at,
		      const char *arg, bool in_probe)
{
	if (bg_program_is_placeholder(arg)) {
		if (in_probe && (strcmp(arg, "{grant}") == 0 ||
				 strcmp(arg, "{expires}") == 0))
			bg_read_error(r, at, "placeholder-early",
				      "%s is not known when a probe runs", arg);
	} else if (looks_like_one(arg)) {
		bg_read_error(r, at, "placeholder-unknown",
			      "'%.60s' is none of {grant} {principal} "
			      "{identity} {expires} {host}",
			      arg);
	} else if (holds_placeholder(arg)) {
		bg_read_error(r, at, "placeholder-inside",
			      "a placeholder must be a whole argument: '%.60s'",
			      arg);
	}
}

/* --- environment ------------------------------------------------------------ */

/* What bg sets itself, and what makes programs load or read other things. */
static bool env_is_allowed(const char *name)
{
	static const char *const never[] = { "PATH",
					     "HOME",
					     "LANG",
					     "TZ",
					     "IFS",
					     "ENV",
					     "SHELLOPTS",
					     "BASHOPTS",
					     "BASH_ENV",
					     "KUBECONFIG",
					     "SSH_AUTH_SOCK",
					     "PYTHONPATH",
					     "PYTHONSTARTUP",
					     "PERL5LIB",
					     "PERL5OPT",
					     "PERLLIB",
					     "RUBYLIB",
					     "RUBYOPT",
					     "NODE_OPTIONS",
					     "GCONV_PATH",
					     "TMPDIR",
					     "ALL_PROXY",
					     "HTTP_PROXY",
					     "HTTPS_PROXY",
					     "FTP_PROXY",
					     "NO_PROXY",
					     NULL };
	static const char *const begin[] = { "LD_",     "GPG_",   "GNUPG",
					     "AWS_",    "DBUS_",  "GIT_",
					     "BG_",     "GLIBC_", "LC_",
					     "MALLOC_", NULL };
	if (is_one_of(name, never))
		return false;
	for (size_t i = 0; begin[i]; i++)
		if (bg_starts_with(name, begin[i]))
			return false;
	return true;
}

static void read_env(struct bg_reader *r, const struct bg_yaml *env,
		     struct bg_program *out)
{
	out->env = bg_arena_array(r->arena, (env ? env->n : 0) + 1,
				  sizeof(*out->env));
	if (!env || !bg_read_map(r, env, NULL) || !out->env)
		return;
	for (size_t i = 0; i < env->n; i++) {
		const char *name = env->keys[i]->text;
		const char *value = bg_read_text(r, env->items[i], 1024);
		if (!isupper((unsigned char)name[0]) || strlen(name) > 64 ||
		    strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") !=
			    strlen(name))
			bg_read_error(r, env->keys[i], "bad-name",
				      "expected a variable ([A-Z][A-Z0-9_]*), "
				      "not '%.60s'",
				      name);
		else if (!env_is_allowed(name))
			bg_read_error(r, env->keys[i], "env-not-allowed",
				      "%.60s may not be set for a program",
				      name);
		else if (value)
			out->env[out->n_env++] =
				bg_arena_printf(r->arena, "%s=%s", name, value);
	}
}

void bg_program_read(struct bg_reader *r, const struct bg_yaml *run,
		     const struct bg_yaml *env, bool in_probe,
		     struct bg_program *out)
{
	memset(out, 0, sizeof(*out));
	read_env(r, env, out);
	if (!run)
		return;
	bg_read_texts(r, run, BG_PROGRAM_ARG_MAX, BG_PROGRAM_ARGS, &out->n,
		      &out->argv);
	if (run->kind != BG_YAML_LIST)
		return;
	if (run->n == 0)
		bg_read_error(r, run, "empty", "expected a program");
	for (size_t i = 0; i < run->n; i++) {
		const struct bg_yaml *item = run->items[i];
		if (item->kind != BG_YAML_SCALAR || item->faulty)
			continue;
		if (i > 0)
			check_arg(r, item, item->text, in_probe);
		else if (item->text[0])
			check_path(r, item, item->text);
	}
}
