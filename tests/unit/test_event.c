/* Events: written, read, refused; labels and subjects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "evidence/event.h"
#include "evidence/schema.h"

#define W "alice.ops1-3f2a90c1d4e7"
#define D0 \
	"sha256:" \
	"0000000000000000000000000000000000000000000000000000000000000000"
#define D1 \
	"sha256:" \
	"1111111111111111111111111111111111111111111111111111111111111111"
#define D2 \
	"sha256:" \
	"2222222222222222222222222222222222222222222222222222222222222222"
#define T "2026-11-23T03:14:10.123Z"
#define AT INT64_C(1795403650123)

static json_t *json(const char *text)
{
	json_error_t e;
	json_t *v = json_loads(text, JSON_REJECT_DUPLICATES, &e);

	if (!v)
		fail_msg("%s: %s", e.text, text);
	return v;
}

static json_t *host(void)
{
	return json("{\"from\":\"local\",\"machine\":\"" D0
		    "\",\"name\":\"ops1\",\"os\":\"Debian\",\"tty\":\"pts/3\","
		    "\"uid\":1000,\"user\":\"alice\"}");
}

/* A good event of the type; the caller releases host and data. */
static void fill(struct bg_event *e, enum bg_event_type type, const char *data)
{
	static char label[BG_LABEL_LEN + 1];
	const struct bg_schema *s = bg_schema_of(type);

	memset(e, 0, sizeof(*e));
	e->type = type;
	e->writer = W;
	e->by = "alice";
	e->seq = 42;
	e->has_repo = e->has_prev = e->has_trust = true;
	e->trust_version = 7;
	e->at_ms = AT;
	e->clock_synced = true;
	e->clock_max_error_us = 12000;
	e->clock_boottime_us = 123;
	e->clock_boot = "c2a1a9b0-0000-4000-8000-000000000000";
	if (type == BG_EV_TRUST)
		e->trust_version = 41;
	if (type == BG_EV_WRITER && strstr(data, "register")) {
		e->seq = 1;
		e->has_prev = false;
	}
	bg_event_label(label, e->writer, e->seq, e->at_ms);
	if (s->grant == BG_HAS_ALWAYS)
		e->grant = label;
	if (e->grant && !s->root)
		e->n_answers = 1;
	e->host = host();
	e->data = json(data);
}

static int write_event(struct bg_str *out, enum bg_event_type type,
		       const char *data, struct bg_error *err)
{
	struct bg_event e;
	int r;

	fill(&e, type, data);
	r = bg_event_write(out, &e, err);
	json_decref(e.host);
	json_decref(e.data);
	return r;
}

#define P "\"policy\":{\"name\":\"prod-db\",\"sha256\":\"" D0 "\"}"
#define CMD "\"command\":{\"argv0\":\"psql\",\"argc\":2,\"digest\":\"" D1 "\"}"
#define ATT \
	"\"attachments\":[{\"media\":\"text/plain\",\"name\":\"a.txt\"," \
	"\"sha256\":\"" D1 "\",\"size\":3}]"
#define S "\"session\":\"0123456789abcdef\""
#define ACTIVATE \
	"{" P ",\"code\":\"DB-CORRUPT\",\"trigger\":\"primary-down\"," \
	"\"reason\":\"the primary does not answer\",\"scope\":\"shell\"," \
	"\"identity\":\"db-host\",\"duration\":1800,\"solo\":false," \
	"\"drill\":false,\"opener\":\"" W "\"," \
	"\"access\":{\"reply_key\":\"x\"},\"freshness\":{\"trust\":7}," \
	"\"probe\":{\"trigger\":\"primary-down\",\"result\":\"as-expected\"," \
	"\"duration_ms\":10,\"bytes\":0,\"control\":\"ok\"}}"
#define REGISTER \
	"{\"op\":\"register\",\"installation\":" \
	"\"0123456789abcdef0123456789abcdef\",\"host\":\"ops1\"," \
	"\"key\":\"AAAA\"}"
#define GRANT \
	"{\"result\":\"done\",\"began\":\"" T "\",\"self_run\":true," \
	"\"provider\":\"command\",\"access\":\"present\",\"expires\":\"" T \
	"\",\"handle\":{\"id\":\"x\"},\"isolation\":\"per-grant\"," \
	"\"revocable\":true,\"exposed\":false,\"target_enforces\":false}"
