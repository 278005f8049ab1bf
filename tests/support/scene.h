/*
 * Grants made in memory for tests of the judge: a trust with everybody in it,
 * some policies, and events without commits or signatures.
 *
 * A log is "alice" (her own key) or "alice!" (an installation that she
 * introduced).  Data are those of a good event of the type, changed by a JSON
 * object in which ' stands for "; a null takes a member away.
 */
#ifndef BG_TESTS_SCENE_H
#define BG_TESTS_SCENE_H

#include "grant/grant.h"

enum { SCENE_EVENTS = 2100, SCENE_VERSIONS = 4 };
struct scene {
	size_t n;
	char name[SCENE_EVENTS][16];
	char label[BG_LABEL_LEN + 1];
	struct bg_event *ev[SCENE_EVENTS];
	size_t n_loose; /* rotations */
	struct bg_event *loose[8];
	char loose_name[8][16];
	size_t n_writers;
	struct bg_writer writers[32];
	size_t n_versions;
	struct bg_trust *versions[SCENE_VERSIONS];
	uint64_t version; /* named by the next event; 0: newest */
	int64_t now_ms;   /* time of the next event, then a minute later */
	struct bg_judge_env env;
};
void scene_make(struct scene *s);
void scene_release(struct scene *s);
/* A newer version: trust.yaml with each old (once) replaced by new; NULL ends. */
void scene_trust(struct scene *s, const char *const *changes);
/* Add an event that has seen those named ("A B", "*" for all so far). */
struct bg_event *scene_event(struct scene *s, const char *name,
			     const char *type, const char *log,
			     const char *seen, const char *data);
/* Several, as "NAME=type@log<A,B" with good data. */
void scene_play(struct scene *s, const char *text);
/* Judge all of it; fails the test when that fails. */
struct bg_grant *scene_judge(struct scene *s);
struct bg_event *scene_find(const struct scene *s, const char *name);
/* Is there such a finding (event NULL: about anything)? */
bool scene_found(const struct bg_grant *g, const struct scene *s,
		 const char *id, const char *event);
const struct bg_duty *scene_duty(const struct bg_grant *g, const char *what,
				 const char *detail);
struct bg_writer *scene_writer(struct scene *s, const char *log);

#endif
