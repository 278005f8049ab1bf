/* trust request, accept, add: how somebody gets in. */
#include "base/io.h"
#include "cmd/request.h"
#include "cmd/trust.h"

#define o bg_trust_o

/* --- request -------------------------------------------------------------- */

int bg_trust_request(struct bg_ctx *ctx, int argc, char **argv,
		     struct bg_error *err)
{
	BG_AUTO(request) struct bg_request r = { 0 };
	char name[33], fpr[2 * BG_FPR_LEN + 1];
	(void)argc, (void)argv;
	int rc = bg_own_key_find(&r.key, ctx,
				 ctx->key ? ctx->key : ctx->ops.key, true,
				 "bg --key %s trust request", err);
	if (rc)
		return rc;
	const char *lt = strrchr(r.key.uid, '<');
	bg_principal_slug(name, lt ? lt + 1 : r.key.uid);
	r.name = o.name ? o.name : name;
	if (!bg_is_principal_name(r.name))
		return bg_ctx_usage(ctx, err,
				    "wrong name '%s': small letters, "
				    "digits and '-'; give --name",
				    r.name);
	r.kind = o.kind ? o.kind : "person";
	r.contact = o.contact;
	r.human = o.human;
	r.owner = o.owner;
	r.repo = *bg_store_genesis(ctx->store);
	const char *path =
		o.out ? o.out : bg_arena_printf(&ctx->arena, "%s.req", r.name);
	rc = path ? bg_request_make(ctx, path, &r, err) : bg_fail_oom(err);
	if (rc)
		return rc;
	bg_fpr_format(fpr, &r.key.primary);
	if (ctx->json) {
		json_t *doc = json_pack("{s:i, s:s, s:s, s:s}", "schema", 1,
					"request", path, "name", r.name, "key",
					fpr);
		rc = bg_ctx_json(ctx, doc, err);
		json_decref(doc);
		return rc;
	}
	printf("made  ");
	bg_ui_text(stdout, path);
	printf("  key %s\nsend it to an admin", fpr);
	const struct bg_trust *t = bg_store_trust(ctx->store);
	for (size_t i = 0; i < t->admin.principals.n; i++)
		printf("%s%s", i ? ", " : ": ", t->admin.principals.v[i]);
	printf("; read them the fingerprint\n");
	return 0;
}

/* --- accept ------------------------------------------------------------------ */

int bg_trust_accept(struct bg_ctx *ctx, int argc, char **argv,
		    struct bg_error *err)
{
	const struct bg_digest *genesis = bg_store_genesis(ctx->store);
	BG_AUTO(install) struct bg_install made = { 0 };
	struct bg_digest wanted;
	(void)argc;
	int rc = bg_anchor_parse(&wanted, argv[0], err);
	if (rc)
		return rc;
	if (!bg_digest_eq(genesis, &wanted))
		return bg_fail(err, BG_EVERIFY, "other-repository",
			       "cannot accept '%s': it is the anchor of "
			       "another repository",
			       argv[0]);
	struct bg_install *i = bg_store_install(ctx->store);
	if (!i) {
		rc = bg_install_make(&made, bg_store_repo(ctx->store), genesis,
				     &ctx->places, err);
		i = &made;
	}
	if (!rc)
		rc = bg_install_pin(i, genesis, err);
	if (rc)
		return rc;
	if (ctx->json) {
		json_t *doc =
			json_pack("{s:i, s:s}", "schema", 1, "anchor", argv[0]);
		rc = bg_ctx_json(ctx, doc, err);
		json_decref(doc);
		return rc;
	}
	puts("remembered: this repository is the one of the anchor");
	return 0;
}

/* --- add ----------------------------------------------------------------------- */

static int kind_of(enum bg_principal_kind *out, struct bg_ctx *ctx,
		   const char *text, struct bg_error *err)
{
	for (int k = BG_PERSON; k <= BG_HOST; k++) {
		if (strcmp(bg_principal_kind_text((enum bg_principal_kind)k),
			   text))
			continue;
		*out = (enum bg_principal_kind)k;
		return 0;
	}
	return bg_ctx_usage(ctx, err,
			    "no kind '%s': person vendor service "
			    "workload maintenance ai-agent host",
			    text);
}

static int check_texts(struct bg_ctx *ctx, struct bg_error *err)
{
	const char *texts[] = { o.contact, o.sponsor, o.contract,
				o.human,   o.owner,   o.email };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i] &&
		    (!bg_text_is_clean(texts[i], strlen(texts[i])) ||
		     strlen(texts[i]) > 200))
			return bg_ctx_usage(ctx, err,
					    "wrong text: at most 200 bytes "
					    "without control characters");
	return 0;
}

/* The key from a request, a file, or the keyring. */
static int take_key(struct bg_request *r, struct bg_ctx *ctx, const char *name,
		    struct bg_error *err)
{
	if (!o.request && !o.key)
		return 0;
	if (o.request) {
		int rc = bg_request_read(r, o.request, err);
		if (rc)
			return rc;
		if (!bg_digest_eq(&r->repo, bg_store_genesis(ctx->store)))
			return bg_fail(err, BG_EVERIFY, "bad-request",
				       "cannot take the request '%s': it is "
				       "for another repository",
				       o.request);
		if (strcmp(r->name, name))
			bg_ui_warn(&ctx->ui,
				   "the request asks for the name "
				   "'%s'",
				   r->name);
		return 0;
	}
	if (bg_path_exists(o.key))
		return bg_own_key_read(&r->key, o.key, err);
	return bg_own_key_find(&r->key, ctx, o.key, false,
			       "bg trust add NAME --key %s", err);
}

