#include "format/json.h"

#include <openssl/evp.h>
#include <string.h>

/* RFC 8259 is parsed by jansson; what evidence.md takes away from it is
 * checked here, before (depth, -0: no trace of them is left in the tree, or
 * too late) and after (everything else). */

const struct bg_json_limits bg_json_event_limits = {
	.bytes = 64 * 1024,
	.string = 4 * 1024,
	.depth = 16,
};

/* Depth, and numbers that jansson would read as another one. */
static int check_tokens(const char *text, size_t n, size_t max_depth,
			struct bg_error *err)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
			continue;
		}
		if (c == '"')
			in_string = true;
		else if (c == '{' || c == '[') {
			if (++depth > max_depth)
				return bg_fail(err, BG_EVERIFY, "bad-json",
					       "nested deeper than %zu",
					       max_depth);
		} else if ((c == '}' || c == ']') && depth)
			depth--;
		else if (c == '-' && i + 1 < n && text[i + 1] == '0')
			return bg_fail(err, BG_EVERIFY, "bad-json",
				       "minus zero at byte %zu", i);
	}
	return 0;
}

static int check_string(const char *p, size_t n, size_t max, int code,
			struct bg_error *err)
{
	if (max && n > max)
		return bg_fail(err, code, "bad-json",
			       "a string of %zu bytes, %zu are allowed", n,
			       max);
	if (!bg_text_is_clean(p, n))
		return bg_fail(err, code, "bad-json",
			       "a string with a forbidden character");
	return 0;
}

static int check_value(const json_t *v, size_t max_string, struct bg_error *err)
{
	void *it;
	size_t i;

	switch (json_typeof(v)) {
	case JSON_TRUE:
	case JSON_FALSE:
		return 0;
	case JSON_INTEGER:
		if (json_integer_value(v) > BG_JSON_INT_MAX ||
		    json_integer_value(v) < -BG_JSON_INT_MAX)
			return bg_fail(err, BG_EVERIFY, "bad-json",
				       "an integer beyond 2^53-1");
		return 0;
	case JSON_STRING:
		return check_string(json_string_value(v), json_string_length(v),
				    max_string, BG_EVERIFY, err);
	case JSON_ARRAY:
		for (i = 0; i < json_array_size(v); i++) {
			int r = check_value(json_array_get(v, i), max_string,
					    err);
			if (r)
				return r;
		}
		return 0;
	case JSON_OBJECT:
		for (it = json_object_iter((json_t *)v); it;
		     it = json_object_iter_next((json_t *)v, it)) {
			int r = check_string(json_object_iter_key(it),
					     json_object_iter_key_len(it),
					     max_string, BG_EVERIFY, err);
			if (!r)
				r = check_value(json_object_iter_value(it),
						max_string, err);
			if (r)
				return r;
		}
		return 0;
	case JSON_NULL:
		return bg_fail(err, BG_EVERIFY, "bad-json", "null");
	case JSON_REAL:
		break;
	}
	return bg_fail(err, BG_EVERIFY, "bad-json",
		       "a number that is no integer");
}

/* jansson quotes the text it stumbled over: keep a message printable. */
static int fail_syntax(const json_error_t *e, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;

	bg_text_escape(&text, e->text, strlen(e->text), false);
	return bg_fail(err, BG_EVERIFY, "bad-json", "%d:%d: %s", e->line,
		       e->column, bg_str_text(&text));
}

int bg_json_parse(json_t **out, const char *text, size_t n,
		  const struct bg_json_limits *limits, struct bg_error *err)
{
	BG_AUTO(json) json_t *v = NULL;
	json_error_t e;
	int r;

	if (n > limits->bytes)
		return bg_fail(err, BG_EVERIFY, "bad-json",
			       "%zu bytes, %zu are allowed", n, limits->bytes);
	if ((r = check_tokens(text, n, limits->depth, err)))
		return r;
	v = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
	if (!v)
		return fail_syntax(&e, err);
	if (!json_is_object(v))
		return bg_fail(err, BG_EVERIFY, "bad-json", "not an object");
	if ((r = check_value(v, limits->string, err)))
		return r;
	*out = bg_move(v);
	return 0;
}

/*
 * Canonical form.
 */
static int write_value(struct bg_str *out, const json_t *v, size_t depth,
		       struct bg_error *err);