#define REVIEW \
	"{\"decision\":\"approved\",\"comment\":\"fine\",\"covers\":{\"n\":3," \
	"\"digest\":\"" D1 "\"},\"opened_at\":\"" T "\",\"class\":" \
	"\"emergency\",\"necessary\":{\"answer\":\"yes\"}," \
	"\"limited\":{\"answer\":\"yes\"},\"reversed\":{\"answer\":\"yes\"}," \
	"\"corrective\":[{\"text\":\"x\",\"owner\":\"bob\",\"due\":\"" T \
	"\"}]}"

static const struct {
	enum bg_event_type type;
	const char *data, *subject; /* after the type and its subject */
} good[] = {
	{ BG_EV_WRITER, REGISTER, "alice: register on ops1" },
	{ BG_EV_ACTIVATE, ACTIVATE,
	  "prod-db shell DB-CORRUPT for 30m: the primary does not answer" },
	{ BG_EV_REFUSE,
	  "{\"command\":\"activate\",\"policy\":\"prod-db\",\"rules\":"
	  "[\"window\"],\"repeated\":0}",
	  "prod-db: activate by alice: window" },
	{ BG_EV_SOLO, "{\"skipped\":[\"bob\"],\"since\":\"" T "\"}",
	  "1 skipped" },
	{ BG_EV_APPROVE, "{}", "approved" },
	{ BG_EV_APPROVE, "{\"text\":\"go \xc3\xa4\"}", "go ?" },
	{ BG_EV_DENY, "{\"reason\":\"no\"}", "no" },
	{ BG_EV_GRANT, GRANT, "done command until " T },
	{ BG_EV_GRANT,
	  "{\"result\":\"not-run\",\"began\":\"" T "\",\"self_run\":true}",
	  "not-run until -" },
	{ BG_EV_EXTEND, "{\"until\":\"" T "\"}", "until " T },
	{ BG_EV_REVOKE, "{\"kind\":\"handback\"}", "handback" },
	{ BG_EV_EXPIRE, "{\"deadline\":\"" T "\",\"basis\":\"wall\"}",
	  "wall, deadline " T },
	{ BG_EV_CHECK,
	  "{\"ran\":\"check\",\"result\":\"done\",\"access\":\"absent\","
	  "\"method\":\"provider\"}",
	  "access absent (provider, check done)" },
	{ BG_EV_SESSION_START,
	  "{" S "," CMD ",\"capture\":\"exec\",\"readable_by\":[]}",
	  "0123456789abcdef psql" },
	{ BG_EV_SESSION_MARK,
	  "{" S ",\"chain\":\"" D1 "\",\"counters\":{\"bytes\":1}}",
	  "0123456789abcdef" },
	{ BG_EV_SESSION_END,
	  "{" S "," CMD ",\"capture\":\"exec\",\"exit\":0,\"ended\":\"exit\","
	  "\"counters\":{},\"recovered\":false,\"duration_ms\":5}",
	  "0123456789abcdef exit 0" },
	{ BG_EV_NOTE, "{\"text\":\"two  words \"}", "two words" },
	{ BG_EV_NOTE, "{\"text\":\"x\",\"text_b64\":\"eA==\",\"text_bytes\":1}",
	  "x" },
	{ BG_EV_ATTACH, "{" ATT "}", "1 files, a.txt" },
	{ BG_EV_NOTIFY,
	  "{\"about\":\"" D1 "\",\"channel\":\"mail\",\"to\":\"x\","
	  "\"status\":\"sent\",\"attempt\":1}",
	  "mail: sent" },
	{ BG_EV_TICKET,
	  "{\"system\":\"jira\",\"id\":\"INC-1\",\"state\":\"open\"}",
	  "jira INC-1 open" },
	{ BG_EV_REVIEW, REVIEW, "approved: fine" },
	{ BG_EV_REVIEW,
	  "{\"decision\":\"needs-info\",\"comment\":\"why\",\"covers\":"
	  "{\"n\":0,\"digest\":\"" D1 "\"},\"opened_at\":\"" T "\"}",
	  "needs-info: why" },
	{ BG_EV_ROTATE,
	  "{\"identity\":\"root-pw\",\"method\":\"manual\",\"evidence\":\"x\"}",
	  "root-pw: manual" },
	{ BG_EV_SHARE,
	  "{\"identity\":\"root-pw\",\"share\":\"x\",\"to_key\":\"y\"}",
	  "root-pw" },
	{ BG_EV_REDACT, "{" ATT ",\"kind\":\"retention\",\"reason\":\"old\"}",
	  "retention: 1 files: old" },
	{ BG_EV_DRILL,
	  "{\"steps\":[{\"name\":\"a\",\"result\":\"ok\",\"duration_ms\":1}],"
	  "\"verdict\":\"pass\"}",
	  "pass, 1 steps" },
	{ BG_EV_SETTLE,
	  "{\"duty\":\"ticket\",\"kind\":\"done\",\"reason\":\"x\"}",
	  "ticket: ticket done: x" },
	{ BG_EV_DECLARE,
	  "{" P ",\"scope\":\"shell\",\"since\":\"" T
	  "\",\"user\":\"bob\",\"reason\":\"x\",\"identity\":\"db\"}",
	  "prod-db db by bob: x" },
	{ BG_EV_RECONCILE,
	  "{\"source\":\"ca\",\"file_sha256\":\"" D1 "\",\"period\":"
	  "{\"since\":\"" T "\",\"until\":\"" T "\"},\"matched\":4,"
	  "\"unmatched\":[]}",
	  "ca: 4 matched, 0 not" },
	{ BG_EV_SEAL,
	  "{\"logs\":{\"" W "\":{\"seq\":3,\"digest\":\"" D1
	  "\",\"commit\":\"4b825dc642cb6eb9a060e54bf8d69288fbee4904\"}},"
	  "\"trust\":{\"version\":1,\"digest\":\"" D1 "\"},\"events\":3}",
	  "alice: 3 events on 1 logs" },
	{ BG_EV_TRUST, "{\"files\":{\"policies/prod-db.yaml\":\"" D1 "\"}}",
	  "v42: 1 files" },
};
#define N_GOOD (sizeof(good) / sizeof(*good))

