/* trust retire: a person or a key ends.  What was signed up to now stays
 * valid; the last event of each log is recorded, later ones are doubtful. */
#include "cmd/trust.h"

#include "evidence/trust_write.h"

#define o bg_trust_o

struct found {
	const char *name;               /* the principal */
	const struct bg_trust_key *key; /* NULL: the whole principal */
};

static int find(struct found *out, const struct bg_trust *t, const char *what,
		struct bg_error *err)
{
	struct bg_fpr fpr;
	*out = (struct found){ 0 };
	const struct bg_principal *p = bg_trust_principal(t, what);
	if (p) {
		out->name = p->name;
		return 0;
	}
	if (!bg_fpr_parse(&fpr, what))
		return bg_no_principal(t, what, err);
	for (size_t i = 0; i < t->n_principals; i++)
		for (size_t k = 0; k < t->principals[i].n_keys; k++)
			if (bg_fpr_eq(&t->principals[i].keys[k].primary,
				      &fpr)) {
				out->name = t->principals[i].name;
				out->key = &t->principals[i].keys[k];
				return 0;
			}
	return bg_fail(err, BG_ENOENT, "no-such-key", "no key '%s' in trust",
		       what);
}

/* The last event of each log that ends with them. */
static int cutoffs(struct bg_cutoff **out, size_t *n, struct bg_change *c,
		   const struct found *f, struct bg_error *err)
{
	struct bg_writer *w = NULL;
	size_t n_w = 0;
	int rc = bg_store_writers(&w, &n_w, c->ctx->store, err);
	if (rc)
		return rc;
	*out = bg_arena_array(&c->t->arena, n_w + 1, sizeof(**out));
	*n = 0;
	for (size_t i = 0; *out && i < n_w; i++) {
		if (strcmp(w[i].principal, f->name) ||
		    (f->key && !bg_fpr_eq(&w[i].primary, &f->key->primary)))
			continue;
		(*out)[(*n)++] = (struct bg_cutoff){
			.writer = bg_arena_strdup(&c->t->arena, w[i].name),
			.seq = w[i].seq,
			.digest = w[i].digest,
		};
	}
	free(w);
	return *out ? bg_arena_check(&c->t->arena, err) : bg_fail_oom(err);
}

static int retire_logs(struct bg_change *c, const struct found *f,
		       struct bg_error *err)
{
	struct bg_trust *t = c->t;
	struct bg_retirement r = { .name = f->key ? NULL : f->name,
				   .at_ms = bg_now_ms() };
	int rc = cutoffs(&r.logs, &r.n_logs, c, f, err);
	if (rc || (f->key && !r.n_logs))
		return rc;
	t->retired = bg_grow_in(&t->arena, t->retired, t->n_retired,
				sizeof(*t->retired));
	if (!t->retired)
		return bg_fail_oom(err);
	t->retired[t->n_retired++] = r;
	return 0;
}

static int compromise(struct bg_change *c, const struct found *f,
		      struct bg_error *err)
{
	struct bg_trust *t = c->t;
	const struct bg_principal *p = bg_trust_principal(t, f->name);
	for (size_t i = 0; i < p->n_keys; i++) {
		if (f->key && !bg_fpr_eq(&p->keys[i].primary, &f->key->primary))
			continue;
		t->compromised = bg_grow_in(&t->arena, t->compromised,
					    t->n_compromised,
					    sizeof(*t->compromised));
		if (!t->compromised)
			return bg_fail_oom(err);
		t->compromised[t->n_compromised++] = (struct bg_compromise){
			.name = f->name,
			.key = p->keys[i].primary,
			.since_ms = o.compromised_since,
		};
	}
	return 0;
}

/* The line "owner: NAME" at the top of a policy or identity; the rest of the
 * file stays as it is. */
