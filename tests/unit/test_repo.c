/* The repository as a store: objects, trees, refs, packs, what is unsafe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/io.h"
#include "evidence/repo.h"

static char dir[64];

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/bgXXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	struct bg_error err;

	(void)state;
	return bg_tree_remove(dir, &err);
}

static void must(int rc, const struct bg_error *err)
{
	if (rc)
		fail_msg("%s: %s", err->id, err->msg);
}

static struct bg_repo *make(bool bare)
{
	struct bg_repo *r;
	struct bg_error err;

	must(bg_repo_init(&r, dir, bare, &err), &err);
	return r;
}

static char *in_dir(const char *path)
{
	static char full[256];

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	return full;
}

static void put(const char *path, const char *text)
{
	int fd = open(in_dir(path), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* What a shell says about it: git is the oracle. */
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

static int fsck(void)
{
	const char *const argv[] = {
		"git", "-C", dir, "fsck", "--strict", NULL
	};

	return run(argv);
}

static void test_objects(void **state)
{
	BG_AUTO(repo) struct bg_repo *r = make(true);
	BG_AUTO(str) struct bg_str back = BG_STR_INIT;
	struct bg_oid oid, absent = { { 1 } };
	enum bg_object_kind kind;
	struct bg_error err;
	char hex[41];

	(void)state;
	assert_true(bg_repo_has(r, &bg_empty_tree));
	must(bg_repo_write(&oid, r, BG_OBJ_BLOB, "hello\n", 6, &err), &err);
	bg_oid_format(hex, &oid);
	assert_string_equal(hex, "ce013625030ba8dba906f756967f9e9ca394464a");
	must(bg_repo_read(&back, &kind, r, &oid, &err), &err);
	assert_int_equal(kind, BG_OBJ_BLOB);
	assert_string_equal(back.buf, "hello\n");
	assert_int_equal(bg_repo_read(&back, &kind, r, &absent, &err),
			 BG_ENOENT);
	assert_string_equal(err.id, "missing-object");
	assert_int_equal(fsck(), 0);
}

static void test_corrupt_object(void **state)
{
	BG_AUTO(repo) struct bg_repo *r = make(true);
	BG_AUTO(str) struct bg_str back = BG_STR_INIT;
	struct bg_oid a, b;
	struct bg_error err;
	enum bg_object_kind kind;
	char from[256], to[256], hex[41];

	(void)state;
	must(bg_repo_write(&a, r, BG_OBJ_BLOB, "a\n", 2, &err), &err);
	must(bg_repo_write(&b, r, BG_OBJ_BLOB, "b\n", 2, &err), &err);
	bg_oid_format(hex, &a);
	snprintf(from, sizeof(from), "%s/objects/%.2s/%s", dir, hex, hex + 2);
	bg_oid_format(hex, &b);
	snprintf(to, sizeof(to), "%s/objects/%.2s/%s", dir, hex, hex + 2);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(bg_repo_read(&back, &kind, r, &b, &err), BG_EVERIFY);
	assert_string_equal(err.id, "corrupt-object");
}

static void add_file(struct bg_tree_files *t, struct bg_repo *r,
		     const char *path, const char *text)
{
	struct bg_tree_file f = { .path = strdup(path), .mode = 0100644 };
	struct bg_error err;

	must(bg_repo_write(&f.blob, r, BG_OBJ_BLOB, text, strlen(text), &err),
	     &err);
	assert_int_equal(bg_vec_push(&t->list, f), 0);
}

