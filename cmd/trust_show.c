/* trust show, log, diff, anchor: reading. */
#include "cmd/key.h"
#include "cmd/trust.h"
#include "format/nearest.h"

int bg_no_principal(const struct bg_trust *t, const char *name,
		    struct bg_error *err)
{
	const char *names[512];
	size_t n = 0;
	for (; n < t->n_principals && n < 512; n++)
		names[n] = t->principals[n].name;
	const char *near = bg_nearest(name, names, n);
	bg_fail(err, BG_ENOENT, "no-such-person",
		near ? "no person or machine '%s' in trust; nearest: %s"
		     : "no person or machine '%s' in trust",
		name, near);
	return bg_hint(err, "bg trust show");
}

static void fingerprint_list(struct bg_str *out, const struct bg_principal *p)
{
	char fpr[2 * BG_FPR_LEN + 1];
	for (size_t i = 0; i < p->n_keys; i++) {
		bg_fpr_format(fpr, &p->keys[i].primary);
		bg_str_addf(out, "%s%s", i ? " " : "", fpr);
	}
}

static void roles_of(struct bg_str *out, const struct bg_trust *t,
		     const char *name)
{
	if (bg_names_have(&t->root.principals, name))
		bg_str_add(out, "root ");
	if (bg_names_have(&t->admin.principals, name))
		bg_str_add(out, "admin ");
	for (size_t i = 0; i < t->n_roles; i++)
		if (bg_names_have(&t->roles[i].members, name))
			bg_str_addf(out, "%s ", t->roles[i].name);
	if (out->len)
		out->buf[--out->len] = 0;
}

static const char *standing(const struct bg_trust *t,
			    const struct bg_principal *p, int64_t now)
{
	if (bg_trust_is_retired(t, p->name))
		return "retired";
	if (p->suspended)
		return "suspended";
	return p->until_ms < now ? "ended" : "";
}

static json_t *principal_json(const struct bg_trust *t,
			      const struct bg_principal *p, int64_t now)
{
	BG_AUTO(str) struct bg_str roles = BG_STR_INIT;
	json_t *keys = json_array(), *list = json_array();
	char fpr[2 * BG_FPR_LEN + 1], until[BG_TIME_LEN + 1];
	for (size_t i = 0; i < p->n_keys; i++) {
		bg_fpr_format(fpr, &p->keys[i].primary);
		json_array_append_new(keys, json_string(fpr));
	}
	roles_of(&roles, t, p->name);
	for (const char *s = bg_str_text(&roles); *s;) {
		size_t n = strcspn(s, " ");
		json_array_append_new(list, json_stringn(s, n));
		s += n + (s[n] == ' ');
	}
	json_t *doc = json_pack("{s:s, s:s, s:s, s:s*, s:s, s:o, s:o}", "name",
				p->name, "kind",
				bg_principal_kind_text(p->kind), "human",
				p->human, "owner", p->owner, "email", p->email,
				"keys", keys, "roles", list);
	const char *state = standing(t, p, now);
	if (doc && *state)
		json_object_set_new(doc, "standing", json_string(state));
	if (doc && p->contact)
		json_object_set_new(doc, "contact", json_string(p->contact));
	if (doc && p->sponsor)
		json_object_set_new(doc, "sponsor", json_string(p->sponsor));
	if (doc && p->contract)
		json_object_set_new(doc, "contract", json_string(p->contract));
	if (doc && p->until_ms != INT64_MAX) {
		bg_time_format(until, p->until_ms);
		json_object_set_new(doc, "until", json_string(until));
	}
	return doc;
}

static json_t *names_json(const struct bg_names *names)
{
	json_t *list = json_array();
	for (size_t i = 0; i < names->n; i++)
		json_array_append_new(list, json_string(names->v[i]));
	return list;
}

