#include "format/yaml_read.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "format/nearest.h"

#define SHOWN 60 /* bytes of a wrong value that a message repeats */

void bg_read_error(struct bg_reader *r, const struct bg_yaml *at,
		   const char *id, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	bg_yaml_vfault(r->doc, at, BG_SEV_ERROR, id, fmt, ap);
	va_end(ap);
}

void bg_read_warning(struct bg_reader *r, const struct bg_yaml *at,
		     const char *id, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	bg_yaml_vfault(r->doc, at, BG_SEV_WARNING, id, fmt, ap);
	va_end(ap);
}

static const char *kind_text(enum bg_yaml_kind kind)
{
	return kind == BG_YAML_MAP    ? "a map"
	       : kind == BG_YAML_LIST ? "a list"
				      : "one value";
}

static bool is_kind(struct bg_reader *r, const struct bg_yaml *node,
		    enum bg_yaml_kind kind)
{
	if (!node || node->faulty)
		return false;
	if (node->kind == kind)
		return true;
	bg_read_error(r, node, "wrong-type", "expected %s, not %s",
		      kind_text(kind), kind_text(node->kind));
	return false;
}

void bg_yaml_only(struct bg_yaml_doc *doc, const struct bg_yaml *map,
		  const char *const *keys)
{
	size_t n = 0;
	while (keys[n])
		n++;
	for (size_t i = 0; i < map->n; i++) {
		const char *key = map->keys[i]->text;
		bool known = false;
		for (size_t k = 0; k < n && !known; k++)
			known = strcmp(keys[k], key) == 0;
		if (known)
			continue;
		const char *near = bg_nearest(key, keys, n);
		if (near)
			bg_yaml_fault(doc, map->keys[i], BG_SEV_ERROR,
				      "unknown-key",
				      "unknown key '%.*s': did you mean '%s'?",
				      SHOWN, key, near);
		else
			bg_yaml_fault(doc, map->keys[i], BG_SEV_ERROR,
				      "unknown-key", "unknown key '%.*s'",
				      SHOWN, key);
	}
}

bool bg_read_map(struct bg_reader *r, const struct bg_yaml *node,
		 const char *const *keys)
{
	if (!is_kind(r, node, BG_YAML_MAP))
		return false;
	if (keys)
		bg_yaml_only(r->doc, node, keys);
	return true;
}

bool bg_read_list(struct bg_reader *r, const struct bg_yaml *node)
{
	return is_kind(r, node, BG_YAML_LIST);
}

struct bg_yaml *bg_read_need(struct bg_reader *r, const struct bg_yaml *map,
			     const char *key)
{
	struct bg_yaml *node = bg_yaml_get(map, key);
	if (!node && map)
		bg_read_error(r, map, "missing-key", "'%s' is missing", key);
	return node;
}

struct bg_yaml *bg_read_root(struct bg_reader *r, const char *format,
			     const char *const *keys)
{
	struct bg_yaml *root = r->doc->root;
	if (!is_kind(r, root, BG_YAML_MAP))
		return NULL;
	struct bg_yaml *bg = bg_read_need(r, root, "bg");
	const char *text = bg_read_text(r, bg, 64);
	if (!text)
		return NULL;
	size_t word = strcspn(format, "/");
	if (strcmp(text, format) != 0) {
		bool newer = strncmp(text, format, word) == 0 &&
			     text[word] == '/';
		bg_read_error(r, bg, newer ? "format-version" : "format",
			      newer ? "this bg reads '%s', not '%s'"
				    : "expected '%s', not '%s'",
			      format, text);
		return NULL;
	}
	bg_yaml_only(r->doc, root, keys);
	return root;
}

/* A scalar with a value. */
static const char *scalar(struct bg_reader *r, const struct bg_yaml *node,
			  const char *wanted)
{
	if (!node || node->faulty)
		return NULL;
	if (node->kind != BG_YAML_SCALAR) {
		bg_read_error(r, node, "wrong-type", "expected %s, not %s",
			      wanted, kind_text(node->kind));
		return NULL;
	}
	if (node->text[0] == '\0') {
		bg_read_error(r, node, "empty", "expected %s", wanted);
		return NULL;
	}
	if (!node->quoted && (strcmp(node->text, "~") == 0 ||
			      strcasecmp(node->text, "null") == 0)) {
		bg_read_error(r, node, "empty", "expected %s, not nothing",
			      wanted);
		return NULL;
	}
	return node->text;
}

const char *bg_read_text(struct bg_reader *r, const struct bg_yaml *node,
			 size_t max)
{
	const char *text = scalar(r, node, "text");
	if (!text)
		return NULL;
	size_t n = strlen(text);
	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (n == 0) {
		bg_read_error(r, node, "empty", "expected text");
		return NULL;
	}
	if (memchr(text, '\n', n)) {
		bg_read_error(r, node, "several-lines",
			      "expected one line (fold it with >-)");
		return NULL;
	}
	if (n > max) {
		bg_read_error(r, node, "too-long", "%zu bytes: at most %zu", n,
			      max);
		return NULL;
	}
	return bg_arena_strndup(r->arena, text, n);
}

