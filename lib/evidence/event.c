#include "evidence/event.h"

#include <string.h>

#include "base/clock.h"
#include "evidence/install.h"
#include "evidence/schema.h"

/*
 * Types.
 */
static const char *const type_words[] = {
#define X(name, word, class) [name] = word,
	BG_EVENT_TYPES(X)
#undef X
};
static const char type_classes[] = {
#define X(name, word, class) [name] = class,
	BG_EVENT_TYPES(X)
#undef X
};

const char *bg_event_type_text(enum bg_event_type t)
{
	return type_words[t];
}

char bg_event_type_class(enum bg_event_type t)
{
	return type_classes[t];
}

int bg_event_type_parse(const char *word)
{
	for (int t = 0; word && t < BG_EV_COUNT; t++)
		if (strcmp(type_words[t], word) == 0)
			return t;
	return -1;
}

/*
 * The label: 30 bits of a digest, so that two machines that are offline give
 * different ones nearly always; a label and nothing more.
 */
void bg_event_label(char *out, const char *writer, uint64_t seq, int64_t at_ms)
{
	char at[BG_TIME_LEN + 1], number[24];
	struct bg_digest d = { { 0 } };
	struct bg_span pieces[3];
	uint64_t v = 0;

	bg_time_format(at, at_ms);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)seq);
	pieces[0] = (struct bg_span){ writer, strlen(writer) };
	pieces[1] = (struct bg_span){ number, strlen(number) };
	pieces[2] = (struct bg_span){ at, strlen(at) };
	if (bg_sha256_v(&d, pieces, 3))
		memset(&d, 0, sizeof(d));
	for (int i = 0; i < 8; i++)
		v = v << 8 | d.b[i];
	v &= (UINT64_C(1) << 30) - 1; /* 32^6 */
	snprintf(out, BG_LABEL_LEN + 1, "BG-%.4s%.2s%.2s-", at, at + 5, at + 8);
	for (int i = 0; i < 6; i++)
		out[12 + i] = bg_base32_alphabet[v >> (25 - 5 * i) & 31];
	out[BG_LABEL_LEN] = '\0';
}

/* The form of a label; the date and the number are the root's business. */
static bool label_ok(const char *s)
{
	if (strlen(s) != BG_LABEL_LEN || memcmp(s, "BG-", 3) != 0 ||
	    strspn(s + 3, "0123456789") != 8 || s[11] != '-')
		return false;
	return strspn(s + 12, bg_base32_alphabet) == 6;
}

/*
 * Envelope.
 */
static const char *const envelope[] = {
	"v",    "repo", "writer", "seq",     "prev", "trust",
	"seal", "type", "grant",  "answers", "at",   "clock",
	"by",   "for",  "host",   "data",    NULL,
};

static int bad(struct bg_error *err, const char *what)
{
	return bg_fail(err, BG_EVERIFY, "bad-envelope", "envelope: %s", what);
}

static int get_digest(struct bg_digest *out, bool *there, const json_t *json,
		      const char *key, struct bg_error *err)
{
	const json_t *v = json_object_get(json, key);

	*there = v != NULL;
	if (v && !bg_digest_parse(out, json_string_value(v)))
		return bad(err, key);
	return 0;
}

static int get_number(uint64_t *out, const json_t *json, const char *key,
		      struct bg_error *err)
{
	const json_t *v = json_object_get(json, key);

	if (!json_is_integer(v) || json_integer_value(v) < 1)
		return bad(err, key);
	*out = (uint64_t)json_integer_value(v);
	return 0;
}

static int get_trust(struct bg_event *e, struct bg_error *err)
{
	const json_t *v = json_object_get(e->json, "trust");
	bool there;
	int r;

	e->has_trust = v != NULL;
	if (!v)
		return 0;
	if (!json_is_object(v) || json_object_size(v) != 2)
		return bad(err, "trust");
	if ((r = get_number(&e->trust_version, v, "version", err)) ||
	    (r = get_digest(&e->trust, &there, v, "digest", err)))
		return r;
	return there ? 0 : bad(err, "trust");
}

