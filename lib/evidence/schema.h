/*
 * The data of each event type as a table (the list at the end of event.h), and
 * its check.  bg-event(5) is written from it.
 */
#ifndef BG_EVIDENCE_SCHEMA_H
#define BG_EVIDENCE_SCHEMA_H

#include "evidence/event.h"

enum bg_field_kind {
	BG_F_TEXT,   /* clean UTF-8, 1..4096 bytes; X_b64, X_bytes may follow */
	BG_F_NAME,   /* [a-z0-9][a-z0-9._-]{0,63} */
	BG_F_TOKEN,  /* [A-Za-z0-9][A-Za-z0-9._:@+-]{0,127} */
	BG_F_LOG,    /* name of a log */
	BG_F_DIGEST, /* sha256:<64 hex> */
	BG_F_OID,    /* 40 hex */
	BG_F_TIME,   /* 2026-11-23T03:14:10.123Z */
	BG_F_SECS,   /* 1.. */
	BG_F_INT,    /* 0.. */
	BG_F_BOOL,
	BG_F_HEX16, /* 16 hex digits */
	BG_F_HEX32,
	BG_F_BASE64, /* RFC 4648, padded, no line breaks */
	BG_F_WORD,   /* one of words */
	BG_F_OBJECT, /* members */
	BG_F_TEXTS,  /* lists of up to 1024 */
	BG_F_NAMES,
	BG_F_OBJECTS, /* list of objects with members */
	BG_F_INTS,    /* map: name -> 0.. */
	BG_F_STRINGS, /* map: name -> text */
	BG_F_FILES,   /* map: path -> digest */
	BG_F_LOGS,    /* map: log -> object with members */
};
struct bg_field {
	const char *name; /* NULL ends a table */
	enum bg_field_kind kind;
	bool optional;
	const char *words; /* BG_F_WORD: separated by one space */
	const struct bg_field *members;
};
/* What the envelope of a type holds. */
enum bg_has { BG_HAS_NEVER, BG_HAS_MAYBE, BG_HAS_ALWAYS };
struct bg_schema {
	const struct bg_field *data;
	enum bg_has grant;
	bool root;            /* the event is a grant's root: own label */
	unsigned answers_max; /* 0: none; else up to this many */
};
const struct bg_schema *bg_schema_of(enum bg_event_type t);
extern const struct bg_field bg_schema_clock[], bg_schema_host[];

/* BG_EVERIFY "bad-data". */
int bg_schema_check(enum bg_event_type t, const json_t *data,
		    struct bg_error *err) BG_MUST_CHECK;
/* The same for the envelope's clock and host. */
int bg_schema_check_clock(const json_t *clock, struct bg_error *err)
	BG_MUST_CHECK;
int bg_schema_check_host(const json_t *host, struct bg_error *err)
	BG_MUST_CHECK;

/* [a-z][a-z0-9-]{0,31} */
bool bg_is_principal(const char *s);
bool bg_is_name(const char *s);

#endif
