/* Inside of the trust command: its options and sub-commands. */
#ifndef BG_CMD_TRUST_H
#define BG_CMD_TRUST_H

#include "cmd/change.h"

struct bg_trust_opts {
	const char *request, *key, *kind, *contact, *sponsor, *contract, *human,
		*owner, *email, *out, *to, *name;
	struct bg_opt_list roles, add, remove;
	int64_t until, compromised_since;
	bool draft, offline, discard;
};
extern struct bg_trust_opts bg_trust_o;

typedef int bg_trust_run(struct bg_ctx *ctx, int argc, char **argv,
			 struct bg_error *err);
bg_trust_run bg_trust_show, bg_trust_log, bg_trust_diff, bg_trust_anchor,
	bg_trust_request, bg_trust_accept, bg_trust_add, bg_trust_role_change,
	bg_trust_retire, bg_trust_suspend, bg_trust_resume, bg_trust_edit,
	bg_trust_publish, bg_trust_cosign;

/* A principal of the change, to be edited; BG_ENOENT with the nearest name. */
int bg_change_principal(struct bg_principal **out, struct bg_change *c,
			const char *name, struct bg_error *err) BG_MUST_CHECK;
/* "no such person" with the nearest names. */
int bg_no_principal(const struct bg_trust *t, const char *name,
		    struct bg_error *err);
/* Add or remove a name; true when that changed something. */
bool bg_names_add(struct bg_arena *a, struct bg_names *names, const char *name);
bool bg_names_remove(struct bg_names *names, const char *name);
/* Print what a person holds, owns and could open. */
void bg_person_print(struct bg_ctx *ctx, const struct bg_trust *t,
		     const struct bg_principal *p);

#endif
