/*
 * The store: what the index says is what reading says, whatever happens to the
 * index; and writing through it.
 */
#include "unit.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "evidence/store.h"
#include "grant/grant.h"
#include "support/fixture.h"

struct world {
	char dir[64];
	struct fx f;
	struct fx_grant g;
	struct bg_store *s;
};

static void must(int rc, const struct bg_error *err)
{
	if (rc)
		fail_msg("%s: %s", err->id, err->msg);
}

static void append(struct world *w, enum fx_who who, enum bg_event_type type,
		   json_t *data)
{
	struct bg_error err;

	must(fx_append(&w->f, &w->g, who, type, data, &err), &err);
}

static int make_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct bg_error err;

	snprintf(w->dir, sizeof(w->dir), "/tmp/bgXXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	must(fx_make(&w->f, w->dir, false, &err), &err);
	append(w, FX_ALICE, BG_EV_ACTIVATE,
	       fx_activate(&w->f, "because it is broken"));
	append(w, FX_HOST, BG_EV_GRANT, fx_grant_done(bg_now_ms()));
	*state = w;
	return 0;
}

static void open_with(struct world *w, bg_judge_fn judge)
{
	struct bg_store_options opt = { .path = w->f.repo_dir,
					.places = &w->f.places,
					.judge = judge,
					.need_install = true };
	struct bg_error err;

	if (w->s)
		bg_store_close(w->s);
	w->s = NULL;
	must(bg_store_open(&w->s, &opt, &err), &err);
}

