/* triggers: conditions written down before the emergency, and the probes that
 * are evidence of them (lifecycle.md X10). */
#include <string.h>

#include "policy/policy_read.h"
#include "policy/program.h"

#define TRIGGERS_MAX 100
#define PROBE_TIMEOUT 5
#define PROBE_TIMEOUT_MAX 60
#define EXIT_MAX 125 /* 126, 127 and signals say that asking failed */

static void read_exits(struct bg_policy_reader *p, const struct bg_yaml *list,
		       struct bg_probe *out)
{
	if (!list || !bg_read_list(&p->r, list))
		return;
	if (list->n == 0)
		bg_read_error(&p->r, list, "empty", "expected exit statuses");
	out->exits =
		bg_arena_array(&p->p->arena, list->n + 1, sizeof(*out->exits));
	for (size_t i = 0; out->exits && i < list->n; i++)
		out->exits[out->n_exits++] =
			(int)bg_read_int(&p->r, list->items[i], 1, EXIT_MAX, 1);
}

/* ok | fail | {exits: [1, 2], timeout: true} */
static void read_expect(struct bg_policy_reader *p, const struct bg_yaml *node,
			struct bg_probe *out)
{
	static const char *const keys[] = { "exits", "timeout", NULL };
	static const struct bg_choice words[] = { { "fail", 1 }, { "ok", 0 } };
	out->expect_fail = true;
	if (node && node->kind == BG_YAML_MAP) {
		if (bg_read_map(&p->r, node, keys)) {
			read_exits(p, bg_yaml_get(node, "exits"), out);
			out->timeout_counts = bg_read_bool(
				&p->r, bg_yaml_get(node, "timeout"), false);
		}
	} else {
		out->expect_fail =
			bg_read_choice(&p->r, node, words, BG_COUNT(words), 1);
	}
	if (out->n_exits)
		return;
	out->exits = bg_arena_alloc(&p->p->arena, sizeof(*out->exits));
	if (out->exits) {
		out->exits[0] = 1;
		out->n_exits = 1;
	}
}

static void read_probe(struct bg_policy_reader *p, const struct bg_yaml *map,
		       struct bg_probe *out)
{
	static const char *const keys[] = { "run",     "expect", "timeout",
					    "control", "env",    NULL };
	if (!map || !bg_read_map(&p->r, map, keys))
		return;
	const struct bg_yaml *env = bg_yaml_get(map, "env");
	const struct bg_yaml *control = bg_yaml_get(map, "control");
	out->present = true;
	bg_program_read(&p->r, bg_read_need(&p->r, map, "run"), env, true,
			&out->run);
	if (control) {
		bg_program_read(&p->r, control, NULL, true, &out->control);
		out->control.n_env = out->run.n_env;
		out->control.env = out->run.env;
	}
	read_expect(p, bg_read_need(&p->r, map, "expect"), out);
	out->timeout = bg_read_duration(&p->r, bg_yaml_get(map, "timeout"), 1,
					PROBE_TIMEOUT_MAX, PROBE_TIMEOUT);
	if (out->expect_fail && !control)
		bg_read_warning(&p->r, map, "probe-without-control",
				"a probe that expects a failure needs a "
				"control, or a pulled cable looks like an "
				"emergency");
}

static void read_trigger(struct bg_policy_reader *p, const struct bg_yaml *map,
			 struct bg_trigger *out)
{
	static const char *const keys[] = { "id", "when", "codes", "probe",
					    NULL };
	out->id = out->when = "";
	if (!bg_read_map(&p->r, map, keys))
		return;
	const char *id = bg_read_word(&p->r, bg_read_need(&p->r, map, "id"),
				      BG_WORD_NAME);
	const char *when =
		bg_read_text(&p->r, bg_read_need(&p->r, map, "when"), 500);
	struct bg_yaml *codes = bg_read_need(&p->r, map, "codes");
	out->id = id ? id : "";
	out->when = when ? when : "";
	bg_read_words(&p->r, codes, BG_WORD_CODE, BG_NAMES(out->codes));
	if (codes && codes->kind == BG_YAML_LIST && codes->n == 0)
		bg_read_error(&p->r, codes, "empty", "expected a code");
	read_probe(p, bg_yaml_get(map, "probe"), &out->probe);
}

/* Two entries with one id would make every mention of it ambiguous. */
static void check_ids(struct bg_policy_reader *p, const struct bg_yaml *list)
{
	struct bg_policy *q = p->p;
	for (size_t i = 0; i < q->n_triggers; i++)
		for (size_t k = 0; k < i; k++)
			if (q->triggers[i].id[0] &&
			    strcmp(q->triggers[i].id, q->triggers[k].id) == 0)
				bg_read_error(&p->r,
					      bg_yaml_get(list->items[i], "id"),
					      "duplicate-id",
					      "trigger '%s' is there already",
					      q->triggers[i].id);
}

static void collect_codes(struct bg_policy *q)
{
	size_t most = 0;
	for (size_t i = 0; i < q->n_triggers; i++)
		most += q->triggers[i].codes.n;
	q->codes.v = bg_arena_array(&q->arena, most + 1, sizeof(*q->codes.v));
	if (!q->codes.v)
		return;
	for (size_t i = 0; i < q->n_triggers; i++)
		for (size_t k = 0; k < q->triggers[i].codes.n; k++)
			if (!bg_names_have(&q->codes,
					   q->triggers[i].codes.v[k]))
				q->codes.v[q->codes.n++] =
					q->triggers[i].codes.v[k];
}

void bg_policy_read_triggers(struct bg_policy_reader *p)
{
	struct bg_policy *q = p->p;
	struct bg_yaml *list = bg_read_need(&p->r, p->root, "triggers");
	if (!list || !bg_read_list(&p->r, list))
		return;
	if (list->n == 0)
		bg_read_error(&p->r, list, "empty", "expected a trigger");
	if (list->n > TRIGGERS_MAX) {
		bg_read_error(&p->r, list, "too-many",
			      "%zu triggers: at most %d", list->n,
			      TRIGGERS_MAX);
		return;
	}
	q->triggers =
		bg_arena_array(&q->arena, list->n + 1, sizeof(*q->triggers));
	for (size_t i = 0; q->triggers && i < list->n; i++)
		read_trigger(p, list->items[i], &q->triggers[q->n_triggers++]);
	check_ids(p, list);
	collect_codes(q);
}
