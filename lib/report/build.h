/*
 * Putting a report's JSON document together: members that are absent are left
 * out, times and digests have one form, and one flag says at the end whether
 * memory was out.
 */
#ifndef BG_REPORT_BUILD_H
#define BG_REPORT_BUILD_H

#include "grant/grant.h"

struct bg_build {
	bool oom;
};
json_t *bg_build_object(struct bg_build *b);
json_t *bg_build_array(struct bg_build *b);
/* The value is taken over in any case. */
void bg_put(struct bg_build *b, json_t *object, const char *key, json_t *value);
void bg_put_text(struct bg_build *b, json_t *object, const char *key,
		 const char *text); /* NULL: left out */
void bg_put_int(struct bg_build *b, json_t *object, const char *key,
		int64_t value);
void bg_put_bool(struct bg_build *b, json_t *object, const char *key,
		 bool value);
void bg_put_time(struct bg_build *b, json_t *object, const char *key,
		 int64_t ms); /* 0: left out */
/* Seconds with milliseconds. */
void bg_put_span(struct bg_build *b, json_t *object, const char *key,
		 int64_t ms);
void bg_put_digest(struct bg_build *b, json_t *object, const char *key,
		   const struct bg_digest *d);
void bg_add(struct bg_build *b, json_t *array, json_t *value);
void bg_add_text(struct bg_build *b, json_t *array, const char *text);
void bg_add_digest(struct bg_build *b, json_t *array,
		   const struct bg_digest *d);

#endif
