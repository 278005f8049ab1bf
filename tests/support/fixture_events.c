/* Events of the fixture: who answers what, and data that is good in it. */
#include "support/fixture.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/clock.h"
#include "evidence/record.h"

/*
 * Events.
 */
void fx_answers(struct bg_answer *out, size_t *n, const struct fx *f,
		const struct fx_grant *g, enum fx_who who)
{
	uint32_t followed = 0;

	*n = 0;
	for (size_t i = 0; i < g->n; i++)
		if (g->events[i].who != who)
			followed |= g->events[i].knows;
	for (size_t i = 0; i < g->n; i++) {
		bool frontier = g->events[i].who != who && !(followed >> i & 1);

		if (i && !frontier)
			continue;
		out[*n].digest = g->events[i].digest;
		out[*n].commit = g->events[i].commit;
		out[(*n)++].writer = f->who[g->events[i].who].writer;
	}
}

void fx_remember(struct fx_grant *g, enum fx_who who, enum bg_event_type type,
		 const struct bg_digest *digest, const struct bg_oid *commit)
{
	if (g->n == sizeof(g->events) / sizeof(*g->events))
		return;
	g->events[g->n].who = who;
	g->events[g->n].type = type;
	g->events[g->n].digest = *digest;
	g->events[g->n].commit = *commit;
	/* Its writer holds everything that there is. */
	g->events[g->n].knows = ((uint32_t)1 << g->n) - 1;
	g->n++;
}

int fx_append(struct fx *f, struct fx_grant *g, enum fx_who who,
	      enum bg_event_type type, json_t *data, struct bg_error *err)
{
	struct bg_answer answers[33];
	struct bg_event e;
	size_t n = 0;
	int r;

	memset(&e, 0, sizeof(e));
	e.type = type;
	e.data = data;
	if (g && g->n) {
		e.grant = g->label;
		fx_answers(answers, &n, f, g, who);
	} else if (who == FX_HOST && type == BG_EV_WRITER) {
		struct bg_tip tip;

		/* It answers the event that introduced it. */
		if ((r = bg_log_tip(&tip, &f->who[FX_ALICE].log, err)))
			return r;
		n = 1;
		answers[0].digest = tip.digest;
		answers[0].commit = tip.commit;
		answers[0].writer = f->who[FX_ALICE].writer;
	}
	r = bg_append(&e, &f->who[who].log, answers, n, false, err);
	if (r)
		return r;
	if (g && !g->n)
		memcpy(g->label, e.grant, sizeof(g->label));
	if (g)
		fx_remember(g, who, type, &e.digest, &e.commit);
	bg_event_release(&e);
	return 0;
}

/* Events of the fixture are written one after the other, so what each one
 * knows is everything before it in time. */
struct found {
	struct bg_digest digest;
	struct bg_oid commit;
	enum fx_who who;
	enum bg_event_type type;
	int64_t at_ms;
	char label[BG_LABEL_LEN + 1];
};

static int find_on_log(struct found *v, size_t *n, struct fx *f,
		       enum fx_who who, struct bg_error *err)
{
	struct bg_tip tip;
	int r = bg_log_tip(&tip, &f->who[who].log, err);

	for (struct bg_oid at = tip.commit; !r && tip.seq; tip.seq--) {
		BG_AUTO(record) struct bg_record rec = { .has_commit = false };
		BG_AUTO(str) struct bg_str raw = BG_STR_INIT;

		r = bg_repo_read(&raw, NULL, f->repo, &at, err);
		if (!r)
			r = bg_record_parse(&rec, &at, raw.buf, raw.len, err);
		if (r || *n == 32)
			return r;
		if (rec.event.grant) {
			v[*n].digest = rec.event.digest;
			v[*n].commit = at;
			v[*n].who = who;
			v[*n].type = rec.event.type;
			v[*n].at_ms = rec.event.at_ms;
			memcpy(v[(*n)++].label, rec.event.grant,
			       BG_LABEL_LEN + 1);
		}
		if (tip.seq > 1)
			at = rec.commit.parents[0];
	}
	return r;
}

