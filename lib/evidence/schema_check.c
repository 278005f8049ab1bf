/* Checks an event's data against the tables of schema.c. */
#include <string.h>

#include "base/clock.h"
#include "evidence/install.h"
#include "evidence/schema.h"

/*
 * Forms of strings.
 */
static bool all_of(const char *s, const char *first, const char *rest,
		   size_t max)
{
	size_t n = strlen(s);

	return n && n <= max && strchr(first, s[0]) &&
	       strspn(s + 1, rest) == n - 1;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"

bool bg_is_principal(const char *s)
{
	return all_of(s, LOWER, LOWER DIGIT "-", 32);
}

bool bg_is_name(const char *s)
{
	return all_of(s, LOWER DIGIT, LOWER DIGIT "._-", 64);
}

static bool is_token(const char *s)
{
	return all_of(s, LOWER UPPER DIGIT, LOWER UPPER DIGIT "._:@+-", 128);
}

static bool is_log(const char *s)
{
	char principal[33], host[33], hex[13];

	return bg_writer_split(principal, host, hex, s);
}

static bool is_hex(const char *s, size_t n)
{
	return strlen(s) == n && strspn(s, DIGIT "abcdef") == n;
}

static bool is_digest(const char *s)
{
	struct bg_digest d;

	return bg_digest_parse(&d, s);
}

static bool is_time(const char *s)
{
	int64_t ms;

	return bg_time_parse_exact(&ms, s) && ms >= 0;
}

static int base64_value(char c)
{
	static const char alphabet[] = UPPER LOWER DIGIT "+/";
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* Padded, and the bits that the padding leaves over are zero. */
static bool is_base64(const char *s)
{
	size_t n = strlen(s), body = strspn(s, UPPER LOWER DIGIT "+/");
	size_t pad = n - body;

	if (!n || n % 4 || pad > 2 || strspn(s + body, "=") != pad)
		return false;
	return !pad ||
	       (base64_value(s[body - 1]) & (pad == 1 ? 0x03 : 0x0f)) == 0;
}

static bool is_word(const char *s, const char *words)
{
	size_t n = strlen(s);

	while (*words) {
		size_t len = strcspn(words, " ");

		if (len == n && memcmp(words, s, n) == 0)
			return true;
		words += len + (words[len] == ' ');
	}
	return false;
}

/* A path of trust (lifecycle.md T12): no dot files, no way out. */
static bool is_path(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > 200 || s[n - 1] == '/' ||
	    strspn(s, LOWER UPPER DIGIT "._-/") != n)
		return false;
	for (const char *p = s; p;
	     p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
		if (*p == '.' || *p == '/' || *p == '-')
			return false;
	return true;
}

static bool string_ok(const struct bg_field *f, const char *s)
{
	switch (f->kind) {
	case BG_F_NAME:
		return bg_is_name(s);
	case BG_F_TOKEN:
		return is_token(s);
	case BG_F_LOG:
		return is_log(s);
	case BG_F_DIGEST:
		return is_digest(s);
	case BG_F_OID:
		return is_hex(s, 40);
	case BG_F_TIME:
		return is_time(s);
	case BG_F_HEX16:
		return is_hex(s, 16);
	case BG_F_HEX32:
		return is_hex(s, 32);
	case BG_F_BASE64:
		return is_base64(s);
	case BG_F_WORD:
		return is_word(s, f->words);
	default:
		return false;
	}
}

/*
 * The walk.
 */
static int bad(struct bg_error *err, const char *where, const char *what)
{
	return bg_fail(err, BG_EVERIFY, "bad-data", "%s: %s", where, what);
}

static int check_object(const char *where, const struct bg_field *fields,
			const json_t *v, struct bg_error *err);

static bool text_ok(const json_t *v)
{
	size_t n = json_string_length(v);

	return json_is_string(v) && n && n <= bg_json_event_limits.string &&
	       bg_text_is_clean(json_string_value(v), n);
}

static bool int_ok(const json_t *v, int64_t least)
{
	return json_is_integer(v) && json_integer_value(v) >= least &&
	       json_integer_value(v) <= BG_JSON_INT_MAX;
}

#define LIST_MAX 1024

static int check_list(const char *where, const struct bg_field *f,
		      const json_t *v, struct bg_error *err)
{
	if (!json_is_array(v) || json_array_size(v) > LIST_MAX)
		return bad(err, where, "not a list");
	for (size_t i = 0; i < json_array_size(v); i++) {
		const json_t *item = json_array_get(v, i);

		if (f->kind == BG_F_OBJECTS) {
			int r = check_object(where, f->members, item, err);

			if (r)
				return r;
		} else if (!text_ok(item)) {
			return bad(err, where,
				   "a list element that is no text");
		} else if (f->kind == BG_F_NAMES &&
			   !bg_is_name(json_string_value(item))) {
			return bad(err, where,
				   "a list element that is no name");
		}
	}
	return 0;
}

static bool map_key_ok(enum bg_field_kind kind, const char *key)
{
	switch (kind) {
	case BG_F_FILES:
		return is_path(key);
	case BG_F_LOGS:
		return is_log(key);
	default:
		return all_of(key, LOWER, LOWER DIGIT "_-", 64);
	}
}

static int check_map(const char *where, const struct bg_field *f, json_t *v,
		     struct bg_error *err)
{
	if (!json_is_object(v))
		return bad(err, where, "not an object");
	for (void *it = json_object_iter(v); it;
	     it = json_object_iter_next(v, it)) {
		const json_t *value = json_object_iter_value(it);
		bool ok;

		if (!map_key_ok(f->kind, json_object_iter_key(it)))
			return bad(err, where, "a key that is not allowed");
		if (f->kind == BG_F_LOGS) {
			int r = check_object(where, f->members, value, err);

			if (r)
				return r;
			continue;
		}
		if (f->kind == BG_F_INTS)
			ok = int_ok(value, 0);
		else if (f->kind == BG_F_FILES)
			ok = text_ok(value) &&
			     is_digest(json_string_value(value));
		else
			ok = text_ok(value);
		if (!ok)
			return bad(err, where, "a value that is not allowed");
	}
	return 0;
}

static int check_field(const char *where, const struct bg_field *f, json_t *v,
		       struct bg_error *err)
{
	switch (f->kind) {
	case BG_F_BOOL:
		return json_is_boolean(v)
			       ? 0
			       : bad(err, where, "not true or false");
	case BG_F_INT:
		return int_ok(v, 0) ? 0
				    : bad(err, where, "not a number from 0");
	case BG_F_SECS:
		return int_ok(v, 1) ? 0
				    : bad(err, where, "not a number from 1");
	case BG_F_OBJECT:
		return check_object(where, f->members, v, err);
	case BG_F_TEXTS:
	case BG_F_NAMES:
	case BG_F_OBJECTS:
		return check_list(where, f, v, err);
	case BG_F_INTS:
	case BG_F_STRINGS:
	case BG_F_FILES:
	case BG_F_LOGS:
		return check_map(where, f, v, err);
	case BG_F_TEXT:
		return text_ok(v) ? 0
				  : bad(err, where,
					"not a text of 1 to 4096 bytes "
					"without control characters");
	default:
		break;
	}
	if (!text_ok(v) || !string_ok(f, json_string_value(v)))
		return bad(err, where, "not of the form that it must have");
	return 0;
}

static const struct bg_field *find_field(const struct bg_field *fields,
					 const char *name, size_t n)
{
	for (; fields->name; fields++)
		if (strlen(fields->name) == n &&
		    memcmp(fields->name, name, n) == 0)
			return fields;
	return NULL;
}

/* KEY_b64 and KEY_bytes of a text KEY that came from outside. */
static bool is_companion(const struct bg_field *fields, const json_t *object,
			 const char *key, const json_t *v)
{
	const char *tail = strrchr(key, '_');
	const struct bg_field *f;

	if (!tail || !(f = find_field(fields, key, (size_t)(tail - key))) ||
	    f->kind != BG_F_TEXT || !json_object_get(object, f->name))
		return false;
	if (strcmp(tail, "_b64") == 0)
		return text_ok(v) && is_base64(json_string_value(v));
	return strcmp(tail, "_bytes") == 0 && int_ok(v, 1);
}

static int check_object(const char *where, const struct bg_field *fields,
			const json_t *v, struct bg_error *err)
{
	json_t *o = (json_t *)v;
	size_t found = 0;
	char path[128];

	if (!json_is_object(v))
		return bad(err, where, "not an object");
	for (const struct bg_field *f = fields; f->name; f++) {
		json_t *member = json_object_get(v, f->name);
		int r;

		snprintf(path, sizeof(path), "%s.%s", where, f->name);
		if (!member) {
			if (!f->optional)
				return bad(err, path, "missing");
			continue;
		}
		found++;
		if ((r = check_field(path, f, member, err)))
			return r;
	}
	if (found == json_object_size(v))
		return 0;
	for (void *it = json_object_iter(o); it;
	     it = json_object_iter_next(o, it)) {
		const char *key = json_object_iter_key(it);

		if (!find_field(fields, key, strlen(key)) &&
		    !is_companion(fields, v, key, json_object_iter_value(it)))
			return bad(err, where,
				   "a member that is not known here");
	}
	return 0;
}

/*
 * What a table cannot say: members that depend on another one.
 */
static int need(const json_t *data, const char *const *names, bool there,
		struct bg_error *err)
{
	for (; *names; names++) {
		if (!json_object_get(data, *names) == !there)
			continue;
		return bg_fail(err, BG_EVERIFY, "bad-data", "data.%s: %s",
			       *names, there ? "missing" : "not allowed here");
	}
	return 0;
}

static int check_grant_data(const json_t *data, struct bg_error *err)
{
	static const char *const given[] = {
		"provider", "access",          "expires",
		"handle",   "isolation",       "revocable",
		"exposed",  "target_enforces", NULL,
	};
	const char *result = bg_json_text(data, "result");

	if (strcmp(result, "done") != 0 && strcmp(result, "unknown") != 0)
		return 0;
	return need(data, given, true, err);
}

static int check_review_data(const json_t *data, struct bg_error *err)
{
	static const char *const answers[] = { "class", "necessary", "limited",
					       "reversed", NULL };
	static const char *const corrective[] = { "corrective", NULL };
	static const char *const to[] = { "to", NULL };
	const char *decision = bg_json_text(data, "decision");
	bool forwarded = strcmp(decision, "forwarded") == 0;
	bool open = forwarded || strcmp(decision, "needs-info") == 0;
	int r = need(data, answers, !open, err);

	if (!r && open)
		r = need(data, corrective, false, err);
	if (!r)
		r = need(data, to, forwarded, err);
	return r;
}

static int check_writer_data(const json_t *data, struct bg_error *err)
{
	static const char *const key[] = { "installation_key", NULL };
	const char *op = bg_json_text(data, "op");

	if (strcmp(op, "introduce") == 0)
		return need(data, key, true, err);
	if (strcmp(op, "retire") == 0)
		return need(data, key, false, err);
	return 0;
}

int bg_schema_check(enum bg_event_type t, const json_t *data,
		    struct bg_error *err)
{
	int r = check_object("data", bg_schema_of(t)->data, data, err);

	if (r)
		return r;
	switch (t) {
	case BG_EV_GRANT:
		return check_grant_data(data, err);
	case BG_EV_REVIEW:
		return check_review_data(data, err);
	case BG_EV_WRITER:
		return check_writer_data(data, err);
	default:
		return 0;
	}
}

int bg_schema_check_clock(const json_t *clock, struct bg_error *err)
{
	return check_object("clock", bg_schema_clock, clock, err);
}

int bg_schema_check_host(const json_t *host, struct bg_error *err)
{
	return check_object("host", bg_schema_host, host, err);
}
