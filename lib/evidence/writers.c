/*
 * Whose a log is: registrations and introductions (evidence.md "Writers").
 */
#include <openssl/evp.h>
#include <stdarg.h>
#include <string.h>

#include "evidence/reader.h"
#include "evidence/trust_version.h"

static int add_finding(struct bg_reader *r, const struct bg_item *i,
		       const char *id, const char *fmt, va_list ap,
		       struct bg_error *err)
{
	const struct bg_event *e = i->record.has_event ? &i->record.event
						       : NULL;
	struct bg_finding *f;

	if (bg_finding_vadd(r->findings, id, e ? NULL : i->ref, e, fmt, ap))
		return bg_fail_oom(err);
	f = &r->findings->list.v[r->findings->list.n - 1];
	f->commit = i->oid;
	if (i->has_digest)
		f->event = i->digest;
	if (e)
		f->seq = e->seq;
	else if (i->child && i->child->record.has_event)
		f->seq = i->child->record.event.seq - 1;
	else
		f->seq = UINT64_MAX; /* a tip: last of its ref */
	return 0;
}

int bg_item_finding(struct bg_reader *r, const struct bg_item *item,
		    const char *id, struct bg_error *err, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = add_finding(r, item, id, fmt, ap, err);
	va_end(ap);
	return rc;
}

int bg_item_wrong(struct bg_reader *r, struct bg_item *item, const char *id,
		  struct bg_error *err, const char *fmt, ...)
{
	va_list ap;
	int rc;

	item->wrong = item->record.event.wrong = true;
	va_start(ap, fmt);
	rc = add_finding(r, item, id, fmt, ap, err);
	va_end(ap);
	return rc ? rc : BG_STOP;
}

int bg_base64_decode(struct bg_str *out, const char *text, struct bg_error *err)
{
	size_t n = strlen(text), pad = 0;
	BG_AUTO(free) unsigned char *raw = NULL;
	int len;

	if (!n || n % 4 || n > BG_EVENT_MAX)
		return bg_fail(err, BG_EVERIFY, "bad-key", "not base64");
	raw = malloc(n / 4 * 3 + 1);
	if (!raw)
		return bg_fail_oom(err);
	len = EVP_DecodeBlock(raw, (const unsigned char *)text, (int)n);
	if (len < 0)
		return bg_fail(err, BG_EVERIFY, "bad-key", "not base64");
	while (pad < 2 && text[n - 1 - pad] == '=')
		pad++;
	bg_str_addn(out, raw, (size_t)len - pad);
	return bg_str_check(out, err);
}

int bg_event_key(struct bg_keyblob *out, const struct bg_event *e,
		 const char *member, struct bg_error *err)
{
	const char *text = bg_json_text(e->data, member);
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	int rc;

	if (!text)
		return bg_fail(err, BG_EVERIFY, "bad-key", "no %s", member);
	rc = bg_base64_decode(&raw, text, err);
	return rc ? rc : bg_keyblob_parse(out, raw.buf, raw.len, err);
}

/* The name is what principal, key and installation make it. */
static int check_name(struct bg_reader *r, struct bg_item *i,
		      const struct bg_fpr *primary, struct bg_error *err)
{
	const struct bg_event *e = &i->record.event;
	char principal[33], host[33], hex12[13], want[BG_WRITER_MAX];

	if (!bg_writer_split(principal, host, hex12, e->writer))
		return bg_item_wrong(r, i, "bad-writer", err,
				     "'%s' is no writer's name", e->writer);
	bg_writer_name(want, e->by, host, primary,
		       bg_json_text(e->data, "installation"));
	if (strcmp(want, e->writer))
		return bg_item_wrong(r, i, "bad-writer", err,
				     "key and installation make '%s'", want);
	return 0;
}

/* Does principal p list this primary key? */
static bool lists_primary(const struct bg_principal *p,
			  const struct bg_fpr *primary)
{
	for (size_t k = 0; p && k < p->n_keys; k++)
		if (bg_fpr_eq(&p->keys[k].primary, primary))
			return true;
	return false;
}

/* The event that brought this installation in: a writer event of the same
 * person that carries the same key. */
