#include "session/session_record.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "session/session.h"

#define FILE_MAX (64 * 1024)
#define ARGV0_MAX 200

void bg_session_record_release(struct bg_session_record *r)
{
	json_decref(r->command);
	free(r->path);
	memset(r, 0, sizeof(*r));
}

/*
 * Which process supervises: pid and its start, in this boot
 */
/* Start of a process in ticks since boot (proc(5), stat 22); 0: gone. */
static int64_t start_of(pid_t pid)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	struct bg_error ignored;
	char path[64];
	const char *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (bg_file_read(&s, path, 4096, &ignored))
		return 0;
	/* The name may hold anything: count from the last ')'. */
	p = strrchr(bg_str_text(&s), ')');
	for (int field = 2; p && field < 22; field++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	return p ? strtoll(p, NULL, 10) : 0;
}

static bool is_alive(const json_t *file)
{
	const char *boot = bg_json_text(file, "boot");
	pid_t pid = (pid_t)bg_json_int(file, "pid", 0);
	struct bg_clock now;

	bg_clock_read(&now);
	return boot && strcmp(boot, now.boot) == 0 && pid > 0 &&
	       start_of(pid) == bg_json_int(file, "start", -1);
}

/*
 * Events
 */
static int append(const struct bg_session_record *r, enum bg_event_type type,
		  json_t *data, struct bg_error *err)
{
	struct bg_event e = { .type = type, .grant = r->label, .data = data };
	int rc;

	if (!data)
		return bg_fail_oom(err);
	rc = bg_store_append(&e, r->ops->store, BG_BY_INSTALLATION, &r->root,
			     NULL, 0, err);
	if (rc && !e.json)
		json_decref(e.data);
	bg_event_release(&e);
	return rc;
}

/* argv[0] and a salted digest of the whole: nobody can guess a password out
 * of it. The salt will be in the encrypted record of the actions. */
static int make_command(struct bg_session_record *r, const char *const *argv,
			struct bg_error *err)
{
	BG_AUTO(secret) struct bg_str all = BG_STR_INIT;
	BG_AUTO(str) struct bg_str name = BG_STR_INIT;
	char text[BG_DIGEST_TEXT + 1];
	unsigned char salt[16];
	struct bg_digest d;
	size_t n = 0, cut;

	if (bg_random(salt, sizeof(salt), err))
		return err->code;
	bg_str_addn(&all, salt, sizeof(salt));
	while (argv[n]) {
		bg_str_addn(&all, argv[n], strlen(argv[n]) + 1);
		n++;
	}
	cut = strlen(argv[0]);
	bg_text_clean(&name, argv[0], cut < ARGV0_MAX ? cut : ARGV0_MAX);
	if (bg_str_check(&all, err) || bg_str_check(&name, err))
		return err->code;
	if (bg_sha256(&d, all.buf, all.len))
		return bg_fail_oom(err);
	bg_digest_format(text, &d);
	r->command = json_pack("{s:s,s:I,s:s}", "argv0",
			       name.len ? name.buf : "-", "argc", (json_int_t)n,
			       "digest", text);
	return r->command ? 0 : bg_fail_oom(err);
}

static int make_path(struct bg_session_record *r, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;

	bg_str_addf(&s, "%s/sessions", bg_store_install(r->ops->store)->dir);
	if (bg_str_check(&s, err) || bg_dir_make(s.buf, 0700, err))
		return err->code;
	bg_str_addf(&s, "/%s.json", r->id);
	if (bg_str_check(&s, err))
		return err->code;
	r->path = bg_str_detach(&s);
	return r->path ? 0 : bg_fail_oom(err);
}

static int write_file(const struct bg_session_record *r, pid_t pid,
		      struct bg_error *err)
{
	BG_AUTO(json) json_t *o = json_object();
	BG_AUTO(free) char *text = NULL;
	char root[BG_DIGEST_TEXT + 1];
	struct bg_clock now;

	bg_clock_read(&now);
	bg_digest_format(root, &r->root);
	json_object_set_new(o, "root", json_string(root));
	json_object_set_new(o, "label", json_string(r->label));
	json_object_set_new(o, "session", json_string(r->id));
	json_object_set_new(o, "boot", json_string(now.boot));
	json_object_set_new(o, "pid", json_integer(pid));
	json_object_set_new(o, "start", json_integer(start_of(pid)));
	json_object_set(o, "command", r->command);
	text = json_dumps(o, JSON_COMPACT);
	if (!text)
		return bg_fail_oom(err);
	return bg_file_commit(r->path, 0600, text, strlen(text), err);
}

int bg_session_record_start(struct bg_session_record *r,
			    const struct bg_ops *ops, const struct bg_grant *g,
			    const char *const *argv, struct bg_error *err)
{
	unsigned char id[8];
	json_t *data;

	memset(r, 0, sizeof(*r));
	r->ops = ops;
	r->root = g->root;
	snprintf(r->label, sizeof(r->label), "%s", g->label);
	if (bg_random(id, sizeof(id), err))
		return err->code;
	bg_hex(r->id, id, sizeof(id));
	if (make_command(r, argv, err) || make_path(r, err) ||
	    write_file(r, getpid(), err))
		return err->code;
	data = json_pack("{s:s,s:O,s:s,s:[]}", "session", r->id, "command",
			 r->command, "capture", "none", "readable_by");
	if (append(r, BG_EV_SESSION_START, data, err)) {
		unlink(r->path);
		return bg_wrap(err, "nothing was run");
	}
	return 0;
}