/* answers[0] is the grant's root or whatever comes first; the rest is sorted,
 * and nothing is there twice. */
static int get_answers(struct bg_event *e, struct bg_error *err)
{
	const json_t *v = json_object_get(e->json, "answers");
	size_t n = json_array_size(v);

	if (!v)
		return 0;
	if (!json_is_array(v) || !n || n > BG_ANSWERS_MAX)
		return bad(err, "answers");
	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(v, i);

		if (!bg_digest_parse(&e->answers[i], json_string_value(item)))
			return bad(err, "answers");
		if (i && bg_digest_eq(&e->answers[i], &e->answers[0]))
			return bad(err, "one answer twice");
		if (i > 1 &&
		    bg_digest_cmp(&e->answers[i - 1], &e->answers[i]) >= 0)
			return bad(err, "answers that are not sorted");
	}
	e->n_answers = n;
	return 0;
}

static int get_clock(struct bg_event *e, struct bg_error *err)
{
	const json_t *v = json_object_get(e->json, "clock");
	int r = bg_schema_check_clock(v, err);

	if (r)
		return bad(err, "clock");
	e->clock_synced = bg_json_bool(v, "synced");
	e->clock_max_error_us = bg_json_int(v, "max_error_us", 0);
	e->clock_boottime_us = bg_json_int(v, "boottime_us", 0);
	e->clock_boot = bg_json_text(v, "boot");
	return 0;
}

/* Who wrote it: a log's name begins with the principal that owns its key. */
static int get_names(struct bg_event *e, struct bg_error *err)
{
	char principal[33], host[33], hex[13];
	int r;

	e->writer = bg_json_text(e->json, "writer");
	e->by = bg_json_text(e->json, "by");
	e->for_ = bg_json_text(e->json, "for");
	e->host = json_object_get(e->json, "host");
	if (!bg_writer_split(principal, host, hex, e->writer))
		return bad(err, "writer");
	if (!e->by || strcmp(principal, e->by) != 0)
		return bad(err, "by");
	if (json_object_get(e->json, "for") &&
	    (!e->for_ || !bg_is_principal(e->for_) ||
	     e->type != BG_EV_ACTIVATE))
		return bad(err, "for");
	if ((r = bg_schema_check_host(e->host, err)))
		return bad(err, "host");
	return 0;
}

static int get_grant(struct bg_event *e, struct bg_error *err)
{
	const struct bg_schema *s = bg_schema_of(e->type);
	char label[BG_LABEL_LEN + 1];

	e->grant = bg_json_text(e->json, "grant");
	if (json_object_get(e->json, "grant") &&
	    (!e->grant || !label_ok(e->grant)))
		return bad(err, "grant");
	if ((s->grant == BG_HAS_ALWAYS && !e->grant) ||
	    (s->grant == BG_HAS_NEVER && e->grant))
		return bad(err, "grant");
	if (e->n_answers > s->answers_max ||
	    (e->grant && !s->root && !e->n_answers))
		return bad(err, "answers");
	if (s->root) {
		bg_event_label(label, e->writer, e->seq, e->at_ms);
		if (strcmp(label, e->grant) != 0)
			return bad(err, "grant is not this event's label");
	}
	return 0;
}

