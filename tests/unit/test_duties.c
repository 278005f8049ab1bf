/* Reviews, duties, rotations, deviations and gaps. */
#include "unit/unit.h"
#include "support/scene.h"
#include "base/clock.h"

#define WAITING "R=activate@alice"
#define OPEN WAITING " G=grant@alice!<R"
#define ENDING OPEN " E=revoke@alice<G"
#define ENDED ENDING " C=check@sweep<E"
#define APPROVED OPEN " A=approve@carol<G E=revoke@alice<A C=check@sweep<E"

/* A review that covers what is material now. */
static void review(struct scene *s, const char *name, const char *log,
		   const char *seen, const char *data)
{
	struct bg_grant *g = scene_judge(s);
	struct bg_event *e = scene_event(s, name, "review", log, seen, data);
	char text[BG_DIGEST_TEXT + 1];
	json_t *covers = json_object();

	bg_digest_format(text, &g->covers);
	json_object_set_new(covers, "digest", json_string(text));
	json_object_set_new(covers, "n",
			    json_integer((json_int_t)g->n_material));
	json_object_set_new(e->data, "covers", covers);
	bg_grant_free(g);
}

static const char *duty_text(const struct bg_grant *g, const char *what,
			     const char *detail)
{
	static const char *const text[] = { "due", "settled", "waived" };
	const struct bg_duty *d = scene_duty(g, what, detail);

	return d ? text[d->state] : "none";
}

static void expect_duty(struct scene *s, const char *what, const char *want)
{
	struct bg_grant *g = scene_judge(s);

	if (strcmp(duty_text(g, what, NULL), want) != 0)
		fail_msg("%s is %s, not %s", what, duty_text(g, what, NULL),
			 want);
	bg_grant_free(g);
}

static void expect_state(struct scene *s, enum bg_state want)
{
	struct bg_grant *g = scene_judge(s);

	if (g->state != want)
		fail_msg("state is %s, not %s", bg_state_text(g->state),
			 bg_state_text(want));
	bg_grant_free(g);
}

static void expect(struct scene *s, const char *id, const char *event,
		   bool want)
{
	struct bg_grant *g = scene_judge(s);

	if (scene_found(g, s, id, event) != want)
		fail_msg("%s: not as expected", id);
	bg_grant_free(g);
}

#define BEGIN(play) \
	struct scene s; \
	(void)state; \
	scene_make(&s); \
	scene_play(&s, play)
#define END scene_release(&s)

/* --- the way to closed ------------------------------------------------------ */

static void test_closed(void **state)
{
	struct bg_grant *g;

	BEGIN(APPROVED);
	expect_state(&s, BG_ENDED);
	expect_duty(&s, "approve", "settled");
	expect_duty(&s, "review", "due");
	expect_duty(&s, "check", "settled");
	expect_duty(&s, "told", "due");
	expect_duty(&s, "ticket", "none");
	expect_duty(&s, "rotate", "none");
	review(&s, "V", "rita", "*", NULL);
	g = scene_judge(&s);
	assert_int_equal(g->state, BG_CLOSED);
	assert_true(g->reviewed);
	assert_string_equal(g->decision, "approved");
	assert_string_equal(g->class_, "emergency");
	assert_int_equal(g->lag_ms, 60000);
	assert_true(bg_digest_eq(&scene_duty(g, "review", NULL)->settled_by,
				 &scene_find(&s, "V")->digest));
	assert_string_equal(scene_duty(g, "review", NULL)->who,
			    "security-review");
	bg_grant_free(g);
	/* Late evidence makes it due again. */
	scene_play(&s, "S=session-start@alice!<G");
	expect_state(&s, BG_ENDED);
	expect_duty(&s, "review", "due");
	expect(&s, "review-outdated", "V", true);
	/* A note does not. */
	review(&s, "W", "rita", "*", NULL);
	scene_play(&s, "N=note@alice<W");
	expect_state(&s, BG_CLOSED);
	END;
}

