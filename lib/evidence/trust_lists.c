/*
 * What happened to principals, writers, versions and findings, and the limits:
 * the sections of trust.yaml that are lists of records.
 */
#include <stdio.h>
#include <string.h>

#include "evidence/trust_parse.h"

#define DAY INT64_C(86400)
#define SEQ_MAX INT64_C(999999999999)

/* The list in a section of the file, or NULL. */
static struct bg_yaml *section(struct bg_trust_reader *p, const char *name)
{
	struct bg_yaml *list = bg_yaml_get(p->root, name);
	return list && bg_read_list(&p->r, list) ? list : NULL;
}

static const char *read_name(struct bg_trust_reader *p,
			     const struct bg_yaml *map, const char *key)
{
	const char *name = bg_read_word(&p->r, bg_read_need(&p->r, map, key),
					BG_WORD_NAME);
	return name ? name : "";
}

static const char *read_text(struct bg_trust_reader *p,
			     const struct bg_yaml *map, const char *key,
			     size_t max)
{
	const char *text =
		bg_read_text(&p->r, bg_read_need(&p->r, map, key), max);
	return text ? text : "";
}

static int64_t read_time(struct bg_trust_reader *p, const struct bg_yaml *map,
			 const char *key)
{
	return bg_read_time(&p->r, bg_read_need(&p->r, map, key), false, 0);
}

/* --- retired --------------------------------------------------------------- */

static void read_cutoff(struct bg_trust_reader *p, const struct bg_yaml *map,
			struct bg_cutoff *c)
{
	static const char *const keys[] = { "writer", "seq", "digest", NULL };
	c->writer = "";
	if (!bg_read_map(&p->r, map, keys))
		return;
	const char *writer = bg_read_word(
		&p->r, bg_read_need(&p->r, map, "writer"), BG_WORD_WRITER);
	if (writer)
		c->writer = writer;
	c->seq = (uint64_t)bg_read_int(&p->r, bg_read_need(&p->r, map, "seq"),
				       0, SEQ_MAX, 0);
	bg_trust_read_digest(p, bg_read_need(&p->r, map, "digest"), &c->digest);
}

static void read_retirement(struct bg_trust_reader *p,
			    const struct bg_yaml *map,
			    struct bg_retirement *out)
{
	static const char *const keys[] = { "name", "at", "logs", NULL };
	out->name = "";
	if (!bg_read_map(&p->r, map, keys))
		return;
	out->name = read_name(p, map, "name");
	out->at_ms = read_time(p, map, "at");
	struct bg_yaml *logs = bg_read_need(&p->r, map, "logs");
	if (!logs || !bg_read_list(&p->r, logs))
		return;
	out->logs = bg_trust_new_array(p, logs, sizeof(*out->logs));
	for (size_t i = 0; out->logs && i < logs->n; i++)
		read_cutoff(p, logs->items[i], &out->logs[out->n_logs++]);
}

/* Retired principals, then retired writers: those have no name. */
static void read_retired(struct bg_trust_reader *p)
{
	static const char *const keys[] = { "pinned", "retired", NULL };
	struct bg_trust *t = p->t;
	struct bg_yaml *people = section(p, "retired");
	struct bg_yaml *writers = bg_yaml_get(p->root, "writers");
	struct bg_yaml *logs = NULL;
	if (writers && bg_read_map(&p->r, writers, keys)) {
		bg_read_words(&p->r, bg_yaml_get(writers, "pinned"),
			      BG_WORD_WRITER, &t->pinned_writers.n,
			      &t->pinned_writers.v);
		logs = bg_yaml_get(writers, "retired");
		if (logs && !bg_read_list(&p->r, logs))
			logs = NULL;
	}
	size_t n = (people ? people->n : 0) + (logs ? logs->n : 0);
	t->retired = bg_arena_array(&t->arena, n + 1, sizeof(*t->retired));
	if (!t->retired)
		return;
	for (size_t i = 0; people && i < people->n; i++)
		read_retirement(p, people->items[i],
				&t->retired[t->n_retired++]);
	for (size_t i = 0; logs && i < logs->n; i++) {
		struct bg_retirement *out = &t->retired[t->n_retired++];
		out->logs = bg_arena_alloc(&t->arena, sizeof(*out->logs));
		if (!out->logs)
			return;
		out->n_logs = 1;
		read_cutoff(p, logs->items[i], out->logs);
	}
}

