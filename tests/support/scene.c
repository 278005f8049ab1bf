#include "support/scene.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "unit/unit.h"

static const char trust_yaml[] =
	"bg: trust/1\n"
	"organisation: Acme\n"
	"root: {threshold: 1, principals: [ana]}\n"
	"admin: {threshold: 1, principals: [ana]}\n"
	"principals:\n"
	"  ana: {kind: person, human: ana}\n"
	"  alice: {kind: person, human: alice}\n"
	"  alice-adm: {kind: person, human: alice}\n"
	"  bob: {kind: person, human: bob}\n"
	"  carol: {kind: person, human: carol}\n"
	"  carol-adm: {kind: person, human: carol}\n"
	"  dave: {kind: person, human: dave}\n"
	"  rita: {kind: person, human: rita}\n"
	"  rick: {kind: person, human: rick}\n"
	"  dana: {kind: person, human: dana}\n"
	"  omar: {kind: person, human: omar}\n"
	"  kim: {kind: person, human: kim}\n"
	"  kay: {kind: person, human: kay}\n"
	"  rob: {kind: person, human: rob}\n"
	"  sue: {kind: person, human: sue}\n"
	"  mal: {kind: person, human: mal}\n"
	"  sweep: {kind: service, owner: omar}\n"
	"  alicebot: {kind: service, owner: alice}\n"
	"  ops1: {kind: host, owner: omar}\n"
	"  ops2: {kind: host, owner: omar}\n"
	"  vend: {kind: vendor, human: vera, sponsor: dana, contract: C-1, "
	"until: 2026-12-31}\n"
	"  robo: {kind: ai-agent, owner: bob}\n"
	"roles:\n"
	"  dba-oncall: [alice, alice-adm, bob, vend, robo]\n"
	"  sre-lead: [carol, carol-adm, dave, alice-adm, alicebot]\n"
	"  ender: [sue]\n"
	"  security: [sue]\n"
	"  security-review: [rita, rick, carol, alice-adm, kim]\n"
	"  nobody-else: [alice]\n"
	"  sweeper: [sweep, mal]\n"
	"  runner: [ops1, ops2]\n"
	"  host-signer: [ops1]\n"
	"  rotator: [rob]\n"
	"  redactor: [sue]\n"
	"  auditor: [rick]\n";

#define POLICY(name, approve, more) \
	"bg: policy/1\n" \
	"name: " name "\n" \
	"title: A policy\n" \
	"owner: dana\n" \
	"triggers:\n" \
	"  - {id: down, when: It is down., codes: [DOWN]}\n" \
	"who:\n" \
	"  activate: [dba-oncall]\n" \
	"  revoke: [ender]\n" \
	"  approve: {roles: [sre-lead], " approve "}\n" \
	"reason: {min_length: 5, ticket: {pattern: 'INC-[0-9]+', within: 30m}}\n" \
	"limits: {default: 30m, max: 2h, extensions: 1, extend_max: 30m, " \
	"concurrent: 1}\n" \
	"scopes:\n" \
	"  - {id: shell, title: A shell, codes: [DOWN], identity: ident, grant: " \
	"{provider: command, with: {grant: [/bin/true], check: [/bin/true], " \
	"revoke: [/bin/true]}}}\n" \
	"notify: [chan]\n" \
	"rotate: {within: 24h}\n" more

static const struct {
	const char *path, *text;
} files[] = {
	{ "policies/after.yaml",
	  POLICY("after", "count: 1, when: after, within: 30m",
		 "review: {roles: [security-review], count: 1, within: 72h}\n"
		 "host_signed: allowed\n") },
	{ "policies/before.yaml",
	  POLICY("before",
		 "count: 1, when: before, within: 30m, solo: after 10m",
		 "review: {roles: [security-review], count: 2, within: 72h}\n") },
	{ "policies/solo.yaml",
	  POLICY("solo", "count: 1, when: before, within: 30m, solo: allowed",
		 "review: {roles: [nobody-else], count: 1, within: 72h}\n") },
	{ "identities/ident.yaml",
	  "bg: identity/1\nname: ident\nkind: maintenance\ntitle: An identity\n"
	  "owner: omar\ncustody: none\n" },
	{ "identities/vault.yaml",
	  "bg: identity/1\nname: vault\nkind: maintenance\ntitle: A secret\n"
	  "owner: omar\ncustody: escrow\n"
	  "escrow: {quorum: {k: 2, custodians: [kim, kay, alice]}}\n" },
};

