/*
 * The fold, cell by cell of the state table of lifecycle.md, and its values.
 *
 * A history is a line of events "NAME=type[.flag]...@log[<seen]", in any order
 * that names what was seen before: R is the root, every event has seen R and
 * what its own log did before.  A log is the person whose letter it begins with.
 * flags: done failed unknown not-run present absent att doubt wrong user solo
 * norotate tN (at, seconds) uN (until, seconds) dN (duration, seconds)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "grant/fold.h"

enum { MAX = 40 };
struct history {
	size_t n;
	char name[MAX][8], log[MAX][8], human[MAX][2];
	struct bg_digest answers[MAX][BG_ANSWERS_MAX];
	struct bg_fold_event ev[MAX];
};

static enum bg_event_type type_of(const char *word)
{
	static const char *const words[] = {
#define X(name, text, class) text,
		BG_EVENT_TYPES(X)
#undef X
	};
	size_t i = 0;

	while (strcmp(words[i], word) != 0)
		assert_true(++i < BG_EV_COUNT);
	return (enum bg_event_type)i;
}

static struct bg_digest id_of(const char *name)
{
	struct bg_digest d;

	assert_int_equal(bg_sha256(&d, name, strlen(name)), 0);
	return d;
}

static void flag(struct bg_fold_event *e, const char *word)
{
	static const char *const results[] = { "done", "failed", "unknown",
					       "not-run" };

	for (size_t i = 0; i < 4; i++)
		if (!strcmp(word, results[i]))
			e->result = (enum bg_result)i;
	if (!strcmp(word, "present"))
		e->access = BG_ACC_PRESENT;
	else if (!strcmp(word, "absent"))
		e->access = BG_ACC_ABSENT;
	else if (!strcmp(word, "unknown"))
		e->access = BG_ACC_UNKNOWN;
	else if (!strcmp(word, "att"))
		e->attested = true;
	else if (!strcmp(word, "doubt"))
		e->doubtful = true;
	else if (!strcmp(word, "wrong"))
		e->wrong = true;
	else if (!strcmp(word, "user"))
		e->user = true;
	else if (!strcmp(word, "solo"))
		e->solo = true;
	else if (!strcmp(word, "norotate"))
		e->rotate_missing = true;
	else if (*word == 't')
		e->at_ms = atoi(word + 1) * 1000L;
	else if (*word == 'u' || *word == 'd')
		e->until_ms = atoi(word + 1) * 1000L;
	else if (*word == 's')
		e->since_ms = atoi(word + 1) * 1000L;
}

/* "NAME=type.flag.flag@log<A,B" */
static void event(struct history *h, char *text)
{
	size_t i = h->n++;
	struct bg_fold_event *e = &h->ev[i];
	char *type = strchr(text, '='), *log = strchr(text, '@');
	char *sees = strchr(text, '<'), *p, *save = NULL;

	assert_true(i < MAX && type && log);
	*type++ = *log++ = 0;
	if (sees)
		*sees++ = 0;
	snprintf(h->name[i], sizeof(h->name[i]), "%s", text);
	snprintf(h->log[i], sizeof(h->log[i]), "%s", log);
	h->human[i][0] = *log;
	e->id = id_of(text);
	e->human = h->human[i];
	e->at_ms = (int64_t)(i + 1) * 1000;
	e->until_ms = 100 * 1000; /* duration of the root */
	e->access = BG_ACC_UNKNOWN;
	for (size_t k = 0; k < i; k++)
		if (!strcmp(h->log[k], log))
			e->seq = h->ev[k].seq;
	e->seq++;
	for (e->log = 0; strcmp(h->log[e->log], log);)
		e->log++;
	e->answers = h->answers[i];
	if (strcmp(text, "R"))
		h->answers[i][e->n_answers++] = id_of("R");
	for (p = sees ? strtok_r(sees, ",", &save) : NULL; p;
	     p = strtok_r(NULL, ",", &save))
		h->answers[i][e->n_answers++] = id_of(p);
	p = strchr(type, '.');
	if (p)
		*p++ = 0;
	e->type = type_of(type);
	for (p = p ? strtok_r(p, ".", &save) : NULL; p;
	     p = strtok_r(NULL, ".", &save))
		flag(e, p);
}