static void write_indent(struct bg_str *out, size_t depth)
{
	static const char spaces[] = "\n                                ";

	while (depth > sizeof(spaces) - 2) {
		/* Deeper than any event: keep it right, not fast. */
		bg_str_addc(out, '\n');
		for (size_t i = 0; i < depth; i++)
			bg_str_addc(out, ' ');
		return;
	}
	bg_str_addn(out, spaces, depth + 1);
}

static int write_string(struct bg_str *out, const char *p, size_t n,
			struct bg_error *err)
{
	int r = check_string(p, n, 0, BG_EFAIL, err);
	size_t from = 0;

	if (r)
		return r;
	bg_str_addc(out, '"');
	for (size_t i = 0; i < n; i++) {
		if (p[i] != '"' && p[i] != '\\')
			continue;
		bg_str_addn(out, p + from, i - from);
		bg_str_addc(out, '\\');
		from = i;
	}
	bg_str_addn(out, p + from, n - from);
	bg_str_addc(out, '"');
	return 0;
}

struct member {
	const char *key;
	size_t n;
	const json_t *value;
};

static int member_cmp(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int c = memcmp(x->key, y->key, x->n < y->n ? x->n : y->n);

	return c ? c : (x->n > y->n) - (x->n < y->n);
}

static int write_member(struct bg_str *out, const struct member *m,
			size_t depth, bool first, struct bg_error *err)
{
	int r;

	if (!first)
		bg_str_addc(out, ',');
	write_indent(out, depth + 1);
	if ((r = write_string(out, m->key, m->n, err)))
		return r;
	bg_str_addn(out, ": ", 2);
	return write_value(out, m->value, depth + 1, err);
}

static void list_members(struct member *m, const json_t *object)
{
	json_t *o = (json_t *)object;
	bool sorted = true;
	size_t n = 0;

	for (void *it = json_object_iter(o); it;
	     it = json_object_iter_next(o, it), n++) {
		m[n].key = json_object_iter_key(it);
		m[n].n = json_object_iter_key_len(it);
		m[n].value = json_object_iter_value(it);
		if (n && member_cmp(&m[n - 1], &m[n]) > 0)
			sorted = false;
	}
	/* What was read from evidence is sorted already. */
	if (!sorted)
		qsort(m, n, sizeof(*m), member_cmp);
}

static int write_object(struct bg_str *out, const json_t *v, size_t depth,
			struct bg_error *err)
{
	struct member few[24];
	BG_AUTO(free) struct member *many = NULL;
	struct member *m = few;
	size_t n = json_object_size(v);

	if (!n) {
		bg_str_addn(out, "{}", 2);
		return 0;
	}
	if (n > sizeof(few) / sizeof(*few)) {
		m = many = calloc(n, sizeof(*m));
		if (!m)
			return bg_fail_oom(err);
	}
	list_members(m, v);
	bg_str_addc(out, '{');
	for (size_t i = 0; i < n; i++) {
		int r = write_member(out, &m[i], depth, i == 0, err);
		if (r)
			return r;
	}
	write_indent(out, depth);
	bg_str_addc(out, '}');
	return 0;
}

/* The top object of an event: the envelope's own order. */
static int write_ordered(struct bg_str *out, const json_t *v,
			 const char *const *order, struct bg_error *err)
{
	size_t written = 0;

	bg_str_addc(out, '{');
	for (; *order; order++) {
		struct member m = { *order, strlen(*order),
				    json_object_get(v, *order) };
		int r;

		if (!m.value)
			continue;
		if ((r = write_member(out, &m, 0, written == 0, err)))
			return r;
		written++;
	}
	if (written != json_object_size(v))
		return bg_fail(err, BG_EFAIL, "bad-json",
			       "a key that is not allowed here");
	if (written)
		bg_str_addc(out, '\n');
	bg_str_addc(out, '}');
	return 0;
}

static int write_array(struct bg_str *out, const json_t *v, size_t depth,
		       struct bg_error *err)
{
	size_t n = json_array_size(v);

	if (!n) {
		bg_str_addn(out, "[]", 2);
		return 0;
	}
	bg_str_addc(out, '[');
	for (size_t i = 0; i < n; i++) {
		int r;

		if (i)
			bg_str_addc(out, ',');
		write_indent(out, depth + 1);
		r = write_value(out, json_array_get(v, i), depth + 1, err);
		if (r)
			return r;
	}
	write_indent(out, depth);
	bg_str_addc(out, ']');
	return 0;
}