static int show_json(struct bg_ctx *ctx, const struct bg_trust *t,
		     const struct bg_principal *only, struct bg_error *err)
{
	json_t *people = json_array(), *roles = json_object();
	json_t *files = json_object();
	char digest[BG_DIGEST_TEXT + 1], at[BG_TIME_LEN + 1];
	for (size_t i = 0; i < t->n_principals; i++)
		if (!only || only == &t->principals[i])
			json_array_append_new(
				people, principal_json(t, &t->principals[i],
						       ctx->ui.now_ms));
	for (size_t i = 0; i < t->n_roles; i++)
		json_object_set_new(roles, t->roles[i].name,
				    names_json(&t->roles[i].members));
	for (size_t i = 0; i < t->n_files; i++) {
		bg_digest_format(digest, &t->files[i].digest);
		json_object_set_new(files, t->files[i].path,
				    json_string(digest));
	}
	bg_digest_format(digest, &t->digest);
	bg_time_format(at, t->at_ms);
	json_t *doc = json_pack(
		"{s:i, s:I, s:s, s:s, s:s, s:s, s:{s:i, s:o}, s:{s:i, s:o}, "
		"s:o, s:o, s:o}",
		"schema", 1, "version", (json_int_t)t->version, "digest",
		digest, "signer", t->signer, "at", at, "organisation",
		t->organisation, "root", "threshold", (int)t->root.threshold,
		"principals", names_json(&t->root.principals), "admin",
		"threshold", (int)t->admin.threshold, "principals",
		names_json(&t->admin.principals), "principals", people, "roles",
		roles, "files", files);
	int rc = bg_ctx_json(ctx, doc, err);
	json_decref(doc);
	return rc;
}

static void print_quorum(const char *what, const struct bg_quorum *q)
{
	printf("%s  %u of", what, q->threshold);
	for (size_t i = 0; i < q->principals.n; i++)
		printf(" %s", q->principals.v[i]);
	putchar('\n');
}

static int print_people(struct bg_ctx *ctx, const struct bg_trust *t,
			struct bg_error *err)
{
	BG_AUTO(table) struct bg_table table = { .columns = 5 };
	for (size_t i = 0; i < t->n_principals; i++) {
		const struct bg_principal *p = &t->principals[i];
		BG_AUTO(str) struct bg_str roles = BG_STR_INIT;
		char fpr[2 * BG_FPR_LEN + 1] = "no key";
		roles_of(&roles, t, p->name);
		if (p->n_keys)
			bg_fpr_format(fpr, &p->keys[0].primary);
		if (bg_table_add(&table, p->name) ||
		    bg_table_add(&table, bg_principal_kind_text(p->kind)) ||
		    bg_table_add(&table, p->n_keys ? fpr + 24 : fpr) ||
		    bg_table_add(&table, standing(t, p, ctx->ui.now_ms)) ||
		    bg_table_add(&table, bg_str_text(&roles)))
			return bg_fail_oom(err);
	}
	bg_table_print(stdout, &ctx->ui, &table, 2);
	return 0;
}

static void print_files(const struct bg_trust *t, const char *folder,
			const char *title)
{
	size_t n = strlen(folder);
	bool any = false;
	for (size_t i = 0; i < t->n_files; i++) {
		const char *path = t->files[i].path;
		if (!bg_starts_with(path, folder))
			continue;
		printf("%s", any ? "  " : title);
		any = true;
		printf("%.*s", (int)(strlen(path) - n - strlen(".yaml")),
		       path + n);
	}
	if (any)
		putchar('\n');
}

int bg_trust_show(struct bg_ctx *ctx, int argc, char **argv,
		  struct bg_error *err)
{
	const struct bg_trust *t = bg_store_trust(ctx->store);
	const struct bg_principal *only = NULL;
	BG_AUTO(str) struct bg_str when = BG_STR_INIT;
	if (argc) {
		only = bg_trust_principal(t, argv[0]);
		if (!only)
			return bg_no_principal(t, argv[0], err);
	}
	if (ctx->json)
		return show_json(ctx, t, only, err);
	if (only) {
		bg_person_print(ctx, t, only);
		return 0;
	}
	bg_ui_text(stdout, t->organisation);
	bg_ui_time(&when, &ctx->ui, t->at_ms);
	printf("  version %llu, %s, signed by %s\n",
	       (unsigned long long)t->version, bg_str_text(&when), t->signer);
	print_quorum("root ", &t->root);
	print_quorum("admin", &t->admin);
	puts("people and machines");
	int rc = print_people(ctx, t, err);
	if (t->n_roles)
		puts("roles");
	for (size_t i = 0; i < t->n_roles; i++) {
		printf("  %-16s", t->roles[i].name);
		for (size_t k = 0; k < t->roles[i].members.n; k++)
			printf(" %s", t->roles[i].members.v[k]);
		putchar('\n');
	}
	print_files(t, "policies/", "policies    ");
	print_files(t, "identities/", "identities  ");
	for (size_t i = 0; i < t->n_suspended; i++)
		printf("suspended   %s, by %s\n", t->suspended[i].name,
		       t->suspended[i].by);
	return rc;
}

