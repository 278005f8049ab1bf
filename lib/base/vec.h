/*
 * A growable array of any type:
 *   BG_VEC(struct bg_finding) findings = { 0 };
 *   if (bg_vec_push(&findings, f)) return bg_fail_oom(err);
 *   for (size_t i = 0; i < findings.n; i++) ... findings.v[i]
 *   bg_vec_release(&findings);
 */
#ifndef BG_BASE_VEC_H
#define BG_BASE_VEC_H

#include <stddef.h>
#include <stdlib.h>

#define BG_VEC(type) \
	struct { \
		type *v; \
		size_t n, cap; \
	}

/* Room for one more element of size bytes; 0 or -1 (out of memory). */
int bg_vec_grow(void **v, size_t n, size_t *cap, size_t size);

#define bg_vec_push(vec, ...) \
	(bg_vec_grow((void **)&(vec)->v, (vec)->n, &(vec)->cap, \
		     sizeof(*(vec)->v)) \
		 ? -1 \
		 : ((vec)->v[(vec)->n++] = (__VA_ARGS__), 0))
#define bg_vec_release(vec) \
	do { \
		free((vec)->v); \
		(vec)->v = NULL; \
		(vec)->n = (vec)->cap = 0; \
	} while (0)

#endif
