#include "evidence/schema.h"

/*
 * The tables.  REQ and OPT: a member that must and one that may be there.
 */
#define REQ(n, k) \
	{ \
		.name = n, .kind = k \
	}
#define OPT(n, k) \
	{ \
		.name = n, .kind = k, .optional = true \
	}
#define WORD(n, w) \
	{ \
		.name = n, .kind = BG_F_WORD, .words = w \
	}
#define OPT_WORD(n, w) \
	{ \
		.name = n, .kind = BG_F_WORD, .optional = true, .words = w \
	}
#define SUB(n, k, m) \
	{ \
		.name = n, .kind = k, .members = m \
	}
#define OPT_SUB(n, k, m) \
	{ \
		.name = n, .kind = k, .optional = true, .members = m \
	}
#define END \
	{ \
		.name = NULL \
	}

static const struct bg_field f_policy[] = { REQ("name", BG_F_NAME),
					    REQ("sha256", BG_F_DIGEST), END };
static const struct bg_field f_attachment[] = { REQ("media", BG_F_TEXT),
						REQ("name", BG_F_NAME),
						REQ("sha256", BG_F_DIGEST),
						REQ("size", BG_F_INT), END };
static const struct bg_field f_command[] = { REQ("argv0", BG_F_TEXT),
					     REQ("argc", BG_F_INT),
					     REQ("digest", BG_F_DIGEST), END };
static const struct bg_field f_writer[] = {
	WORD("op", "register introduce retire"),
	REQ("installation", BG_F_HEX32),
	REQ("host", BG_F_TEXT),
	REQ("key", BG_F_BASE64),
	OPT("installation_key", BG_F_BASE64),
	END
};
static const struct bg_field f_access[] = { OPT("public_key", BG_F_TEXT),
					    REQ("reply_key", BG_F_TEXT),
					    OPT("source", BG_F_TEXT),
					    OPT("nonce", BG_F_TEXT), END };
static const struct bg_field f_probe[] = {
	REQ("trigger", BG_F_NAME),
	WORD("result", "as-expected otherwise could-not-run"),
	OPT("why", BG_F_TEXT),
	OPT("exit", BG_F_INT),
	OPT("signal", BG_F_INT),
	REQ("duration_ms", BG_F_INT),
	REQ("bytes", BG_F_INT),
	OPT_WORD("control", "ok failed could-not-run"),
	END
};
static const struct bg_field f_freshness[] = { REQ("trust", BG_F_INT),
					       OPT("fetched_at", BG_F_TIME),
					       END };
static const struct bg_field f_activate[] = {
	SUB("policy", BG_F_OBJECT, f_policy),
	REQ("code", BG_F_TOKEN),
	OPT("trigger", BG_F_NAME),
	REQ("reason", BG_F_TEXT),
	REQ("scope", BG_F_NAME),
	REQ("identity", BG_F_NAME),
	REQ("duration", BG_F_SECS),
	OPT("ticket", BG_F_TEXT),
	REQ("solo", BG_F_BOOL),
	OPT("owing", BG_F_BOOL),
	REQ("drill", BG_F_BOOL),
	REQ("opener", BG_F_LOG),
	SUB("access", BG_F_OBJECT, f_access),
	OPT("beneficiary", BG_F_NAME),
	OPT_SUB("probe", BG_F_OBJECT, f_probe),
	SUB("freshness", BG_F_OBJECT, f_freshness),
	END
};
static const struct bg_field f_refuse[] = { REQ("command", BG_F_NAME),
					    OPT("policy", BG_F_NAME),
					    REQ("rules", BG_F_TEXTS),
					    REQ("repeated", BG_F_INT), END };
static const struct bg_field f_solo[] = { REQ("skipped", BG_F_NAMES),
					  REQ("since", BG_F_TIME), END };
static const struct bg_field f_approve[] = { OPT("text", BG_F_TEXT), END };
static const struct bg_field f_deny[] = { REQ("reason", BG_F_TEXT), END };
static const struct bg_field f_grant[] = {
	WORD("result", "done failed unknown not-run"),
	REQ("began", BG_F_TIME),
	REQ("self_run", BG_F_BOOL),
	OPT("provider", BG_F_NAME),
	OPT_WORD("access", "present absent unknown"),
	OPT("expires", BG_F_TIME),
	OPT("handle", BG_F_STRINGS),
	OPT("where", BG_F_TEXT),
	OPT_WORD("isolation", "per-grant counted shared"),
	OPT("revocable", BG_F_BOOL),
	OPT("exposed", BG_F_BOOL),
	OPT("target_enforces", BG_F_BOOL),
	OPT("fallbacks", BG_F_NAMES),
	OPT("why", BG_F_TEXT),
	END
};
static const struct bg_field f_extend[] = { REQ("until", BG_F_TIME),
					    OPT("reason", BG_F_TEXT), END };