/* What must be there at which place of a chain. */
static int check_place(const struct bg_event *e, struct bg_error *err)
{
	const char *op = e->type == BG_EV_WRITER ? bg_json_text(e->data, "op")
						 : NULL;
	bool genesis = e->type == BG_EV_TRUST && e->seq == 1;
	bool on_log = e->type != BG_EV_TRUST && e->type != BG_EV_SEAL;
	bool registers = op && strcmp(op, "register") == 0;

	if (e->has_prev != (e->seq > 1))
		return bad(err, "prev");
	if (e->has_repo == genesis)
		return bad(err, "repo");
	if (e->has_trust == genesis)
		return bad(err, "trust");
	if (e->has_seal && e->type == BG_EV_TRUST)
		return bad(err, "seal");
	if (e->type == BG_EV_TRUST && !genesis &&
	    (e->trust_version != e->seq - 1 ||
	     !bg_digest_eq(&e->trust, &e->prev)))
		return bad(err, "trust is not the previous version");
	if (on_log && registers != (e->seq == 1))
		return bad(err, "a log begins with its registration, and only "
				"there");
	return 0;
}

static int check_members(const json_t *json, struct bg_error *err)
{
	size_t known = 0;

	for (size_t i = 0; envelope[i]; i++)
		known += json_object_get(json, envelope[i]) != NULL;
	if (known != json_object_size(json))
		return bad(err, "a member that is not known");
	return 0;
}

/* Everything but the canonical form. */
static int fill(struct bg_event *e, struct bg_error *err)
{
	const json_t *v = json_object_get(e->json, "v");
	const char *at;
	int t, r;

	if (json_is_integer(v) && json_integer_value(v) > BG_EVENT_VERSION)
		return bg_fail(err, BG_EVERIFY, "needs-newer-bg",
			       "an event of format %lld; this program knows %d",
			       (long long)json_integer_value(v),
			       BG_EVENT_VERSION);
	if (!json_is_integer(v) || json_integer_value(v) != BG_EVENT_VERSION)
		return bad(err, "v");
	t = bg_event_type_parse(bg_json_text(e->json, "type"));
	if (t < 0)
		return bg_fail(err, BG_EVERIFY, "unknown-type",
			       "an event of a type that does not exist");
	e->type = (enum bg_event_type)t;
	e->data = json_object_get(e->json, "data");
	at = bg_json_text(e->json, "at");
	if (!at || !bg_time_parse_exact(&e->at_ms, at) || e->at_ms < 0)
		return bad(err, "at");
	if ((r = check_members(e->json, err)) ||
	    (r = get_number(&e->seq, e->json, "seq", err)) ||
	    (r = get_digest(&e->repo, &e->has_repo, e->json, "repo", err)) ||
	    (r = get_digest(&e->prev, &e->has_prev, e->json, "prev", err)) ||
	    (r = get_digest(&e->seal, &e->has_seal, e->json, "seal", err)) ||
	    (r = get_trust(e, err)) || (r = get_answers(e, err)) ||
	    (r = get_clock(e, err)) || (r = get_names(e, err)) ||
	    (r = get_grant(e, err)) ||
	    (r = bg_schema_check(e->type, e->data, err)))
		return r;
	return check_place(e, err);
}

int bg_event_parse(struct bg_event *out, const char *text, size_t n,
		   struct bg_error *err)
{
	BG_AUTO(str) struct bg_str again = BG_STR_INIT;
	struct bg_event e;
	int r;

	memset(&e, 0, sizeof(e));
	r = bg_json_parse(&e.json, text, n, &bg_json_event_limits, err);
	if (r)
		return r;
	r = fill(&e, err);
	if (!r)
		r = bg_json_canon(&again, e.json, envelope, err);
	if (!r && (again.len != n || memcmp(again.buf, text, n) != 0))
		r = bg_fail(err, BG_EVERIFY, "not-canonical",
			    "an event that is not in its one byte form");
	if (r)
		bg_event_release(&e);
	else
		*out = e;
	return r;
}

void bg_event_release(struct bg_event *e)
{
	json_decref(e->json);
	memset(e, 0, sizeof(*e));
}

/*
 * Writing.
 */
static int set_digest(json_t *o, const char *key, const struct bg_digest *d)
{
	char text[BG_DIGEST_TEXT + 1];

	bg_digest_format(text, d);
	return json_object_set_new_nocheck(o, key, json_string(text));
}

