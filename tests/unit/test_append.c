/* Append: one chain, durable, signed, with git and gpg as witnesses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/io.h"
#include "evidence/record.h"
#include "support/fixture.h"

static char dir[64];
static struct fx f;

static void must(int rc, const struct bg_error *err)
{
	if (rc)
		fail_msg("%s: %s", err->id, err->msg);
}

static int setup(void **state)
{
	struct bg_error err;

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/bgXXXXXX");
	if (!mkdtemp(dir))
		return -1;
	must(fx_make(&f, dir, false, &err), &err);
	return 0;
}

static int teardown(void **state)
{
	struct bg_error err;

	(void)state;
	fx_close(&f);
	bg_fault_set(NULL);
	return bg_tree_remove(dir, &err);
}

/* argv[0] is found in PATH; output goes nowhere unless it fails. */
static int run(const char *const *argv)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void fsck(void)
{
	const char *const argv[] = { "git",  "-C",       f.repo_dir,
				     "fsck", "--strict", NULL };

	assert_int_equal(run(argv), 0);
}

/* Walk a log from its tip: one chain, seq without a hole, all ours. */
static size_t walk(enum fx_who who)
{
	struct bg_error err;
	struct bg_tip tip;
	struct bg_oid oid;
	uint64_t seq;

	must(bg_log_tip(&tip, &f.who[who].log, &err), &err);
	oid = tip.commit;
	for (seq = tip.seq; seq; seq--) {
		BG_AUTO(record) struct bg_record rec = { .has_commit = false };
		BG_AUTO(str) struct bg_str raw = BG_STR_INIT;

		must(bg_repo_read(&raw, NULL, f.repo, &oid, &err), &err);
		must(bg_record_parse(&rec, &oid, raw.buf, raw.len, &err), &err);
		assert_int_equal(rec.event.seq, seq);
		assert_string_equal(rec.event.writer, f.who[who].writer);
		if (seq > 1) {
			assert_true(rec.commit.n_parents >= 1);
			oid = rec.commit.parents[0];
		}
	}
	return (size_t)tip.seq;
}

static int note(enum fx_who who, struct fx_grant *g, const char *text,
		struct bg_error *err)
{
	return fx_append(&f, g, who, BG_EV_NOTE, fx_note(text), err);
}

static void activate(struct fx_grant *g)
{
	struct bg_error err;

	memset(g, 0, sizeof(*g));
	must(fx_append(&f, g, FX_ALICE, BG_EV_ACTIVATE,
		       fx_activate(&f, "the database is down"), &err),
	     &err);
}

static void test_lifecycle(void **state)
{
	struct fx_grant g;
	struct bg_error err;

	(void)state;
	activate(&g);
	must(fx_append(&f, &g, FX_HOST, BG_EV_GRANT, fx_grant_done(0), &err),
	     &err);
	must(fx_append(&f, &g, FX_BOB, BG_EV_APPROVE, fx_approve(), &err),
	     &err);
	must(fx_append(&f, &g, FX_ALICE, BG_EV_REVOKE, fx_revoke(), &err),
	     &err);
	must(fx_append(&f, &g, FX_HOST, BG_EV_CHECK, fx_check("absent"), &err),
	     &err);
	must(fx_append(&f, &g, FX_RITA, BG_EV_REVIEW, fx_review(&g, 0), &err),
	     &err);
	assert_int_equal(walk(FX_ALICE), 3);
	assert_int_equal(walk(FX_HOST), 3);
	assert_int_equal(walk(FX_RITA), 2);
	fsck();
}

