/* The JSON protocol of providers: what may come back, and what may not (X8). */
#include "unit/unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "grant/journal.h"
#include "grant/provider.h"

static char home[] = "/tmp/bgXXXXXX";
static const char *dirs[] = { home, NULL };
static struct bg_error err;
static struct bg_named_env machine;
static struct bg_provider_answer a;
static struct bg_provider_facts facts;

static int enter(void **state)
{
	(void)state;
	if (!mkdtemp(home) || chmod(home, 0755) || chdir(home))
		return -1;
	machine = (struct bg_named_env){ .pinned = true, .uid = getuid() };
	facts.fields = json_pack("[s,s]", "role", "serial");
	facts.revocable = true;
	return 0;
}

static int leave(void **state)
{
	(void)state;
	bg_provider_answer_release(&a);
	bg_provider_facts_release(&facts);
	return chdir("/") || bg_tree_remove(home, &err) ? -1 : 0;
}

/* bg-provider-x with this body. */
static void provider(const char *body)
{
	char text[4096];
	int n = snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", body);

	assert_ok(bg_file_commit("bg-provider-x", 0755, text, (size_t)n, &err),
		  err);
	assert_int_equal(chmod("bg-provider-x", 0755), 0);
}

static int run(const char *verb)
{
	const struct bg_provider_call c = {
		.machine = &machine,
		.dirs = dirs,
		.name = "x",
		.verb = verb,
		.grant = "BG-20261123-k7q2xm",
		.root = "sha256:00",
		.place = home,
		.expires_ms = 1795000000000,
		.facts = &facts,
	};

	bg_provider_answer_release(&a);
	return bg_provider_run(&a, &c, &err);
}

static void says(const char *body, enum bg_result result, const char *why)
{
	provider(body);
	assert_ok(run("grant"), err);
	if (a.result != result || !bg_str_eq(a.why, why))
		print_error("%s: result %d, why %s\n", body, a.result,
			    a.why ? a.why : "-");
	assert_int_equal(a.result, result);
	assert_true(bg_str_eq(a.why, why));
}

static void the_request(void **state)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	BG_AUTO(json) json_t *o = NULL;
	char body[300];

	(void)state;
	snprintf(body, sizeof(body),
		 "cat >%s/request; echo '{\"v\":1,\"ok\":true}'", home);
	says(body, BG_RES_DONE, NULL);
	assert_ok(bg_file_read(&text, "request", 65536, &err), err);
	o = json_loads(text.buf, 0, NULL);
	assert_int_equal(bg_json_int(o, "v", 0), 1);
	assert_string_equal(bg_json_text(o, "verb"), "grant");
	assert_string_equal(bg_json_text(o, "grant"), "BG-20261123-k7q2xm");
	assert_string_equal(bg_json_text(o, "expires"),
			    "2026-11-18T11:06:40.000Z");
	assert_string_equal(bg_json_text(o, "place"), home);
}

static void a_good_answer(void **state)
{
	(void)state;
	says("echo '{\"v\":1,\"ok\":true,\"access\":\"present\",\"handle\":"
	     "{\"role\":\"bg_k7q2xm\",\"serial\":\"42\"},\"show\":[\"one\","
	     "{\"label\":\"file\",\"text\":\"two\"}],\"text\":\"fine\"}'",
	     BG_RES_DONE, NULL);
	assert_int_equal(a.access, BG_ACC_PRESENT);
	assert_string_equal(bg_json_text(a.handle, "role"), "bg_k7q2xm");
	assert_int_equal(json_array_size(a.show), 2);
	assert_string_equal(bg_json_text(json_array_get(a.show, 1), "text"),
			    "two");
	assert_string_equal(a.text, "fine");
}

static void exits(void **state)
{
	(void)state;
	says("echo '{\"v\":1,\"ok\":false}'", BG_RES_FAILED, "failed");
	says("echo '{\"v\":1,\"ok\":true}'; exit 4", BG_RES_FAILED, "refused");
	assert_true(a.refused);
	says("exit 75", BG_RES_FAILED, "try-again");
	assert_true(a.again);
	says("echo '{\"v\":1,\"ok\":true}'; exit 1", BG_RES_UNKNOWN,
	     "exit-status");
	says("echo '{\"v\":1,\"ok\":true}'; kill -9 $$", BG_RES_UNKNOWN,
	     "signal");
	says("exit 127", BG_RES_UNKNOWN, "not-found");
}

