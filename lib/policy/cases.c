#include "policy/cases.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "policy/cases_private.h"

/* One of the three documents of a file of cases. */
struct document {
	const char *word; /* policy trust identity */
	char file[512];   /* for messages */
	struct bg_str text;
};
enum { POLICY, TRUST, IDENTITY, N_DOCUMENTS };

struct run {
	const char *path;
	struct bg_case_results *out;
	struct document docs[N_DOCUMENTS];
	struct document now[N_DOCUMENTS]; /* with the changes of this case */
	unsigned line;                    /* of the section that is handled */
	bool in_case;
	unsigned case_line;
	char name[120];
	struct bg_str ask, grants, expect;
	int64_t at_ms, common_at_ms; /* @AT before the first case is common */
	struct bg_error *err;
};

static int wrong(struct run *r, const char *why)
{
	return bg_fail(r->err, BG_EFAIL, "bad-case", "%s:%u: %s", r->path,
		       r->line, why);
}

static int wrong_faults(struct run *r, const struct bg_faults *faults)
{
	int rc = bg_faults_fail(faults, BG_EFAIL, r->err);
	snprintf(r->err->id, sizeof(r->err->id), "bad-case");
	return rc;
}

/* --- documents -------------------------------------------------------------------- */

/* Lines of a file keep their numbers: as many empty ones come first. */
static int set_inline(struct run *r, struct document *doc, const char *body)
{
	bg_str_clear(&doc->text);
	for (unsigned i = 0; i < r->line; i++)
		bg_str_addc(&doc->text, '\n');
	bg_str_add(&doc->text, body);
	snprintf(doc->file, sizeof(doc->file), "%s", r->path);
	return bg_str_check(&doc->text, r->err);
}

static int set_file(struct run *r, struct document *doc, const char *name)
{
	const char *slash = strrchr(r->path, '/');
	int dir = name[0] != '/' && slash ? (int)(slash - r->path) + 1 : 0;
	snprintf(doc->file, sizeof(doc->file), "%.*s%s", dir, r->path, name);
	bg_str_clear(&doc->text);
	int rc = bg_file_read(&doc->text, doc->file, BG_YAML_MAX_BYTES + 1,
			      r->err);
	return rc ? bg_wrap(r->err, "%s:%u", r->path, r->line) : 0;
}

static int set_document(struct run *r, int which, const char *rest,
			const char *body)
{
	if (r->in_case)
		return wrong(r, "documents come before the first @CASE");
	return *rest ? set_file(r, &r->docs[which], rest)
		     : set_inline(r, &r->docs[which], body);
}

static int start_documents(struct run *r)
{
	for (int i = 0; i < N_DOCUMENTS; i++) {
		struct document *doc = &r->now[i];
		doc->word = r->docs[i].word;
		memcpy(doc->file, r->docs[i].file, sizeof(doc->file));
		bg_str_clear(&doc->text);
		bg_str_add(&doc->text, bg_str_text(&r->docs[i].text));
		if (bg_str_check(&doc->text, r->err))
			return r->err->code;
	}
	return 0;
}

/* @CHANGE policy "old" "new" */
static int change(struct run *r, const char *rest)
{
	BG_AUTO(case) struct bg_case words = { 0 };
	BG_AUTO(str) struct bg_str made = BG_STR_INIT;
	const char *which, *old, *new, *value;
	struct document *doc = NULL;
	if (bg_case_word(&words, &rest, &which, &value) <= 0 ||
	    bg_case_word(&words, &rest, &old, &value) <= 0 ||
	    bg_case_word(&words, &rest, &new, &value) <= 0)
		return wrong(r, "expected @CHANGE policy \"old\" \"new\"");
	for (int i = 0; i < N_DOCUMENTS; i++)
		if (strcmp(r->now[i].word, which) == 0)
			doc = &r->now[i];
	if (!doc)
		return wrong(r, "expected policy, trust or identity");
	const char *text = bg_str_text(&doc->text);
	const char *at = strstr(text, old);
	if (!at || strstr(at + 1, old))
		return wrong(r, "the old text of @CHANGE must be there once");
	bg_str_addn(&made, text, (size_t)(at - text));
	bg_str_add(&made, new);
	bg_str_add(&made, at + strlen(old));
	bg_str_clear(&doc->text);
	bg_str_add(&doc->text, bg_str_text(&made));
	return bg_str_check(&doc->text, r->err);
}

/* --- one case ---------------------------------------------------------------------- */

static int load_policy(struct run *r, struct bg_policy **out)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	struct document *doc = &r->now[POLICY];
	int rc = bg_policy_load(out, &faults, doc->file,
				bg_str_text(&doc->text), doc->text.len, r->err);
	if (rc == 0 && bg_faults_have_errors(&faults))
		rc = wrong_faults(r, &faults);
	return rc;
}

