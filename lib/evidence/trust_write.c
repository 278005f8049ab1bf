#include "evidence/trust_write.h"

#include <string.h>

#include "base/clock.h"

/* Words that need no quotes in either flow or block context and that no
 * reader takes for a number, a boolean or null. */
static bool is_plain(const char *s)
{
	static const char *const taken[] = {
		"true", "false", "yes", "no", "on",
		"off",  "null",  "y",   "n",  NULL
	};
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./@");
	bool letter = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z');
	if (!letter || s[n] || n > 200)
		return false;
	for (size_t i = 0; taken[i]; i++)
		if (!strcasecmp(s, taken[i]))
			return false;
	return true;
}

void bg_yaml_scalar(struct bg_str *out, const char *text)
{
	if (is_plain(text)) {
		bg_str_add(out, text);
		return;
	}
	bg_str_addc(out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			bg_str_addc(out, '\'');
		bg_str_addc(out, *text);
	}
	bg_str_addc(out, '\'');
}

/* ", key: value" inside a flow map; nothing for NULL. */
static void add_member(struct bg_str *out, const char *key, const char *value)
{
	if (!value)
		return;
	if (out->len && out->buf[out->len - 1] != '{')
		bg_str_add(out, ", ");
	bg_str_addf(out, "%s: ", key);
	bg_yaml_scalar(out, value);
}

static void add_line(struct bg_str *out, const char *key, const char *value)
{
	if (!value)
		return;
	bg_str_addf(out, "    %s: ", key);
	bg_yaml_scalar(out, value);
	bg_str_addc(out, '\n');
}

static void add_names(struct bg_str *out, const struct bg_names *names)
{
	bg_str_addc(out, '[');
	for (size_t i = 0; i < names->n; i++) {
		bg_str_add(out, i ? ", " : "");
		bg_yaml_scalar(out, names->v[i]);
	}
	bg_str_addc(out, ']');
}

static void add_digest(struct bg_str *out, const struct bg_digest *d)
{
	char text[BG_DIGEST_TEXT + 1];
	bg_digest_format(text, d);
	bg_str_addf(out, "'%s'", text);
}

static void add_time(struct bg_str *out, int64_t ms)
{
	char text[BG_TIME_LEN + 1];
	bg_time_format(text, ms);
	bg_str_addf(out, "'%s'", text);
}

static void write_organisation(struct bg_str *out, const struct bg_trust *t)
{
	bg_str_add(out, "organisation: ");
	bg_yaml_scalar(out, t->organisation);
	bg_str_addc(out, '\n');
}

static void write_quorum(struct bg_str *out, const char *name,
			 const struct bg_quorum *q)
{
	bg_str_addf(out, "%s: {threshold: %u, principals: ", name,
		    q->threshold);
	add_names(out, &q->principals);
	bg_str_add(out, "}\n");
}

static void write_root(struct bg_str *out, const struct bg_trust *t)
{
	write_quorum(out, "root", &t->root);
}

static void write_admin(struct bg_str *out, const struct bg_trust *t)
{
	write_quorum(out, "admin", &t->admin);
}

static void write_key(struct bg_str *out, const struct bg_trust_key *key)
{
	char fpr[2 * BG_FPR_LEN + 1];
	bg_fpr_format(fpr, &key->primary);
	bg_str_addf(out, "      - primary: '%s'\n        signing: [", fpr);
	for (size_t i = 0; i < key->n_signing; i++) {
		bg_fpr_format(fpr, &key->signing[i]);
		bg_str_addf(out, "%s'%s'", i ? ", " : "", fpr);
	}
	bg_str_add(out, "]\n        blob: ");
	add_digest(out, &key->blob);
	bg_str_addc(out, '\n');
}

/* The last day on which asks count; the reader makes its last instant. */
static void write_until(struct bg_str *out, const struct bg_principal *p)
{
	char text[BG_TIME_LEN + 1];
	if (p->until_ms == INT64_MAX)
		return;
	bg_time_format(text, p->until_ms);
	if (strcmp(text + 10, "T23:59:59.999Z") == 0)
		text[10] = 0;
	bg_str_addf(out, "    until: '%s'\n", text);
}

