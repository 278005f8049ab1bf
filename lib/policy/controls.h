/*
 * controls.yaml: which evidence speaks for which control of which framework.
 * The words of a report are "evidence available for", never "compliant with".
 *
 *   bg: controls/1
 *   evidence:
 *     rotation: {nist-csf-2.0: [PR.AA-01], acme-policy: [SEC-12, SEC-13]}
 *
 * The built-in table holds for what a file does not name; an entry of a file
 * replaces the built-in ids of that evidence item and framework (an empty list:
 * none).  Withdrawn ids of the frameworks that bg knows are errors that name the
 * successor.  NHI-03, a label that people quote for rotation and revocation, is
 * taken as NHI7:2025 and NHI1:2025.
 */
#ifndef BG_POLICY_CONTROLS_H
#define BG_POLICY_CONTROLS_H

#include "policy/policy.h"

/* Evidence items, in the order of reports. */
#define BG_EVIDENCE_ITEMS(X) \
	X(BG_ITEM_POLICY, "policy", 'a') \
	X(BG_ITEM_OBLIGATIONS, "obligations", 0) \
	X(BG_ITEM_JUSTIFICATION, "justification", 'b') \
	X(BG_ITEM_APPROVAL, "approval", 'c') \
	X(BG_ITEM_DEVICE, "device", 'd') \
	X(BG_ITEM_SCOPE, "scope", 'e') \
	X(BG_ITEM_TIME_LIMIT, "time-limit", 'f') \
	X(BG_ITEM_NOTIFICATION, "notification", 'g') \
	X(BG_ITEM_TICKET, "ticket", 'h') \
	X(BG_ITEM_ACTIONS, "actions", 'i') \
	X(BG_ITEM_RECORDING, "recording", 0) \
	X(BG_ITEM_REVOCATION, "revocation", 'j') \
	X(BG_ITEM_ROTATION, "rotation", 'k') \
	X(BG_ITEM_REVIEW, "review", 'l') \
	X(BG_ITEM_INTEGRITY, "integrity", 'm') \
	X(BG_ITEM_CORRECTIVE, "corrective-actions", 'n') \
	X(BG_ITEM_DRILL, "drill", 0) \
	X(BG_ITEM_INVENTORY, "inventory", 0) \
	X(BG_ITEM_RETENTION, "retention", 0) \
	X(BG_ITEM_TIME_SYNC, "time-sync", 0) \
	X(BG_ITEM_THIRD_PARTY, "third-party", 0) \
	X(BG_ITEM_GAPS, "evidence-gap", 0)

enum bg_evidence_item {
#define X(name, word, letter) name,
	BG_EVIDENCE_ITEMS(X)
#undef X
		BG_ITEM_COUNT
};
const char *bg_evidence_item_text(enum bg_evidence_item item);
/* The letter of the attribute sheet of a grant (a to n), or 0. */
char bg_evidence_item_letter(enum bg_evidence_item item);
/* -1: none. */
int bg_evidence_item_parse(const char *word);

struct bg_framework_ids {
	const char *framework; /* "nist-800-53r5" */
	struct bg_names ids;
};
struct bg_controls {
	struct bg_arena arena;
	struct {
		size_t n;
		struct bg_framework_ids *v; /* built-in order, then the file's */
	} items[BG_ITEM_COUNT];
};

/* The built-in table, or with text (may be NULL) the organisation's over it. */
int bg_controls_load(struct bg_controls **out, struct bg_faults *faults,
		     const char *file, const char *text, size_t n,
		     struct bg_error *err) BG_MUST_CHECK;
void bg_controls_free(struct bg_controls *c);
BG_AUTO_POINTER(controls, struct bg_controls, bg_controls_free)
/* Ids of one framework for one item; NULL when there are none. */
const struct bg_names *bg_controls_ids(const struct bg_controls *c,
				       enum bg_evidence_item item,
				       const char *framework);
/* Whether the built-in table or a file of this set knows the framework. */
bool bg_controls_know(const struct bg_controls *c, const char *framework);

/* What replaced a withdrawn id ("AC-2 k" for AC-2(10)); NULL: it is live or not
 * known. */
const char *bg_control_successor(const char *framework, const char *id);
/* "NHI-03" means two controls: fills ids and returns 2; 0 for no alias. */
size_t bg_control_alias(const char *framework, const char *id,
			const char *ids[2]);

#endif