static void bad_answers(void **state)
{
	static const char *const bad[] = {
		"echo hello",
		"echo '[1]'",
		"echo '{\"v\":2,\"ok\":true}'",
		"echo '{\"ok\":true}'",
		"echo '{\"v\":1,\"ok\":true}{}'",
		"echo '{\"v\":1,\"ok\":true,\"ok\":false}'",
		"echo '{\"v\":1,\"ok\":true,\"x\":null}'",
		"printf '{\"v\":1,\"ok\":true,\"text\":\"\\033[2J\"}'",
		"true",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++)
		says(bad[i], BG_RES_UNKNOWN, "bad-answer");
	says("head -c 100000 /dev/zero | tr '\\0' x", BG_RES_UNKNOWN,
	     "too-much-output");
	/* What is not said is unknown. */
	says("echo '{\"v\":1,\"ok\":true,\"access\":\"maybe\"}'", BG_RES_DONE,
	     NULL);
	assert_int_equal(a.access, BG_ACC_UNKNOWN);
}

static void bad_handles(void **state)
{
	static const char *const bad[] = {
		"{\"other\":\"x\"}",  /* not declared */
		"{\"role\":\"a/b\"}", /* X4's pattern */
		"{\"role\":\"-rf\"}",
		"{\"role\":\"\"}",
		"{\"role\":\"a b\"}",
		"{\"role\":1}",
		"{\"role\":{\"a\":\"b\"}}",
		"[\"role\"]",
		"\"role\"",
	};
	char body[300];

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++) {
		snprintf(body, sizeof(body),
			 "echo '{\"v\":1,\"ok\":true,\"handle\":%s}'", bad[i]);
		says(body, BG_RES_UNKNOWN, "bad-handle");
		assert_int_equal(json_object_size(a.handle), 0);
	}
}

static void secrets(void **state)
{
	(void)state;
	facts.secret = BG_SECRET_OUT;
	says("echo hunter22 >&3; echo '{\"v\":1,\"ok\":true,\"handle\":"
	     "{\"role\":\"bg_1\"}}'",
	     BG_RES_DONE, NULL);
	assert_string_equal(bg_str_text(&a.secret), "hunter22\n");
	/* It must not come back through the handle, which is evidence. */
	says("echo hunter22 >&3; echo '{\"v\":1,\"ok\":true,\"handle\":"
	     "{\"role\":\"xhunter22x\"}}'",
	     BG_RES_UNKNOWN, "bad-handle");
	facts.secret = BG_SECRET_NONE;
	/* Without that promise there is no descriptor 3. */
	says("echo hunter22 2>/dev/null >&3 || echo '{\"v\":1,\"ok\":true}'",
	     BG_RES_DONE, NULL);
	assert_int_equal(a.secret.len, 0);
}

static void describing(void **state)
{
	struct bg_provider_facts f = { 0 };
	const struct bg_provider_call c = { .machine = &machine,
					    .dirs = dirs,
					    .name = "x" };

	(void)state;
	provider("echo '{\"v\":1,\"ok\":true,\"isolation\":\"shared\","
		 "\"revocable\":false,\"exposed\":true,\"handle\":[\"role\"],"
		 "\"secret\":\"in\"}'");
	assert_ok(bg_provider_describe(&f, &c, &err), err);
	assert_string_equal(f.isolation, "shared");
	assert_false(f.revocable);
	assert_true(f.exposed);
	assert_int_equal(f.secret, BG_SECRET_IN);
	bg_provider_facts_release(&f);
	provider("echo '{\"v\":1,\"ok\":true,\"isolation\":\"none\"}'");
	assert_fails(bg_provider_describe(&f, &c, &err), BG_EFAIL,
		     "provider-answer", err);
	bg_provider_facts_release(&f);
	provider("exit 1");
	assert_fails(bg_provider_describe(&f, &c, &err), BG_EFAIL,
		     "provider-answer", err);
	bg_provider_facts_release(&f);
}

static void unpinned(void **state)
{
	(void)state;
	provider("touch ran; echo '{\"v\":1,\"ok\":true}'");
	machine.pinned = false;
	assert_fails(run("grant"), BG_EUNANCHORED, "unanchored", err);
	machine.pinned = true;
	assert_int_equal(access("ran", F_OK), -1);
}

/*
 * The journal
 */
static const struct bg_digest one = { { 1, 2, 3 } }, two = { { 4 } };

