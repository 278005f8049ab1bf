/* What a person means by a grant; grants loaded from a store; rows of the index;
 * two grants with one label. */
#include "unit/unit.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "grant/grant.h"
#include "support/fixture.h"

struct world {
	char dir[64];
	struct fx f;
	struct fx_grant a, b;
	struct bg_store *s;
};

static void must(int rc, const struct bg_error *err)
{
	if (rc)
		fail_msg("%s: %s", err->id, err->msg);
}

static void append(struct world *w, struct fx_grant *g, enum fx_who who,
		   enum bg_event_type type, json_t *data)
{
	struct bg_error err;

	must(fx_append(&w->f, g, who, type, data, &err), &err);
}

static void open_store(struct world *w)
{
	struct bg_store_options opt = { .path = w->f.repo_dir,
					.places = &w->f.places,
					.judge = bg_grant_row_make,
					.judge_loose = bg_grant_loose_make,
					.need_install = true };
	struct bg_error err;

	if (w->s)
		bg_store_close(w->s);
	w->s = NULL;
	must(bg_store_open(&w->s, &opt, &err), &err);
}

/* alice has one grant that is open. */
static int make_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct bg_error err;

	snprintf(w->dir, sizeof(w->dir), "/tmp/bgXXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	must(fx_make(&w->f, w->dir, false, &err), &err);
	append(w, &w->a, FX_ALICE, BG_EV_ACTIVATE,
	       fx_activate(&w->f, "because it is broken"));
	append(w, &w->a, FX_HOST, BG_EV_GRANT, fx_grant_done(bg_now_ms()));
	open_store(w);
	*state = w;
	return 0;
}

static int drop_world(void **state)
{
	struct world *w = *state;
	struct bg_error err;

	if (w->s)
		bg_store_close(w->s);
	fx_close(&w->f);
	must(bg_tree_remove(w->dir, &err), &err);
	free(w);
	return 0;
}

static void finds(struct world *w, const char *given, const char *env,
		  const char *me, const struct fx_grant *want)
{
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	struct bg_digest root;
	struct bg_error err;

	if (bg_grant_find(&root, &rows, w->s, given, env, me, true, &err))
		fail_msg("%s: %s", given ? given : "(default)", err.msg);
	assert_true(bg_digest_eq(&root, &want->events[0].digest));
}

static size_t refuses(struct world *w, const char *given, const char *me,
		      bool guess, const char *id)
{
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	struct bg_digest root;
	struct bg_error err;

	assert_fails(bg_grant_find(&root, &rows, w->s, given, NULL, me, guess,
				   &err),
		     BG_ENOENT, id, err);
	return rows.list.n;
}

static void test_names(void **state)
{
	struct world *w = *state;
	char text[64], hex[BG_DIGEST_TEXT + 1];

	bg_digest_format(hex, &w->a.events[0].digest);
	finds(w, w->a.label, NULL, NULL, &w->a);
	snprintf(text, sizeof(text), "%s", w->a.label);
	for (char *p = text; *p; p++)
		*p = (char)((*p >= 'a' && *p <= 'z') ? *p - 32 : *p);
	finds(w, text, NULL, NULL, &w->a);
	for (int n = 1; n <= 6; n++) {
		snprintf(text, sizeof(text), "@%.*s", n, w->a.label + 12);
		finds(w, text, NULL, NULL, &w->a);
	}
	finds(w, hex, NULL, NULL, &w->a);
	snprintf(text, sizeof(text), "%s@%.8s", w->a.label, hex + 7);
	finds(w, text, NULL, NULL, &w->a);
	snprintf(text, sizeof(text), "%s@00000000", w->a.label);
	refuses(w, text, NULL, true, "no-such-grant");
	finds(w, NULL, w->a.label, "rita", &w->a);
	finds(w, NULL, NULL, "alice", &w->a);
	refuses(w, NULL, "rita", true, "no-such-grant");
	refuses(w, NULL, "alice", false, "no-such-grant");
	refuses(w, "@", NULL, true, "no-such-grant");
	refuses(w, "@zzzzzzz", NULL, true, "no-such-grant");
	refuses(w, "BG-2026", NULL, true, "no-such-grant");
	refuses(w, "@u\033", NULL, true, "no-such-grant");
	refuses(w, "BG-20200101-aaaaaa", NULL, true, "no-such-grant");
	refuses(w, "", NULL, true, "no-such-grant");
}

