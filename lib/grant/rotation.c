/*
 * Rotations of the identity, which belong to no grant: do they know what this
 * grant exposed, and do its checks know them?
 */
#include "grant/judge.h"

#include <string.h>

static bool is_exposure(const struct bg_judge *j, size_t i)
{
	const struct bg_judged *v = &j->ev[i];

	if (!bg_counts(v))
		return false;
	if (v->e->type == BG_EV_DECLARE)
		return true;
	return v->e->type == BG_EV_GRANT &&
	       (bg_data_is(v, "result", "done") ||
		bg_data_is(v, "result", "unknown")) &&
	       (bg_json_bool(v->e->data, "exposed") ||
		json_is_false(json_object_get(v->e->data, "revocable")) ||
		(j->g->identity && j->g->identity->rotate_always));
}

/* Access that only a new secret takes back. */
static bool is_irrevocable(const struct bg_judge *j)
{
	for (size_t i = 0; i < j->n; i++) {
		const json_t *r =
			json_object_get(j->ev[i].e->data, "revocable");

		if (j->ev[i].e->type == BG_EV_GRANT && bg_counts(&j->ev[i]) &&
		    json_is_false(r))
			return true;
	}
	return false;
}

static bool answers(const struct bg_event *e, const struct bg_digest *d)
{
	for (size_t i = 0; i < e->n_answers; i++)
		if (bg_digest_eq(&e->answers[i], d))
			return true;
	return false;
}

/* An event outside the grant KNOWS event i of it: by its answers, by what its
 * own log had done in the grant before, and by what those know. */
static bool outside_knows(const struct bg_judge *j, const struct bg_event *e,
			  size_t i)
{
	for (size_t k = 0; k < j->n; k++) {
		const struct bg_event *in = j->ev[k].e;
		bool own = in->seq < e->seq && bg_str_eq(in->writer, e->writer);

		if ((own || answers(e, &in->digest)) &&
		    (k == i || bg_judge_knows(j, k, i)))
			return true;
	}
	return false;
}

/* Event i of the grant KNOWS the rotation. */
static bool knows_rotation(const struct bg_judge *j, size_t i,
			   const struct bg_event *rotation)
{
	for (size_t k = 0; k < j->n; k++) {
		const struct bg_event *in = j->ev[k].e;

		if (k != i && !bg_judge_knows(j, i, k))
			continue;
		if (answers(in, &rotation->digest) ||
		    (bg_str_eq(in->writer, rotation->writer) &&
		     rotation->seq < in->seq))
			return true;
	}
	return false;
}

static const struct bg_trust *version_of(const struct bg_judge *j,
					 const struct bg_event *e)
{
	return e->has_trust ? j->env->version(j->env->arg, e->trust_version,
					      &e->trust)
			    : NULL;
}

/* Does it count for this grant: its signer may rotate, was not a user of it when
 * by hand, and it knows every exposure. */
static bool rotates(const struct bg_judge *j, const struct bg_event *e)
{
	const char *owner = j->g->identity ? j->g->identity->owner : NULL;
	const struct bg_writer *w =
		j->env->writer ? j->env->writer(j->env->arg, e->writer) : NULL;

	if (e->wrong || e->doubtful || bg_doubt_of(j->env->newest, w, e) ||
	    !bg_may_rotate(e, version_of(j, e), w, owner, &j->g->users))
		return false;
	for (size_t i = 0; i < j->n; i++)
		if (is_exposure(j, i) && !outside_knows(j, e, i))
			return false;
	return true;
}

const struct bg_event *bg_judge_rotated(const struct bg_judge *j)
{
	const struct bg_event *best = NULL;

	for (size_t i = 0; i < j->n_rotations; i++) {
		const struct bg_event *e = j->rotations[i];

		if (rotates(j, e) &&
		    (!best || e->at_ms < best->at_ms ||
		     (e->at_ms == best->at_ms &&
		      bg_digest_cmp(&e->digest, &best->digest) < 0)))
			best = e;
	}
	return best;
}

static bool check_is_late_enough(const struct bg_judge *j, size_t i)
{
	for (size_t k = 0; k < j->n_rotations; k++)
		if (rotates(j, j->rotations[k]) &&
		    knows_rotation(j, i, j->rotations[k]))
			return true;
	return false;
}

int bg_judge_rotations(struct bg_judge *j)
{
	bool irrevocable = is_irrevocable(j), exposed = false;
	const char *identity = bg_json_text(j->g->activate->data, "identity");
	int rc;

	for (size_t i = 0; i < j->n; i++)
		exposed |= is_exposure(j, i);
	if (!identity && j->g->scope)
		identity = j->g->scope->identity;
	if ((!exposed && !irrevocable) || !identity || !j->env->rotations)
		goto mark;
	rc = j->env->rotations(&j->rotations, &j->n_rotations, j->env->arg,
			       identity, j->err);
	if (rc)
		return rc;
mark:
	for (size_t i = 0; irrevocable && i < j->n; i++)
		if (j->ev[i].e->type == BG_EV_CHECK)
			j->fe[i].rotate_missing = !check_is_late_enough(j, i);
	return 0;
}