/* --- trust ------------------------------------------------------------------- */

static void trust_add(struct scene *s, const char *text)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	struct bg_trust_file list[8] = { 0 };
	struct bg_trust *t = NULL;
	struct bg_error err;
	size_t n = 0;

	for (size_t i = 0; i < LENGTH(files); i++)
		list[n++] =
			(struct bg_trust_file){ .path = files[i].path,
						.text = files[i].text,
						.n = strlen(files[i].text) };
	list[n++] = (struct bg_trust_file){ .path = "trust.yaml",
					    .text = text,
					    .n = strlen(text) };
	for (size_t i = 0; i < n; i++)
		assert_int_equal(
			bg_sha256(&list[i].digest, list[i].text, list[i].n), 0);
	assert_ok(bg_trust_parse(&t, &faults, list, n, &err), err);
	for (size_t i = 0; i < faults.list.n; i++)
		if (faults.list.v[i].severity == BG_SEV_ERROR)
			fail_msg("trust: %s", faults.list.v[i].text);
	t->version = ++s->n_versions;
	t->signer = "ana";
	t->at_ms = 0;
	memset(t->digest.b, (int)t->version, sizeof(t->digest.b));
	memset(t->prev.b, (int)t->version - 1, sizeof(t->prev.b));
	s->versions[s->n_versions - 1] = t;
	s->env.newest = t;
}

void scene_trust(struct scene *s, const char *const *changes)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;

	bg_str_add(&text, trust_yaml);
	for (; *changes; changes += 2) {
		BG_AUTO(str) struct bg_str made = BG_STR_INIT;
		const char *at = strstr(bg_str_text(&text), changes[0]);

		if (!at)
			fail_msg("no '%s' in trust", changes[0]);
		bg_str_addn(&made, text.buf, (size_t)(at - text.buf));
		bg_str_add(&made, changes[1]);
		bg_str_add(&made, at + strlen(changes[0]));
		bg_str_clear(&text);
		bg_str_add(&text, bg_str_text(&made));
	}
	trust_add(s, bg_str_text(&text));
}

/* --- what the judge asks -------------------------------------------------------- */

static const struct bg_trust *version_of(void *arg, uint64_t version,
					 const struct bg_digest *digest)
{
	const struct scene *s = arg;

	(void)digest;
	return version && version <= s->n_versions ? s->versions[version - 1]
						   : NULL;
}

static const struct bg_writer *writer_of(void *arg, const char *log)
{
	const struct scene *s = arg;

	for (size_t i = 0; i < s->n_writers; i++)
		if (!strcmp(s->writers[i].name, log))
			return &s->writers[i];
	return NULL;
}

static int rotations_of(struct bg_event *const **out, size_t *n, void *arg,
			const char *identity, struct bg_error *err)
{
	struct scene *s = arg;

	(void)identity;
	(void)err;
	*out = s->loose;
	*n = s->n_loose;
	return 0;
}

struct bg_writer *scene_writer(struct scene *s, const char *log)
{
	struct bg_writer *w;
	char name[BG_WRITER_MAX];
	size_t n = strcspn(log, "!");
	bool installation = log[n] != 0;

	snprintf(name, sizeof(name), "%.*s.%s%s-0123456789ab", (int)n, log,
		 installation ? "box" : "lap", installation ? log + n + 1 : "");
	for (size_t i = 0; i < s->n_writers; i++)
		if (!strcmp(s->writers[i].name, name))
			return &s->writers[i];
	assert_true(s->n_writers < LENGTH(s->writers));
	w = &s->writers[s->n_writers++];
	memcpy(w->name, name, sizeof(name));
	snprintf(w->principal, sizeof(w->principal), "%.*s", (int)n, log);
	w->installation = installation;
	w->listed = !installation;
	return w;
}

