#include "report/render.h"

#include <string.h>

static void share(struct bg_page *p, const json_t *metrics, const char *key,
		  const char *label)
{
	const json_t *v = json_object_get(metrics, key);
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;

	if (!v)
		return;
	bg_str_addf(&s, "%lld of %lld", (long long)bg_json_int(v, "n", 0),
		    (long long)bg_json_int(v, "of", 0));
	bg_page_field(p, label, bg_str_text(&s));
	p->oom |= s.oom;
}

static void head(struct bg_page *p, const json_t *doc)
{
	const json_t *box = json_object_get(doc, "period");
	const json_t *v = json_object_get(doc, "verification");
	const json_t *pop = json_object_get(doc, "population");
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;

	bg_str_addf(&s, "Break-glass use, %.10s to %.10s",
		    bg_render_text(box, "since"), bg_render_text(box, "until"));
	bg_page_title(p, bg_str_text(&s));
	bg_str_clear(&s);
	bg_str_addf(&s,
		    "%lld grants (%lld emergency, %lld drill, %lld misuse, "
		    "%lld declared, %lld never opened), %lld refused",
		    (long long)bg_json_int(pop, "grants", 0),
		    (long long)bg_json_int(pop, "emergency", 0),
		    (long long)bg_json_int(pop, "drill", 0),
		    (long long)bg_json_int(pop, "misuse", 0),
		    (long long)bg_json_int(pop, "declared", 0),
		    (long long)bg_json_int(pop, "never-opened", 0),
		    (long long)bg_json_int(pop, "refused", 0));
	bg_page_field(p, "population", bg_str_text(&s));
	bg_str_clear(&s);
	bg_str_addf(&s, "%s: %lld events, %lld writers",
		    bg_render_text(v, "verdict"),
		    (long long)bg_json_int(v, "events", 0),
		    (long long)bg_json_int(v, "writers", 0));
	bg_page_field(p, "verification", bg_str_text(&s));
	bg_page_field(p, "as of", bg_render_text(box, "as_of"));
	bg_page_field(p, "anchor", bg_render_text(box, "anchor"));
	p->oom |= s.oom;
}

static void metrics(struct bg_page *p, const json_t *doc)
{
	const json_t *m = json_object_get(doc, "metrics");
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;

	bg_page_section(p, "Was it necessary, limited, reversed?");
	share(p, m, "necessary_shown", "necessary");
	share(p, m, "limited_shown", "limited");
	share(p, m, "reversed_shown", "reversed");
	bg_render_number(&s, json_object_get(m, "lag_median"));
	bg_page_field(p, "lag, median s", bg_str_text(&s));
	bg_render_number(&s, json_object_get(m, "lag_longest"));
	bg_page_field(p, "lag, longest s", bg_str_text(&s));
	share(p, m, "reviewed_in_time", "reviewed");
	share(p, m, "rotated_in_time", "rotated");
	share(p, m, "told_in_time", "told");
	share(p, m, "ticket_in_time", "ticket");
	p->oom |= s.oom;
}

static void rows(struct bg_page *p, const json_t *doc, const char *key,
		 const char *title, const char *const *columns)
{
	const json_t *list = json_object_get(doc, key);
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	size_t i;
	json_t *v;

	if (!json_array_size(list))
		return;
	bg_page_section(p, title);
	bg_page_table(p, columns);
	json_array_foreach(list, i, v)
		for (size_t c = 0; columns[c]; c++) {
			bg_render_number(&s, json_object_get(v, columns[c]));
			bg_page_cell(p, bg_str_text(&s));
		}
	bg_page_table_end(p);
	p->oom |= s.oom;
}

static void tally(struct bg_page *p, const json_t *doc, const char *key,
		  const char *title)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	const char *name;
	json_t *v;

	if (!json_object_size(json_object_get(doc, key)))
		return;
	bg_page_section(p, title);
	json_object_foreach(json_object_get(doc, key), name, v) {
		bg_render_number(&s, v);
		bg_page_field(p, name, bg_str_text(&s));
	}
	p->oom |= s.oom;
}

static void sample(struct bg_page *p, const json_t *doc)
{
	const json_t *v = json_object_get(doc, "sample");
	size_t i;
	json_t *label;

	if (!v)
		return;
	bg_page_section(p, "Sample");
	bg_page_field(p, "seed", bg_render_text(v, "seed"));
	json_array_foreach(json_object_get(v, "grants"), i, label)
		bg_page_line(p, json_string_value(label));
}

void bg_render_period(struct bg_page *p, const json_t *doc)
{
	static const char *const uses[] = { "grant",    "at",        "by",
					    "state",    "necessary", "limited",
					    "reversed", "decision",  NULL };
	static const char *const exceptions[] = { "grant", "by", "id", "text",
						  NULL };

	head(p, doc);
	metrics(p, doc);
	rows(p, doc, "grants", "Uses", uses);
	rows(p, doc, "exceptions", "Exceptions", exceptions);
	tally(p, doc, "gaps", "Evidence gaps (grants)");
	tally(p, doc, "by_person", "Uses by person");
	tally(p, doc, "by_code", "Uses by reason code");
	tally(p, doc, "by_identity", "Uses by identity");
	sample(p, doc);
}
