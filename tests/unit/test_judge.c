/* The judge: every row of the event table, allowed and forbidden. */
#include "unit/unit.h"
#include "support/scene.h"

#define WAITING "R=activate@alice"
#define OPEN WAITING " G=grant@alice!<R"
#define ENDING OPEN " E=revoke@alice<G"
#define ENDED ENDING " C=check@sweep<E"

/* One event X after a beginning; it has seen everything.  want: the finding
 * that makes it not count, or NULL. */
struct row {
	const char *what, *before, *type, *log, *data, *want;
};
static const struct row rows[] = {
	/* approve */
	{ "approve by the role", OPEN, "approve", "carol", NULL, NULL },
	{ "approve without role", OPEN, "approve", "rita", NULL,
	  "role-not-held" },
	{ "approve of the own use", OPEN, "approve", "alice-adm", NULL,
	  "not-distinct" },
	{ "approve by a service that the user owns", OPEN, "approve",
	  "alicebot", NULL, "not-distinct" },
	{ "approve on an installation", OPEN, "approve", "carol!", NULL,
	  "role-not-held" },
	{ "approve by a vendor", OPEN, "approve", "vend", NULL,
	  "role-not-held" },
	{ "approve twice, by one human", OPEN " A=approve@carol<G", "approve",
	  "carol-adm", NULL, "duplicate-event" },
	/* deny */
	{ "deny by an approver", OPEN, "deny", "dave", NULL, NULL },
	{ "deny by who may revoke", OPEN, "deny", "sue", NULL, NULL },
	{ "deny by the user", OPEN, "deny", "alice-adm", NULL, "not-distinct" },
	{ "deny by anybody", OPEN, "deny", "rita", NULL, "role-not-held" },
	/* grant */
	{ "grant by the opener", WAITING, "grant", "alice!", NULL, NULL },
	{ "grant by another installation of hers", WAITING, "grant", "alice!2",
	  NULL, "foreign-fact" },
	{ "grant by somebody else's installation", WAITING, "grant", "bob!",
	  NULL, "foreign-fact" },
	{ "grant by a runner that did not open it", WAITING, "grant", "ops1",
	  NULL, "foreign-fact" },
	{ "grant by another person", WAITING, "grant", "bob", NULL,
	  "role-not-held" },
	/* extend */
	{ "extend by the activator", OPEN, "extend", "alice", NULL, NULL },
	{ "extend by somebody else", OPEN, "extend", "bob", NULL,
	  "role-not-held" },
	{ "extend on the installation", OPEN, "extend", "alice!", NULL,
	  "role-not-held" },
	{ "extend after the end", ENDING, "extend", "alice", NULL,
	  "event-not-allowed" },
	/* revoke */
	{ "revoke by the user", OPEN, "revoke", "alice", NULL, NULL },
	{ "revoke by an approver", OPEN, "revoke", "carol", NULL, NULL },
	{ "revoke by who may", OPEN, "revoke", "sue", NULL, NULL },
	{ "revoke by the policy's owner", OPEN, "revoke", "dana", NULL, NULL },
	{ "revoke by root", OPEN, "revoke", "ana", NULL, NULL },
	{ "revoke by anybody", OPEN, "revoke", "rita", NULL, "role-not-held" },
	{ "handback by the user's installation", OPEN, "revoke", "alice!2",
	  NULL, NULL },
	{ "order by the user's other installation", OPEN, "revoke", "alice!2",
	  "{'kind':'ordered'}", "foreign-fact" },
	{ "handback by somebody's installation", OPEN, "revoke", "carol!", NULL,
	  "foreign-fact" },
	{ "collateral by a member's installation", OPEN, "revoke", "bob!",
	  "{'kind':'collateral'}", NULL },
	{ "collateral by anybody's installation", OPEN, "revoke", "rita!",
	  "{'kind':'collateral'}", "foreign-fact" },
	{ "revoke after the proof", ENDED, "revoke", "sue", NULL,
	  "event-not-allowed" },
	/* expire */
	{ "expire by a sweeper", OPEN, "expire", "sweep", NULL, NULL },
	{ "expire by the sweeper's installation", OPEN, "expire", "sweep!",
	  NULL, NULL },
	{ "expire by the activator's machine", OPEN, "expire", "alice!", NULL,
	  NULL },
	{ "expire by somebody's machine", OPEN, "expire", "carol!", NULL,
	  "foreign-fact" },
	{ "expire by a person", OPEN, "expire", "carol", NULL,
	  "role-not-held" },
	{ "expire by a person who sweeps, on a machine of theirs", OPEN,
	  "expire", "mal!", NULL, "foreign-fact" },
	/* check */
	{ "check by a sweeper", ENDING, "check", "sweep", NULL, NULL },
	{ "check by the opener", ENDING, "check", "alice!", NULL, NULL },
	{ "check by who may revoke", ENDING, "check", "sue", NULL, NULL },
	{ "check by their installation", ENDING, "check", "sue!", NULL,
	  "foreign-fact" },
	{ "check by a sweeping person's installation", ENDING, "check", "mal!",
	  NULL, "foreign-fact" },
	{ "check by a runner of others", ENDING, "check", "ops2", NULL,
	  "foreign-fact" },
	{ "check by anybody", ENDING, "check", "rita", NULL, "role-not-held" },
	/* sessions */
	{ "session on the user's installation", OPEN, "session-start",
	  "alice!2", NULL, NULL },
	{ "session on somebody's", OPEN, "session-start", "bob!", NULL,
	  "foreign-fact" },
	{ "mark on the log of the start", OPEN " S=session-start@alice!<G",
	  "session-mark", "alice!", NULL, NULL },
	{ "mark on another log", OPEN " S=session-start@alice!<G",
	  "session-mark", "alice!2", NULL, "foreign-fact" },
	{ "end on another log", OPEN " S=session-start@alice!<G", "session-end",
	  "alice!2", NULL, "foreign-fact" },
	{ "end recovered by a sweeper", OPEN " S=session-start@alice!<G",
	  "session-end", "sweep", "{'recovered':true}", NULL },
	{ "end by a sweeper, not recovered", OPEN, "session-end", "sweep", NULL,
	  "role-not-held" },
	/* note, attach */
	{ "note by the user", OPEN, "note", "alice", NULL, NULL },
	{ "note by a reviewer", OPEN, "note", "rita", NULL, NULL },
	{ "note by an installation", OPEN, "note", "alice!", NULL,
	  "role-not-held" },
	{ "note by anybody", OPEN, "note", "kay", NULL, "role-not-held" },
	{ "attach by the identity's owner", OPEN, "attach", "omar", NULL,
	  NULL },
	{ "attach by anybody", OPEN, "attach", "kay", NULL, "role-not-held" },
	/* notify, ticket */
	{ "notify by a sweeper", OPEN, "notify", "sweep", NULL, NULL },
	{ "notify by the user's machine", OPEN, "notify", "alice!", NULL,
	  NULL },
	{ "notify by somebody's machine", OPEN, "notify", "bob!", NULL,
	  "foreign-fact" },
	{ "told by the policy's owner", OPEN, "notify", "dana",
	  "{'status':'told'}", NULL },
	{ "ticket by the user", OPEN, "ticket", "alice", NULL, NULL },
	{ "ticket by anybody", OPEN, "ticket", "kay", NULL, "role-not-held" },
	/* review */
	{ "review by the role", ENDED, "review", "rita", NULL, NULL },
	{ "review by anybody", ENDED, "review", "bob", NULL, "role-not-held" },
	{ "review of the own use, as another principal", ENDED, "review",
	  "alice-adm", NULL, "not-distinct" },
	{ "review by who approved",
	  OPEN " A=approve@carol<G E=revoke@alice<A "
	       "C=check@sweep<E",
	  "review", "carol", NULL, "not-distinct" },
	{ "approve by who reviewed", ENDED " V=review@carol<C", "approve",
	  "carol-adm", NULL, "not-distinct" },
	{ "review before the end is proven", ENDING, "review", "rita", NULL,
	  "event-not-allowed" },
	{ "review by root while the role has people", ENDED, "review", "ana",
	  NULL, "role-not-held" },
	/* share, drill, redact */
	{ "share of an identity without custodians", WAITING, "share", "kim",
	  NULL, "role-not-held" },
	{ "drill by the opener", ENDING, "drill", "alice!", NULL, NULL },
	{ "drill by anybody", ENDING, "drill", "bob", NULL, "role-not-held" },
	{ "erasure by the role, after the end", ENDED, "redact", "sue", NULL,
	  NULL },
	{ "erasure before", ENDING, "redact", "sue", NULL,
	  "event-not-allowed" },
	{ "erasure by anybody", ENDED, "redact", "bob", NULL, "role-not-held" },
	{ "retention by a sweeper", ENDED, "redact", "sweep",
	  "{'kind':'retention'}", NULL },
	{ "retention by the sweeper's installation", ENDED, "redact", "sweep!",
	  "{'kind':'retention'}", NULL },
	{ "erasure by an installation", ENDED, "redact", "sue!", NULL,
	  "role-not-held" },
	{ "note by a sweeper's installation", OPEN, "note", "sweep!", NULL,
	  "role-not-held" },
	{ "retention by the redactor", ENDED, "redact", "sue",
	  "{'kind':'retention'}", "role-not-held" },
	/* settle */
	{ "ticket settled by the user", ENDED, "settle", "alice",
	  "{'duty':'ticket'}", NULL },
	{ "ticket settled by anybody", ENDED, "settle", "rita",
	  "{'duty':'ticket'}", "role-not-held" },
	{ "told, by the policy's owner", ENDED, "settle", "dana",
	  "{'duty':'told chan'}", NULL },
	{ "told, by the user", ENDED, "settle", "alice", "{'duty':'told'}",
	  "not-distinct" },
	{ "rotated, by the identity's owner", ENDED, "settle", "omar",
	  "{'duty':'rotated'}", NULL },
	{ "rotated, by the user", ENDED, "settle", "alice",
	  "{'duty':'rotated'}", "not-distinct" },
	{ "claim without a host's signature", ENDED, "settle", "alice",
	  "{'duty':'claim'}", "role-not-held" },
	{ "approve waived by the policy's owner", ENDED, "settle", "dana",
	  "{'duty':'approve','kind':'waived'}", NULL },
	{ "approve waived by root", ENDED, "settle", "ana",
	  "{'duty':'approve','kind':'waived'}", NULL },
	{ "approve waived by anybody", ENDED, "settle", "rita",
	  "{'duty':'approve','kind':'waived'}", "role-not-held" },
	{ "review waived", ENDED, "settle", "dana",
	  "{'duty':'review','kind':'waived'}", "event-not-allowed" },
	{ "check waived", ENDING, "settle", "dana",
	  "{'duty':'check','kind':'waived'}", "event-not-allowed" },
	{ "review settled by word", ENDED, "settle", "dana",
	  "{'duty':'review'}", "event-not-allowed" },
	{ "settled by an installation", ENDED, "settle", "dana!",
	  "{'duty':'told'}", "role-not-held" },
	/* what is no event of a grant, and who is nobody */
	{ "reconcile", OPEN, "reconcile", "rick", NULL, "bad-answers" },
	{ "by nobody", OPEN, "note", "eve", NULL, "role-not-held" },
	{ "refuse by anybody", OPEN, "refuse", "kay", NULL, NULL },
};

