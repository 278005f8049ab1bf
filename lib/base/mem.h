/*
 * Scope-bound release, arenas and wiping.
 *
 * BG_AUTO(free) char *p = NULL;     freed at the end of the scope
 * BG_AUTO(str) struct bg_str s = BG_STR_INIT;
 * *out = bg_move(p);                hand out, last thing a function does
 */
#ifndef BG_BASE_MEM_H
#define BG_BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>

#include "base/error.h"

#define BG_AUTO(name) __attribute__((cleanup(bg_auto_##name)))
/* Define the cleanup of a value type: called with the variable's address. */
#define BG_AUTO_VALUE(name, type, release) \
	static inline void bg_auto_##name(type *p) \
	{ \
		release(p); \
	}
/* Define the cleanup of a pointer type: called with the pointer if set. */
#define BG_AUTO_POINTER(name, type, release) \
	static inline void bg_auto_##name(type **p) \
	{ \
		if (*p) \
			release(*p); \
	}
#define bg_move(p) \
	({ \
		__typeof__(p) p_ = (p); \
		(p) = NULL; \
		p_; \
	})

static inline void bg_auto_free(void *p)
{
	free(*(void **)p);
}
/* A file descriptor; -1 is none. */
void bg_auto_fd(int *fd);

/* Overwrite with zeros in a way that the compiler keeps. */
void bg_wipe(void *p, size_t n);

/* Bump allocator for things that die together.  Memory is zeroed and aligned
 * for any type.  Every function returns NULL when memory is out, and the arena
 * remembers it: bg_arena_check() at the end of a build is enough. */
struct bg_arena_block;
struct bg_arena {
	struct bg_arena_block *head;
	int oom;
};
#define BG_ARENA_INIT \
	{ \
		NULL, 0 \
	}
void *bg_arena_alloc(struct bg_arena *a, size_t n);
void *bg_arena_array(struct bg_arena *a, size_t n, size_t size);
char *bg_arena_strdup(struct bg_arena *a, const char *s);
/* At most n bytes, up to the first NUL. */
char *bg_arena_strndup(struct bg_arena *a, const char *s, size_t n);
/* Exactly n bytes, whatever they are, and a NUL behind them. */
void *bg_arena_copy(struct bg_arena *a, const void *bytes, size_t n);
char *bg_arena_printf(struct bg_arena *a, const char *fmt, ...) BG_PRINTF(2, 3);
/* 0, or BG_EFAIL when any allocation of this arena failed. */
int bg_arena_check(const struct bg_arena *a, struct bg_error *err)
	BG_MUST_CHECK;
void bg_arena_release(struct bg_arena *a);
BG_AUTO_VALUE(arena, struct bg_arena, bg_arena_release)

#endif
