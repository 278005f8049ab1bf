#include "report/grant_parts.h"

#include <stdio.h>
#include <string.h>

static const char *data(const struct bg_event *e, const char *key)
{
	return e ? bg_json_text(e->data, key) : NULL;
}

json_t *bg_part_facts(struct bg_build *b, const struct bg_grant *g)
{
	const struct bg_event *a = g->activate;
	const json_t *policy = json_object_get(a->data, "policy");
	json_t *out = bg_build_object(b);

	bg_put_text(b, out, "grant", g->label);
	bg_put_digest(b, out, "event", &g->root);
	bg_put_bool(b, out, "declared", g->declared);
	bg_put_text(b, out, "state", bg_state_text(g->state));
	bg_put_text(b, out, "outcome", g->fold.outcome);
	bg_put_text(b, out, "policy", bg_json_text(policy, "name"));
	bg_put_text(b, out, "policy_sha256", bg_json_text(policy, "sha256"));
	bg_put_int(b, out, "trust_version", (int64_t)a->trust_version);
	bg_put_text(b, out, "scope", data(a, "scope"));
	bg_put_text(b, out, "identity", data(a, "identity"));
	bg_put_text(b, out, "trigger", data(a, "trigger"));
	bg_put_text(b, out, "code", data(a, "code"));
	bg_put_text(b, out, "reason", data(a, "reason"));
	bg_put_text(b, out, "ticket", data(a, "ticket"));
	bg_put_text(b, out, "by", g->by);
	bg_put_text(b, out, "beneficiary", g->beneficiary);
	bg_put_text(b, out, "signed_for", a->for_);
	bg_put_text(b, out, "host", bg_json_text(a->host, "name"));
	bg_put_text(b, out, "from", bg_json_text(a->host, "from"));
	bg_put_text(b, out, "user", bg_json_text(a->host, "user"));
	bg_put_text(b, out, "opener", data(a, "opener"));
	bg_put_text(b, out, "provider", data(g->grant, "provider"));
	bg_put_text(b, out, "class", g->class_);
	bg_put_text(b, out, "decision", g->decision);
	bg_put_bool(b, out, "drill", bg_json_bool(a->data, "drill"));
	bg_put_bool(b, out, "solo", bg_json_bool(a->data, "solo"));
	bg_put_bool(b, out, "exposed", g->exposed);
	if (json_object_get(a->data, "duration"))
		bg_put_int(b, out, "asked_for",
			   bg_json_int(a->data, "duration", 0));
	if (json_object_get(a->data, "probe"))
		bg_put(b, out, "probe",
		       json_incref(json_object_get(a->data, "probe")));
	return out;
}

/* First counted event of a type, or NULL. */
static const struct bg_event *first_of(const struct bg_grant *g,
				       enum bg_event_type type)
{
	const struct bg_event *found = NULL;

	for (size_t i = 0; i < g->n_events; i++)
		if (g->events[i]->type == type && g->counted[i] &&
		    (!found || g->events[i]->at_ms < found->at_ms))
			found = g->events[i];
	return found;
}

static const struct bg_event *last_of(const struct bg_grant *g,
				      enum bg_event_type type)
{
	const struct bg_event *found = NULL;

	for (size_t i = 0; i < g->n_events; i++)
		if (g->events[i]->type == type && g->counted[i] &&
		    (!found || g->events[i]->at_ms > found->at_ms))
			found = g->events[i];
	return found;
}

static void put_moment(struct bg_build *b, json_t *out, const char *key,
		       const struct bg_event *e, int64_t from_ms)
{
	json_t *moment;

	if (!e)
		return;
	moment = bg_build_object(b);
	bg_put_time(b, moment, "at", e->at_ms);
	bg_put_digest(b, moment, "event", &e->digest);
	bg_put_bool(b, moment, "clock_synchronised", e->clock_synced);
	if (from_ms)
		bg_put_span(b, moment, "after", e->at_ms - from_ms);
	bg_put(b, out, key, moment);
}