static const struct {
	const char *first, *rest, *wanted;
	size_t max;
} words[] = {
	[BG_WORD_NAME] = { "abcdefghijklmnopqrstuvwxyz",
			   "abcdefghijklmnopqrstuvwxyz0123456789-",
			   "a name ([a-z][a-z0-9-]*, at most 32)", 32 },
	[BG_WORD_CODE] = { "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-",
			   "a code ([A-Z][A-Z0-9_-]*, at most 48)", 48 },
	[BG_WORD_LABEL] = { "abcdefghijklmnopqrstuvwxyz0123456789",
			    "abcdefghijklmnopqrstuvwxyz0123456789._-",
			    "a label ([a-z0-9][a-z0-9._-]*, at most 48)", 48 },
	[BG_WORD_WRITER] = { "abcdefghijklmnopqrstuvwxyz0123456789",
			     "abcdefghijklmnopqrstuvwxyz0123456789.-",
			     "a writer ([a-z0-9][a-z0-9.-]*, at most 128)",
			     128 },
};

bool bg_word_is(enum bg_word kind, const char *text)
{
	size_t n = strlen(text);
	return n >= 1 && n <= words[kind].max &&
	       strchr(words[kind].first, text[0]) &&
	       strspn(text, words[kind].rest) == n;
}

const char *bg_read_word(struct bg_reader *r, const struct bg_yaml *node,
			 enum bg_word kind)
{
	const char *text = scalar(r, node, words[kind].wanted);
	if (!text)
		return NULL;
	if (!bg_word_is(kind, text)) {
		bg_read_error(r, node, "bad-name", "expected %s, not '%.*s'",
			      words[kind].wanted, SHOWN, text);
		return NULL;
	}
	return bg_arena_strdup(r->arena, text);
}

static const char **new_list(struct bg_reader *r, const struct bg_yaml *node)
{
	return bg_arena_array(r->arena, (node ? node->n : 0) + 1,
			      sizeof(const char *));
}

static int by_text(const void *a, const void *b)
{
	const struct bg_yaml *const *x = a, *const *y = b;
	int order = strcmp((*x)->text, (*y)->text);
	if (order)
		return order;
	return (*x)->line != (*y)->line ? ((*x)->line < (*y)->line ? -1 : 1)
					: ((*x)->col < (*y)->col ? -1 : 1);
}

/* Faults for words that are there twice; they are left out then. */
static void drop_repeats(struct bg_reader *r, const struct bg_yaml *list)
{
	struct bg_yaml **v = bg_arena_array(r->arena, list->n + 1, sizeof(*v));
	size_t n = 0;
	if (!v)
		return;
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i]->kind == BG_YAML_SCALAR)
			v[n++] = list->items[i];
	qsort(v, n, sizeof(*v), by_text);
	for (size_t i = 1; i < n; i++) {
		if (v[i]->faulty || v[i]->text[0] == '\0' ||
		    strcmp(v[i]->text, v[i - 1]->text) != 0)
			continue;
		bg_read_error(r, v[i], "duplicate-entry",
			      "'%.*s' is in this list already", SHOWN,
			      v[i]->text);
		v[i]->faulty = true;
	}
}

void bg_read_words(struct bg_reader *r, const struct bg_yaml *node,
		   enum bg_word kind, size_t *n, const char ***v)
{
	*n = 0;
	*v = NULL;
	bool list = node && bg_read_list(r, node);
	*v = new_list(r, list ? node : NULL);
	if (!list || !*v)
		return;
	drop_repeats(r, node);
	for (size_t i = 0; i < node->n; i++) {
		const char *word = bg_read_word(r, node->items[i], kind);
		if (word)
			(*v)[(*n)++] = word;
	}
}

void bg_read_texts(struct bg_reader *r, const struct bg_yaml *node, size_t max,
		   size_t most, size_t *n, const char ***v)
{
	*n = 0;
	*v = NULL;
	bool list = node && bg_read_list(r, node);
	*v = new_list(r, list ? node : NULL);
	if (!list || !*v)
		return;
	if (node->n > most) {
		bg_read_error(r, node, "too-many", "%zu entries: at most %zu",
			      node->n, most);
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		const char *text = bg_read_text(r, node->items[i], max);
		if (text)
			(*v)[(*n)++] = text;
	}
}

int bg_read_choice(struct bg_reader *r, const struct bg_yaml *node,
		   const struct bg_choice *choices, size_t n, int otherwise)
{
	BG_AUTO(str) struct bg_str list = BG_STR_INIT;
	for (size_t i = 0; i < n; i++)
		bg_str_addf(&list, "%s%s", i ? " | " : "", choices[i].word);
	const char *text = scalar(r, node, bg_str_text(&list));
	if (!text)
		return otherwise;
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, choices[i].word) == 0)
			return choices[i].value;
	bg_read_error(r, node, "bad-choice", "expected %s, not '%.*s'",
		      bg_str_text(&list), SHOWN, text);
	return otherwise;
}

