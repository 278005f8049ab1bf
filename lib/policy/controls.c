#include "policy/controls.h"

#include <stdio.h>
#include <string.h>

#include "format/nearest.h"
#include "policy/controls_table.h"
#include "policy/policy_read.h"

#define IDS_MAX 100

static const struct {
	const char *word;
	char letter;
} items[] = {
#define X(name, word, letter) [name] = { word, letter },
	BG_EVIDENCE_ITEMS(X)
#undef X
};

const char *bg_evidence_item_text(enum bg_evidence_item item)
{
	return items[item].word;
}

char bg_evidence_item_letter(enum bg_evidence_item item)
{
	return items[item].letter;
}

int bg_evidence_item_parse(const char *word)
{
	for (int i = 0; i < BG_ITEM_COUNT; i++)
		if (strcmp(items[i].word, word) == 0)
			return i;
	return -1;
}

/* --- ids that are not what they seem --------------------------------------------- */

/* first: every id that begins so; else the whole id. */
static const struct {
	const char *framework, *id;
	bool first;
	const char *successor;
} withdrawn[] = {
	{ "nist-800-53r5", "AC-2(10)", false, "AC-2 k" },
	{ "nist-800-53r5", "AC-3(1)", false, "AC-6" },
	{ "nist-800-53r5", "AU-2(4)", false, "AC-6(9)" },
	{ "nist-800-53r5", "AU-8(1)", false, "SC-45(1)" },
	{ "nist-800-53r5", "AU-8(2)", false, "SC-45(2)" },
	{ "nist-800-53r5", "AU-10(5)", false, "SI-7" },
	{ "nist-800-53r5", "AU-14(2)", false, "AU-14" },
	{ "nist-800-53r5", "AU-15", false, "AU-5(5)" },
	{ "nist-800-53r5", "IR-10", false, "IR-4(11)" },
	{ "nist-800-53r5", "MA-4(2)", false, "MA-1 and MA-4" },
	/* Subcategories of CSF 1.1: their functions or categories moved. */
	{ "nist-csf-2.0", "PR.AC-", true, "PR.AA" },
	{ "nist-csf-2.0", "PR.PT-", true, "PR.PS" },
	{ "nist-csf-2.0", "PR.IP-", true, "PR.PS and ID.IM" },
	{ "nist-csf-2.0", "PR.MA-", true, "PR.PS and ID.AM-08" },
	{ "nist-csf-2.0", "PR.DS-03", false, "ID.AM-08" },
	{ "nist-csf-2.0", "PR.DS-04", false, "PR.IR-04" },
	{ "nist-csf-2.0", "PR.DS-05", false, "PR.DS-01, PR.DS-02, PR.DS-10" },
	{ "nist-csf-2.0", "PR.DS-06", false, "PR.DS-01 and DE.CM-09" },
	{ "nist-csf-2.0", "PR.DS-07", false, "PR.IR-01" },
	{ "nist-csf-2.0", "PR.DS-08", false, "ID.RA-09 and DE.CM-09" },
	{ "nist-csf-2.0", "DE.DP-", true, "GV.RR-02 and ID.IM" },
	{ "nist-csf-2.0", "RS.IM-", true, "ID.IM" },
	{ "nist-csf-2.0", "RC.IM-", true, "ID.IM" },
	{ "nist-csf-2.0", "ID.RM-", true, "GV.RM" },
	{ "nist-csf-2.0", "ID.SC-", true, "GV.SC" },
	{ "nist-csf-2.0", "ID.GV-", true, "GV" },
	{ "nist-csf-2.0", "ID.BE-", true, "GV.OC" },
};

const char *bg_control_successor(const char *framework, const char *id)
{
	for (size_t i = 0; i < BG_COUNT(withdrawn); i++) {
		if (strcmp(withdrawn[i].framework, framework) != 0)
			continue;
		if (withdrawn[i].first ? bg_starts_with(id, withdrawn[i].id)
				       : strcmp(id, withdrawn[i].id) == 0)
			return withdrawn[i].successor;
	}
	return NULL;
}