/* gpg, given the public keys, names the right one for every event. */
static void test_git_verifies(void **state)
{
	char home[80], log[160];
	struct bg_error err;
	struct fx_grant g;

	(void)state;
	snprintf(home, sizeof(home), "%s/gpg", dir);
	assert_int_equal(mkdir(home, 0700), 0);
	setenv("GNUPGHOME", home, 1);
	activate(&g);
	must(note(FX_ALICE, &g, "hello", &err), &err);
	for (int i = 0; i < FX_WRITERS; i++) {
		char path[100];
		const char *const import[] = { "gpg",      "--batch", "--quiet",
					       "--import", path,      NULL };
		const char *const verify[] = { "git",      "-C",
					       f.repo_dir, "verify-commit",
					       log,        NULL };
		const struct fx_writer *w = &f.who[i];

		snprintf(path, sizeof(path), "%s/%d.pgp", dir, i);
		must(bg_file_commit(path, 0600, w->blob.buf, w->blob.len, &err),
		     &err);
		assert_int_equal(run(import), 0);
		snprintf(log, sizeof(log), BG_LOG_PREFIX "%s", w->writer);
		assert_int_equal(run(verify), 0);
	}
	snprintf(log, sizeof(log), "trust");
	assert_int_equal(run((const char *const[]){ "git", "-C", f.repo_dir,
						    "verify-commit", "trust",
						    NULL }),
			 0);
	run((const char *const[]){ "gpgconf", "--homedir", home, "--kill",
				   "all", NULL });
	unsetenv("GNUPGHOME");
	fsck();
}

static void test_work_tree(void **state)
{
	static const char *const files[] = { "README.md", "trust.yaml",
					     "policies/db.yaml" };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/%s", f.repo_dir, files[i]);
		assert_true(bg_path_exists(path));
	}
	assert_int_equal(run((const char *const[]){ "git", "-C", f.repo_dir,
						    "diff", "--exit-code",
						    "HEAD", NULL }),
			 0);
	assert_int_equal(run((const char *const[]){ "git", "-C", f.repo_dir,
						    "diff", "--exit-code",
						    "--cached", "HEAD", NULL }),
			 0);
}

static void test_parents(void **state)
{
	BG_AUTO(record) struct bg_record rec = { .has_commit = false };
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	struct bg_error err;
	struct fx_grant g;
	struct bg_tip tip;

	(void)state;
	activate(&g);
	must(note(FX_BOB, &g, "one", &err), &err);
	must(note(FX_BOB, &g, "two", &err), &err);
	must(bg_log_tip(&tip, &f.who[FX_BOB].log, &err), &err);
	must(bg_repo_read(&raw, NULL, f.repo, &tip.commit, &err), &err);
	must(bg_record_parse(&rec, &tip.commit, raw.buf, raw.len, &err), &err);
	/* Own previous, the root; trust was named before. */
	assert_int_equal(rec.commit.n_parents, 2);
	assert_int_equal(rec.event.n_answers, 1);
	assert_true(bg_oid_eq(&rec.commit.parents[1], &g.events[0].commit));
	assert_string_equal(rec.commit.name, "bob");
	assert_true(bg_oid_eq(&rec.commit.tree, &bg_empty_tree));
	assert_int_equal(rec.commit.seconds, rec.event.at_ms / 1000);
}

static void test_bad_data(void **state)
{
	struct bg_error err;
	struct fx_grant g;
	size_t before;

	(void)state;
	activate(&g);
	before = walk(FX_ALICE);
	assert_int_equal(note(FX_ALICE, &g, "", &err), BG_EUSAGE);
	assert_int_equal(fx_append(&f, &g, FX_ALICE, BG_EV_NOTE,
				   json_pack("{s:s}", "text", "a\x1b[31m"),
				   &err),
			 BG_EUSAGE);
	assert_int_equal(fx_append(&f, &g, FX_ALICE, BG_EV_NOTE, json_true(),
				   &err),
			 BG_EUSAGE);
	assert_int_equal(walk(FX_ALICE), before);
}