static void check_row(const struct row *r, int *bad)
{
	struct scene s;
	struct bg_grant *g;
	const struct bg_event *x;

	scene_make(&s);
	scene_play(&s, r->before);
	scene_event(&s, "X", r->type, r->log, "*", r->data);
	g = scene_judge(&s);
	x = scene_find(&s, "X");
	if (x->wrong != (r->want != NULL) ||
	    (r->want && !scene_found(g, &s, r->want, "X"))) {
		print_error("%s: want %s, wrong %d\n", r->what,
			    r->want ? r->want : "nothing", x->wrong);
		for (size_t i = 0; i < g->findings.list.n; i++)
			print_error("  %s: %s\n", g->findings.list.v[i].id,
				    g->findings.list.v[i].text);
		++*bad;
	}
	bg_grant_free(g);
	scene_release(&s);
}

static void test_rows(void **state)
{
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check_row(&rows[i], &bad);
	assert_int_equal(bad, 0);
}

/* --- roots --------------------------------------------------------------------- */

struct root_row {
	const char *what, *type, *log, *data, *for_, *want;
};
static const struct root_row roots[] = {
	{ "activate by the role", "activate", "alice", NULL, NULL, NULL },
	{ "activate by anybody", "activate", "rita", NULL, NULL,
	  "role-not-held" },
	{ "activate by an installation", "activate", "alice!", NULL, NULL,
	  "role-not-held" },
	{ "activate by a service's installation", "activate", "alicebot!", NULL,
	  NULL, "role-not-held" },
	{ "activate by a vendor in self mode", "activate", "vend",
	  "{'opener':'vend!'}", NULL, "role-not-held" },
	{ "activate by a vendor through a runner", "activate", "vend",
	  "{'opener':'ops1'}", NULL, NULL },
	{ "activate by an agent through a runner", "activate", "robo",
	  "{'opener':'ops1'}", NULL, NULL },
	{ "an unknown policy", "activate", "alice",
	  "{'policy':{'name':'none'}}", NULL, "policy-missing" },
	{ "another policy of that name", "activate", "alice",
	  "{'policy':{'name':'after','sha256':'sha256:"
	  "0000000000000000000000000000000000000000000000000000000000000000'}}",
	  NULL, "policy-mismatch" },
	{ "a scope that the policy has not", "activate", "alice",
	  "{'scope':'moon'}", NULL, "policy-mismatch" },
	{ "host-signed", "activate", "ops1", NULL, "alice", NULL },
	{ "host-signed by a host that may not", "activate", "ops2", NULL,
	  "alice", "role-not-held" },
	{ "host-signed for somebody who may not", "activate", "ops1", NULL,
	  "rita", "role-not-held" },
	{ "host-signed and alone", "activate", "ops1", "{'solo':true}", "alice",
	  "host-signed-denied" },
	{ "host-signed on behalf", "activate", "ops1", "{'beneficiary':'vend'}",
	  "alice", "host-signed-denied" },
	{ "host-signed where the policy forbids it", "activate", "ops1",
	  "{'policy':{'name':'before'}}", "alice", "host-signed-denied" },
	{ "declare by a role of the policy", "declare", "rita", NULL, NULL,
	  NULL },
	{ "declare by the policy's owner", "declare", "dana", NULL, NULL,
	  NULL },
	{ "declare by security", "declare", "sue", NULL, NULL, NULL },
	{ "declare by anybody", "declare", "kay", NULL, NULL, "role-not-held" },
	{ "declare by a vendor", "declare", "vend", NULL, NULL,
	  "role-not-held" },
};