int bg_session_record_finish(struct bg_session_record *r,
			     const struct bg_record_end *e,
			     struct bg_error *err)
{
	json_t *o = json_pack("{s:s,s:O,s:s,s:s,s:{},s:b,s:I}", "session",
			      r->id, "command", r->command, "capture", "none",
			      "ended", e->ended, "counters", "recovered",
			      e->recovered, "duration_ms",
			      (json_int_t)e->duration_ms);

	if (o && e->exit >= 0)
		json_object_set_new(o, "exit", json_integer(e->exit));
	if (o && e->signal > 0)
		json_object_set_new(o, "signal", json_integer(e->signal));
	if (append(r, BG_EV_SESSION_END, o, err)) {
		bg_session_record_abandon(r);
		return err->code;
	}
	if (unlink(r->path) < 0 && errno != ENOENT)
		return bg_fail_errno(err, "cannot remove '%s'", r->path);
	return 0;
}

void bg_session_record_abandon(struct bg_session_record *r)
{
	struct bg_error ignored;

	/* Nobody supervises it any more. */
	if (r->path && write_file(r, 0, &ignored))
		return;
}

/*
 * Recovery
 */
static int recover_file(struct bg_session_record *r, const json_t *o,
			struct bg_error *err)
{
	const char *root = bg_json_text(o, "root");
	const char *label = bg_json_text(o, "label");
	const char *id = bg_json_text(o, "session");
	const struct bg_record_end e = { .ended = "lost",
					 .exit = -1,
					 .recovered = true };

	r->command = json_incref(json_object_get(o, "command"));
	if (!root || !label || !id || strlen(id) != 16 ||
	    strlen(label) != BG_LABEL_LEN || !r->command ||
	    !bg_digest_parse(&r->root, root))
		return bg_fail(err, BG_EFAIL, "bad-file",
			       "'%s' is not the record of a session", r->path);
	snprintf(r->label, sizeof(r->label), "%s", label);
	snprintf(r->id, sizeof(r->id), "%s", id);
	return bg_session_record_finish(r, &e, err);
}

static bool has_start(const struct bg_ops *ops, const json_t *o)
{
	BG_AUTO(event_list) struct bg_event_list list = { 0 };
	const char *id = bg_json_text(o, "session");
	const char *text = bg_json_text(o, "root");
	struct bg_error ignored;
	struct bg_digest root;

	if (!id || !text || !bg_digest_parse(&root, text) ||
	    bg_store_grant_events(&list, ops->store, &root, &ignored))
		return false;
	for (size_t i = 0; i < list.list.n; i++) {
		const struct bg_event *e = list.list.v[i];
		const char *s = bg_json_text(e->data, "session");

		if (e->type == BG_EV_SESSION_START && s && strcmp(s, id) == 0)
			return true;
	}
	return false;
}

static int recover_one(size_t *n, const struct bg_ops *ops, const char *path,
		       struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	BG_AUTO(json) json_t *o = NULL;
	struct bg_session_record r = { .ops = ops };
	int rc;

	if (bg_file_read(&text, path, FILE_MAX, err))
		return err->code == BG_ENOENT ? 0 : err->code;
	o = json_loads(bg_str_text(&text), 0, NULL);
	if (is_alive(o))
		return 0;
	/* The start was never written: nothing ran. */
	if (!has_start(ops, o)) {
		unlink(path);
		return 0;
	}
	r.path = strdup(path);
	if (!r.path)
		return bg_fail_oom(err);
	rc = recover_file(&r, o, err);
	bg_session_record_release(&r);
	*n += rc == 0;
	return rc;
}

int bg_session_recover(size_t *n, const struct bg_ops *ops,
		       struct bg_error *err)
{
	struct bg_install *install = bg_store_install(ops->store);
	BG_AUTO(str) struct bg_str dir = BG_STR_INIT;
	struct dirent *e;
	int rc = 0;
	DIR *d;

	*n = 0;
	if (!install)
		return 0;
	bg_str_addf(&dir, "%s/sessions", install->dir);
	if (bg_str_check(&dir, err))
		return err->code;
	d = opendir(dir.buf);
	if (!d)
		return 0;
	while ((e = readdir(d))) {
		BG_AUTO(str) struct bg_str path = BG_STR_INIT;
		size_t len = strlen(e->d_name);

		if (len != 21 || strcmp(e->d_name + 16, ".json") != 0)
			continue;
		bg_str_addf(&path, "%s/%s", dir.buf, e->d_name);
		/* One broken session never blocks another. */
		if (bg_str_check(&path, err) ||
		    recover_one(n, ops, path.buf, err))
			rc = err->code;
	}
	closedir(d);
	return rc;
}
