#include "evidence/install.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

#define NAME_LEN (12 + 1 + 32) /* <12 hex of genesis>-<installation> */
#define SMALL 4096
#define RESERVE_SIZE (4 * 1024 * 1024)

/*
 * Paths and small files.
 */
static int path_in(struct bg_str *out, const char *dir, const char *name,
		   struct bg_error *err)
{
	bg_str_clear(out);
	bg_str_addf(out, "%s/%s", dir, name);
	return bg_str_check(out, err);
}

static int write_small(const char *dir, const char *name, const char *text,
		       struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	int r = path_in(&path, dir, name, err);

	return r ? r : bg_file_commit(path.buf, 0600, text, strlen(text), err);
}

/* One line without its LF. */
static int read_small(struct bg_str *out, const char *dir, const char *name,
		      struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	int r = path_in(&path, dir, name, err);

	if (r || (r = bg_file_read(out, path.buf, SMALL, err)))
		return r;
	if (out->len && out->buf[out->len - 1] == '\n')
		out->buf[--out->len] = '\0';
	return 0;
}

static int write_digest(const char *dir, const char *name,
			const struct bg_digest *d, struct bg_error *err)
{
	char text[BG_DIGEST_TEXT + 2];

	bg_digest_format(text, d);
	memcpy(text + BG_DIGEST_TEXT, "\n", 2);
	return write_small(dir, name, text, err);
}

static int read_digest(struct bg_digest *out, const char *dir, const char *name,
		       struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	int r = read_small(&text, dir, name, err);

	if (!r && !bg_digest_parse(out, bg_str_text(&text)))
		r = bg_fail(err, BG_EFAIL, "damaged-installation",
			    "'%s/%s' is damaged", dir, name);
	return r;
}

/*
 * The repository that an installation serves: path, device, inode.
 */
static int describe_repo(struct bg_str *out, struct stat *st,
			 const struct bg_repo *repo, struct bg_error *err)
{
	const char *dir = bg_repo_git_dir(repo);

	if (stat(dir, st))
		return bg_fail_errno(err, "cannot look at '%s'", dir);
	bg_str_addf(out, "%llu %llu %s\n", (unsigned long long)st->st_dev,
		    (unsigned long long)st->st_ino, dir);
	return bg_str_check(out, err);
}

/*
 * The same inode is the same directory: it may have moved, and the number of
 * its device changes with a reboot on some machines.  Another inode is a copy,
 * or a disk put back: then two places could write one log.
 */
static int check_repo(const struct bg_install *i, const struct bg_repo *repo,
		      struct bg_error *err)
{
	BG_AUTO(str) struct bg_str now = BG_STR_INIT;
	BG_AUTO(str) struct bg_str was = BG_STR_INIT;
	unsigned long long dev, ino;
	struct stat st;
	char *end;
	int r;

	if ((r = describe_repo(&now, &st, repo, err)) ||
	    (r = read_small(&was, i->dir, "repo", err)))
		return r;
	dev = strtoull(bg_str_text(&was), &end, 10);
	ino = strtoull(end, &end, 10);
	if (*end == ' ')
		end++;
	if (ino == st.st_ino &&
	    (dev == st.st_dev || strcmp(end, bg_repo_git_dir(repo)) == 0)) {
		now.buf[now.len - 1] = '\0';
		if (strcmp(now.buf, was.buf) == 0)
			return 0;
		now.buf[now.len - 1] = '\n';
		return write_small(i->dir, "repo", now.buf, err);
	}
	bg_fail(err, BG_EFAIL, "copied-installation",
		"'%s' is a copy: its installation belongs to '%s', and two "
		"places must not write one log",
		bg_repo_git_dir(repo), end);
	return bg_hint(err, "bg clone %s DIR", bg_repo_git_dir(repo));
}

/* git's rule for a directory that several people can reach. */
static int check_owner(const struct bg_repo *repo, struct bg_error *err)
{
	const char *dir = bg_repo_git_dir(repo);
	struct stat st;

	if (stat(dir, &st))
		return bg_fail_errno(err, "cannot look at '%s'", dir);
	if (st.st_uid == geteuid() || st.st_uid == 0)
		return 0;
	return bg_fail(err, BG_EUNSAFE, "shared-repository",
		       "'%s' belongs to another user (uid %lu): each user has "
		       "a clone of their own",
		       dir, (unsigned long)st.st_uid);
}

