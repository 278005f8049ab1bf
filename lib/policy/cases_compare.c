/* A decision as lines, and lines compared with what a case expects. */
#include <string.h>

#include "base/clock.h"
#include "policy/cases_private.h"

static void add_duration(struct bg_str *out, int64_t seconds)
{
	char text[24];
	bg_duration_format(text, seconds);
	bg_str_add(out, text);
}

static void add_verdict(struct bg_str *out, const struct bg_decision *d)
{
	if (!d->allowed) {
		bg_str_add(out, d->usage ? "usage\n" : "refused\n");
		return;
	}
	bg_str_add(out, d->waits ? "waits " : "allowed ");
	add_duration(out, d->duration);
	bg_str_add(out, " up to ");
	add_duration(out, d->until_max);
	bg_str_addc(out, '\n');
}

void bg_decision_format(struct bg_str *out, const struct bg_decision *d)
{
	add_verdict(out, d);
	if (d->scope)
		bg_str_addf(out, "scope %s\n", d->scope->id);
	if (d->code)
		bg_str_addf(out, "code %s\n", d->code);
	if (d->trigger)
		bg_str_addf(out, "trigger %s\n", d->trigger->id);
	if (d->approvals)
		bg_str_addf(out, "approvals %u\n", d->approvals);
	if (d->shares)
		bg_str_addf(out, "shares %u\n", d->shares);
	for (size_t i = 0; i < d->reasons.n; i++) {
		const struct bg_reason *r = &d->reasons.v[i];
		bg_str_addf(out, "%s %s: %s\n",
			    r->usage ? "usage-fault" : "reason", r->id,
			    r->text);
		if (r->hint[0])
			bg_str_addf(out, "hint %s\n", r->hint);
	}
	for (size_t i = 0; i < d->gaps.n; i++)
		bg_str_addf(out, "gap %s: %s\n", d->gaps.v[i].id,
			    d->gaps.v[i].text);
	for (size_t i = 0; i < d->duties.n; i++) {
		bg_str_addf(out, "owes %s ", d->duties.v[i].what);
		add_duration(out, d->duties.v[i].within);
		bg_str_addf(out, ": %s\n", d->duties.v[i].who);
	}
}

/* --- compare -------------------------------------------------------------------- */

static const struct {
	const char *word;
	bool optional; /* compared only when the case has one */
} kinds[] = {
	{ "allowed", false },     { "waits", false },     { "refused", false },
	{ "usage", false },       { "not-found", false }, { "reason", false },
	{ "usage-fault", false }, { "gap", false },       { "scope", true },
	{ "code", true },         { "trigger", true },    { "approvals", true },
	{ "shares", true },       { "hint", true },       { "owes", true },
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct bg_span next_line(const char **p)
{
	struct bg_span line = { *p, strcspn(*p, "\n") };
	*p += line.n + ((*p)[line.n] == '\n');
	while (line.n > 0 && line.p[line.n - 1] == ' ')
		line.n--;
	return line;
}

static bool is_kind(struct bg_span line, const char *word)
{
	size_t n = strlen(word);
	return line.n >= n && memcmp(line.p, word, n) == 0 &&
	       (line.n == n || line.p[n] == ' ');
}

/* The next line of a kind; false at the end. */
static bool next_of(const char **p, const char *word, struct bg_span *line)
{
	while (**p) {
		*line = next_line(p);
		if (is_kind(*line, word))
			return true;
	}
	return false;
}

/* Equal, or what was got goes on with ": TEXT". */
static bool line_fits(struct bg_span want, struct bg_span got)
{
	if (got.n < want.n || memcmp(want.p, got.p, want.n) != 0)
		return false;
	return got.n == want.n ||
	       (got.n > want.n + 1 && memcmp(got.p + want.n, ": ", 2) == 0);
}

static void differ(struct bg_str *diff, char sign, struct bg_span line)
{
	bg_str_addf(diff, "%c %.*s\n", sign, (int)line.n, line.p);
}

static void compare_kind(struct bg_str *diff, const char *word, bool optional,
			 const char *want, const char *got)
{
	struct bg_span w = { NULL, 0 }, g = { NULL, 0 };
	const char *probe = want;
	if (optional && !next_of(&probe, word, &w))
		return;
	for (;;) {
		bool more_want = next_of(&want, word, &w);
		bool more_got = next_of(&got, word, &g);
		if (!more_want && !more_got)
			return;
		if (more_want && more_got && line_fits(w, g))
			continue;
		if (more_want)
			differ(diff, '-', w);
		if (more_got)
			differ(diff, '+', g);
	}
}

/* A line that begins with no kind would never be compared. */
static void check_words(struct bg_str *diff, const char *want)
{
	while (*want) {
		struct bg_span line = next_line(&want);
		bool known = line.n == 0;
		for (size_t i = 0; i < N_KINDS && !known; i++)
			known = is_kind(line, kinds[i].word);
		if (!known)
			differ(diff, '?', line);
	}
}

bool bg_case_compare(struct bg_str *diff, const char *want, const char *got)
{
	check_words(diff, want);
	for (size_t i = 0; i < N_KINDS; i++)
		compare_kind(diff, kinds[i].word, kinds[i].optional, want, got);
	return diff->len == 0;
}