/* --- one person ------------------------------------------------------------ */

static bool role_meets(const struct bg_trust *t, const struct bg_names *roles,
		       const char *name)
{
	for (size_t i = 0; i < roles->n; i++)
		if (bg_trust_has_role(t, name, roles->v[i]))
			return true;
	return false;
}

static void print_policies_of(const struct bg_trust *t, const char *name)
{
	BG_AUTO(str) struct bg_str opens = BG_STR_INIT;
	BG_AUTO(str) struct bg_str owns = BG_STR_INIT;
	BG_AUTO(str) struct bg_str approves = BG_STR_INIT;
	BG_AUTO(str) struct bg_str reviews = BG_STR_INIT;
	for (size_t i = 0; i < t->n_files; i++) {
		const struct bg_trust_file *f = &t->files[i];
		BG_AUTO(faults) struct bg_faults faults = { 0 };
		BG_AUTO(policy) struct bg_policy *p = NULL;
		struct bg_error ignored;
		if (!bg_starts_with(f->path, "policies/") ||
		    bg_policy_load(&p, &faults, f->path, f->text, f->n,
				   &ignored) ||
		    !p || bg_faults_have_errors(&faults))
			continue;
		if (role_meets(t, &p->activate, name))
			bg_str_addf(&opens, " %s", p->name);
		if (bg_str_eq(p->owner, name))
			bg_str_addf(&owns, " %s", p->name);
		if (role_meets(t, &p->approve.roles, name))
			bg_str_addf(&approves, " %s", p->name);
		if (role_meets(t, &p->review_roles, name))
			bg_str_addf(&reviews, " %s", p->name);
	}
	if (owns.len)
		printf("owns     %s\n", owns.buf);
	if (opens.len)
		printf("may open %s\n", opens.buf);
	if (approves.len)
		printf("approves %s\n", approves.buf);
	if (reviews.len)
		printf("reviews  %s\n", reviews.buf);
}

static void print_identities_of(const struct bg_trust *t, const char *name)
{
	for (size_t i = 0; i < t->n_files; i++) {
		const struct bg_trust_file *f = &t->files[i];
		BG_AUTO(faults) struct bg_faults faults = { 0 };
		BG_AUTO(identity) struct bg_identity *id = NULL;
		struct bg_error ignored;
		if (!bg_starts_with(f->path, "identities/") ||
		    bg_identity_load(&id, &faults, f->path, f->text, f->n,
				     &ignored) ||
		    !id || bg_faults_have_errors(&faults))
			continue;
		if (bg_str_eq(id->owner, name))
			printf("owner of  %s\n", id->name);
		if (bg_names_have(&id->escrow.custodians, name))
			printf("custodian of %s (%u of %zu needed)\n", id->name,
			       id->escrow.k, id->escrow.custodians.n);
	}
}

static void print_line(const char *label, const char *text)
{
	if (!text)
		return;
	printf("%-9s ", label);
	bg_ui_text(stdout, text);
	putchar('\n');
}

static void print_open_grants(struct bg_ctx *ctx, const char *name)
{
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	struct bg_grant_query q = { .active_only = true, .by = name };
	struct bg_error ignored;
	if (bg_store_grants(&rows, ctx->store, &q, &ignored))
		return;
	for (size_t i = 0; i < rows.list.n; i++)
		printf("grant     %s  %s/%s  %s\n",
		       bg_ctx_at(ctx, rows.list.v[i].label),
		       rows.list.v[i].policy, rows.list.v[i].scope,
		       bg_state_text((enum bg_state)rows.list.v[i].state));
}

void bg_person_print(struct bg_ctx *ctx, const struct bg_trust *t,
		     const struct bg_principal *p)
{
	BG_AUTO(str) struct bg_str roles = BG_STR_INIT;
	BG_AUTO(str) struct bg_str keys = BG_STR_INIT;
	const char *state = standing(t, p, ctx->ui.now_ms);
	printf("%s  %s%s%s\n", p->name, bg_principal_kind_text(p->kind),
	       *state ? ", " : "", state);
	if (p->owner)
		print_line("owner", p->owner);
	else if (!bg_str_eq(p->human, p->name))
		print_line("human", p->human);
	print_line("email", p->email);
	print_line("contact", p->contact);
	print_line("sponsor", p->sponsor);
	print_line("contract", p->contract);
	if (p->until_ms != INT64_MAX) {
		char until[BG_TIME_LEN + 1];
		bg_time_format(until, p->until_ms);
		until[10] = 0;
		print_line("until", until);
	}
	fingerprint_list(&keys, p);
	print_line("keys", p->n_keys ? keys.buf : "none: cannot sign");
	roles_of(&roles, t, p->name);
	print_line("roles", roles.len ? roles.buf : "none");
	print_policies_of(t, p->name);
	print_identities_of(t, p->name);
	print_open_grants(ctx, p->name);
}

