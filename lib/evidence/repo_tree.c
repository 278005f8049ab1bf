/*
 * Trees, from raw bytes with our own grammar: mode, space, name, NUL, 20
 * bytes; git's order; names that are safe as paths.  Flat outside.
 */
#include <string.h>
#include <strings.h>

#include "evidence/repo_priv.h"

#define DEPTH_MAX 8
#define FILES_MAX 10000
#define MODE_TREE 040000u

void bg_tree_files_release(struct bg_tree_files *t)
{
	for (size_t i = 0; i < t->list.n; i++)
		free(t->list.v[i].path);
	bg_vec_release(&t->list);
}

struct entry {
	unsigned mode;
	const char *name; /* NUL terminated: the tree's own NUL */
	size_t n;
	struct bg_oid oid;
};

static int fail_tree(struct bg_error *err, const char *what)
{
	return bg_fail(err, BG_EVERIFY, "bad-tree",
		       "a tree that evidence does not hold: %s", what);
}

/* One of git's five modes, written without a leading zero. */
static bool parse_mode(unsigned *mode, const char *p, size_t n)
{
	static const struct {
		const char *text;
		unsigned mode;
	} modes[] = {
		{ "100644", 0100644 }, { "100755", 0100755 },
		{ "120000", 0120000 }, { "40000", MODE_TREE },
		{ "160000", 0160000 },
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (!bg_span_is((struct bg_span){ p, n }, modes[i].text))
			continue;
		*mode = modes[i].mode;
		return true;
	}
	return false;
}