bool bg_read_bool(struct bg_reader *r, const struct bg_yaml *node,
		  bool otherwise)
{
	const char *text = scalar(r, node, "true or false");
	if (!text)
		return otherwise;
	if (!node->quoted && strcmp(text, "true") == 0)
		return true;
	if (!node->quoted && strcmp(text, "false") == 0)
		return false;
	bg_read_error(r, node, "bad-choice",
		      "expected true or false, not '%.*s'", SHOWN, text);
	return otherwise;
}

/* Digits without a leading zero, at most 15 of them. */
static bool decimal(int64_t *out, const char *text)
{
	size_t n = strlen(text);
	if (n < 1 || n > 15 || strspn(text, "0123456789") != n ||
	    (n > 1 && text[0] == '0'))
		return false;
	*out = 0;
	for (; *text; text++)
		*out = *out * 10 + (*text - '0');
	return true;
}

int64_t bg_read_int(struct bg_reader *r, const struct bg_yaml *node,
		    int64_t min, int64_t max, int64_t otherwise)
{
	const char *text = scalar(r, node, "a number");
	int64_t value;
	if (!text)
		return otherwise;
	if (!node->quoted && decimal(&value, text) && value >= min &&
	    value <= max)
		return value;
	if (node->quoted && decimal(&value, text)) {
		bg_read_error(r, node, "bad-number",
			      "expected a number without quotes");
		return otherwise;
	}
	bg_read_error(r, node, "bad-number",
		      "expected a number from %lld to %lld, not '%.*s'",
		      (long long)min, (long long)max, SHOWN, text);
	return otherwise;
}

int64_t bg_read_duration(struct bg_reader *r, const struct bg_yaml *node,
			 int64_t min, int64_t max, int64_t otherwise)
{
	const char *text = scalar(r, node, "a duration");
	int64_t value;
	char least[24], most[24];
	if (!text)
		return otherwise;
	if (!bg_duration_parse(&value, text)) {
		bg_read_error(r, node, "bad-duration",
			      "expected a duration such as 90s, 30m, 2h or 7d "
			      "(up to 3660d), not '%.*s'",
			      SHOWN, text);
		return otherwise;
	}
	if (value >= min && value <= max)
		return value;
	bg_duration_format(least, min);
	bg_duration_format(most, max);
	bg_read_error(r, node, "duration-range",
		      "expected %s to %s, not '%.*s'", least, most, SHOWN,
		      text);
	return otherwise;
}

int64_t bg_read_time(struct bg_reader *r, const struct bg_yaml *node, bool end,
		     int64_t otherwise)
{
	const char *text = scalar(r, node, "a time");
	int64_t value;
	if (!text)
		return otherwise;
	/* Whole months and years are for ranges that people type. */
	if (strlen(text) >= 10 && bg_time_parse(&value, text, end))
		return value;
	bg_read_error(r, node, "bad-time",
		      "expected 2026-11-23 or 2026-11-23T03:14:10Z, not '%.*s'",
		      SHOWN, text);
	return otherwise;
}

static bool is_one_of(const char *text, const char *const *list)
{
	for (; *list; list++)
		if (strcasecmp(text, *list) == 0)
			return true;
	return false;
}

/* Whether some reader of YAML would take this unquoted word for something else
 * than text. */
static bool is_ambiguous(const char *text)
{
	static const char *const other[] = { "~",     "null",  "yes",  "no",
					     "on",    "off",   "y",    "n",
					     "true",  "false", ".nan", ".inf",
					     "-.inf", "+.inf", NULL };
	if (is_one_of(text, other))
		return true;
	const char *p = text + strspn(text, "+-");
	if (*p == '.')
		p++;
	if (*p < '0' || *p > '9')
		return false;
	return strspn(text, "0123456789+-.:_eExXoabcdefABCDEF") == strlen(text);
}

static json_t *json_scalar(struct bg_reader *r, const struct bg_yaml *node)
{
	const char *text = node->text;
	int64_t value;
	if (node->quoted)
		return text[strcspn(text, "\n")] == '\0'
			       ? json_string(text)
			       : json_string(bg_read_text(r, node, 4096));
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return json_boolean(text[0] == 't');
	if (decimal(&value, text))
		return json_integer(value);
	if (text[0] == '\0' || is_ambiguous(text)) {
		bg_read_error(r, node, "ambiguous-value",
			      "'%.*s' is read in more than one way: write it "
			      "in quotes",
			      SHOWN, text);
		return NULL;
	}
	text = bg_read_text(r, node, 4096);
	return text ? json_string(text) : NULL;
}

json_t *bg_read_json(struct bg_reader *r, const struct bg_yaml *node)
{
	if (!node || node->faulty)
		return NULL;
	if (node->kind == BG_YAML_SCALAR)
		return json_scalar(r, node);
	bool map = node->kind == BG_YAML_MAP;
	json_t *out = map ? json_object() : json_array();
	if (!out)
		r->arena->oom = 1;
	for (size_t i = 0; out && i < node->n; i++) {
		json_t *item = bg_read_json(r, node->items[i]);
		if (!item)
			continue;
		if (map ? json_object_set_new(out, node->keys[i]->text, item)
			: json_array_append_new(out, item))
			r->arena->oom = 1;
	}
	return out;
}
