#include "base/mem.h"

#include <errno.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Blocks grow with the arena up to this; a larger object gets its own. */
#define BLOCK_MIN 1024
#define BLOCK_MAX (64 * 1024)

struct bg_arena_block {
	struct bg_arena_block *next;
	size_t used, size;
	alignas(max_align_t) unsigned char data[];
};

void bg_auto_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

void bg_wipe(void *p, size_t n)
{
	if (n)
		explicit_bzero(p, n);
}

static struct bg_arena_block *add_block(struct bg_arena *a, size_t need)
{
	size_t size = a->head ? a->head->size * 2 : BLOCK_MIN;
	struct bg_arena_block *b;

	if (size > BLOCK_MAX)
		size = BLOCK_MAX;
	if (size < need)
		size = need;
	b = calloc(1, sizeof(*b) + size);
	if (!b)
		return NULL;
	b->size = size;
	/* A block for one large object is full at once: keep filling the
	 * present one. */
	if (a->head && need > BLOCK_MAX / 2) {
		b->next = a->head->next;
		a->head->next = b;
	} else {
		b->next = a->head;
		a->head = b;
	}
	return b;
}

void *bg_arena_alloc(struct bg_arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);
	struct bg_arena_block *b = a->head;
	void *p;

	if (n > SIZE_MAX / 2) {
		a->oom = 1;
		return NULL;
	}
	n = ((n ? n : 1) + align - 1) / align * align;
	if (!b || b->size - b->used < n)
		b = add_block(a, n);
	if (!b) {
		a->oom = 1;
		return NULL;
	}
	p = b->data + b->used;
	b->used += n;
	return p;
}

void *bg_arena_array(struct bg_arena *a, size_t n, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(n, size, &all)) {
		a->oom = 1;
		return NULL;
	}
	return bg_arena_alloc(a, all);
}

char *bg_arena_strndup(struct bg_arena *a, const char *s, size_t n)
{
	char *p;

	n = strnlen(s, n);
	p = bg_arena_alloc(a, n + 1);
	if (p)
		memcpy(p, s, n);
	return p;
}

void *bg_arena_copy(struct bg_arena *a, const void *bytes, size_t n)
{
	char *p = bg_arena_alloc(a, n + 1);

	if (p && n)
		memcpy(p, bytes, n);
	return p;
}

char *bg_arena_strdup(struct bg_arena *a, const char *s)
{
	return bg_arena_strndup(a, s, strlen(s));
}

char *bg_arena_printf(struct bg_arena *a, const char *fmt, ...)
{
	char *p = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n >= 0)
		p = bg_arena_alloc(a, (size_t)n + 1);
	if (!p) {
		a->oom = 1;
		return NULL;
	}
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

int bg_arena_check(const struct bg_arena *a, struct bg_error *err)
{
	return a->oom ? bg_fail_oom(err) : 0;
}

void bg_arena_release(struct bg_arena *a)
{
	struct bg_arena_block *b = a->head, *next;

	for (; b; b = next) {
		next = b->next;
		free(b);
	}
	a->head = NULL;
	a->oom = 0;
}