static bool name_ok(const char *name, size_t n)
{
	if (!n || n > 255 || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0 || strcasecmp(name, ".git") == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (name[i] == '/' || name[i] == '\\' || name[i] < ' ' ||
		    name[i] > '~')
			return false;
	return true;
}

static bool take_entry(struct entry *e, const char **p, const char *end)
{
	const char *space = memchr(*p, ' ', (size_t)(end - *p));
	const char *nul;

	if (!space || !parse_mode(&e->mode, *p, (size_t)(space - *p)))
		return false;
	e->name = space + 1;
	nul = memchr(e->name, '\0', (size_t)(end - e->name));
	if (!nul || end - nul < 1 + BG_OID_LEN)
		return false;
	e->n = (size_t)(nul - e->name);
	memcpy(e->oid.b, nul + 1, BG_OID_LEN);
	*p = nul + 1 + BG_OID_LEN;
	return name_ok(e->name, e->n);
}

/* git's order: as if the name of a directory ended with a slash. */
static int name_cmp(const char *a, size_t an, bool a_dir, const char *b,
		    size_t bn, bool b_dir)
{
	size_t n = an < bn ? an : bn;
	int c = memcmp(a, b, n);
	unsigned char x, y;

	if (c)
		return c;
	x = n < an ? (unsigned char)a[n] : a_dir ? '/' : 0;
	y = n < bn ? (unsigned char)b[n] : b_dir ? '/' : 0;
	return (x > y) - (x < y);
}

static int read_level(struct bg_tree_files *out, struct bg_repo *r,
		      const struct bg_oid *tree, const char *prefix,
		      unsigned depth, struct bg_error *err);

static int add_file(struct bg_tree_files *out, const char *prefix,
		    const struct entry *e, struct bg_error *err)
{
	struct bg_tree_file f = { .mode = e->mode, .blob = e->oid };
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;

	if (out->list.n >= FILES_MAX)
		return fail_tree(err, "too many files");
	bg_str_add(&path, prefix);
	bg_str_addn(&path, e->name, e->n);
	f.path = path.oom ? NULL : bg_str_detach(&path);
	if (!f.path || bg_vec_push(&out->list, f)) {
		free(f.path);
		return bg_fail_oom(err);
	}
	return 0;
}

static int add_dir(struct bg_tree_files *out, struct bg_repo *r,
		   const char *prefix, const struct entry *e, unsigned depth,
		   struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;

	bg_str_add(&path, prefix);
	bg_str_addn(&path, e->name, e->n);
	bg_str_addc(&path, '/');
	if (path.oom)
		return bg_fail_oom(err);
	if (bg_oid_eq(&e->oid, &bg_empty_tree))
		return fail_tree(err, "an empty directory");
	return read_level(out, r, &e->oid, path.buf, depth + 1, err);
}

static int read_level(struct bg_tree_files *out, struct bg_repo *r,
		      const struct bg_oid *tree, const char *prefix,
		      unsigned depth, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	enum bg_object_kind kind;
	struct entry e, last = { .n = 0 };
	const char *p, *end;
	int rc;

	if (depth > DEPTH_MAX)
		return fail_tree(err, "too deep");
	if ((rc = bg_repo_read(&raw, &kind, r, tree, err)))
		return rc;
	if (kind != BG_OBJ_TREE)
		return fail_tree(err, "not a tree");
	p = raw.buf;
	end = p + raw.len;
	while (p < end) {
		if (!take_entry(&e, &p, end))
			return fail_tree(err, "a malformed entry");
		if (last.n &&
		    name_cmp(last.name, last.n, last.mode == MODE_TREE, e.name,
			     e.n, e.mode == MODE_TREE) >= 0)
			return fail_tree(err, "entries out of order");
		last = e;
		if (e.mode == MODE_TREE)
			rc = add_dir(out, r, prefix, &e, depth, err);
		else
			rc = add_file(out, prefix, &e, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int file_cmp(const void *a, const void *b)
{
	const struct bg_tree_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int bg_repo_read_tree(struct bg_tree_files *out, struct bg_repo *r,
		      const struct bg_oid *tree, struct bg_error *err)
{
	BG_AUTO(tree_files) struct bg_tree_files files = { { NULL, 0, 0 } };
	int rc = read_level(&files, r, tree, "", 0, err);

	if (rc)
		return rc;
	if (files.list.n)
		qsort(files.list.v, files.list.n, sizeof(*files.list.v),
		      file_cmp);
	for (size_t i = 1; i < files.list.n; i++)
		if (strcmp(files.list.v[i - 1].path, files.list.v[i].path) == 0)
			return fail_tree(err, "one path twice");
	out->list.v = bg_move(files.list.v);
	out->list.n = files.list.n;
	out->list.cap = files.list.cap;
	files.list.n = files.list.cap = 0;
	return 0;
}

/*
 * Writing.
 */
struct level {
	BG_VEC(struct entry) list;
};

static int entry_cmp(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return name_cmp(x->name, x->n, x->mode == MODE_TREE, y->name, y->n,
			y->mode == MODE_TREE);
}

static int write_entries(struct bg_oid *out, struct bg_repo *r,
			 struct level *level, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	int rc;

	if (level->list.n)
		qsort(level->list.v, level->list.n, sizeof(*level->list.v),
		      entry_cmp);
	for (size_t i = 0; i < level->list.n; i++) {
		const struct entry *e = &level->list.v[i];

		bg_str_addf(&raw, "%o ", e->mode);
		bg_str_addn(&raw, e->name, e->n);
		bg_str_addc(&raw, '\0');
		bg_str_addn(&raw, e->oid.b, BG_OID_LEN);
	}
	if ((rc = bg_str_check(&raw, err)))
		return rc;
	return bg_repo_write(out, r, BG_OBJ_TREE, bg_str_text(&raw), raw.len,
			     err);
}

/* Files v[0..n), all of which share the first skip bytes of their paths. */
static int write_level(struct bg_oid *out, struct bg_repo *r,
		       const struct bg_tree_file *v, size_t n, size_t skip,
		       struct bg_error *err)
{
	struct level level = { { NULL, 0, 0 } };
	size_t i = 0;
	int rc = 0;

	while (i < n && !rc) {
		const char *name = v[i].path + skip;
		size_t len = strcspn(name, "/"), k = i + 1;
		struct entry e = { v[i].mode, name, len, v[i].blob };

		if (name[len] == '/') {
			while (k < n &&
			       strncmp(v[k].path + skip, name, len + 1) == 0)
				k++;
			e.mode = MODE_TREE;
			rc = write_level(&e.oid, r, v + i, k - i,
					 skip + len + 1, err);
		}
		if (!rc && bg_vec_push(&level.list, e))
			rc = bg_fail_oom(err);
		i = k;
	}
	if (!rc)
		rc = write_entries(out, r, &level, err);
	bg_vec_release(&level.list);
	return rc;
}

static bool path_ok(const char *path)
{
	char name[256];

	for (;;) {
		size_t n = strcspn(path, "/");

		if (n >= sizeof(name))
			return false;
		memcpy(name, path, n);
		name[n] = '\0';
		if (!name_ok(name, n))
			return false;
		if (!path[n])
			return true;
		path += n + 1;
	}
}

int bg_repo_write_tree(struct bg_oid *out, struct bg_repo *r,
		       const struct bg_tree_files *files, struct bg_error *err)
{
	size_t n = files->list.n;
	BG_AUTO(free) struct bg_tree_file *v = calloc(n + 1, sizeof(*v));

	if (!v)
		return bg_fail_oom(err);
	for (size_t i = 0; i < n; i++) {
		v[i] = files->list.v[i];
		if (!path_ok(v[i].path))
			return bg_fail(err, BG_EUSAGE, "bad-path",
				       "a path that a tree may not hold");
	}
	qsort(v, n, sizeof(*v), file_cmp);
	for (size_t i = 1; i < n; i++)
		if (strcmp(v[i - 1].path, v[i].path) == 0)
			return bg_fail(err, BG_EUSAGE, "bad-path",
				       "'%s' is there twice", v[i].path);
	return write_level(out, r, v, n, 0, err);
}