static const struct bg_field f_revoke[] = {
	OPT("reason", BG_F_TEXT), WORD("kind", "handback ordered collateral"),
	END
};
static const struct bg_field f_expire[] = {
	REQ("deadline", BG_F_TIME),
	WORD("basis", "boottime wall skew first-seen request"), END
};
static const struct bg_field f_check[] = {
	WORD("ran", "revoke check"),
	WORD("result", "done failed unknown refused"),
	WORD("access", "present absent unknown"),
	WORD("method", "provider attested manual"),
	OPT("ended_sessions", BG_F_INT),
	OPT_WORD("control", "ok failed"),
	OPT("why", BG_F_TEXT),
	END
};
static const struct bg_field f_session_start[] = {
	REQ("session", BG_F_HEX16), SUB("command", BG_F_OBJECT, f_command),
	REQ("capture", BG_F_TEXT),  REQ("readable_by", BG_F_NAMES),
	OPT("chain", BG_F_DIGEST),  END
};
static const struct bg_field f_session_mark[] = { REQ("session", BG_F_HEX16),
						  REQ("chain", BG_F_DIGEST),
						  REQ("counters", BG_F_INTS),
						  END };
static const struct bg_field f_session_end[] = {
	REQ("session", BG_F_HEX16),
	SUB("command", BG_F_OBJECT, f_command),
	REQ("capture", BG_F_TEXT),
	OPT("exit", BG_F_INT),
	OPT("signal", BG_F_INT),
	WORD("ended", "exit signal window lost not-run"),
	OPT("chain", BG_F_DIGEST),
	REQ("counters", BG_F_INTS),
	REQ("recovered", BG_F_BOOL),
	REQ("duration_ms", BG_F_INT),
	END
};
static const struct bg_field f_note[] = { REQ("text", BG_F_TEXT),
					  OPT("reply_to", BG_F_DIGEST), END };
static const struct bg_field f_attach[] = { SUB("attachments", BG_F_OBJECTS,
						f_attachment),
					    OPT("text", BG_F_TEXT), END };
static const struct bg_field f_notify[] = { REQ("about", BG_F_DIGEST),
					    REQ("channel", BG_F_NAME),
					    REQ("to", BG_F_TEXT),
					    WORD("status", "sent failed told"),
					    REQ("attempt", BG_F_INT),
					    OPT("remote_id", BG_F_TEXT),
					    OPT("payload_sha256", BG_F_DIGEST),
					    END };
static const struct bg_field f_ticket[] = { REQ("system", BG_F_NAME),
					    REQ("id", BG_F_TEXT),
					    OPT("url", BG_F_TEXT),
					    REQ("state", BG_F_TEXT), END };
static const struct bg_field f_covers[] = { REQ("n", BG_F_INT),
					    REQ("digest", BG_F_DIGEST), END };
static const struct bg_field f_answer[] = { WORD("answer", "yes no unproven"),
					    OPT("why", BG_F_TEXT), END };
static const struct bg_field f_corrective[] = { REQ("text", BG_F_TEXT),
						REQ("owner", BG_F_NAME),
						REQ("due", BG_F_TIME), END };
static const struct bg_field f_review[] = {
	WORD("decision",
	     "approved approved-with-findings needs-info forwarded rejected"),
	REQ("comment", BG_F_TEXT),
	SUB("covers", BG_F_OBJECT, f_covers),
	REQ("opened_at", BG_F_TIME),
	OPT("to", BG_F_NAME),
	OPT_WORD("class", "emergency drill misuse"),
	OPT_SUB("necessary", BG_F_OBJECT, f_answer),
	OPT_SUB("limited", BG_F_OBJECT, f_answer),
	OPT_SUB("reversed", BG_F_OBJECT, f_answer),
	OPT_SUB("corrective", BG_F_OBJECTS, f_corrective),
	END
};
static const struct bg_field f_rotate[] = {
	REQ("identity", BG_F_NAME), WORD("method", "provider manual"),
	REQ("evidence", BG_F_TEXT),
	OPT_SUB("attachments", BG_F_OBJECTS, f_attachment), END
};
static const struct bg_field f_share[] = { REQ("identity", BG_F_NAME),
					   REQ("share", BG_F_TEXT),
					   REQ("to_key", BG_F_TEXT), END };
static const struct bg_field f_redact[] = {
	SUB("attachments", BG_F_OBJECTS, f_attachment),
	WORD("kind", "retention erasure"), REQ("reason", BG_F_TEXT), END
};
static const struct bg_field f_step[] = { REQ("name", BG_F_TEXT),
					  REQ("result", BG_F_TEXT),
					  REQ("duration_ms", BG_F_INT), END };
