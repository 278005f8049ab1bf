#include <stdio.h>

#include "report/period.h"

int bg_period_verification(struct bg_build *b, json_t *doc,
			   struct bg_store *store, struct bg_error *err)
{
	BG_AUTO(history) struct bg_history h = { 0 };
	const struct bg_history_options opt = { .engine_native = true };
	const struct bg_digest *anchor =
		bg_store_anchored(store) ? bg_store_genesis(store) : NULL;
	size_t wrong = 0, acknowledged = 0;
	json_t *out, *list;
	int rc = bg_history_read(&h, bg_store_repo(store), anchor, &opt, err);

	if (!rc)
		rc = bg_history_judge(&h, err);
	if (rc)
		return rc;
	out = bg_build_object(b);
	list = bg_build_array(b);
	for (size_t i = 0; i < h.findings.list.n; i++) {
		const struct bg_finding *f = &h.findings.list.v[i];
		char line[480];

		if (f->class != BG_WRONG)
			continue;
		wrong += !f->acknowledged;
		acknowledged += f->acknowledged;
		snprintf(line, sizeof(line), "%s %s: %s", f->id, f->ref,
			 f->text);
		bg_add_text(b, list, line);
	}
	bg_put_text(b, out, "verdict",
		    wrong          ? "tampered"
		    : h.incomplete ? "incomplete"
		    : anchor       ? "ok"
				   : "unanchored");
	bg_put_int(b, out, "events", (int64_t)h.events.n);
	bg_put_int(b, out, "writers", (int64_t)h.writers.n);
	bg_put_int(b, out, "acknowledged", (int64_t)acknowledged);
	bg_put(b, out, "wrong", list);
	bg_put(b, doc, "verification", out);
	return 0;
}
