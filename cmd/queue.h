/*
 * Whose turn it is: every grant that is not closed, what is owed about it, and
 * which of that waits for the person at the keyboard.  status, approve, review,
 * settle and the bare program show parts of this one list.
 */
#ifndef BG_CMD_QUEUE_H
#define BG_CMD_QUEUE_H

#include "cmd/cmd.h"

struct bg_turn {
	size_t grant;  /* index in bg_queue.grants */
	char what[24]; /* told approve claim ticket check rotate review
			    * answer */
	char detail[96];
	int64_t since_ms, due_ms; /* due 0: none */
	bool overdue, mine;
	char who[160];
	char line[200]; /* starting "bg " */
	char text[200]; /* a question; else "" */
};
struct bg_queue_grant {
	struct bg_grant *g; /* owned, judged */
	char label[BG_LABEL_LEN + 1];
	bool mine; /* I am one of its users */
	bool late; /* past its window and nobody ended it */
	size_t overdue;
};
struct bg_queue {
	BG_VEC(struct bg_queue_grant) grants; /* newest first */
	BG_VEC(struct bg_turn) turns;         /* most overdue first */
	size_t n_open, n_mine, n_overdue;
};
/* me: NULL when nobody's key is known. all: closed grants too. only: one. */
int bg_queue_read(struct bg_queue *out, struct bg_ctx *ctx,
		  const struct bg_principal *me, bool all,
		  const struct bg_digest *only, struct bg_error *err)
	BG_MUST_CHECK;
void bg_queue_release(struct bg_queue *q);
BG_AUTO_VALUE(queue, struct bg_queue, bg_queue_release)
/* Rows of turns that pass (NULL: all): "@k7q2xm  what  due  line"; n: how many
 * were printed. */
typedef bool (*bg_turn_fn)(const struct bg_queue *q, const struct bg_turn *t);
int bg_queue_print(size_t *n, struct bg_ctx *ctx, const struct bg_queue *q,
		   const char *title, bg_turn_fn pass, struct bg_error *err)
	BG_MUST_CHECK;
json_t *bg_turn_json(const struct bg_queue *q, const struct bg_turn *t);
/* Names and roles separated by commas: is the person one of them? */
bool bg_who_has(const struct bg_trust *t, const char *who,
		const struct bg_principal *me);

#endif