static void test_roots(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(roots); i++) {
		const struct root_row *r = &roots[i];
		struct scene s;
		struct bg_event *e;
		struct bg_grant *g;

		scene_make(&s);
		e = scene_event(&s, "R", r->type, r->log, NULL, r->data);
		e->for_ = r->for_;
		g = scene_judge(&s);
		if (e->wrong != (r->want != NULL) ||
		    (r->want && !scene_found(g, &s, r->want, "R")))
			fail_msg("%s: want %s, got %s", r->what,
				 r->want ? r->want : "nothing",
				 g->findings.list.n ? g->findings.list.v[0].id
						    : "nothing");
		/* What does not count never opens. */
		if (e->wrong && !g->declared)
			assert_int_equal(g->fold.may_open, false);
		bg_grant_free(g);
		scene_release(&s);
	}
}

/* A runner opened it: its facts count, those of others do not. */
static void test_runner(void **state)
{
	struct scene s;
	struct bg_grant *g;

	(void)state;
	scene_make(&s);
	scene_event(&s, "R", "activate", "alice", NULL, "{'opener':'ops1'}");
	scene_play(&s, "G=grant@ops1<R S=session-start@alice!<G "
		       "H=grant@ops2<R I=grant@alice!<R J=grant@alice<R "
		       "E=revoke@alice<G C=check@ops1<E D=check@ops2<E "
		       "N=notify@ops1<R");
	g = scene_judge(&s);
	for (const char *p = "GSECN"; *p; p++)
		assert_false(scene_find(&s, (char[]){ *p, 0 })->wrong);
	assert_true(scene_found(g, &s, "foreign-fact", "H"));
	assert_true(scene_found(g, &s, "foreign-fact", "I"));
	assert_true(scene_found(g, &s, "role-not-held", "J"));
	assert_true(scene_found(g, &s, "foreign-fact", "D"));
	assert_int_equal(g->state, BG_ENDED);
	bg_grant_free(g);
	scene_release(&s);
}

