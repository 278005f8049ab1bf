#include "report/render.h"

#include <stdio.h>
#include <string.h>

static void head(struct bg_page *p, const json_t *doc)
{
	const json_t *f = json_object_get(doc, "facts");
	const json_t *v = json_object_get(doc, "verification");
	const char *outcome = bg_render_text(f, "outcome");
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;

	bg_str_addf(&s, "%s  %s/%s  by %s  %s%s%s", bg_render_text(f, "grant"),
		    bg_render_text(f, "policy"), bg_render_text(f, "scope"),
		    bg_render_text(f, "by"), bg_render_text(f, "state"),
		    *outcome ? ", " : "", outcome);
	bg_page_title(p, bg_str_text(&s));
	bg_str_clear(&s);
	bg_str_addf(&s, "%s: %lld of %lld events check, trust version %lld",
		    bg_render_text(v, "verdict"),
		    (long long)bg_json_int(v, "good", 0),
		    (long long)bg_json_int(v, "events", 0),
		    (long long)bg_json_int(v, "trust_version", 0));
	bg_page_field(p, "verification", bg_str_text(&s));
	bg_page_field(p, "anchor", bg_render_text(v, "anchor"));
	bg_page_field(p, "problem", bg_render_text(v, "why"));
	p->oom |= s.oom;
}

static void proofs(struct bg_page *p, const json_t *doc)
{
	static const char *const headings[] = { "proof", "state", "because",
						"events", NULL };
	static const char *const names[] = { "necessary", "limited", "reversed",
					     NULL };
	const json_t *all = json_object_get(doc, "proofs");

	bg_page_section(p, "Was it necessary, limited, reversed?");
	bg_page_table(p, headings);
	for (size_t i = 0; names[i]; i++) {
		const json_t *one = json_object_get(all, names[i]);
		BG_AUTO(str) struct bg_str events = BG_STR_INIT;
		size_t k;
		json_t *d;

		json_array_foreach(json_object_get(one, "events"), k, d)
			bg_str_addf(&events, "%s%.8s", k ? " " : "",
				    json_string_value(d) + 7);
		bg_page_cell(p, names[i]);
		bg_page_cell(p, bg_render_text(one, "state"));
		bg_page_cell(p, bg_render_text(one, "text"));
		bg_page_cell(p, bg_str_text(&events));
	}
	bg_page_table_end(p);
}

static void facts(struct bg_page *p, const json_t *doc)
{
	const json_t *f = json_object_get(doc, "facts");
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	const char *key;
	json_t *v;

	bg_page_section(p, "Facts");
	json_object_foreach((json_t *)f, key, v) {
		if (json_is_object(v)) {
			bg_str_clear(&s);
			bg_str_addf(&s, "%s (%s)", bg_render_text(v, "result"),
				    bg_render_text(v, "trigger"));
		} else {
			bg_render_number(&s, v);
		}
		bg_page_field(p, key, bg_str_text(&s));
	}
	p->oom |= s.oom;
}

static void times(struct bg_page *p, const json_t *doc)
{
	static const char *const headings[] = { "moment", "time (UTC)",
						"after (s)", NULL };
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	const char *key;
	json_t *v;

	bg_page_section(p, "Times and lags");
	bg_page_table(p, headings);
	json_object_foreach(json_object_get(doc, "times"), key, v) {
		bg_page_cell(p, key);
		if (json_is_object(v)) {
			bg_page_cell(p, bg_render_text(v, "at"));
			bg_render_number(&s, json_object_get(v, "after"));
			bg_page_cell(p, bg_str_text(&s));
		} else if (json_is_string(v)) {
			bg_page_cell(p, json_string_value(v));
			bg_page_cell(p, "");
		} else {
			bg_render_number(&s, v);
			bg_page_cell(p, "");
			bg_page_cell(p, bg_str_text(&s));
		}
	}
	bg_page_table_end(p);
}

static void timeline(struct bg_page *p, const json_t *doc)
{
	static const char *const headings[] = { "time (UTC)", "event", "by",
						"what", NULL };
	size_t i;
	json_t *v;

	bg_page_section(p, "Timeline");
	bg_page_table(p, headings);
	json_array_foreach(json_object_get(doc, "timeline"), i, v) {
		char name[9];

		snprintf(name, sizeof(name), "%.8s",
			 bg_render_text(v, "event") + 7);
		bg_page_cell(p, bg_render_text(v, "at"));
		bg_page_cell(p, name);
		bg_page_cell(p, bg_render_text(v, "by"));
		bg_page_cell(p, bg_render_text(v, "text"));
	}
	bg_page_table_end(p);
}