size_t bg_control_alias(const char *framework, const char *id,
			const char *ids[2])
{
	if (strcmp(framework, "owasp-nhi-2025") != 0 ||
	    strcmp(id, "NHI-03") != 0)
		return 0;
	ids[0] = "NHI7:2025";
	ids[1] = "NHI1:2025";
	return 2;
}

/* --- the built-in table ------------------------------------------------------------- */

static void split(struct bg_controls *c, const char *text, struct bg_names *out)
{
	size_t most = 1;
	for (const char *p = text; (p = strstr(p, ", ")); p++)
		most++;
	out->v = bg_arena_array(&c->arena, most + 1, sizeof(*out->v));
	while (out->v && *text) {
		size_t n = strcspn(text, ",");
		out->v[out->n++] = bg_arena_strndup(&c->arena, text, n);
		text += n + strspn(text + n, ", ");
	}
}

/* The entry of an item and framework, made when it is not there. */
static struct bg_framework_ids *entry(struct bg_controls *c, int item,
				      const char *framework)
{
	size_t n = c->items[item].n;
	for (size_t i = 0; i < n; i++)
		if (strcmp(c->items[item].v[i].framework, framework) == 0)
			return &c->items[item].v[i];
	struct bg_framework_ids *v =
		bg_arena_array(&c->arena, n + 1, sizeof(*v));
	if (!v)
		return NULL;
	if (n)
		memcpy(v, c->items[item].v, n * sizeof(*v));
	v[n].framework = framework;
	c->items[item].v = v;
	c->items[item].n = n + 1;
	return &v[n];
}

static void fill(struct bg_controls *c)
{
	for (size_t i = 0; i < bg_control_table_n; i++) {
		const struct bg_control_row *row = &bg_control_table[i];
		struct bg_framework_ids *e =
			entry(c, (int)row->item, row->framework);
		if (e)
			split(c, row->ids, &e->ids);
	}
}

/* --- the organisation's --------------------------------------------------------------- */

static bool knows(const struct bg_controls *c, const char *framework,
		  const char *id)
{
	for (int i = 0; i < BG_ITEM_COUNT; i++) {
		const struct bg_names *ids =
			bg_controls_ids(c, (enum bg_evidence_item)i, framework);
		if (ids && bg_names_have(ids, id))
			return true;
	}
	return false;
}

static void check_id(struct bg_reader *r, const struct bg_controls *builtin,
		     const struct bg_yaml *at, const char *framework,
		     const char *id)
{
	const char *successor = bg_control_successor(framework, id);
	const char *alias[2];
	if (successor)
		bg_read_error(r, at, "control-withdrawn",
			      "%s of %s was withdrawn: see %s", id, framework,
			      successor);
	else if (bg_controls_know(builtin, framework) &&
		 !knows(builtin, framework, id) &&
		 !bg_control_alias(framework, id, alias))
		bg_read_warning(r, at, "control-unknown",
				"bg cannot say whether %s has '%s'", framework,
				id);
}

static void read_ids(struct bg_reader *r, struct bg_controls *c,
		     const struct bg_controls *builtin, int item,
		     const struct bg_yaml *key, const struct bg_yaml *list)
{
	const char *framework = bg_read_word(r, key, BG_WORD_LABEL);
	const char **ids;
	size_t n;
	bg_read_texts(r, list, 60, IDS_MAX, &n, &ids);
	struct bg_framework_ids *e = framework ? entry(c, item, framework)
					       : NULL;
	if (!e || !ids)
		return;
	e->ids.n = 0;
	e->ids.v = bg_arena_array(&c->arena, 2 * n + 1, sizeof(*e->ids.v));
	for (size_t i = 0; e->ids.v && i < n; i++) {
		const char *alias[2];
		check_id(r, builtin, bg_yaml_find(list, ids[i]), framework,
			 ids[i]);
		size_t k = bg_control_alias(framework, ids[i], alias);
		if (!k)
			e->ids.v[e->ids.n++] = ids[i];
		for (size_t j = 0; j < k; j++)
			if (!bg_names_have(&e->ids, alias[j]))
				e->ids.v[e->ids.n++] = alias[j];
	}
}

