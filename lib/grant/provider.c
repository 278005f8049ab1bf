#include "grant/provider.h"

#include <string.h>

#include "base/clock.h"

#define ANSWER_MAX (64 * 1024)
#define SHOW_MAX 16
#define PROVIDER_TIMEOUT 30

static const struct bg_json_limits answer_limits = { ANSWER_MAX, 4096, 6 };

void bg_provider_facts_release(struct bg_provider_facts *f)
{
	json_decref(f->fields);
	f->fields = NULL;
}

void bg_provider_answer_release(struct bg_provider_answer *a)
{
	json_decref(a->handle);
	json_decref(a->show);
	json_decref(a->raw);
	a->handle = a->show = a->raw = NULL;
	bg_str_wipe(&a->secret);
}

/*
 * Request
 */
static json_t *machine_json(const struct bg_named_env *m)
{
	json_t *o = json_object();

	json_object_set_new(o, "runner", json_boolean(m->runner));
	if (m->allow_file)
		json_object_set_new(o, "allow_file",
				    json_string(m->allow_file));
	if (m->allow_dir)
		json_object_set_new(o, "allow_dir", json_string(m->allow_dir));
	return o;
}

static void set_borrowed(json_t *o, const char *key, json_t *v)
{
	if (v)
		json_object_set(o, key, v);
}

static void set_text(json_t *o, const char *key, const char *v)
{
	if (v)
		json_object_set_new(o, key, json_string(v));
}

static int write_request(struct bg_str *out, const struct bg_provider_call *c,
			 struct bg_error *err)
{
	BG_AUTO(json) json_t *o = json_object();
	BG_AUTO(free) char *text = NULL;

	json_object_set_new(o, "v", json_integer(1));
	set_text(o, "verb", c->verb);
	set_text(o, "grant", c->grant);
	set_text(o, "root", c->root);
	set_text(o, "place", c->place);
	set_borrowed(o, "identity", c->identity);
	set_borrowed(o, "with", c->with);
	set_borrowed(o, "principal", c->principal);
	set_borrowed(o, "state", c->state);
	json_object_set_new(o, "machine", machine_json(c->machine));
	if (c->rotated)
		json_object_set_new(o, "rotated", json_true());
	if (c->expires_ms) {
		char t[BG_TIME_LEN + 1];

		bg_time_format(t, c->expires_ms);
		set_text(o, "expires", t);
	}
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	if (!text)
		return bg_fail_oom(err);
	bg_str_add(out, text);
	bg_str_addc(out, '\n');
	return bg_str_check(out, err);
}

/*
 * Answer
 */
static void clean_text(char *out, size_t size, const char *text)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	size_t n;

	bg_text_escape(&s, text, strlen(text), false);
	n = s.len < size - 1 ? s.len : size - 1;
	memcpy(out, bg_str_text(&s), n);
	out[n] = '\0';
}

static bool is_field(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > 32)
		return false;
	return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

static bool is_declared(const json_t *fields, const char *name)
{
	size_t i;
	const json_t *v;

	json_array_foreach(fields, i, v)
		if (json_is_string(v) &&
		    strcmp(json_string_value(v), name) == 0)
			return true;
	return false;
}

/* Does text hold a word of the secret? */
static bool leaks(const char *text, const struct bg_str *secret)
{
	const char *p = bg_str_text(secret);

	while (*p) {
		size_t n = strcspn(p, " \t\r\n");

		if (n >= 4 && memmem(text, strlen(text), p, n))
			return true;
		p += n;
		p += strspn(p, " \t\r\n");
	}
	return false;
}

static bool handle_is_good(json_t *handle, const json_t *fields,
			   const struct bg_str *secret)
{
	const char *key;
	json_t *v;

	if (!json_is_object(handle) || json_object_size(handle) > 32)
		return false;
	json_object_foreach(handle, key, v) {
		const char *text = json_string_value(v);

		if (!is_field(key) || !is_declared(fields, key) || !text ||
		    !bg_named_word(text) || leaks(text, secret))
			return false;
	}
	return true;
}

static enum bg_access access_of(const json_t *o)
{
	const char *s = bg_json_text(o, "access");

	if (s && strcmp(s, "present") == 0)
		return BG_ACC_PRESENT;
	if (s && strcmp(s, "absent") == 0)
		return BG_ACC_ABSENT;
	return BG_ACC_UNKNOWN;
}

static json_t *take_show(const json_t *list)
{
	json_t *out = json_array();
	size_t i;
	json_t *v;

	json_array_foreach(list, i, v) {
		const char *label = bg_json_text(v, "label");
		const char *text = bg_json_text(v, "text");

		if (json_is_string(v))
			text = json_string_value(v);
		if (!text || i >= SHOW_MAX)
			continue;
		json_array_append_new(out, json_pack("{s:s,s:s}", "label",
						     label ? label : "access",
						     "text", text));
	}
	return out;
}

static void not_done(struct bg_provider_answer *out, enum bg_result result,
		     const char *why)
{
	out->result = result;
	out->why = why;
}