static void history_make(struct history *h, const char *text)
{
	char copy[1024], *p, *save = NULL;

	memset(h, 0, sizeof(*h));
	assert_true(strlen(text) < sizeof(copy));
	snprintf(copy, sizeof(copy), "%s", text);
	for (p = strtok_r(copy, " ", &save); p; p = strtok_r(NULL, " ", &save))
		event(h, p);
}

/* after: no approval first.  before: one approval.  solo: before, but alone is
 * allowed.  two: before, two approvals.  escrow: after, two custodians. */
static struct bg_fold_rules rules_of(const char *name)
{
	struct bg_fold_rules r = { .extend_max = 50 * 1000,
				   .max = 180 * 1000,
				   .extensions = 2,
				   .count = 1 };

	r.before = strcmp(name, "after") && strcmp(name, "escrow");
	r.solo_allowed = !strcmp(name, "solo");
	if (!strcmp(name, "two"))
		r.count = 2;
	if (!strcmp(name, "escrow"))
		r.shares = 2;
	return r;
}

/* "state [may] [void] [att] [no:A,B] [ends:A,B] [W=n] [by=outcome] [end=A]
 * [proof=A] [Q=n] [S=n] [capped]" */
static void describe(char *out, size_t size, const struct history *h,
		     const struct bg_fold *f)
{
	int n = snprintf(out, size, "%s", bg_state_text(f->state));

#define ADD(...) n += snprintf(out + n, size - (size_t)n, __VA_ARGS__)
	if (f->may_open)
		ADD(" may");
	if (f->void_)
		ADD(" void");
	if (f->attested)
		ADD(" att");
	for (size_t i = 0, k = 0; i < h->n; i++)
		if (f->not_allowed[i])
			ADD("%s%s", k++ ? "," : " no:", h->name[i]);
	for (size_t i = 0, k = 0; i < h->n; i++)
		if (f->end_order[i])
			ADD("%s%s", k++ ? "," : " ends:", h->name[i]);
	if (f->has_window)
		ADD(" W=%d", (int)(f->window_ms / 1000));
	if (f->outcome)
		ADD(" by=%s end=%s", f->outcome, h->name[f->end]);
	if (f->has_proof)
		ADD(" proof=%s", h->name[f->proof]);
	if (f->approvals)
		ADD(" Q=%u", f->approvals);
	if (f->shares)
		ADD(" S=%u", f->shares);
	if (f->extension_capped)
		ADD(" capped");
#undef ADD
}

struct cell {
	const char *what, *rules, *events, *want;
};
/* Common beginnings. */
#define WAIT "R=activate@a"
#define OPEN WAIT " G=grant.done@i<R"
#define ENDING OPEN " E=revoke@a<G"
#define ENDED ENDING " C=check.absent@s<G,E"
#define VOID WAIT " E=deny@o<R"

