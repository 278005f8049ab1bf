#include "policy/channel.h"

#include <arpa/inet.h>
#include <string.h>

#include "policy/policy_read.h"
#include "policy/program.h"

#define CHANNELS_MAX 200

static const struct {
	const char *word;
	bool tells, tickets;
} kinds[] = {
	[BG_CH_HTTP] = { "http", true, true },
	[BG_CH_SLACK] = { "slack", true, false },
	[BG_CH_PAGERDUTY] = { "pagerduty", true, false },
	[BG_CH_TEAMS] = { "teams", true, false },
	[BG_CH_SMTP] = { "smtp", true, false },
	[BG_CH_SYSLOG] = { "syslog", true, false },
	[BG_CH_COMMAND] = { "command", true, true },
	[BG_CH_JIRA] = { "jira", false, true },
	[BG_CH_GITHUB] = { "github", false, true },
	[BG_CH_SERVICENOW] = { "servicenow", false, true },
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *bg_channel_kind_text(enum bg_channel_kind kind)
{
	return kinds[kind].word;
}

bool bg_channel_kind_tells(enum bg_channel_kind kind)
{
	return kinds[kind].tells;
}

bool bg_channel_kind_opens_tickets(enum bg_channel_kind kind)
{
	return kinds[kind].tickets;
}

/* --- host ------------------------------------------------------------------------ */

/* A DNS name of at least two labels or "localhost", lower case. */
static bool is_dns_name(const char *s)
{
	size_t n = strlen(s);
	if (n < 1 || n > 253)
		return false;
	while (*s) {
		size_t m = strcspn(s, ".");
		if (m < 1 || m > 63 || s[0] == '-' || s[m - 1] == '-' ||
		    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") < m)
			return false;
		s += m;
		if (*s == '.' && s[1] == '\0')
			return false;
		s += *s == '.';
	}
	return true;
}

/* Loopback, private, link-local, and what is nobody's: RFC 1122, 1918, 3927,
 * 6598. */
static bool v4_is_private(const unsigned char *b)
{
	return b[0] == 0 || b[0] == 10 || b[0] == 127 || b[0] >= 224 ||
	       (b[0] == 100 && (b[1] & 0xc0) == 64) ||
	       (b[0] == 169 && b[1] == 254) ||
	       (b[0] == 172 && (b[1] & 0xf0) == 16) ||
	       (b[0] == 192 && b[1] == 168);
}

/* RFC 4291, 4193, and version 4 addresses inside. */
static bool v6_is_private(const unsigned char *b)
{
	static const unsigned char zero[16];
	if (memcmp(b, zero, 10) == 0 &&
	    (memcmp(b + 10, "\xff\xff", 2) == 0 || memcmp(b, zero, 12) == 0))
		return v4_is_private(b + 12) || memcmp(b, zero, 15) == 0;
	return (b[0] & 0xfe) == 0xfc || b[0] == 0xff ||
	       (b[0] == 0xfe && (b[1] & 0xc0) >= 0x80);
}

/* 0 no address, 1 public, 2 not to be reached from a policy. */
static int address_class(const char *s)
{
	unsigned char b[16];
	if (inet_pton(AF_INET, s, b) == 1)
		return v4_is_private(b) ? 2 : 1;
	if (inet_pton(AF_INET6, s, b) == 1)
		return v6_is_private(b) ? 2 : 1;
	return 0;
}

static const char *read_host(struct bg_reader *r, const struct bg_yaml *node)
{
	const char *host = bg_read_text(r, node, 253);
	if (!host)
		return NULL;
	size_t n = strlen(host);
	bool local = strcmp(host, "localhost") == 0 ||
		     (n > 10 && strcmp(host + n - 10, ".localhost") == 0);
	int class = address_class(host);
	if (local || class == 2)
		bg_read_warning(r, node, "private-address",
				"'%.60s' is used only where the user's "
				"configuration allows it",
				host);
	/* 127.1, 0x7f000001: numbers that some resolvers take for addresses. */
	else if (class == 0 && (!is_dns_name(host) ||
				strspn(host, "0123456789abcdefx.") == n))
		bg_read_error(r, node, "bad-host",
			      "expected a host name, not '%.60s' (no scheme, "
			      "no port)",
			      host);
	return host;
}

/* --- the other values ---------------------------------------------------------------- */

/* env:BG_SECRET_NAME, config:bg-secret.name */
static const char *read_secret(struct bg_reader *r, const struct bg_yaml *node)
{
	static const char env[] = "env:BG_SECRET_";
	static const char config[] = "config:bg-secret.";
	const char *text = bg_read_text(r, node, 128);
	if (!text)
		return NULL;
	if (bg_starts_with(text, env)) {
		const char *name = text + strlen(env);
		if (*name && strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789_") == strlen(name))
			return text;
	}
	if (bg_starts_with(text, config)) {
		const char *name = text + strlen(config);
		if (*name && strspn(name, "abcdefghijklmnopqrstuvwxyz"
					  "0123456789-") == strlen(name))
			return text;
	}
	/* It may be the secret itself: not repeated. */
	bg_read_error(r, node, "bad-secret",
		      "expected env:BG_SECRET_NAME or config:bg-secret.name; "
		      "a secret itself may not be here");
	return NULL;
}

static bool is_address(const char *s)
{
	const char *at = strchr(s, '@');
	for (const char *c = s; *c; c++)
		if (*c <= ' ' || *c == 0x7f || strchr("<>()[]\\,;:\"", *c))
			return false;
	return at && at != s && at[1] && !strchr(at + 1, '@');
}

static const char *read_address(struct bg_reader *r, const struct bg_yaml *node)
{
	const char *text = bg_read_text(r, node, 254);
	if (text && !is_address(text))
		bg_read_error(r, node, "bad-email",
			      "expected an address such as ana@acme.example");
	return text;
}

static void read_smtp(struct bg_reader *r, const struct bg_yaml *map,
		      struct bg_channel *c)
{
	const struct bg_yaml *to = bg_read_need(r, map, "to");
	c->from = read_address(r, bg_read_need(r, map, "from"));
	bg_read_texts(r, to, 254, 100, BG_NAMES(c->to));
	if (to && to->kind == BG_YAML_LIST && to->n == 0)
		bg_read_error(r, to, "empty", "expected an address");
	for (size_t i = 0; to && to->kind == BG_YAML_LIST && i < to->n; i++)
		if (to->items[i]->kind == BG_YAML_SCALAR &&
		    to->items[i]->text[0] && !is_address(to->items[i]->text))
			bg_read_error(r, to->items[i], "bad-email",
				      "expected an address such as "
				      "ana@acme.example");
}

static const char *read_path(struct bg_reader *r, const struct bg_yaml *node)
{
	const char *text = bg_read_text(r, node, 500);
	if (!text)
		return NULL;
	for (const char *c = text; *c; c++) {
		if (text[0] == '/' && *c > ' ' && *c < 0x7f &&
		    !strchr("\"<>\\^`{|}#", *c))
			continue;
		bg_read_error(r, node, "bad-path",
			      "expected a path such as /hooks/bg");
		break;
	}
	return text;
}

/* --- one channel ----------------------------------------------------------------------- */

/* Which keys a kind has beside `kind`. */
static void check_keys(struct bg_reader *r, const struct bg_yaml *map,
		       enum bg_channel_kind kind)
{
	static const char *const keys[][7] = {
		[BG_CH_HTTP] = { "host", "port", "path", "secret" },
		[BG_CH_SLACK] = { "host", "secret" },
		[BG_CH_PAGERDUTY] = { "host", "secret" },
		[BG_CH_TEAMS] = { "host", "path", "secret" },
		[BG_CH_SMTP] = { "host", "port", "from", "to", "secret" },
		[BG_CH_SYSLOG] = { "host", "port" },
		[BG_CH_COMMAND] = { "run", "env" },
		[BG_CH_JIRA] = { "host", "project", "secret" },
		[BG_CH_GITHUB] = { "host", "project", "secret" },
		[BG_CH_SERVICENOW] = { "host", "secret" },
	};
	for (size_t i = 0; i < map->n; i++) {
		bool known = strcmp(map->keys[i]->text, "kind") == 0;
		for (size_t k = 0; !known && keys[kind][k]; k++)
			known = strcmp(map->keys[i]->text, keys[kind][k]) == 0;
		if (!known)
			bg_read_error(r, map->keys[i], "wrong-kind",
				      "a channel of kind %s has no '%.60s'",
				      kinds[kind].word, map->keys[i]->text);
	}
}

static bool needs_secret(enum bg_channel_kind kind)
{
	return kind != BG_CH_SMTP && kind != BG_CH_SYSLOG &&
	       kind != BG_CH_COMMAND && kind != BG_CH_HTTP;
}

static void read_channel(struct bg_reader *r, const struct bg_yaml *key,
			 const struct bg_yaml *map, struct bg_channel *c)
{
	struct bg_choice choices[N_KINDS];
	c->name = bg_read_word(r, key, BG_WORD_NAME);
	if (!c->name)
		c->name = "";
	if (!bg_read_map(r, map, NULL))
		return;
	for (size_t i = 0; i < N_KINDS; i++)
		choices[i] = (struct bg_choice){ kinds[i].word, (int)i };
	const struct bg_yaml *kind = bg_read_need(r, map, "kind");
	int k = bg_read_choice(r, kind, choices, N_KINDS, -1);
	if (k < 0)
		return;
	c->kind = (enum bg_channel_kind)k;
	check_keys(r, map, c->kind);
	if (c->kind == BG_CH_COMMAND) {
		bg_program_read(r, bg_read_need(r, map, "run"),
				bg_yaml_get(map, "env"), false, &c->run);
		return;
	}
	c->host = read_host(r, bg_read_need(r, map, "host"));
	c->port =
		(unsigned)bg_read_int(r, bg_yaml_get(map, "port"), 1, 65535, 0);
	c->path = read_path(r, bg_yaml_get(map, "path"));
	c->secret = read_secret(r, needs_secret(c->kind)
					   ? bg_read_need(r, map, "secret")
					   : bg_yaml_get(map, "secret"));
	if (c->kind == BG_CH_SMTP)
		read_smtp(r, map, c);
	if (c->kind == BG_CH_JIRA || c->kind == BG_CH_GITHUB)
		c->project =
			bg_read_text(r, bg_read_need(r, map, "project"), 140);
}

/* --- the file ------------------------------------------------------------------------------ */

static void read_channels(struct bg_reader *r, struct bg_channels *c)
{
	static const char *const keys[] = { "bg", "channels", NULL };
	struct bg_yaml *root = bg_read_root(r, "channels/1", keys);
	struct bg_yaml *map = bg_read_need(r, root, "channels");
	if (!map || !bg_read_map(r, map, NULL))
		return;
	if (map->n > CHANNELS_MAX) {
		bg_read_error(r, map, "too-many", "%zu channels: at most %d",
			      map->n, CHANNELS_MAX);
		return;
	}
	c->v = bg_arena_array(&c->arena, map->n + 1, sizeof(*c->v));
	for (size_t i = 0; c->v && i < map->n; i++)
		read_channel(r, map->keys[i], map->items[i], &c->v[c->n++]);
}

int bg_channels_load(struct bg_channels **out, struct bg_faults *faults,
		     const char *file, const char *text, size_t n,
		     struct bg_error *err)
{
	BG_AUTO(channels) struct bg_channels *c = calloc(1, sizeof(*c));
	BG_AUTO(yaml) struct bg_yaml_doc doc = { 0 };
	if (!c)
		return bg_fail_oom(err);
	int rc = bg_yaml_load(&doc, faults, file, text, n, err);
	if (rc == 0 && doc.root) {
		struct bg_reader r = { &doc, &c->arena };
		read_channels(&r, c);
	}
	if (rc == 0)
		rc = bg_arena_check(&c->arena, err);
	if (rc == 0)
		rc = bg_arena_check(&faults->arena, err);
	if (rc)
		return rc;
	*out = bg_move(c);
	return 0;
}

void bg_channels_free(struct bg_channels *c)
{
	if (!c)
		return;
	bg_arena_release(&c->arena);
	free(c);
}

const struct bg_channel *bg_channels_find(const struct bg_channels *c,
					  const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->v[i].name, name) == 0)
			return &c->v[i];
	return NULL;
}
