/* Drafts: <state of the installation>/draft/ holds the files, base the version
 * that they started from. */
#include <dirent.h>
#include <errno.h>

#include "base/io.h"
#include "cmd/change.h"
#include "cmd/publish.h"

#define FILE_LIMIT (256 * 1024)

static const char *draft_dir(struct bg_ctx *ctx)
{
	struct bg_install *i = bg_store_install(ctx->store);
	return i ? bg_arena_printf(&ctx->arena, "%s/draft", i->dir) : NULL;
}

bool bg_draft_exists(struct bg_ctx *ctx)
{
	const char *dir = draft_dir(ctx);
	const char *base = dir ? bg_arena_printf(&ctx->arena, "%s/base", dir)
			       : NULL;
	return base && bg_path_exists(base);
}

int bg_draft_discard(struct bg_ctx *ctx, struct bg_error *err)
{
	const char *dir = draft_dir(ctx);
	return dir ? bg_tree_remove(dir, err) : 0;
}

static int read_one(struct bg_change *c, const char *dir, const char *below,
		    const char *name, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	char file[4096], path[256];
	snprintf(path, sizeof(path), "%s%s", below, name);
	snprintf(file, sizeof(file), "%s/files/%s", dir, path);
	int rc = bg_file_read(&text, file, FILE_LIMIT, err);
	return rc ? rc
		  : bg_change_set(c, path, bg_str_text(&text), text.len, err);
}

static int read_folder(struct bg_change *c, const char *dir, const char *below,
		       struct bg_error *err)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/files/%s", dir, below);
	DIR *d = opendir(path);
	int rc = 0;
	if (!d)
		return errno == ENOENT
			       ? 0
			       : bg_fail_errno(err, "cannot read '%s'", path);
	const struct dirent *e;
	while (!rc && (e = readdir(d)))
		if (e->d_name[0] != '.' && e->d_type != DT_DIR)
			rc = read_one(c, dir, below, e->d_name, err);
	closedir(d);
	return rc;
}

static int read_draft(struct bg_change *c, struct bg_error *err)
{
	static const char *const folders[] = { "", "policies/", "identities/",
					       "keys/", NULL };
	const char *dir = draft_dir(c->ctx);
	int rc = 0;
	for (size_t i = 0; !rc && folders[i]; i++)
		rc = read_folder(c, dir, folders[i], err);
	c->from_draft = true;
	return rc;
}

int bg_change_begin(struct bg_change *c, struct bg_ctx *ctx, bool draft,
		    struct bg_error *err)
{
	const struct bg_trust *now = bg_store_trust(ctx->store);
	int rc = 0;
	*c = (struct bg_change){ .ctx = ctx, .draft = draft };
	if (draft && bg_draft_exists(ctx))
		rc = read_draft(c, err);
	else
		for (size_t i = 0; !rc && i < now->n_files; i++)
			rc = bg_change_set(c, now->files[i].path,
					   now->files[i].text, now->files[i].n,
					   err);
	return rc ? rc : bg_change_parse(c, err);
}

int bg_draft_save(struct bg_change *c, struct bg_error *err)
{
	const struct bg_trust *now = bg_store_trust(c->ctx->store);
	const char *dir = draft_dir(c->ctx);
	char path[4096], base[BG_DIGEST_TEXT + 2], *slash;
	bool fresh = !bg_draft_exists(c->ctx);
	int rc = dir ? 0
		     : bg_fail(err, BG_ENOENT, "no-installation",
			       "no installation to keep a draft in");
	if (!rc) {
		snprintf(path, sizeof(path), "%s/files", dir);
		rc = bg_tree_remove(path, err);
	}
	for (size_t i = 0; !rc && i < c->files.n; i++) {
		const struct bg_trust_file *f = &c->files.v[i];
		snprintf(path, sizeof(path), "%s/files/%s", dir, f->path);
		slash = strrchr(path, '/');
		*slash = 0;
		rc = bg_dir_make(path, 0700, err);
		*slash = '/';
		if (!rc)
			rc = bg_file_commit(path, 0600, f->text, f->n, err);
	}
	if (rc || !fresh)
		return rc;
	bg_digest_format(base, &now->digest);
	snprintf(path, sizeof(path), "%s/base", dir);
	return bg_file_commit(path, 0600, base, strlen(base), err);
}

/* A draft that was made on another version would take back what came since. */
int bg_draft_check_base(struct bg_ctx *ctx, struct bg_error *err)
{
	const struct bg_trust *now = bg_store_trust(ctx->store);
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	struct bg_digest base;
	char path[4096];
	snprintf(path, sizeof(path), "%s/base", draft_dir(ctx));
	int rc = bg_file_read(&text, path, 256, err);
	if (rc)
		return rc;
	if (bg_digest_parse(&base, bg_str_text(&text)) &&
	    bg_digest_eq(&base, &now->digest))
		return 0;
	bg_fail(err, BG_EBUSY, "draft-outdated",
		"cannot publish the draft: version %llu of trust came after it "
		"was begun",
		(unsigned long long)now->version);
	return bg_hint(err,
		       "bg trust diff, then bg trust publish --discard and "
		       "make the changes again");
}
