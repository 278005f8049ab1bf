/*
 * Every finding that reading, judging and verifying may raise.  bg-verify(1)
 * lists this table, a test compares the two.  The class of an id never depends
 * on where it was found (lifecycle.md, decision 1).
 */
#include <stdio.h>
#include <string.h>

#include "evidence/history.h"

#define W BG_WRONG
#define D BG_DOUBTFUL
#define V BG_DEVIATION
#define G BG_GAP

const struct bg_finding_kind bg_finding_kinds[] = {
	/* the repository and its objects */
	{ "unsafe-repository", W, "the repository could mislead a reader" },
	{ "corrupt-object", W, "an object's bytes are not what its name says" },
	{ "missing-object", G, "an object that evidence needs is not here" },
	{ "no-log", G, "there is trust but not one event" },
	{ "needs-newer-bg", G, "made by a newer bg; this one cannot judge it" },
	{ "unknown-ref", G, "refs that are no evidence were not read" },
	{ "stale-lock", G, "a lock file of a dead process was moved aside" },

	/* bytes of a commit, its signature, its event */
	{ "not-canonical", W, "bytes differ from the only form allowed" },
	{ "unsigned", W, "a commit carries no signature" },
	{ "second-signature", W, "a commit carries more than one signature" },
	{ "bad-ident", W, "author or committer line is malformed" },
	{ "bad-armor", W, "the signature's armor is not the canonical one" },
	{ "bad-packet", W, "the signature packet is not of the one form" },
	{ "text-signature", W, "a text signature where a binary one must be" },
	{ "weak-hash", W, "the signature uses a hash that is too weak" },
	{ "weak-key", W, "the signing key is too weak" },
	{ "bad-key", W, "a public key is not of the accepted form" },
	{ "bad-signature", W, "the signature does not match" },
	{ "engine-disagrees", W, "the second engine refuses the signature" },
	{ "bad-json", W, "the event is not JSON of the accepted subset" },
	{ "bad-envelope", W, "the event's envelope is malformed" },
	{ "unknown-type", W, "an event type that does not exist" },
	{ "bad-data", W, "data do not fit the event's type" },
	{ "bad-subject", W, "the subject was not made from the event" },
	{ "bad-tree", W, "an event's tree is not the empty tree" },
	{ "re-encoded", V, "one payload is stored in two encodings" },

	/* who and where: envelope against log, key and trust */
	{ "foreign-repository", W, "an event of another repository" },
	{ "wrong-log", W, "a log's ref holds events of another writer" },
	{ "bad-writer", W,
	  "the writer's name does not fit key and installation" },
	{ "unregistered-writer", W,
	  "a log does not begin with a valid registration" },
	{ "not-introduced", W, "nobody in trust introduced this key" },
	{ "wrong-author", W, "the author line is not the principal's" },
	{ "wrong-key", W, "signed by another key than the writer's" },
	{ "key-not-listed", W,
	  "trust does not list the key for the principal" },
	{ "too-many-writers", V, "more than 16 live writers of one principal" },
	{ "writer-retired", D, "written after the writer's retirement" },
	{ "principal-retired", D, "written after the principal's retirement" },
	{ "compromised-key", D,
	  "signed by a compromised key, no safe seal covers it" },

	/* the chain */
	{ "bad-seq", W, "a sequence number is not the next one" },
	{ "bad-prev", W, "the event does not follow its predecessor" },
	{ "bad-parents", W, "parents are not what the event says it saw" },
	{ "bad-answers", W, "an answer is not what it must be" },
	{ "answer-missing", G, "an answered event is not here" },
	{ "seal-missing", G, "a named seal is not here" },
	{ "equivocation", W, "one key signed two events for one place" },
	{ "forked-log", D, "events at or after the fork of a log" },
	{ "rolled-back", W, "something that was seen before is gone" },
	{ "stale", G, "the newest seal is too old" },

	/* time */
	{ "wrong-time", W, "committer time is not the event's" },
	{ "signature-time", W, "signed too far from the event's time" },
	{ "clock-step", V, "a clock went back or was set between two events" },
	{ "time-contradiction", V, "the claimed time cannot be right" },

	/* trust */
	{ "wrong-anchor", W, "the genesis is not the one of the anchor" },
	{ "bad-genesis", W, "the first trust version is not a genesis" },
	{ "bad-trust", W, "a trust version is malformed" },
	{ "bad-manifest", W,
	  "a trust version's files differ from its manifest" },
	{ "bad-path", W, "a file that may not be under trust" },
	{ "bad-version", W, "a trust version does not follow its predecessor" },
	{ "bad-cosignature", W, "a co-signature does not match" },
	{ "below-threshold", W, "too few signed a trust version" },
	{ "bad-suspension", W, "one signature did more than suspend" },
	{ "trust-fork", W, "two trust versions with one number" },
	{ "trust-rollback", W,
	  "an older trust version than the event had seen" },
	{ "trust-missing", G, "the trust version that is named is not here" },
	{ "trust-stale", G, "trust was not fetched for too long" },
	{ "single-admin", G, "one human alone may change trust" },
	{ "authority-withdrawn", D,
	  "a newer trust version takes the authority away" },
	{ "recent-trust-change", V,
	  "trust was changed for somebody who used it within days" },

	/* attachments */
	{ "attachment-missing", W, "an attachment is gone without a redact" },
	{ "attachment-withheld", G, "an attachment was redacted" },
	{ "attachment-altered", W, "an attachment is not what the event says" },
	{ "attachment-unbound", G, "attached bytes that no event names" },

	/* roles and lifecycle */
	{ "event-not-allowed", W, "not allowed in the state its writer knew" },
	{ "role-not-held", W, "the signer has no role for this event" },
	{ "not-distinct", W, "the signer may not judge the own use" },
	{ "duplicate-event", W, "a second one where one may be" },
	{ "foreign-fact", W, "an installation speaks about another's grant" },
	{ "policy-mismatch", W, "the policy named is not the one in trust" },
	{ "policy-missing", W, "no such policy in the version named" },
	{ "contract-ended", W, "a principal acted after the last day" },
	{ "suspended", W, "a suspended principal or policy acted" },
	{ "host-signed-denied", W, "host-signed where the policy forbids it" },
	{ "limit-exceeded", V, "more than the policy allows" },
	{ "opened-without-approval", V, "opened before it was approved" },
	{ "missing-approval", V,
	  "an approval that is owed did not come in time" },
	{ "label-collision", V, "two grants have one label" },
	{ "grant-after-end", V, "access was given after an end was known" },
	{ "access-vanished", V, "access was gone before an end" },
	{ "access-without-grant", V, "access was there before a grant" },
	{ "expire-early", V, "ended before its deadline" },
	{ "extension-limit", V, "an extension beyond the policy's limits" },
	{ "extended-after-end", V,
	  "extended by somebody who had not seen the end" },
	{ "target-window", V,
	  "the target gives access longer than the window" },
	{ "session-after-end", V, "a session began after an end was known" },
	{ "session-concurrent", V, "a session began without knowing the end" },
	{ "session-open", V, "a session has no end" },
	{ "late-duty", V, "a duty was settled late" },
	{ "opener-mismatch", V, "the first grant event is not the opener's" },
	{ "collateral", V, "ended with another grant of the identity" },
	{ "review-outdated", V, "a review does not cover what came later" },
	{ "access-after-window", V, "access was still there after the window" },
	{ "probe-contradicts", V, "the trigger's probe said otherwise" },

	/* declared gaps */
	{ "self-run", G, "the user's own machine ran the provider" },
	{ "self-checked", G,
	  "only a user of the access checked that it is gone" },
	{ "self-recorded", G, "a user of the access recorded the session" },
	{ "self-told", G, "a user of the access did the telling" },
	{ "self-probed", G, "the user's own machine ran the probe" },
	{ "not-recorded", G, "no recording of what was done" },
	{ "recovered", G, "an end was written by somebody else's recovery" },
	{ "attested", G, "the end rests on two people's word" },
	{ "check-unknown", G,
	  "it could not be checked whether access is gone" },
	{ "probe-not-run", G, "the trigger's probe could not be run" },
	{ "probe-not-allowed", G, "this machine does not allow the probe" },
	{ "device-new", G, "opened on a device nobody has vouched for" },
	{ "host-signed", G, "signed by the host, not by the person" },
	{ "volatile", G, "written to memory only; the disk was full" },
	{ "declared", G, "a use outside bg, declared afterwards" },
	{ "solo", G, "opened without waiting for others" },
	{ "clock-unsynced", G, "the clock was not synchronised" },
	{ "sealed-by-one", G, "one sealer covers it, another does not" },
	{ NULL, BG_WRONG, NULL },
};