static int load_identity(struct run *r, struct bg_identity **out)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	struct document *doc = &r->now[IDENTITY];
	if (!doc->text.len)
		return 0;
	int rc = bg_identity_load(out, &faults, doc->file,
				  bg_str_text(&doc->text), doc->text.len,
				  r->err);
	if (rc == 0 && bg_faults_have_errors(&faults))
		rc = wrong_faults(r, &faults);
	return rc;
}

/* The policy is a file of this trust, so that it can be suspended. */
static int load_trust(struct run *r, const struct bg_policy *policy,
		      struct bg_trust **out)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	struct document *doc = &r->now[TRUST];
	char path[64];
	snprintf(path, sizeof(path), "policies/%s.yaml", policy->name);
	struct bg_trust_file files[2] = {
		{ .path = "trust.yaml",
		  .text = bg_str_text(&doc->text),
		  .n = doc->text.len },
		{ .path = path,
		  .text = bg_str_text(&r->now[POLICY].text),
		  .n = r->now[POLICY].text.len },
	};
	int rc = bg_trust_parse(out, &faults, files, 2, r->err);
	if (rc == 0 && bg_faults_have_errors(&faults))
		rc = wrong_faults(r, &faults);
	return rc;
}

static int read_grants(struct run *r, struct bg_case *c)
{
	const char *p = bg_str_text(&r->grants);
	while (*p) {
		size_t n = strcspn(p, "\n");
		char *line = bg_arena_strndup(&c->arena, p, n);
		const char *why = !line   ? "out of memory"
				  : *line ? bg_case_grant(c, line)
					  : NULL;
		if (why)
			return wrong(r, why);
		p += n + (p[n] == '\n');
	}
	return 0;
}

static int decide(struct run *r, struct bg_case *c, struct bg_str *got)
{
	BG_AUTO(policy) struct bg_policy *policy = NULL;
	BG_AUTO(trust) struct bg_trust *trust = NULL;
	BG_AUTO(identity) struct bg_identity *identity = NULL;
	BG_AUTO(decision) struct bg_decision decision = { 0 };
	struct bg_error err;
	int rc = load_policy(r, &policy);
	if (rc == 0)
		rc = load_trust(r, policy, &trust);
	if (rc == 0)
		rc = load_identity(r, &identity);
	if (rc)
		return rc;
	rc = bg_decide(&decision, policy, trust, identity, c->grants.v,
		       c->grants.n, &c->ask, &err);
	if (rc == 0)
		bg_decision_format(got, &decision);
	else if (rc == BG_ENOENT)
		bg_str_addf(got, "not-found %s: %s\n", err.id, err.msg);
	else
		*r->err = err;
	return rc == BG_ENOENT ? 0 : rc;
}

static int add_result(struct run *r, bool passed, const struct bg_str *diff,
		      const struct bg_str *got)
{
	struct bg_case_result result = { .line = r->case_line,
					 .passed = passed };
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	snprintf(result.name, sizeof(result.name), "%s", r->name);
	if (!passed) {
		bg_str_addf(&text, "%sthe decision was:\n%s", bg_str_text(diff),
			    bg_str_text(got));
		result.text = bg_str_detach(&text);
		if (!result.text)
			return bg_fail_oom(r->err);
	}
	if (bg_vec_push(&r->out->list, result)) {
		free(result.text);
		return bg_fail_oom(r->err);
	}
	return 0;
}

/* Run the case that was read, if one was. */
static int finish_case(struct run *r)
{
	BG_AUTO(case) struct bg_case c = { 0 };
	BG_AUTO(str) struct bg_str got = BG_STR_INIT, diff = BG_STR_INIT;
	if (!r->in_case)
		return 0;
	r->line = r->case_line;
	if (!r->ask.len || !r->expect.len || !r->at_ms)
		return wrong(r, "a case needs @AT, @ASK and @EXPECT");
	const char *why = bg_case_ask(&c, bg_str_text(&r->ask));
	if (why)
		return wrong(r, why);
	c.ask.now_ms = r->at_ms;
	if (!c.fetched)
		c.ask.trust_fetched_ms = r->at_ms;
	int rc = read_grants(r, &c);
	if (rc == 0)
		rc = decide(r, &c, &got);
	if (rc == 0) {
		bool passed = bg_case_compare(&diff, bg_str_text(&r->expect),
					      bg_str_text(&got));
		rc = bg_str_check(&diff, r->err);
		if (rc == 0)
			rc = add_result(r, passed, &diff, &got);
	}
	return rc;
}

static int start_case(struct run *r, const char *rest)
{
	int rc = finish_case(r);
	if (rc)
		return rc;
	r->in_case = true;
	r->at_ms = r->common_at_ms;
	bg_str_clear(&r->ask);
	bg_str_clear(&r->grants);
	bg_str_clear(&r->expect);
	snprintf(r->name, sizeof(r->name), "%s", rest);
	return start_documents(r);
}