/* A suspended person asks nothing but the end; after the last day nobody
 * asks. */
static void test_suspended(void **state)
{
	static const char *const suspend[] = {
		"  auditor: [rick]\n",
		"  auditor: [rick]\nsuspended: [{name: carol, by: ana}]\n", NULL
	};
	struct scene s;
	struct bg_grant *g;

	(void)state;
	scene_make(&s);
	scene_play(&s, OPEN " A=approve@carol<G B=note@dave<A");
	scene_trust(&s, suspend);
	scene_play(&s, "D=approve@carol<B E=revoke@carol<D");
	g = scene_judge(&s);
	/* dave had seen the first under the older version. */
	assert_false(scene_find(&s, "A")->doubtful);
	assert_true(scene_found(g, &s, "suspended", "D"));
	assert_false(scene_find(&s, "E")->wrong);
	assert_true(scene_find(&s, "E")->doubtful);
	assert_int_equal(g->state, BG_ENDING);
	bg_grant_free(g);
	scene_release(&s);

	/* Naming an old version does not help. */
	scene_make(&s);
	scene_play(&s, OPEN);
	scene_trust(&s, suspend);
	s.version = 1;
	scene_play(&s, "D=approve@carol<G");
	g = scene_judge(&s);
	assert_true(scene_found(g, &s, "authority-withdrawn", "D"));
	assert_int_equal(g->fold.approvals, 0);
	bg_grant_free(g);
	scene_release(&s);

	scene_make(&s);
	scene_event(&s, "R", "activate", "vend", NULL, "{'opener':'ops1'}");
	s.now_ms += INT64_C(60) * 24 * 3600 * 1000;
	scene_play(&s, "G=grant@ops1<R X=extend@vend<G E=revoke@vend<G");
	g = scene_judge(&s);
	assert_true(scene_found(g, &s, "contract-ended", "X"));
	assert_false(scene_find(&s, "E")->wrong);
	bg_grant_free(g);
	scene_release(&s);
}

