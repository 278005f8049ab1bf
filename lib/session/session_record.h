/*
 * The record of a session: session-start before the command runs, session-end
 * after it, signed by the installation; a file in <state>/sessions/ between the
 * two, so that a crash is found (bg_session_recover).
 */
#ifndef BG_SESSION_RECORD_H
#define BG_SESSION_RECORD_H

#include "grant/ops.h"

struct bg_session_record {
	const struct bg_ops *ops;
	struct bg_digest root;
	char label[BG_LABEL_LEN + 1];
	char id[17];     /* hex16 */
	json_t *command; /* {argv0, argc, digest}; owned */
	char *path;      /* <state>/sessions/<id>.json; owned */
};
struct bg_record_end {
	const char *ended; /* exit signal window lost not-run */
	int exit;          /* -1: none */
	int signal;        /* 0: none */
	int64_t duration_ms;
	bool recovered;
};
int bg_session_record_start(struct bg_session_record *out,
			    const struct bg_ops *ops, const struct bg_grant *g,
			    const char *const *argv, struct bg_error *err)
	BG_MUST_CHECK;
/* On failure the file stays, with what is owed. */
int bg_session_record_finish(struct bg_session_record *r,
			     const struct bg_record_end *e,
			     struct bg_error *err) BG_MUST_CHECK;
/* It never ran after all: the next recovery says so. */
void bg_session_record_abandon(struct bg_session_record *r);
void bg_session_record_release(struct bg_session_record *r);

#endif