/* --- sections ------------------------------------------------------------------------ */

static int keep(struct run *r, struct bg_str *out, const char *text)
{
	bg_str_clear(out);
	bg_str_add(out, text);
	return bg_str_check(out, r->err);
}

static int in_case(struct run *r, const char *word, const char *rest,
		   const char *body)
{
	if (strcmp(word, "AT") == 0)
		return bg_time_parse(r->in_case ? &r->at_ms : &r->common_at_ms,
				     rest, false)
			       ? 0
			       : wrong(r, "expected @AT and a time");
	if (!r->in_case)
		return wrong(r, "expected @CASE first");
	if (strcmp(word, "CHANGE") == 0)
		return change(r, rest);
	if (strcmp(word, "ASK") == 0)
		return keep(r, &r->ask, rest);
	if (strcmp(word, "GRANTS") == 0)
		return keep(r, &r->grants, body);
	if (strcmp(word, "EXPECT") == 0)
		return keep(r, &r->expect, body);
	return wrong(r, "a word after @ that is not known");
}

/* @WORD REST and the lines below it. */
static int section(struct run *r, const char *word, const char *rest,
		   const char *body)
{
	static const char *const words[] = { "POLICY", "TRUST", "IDENTITY" };
	for (int i = 0; i < N_DOCUMENTS; i++)
		if (strcmp(word, words[i]) == 0)
			return set_document(r, i, rest, body);
	if (strcmp(word, "CASE") == 0) {
		unsigned line = r->line;
		int rc = start_case(r, rest);
		r->case_line = line;
		return rc;
	}
	return in_case(r, word, rest, body);
}

/* One section of the text: from its @ to the next. */
static int next_section(struct run *r, const char **p, unsigned *line)
{
	BG_AUTO(str) struct bg_str head = BG_STR_INIT, body = BG_STR_INIT;
	const char *s = *p;
	size_t n = strcspn(s, "\n");
	bg_str_addn(&head, s + 1, n - 1);
	r->line = *line;
	s += n + (s[n] == '\n');
	++*line;
	while (*s && *s != '@') {
		n = strcspn(s, "\n");
		if (*s != '#')
			bg_str_addn(&body, s, n);
		bg_str_addc(&body, '\n');
		s += n + (s[n] == '\n');
		++*line;
	}
	*p = s;
	if (bg_str_check(&head, r->err) || bg_str_check(&body, r->err))
		return r->err->code;
	char *rest = head.buf ? head.buf + strcspn(head.buf, " ") : NULL;
	if (!rest)
		return wrong(r, "expected a word after @");
	while (*rest == ' ')
		*rest++ = '\0';
	return section(r, head.buf, rest, bg_str_text(&body));
}

static int run_text(struct run *r, const char *text)
{
	unsigned line = 1;
	int rc = 0;
	while (*text && *text != '@') {
		size_t n = strcspn(text, "\n");
		r->line = line++;
		if (n && *text != '#')
			return wrong(r, "expected a line that begins with @");
		text += n + (text[n] == '\n');
	}
	while (rc == 0 && *text)
		rc = next_section(r, &text, &line);
	return rc ? rc : finish_case(r);
}

static void run_release(struct run *r)
{
	for (int i = 0; i < N_DOCUMENTS; i++) {
		bg_str_release(&r->docs[i].text);
		bg_str_release(&r->now[i].text);
	}
	bg_str_release(&r->ask);
	bg_str_release(&r->grants);
	bg_str_release(&r->expect);
}

int bg_cases_run(struct bg_case_results *out, const char *path,
		 const struct bg_trust_file *policy, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	struct run r = { .path = path, .out = out, .err = err };
	r.docs[POLICY].word = "policy";
	r.docs[TRUST].word = "trust";
	r.docs[IDENTITY].word = "identity";
	if (policy) {
		snprintf(r.docs[POLICY].file, sizeof(r.docs[POLICY].file), "%s",
			 policy->path);
		bg_str_addn(&r.docs[POLICY].text, policy->text, policy->n);
	}
	int rc = bg_file_read(&text, path, 4 << 20, err);
	if (rc == 0 && text.len && memchr(text.buf, '\0', text.len))
		rc = bg_fail(err, BG_EFAIL, "bad-case", "%s: holds a NUL byte",
			     path);
	if (rc == 0)
		rc = run_text(&r, bg_str_text(&text));
	run_release(&r);
	return rc;
}

void bg_case_results_release(struct bg_case_results *r)
{
	for (size_t i = 0; i < r->list.n; i++)
		free(r->list.v[i].text);
	bg_vec_release(&r->list);
}
