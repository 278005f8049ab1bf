/*
 * policies/NAME.yaml: the sections that are plain values.  Triggers and scopes
 * are policy_trigger.c and policy_scope.c, contradictions policy_lint.c.
 */
#include <stdio.h>
#include <string.h>

#include "policy/pattern.h"
#include "policy/policy_read.h"

#define HOUR INT64_C(3600)
#define MINUTE INT64_C(60)
#define WINDOW_MAX (30 * BG_DAY)
#define DUTY_MAX (366 * BG_DAY)
#define KEEP_MAX (3660 * BG_DAY)

static int64_t duration(struct bg_policy_reader *p, const struct bg_yaml *node,
			int64_t max, int64_t otherwise)
{
	return bg_read_duration(&p->r, node, 1, max, otherwise);
}

/* The map of a section, or NULL. */
static struct bg_yaml *section(struct bg_policy_reader *p, const char *name,
			       bool needed, const char *const *keys)
{
	struct bg_yaml *map = needed ? bg_read_need(&p->r, p->root, name)
				     : bg_yaml_get(p->root, name);
	return map && bg_read_map(&p->r, map, keys) ? map : NULL;
}

/* A list of roles with at least one. */
static void need_roles(struct bg_policy_reader *p, const struct bg_yaml *map,
		       struct bg_names *out)
{
	const struct bg_yaml *list = bg_read_need(
		&p->r, map,
		map == bg_yaml_get(p->root, "who") ? "activate" : "roles");
	bg_read_words(&p->r, list, BG_WORD_NAME, BG_NAMES(*out));
	if (list && list->kind == BG_YAML_LIST && list->n == 0)
		bg_read_error(&p->r, list, "empty", "expected a role");
}

/* --- who ------------------------------------------------------------------- */

/* denied | allowed | after D */
static void read_solo(struct bg_policy_reader *p, const struct bg_yaml *node,
		      struct bg_approval *a)
{
	const char *text = bg_read_text(&p->r, node, 64);
	a->solo = BG_SOLO_DENIED;
	if (!text || strcmp(text, "denied") == 0)
		return;
	if (strcmp(text, "allowed") == 0) {
		a->solo = BG_SOLO_ALLOWED;
		return;
	}
	if (bg_starts_with(text, "after ")) {
		struct bg_yaml rest = *node;
		rest.text = text + strlen("after ");
		a->solo_after = duration(p, &rest, BG_DAY, 0);
		if (a->solo_after)
			a->solo = BG_SOLO_AFTER;
		return;
	}
	bg_read_error(&p->r, node, "bad-choice",
		      "expected denied | allowed | after 10m, not '%.60s'",
		      text);
}

static void read_approve(struct bg_policy_reader *p, const struct bg_yaml *map)
{
	static const char *const keys[] = { "roles",  "count", "when",
					    "within", "solo",  NULL };
	static const struct bg_choice whens[] = { { "before", BG_BEFORE },
						  { "after", BG_AFTER },
						  { "none", BG_NONE } };
	struct bg_approval *a = &p->p->approve;
	if (!map || !bg_read_map(&p->r, map, keys))
		return;
	a->when = (enum bg_when)bg_read_choice(&p->r,
					       bg_read_need(&p->r, map, "when"),
					       whens, BG_COUNT(whens), BG_NONE);
	read_solo(p, bg_yaml_get(map, "solo"), a);
	if (a->when == BG_NONE) {
		bg_read_words(&p->r, bg_yaml_get(map, "roles"), BG_WORD_NAME,
			      BG_NAMES(a->roles));
		return;
	}
	need_roles(p, map, &a->roles);
	a->count = (unsigned)bg_read_int(&p->r, bg_yaml_get(map, "count"), 1,
					 16, 1);
	a->within = duration(p, bg_read_need(&p->r, map, "within"), DUTY_MAX,
			     30 * MINUTE);
}

static void read_who(struct bg_policy_reader *p)
{
	static const char *const keys[] = { "activate", "revoke", "approve",
					    NULL };
	struct bg_yaml *map = section(p, "who", true, keys);
	if (!map)
		return;
	need_roles(p, map, &p->p->activate);
	bg_read_words(&p->r, bg_yaml_get(map, "revoke"), BG_WORD_NAME,
		      BG_NAMES(p->p->revoke));
	read_approve(p, bg_yaml_get(map, "approve"));
}

/* --- reason, limits ----------------------------------------------------------- */

static const char *read_pattern(struct bg_policy_reader *p,
				const struct bg_yaml *node)
{
	const char *text = bg_read_text(&p->r, node, 4096), *id;
	if (!text)
		return NULL;
	const char *why = bg_pattern_fault(text, &id);
	if (!why)
		return text;
	bg_read_error(&p->r, node, id, "%s", why);
	return NULL;
}