/* --- events ----------------------------------------------------------------------- */

static const struct {
	const char *type, *data;
} defaults[] = {
	{ "activate",
	  "{'policy':{'name':'after'},'code':'DOWN','reason':'it is down',"
	  "'scope':'shell','identity':'ident','duration':1800,'solo':false,"
	  "'drill':false,'ticket':'INC-1','opener':'alice!','access':"
	  "{'reply_key':'k'},'freshness':{'trust':1}}" },
	{ "declare",
	  "{'policy':{'name':'after'},'scope':'shell','identity':'ident',"
	  "'since':'2026-11-22T10:00:00.000Z','user':'alice','reason':'paper'}" },
	{ "refuse", "{'command':'review','rules':['role'],'repeated':0}" },
	{ "solo", "{'skipped':['carol'],'since':'2026-11-23T00:00:00.000Z'}" },
	{ "approve", "{}" },
	{ "deny", "{'reason':'no'}" },
	{ "grant",
	  "{'result':'done','began':'2026-11-23T03:00:00.000Z','self_run':true,"
	  "'provider':'command','access':'present','expires':"
	  "'2026-11-23T03:20:00.000Z','handle':{},'isolation':'per-grant',"
	  "'revocable':true,'exposed':false,'target_enforces':false}" },
	{ "extend", "{'until':'2026-11-23T03:40:00.000Z','reason':'more'}" },
	{ "revoke", "{'kind':'handback','reason':'done'}" },
	{ "expire", "{'deadline':'2026-11-23T03:30:00.000Z','basis':'wall'}" },
	{ "check",
	  "{'ran':['revoke','check'],'result':'done','access':'absent',"
	  "'method':'provider'}" },
	{ "session-start",
	  "{'session':'0011223344556677','command':{'argv0':'sh','argc':1,"
	  "'digest':'sha256:00'},'capture':'exec','readable_by':[]}" },
	{ "session-mark", "{'session':'0011223344556677','counters':{}}" },
	{ "session-end",
	  "{'session':'0011223344556677','command':{'argv0':'sh','argc':1,"
	  "'digest':'sha256:00'},'capture':'exec','ended':'exit','exit':0,"
	  "'counters':{},'recovered':false,'duration_ms':1}" },
	{ "note", "{'text':'a note'}" },
	{ "attach", "{'attachments':[]}" },
	{ "notify",
	  "{'about':'sha256:00','channel':'chan','to':'x','status':'sent',"
	  "'attempt':1}" },
	{ "ticket", "{'system':'jira','id':'INC-1','state':'open'}" },
	{ "review",
	  "{'decision':'approved','comment':'ok','class':'emergency',"
	  "'necessary':{'answer':'yes'},'limited':{'answer':'yes'},'reversed':"
	  "{'answer':'yes'},'opened_at':'2026-11-23T04:00:00.000Z'}" },
	{ "rotate",
	  "{'identity':'ident','method':'manual','evidence':'changed it'}" },
	{ "share", "{'identity':'vault','share':'xx','to_key':'k'}" },
	{ "redact", "{'attachments':[],'kind':'erasure','reason':'privacy'}" },
	{ "drill", "{'steps':[],'verdict':'pass'}" },
	{ "settle", "{'duty':'told','kind':'done','reason':'by phone'}" },
	{ "reconcile", "{'source':'x','matched':0,'unmatched':[]}" },
};

static json_t *parse(const char *text)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	json_error_t bad;
	json_t *v;

	bg_str_add(&s, text);
	for (size_t i = 0; i < s.len; i++)
		if (s.buf[i] == '\'')
			s.buf[i] = '"';
	v = json_loads(bg_str_text(&s), 0, &bad);
	if (!v)
		fail_msg("%s: %s", text, bad.text);
	return v;
}

