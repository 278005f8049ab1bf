/*
 * trust.yaml and the files beside it: read, linted, without signatures.  Who
 * is in it is trust_principal.c, what happened to them trust_lists.c; here are
 * the files, the two quorums and the roles.
 */
#include "evidence/trust_parse.h"

#include <stdio.h>
#include <string.h>

#define TRUST_PATH "trust.yaml"

/* --- files ------------------------------------------------------------- */

static bool has_suffix(const char *s, size_t n, const char *suffix)
{
	size_t m = strlen(suffix);
	return n > m && memcmp(s + n - m, suffix, m) == 0;
}

/* DIR/NAME.SUFFIX with a name of the given form. */
static bool is_in(const char *path, const char *dir, const char *suffix,
		  bool fpr)
{
	size_t n = strlen(path), m = strlen(dir);
	char name[64];
	struct bg_fpr unused;
	if (strncmp(path, dir, m) != 0 || !has_suffix(path + m, n - m, suffix))
		return false;
	n -= m + strlen(suffix);
	if (n >= sizeof(name))
		return false;
	memcpy(name, path + m, n);
	name[n] = '\0';
	return fpr ? bg_fpr_parse(&unused, name) &&
			       strspn(name, "0123456789ABCDEF") == n
		   : bg_word_is(BG_WORD_NAME, name);
}

/* The files that may be under trust (lifecycle.md T12). */
static bool path_is_allowed(const char *path)
{
	static const char *const top[] = { "README.md", TRUST_PATH,
					   "channels.yaml", "controls.yaml" };
	for (size_t i = 0; i < sizeof(top) / sizeof(top[0]); i++)
		if (strcmp(path, top[i]) == 0)
			return true;
	return is_in(path, "policies/", ".yaml", false) ||
	       is_in(path, "identities/", ".yaml", false) ||
	       is_in(path, "cosig/", ".sig", false) ||
	       is_in(path, "keys/", ".pgp", true);
}

static int by_path(const void *a, const void *b)
{
	const struct bg_trust_file *x = a, *y = b;
	return strcmp(x->path, y->path);
}

static void copy_files(struct bg_trust *t, struct bg_faults *faults,
		       const struct bg_trust_file *files, size_t n)
{
	t->files = bg_arena_array(&t->arena, n + 1, sizeof(*t->files));
	if (!t->files)
		return;
	for (size_t i = 0; i < n; i++) {
		struct bg_trust_file *f = &t->files[i];
		f->path = bg_arena_strdup(&t->arena, files[i].path);
		f->n = files[i].n;
		f->text = bg_arena_copy(&t->arena, files[i].text, files[i].n);
		if (!f->path || !f->text)
			return;
		if (bg_sha256(&f->digest, f->text, f->n))
			t->arena.oom = 1;
	}
	t->n_files = n;
	qsort(t->files, n, sizeof(*t->files), by_path);
	for (size_t i = 0; i < n; i++) {
		const char *path = t->files[i].path;
		if (!path_is_allowed(path))
			bg_fault_add(faults, path, 0, 0, BG_SEV_ERROR,
				     "path-not-allowed",
				     "this file may not be under trust");
		if (i > 0 && strcmp(path, t->files[i - 1].path) == 0)
			bg_fault_add(faults, path, 0, 0, BG_SEV_ERROR,
				     "duplicate-file",
				     "the file is there twice");
	}
}

/* --- small readers ------------------------------------------------------ */

bool bg_trust_read_digest(struct bg_trust_reader *p, const struct bg_yaml *node,
			  struct bg_digest *out)
{
	const char *text = bg_read_text(&p->r, node, 128);
	if (!text)
		return false;
	if (bg_digest_parse(out, text))
		return true;
	bg_read_error(&p->r, node, "bad-digest",
		      "expected sha256: and 64 lower-case hex digits");
	return false;
}

bool bg_trust_read_fpr(struct bg_trust_reader *p, const struct bg_yaml *node,
		       struct bg_fpr *out)
{
	const char *text = bg_read_text(&p->r, node, 128);
	if (!text)
		return false;
	if (strspn(text, "0123456789ABCDEF") == strlen(text) &&
	    bg_fpr_parse(out, text))
		return true;
	bg_read_error(&p->r, node, "bad-fingerprint",
		      "expected a fingerprint of 40 upper-case hex digits");
	return false;
}