/* 8 processes, one log: all there, in one chain. */
static void test_eight_processes(void **state)
{
	struct bg_error err;
	struct fx_grant g;
	size_t before;

	(void)state;
	activate(&g);
	before = walk(FX_ALICE);
	for (int i = 0; i < 8; i++) {
		if (fork())
			continue;
		for (int k = 0; k < 125; k++) {
			char text[32];

			snprintf(text, sizeof(text), "note %d.%d", i, k);
			if (note(FX_ALICE, &g, text, &err)) {
				fprintf(stderr, "# %s\n", err.msg);
				_exit(1);
			}
		}
		_exit(0);
	}
	for (int i = 0; i < 8; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(walk(FX_ALICE), before + 1000);
	must(bg_repo_pack(f.repo, &err), &err);
	assert_int_equal(walk(FX_ALICE), before + 1000);
	fsck();
}

/* What a killed process reported is there; nothing is there twice. */
static void writer_loop(struct fx_grant *g, int out)
{
	struct bg_error err;

	for (unsigned i = 0;; i++) {
		char text[32];

		snprintf(text, sizeof(text), "note %u", i);
		if (note(FX_ALICE, g, text, &err))
			_exit(1);
		if (write(out, "x", 1) != 1)
			_exit(2);
	}
}

static void test_kill(void **state)
{
	struct fx_grant g;
	struct bg_error err;
	size_t events, reported = 0;
	int fds[2];

	(void)state;
	activate(&g);
	events = walk(FX_ALICE);
	srand(42);
	for (int i = 0; i < 60; i++) {
		struct timespec t = { 0, rand() % 12000 * 1000L };
		char buf[256];
		ssize_t n;
		size_t now;
		pid_t pid;

		assert_int_equal(pipe(fds), 0);
		pid = fork();
		if (!pid)
			writer_loop(&g, fds[1]);
		close(fds[1]);
		nanosleep(&t, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		for (reported = 0; (n = read(fds[0], buf, sizeof(buf))) > 0;)
			reported += (size_t)n;
		close(fds[0]);
		now = walk(FX_ALICE);
		assert_true(now >= events + reported);
		assert_true(now <= events + reported + 1);
		events = now;
	}
	must(note(FX_ALICE, &g, "last", &err), &err);
	fsck();
}

/* Killed at each point of an append: seq n is signed once and for all. */
static void test_kill_points(void **state)
{
	static const struct {
		const char *fault;
		int more; /* events after it and one more note */
	} cases[] = {
		{ "append.before-sign=KILL", 1 },
		{ "append.object=KILL", 1 },
		{ "append.ref=KILL", 2 },
		{ "append.done=KILL", 2 },
	};
	struct fx_grant g;
	struct bg_error err;

	(void)state;
	activate(&g);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t before = walk(FX_ALICE);
		pid_t pid = fork();
		int status;

		if (!pid) {
			bg_fault_set(cases[i].fault);
			_exit(note(FX_ALICE, &g, "never told", &err) != 0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		must(note(FX_ALICE, &g, "after", &err), &err);
		assert_int_equal(walk(FX_ALICE),
				 before + (size_t)cases[i].more);
	}
	fsck();
}

static void test_ref_lock_left_over(void **state)
{
	struct fx_grant g;
	struct bg_error err;
	char path[400];
	int fd;

	(void)state;
	activate(&g);
	snprintf(path, sizeof(path), "%s/.git/" BG_LOG_PREFIX "%s.lock",
		 f.repo_dir, f.who[FX_ALICE].writer);
	fd = open(path, O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0);
	close(fd);
	must(note(FX_ALICE, &g, "goes on", &err), &err);
	assert_false(bg_path_exists(path));
	snprintf(path, sizeof(path), "%s/journal/stale-locks", f.install.dir);
	assert_true(bg_path_exists(path));
}

/* A copy of the repository is refused; so is an old state of it. */
static void test_copies(void **state)
{
	char copy[100];
	struct bg_install i;
	struct bg_repo *r;
	struct bg_error err;

	(void)state;
	snprintf(copy, sizeof(copy), "%s/copy", dir);
	assert_int_equal(run((const char *const[]){ "cp", "-a", f.repo_dir,
						    copy, NULL }),
			 0);
	must(bg_repo_open(&r, copy, false, &err), &err);
	assert_int_equal(bg_install_open(&i, r, &f.places, &err), BG_EFAIL);
	assert_string_equal(err.id, "copied-installation");
	bg_repo_close(r);
	/* Moved is not copied. */
	assert_int_equal(rename(f.repo_dir, "/tmp/none/none"), -1);
	snprintf(copy, sizeof(copy), "%s/moved", dir);
	assert_int_equal(rename(f.repo_dir, copy), 0);
	must(bg_repo_open(&r, copy, false, &err), &err);
	must(bg_install_open(&i, r, &f.places, &err), &err);
	bg_install_close(&i);
	bg_repo_close(r);
	assert_int_equal(rename(copy, f.repo_dir), 0);
	/* A plain clone has no installation. */
	snprintf(copy, sizeof(copy), "%s/clone", dir);
	assert_int_equal(run((const char *const[]){ "git", "clone", "-q",
						    "--bare", "--no-local",
						    f.repo_dir, copy, NULL }),
			 0);
	must(bg_repo_open(&r, copy, false, &err), &err);
	assert_int_equal(bg_install_open(&i, r, &f.places, &err), BG_ENOENT);
	assert_string_equal(err.id, "no-installation");
	bg_repo_close(r);
}

static void test_copied_log(void **state)
{
	char remote[200], local[200];
	struct bg_tip old, now;
	struct fx_grant g;
	struct bg_error err;

	(void)state;
	activate(&g);
	must(bg_log_tip(&old, &f.who[FX_ALICE].log, &err), &err);
	must(note(FX_ALICE, &g, "pushed", &err), &err);
	must(bg_log_tip(&now, &f.who[FX_ALICE].log, &err), &err);
	snprintf(remote, sizeof(remote), "refs/remotes/hub/log/%s",
		 f.who[FX_ALICE].writer);
	snprintf(local, sizeof(local), BG_LOG_PREFIX "%s",
		 f.who[FX_ALICE].writer);
	must(bg_repo_ref_move(f.repo, remote, NULL, &now.commit, NULL, &err),
	     &err);
	must(note(FX_ALICE, &g, "ahead of the remote", &err), &err);
	/* The disk is put back to before the push. */
	must(bg_log_tip(&now, &f.who[FX_ALICE].log, &err), &err);
	must(bg_repo_ref_move(f.repo, local, &now.commit, &old.commit, NULL,
			      &err),
	     &err);
	assert_int_equal(note(FX_ALICE, &g, "again", &err), BG_EFAIL);
	assert_string_equal(err.id, "copied-log");
}

static void test_disk_full(void **state)
{
	struct fx_grant g;
	struct bg_error err;
	char path[256];
	size_t before;

	(void)state;
	activate(&g);
	before = walk(FX_ALICE);
	snprintf(path, sizeof(path), "%s/.git/bg-reserve", f.repo_dir);
	assert_true(bg_path_exists(path));
	bg_fault_set("append.object=ENOSPC:1");
	must(note(FX_ALICE, &g, "in the reserve", &err), &err);
	assert_false(bg_path_exists(path));
	bg_fault_set("append.object=ENOSPC:1+");
	assert_int_equal(note(FX_ALICE, &g, "no room", &err), BG_ENOSPC);
	bg_fault_set("append.ref=ENOSPC:1");
	assert_int_equal(note(FX_ALICE, &g, "no room", &err), BG_ENOSPC);
	bg_fault_set(NULL);
	must(note(FX_ALICE, &g, "room again", &err), &err);
	/* The one that was signed and stored is finished, not forgotten. */
	assert_int_equal(walk(FX_ALICE), before + 3);
}

static void test_attachments(void **state)
{
	struct bg_log *log = &f.who[FX_HOST].log;
	BG_AUTO(str) struct bg_str back = BG_STR_INIT;
	struct bg_attachment a, b;
	struct bg_error err;
	json_t *v;

	(void)state;
	must(bg_attachment_write(&a, log, "BG-20261123-k7q2xm", "log.txt",
				 "text/plain", "hello", 5, &err),
	     &err);
	must(bg_attachment_write(&b, log, "BG-20261123-k7q2xm", "log.txt",
				 "text/plain", "hello", 5, &err),
	     &err);
	v = bg_attachment_json(&a);
	assert_true(bg_attachment_from_json(&b, v));
	json_decref(v);
	must(bg_attachment_read(&back, f.repo, "BG-20261123-k7q2xm",
				log->writer, &b, &err),
	     &err);
	assert_string_equal(back.buf, "hello");
	b.sha256.b[0] ^= 1;
	assert_int_equal(bg_attachment_read(&back, f.repo, "BG-20261123-k7q2xm",
					    log->writer, &b, &err),
			 BG_EVERIFY);
	assert_string_equal(err.id, "attachment-altered");
	assert_int_equal(bg_attachment_read(&back, f.repo, "BG-none",
					    log->writer, &a, &err),
			 BG_ENOENT);
	assert_string_equal(err.id, "attachment-missing");
	assert_int_equal(bg_attachment_write(&b, log, "../x", "log.txt",
					     "text/plain", "x", 1, &err),
			 BG_EUSAGE);
	fsck();
}

static void test_anchor(void **state)
{
	char text[BG_ANCHOR_LEN + 1], plain[BG_ANCHOR_LEN + 1];
	struct bg_digest back;
	struct bg_error err;

	(void)state;
	bg_anchor_format(text, &f.genesis, true);
	bg_anchor_format(plain, &f.genesis, false);
	assert_int_equal(strlen(plain), 4 + 56);
	must(bg_anchor_parse(&back, text, &err), &err);
	assert_true(bg_digest_eq(&back, &f.genesis));
	must(bg_anchor_parse(&back, plain, &err), &err);
	for (size_t i = 4; i < strlen(plain); i++) {
		char was = plain[i];

		plain[i] = was == '7' ? '8' : '7';
		assert_int_equal(bg_anchor_parse(&back, plain, &err),
				 BG_EUSAGE);
		plain[i] = was;
	}
	plain[20] = '\0';
	assert_int_equal(bg_anchor_parse(&back, plain, &err), BG_EUSAGE);
}

/* Every single edit of a real signed commit is refused by the three grammars
 * and the signature check together. */
static int check_raw(const char *p, size_t n)
{
	BG_AUTO(record) struct bg_record rec = { .has_commit = false };
	const struct bg_keyblob *blob =
		bg_signer_keyblob(f.who[FX_ALICE].signer);
	struct bg_oid oid = { { 0 } };
	struct bg_error err;
	int r = bg_record_parse(&rec, &oid, p, n, &err);

	return r ? r
		 : bg_sig_check(&rec.sig, &blob->keys.v[0],
				rec.commit.payload.buf, rec.commit.payload.len,
				&err);
}

static void test_mutants(void **state)
{
	static const char inserts[] = { '\0', '\n', '\r', ' ', 'A', '=' };
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	struct bg_error err;
	struct fx_grant g;
	struct bg_tip tip;
	char *buf;

	(void)state;
	activate(&g);
	must(note(FX_ALICE, &g, "hello", &err), &err);
	must(bg_log_tip(&tip, &f.who[FX_ALICE].log, &err), &err);
	must(bg_repo_read(&raw, NULL, f.repo, &tip.commit, &err), &err);
	assert_int_equal(check_raw(raw.buf, raw.len), 0);
	buf = malloc(raw.len + 1);
	assert_non_null(buf);
	for (size_t i = 0; i < raw.len; i++) {
		memcpy(buf, raw.buf, raw.len);
		for (int bit = 0; bit < 8; bit++) {
			buf[i] = (char)(raw.buf[i] ^ (1 << bit));
			assert_int_not_equal(check_raw(buf, raw.len), 0);
		}
		memcpy(buf + i, raw.buf + i + 1, raw.len - i - 1);
		assert_int_not_equal(check_raw(buf, raw.len - 1), 0);
		assert_int_not_equal(check_raw(raw.buf, i), 0);
		for (size_t k = 0; k < sizeof(inserts); k++) {
			memcpy(buf, raw.buf, i);
			buf[i] = inserts[k];
			memcpy(buf + i + 1, raw.buf + i, raw.len - i);
			assert_int_not_equal(check_raw(buf, raw.len + 1), 0);
		}
	}
	free(buf);
}

int main(void)
{
#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_lifecycle),       T(test_git_verifies),
		T(test_work_tree),       T(test_parents),
		T(test_bad_data),        T(test_mutants),
		T(test_eight_processes), T(test_kill),
		T(test_kill_points),     T(test_ref_lock_left_over),
		T(test_copies),          T(test_copied_log),
		T(test_disk_full),       T(test_attachments),
		T(test_anchor),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("append", tests, NULL, NULL);
}