/* Names that stand for something of the scene. */
static void resolve(struct scene *s, const struct bg_trust *t, json_t *data)
{
	json_t *policy = json_object_get(data, "policy");
	const char *opener = bg_json_text(data, "opener");
	const struct bg_trust_file *f;
	char path[64], sum[BG_DIGEST_TEXT + 1];

	if (opener)
		json_object_set_new(data, "opener",
				    json_string(scene_writer(s, opener)->name));
	if (!policy || json_object_get(policy, "sha256"))
		return;
	snprintf(path, sizeof(path), "policies/%s.yaml",
		 bg_json_text(policy, "name"));
	f = bg_trust_file(t, path);
	bg_digest_format(sum, f ? &f->digest : &t->digest);
	json_object_set_new(policy, "sha256", json_string(sum));
}

static json_t *data_of(const char *type, const char *change)
{
	json_t *data = NULL, *more, *value;
	const char *key;
	void *next;

	for (size_t i = 0; i < LENGTH(defaults); i++)
		if (!strcmp(defaults[i].type, type))
			data = parse(defaults[i].data);
	assert_non_null(data);
	if (!change)
		return data;
	more = parse(change);
	json_object_foreach_safe(more, next, key, value)
	{
		if (json_is_null(value))
			json_object_del(data, key);
		else
			json_object_set(data, key, value);
	}
	json_decref(more);
	return data;
}

struct bg_event *scene_find(const struct scene *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->name[i], name))
			return s->ev[i];
	for (size_t i = 0; i < s->n_loose; i++)
		if (!strcmp(s->loose_name[i], name))
			return s->loose[i];
	return NULL;
}

static void answer(struct bg_event *e, const struct bg_event *to)
{
	if (e == to ||
	    (e->n_answers && bg_digest_eq(&e->answers[0], &to->digest)))
		return;
	assert_true(e->n_answers < BG_ANSWERS_MAX);
	e->answers[e->n_answers++] = to->digest;
}

static void see(struct scene *s, struct bg_event *e, const char *seen)
{
	char copy[256], *p, *save = NULL;

	if (s->n && e->type != BG_EV_ROTATE)
		answer(e, s->ev[0]);
	if (seen && !strcmp(seen, "*")) {
		for (size_t i = s->n > 25 ? s->n - 25 : 0; i < s->n; i++)
			answer(e, s->ev[i]);
		return;
	}
	snprintf(copy, sizeof(copy), "%s", seen ? seen : "");
	for (p = strtok_r(copy, " ,", &save); p;
	     p = strtok_r(NULL, " ,", &save)) {
		struct bg_event *to = scene_find(s, p);

		if (!to)
			fail_msg("no event %s", p);
		answer(e, to);
	}
}

static uint64_t seq_of(const struct scene *s, const char *writer)
{
	uint64_t seq = 1;

	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->ev[i]->writer, writer))
			seq = s->ev[i]->seq;
	for (size_t i = 0; i < s->n_loose; i++)
		if (!strcmp(s->loose[i]->writer, writer) &&
		    s->loose[i]->seq > seq)
			seq = s->loose[i]->seq;
	return seq + 1;
}

static void keep(struct scene *s, struct bg_event *e, const char *name)
{
	if (e->type == BG_EV_ROTATE) {
		assert_true(s->n_loose < LENGTH(s->loose));
		snprintf(s->loose_name[s->n_loose], 16, "%s", name);
		s->loose[s->n_loose++] = e;
		return;
	}
	assert_true(s->n < SCENE_EVENTS);
	snprintf(s->name[s->n], sizeof(s->name[s->n]), "%s", name);
	s->ev[s->n++] = e;
}