static int found_cmp(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

int fx_last_grant(struct fx_grant *g, struct fx *f, struct bg_error *err)
{
	struct found v[33];
	size_t n = 0;
	int r = 0;

	memset(g, 0, sizeof(*g));
	for (int i = 0; i < FX_WRITERS && !r; i++)
		r = find_on_log(v, &n, f, (enum fx_who)i, err);
	if (r || !n)
		return r ? r : bg_fail(err, BG_ENOENT, "no-grant", "no grant");
	qsort(v, n, sizeof(*v), found_cmp);
	for (size_t i = 0; i < n; i++)
		fx_remember(g, v[i].who, v[i].type, &v[i].digest, &v[i].commit);
	memcpy(g->label, v[0].label, sizeof(g->label));
	return 0;
}

/*
 * Data.
 */
static json_t *base64(const struct bg_str *blob)
{
	char *text = malloc(blob->len * 4 / 3 + 8);
	json_t *v = NULL;

	if (text) {
		EVP_EncodeBlock((unsigned char *)text,
				(const unsigned char *)blob->buf,
				(int)blob->len);
		v = json_string(text);
	}
	free(text);
	return v;
}

json_t *fx_register(const struct fx *f, enum fx_who who)
{
	json_t *v = json_pack("{s:s, s:s, s:s, s:o}", "op", "register",
			      "installation", f->who[who].id, "host",
			      who == FX_ALICE || who == FX_HOST ? "ops1"
								: "elsewhere",
			      "key", base64(&f->who[who].blob));

	if (v && who == FX_ALICE)
		json_object_set_new(v, "installation_key",
				    base64(&f->who[FX_HOST].blob));
	return v;
}

static void time_text(char out[BG_TIME_LEN + 1], int64_t ms)
{
	bg_time_format(out, ms ? ms : bg_now_ms());
}

json_t *fx_activate(const struct fx *f, const char *reason)
{
	return json_pack("{s:{s:s, s:s}, s:s, s:s, s:s, s:s, s:s, s:i, s:b, "
			 "s:b, s:s, s:{s:s}, s:{s:I}}",
			 "policy", "name", "db", "sha256", f->policy_digest,
			 "code", "DB-DOWN", "trigger", "down", "reason", reason,
			 "scope", "shell", "identity", "db-admin", "duration",
			 1800, "solo", 0, "drill", 0, "opener",
			 f->who[FX_HOST].writer, "access", "reply_key", "none",
			 "freshness", "trust", (json_int_t)f->trust_version);
}

json_t *fx_grant_done(int64_t at_ms)
{
	char began[BG_TIME_LEN + 1], expires[BG_TIME_LEN + 1];

	at_ms = at_ms ? at_ms : bg_now_ms();
	time_text(began, at_ms);
	time_text(expires, at_ms + 1800 * 1000);
	return json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:{s:s}, s:s, s:b, "
			 "s:b, s:b}",
			 "result", "done", "began", began, "self_run", 1,
			 "provider", "command", "access", "present", "expires",
			 expires, "handle", "id", "x1", "isolation",
			 "per-grant", "revocable", 1, "exposed", 0,
			 "target_enforces", 0);
}

json_t *fx_note(const char *text)
{
	return json_pack("{s:s}", "text", text);
}

json_t *fx_revoke(void)
{
	return json_pack("{s:s, s:s}", "kind", "handback", "reason", "done");
}

json_t *fx_check(const char *access)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "ran", "check", "result",
			 "done", "access", access, "method", "provider");
}

json_t *fx_approve(void)
{
	return json_pack("{s:s}", "text", "seen, go on");
}

static bool is_material(enum bg_event_type type)
{
	return type == BG_EV_ACTIVATE || type == BG_EV_GRANT ||
	       type == BG_EV_SESSION_START || type == BG_EV_SESSION_END ||
	       type == BG_EV_REVOKE || type == BG_EV_CHECK;
}

/* The digest over the digests of what is material, a line each, sorted. */
static int covers(char out[BG_DIGEST_TEXT + 1], const struct fx_grant *g)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	struct bg_digest v[32], d = { { 0 } };
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		if (is_material(g->events[i].type))
			v[n++] = g->events[i].digest;
	qsort(v, n, sizeof(*v), bg_digest_cmp);
	for (size_t i = 0; i < n; i++) {
		bg_digest_format(out, &v[i]);
		bg_str_addf(&text, "%s\n", out);
	}
	if (bg_sha256(&d, bg_str_text(&text), text.len))
		memset(&d, 0, sizeof(d));
	bg_digest_format(out, &d);
	return (int)n;
}

json_t *fx_review(const struct fx_grant *g, int64_t at_ms)
{
	char at[BG_TIME_LEN + 1], digest[BG_DIGEST_TEXT + 1];
	int n = covers(digest, g);

	time_text(at, at_ms);
	return json_pack("{s:s, s:s, s:{s:i, s:s}, s:s, s:s, s:{s:s}, s:{s:s}, "
			 "s:{s:s}}",
			 "decision", "approved", "comment", "as it should be",
			 "covers", "n", n, "digest", digest, "opened_at", at,
			 "class", "emergency", "necessary", "answer", "yes",
			 "limited", "answer", "yes", "reversed", "answer",
			 "yes");
}

json_t *fx_session(bool start, const char *session)
{
	json_t *v = json_pack("{s:s, s:{s:s, s:i, s:s}, s:s}", "session",
			      session, "command", "argv0", "psql", "argc", 1,
			      "digest",
			      "sha256:1111111111111111111111111111111111111111"
			      "111111111111111111111111",
			      "capture", "none");

	if (v && start)
		json_object_set_new(v, "readable_by", json_array());
	else if (v)
		json_object_update_new(
			v, json_pack("{s:i, s:s, s:{s:i}, s:b, s:i}", "exit", 0,
				     "ended", "exit", "counters", "bytes", 0,
				     "recovered", 0, "duration_ms", 5));
	return v;
}
