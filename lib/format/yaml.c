/*
 * libyaml's events made into a tree of nodes; what policy.md forbids becomes a
 * fault.  The text is looked at first, character by character, so that libyaml
 * sees clean UTF-8 of bounded size only.
 */
#include "format/yaml.h"

#include <string.h>
#include <yaml.h>

struct parse {
	yaml_parser_t *y;
	struct bg_yaml_doc *doc;
	bool stop; /* wrong syntax or too deep: nothing more can be read */
};
typedef BG_VEC(struct bg_yaml *) nodes;

#define BG_YAML_BAD_CHARS 20

/* What a person calls it. */
static const char *char_text(uint32_t cp)
{
	switch (cp) {
	case 0:
		return "a NUL byte";
	case '\t':
		return "a tab: use spaces";
	case '\r':
		return "a carriage return: lines end with a line feed";
	case 0xfeff:
		return "a byte order mark";
	default:
		return "a control or invisible character";
	}
}

/* Whether every character may be there. */
static bool text_is_fit(struct bg_yaml_doc *doc, const char *text, size_t n)
{
	struct bg_yaml at = { .line = 1, .col = 1 };
	unsigned bad = 0;
	for (size_t i = 0; i < n && bad < BG_YAML_BAD_CHARS;) {
		uint32_t cp = 0;
		size_t len = bg_utf8_decode(&cp, text + i, n - i);
		if (len == 0) {
			bg_yaml_fault(doc, &at, BG_SEV_ERROR, "not-utf8",
				      "byte 0x%02x is not UTF-8",
				      (unsigned char)text[i]);
			bad++;
			len = 1;
		} else if (cp == '\n') {
			at.line++;
			at.col = 0;
		} else if (bg_char_forbidden(cp)) {
			bg_yaml_fault(doc, &at, BG_SEV_ERROR, "bad-character",
				      "U+%04X, %s, may not be in this file",
				      (unsigned)cp, char_text(cp));
			bad++;
		}
		at.col++;
		i += len;
	}
	return bad == 0;
}

static struct bg_yaml *new_node(struct parse *p, enum bg_yaml_kind kind,
				const yaml_mark_t *mark)
{
	struct bg_yaml *node = bg_arena_alloc(&p->doc->arena, sizeof(*node));
	if (!node) {
		p->stop = true;
		return NULL;
	}
	node->kind = kind;
	node->line = (unsigned)mark->line + 1;
	node->col = (unsigned)mark->column + 1;
	node->text = "";
	return node;
}

static bool next_event(struct parse *p, yaml_event_t *event)
{
	if (yaml_parser_parse(p->y, event))
		return true;
	p->stop = true;
	if (p->y->error == YAML_MEMORY_ERROR) {
		p->doc->arena.oom = 1;
		return false;
	}
	struct bg_yaml at = { .line = (unsigned)p->y->problem_mark.line + 1,
			      .col = (unsigned)p->y->problem_mark.column + 1 };
	bg_yaml_fault(p->doc, &at, BG_SEV_ERROR, "yaml-syntax", "%s%s%s",
		      p->y->context ? p->y->context : "",
		      p->y->context ? ", " : "",
		      p->y->problem ? p->y->problem : "not YAML");
	return false;
}

static void fault_at(struct parse *p, struct bg_yaml *node, const char *id,
		     const char *text)
{
	bg_yaml_fault(p->doc, node, BG_SEV_ERROR, id, "%s", text);
}

/* Anchors and tags of the node that an event begins. */
static void check_properties(struct parse *p, struct bg_yaml *node,
			     const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		fault_at(p, node, "anchor", "anchors are not allowed");
	if (tag)
		fault_at(p, node, "tag", "tags are not allowed");
}

static struct bg_yaml *read_scalar(struct parse *p, const yaml_event_t *event)
{
	struct bg_yaml *node = new_node(p, BG_YAML_SCALAR, &event->start_mark);
	if (!node)
		return NULL;
	const char *text = (const char *)event->data.scalar.value;
	size_t n = event->data.scalar.length;
	check_properties(p, node, event->data.scalar.anchor,
			 event->data.scalar.tag);
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	/* Line feeds come from block scalars and escapes; readers judge them. */
	for (size_t i = 0; i < n;) {
		uint32_t cp = 0;
		size_t len = bg_utf8_decode(&cp, text + i, n - i);
		if (len == 0 || (cp != '\n' && bg_char_forbidden(cp))) {
			bg_yaml_fault(
				p->doc, node, BG_SEV_ERROR, "bad-character",
				"an escape gives U+%04X, which may not be "
				"in this file",
				(unsigned)cp);
			node->faulty = true;
			return node;
		}
		i += len;
	}
	node->text = bg_arena_strndup(&p->doc->arena, text, n);
	if (!node->text) {
		node->text = "";
		p->stop = true;
	}
	return node;
}

static struct bg_yaml *read_node(struct parse *p, const yaml_event_t *event,
				 unsigned depth);

