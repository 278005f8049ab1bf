#include "report/grant_controls.h"

#include <string.h>

#include "policy/controls.h"

/* The table in force for this grant: trust's controls.yaml over the built-in. */
static int load_table(struct bg_controls **out, const struct bg_grant *g,
		      struct bg_error *err)
{
	const struct bg_trust_file *f =
		g->trust ? bg_trust_file(g->trust, "controls.yaml") : NULL;
	BG_AUTO(faults) struct bg_faults faults = { 0 };

	return bg_controls_load(out, &faults, "controls.yaml",
				f ? f->text : NULL, f ? f->n : 0, err);
}

/* Result of attribute `letter` in the sheet, NULL when it has none. */
static const char *result_of(const json_t *attributes, char letter)
{
	const char key[2] = { letter, 0 };
	size_t i;
	json_t *v;

	json_array_foreach(attributes, i, v) {
		const char *k = bg_json_text(v, "key");

		if (letter && k && !strcmp(k, key))
			return bg_json_text(v, "result");
	}
	return NULL;
}

/* The AI risk framework is about AI identities only (controls-and-formats 1.1):
 * on other grants its rows would be padding. */
static bool applies(const char *framework, const struct bg_grant *g)
{
	return strncmp(framework, "nist-ai", 7) ||
	       (g->identity && !strcmp(g->identity->kind, "ai-agent"));
}

static json_t *ids_json(struct bg_build *b, const struct bg_names *ids)
{
	json_t *out = bg_build_array(b);

	for (size_t i = 0; i < ids->n; i++)
		bg_add_text(b, out, ids->v[i]);
	return out;
}

static json_t *item_row(struct bg_build *b, const struct bg_controls *c,
			enum bg_evidence_item item, const json_t *attributes,
			const struct bg_grant *g)
{
	char letter[2] = { bg_evidence_item_letter(item), 0 };
	const char *result = result_of(attributes, letter[0]);
	json_t *row = bg_build_object(b);
	bool any = false;

	bg_put_text(b, row, "evidence", bg_evidence_item_text(item));
	if (letter[0])
		bg_put_text(b, row, "attribute", letter);
	bg_put_text(b, row, "result", result);
	for (size_t i = 0; i < g->policy->controls.n; i++) {
		const char *framework = g->policy->controls.v[i];
		const struct bg_names *ids =
			bg_controls_ids(c, item, framework);

		if (!ids || !ids->n || !applies(framework, g))
			continue;
		bg_put(b, row, framework, ids_json(b, ids));
		any = true;
	}
	if (any && result)
		return row;
	json_decref(row);
	return NULL;
}

int bg_grant_controls(struct bg_build *b, json_t *doc, const struct bg_grant *g,
		      struct bg_error *err)
{
	BG_AUTO(controls) struct bg_controls *c = NULL;
	const json_t *attributes = json_object_get(doc, "attributes");
	json_t *out = bg_build_array(b);
	int rc = load_table(&c, g, err);

	for (int i = 0; !rc && g->policy && i < BG_ITEM_COUNT; i++) {
		json_t *row =
			item_row(b, c, (enum bg_evidence_item)i, attributes, g);

		if (row)
			bg_add(b, out, row);
	}
	bg_put(b, doc, "controls", out);
	return rc;
}
