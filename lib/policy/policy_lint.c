/* What is well written by itself and contradicts something else in the file. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "policy/policy_read.h"

/* The member of a section, else the section, else the file. */
static const struct bg_yaml *place(struct bg_policy_reader *p,
				   const char *section, const char *key)
{
	const struct bg_yaml *map = bg_yaml_get(p->root, section);
	const struct bg_yaml *node = key ? bg_yaml_get(map, key) : NULL;
	return node ? node : map ? map : p->root;
}

static bool subset(const struct bg_names *a, const struct bg_names *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!bg_names_have(b, a->v[i]))
			return false;
	return a->n > 0;
}

/* --- limits ---------------------------------------------------------------------- */

static void lint_limits(struct bg_policy_reader *p)
{
	const struct bg_policy *q = p->p;
	char max[24];
	if (!q->limit_default || !q->limit_max)
		return;
	bg_duration_format(max, q->limit_max);
	if (q->limit_default > q->limit_max)
		bg_read_error(&p->r, place(p, "limits", "default"),
			      "default-over-max",
			      "the default is longer than max (%s)", max);
	if (q->extend_max > q->limit_max)
		bg_read_error(&p->r, place(p, "limits", "extend_max"),
			      "extend-over-max",
			      "one extension is longer than max (%s)", max);
	if (q->extend_max && !q->extensions)
		bg_read_error(&p->r, place(p, "limits", "extend_max"),
			      "extend-without-extensions",
			      "extend_max without extensions");
	if (q->extensions && !q->extend_max)
		bg_read_error(&p->r, place(p, "limits", "extensions"),
			      "extensions-without-extend",
			      "extensions without extend_max");
	else if (q->extensions && q->limit_default == q->limit_max)
		bg_read_warning(&p->r, place(p, "limits", "extensions"),
				"extensions-useless",
				"the default is already max (%s): nothing is "
				"left to extend",
				max);
	if (q->idle && q->idle >= q->limit_max)
		bg_read_warning(&p->r, place(p, "limits", "idle"),
				"idle-over-max",
				"idle is not shorter than max (%s)", max);
	if (q->limit_max > BG_DAY)
		bg_read_warning(&p->r, place(p, "limits", "max"), "window-long",
				"a window of %s is standing access", max);
}

/* --- people ------------------------------------------------------------------------ */

static void lint_approve(struct bg_policy_reader *p)
{
	const struct bg_approval *a = &p->p->approve;
	const struct bg_yaml *map =
		bg_yaml_get(bg_yaml_get(p->root, "who"), "approve");
	const struct bg_yaml *solo = bg_yaml_get(map, "solo");
	if (!map)
		return;
	if (a->when == BG_NONE) {
		if (a->solo != BG_SOLO_DENIED)
			bg_read_error(&p->r, solo, "solo-without-approve",
				      "solo without an approval to go without");
		/* Not when `when` itself was wrong. */
		const struct bg_yaml *when = bg_yaml_get(map, "when");
		if (a->roles.n && when && when->kind == BG_YAML_SCALAR &&
		    strcmp(when->text, "none") == 0)
			bg_read_error(&p->r, bg_yaml_get(map, "roles"),
				      "approve-none",
				      "roles for an approval that nobody "
				      "gives (when: none)");
		return;
	}
	if (a->when == BG_AFTER && a->solo != BG_SOLO_DENIED)
		bg_read_warning(&p->r, solo, "solo-without-before",
				"solo changes nothing when approval comes "
				"after");
	if (a->solo == BG_SOLO_AFTER && a->solo_after >= a->within &&
	    a->when == BG_BEFORE)
		bg_read_error(&p->r, solo, "solo-too-late",
			      "a request ends (within) before solo begins");
	if (subset(&a->roles, &p->p->activate))
		bg_read_warning(&p->r, bg_yaml_get(map, "roles"),
				"approve-by-activators",
				"every approver may also activate");
}

/* Not there, or an empty list; what is wrong in another way was said. */
static bool is_absent(const struct bg_yaml *list)
{
	return !list || (list->kind == BG_YAML_LIST && list->n == 0);
}

static void lint_people(struct bg_policy_reader *p)
{
	struct bg_policy *q = p->p;
	if (subset(&q->review_roles, &q->activate))
		bg_read_error(&p->r, place(p, "review", "roles"),
			      "review-by-activators",
			      "every reviewer may also activate: the review "
			      "is not independent");
	else if (q->approve.when != BG_NONE &&
		 subset(&q->review_roles, &q->approve.roles) &&
		 subset(&q->approve.roles, &q->review_roles))
		bg_read_warning(&p->r, place(p, "review", "roles"),
				"review-by-approvers",
				"the same roles approve and review: whoever "
				"approves may not review");
	if (is_absent(bg_yaml_get(bg_yaml_get(p->root, "who"), "revoke")))
		bg_read_warning(&p->r, place(p, "who", NULL), "nobody-revokes",
				"no role may end somebody else's access");
	if (is_absent(bg_yaml_get(p->root, "notify")))
		bg_read_warning(&p->r, p->root, "nobody-told",
				"no channel is told of a use (notify)");
}

/* --- session ------------------------------------------------------------------------- */