/* Retirement by sequence and digest; compromise; a fork. */
static void test_doubt(void **state)
{
	char text[400], digest[BG_DIGEST_TEXT + 1];
	const char *change[] = { "  auditor: [rick]\n", text, NULL };
	struct scene s;
	struct bg_grant *g;

	(void)state;
	scene_make(&s);
	scene_play(&s, OPEN " A=approve@carol<G B=note@carol<A "
			    "C=approve@carol-adm<R");
	bg_digest_format(digest, &scene_find(&s, "A")->digest);
	snprintf(text, sizeof(text),
		 "  auditor: [rick]\nretired:\n  - {name: carol, at: "
		 "2026-11-23T04:00:00Z, logs: [{writer: "
		 "carol.lap-0123456789ab, seq: 2, digest: '%s'}]}\n"
		 "  - {name: carol-adm, at: 2026-11-23T04:00:00Z, logs: []}\n",
		 digest);
	scene_trust(&s, change);
	g = scene_judge(&s);
	assert_false(scene_find(&s, "A")->doubtful);
	assert_true(scene_found(g, &s, "principal-retired", "B"));
	assert_true(scene_found(g, &s, "principal-retired", "C"));
	assert_int_equal(g->fold.approvals, 1);
	bg_grant_free(g);
	scene_release(&s);

	scene_make(&s);
	scene_play(&s, ENDED);
	scene_writer(&s, "sweep")->forked_seq = scene_find(&s, "C")->seq;
	g = scene_judge(&s);
	assert_true(scene_found(g, &s, "forked-log", "C"));
	assert_int_equal(g->state, BG_ENDING);
	bg_grant_free(g);
	scene_release(&s);

	/* Its version is not here: it waits, and is not wrong. */
	scene_make(&s);
	scene_play(&s, ENDED);
	scene_find(&s, "C")->trust_version = 9;
	g = scene_judge(&s);
	assert_true(scene_found(g, &s, "trust-missing", "C"));
	assert_false(scene_find(&s, "C")->wrong);
	assert_int_equal(g->state, BG_ENDING);
	bg_grant_free(g);
	scene_release(&s);
}