static void test_proof_withdrawn(void **state)
{
	BEGIN(APPROVED);
	review(&s, "V", "rita", "*", NULL);
	expect_state(&s, BG_CLOSED);
	scene_event(&s, "P", "check", "sweep", "*", "{'access':'present'}");
	expect_state(&s, BG_ENDING);
	scene_play(&s, "D=check@sweep<P");
	review(&s, "W", "rita", "*", NULL);
	expect_state(&s, BG_CLOSED);
	END;
}

static void test_waive(void **state)
{
	BEGIN(ENDED);
	review(&s, "V", "rita", "*", NULL);
	expect_duty(&s, "approve", "due");
	expect_state(&s, BG_ENDED);
	scene_event(&s, "W", "settle", "dana", "*",
		    "{'duty':'approve','kind':'waived'}");
	expect_duty(&s, "approve", "waived");
	expect_state(&s, BG_CLOSED);
	END;
}

/* --- reviews ------------------------------------------------------------------ */

static void test_worst_decision(void **state)
{
	struct bg_grant *g;

	BEGIN(APPROVED);
	review(&s, "V", "rita", "C", NULL);
	review(&s, "W", "rick", "C", "{'decision':'rejected'}");
	g = scene_judge(&s);
	assert_string_equal(g->decision, "rejected");
	assert_true(g->reviewed);
	bg_grant_free(g);
	/* The same reviewer, knowing the first, replaces it. */
	review(&s, "X", "rick", "W", "{'decision':'approved-with-findings'}");
	g = scene_judge(&s);
	assert_string_equal(g->decision, "approved-with-findings");
	bg_grant_free(g);
	/* needs-info settles nothing and replaces nothing. */
	review(&s, "Y", "rick", "X", "{'decision':'needs-info'}");
	g = scene_judge(&s);
	assert_string_equal(g->decision, "approved-with-findings");
	bg_grant_free(g);
	END;
}

static void test_not_covering(void **state)
{
	BEGIN(APPROVED);
	review(&s, "V", "rita", "C",
	       "{'covers':{'n':1,'digest':'sha256:"
	       "0000000000000000000000000000000000000000000000000000000000000000"
	       "'}}");
	/* A count that is not the real one does not cover either. */
	json_object_set_new(json_object_get(scene_find(&s, "V")->data,
					    "covers"),
			    "n", json_integer(1));
	expect(&s, "review-outdated", "V", true);
	expect_state(&s, BG_ENDED);
	END;
}

/* Two reviewers are asked for; misuse is the quorum's word, not one's. */
static void test_quorum_and_misuse(void **state)
{
	struct bg_grant *g;
	struct scene s;

	(void)state;
	scene_make(&s);
	scene_event(&s, "R", "activate", "alice", NULL,
		    "{'policy':{'name':'before'}}");
	scene_play(&s, "A=approve@dave<R G=grant@alice!<A E=revoke@alice<G "
		       "C=check@sweep<E");
	review(&s, "V", "rita", "*", "{'class':'misuse'}");
	g = scene_judge(&s);
	assert_false(g->reviewed);
	assert_false(g->misuse);
	bg_grant_free(g);
	review(&s, "W", "rita", "*", "{'class':'misuse'}");
	g = scene_judge(&s);
	assert_false(g->reviewed); /* one person */
	bg_grant_free(g);
	review(&s, "X", "rick", "*", "{'class':'misuse'}");
	g = scene_judge(&s);
	assert_true(g->reviewed);
	assert_true(g->misuse);
	assert_string_equal(g->class_, "misuse");
	bg_grant_free(g);
	scene_event(&s, "Y", "settle", "ana", "*",
		    "{'duty':'misuse','kind':'waived'}");
	g = scene_judge(&s);
	assert_false(g->misuse);
	bg_grant_free(g);
	END;
}

