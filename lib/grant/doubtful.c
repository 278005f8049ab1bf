/*
 * Doubt: events that are intact but whose authority is not certain.  Retirement,
 * compromise and suspension are taken from the newest version and bind every
 * event (T3, T13); cutoffs go by sequence and digest, never by clock.  Seals are
 * not read here: every event is unsealed, so T4 finds nothing newer than the
 * newest seal, and no safe seal covers anything.
 */
#include "grant/judge.h"

#include <string.h>

/* After the cutoff of its log, or on a log that the retirement did not see. */
static bool after_cutoff(const struct bg_retirement *r,
			 const struct bg_event *e)
{
	for (size_t i = 0; i < r->n_logs; i++) {
		const struct bg_cutoff *c = &r->logs[i];

		if (!bg_str_eq(c->writer, e->writer))
			continue;
		return e->seq > c->seq ||
		       (e->seq == c->seq &&
			!bg_digest_eq(&e->digest, &c->digest));
	}
	return r->name != NULL;
}

static bool binds(const struct bg_retirement *r, const struct bg_event *e)
{
	if (r->name)
		return bg_str_eq(r->name, e->by);
	for (size_t i = 0; i < r->n_logs; i++)
		if (bg_str_eq(r->logs[i].writer, e->writer))
			return true;
	return false;
}

static const char *retired(const struct bg_trust *t, const struct bg_event *e)
{
	for (size_t i = 0; i < t->n_retired; i++) {
		const struct bg_retirement *r = &t->retired[i];

		if (binds(r, e) && after_cutoff(r, e))
			return r->name ? "principal-retired" : "writer-retired";
	}
	return NULL;
}

/* No key named: all of that principal. */
static bool compromised(const struct bg_trust *t, const struct bg_writer *w,
			const struct bg_event *e)
{
	static const struct bg_fpr none;

	for (size_t i = 0; i < t->n_compromised; i++) {
		const struct bg_compromise *c = &t->compromised[i];

		if (bg_str_eq(c->name, e->by) &&
		    (bg_fpr_eq(&c->key, &none) ||
		     bg_fpr_eq(&c->key, &e->signer) ||
		     (w && bg_fpr_eq(&c->key, &w->primary))))
			return true;
	}
	return false;
}

const char *bg_doubt_of(const struct bg_trust *newest,
			const struct bg_writer *w, const struct bg_event *e)
{
	const char *id;

	if (w && w->forked_seq && e->seq >= w->forked_seq)
		return "forked-log";
	if (w && w->retired_seq && e->seq > w->retired_seq)
		return "writer-retired";
	if (!newest)
		return NULL;
	id = retired(newest, e);
	if (!id && compromised(newest, w, e))
		id = "compromised-key";
	return id;
}

/* The version that suspended this name first, and all after it did too. */
static uint64_t suspended_since(const struct bg_judge *j, const char *name)
{
	const struct bg_trust *t = j->env->newest;
	uint64_t since = 0;

	while (t) {
		const struct bg_principal *p = bg_trust_principal(t, name);

		if (!p || !p->suspended)
			break;
		since = t->version;
		if (t->version < 2)
			break;
		t = j->env->version(j->env->arg, t->version - 1, &t->prev);
	}
	return since;
}

/* Somebody else had seen it under an older version: it was there before. */
static bool was_seen_before(const struct bg_judge *j, size_t i, uint64_t since)
{
	for (size_t k = 0; k < j->n; k++)
		if (bg_counts(&j->ev[k]) && j->ev[k].e->trust_version < since &&
		    !bg_str_eq(j->ev[k].human, j->ev[i].human) &&
		    bg_judge_knows(j, k, i))
			return true;
	return false;
}

static bool is_withdrawn(const struct bg_judge *j, size_t i)
{
	const struct bg_event *e = j->ev[i].e;
	const struct bg_principal *now =
		bg_trust_principal(j->env->newest, e->by);
	uint64_t since;

	if (!now || !now->suspended)
		return false;
	since = suspended_since(j, e->by);
	return e->trust_version >= since || !was_seen_before(j, i, since);
}

static const char *why_of(const char *id)
{
	if (bg_str_eq(id, "forked-log"))
		return "at or after the fork of its log";
	if (bg_str_eq(id, "compromised-key"))
		return "its key is compromised and no safe seal covers it";
	if (bg_str_eq(id, "authority-withdrawn"))
		return "suspended, and nobody had seen it before";
	return "after the cutoff of the retirement";
}

void bg_judge_doubt(struct bg_judge *j)
{
	for (size_t i = 0; i < j->n; i++) {
		struct bg_judged *v = &j->ev[i];
		const char *id;

		/* What the reader of the log doubts, it has said. */
		if (!bg_counts(v) || v->e->doubtful)
			continue;
		id = bg_doubt_of(j->env->newest, v->writer, v->e);
		if (!id && j->env->newest && is_withdrawn(j, i))
			id = "authority-withdrawn";
		if (!id)
			continue;
		v->e->doubtful = true;
		bg_judge_say(j, id, v->e, "%s by %s: %s",
			     bg_event_type_text(v->e->type), v->e->by,
			     why_of(id));
	}
}