/* --- log and anchor ----------------------------------------------------------- */

static void what_changed(struct bg_str *out, const struct bg_trust *t,
			 const struct bg_trust *prev)
{
	for (size_t i = 0; i < t->n_files; i++) {
		const struct bg_trust_file *a = &t->files[i];
		const struct bg_trust_file *b = bg_trust_file(prev, a->path);
		if (!b)
			bg_str_addf(out, " +%s", a->path);
		else if (!bg_digest_eq(&a->digest, &b->digest))
			bg_str_addf(out, " %s", a->path);
	}
	for (size_t i = 0; i < prev->n_files; i++)
		if (!bg_trust_file(t, prev->files[i].path))
			bg_str_addf(out, " -%s", prev->files[i].path);
}

static int log_line(struct bg_ctx *ctx, const struct bg_trust *t,
		    const struct bg_trust *prev, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str changed = BG_STR_INIT;
	char at[BG_TIME_LEN + 1], digest[BG_DIGEST_TEXT + 1];
	bg_time_format(at, t->at_ms);
	bg_digest_format(digest, &t->digest);
	if (prev)
		what_changed(&changed, t, prev);
	else
		bg_str_add(&changed, " genesis");
	if (!ctx->json) {
		printf("%-4llu %.19sZ  %-12s", (unsigned long long)t->version,
		       at, t->signer);
		bg_ui_text(stdout, bg_str_text(&changed));
		putchar('\n');
		return 0;
	}
	json_t *doc = json_pack("{s:i, s:I, s:s, s:s, s:s, s:s}", "schema", 1,
				"version", (json_int_t)t->version, "digest",
				digest, "at", at, "signer", t->signer,
				"changed", bg_str_text(&changed) + 1);
	int rc = bg_ctx_json(ctx, doc, err);
	json_decref(doc);
	return rc;
}

int bg_trust_log(struct bg_ctx *ctx, int argc, char **argv,
		 struct bg_error *err)
{
	const struct bg_trust *t = bg_store_trust(ctx->store);
	int rc = 0;
	(void)argc, (void)argv;
	while (t && !rc) {
		const struct bg_trust *prev =
			t->version > 1 ? bg_store_trust_version(ctx->store,
								t->version - 1,
								&t->prev)
				       : NULL;
		rc = log_line(ctx, t, prev, err);
		t = prev;
	}
	return rc;
}

int bg_trust_anchor(struct bg_ctx *ctx, int argc, char **argv,
		    struct bg_error *err)
{
	char anchor[BG_ANCHOR_LEN + 1];
	bool pinned = bg_store_anchored(ctx->store);
	(void)argc, (void)argv;
	bg_anchor_format(anchor, bg_store_genesis(ctx->store), true);
	if (ctx->json) {
		json_t *doc = json_pack("{s:i, s:s, s:b}", "schema", 1,
					"anchor", anchor, "pinned", pinned);
		int rc = bg_ctx_json(ctx, doc, err);
		json_decref(doc);
		return rc;
	}
	puts(anchor);
	if (!pinned && !ctx->quiet)
		bg_ui_warn(&ctx->ui,
			   "this is what the repository says of "
			   "itself: compare it with the printed line");
	return 0;
}

/* --- diff ------------------------------------------------------------------------ */

int bg_trust_diff(struct bg_ctx *ctx, int argc, char **argv,
		  struct bg_error *err)
{
	const struct bg_trust *t = bg_store_trust(ctx->store);
	(void)argc, (void)argv;
	if (bg_draft_exists(ctx)) {
		BG_AUTO(change) struct bg_change c = { 0 };
		int rc = bg_change_begin(&c, ctx, true, err);
		return rc ? rc
			  : bg_files_diff(ctx, t->files, t->n_files, c.files.v,
					  c.files.n, err);
	}
	const struct bg_trust *prev =
		t->version > 1
			? bg_store_trust_version(ctx->store, t->version - 1,
						 &t->prev)
			: NULL;
	return bg_files_diff(ctx, prev ? prev->files : NULL,
			     prev ? prev->n_files : 0, t->files, t->n_files,
			     err);
}