static void write_principal(struct bg_str *out, const struct bg_principal *p)
{
	bg_str_addf(out, "  %s:\n    kind: %s\n", p->name,
		    bg_principal_kind_text(p->kind));
	if (p->owner)
		add_line(out, "owner", p->owner);
	else
		add_line(out, "human", p->human);
	size_t n = strlen(p->name);
	bool default_email = !strncmp(p->email, p->name, n) &&
			     !strcmp(p->email + n, "@invalid");
	if (!default_email)
		add_line(out, "email", p->email);
	add_line(out, "contact", p->contact);
	add_line(out, "sponsor", p->sponsor);
	add_line(out, "contract", p->contract);
	write_until(out, p);
	if (p->n_keys)
		bg_str_add(out, "    keys:\n");
	for (size_t i = 0; i < p->n_keys; i++)
		write_key(out, &p->keys[i]);
}

static void write_principals(struct bg_str *out, const struct bg_trust *t)
{
	bg_str_add(out, t->n_principals ? "principals:\n" : "principals: {}\n");
	for (size_t i = 0; i < t->n_principals; i++)
		write_principal(out, &t->principals[i]);
}

static void write_roles(struct bg_str *out, const struct bg_trust *t)
{
	if (t->n_roles)
		bg_str_add(out, "roles:\n");
	for (size_t i = 0; i < t->n_roles; i++) {
		bg_str_addf(out, "  %s: ", t->roles[i].name);
		add_names(out, &t->roles[i].members);
		bg_str_addc(out, '\n');
	}
}

static void write_suspended(struct bg_str *out, const struct bg_trust *t)
{
	if (t->n_suspended)
		bg_str_add(out, "suspended:\n");
	for (size_t i = 0; i < t->n_suspended; i++) {
		const struct bg_suspension *s = &t->suspended[i];
		bg_str_add(out, "  - {");
		add_member(out, "name", s->name);
		add_member(out, "by", s->by);
		bg_str_add(out, s->keep ? ", keep: true}\n" : "}\n");
	}
}

static void write_cutoff(struct bg_str *out, const struct bg_cutoff *c)
{
	bg_str_addf(out, "{writer: %s, seq: %llu, digest: ", c->writer,
		    (unsigned long long)c->seq);
	add_digest(out, &c->digest);
	bg_str_add(out, "}\n");
}

static void write_retired(struct bg_str *out, const struct bg_trust *t)
{
	bool any = false;
	for (size_t i = 0; i < t->n_retired; i++) {
		const struct bg_retirement *r = &t->retired[i];
		if (!r->name)
			continue;
		bg_str_addf(out,
			    "%s  - name: %s\n    at: ", any ? "" : "retired:\n",
			    r->name);
		any = true;
		add_time(out, r->at_ms);
		bg_str_add(out,
			   r->n_logs ? "\n    logs:\n" : "\n    logs: []\n");
		for (size_t k = 0; k < r->n_logs; k++) {
			bg_str_add(out, "      - ");
			write_cutoff(out, &r->logs[k]);
		}
	}
}

/* Pinned logs, and retired ones that are nobody's retirement. */
static void write_writers(struct bg_str *out, const struct bg_trust *t)
{
	bool any = false;
	for (size_t i = 0; i < t->n_retired; i++)
		any = any || !t->retired[i].name;
	if (t->pinned_writers.n || any)
		bg_str_add(out, "writers:\n");
	if (t->pinned_writers.n) {
		bg_str_add(out, "  pinned: ");
		add_names(out, &t->pinned_writers);
		bg_str_addc(out, '\n');
	}
	if (any)
		bg_str_add(out, "  retired:\n");
	for (size_t i = 0; i < t->n_retired; i++) {
		const struct bg_retirement *r = &t->retired[i];
		for (size_t k = 0; !r->name && k < r->n_logs; k++) {
			bg_str_add(out, "    - ");
			write_cutoff(out, &r->logs[k]);
		}
	}
}

static void write_compromised(struct bg_str *out, const struct bg_trust *t)
{
	char fpr[2 * BG_FPR_LEN + 1];
	if (t->n_compromised)
		bg_str_add(out, "compromised:\n");
	for (size_t i = 0; i < t->n_compromised; i++) {
		const struct bg_compromise *c = &t->compromised[i];
		bg_fpr_format(fpr, &c->key);
		bg_str_addf(out,
			    "  - name: %s\n    key: '%s'\n    since: ", c->name,
			    fpr);
		add_time(out, c->since_ms);
		bg_str_addc(out, '\n');
		if (!c->has_safe_seal)
			continue;
		bg_str_add(out, "    safe_seal: ");
		add_digest(out, &c->safe_seal);
		bg_str_addc(out, '\n');
	}
}

