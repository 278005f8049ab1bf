#include "report/build.h"

#include <string.h>

#include "base/clock.h"

json_t *bg_build_object(struct bg_build *b)
{
	json_t *v = json_object();

	if (!v)
		b->oom = true;
	return v;
}

json_t *bg_build_array(struct bg_build *b)
{
	json_t *v = json_array();

	if (!v)
		b->oom = true;
	return v;
}

void bg_put(struct bg_build *b, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		b->oom = true;
}

/* Text of evidence is UTF-8 already; the cleaning is for text of ours that
 * might have been cut inside a character. */
static json_t *text_value(struct bg_build *b, const char *text)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	json_t *v;

	bg_text_clean(&s, text, strlen(text));
	v = json_string(bg_str_text(&s));
	if (!v || s.oom)
		b->oom = true;
	return v;
}

void bg_put_text(struct bg_build *b, json_t *object, const char *key,
		 const char *text)
{
	if (text)
		bg_put(b, object, key, text_value(b, text));
}

void bg_put_int(struct bg_build *b, json_t *object, const char *key,
		int64_t value)
{
	bg_put(b, object, key, json_integer(value));
}

void bg_put_bool(struct bg_build *b, json_t *object, const char *key,
		 bool value)
{
	bg_put(b, object, key, json_boolean(value));
}

void bg_put_time(struct bg_build *b, json_t *object, const char *key,
		 int64_t ms)
{
	char text[BG_TIME_LEN + 1];

	if (!ms)
		return;
	bg_time_format(text, ms);
	bg_put(b, object, key, json_string(text));
}

void bg_put_span(struct bg_build *b, json_t *object, const char *key,
		 int64_t ms)
{
	bg_put(b, object, key,
	       ms % 1000 ? json_real((double)ms / 1000.0)
			 : json_integer(ms / 1000));
}

void bg_put_digest(struct bg_build *b, json_t *object, const char *key,
		   const struct bg_digest *d)
{
	char text[BG_DIGEST_TEXT + 1];

	bg_digest_format(text, d);
	bg_put(b, object, key, json_string(text));
}

void bg_add(struct bg_build *b, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		b->oom = true;
}

void bg_add_text(struct bg_build *b, json_t *array, const char *text)
{
	bg_add(b, array, text_value(b, text));
}

void bg_add_digest(struct bg_build *b, json_t *array, const struct bg_digest *d)
{
	char text[BG_DIGEST_TEXT + 1];

	bg_digest_format(text, d);
	bg_add(b, array, json_string(text));
}
