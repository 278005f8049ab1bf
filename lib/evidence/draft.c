/* From an event to a commit that is stored: facts, signature, object, ref. */
#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "evidence/append_priv.h"

void bg_draft_release(struct bg_draft *d)
{
	bg_vec_release(&d->parents);
	bg_str_release(&d->raw);
	bg_record_release(&d->record);
}

int bg_draft_parent(struct bg_draft *d, const struct bg_oid *oid,
		    struct bg_error *err)
{
	for (size_t i = 0; i < d->parents.n; i++)
		if (bg_oid_eq(&d->parents.v[i], oid))
			return 0;
	return bg_vec_push(&d->parents, *oid) ? bg_fail_oom(err) : 0;
}

/*
 * Facts.
 */
static int set_text(json_t *o, const char *key, const char *text,
		    const char *otherwise, struct bg_error *err)
{
	if (!text || !*text)
		text = otherwise;
	return text ? bg_json_set_text(o, key, text, strlen(text), 256, err)
		    : 0;
}

/* Names that come from a system may hold anything; host has no room for the
 * bytes of what is replaced. */
static void drop_companions(json_t *o)
{
	static const char *const keys[] = { "from", "name", "os", "tty",
					    "user" };
	char key[32];

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		snprintf(key, sizeof(key), "%s_b64", keys[i]);
		json_object_del(o, key);
		snprintf(key, sizeof(key), "%s_bytes", keys[i]);
		json_object_del(o, key);
	}
}

static int host_facts(json_t **out, const struct bg_places *p,
		      struct bg_error *err)
{
	BG_AUTO(json) json_t *o = json_object();
	int r;

	if (!o)
		return bg_fail_oom(err);
	if ((r = set_text(o, "from", p->from, "local", err)) ||
	    (r = set_text(o, "machine", p->machine, NULL, err)) ||
	    (r = set_text(o, "name", p->host, "unknown", err)) ||
	    (r = set_text(o, "os", p->os, "unknown", err)) ||
	    (r = set_text(o, "tty", p->tty, NULL, err)) ||
	    (r = set_text(o, "user", p->user, "unknown", err)))
		return r;
	drop_companions(o);
	if (json_object_set_new(o, "uid", json_integer((json_int_t)p->uid)))
		return bg_fail_oom(err);
	*out = bg_move(o);
	return 0;
}

int bg_draft_facts(struct bg_event *e, json_t **host, char boot[37],
		   const struct bg_places *places, struct bg_error *err)
{
	struct bg_clock clock;

	bg_clock_read(&clock);
	if (!e->at_ms)
		e->at_ms = clock.wall_ms;
	e->clock_synced = clock.synced;
	e->clock_max_error_us = clock.max_error_us > 0 ? clock.max_error_us : 0;
	e->clock_boottime_us = clock.boottime_us > 0 ? clock.boottime_us : 0;
	memcpy(boot, clock.boot, sizeof(clock.boot));
	e->clock_boot = boot;
	return host_facts(host, places, err);
}

/*
 * Signing.  Everything is read back as a verifier reads it: what could not be
 * verified is not written.
 */
static int payload_of(struct bg_str *out, const struct bg_draft *d,
		      const struct bg_event *e, const struct bg_str *body,
		      struct bg_error *err)
{
	BG_AUTO(str) struct bg_str subject = BG_STR_INIT;
	int r = bg_event_subject(&subject, e, err);

	if (r)
		return r;
	r = bg_commit_payload(out, &d->tree, d->parents.v, d->parents.n,
			      d->log->name, d->log->email, e->at_ms / 1000,
			      subject.buf, body->buf, body->len, err);
	if (!r && out->len > BG_EVENT_MAX)
		r = bg_fail(err, BG_EUSAGE, "too-large",
			    "an event of %zu bytes, %d are allowed", out->len,
			    BG_EVENT_MAX);
	return r;
}