static void test_actions(void **state)
{
	struct bg_grant *g;

	BEGIN(APPROVED);
	review(&s, "V", "rita", "*",
	       "{'corrective':[{'text':'fix it','owner':'bob','due':"
	       "'2026-12-01T00:00:00.000Z'},{'text':'test it','owner':'dana',"
	       "'due':'2026-12-02T00:00:00.000Z'}]}");
	scene_event(&s, "X", "settle", "bob", "*", "{'duty':'action 1'}");
	scene_event(&s, "Y", "settle", "rick", "*", "{'duty':'action 2'}");
	g = scene_judge(&s);
	assert_string_equal(duty_text(g, "action", "1: fix it"), "settled");
	assert_string_equal(duty_text(g, "action", "2: test it"), "due");
	assert_true(scene_found(g, &s, "role-not-held", "Y"));
	assert_int_equal(g->state, BG_CLOSED);
	bg_grant_free(g);
	END;
}

/* --- other duties --------------------------------------------------------------- */

static void test_told(void **state)
{
	BEGIN(OPEN " N=notify@alice!<G");
	expect_duty(&s, "told", "due");
	expect(&s, "self-told", "N", true);
	/* A delivery id is the other side's word. */
	scene_event(&s, "O", "notify", "alice!", "N", "{'remote_id':'m1'}");
	expect_duty(&s, "told", "settled");
	expect(&s, "self-told", "N", false);
	END;

	scene_make(&s);
	scene_play(&s, OPEN " N=notify@sweep<G");
	expect_duty(&s, "told", "settled");
	END;

	scene_make(&s);
	scene_play(&s, OPEN);
	scene_event(&s, "N", "notify", "sweep", "*", "{'status':'failed'}");
	expect_duty(&s, "told", "due");
	scene_event(&s, "O", "settle", "dana", "*", "{'duty':'told chan'}");
	expect_duty(&s, "told", "settled");
	END;
}

static void test_ticket(void **state)
{
	struct scene s;

	(void)state;
	scene_make(&s);
	scene_event(&s, "R", "activate", "alice", NULL, "{'ticket':null}");
	expect_duty(&s, "ticket", "due");
	scene_play(&s, "T=ticket@alice<R");
	expect_duty(&s, "ticket", "settled");
	END;

	/* A wrong ticket is a debt. */
	scene_make(&s);
	scene_event(&s, "R", "activate", "alice", NULL, "{'ticket':'42'}");
	expect_duty(&s, "ticket", "due");
	END;
}

static void test_claim(void **state)
{
	struct scene s;
	struct bg_event *e;

	(void)state;
	scene_make(&s);
	e = scene_event(&s, "R", "activate", "ops1", NULL, "{'opener':'ops1'}");
	e->for_ = "alice";
	scene_play(&s, "G=grant@ops1<R E=revoke@alice<G C=check@sweep<E "
		       "A=approve@carol<C");
	review(&s, "V", "rita", "*", NULL);
	expect_duty(&s, "claim", "due");
	expect_state(&s, BG_ENDED);
	expect(&s, "host-signed", "R", true);
	scene_event(&s, "X", "settle", "bob", "*", "{'duty':'claim'}");
	expect_duty(&s, "claim", "due");
	scene_event(&s, "Y", "settle", "alice", "*", "{'duty':'claim'}");
	expect_duty(&s, "claim", "settled");
	expect_state(&s, BG_CLOSED);
	/* The host's owner is a user too. */
	scene_play(&s, "Z=approve@omar<Y");
	expect(&s, "not-distinct", "Z", true);
	END;
}

/* The user's own check proves, and is a gap until somebody else's. */
static void test_self_checked(void **state)
{
	struct bg_grant *g;

	BEGIN(ENDING " C=check@alice!<E");
	g = scene_judge(&s);
	assert_int_equal(g->state, BG_ENDED);
	assert_true(scene_found(g, &s, "self-checked", NULL));
	assert_string_equal(duty_text(g, "check", "independent"), "due");
	bg_grant_free(g);
	scene_play(&s, "D=check@sweep<C");
	expect(&s, "self-checked", NULL, false);
	expect_duty(&s, "check", "settled");
	END;
}

