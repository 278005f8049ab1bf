/*
 * JSON values are jansson's json_t; this adds the strict subset of evidence.md
 * ("Canonical JSON") and its one byte form.  No null, no floats, no duplicate
 * keys, integers within +-(2^53-1), clean strings.
 */
#ifndef BG_FORMAT_JSON_H
#define BG_FORMAT_JSON_H

#include <jansson.h>

#include "base/str.h"

#define BG_JSON_INT_MAX INT64_C(9007199254740991)

static inline void bg_auto_json(json_t **v)
{
	json_decref(*v);
}

/* Limits of a parse: bytes of the whole text, bytes of one string, depth. */
struct bg_json_limits {
	size_t bytes, string, depth;
};
extern const struct bg_json_limits bg_json_event_limits; /* 64 KiB, 4 KiB, 16 */

/* Parse one object.  BG_EVERIFY with id "bad-json" for anything outside the
 * subset.  *out is owned by the caller (json_decref). */
int bg_json_parse(json_t **out, const char *text, size_t n,
		  const struct bg_json_limits *limits, struct bg_error *err)
	BG_MUST_CHECK;
/* Append the canonical form (evidence.md): every member and element on its own
 * line, one space per depth, keys sorted by byte except that the keys of the
 * top object follow order (NULL terminated; a key not in it is an error;
 * NULL: sorted too), one LF at the end.  BG_EFAIL "bad-json" for a value outside
 * the subset. */
int bg_json_canon(struct bg_str *out, const json_t *object,
		  const char *const *order, struct bg_error *err) BG_MUST_CHECK;
/* Set key to a clean string made of n bytes from outside; what the subset
 * refuses becomes U+FFFD and KEY_b64 keeps the bytes; longer than limit bytes:
 * cut at a character and KEY_bytes says how many there were.  0 or BG_EFAIL. */
int bg_json_set_text(json_t *object, const char *key, const char *p, size_t n,
		     size_t limit, struct bg_error *err) BG_MUST_CHECK;

/* Borrowed text of a string member, NULL when absent or no string. */
const char *bg_json_text(const json_t *object, const char *key);
/* Integer member, or otherwise when absent. */
int64_t bg_json_int(const json_t *object, const char *key, int64_t otherwise);
bool bg_json_bool(const json_t *object, const char *key);

#endif