static void test_every_type(void **state)
{
	bool seen[BG_EV_COUNT] = { false };

	(void)state;
	for (size_t i = 0; i < N_GOOD; i++) {
		BG_AUTO(str) struct bg_str text = BG_STR_INIT;
		BG_AUTO(str) struct bg_str subject = BG_STR_INIT;
		struct bg_event e;
		struct bg_error err;
		const char *tail;

		if (write_event(&text, good[i].type, good[i].data, &err))
			fail_msg("%zu: %s", i, err.msg);
		if (bg_event_parse(&e, text.buf, text.len, &err))
			fail_msg("%zu: %s", i, err.msg);
		assert_int_equal(e.type, good[i].type);
		assert_string_equal(e.writer, W);
		assert_int_equal(e.at_ms, AT);
		assert_int_equal(bg_event_subject(&subject, &e, &err), 0);
		assert_true(bg_starts_with(subject.buf,
					   bg_event_type_text(e.type)));
		tail = subject.buf + strlen(bg_event_type_text(e.type)) + 1;
		if (e.grant) {
			assert_true(bg_starts_with(tail, e.grant));
			tail += strlen(e.grant) + 2;
		}
		assert_string_equal(tail, good[i].subject);
		seen[e.type] = true;
		bg_event_release(&e);
	}
	for (int t = 0; t < BG_EV_COUNT; t++)
		assert_true(seen[t]);
}

/* Every member taken away, and one added, at any depth. */
static void expect_refused(struct bg_str *text, size_t i, const char *what)
{
	struct bg_event e;
	struct bg_error err;

	if (bg_event_parse(&e, text->buf, text->len, &err) == 0)
		fail_msg("%zu: %s accepted: %s", i, what, text->buf);
	assert_int_equal(err.code, BG_EVERIFY);
}