void *bg_trust_new_array(struct bg_trust_reader *p, const struct bg_yaml *list,
			 size_t size)
{
	return bg_arena_array(&p->t->arena, (list ? list->n : 0) + 1, size);
}

/* --- quorums and roles -------------------------------------------------- */

static size_t distinct_humans(const struct bg_trust *t,
			      const struct bg_names *names)
{
	size_t n = 0;
	for (size_t i = 0; i < names->n; i++) {
		const char *human = bg_trust_human(t, names->v[i]);
		bool seen = false;
		for (size_t j = 0; j < i && !seen; j++)
			seen = strcmp(human, bg_trust_human(t, names->v[j])) ==
			       0;
		n += !seen;
	}
	return n;
}

/* Node i of the names in a list: bg_read_words() leaves out wrong ones. */
static const struct bg_yaml *name_at(const struct bg_yaml *list,
				     const char *name)
{
	for (size_t i = 0; list && i < list->n; i++)
		if (list->items[i]->kind == BG_YAML_SCALAR &&
		    strcmp(list->items[i]->text, name) == 0)
			return list->items[i];
	return list;
}

static void check_quorum(struct bg_trust_reader *p, const struct bg_yaml *map,
			 const char *section, const struct bg_quorum *q)
{
	const struct bg_yaml *list = bg_yaml_get(map, "principals");
	for (size_t i = 0; i < q->principals.n; i++) {
		const char *name = q->principals.v[i];
		const struct bg_principal *who = bg_trust_principal(p->t, name);
		if (!who)
			bg_read_error(&p->r, name_at(list, name),
				      "unknown-principal", "no principal '%s'",
				      name);
		else if (who->kind != BG_PERSON)
			bg_read_error(&p->r, name_at(list, name),
				      "not-a-person",
				      "'%s' is a %s: %s holds persons only",
				      name, bg_principal_kind_text(who->kind),
				      section);
		else if (bg_trust_is_retired(p->t, name))
			bg_read_error(&p->r, name_at(list, name), "is-retired",
				      "'%s' is retired", name);
		else if (who->n_keys == 0)
			bg_read_warning(&p->r, name_at(list, name),
					"has-no-key",
					"'%s' has no key to sign with", name);
	}
	size_t humans = distinct_humans(p->t, &q->principals);
	if (q->principals.n == 0)
		return;
	if (q->threshold > humans)
		bg_read_error(&p->r, bg_yaml_get(map, "threshold"),
			      "threshold-unreachable",
			      "%u of %zu people can never be reached",
			      q->threshold, humans);
	else if (q->threshold == humans && q->threshold > 0)
		bg_read_warning(&p->r, bg_yaml_get(map, "threshold"),
				"no-spare-key",
				"%u of %zu: one lost key locks %s",
				q->threshold, humans, section);
}

static void read_quorum(struct bg_trust_reader *p, const char *section,
			struct bg_quorum *q)
{
	static const char *const keys[] = { "threshold", "principals", NULL };
	struct bg_yaml *map = bg_read_need(&p->r, p->root, section);
	if (!map || !bg_read_map(&p->r, map, keys))
		return;
	q->threshold = (unsigned)bg_read_int(
		&p->r, bg_read_need(&p->r, map, "threshold"), 1, 100, 1);
	struct bg_yaml *list = bg_read_need(&p->r, map, "principals");
	bg_read_words(&p->r, list, BG_WORD_NAME, &q->principals.n,
		      &q->principals.v);
	if (list && list->kind == BG_YAML_LIST && list->n == 0)
		bg_read_error(&p->r, list, "empty", "%s has nobody", section);
	check_quorum(p, map, section, q);
}

/* Roles with a meaning of their own (lifecycle.md, "Event types"). */
static bool is_reserved(const char *role)
{
	static const char *const reserved[] = {
		"runner",   "sweeper", "sealer",  "witness", "host-signer",
		"redactor", "rotator", "auditor", "security"
	};
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(role, reserved[i]) == 0)
			return true;
	return false;
}

