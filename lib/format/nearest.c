/* Damerau's distance, optimal string alignment form. */
#include "format/nearest.h"

#include <string.h>

#define WORD_MAX 48

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned distance(const char *a, size_t la, const char *b, size_t lb)
{
	unsigned d[3][WORD_MAX + 1];
	unsigned *before = d[0], *last = d[1], *now = d[2];
	for (size_t j = 0; j <= lb; j++)
		last[j] = (unsigned)j;
	memset(before, 0, sizeof(d[0]));
	for (size_t i = 1; i <= la; i++) {
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned cost = a[i - 1] != b[j - 1];
			now[j] = least(least(now[j - 1], last[j]) + 1,
				       last[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
		unsigned *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[lb];
}

const char *bg_nearest(const char *typed, const char *const *words, size_t n)
{
	const char *best = NULL;
	unsigned fewest = 0;
	size_t typed_len = strlen(typed);
	if (typed_len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t len = words[i] ? strlen(words[i]) : 0;
		if (len == 0 || len > WORD_MAX)
			continue;
		unsigned far = distance(typed, typed_len, words[i], len);
		size_t longer = len > typed_len ? len : typed_len;
		if (far > (longer < 4 ? 1 : 1 + longer / 4))
			continue;
		if (!best || far < fewest) {
			best = words[i];
			fewest = far;
		}
	}
	return best;
}
