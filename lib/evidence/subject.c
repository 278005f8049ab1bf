/*
 * The first line of an event's commit: made from the event, so that
 * `git log --oneline --all` reads well, and checked on reading.
 */
#include <string.h>

#include "base/clock.h"
#include "evidence/event.h"

/* {path} is a member of data ("policy.name", "rules.0"), {path|word} gives
 * word when it is absent, {path#} how many elements it has, {path%} a number
 * of seconds as a duration; {by} and {seq} are the envelope's. */
struct form {
	const char *about; /* NULL: the grant */
	const char *line;
};
static const struct form forms[BG_EV_COUNT] = {
	[BG_EV_WRITER] = { "{by}", "{op} on {host}" },
	[BG_EV_ACTIVATE] = { NULL, "{policy.name} {scope} {code} for "
				   "{duration%}: {reason}" },
	[BG_EV_REFUSE] = { "{policy|-}", "{command} by {by}: {rules.0}" },
	[BG_EV_SOLO] = { NULL, "{skipped#} skipped" },
	[BG_EV_APPROVE] = { NULL, "{text|approved}" },
	[BG_EV_DENY] = { NULL, "{reason}" },
	[BG_EV_GRANT] = { NULL, "{result} {provider} until {expires|-}" },
	[BG_EV_EXTEND] = { NULL, "until {until} {reason}" },
	[BG_EV_REVOKE] = { NULL, "{kind} {reason}" },
	[BG_EV_EXPIRE] = { NULL, "{basis}, deadline {deadline}" },
	[BG_EV_CHECK] = { NULL, "access {access} ({method}, {ran} {result})" },
	[BG_EV_SESSION_START] = { NULL, "{session} {command.argv0}" },
	[BG_EV_SESSION_MARK] = { NULL, "{session}" },
	[BG_EV_SESSION_END] = { NULL, "{session} {ended} {exit}" },
	[BG_EV_NOTE] = { NULL, "{text}" },
	[BG_EV_ATTACH] = { NULL, "{attachments#} files, {attachments.0.name}" },
	[BG_EV_NOTIFY] = { "{channel}", "{status}" },
	[BG_EV_TICKET] = { NULL, "{system} {id} {state}" },
	[BG_EV_REVIEW] = { NULL, "{decision}: {comment}" },
	[BG_EV_ROTATE] = { "{identity}", "{method}" },
	[BG_EV_SHARE] = { NULL, "{identity}" },
	[BG_EV_REDACT] = { "{kind}", "{attachments#} files: {reason}" },
	[BG_EV_DRILL] = { NULL, "{verdict}, {steps#} steps" },
	[BG_EV_SETTLE] = { "{duty}", "{duty} {kind}: {reason}" },
	[BG_EV_DECLARE] = { NULL, "{policy.name} {identity} by {user}: "
				  "{reason}" },
	[BG_EV_RECONCILE] = { "{source}", "{matched} matched, {unmatched#} "
					  "not" },
	[BG_EV_SEAL] = { "{by}", "{events} events on {logs#} logs" },
	[BG_EV_TRUST] = { "v{seq}", "{files#} files" },
};

/* Follow "a.0.b" from v. */
static const json_t *follow(const json_t *v, const char *path, size_t n)
{
	while (v && n) {
		const char *dot = memchr(path, '.', n);
		size_t len = dot ? (size_t)(dot - path) : n;
		char key[64];

		if (len >= sizeof(key))
			return NULL;
		memcpy(key, path, len);
		key[len] = '\0';
		if (json_is_array(v))
			v = json_array_get(v, (size_t)(key[0] - '0'));
		else
			v = json_object_get(v, key);
		path += len + (dot != NULL);
		n -= len + (dot != NULL);
	}
	return v;
}

static void add_value(struct bg_str *out, const json_t *v, const char *other)
{
	if (json_is_string(v))
		bg_str_addn(out, json_string_value(v), json_string_length(v));
	else if (json_is_integer(v))
		bg_str_addf(out, "%lld", (long long)json_integer_value(v));
	else
		bg_str_add(out, other);
}

static void add_place(struct bg_str *out, const struct bg_event *e,
		      const char *p, size_t n)
{
	const char *bar = memchr(p, '|', n);
	char other[16] = "", duration[24];
	size_t path = bar ? (size_t)(bar - p) : n;
	const json_t *v;

	if (bar)
		snprintf(other, sizeof(other), "%.*s", (int)(n - path - 1),
			 bar + 1);
	if (path == 2 && memcmp(p, "by", 2) == 0) {
		bg_str_add(out, e->by);
	} else if (path == 3 && memcmp(p, "seq", 3) == 0) {
		bg_str_addf(out, "%llu", (unsigned long long)e->seq);
	} else if (p[path - 1] == '#') {
		v = follow(e->data, p, path - 1);
		bg_str_addf(out, "%zu",
			    json_is_object(v) ? json_object_size(v)
					      : json_array_size(v));
	} else if (p[path - 1] == '%') {
		v = follow(e->data, p, path - 1);
		bg_duration_format(duration, json_integer_value(v));
		bg_str_add(out, duration);
	} else {
		add_value(out, follow(e->data, p, path), other);
	}
}

static void expand(struct bg_str *out, const struct bg_event *e,
		   const char *form)
{
	while (*form) {
		size_t n = strcspn(form, "{");

		bg_str_addn(out, form, n);
		form += n;
		if (!*form)
			break;
		n = strcspn(form, "}");
		add_place(out, e, form + 1, n - 1);
		form += n + 1;
	}
}

/* ASCII, one space between words, at most max bytes. */
static void tidy(struct bg_str *out, const char *p, size_t n, size_t max)
{
	bool space = false;
	size_t begin = out->len;

	while (n && out->len < max) {
		uint32_t cp;
		size_t len = bg_utf8_decode(&cp, p, n);

		if (!len)
			cp = '?', len = 1;
		p += len;
		n -= len;
		if (cp == ' ' || cp == 0xa0) {
			space = out->len > begin;
			continue;
		}
		if (space && out->len + 1 < max)
			bg_str_addc(out, ' ');
		else if (space)
			break;
		space = false;
		bg_str_addc(out, cp > ' ' && cp < 0x7f ? (char)cp : '?');
	}
}

int bg_event_subject(struct bg_str *out, const struct bg_event *e,
		     struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	BG_AUTO(str) struct bg_str line = BG_STR_INIT;
	const struct form *form = &forms[e->type];

	bg_str_add(&text, bg_event_type_text(e->type));
	bg_str_addc(&text, ' ');
	if (e->grant)
		bg_str_add(&text, e->grant);
	else
		expand(&text, e, form->about ? form->about : "-");
	bg_str_add(&text, ": ");
	expand(&text, e, form->line);
	if (text.oom)
		return bg_fail_oom(err);
	tidy(&line, text.buf, text.len, 100);
	while (line.len &&
	       (line.buf[line.len - 1] == ' ' || line.buf[line.len - 1] == ':'))
		line.buf[--line.len] = '\0';
	bg_str_addn(out, bg_str_text(&line), line.len);
	return line.oom ? bg_fail_oom(err) : bg_str_check(out, err);
}
