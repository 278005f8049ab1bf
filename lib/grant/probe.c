/* A trigger's probe: evidence of necessity, never a gate (policy.md, X10). */
#include <string.h>

#include "grant/op.h"

enum outcome { AS_EXPECTED, OTHERWISE, COULD_NOT_RUN };
static const char *const outcomes[] = { "as-expected", "otherwise",
					"could-not-run" };

struct probing {
	struct bg_op *op;
	const struct bg_probe *probe;
	struct bg_named_values values;
	struct bg_proc_result run, control;
	enum outcome outcome;
	const char *why;
	const char *control_text; /* NULL: there is none */
	char why_not[48];
};

static int run_one(struct bg_proc_result *r, struct probing *p,
		   const struct bg_program *program, struct bg_error *err)
{
	const struct bg_named named = {
		.machine = &p->op->machine,
		.kind = BG_NAMED_PROBE,
		.argc = program->n,
		.argv = program->argv,
		.envc = program->n_env,
		.env = program->env,
		.values = &p->values,
		.timeout = p->probe->timeout,
	};

	return bg_proc_named(r, &named, err);
}

static bool exit_is_listed(const struct bg_probe *p, int status)
{
	if (p->n_exits == 0)
		return status == 1;
	for (size_t i = 0; i < p->n_exits; i++)
		if (p->exits[i] == status)
			return true;
	return false;
}

static void judge(struct probing *p)
{
	const struct bg_proc_result *r = &p->run;

	p->why = bg_named_why(r);
	if (p->why) {
		p->outcome = r->timed_out && p->probe->expect_fail &&
					     p->probe->timeout_counts
				     ? AS_EXPECTED
				     : COULD_NOT_RUN;
		return;
	}
	if (r->exit_status == 0) {
		p->outcome = p->probe->expect_fail ? OTHERWISE : AS_EXPECTED;
	} else if (!p->probe->expect_fail) {
		p->outcome = OTHERWISE;
	} else if (exit_is_listed(p->probe, r->exit_status)) {
		p->outcome = AS_EXPECTED;
	} else {
		/* A status that the policy does not know is a failure to
		 * ask, not an answer. */
		p->outcome = COULD_NOT_RUN;
		p->why = "exit-status";
	}
}

/* A cable that was pulled makes every probe fail: the control tells. */
static void judge_control(struct probing *p)
{
	struct bg_error ignored;

	if (p->probe->control.n == 0)
		return;
	if (run_one(&p->control, p, &p->probe->control, &ignored) ||
	    bg_named_why(&p->control))
		p->control_text = "could-not-run";
	else
		p->control_text = p->control.exit_status == 0 ? "ok" : "failed";
	if (strcmp(p->control_text, "ok") != 0 && p->outcome == AS_EXPECTED) {
		p->outcome = COULD_NOT_RUN;
		p->why = "control-failed";
	}
}

static void run_all(struct probing *p)
{
	struct bg_error err;

	if (run_one(&p->run, p, &p->probe->run, &err)) {
		p->outcome = COULD_NOT_RUN;
		snprintf(p->why_not, sizeof(p->why_not), "%s",
			 strcmp(err.id, "program-not-allowed") == 0
				 ? "probe-not-allowed"
				 : err.id);
		p->why = p->why_not;
		return;
	}
	judge(p);
	judge_control(p);
}

static json_t *report(const struct probing *p, const char *trigger)
{
	const struct bg_proc_result *r = &p->run;
	json_t *o = json_object();

	json_object_set_new(o, "trigger", json_string(trigger));
	json_object_set_new(o, "result", json_string(outcomes[p->outcome]));
	json_object_set_new(o, "duration_ms", json_integer(r->duration_ms));
	json_object_set_new(
		o, "bytes",
		json_integer((json_int_t)(r->out_bytes + r->err_bytes)));
	if (p->why)
		json_object_set_new(o, "why", json_string(p->why));
	if (r->started && r->exit_status >= 0)
		json_object_set_new(o, "exit", json_integer(r->exit_status));
	else if (r->started && r->signal > 0 && !r->timed_out)
		json_object_set_new(o, "signal", json_integer(r->signal));
	if (p->control_text)
		json_object_set_new(o, "control", json_string(p->control_text));
	return o;
}

static void command_line(struct bg_str *out, const struct bg_program *p)
{
	for (size_t i = 0; i < p->n; i++) {
		bg_str_add(out, i ? " " : "");
		bg_text_escape(out, p->argv[i], strlen(p->argv[i]), false);
	}
}

static void because_of(char *out, size_t size, const struct probing *p,
		       const char *code)
{
	BG_AUTO(str) struct bg_str line = BG_STR_INIT;
	const char *did = p->run.timed_out          ? "timed out"
			  : p->run.exit_status == 0 ? "succeeded"
						    : "failed";

	command_line(&line, &p->probe->run);
	switch (p->outcome) {
	case AS_EXPECTED:
		snprintf(out, size, "%s: probe '%.120s' %s, as expected", code,
			 bg_str_text(&line), did);
		break;
	case OTHERWISE:
		snprintf(out, size,
			 "%s: probe '%.120s' %s, NOT as expected; recorded, "
			 "reviewers will ask",
			 code, bg_str_text(&line), did);
		break;
	case COULD_NOT_RUN:
		snprintf(out, size,
			 "%s: probe '%.120s' could not tell (%s); recorded",
			 code, bg_str_text(&line), p->why ? p->why : "");
		break;
	}
}

int bg_op_probe(json_t **out, char *because, size_t size, struct bg_op *op,
		const struct bg_trigger *t, const char *code,
		const char *identity, struct bg_error *err)
{
	struct probing p = {
		.op = op,
		.values = { .principal = op->me->name, .identity = identity },
		.run = BG_PROC_RESULT_INIT,
		.control = BG_PROC_RESULT_INIT,
	};

	*out = NULL;
	snprintf(because, size, "%s", code);
	if (!t || !t->probe.present)
		return 0;
	p.probe = &t->probe;
	run_all(&p);
	because_of(because, size, &p, code);
	*out = report(&p, t->id);
	bg_proc_result_release(&p.run);
	bg_proc_result_release(&p.control);
	return *out ? 0 : bg_fail_oom(err);
}