static const struct cell table[] = {
	/* solo */
	{ "solo, waiting", "solo", WAIT " X=solo@a", "waiting may" },
	{ "solo, waiting, denied by policy", "before", WAIT " X=solo@a",
	  "waiting no:X" },
	{ "solo, twice", "solo", WAIT " X=solo@a Y=solo@a",
	  "waiting may no:Y" },
	{ "solo, open", "solo", WAIT " A=approve@b G=grant.done@i<A X=solo@a<G",
	  "open may no:X W=103 Q=1" },
	{ "solo, ending", "solo",
	  WAIT " A=approve@b G=grant.done@i<A E=revoke@a<G X=solo@a",
	  "ending may no:X ends:E W=103 by=revoked end=E Q=1" },
	{ "solo, ended", "solo", VOID " X=solo@a<E",
	  "ended void no:X ends:E by=denied end=E" },
	{ "solo, did not know the end: never reopens", "solo",
	  WAIT " G=grant.done@i E=deny@o<R X=solo@a",
	  "ending may ends:E W=102 by=expired end=E" },
	/* approve */
	{ "approve, waiting", "before", WAIT " A=approve@b",
	  "waiting may Q=1" },
	{ "approve, open", "after", OPEN " A=approve@b<G",
	  "open may W=102 Q=1" },
	{ "approve, ending, after", "after", ENDING " A=approve@b<E",
	  "ending may ends:E W=102 by=revoked end=E Q=1" },
	{ "approve, ending, before", "before",
	  WAIT " B=approve@b G=grant.done@i<B E=revoke@a<G A=approve@c<E",
	  "ending may no:A ends:E W=103 by=revoked end=E Q=1" },
	{ "approve, ending, solo", "solo",
	  "R=activate.solo@a G=grant.done@i<R E=revoke@a<G A=approve@c<E",
	  "ending may ends:E W=102 by=revoked end=E Q=1" },
	{ "approve, ended, after", "after", ENDED " A=approve@b<C",
	  "ended may ends:E W=102 by=revoked end=E proof=C Q=1" },
	{ "approve, ended, before", "before",
	  WAIT " B=approve@b G=grant.done@i<B E=revoke@a<G C=check.absent@s<E "
	       "A=approve@c<C",
	  "ended may no:A ends:E W=103 by=revoked end=E proof=C Q=1" },
	{ "approve, void", "solo", VOID " A=approve@b<E",
	  "ended void no:A ends:E by=denied end=E" },
	{ "approve, did not know the end: counts for Q, void is open again",
	  "before", VOID " A=approve@b<R",
	  "ending may ends:E by=denied end=E Q=1" },
	{ "... until the opener says not-run and a check knows it", "before",
	  VOID " A=approve@b<R G=grant.not-run@i<A,E C=check.absent@s<G",
	  "ended may ends:E by=denied end=E proof=C Q=1" },
	/* deny */
	{ "deny, waiting, could not open", "before", VOID,
	  "ended void ends:E by=denied end=E" },
	{ "deny, waiting, could open", "after", VOID,
	  "ending may ends:E by=denied end=E" },
	{ "deny, open", "after", OPEN " D=deny@o<G",
	  "ending may ends:D W=102 by=expired end=D" },
	{ "deny, ending: objection", "after", ENDING " D=deny.t0@o<E",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "deny, ended: objection", "after", ENDED " D=deny.t0@o<C",
	  "ended may ends:E W=102 by=revoked end=E proof=C" },
	{ "deny, did not know the end: one more", "after", ENDED " D=deny@o<G",
	  "ended may ends:E,D W=102 by=revoked end=E proof=C" },
	/* grant done, unknown */
	{ "grant done, waiting", "after", OPEN, "open may W=102" },
	{ "grant unknown, waiting", "after", WAIT " G=grant.unknown@i<R",
	  "open may W=102" },
	{ "grant done, open: re-issue", "after", OPEN " H=grant.done@i",
	  "open may W=102" },
	{ "grant done, ending", "after", ENDING " H=grant.done@i<E",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "grant done, ended: ending", "after", ENDED " H=grant.done@i<C",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "grant done, did not know the end", "after", ENDED " H=grant.done@i",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "... until a check knows it", "after",
	  ENDED " H=grant.done@i D=check.absent@s<H",
	  "ended may ends:E W=102 by=revoked end=E proof=D" },
	/* grant failed, not-run */
	{ "grant failed, waiting", "after", WAIT " G=grant.failed@i<R",
	  "waiting may" },
	{ "grant failed, open", "after", OPEN " H=grant.failed@i",
	  "open may W=102" },
	{ "grant failed, ending", "after", ENDING " H=grant.failed@i<E",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "grant failed, ended: a check must know it", "after",
	  ENDED " H=grant.failed@i<C",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "grant not-run, nobody else may say so", "after",
	  WAIT " E=revoke@a C=check.absent@s<E",
	  "ending may ends:E by=revoked end=E" },
	{ "grant not-run, then a check", "after",
	  WAIT " E=revoke@a G=grant.not-run@i<E C=check.absent@s<G",
	  "ended may ends:E by=revoked end=E proof=C" },
	/* extend */
	{ "extend, waiting", "after", WAIT " X=extend.u150@a",
	  "waiting may no:X" },
	{ "extend, open", "after", OPEN " X=extend.u150@a<G",
	  "open may W=150" },
	{ "extend, over the steps", "after", OPEN " X=extend.u900@a<G",
	  "open may W=182 capped" },
	{ "extend, two places do not add up", "after",
	  OPEN " X=extend.u150@a<G Y=extend.u152@a2<G", "open may W=152" },
	{ "extend, shorter than it was", "after", OPEN " X=extend.u3@a<G",
	  "open may W=102" },
	{ "extend, ending", "after", ENDING " X=extend.u150@a",
	  "ending may no:X ends:E W=102 by=revoked end=E" },
	{ "extend, ended", "after", ENDED " X=extend.u150@a<C",
	  "ended may no:X ends:E W=102 by=revoked end=E proof=C" },
	{ "extend, did not know the end", "after", ENDED " X=extend.u150@a2<G",
	  "ended may ends:E W=150 by=revoked end=E proof=C" },
	/* revoke */
	{ "revoke, waiting, could open", "after", WAIT " E=revoke@a",
	  "ending may ends:E by=revoked end=E" },
	{ "revoke, waiting, could not", "before", WAIT " E=revoke@a",
	  "ended void ends:E by=revoked end=E" },
	{ "revoke, open", "after", ENDING,
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "revoke, ending: orders a retry", "after", ENDING " X=revoke@o<E",
	  "ending may ends:E,X W=102 by=revoked end=E" },
	{ "revoke, ended", "after", ENDED " X=revoke@o<C",
	  "ended may no:X ends:E W=102 by=revoked end=E proof=C" },
	{ "revoke, did not know the end", "after", ENDED " X=revoke@o<G",
	  "ended may ends:E,X W=102 by=revoked end=E proof=C" },
	/* expire */
	{ "expire, waiting, void", "before", WAIT " E=expire@s<R",
	  "ended void ends:E by=expired end=E" },
	{ "expire, waiting, could open", "after", WAIT " E=expire@s<R",
	  "ending may ends:E by=expired end=E" },
	{ "expire, open", "after", OPEN " E=expire@s<G",
	  "ending may ends:E W=102 by=expired end=E" },
	{ "expire, ending", "after", ENDING " X=expire@s<E",
	  "ending may no:X ends:E W=102 by=revoked end=E" },
	{ "expire, ended", "after", ENDED " X=expire@s",
	  "ended may no:X ends:E W=102 by=revoked end=E proof=C" },
	{ "expire, did not know the end", "after", ENDED " X=expire@s2<G",
	  "ended may ends:E,X W=102 by=revoked end=E proof=C" },
	/* check absent */
	{ "check absent, waiting", "after", WAIT " C=check.absent@s<R",
	  "waiting may" },
	{ "check absent, open", "after", OPEN " C=check.absent@s<G",
	  "open may W=102" },
	{ "check absent, ending: proof", "after", ENDED,
	  "ended may ends:E W=102 by=revoked end=E proof=C" },
	{ "check absent, ending, did not see the end", "after",
	  ENDING " C=check.absent@s<G",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "check absent, ending, did not see a grant", "after",
	  WAIT " E=revoke@a G=grant.done@i<R C=check.absent@s<E",
	  "ending may ends:E W=103 by=revoked end=E" },
	{ "check absent, before the rotate that it needs", "after",
	  ENDING " C=check.absent.norotate@s<E",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "check absent, ended", "after", ENDED " D=check.absent@s2<C",
	  "ended may ends:E W=102 by=revoked end=E proof=C" },
	{ "check absent, knows through a note", "after",
	  ENDING " N=note@b<E C=check.absent@s<N",
	  "ended may ends:E W=102 by=revoked end=E proof=C" },
	{ "check absent, knows through a wrong event", "after",
	  ENDING " N=check.absent.wrong@z<E C=check.absent@s<N",
	  "ended may ends:E W=102 by=revoked end=E proof=C" },
	{ "check absent, knows by its own log", "after",
	  ENDING " N=note@s<E C=check.absent@s",
	  "ended may ends:E W=102 by=revoked end=E proof=C" },
	/* check present */
	{ "check present, waiting: never void", "before",
	  WAIT " P=check.present@s<R E=deny@o<R",
	  "ending ends:E by=denied end=E" },
	{ "check present, open", "after", OPEN " P=check.present@s<G",
	  "open may W=102" },
	{ "check present, ending", "after", ENDING " P=check.present@s<E",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "check present, ended: ending", "after", ENDED " P=check.present@s<C",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "check present, did not know: withholds proof", "after",
	  ENDED " P=check.present@s2<G",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "... until a later check knows it", "after",
	  ENDED " P=check.present@s2<G D=check.absent@s<P",
	  "ended may ends:E W=102 by=revoked end=E proof=D" },
	/* check unknown */
	{ "check unknown, ending", "after", ENDING " C=check.unknown@s<E",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "check unknown, ended", "after", ENDED " D=check.unknown@s<C",
	  "ended may ends:E W=102 by=revoked end=E proof=C" },
	/* attested */
	{ "attested by one", "after", ENDING " C=check.absent.att@b<E",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "attested by two", "after",
	  ENDING " C=check.absent.att@b<E D=check.absent.att@c<E",
	  "ended may att ends:E W=102 by=revoked end=E proof=D" },
	{ "attested by one person twice", "after",
	  ENDING " C=check.absent.att@b<E D=check.absent.att@b2<E",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "attested by a user of it", "after",
	  ENDING " C=check.absent.att@b<E D=check.absent.att.user@a<E",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "attested by two, and the opener is gone", "after",
	  WAIT " E=revoke@a C=check.absent.att@b<E D=check.absent.att@c<E",
	  "ended may att ends:E by=revoked end=E proof=D" },
	{ "attested, but a check proves it", "after",
	  ENDED " D=check.absent.att@b<E F=check.absent.att@c<E",
	  "ended may ends:E W=102 by=revoked end=E proof=C" },
	/* session, review, drill, note, attach: no effect on state */
	{ "session, any state", "after",
	  ENDED " X=session-start@i<C Y=session-mark@i Z=session-end@i",
	  "ended may ends:E W=102 by=revoked end=E proof=C" },
	{ "review, waiting", "after", WAIT " V=review@b", "waiting may no:V" },
	{ "review, open", "after", OPEN " V=review@b<G",
	  "open may no:V W=102" },
	{ "review, ending", "after", ENDING " V=review@b<E",
	  "ending may no:V ends:E W=102 by=revoked end=E" },
	{ "review, ended", "after", ENDED " V=review@b<C",
	  "ended may ends:E W=102 by=revoked end=E proof=C" },
	{ "review of what was ended, then withdrawn", "after",
	  ENDED " V=review@b<C H=grant.done@i",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "drill note attach notify ticket settle redact share", "after",
	  ENDED " A=drill@i<C B=note@b<C D=attach@a<C F=notify@s H=ticket@s "
		"I=settle@o<C J=redact@o K=share@k<R",
	  "ended may ends:E W=102 by=revoked end=E proof=C S=1" },
	/* doubt */
	{ "doubtful approve does not count", "before",
	  WAIT " A=approve.doubt@b", "waiting" },
	{ "doubtful solo does not count", "solo", WAIT " X=solo.doubt@a",
	  "waiting" },
	{ "doubtful extend does not count", "after",
	  OPEN " X=extend.u150.doubt@a<G", "open may W=102" },
	{ "doubtful grant counts", "after", WAIT " G=grant.done.doubt@i<R",
	  "open may W=102" },
	{ "doubtful ends count", "after",
	  OPEN " D=deny.doubt@o<G E=revoke.doubt@a<G F=expire.doubt@s<G",
	  "ending may ends:D,E,F W=102 by=revoked end=D" },
	{ "doubtful check is no proof", "after",
	  ENDING " C=check.absent.doubt@s<E",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "doubtful present check does not count", "after",
	  ENDED " P=check.present.doubt@s2<G",
	  "ended may ends:E W=102 by=revoked end=E proof=C" },
	{ "a review stays allowed when doubt comes to its proof", "after",
	  ENDING " C=check.absent.doubt@s<E V=review@b<C",
	  "ending may ends:E W=102 by=revoked end=E" },
	{ "a revoke stays allowed when doubt comes to its reason", "after",
	  ENDED " P=check.present.doubt@s2<C X=revoke@o<P",
	  "ended may ends:E,X W=102 by=revoked end=E proof=C" },
	{ "wrong does not count", "before",
	  WAIT " A=approve.wrong@b G=grant.done.wrong@i E=revoke.wrong@a",
	  "waiting" },
	{ "a wrong activation never opens", "after", "R=activate.wrong@a",
	  "waiting" },
	{ "... but access that was given is seen", "after",
	  "R=activate.wrong@a G=grant.done@i<R", "open W=102" },
	/* values */
	{ "quorum of two people", "two", WAIT " A=approve@b B=approve@c",
	  "waiting may Q=2" },
	{ "one person on two logs", "two", WAIT " A=approve@b B=approve@b2",
	  "waiting Q=1" },
	{ "a user does not approve", "before", WAIT " A=approve.user@b",
	  "waiting" },
	{ "solo asked at activation", "solo", "R=activate.solo@a",
	  "waiting may" },
	{ "solo asked, not allowed", "before", "R=activate.solo@a", "waiting" },
	{ "escrow, no custodian", "escrow", WAIT, "waiting" },
	{ "escrow, one custodian twice", "escrow",
	  WAIT " A=share@k<R B=share@k2<R", "waiting S=1" },
	{ "escrow, two custodians", "escrow", WAIT " A=share@k<R B=share@l<R",
	  "waiting may S=2" },
	{ "window from the first grant by time, not by order", "after",
	  WAIT " G=grant.done.t9@i<R H=grant.done.t5@j<R", "open may W=105" },
	{ "never longer than max", "after",
	  "R=activate.d300@a G=grant.done@i<R", "open may W=182" },
	{ "the earliest end by time, digest decides", "after",
	  OPEN " E=revoke.t9@a<G F=expire.t7@s<G",
	  "ending may ends:E,F W=102 by=revoked end=F" },
	{ "first proof by time", "after",
	  ENDING " C=check.absent.t9@s<E D=check.absent.t8@t<E",
	  "ended may ends:E W=102 by=revoked end=E proof=D" },
	{ "denied only when nothing opened", "after",
	  OPEN " D=deny@o<G E=revoke@a<G",
	  "ending may ends:D,E W=102 by=revoked end=D" },
	/* declare */
	{ "declare starts in ending", "after", "R=declare.s0.u40@a",
	  "ending may ends:R W=40 by=expired end=R" },
	{ "declare, a check that knows it", "after",
	  "R=declare.s0.u40@a C=check.absent@s<R",
	  "ended may ends:R W=40 by=expired end=R proof=C" },
	{ "declare, reviewed while ending", "after",
	  "R=declare.s0.u40@a V=review@b<R",
	  "ending may no:V ends:R W=40 by=expired end=R" },
	/* equal places and circles of claims */
	{ "two events with one sequence number", "after",
	  WAIT " G=grant.done@i<R", "open may W=102" },
};

