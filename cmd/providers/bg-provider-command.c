/*
 * bg-provider-command: access that a command of the organisation gives, checks
 * and takes back (access.md, "command").
 *
 *   with:
 *     grant:  [program, argument...]    required; {grant} {principal}
 *     check:  [..]                      {identity} {expires} {host} replace a
 *     revoke: [..]                      whole argument
 *     rotate: [..]
 *     env: {NAME: VALUE}  host: NAME  timeout: 20s
 *     isolation: per-grant | counted | shared
 *     secret: true      the grant command writes a credential on descriptor 3
 *
 * The commands are run by bg_proc_named(): no shell, clean environment.  A check
 * exits 0 present, 1 absent; anything else is unknown (X10).
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "format/json.h"
#include "grant/named.h"

#define REQUEST_MAX (64 * 1024)
#define ARGS_MAX 64
#define TIMEOUT 20
#define TIMEOUT_MAX 25

enum { EXIT_DONE = 0, EXIT_REFUSED = 4, EXIT_AGAIN = 75, EXIT_UNKNOWN = 1 };

struct request {
	json_t *json;
	const json_t *with;
	struct bg_named_env machine;
	struct bg_named_values values;
};

static int answer(json_t *o, int status)
{
	BG_AUTO(free) char *text = NULL;

	json_object_set_new(o, "v", json_integer(1));
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(o);
	if (!text || puts(text) < 0 || fflush(stdout) == EOF)
		return EXIT_UNKNOWN;
	return status;
}

static const char *const isolations[] = { "per-grant", "counted", "shared",
					  NULL };

static int describe(const struct request *r)
{
	const char *isolation = bg_json_text(r->with, "isolation");
	bool secret = bg_json_bool(r->with, "secret");
	bool revocable = json_object_get(r->with, "revoke") != NULL &&
			 !json_is_false(json_object_get(r->with, "revocable"));
	json_t *o = json_object();

	for (size_t i = 0; isolation && isolations[i]; i++)
		if (strcmp(isolations[i], isolation) == 0)
			json_object_set_new(o, "isolation",
					    json_string(isolation));
	if (!json_object_get(o, "isolation"))
		json_object_set_new(o, "isolation", json_string("per-grant"));
	json_object_set_new(o, "ok", json_true());
	json_object_set_new(o, "revocable", json_boolean(revocable));
	json_object_set_new(o, "exposed", json_boolean(secret));
	json_object_set_new(o, "target_enforces", json_false());
	json_object_set_new(o, "handle", json_array());
	json_object_set_new(o, "secret", json_string(secret ? "out" : "none"));
	return answer(o, EXIT_DONE);
}

/* A list of strings as an argument list: how many, 0 when there is none. */
static size_t words(const char **out, const json_t *with, const char *key)
{
	const json_t *list = json_object_get(with, key);
	size_t i, n = 0;
	json_t *v;

	json_array_foreach(list, i, v)
		if (json_is_string(v) && n < ARGS_MAX)
			out[n++] = json_string_value(v);
	return n;
}

/* with.env as NAME=VALUE; the strings live in *text. */
static size_t environment(const char **out, struct bg_arena *text,
			  const json_t *with)
{
	size_t n = 0;
	const char *name;
	json_t *v;

	json_object_foreach(json_object_get(with, "env"), name, v)
		if (json_is_string(v) && n < ARGS_MAX)
			out[n++] = bg_arena_printf(text, "%s=%s", name,
						   json_string_value(v));
	return n;
}

/* Below what bg gives us, so that we can still say what happened. */
static int64_t timeout_of(const json_t *with)
{
	const char *text = bg_json_text(with, "timeout");
	int64_t s = bg_json_int(with, "timeout", TIMEOUT);

	if (text && !bg_duration_parse(&s, text))
		s = TIMEOUT;
	return s > 0 && s < TIMEOUT_MAX ? s : TIMEOUT_MAX;
}

/* Run with.KEY.  BG_ENOENT when there is none, else as bg_proc_named(). */
static int run(struct bg_proc_result *out, const struct request *r,
	       const char *key, bool secret, struct bg_error *err)
{
	BG_AUTO(arena) struct bg_arena text = BG_ARENA_INIT;
	const char *argv[ARGS_MAX], *env[ARGS_MAX];
	struct bg_named p = {
		.machine = &r->machine,
		.kind = BG_NAMED_COMMAND,
		.argc = words(argv, r->with, key),
		.argv = argv,
		.envc = environment(env, &text, r->with),
		.env = env,
		.values = &r->values,
		.capture_secret = secret,
		.err_inherit = true,
		.timeout = timeout_of(r->with),
	};

	if (p.argc == 0)
		return bg_fail(err, BG_ENOENT, "no-command", "no %s", key);
	if (bg_arena_check(&text, err))
		return err->code;
	return bg_proc_named(out, &p, err);
}

static enum bg_named_answer ask_target(const struct request *r, bool *asked)
{
	BG_AUTO(proc_result) struct bg_proc_result p = BG_PROC_RESULT_INIT;
	struct bg_error err;