static void read_reason(struct bg_policy_reader *p)
{
	static const char *const keys[] = { "min_length", "ticket", NULL };
	static const char *const ticket_keys[] = { "pattern", "within", NULL };
	struct bg_yaml *map = section(p, "reason", false, keys);
	p->p->reason_min = 10;
	if (!map)
		return;
	p->p->reason_min = (unsigned)bg_read_int(
		&p->r, bg_yaml_get(map, "min_length"), 1, 500, 10);
	struct bg_yaml *ticket = bg_yaml_get(map, "ticket");
	if (!ticket || !bg_read_map(&p->r, ticket, ticket_keys))
		return;
	p->p->ticket_pattern = read_pattern(p, bg_yaml_get(ticket, "pattern"));
	p->p->ticket_within = duration(p, bg_read_need(&p->r, ticket, "within"),
				       DUTY_MAX, BG_DAY);
}

static void read_limits(struct bg_policy_reader *p)
{
	static const char *const keys[] = { "default",    "max",
					    "extensions", "extend_max",
					    "concurrent", "idle",
					    NULL };
	struct bg_policy *q = p->p;
	struct bg_yaml *map = section(p, "limits", true, keys);
	if (!map)
		return;
	q->limit_default =
		duration(p, bg_read_need(&p->r, map, "default"), WINDOW_MAX, 0);
	q->limit_max =
		duration(p, bg_read_need(&p->r, map, "max"), WINDOW_MAX, 0);
	q->extensions = (unsigned)bg_read_int(
		&p->r, bg_yaml_get(map, "extensions"), 0, 100, 0);
	q->extend_max =
		duration(p, bg_yaml_get(map, "extend_max"), WINDOW_MAX, 0);
	q->concurrent = (unsigned)bg_read_int(
		&p->r, bg_yaml_get(map, "concurrent"), 1, 1000, 1);
	q->idle = duration(p, bg_yaml_get(map, "idle"), WINDOW_MAX, 0);
}

/* --- session, device ------------------------------------------------------------ */

static void read_session(struct bg_policy_reader *p)
{
	static const char *const keys[] = { "record", "capture",
					    "on_record_failure", "readable_by",
					    NULL };
	static const struct bg_choice records[] = {
		{ "required", BG_RECORD_REQUIRED },
		{ "wanted", BG_RECORD_WANTED },
		{ "none", BG_RECORD_NONE }
	};
	static const struct bg_choice captures[] = { { "exec", 0 },
						     { "terminal", 1 },
						     { "none", 2 } };
	static const struct bg_choice failures[] = { { "end", 1 },
						     { "continue", 0 } };
	struct bg_policy *q = p->p;
	q->capture = "none";
	struct bg_yaml *map = section(p, "session", false, keys);
	if (!map)
		return;
	q->record = (enum bg_record)bg_read_choice(
		&p->r, bg_read_need(&p->r, map, "record"), records,
		BG_COUNT(records), BG_RECORD_NONE);
	q->capture =
		captures[bg_read_choice(&p->r, bg_yaml_get(map, "capture"),
					captures, BG_COUNT(captures),
					q->record == BG_RECORD_NONE ? 2 : 1)]
			.word;
	q->end_on_record_failure =
		bg_read_choice(&p->r, bg_yaml_get(map, "on_record_failure"),
			       failures, BG_COUNT(failures), 0);
	bg_read_words(&p->r, bg_yaml_get(map, "readable_by"), BG_WORD_NAME,
		      BG_NAMES(q->readable_by));
}

static void read_device(struct bg_policy_reader *p)
{
	static const struct bg_choice devices[] = {
		{ "known", BG_DEVICE_KNOWN },
		{ "pinned", BG_DEVICE_PINNED },
		{ "any", BG_DEVICE_ANY }
	};
	static const struct bg_choice signers[] = { { "denied", 0 },
						    { "allowed", 1 } };
	p->p->device = (enum bg_device)bg_read_choice(
		&p->r, bg_yaml_get(p->root, "device"), devices,
		BG_COUNT(devices), BG_DEVICE_KNOWN);
	p->p->host_signed = bg_read_choice(&p->r,
					   bg_yaml_get(p->root, "host_signed"),
					   signers, BG_COUNT(signers), 0);
}

/* --- afterwards -------------------------------------------------------------------- */

static void read_review(struct bg_policy_reader *p)
{
	static const char *const keys[] = { "roles", "count", "within",
					    "overdue", NULL };
	static const struct bg_choice overdue[] = { { "tell", 0 },
						    { "require-owing", 1 } };
	struct bg_policy *q = p->p;
	struct bg_yaml *map = section(p, "review", true, keys);
	if (!map)
		return;
	need_roles(p, map, &q->review_roles);
	q->review_count = (unsigned)bg_read_int(
		&p->r, bg_yaml_get(map, "count"), 1, 16, 1);
	q->review_within =
		duration(p, bg_read_need(&p->r, map, "within"), DUTY_MAX, 0);
	q->review_require_owing = bg_read_choice(&p->r,
						 bg_yaml_get(map, "overdue"),
						 overdue, BG_COUNT(overdue), 0);
}