static void open_store(struct world *w)
{
	open_with(w, bg_grant_row_make);
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

static void index_path(char out[300], const struct world *w)
{
	char genesis[13];

	bg_hex(genesis, w->f.genesis.b, 6);
	snprintf(out, 300, "%s/bg/%s-%s/index.sqlite", w->f.places.cache_home,
		 genesis, w->f.install.id);
}

/* Everything that a reader of the store can see, as text. */
static char *describe(struct world *w)
{
	struct bg_str out = BG_STR_INIT;
	BG_AUTO(event_list) struct bg_event_list events = { 0 };
	BG_AUTO(grant_rows) struct bg_grant_rows grants = { 0 };
	BG_AUTO(findings) struct bg_findings findings = { 0 };
	const struct bg_event_query all = { .limit = 0 };
	const struct bg_grant_query any = { .active_only = false };
	BG_AUTO(free) struct bg_writer *writers = NULL;
	char hex[BG_DIGEST_TEXT + 1];
	struct bg_counts counts;
	struct bg_error err;
	size_t n = 0;

	must(bg_store_events(&events, w->s, &all, &err), &err);
	must(bg_store_grants(&grants, w->s, &any, &err), &err);
	must(bg_store_findings(&findings, w->s, NULL, &err), &err);
	must(bg_store_counts(&counts, w->s, &err), &err);
	must(bg_store_writers(&writers, &n, w->s, &err), &err);
	for (size_t i = 0; i < events.list.n; i++) {
		const struct bg_event *e = events.list.v[i];

		bg_digest_format(hex, &e->digest);
		bg_str_addf(&out, "%s %s %llu %d %d\n", hex, e->writer,
			    (unsigned long long)e->seq, e->wrong, e->doubtful);
	}
	for (size_t i = 0; i < grants.list.n; i++)
		bg_str_addf(&out, "%s %d %d %lld %s\n", grants.list.v[i].label,
			    grants.list.v[i].state, grants.list.v[i].active,
			    (long long)grants.list.v[i].window_ms,
			    grants.list.v[i].summary);
	for (size_t i = 0; i < findings.list.n; i++)
		bg_str_addf(&out, "%s %s %s\n", findings.list.v[i].id,
			    findings.list.v[i].ref, findings.list.v[i].text);
	for (size_t i = 0; i < n; i++)
		bg_str_addf(&out, "%s %d %d %llu\n", writers[i].name,
			    writers[i].installation, writers[i].listed,
			    (unsigned long long)writers[i].seq);
	bg_str_addf(&out, "%llu %llu %llu\n", (unsigned long long)counts.events,
		    (unsigned long long)counts.grants,
		    (unsigned long long)counts.writers);
	return bg_str_detach(&out);
}

static void opens_and_answers(void **state)
{
	struct world *w = *state;
	const struct bg_grant_query mine = { .active_only = true,
					     .by = "alice" };
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	BG_AUTO(event_list) struct bg_event_list events = { 0 };
	BG_AUTO(event) struct bg_event *one = NULL;
	struct bg_grant_query part = { .random = NULL };
	char path[300], begin[3], hex[BG_DIGEST_TEXT + 1];
	struct bg_error err;
	struct stat st;

	open_store(w);
	assert_true(bg_store_anchored(w->s));
	assert_memory_equal(bg_store_genesis(w->s), &w->f.genesis,
			    sizeof(w->f.genesis));
	assert_int_equal(bg_store_trust(w->s)->version, 2);
	must(bg_store_grants(&rows, w->s, &mine, &err), &err);
	assert_int_equal(rows.list.n, 1);
	assert_string_equal(rows.list.v[0].label, w->g.label);
	assert_int_equal(rows.list.v[0].state, BG_OPEN);
	must(bg_store_grant_events(&events, w->s, &rows.list.v[0].root, &err),
	     &err);
	assert_int_equal(events.list.n, 2);
	/* By the beginning of its random part, its digest, its commit. */
	snprintf(begin, sizeof(begin), "%.2s", w->g.label + 12);
	part.random = begin;
	bg_grant_rows_release(&rows);
	rows = (struct bg_grant_rows){ 0 };
	must(bg_store_grants(&rows, w->s, &part, &err), &err);
	assert_int_equal(rows.list.n, 1);
	bg_digest_format(hex, &w->g.events[1].digest);
	hex[7 + 9] = '\0';
	must(bg_store_event(&one, w->s, hex + 7, &err), &err);
	assert_int_equal(one->type, BG_EV_GRANT);
	bg_event_free(one);
	one = NULL;
	bg_oid_format(hex, &w->g.events[0].commit);
	must(bg_store_event(&one, w->s, hex, &err), &err);
	assert_int_equal(one->type, BG_EV_ACTIVATE);
	bg_event_free(one);
	one = NULL;
	assert_fails(bg_store_event(&one, w->s, "deadbeef", &err), BG_ENOENT,
		     "no-such-event", err);
	index_path(path, w);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void index_is_only_a_cache(void **state)
{
	struct world *w = *state;
	BG_AUTO(free) char *before = NULL;
	BG_AUTO(free) char *after = NULL;
	char path[300], more[310];
	FILE *f;

	open_store(w);
	before = describe(w);
	index_path(path, w);
	/* gone */
	bg_store_close(w->s);
	w->s = NULL;
	assert_int_equal(unlink(path), 0);
	open_store(w);
	after = describe(w);
	assert_string_equal(before, after);
	/* no database */
	bg_store_close(w->s);
	w->s = NULL;
	f = fopen(path, "wb");
	assert_non_null(f);
	fputs("this is no database, and long enough to be looked at as one "
	      "...........................................................",
	      f);
	fclose(f);
	open_store(w);
	free(after);
	after = describe(w);
	assert_string_equal(before, after);
	/* pages of nothing in the middle */
	bg_store_close(w->s);
	w->s = NULL;
	f = fopen(path, "r+b");
	assert_non_null(f);
	fseek(f, 4096, SEEK_SET);
	for (int i = 0; i < 20000; i++)
		fputc(0xa5, f);
	fclose(f);
	snprintf(more, sizeof(more), "%s-wal", path);
	unlink(more);
	open_store(w);
	free(after);
	after = describe(w);
	assert_string_equal(before, after);
}

/* An index that another repository left at this place. */
static void index_of_another_repository(void **state)
{
	struct world *w = *state;
	BG_AUTO(free) char *before = NULL;
	BG_AUTO(free) char *after = NULL;
	char path[300], sql[400];
	FILE *f;

	open_store(w);
	before = describe(w);
	bg_store_close(w->s);
	w->s = NULL;
	index_path(path, w);
	/* Whose it is stands in the file as text, once. */
	f = fopen(path, "r+b");
	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	{
		long n = ftell(f);
		char *all = malloc((size_t)n + 1);
		char *at;

		rewind(f);
		assert_int_equal(fread(all, 1, (size_t)n, f), (size_t)n);
		at = memmem(all, (size_t)n, "repositorysha256:", 17);
		assert_non_null(at);
		fseek(f, at - all + 17, SEEK_SET);
		fputs("0000", f);
		free(all);
	}
	fclose(f);
	snprintf(sql, sizeof(sql), "%s-wal", path);
	unlink(sql);
	open_store(w);
	after = describe(w);
	assert_string_equal(before, after);
}

/* One event after the other, looked at in between, or all at once. */
static void incremental_is_full(void **state)
{
	struct world *w = *state;
	struct fx_grant other = { .n = 0 };
	struct bg_error err;
	BG_AUTO(free) char *step = NULL;
	BG_AUTO(free) char *whole = NULL;
	char path[300];

	open_store(w);
	append(w, FX_BOB, BG_EV_APPROVE, fx_approve());
	open_store(w);
	append(w, FX_ALICE, BG_EV_NOTE, fx_note("looked at it"));
	append(w, FX_ALICE, BG_EV_REVOKE, fx_revoke());
	open_store(w);
	append(w, FX_SWEEP, BG_EV_CHECK, fx_check("absent"));
	/* Not allowed: wrong in both. */
	must(fx_append(&w->f, &other, FX_BOB, BG_EV_ACTIVATE,
		       fx_activate(&w->f, "may not open it"), &err),
	     &err);
	open_store(w);
	append(w, FX_RITA, BG_EV_REVIEW, fx_review(&w->g, bg_now_ms()));
	open_store(w);
	step = describe(w);
	bg_store_close(w->s);
	w->s = NULL;
	index_path(path, w);
	assert_int_equal(unlink(path), 0);
	open_store(w);
	whole = describe(w);
	assert_string_equal(step, whole);
}

static void ref_to(struct world *w, const char *ref, const struct bg_oid *to)
{
	struct bg_error err, ignored;
	struct bg_oid now;
	char full[200];
	bool there;

	snprintf(full, sizeof(full), "refs/heads/log/%s", ref);
	there = !bg_repo_ref(&now, w->f.repo, full, &ignored);
	must(bg_repo_ref_move(w->f.repo, full, there ? &now : NULL, to, NULL,
			      &err),
	     &err);
}

/* A log that went back: what it lost is not in the index either. */
static void rewound_log_is_read_again(void **state)
{
	struct world *w = *state;
	struct bg_counts before, after;
	struct bg_error err;
	struct bg_tip tip;

	must(bg_log_tip(&tip, &w->f.who[FX_BOB].log, &err), &err);
	append(w, FX_BOB, BG_EV_APPROVE, fx_approve());
	open_store(w);
	must(bg_store_counts(&before, w->s, &err), &err);
	ref_to(w, w->f.who[FX_BOB].writer, &tip.commit);
	must(bg_store_update(w->s, &err), &err);
	must(bg_store_counts(&after, w->s, &err), &err);
	assert_int_equal(before.events, after.events + 1);
}

static void unanchored_without_a_pin(void **state)
{
	struct world *w = *state;
	struct bg_store_options opt = { .path = w->f.repo_dir,
					.places = &w->f.places,
					.judge = bg_grant_row_make };
	char anchor[BG_ANCHOR_LEN + 1], mark[300];
	struct bg_digest other = { .b = { 1 } };
	struct bg_error err;

	/* A plain clone has no installation. */
	snprintf(mark, sizeof(mark), "%sbg-installation",
		 bg_repo_git_dir(w->f.repo));
	assert_int_equal(unlink(mark), 0);
	must(bg_store_open(&w->s, &opt, &err), &err);
	assert_false(bg_store_anchored(w->s));
	assert_null(bg_store_install(w->s));
	bg_store_close(w->s);
	w->s = NULL;
	bg_anchor_format(anchor, &w->f.genesis, true);
	w->f.places.anchor = anchor;
	must(bg_store_open(&w->s, &opt, &err), &err);
	assert_true(bg_store_anchored(w->s));
	bg_store_close(w->s);
	w->s = NULL;
	bg_anchor_format(anchor, &other, true);
	assert_fails(bg_store_open(&w->s, &opt, &err), BG_EVERIFY,
		     "wrong-anchor", err);
	opt.need_install = true;
	w->f.places.anchor = NULL;
	assert_fails(bg_store_open(&w->s, &opt, &err), BG_ENOENT,
		     "no-installation", err);
}

/* The installation's hand: frontier, index, judgement at once. */
static void installation_appends(void **state)
{
	struct world *w = *state;
	const struct bg_digest *root = &w->g.events[0].digest;
	struct bg_event e = { .type = BG_EV_CHECK };
	BG_AUTO(grant_row) struct bg_grant_row row = { .summary = NULL };
	char name[BG_WRITER_MAX];
	struct bg_error err;
	bool found = false;

	append(w, FX_BOB, BG_EV_APPROVE, fx_approve());
	append(w, FX_ALICE, BG_EV_REVOKE, fx_revoke());
	open_store(w);
	must(bg_store_writer_name(name, w->s, BG_BY_INSTALLATION, &err), &err);
	assert_string_equal(name, w->f.who[FX_HOST].writer);
	e.data = fx_check("absent");
	must(bg_store_append(&e, w->s, BG_BY_INSTALLATION, root, NULL, 0, &err),
	     &err);
	assert_string_equal(e.grant, w->g.label);
	assert_memory_equal(&e.answers[0], root, sizeof(*root));
	/* Alice's revoke knows bob's approve: the frontier is one event. */
	assert_int_equal(e.n_answers, 2);
	for (size_t i = 1; i < e.n_answers; i++)
		found |= bg_digest_eq(&e.answers[i], &w->g.events[3].digest);
	assert_true(found);
	assert_false(e.wrong);
	must(bg_store_grant(&row, w->s, root, &err), &err);
	assert_int_equal(row.state, BG_ENDED);
	bg_event_release(&e);
}

static void write_some(struct world *w, int n)
{
	const struct bg_digest *root = &w->g.events[0].digest;
	struct bg_error err;

	w->s = NULL; /* the parent's */
	for (int i = 0; i < n; i++) {
		struct bg_event e = { .type = BG_EV_CHECK };

		open_store(w);
		e.data = fx_check("present");
		if (bg_store_append(&e, w->s, BG_BY_INSTALLATION, root, NULL, 0,
				    &err)) {
			fprintf(stderr, "# %s: %s\n", err.id, err.msg);
			_exit(1);
		}
		bg_event_release(&e);
	}
	_exit(0);
}

/* Several processes of one installation at once: one chain, all indexed. */
static void processes_share_the_index(void **state)
{
	struct world *w = *state;
	enum { PROCESSES = 4, EACH = 5 };
	BG_AUTO(free) char *shared = NULL;
	BG_AUTO(free) char *whole = NULL;
	struct bg_counts before, after;
	struct bg_error err;
	pid_t pid[PROCESSES];
	char path[300];

	open_store(w);
	must(bg_store_counts(&before, w->s, &err), &err);
	bg_store_close(w->s);
	w->s = NULL;
	for (int i = 0; i < PROCESSES; i++) {
		pid[i] = fork();
		if (!pid[i])
			write_some(w, EACH);
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
	open_store(w);
	must(bg_store_counts(&after, w->s, &err), &err);
	assert_int_equal(after.events, before.events + PROCESSES * EACH);
	shared = describe(w);
	bg_store_close(w->s);
	w->s = NULL;
	index_path(path, w);
	assert_int_equal(unlink(path), 0);
	open_store(w);
	whole = describe(w);
	assert_string_equal(shared, whole);
}

/* No place for a cache: everything works, from memory. */
static void works_without_a_cache(void **state)
{
	struct world *w = *state;
	struct bg_counts counts;
	struct bg_error err;
	char path[100];
	FILE *f;

	snprintf(path, sizeof(path), "%s/file", w->dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	w->f.places.cache_home = path;
	open_store(w);
	must(bg_store_counts(&counts, w->s, &err), &err);
	assert_int_equal(counts.grants, 1);
	bg_store_close(w->s);
	w->s = NULL;
	w->f.places.cache_home = w->f.dir;
}

static void trust_that_is_wrong_opens_nothing(void **state)
{
	struct world *w = *state;
	struct bg_store_options opt = { .path = w->f.repo_dir,
					.places = &w->f.places };
	struct bg_oid tip;
	struct bg_error err;

	/* The trust ref ends with an event. */
	must(bg_repo_ref(&tip, w->f.repo, BG_TRUST_REF, &err), &err);
	must(bg_repo_ref_move(w->f.repo, BG_TRUST_REF, &tip,
			      &w->g.events[0].commit, NULL, &err),
	     &err);
	assert_int_equal(bg_store_open(&w->s, &opt, &err), BG_EVERIFY);
	assert_string_equal(err.hint, "bg verify");
}

/* The newest version with more at the end of trust.yaml, signed by ana. */
static void publish(struct world *w, const char *more)
{
	const struct bg_trust *t = bg_store_trust(w->s);
	BG_AUTO(free)
	struct bg_trust_file *files = calloc(t->n_files, sizeof(*files));
	BG_AUTO(str) struct bg_str yaml = BG_STR_INIT;
	struct bg_digest digest;
	struct bg_oid commit;
	struct bg_error err;

	for (size_t i = 0; i < t->n_files; i++) {
		files[i] = t->files[i];
		if (strcmp(t->files[i].path, "trust.yaml"))
			continue;
		bg_str_addn(&yaml, t->files[i].text, t->files[i].n);
		bg_str_add(&yaml, more);
		files[i].text = yaml.buf;
		files[i].n = yaml.len;
	}
	must(bg_trust_append(&digest, &commit, &w->f.who[FX_ANA].log, t, files,
			     t->n_files, &err),
	     &err);
}

/* T3: a retirement reaches back over what is indexed; another change does
 * not, and pointers to the older version stay good. */
static void newer_trust_is_taken_up(void **state)
{
	struct world *w = *state;
	const struct bg_event_query bobs = { .by = "bob", .type = "approve" };
	BG_AUTO(event_list) struct bg_event_list events = { 0 };
	BG_AUTO(free) char *step = NULL;
	BG_AUTO(free) char *whole = NULL;
	const struct bg_trust *old;
	char more[200], path[300];
	struct bg_error err;

	append(w, FX_BOB, BG_EV_APPROVE, fx_approve());
	open_store(w);
	old = bg_store_trust(w->s);
	publish(w, "limits: {skew: 3m}\n");
	must(bg_store_update(w->s, &err), &err);
	assert_int_equal(bg_store_trust(w->s)->version, 3);
	assert_int_equal(old->version, 2);
	assert_non_null(bg_trust_principal(old, "bob"));
	must(bg_store_events(&events, w->s, &bobs, &err), &err);
	assert_int_equal(events.list.n, 1);
	assert_false(events.list.v[0]->doubtful);
	snprintf(more, sizeof(more),
		 "retired:\n  - {name: bob, at: 2026-11-23T00:00:00.000Z, "
		 "logs: []}\n");
	publish(w, more);
	must(bg_store_update(w->s, &err), &err);
	bg_event_list_release(&events);
	events = (struct bg_event_list){ 0 };
	must(bg_store_events(&events, w->s, &bobs, &err), &err);
	assert_int_equal(events.list.n, 1);
	assert_true(events.list.v[0]->doubtful);
	step = describe(w);
	bg_store_close(w->s);
	w->s = NULL;
	index_path(path, w);
	assert_int_equal(unlink(path), 0);
	open_store(w);
	whole = describe(w);
	assert_string_equal(step, whole);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, make_world, drop_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(opens_and_answers),
		WORLD_TEST(index_is_only_a_cache),
		WORLD_TEST(index_of_another_repository),
		WORLD_TEST(incremental_is_full),
		WORLD_TEST(rewound_log_is_read_again),
		WORLD_TEST(unanchored_without_a_pin),
		WORLD_TEST(installation_appends),
		WORLD_TEST(processes_share_the_index),
		WORLD_TEST(works_without_a_cache),
		WORLD_TEST(newer_trust_is_taken_up),
		WORLD_TEST(trust_that_is_wrong_opens_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
