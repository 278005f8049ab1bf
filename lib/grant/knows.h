/*
 * Who KNOWS whom among the events of one grant (lifecycle.md "Fold", Seen): a bit
 * matrix with a row for every event and a column for every event that a rule
 * can ask about.  Notes, which come by the thousand, have rows only: what they
 * saw travels through them, but nothing asks who saw them.
 */
#ifndef BG_GRANT_KNOWS_H
#define BG_GRANT_KNOWS_H

#include "grant/fold.h"

#define BG_NOWHERE SIZE_MAX

struct bg_fold_bits {
	struct bg_arena arena; /* of all below */
	size_t n, words;       /* events; words of a row */
	size_t m;              /* columns */
	size_t *column;        /* of an event, or BG_NOWHERE */
	size_t *event;         /* of a column */
	uint64_t *rows;        /* n * words */
	size_t *order;         /* events; what one knows comes before it */
};
/* Fill *out, which is zeroed; arena is the caller's to release, also after a
 * failure. */
int bg_knows_make(struct bg_fold_bits *out, const struct bg_fold_event *events,
		  size_t n, struct bg_error *err) BG_MUST_CHECK;

static inline uint64_t *bg_knows_row(const struct bg_fold_bits *b, size_t e)
{
	return b->rows + e * b->words;
}

static inline void bg_bit_set(uint64_t *bits, size_t i)
{
	bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static inline bool bg_bit_has(const uint64_t *bits, size_t i)
{
	return bits[i / 64] >> (i % 64) & 1;
}

#endif