static void journal_entries(void **state)
{
	BG_AUTO(journal_entries) struct bg_journal_entries l = { 0 };
	BG_AUTO(json) json_t *data = json_pack("{s:s}", "provider", "x");
	BG_AUTO(json) json_t *got = NULL;

	(void)state;
	assert_ok(bg_journal_list(&l, home, BG_J_OPEN, &err), err);
	assert_int_equal(l.list.n, 0);
	assert_ok(bg_journal_put(home, BG_J_OPEN, &one, data, &err), err);
	assert_ok(bg_journal_put(home, BG_J_END, &two, data, &err), err);
	assert_true(bg_journal_has(home, BG_J_OPEN, &one));
	assert_false(bg_journal_has(home, BG_J_OPEN, &two));
	assert_ok(bg_journal_list(&l, home, BG_J_OPEN, &err), err);
	assert_int_equal(l.list.n, 1);
	assert_memory_equal(&l.list.v[0].root, &one, sizeof(one));
	assert_string_equal(bg_json_text(l.list.v[0].data, "provider"), "x");
	assert_ok(bg_journal_get(&got, home, BG_J_END, &two, &err), err);
	assert_string_equal(bg_json_text(got, "provider"), "x");
	assert_ok(bg_journal_drop(home, BG_J_OPEN, &one, &err), err);
	assert_ok(bg_journal_drop(home, BG_J_OPEN, &one, &err), err);
	assert_false(bg_journal_has(home, BG_J_OPEN, &one));
	json_decref(bg_move(got));
	assert_int_equal(bg_journal_get(&got, home, BG_J_OPEN, &one, &err),
			 BG_ENOENT);
}

static void journal_garbage(void **state)
{
	BG_AUTO(journal_entries) struct bg_journal_entries l = { 0 };
	BG_AUTO(free) char *path = NULL;

	(void)state;
	/* That something was begun counts, whatever the file holds. */
	assert_ok(bg_journal_path(&path, home, BG_J_SEEN, &one, &err), err);
	assert_ok(bg_file_commit(path, 0600, "{\"half", 6, &err), err);
	assert_ok(bg_file_commit("journal/seen-nonsense.json", 0600, "{}", 2,
				 &err),
		  err);
	assert_ok(bg_journal_list(&l, home, BG_J_SEEN, &err), err);
	assert_int_equal(l.list.n, 1);
	assert_int_equal(json_object_size(l.list.v[0].data), 0);
}

/* A write that was killed before its rename leaves a file that says nothing. */
static void journal_wrecks(void **state)
{
	BG_AUTO(journal_entries) struct bg_journal_entries l = { 0 };
	char alive[64];

	(void)state;
	snprintf(alive, sizeof(alive), "journal/end-x.json.tmp-%d", getpid());
	assert_ok(bg_file_commit("journal/end-x.json.tmp-2147483647", 0600, "",
				 0, &err),
		  err);
	assert_ok(bg_file_commit(alive, 0600, "", 0, &err), err);
	assert_ok(bg_journal_list(&l, home, BG_J_END, &err), err);
	assert_false(bg_path_exists("journal/end-x.json.tmp-2147483647"));
	assert_true(bg_path_exists(alive));
	assert_int_equal(unlink(alive), 0);
}

static void journal_locks(void **state)
{
	BG_AUTO(lock) struct bg_lock held = BG_LOCK_INIT;
	BG_AUTO(lock) struct bg_lock wanted = BG_LOCK_INIT;

	(void)state;
	assert_ok(bg_grant_lock(&held, home, &one, 0, &err), err);
	assert_fails(bg_grant_lock(&wanted, home, &one, 10, &err), BG_EBUSY,
		     "locked", err);
	bg_lock_release(&held);
	assert_ok(bg_grant_lock(&wanted, home, &one, 10, &err), err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request),
		cmocka_unit_test(a_good_answer),
		cmocka_unit_test(exits),
		cmocka_unit_test(bad_answers),
		cmocka_unit_test(bad_handles),
		cmocka_unit_test(secrets),
		cmocka_unit_test(describing),
		cmocka_unit_test(unpinned),
		cmocka_unit_test(journal_entries),
		cmocka_unit_test(journal_garbage),
		cmocka_unit_test(journal_wrecks),
		cmocka_unit_test(journal_locks),
	};

	return cmocka_run_group_tests_name("grant_provider", tests, enter,
					   leave);
}