static void check_member(struct bg_trust_reader *p, const struct bg_role *role,
			 const struct bg_yaml *at, const char *name)
{
	const struct bg_principal *who = bg_trust_principal(p->t, name);
	if (!who) {
		bg_read_error(&p->r, at, "unknown-principal",
			      "no principal '%s'", name);
		return;
	}
	const char *kind = bg_principal_kind_text(who->kind);
	if (is_reserved(role->name) &&
	    (who->kind == BG_VENDOR || who->kind == BG_AI_AGENT))
		bg_read_error(&p->r, at, "reserved-role",
			      "'%s' is a %s, which may not be %s", name, kind,
			      role->name);
	else if (who->kind != BG_HOST &&
		 (strcmp(role->name, "runner") == 0 ||
		  strcmp(role->name, "host-signer") == 0))
		bg_read_error(&p->r, at, "not-a-host",
			      "'%s' is a %s: %s is for hosts", name, kind,
			      role->name);
	if (bg_trust_is_retired(p->t, name))
		bg_read_warning(&p->r, at, "is-retired",
				"'%s' is retired and still %s", name,
				role->name);
}

static void read_role(struct bg_trust_reader *p, const struct bg_yaml *key,
		      const struct bg_yaml *list, struct bg_role *role)
{
	role->name = bg_read_word(&p->r, key, BG_WORD_NAME);
	bg_read_words(&p->r, list, BG_WORD_NAME, &role->members.n,
		      &role->members.v);
	if (!role->name) {
		role->name = "";
		return;
	}
	if (strcmp(role->name, "root") == 0 || strcmp(role->name, "admin") == 0)
		bg_read_error(&p->r, key, "reserved-role",
			      "%s is a section, not a role", role->name);
	for (size_t i = 0; i < role->members.n; i++)
		check_member(p, role, name_at(list, role->members.v[i]),
			     role->members.v[i]);
	if (list->kind == BG_YAML_LIST && list->n == 0)
		bg_read_warning(&p->r, list, "role-empty", "nobody is %s",
				role->name);
}

static void read_roles(struct bg_trust_reader *p)
{
	struct bg_yaml *map = bg_yaml_get(p->root, "roles");
	struct bg_trust *t = p->t;
	if (!map || !bg_read_map(&p->r, map, NULL))
		return;
	t->roles = bg_trust_new_array(p, map, sizeof(*t->roles));
	if (!t->roles)
		return;
	for (size_t i = 0; i < map->n; i++)
		read_role(p, map->keys[i], map->items[i],
			  &t->roles[t->n_roles++]);
}

/* --- the whole ----------------------------------------------------------- */

static const char *const top_keys[] = {
	"bg",         "organisation", "root",        "admin",
	"principals", "roles",        "limits",      "suspended",
	"retired",    "compromised",  "abandoned",   "acknowledged",
	"writers",    "witnesses",    "authorities", NULL
};

static void read_trust(struct bg_trust_reader *p)
{
	p->root = bg_read_root(&p->r, "trust/1", top_keys);
	if (!p->root)
		return;
	p->t->organisation = bg_read_text(
		&p->r, bg_read_need(&p->r, p->root, "organisation"), 200);
	bg_trust_read_principals(p);
	bg_trust_read_lists(p);
	read_quorum(p, "root", &p->t->root);
	read_quorum(p, "admin", &p->t->admin);
	read_roles(p);
}

int bg_trust_parse(struct bg_trust **out, struct bg_faults *faults,
		   const struct bg_trust_file *files, size_t n_files,
		   struct bg_error *err)
{
	BG_AUTO(trust) struct bg_trust *t = calloc(1, sizeof(*t));
	BG_AUTO(yaml) struct bg_yaml_doc doc = { 0 };
	int rc = 0;
	if (!t)
		return bg_fail_oom(err);
	copy_files(t, faults, files, n_files);
	const struct bg_trust_file *file = bg_trust_file(t, TRUST_PATH);
	if (!file)
		bg_fault_add(faults, TRUST_PATH, 0, 0, BG_SEV_ERROR,
			     "missing-file", "there is no trust.yaml");
	else
		rc = bg_yaml_load(&doc, faults, TRUST_PATH, file->text, file->n,
				  err);
	if (rc == 0 && doc.root) {
		struct bg_trust_reader p = { .r = { &doc, &t->arena }, .t = t };
		read_trust(&p);
	}
	if (rc == 0)
		rc = bg_arena_check(&t->arena, err);
	if (rc == 0)
		rc = bg_arena_check(&faults->arena, err);
	if (rc)
		return rc;
	*out = bg_move(t);
	return 0;
}