/*
 * The reserve: room for the last events of a full disk.  It is there when it
 * can be; a repository without it works.
 */
static void make_reserve(const struct bg_repo *repo)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	BG_AUTO(fd) int fd = -1;

	bg_str_addf(&path, "%sbg-reserve", bg_repo_git_dir(repo));
	if (path.oom || bg_path_exists(path.buf))
		return;
	fd = open(path.buf, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0 && posix_fallocate(fd, 0, RESERVE_SIZE))
		(void)unlink(path.buf);
}

bool bg_install_free_reserve(const struct bg_repo *repo)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;

	bg_str_addf(&path, "%sbg-reserve", bg_repo_git_dir(repo));
	return !path.oom && unlink(path.buf) == 0;
}

/*
 * Making.
 */
int bg_install_new_id(char out[33], struct bg_error *err)
{
	unsigned char id[16];
	int r = bg_random(id, sizeof(id), err);

	if (!r)
		bg_hex(out, id, sizeof(id));
	return r;
}

static int make_dirs(const char *dir, struct bg_error *err)
{
	static const char *const names[] = { "lock", "journal", "outbox",
					     "sessions", "access" };
	int r = bg_dir_make(dir, 0700, err);

	for (size_t i = 0; !r && i < sizeof(names) / sizeof(*names); i++) {
		BG_AUTO(str) struct bg_str path = BG_STR_INIT;

		r = path_in(&path, dir, names[i], err);
		if (!r)
			r = bg_dir_make(path.buf, 0700, err);
	}
	return r;
}

static int make_key(struct bg_install *i, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	BG_AUTO(str) struct bg_str pub = BG_STR_INIT;
	char uid[96];
	int r;

	snprintf(uid, sizeof(uid), "bg installation %.8s on %s", i->id,
		 i->host_slug);
	if ((r = path_in(&path, i->dir, "key", err)) ||
	    (r = bg_install_key_make(&i->blob, path.buf, uid, err)) ||
	    (r = path_in(&pub, i->dir, "key.pgp", err)) ||
	    (r = bg_file_commit(pub.buf, 0600, i->blob.buf, i->blob.len, err)))
		return r;
	return bg_signer_open_file(&i->signer, path.buf, err);
}

static int write_state(const struct bg_install *i, const struct bg_repo *repo,
		       const char *name, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	BG_AUTO(str) struct bg_str mark = BG_STR_INIT;
	char line[NAME_LEN + 2];
	struct stat st;
	int r;

	snprintf(line, sizeof(line), "%s\n", i->id);
	if ((r = write_small(i->dir, "installation", line, err)))
		return r;
	snprintf(line, sizeof(line), "%s\n", i->host_slug);
	if ((r = write_small(i->dir, "host", line, err)) ||
	    (r = write_digest(i->dir, "genesis", &i->genesis, err)) ||
	    (r = describe_repo(&text, &st, repo, err)) ||
	    (r = write_small(i->dir, "repo", text.buf, err)))
		return r;
	/* Last: from here on the installation exists. */
	snprintf(line, sizeof(line), "%s\n", name);
	bg_str_addf(&mark, "%sbg-installation", bg_repo_git_dir(repo));
	if (mark.oom)
		return bg_fail_oom(err);
	return bg_file_commit(mark.buf, 0644, line, strlen(line), err);
}

static int set_dir(struct bg_install *i, const struct bg_places *places,
		   const char *name, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str dir = BG_STR_INIT;

	bg_str_addf(&dir, "%s/bg/%s", places->state_home, name);
	if (dir.oom || !(i->dir = bg_str_detach(&dir)))
		return bg_fail_oom(err);
	return 0;
}

static int make(struct bg_install *i, struct bg_repo *repo,
		const struct bg_places *places, struct bg_error *err)
{
	char name[NAME_LEN + 1], slug[33];
	int r;

	bg_hex(name, i->genesis.b, 6);
	snprintf(name + 12, sizeof(name) - 12, "-%s", i->id);
	bg_host_slug(slug, places->host);
	if (!(i->host_slug = strdup(slug)))
		return bg_fail_oom(err);
	if ((r = check_owner(repo, err)) ||
	    (r = set_dir(i, places, name, err)) ||
	    (r = make_dirs(i->dir, err)) || (r = make_key(i, err)) ||
	    (r = write_state(i, repo, name, err)))
		return r;
	make_reserve(repo);
	return 0;
}

