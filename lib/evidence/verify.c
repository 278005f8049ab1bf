#include "evidence/verify.h"

#include <string.h>

#include "evidence/chain.h"

const char *const bg_verify_limits[] = {
	"events that were never recorded",
	"what a host did that was taken over before it signed",
	"a stolen key in the tail that no seal covers yet",
	"sealer, time authority and writer together",
	"an opener that died inside a provider call",
	NULL,
};

const char *bg_verdict_text(enum bg_verdict v)
{
	static const char *const text[] = {
#define X(name, word, exit) [name] = word,
		BG_VERDICTS(X)
#undef X
	};

	return text[v];
}

int bg_verdict_exit(enum bg_verdict v)
{
	static const int status[] = {
#define X(name, word, exit) [name] = exit,
		BG_VERDICTS(X)
#undef X
	};

	return status[v];
}

const char *bg_verdict_meaning(enum bg_verdict v)
{
	static const char *const text[] = {
		[BG_V_OK] = "anchored, and nothing is wrong",
		[BG_V_STALE] = "the newest seal is too old",
		[BG_V_UNANCHORED] = "all consistent, but no anchor was given: "
				    "it could be a fake from the first commit "
				    "on",
		[BG_V_INCOMPLETE] = "something that is named is not here",
		[BG_V_ROLLED_BACK] = "something that was seen before is gone",
		[BG_V_TAMPERED] = "something that only a forger or a broken "
				  "tool could cause",
		[BG_V_UNSUPPORTED] = "made by a newer bg; this one cannot "
				     "judge it",
		[BG_V_UNSAFE] = "the repository carries things that could "
				"mislead a reader",
	};

	return text[v];
}

static enum bg_verdict verdict_of_finding(const struct bg_finding *f)
{
	static const struct {
		const char *id;
		enum bg_verdict verdict;
	} special[] = {
		{ "unsafe-repository", BG_V_UNSAFE },
		{ "needs-newer-bg", BG_V_UNSUPPORTED },
		{ "rolled-back", BG_V_ROLLED_BACK },
		{ "stale", BG_V_STALE },
	};

	if (f->acknowledged)
		return BG_V_OK;
	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
		if (!strcmp(f->id, special[i].id))
			return special[i].verdict;
	return f->class == BG_WRONG ? BG_V_TAMPERED : BG_V_OK;
}

enum bg_verdict bg_verdict_of(const struct bg_history *h)
{
	enum bg_verdict v = h->anchored ? BG_V_OK : BG_V_UNANCHORED;

	if (h->incomplete)
		v = BG_V_INCOMPLETE;
	if (h->unsupported)
		v = BG_V_UNSUPPORTED;
	for (size_t i = 0; i < h->findings.list.n; i++) {
		enum bg_verdict one =
			verdict_of_finding(&h->findings.list.v[i]);

		if (one > v)
			v = one;
	}
	return v;
}

/*
 * Acknowledgement.
 */
static bool same_ref(const char *said, const char *ref)
{
	static const char heads[] = "refs/heads/";

	if (bg_starts_with(said, heads))
		said += sizeof(heads) - 1;
	return !strcmp(said, ref);
}

static bool acknowledges(const struct bg_trust *t, const struct bg_finding *f)
{
	for (size_t i = 0; i < t->n_acknowledged; i++) {
		const struct bg_acknowledgement *a = &t->acknowledged[i];

		if (!strcmp(a->id, f->id) && same_ref(a->ref, f->ref) &&
		    bg_digest_eq(&a->event, &f->event))
			return true;
	}
	return false;
}

static bool may_be_acknowledged(const struct bg_finding *f)
{
	return bg_starts_with(f->ref, "log/") || bg_starts_with(f->ref, "att/");
}

void bg_findings_acknowledge(struct bg_findings *f,
			     const struct bg_trust_chain *chain)
{
	const struct bg_trust *newest = bg_trust_chain_newest(chain);

	for (size_t i = 0; newest && i < f->list.n; i++)
		f->list.v[i].acknowledged =
			may_be_acknowledged(&f->list.v[i]) &&
			acknowledges(newest, &f->list.v[i]);
}

const struct bg_trust *bg_finding_acknowledged_in(
	const struct bg_finding *f, const struct bg_trust_chain *chain)
{
	for (size_t i = 0; f->acknowledged && i < chain->n; i++)
		if (acknowledges(chain->v[i], f))
			return chain->v[i];
	return NULL;
}

/*
 * Counting.
 */
void bg_verify_count(struct bg_verify_counts *out, const struct bg_history *h)
{
	*out = (struct bg_verify_counts){ .writers = h->writers.n };
	for (size_t i = 0; i < h->events.n; i++) {
		const struct bg_event *e = h->events.v[i];

		out->wrong += e->wrong;
		out->doubtful += !e->wrong && e->doubtful;
		if (e->wrong)
			continue;
		out->events++;
		/* No seal is judged by this version: none covers anything. */
		out->unsealed++;
		out->grants += e->type == BG_EV_ACTIVATE ||
			       e->type == BG_EV_DECLARE;
	}
	for (size_t i = 0; i < h->findings.list.n; i++)
		if (!h->findings.list.v[i].acknowledged)
			out->of_class[h->findings.list.v[i].class]++;
}