static void read_drill(struct bg_policy_reader *p)
{
	static const char *const keys[] = { "every", "scope", "max", NULL };
	struct bg_policy *q = p->p;
	struct bg_yaml *map = section(p, "drill", false, keys);
	if (!map)
		return;
	q->drill_every =
		duration(p, bg_read_need(&p->r, map, "every"), DUTY_MAX, 0);
	q->drill_scope = bg_read_word(&p->r, bg_read_need(&p->r, map, "scope"),
				      BG_WORD_NAME);
	q->drill_max =
		duration(p, bg_read_need(&p->r, map, "max"), WINDOW_MAX, 0);
}

static void read_retention(struct bg_policy_reader *p)
{
	static const char *const keys[] = { "recordings", "events", NULL };
	static const struct bg_choice events[] = { { "forever", 0 } };
	struct bg_yaml *map = section(p, "retention", false, keys);
	if (!map)
		return;
	struct bg_yaml *node = bg_yaml_get(map, "recordings");
	if (node && !(node->kind == BG_YAML_SCALAR &&
		      strcmp(node->text, "forever") == 0))
		p->p->keep_recordings = duration(p, node, KEEP_MAX, 0);
	bg_read_choice(&p->r, bg_yaml_get(map, "events"), events, 1, 0);
}

static void read_third_party(struct bg_policy_reader *p)
{
	static const char *const keys[] = { "sponsor", "contract", NULL };
	static const struct bg_choice needs[] = { { "required", 1 },
						  { "optional", 0 } };
	struct bg_yaml *map = section(p, "third_party", false, keys);
	if (!map)
		return;
	p->p->sponsor_required = bg_read_choice(
		&p->r, bg_yaml_get(map, "sponsor"), needs, BG_COUNT(needs), 0);
	p->p->contract_required = bg_read_choice(
		&p->r, bg_yaml_get(map, "contract"), needs, BG_COUNT(needs), 0);
}

static void read_afterwards(struct bg_policy_reader *p)
{
	static const char *const keys[] = { "within", NULL };
	struct bg_policy *q = p->p;
	bg_read_words(&p->r, bg_yaml_get(p->root, "notify"), BG_WORD_NAME,
		      BG_NAMES(q->notify));
	q->ticket = bg_read_word(&p->r, bg_yaml_get(p->root, "ticket"),
				 BG_WORD_NAME);
	read_review(p);
	struct bg_yaml *rotate = section(p, "rotate", false, keys);
	if (rotate)
		q->rotate_within = duration(
			p, bg_read_need(&p->r, rotate, "within"), DUTY_MAX, 0);
	read_drill(p);
	read_retention(p);
	read_third_party(p);
	bg_read_words(&p->r, bg_yaml_get(p->root, "controls"), BG_WORD_LABEL,
		      BG_NAMES(q->controls));
}

/* --- the whole --------------------------------------------------------------------- */

static const char *const top_keys[] = {
	"bg",     "name",        "title",     "owner",       "triggers",
	"who",    "reason",      "limits",    "scopes",      "session",
	"device", "host_signed", "notify",    "ticket",      "review",
	"rotate", "drill",       "retention", "third_party", "controls",
	NULL
};

static void read_policy(struct bg_policy_reader *p)
{
	struct bg_policy *q = p->p;
	p->root = bg_read_root(&p->r, "policy/1", top_keys);
	if (!p->root)
		return;
	q->name = bg_read_word(&p->r, bg_read_need(&p->r, p->root, "name"),
			       BG_WORD_NAME);
	q->title =
		bg_read_text(&p->r, bg_read_need(&p->r, p->root, "title"), 200);
	q->owner = bg_read_word(&p->r, bg_read_need(&p->r, p->root, "owner"),
				BG_WORD_NAME);
	bg_policy_read_triggers(p);
	read_who(p);
	read_reason(p);
	read_limits(p);
	bg_policy_read_scopes(p);
	read_session(p);
	read_device(p);
	read_afterwards(p);
	bg_policy_lint(p);
}

int bg_policy_load(struct bg_policy **out, struct bg_faults *faults,
		   const char *file, const char *text, size_t n,
		   struct bg_error *err)
{
	BG_AUTO(policy) struct bg_policy *q = calloc(1, sizeof(*q));
	if (!q)
		return bg_fail_oom(err);
	if (bg_sha256(&q->digest, text, n))
		return bg_fail(err, BG_EFAIL, "digest", "cannot hash a policy");
	int rc = bg_yaml_load(&q->doc, faults, file, text, n, err);
	if (rc == 0 && q->doc.root) {
		struct bg_policy_reader p = { .r = { &q->doc, &q->arena },
					      .p = q };
		read_policy(&p);
	}
	if (rc == 0)
		rc = bg_arena_check(&q->arena, err);
	if (rc == 0)
		rc = bg_arena_check(&faults->arena, err);
	if (rc)
		return rc;
	*out = bg_move(q);
	return 0;
}

void bg_policy_free(struct bg_policy *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_scopes; i++)
		for (size_t k = 0; k < p->scopes[i].n_grant; k++)
			json_decref(p->scopes[i].grant[k].with);
	bg_yaml_release(&p->doc);
	bg_arena_release(&p->arena);
	free(p);
}