static struct bg_yaml **keep(struct parse *p, const nodes *list)
{
	struct bg_yaml **v =
		bg_arena_array(&p->doc->arena, list->n + 1, sizeof(*v));
	if (!v)
		p->stop = true;
	else if (list->n)
		memcpy(v, list->v, list->n * sizeof(*v));
	return v;
}

static void read_list(struct parse *p, struct bg_yaml *list, unsigned depth)
{
	nodes items = { 0 };
	while (!p->stop) {
		yaml_event_t event;
		if (!next_event(p, &event))
			break;
		bool end = event.type == YAML_SEQUENCE_END_EVENT;
		struct bg_yaml *item = end ? NULL : read_node(p, &event, depth);
		yaml_event_delete(&event);
		if (end)
			break;
		if (item && bg_vec_push(&items, item)) {
			p->doc->arena.oom = 1;
			p->stop = true;
		}
	}
	list->items = keep(p, &items);
	list->n = list->items ? items.n : 0;
	bg_vec_release(&items);
}

struct member {
	struct bg_yaml *key, *value;
};

static int by_key(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = strcmp(x->key->text, y->key->text);
	if (order)
		return order;
	if (x->key->line != y->key->line)
		return x->key->line < y->key->line ? -1 : 1;
	return x->key->col < y->key->col ? -1 : x->key->col > y->key->col;
}

/* A fault for each key that is there a second time; it is then left out. */
static void drop_duplicates(struct parse *p, struct member *v, size_t n)
{
	struct member *sorted =
		bg_arena_array(&p->doc->arena, n + 1, sizeof(*sorted));
	if (!sorted) {
		p->stop = true;
		return;
	}
	memcpy(sorted, v, n * sizeof(*v));
	qsort(sorted, n, sizeof(*sorted), by_key);
	const struct bg_yaml *first = NULL;
	for (size_t i = 0; i < n; i++) {
		struct bg_yaml *key = sorted[i].key;
		if (!first || strcmp(first->text, key->text) != 0) {
			first = key;
			continue;
		}
		bg_yaml_fault(p->doc, key, BG_SEV_ERROR, "duplicate-key",
			      "key '%s' is already on line %u", key->text,
			      first->line);
		key->faulty = true;
	}
}

/* A key that can be one; else a fault. */
static bool key_is_fit(struct parse *p, struct bg_yaml *key)
{
	if (key->kind != BG_YAML_SCALAR)
		fault_at(p, key, "bad-key", "a key must be one word");
	else if (!key->quoted && strcmp(key->text, "<<") == 0)
		fault_at(p, key, "merge-key", "merge keys are not allowed");
	else if (!key->faulty && key->text[0] == '\0')
		fault_at(p, key, "bad-key", "a key is empty");
	else if (strchr(key->text, '\n'))
		fault_at(p, key, "bad-key", "a key must be on one line");
	else
		return !key->faulty;
	return false;
}

static void keep_members(struct parse *p, struct bg_yaml *map, struct member *v,
			 size_t n)
{
	if (n == 0 || p->stop)
		return;
	drop_duplicates(p, v, n);
	map->keys = bg_arena_array(&p->doc->arena, n, sizeof(*map->keys));
	map->items = bg_arena_array(&p->doc->arena, n, sizeof(*map->items));
	if (!map->keys || !map->items) {
		p->stop = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (v[i].key->faulty)
			continue;
		map->keys[map->n] = v[i].key;
		map->items[map->n++] = v[i].value;
	}
}

static void read_map(struct parse *p, struct bg_yaml *map, unsigned depth)
{
	BG_VEC(struct member) members = { 0 };
	while (!p->stop) {
		yaml_event_t event;
		struct member m = { NULL, NULL };
		if (!next_event(p, &event))
			break;
		bool end = event.type == YAML_MAPPING_END_EVENT;
		if (!end)
			m.key = read_node(p, &event, depth);
		yaml_event_delete(&event);
		if (end || p->stop || !m.key || !next_event(p, &event))
			break;
		bool fit = key_is_fit(p, m.key);
		m.value = read_node(p, &event, depth);
		yaml_event_delete(&event);
		if (!fit || !m.value)
			continue;
		if (bg_vec_push(&members, m)) {
			p->doc->arena.oom = 1;
			p->stop = true;
		}
	}
	keep_members(p, map, members.v, members.n);
	bg_vec_release(&members);
}

