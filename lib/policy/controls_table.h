/* Inside of controls.c: the built-in rows.  Not for other folders. */
#ifndef BG_POLICY_CONTROLS_TABLE_H
#define BG_POLICY_CONTROLS_TABLE_H

#include "policy/controls.h"

struct bg_control_row {
	enum bg_evidence_item item;
	const char *framework;
	const char *ids; /* ", " between them */
};
extern const struct bg_control_row bg_control_table[];
extern const size_t bg_control_table_n;

#endif
