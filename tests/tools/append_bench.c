/*
 * append_bench [ROUNDS]: what an append costs, paired with git in one run, with
 * the same gpg key and agent: `git commit -S --allow-empty` (a process each),
 * appends in one process, appends as a process each.  Run it from the top.
 *
 * Prints microseconds per event (median of the rounds), the ratio to git, and
 * CPU time (mean; without the agent's), which a busy machine does not change.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/io.h"
#include "support/fixture.h"
#include "support/gpghome.h"

struct bench {
	struct gpghome home;
	struct fx f;
	struct bg_log log;
	char writer[BG_WRITER_MAX], state[160], repo[160], work[64];
	char fpr[41];
	struct fx_grant g;
};

static void must(int r, const struct bg_error *err)
{
	if (!r)
		return;
	fprintf(stderr, "append_bench: %s\n", err->msg);
	exit(1);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* CPU time of us and of what we have waited for. */
static double cpu_us(void)
{
	static const int whose[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
	struct rusage u;
	double sum = 0;

	for (int i = 0; i < 2; i++) {
		getrusage(whose[i], &u);
		sum += (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
		       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
	}
	return sum;
}

static int run(const char *const *argv)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(126);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/*
 * The three ways.
 */
static int note(const struct bg_log *log, const char *label,
		const struct bg_answer *root, struct bg_error *err)
{
	struct bg_event e;
	int r;

	memset(&e, 0, sizeof(e));
	e.type = BG_EV_NOTE;
	e.grant = label;
	e.data = fx_note("looking at the log files");
	r = bg_append(&e, log, root, 1, false, err);
	if (!r)
		bg_event_release(&e);
	return r;
}

static struct bg_answer root_of(const struct bench *b)
{
	return (struct bg_answer){ b->g.events[0].digest, b->g.events[0].commit,
				   b->f.who[FX_ALICE].writer };
}

#define LOOP 20

static double in_one_process(struct bench *b)
{
	const struct bg_answer root = root_of(b);
	double begin = now_us();
	struct bg_error err;

	for (int i = 0; i < LOOP; i++)
		must(note(&b->log, b->g.label, &root, &err), &err);
	return (now_us() - begin) / LOOP;
}

#define EACH 4

static double git_commit(struct bench *b)
{
	const char *argv[] = { "git",
			       "-C",
			       b->work,
			       "commit",
			       "-q",
			       "-S",
			       "--allow-empty",
			       "-m",
			       "looking at the log files",
			       NULL };
	double begin = now_us();

	for (int i = 0; i < EACH; i++)
		if (run(argv)) {
			fputs("append_bench: git commit failed\n", stderr);
			exit(1);
		}
	return (now_us() - begin) / EACH;
}

static char self[4096];

static double a_process_each(struct bench *b)
{
	char version[24], root[41], trust[41];
	char genesis[BG_DIGEST_TEXT + 1], digest[BG_DIGEST_TEXT + 1];
	char answer[BG_DIGEST_TEXT + 1];
	const char *argv[] = { self,      "one",      b->home.dir,
			       b->repo,   b->state,   b->fpr,
			       b->writer, genesis,    digest,
			       version,   trust,      answer,
			       root,      b->g.label, b->f.who[FX_ALICE].writer,
			       NULL };
	double begin;

	bg_digest_format(genesis, &b->f.genesis);
	bg_digest_format(digest, &b->f.trust);
	bg_digest_format(answer, &b->g.events[0].digest);
	bg_oid_format(root, &b->g.events[0].commit);
	bg_oid_format(trust, &b->f.trust_commit);
	snprintf(version, sizeof(version), "%d", (int)b->f.trust_version);
	begin = now_us();
	for (int i = 0; i < EACH; i++)
		if (run(argv)) {
			fputs("append_bench: the process failed\n", stderr);
			exit(1);
		}
	return (now_us() - begin) / EACH;
}

/* The process: what any command that writes one event has to do at least. */
static int one(char **a)
{
	struct bg_gpg gpg = { .home = a[0],
			      .user_home = a[0],
			      .batch = true,
			      .cache_dir = a[0] };
	struct bg_places places = { .state_home = a[2],
				    .cache_home = a[2],
				    .user = "tester",
				    .host = "ops1",
				    .gpg = gpg };
	BG_AUTO(install) struct bg_install install = { .dir = NULL };
	BG_AUTO(repo) struct bg_repo *repo = NULL;
	BG_AUTO(signer) struct bg_signer *signer = NULL;
	BG_AUTO(keyblob) struct bg_keyblob blob = { .uid = NULL };
	BG_AUTO(str) struct bg_str bytes = BG_STR_INIT;
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	struct bg_answer root = { .writer = a[12] };
	struct bg_log log = { .writer = a[4],
			      .by = "zoe",
			      .name = "zoe",
			      .email = "zoe@acme.example",
			      .places = &places };
	struct bg_error err;
	struct bg_fpr fpr;

	bg_str_addf(&path, "%s/zoe.pgp", a[0]);
	must(bg_file_read(&bytes, path.buf, BG_KEYBLOB_MAX, &err), &err);
	must(bg_keyblob_parse(&blob, bytes.buf, bytes.len, &err), &err);
	if (!bg_fpr_parse(&fpr, a[3]) || !bg_digest_parse(&log.genesis, a[5]) ||
	    !bg_digest_parse(&log.trust, a[6]) ||
	    !bg_oid_parse(&log.trust_commit, a[8]) ||
	    !bg_digest_parse(&root.digest, a[9]) ||
	    !bg_oid_parse(&root.commit, a[10]))
		return 1;
	log.trust_version = strtoul(a[7], NULL, 10);
	must(bg_repo_open(&repo, a[1], false, &err), &err);
	must(bg_install_open(&install, repo, &places, &err), &err);
	must(bg_signer_open_gpg(&signer, &gpg, &blob, &fpr, &err), &err);
	log.repo = repo;
	log.install = &install;
	log.signer = signer;
	must(note(&log, a[11], &root, &err), &err);
	return 0;
}

/*
 * Setting up.
 */
static void make_key(struct bench *b, struct bg_str *blob)
{
	const char *const make[] = {
		"--passphrase",    "",
		"--quick-gen-key", "zoe <zoe@acme.example>",
		"ed25519",         "sign",
		"never",           NULL
	};
	struct bg_gpg_keys keys = { { NULL, 0, 0 } };
	struct bg_error err;

	gpghome_make(&b->home);
	b->home.gpg.cache_dir = b->home.dir;
	if (gpghome_run(&b->home, make, NULL, 0, NULL, NULL)) {
		fputs("append_bench: gpg cannot make a key\n", stderr);
		exit(1);
	}
	must(bg_gpg_list(&keys, &b->home.gpg, "zoe", true, &err), &err);
	must(bg_gpg_export(blob, &b->home.gpg, &keys.list.v[0].primary, &err),
	     &err);
	bg_fpr_format(b->fpr, &keys.list.v[0].primary);
	bg_gpg_keys_release(&keys);
	gpghome_file(&b->home, "zoe.pgp", 0600, blob->buf, blob->len);
}

static void make_git(struct bench *b)
{
	const char *const init[] = { "git", "init", "-q", b->work, NULL };
	const char *const key[] = {
		"git", "-C", b->work, "config", "user.signingKey", b->fpr, NULL
	};
	const char *const name[] = { "git",       "-C",  b->work, "config",
				     "user.name", "zoe", NULL };
	const char *const email[] = { "git",        "-C",
				      b->work,      "config",
				      "user.email", "zoe@acme.example",
				      NULL };

	snprintf(b->work, sizeof(b->work), "%s/work", b->home.dir);
	setenv("GNUPGHOME", b->home.dir, 1);
	setenv("HOME", b->home.dir, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	if (run(init) || run(key) || run(name) || run(email))
		exit(1);
}

static void make_log(struct bench *b, const struct bg_keyblob *blob)
{
	struct bg_error err;
	struct bg_event e;

	b->log = b->f.who[FX_ALICE].log;
	bg_writer_name(b->writer, "zoe", "ops1", &blob->keys.v[0].fpr,
		       b->f.install.id);
	b->log.writer = b->writer;
	b->log.by = b->log.name = "zoe";
	b->log.email = "zoe@acme.example";
	must(bg_signer_open_gpg(&b->log.signer, &b->home.gpg, blob,
				&blob->keys.v[0].fpr, &err),
	     &err);
	memset(&e, 0, sizeof(e));
	e.type = BG_EV_WRITER;
	e.data = fx_register(&b->f, FX_BOB);
	must(bg_append(&e, &b->log, NULL, 0, false, &err), &err);
	bg_event_release(&e);
	must(fx_append(&b->f, &b->g, FX_ALICE, BG_EV_ACTIVATE,
		       fx_activate(&b->f, "the database is down"), &err),
	     &err);
}

static int cmp(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), cmp);
	return v[n / 2];
}

static void show(const char *what, double us, double base, double cpu,
		 size_t rounds, const char *limit)
{
	printf("%-28s %7.0f us  %.2f  cpu %6.0f us%s\n", what, us, us / base,
	       cpu / (double)rounds, limit);
}

#define ROUNDS_MAX 50

int main(int argc, char **argv)
{
	double git[ROUNDS_MAX], loop[ROUNDS_MAX], each[ROUNDS_MAX];
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 5;
	BG_AUTO(keyblob) struct bg_keyblob key = { .uid = NULL };
	BG_AUTO(str) struct bg_str blob = BG_STR_INIT;
	static struct bench b;
	struct fx_guest guest = { .name = "zoe" };
	struct bg_error err;
	char dir[64];
	double base, cpu[3] = { 0 }, mark[4];

	if (argc == 15 && strcmp(argv[1], "one") == 0)
		return one(argv + 2);
	if (!rounds || rounds > ROUNDS_MAX ||
	    readlink("/proc/self/exe", self, sizeof(self) - 1) <= 0)
		return 129;
	make_key(&b, &blob);
	must(bg_keyblob_parse(&key, blob.buf, blob.len, &err), &err);
	make_git(&b);
	snprintf(dir, sizeof(dir), "%s/fx", b.home.dir);
	snprintf(b.repo, sizeof(b.repo), "%s/repo", dir);
	snprintf(b.state, sizeof(b.state), "%s/state", dir);
	must(bg_dir_make(dir, 0700, &err), &err);
	guest.blob = blob.buf;
	guest.n = blob.len;
	must(fx_make_with(&b.f, dir, true, &guest, &err), &err);
	make_log(&b, &key);
	for (size_t i = 0; i < rounds; i++) {
		mark[0] = cpu_us();
		git[i] = git_commit(&b);
		mark[1] = cpu_us();
		loop[i] = in_one_process(&b);
		mark[2] = cpu_us();
		each[i] = a_process_each(&b);
		mark[3] = cpu_us();
		for (int k = 0; k < 3; k++)
			cpu[k] += (mark[k + 1] - mark[k]) /
				  (double)(k == 1 ? LOOP : EACH);
	}
	base = median(git, rounds);
	show("git commit -S --allow-empty", base, base, cpu[0], rounds, "");
	show("append, in one process", median(loop, rounds), base, cpu[1],
	     rounds, "  (at most 0.40)");
	show("append, a process each", median(each, rounds), base, cpu[2],
	     rounds, "  (at most 1.50)");
	bg_signer_close(b.log.signer);
	fx_close(&b.f);
	gpghome_drop(&b.home);
	return 0;
}
