#include "cmd/review_form.h"

#include <string.h>

#include "base/clock.h"
#include "report/proofs.h"

#define ACTION_DUE_MS (14 * INT64_C(86400000))

static void comment(struct bg_str *out, const char *key, const char *value)
{
	BG_AUTO(str) struct bg_str safe = BG_STR_INIT;

	if (!value || !*value)
		return;
	bg_text_escape(&safe, value, strlen(value), false);
	bg_str_addf(out, "#   %-11s %s\n", key, bg_str_text(&safe));
}

static void comment_findings(struct bg_str *out, const struct bg_grant *g,
			     enum bg_class class, const char *title)
{
	bool any = false;

	for (size_t i = 0; i < g->findings.list.n; i++) {
		const struct bg_finding *f = &g->findings.list.v[i];

		if (f->class != class)
			continue;
		if (!any)
			bg_str_addf(out, "# %s\n", title);
		any = true;
		comment(out, f->id, f->text);
	}
}

static int comment_facts(struct bg_str *out, const struct bg_grant *g,
			 struct bg_error *err)
{
	BG_AUTO(proofs) struct bg_proofs p = { 0 };
	const json_t *d = g->activate->data;
	char at[BG_TIME_LEN + 1];
	int rc = bg_proofs_make(&p, g, err);

	if (rc)
		return rc;
	bg_time_format(at, g->activate->at_ms);
	bg_str_addf(out, "# Review of %s. Lines with # are not read.\n",
		    g->label);
	comment(out, "policy", g->policy ? g->policy->name : NULL);
	comment(out, "scope", bg_json_text(d, "scope"));
	comment(out, "by", g->by);
	comment(out, "for", g->beneficiary);
	comment(out, "at", at);
	comment(out, "code", bg_json_text(d, "code"));
	comment(out, "reason", bg_json_text(d, "reason"));
	comment(out, "ticket", bg_json_text(d, "ticket"));
	comment(out, "outcome", g->fold.outcome);
	bg_str_add(out, "# what the evidence says\n");
	comment(out, "necessary", p.necessary.text);
	comment(out, "limited", p.limited.text);
	comment(out, "reversed", p.reversed.text);
	comment_findings(out, g, BG_WRONG, "wrong");
	comment_findings(out, g, BG_DEVIATION, "deviations");
	comment_findings(out, g, BG_GAP, "gaps");
	return 0;
}

static void line(struct bg_str *out, const char *key, const char *value,
		 const char *choices)
{
	bg_str_addf(out, "%s:%s%s", key, value ? " " : "", value ? value : "");
	bg_str_addf(out, "\n");
	if (choices)
		bg_str_addf(out, "#   %s\n", choices);
}

int bg_review_form_write(struct bg_str *out, const struct bg_grant *g,
			 const struct bg_review_answers *a,
			 struct bg_error *err)
{
	int rc = comment_facts(out, g, err);

	if (rc)
		return rc;
	bg_str_addc(out, '\n');
	line(out, "decision", a->decision,
	     "approved approved-with-findings needs-info forwarded rejected");
	line(out, "class", a->class_, "emergency drill misuse");
	line(out, "necessary", a->necessary, "yes no unproven");
	line(out, "necessary-why", a->necessary_why, NULL);
	line(out, "limited", a->limited, "yes no unproven");
	line(out, "limited-why", a->limited_why, NULL);
	line(out, "reversed", a->reversed, "yes no unproven");
	line(out, "reversed-why", a->reversed_why, NULL);
	line(out, "comment", a->comment, NULL);
	line(out, "action", NULL,
	     "what | owner | due (2026-12-24); one line each");
	return bg_str_check(out, err);
}

static char *trim(char *s)
{
	size_t n;

	while (*s == ' ' || *s == '\t')
		s++;
	n = strlen(s);
	while (n && strchr(" \t\r", s[n - 1]))
		s[--n] = 0;
	return s;
}

int bg_review_action(struct bg_review_answers *a, char *text,
		     struct bg_error *err)
{
	char *owner = strchr(text, '|');
	char *due = owner ? strchr(owner + 1, '|') : NULL;
	size_t room = sizeof(a->actions) / sizeof(a->actions[0]);

	if (a->n_actions == room)
		return bg_fail(err, BG_EUSAGE, "bad-form",
			       "more than %zu corrective actions", room);
	if (owner)
		*owner++ = 0;
	if (due)
		*due++ = 0;
	text = trim(text);
	a->actions[a->n_actions].text = text;
	a->actions[a->n_actions].owner = owner ? trim(owner) : NULL;
	a->actions[a->n_actions].due_ms = bg_now_ms() + ACTION_DUE_MS;
	if (!*text)
		return bg_fail(err, BG_EUSAGE, "bad-form",
			       "a corrective action without words");
	if (due &&
	    !bg_time_parse(&a->actions[a->n_actions].due_ms, trim(due), true))
		return bg_fail(err, BG_EUSAGE, "bad-form",
			       "cannot read the due date '%s'", trim(due));
	a->n_actions++;
	return 0;
}

/* One answer; NULL when the key is none of the form's. */
static const char **slot(struct bg_review_answers *a, const char *key)
{
	const struct {
		const char *key;
		const char **value;
	} slots[] = {
		{ "decision", &a->decision },
		{ "class", &a->class_ },
		{ "necessary", &a->necessary },
		{ "necessary-why", &a->necessary_why },
		{ "limited", &a->limited },
		{ "limited-why", &a->limited_why },
		{ "reversed", &a->reversed },
		{ "reversed-why", &a->reversed_why },
		{ "comment", &a->comment },
	};

	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		if (!strcmp(slots[i].key, key))
			return slots[i].value;
	return NULL;
}

int bg_review_form_read(struct bg_review_answers *out, char *text,
			struct bg_error *err)
{
	unsigned number = 0;

	for (char *next, *s = text; s; s = next) {
		char *value, *key;
		const char **to;
		int rc;

		number++;
		next = strchr(s, '\n');
		if (next)
			*next++ = 0;
		key = trim(s);
		if (!*key || *key == '#')
			continue;
		value = strchr(key, ':');
		if (!value)
			return bg_fail(err, BG_EUSAGE, "bad-form",
				       "line %u of the form has no ':'",
				       number);
		*value++ = 0;
		value = trim(value);
		if (!*value)
			continue;
		if (!strcmp(key, "action")) {
			rc = bg_review_action(out, value, err);
			if (rc)
				return bg_wrap(err, "line %u", number);
			continue;
		}
		to = slot(out, key);
		if (!to)
			return bg_fail(err, BG_EUSAGE, "bad-form",
				       "line %u of the form: no answer is "
				       "called '%.40s'",
				       number, key);
		*to = value;
	}
	return 0;
}
