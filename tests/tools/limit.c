/*
 * limit REPO [ROUNDS]: what no verifier can go below on this machine: reading
 * every event's object and checking every signature with nothing else, on all
 * cores.  Prints milliseconds of each, the best of the rounds.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "evidence/history.h"

struct item {
	struct bg_oid commit;
	const struct bg_pubkey *key;
	struct bg_sig sig;
	struct bg_str payload;
};
static struct bg_repo *repo;
static struct item *items;
static size_t n_items, next_item;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Take a slice of 64 items. */
static size_t take(void)
{
	size_t i;

	pthread_mutex_lock(&lock);
	i = next_item;
	next_item += 64;
	pthread_mutex_unlock(&lock);
	return i;
}

static void *read_some(void *arg)
{
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	struct bg_error err;
	enum bg_object_kind kind;
	size_t *bad = arg;

	for (size_t i = take(); i < n_items; i = take())
		for (size_t k = i; k < i + 64 && k < n_items; k++) {
			bg_str_clear(&raw);
			if (bg_repo_read(&raw, &kind, repo, &items[k].commit,
					 &err))
				(*bad)++;
		}
	return NULL;
}

static void *check_some(void *arg)
{
	struct bg_error err;
	size_t *bad = arg;

	for (size_t i = take(); i < n_items; i = take())
		for (size_t k = i; k < i + 64 && k < n_items; k++)
			if (bg_sig_check(&items[k].sig, items[k].key,
					 items[k].payload.buf,
					 items[k].payload.len, &err))
				(*bad)++;
	return NULL;
}

static double run(void *(*work)(void *), size_t *bad)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[64];
	size_t bads[64] = { 0 };
	double began = now_ms();

	if (cores < 1 || cores > 64)
		cores = 1;
	next_item = 0;
	for (long i = 0; i < cores; i++)
		if (pthread_create(&threads[i], NULL, work, &bads[i]))
			_exit(1);
	for (long i = 0; i < cores; i++) {
		pthread_join(threads[i], NULL);
		*bad += bads[i];
	}
	return now_ms() - began;
}

static const struct bg_pubkey *find_key(const struct bg_history *h,
					const struct bg_fpr *fpr)
{
	for (size_t i = 0; i < h->writers.n; i++)
		for (size_t k = 0; k < h->writers.v[i].key.keys.n; k++)
			if (bg_fpr_eq(&h->writers.v[i].key.keys.v[k].fpr, fpr))
				return &h->writers.v[i].key.keys.v[k];
	return NULL;
}

static int prepare(struct item *it, const struct bg_history *h,
		   const struct bg_event *e, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	BG_AUTO(str) struct bg_str packet = BG_STR_INIT;
	BG_AUTO(commit) struct bg_commit c = { .arena = BG_ARENA_INIT };
	enum bg_object_kind kind;
	int rc;

	it->commit = e->commit;
	it->key = find_key(h, &e->signer);
	rc = bg_repo_read(&raw, &kind, repo, &e->commit, err);
	if (!rc)
		rc = bg_commit_parse(&c, raw.buf, raw.len, err);
	if (!rc)
		rc = bg_armor_read(&packet, c.armor, c.armor_n, err);
	if (!rc)
		rc = bg_sig_parse(&it->sig, packet.buf, packet.len, err);
	if (!rc)
		bg_str_addn(&it->payload, c.payload.buf, c.payload.len);
	return it->key || rc ? rc : bg_fail(err, BG_EFAIL, "no-key", "no key");
}

static int measure(const char *dir, int rounds, struct bg_error *err)
{
	static const struct bg_history_options opt = { .engine_native = true };
	BG_AUTO(history) struct bg_history h = { 0 };
	double best_read = 1e12, best_check = 1e12;
	size_t bad = 0;
	int rc = bg_repo_open(&repo, dir, false, err);

	if (!rc)
		rc = bg_history_read(&h, repo, NULL, &opt, err);
	if (rc)
		return rc;
	n_items = h.events.n;
	items = calloc(n_items + 1, sizeof(*items));
	for (size_t i = 0; items && !rc && i < n_items; i++)
		rc = prepare(&items[i], &h, h.events.v[i], err);
	for (int i = 0; !rc && i < rounds; i++) {
		double t = run(read_some, &bad);

		best_read = t < best_read ? t : best_read;
		t = run(check_some, &bad);
		best_check = t < best_check ? t : best_check;
	}
	if (!rc)
		printf("events %zu read_ms %.1f check_ms %.1f sum_ms %.1f "
		       "bad %zu\n",
		       n_items, best_read, best_check, best_read + best_check,
		       bad);
	for (size_t i = 0; items && i < n_items; i++)
		bg_str_release(&items[i].payload);
	free(items);
	bg_repo_close(repo);
	return rc;
}

int main(int argc, char **argv)
{
	struct bg_error err = { 0 };

	if (argc < 2) {
		fprintf(stderr, "usage: limit REPO [ROUNDS]\n");
		return 2;
	}
	if (measure(argv[1], argc > 2 ? atoi(argv[2]) : 3, &err)) {
		fprintf(stderr, "limit: %s\n", err.msg);
		return 1;
	}
	return 0;
}
