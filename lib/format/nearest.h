/* The word that was probably meant. */
#ifndef BG_FORMAT_NEAREST_H
#define BG_FORMAT_NEAREST_H

#include <stddef.h>

/* Of n words (NULL entries are skipped) the one with the fewest edits
 * (insert, delete, replace, swap) from typed, if they are few enough for its
 * length; the first of equals; NULL when none is near.  Borrowed. */
const char *bg_nearest(const char *typed, const char *const *words, size_t n);

#endif
