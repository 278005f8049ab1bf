/*
 * One event at its place: envelope, key, chain, parents, clock.  What it
 * descends from was checked before.
 */
#include <string.h>

#include "evidence/reader.h"

#define CLOCK_STEP_MS 5000

/* Where a log's next event stands: what its predecessor left. */
struct place {
	const struct bg_item *prev; /* NULL for seq 1, or when it is broken */
	size_t k;                   /* parents looked at so far */
};

static const struct bg_digest *parent_digest(const struct bg_reader *r,
					     const struct bg_item *i, size_t k,
					     const struct bg_item **out)
{
	const struct bg_commit *c = &i->record.commit;

	*out = k < c->n_parents ? bg_reader_by_oid(r, &c->parents[k]) : NULL;
	return *out && (*out)->has_digest ? &(*out)->digest : NULL;
}

static int wait_for(struct bg_reader *r, struct bg_item *i, const char *id,
		    struct bg_error *err, const char *what)
{
	int rc = bg_item_finding(r, i, id, err, "%s", what);

	i->waits = true;
	i->wrong = i->record.event.wrong = true;
	r->out->incomplete = true;
	return rc ? rc : BG_STOP;
}

/* --- envelope --------------------------------------------------------- */

static int check_repository(struct bg_reader *r, struct bg_item *i,
			    struct bg_error *err)
{
	const struct bg_event *e = &i->record.event;

	if (!bg_oid_eq(&i->record.commit.tree, &bg_empty_tree))
		return bg_item_wrong(r, i, "bad-tree", err,
				     "an event's tree must be empty");
	if (!r->trust->n)
		return BG_STOP; /* nothing to judge it by; trust is wrong */
	if (!e->has_repo || !bg_digest_eq(&e->repo, &r->trust->v[0]->digest))
		return bg_item_wrong(r, i, "foreign-repository", err,
				     "it names another genesis");
	return 0;
}

static int check_trust(const struct bg_trust **out, struct bg_reader *r,
		       struct bg_item *i, struct bg_error *err)
{
	const struct bg_event *e = &i->record.event;

	*out = bg_trust_chain_find(r->trust, e->trust_version, &e->trust);
	if (!*out)
		return wait_for(r, i, "trust-missing", err,
				"the trust version that it names is not here");
	if (e->trust_version < i->floor)
		return bg_item_wrong(r, i, "trust-rollback", err,
				     "it names version %llu after %llu was "
				     "seen",
				     (unsigned long long)e->trust_version,
				     (unsigned long long)i->floor);
	return 0;
}

static int check_signature(struct bg_reader *r, struct bg_item *i,
			   struct bg_error *err)
{
	if (i->signature < 0)
		return bg_item_wrong(r, i, "bad-signature", err,
				     "the signature does not match");
	if (i->signature > 0)
		return bg_item_wrong(r, i, "key-not-listed", err,
				     "no key is known that could have signed");
	return 0;
}

/* After the signature: an edit shows there first. */
static int check_form(struct bg_reader *r, struct bg_item *i,
		      struct bg_error *err)
{
	struct bg_error why;

	if (!bg_record_check_form(&i->record, &why))
		return 0;
	return bg_item_wrong(r, i, why.id, err, "%s", why.msg);
}

static int check_previous(struct place *at, struct bg_reader *r,
			  struct bg_item *i, struct bg_error *err)
{
	const struct bg_event *e = &i->record.event;
	const struct bg_digest *digest;
	const struct bg_item *prev;

	if (e->seq == 1)
		return 0;
	digest = parent_digest(r, i, 0, &prev);
	if (!prev)
		return bg_item_wrong(r, i, "bad-parents", err,
				     "its first parent is not its own "
				     "previous event");
	at->k = 1;
	if (prev->kind == BG_ITEM_MISSING)
		return wait_for(r, i, "answer-missing", err,
				"its own previous event is not here");
	if (digest && !bg_digest_eq(digest, &e->prev))
		return bg_item_wrong(r, i, "bad-prev", err,
				     "prev is not the event that is its first "
				     "parent");
	if (!prev->record.has_event)
		return 0; /* broken, and said so there */
	if (!bg_item_has_event(prev) ||
	    !bg_str_eq(prev->record.event.writer, e->writer))
		return bg_item_wrong(r, i, "bad-parents", err,
				     "its first parent is not of this log");
	if (prev->record.event.seq + 1 != e->seq)
		return bg_item_wrong(
			r, i, "bad-seq", err, "%llu follows %llu",
			(unsigned long long)e->seq,
			(unsigned long long)prev->record.event.seq);
	at->prev = prev;
	return 0;
}