static void test_late(void **state)
{
	BEGIN(OPEN);
	s.now_ms += INT64_C(3600) * 1000;
	scene_play(&s, "A=approve@carol<G");
	expect(&s, "late-duty", NULL, true);
	expect(&s, "missing-approval", NULL, true);
	END;

	scene_make(&s);
	scene_play(&s, ENDED);
	expect(&s, "missing-approval", NULL, false);
	s.now_ms += INT64_C(3600) * 1000;
	scene_play(&s, "N=note@alice<C");
	expect(&s, "missing-approval", NULL, true);
	END;
}

/* What never opened owes nothing. */
static void test_void(void **state)
{
	struct bg_grant *g;
	struct scene s;

	(void)state;
	scene_make(&s);
	scene_event(&s, "R", "activate", "alice", NULL,
		    "{'policy':{'name':'before'}}");
	expect_duty(&s, "approve", "due");
	scene_play(&s, "D=deny@carol<R");
	g = scene_judge(&s);
	assert_int_equal(g->state, BG_CLOSED);
	assert_string_equal(g->fold.outcome, "denied");
	assert_int_equal(g->duties.n, 0);
	bg_grant_free(g);
	END;
}

/* --- rotation ------------------------------------------------------------------- */

static void test_rotate(void **state)
{
	struct bg_grant *g;

	BEGIN(WAITING);
	scene_event(&s, "G", "grant", "alice!", "R", "{'exposed':true}");
	scene_play(&s, "A=approve@carol<G E=revoke@alice<A C=check@sweep<E");
	review(&s, "V", "rita", "*", NULL);
	expect_duty(&s, "rotate", "due");
	expect_state(&s, BG_ENDED);
	/* By a user of it, by hand: no. */
	scene_event(&s, "X", "rotate", "alice-adm", "C", NULL);
	expect_duty(&s, "rotate", "due");
	/* By the owner, who has not seen the exposure: no. */
	scene_event(&s, "Y", "rotate", "omar", "R", NULL);
	expect_duty(&s, "rotate", "due");
	/* By somebody without the role. */
	scene_event(&s, "W", "rotate", "rita", "C", NULL);
	expect_duty(&s, "rotate", "due");
	scene_event(&s, "Z", "rotate", "rob", "C", NULL);
	g = scene_judge(&s);
	assert_string_equal(duty_text(g, "rotate", NULL), "settled");
	assert_true(bg_digest_eq(&scene_duty(g, "rotate", NULL)->settled_by,
				 &scene_find(&s, "Z")->digest));
	assert_int_equal(g->state, BG_CLOSED);
	assert_true(g->exposed);
	bg_grant_free(g);
	/* An exposure that it did not see. */
	scene_event(&s, "H", "grant", "alice!", "R", "{'exposed':true}");
	expect_duty(&s, "rotate", "due");
	END;
}

/* Access that only a new secret takes back: proof comes after the rotation. */
static void test_irrevocable(void **state)
{
	BEGIN(WAITING);
	scene_event(&s, "G", "grant", "alice!", "R",
		    "{'exposed':true,'revocable':false}");
	scene_play(&s, "E=revoke@alice<G C=check@sweep<E");
	expect_state(&s, BG_ENDING);
	scene_event(&s, "Z", "rotate", "rob", "C", NULL);
	expect_state(&s, BG_ENDING);
	scene_play(&s, "D=check@sweep<E");
	expect_state(&s, BG_ENDING);
	scene_play(&s, "F=check@sweep<Z");
	expect_state(&s, BG_ENDED);
	END;
}

/* --- declare, attest --------------------------------------------------------------- */

static void test_declare(void **state)
{
	struct bg_grant *g;

	BEGIN("R=declare@dana");
	g = scene_judge(&s);
	assert_int_equal(g->state, BG_ENDING);
	assert_true(g->declared);
	assert_true(scene_found(g, &s, "declared", "R"));
	assert_string_equal(duty_text(g, "rotate", NULL), "due");
	assert_string_equal(duty_text(g, "review", NULL), "due");
	assert_string_equal(duty_text(g, "approve", NULL), "none");
	assert_true(bg_grant_is_user(g, "alice")); /* data.user */
	bg_grant_free(g);
	scene_play(&s, "C=check@sweep<R");
	scene_event(&s, "X", "rotate", "rob", "C", NULL);
	review(&s, "V", "rita", "*", NULL);
	expect_state(&s, BG_CLOSED);
	scene_play(&s, "W=review@alice-adm<C");
	expect(&s, "not-distinct", "W", true);
	END;
}