static const struct bg_field f_drill[] = { SUB("steps", BG_F_OBJECTS, f_step),
					   WORD("verdict", "pass fail"), END };
static const struct bg_field f_settle[] = { REQ("duty", BG_F_TOKEN),
					    WORD("kind", "done waived"),
					    REQ("reason", BG_F_TEXT),
					    OPT("evidence", BG_F_TEXT), END };
static const struct bg_field f_declare[] = { SUB("policy", BG_F_OBJECT,
						 f_policy),
					     REQ("scope", BG_F_NAME),
					     OPT("code", BG_F_TOKEN),
					     REQ("since", BG_F_TIME),
					     OPT("until", BG_F_TIME),
					     REQ("user", BG_F_TEXT),
					     REQ("reason", BG_F_TEXT),
					     OPT("evidence", BG_F_TEXT),
					     REQ("identity", BG_F_NAME),
					     END };
static const struct bg_field f_period[] = { REQ("since", BG_F_TIME),
					    REQ("until", BG_F_TIME), END };
static const struct bg_field f_reconcile[] = { REQ("source", BG_F_TEXT),
					       REQ("file_sha256", BG_F_DIGEST),
					       SUB("period", BG_F_OBJECT,
						   f_period),
					       REQ("matched", BG_F_INT),
					       REQ("unmatched", BG_F_TEXTS),
					       END };
static const struct bg_field f_trust[] = { REQ("files", BG_F_FILES), END };
static const struct bg_field f_version[] = { REQ("version", BG_F_SECS),
					     REQ("digest", BG_F_DIGEST), END };
static const struct bg_field f_tip[] = { REQ("seq", BG_F_SECS),
					 REQ("digest", BG_F_DIGEST),
					 REQ("commit", BG_F_OID), END };
static const struct bg_field f_seal[] = { SUB("logs", BG_F_LOGS, f_tip),
					  SUB("trust", BG_F_OBJECT, f_version),
					  REQ("events", BG_F_INT),
					  OPT("token", BG_F_BASE64), END };
const struct bg_field bg_schema_clock[] = { REQ("synced", BG_F_BOOL),
					    REQ("max_error_us", BG_F_INT),
					    OPT("boot", BG_F_TOKEN),
					    REQ("boottime_us", BG_F_INT), END };
const struct bg_field bg_schema_host[] = {
	REQ("from", BG_F_TEXT), OPT("machine", BG_F_DIGEST),
	REQ("name", BG_F_TEXT), REQ("os", BG_F_TEXT),
	OPT("tty", BG_F_TEXT),  REQ("uid", BG_F_INT),
	REQ("user", BG_F_TEXT), END
};

#define MAX BG_ANSWERS_MAX
static const struct bg_schema schemas[BG_EV_COUNT] = {
	[BG_EV_WRITER] = { f_writer, BG_HAS_NEVER, false, 1 },
	[BG_EV_ACTIVATE] = { f_activate, BG_HAS_ALWAYS, true, 0 },
	[BG_EV_REFUSE] = { f_refuse, BG_HAS_MAYBE, false, MAX },
	[BG_EV_SOLO] = { f_solo, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_APPROVE] = { f_approve, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_DENY] = { f_deny, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_GRANT] = { f_grant, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_EXTEND] = { f_extend, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_REVOKE] = { f_revoke, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_EXPIRE] = { f_expire, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_CHECK] = { f_check, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_SESSION_START] = { f_session_start, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_SESSION_MARK] = { f_session_mark, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_SESSION_END] = { f_session_end, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_NOTE] = { f_note, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_ATTACH] = { f_attach, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_NOTIFY] = { f_notify, BG_HAS_MAYBE, false, MAX },
	[BG_EV_TICKET] = { f_ticket, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_REVIEW] = { f_review, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_ROTATE] = { f_rotate, BG_HAS_MAYBE, false, MAX },
	[BG_EV_SHARE] = { f_share, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_REDACT] = { f_redact, BG_HAS_MAYBE, false, MAX },
	[BG_EV_DRILL] = { f_drill, BG_HAS_ALWAYS, false, MAX },
	[BG_EV_SETTLE] = { f_settle, BG_HAS_MAYBE, false, MAX },
	[BG_EV_DECLARE] = { f_declare, BG_HAS_ALWAYS, true, 0 },
	[BG_EV_RECONCILE] = { f_reconcile, BG_HAS_NEVER, false, MAX },
	[BG_EV_SEAL] = { f_seal, BG_HAS_NEVER, false, 0 },
	[BG_EV_TRUST] = { f_trust, BG_HAS_NEVER, false, 0 },
};

const struct bg_schema *bg_schema_of(enum bg_event_type t)
{
	return &schemas[t];
}