static void test_trees(void **state)
{
	static const char *const paths[] = { "README.md",  "keys/A.pgp",
					     "keys/B.pgp", "keys-x",
					     "keys.yaml",  "policies/a.yaml",
					     "trust.yaml" };
	BG_AUTO(repo) struct bg_repo *r = make(true);
	BG_AUTO(tree_files) struct bg_tree_files in = { { NULL, 0, 0 } };
	BG_AUTO(tree_files) struct bg_tree_files out = { { NULL, 0, 0 } };
	struct bg_oid tree;
	struct bg_error err;

	(void)state;
	for (size_t i = sizeof(paths) / sizeof(*paths); i--;)
		add_file(&in, r, paths[i], paths[i]);
	must(bg_repo_write_tree(&tree, r, &in, &err), &err);
	must(bg_repo_read_tree(&out, r, &tree, &err), &err);
	assert_int_equal(out.list.n, 7);
	for (size_t i = 1; i < out.list.n; i++)
		assert_true(strcmp(out.list.v[i - 1].path, out.list.v[i].path) <
			    0);
	assert_int_equal(fsck(), 0);
	add_file(&in, r, "../evil", "x");
	assert_int_equal(bg_repo_write_tree(&tree, r, &in, &err), BG_EUSAGE);
}

static void expect_bad_tree(struct bg_repo *r, const char *raw, size_t n)
{
	BG_AUTO(tree_files) struct bg_tree_files out = { { NULL, 0, 0 } };
	struct bg_oid tree;
	struct bg_error err;

	must(bg_repo_write(&tree, r, BG_OBJ_TREE, raw, n, &err), &err);
	assert_int_equal(bg_repo_read_tree(&out, r, &tree, &err), BG_EVERIFY);
	assert_string_equal(err.id, "bad-tree");
}

#define ZEROS "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
#define TREE(text) (text), sizeof(text) - 1

static void test_bad_trees(void **state)
{
	BG_AUTO(repo) struct bg_repo *r = make(true);

	(void)state;
	expect_bad_tree(r, TREE("0100644 a\0" ZEROS));
	expect_bad_tree(r, TREE("100664 a\0" ZEROS));
	expect_bad_tree(r, TREE("100644 b\0" ZEROS "100644 a\0" ZEROS));
	expect_bad_tree(r, TREE("100644 a\0" ZEROS "100644 a\0" ZEROS));
	expect_bad_tree(r, TREE("100644 .git\0" ZEROS));
	expect_bad_tree(r, TREE("100644 ..\0" ZEROS));
	expect_bad_tree(r, TREE("100644 a/b\0" ZEROS));
	expect_bad_tree(r, TREE("100644 a\n\0" ZEROS));
	expect_bad_tree(r, TREE("100644 a\0" ZEROS "1"));
	expect_bad_tree(r, TREE("100644 a\0\1\1"));
}

static void test_refs(void **state)
{
	static const char log[] = "refs/heads/log/alice.ops1-0123456789ab";
	BG_AUTO(repo) struct bg_repo *r = make(true);
	BG_AUTO(refs) struct bg_refs refs = { { NULL, 0, 0 } };
	struct bg_oid a, b, now;
	struct bg_error err;
	size_t others;

	(void)state;
	must(bg_repo_write(&a, r, BG_OBJ_BLOB, "a", 1, &err), &err);
	must(bg_repo_write(&b, r, BG_OBJ_BLOB, "b", 1, &err), &err);
	assert_int_equal(bg_repo_ref(&now, r, log, &err), BG_ENOENT);
	must(bg_repo_ref_move(r, log, NULL, &a, NULL, &err), &err);
	assert_int_equal(bg_repo_ref_move(r, log, NULL, &b, NULL, &err),
			 BG_EBUSY);
	assert_int_equal(bg_repo_ref_move(r, log, &b, &a, NULL, &err),
			 BG_EBUSY);
	assert_string_equal(err.id, "ref-moved");
	must(bg_repo_ref_move(r, log, &a, &b, NULL, &err), &err);
	must(bg_repo_ref(&now, r, log, &err), &err);
	assert_true(bg_oid_eq(&now, &b));
	must(bg_repo_ref_move(r, "refs/remotes/hub/log/x", NULL, &a, NULL,
			      &err),
	     &err);
	must(bg_repo_ref_move(r, "refs/tags/v1", NULL, &a, NULL, &err), &err);
	must(bg_repo_refs(&refs, &others, r, &err), &err);
	assert_int_equal(refs.list.n, 2);
	assert_int_equal(others, 1);
	assert_string_equal(refs.list.v[0].name, "log/alice.ops1-0123456789ab");
	assert_string_equal(refs.list.v[1].name, "log/x");
	assert_true(refs.list.v[1].remote);
}