static void write_abandoned(struct bg_str *out, const struct bg_trust *t)
{
	if (t->n_abandoned)
		bg_str_add(out, "abandoned:\n");
	for (size_t i = 0; i < t->n_abandoned; i++) {
		bg_str_addf(out, "  - {version: %llu, digest: ",
			    (unsigned long long)t->abandoned[i].version);
		add_digest(out, &t->abandoned[i].digest);
		bg_str_add(out, "}\n");
	}
}

static void write_acknowledged(struct bg_str *out, const struct bg_trust *t)
{
	if (t->n_acknowledged)
		bg_str_add(out, "acknowledged:\n");
	for (size_t i = 0; i < t->n_acknowledged; i++) {
		const struct bg_acknowledgement *a = &t->acknowledged[i];
		bg_str_addf(out, "  - id: %s\n", a->id);
		add_line(out, "ref", a->ref);
		bg_str_add(out, "    event: ");
		add_digest(out, &a->event);
		bg_str_addc(out, '\n');
		add_line(out, "reason", a->reason);
	}
}

static const struct {
	const char *name;
	void (*write)(struct bg_str *out, const struct bg_trust *t);
} sections[] = {
	{ "organisation", write_organisation },
	{ "root", write_root },
	{ "admin", write_admin },
	{ "principals", write_principals },
	{ "roles", write_roles },
	{ "suspended", write_suspended },
	{ "retired", write_retired },
	{ "writers", write_writers },
	{ "compromised", write_compromised },
	{ "abandoned", write_abandoned },
	{ "acknowledged", write_acknowledged },
};

int bg_trust_write_section(struct bg_str *out, const struct bg_trust *t,
			   const char *section, struct bg_error *err)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (strcmp(sections[i].name, section) != 0)
			continue;
		sections[i].write(out, t);
		return bg_str_check(out, err);
	}
	return bg_fail(err, BG_EFAIL, "no-such-section",
		       "cannot write the section '%s'", section);
}

/* Where line (from 1) begins in the text; n when it is behind the end. */
static size_t line_at(const char *text, size_t n, unsigned line)
{
	size_t at = 0;
	for (unsigned i = 1; i < line && at < n; i++) {
		const char *lf = memchr(text + at, '\n', n - at);
		at = lf ? (size_t)(lf - text) + 1 : n;
	}
	return at;
}

static bool is_named(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

/* Comments and blank lines between two sections belong to the second. */
static size_t trim_section(const char *text, size_t from, size_t to)
{
	size_t end = from, at = from;
	while (at < to) {
		const char *lf = memchr(text + at, '\n', to - at);
		size_t next = lf ? (size_t)(lf - text) + 1 : to;
		if (text[at] != '#' && text[at] != '\n')
			end = next;
		at = next;
	}
	return end;
}

static void add_ending(struct bg_str *out)
{
	if (out->len && out->buf[out->len - 1] != '\n')
		bg_str_addc(out, '\n');
}

int bg_trust_rewrite(struct bg_str *out, const char *text, size_t n,
		     const struct bg_trust *t, const char *const *names,
		     struct bg_error *err)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(yaml) struct bg_yaml_doc doc = { 0 };
	const char *done[16] = { 0 };
	size_t n_done = 0, at = 0;
	int rc = bg_yaml_load(&doc, &faults, "trust.yaml", text, n, err);
	if (rc)
		return rc;
	if (!doc.root || doc.root->kind != BG_YAML_MAP)
		return bg_fail(err, BG_EFAIL, "bad-trust",
			       "cannot change trust.yaml: it is no map");
	for (size_t i = 0; !rc && i < doc.root->n; i++) {
		const struct bg_yaml *key = doc.root->keys[i];
		size_t from = line_at(text, n, key->line);
		size_t to =
			i + 1 < doc.root->n
				? line_at(text, n, doc.root->keys[i + 1]->line)
				: n;
		if (!is_named(names, key->text) || n_done == 15)
			continue;
		bg_str_addn(out, text + at, from - at);
		rc = bg_trust_write_section(out, t, key->text, err);
		at = trim_section(text, from, to);
		done[n_done++] = key->text;
	}
	bg_str_addn(out, text + at, n - at);
	for (; !rc && *names; names++) {
		if (is_named(done, *names))
			continue;
		add_ending(out);
		rc = bg_trust_write_section(out, t, *names, err);
	}
	return rc ? rc : bg_str_check(out, err);
}
