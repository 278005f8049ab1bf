/* Judging what a store holds: one grant, one row of the index. */
#include "grant/judge.h"

#include <stdio.h>
#include <string.h>

/* What the judge asks the store, kept for one grant. */
struct lookup {
	struct bg_store *store;
	struct bg_writer *writers;
	size_t n_writers;
	struct bg_event_list rotations;
};

static void lookup_release(struct lookup *l)
{
	free(l->writers);
	bg_event_list_release(&l->rotations);
}
BG_AUTO_VALUE(lookup, struct lookup, lookup_release)

static const struct bg_trust *version_of(void *arg, uint64_t version,
					 const struct bg_digest *digest)
{
	const struct lookup *l = arg;

	return bg_store_trust_version(l->store, version, digest);
}

static const struct bg_writer *writer_of(void *arg, const char *log)
{
	const struct lookup *l = arg;

	for (size_t i = 0; i < l->n_writers; i++)
		if (!strcmp(l->writers[i].name, log))
			return &l->writers[i];
	return NULL;
}

static int rotations_of(struct bg_event *const **out, size_t *n, void *arg,
			const char *identity, struct bg_error *err)
{
	struct lookup *l = arg;
	struct bg_event_query q = { .type = "rotate", .identity = identity };
	int rc;

	bg_event_list_release(&l->rotations);
	rc = bg_store_events(&l->rotations, l->store, &q, err);
	if (rc)
		return rc;
	*out = l->rotations.list.v;
	*n = l->rotations.list.n;
	return 0;
}

static int lookup_make(struct bg_judge_env *env, struct lookup *l,
		       struct bg_error *err)
{
	*env = (struct bg_judge_env){ .newest = bg_store_trust(l->store),
				      .version = version_of,
				      .writer = writer_of,
				      .rotations = rotations_of,
				      .arg = l };
	return bg_store_writers(&l->writers, &l->n_writers, l->store, err);
}

static int judge(struct bg_grant **out, struct bg_store *store,
		 struct bg_event_list *events, struct bg_error *err)
{
	BG_AUTO(lookup) struct lookup l = { .store = store };
	struct bg_judge_env env;
	int rc = lookup_make(&env, &l, err);

	if (rc)
		return rc;
	return bg_grant_judge(out, events->list.v, events->list.n, &env, err);
}

/* Another grant with the same label: a label is only a label. */
static int note_collision(struct bg_grant *g, struct bg_store *store,
			  struct bg_error *err)
{
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	struct bg_grant_query q = { .label = g->label };
	int rc;

	if (!*g->label)
		return 0;
	rc = bg_store_grants(&rows, store, &q, err);
	for (size_t i = 0; !rc && i < rows.list.n; i++)
		if (!bg_digest_eq(&rows.list.v[i].root, &g->root) &&
		    bg_finding_add(
			    &g->findings, "label-collision", NULL, g->activate,
			    "another grant has the label %s too", g->label))
			return bg_fail_oom(err);
	return rc;
}

int bg_grant_load(struct bg_grant **out, struct bg_store *store,
		  const struct bg_digest *root, struct bg_error *err)
{
	BG_AUTO(event_list) struct bg_event_list events = { 0 };
	BG_AUTO(grant) struct bg_grant *g = NULL;
	int rc = bg_store_grant_events(&events, store, root, err);

	if (!rc)
		rc = judge(&g, store, &events, err);
	if (!rc)
		rc = note_collision(g, store, err);
	if (rc)
		return rc;
	g->owned = events;
	events = (struct bg_event_list){ 0 };
	*out = bg_move(g);
	return 0;
}

/* --- a row of the index -------------------------------------------------------- */

static void copy(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text ? text : "");
}

static json_t *time_json(int64_t ms)
{
	char text[BG_TIME_LEN + 1];

	bg_time_format(text, ms);
	return json_string(text);
}

static json_t *duty_json(const struct bg_duty *d)
{
	static const char *const states[] = { "due", "settled", "waived" };
	json_t *o = json_object();

	json_object_set_new(o, "what", json_string(d->what));
	if (*d->detail)
		json_object_set_new(o, "detail", json_string(d->detail));
	json_object_set_new(o, "state", json_string(states[d->state]));
	json_object_set_new(o, "since_ms", json_integer(d->since_ms));
	json_object_set_new(o, "due_ms", json_integer(d->due_ms));
	json_object_set_new(o, "due", time_json(d->due_ms));
	json_object_set_new(o, "who", json_string(d->who));
	json_object_set_new(o, "line", json_string(d->line));
	if (d->state != BG_DUE)
		json_object_set_new(o, "settled_ms",
				    json_integer(d->settled_ms));
	return o;
}

static json_t *ids_json(const struct bg_grant *g, enum bg_class class)
{
	json_t *list = json_array();

	for (size_t i = 0; i < g->findings.list.n; i++) {
		const struct bg_finding *f = &g->findings.list.v[i];
		bool have = false;

		for (size_t k = 0; k < json_array_size(list); k++)
			have |= bg_str_eq(
				json_string_value(json_array_get(list, k)),
				f->id);
		if (f->class == class && !have)
			json_array_append_new(list, json_string(f->id));
	}
	return list;
}