static int check_introduction(struct bg_reader *r, struct bg_item *i,
			      const struct bg_principal *p,
			      struct bg_error *err)
{
	const struct bg_event *e = &i->record.event, *by;
	struct bg_item *in = NULL;
	int rc;

	if (!e->n_answers)
		return bg_item_wrong(r, i, "not-introduced", err,
				     "trust does not list its key, and it "
				     "answers no introduction");
	rc = bg_reader_resolve(&in, r, &e->answers[0], err);
	if (rc)
		return rc;
	if (!in || !bg_item_has_event(in) || in->wrong)
		return bg_item_wrong(r, i, "not-introduced", err,
				     "the introduction is %s",
				     in ? "wrong" : "not here");
	by = &in->record.event;
	if (by->type != BG_EV_WRITER || !bg_str_eq(by->by, e->by) ||
	    !bg_str_eq(bg_json_text(by->data, "installation_key"),
		       bg_json_text(e->data, "key")) ||
	    !bg_str_eq(bg_json_text(by->data, "installation"),
		       bg_json_text(e->data, "installation")))
		return bg_item_wrong(r, i, "not-introduced", err,
				     "what it answers does not introduce it");
	if (!p || p->kind == BG_VENDOR || p->kind == BG_AI_AGENT)
		return bg_item_wrong(r, i, "not-introduced", err,
				     "'%s' may introduce no installation",
				     e->by);
	return 0;
}

int bg_writer_register(struct bg_reader *r, struct bg_item *item,
		       const struct bg_trust *t, struct bg_error *err)
{
	const struct bg_event *e = &item->record.event;
	const struct bg_principal *p = bg_trust_principal(t, e->by);
	struct bg_writer *w = &item->log->w;
	BG_AUTO(keyblob) struct bg_keyblob key = { 0 };
	struct bg_error why;
	bool listed;
	int rc;

	if (e->type != BG_EV_WRITER)
		return bg_item_wrong(r, item, "unregistered-writer", err,
				     "the log begins with %s",
				     bg_event_type_text(e->type));
	if (bg_event_key(&key, e, "key", &why))
		return bg_item_wrong(r, item, "bad-key", err, "%s", why.msg);
	rc = check_name(r, item, &key.keys.v[0].fpr, err);
	if (rc)
		return rc;
	listed = lists_primary(p, &key.keys.v[0].fpr);
	if (!listed) {
		rc = check_introduction(r, item, p, err);
		if (rc)
			return rc;
	}
	w->listed = listed;
	w->installation = !listed;
	w->primary = key.keys.v[0].fpr;
	w->signing = e->signer;
	snprintf(w->principal, sizeof(w->principal), "%s", e->by);
	snprintf(w->install, sizeof(w->install), "%s",
		 bg_json_text(e->data, "installation"));
	bg_keyblob_release(&w->key);
	w->key = key;
	key = (struct bg_keyblob){ 0 };
	return 0;
}

static int check_listed(struct bg_reader *r, struct bg_item *i,
			const struct bg_trust *t, struct bg_error *err)
{
	const struct bg_event *e = &i->record.event;
	const struct bg_principal *p = bg_trust_principal(t, e->by);
	const struct bg_pubkey *key = bg_principal_key(p, &e->signer);
	const struct bg_principal *other;

	if (key && bg_fpr_eq(&key->primary, &i->log->w.primary))
		return 0;
	if (key)
		return bg_item_wrong(r, i, "wrong-key", err,
				     "signed by another key of '%s' than this "
				     "writer's",
				     e->by);
	other = bg_trust_by_key(t, &e->signer);
	if (other)
		return bg_item_wrong(r, i, "wrong-key", err,
				     "signed by the key of '%s'", other->name);
	return bg_item_wrong(r, i, "key-not-listed", err,
			     "version %llu of trust does not list the signing "
			     "key for '%s'",
			     (unsigned long long)t->version, e->by);
}

int bg_writer_check_key(struct bg_reader *r, struct bg_item *item,
			const struct bg_trust *t, struct bg_error *err)
{
	const struct bg_writer *w = &item->log->w;
	const struct bg_event *e = &item->record.event;

	if (w->listed)
		return check_listed(r, item, t, err);
	if (bg_fpr_eq(&e->signer, &w->signing))
		return 0;
	return bg_item_wrong(r, item, "wrong-key", err,
			     "not signed by the installation's key");
}