static void fold_text(char *out, size_t size, const struct history *h,
		      const char *rules)
{
	struct bg_fold_rules r = rules_of(rules);
	BG_AUTO(fold) struct bg_fold f = { 0 };
	struct bg_error err;

	assert_int_equal(bg_fold(&f, h->ev, h->n, &r, &err), 0);
	describe(out, size, h, &f);
}

static void test_table(void **state)
{
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct history h;
		char got[512];

		history_make(&h, table[i].events);
		fold_text(got, sizeof(got), &h, table[i].rules);
		if (strcmp(got, table[i].want)) {
			print_error("%s\n  %s\n  want %s\n  got  %s\n",
				    table[i].what, table[i].events,
				    table[i].want, got);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

/* The same events in any order: the same answer. */
static void test_order(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct history h;
		char want[512], got[512];

		history_make(&h, table[i].events);
		fold_text(want, sizeof(want), &h, table[i].rules);
		for (int round = 0; round < 5; round++) {
			struct history m = h;
			char keep[8];
			struct bg_fold_event e;

			for (size_t k = m.n; k > 1; k--) {
				size_t o = (seed = seed * 1103515245 + 12345) /
					   65536 % k;

				e = m.ev[k - 1];
				m.ev[k - 1] = m.ev[o];
				m.ev[o] = e;
				memcpy(keep, m.name[k - 1], 8);
				memcpy(m.name[k - 1], m.name[o], 8);
				memcpy(m.name[o], keep, 8);
			}
			fold_text(got, sizeof(got), &m, table[i].rules);
			/* Lists are printed in the order of events. */
			if (!strstr(want, ","))
				assert_string_equal(got, want);
		}
	}
}

static void test_views(void **state)
{
	BG_AUTO(fold) struct bg_fold f = { 0 };
	struct bg_fold_rules r = rules_of("after");
	struct bg_error err;
	struct history h;

	(void)state;
	history_make(&h, ENDED " N=note@b<C X=session-start@i V=review@v<C");
	assert_int_equal(bg_fold(&f, h.ev, h.n, &r, &err), 0);
	assert_int_equal(f.view[1].state, BG_WAITING);
	assert_int_equal(f.view[2].state, BG_OPEN);
	assert_int_equal(f.view[2].window_ms, 102000);
	assert_int_equal(f.view[3].state, BG_ENDING);
	assert_int_equal(f.view[5].state, BG_OPEN);
	assert_int_equal(f.view[6].state, BG_ENDED);
	assert_true(bg_fold_knows(&f, 3, 2));
	assert_true(bg_fold_knows(&f, 4, 3)); /* a note has seen */
	assert_false(bg_fold_knows(&f, 2, 3));
	assert_false(bg_fold_knows(&f, 6, 4)); /* nobody asks for notes */
}

static void test_no_root(void **state)
{
	struct bg_fold_rules r = rules_of("after");
	struct bg_fold f = { 0 };
	struct bg_error err;
	struct history h;

	(void)state;
	history_make(&h, "G=grant.done@i");
	assert_int_equal(bg_fold(&f, h.ev, h.n, &r, &err), BG_EFAIL);
	assert_string_equal(err.id, "no-root");
	history_make(&h, "R=activate@a S=activate@b");
	assert_int_equal(bg_fold(&f, h.ev, h.n, &r, &err), BG_EFAIL);
	assert_int_equal(bg_fold(&f, h.ev, 0, &r, &err), BG_EFAIL);
}

/* A log with a broken chain can claim a circle; the fold still ends, and says
 * the same in any order. */
static void test_circle(void **state)
{
	struct bg_fold_rules r = rules_of("after");
	struct bg_error err;
	struct history h;

	(void)state;
	history_make(&h, OPEN " E=revoke@a<G X=note@m<E Y=note@n C=check@m");
	h.ev[4].answers = h.ev[3].answers; /* Y answers C answers (own) X */
	h.answers[3][1] = h.ev[4].id;      /* X answers Y */
	h.answers[4][1] = h.ev[5].id;      /* Y answers C */
	h.ev[4].answers = h.answers[4];
	h.ev[4].n_answers = 2;
	for (int i = 0; i < 2; i++) {
		BG_AUTO(fold) struct bg_fold f = { 0 };
		struct bg_fold_event e = h.ev[5];

		assert_int_equal(bg_fold(&f, h.ev, h.n, &r, &err), 0);
		assert_int_equal(f.state, BG_ENDING);
		h.ev[5] = h.ev[0];
		h.ev[0] = e;
	}
}

/* Absurd numbers do not overflow. */
static void test_overflow(void **state)
{
	struct bg_fold_rules r = { .extend_max = INT64_MAX,
				   .max = INT64_MAX,
				   .extensions = 4000000000U };
	BG_AUTO(fold) struct bg_fold f = { 0 };
	struct bg_error err;
	struct history h;

	(void)state;
	history_make(&h, OPEN " X=extend@a<G");
	h.ev[0].until_ms = INT64_MAX;
	h.ev[2].until_ms = INT64_MAX;
	assert_int_equal(bg_fold(&f, h.ev, h.n, &r, &err), 0);
	assert_true(f.window_ms == INT64_MAX);
}

/* A thousand notes are cheap; 5,000 events of all kinds are possible. */
static void test_many(void **state)
{
	enum { N = 5000 };
	struct bg_fold_event *ev = calloc(N, sizeof(*ev));
	struct bg_digest(*answers)[2] = calloc(N, sizeof(*answers));
	struct bg_fold_rules r = rules_of("after");
	BG_AUTO(fold) struct bg_fold f = { 0 };
	struct bg_error err;

	(void)state;
	assert_non_null(ev);
	assert_non_null(answers);
	for (size_t i = 0; i < N; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%zu", i);
		ev[i].id = id_of(name);
		ev[i].log = (uint32_t)(i % 8);
		ev[i].seq = i / 8 + 1;
		ev[i].at_ms = (int64_t)i;
		ev[i].human = "h";
		ev[i].type = i == 0     ? BG_EV_ACTIVATE
			     : i == 1   ? BG_EV_GRANT
			     : i % 3    ? BG_EV_CHECK
			     : i > 4000 ? BG_EV_REVOKE
					: BG_EV_SESSION_START;
		ev[i].access = i % 2 ? BG_ACC_PRESENT : BG_ACC_ABSENT;
		ev[i].until_ms = 1000;
		ev[i].answers = answers[i];
		ev[i].n_answers = i ? 2 : 0;
		if (i) {
			answers[i][0] = ev[0].id;
			answers[i][1] = ev[i - 1].id;
		}
	}
	assert_int_equal(bg_fold(&f, ev, N, &r, &err), 0);
	assert_int_equal(f.state, BG_ENDING);
	free(ev);
	free(answers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),  cmocka_unit_test(test_order),
		cmocka_unit_test(test_views),  cmocka_unit_test(test_no_root),
		cmocka_unit_test(test_circle), cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