static void test_attest(void **state)
{
	struct bg_grant *g;

	BEGIN(ENDING);
	scene_event(&s, "C", "check", "carol", "*", "{'method':'attested'}");
	expect_state(&s, BG_ENDING);
	scene_event(&s, "D", "check", "carol-adm", "*",
		    "{'method':'attested'}");
	expect_state(&s, BG_ENDING);
	scene_event(&s, "F", "check", "alice", "*", "{'method':'attested'}");
	expect_state(&s, BG_ENDING);
	scene_event(&s, "H", "check", "sue", "*", "{'method':'attested'}");
	g = scene_judge(&s);
	assert_int_equal(g->state, BG_ENDED);
	assert_true(g->fold.attested);
	assert_true(scene_found(g, &s, "attested", NULL));
	bg_grant_free(g);
	END;
}

/* --- deviations and gaps -------------------------------------------------------------- */

static void test_odd_places(void **state)
{
	BEGIN(ENDED " H=grant@alice!<C S=session-start@alice!<H");
	expect(&s, "grant-after-end", "H", true);
	expect(&s, "session-after-end", "S", true);
	expect(&s, "self-run", "G", true);
	expect(&s, "self-recorded", "S", true);
	END;

	scene_make(&s);
	scene_play(&s, OPEN " C=check@sweep<G X=expire@sweep<C");
	expect(&s, "access-vanished", "C", true);
	expect(&s, "expire-early", "X", true);
	END;

	scene_make(&s);
	scene_play(&s, WAITING);
	scene_event(&s, "P", "check", "sweep", "*", "{'access':'present'}");
	scene_event(&s, "X", "expire", "sweep", "P", NULL);
	scene_event(&s, "U", "check", "sweep", "X", "{'access':'unknown'}");
	expect(&s, "access-without-grant", "P", true);
	expect(&s, "expire-early", "X", true);
	expect(&s, "check-unknown", "U", true);
	END;

	scene_make(&s);
	scene_play(&s, OPEN " E=revoke@carol<G S=session-start@alice!2<G");
	scene_event(&s, "X", "extend", "alice", "G",
		    "{'until':'2026-11-23T09:00:00.000Z'}");
	expect(&s, "session-concurrent", "S", true);
	expect(&s, "extended-after-end", "X", true);
	expect(&s, "extension-limit", "X", true);
	END;
}

static void test_limits(void **state)
{
	struct scene s;

	(void)state;
	scene_make(&s);
	scene_event(&s, "R", "activate", "alice", NULL,
		    "{'policy':{'name':'before'},'duration':90000,"
		    "'reason':'x','probe':{'result':'otherwise'},"
		    "'freshness':{'trust':1,'fetched_at':"
		    "'2026-01-01T00:00:00.000Z'}}");
	scene_find(&s, "R")->clock_synced = false;
	scene_event(&s, "G", "grant", "alice!", "R",
		    "{'expires':'2026-11-25T00:00:00.000Z'}");
	expect(&s, "opened-without-approval", "G", true);
	expect(&s, "limit-exceeded", "R", true);
	expect(&s, "target-window", "G", true);
	expect(&s, "probe-contradicts", "R", true);
	expect(&s, "self-probed", "R", true);
	expect(&s, "trust-stale", "R", true);
	expect(&s, "clock-unsynced", "R", true);
	END;
}