/* --- compromised, abandoned, acknowledged ----------------------------------- */

static void read_compromised(struct bg_trust_reader *p)
{
	static const char *const keys[] = { "name", "key", "since", "safe_seal",
					    NULL };
	struct bg_yaml *list = section(p, "compromised");
	struct bg_trust *t = p->t;
	t->compromised = bg_trust_new_array(p, list, sizeof(*t->compromised));
	for (size_t i = 0; t->compromised && list && i < list->n; i++) {
		struct bg_yaml *map = list->items[i];
		struct bg_compromise *out = &t->compromised[t->n_compromised];
		if (!bg_read_map(&p->r, map, keys))
			continue;
		t->n_compromised++;
		out->name = read_name(p, map, "name");
		out->since_ms = read_time(p, map, "since");
		bg_trust_read_fpr(p, bg_read_need(&p->r, map, "key"),
				  &out->key);
		out->has_safe_seal = bg_trust_read_digest(
			p, bg_yaml_get(map, "safe_seal"), &out->safe_seal);
	}
}

static void read_abandoned(struct bg_trust_reader *p)
{
	static const char *const keys[] = { "version", "digest", NULL };
	struct bg_yaml *list = section(p, "abandoned");
	struct bg_trust *t = p->t;
	t->abandoned = bg_trust_new_array(p, list, sizeof(*t->abandoned));
	for (size_t i = 0; t->abandoned && list && i < list->n; i++) {
		struct bg_yaml *map = list->items[i];
		struct bg_version_ref *out = &t->abandoned[t->n_abandoned];
		if (!bg_read_map(&p->r, map, keys))
			continue;
		t->n_abandoned++;
		out->version = (uint64_t)bg_read_int(
			&p->r, bg_read_need(&p->r, map, "version"), 2, SEQ_MAX,
			2);
		bg_trust_read_digest(p, bg_read_need(&p->r, map, "digest"),
				     &out->digest);
	}
}

static void read_acknowledged(struct bg_trust_reader *p)
{
	static const char *const keys[] = { "id", "ref", "event", "reason",
					    NULL };
	struct bg_yaml *list = section(p, "acknowledged");
	struct bg_trust *t = p->t;
	t->acknowledged = bg_trust_new_array(p, list, sizeof(*t->acknowledged));
	for (size_t i = 0; t->acknowledged && list && i < list->n; i++) {
		struct bg_yaml *map = list->items[i];
		struct bg_acknowledgement *out =
			&t->acknowledged[t->n_acknowledged];
		if (!bg_read_map(&p->r, map, keys))
			continue;
		t->n_acknowledged++;
		const char *id = bg_read_word(
			&p->r, bg_read_need(&p->r, map, "id"), BG_WORD_LABEL);
		out->id = id ? id : "";
		out->ref = read_text(p, map, "ref", 256);
		out->reason = read_text(p, map, "reason", 500);
		bg_trust_read_digest(p, bg_read_need(&p->r, map, "event"),
				     &out->event);
		/* Trust and seals hold everything else up. */
		if (strstr(out->ref, "heads/trust") ||
		    strstr(out->ref, "/seal/"))
			bg_read_error(&p->r, bg_yaml_get(map, "ref"),
				      "not-acknowledgeable",
				      "findings about trust and seals cannot "
				      "be acknowledged");
	}
}

/* --- suspended ---------------------------------------------------------------- */

static bool is_policy(const struct bg_trust *t, const char *name)
{
	char path[64];
	snprintf(path, sizeof(path), "policies/%s.yaml", name);
	return bg_trust_file(t, path) != NULL;
}

static void suspend(struct bg_trust_reader *p, const struct bg_yaml *map,
		    const struct bg_suspension *s)
{
	for (size_t i = 0; i < p->t->n_principals; i++) {
		if (strcmp(p->t->principals[i].name, s->name) != 0)
			continue;
		p->t->principals[i].suspended = true;
		return;
	}
	if (s->name[0] && !is_policy(p->t, s->name))
		bg_read_error(&p->r, bg_yaml_get(map, "name"),
			      "unknown-principal",
			      "no principal or policy '%s'", s->name);
}

