/*
 * main() of a fuzz target outside libFuzzer: runs the target over its corpus
 * (tests/fuzz/corpus/NAME, or the files given), over beginnings of each
 * file, and over edits of it, the same ones each time, as many as fit into a
 * second.
 * Speaks TAP, one line a file.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>

#include "base/io.h"
#include "support/fuzz.h"

#define INPUT_MAX (256 * 1024)
#define CUTS 400
#define EDITS 1500

static uint64_t seed = 0x9e3779b97f4a7c15u;

static size_t draw(size_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (size_t)(seed % below);
}

/* The target gets bytes of its own, so that a read beyond them is seen. */
static void run(const void *p, size_t n)
{
	unsigned char *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	if (n)
		memcpy(copy, p, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void edit(const struct bg_str *s)
{
	static const char odd[] = "\0\n\r\t \"\\{}[]:,-#&*!%\x7f\x80\xc2\xff";
	char *p = malloc(s->len + 8);
	size_t n = s->len, at = draw(s->len);

	if (!p)
		abort();
	memcpy(p, s->buf, n);
	switch (draw(5)) {
	case 0:
		p[at] = (char)(p[at] ^ 1 << draw(8));
		break;
	case 1:
		p[at] = odd[draw(sizeof(odd))];
		break;
	case 2: /* drop some */
		memmove(p + at, p + at + 1, n - at - 1);
		n--;
		break;
	case 3: /* say some twice */
		memmove(p + at + 1, p + at, n - at);
		n++;
		break;
	default: { /* swap two places */
		size_t to = draw(n);
		char c = p[at];

		p[at] = p[to];
		p[to] = c;
	}
	}
	run(p, n);
	free(p);
}

static int replay(const char *path)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	struct bg_error err;
	clock_t end = clock() + CLOCKS_PER_SEC;
	size_t step;

	if (bg_file_read(&s, path, INPUT_MAX, &err)) {
		printf("# %s\n", err.msg);
		return -1;
	}
	run(s.buf, s.len);
	step = s.len / CUTS + 1;
	for (size_t n = 0; n < s.len && clock() < end; n += step)
		run(s.buf, n);
	for (int i = 0; s.len && i < EDITS && clock() < end; i++)
		edit(&s);
	return 0;
}

static int replay_folder(const char *folder, int *n)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	int bad = 0;

	while (d && (e = readdir(d))) {
		BG_AUTO(str) struct bg_str path = BG_STR_INIT;
		int rc;

		if (e->d_name[0] == '.')
			continue;
		bg_str_addf(&path, "%s/%s", folder, e->d_name);
		rc = path.oom ? -1 : replay(path.buf);
		printf("%sok %d - %s\n", rc ? "not " : "", ++*n, e->d_name);
		bad |= rc;
	}
	if (d)
		closedir(d);
	return bad;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	char folder[256];
	int n = 0, bad = 0;

	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			bad |= replay(argv[i]);
		return bad != 0;
	}
	snprintf(folder, sizeof(folder), "tests/fuzz/corpus/%s",
		 slash ? slash + 1 : argv[0]);
	run("", 0);
	bad = replay_folder(folder, &n);
	printf("%sok %d - has a corpus\n1..%d\n", n ? "" : "not ", n + 1,
	       n + 1);
	return bad || !n;
}
