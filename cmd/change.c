#include "cmd/change.h"

#include "evidence/trust_write.h"

void bg_change_release(struct bg_change *c)
{
	bg_trust_free(c->t);
	bg_vec_release(&c->files);
	bg_arena_release(&c->arena);
}

void *bg_grow_in(struct bg_arena *a, const void *v, size_t n, size_t size)
{
	char *out = bg_arena_array(a, n + 1, size);
	if (out && n)
		memcpy(out, v, n * size);
	return out;
}

const struct bg_trust_file *bg_change_file(const struct bg_change *c,
					   const char *path)
{
	for (size_t i = 0; i < c->files.n; i++)
		if (!strcmp(c->files.v[i].path, path))
			return &c->files.v[i];
	return NULL;
}

int bg_change_set(struct bg_change *c, const char *path, const char *text,
		  size_t n, struct bg_error *err)
{
	size_t i = 0;
	while (i < c->files.n && strcmp(c->files.v[i].path, path))
		i++;
	if (!text) {
		if (i < c->files.n)
			c->files.v[i] = c->files.v[--c->files.n];
		return 0;
	}
	struct bg_trust_file f = {
		.path = bg_arena_strdup(&c->arena, path),
		.text = bg_arena_copy(&c->arena, text, n),
		.n = n,
	};
	if (!f.path || !f.text || bg_sha256(&f.digest, text, n))
		return bg_fail_oom(err);
	if (i < c->files.n)
		c->files.v[i] = f;
	else if (bg_vec_push(&c->files, f))
		return bg_fail_oom(err);
	return 0;
}

size_t bg_faults_print(FILE *f, const struct bg_faults *faults)
{
	size_t errors = 0;
	for (size_t i = 0; i < faults->list.n; i++) {
		const struct bg_fault *x = &faults->list.v[i];
		bool error = x->severity == BG_SEV_ERROR;
		bg_ui_text(f, x->file);
		fprintf(f, ":%u:%u: %s: ", x->line, x->col,
			error ? "error" : "warning");
		bg_ui_text(f, x->text);
		fprintf(f, " [%s]\n", x->id);
		errors += error;
	}
	return errors;
}

static int refuse_faults(const struct bg_faults *faults, struct bg_error *err)
{
	size_t errors = bg_faults_print(stderr, faults);
	return bg_fail(err, BG_EATTENTION, "lint",
		       "cannot change trust: %zu error%s in its files", errors,
		       errors == 1 ? "" : "s");
}

int bg_change_parse(struct bg_change *c, struct bg_error *err)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	struct bg_trust *t = NULL;
	int rc = bg_trust_parse(&t, &faults, c->files.v, c->files.n, err);
	if (!rc && bg_faults_have_errors(&faults))
		rc = refuse_faults(&faults, err);
	if (rc) {
		bg_trust_free(t);
		return rc;
	}
	bg_trust_free(c->t);
	c->t = t;
	return 0;
}

int bg_change_sections(struct bg_change *c, const char *const *sections,
		       struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	const struct bg_trust_file *f = bg_change_file(c, "trust.yaml");
	int rc = bg_arena_check(&c->t->arena, err);
	if (!rc)
		rc = bg_trust_rewrite(&text, f->text, f->n, c->t, sections,
				      err);
	if (!rc)
		rc = bg_change_set(c, "trust.yaml", bg_str_text(&text),
				   text.len, err);
	return rc ? rc : bg_change_parse(c, err);
}

static int lint_policy(struct bg_faults *faults, const struct bg_change *c,
		       const struct bg_trust_file *f, struct bg_error *err)
{
	BG_AUTO(policy) struct bg_policy *p = NULL;
	size_t before = faults->list.n;
	int rc = bg_policy_load(&p, faults, f->path, f->text, f->n, err);
	bool usable = p;
	for (size_t i = before; i < faults->list.n; i++)
		if (faults->list.v[i].severity == BG_SEV_ERROR)
			usable = false;
	if (!rc && usable)
		rc = bg_policy_check(p, c->t, faults, err);
	return rc;
}

int bg_change_lint(struct bg_faults *faults, const struct bg_change *c,
		   struct bg_error *err)
{
	struct bg_trust *t = NULL;
	int rc = bg_trust_parse(&t, faults, c->files.v, c->files.n, err);
	bg_trust_free(t);
	for (size_t i = 0; !rc && i < c->files.n; i++) {
		const struct bg_trust_file *f = &c->files.v[i];
		BG_AUTO(identity) struct bg_identity *id = NULL;
		if (bg_starts_with(f->path, "policies/"))
			rc = lint_policy(faults, c, f, err);
		else if (bg_starts_with(f->path, "identities/"))
			rc = bg_identity_load(&id, faults, f->path, f->text,
					      f->n, err);
	}
	return rc;
}
