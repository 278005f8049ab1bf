/* @ASK and @GRANTS: words of a case made into an ask and grants. */
#include <string.h>

#include "base/clock.h"
#include "policy/cases_private.h"

#define GOOD_REASON "a reason that is long enough for every policy here"

void bg_case_release(struct bg_case *c)
{
	bg_vec_release(&c->grants);
	bg_arena_release(&c->arena);
}

/* The text in quotes, unescaped; *p is moved past the closing one. */
static char *unquote(struct bg_case *c, const char **p)
{
	const char *s = *p + 1;
	char *out = bg_arena_alloc(&c->arena, strlen(s) + 1);
	size_t n = 0;
	while (out && *s && *s != '"') {
		unsigned char byte = (unsigned char)*s++;
		if (byte == '\\' && *s == 'n') {
			byte = '\n';
			s++;
		} else if (byte == '\\' && *s == 'x') {
			char hex[3] = { s[1], s[1] ? s[2] : '\0', '\0' };
			if (!bg_unhex(&byte, 1, hex, true) || byte == 0)
				return NULL;
			s += 3;
		} else if (byte == '\\' && (*s == '"' || *s == '\\')) {
			byte = (unsigned char)*s++;
		}
		out[n++] = (char)byte;
	}
	if (!out || *s != '"')
		return NULL;
	*p = s + 1;
	return out;
}

int bg_case_word(struct bg_case *c, const char **line, const char **key,
		 const char **value)
{
	const char *p = *line + strspn(*line, " ");
	size_t n = strcspn(p, " =\"");
	*value = NULL;
	if (*p == '\0')
		return 0;
	if (*p == '"') {
		*key = unquote(c, &p);
		*line = p;
		return *key ? 1 : -1;
	}
	*key = bg_arena_strndup(&c->arena, p, n);
	p += n;
	if (*p == '=') {
		p++;
		if (*p == '"') {
			*value = unquote(c, &p);
		} else {
			n = strcspn(p, " ");
			*value = bg_arena_strndup(&c->arena, p, n);
			p += n;
		}
		if (!*value)
			return -1;
	}
	*line = p;
	return *key ? 1 : -1;
}

static bool set_flag(struct bg_ask *ask, const char *key)
{
	const struct {
		const char *key;
		bool *flag, value;
	} flags[] = {
		{ "solo", &ask->solo, true },
		{ "owing", &ask->owing, true },
		{ "drill", &ask->drill, true },
		{ "host-signed", &ask->host_signed, true },
		{ "runner", &ask->runner, true },
		{ "device-new", &ask->device_known, false },
		{ "device-pinned", &ask->device_pinned, true },
	};
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(flags[i].key, key) != 0)
			continue;
		*flags[i].flag = flags[i].value;
		return true;
	}
	return false;
}

static bool set_text(struct bg_ask *ask, const char *key, const char *value)
{
	const struct {
		const char *key, **text;
	} texts[] = {
		{ "by", &ask->by },
		{ "on-behalf", &ask->beneficiary },
		{ "scope", &ask->scope },
		{ "code", &ask->code },
		{ "trigger", &ask->trigger },
		{ "reason", &ask->reason },
		{ "ticket", &ask->ticket },
		{ "signer", &ask->signer },
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(texts[i].key, key) != 0)
			continue;
		*texts[i].text = value;
		return true;
	}
	return false;
}

/* A duration, or plain seconds, so that wrong ones can be asked for. */
static bool set_duration(struct bg_ask *ask, const char *value)
{
	char *end;
	if (bg_duration_parse(&ask->duration, value))
		return true;
	ask->duration = strtoll(value, &end, 10);
	return *value && *end == '\0';
}

static bool set_value(struct bg_case *c, const char *key, const char *value)
{
	char *end;
	if (strcmp(key, "for") == 0)
		return set_duration(&c->ask, value);
	if (strcmp(key, "repeat") == 0) {
		c->repeat = strtoll(value, &end, 10);
		return *value && *end == '\0' && c->repeat > 0 &&
		       c->repeat <= 1 << 20;
	}
	if (strcmp(key, "fetched") == 0) {
		c->fetched = true;
		return strcmp(value, "never") == 0 ||
		       bg_time_parse(&c->ask.trust_fetched_ms, value, false);
	}
	return set_text(&c->ask, key, value);
}

/* The reason, so many times. */
static bool repeat_reason(struct bg_case *c)
{
	BG_AUTO(str) struct bg_str all = BG_STR_INIT;
	if (c->repeat < 2)
		return true;
	for (int64_t i = 0; i < c->repeat; i++)
		bg_str_add(&all, c->ask.reason);
	c->ask.reason = bg_arena_strdup(&c->arena, bg_str_text(&all));
	return !all.oom && c->ask.reason;
}

const char *bg_case_ask(struct bg_case *c, const char *line)
{
	const char *key, *value;
	int rc;
	c->ask.reason = GOOD_REASON;
	c->ask.device_known = true;
	while ((rc = bg_case_word(c, &line, &key, &value)) > 0)
		if (value ? !set_value(c, key, value) : !set_flag(&c->ask, key))
			return "@ASK has a word that is not known";
	if (rc < 0)
		return "quotes do not end";
	if (!c->ask.by)
		return "@ASK needs by=NAME";
	return repeat_reason(c) ? NULL : "out of memory";
}

static bool set_known(struct bg_known_grant *g, const char *key,
		      const char *value)
{
	const struct {
		const char *key;
		bool *flag;
	} flags[] = {
		{ "open", &g->open },
		{ "successor", &g->successor_of_ask },
		{ "overdue", &g->review_overdue },
		{ "drill", &g->drill },
		{ "misuse", &g->misuse_by },
	};
	if (value && strcmp(key, "by") == 0)
		g->by = value;
	else if (value && strcmp(key, "scope") == 0)
		g->scope = value;
	else if (value)
		return false;
	for (size_t i = 0; !value && i < sizeof(flags) / sizeof(flags[0]);
	     i++) {
		if (strcmp(flags[i].key, key) != 0)
			continue;
		*flags[i].flag = true;
		return true;
	}
	return value != NULL;
}

const char *bg_case_grant(struct bg_case *c, const char *line)
{
	struct bg_known_grant g = { 0 };
	const char *key, *value;
	int rc = bg_case_word(c, &line, &g.label, &value);
	if (rc <= 0 || value)
		return "a grant begins with its label";
	while ((rc = bg_case_word(c, &line, &key, &value)) > 0)
		if (!set_known(&g, key, value))
			return "@GRANTS has a word that is not known";
	if (rc < 0 || !g.by)
		return "a grant needs by=NAME";
	return bg_vec_push(&c->grants, g) ? "out of memory" : NULL;
}
