/*
 * Events: the envelope of evidence.md, the closed list of types of
 * lifecycle.md with the data of each, and their one byte form.
 * The table of data fields is schema.c; bg-event(5) is written from it.
 */
#ifndef BG_EVIDENCE_EVENT_H
#define BG_EVIDENCE_EVENT_H

#include "crypto/digest.h"
#include "crypto/openpgp.h"
#include "evidence/object.h"
#include "format/json.h"

#define BG_EVENT_VERSION 1
#define BG_EVENT_MAX (64 * 1024)
#define BG_ANSWERS_MAX 30
#define BG_LABEL_LEN 18 /* BG-YYYYMMDD-xxxxxx */

/* type, word, class (A ask, F fact, O neither) */
#define BG_EVENT_TYPES(X) \
	X(BG_EV_WRITER, "writer", 'O') \
	X(BG_EV_ACTIVATE, "activate", 'A') \
	X(BG_EV_REFUSE, "refuse", 'O') \
	X(BG_EV_SOLO, "solo", 'A') \
	X(BG_EV_APPROVE, "approve", 'A') \
	X(BG_EV_DENY, "deny", 'A') \
	X(BG_EV_GRANT, "grant", 'F') \
	X(BG_EV_EXTEND, "extend", 'A') \
	X(BG_EV_REVOKE, "revoke", 'A') \
	X(BG_EV_EXPIRE, "expire", 'A') \
	X(BG_EV_CHECK, "check", 'F') \
	X(BG_EV_SESSION_START, "session-start", 'F') \
	X(BG_EV_SESSION_MARK, "session-mark", 'F') \
	X(BG_EV_SESSION_END, "session-end", 'F') \
	X(BG_EV_NOTE, "note", 'F') \
	X(BG_EV_ATTACH, "attach", 'F') \
	X(BG_EV_NOTIFY, "notify", 'F') \
	X(BG_EV_TICKET, "ticket", 'F') \
	X(BG_EV_REVIEW, "review", 'A') \
	X(BG_EV_ROTATE, "rotate", 'F') \
	X(BG_EV_SHARE, "share", 'F') \
	X(BG_EV_REDACT, "redact", 'F') \
	X(BG_EV_DRILL, "drill", 'F') \
	X(BG_EV_SETTLE, "settle", 'A') \
	X(BG_EV_DECLARE, "declare", 'A') \
	X(BG_EV_RECONCILE, "reconcile", 'O') \
	X(BG_EV_SEAL, "seal", 'O')   /* on refs/heads/seal/<writer> only */ \
	X(BG_EV_TRUST, "trust", 'O') /* on refs/heads/trust only */

enum bg_event_type {
#define X(name, word, class) name,
	BG_EVENT_TYPES(X)
#undef X
		BG_EV_COUNT
};
const char *bg_event_type_text(enum bg_event_type t);
int bg_event_type_parse(const char *word); /* -1: none */
char bg_event_type_class(enum bg_event_type t);

/* One event, parsed and canonical.  Strings live in data's owner: `json` is the
 * whole object and keeps every borrowed string alive. */
struct bg_event {
	json_t *json;       /* owned */
	const char *writer; /* log name; also on trust: the signer's */
	uint64_t seq;
	bool has_repo, has_prev, has_trust, has_seal;
	struct bg_digest repo, prev, seal, trust;
	uint64_t trust_version;
	enum bg_event_type type;
	const char *grant; /* label, or NULL */
	size_t n_answers;
	struct bg_digest answers[BG_ANSWERS_MAX];
	int64_t at_ms;
	bool clock_synced;
	int64_t clock_max_error_us, clock_boottime_us;
	const char *clock_boot;
	const char *by, *for_; /* for_: NULL unless host-signed */
	json_t *host, *data;   /* borrowed from json */

	/* Filled by the reader of the commit that carried it. */
	struct bg_digest digest; /* payload digest: the event's name */
	struct bg_oid commit;
	struct bg_fpr signer; /* key that signed */
	uint32_t signed_at;
	uint64_t floor; /* T2: newest trust version that it had seen */
	/* Filled by the judge (grant/judge.h). */
	bool wrong, doubtful;
};
void bg_event_release(struct bg_event *e);

/* Parse canonical bytes; checks envelope, schema of the type's data and that
 * writing gives the same bytes.  BG_EVERIFY: bad-json, not-canonical,
 * bad-envelope, unknown-type, bad-data; "needs-newer-bg" for a greater v. */
