/*
 * Providers: programs that give, check and take back access (access.md).  One
 * JSON object in, one out, run by bg_proc_named(); what comes back is bounded
 * and validated here (X8), and nothing that a provider says in free text goes
 * into an event.
 *
 * Request: {"v":1,"verb":"grant|check|revoke|rotate|describe","grant":LABEL,
 *  "root":DIGEST,"identity":{..},"with":{..},"expires":TIME,"principal":{..},
 *  "state":{handle},"place":DIR,"machine":{..}}
 * Answer: {"v":1,"ok":B,"access":"present|absent|unknown","handle":{..},
 *  "show":[{"label","text"}],"expires":TIME,"text":T}; describe answers
 *  {"v":1,"ok":true,"isolation":"per-grant|counted|shared","revocable":B,
 *  "exposed":B,"target_enforces":B,"handle":[FIELD..],"secret":"in|out|none"}.
 * Exit: 0 done, 4 refused, 75 try again, anything else is unknown.
 */
#ifndef BG_GRANT_PROVIDER_H
#define BG_GRANT_PROVIDER_H

#include "format/json.h"
#include "grant/fold.h"
#include "grant/named.h"

enum bg_secret_way { BG_SECRET_NONE, BG_SECRET_IN, BG_SECRET_OUT };

/* What describe says. */
struct bg_provider_facts {
	char isolation[16];   /* per-grant counted shared */
	bool revocable;       /* false: only a rotation proves absence */
	bool exposed;         /* a person sees a secret */
	bool target_enforces; /* the target ends it by itself */
	enum bg_secret_way secret;
	json_t *fields; /* names that a handle may have; owned */
};
void bg_provider_facts_release(struct bg_provider_facts *f);
BG_AUTO_VALUE(provider_facts, struct bg_provider_facts,
	      bg_provider_facts_release)

struct bg_provider_call {
	const struct bg_named_env *machine;
	const char *const *dirs; /* X9 */
	const char *name;        /* "ssh-ca" */
	const char *verb;
	const char *grant; /* label */
	const char *root;  /* "sha256:..." */
	const char *place; /* 0700 folder for files of this grant */
	json_t *identity, *with, *principal, *state; /* borrowed, may be NULL */
	int64_t expires_ms;                          /* 0: none */
	bool rotated;  /* a rotation is known that ends exposure */
	int secret_fd; /* secret for the provider; 0: none */
	const struct bg_provider_facts *facts; /* NULL for describe */
};
struct bg_provider_answer {
	enum bg_result result; /* done failed unknown */
	bool refused, again;   /* exit 4, 75 */
	const char *why;       /* static word when not done, else NULL */
	enum bg_access access;
	json_t *handle;       /* checked object, never NULL; owned */
	json_t *show;         /* array of {label, text}; owned or NULL */
	json_t *raw;          /* the whole answer; owned or NULL */
	int64_t expires_ms;   /* 0: not said */
	char text[200];       /* for the terminal only, cleaned */
	struct bg_str secret; /* out of descriptor 3; wiped */
};
void bg_provider_answer_release(struct bg_provider_answer *a);
BG_AUTO_VALUE(provider_answer, struct bg_provider_answer,
	      bg_provider_answer_release)

/* Run one verb.  0: read *out.  An error means that nothing ran (X rules,
 * BG_ENOENT "no-provider"). */
int bg_provider_run(struct bg_provider_answer *out,
		    const struct bg_provider_call *call, struct bg_error *err)
	BG_MUST_CHECK;
/* Ask a provider what it is. */
int bg_provider_describe(struct bg_provider_facts *out,
			 const struct bg_provider_call *call,
			 struct bg_error *err) BG_MUST_CHECK;

#endif
