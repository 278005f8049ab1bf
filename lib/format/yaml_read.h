/*
 * Typed readers over a YAML tree: each takes a node that may be NULL (absent
 * gives the default, silently) and records a fault when the value is not what
 * was asked for, so that one run finds every fault of a file.
 *
 *   p->title = bg_read_text(&r, bg_read_need(&r, map, "title"), 200);
 *   p->max = bg_read_duration(&r, bg_yaml_get(map, "max"), &range, 0);
 */
#ifndef BG_FORMAT_YAML_READ_H
#define BG_FORMAT_YAML_READ_H

#include "format/json.h"
#include "format/yaml.h"

struct bg_reader {
	struct bg_yaml_doc *doc;
	struct bg_arena *arena; /* what is read is copied here */
};

/* The map at the top of a document whose member `bg` says `format`
 * ("policy/1"); else a fault and NULL.  keys: all that may be in it. */
struct bg_yaml *bg_read_root(struct bg_reader *r, const char *format,
			     const char *const *keys);
/* Whether node is a map with no key outside keys (NULL terminated; NULL: any).
 * Unknown keys are faults but do not make it false. */
bool bg_read_map(struct bg_reader *r, const struct bg_yaml *node,
		 const char *const *keys);
/* Whether node is a list. */
bool bg_read_list(struct bg_reader *r, const struct bg_yaml *node);
/* The member, or a fault "missing-key" and NULL. */
struct bg_yaml *bg_read_need(struct bg_reader *r, const struct bg_yaml *map,
			     const char *key);

/* One line of 1 to max bytes. */
const char *bg_read_text(struct bg_reader *r, const struct bg_yaml *node,
			 size_t max);

enum bg_word {
	BG_WORD_NAME,   /* [a-z][a-z0-9-]{0,31} */
	BG_WORD_CODE,   /* [A-Z][A-Z0-9_-]{0,47} */
	BG_WORD_LABEL,  /* [a-z0-9][a-z0-9._-]{0,47} (frameworks) */
	BG_WORD_WRITER, /* [a-z0-9][a-z0-9.-]{0,127} (log names) */
};
bool bg_word_is(enum bg_word kind, const char *text);
const char *bg_read_word(struct bg_reader *r, const struct bg_yaml *node,
			 enum bg_word kind);
/* A list of different words; *v is NULL terminated (never NULL unless memory is
 * out).  Wrong elements are left out. */
void bg_read_words(struct bg_reader *r, const struct bg_yaml *node,
		   enum bg_word kind, size_t *n, const char ***v);
/* A list of texts of 1 to max bytes, at most most of them; repeats are kept. */
void bg_read_texts(struct bg_reader *r, const struct bg_yaml *node, size_t max,
		   size_t most, size_t *n, const char ***v);

struct bg_choice {
	const char *word;
	int value;
};
/* One of n words. */
int bg_read_choice(struct bg_reader *r, const struct bg_yaml *node,
		   const struct bg_choice *choices, size_t n, int otherwise);
/* true or false, unquoted. */
bool bg_read_bool(struct bg_reader *r, const struct bg_yaml *node,
		  bool otherwise);
/* Decimal, no sign, no leading zero, no quotes. */
int64_t bg_read_int(struct bg_reader *r, const struct bg_yaml *node,
		    int64_t min, int64_t max, int64_t otherwise);
/* Seconds from "90s" "30m" "2h" "7d". */
int64_t bg_read_duration(struct bg_reader *r, const struct bg_yaml *node,
			 int64_t min, int64_t max, int64_t otherwise);
/* Milliseconds: an RFC 3339 time, or a day (its first instant; with end its
 * last). */
int64_t bg_read_time(struct bg_reader *r, const struct bg_yaml *node, bool end,
		     int64_t otherwise);
/* Any value as JSON: words are strings, unquoted true, false and decimal
 * numbers are themselves, whatever YAML versions read differently (yes, 0755,
 * 1.5, ~) is a fault.  A new reference, NULL for nothing. */
json_t *bg_read_json(struct bg_reader *r, const struct bg_yaml *node);

/* Shorthand: an error, a warning at a node. */
void bg_read_error(struct bg_reader *r, const struct bg_yaml *at,
		   const char *id, const char *fmt, ...) BG_PRINTF(4, 5);
void bg_read_warning(struct bg_reader *r, const struct bg_yaml *at,
		     const char *id, const char *fmt, ...) BG_PRINTF(4, 5);

#endif