int bg_event_parse(struct bg_event *out, const char *text, size_t n,
		   struct bg_error *err) BG_MUST_CHECK;
/* Canonical bytes of an envelope whose json member is not set yet (data and
 * host given): builds, checks against the schema, appends. */
int bg_event_write(struct bg_str *out, const struct bg_event *e,
		   struct bg_error *err) BG_MUST_CHECK;
/* The commit's subject: "<type> <grant or subject>: <one line>", at most 100
 * printable bytes, a pure function of the event. */
int bg_event_subject(struct bg_str *out, const struct bg_event *e,
		     struct bg_error *err) BG_MUST_CHECK;
/* BG-YYYYMMDD-xxxxxx of an activate or declare (lifecycle.md, decision 7): of the
 * log's name, seq in decimal, at in its exact form, one after the other.
 * out holds BG_LABEL_LEN + 1. */
void bg_event_label(char *out, const char *writer, uint64_t seq, int64_t at_ms);

/*
 * Data of each type (members not marked ? are required; extra ones are refused).
 * text: clean UTF-8, 1..4096 bytes.  name: [a-z0-9][a-z0-9._-]{0,63}.
 * digest: "sha256:<hex>".  time: the exact form.  secs, int: integers.
 * attachment: {media, name, sha256, size}.  A text KEY from outside may have
 * KEY_b64 and KEY_bytes beside it.
 *
 * writer     op(register|introduce|retire) installation:hex32 host:text
 *            key:base64 installation_key?:base64
 * activate   policy{name,sha256} code trigger? reason scope identity
 *            duration:secs ticket? solo:bool owing?:bool drill:bool opener:log
 *            access{public_key?,reply_key,source?,nonce?} beneficiary?
 *            probe?{trigger,result(as-expected|otherwise|could-not-run),why?,
 *            exit?,signal?,duration_ms,bytes,control?(ok|failed|could-not-run)}
 *            freshness{trust:int, fetched_at?:time}
 * refuse     command policy? rules[text] repeated:int
 * solo       skipped[name] since:time
 * approve    text?
 * deny       reason
 * grant      result(done|failed|unknown|not-run) began:time self_run:bool
 *            and with done|unknown: provider access(present|absent|unknown)
 *            expires:time handle{text..} where? isolation(per-grant|counted|
 *            shared) revocable:bool exposed:bool target_enforces:bool
 *            fallbacks?[name]  (all optional with failed|not-run) why?
 * extend     until:time reason?
 * revoke     reason? kind(handback|ordered|collateral)
 * expire     deadline:time basis(boottime|wall|skew|first-seen|request)
 * check      ran[revoke|check] result(done|failed|unknown|refused)
 *            access(present|absent|unknown) method(provider|attested|manual)
 *            ended_sessions?:int control?(ok|failed) why?
 * session-start  session:hex16 command{argv0,argc:int,digest} capture:text
 *            readable_by[name] chain?:digest
 * session-mark   session chain:digest counters{int..}
 * session-end    session command{argv0,argc,digest} capture exit?:int
 *            signal?:int ended(exit|signal|window|lost|not-run) chain?
 *            counters{int..} recovered:bool duration_ms:int
 * note       text reply_to?:digest
 * attach     attachments[attachment] text?
 * notify     about:digest channel to status(sent|failed|told) attempt:int
 *            remote_id? payload_sha256?:digest
 * ticket     system id url? state
 * review     decision(approved|approved-with-findings|needs-info|forwarded|
 *            rejected) comment covers{n:int,digest} opened_at:time to?
 *            class?(emergency|drill|misuse) necessary?{answer(yes|no|unproven),
 *            why?} limited? reversed? corrective?[{text,owner,due:time}]
 *            (class, the three answers are required unless needs-info or
 *            forwarded, where they and corrective are refused)
 * rotate     identity method(provider|manual) evidence attachments?[..]
 * share      identity share to_key
 * redact     attachments[..] kind(retention|erasure) reason
 * drill      steps[{name,result,duration_ms}] verdict(pass|fail)
 * settle     duty kind(done|waived) reason evidence?
 * declare    policy{name,sha256} scope code? since:time until?:time user reason
 *            evidence? identity
 * reconcile  source file_sha256:digest period{since:time,until:time} matched:int
 *            unmatched[text]
 * trust      files{path: digest, ...}   (seq is the version, prev the previous;
 *            from version 2 on envelope trust is the previous version too)
 * seal       logs{log: {seq,digest,commit}} trust{version,digest} events:int
 *            token?:base64
 */

#endif
