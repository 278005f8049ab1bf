/*
 * Patterns for tickets (lifecycle.md X12): POSIX extended regular expressions
 * without intervals, back-references and other extensions, so that no pattern
 * costs more than its length; 1 to 128 ASCII characters, matched whole against
 * at most 128 bytes.
 */
#ifndef BG_POLICY_PATTERN_H
#define BG_POLICY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#define BG_PATTERN_MAX 128

/* NULL when the pattern may be used, else why not; *id gets the fault's id:
 * regex-length regex-ascii regex-interval regex-escape regex-class regex. */
const char *bg_pattern_fault(const char *pattern, const char **id);
/* Whether all of text matches; false for a pattern with a fault. */
bool bg_pattern_match(const char *pattern, const char *text);

#endif