	*asked = json_object_get(r->with, "check") != NULL;
	if (!*asked)
		return BG_ANSWER_UNKNOWN;
	if (run(&p, r, "check", false, &err)) {
		fprintf(stderr, "bg-provider-command: %s\n", err.msg);
		return BG_ANSWER_UNKNOWN;
	}
	return bg_named_check_answer(&p);
}

static json_t *say(bool ok, enum bg_named_answer a, const char *text)
{
	static const char *const access[] = { "present", "absent", "unknown" };

	return json_pack("{s:b,s:s,s:s}", "ok", ok, "access", access[a], "text",
			 text);
}

static int check(const struct request *r)
{
	bool asked;
	enum bg_named_answer a = ask_target(r, &asked);

	return answer(say(true, a,
			  asked ? "asked the target"
				: "no check command in the policy"),
		      EXIT_DONE);
}

static int refusal(const struct bg_error *err)
{
	fprintf(stderr, "bg-provider-command: %s\n", err->msg);
	return answer(say(false, BG_ANSWER_UNKNOWN, err->msg),
		      err->code == BG_EDENIED ? EXIT_REFUSED : EXIT_UNKNOWN);
}

static int pass_secret(const struct bg_proc_result *p)
{
	struct bg_error err;

	if (!p->secret.len)
		return 0;
	return bg_fd_write_all(3, p->secret.buf, p->secret.len, &err);
}

static int grant(const struct request *r)
{
	BG_AUTO(proc_result) struct bg_proc_result p = BG_PROC_RESULT_INIT;
	bool secret = bg_json_bool(r->with, "secret"), asked;
	enum bg_named_answer a;
	struct bg_error err;

	if (run(&p, r, "grant", secret, &err))
		return refusal(&err);
	if (secret && pass_secret(&p))
		return EXIT_UNKNOWN;
	a = ask_target(r, &asked);
	if (!bg_named_why(&p) && p.exit_status == 0)
		return answer(say(true, a, "done"), EXIT_DONE);
	/* It failed, but did it fail before or after it gave access? */
	if (!p.started || a == BG_ANSWER_ABSENT ||
	    (!asked && !bg_named_why(&p)))
		return answer(say(false, a, "the grant command failed"),
			      p.exit_status == EXIT_REFUSED ? EXIT_REFUSED
			      : p.exit_status == EXIT_AGAIN ? EXIT_AGAIN
							    : EXIT_DONE);
	return answer(say(false, a, "the grant command broke off"),
		      EXIT_UNKNOWN);
}

/* revoke and rotate: did the command say that it worked? */
static int act(const struct request *r, const char *verb)
{
	BG_AUTO(proc_result) struct bg_proc_result p = BG_PROC_RESULT_INIT;
	struct bg_error err;

	if (run(&p, r, verb, false, &err)) {
		if (err.code != BG_ENOENT)
			return refusal(&err);
		return answer(say(false, BG_ANSWER_UNKNOWN,
				  "no command for this in the policy"),
			      EXIT_REFUSED);
	}
	if (bg_named_why(&p))
		return answer(say(false, BG_ANSWER_UNKNOWN, "it broke off"),
			      EXIT_UNKNOWN);
	return answer(say(p.exit_status == 0, BG_ANSWER_UNKNOWN,
			  p.exit_status == 0 ? "done" : "it failed"),
		      EXIT_DONE);
}

static void take_request(struct request *r)
{
	const json_t *m = json_object_get(r->json, "machine");

	r->with = json_object_get(r->json, "with");
	/* Whoever starts this program could start the command itself. */
	r->machine.pinned = true;
	r->machine.runner = bg_json_bool(m, "runner");
	r->machine.allow_dir = bg_json_text(m, "allow_dir");
	r->machine.allow_file = bg_json_text(m, "allow_file");
	r->machine.uid = geteuid();
	r->values.grant = bg_json_text(r->json, "grant");
	r->values.expires = bg_json_text(r->json, "expires");
	r->values.identity =
		bg_json_text(json_object_get(r->json, "identity"), "name");
	r->values.principal =
		bg_json_text(json_object_get(r->json, "principal"), "name");
	r->values.host = bg_json_text(r->with, "host");
}

int main(void)
{
	static const struct bg_json_limits limits = { REQUEST_MAX, 8192, 16 };
	BG_AUTO(str) struct bg_str in = BG_STR_INIT;
	BG_AUTO(json) json_t *json = NULL;
	struct request r = { 0 };
	struct bg_error err;
	const char *verb;

	if (bg_fd_read_all(&in, 0, REQUEST_MAX, &err) ||
	    bg_json_parse(&json, bg_str_text(&in), in.len, &limits, &err)) {
		fprintf(stderr, "bg-provider-command: %s\n", err.msg);
		return EXIT_REFUSED;
	}
	r.json = json;
	take_request(&r);
	verb = bg_json_text(json, "verb");
	if (verb && strcmp(verb, "describe") == 0)
		return describe(&r);
	if (verb && strcmp(verb, "grant") == 0)
		return grant(&r);
	if (verb && strcmp(verb, "check") == 0)
		return check(&r);
	if (verb &&
	    (strcmp(verb, "revoke") == 0 || strcmp(verb, "rotate") == 0))
		return act(&r, verb);
	fprintf(stderr, "bg-provider-command: no such verb\n");
	return EXIT_REFUSED;
}