static void actions(struct bg_page *p, const json_t *doc)
{
	static const char *const headings[] = { "ended (UTC)", "command",
						"words",       "capture",
						"ended by",    "exit",
						NULL };
	const json_t *list = json_object_get(doc, "actions");
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	size_t i;
	json_t *v;

	bg_page_section(p, "Actions");
	if (!json_array_size(list)) {
		bg_page_line(p, "no session was run through exec");
		return;
	}
	bg_page_table(p, headings);
	json_array_foreach(list, i, v) {
		bg_page_cell(p, bg_render_text(v, "ended_at"));
		bg_page_cell(p, bg_render_text(v, "argv0"));
		bg_render_number(&s, json_object_get(v, "argc"));
		bg_page_cell(p, bg_str_text(&s));
		bg_page_cell(p, bg_render_text(v, "capture"));
		bg_page_cell(p, bg_render_text(v, "ended"));
		bg_render_number(&s, json_object_get(v, "exit"));
		bg_page_cell(p, bg_str_text(&s));
	}
	bg_page_table_end(p);
}

static void attributes(struct bg_page *p, const json_t *doc)
{
	static const char *const headings[] = { "", "attribute", "result",
						"because", NULL };
	size_t i;
	json_t *v;

	bg_page_section(p, "Attributes");
	bg_page_table(p, headings);
	json_array_foreach(json_object_get(doc, "attributes"), i, v) {
		bg_page_cell(p, bg_render_text(v, "key"));
		bg_page_cell(p, bg_render_text(v, "title"));
		bg_page_cell(p, bg_render_text(v, "result"));
		bg_page_cell(p, bg_render_text(v, "text"));
	}
	bg_page_table_end(p);
}

static void reviews(struct bg_page *p, const json_t *doc)
{
	static const char *const headings[] = { "by",         "time (UTC)",
						"decision",   "necessary",
						"limited",    "reversed",
						"covers all", NULL };
	const json_t *list = json_object_get(doc, "reviews");
	size_t i;
	json_t *v;

	bg_page_section(p, "Review");
	if (!json_array_size(list)) {
		bg_page_line(p, "nobody has reviewed it");
		return;
	}
	bg_page_table(p, headings);
	json_array_foreach(list, i, v) {
		bg_page_cell(p, bg_render_text(v, "by"));
		bg_page_cell(p, bg_render_text(v, "at"));
		bg_page_cell(p, bg_render_text(v, "decision"));
		for (size_t k = 3; k < 6; k++)
			bg_page_cell(p, bg_render_text(
						json_object_get(v, headings[k]),
						"answer"));
		bg_page_cell(p, json_is_true(json_object_get(v, "covers_all"))
					? "yes"
					: "no");
	}
	bg_page_table_end(p);
	json_array_foreach(list, i, v)
		bg_page_field(p, bg_render_text(v, "by"),
			      bg_render_text(v, "comment"));
}

static void duties(struct bg_page *p, const json_t *doc, const char *key,
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
}

/* "PR.AA-05 ID.RA-07" of every framework in a row, by name. */
static void controls(struct bg_page *p, const json_t *doc)
{
	static const char *const headings[] = { "evidence", "result",
						"framework", "controls", NULL };
	const json_t *list = json_object_get(doc, "controls");
	const char *key;
	size_t i;
	json_t *row, *ids;

	if (!json_array_size(list))
		return;
	bg_page_section(p, "Evidence available for");
	bg_page_table(p, headings);
	json_array_foreach(list, i, row) {
		json_object_foreach(row, key, ids) {
			BG_AUTO(str) struct bg_str s = BG_STR_INIT;
			size_t k;
			json_t *id;

			if (!json_is_array(ids))
				continue;
			json_array_foreach(ids, k, id)
				bg_str_addf(&s, "%s%s", k ? " " : "",
					    json_string_value(id));
			bg_page_cell(p, bg_render_text(row, "evidence"));
			bg_page_cell(p, bg_render_text(row, "result"));
			bg_page_cell(p, key);
			bg_page_cell(p, bg_str_text(&s));
			p->oom |= s.oom;
		}
	}
	bg_page_table_end(p);
}

void bg_render_grant(struct bg_page *p, const json_t *doc)
{
	static const char *const duty[] = { "what", "detail",     "state",
					    "due",  "settled_at", NULL };
	static const char *const action[] = { "number", "text", "owner",
					      "due",    "done", NULL };
	size_t i;
	json_t *v;

	head(p, doc);
	proofs(p, doc);
	facts(p, doc);
	times(p, doc);
	timeline(p, doc);
	actions(p, doc);
	bg_render_findings(p, doc, "wrong",
			   "Wrong (these events do not count)");
	bg_render_findings(p, doc, "doubtful", "Doubtful");
	bg_render_findings(p, doc, "deviations", "Deviations");
	bg_render_findings(p, doc, "gaps", "Evidence gaps");
	attributes(p, doc);
	reviews(p, doc);
	duties(p, doc, "corrective_actions", "Corrective actions", action);
	duties(p, doc, "debts", "What it owed", duty);
	controls(p, doc);
	bg_page_section(p, "Check it again");
	json_array_foreach(json_object_get(doc, "reverify"), i, v)
		bg_page_command(p, json_string_value(v));
}
