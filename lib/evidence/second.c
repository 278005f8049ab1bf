/*
 * The second engine: GPGME over every event that the first one accepted.  It may
 * only add doubt.
 */
#include <stdio.h>

#include "crypto/engine.h"
#include "evidence/reader.h"

static int add_trusted_keys(struct bg_engine *engine,
			    const struct bg_trust_chain *c,
			    struct bg_error *err)
{
	for (size_t v = 0; v < c->n; v++) {
		const struct bg_trust *t = c->v[v];
		const struct bg_trust *before = v ? c->v[v - 1] : NULL;

		for (size_t i = 0; i < t->n_files; i++) {
			const struct bg_trust_file *f = &t->files[i], *old;
			int rc;

			if (!bg_starts_with(f->path, "keys/"))
				continue;
			old = before ? bg_trust_file(before, f->path) : NULL;
			if (old && bg_digest_eq(&old->digest, &f->digest))
				continue;
			rc = bg_engine_add_key(engine, f->text, f->n, err);
			if (rc)
				return rc;
		}
	}
	return 0;
}

static int add_installations(struct bg_engine *engine, struct bg_reader *r,
			     struct bg_error *err)
{
	for (size_t i = 0; i < r->n_logs; i++) {
		const struct bg_log_state *log = &r->logs[i];
		const struct bg_event *e =
			&r->items.v[log->begin]->record.event;
		BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
		int rc;

		if (!log->valid || !log->w.installation || e->seq != 1)
			continue;
		rc = bg_base64_decode(&raw, bg_json_text(e->data, "key"), err);
		if (!rc)
			rc = bg_engine_add_key(engine, raw.buf, raw.len, err);
		if (rc)
			return rc;
	}
	return 0;
}

int bg_reader_second_engine(struct bg_reader *r, struct bg_error *err)
{
	BG_AUTO(engine) struct bg_engine *engine = NULL;
	size_t n = r->items.n;
	int rc = bg_engine_open(&engine, r->opt->tmp, err);

	if (!rc)
		rc = add_trusted_keys(engine, r->trust, err);
	if (!rc)
		rc = add_installations(engine, r, err);
	for (size_t i = 0; !rc && i < n; i++) {
		struct bg_item *it = r->items.v[i];
		const struct bg_commit *c = &it->record.commit;
		struct bg_error why;

		if (it->kind != BG_ITEM_EVENT || !it->record.has_event ||
		    it->wrong)
			continue;
		if (r->opt->progress && i % 16 == 0)
			r->opt->progress(r->opt->progress_arg, i, n);
		rc = bg_engine_check(engine, c->armor, c->armor_n,
				     c->payload.buf, c->payload.len,
				     &it->record.event.signer, &why);
		if (rc == BG_EVERIFY)
			rc = bg_item_wrong(r, it, "engine-disagrees", err, "%s",
					   why.msg) == BG_STOP
				     ? 0
				     : BG_EFAIL;
		else if (rc)
			*err = why;
	}
	return rc;
}
