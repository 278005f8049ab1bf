#include "evidence/record.h"

#include <string.h>

#include "evidence/install.h"

/* floor(ms / 1000) for every sign. */
static int64_t floor_seconds(int64_t ms)
{
	return ms >= 0 ? ms / 1000 : -((-ms + 999) / 1000);
}

static int check_subject(const struct bg_record *r, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str want = BG_STR_INIT;
	int rc = bg_event_subject(&want, &r->event, err);

	if (rc)
		return rc;
	if (!bg_str_eq(bg_str_text(&want), r->commit.subject))
		return bg_fail(err, BG_EVERIFY, "bad-subject",
			       "the subject is not '%s'", bg_str_text(&want));
	return 0;
}

static int parse_signature(struct bg_record *r, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str packet = BG_STR_INIT;
	int rc;

	if (!r->commit.armor)
		return bg_fail(err, BG_EVERIFY, "unsigned",
			       "the commit carries no signature");
	rc = bg_armor_read(&packet, r->commit.armor, r->commit.armor_n, err);
	if (!rc)
		rc = bg_sig_parse(&r->sig, packet.buf, packet.len, err);
	if (rc)
		return rc;
	r->has_sig = true;
	r->event.signer = r->sig.issuer;
	r->event.signed_at = r->sig.created;
	return 0;
}

int bg_record_parse_event(struct bg_record *out, const struct bg_oid *oid,
			  struct bg_error *err)
{
	int rc = bg_event_parse(&out->event, out->commit.body,
				out->commit.body_n, err);

	if (rc)
		return rc;
	out->has_event = true;
	out->event.digest = out->commit.digest;
	out->event.commit = *oid;
	return parse_signature(out, err);
}

int bg_record_check_form(const struct bg_record *r, struct bg_error *err)
{
	if (r->commit.seconds != floor_seconds(r->event.at_ms))
		return bg_fail(err, BG_EVERIFY, "wrong-time",
			       "the committer line's time is not that of at");
	return check_subject(r, err);
}

int bg_record_parse(struct bg_record *out, const struct bg_oid *oid,
		    const char *raw, size_t n, struct bg_error *err)
{
	int rc = bg_commit_parse(&out->commit, raw, n, err);

	if (rc)
		return rc;
	out->has_commit = true;
	rc = bg_record_parse_event(out, oid, err);
	return rc ? rc : bg_record_check_form(out, err);
}

bool bg_record_author_is(const struct bg_record *r, const char *name,
			 const char *email)
{
	return bg_str_eq(r->commit.name, name) &&
	       bg_str_eq(r->commit.email, email);
}

bool bg_record_writer_is_of(const struct bg_record *r, const char *by)
{
	char principal[33], host[33], hex12[13];

	return r->event.writer &&
	       bg_writer_split(principal, host, hex12, r->event.writer) &&
	       bg_str_eq(principal, by);
}

void bg_record_release(struct bg_record *r)
{
	bg_event_release(&r->event);
	bg_commit_release(&r->commit);
	*r = (struct bg_record){ 0 };
}
