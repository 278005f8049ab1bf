/* Policies and identities parsed once, for judging many grants in a row.  One
 * thread's; must outlive the grants judged with it (struct bg_judge_env). */
#ifndef BG_GRANT_PIN_H
#define BG_GRANT_PIN_H

#include "grant/grant.h"

struct bg_pin_cache;
struct bg_pin_cache *bg_pin_cache_new(void); /* NULL: out of memory */
void bg_pin_cache_free(struct bg_pin_cache *c);
BG_AUTO_POINTER(pin_cache, struct bg_pin_cache, bg_pin_cache_free)

#endif