static int write_integer(struct bg_str *out, int64_t i, struct bg_error *err)
{
	if (i > BG_JSON_INT_MAX || i < -BG_JSON_INT_MAX)
		return bg_fail(err, BG_EFAIL, "bad-json",
			       "an integer beyond 2^53-1");
	bg_str_addf(out, "%lld", (long long)i);
	return 0;
}

static int write_value(struct bg_str *out, const json_t *v, size_t depth,
		       struct bg_error *err)
{
	if (depth > 64)
		return bg_fail(err, BG_EFAIL, "bad-json", "nested too deep");
	switch (json_typeof(v)) {
	case JSON_TRUE:
		bg_str_addn(out, "true", 4);
		return 0;
	case JSON_FALSE:
		bg_str_addn(out, "false", 5);
		return 0;
	case JSON_INTEGER:
		return write_integer(out, json_integer_value(v), err);
	case JSON_STRING:
		return write_string(out, json_string_value(v),
				    json_string_length(v), err);
	case JSON_ARRAY:
		return write_array(out, v, depth, err);
	case JSON_OBJECT:
		return write_object(out, v, depth, err);
	case JSON_NULL:
	case JSON_REAL:
		break;
	}
	return bg_fail(err, BG_EFAIL, "bad-json",
		       "a value that evidence does not hold");
}

int bg_json_canon(struct bg_str *out, const json_t *object,
		  const char *const *order, struct bg_error *err)
{
	int r;

	if (!json_is_object(object))
		return bg_fail(err, BG_EFAIL, "bad-json", "not an object");
	if (order && json_object_size(object))
		r = write_ordered(out, object, order, err);
	else
		r = write_object(out, object, 0, err);
	if (r)
		return r;
	bg_str_addc(out, '\n');
	return bg_str_check(out, err);
}

/*
 * Text from outside.
 */

/* How many of the n bytes give at most limit clean bytes, whole characters
 * only. */
static size_t fit(const char *p, size_t n, size_t limit)
{
	size_t used = 0, made = 0;

	while (used < n) {
		uint32_t cp;
		size_t len = bg_utf8_decode(&cp, p + used, n - used);
		size_t add = len && !bg_char_forbidden(cp) ? len : 3;

		if (made + add > limit)
			break;
		made += add;
		used += len ? len : 1;
	}
	return used;
}

static int set_suffixed(json_t *object, const char *key, const char *suffix,
			json_t *value, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str name = BG_STR_INIT;

	bg_str_add(&name, key);
	bg_str_add(&name, suffix);
	if (name.oom) {
		json_decref(value);
		return bg_fail_oom(err);
	}
	if (json_object_set_new(object, name.buf, value))
		return bg_fail_oom(err);
	return 0;
}

static int set_b64(json_t *object, const char *key, const char *p, size_t n,
		   struct bg_error *err)
{
	BG_AUTO(free) char *b64 = malloc(4 * ((n + 2) / 3) + 1);
	int len;

	if (!b64)
		return bg_fail_oom(err);
	len = EVP_EncodeBlock((unsigned char *)b64, (const unsigned char *)p,
			      (int)n);
	return set_suffixed(object, key, "_b64",
			    json_stringn_nocheck(b64, (size_t)len), err);
}

int bg_json_set_text(json_t *object, const char *key, const char *p, size_t n,
		     size_t limit, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str clean = BG_STR_INIT;
	/* Base 64 of what is kept must fit into a string as well. */
	const size_t most = bg_json_event_limits.string / 4 * 3;
	size_t used = fit(p, n, limit);
	int r;

	if (!bg_text_is_clean(p, used) && used > most)
		used = fit(p, most, limit);
	if (bg_text_clean(&clean, p, used) &&
	    (r = set_b64(object, key, p, used, err)))
		return r;
	if ((r = bg_str_check(&clean, err)))
		return r;
	if (used < n && (r = set_suffixed(object, key, "_bytes",
					  json_integer((json_int_t)n), err)))
		return r;
	if (json_object_set_new(object, key,
				json_stringn_nocheck(bg_str_text(&clean),
						     clean.len)))
		return bg_fail_oom(err);
	return 0;
}

const char *bg_json_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

int64_t bg_json_int(const json_t *object, const char *key, int64_t otherwise)
{
	const json_t *v = json_object_get(object, key);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

bool bg_json_bool(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}