static int set_int(json_t *o, const char *key, int64_t v)
{
	return json_object_set_new_nocheck(o, key, json_integer(v));
}

static int set_text(json_t *o, const char *key, const char *v)
{
	return v ? json_object_set_new_nocheck(o, key, json_string(v)) : 0;
}

static int set_trust(json_t *o, const struct bg_event *e)
{
	json_t *v = json_object();

	if (set_int(v, "version", (int64_t)e->trust_version) ||
	    set_digest(v, "digest", &e->trust)) {
		json_decref(v);
		return -1;
	}
	return json_object_set_new_nocheck(o, "trust", v);
}

static int set_answers(json_t *o, const struct bg_event *e)
{
	json_t *v = json_array();
	char text[BG_DIGEST_TEXT + 1];
	int r = 0;

	for (size_t i = 0; !r && i < e->n_answers; i++) {
		bg_digest_format(text, &e->answers[i]);
		r = json_array_append_new(v, json_string(text));
	}
	if (r) {
		json_decref(v);
		return -1;
	}
	return json_object_set_new_nocheck(o, "answers", v);
}

static int set_clock(json_t *o, const struct bg_event *e)
{
	json_t *v = json_object();

	if (json_object_set_new_nocheck(v, "synced",
					json_boolean(e->clock_synced)) ||
	    set_int(v, "max_error_us", e->clock_max_error_us) ||
	    set_int(v, "boottime_us", e->clock_boottime_us) ||
	    (e->clock_boot && *e->clock_boot &&
	     set_text(v, "boot", e->clock_boot))) {
		json_decref(v);
		return -1;
	}
	return json_object_set_new_nocheck(o, "clock", v);
}

static int build(json_t *o, const struct bg_event *e)
{
	char at[BG_TIME_LEN + 1];

	bg_time_format(at, e->at_ms);
	return set_int(o, "v", BG_EVENT_VERSION) ||
	       (e->has_repo && set_digest(o, "repo", &e->repo)) ||
	       set_text(o, "writer", e->writer) ||
	       set_int(o, "seq", (int64_t)e->seq) ||
	       (e->has_prev && set_digest(o, "prev", &e->prev)) ||
	       (e->has_trust && set_trust(o, e)) ||
	       (e->has_seal && set_digest(o, "seal", &e->seal)) ||
	       set_text(o, "type", bg_event_type_text(e->type)) ||
	       set_text(o, "grant", e->grant) ||
	       (e->n_answers && set_answers(o, e)) || set_text(o, "at", at) ||
	       set_clock(o, e) || set_text(o, "by", e->by) ||
	       set_text(o, "for", e->for_) ||
	       json_object_set_nocheck(o, "host", e->host) ||
	       json_object_set_nocheck(o, "data", e->data);
}

/* What is refused here came from a command line, not from a repository. */
static int own_fault(struct bg_error *err)
{
	if (err->code == BG_EVERIFY || strcmp(err->id, "bad-json") == 0)
		err->code = BG_EUSAGE;
	return err->code;
}

int bg_event_write(struct bg_str *out, const struct bg_event *e,
		   struct bg_error *err)
{
	BG_AUTO(json) json_t *o = json_object();
	size_t before = out->len;
	struct bg_event check;
	int r;

	if (!o || build(o, e))
		return bg_fail(err, BG_EUSAGE, "bad-data",
			       "cannot write this event: a part of it is no "
			       "JSON, or memory is out");
	memset(&check, 0, sizeof(check));
	check.json = json_incref(o);
	r = fill(&check, err);
	bg_event_release(&check);
	if (r || (r = bg_json_canon(out, o, envelope, err)))
		return own_fault(err);
	if (out->len - before > BG_EVENT_MAX)
		return bg_fail(err, BG_EUSAGE, "bad-data",
			       "cannot write this event: %zu bytes, %d are "
			       "allowed",
			       out->len - before, BG_EVENT_MAX);
	return 0;
}