static void test_stale_lock(void **state)
{
	static const char log[] = "refs/heads/log/a";
	BG_AUTO(repo) struct bg_repo *r = make(true);
	struct bg_oid a, b;
	struct bg_error err;
	bool stale;

	(void)state;
	must(bg_repo_write(&a, r, BG_OBJ_BLOB, "a", 1, &err), &err);
	must(bg_repo_write(&b, r, BG_OBJ_BLOB, "b", 1, &err), &err);
	must(bg_repo_ref_move(r, log, NULL, &a, &stale, &err), &err);
	assert_false(stale);
	put("refs/heads/log/a.lock", "");
	must(bg_repo_ref_move(r, log, &a, &b, &stale, &err), &err);
	assert_true(stale);
	assert_true(bg_path_exists(in_dir("bg-stale")));
	/* A fresh lock of trust may be a hook's: not ours to take. */
	put("refs/heads/trust.lock", "");
	assert_int_equal(bg_repo_ref_move(r, BG_TRUST_REF, NULL, &b, &stale,
					  &err),
			 BG_EBUSY);
}

static size_t count_loose(void)
{
	size_t n = 0;

	for (unsigned i = 0; i < 256; i++) {
		char name[32];
		struct dirent *d;
		DIR *at;

		snprintf(name, sizeof(name), "objects/%02x", i);
		at = opendir(in_dir(name));
		while (at && (d = readdir(at)))
			n += d->d_name[0] != '.';
		if (at)
			closedir(at);
	}
	return n;
}

static void test_pack(void **state)
{
	BG_AUTO(repo) struct bg_repo *r = make(true);
	BG_AUTO(repo) struct bg_repo *other = NULL;
	struct bg_oid first, oid;
	struct bg_error err;

	(void)state;
	must(bg_repo_open(&other, dir, false, &err), &err);
	for (int i = 0; i < 600; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%d", i);
		must(bg_repo_write(&oid, r, BG_OBJ_BLOB, text, strlen(text),
				   &err),
		     &err);
		if (!i)
			first = oid;
		if (i == 400)
			must(bg_repo_pack(r, &err), &err);
		if (i == 400)
			assert_int_equal(count_loose(), 402);
	}
	must(bg_repo_pack(r, &err), &err);
	assert_int_equal(count_loose(), 0);
	for (int i = 0; i < 2; i++) {
		BG_AUTO(str) struct bg_str back = BG_STR_INIT;

		must(bg_repo_read(&back, NULL, i ? other : r, &first, &err),
		     &err);
		assert_string_equal(back.buf, "0");
	}
	assert_int_equal(fsck(), 0);
}

static void expect_unsafe(const char *what)
{
	struct bg_repo *r;
	struct bg_error err;

	if (bg_repo_open(&r, dir, false, &err) != BG_EUNSAFE)
		fail_msg("%s was opened", what);
	assert_string_equal(err.id, "unsafe-repository");
}