static const char *opened_on(const struct bg_grant *g)
{
	const char *where;

	if (!g->grant)
		return NULL;
	where = bg_json_text(g->grant->data, "where");
	return where ? where : bg_json_text(g->grant->host, "name");
}

static void set_text(json_t *o, const char *key, const char *text)
{
	if (text)
		json_object_set_new(o, key, json_string(text));
}

static char *summary_of(const struct bg_grant *g)
{
	json_t *o = json_object(), *duties = json_array();
	char *text;

	for (size_t i = 0; i < g->duties.n; i++)
		json_array_append_new(duties, duty_json(&g->duties.v[i]));
	json_object_set_new(o, "duties", duties);
	set_text(o, "outcome", g->fold.outcome);
	if (g->lag_ms >= 0)
		json_object_set_new(o, "lag_ms", json_integer(g->lag_ms));
	set_text(o, "decision", g->decision);
	set_text(o, "class", g->class_);
	set_text(o, "opened_on", opened_on(g));
	set_text(o, "proof_by", g->proof ? g->proof->by : NULL);
	json_object_set_new(o, "exposed", json_boolean(g->exposed));
	json_object_set_new(o, "declared", json_boolean(g->declared));
	json_object_set_new(
		o, "drill",
		json_boolean(bg_json_bool(g->activate->data, "drill")));
	json_object_set_new(o, "void", json_boolean(g->fold.void_));
	json_object_set_new(o, "may_open", json_boolean(g->fold.may_open));
	json_object_set_new(o, "misuse", json_boolean(g->misuse));
	json_object_set_new(o, "reviewed", json_boolean(g->reviewed));
	if (g->fold.has_window)
		json_object_set_new(o, "began_ms",
				    json_integer(g->fold.began_ms));
	if (g->end)
		json_object_set_new(o, "ended_ms", json_integer(g->end->at_ms));
	json_object_set_new(o, "wrong", ids_json(g, BG_WRONG));
	json_object_set_new(o, "doubtful", ids_json(g, BG_DOUBTFUL));
	json_object_set_new(o, "deviations", ids_json(g, BG_DEVIATION));
	json_object_set_new(o, "gaps", ids_json(g, BG_GAP));
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(o);
	return text;
}

/* Open, or something is owed.  An independent check that never came is no
 * reason to keep a closed grant before people's eyes. */
static bool is_active(const struct bg_grant *g)
{
	/* Misuse bars its user, so activate must find it. */
	if (g->state != BG_CLOSED || g->misuse)
		return true;
	for (size_t i = 0; i < g->duties.n; i++)
		if (g->duties.v[i].state == BG_DUE &&
		    strcmp(g->duties.v[i].what, "check") != 0)
			return true;
	return false;
}

static int row_of(struct bg_grant_row *row, const struct bg_grant *g,
		  struct bg_error *err)
{
	const json_t *data = g->activate->data;

	row->root = g->root;
	copy(row->label, sizeof(row->label), g->label);
	copy(row->policy, sizeof(row->policy),
	     bg_json_text(json_object_get(data, "policy"), "name"));
	copy(row->scope, sizeof(row->scope), bg_json_text(data, "scope"));
	copy(row->identity, sizeof(row->identity),
	     bg_json_text(data, "identity"));
	copy(row->by, sizeof(row->by), g->by);
	copy(row->beneficiary, sizeof(row->beneficiary), g->beneficiary);
	row->state = (int)g->state;
	row->active = is_active(g);
	row->at_ms = g->activate->at_ms;
	row->window_ms = g->fold.has_window ? g->fold.window_ms : 0;
	free(row->summary);
	row->summary = summary_of(g);
	return row->summary ? 0 : bg_fail_oom(err);
}

int bg_grant_row_make(struct bg_grant_row *row, struct bg_findings *f,
		      struct bg_store *store, struct bg_event_list *events,
		      struct bg_error *err)
{
	BG_AUTO(grant) struct bg_grant *g = NULL;
	int rc = judge(&g, store, events, err);

	if (!rc)
		rc = note_collision(g, store, err);
	if (!rc)
		rc = row_of(row, g, err);
	for (size_t i = 0; !rc && i < g->findings.list.n; i++)
		if (bg_vec_push(&f->list, g->findings.list.v[i]))
			return bg_fail_oom(err);
	return rc;
}

int bg_grant_loose_make(struct bg_grant_row *row, struct bg_findings *f,
			struct bg_store *store, struct bg_event_list *events,
			struct bg_error *err)
{
	BG_AUTO(lookup) struct lookup l = { .store = store };
	struct bg_judge_env env;
	int rc = lookup_make(&env, &l, err);

	(void)row;
	for (size_t i = 0; !rc && i < events->list.n; i++)
		rc = bg_judge_loose(f, events->list.v[i], &env, err);
	return rc;
}