static void lint_session(struct bg_policy_reader *p)
{
	const struct bg_policy *q = p->p;
	bool captures = strcmp(q->capture, "none") != 0;
	if (!bg_yaml_get(p->root, "session")) {
		bg_read_warning(&p->r, p->root, "not-recorded",
				"sessions are not recorded (session)");
		return;
	}
	if (q->record == BG_RECORD_NONE && captures)
		bg_read_error(&p->r, place(p, "session", "capture"),
			      "capture-without-record",
			      "capture: %s without a record", q->capture);
	if (q->record != BG_RECORD_NONE && !captures)
		bg_read_error(&p->r, place(p, "session", "capture"),
			      "record-without-capture",
			      "a record that captures nothing");
	if (q->end_on_record_failure && q->record != BG_RECORD_REQUIRED)
		bg_read_error(&p->r, place(p, "session", "on_record_failure"),
			      "end-without-required",
			      "on_record_failure: end needs record: required");
	if (q->record != BG_RECORD_NONE && !q->readable_by.n)
		bg_read_error(&p->r, place(p, "session", "readable_by"),
			      "nobody-reads",
			      "a record that nobody may read (readable_by)");
	if (q->record == BG_RECORD_NONE && q->keep_recordings)
		bg_read_warning(&p->r, place(p, "retention", "recordings"),
				"nothing-to-keep",
				"recordings are kept but not made");
}

/* --- scopes ---------------------------------------------------------------------------- */

static void lint_codes(struct bg_policy_reader *p)
{
	const struct bg_policy *q = p->p;
	const struct bg_yaml *list = bg_yaml_get(p->root, "triggers");
	for (size_t i = 0; q->n_scopes && i < q->codes.n; i++) {
		const struct bg_yaml *at = list;
		if (bg_policy_default_scope(q, q->codes.v[i]))
			continue;
		for (size_t t = 0; t < list->n; t++) {
			const struct bg_yaml *codes =
				bg_yaml_get(list->items[t], "codes");
			if (bg_yaml_find(codes, q->codes.v[i]) == codes)
				continue;
			at = bg_yaml_find(codes, q->codes.v[i]);
			break;
		}
		bg_read_error(&p->r, at, "code-opens-nothing",
			      "no scope may be opened for '%s'", q->codes.v[i]);
	}
}

static bool array_has(const json_t *array, const json_t *value)
{
	size_t i;
	json_t *v;
	json_array_foreach(array, i, v) {
		if (json_equal(v, value))
			return true;
	}
	return false;
}

/* Whether a gives all that b gives; *more: and something else too. */
static bool covers(const json_t *a, const json_t *b, bool *more)
{
	const char *key;
	json_t *in_b;
	json_object_foreach((json_t *)b, key, in_b) {
		const json_t *in_a = json_object_get(a, key);
		size_t i;
		json_t *v;
		if (!in_a || (!json_is_array(in_b) && !json_equal(in_a, in_b)))
			return false;
		if (!json_is_array(in_b))
			continue;
		json_array_foreach(in_b, i, v) {
			if (!array_has(in_a, v))
				return false;
		}
		*more = *more || json_array_size(in_a) > json_array_size(in_b);
	}
	return true;
}

static bool wider(const struct bg_scope *a, const struct bg_scope *b)
{
	bool more = false;
	if (!a->n_grant || a->n_grant != b->n_grant ||
	    strcmp(a->identity, b->identity) != 0)
		return false;
	for (size_t i = 0; i < a->n_grant; i++)
		if (strcmp(a->grant[i].name, b->grant[i].name) != 0 ||
		    strcmp(a->grant[i].name, "command") == 0 ||
		    !covers(a->grant[i].with, b->grant[i].with, &more))
			return false;
	return more;
}

static bool share_code(const struct bg_policy *q, const struct bg_scope *a,
		       const struct bg_scope *b)
{
	for (size_t i = 0; i < q->codes.n; i++)
		if (bg_scope_has_code(a, q->codes.v[i]) &&
		    bg_scope_has_code(b, q->codes.v[i]))
			return true;
	return false;
}

/* The default is the first scope that the code may open: that should be the
 * least. */
static void lint_order(struct bg_policy_reader *p)
{
	const struct bg_policy *q = p->p;
	const struct bg_yaml *list = bg_yaml_get(p->root, "scopes");
	for (size_t i = 0; i < q->n_scopes; i++) {
		for (size_t k = i + 1; k < q->n_scopes; k++) {
			const struct bg_scope *a = &q->scopes[i];
			const struct bg_scope *b = &q->scopes[k];
			if (!wider(a, b) || !share_code(q, a, b))
				continue;
			bg_read_warning(&p->r, list->items[i],
					"least-scope-first",
					"scope '%s' gives more than '%s', "
					"which comes later",
					a->id, b->id);
			break;
		}
	}
}

/* --- drill ------------------------------------------------------------------------------- */

static void lint_drill(struct bg_policy_reader *p)
{
	const struct bg_policy *q = p->p;
	if (!bg_yaml_get(p->root, "drill")) {
		bg_read_warning(&p->r, p->root, "no-drill",
				"this policy is never practised (drill)");
		return;
	}
	if (q->drill_scope && q->n_scopes &&
	    !bg_policy_scope(q, q->drill_scope))
		bg_read_error(&p->r, place(p, "drill", "scope"),
			      "drill-scope-unknown", "no scope '%s'",
			      q->drill_scope);
	if (q->drill_max && q->limit_max && q->drill_max > q->limit_max)
		bg_read_error(&p->r, place(p, "drill", "max"), "drill-over-max",
			      "a drill may be longer than a use");
}

void bg_policy_lint(struct bg_policy_reader *p)
{
	lint_limits(p);
	lint_approve(p);
	lint_people(p);
	lint_session(p);
	lint_codes(p);
	lint_order(p);
	lint_drill(p);
}