static void test_clock(void **state)
{
	BEGIN(OPEN " H=grant@alice!<G");
	expect(&s, "clock-step", NULL, false);
	scene_find(&s, "H")->at_ms = scene_find(&s, "G")->at_ms - 1;
	expect(&s, "clock-step", "H", true);
	scene_find(&s, "H")->at_ms += 10001;
	scene_find(&s, "G")->clock_boot = scene_find(&s, "H")->clock_boot = "b";
	expect(&s, "clock-step", "H", true);
	scene_find(&s, "H")->clock_boottime_us = 10000 * 1000;
	expect(&s, "clock-step", "H", false);
	END;
}

static void test_self_dealing(void **state)
{
	static const char *const gives[] = { "alice, alice-adm, bob",
					     "alice, alice-adm, bob, kay",
					     NULL };
	struct scene s;

	(void)state;
	scene_make(&s);
	scene_trust(&s, gives);
	s.versions[0]->at_ms = s.now_ms - INT64_C(86400) * 1000 * 30;
	s.versions[1]->at_ms = s.now_ms - 86400 * 1000;
	scene_event(&s, "R", "activate", "kay", NULL, "{'opener':'kay!'}");
	expect(&s, "recent-trust-change", "R", true);
	END;

	scene_make(&s);
	scene_trust(&s, gives);
	s.versions[0]->at_ms = s.versions[1]->at_ms =
		s.now_ms - INT64_C(86400) * 1000 * 8;
	scene_event(&s, "R", "activate", "kay", NULL, "{'opener':'kay!'}");
	expect(&s, "recent-trust-change", "R", false);
	END;
}

/* The same events in any order give the same covers, state and duties; an event
 * that is there twice counts once. */
static void test_order(void **state)
{
	struct bg_grant *g, *h;

	BEGIN(APPROVED " S=session-start@alice!<G N=note@alice<S");
	review(&s, "V", "rita", "*", NULL);
	g = scene_judge(&s);
	for (size_t i = 0; i < s.n; i++) {
		struct bg_event *e = s.ev[0];

		memmove(s.ev, s.ev + 1, (s.n - 1) * sizeof(*s.ev));
		s.ev[s.n - 1] = e;
		h = scene_judge(&s);
		assert_true(bg_digest_eq(&g->covers, &h->covers));
		assert_int_equal(g->state, h->state);
		assert_int_equal(g->duties.n, h->duties.n);
		assert_int_equal(g->findings.list.n, h->findings.list.n);
		bg_grant_free(h);
	}
	s.ev[s.n] = s.ev[2];
	s.n++;
	h = scene_judge(&s);
	s.n--;
	assert_int_equal(g->n_events, h->n_events);
	assert_true(bg_digest_eq(&g->covers, &h->covers));
	bg_grant_free(h);
	bg_grant_free(g);
	END;
}

/* Notes come by the thousand: each append judges the grant again. */
static void test_many_notes(void **state)
{
	struct bg_grant *g;
	int64_t before;

	BEGIN(OPEN);
	for (int i = 0; i < 2000; i++)
		scene_event(&s, "N", "note", i % 2 ? "alice" : "rita", "G",
			    NULL);
	scene_play(&s, "E=revoke@alice<G C=check@sweep<E");
	before = bg_boottime_us();
	g = scene_judge(&s);
	before = bg_boottime_us() - before;
	assert_int_equal(g->state, BG_ENDED);
	print_message("# judging 2,000 notes took %d us\n", (int)before);
	if (!UNDER_VALGRIND)
		assert_true(before < 500 * 1000);
	bg_grant_free(g);
	END;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_proof_withdrawn),
		cmocka_unit_test(test_waive),
		cmocka_unit_test(test_worst_decision),
		cmocka_unit_test(test_not_covering),
		cmocka_unit_test(test_quorum_and_misuse),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_ticket),
		cmocka_unit_test(test_claim),
		cmocka_unit_test(test_self_checked),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_void),
		cmocka_unit_test(test_rotate),
		cmocka_unit_test(test_irrevocable),
		cmocka_unit_test(test_declare),
		cmocka_unit_test(test_attest),
		cmocka_unit_test(test_odd_places),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_self_dealing),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_many_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