static void read_suspended(struct bg_trust_reader *p)
{
	static const char *const keys[] = { "name", "by", "keep", NULL };
	struct bg_yaml *list = section(p, "suspended");
	struct bg_trust *t = p->t;
	t->suspended = bg_trust_new_array(p, list, sizeof(*t->suspended));
	for (size_t i = 0; t->suspended && list && i < list->n; i++) {
		struct bg_yaml *map = list->items[i];
		struct bg_suspension *out = &t->suspended[t->n_suspended];
		if (!bg_read_map(&p->r, map, keys))
			continue;
		out->name = read_name(p, map, "name");
		out->by = read_name(p, map, "by");
		out->keep =
			bg_read_bool(&p->r, bg_yaml_get(map, "keep"), false);
		for (size_t k = 0; k < t->n_suspended; k++)
			if (strcmp(t->suspended[k].name, out->name) == 0)
				bg_read_error(&p->r, map, "duplicate-entry",
					      "'%s' is suspended already",
					      out->name);
		t->n_suspended++;
		if (out->by[0] && !bg_trust_principal(t, out->by))
			bg_read_error(&p->r, bg_yaml_get(map, "by"),
				      "unknown-principal", "no principal '%s'",
				      out->by);
		suspend(p, map, out);
	}
}

/* --- the rest -------------------------------------------------------------------- */

static void read_limits(struct bg_trust_reader *p)
{
	static const char *const keys[] = {
		"skew",          "sign_delay",   "unsealed_events",
		"unsealed_age",  "seal_age",     "trust_grace",
		"trust_max_age", "activate_ttl", NULL
	};
	struct bg_trust_limits *l = &p->t->limits;
	struct bg_yaml *map = bg_yaml_get(p->root, "limits");
	*l = (struct bg_trust_limits){ .skew = 120,
				       .sign_delay = 600,
				       .unsealed_events = 50,
				       .unsealed_age = DAY,
				       .seal_age = DAY,
				       .trust_grace = DAY,
				       .trust_max_age = 30 * DAY,
				       .activate_ttl = 900 };
	if (!map || !bg_read_map(&p->r, map, keys))
		return;
	const struct {
		const char *key;
		int64_t *value, max;
	} list[] = {
		{ "skew", &l->skew, 3600 },
		{ "sign_delay", &l->sign_delay, DAY },
		{ "unsealed_age", &l->unsealed_age, 366 * DAY },
		{ "seal_age", &l->seal_age, 366 * DAY },
		{ "trust_grace", &l->trust_grace, 366 * DAY },
		{ "trust_max_age", &l->trust_max_age, 366 * DAY },
		{ "activate_ttl", &l->activate_ttl, DAY },
	};
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		*list[i].value =
			bg_read_duration(&p->r, bg_yaml_get(map, list[i].key),
					 1, list[i].max, *list[i].value);
	l->unsealed_events = bg_read_int(&p->r,
					 bg_yaml_get(map, "unsealed_events"), 1,
					 1000000, l->unsealed_events);
}

/* Checked here, used by seals. */
static void check_sealing(struct bg_trust_reader *p)
{
	static const char *const keys[] = { "name", "certificate", "url",
					    NULL };
	struct bg_yaml *list = section(p, "authorities");
	struct bg_names names = { 0 };
	struct bg_digest digest;
	for (size_t i = 0; list && i < list->n; i++) {
		struct bg_yaml *map = list->items[i];
		if (!bg_read_map(&p->r, map, keys))
			continue;
		read_name(p, map, "name");
		read_text(p, map, "url", 500);
		bg_trust_read_digest(p, bg_read_need(&p->r, map, "certificate"),
				     &digest);
	}
	bg_read_words(&p->r, bg_yaml_get(p->root, "witnesses"), BG_WORD_NAME,
		      &names.n, &names.v);
	for (size_t i = 0; i < names.n; i++)
		if (!bg_trust_principal(p->t, names.v[i]))
			bg_read_error(&p->r, bg_yaml_get(p->root, "witnesses"),
				      "unknown-principal", "no principal '%s'",
				      names.v[i]);
}

void bg_trust_read_lists(struct bg_trust_reader *p)
{
	read_limits(p);
	read_retired(p);
	read_compromised(p);
	read_abandoned(p);
	read_acknowledged(p);
	read_suspended(p);
	check_sealing(p);
}
