/* Text, Markdown and JSON from a document; render_grant and render_period know
 * what a reader wants to see first. */
#include "report/render.h"

#include <string.h>

static int render_json(struct bg_str *out, const json_t *doc,
		       struct bg_error *err)
{
	/* jansson writes members in the order they were put: the order of the
	 * contract; reals with at most 12 digits, so 0.8 stays 0.8. */
	char *text = json_dumps(doc, JSON_INDENT(1) | JSON_REAL_PRECISION(12));

	if (!text)
		return bg_fail_oom(err);
	bg_str_add(out, text);
	bg_str_addc(out, '\n');
	free(text);
	return bg_str_check(out, err);
}

int bg_report_render(struct bg_str *out, const json_t *doc,
		     enum bg_report_format format, struct bg_error *err)
{
	const char *kind = bg_json_text(doc, "kind");
	struct bg_page p;

	if (format == BG_REPORT_JSON)
		return render_json(out, doc, err);
	bg_page_begin(&p, out, format == BG_REPORT_MD);
	if (kind && !strcmp(kind, "grant"))
		bg_render_grant(&p, doc);
	else
		bg_render_period(&p, doc);
	return bg_page_end(&p, err);
}

const char *bg_render_text(const json_t *object, const char *key)
{
	const char *text = bg_json_text(object, key);

	return text ? text : "";
}

void bg_render_number(struct bg_str *out, const json_t *value)
{
	bg_str_clear(out);
	if (json_is_integer(value))
		bg_str_addf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		bg_str_addf(out, "%.3f", json_real_value(value));
	else if (json_is_boolean(value))
		bg_str_add(out, json_is_true(value) ? "yes" : "no");
	else if (json_is_string(value))
		bg_str_add(out, json_string_value(value));
}

void bg_render_findings(struct bg_page *p, const json_t *doc, const char *key,
			const char *title)
{
	const json_t *list = json_object_get(doc, key);
	size_t i;
	json_t *v;

	if (!json_array_size(list))
		return;
	bg_page_section(p, title);
	json_array_foreach(list, i, v)
		bg_page_field(p, bg_render_text(v, "id"),
			      bg_render_text(v, "text"));
}
