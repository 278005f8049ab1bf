/* The review as a text form: printed, edited, read back. */
#ifndef BG_CMD_REVIEW_FORM_H
#define BG_CMD_REVIEW_FORM_H

#include "grant/ops.h"

/* Append the form of a grant: what there is to know as comments, then one
 * `key: value` line for each answer, filled from a (may be empty). */
int bg_review_form_write(struct bg_str *out, const struct bg_grant *g,
			 const struct bg_review_answers *a,
			 struct bg_error *err) BG_MUST_CHECK;
/* Read it back; text stays borrowed and is cut up in place.  BG_EUSAGE
 * "bad-form" with the line's number. */
int bg_review_form_read(struct bg_review_answers *out, char *text,
			struct bg_error *err) BG_MUST_CHECK;
/* One action: "TEXT | OWNER | DUE"; owner and due have defaults. */
int bg_review_action(struct bg_review_answers *a, char *text,
		     struct bg_error *err) BG_MUST_CHECK;

#endif