static void test_several(void **state)
{
	struct world *w = *state;
	char text[16] = "@";
	size_t same = 0;

	append(w, &w->b, FX_ALICE, BG_EV_ACTIVATE,
	       fx_activate(&w->f, "because it is broken again"));
	open_store(w);
	assert_int_equal(refuses(w, NULL, "alice", true, "several-grants"), 2);
	finds(w, w->b.label, NULL, NULL, &w->b);
	while (w->a.label[12 + same] == w->b.label[12 + same])
		same++;
	if (same) {
		memcpy(text + 1, w->a.label + 12, same);
		text[same + 1] = 0;
		assert_int_equal(refuses(w, text, NULL, true, "several-grants"),
				 2);
	}
}

static void test_load(void **state)
{
	struct world *w = *state;
	BG_AUTO(grant) struct bg_grant *g = NULL;
	BG_AUTO(grant_row) struct bg_grant_row row = { 0 };
	BG_AUTO(json) json_t *summary = NULL;
	struct bg_error err;

	must(bg_grant_load(&g, w->s, &w->a.events[0].digest, &err), &err);
	assert_int_equal(g->state, BG_OPEN);
	assert_int_equal(g->n_events, 2);
	assert_string_equal(g->by, "alice");
	assert_non_null(g->policy);
	assert_non_null(g->scope);
	must(bg_store_grant(&row, w->s, &w->a.events[0].digest, &err), &err);
	assert_int_equal(row.state, BG_OPEN);
	assert_true(row.active);
	assert_true(row.window_ms > 0);
	assert_string_equal(row.label, w->a.label);
	summary = json_loads(row.summary, 0, NULL);
	assert_non_null(summary);
	assert_non_null(json_object_get(summary, "duties"));
	assert_string_equal(bg_json_text(summary, "opened_on")
				    ? bg_json_text(summary, "opened_on")
				    : "",
			    bg_json_text(g->grant->host, "name")
				    ? bg_json_text(g->grant->host, "name")
				    : "");
}

/* verify's way and the index's agree. */
static void test_history(void **state)
{
	struct world *w = *state;
	BG_AUTO(history) struct bg_history h = { 0 };
	BG_AUTO(findings) struct bg_findings stored = { 0 };
	struct bg_history_options opt = { .engine_native = true };
	struct bg_error err;
	size_t read;

	append(w, &w->a, FX_RITA, BG_EV_NOTE, fx_note("a note"));
	/* rita may not approve. */
	append(w, &w->a, FX_RITA, BG_EV_APPROVE, json_object());
	open_store(w);
	must(bg_history_read(&h, w->f.repo, &w->f.genesis, &opt, &err), &err);
	read = h.findings.list.n;
	must(bg_history_judge(&h, &err), &err);
	must(bg_store_findings(&stored, w->s, &w->a.events[0].digest, &err),
	     &err);
	for (size_t i = read; i < h.findings.list.n; i++) {
		const struct bg_finding *f = &h.findings.list.v[i];
		bool found = false;

		for (size_t k = 0; k < stored.list.n; k++)
			found |= bg_str_eq(stored.list.v[k].id, f->id) &&
				 bg_digest_eq(&stored.list.v[k].event,
					      &f->event);
		if (!found)
			fail_msg("the store does not have %s: %s", f->id,
				 f->text);
	}
	assert_true(h.findings.list.n > read);
}

/* A label is only a label. */
static void test_collision(void **state)
{
	struct world *w = *state;
	BG_AUTO(history) struct bg_history h = { 0 };
	struct bg_history_options opt = { .engine_native = true };
	struct bg_event *other = NULL;
	struct bg_error err;
	size_t found = 0;

	append(w, &w->b, FX_ALICE, BG_EV_ACTIVATE,
	       fx_activate(&w->f, "because it is broken again"));
	must(bg_history_read(&h, w->f.repo, &w->f.genesis, &opt, &err), &err);
	for (size_t i = 0; i < h.events.n; i++)
		if (bg_digest_eq(&h.events.v[i]->digest,
				 &w->b.events[0].digest))
			other = h.events.v[i];
	assert_non_null(other);
	other->grant = w->a.label;
	must(bg_history_judge(&h, &err), &err);
	for (size_t i = 0; i < h.findings.list.n; i++)
		found += bg_str_eq(h.findings.list.v[i].id, "label-collision");
	assert_int_equal(found, 2);
}

#define FIND_TEST(f) cmocka_unit_test_setup_teardown(f, make_world, drop_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIND_TEST(test_names),     FIND_TEST(test_several),
		FIND_TEST(test_load),      FIND_TEST(test_history),
		FIND_TEST(test_collision),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