int bg_install_make(struct bg_install *out, struct bg_repo *repo,
		    const struct bg_digest *genesis,
		    const struct bg_places *places, struct bg_error *err)
{
	BG_AUTO(install) struct bg_install i = { .genesis = *genesis };
	int r;

	memcpy(i.id, out->id, sizeof(i.id));
	if (!i.id[0] && (r = bg_install_new_id(i.id, err)))
		return r;
	if ((r = make(&i, repo, places, err)))
		return bg_wrap(err, "cannot make an installation");
	*out = i;
	memset(&i, 0, sizeof(i));
	return 0;
}

/*
 * Opening.
 */
static bool name_ok(const char *name)
{
	return strlen(name) == NAME_LEN && name[12] == '-' &&
	       strspn(name, "0123456789abcdef") == 12 &&
	       strspn(name + 13, "0123456789abcdef") == 32;
}

static int fail_none(const struct bg_repo *repo, struct bg_error *err)
{
	bg_fail(err, BG_ENOENT, "no-installation",
		"'%s' has no installation of yours: it is a plain clone",
		bg_repo_git_dir(repo));
	return bg_hint(err, "bg clone %s DIR", bg_repo_git_dir(repo));
}

static int load(struct bg_install *i, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	BG_AUTO(str) struct bg_str key = BG_STR_INIT;
	struct bg_digest pinned;
	struct bg_error why;
	int r;

	if ((r = read_small(&text, i->dir, "host", err)) ||
	    (r = read_digest(&i->genesis, i->dir, "genesis", err)))
		return r;
	i->host_slug = bg_str_detach(&text);
	if (!i->host_slug)
		return bg_fail_oom(err);
	r = read_digest(&pinned, i->dir, "anchor", &why);
	if (r && r != BG_ENOENT) {
		*err = why;
		return r;
	}
	i->has_anchor = r == 0;
	if (i->has_anchor)
		i->genesis = pinned;
	if ((r = path_in(&key, i->dir, "key.pgp", err)) ||
	    (r = bg_file_read(&i->blob, key.buf, BG_KEYBLOB_MAX, err)) ||
	    (r = path_in(&key, i->dir, "key", err)))
		return r;
	return bg_signer_open_file(&i->signer, key.buf, err);
}

int bg_install_open(struct bg_install *out, struct bg_repo *repo,
		    const struct bg_places *places, struct bg_error *err)
{
	BG_AUTO(install) struct bg_install i = { .dir = NULL };
	BG_AUTO(str) struct bg_str name = BG_STR_INIT;
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	int r = read_small(&name, bg_repo_git_dir(repo), "bg-installation",
			   err);

	if (r == BG_ENOENT || (!r && !name_ok(bg_str_text(&name))))
		return fail_none(repo, err);
	if (r || (r = set_dir(&i, places, name.buf, err)) ||
	    (r = path_in(&path, i.dir, "installation", err)))
		return r;
	if (!bg_path_exists(path.buf))
		return fail_none(repo, err);
	memcpy(i.id, name.buf + 13, sizeof(i.id));
	if ((r = check_owner(repo, err)) || (r = check_repo(&i, repo, err)) ||
	    (r = load(&i, err)))
		return r;
	make_reserve(repo);
	*out = i;
	memset(&i, 0, sizeof(i));
	return 0;
}

void bg_install_close(struct bg_install *i)
{
	if (i->signer)
		bg_signer_close(i->signer);
	bg_str_release(&i->blob);
	free(i->dir);
	free(i->host_slug);
	memset(i, 0, sizeof(*i));
}

int bg_install_pin(struct bg_install *i, const struct bg_digest *genesis,
		   struct bg_error *err)
{
	int r = write_digest(i->dir, "anchor", genesis, err);

	if (r)
		return bg_wrap(err, "cannot remember the anchor");
	i->has_anchor = true;
	i->genesis = *genesis;
	return 0;
}