static void test_single_edits(void **state)
{
	static const char inserts[] = { '\0', '\n', '\r', ' ', '"', ',', '0' };
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	struct bg_error err;
	char buf[8192];
	struct bg_event e;

	(void)state;
	assert_int_equal(write_event(&text, BG_EV_ACTIVATE, ACTIVATE, &err), 0);
	for (size_t i = 0; i < text.len; i++) {
		for (size_t k = 0; k < sizeof(inserts); k++) {
			memcpy(buf, text.buf, i);
			buf[i] = inserts[k];
			memcpy(buf + i + 1, text.buf + i, text.len - i);
			if (bg_event_parse(&e, buf, text.len + 1, &err) == 0) {
				/* It may be another event; never this one in
				 * other bytes. */
				BG_AUTO(str) struct bg_str again = BG_STR_INIT;

				assert_int_equal(
					bg_event_write(&again, &e, &err), 0);
				assert_int_equal(again.len, text.len + 1);
				bg_event_release(&e);
			}
		}
		assert_int_not_equal(bg_event_parse(&e, text.buf, i, &err), 0);
	}
}

/* Object, its path of members (numbers for lists); each is removed. */
static void drop_members(json_t *top, json_t *v, const char *const *optional,
			 size_t index)
{
	BG_AUTO(json) json_t *keys = json_array();
	const char *key;
	json_t *item;
	size_t i;

	json_object_foreach(v, key, item)
		json_array_append_new(keys, json_string(key));
	json_array_foreach(keys, i, item) {
		json_t *was = json_incref(
			json_object_get(v, json_string_value(item)));
		struct bg_error err;
		int r;

		json_object_del(v, json_string_value(item));
		r = bg_schema_check((enum bg_event_type)good[index].type, top,
				    &err);
		for (const char *const *o = optional; *o; o++)
			if (strcmp(*o, json_string_value(item)) == 0)
				r = -1;
		if (!r)
			fail_msg("%zu: without %s accepted", index,
				 json_string_value(item));
		json_object_set_new(v, json_string_value(item), was);
		if (json_is_object(was))
			drop_members(top, was, optional, index);
	}
}

static void test_members(void **state)
{
	static const char *const optional[] = { "trigger",
						"probe",
						"control",
						"corrective",
						"exit",
						"id",
						"text",
						"text_b64",
						"text_bytes",
						"bytes",
						"policy",
						"policies/prod-db.yaml",
						W,
						NULL };

	(void)state;
	for (size_t i = 0; i < N_GOOD; i++) {
		BG_AUTO(json) json_t *data = json(good[i].data);
		struct bg_error err;

		drop_members(data, data, optional, i);
		json_object_set_new(data, "extra", json_true());
		assert_int_equal(bg_schema_check(good[i].type, data, &err),
				 BG_EVERIFY);
		assert_string_equal(err.id, "bad-data");
	}
}

static const struct {
	const char *from, *to, *id;
} edits[] = {
	{ "\"v\": 1", "\"v\": 2", "needs-newer-bg" },
	{ "\"v\": 1", "\"v\": 0", "bad-envelope" },
	{ "\"type\": \"note\"", "\"type\": \"action\"", "unknown-type" },
	{ "\"type\": \"note\"", "\"type\": \"deny\"", "bad-data" },
	{ "\"by\": \"alice\"", "\"by\": \"bob\"", "bad-envelope" },
	{ "\"by\": \"alice\"", "\"by\": \"alice\",\n \"for\": \"bob\"",
	  "bad-envelope" },
	{ "\"seq\": 42", "\"seq\": 0", "bad-envelope" },
	{ "\"seq\": 42", "\"seq\": 1", "bad-envelope" },
	{ "\"seq\": 42", "\"seq\": 42.0", "bad-json" },
	{ ".123Z", "Z", "bad-envelope" },
	{ "\"grant\"", "\"extra\"", "bad-envelope" },
	{ "\"prev\": ", "\"prev\" : ", "not-canonical" },
	{ "\"synced\": true", "\"synced\": 1", "bad-envelope" },
	{ "\"uid\": 1000,\n", "", "bad-envelope" },
	{ "\"text\": \"hello\"", "\"text\": \"\"", "bad-data" },
	{ "\"text\": \"hello\"", "\"text\": \"\\u0068ello\"", "not-canonical" },
	{ "\"text\": \"hello\"", "\"text\": \"\\u001b\"", "bad-json" },
	{ "\"text\": \"hello\"", "\"text\": null", "bad-json" },
};

