#include "base/vec.h"

#include <stdint.h>

int bg_vec_grow(void **v, size_t n, size_t *cap, size_t size)
{
	size_t want;
	void *p;

	if (n < *cap)
		return 0;
	want = *cap ? *cap * 2 : 8;
	if (want <= n || want > SIZE_MAX / 2 / size)
		return -1;
	p = realloc(*v, want * size);
	if (!p)
		return -1;
	*v = p;
	*cap = want;
	return 0;
}