/* Ends: the union of the pinned policy's roles and those of today's. */
static void test_solo(void **state)
{
	struct scene s;
	struct bg_grant *g;

	(void)state;
	scene_make(&s);
	scene_event(&s, "R", "activate", "alice", NULL,
		    "{'policy':{'name':'before'},'solo':true}");
	scene_event(&s, "X", "solo", "alice", "R",
		    "{'since':'2026-11-23T03:00:00.000Z'}");
	g = scene_judge(&s);
	assert_true(scene_found(g, &s, "event-not-allowed", "X"));
	assert_false(g->fold.may_open);
	bg_grant_free(g);
	s.now_ms += 600000;
	scene_event(&s, "Y", "solo", "alice", "X",
		    "{'since':'2026-11-23T03:00:00.000Z'}");
	scene_event(&s, "Z", "solo", "bob", "X", NULL);
	g = scene_judge(&s);
	assert_false(scene_find(&s, "Y")->wrong);
	assert_true(scene_found(g, &s, "role-not-held", "Z"));
	assert_true(g->fold.may_open);
	assert_non_null(scene_duty(g, "told", "carol"));
	assert_true(scene_found(g, &s, "solo", NULL));
	bg_grant_free(g);
	scene_release(&s);

	scene_make(&s);
	scene_event(&s, "R", "activate", "alice", NULL,
		    "{'policy':{'name':'solo'},'solo':true}");
	g = scene_judge(&s);
	assert_true(g->fold.may_open);
	bg_grant_free(g);
	scene_release(&s);
}

static void test_escrow(void **state)
{
	struct scene s;
	struct bg_grant *g;

	(void)state;
	scene_make(&s);
	scene_event(&s, "R", "activate", "alice", NULL, "{'identity':'vault'}");
	scene_play(&s, "A=share@kim<R B=share@alice<R C=share@bob<R");
	g = scene_judge(&s);
	assert_int_equal(g->fold.shares, 1);
	assert_false(g->fold.may_open);
	assert_true(scene_found(g, &s, "not-distinct", "B"));
	assert_true(scene_found(g, &s, "role-not-held", "C"));
	bg_grant_free(g);
	scene_play(&s, "D=share@kay<A G=grant@alice!<D E=revoke@alice<G "
		       "F=check@sweep<E V=review@kim<F");
	g = scene_judge(&s);
	assert_true(g->fold.may_open);
	/* A custodian who shared does not review. */
	assert_true(scene_found(g, &s, "not-distinct", "V"));
	bg_grant_free(g);
	scene_release(&s);
}

/* Root reviews when the role has nobody but the user. */
static void test_root_reviews(void **state)
{
	struct scene s;
	struct bg_grant *g;

	(void)state;
	scene_make(&s);
	scene_event(&s, "R", "activate", "alice", NULL,
		    "{'policy':{'name':'solo'},'solo':true}");
	scene_play(&s, "G=grant@alice!<R E=revoke@alice<G C=check@sweep<E "
		       "V=review@ana<C");
	g = scene_judge(&s);
	assert_false(scene_find(&s, "V")->wrong);
	bg_grant_free(g);
	scene_release(&s);
}

/* The label is made from log, seq and time; answers name the root. */
static void test_label(void **state)
{
	struct scene s;
	struct bg_grant *g;

	(void)state;
	scene_make(&s);
	scene_play(&s, OPEN);
	s.label[17] = s.label[17] == 'a' ? 'b' : 'a';
	g = scene_judge(&s);
	assert_true(scene_found(g, &s, "bad-envelope", "R"));
	bg_grant_free(g);
	scene_release(&s);

	scene_make(&s);
	scene_play(&s, OPEN);
	scene_find(&s, "G")->grant = "BG-20260101-aaaaaa";
	g = scene_judge(&s);
	assert_true(scene_found(g, &s, "bad-answers", "G"));
	bg_grant_free(g);
	scene_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_runner),
		cmocka_unit_test(test_suspended),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_solo),
		cmocka_unit_test(test_escrow),
		cmocka_unit_test(test_root_reviews),
		cmocka_unit_test(test_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