json_t *bg_part_times(struct bg_build *b, const struct bg_grant *g)
{
	json_t *out = bg_build_object(b);
	int64_t asked = g->activate->at_ms;

	put_moment(b, out, g->declared ? "declared" : "asked", g->activate, 0);
	put_moment(b, out, "approved", first_of(g, BG_EV_APPROVE), asked);
	put_moment(b, out, "opened", g->grant, asked);
	put_moment(b, out, "first_session", first_of(g, BG_EV_SESSION_START),
		   asked);
	put_moment(b, out, "last_session", last_of(g, BG_EV_SESSION_END),
		   asked);
	if (g->fold.has_window)
		bg_put_time(b, out, "window_end", g->fold.window_ms);
	put_moment(b, out, "ended", g->end, asked);
	put_moment(b, out, "proven_gone", g->proof, g->end ? g->end->at_ms : 0);
	put_moment(b, out, "reviewed", last_of(g, BG_EV_REVIEW),
		   g->end ? g->end->at_ms : 0);
	if (g->lag_ms >= 0)
		bg_put_span(b, out, "lag", g->lag_ms);
	if (g->grant && g->end)
		bg_put_span(b, out, "open_for",
			    g->end->at_ms - g->grant->at_ms);
	return out;
}

static int by_claim(const void *pa, const void *pb)
{
	const struct bg_event *a = *(struct bg_event *const *)pa;
	const struct bg_event *b = *(struct bg_event *const *)pb;

	if (a->at_ms != b->at_ms)
		return a->at_ms < b->at_ms ? -1 : 1;
	return bg_digest_cmp(&a->digest, &b->digest);
}

static bool is_counted(const struct bg_grant *g, const struct bg_event *e)
{
	for (size_t i = 0; i < g->n_events; i++)
		if (g->events[i] == e)
			return g->counted[i];
	return false;
}

json_t *bg_part_timeline(struct bg_build *b, const struct bg_grant *g)
{
	struct bg_event **order = malloc((g->n_events + 1) * sizeof(*order));
	json_t *out = bg_build_array(b);

	if (!order) {
		b->oom = true;
		return out;
	}
	memcpy(order, g->events, g->n_events * sizeof(*order));
	qsort(order, g->n_events, sizeof(*order), by_claim);
	for (size_t i = 0; i < g->n_events; i++) {
		BG_AUTO(str) struct bg_str line = BG_STR_INIT;
		json_t *row = bg_build_object(b);
		struct bg_error err;

		bg_put_time(b, row, "at", order[i]->at_ms);
		bg_put_text(b, row, "type", bg_event_type_text(order[i]->type));
		bg_put_text(b, row, "by", order[i]->by);
		bg_put_text(b, row, "writer", order[i]->writer);
		bg_put_int(b, row, "seq", (int64_t)order[i]->seq);
		bg_put_digest(b, row, "event", &order[i]->digest);
		if (!bg_event_subject(&line, order[i], &err))
			bg_put_text(b, row, "text", bg_str_text(&line));
		bg_put_bool(b, row, "counts", is_counted(g, order[i]));
		bg_add(b, out, row);
	}
	free(order);
	return out;
}

json_t *bg_part_actions(struct bg_build *b, const struct bg_grant *g)
{
	json_t *out = bg_build_array(b);

	for (size_t i = 0; i < g->n_events; i++) {
		const struct bg_event *e = g->events[i];
		const json_t *command = json_object_get(e->data, "command");
		json_t *row;

		if (e->type != BG_EV_SESSION_END || !g->counted[i])
			continue;
		row = bg_build_object(b);
		bg_put_text(b, row, "session", data(e, "session"));
		bg_put_time(b, row, "ended_at", e->at_ms);
		bg_put_text(b, row, "by", e->by);
		bg_put_text(b, row, "argv0", bg_json_text(command, "argv0"));
		bg_put_int(b, row, "argc", bg_json_int(command, "argc", 0));
		bg_put_text(b, row, "digest", bg_json_text(command, "digest"));
		bg_put_text(b, row, "capture", data(e, "capture"));
		bg_put_text(b, row, "ended", data(e, "ended"));
		if (json_object_get(e->data, "exit"))
			bg_put_int(b, row, "exit",
				   bg_json_int(e->data, "exit", 0));
		if (json_object_get(e->data, "signal"))
			bg_put_int(b, row, "signal",
				   bg_json_int(e->data, "signal", 0));
		bg_put_span(b, row, "duration",
			    bg_json_int(e->data, "duration_ms", 0));
		bg_put_digest(b, row, "event", &e->digest);
		bg_add(b, out, row);
	}
	return out;
}

static bool has_digest(const struct bg_digest *d)
{
	static const struct bg_digest none;

	return !bg_digest_eq(d, &none);
}

