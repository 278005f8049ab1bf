/*
 * Strict YAML (policy.md): a tree of nodes with positions, and faults with
 * file:line:col collected, never only the first.  Duplicate keys, aliases,
 * anchors, merge keys, tags, several documents, non-UTF-8 and control
 * characters are faults.  Built on libyaml's event interface.
 */
#ifndef BG_FORMAT_YAML_H
#define BG_FORMAT_YAML_H

#include "base/str.h"
#include "base/vec.h"

enum bg_severity { BG_SEV_WARNING, BG_SEV_ERROR };

/* One line of lint: file:line:col: severity: text [id] */
struct bg_fault {
	const char *file;   /* lives as long as the bg_faults */
	unsigned line, col; /* from 1; 0 when it is about the whole file */
	enum bg_severity severity;
	char id[48];
	char text[240];
};
struct bg_faults { /* start with { 0 } */
	BG_VEC(struct bg_fault) list;
	struct bg_arena arena; /* names of files; knows when memory was out */
};
/* No more than this many are kept; the last one then says so. */
#define BG_FAULTS_MAX 500
/* Add one; line and col are 0 when it is about the whole file. */
void bg_fault_add(struct bg_faults *f, const char *file, unsigned line,
		  unsigned col, enum bg_severity severity, const char *id,
		  const char *fmt, ...) BG_PRINTF(7, 8);
/* "file:line:col: severity: text [id]" and a newline; text is escaped. */
void bg_fault_format(struct bg_str *out, const struct bg_fault *f);
/* In the order of the file, faults of equal place in the order found. */
void bg_faults_sort(struct bg_faults *f);
/* One of ours, made of the first error: "FILE:L:C: TEXT (and N more)" with the
 * fault's id.  Call only when there is an error. */
int bg_faults_fail(const struct bg_faults *f, int code, struct bg_error *err);
void bg_faults_release(struct bg_faults *f);
BG_AUTO_VALUE(faults, struct bg_faults, bg_faults_release)
bool bg_faults_have_errors(const struct bg_faults *f);

enum bg_yaml_kind { BG_YAML_SCALAR, BG_YAML_LIST, BG_YAML_MAP };

struct bg_yaml {
	enum bg_yaml_kind kind;
	unsigned line, col;
	bool quoted;            /* scalar written with quotes or as a block */
	bool faulty;            /* a fault was recorded here: say no more */
	const char *text;       /* scalar, NUL terminated, no NUL inside */
	size_t n;               /* members of a map or list */
	struct bg_yaml **keys;  /* map: n scalar nodes */
	struct bg_yaml **items; /* map values or list elements */
};
struct bg_yaml_doc {
	struct bg_arena arena;
	const char *file;
	struct bg_yaml *root; /* NULL when the file has no usable content */
	struct bg_faults *faults;
};

#define BG_YAML_MAX_BYTES (256 * 1024)
#define BG_YAML_MAX_DEPTH 12

/* Parse; faults are appended to *faults (which must outlive the document).
 * A text with a character that no file may hold, or with wrong syntax, gives no
 * root; other faults leave a tree that can be read on.
 * Returns an error only for out-of-memory; wrong text gives faults. */
int bg_yaml_load(struct bg_yaml_doc *out, struct bg_faults *faults,
		 const char *file, const char *text, size_t n,
		 struct bg_error *err) BG_MUST_CHECK;
void bg_yaml_release(struct bg_yaml_doc *doc);
BG_AUTO_VALUE(yaml, struct bg_yaml_doc, bg_yaml_release)

/* Record a fault at a node (NULL: the file). */
void bg_yaml_fault(struct bg_yaml_doc *doc, const struct bg_yaml *at,
		   enum bg_severity severity, const char *id, const char *fmt,
		   ...) BG_PRINTF(5, 6);
void bg_yaml_vfault(struct bg_yaml_doc *doc, const struct bg_yaml *at,
		    enum bg_severity severity, const char *id, const char *fmt,
		    va_list ap);
/* The member of a map, NULL when absent (or no map). */
struct bg_yaml *bg_yaml_get(const struct bg_yaml *map, const char *key);
/* The key itself, for faults about a member; map when absent. */
const struct bg_yaml *bg_yaml_key(const struct bg_yaml *map, const char *key);
/* Fault for every key of map that is not in keys (NULL terminated): id
 * "unknown-key", with the nearest known key in the text. */
void bg_yaml_only(struct bg_yaml_doc *doc, const struct bg_yaml *map,
		  const char *const *keys);

#endif