static void read_item(struct bg_reader *r, struct bg_controls *c,
		      const struct bg_controls *builtin,
		      const struct bg_yaml *key, const struct bg_yaml *map)
{
	int item = bg_evidence_item_parse(key->text);
	if (item < 0) {
		const char *words[BG_ITEM_COUNT];
		for (int i = 0; i < BG_ITEM_COUNT; i++)
			words[i] = items[i].word;
		const char *near = bg_nearest(key->text, words, BG_ITEM_COUNT);
		bg_read_error(r, key, "evidence-unknown",
			      "no evidence item '%.60s'%s%s%s", key->text,
			      near ? ": did you mean '" : "", near ? near : "",
			      near ? "'?" : "");
		return;
	}
	if (!bg_read_map(r, map, NULL))
		return;
	for (size_t i = 0; i < map->n; i++)
		read_ids(r, c, builtin, item, map->keys[i], map->items[i]);
}

static int read_file(struct bg_controls *c, struct bg_faults *faults,
		     const char *file, const char *text, size_t n,
		     struct bg_error *err)
{
	static const char *const keys[] = { "bg", "evidence", NULL };
	BG_AUTO(yaml) struct bg_yaml_doc doc = { 0 };
	BG_AUTO(controls) struct bg_controls *builtin = NULL;
	int rc = bg_controls_load(&builtin, faults, NULL, NULL, 0, err);
	if (rc == 0)
		rc = bg_yaml_load(&doc, faults, file, text, n, err);
	if (rc || !doc.root)
		return rc;
	struct bg_reader r = { &doc, &c->arena };
	struct bg_yaml *root = bg_read_root(&r, "controls/1", keys);
	struct bg_yaml *map = bg_read_need(&r, root, "evidence");
	if (map && bg_read_map(&r, map, NULL))
		for (size_t i = 0; i < map->n; i++)
			read_item(&r, c, builtin, map->keys[i], map->items[i]);
	return bg_arena_check(&faults->arena, err);
}

int bg_controls_load(struct bg_controls **out, struct bg_faults *faults,
		     const char *file, const char *text, size_t n,
		     struct bg_error *err)
{
	BG_AUTO(controls) struct bg_controls *c = calloc(1, sizeof(*c));
	if (!c)
		return bg_fail_oom(err);
	fill(c);
	int rc = text ? read_file(c, faults, file, text, n, err) : 0;
	if (rc == 0)
		rc = bg_arena_check(&c->arena, err);
	if (rc)
		return rc;
	*out = bg_move(c);
	return 0;
}

void bg_controls_free(struct bg_controls *c)
{
	if (!c)
		return;
	bg_arena_release(&c->arena);
	free(c);
}

const struct bg_names *bg_controls_ids(const struct bg_controls *c,
				       enum bg_evidence_item item,
				       const char *framework)
{
	for (size_t i = 0; i < c->items[item].n; i++)
		if (strcmp(c->items[item].v[i].framework, framework) == 0)
			return c->items[item].v[i].ids.n
				       ? &c->items[item].v[i].ids
				       : NULL;
	return NULL;
}

bool bg_controls_know(const struct bg_controls *c, const char *framework)
{
	for (int item = 0; item < BG_ITEM_COUNT; item++)
		for (size_t i = 0; i < c->items[item].n; i++)
			if (strcmp(c->items[item].v[i].framework, framework) ==
			    0)
				return true;
	return false;
}
