/*
 * The user's and the system's git configuration, never a repository's: a clone
 * must not choose keys, aliases or providers for its reader.
 */
#include "cmd/cmd.h"

#include <git2.h>

static git_config *config;
static char own_file[4096];

static void add_file(const char *path, git_config_level_t level)
{
	if (access(path, R_OK) == 0)
		git_config_add_file_ondisk(config, path, level, NULL, 0);
}

/* As git itself looks: system, XDG, home; GIT_CONFIG_GLOBAL replaces the last
 * two. */
static bool config_open(struct bg_ctx *ctx)
{
	const char *global = getenv("GIT_CONFIG_GLOBAL");
	const char *nosystem = getenv("GIT_CONFIG_NOSYSTEM");
	char xdg[4096];
	if (config)
		return true;
	if (git_libgit2_init() < 0 || git_config_new(&config))
		return false;
	snprintf(xdg, sizeof(xdg), "%s/git/config", ctx->places.config_home);
	snprintf(own_file, sizeof(own_file), "%s/.gitconfig",
		 ctx->places.user_home);
	if (global && *global)
		snprintf(own_file, sizeof(own_file), "%s", global);
	if (!nosystem || !*nosystem || !strcmp(nosystem, "0"))
		add_file("/etc/gitconfig", GIT_CONFIG_LEVEL_SYSTEM);
	if (!global || !*global)
		add_file(xdg, GIT_CONFIG_LEVEL_XDG);
	add_file(own_file, GIT_CONFIG_LEVEL_GLOBAL);
	return true;
}

const char *bg_config_get(struct bg_ctx *ctx, const char *name)
{
	git_config *snapshot = NULL;
	const char *value = NULL;
	if (!config_open(ctx) || git_config_snapshot(&snapshot, config))
		return NULL;
	if (git_config_get_string(&value, snapshot, name))
		value = NULL;
	if (value)
		value = *value ? bg_arena_strdup(&ctx->arena, value) : NULL;
	git_config_free(snapshot);
	return value;
}

struct all {
	struct bg_ctx *ctx;
	BG_VEC(const char *) list;
};

static int add_value(const git_config_entry *entry, void *arg)
{
	struct all *all = arg;
	char *copy = bg_arena_strdup(&all->ctx->arena, entry->value);
	return !copy || bg_vec_push(&all->list, copy) ? -1 : 0;
}

const char *const *bg_config_all(struct bg_ctx *ctx, const char *name)
{
	struct all all = { .ctx = ctx };
	if (config_open(ctx))
		git_config_get_multivar_foreach(config, name, NULL, add_value,
						&all);
	const char **out =
		bg_arena_array(&ctx->arena, all.list.n + 1, sizeof(*out));
	if (out && all.list.n)
		memcpy(out, all.list.v, all.list.n * sizeof(*out));
	bg_vec_release(&all.list);
	return out;
}

int bg_config_set(struct bg_ctx *ctx, const char *name, const char *value,
		  struct bg_error *err)
{
	git_config *file = NULL;
	int failed = !config_open(ctx) ||
		     git_config_open_ondisk(&file, own_file) ||
		     git_config_set_string(file, name, value);
	git_config_free(file);
	if (!failed)
		return 0;
	const git_error *e = git_error_last();
	return bg_fail(err, BG_EFAIL, "config", "cannot set '%s' in '%s': %s",
		       name, own_file, e ? e->message : "failed");
}