static int read_back(struct bg_draft *d, struct bg_error *err)
{
	const struct bg_keyblob *blob = bg_signer_keyblob(d->log->signer);
	const struct bg_fpr *fpr = bg_signer_fpr(d->log->signer);
	int r = bg_record_parse(&d->record, &d->oid, d->raw.buf, d->raw.len,
				err);

	if (r)
		return bg_wrap(err, "what was written cannot be read back");
	for (size_t i = 0; i < blob->keys.n; i++) {
		const struct bg_pubkey *key = &blob->keys.v[i];

		if (!bg_fpr_eq(&key->fpr, fpr))
			continue;
		if (!bg_fpr_eq(&d->record.sig.issuer, fpr))
			break;
		return bg_sig_check(&d->record.sig, key,
				    d->record.commit.payload.buf,
				    d->record.commit.payload.len, err);
	}
	return bg_fail(err, BG_EFAIL, "wrong-signer",
		       "the signature is not of the key that was asked");
}

int bg_draft_sign(struct bg_draft *d, const struct bg_event *e,
		  struct bg_error *err)
{
	BG_AUTO(str) struct bg_str body = BG_STR_INIT;
	BG_AUTO(str) struct bg_str payload = BG_STR_INIT;
	BG_AUTO(str) struct bg_str armor = BG_STR_INIT;
	int r = bg_event_write(&body, e, err);

	if (r || (r = payload_of(&payload, d, e, &body, err)))
		return r;
	if (bg_faulty(bg_fault("append.before-sign")))
		return bg_fail_errno(err, "cannot sign");
	r = bg_signer_sign(&armor, d->log->signer, payload.buf, payload.len,
			   err);
	if (r)
		return r;
	r = bg_commit_sign(&d->raw, payload.buf, payload.len, armor.buf,
			   armor.len, err);
	if (r || (r = bg_repo_name(&d->oid, BG_OBJ_COMMIT, d->raw.buf,
				   d->raw.len, err)))
		return r;
	return read_back(d, err);
}

/*
 * Storing.
 */
static int store(struct bg_draft *d, bool *stale, struct bg_error *err)
{
	struct bg_oid oid;
	int r;

	if (bg_faulty(bg_fault("append.object")))
		return bg_fail_errno(err, "cannot write an event");
	r = bg_repo_write(&oid, d->log->repo, BG_OBJ_COMMIT, d->raw.buf,
			  d->raw.len, err);
	if (r)
		return r;
	if (bg_faulty(bg_fault("append.ref")))
		return bg_fail_errno(err, "cannot write an event");
	return bg_repo_ref_move(d->log->repo, d->ref,
				d->tip.seq ? &d->tip.commit : NULL, &oid, stale,
				err);
}

/* A trace of the lock that was in the way; not worth failing for. */
static void note_stale(const struct bg_draft *d)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	BG_AUTO(str) struct bg_str line = BG_STR_INIT;
	struct bg_error ignored;
	char at[BG_TIME_LEN + 1];

	if (!d->log->install)
		return;
	bg_time_format(at, bg_now_ms());
	bg_str_addf(&path, "%s/journal/stale-locks", d->log->install->dir);
	bg_str_addf(&line, "%s %s\n", at, d->ref);
	if (path.oom || line.oom)
		return;
	if (bg_file_append(path.buf, 0600, line.buf, line.len, &ignored))
		return;
}

int bg_draft_publish(struct bg_draft *d, struct bg_error *err)
{
	struct bg_error why;
	bool stale = false;
	int r = store(d, &stale, &why);

	if (r == BG_ENOSPC && bg_install_free_reserve(d->log->repo))
		r = store(d, &stale, &why);
	if (r)
		*err = why;
	else if (stale)
		note_stale(d);
	return r;
}

void bg_draft_hand_out(struct bg_event *e, struct bg_draft *d)
{
	json_decref(e->data);
	*e = d->record.event;
	memset(&d->record.event, 0, sizeof(d->record.event));
	d->record.has_event = false;
}