/* What a well-formed answer says, into *out. */
static void take_answer(struct bg_provider_answer *out,
			const struct bg_provider_call *c)
{
	json_t *handle = json_object_get(out->raw, "handle");
	const char *text = bg_json_text(out->raw, "text");
	const char *expires = bg_json_text(out->raw, "expires");

	if (text)
		clean_text(out->text, sizeof(out->text), text);
	out->access = access_of(out->raw);
	if (!bg_json_bool(out->raw, "ok")) {
		not_done(out, BG_RES_FAILED, "failed");
		return;
	}
	out->result = BG_RES_DONE;
	out->show = take_show(json_object_get(out->raw, "show"));
	if (expires && !bg_time_parse_exact(&out->expires_ms, expires))
		out->expires_ms = 0;
	if (!handle)
		return;
	if (!c->facts ||
	    !handle_is_good(handle, c->facts->fields, &out->secret)) {
		not_done(out, BG_RES_UNKNOWN, "bad-handle");
		return;
	}
	json_decref(out->handle);
	out->handle = json_deep_copy(handle);
}

static void read_answer(struct bg_provider_answer *out,
			const struct bg_provider_call *c,
			const struct bg_proc_result *r)
{
	const char *why = bg_named_why(r);
	struct bg_error ignored;

	if (!r->started) {
		not_done(out, BG_RES_FAILED, why);
		return;
	}
	if (why) {
		not_done(out, BG_RES_UNKNOWN, why);
		return;
	}
	if (bg_json_parse(&out->raw, bg_str_text(&r->out), r->out.len,
			  &answer_limits, &ignored))
		out->raw = NULL;
	if (out->raw && bg_json_int(out->raw, "v", 0) == 1)
		take_answer(out, c);
	else
		not_done(out, BG_RES_UNKNOWN, "bad-answer");
	switch (r->exit_status) {
	case 0:
		break;
	case 4:
		out->refused = true;
		not_done(out, BG_RES_FAILED, "refused");
		break;
	case 75:
		out->again = true;
		not_done(out, BG_RES_FAILED, "try-again");
		break;
	default:
		not_done(out, BG_RES_UNKNOWN, "exit-status");
	}
}

/* describe and grant of a kind that writes a secret get a pipe on 3. */
static bool wants_secret(const struct bg_provider_call *c)
{
	return c->facts && c->facts->secret == BG_SECRET_OUT &&
	       (strcmp(c->verb, "grant") == 0);
}

int bg_provider_run(struct bg_provider_answer *out,
		    const struct bg_provider_call *c, struct bg_error *err)
{
	BG_AUTO(proc_result) struct bg_proc_result r = BG_PROC_RESULT_INIT;
	BG_AUTO(str) struct bg_str request = BG_STR_INIT;
	BG_AUTO(free) char *path = NULL;
	struct bg_named p = { 0 };
	const char *argv[2];

	*out = (struct bg_provider_answer){ .result = BG_RES_UNKNOWN,
					    .access = BG_ACC_UNKNOWN };
	out->handle = json_object();
	if (!out->handle)
		return bg_fail_oom(err);
	if (!c->machine->pinned) {
		bg_fail(err, BG_EUNANCHORED, "unanchored",
			"cannot run the provider '%s': this repository's "
			"anchor is not known here",
			c->name);
		return bg_hint(err, "bg trust accept ANCHOR");
	}
	if (bg_named_provider(&path, c->machine, c->dirs, c->name, err) ||
	    write_request(&request, c, err))
		return err->code;
	argv[0] = path;
	argv[1] = NULL;
	p.machine = c->machine;
	p.kind = BG_NAMED_PROVIDER;
	p.argc = 1;
	p.argv = argv;
	p.in = request.buf;
	p.in_len = request.len;
	p.secret_fd = c->secret_fd;
	p.capture_secret = wants_secret(c);
	p.err_inherit = true;
	p.may_gain = strcmp(c->name, "sudo") == 0;
	p.max_out = ANSWER_MAX;
	p.timeout = PROVIDER_TIMEOUT;
	if (bg_proc_named(&r, &p, err))
		return bg_wrap(err, "provider '%s'", c->name);
	bg_str_addn(&out->secret, bg_str_text(&r.secret), r.secret.len);
	read_answer(out, c, &r);
	return 0;
}

int bg_provider_describe(struct bg_provider_facts *out,
			 const struct bg_provider_call *call,
			 struct bg_error *err)
{
	BG_AUTO(provider_answer) struct bg_provider_answer a = { 0 };
	struct bg_provider_call c = *call;
	const char *isolation, *secret;

	memset(out, 0, sizeof(*out));
	c.verb = "describe";
	c.facts = NULL;
	c.secret_fd = 0;
	if (bg_provider_run(&a, &c, err))
		return err->code;
	/* The list of fields is no handle: read it from the raw answer. */
	isolation = bg_json_text(a.raw, "isolation");
	secret = bg_json_text(a.raw, "secret");
	if (!a.raw || !bg_json_bool(a.raw, "ok") || !isolation ||
	    (strcmp(isolation, "per-grant") != 0 &&
	     strcmp(isolation, "counted") != 0 &&
	     strcmp(isolation, "shared") != 0))
		return bg_fail(err, BG_EFAIL, "provider-answer",
			       "provider '%s' does not say what it is (%s)",
			       c.name, a.why ? a.why : "bad-answer");
	snprintf(out->isolation, sizeof(out->isolation), "%s", isolation);
	out->revocable = bg_json_bool(a.raw, "revocable");
	out->exposed = bg_json_bool(a.raw, "exposed");
	out->target_enforces = bg_json_bool(a.raw, "target_enforces");
	if (secret && strcmp(secret, "in") == 0)
		out->secret = BG_SECRET_IN;
	else if (secret && strcmp(secret, "out") == 0)
		out->secret = BG_SECRET_OUT;
	out->fields = json_incref(json_object_get(a.raw, "handle"));
	return 0;
}
