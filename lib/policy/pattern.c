#include "policy/pattern.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

/* "^(" PATTERN ")$": whole, whatever alternatives it has. */
#define WHOLE_MAX (BG_PATTERN_MAX + 5)

static bool compile(regex_t *re, const char *pattern)
{
	char whole[WHOLE_MAX];
	int n = snprintf(whole, sizeof(whole), "^(%s)$", pattern);
	return n > 0 && (size_t)n < sizeof(whole) &&
	       regcomp(re, whole, REG_EXTENDED | REG_NOSUB) == 0;
}

/* After "[": past its end, or NULL for what we do not take. */
static const char *skip_bracket(const char *p)
{
	if (*p == '^')
		p++;
	if (*p == ']')
		p++;
	for (; *p && *p != ']'; p++) {
		if (*p != '[')
			continue;
		if (p[1] == '.' || p[1] == '=')
			return NULL;
		if (p[1] == ':') {
			p = strstr(p + 2, ":]");
			if (!p)
				return NULL;
			p++;
		}
	}
	return *p ? p + 1 : NULL;
}

static const char *scan(const char *p, const char **id)
{
	int depth = 0;
	while (*p) {
		char c = *p++;
		if (c == '{' || c == '}') {
			*id = "regex-interval";
			return "intervals {} are not allowed";
		}
		if (c == '\\' &&
		    (*p == '\0' || !strchr("\\.[](){}*+?^$|/-", *p))) {
			*id = "regex-escape";
			return "'\\' may only stand before one of "
			       "\\.[](){}*+?^$|/-";
		}
		if (c == '\\')
			p++;
		/* Unbalanced ones would leave the group around the whole. */
		if (c == '(')
			depth++;
		if (c == ')' && --depth < 0) {
			*id = "regex";
			return "')' without '('";
		}
		if (c == '[') {
			p = skip_bracket(p);
			if (!p) {
				*id = "regex-class";
				return "a bracket that does not end, or "
				       "[. and [= in one";
			}
		}
	}
	*id = "regex";
	return depth ? "'(' without ')'" : NULL;
}

const char *bg_pattern_fault(const char *pattern, const char **id)
{
	size_t n = strlen(pattern);
	if (n == 0 || n > BG_PATTERN_MAX) {
		*id = "regex-length";
		return "a pattern has 1 to 128 characters";
	}
	for (size_t i = 0; i < n; i++) {
		if (pattern[i] >= ' ' && pattern[i] <= '~')
			continue;
		*id = "regex-ascii";
		return "only printable ASCII in a pattern";
	}
	const char *why = scan(pattern, id);
	if (why)
		return why;
	regex_t re;
	if (!compile(&re, pattern)) {
		*id = "regex";
		return "not an extended regular expression";
	}
	regfree(&re);
	return NULL;
}

bool bg_pattern_match(const char *pattern, const char *text)
{
	const char *id;
	regex_t re;
	if (strlen(text) > BG_PATTERN_MAX || strchr(text, '\n') ||
	    bg_pattern_fault(pattern, &id) || !compile(&re, pattern))
		return false;
	int rc = regexec(&re, text, 0, NULL, 0);
	regfree(&re);
	return rc == 0;
}