json_t *bg_part_findings(struct bg_build *b, const struct bg_grant *g,
			 enum bg_class class)
{
	json_t *out = bg_build_array(b);

	for (size_t i = 0; i < g->findings.list.n; i++) {
		const struct bg_finding *f = &g->findings.list.v[i];
		json_t *row;

		if (f->class != class)
			continue;
		row = bg_build_object(b);
		bg_put_text(b, row, "id", f->id);
		bg_put_text(b, row, "text", f->text);
		if (has_digest(&f->event))
			bg_put_digest(b, row, "event", &f->event);
		if (f->acknowledged)
			bg_put_bool(b, row, "acknowledged", true);
		bg_add(b, out, row);
	}
	return out;
}

json_t *bg_part_reviews(struct bg_build *b, const struct bg_grant *g)
{
	static const char *const asked[] = { "necessary", "limited", "reversed",
					     NULL };
	json_t *out = bg_build_array(b);

	for (size_t i = 0; i < g->n_events; i++) {
		const struct bg_event *e = g->events[i];
		const json_t *covers = json_object_get(e->data, "covers");
		const char *covered = bg_json_text(covers, "digest");
		char now[BG_DIGEST_TEXT + 1];
		json_t *row;

		if (e->type != BG_EV_REVIEW)
			continue;
		row = bg_build_object(b);
		bg_put_text(b, row, "by", e->by);
		bg_put_time(b, row, "at", e->at_ms);
		bg_put_text(b, row, "decision", data(e, "decision"));
		bg_put_text(b, row, "class", data(e, "class"));
		for (size_t k = 0; asked[k]; k++)
			if (json_object_get(e->data, asked[k]))
				bg_put(b, row, asked[k],
				       json_incref(json_object_get(e->data,
								   asked[k])));
		bg_put_text(b, row, "comment", data(e, "comment"));
		bg_put_bool(b, row, "counts", g->counted[i] && !e->doubtful);
		bg_digest_format(now, &g->covers);
		bg_put_bool(b, row, "covers_all",
			    covered && !strcmp(covered, now));
		bg_put_digest(b, row, "event", &e->digest);
		bg_add(b, out, row);
	}
	return out;
}

/* Corrective actions with the state of their duties ("action", detail = number). */
json_t *bg_part_corrective(struct bg_build *b, const struct bg_grant *g)
{
	json_t *out = bg_build_array(b);
	int number = 0;

	for (size_t i = 0; i < g->n_events; i++) {
		const struct bg_event *e = g->events[i];
		const json_t *list = json_object_get(e->data, "corrective");
		size_t k;
		json_t *v;

		if (e->type != BG_EV_REVIEW || !g->counted[i])
			continue;
		json_array_foreach(list, k, v) {
			json_t *row = json_deep_copy(v);
			char text[12];

			snprintf(text, sizeof(text), "%d", ++number);
			bg_put_int(b, row, "number", number);
			for (size_t d = 0; d < g->duties.n; d++)
				if (!strcmp(g->duties.v[d].what, "action") &&
				    !strcmp(g->duties.v[d].detail, text))
					bg_put_bool(b, row, "done",
						    g->duties.v[d].state !=
							    BG_DUE);
			bg_put_digest(b, row, "event", &e->digest);
			bg_add(b, out, row);
		}
	}
	return out;
}

json_t *bg_part_duties(struct bg_build *b, const struct bg_grant *g)
{
	static const char *const words[] = { "owed", "settled", "waived" };
	json_t *out = bg_build_array(b);

	for (size_t i = 0; i < g->duties.n; i++) {
		const struct bg_duty *d = &g->duties.v[i];
		json_t *row = bg_build_object(b);

		bg_put_text(b, row, "what", d->what);
		if (d->detail[0])
			bg_put_text(b, row, "detail", d->detail);
		bg_put_text(b, row, "state", words[d->state]);
		bg_put_time(b, row, "since", d->since_ms);
		bg_put_time(b, row, "due", d->due_ms);
		bg_put_time(b, row, "settled_at", d->settled_ms);
		if (has_digest(&d->settled_by))
			bg_put_digest(b, row, "settled_by", &d->settled_by);
		bg_add(b, out, row);
	}
	return out;
}

int64_t bg_part_as_of(const struct bg_grant *g)
{
	int64_t newest = 0;

	for (size_t i = 0; i < g->n_events; i++)
		if (g->events[i]->at_ms > newest)
			newest = g->events[i]->at_ms;
	return newest;
}
