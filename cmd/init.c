/* init: an evidence repository with its creator as only root and admin. */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/io.h"
#include "cmd/key.h"
#include "evidence/trust_write.h"

static struct {
	const char *org, *name;
	struct bg_opt_list admins, roots;
	int64_t admin_threshold, root_threshold;
} o = { .admin_threshold = 1, .root_threshold = 1 };

static const char readme[] =
	"# Break-glass evidence\n"
	"\n"
	"An append-only record of emergency access: who opened what, why, how it\n"
	"was ended, who reviewed it. Every commit is one signed event.\n"
	"\n"
	"- `trust` (this branch): who may do what, and the policies in force.\n"
	"- `log/*`: one chain of events for each writer.\n"
	"\n"
	"    git log --all                      every event, in plain text\n"
	"    breakglass verify . --anchor A     proves all of it\n"
	"\n"
	"A is the one line that was printed when this repository was made. It is\n"
	"not in here: ask for it where it is kept.\n";

/* The directory must be new or empty; says whether it was made here. */
static int check_dir(const char *dir, bool *exists, struct bg_error *err)
{
	DIR *d = opendir(dir);
	*exists = d != NULL;
	if (!d && errno == ENOENT)
		return 0;
	if (!d)
		return bg_fail_errno(err, "cannot make '%s'", dir);
	const struct dirent *e;
	bool empty = true;
	while (empty && (e = readdir(d)))
		empty = !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..");
	closedir(d);
	if (empty)
		return 0;
	return bg_fail(err, BG_EFAIL, "not-empty",
		       "cannot make a repository in '%s': it is not empty",
		       dir);
}

/* Everybody that a version names must sign it (T9), so others come later. */
static int check_quorum(struct bg_ctx *ctx, const struct bg_own_key *key,
			struct bg_error *err)
{
	const struct bg_opt_list *lists[] = { &o.admins, &o.roots };
	char fpr[2 * BG_FPR_LEN + 1];
	bg_fpr_format(fpr, &key->primary);
	for (size_t l = 0; l < 2; l++) {
		for (size_t i = 0; i < lists[l]->list.n; i++) {
			const char *k = lists[l]->list.v[i];
			if (!strcasecmp(k, fpr) || strstr(key->uid, k) ||
			    (ctx->key && !strcmp(k, ctx->key)))
				continue;
			bg_fail(err, BG_EUSAGE, "single-admin",
				"cannot name '%s' in version 1: the creator is "
				"its only root and admin, and others must sign "
				"the version that names them",
				k);
			return bg_hint(err,
				       "bg trust add NAME --key %s, then "
				       "bg trust edit",
				       k);
		}
	}
	if (o.admin_threshold == 1 && o.root_threshold == 1)
		return 0;
	bg_fail(err, BG_EUSAGE, "single-admin",
		"cannot start with a threshold above 1: version 1 has one "
		"signer");
	return bg_hint(err, "bg init without thresholds, then bg trust edit");
}

static int choose_name(char name[33], struct bg_ctx *ctx,
		       const struct bg_own_key *key, struct bg_error *err)
{
	const char *lt = strrchr(key->uid, '<');
	if (o.name) {
		if (!bg_is_principal_name(o.name))
			return bg_ctx_usage(ctx, err,
					    "wrong name '%s': small letters, "
					    "digits and '-', 32 at most",
					    o.name);
		snprintf(name, 33, "%s", o.name);
		return 0;
	}
	bg_principal_slug(name, lt ? lt + 1 : key->uid);
	if (!*name)
		bg_principal_slug(name, ctx->places.user);
	if (*name)
		return 0;
	return bg_ctx_usage(ctx, err,
			    "cannot tell your name from the key: "
			    "give --name");
}

static int choose_org(const char **org, struct bg_ctx *ctx, const char *dir,
		      struct bg_error *err)
{
	const char *slash = strrchr(dir, '/');
	*org = o.org ? o.org : slash && slash[1] ? slash + 1 : dir;
	if (**org && strlen(*org) <= 200 &&
	    bg_text_is_clean(*org, strlen(*org)))
		return 0;
	return bg_ctx_usage(ctx, err,
			    "wrong organisation: 1 to 200 characters "
			    "without controls");
}

/* The address in a user id, or NULL. */
static const char *address_of(struct bg_ctx *ctx, const char *uid)
{
	const char *lt = strrchr(uid, '<');
	const char *gt = lt ? strchr(lt, '>') : NULL;
	const char *at = lt ? strchr(lt, '@') : NULL;
	if (!gt || !at || at > gt)
		return NULL;
	return bg_arena_strndup(&ctx->arena, lt + 1, (size_t)(gt - lt - 1));
}

