/* The document of one grant. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "report/attributes.h"
#include "report/grant_controls.h"
#include "report/grant_parts.h"
#include "report/proofs.h"
#include "report/report.h"
#include "report/reverify.h"

static json_t *proof_json(struct bg_build *b, const struct bg_proof *p)
{
	json_t *out = bg_build_object(b);
	json_t *events = bg_build_array(b);

	bg_put_text(b, out, "state", bg_shown_state_text(p->state));
	bg_put_text(b, out, "text", p->text);
	for (size_t i = 0; i < p->events.n; i++)
		bg_add_digest(b, events, &p->events.v[i]);
	bg_put(b, out, "events", events);
	return out;
}

static int put_proofs(struct bg_build *b, json_t *doc, const struct bg_grant *g,
		      struct bg_error *err)
{
	BG_AUTO(proofs) struct bg_proofs p = { 0 };
	json_t *out;
	int rc = bg_proofs_make(&p, g, err);

	if (rc)
		return rc;
	out = bg_build_object(b);
	bg_put(b, out, "necessary", proof_json(b, &p.necessary));
	bg_put(b, out, "limited", proof_json(b, &p.limited));
	bg_put(b, out, "reversed", proof_json(b, &p.reversed));
	bg_put(b, doc, "proofs", out);
	return 0;
}

/* Verdict words of verify, over the events printed here. */
static int put_verification(struct bg_build *b, json_t *doc,
			    struct bg_store *store, const struct bg_grant *g,
			    struct bg_error *err)
{
	struct bg_reverified v;
	json_t *out = bg_build_object(b);
	char anchor[BG_ANCHOR_LEN + 1];
	size_t wrong = 0;
	int rc = bg_reverify(&v, store, g->events, g->n_events, err);

	if (rc) {
		json_decref(out);
		return rc;
	}
	for (size_t i = 0; i < g->findings.list.n; i++)
		wrong += g->findings.list.v[i].class == BG_WRONG &&
			 !g->findings.list.v[i].acknowledged;
	bg_anchor_format(anchor, bg_store_genesis(store), false);
	bg_put_text(b, out, "verdict",
		    v.good < v.events || wrong ? "tampered"
		    : bg_store_anchored(store) ? "ok"
					       : "unanchored");
	bg_put_text(b, out, "anchor", anchor);
	bg_put_int(b, out, "trust_version",
		   (int64_t)bg_store_trust(store)->version);
	bg_put_int(b, out, "events", (int64_t)v.events);
	bg_put_int(b, out, "good", (int64_t)v.good);
	bg_put_int(b, out, "wrong", (int64_t)wrong);
	if (v.why[0]) {
		bg_put_text(b, out, "why", v.why);
		bg_put_digest(b, out, "first_bad", &v.first_bad);
	}
	bg_put(b, doc, "verification", out);
	return 0;
}

/* Commands that check this report without bg's word for it. */
static json_t *reverify_json(struct bg_build *b, const struct bg_grant *g)
{
	json_t *out = bg_build_array(b);
	char line[160];

	bg_add_text(b, out, "breakglass verify --anchor ANCHOR DIR");
	snprintf(line, sizeof(line),
		 "git log --all --grep %s --reverse --format='%%G? %%aI %%an "
		 "%%s'",
		 g->label);
	bg_add_text(b, out, line);
	return out;
}

int bg_report_grant(json_t **out, struct bg_store *store,
		    const struct bg_digest *root, struct bg_error *err)
{
	BG_AUTO(grant) struct bg_grant *g = NULL;
	BG_AUTO(json) json_t *doc = NULL;
	struct bg_build b = { false };
	int rc = bg_grant_load(&g, store, root, err);

	if (rc)
		return rc;
	doc = bg_build_object(&b);
	bg_put_int(&b, doc, "schema", 1);
	bg_put_text(&b, doc, "kind", "grant");
	rc = put_verification(&b, doc, store, g, err);
	if (!rc)
		rc = put_proofs(&b, doc, g, err);
	if (rc)
		return rc;
	bg_put(&b, doc, "facts", bg_part_facts(&b, g));
	bg_put(&b, doc, "times", bg_part_times(&b, g));
	bg_put(&b, doc, "timeline", bg_part_timeline(&b, g));
	bg_put(&b, doc, "actions", bg_part_actions(&b, g));
	bg_put(&b, doc, "deviations", bg_part_findings(&b, g, BG_DEVIATION));
	bg_put(&b, doc, "gaps", bg_part_findings(&b, g, BG_GAP));
	bg_put(&b, doc, "wrong", bg_part_findings(&b, g, BG_WRONG));
	bg_put(&b, doc, "doubtful", bg_part_findings(&b, g, BG_DOUBTFUL));
	bg_put(&b, doc, "attributes",
	       bg_attributes_make(&b, g, bg_part_as_of(g)));
	bg_put(&b, doc, "reviews", bg_part_reviews(&b, g));
	bg_put(&b, doc, "corrective_actions", bg_part_corrective(&b, g));
	bg_put(&b, doc, "debts", bg_part_duties(&b, g));
	rc = bg_grant_controls(&b, doc, g, err);
	if (rc)
		return rc;
	bg_put(&b, doc, "reverify", reverify_json(&b, g));
	if (b.oom)
		return bg_fail_oom(err);
	*out = bg_move(doc);
	return 0;
}