static int check_log(struct bg_reader *r, struct bg_item *i,
		     const struct bg_trust *t, struct bg_error *err)
{
	struct bg_log_state *log = i->log;
	struct place nowhere = { NULL, 0 };
	int rc;

	if (i->record.event.seq == 1 && !log->from_index) {
		/* Signed first: a forged copy must not speak for the log. */
		rc = check_signature(r, i, err);
		return rc ? rc : bg_writer_register(r, i, t, err);
	}
	if (log->valid)
		return 0;
	i->wrong = i->record.event.wrong = true;
	if (r->items.v[log->begin]->record.event.seq > 1) {
		/* Cut off: by an object that is missing, or by a forger. */
		rc = check_previous(&nowhere, r, i, err);
		return rc ? rc : BG_STOP;
	}
	if (log->told)
		return BG_STOP;
	log->told = true;
	rc = bg_item_wrong(r, i, "unregistered-writer", err,
			   "no valid registration of this writer; none of its "
			   "events counts");
	return rc;
}

static int check_author(struct bg_reader *r, struct bg_item *i,
			const struct bg_trust *t, struct bg_error *err)
{
	const struct bg_event *e = &i->record.event;
	const struct bg_principal *p = bg_trust_principal(t, e->by);

	if (!p)
		return bg_item_wrong(r, i, "key-not-listed", err,
				     "version %llu of trust has no '%s'",
				     (unsigned long long)t->version, e->by);
	if (!bg_record_author_is(&i->record, p->name, p->email))
		return bg_item_wrong(r, i, "wrong-author", err,
				     "the author line is not that of '%s'",
				     e->by);
	return 0;
}

static int check_signed_at(struct bg_reader *r, struct bg_item *i,
			   const struct bg_trust *t, struct bg_error *err)
{
	int64_t d =
		(int64_t)i->record.event.signed_at - i->record.commit.seconds;

	if (d < -t->limits.skew || d > t->limits.sign_delay)
		return bg_item_wrong(r, i, "signature-time", err,
				     "signed %lld s after its time",
				     (long long)d);
	return 0;
}

/* --- chain ------------------------------------------------------------ */

/* An answer is a parent when it lies on another log. */
static int check_answer(struct place *at, struct bg_reader *r,
			struct bg_item *i, size_t n, struct bg_error *err)
{
	const struct bg_event *e = &i->record.event;
	const struct bg_item *parent;
	const struct bg_digest *digest = parent_digest(r, i, at->k, &parent);
	struct bg_item *found = NULL;
	int rc;

	if (digest && bg_digest_eq(digest, &e->answers[n])) {
		at->k++;
		if (bg_item_has_event(parent) &&
		    bg_str_eq(parent->record.event.writer, e->writer))
			return bg_item_wrong(r, i, "bad-parents", err,
					     "an answered event of its own log "
					     "is a parent");
		return 0;
	}
	rc = bg_reader_resolve(&found, r, &e->answers[n], err);
	if (rc)
		return rc;
	if (found && bg_item_has_event(found) &&
	    bg_str_eq(found->record.event.writer, e->writer))
		return 0;
	if (!found || (parent && parent->kind == BG_ITEM_MISSING))
		return wait_for(r, i, "answer-missing", err,
				"an event that it answers is not here");
	return bg_item_wrong(r, i, "bad-parents", err,
			     "an answered event of another log is no parent");
}

/* Trust and seal are parents when this log names them for the first time. */
static int check_relied_on(struct place *at, struct bg_reader *r,
			   struct bg_item *i, struct bg_error *err)
{
	const struct bg_event *e = &i->record.event;
	const struct bg_event *prev = at->prev ? &at->prev->record.event : NULL;
	bool unsure = e->seq > 1 && !prev;
	const struct bg_item *parent;
	const struct bg_digest *digest;