struct genesis {
	char name[33];
	const char *org, *email;
	struct bg_str yaml;
	char key_path[64];
	struct bg_trust_file files[3];
};

static void write_yaml(struct genesis *g, const struct bg_own_key *key,
		       struct bg_ctx *ctx)
{
	struct bg_trust_key tk = { .primary = key->primary,
				   .n_signing = key->signing.n,
				   .signing = key->signing.v };
	struct bg_principal me = { .name = g->name,
				   .kind = BG_PERSON,
				   .human = g->name,
				   .until_ms = INT64_MAX,
				   .n_keys = 1,
				   .keys = &tk };
	const char *names[] = { g->name };
	struct bg_trust t = { .organisation = g->org,
			      .root = { 1, { 1, names } },
			      .admin = { 1, { 1, names } },
			      .n_principals = 1,
			      .principals = &me };
	static const char *const sections[] = { "organisation", "root", "admin",
						"principals" };
	struct bg_error ignored;
	me.email =
		g->email ? g->email
			 : bg_arena_printf(&ctx->arena, "%s@invalid", g->name);
	g->email = me.email;
	if (bg_sha256(&tk.blob, key->blob.buf, key->blob.len))
		g->yaml.oom = true;
	bg_str_add(&g->yaml, "# Who may do what. Change it with: bg trust\n"
			     "bg: trust/1\n");
	for (size_t i = 0; i < 4; i++)
		if (bg_trust_write_section(&g->yaml, &t, sections[i], &ignored))
			g->yaml.oom = true;
}

static int make_files(struct genesis *g, const struct bg_own_key *key,
		      struct bg_ctx *ctx, struct bg_error *err)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(trust) struct bg_trust *t = NULL;
	char fpr[2 * BG_FPR_LEN + 1];
	write_yaml(g, key, ctx);
	bg_fpr_format(fpr, &key->primary);
	snprintf(g->key_path, sizeof(g->key_path), "keys/%s.pgp", fpr);
	g->files[0] = (struct bg_trust_file){ .path = "README.md",
					      .text = readme,
					      .n = sizeof(readme) - 1 };
	g->files[1] = (struct bg_trust_file){ .path = g->key_path,
					      .text = key->blob.buf,
					      .n = key->blob.len };
	g->files[2] = (struct bg_trust_file){ .path = "trust.yaml",
					      .text = bg_str_text(&g->yaml),
					      .n = g->yaml.len };
	int rc = bg_str_check(&g->yaml, err);
	if (!rc)
		rc = bg_trust_parse(&t, &faults, g->files, 3, err);
	for (size_t i = 0; !rc && i < faults.list.n; i++)
		if (faults.list.v[i].severity == BG_SEV_ERROR)
			rc = bg_fail(err, BG_EFAIL, faults.list.v[i].id,
				     "cannot make trust: %s",
				     faults.list.v[i].text);
	return rc;
}

/* Repository, version 1, this installation. */
static int make(struct bg_digest *genesis, const char *dir,
		const struct genesis *g, const struct bg_own_key *key,
		struct bg_ctx *ctx, struct bg_error *err)
{
	BG_AUTO(repo) struct bg_repo *repo = NULL;
	BG_AUTO(signer) struct bg_signer *signer = NULL;
	BG_AUTO(install) struct bg_install install = { 0 };
	unsigned char random[16];
	char id[33], writer[BG_WRITER_MAX];
	struct bg_oid commit;
	int rc = bg_signer_open_gpg(&signer, &ctx->places.gpg, &key->parsed,
				    &key->signing.v[0], err);
	if (!rc)
		rc = bg_repo_init(&repo, dir, false, err);
	/* Version 1 is written before the installation that is named after it:
	 * its writer is one of nowhere else. */
	if (!rc)
		rc = bg_random(random, sizeof(random), err);
	if (rc)
		return rc;
	bg_hex(id, random, sizeof(random));
	bg_writer_name(writer, g->name, "init", &key->primary, id);
	struct bg_log log = { .repo = repo,
			      .signer = signer,
			      .writer = writer,
			      .by = g->name,
			      .name = g->name,
			      .email = g->email,
			      .places = &ctx->places };
	bg_ui_say(&ctx->ui, "sign as %s (%s)", g->name, key->uid);
	rc = bg_trust_append(genesis, &commit, &log, NULL, g->files, 3, err);
	if (!rc)
		rc = bg_install_make(&install, repo, genesis, &ctx->places,
				     err);
	if (!rc)
		rc = bg_install_pin(&install, genesis, err);
	if (!rc)
		rc = bg_repo_checkout_trust(repo, err);
	return rc;
}