struct bg_event *scene_event(struct scene *s, const char *name,
			     const char *type, const char *log,
			     const char *seen, const char *data)
{
	const struct bg_writer *w = scene_writer(s, log);
	struct bg_event *e = calloc(1, sizeof(*e));
	uint64_t version = s->version ? s->version : s->n_versions;
	const struct bg_trust *t = s->versions[version - 1];
	char mark[32];

	assert_non_null(e);
	e->type = (enum bg_event_type)bg_event_type_parse(type);
	e->data = data_of(type, data);
	resolve(s, t, e->data);
	e->json = json_object();
	e->host = json_object();
	json_object_set_new(e->json, "data", e->data);
	json_object_set_new(e->json, "host", e->host);
	json_object_set_new(e->json, "writer", json_string(w->name));
	json_object_set_new(e->json, "by", json_string(w->principal));
	e->writer = bg_json_text(e->json, "writer");
	e->by = bg_json_text(e->json, "by");
	e->seq = seq_of(s, e->writer);
	e->has_trust = true;
	e->trust_version = version;
	e->trust = t->digest;
	e->at_ms = s->now_ms;
	s->now_ms += 60 * 1000;
	e->clock_synced = true;
	e->clock_boot = "";
	snprintf(mark, sizeof(mark), "%s %zu", name, s->n + s->n_loose);
	assert_int_equal(bg_sha256(&e->digest, mark, strlen(mark)), 0);
	if (!s->n)
		bg_event_label(s->label, e->writer, e->seq, e->at_ms);
	if (e->type != BG_EV_ROTATE)
		e->grant = s->label;
	see(s, e, seen);
	keep(s, e, name);
	return e;
}

void scene_play(struct scene *s, const char *text)
{
	char copy[1024], *p, *save = NULL;

	snprintf(copy, sizeof(copy), "%s", text);
	for (p = strtok_r(copy, " ", &save); p;
	     p = strtok_r(NULL, " ", &save)) {
		char *type = strchr(p, '='), *log = strchr(p, '@');
		char *seen = strchr(p, '<');

		assert_true(type && log);
		*type++ = *log++ = 0;
		if (seen)
			*seen++ = 0;
		scene_event(s, p, type, log, seen, NULL);
	}
}

/* --- judging ------------------------------------------------------------------------ */

void scene_make(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->env = (struct bg_judge_env){ .version = version_of,
					.writer = writer_of,
					.rotations = rotations_of,
					.arg = s };
	assert_true(
		bg_time_parse_exact(&s->now_ms, "2026-11-23T03:00:00.000Z"));
	trust_add(s, trust_yaml);
}

static void event_free(struct bg_event *e)
{
	bg_event_release(e);
	free(e);
}

void scene_release(struct scene *s)
{
	for (size_t i = 0; i < s->n; i++)
		event_free(s->ev[i]);
	for (size_t i = 0; i < s->n_loose; i++)
		event_free(s->loose[i]);
	for (size_t i = 0; i < s->n_versions; i++)
		bg_trust_free(s->versions[i]);
	s->n = s->n_loose = s->n_versions = 0;
}

struct bg_grant *scene_judge(struct scene *s)
{
	struct bg_grant *g = NULL;
	struct bg_error err;

	for (size_t i = 0; i < s->n; i++)
		s->ev[i]->wrong = s->ev[i]->doubtful = false;
	assert_ok(bg_grant_judge(&g, s->ev, s->n, &s->env, &err), err);
	return g;
}

bool scene_found(const struct bg_grant *g, const struct scene *s,
		 const char *id, const char *event)
{
	const struct bg_event *e = event ? scene_find(s, event) : NULL;

	for (size_t i = 0; i < g->findings.list.n; i++) {
		const struct bg_finding *f = &g->findings.list.v[i];

		if (!strcmp(f->id, id) &&
		    (!e || bg_digest_eq(&f->event, &e->digest)))
			return true;
	}
	return false;
}

const struct bg_duty *scene_duty(const struct bg_grant *g, const char *what,
				 const char *detail)
{
	for (size_t i = 0; i < g->duties.n; i++)
		if (!strcmp(g->duties.v[i].what, what) &&
		    (!detail || !strcmp(g->duties.v[i].detail, detail)))
			return &g->duties.v[i];
	return NULL;
}
