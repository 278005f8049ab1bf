/*
 * channels.yaml: where a use is told, and where tickets are opened.
 *
 *   bg: channels/1
 *   channels:
 *     security: {kind: slack, host: hooks.slack.com, secret: 'env:BG_SECRET_X'}
 *     page: {kind: pagerduty, host: events.pagerduty.com, secret: ...}
 *     lead: {kind: smtp, host: mail.acme.example, port: 587,
 *            from: bg@acme.example, to: [lead@acme.example]}
 *     log: {kind: syslog, host: log.acme.example, port: 6514}
 *     hook: {kind: http, host: hooks.acme.example, path: /bg, secret: ...}
 *     pager: {kind: command, run: [/usr/local/bin/page, '{grant}']}
 *     jira-sec: {kind: jira, host: acme.atlassian.example, project: SEC, ...}
 *
 * kinds: http slack pagerduty teams smtp syslog command tell; http command jira
 * github servicenow open tickets.  Secrets are references only (lifecycle.md X11):
 * env:BG_SECRET_NAME or config:bg-secret.name.
 */
#ifndef BG_POLICY_CHANNEL_H
#define BG_POLICY_CHANNEL_H

#include "policy/policy.h"

enum bg_channel_kind {
	BG_CH_HTTP,
	BG_CH_SLACK,
	BG_CH_PAGERDUTY,
	BG_CH_TEAMS,
	BG_CH_SMTP,
	BG_CH_SYSLOG,
	BG_CH_COMMAND,
	BG_CH_JIRA,
	BG_CH_GITHUB,
	BG_CH_SERVICENOW,
};
const char *bg_channel_kind_text(enum bg_channel_kind kind);
bool bg_channel_kind_tells(enum bg_channel_kind kind);
bool bg_channel_kind_opens_tickets(enum bg_channel_kind kind);

struct bg_channel {
	const char *name;
	enum bg_channel_kind kind;
	const char *host;      /* NULL for command */
	unsigned port;         /* 0: the kind's own */
	const char *path;      /* of http and teams, begins with '/'; or NULL */
	const char *secret;    /* reference, or NULL */
	const char *from;      /* smtp */
	struct bg_names to;    /* smtp */
	const char *project;   /* jira key; github owner/name; or NULL */
	struct bg_program run; /* command */
};
struct bg_channels {
	struct bg_arena arena;
	size_t n;
	struct bg_channel *v; /* in file order */
};
/* Load and lint. Ids of its own: bad-host private-address bad-secret wrong-kind
 * bad-email bad-path. */
int bg_channels_load(struct bg_channels **out, struct bg_faults *faults,
		     const char *file, const char *text, size_t n,
		     struct bg_error *err) BG_MUST_CHECK;
void bg_channels_free(struct bg_channels *c);
BG_AUTO_POINTER(channels, struct bg_channels, bg_channels_free)
const struct bg_channel *bg_channels_find(const struct bg_channels *c,
					  const char *name);

#endif