static int show(const char *dir, const struct bg_digest *genesis,
		const struct genesis *g, const struct bg_own_key *key,
		struct bg_ctx *ctx, struct bg_error *err)
{
	char anchor[BG_ANCHOR_LEN + 1], fpr[2 * BG_FPR_LEN + 1];
	bg_anchor_format(anchor, genesis, true);
	bg_fpr_format(fpr, &key->primary);
	if (ctx->quiet) {
		puts(anchor);
		return 0;
	}
	if (ctx->json) {
		json_t *doc = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:i}",
					"schema", 1, "repo", dir, "anchor",
					anchor, "organisation", g->org,
					"principal", g->name, "key", fpr,
					"version", 1);
		int rc = bg_ctx_json(ctx, doc, err);
		json_decref(doc);
		return rc;
	}
	printf("made     ");
	bg_ui_text(stdout, dir);
	printf("  for ");
	bg_ui_text(stdout, g->org);
	printf("\nyou      %s, key %s: only root and admin\n", g->name, fpr);
	printf("anchor   %s\n", anchor);
	printf("         print it, and keep it where this repository is not: "
	       "it proves all\n         of it to anybody\n");
	printf("next     git config --global bg.repo '");
	bg_ui_text(stdout, dir);
	printf("'\n         %s policy publish FILE\n", ctx->word);
	return 0;
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(own_key) struct bg_own_key key = { 0 };
	struct genesis g = { .yaml = BG_STR_INIT };
	struct bg_digest genesis;
	struct bg_error undone;
	bool exists = false;
	char path[4096];
	int rc = bg_ctx_args(ctx, argc, argv, 1, 1, err);
	if (rc)
		return rc;
	if (!ctx->key)
		ctx->key = bg_config_get(ctx, "bg.signingKey");
	if (!ctx->key)
		ctx->key = bg_config_get(ctx, "user.signingKey");
	const char *line =
		bg_arena_printf(&ctx->arena, "bg init %s --key %%s", argv[0]);
	rc = check_dir(argv[0], &exists, err);
	if (!rc)
		rc = bg_own_key_find(&key, ctx, ctx->key, true, line, err);
	if (!rc)
		rc = check_quorum(ctx, &key, err);
	if (!rc)
		rc = choose_name(g.name, ctx, &key, err);
	if (!rc)
		rc = choose_org(&g.org, ctx, argv[0], err);
	if (!rc) {
		g.email = address_of(ctx, key.uid);
		rc = make_files(&g, &key, ctx, err);
	}
	if (!rc) {
		rc = make(&genesis, argv[0], &g, &key, ctx, err);
		/* Nothing was there before: nothing stays. */
		if (rc && !exists)
			(void)!bg_tree_remove(argv[0], &undone);
	}
	if (!rc && !realpath(argv[0], path))
		rc = bg_fail_errno(err, "cannot find '%s'", argv[0]);
	ctx->repo = path;
	if (!rc)
		rc = bg_ctx_store(ctx, BG_CMD_SIGN | BG_CMD_ANCHORED, err);
	if (!rc)
		rc = bg_store_register(ctx->store, ctx->key, err);
	if (!rc)
		rc = show(path, &genesis, &g, &key, ctx, err);
	bg_str_release(&g.yaml);
	return rc;
}

static const char *const examples[] = {
	"bg init /srv/evidence --org Acme",
	"bg init /srv/evidence --org Acme --key ana@acme.example", NULL
};
static const struct bg_opt opts[] = {
	{ BG_OPT_TEXT, 0, "org", "NAME", "organisation; default: DIR's name",
	  &o.org, NULL },
	{ BG_OPT_TEXT, 0, "name", "NAME",
	  "your name in trust; default: from the key's address", &o.name,
	  NULL },
	{ BG_OPT_LIST, 0, "admin", "KEY", "a further admin", &o.admins, "key" },
	{ BG_OPT_NUMBER, 0, "admin-threshold", "N",
	  "admins that must sign together", &o.admin_threshold, NULL },
	{ BG_OPT_LIST, 0, "root", "KEY", "a further root", &o.roots, "key" },
	{ BG_OPT_NUMBER, 0, "root-threshold", "N",
	  "roots that must sign together", &o.root_threshold, NULL },
	{ 0 },
};

const struct bg_cmd cmd_init = {
	.name = "init",
	.group = "before",
	.summary = "make an evidence repository; prints its anchor",
	.usage = "init DIR [--org NAME] [--name NAME] [--admin KEY]...\n"
		 "init DIR [--admin-threshold N] [--root KEY]... "
		 "[--root-threshold N]",
	.examples = examples,
	.exits = "0 1 3 129",
	.opts = opts,
	.complete = "dir",
	.run = run,
};