static int change_owner(struct bg_change *c, const char *path, const char *from,
			struct bg_error *err)
{
	const struct bg_trust_file *f = bg_change_file(c, path);
	BG_AUTO(str) struct bg_str out = BG_STR_INIT;
	char head[64];
	size_t n = strlen(from);
	snprintf(head, sizeof(head), "owner: %s", from);
	for (size_t at = 0; at < f->n;) {
		const char *line = f->text + at;
		const char *lf = memchr(line, '\n', f->n - at);
		size_t len = lf ? (size_t)(lf - line) + 1 : f->n - at;
		bool hit = len > n + 7 && !memcmp(line, head, n + 7) &&
			   strchr(" \t\n#", line[n + 7]);
		if (hit) {
			bg_str_addf(&out, "owner: %s", o.to);
			bg_str_addn(&out, line + n + 7, len - n - 7);
		} else {
			bg_str_addn(&out, line, len);
		}
		at += len;
	}
	int rc = bg_str_check(&out, err);
	return rc ? rc
		  : bg_change_set(c, path, bg_str_text(&out), out.len, err);
}

static int hand_over(struct bg_change *c, const char *from,
		     struct bg_error *err)
{
	int rc = 0;
	if (!o.to)
		return 0;
	if (!bg_trust_principal(c->t, o.to))
		return bg_no_principal(c->t, o.to, err);
	for (size_t i = 0; i < c->t->n_principals; i++) {
		struct bg_principal *p = &c->t->principals[i];
		if (bg_str_eq(p->owner, from))
			p->owner = o.to;
		if (bg_str_eq(p->sponsor, from))
			p->sponsor = o.to;
	}
	for (size_t i = 0; !rc && i < c->files.n; i++) {
		const char *path = c->files.v[i].path;
		if (bg_starts_with(path, "policies/") ||
		    bg_starts_with(path, "identities/"))
			rc = change_owner(c, path, from, err);
	}
	return rc;
}

static int drop_key(struct bg_change *c, const struct found *f,
		    struct bg_error *err)
{
	struct bg_principal *p = NULL;
	size_t left = 0;
	int rc = bg_change_principal(&p, c, f->name, err);
	struct bg_fpr fpr = f->key->primary;
	for (size_t i = 0; !rc && i < p->n_keys; i++)
		if (!bg_fpr_eq(&p->keys[i].primary, &fpr))
			p->keys[left++] = p->keys[i];
		else
			bg_keyblob_release(&p->keys[i].parsed);
	if (!rc)
		p->n_keys = left;
	return rc;
}

/* Out of every role and of both quorums; the loader refuses what then could
 * not be reached any more. */
static void drop_roles(struct bg_change *c, const char *name)
{
	struct bg_trust *t = c->t;
	bg_names_remove(&t->root.principals, name);
	bg_names_remove(&t->admin.principals, name);
	for (size_t i = 0; i < t->n_roles; i++)
		bg_names_remove(&t->roles[i].members, name);
}

int bg_trust_retire(struct bg_ctx *ctx, int argc, char **argv,
		    struct bg_error *err)
{
	const char *sections[8] = { "principals", "roles", "retired",
				    "writers" };
	size_t n = 4;
	BG_AUTO(change) struct bg_change c = { 0 };
	struct found f;
	(void)argc;
	int rc = bg_change_begin(&c, ctx, o.draft, err);
	if (!rc)
		rc = find(&f, c.t, argv[0], err);
	if (rc)
		return rc;
	if (!f.key && bg_trust_is_retired(c.t, f.name))
		return bg_fail(err, BG_EUSAGE, "no-change",
			       "'%s' is retired already", f.name);
	if (!ctx->json && !ctx->quiet)
		bg_person_print(ctx, c.t, bg_trust_principal(c.t, f.name));
	bool root = bg_names_have(&c.t->root.principals, f.name) ||
		    bg_names_have(&c.t->admin.principals, f.name);
	rc = retire_logs(&c, &f, err);
	if (!rc && o.compromised_since) {
		rc = compromise(&c, &f, err);
		sections[n++] = "compromised";
	}
	if (!rc)
		rc = hand_over(&c, f.name, err);
	if (!rc && f.key)
		rc = drop_key(&c, &f, err);
	else if (!rc)
		drop_roles(&c, f.name);
	if (!rc && root && !f.key) {
		sections[n++] = "root";
		sections[n++] = "admin";
	}
	if (!rc)
		rc = bg_change_sections(&c, sections, err);
	c.offline = o.offline;
	c.why = bg_arena_printf(&ctx->arena, "retired %s", argv[0]);
	return rc ? rc : bg_change_finish(&c, err);
}