static void test_edits(void **state)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	struct bg_error err;

	(void)state;
	assert_int_equal(write_event(&text, BG_EV_NOTE, "{\"text\":\"hello\"}",
				     &err),
			 0);
	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++) {
		BG_AUTO(str) struct bg_str other = BG_STR_INIT;
		const char *at = strstr(text.buf, edits[i].from);
		struct bg_event e;

		assert_non_null(at);
		bg_str_addn(&other, text.buf, (size_t)(at - text.buf));
		bg_str_add(&other, edits[i].to);
		bg_str_add(&other, at + strlen(edits[i].from));
		expect_refused(&other, i, edits[i].to);
		assert_int_not_equal(
			bg_event_parse(&e, other.buf, other.len, &err), 0);
		if (strcmp(err.id, edits[i].id) != 0)
			fail_msg("%zu: %s (%s), not %s", i, err.id, err.msg,
				 edits[i].id);
	}
}

static void test_answers(void **state)
{
	static const struct {
		const char *list[3];
		bool good;
	} cases[] = {
		{ { D2, D0, D1 }, true },  { { D0, D1, D2 }, true },
		{ { D0, D2, D1 }, false }, { { D0, D1, D1 }, false },
		{ { D0, D1, D0 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		BG_AUTO(str) struct bg_str text = BG_STR_INIT;
		struct bg_event e;
		struct bg_error err;

		fill(&e, BG_EV_NOTE, "{\"text\":\"x\"}");
		e.n_answers = 3;
		for (size_t k = 0; k < 3; k++)
			assert_true(bg_digest_parse(&e.answers[k],
						    cases[i].list[k]));
		assert_int_equal(bg_event_write(&text, &e, &err) == 0,
				 cases[i].good);
		json_decref(e.host);
		json_decref(e.data);
	}
}

static void test_genesis(void **state)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	struct bg_event e;
	struct bg_error err;

	(void)state;
	fill(&e, BG_EV_TRUST, "{\"files\":{\"trust.yaml\":\"" D1 "\"}}");
	e.seq = 1;
	assert_int_not_equal(bg_event_write(&text, &e, &err), 0);
	e.has_repo = e.has_prev = e.has_trust = false;
	bg_str_clear(&text);
	assert_int_equal(bg_event_write(&text, &e, &err), 0);
	json_decref(e.host);
	json_decref(e.data);
	assert_int_equal(bg_event_parse(&e, text.buf, text.len, &err), 0);
	bg_event_release(&e);
}

static void test_label(void **state)
{
	char a[BG_LABEL_LEN + 1], b[BG_LABEL_LEN + 1];

	(void)state;
	/* printf 'alice.ops1-3f2a90c1d4e7422026-11-23T03:14:10.123Z' |
	 * sha256sum: the first 8 bytes, mod 2^30, five bits a character. */
	bg_event_label(a, W, 42, AT);
	assert_string_equal(a, "BG-20261123-tz1pdw");
	bg_event_label(b, W, 43, AT);
	assert_string_not_equal(a, b);
}

static void test_long_subject(void **state)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	BG_AUTO(str) struct bg_str data = BG_STR_INIT;
	BG_AUTO(str) struct bg_str subject = BG_STR_INIT;
	struct bg_event e;
	struct bg_error err;

	(void)state;
	bg_str_add(&data, "{\"text\":\"");
	for (int i = 0; i < 1000; i++)
		bg_str_add(&data, "word ");
	bg_str_add(&data, "\"}");
	assert_int_equal(write_event(&text, BG_EV_NOTE, data.buf, &err),
			 BG_EUSAGE);
	bg_str_clear(&text);
	bg_str_clear(&data);
	bg_str_add(&data, "{\"text\":\"");
	for (int i = 0; i < 800; i++)
		bg_str_add(&data, "word ");
	bg_str_add(&data, "\"}");
	assert_int_equal(write_event(&text, BG_EV_NOTE, data.buf, &err), 0);
	assert_int_equal(bg_event_parse(&e, text.buf, text.len, &err), 0);
	assert_int_equal(bg_event_subject(&subject, &e, &err), 0);
	assert_true(subject.len <= 100 && subject.len > 90);
	bg_event_release(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_type),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_single_edits),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_genesis),
		cmocka_unit_test(test_label),
		cmocka_unit_test(test_long_subject),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