static int set_key(struct bg_change *c, struct bg_principal *p,
		   const struct bg_own_key *key, struct bg_error *err)
{
	char fpr[2 * BG_FPR_LEN + 1], path[64];
	struct bg_trust_key tk = { .primary = key->primary };
	size_t n = key->signing.n * sizeof(*tk.signing);
	if (!key->blob.len)
		return 0;
	bg_fpr_format(fpr, &key->primary);
	snprintf(path, sizeof(path), "keys/%s.pgp", fpr);
	tk.n_signing = key->signing.n;
	tk.signing = bg_arena_copy(&c->t->arena, key->signing.v, n);
	p->keys =
		bg_grow_in(&c->t->arena, p->keys, p->n_keys, sizeof(*p->keys));
	if (!tk.signing || !p->keys ||
	    bg_sha256(&tk.blob, key->blob.buf, key->blob.len))
		return bg_fail_oom(err);
	p->keys[p->n_keys++] = tk;
	return bg_change_set(c, path, key->blob.buf, key->blob.len, err);
}

static const char *pick(const char *typed, const char *asked)
{
	return typed ? typed : asked;
}

static int fill(struct bg_principal *p, struct bg_change *c, const char *name,
		const struct bg_request *r, struct bg_error *err)
{
	const char *kind = pick(o.kind, r->kind);
	int rc = kind ? kind_of(&p->kind, c->ctx, kind, err) : 0;
	if (rc)
		return rc;
	bool living = p->kind == BG_PERSON || p->kind == BG_VENDOR;
	p->name = name;
	p->human = living ? pick(pick(o.human, r->human), name) : NULL;
	p->owner = living ? NULL : pick(o.owner, r->owner);
	p->contact = pick(o.contact, r->contact);
	p->sponsor = o.sponsor;
	p->contract = o.contract;
	p->until_ms = o.until ? o.until : INT64_MAX;
	p->email = pick(o.email, r->email);
	if (!p->email && r->key.blob.len) {
		const char *lt = strrchr(r->key.uid, '<');
		const char *gt = lt ? strchr(lt, '>') : NULL;
		if (gt)
			p->email = bg_arena_strndup(&c->t->arena, lt + 1,
						    (size_t)(gt - lt - 1));
	}
	if (!p->email)
		p->email = bg_arena_printf(&c->t->arena, "%s@invalid", name);
	if (living || p->owner)
		return 0;
	/* Somebody answers for a machine: else whoever adds it. */
	const struct bg_principal *me = NULL;
	rc = bg_ctx_me(&me, c->ctx, err);
	if (!rc)
		p->owner = me->name;
	return rc;
}

static int add_roles(struct bg_change *c, const char *name,
		     struct bg_error *err)
{
	struct bg_trust *t = c->t;
	for (size_t i = 0; i < o.roles.list.n; i++) {
		const char *role = o.roles.list.v[i];
		size_t k = 0;
		while (k < t->n_roles && strcmp(t->roles[k].name, role))
			k++;
		if (k == t->n_roles) {
			t->roles = bg_grow_in(&t->arena, t->roles, t->n_roles,
					      sizeof(*t->roles));
			if (!t->roles)
				return bg_fail_oom(err);
			t->roles[t->n_roles++] =
				(struct bg_role){ .name = role };
		}
		bg_names_add(&t->arena, &t->roles[k].members, name);
	}
	return 0;
}

int bg_trust_add(struct bg_ctx *ctx, int argc, char **argv,
		 struct bg_error *err)
{
	static const char *const sections[] = { "principals", "roles", NULL };
	BG_AUTO(change) struct bg_change c = { 0 };
	BG_AUTO(request) struct bg_request r = { 0 };
	const char *name = argv[0];
	(void)argc;
	if (!bg_is_principal_name(name))
		return bg_ctx_usage(ctx, err,
				    "wrong name '%s': small letters, digits "
				    "and '-', 32 at most",
				    name);
	int rc = bg_ctx_conflict(ctx, "request", "key", err);
	if (!rc)
		rc = check_texts(ctx, err);
	if (!rc)
		rc = bg_change_begin(&c, ctx, o.draft, err);
	if (rc)
		return rc;
	if (bg_trust_is_retired(c.t, name))
		return bg_fail(err, BG_EUSAGE, "retired",
			       "cannot add '%s': the name is retired; take a "
			       "new one",
			       name);
	struct bg_principal *p = NULL;
	bool known = bg_trust_principal(c.t, name) != NULL;
	rc = take_key(&r, ctx, name, err);
	if (!rc && known)
		rc = bg_change_principal(&p, &c, name, err);
	if (!rc && !known) {
		struct bg_trust *t = c.t;
		t->principals = bg_grow_in(&t->arena, t->principals,
					   t->n_principals,
					   sizeof(*t->principals));
		if (!t->principals)
			return bg_fail_oom(err);
		p = &t->principals[t->n_principals++];
		*p = (struct bg_principal){ 0 };
		rc = fill(p, &c, name, &r, err);
	}
	if (!rc)
		rc = set_key(&c, p, &r.key, err);
	if (!rc)
		rc = add_roles(&c, name, err);
	if (!rc)
		rc = bg_change_sections(&c, sections, err);
	if (rc)
		return rc;
	c.offline = o.offline;
	c.why = bg_arena_printf(&ctx->arena, "%s %s",
				known ? "changed" : "added", name);
	return bg_change_finish(&c, err);
}