static void test_unsafe(void **state)
{
	static const struct {
		const char *path, *text;
	} files[] = {
		{ "refs/replace/x", "x" },
		{ "info/grafts", "x" },
		{ "shallow", "x" },
		{ "objects/info/alternates", "/tmp\n" },
		{ "objects/pack/pack-x.promisor", "" },
		{ "commondir", "x" },
		{ "packed-refs", "4b825dc642cb6eb9a060e54bf8d69288fbee4904 "
				 "refs/replace/x\n" },
	};
	static const char *const configs[] = {
		"[core]\n repositoryformatversion = 2\n",
		"[extensions]\n worktreeConfig = true\n",
		"[extensions]\n objectFormat = sha256\n",
		"[extensions]\n refStorage = reftable\n",
		"[core]\n worktree = /tmp\n",
		"[remote \"o\"]\n promisor = true\n",
		"[core\n",
	};
	struct bg_error err;

	(void)state;
	bg_repo_close(make(true));
	assert_int_equal(mkdir(in_dir("refs/replace"), 0755), 0);
	(void)mkdir(in_dir("info"), 0755);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct bg_repo *r;

		put(files[i].path, files[i].text);
		expect_unsafe(files[i].path);
		unlink(in_dir(files[i].path));
		must(bg_repo_open(&r, dir, false, &err), &err);
		bg_repo_close(r);
	}
	for (size_t i = 0; i < sizeof(configs) / sizeof(*configs); i++) {
		put("config", configs[i]);
		expect_unsafe(configs[i]);
	}
}

static void test_finding(void **state)
{
	BG_AUTO(repo) struct bg_repo *found = NULL;
	struct bg_repo *none;
	struct bg_error err;

	(void)state;
	bg_repo_close(make(false));
	assert_int_equal(mkdir(in_dir("a"), 0755), 0);
	assert_int_equal(mkdir(in_dir("a/b"), 0755), 0);
	must(bg_repo_open(&found, in_dir("a/b"), true, &err), &err);
	assert_non_null(bg_repo_work_dir(found));
	assert_true(bg_starts_with(bg_repo_git_dir(found), dir));
	assert_int_equal(bg_repo_open(&none, in_dir("a"), false, &err),
			 BG_ENOENT);
	assert_string_equal(err.id, "no-repository");
}

/* 8 processes race for one ref: every step of the winner's chain is there. */
static void race(unsigned seed)
{
	static const char log[] = "refs/heads/log/a";
	struct bg_repo *r;
	struct bg_error err;
	unsigned done = 0;

	if (bg_repo_open(&r, dir, false, &err))
		_exit(1);
	while (done < 25) {
		BG_AUTO(str) struct bg_str text = BG_STR_INIT;
		struct bg_oid old, new_oid;
		int rc;

		if (bg_repo_ref(&old, r, log, &err) ||
		    bg_repo_read(&text, NULL, r, &old, &err))
			_exit(2);
		bg_str_addf(&text, "%u.%u\n", seed, done);
		if (bg_repo_write(&new_oid, r, BG_OBJ_BLOB, text.buf, text.len,
				  &err))
			_exit(3);
		rc = bg_repo_ref_move(r, log, &old, &new_oid, NULL, &err);
		if (!rc)
			done++;
		else if (rc != BG_EBUSY)
			_exit(4);
	}
	_exit(0);
}

static void test_race(void **state)
{
	BG_AUTO(repo) struct bg_repo *r = make(true);
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	struct bg_oid oid;
	struct bg_error err;
	size_t lines = 0;

	(void)state;
	must(bg_repo_write(&oid, r, BG_OBJ_BLOB, "\n", 1, &err), &err);
	must(bg_repo_ref_move(r, "refs/heads/log/a", NULL, &oid, NULL, &err),
	     &err);
	for (unsigned i = 0; i < 8; i++)
		if (!fork())
			race(i);
	for (unsigned i = 0; i < 8; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	must(bg_repo_ref(&oid, r, "refs/heads/log/a", &err), &err);
	must(bg_repo_read(&text, NULL, r, &oid, &err), &err);
	for (size_t i = 0; i < text.len; i++)
		lines += text.buf[i] == '\n';
	assert_int_equal(lines, 201);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_objects),   T(test_corrupt_object), T(test_trees),
		T(test_bad_trees), T(test_refs),           T(test_stale_lock),
		T(test_pack),      T(test_unsafe),         T(test_finding),
		T(test_race),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("repo", tests, NULL, NULL);
}