	if (!prev || !bg_digest_eq(&prev->trust, &e->trust)) {
		digest = parent_digest(r, i, at->k, &parent);
		if (digest && bg_digest_eq(digest, &e->trust))
			at->k++;
		else if (!unsure)
			return bg_item_wrong(r, i, "bad-parents", err,
					     "the trust version named for the "
					     "first time is no parent");
	}
	if (e->has_seal && (!prev || !prev->has_seal ||
			    !bg_digest_eq(&prev->seal, &e->seal))) {
		digest = parent_digest(r, i, at->k, &parent);
		if (digest && bg_digest_eq(digest, &e->seal))
			at->k++;
		else if (!unsure)
			return wait_for(r, i, "seal-missing", err,
					"the seal that it names is not here");
	}
	if (at->k != i->record.commit.n_parents)
		return bg_item_wrong(r, i, "bad-parents", err,
				     "a parent that it neither follows nor "
				     "answers");
	return 0;
}

/* answers[0] of an event of a grant is the grant's root. */
static int check_root(struct bg_reader *r, struct bg_item *i,
		      struct bg_error *err)
{
	const struct bg_event *e = &i->record.event;
	struct bg_item *root = NULL;
	int rc;

	if (!e->grant || e->type == BG_EV_ACTIVATE || e->type == BG_EV_DECLARE)
		return 0;
	rc = bg_reader_resolve(&root, r, &e->answers[0], err);
	if (rc)
		return rc;
	if (!root || !bg_item_has_event(root) ||
	    (root->record.event.type != BG_EV_ACTIVATE &&
	     root->record.event.type != BG_EV_DECLARE) ||
	    !bg_str_eq(root->record.event.grant, e->grant))
		return bg_item_wrong(r, i, "bad-answers", err,
				     "answers[0] is not the root of %s",
				     e->grant);
	return 0;
}

/* Decision 3: a step is said, and wrong for nobody. */
static int check_clock(struct bg_reader *r, const struct bg_item *i,
		       const struct bg_item *before, struct bg_error *err)
{
	const struct bg_event *e = &i->record.event, *prev;
	int64_t wall, boot;

	if (!before)
		return 0;
	prev = &before->record.event;
	wall = e->at_ms - prev->at_ms;
	if (wall < 0)
		return bg_item_finding(r, i, "clock-step", err,
				       "%lld ms before the event before it",
				       (long long)-wall);
	if (!e->clock_boot || !bg_str_eq(e->clock_boot, prev->clock_boot))
		return 0;
	boot = (e->clock_boottime_us - prev->clock_boottime_us) / 1000;
	if (wall - boot <= CLOCK_STEP_MS && boot - wall <= CLOCK_STEP_MS)
		return 0;
	return bg_item_finding(r, i, "clock-step", err,
			       "the clock was moved by %lld ms since the event "
			       "before it",
			       (long long)(wall - boot));
}

/* --- one item --------------------------------------------------------- */

static void take_floor(struct bg_reader *r, struct bg_item *i)
{
	const struct bg_commit *c = &i->record.commit;

	for (size_t k = 0; k < c->n_parents; k++) {
		const struct bg_item *p = bg_reader_by_oid(r, &c->parents[k]);

		if (p && p->floor > i->floor)
			i->floor = p->floor;
	}
}

int bg_item_check(struct bg_reader *r, struct bg_item *i, struct bg_error *err)
{
	struct place at = { NULL, 0 };
	const struct bg_trust *t = NULL;
	int rc;

	take_floor(r, i);
	i->record.event.floor = i->floor;
	rc = check_repository(r, i, err);
	if (!rc)
		rc = check_trust(&t, r, i, err);
	if (!rc)
		rc = check_log(r, i, t, err);
	if (!rc)
		rc = check_signature(r, i, err);
	if (!rc)
		rc = check_form(r, i, err);
	if (!rc)
		rc = check_author(r, i, t, err);
	if (!rc)
		rc = bg_writer_check_key(r, i, t, err);
	if (!rc)
		rc = check_signed_at(r, i, t, err);
	if (!rc)
		rc = check_previous(&at, r, i, err);
	for (size_t n = 0; !rc && n < i->record.event.n_answers; n++)
		rc = check_answer(&at, r, i, n, err);
	if (!rc)
		rc = check_relied_on(&at, r, i, err);
	if (!rc)
		rc = check_root(r, i, err);
	if (!rc)
		rc = check_clock(r, i, at.prev, err);
	if (!rc && i->record.event.seq == 1)
		i->log->valid = true;
	if (rc)
		i->wrong = i->record.event.wrong = true;
	else if (i->record.event.trust_version > i->floor)
		i->floor = i->record.event.floor =
			i->record.event.trust_version;
	return rc < 0 ? rc : 0;
}