static struct bg_yaml *read_node(struct parse *p, const yaml_event_t *event,
				 unsigned depth)
{
	struct bg_yaml *node;
	if (event->type == YAML_SCALAR_EVENT)
		return read_scalar(p, event);
	if (event->type == YAML_ALIAS_EVENT) {
		node = new_node(p, BG_YAML_SCALAR, &event->start_mark);
		if (node) {
			fault_at(p, node, "alias", "aliases are not allowed");
			node->faulty = true;
		}
		return node;
	}
	bool map = event->type == YAML_MAPPING_START_EVENT;
	node = new_node(p, map ? BG_YAML_MAP : BG_YAML_LIST,
			&event->start_mark);
	if (!node)
		return NULL;
	if (depth >= BG_YAML_MAX_DEPTH) {
		bg_yaml_fault(p->doc, node, BG_SEV_ERROR, "too-deep",
			      "more than %d levels", BG_YAML_MAX_DEPTH);
		p->stop = true;
		return NULL;
	}
	if (map) {
		check_properties(p, node, event->data.mapping_start.anchor,
				 event->data.mapping_start.tag);
		read_map(p, node, depth + 1);
	} else {
		check_properties(p, node, event->data.sequence_start.anchor,
				 event->data.sequence_start.tag);
		read_list(p, node, depth + 1);
	}
	return node;
}

static void check_directives(struct parse *p, const yaml_event_t *event)
{
	struct bg_yaml at = { .line = (unsigned)event->start_mark.line + 1,
			      .col = (unsigned)event->start_mark.column + 1 };
	if (event->data.document_start.version_directive ||
	    event->data.document_start.tag_directives.start !=
		    event->data.document_start.tag_directives.end)
		bg_yaml_fault(p->doc, &at, BG_SEV_ERROR, "directive",
			      "directives (%%) are not allowed");
}

/* One document: its root node, or NULL. */
static struct bg_yaml *read_stream(struct parse *p)
{
	struct bg_yaml *root = NULL;
	unsigned documents = 0;
	for (bool end = false; !end && !p->stop;) {
		yaml_event_t event;
		if (!next_event(p, &event))
			break;
		if (event.type == YAML_STREAM_END_EVENT) {
			end = true;
		} else if (event.type == YAML_DOCUMENT_START_EVENT) {
			check_directives(p, &event);
			if (++documents > 1) {
				struct bg_yaml at = {
					.line = (unsigned)event.start_mark.line +
						1,
					.col = 1
				};
				fault_at(p, &at, "several-documents",
					 "one document in a file");
				end = true;
			}
		} else if (event.type != YAML_STREAM_START_EVENT &&
			   event.type != YAML_DOCUMENT_END_EVENT) {
			root = read_node(p, &event, 0);
		}
		yaml_event_delete(&event);
	}
	return p->stop ? NULL : root;
}

static void parse_text(struct bg_yaml_doc *doc, const char *text, size_t n)
{
	yaml_parser_t y;
	if (!yaml_parser_initialize(&y)) {
		doc->arena.oom = 1;
		return;
	}
	struct parse p = { .y = &y, .doc = doc };
	yaml_parser_set_encoding(&y, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&y, (const unsigned char *)text, n);
	doc->root = read_stream(&p);
	yaml_parser_delete(&y);
	bool empty = doc->root && doc->root->kind == BG_YAML_SCALAR &&
		     !doc->root->quoted && doc->root->text[0] == '\0';
	if (!p.stop && (!doc->root || empty)) {
		bg_yaml_fault(doc, NULL, BG_SEV_ERROR, "empty-file",
			      "there is nothing in this file");
		doc->root = NULL;
	}
}

int bg_yaml_load(struct bg_yaml_doc *out, struct bg_faults *faults,
		 const char *file, const char *text, size_t n,
		 struct bg_error *err)
{
	struct bg_yaml_doc doc = { .arena = BG_ARENA_INIT, .faults = faults };
	doc.file = bg_arena_strdup(&doc.arena, file);
	if (!doc.file)
		doc.file = "";
	if (n > BG_YAML_MAX_BYTES)
		bg_yaml_fault(&doc, NULL, BG_SEV_ERROR, "too-large",
			      "%zu bytes: at most %d", n, BG_YAML_MAX_BYTES);
	else if (text_is_fit(&doc, text, n))
		parse_text(&doc, text, n);
	int rc = bg_arena_check(&doc.arena, err);
	if (rc == 0)
		rc = bg_arena_check(&faults->arena, err);
	if (rc) {
		bg_arena_release(&doc.arena);
		return rc;
	}
	*out = doc;
	return 0;
}

void bg_yaml_release(struct bg_yaml_doc *doc)
{
	bg_arena_release(&doc->arena);
	doc->root = NULL;
}

static size_t find(const struct bg_yaml *map, const char *key)
{
	if (!map || map->kind != BG_YAML_MAP)
		return SIZE_MAX;
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->keys[i]->text, key) == 0)
			return i;
	return SIZE_MAX;
}

struct bg_yaml *bg_yaml_get(const struct bg_yaml *map, const char *key)
{
	size_t i = find(map, key);
	return i == SIZE_MAX ? NULL : map->items[i];
}

const struct bg_yaml *bg_yaml_key(const struct bg_yaml *map, const char *key)
{
	size_t i = find(map, key);
	return i == SIZE_MAX ? map : map->keys[i];
}