const char *bg_class_text(enum bg_class c)
{
	static const char *const text[] = {
		[BG_WRONG] = "wrong",
		[BG_DOUBTFUL] = "doubtful",
		[BG_DEVIATION] = "deviation",
		[BG_GAP] = "gap",
	};

	return text[c];
}

const struct bg_finding_kind *bg_finding_kind(const char *id)
{
	for (const struct bg_finding_kind *k = bg_finding_kinds; k->id; k++)
		if (bg_str_eq(k->id, id))
			return k;
	return NULL;
}

void bg_findings_release(struct bg_findings *f)
{
	bg_vec_release(&f->list);
}

struct bg_finding *bg_finding_new(struct bg_findings *f, const char *id,
				  const char *ref)
{
	const struct bg_finding_kind *kind = bg_finding_kind(id);
	struct bg_finding made = { .id = "bad-envelope" };

	/* An id from outside the table (a grammar's that is new): never lost,
	 * named in the text. */
	if (kind) {
		made.id = kind->id;
		made.class = kind->class;
	}
	snprintf(made.ref, sizeof(made.ref), "%s", ref ? ref : "");
	if (bg_vec_push(&f->list, made)) {
		f->oom = true;
		return NULL;
	}
	return &f->list.v[f->list.n - 1];
}

int bg_finding_vadd(struct bg_findings *f, const char *id, const char *ref,
		    const struct bg_event *e, const char *fmt, va_list ap)
{
	struct bg_finding *made = bg_finding_new(f, id, ref);

	if (!made)
		return -1;
	if (e) {
		made->commit = e->commit;
		made->event = e->digest;
		if (e->type == BG_EV_ACTIVATE || e->type == BG_EV_DECLARE)
			made->grant = e->digest;
		else if (e->grant && e->n_answers)
			made->grant = e->answers[0];
		if (!ref && e->writer)
			snprintf(made->ref, sizeof(made->ref), "log/%s",
				 e->writer);
	}
	vsnprintf(made->text, sizeof(made->text), fmt, ap);
	return 0;
}

int bg_finding_add(struct bg_findings *f, const char *id, const char *ref,
		   const struct bg_event *e, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = bg_finding_vadd(f, id, ref, e, fmt, ap);
	va_end(ap);
	return rc;
}

void bg_finding_say(struct bg_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
}
