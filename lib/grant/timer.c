#include "grant/timer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "grant/op.h"

void bg_grant_deadline(struct bg_deadline *out, const struct bg_grant *g)
{
	struct bg_clock now;

	memset(out, 0, sizeof(*out));
	if (!g->fold.has_window || g->state != BG_OPEN)
		return;
	out->wall_ms = g->fold.window_ms;
	bg_clock_read(&now);
	/* Only a clock of this boot can be compared. */
	if (g->grant && g->grant->clock_boot && now.boot[0] &&
	    strcmp(g->grant->clock_boot, now.boot) == 0)
		out->boot_us = g->grant->clock_boottime_us +
			       (g->fold.window_ms - g->fold.began_ms) * 1000;
}

int64_t bg_deadline_left_ms(const struct bg_deadline *d)
{
	int64_t left = INT64_MAX, boot;

	if (d->wall_ms)
		left = d->wall_ms - bg_now_ms();
	if (d->boot_us) {
		boot = (d->boot_us - bg_boottime_us()) / 1000;
		left = boot < left ? boot : left;
	}
	return left < 0 ? 0 : left;
}

/*
 * Descriptors
 */
static int arm(int fd, int64_t us, int flags, struct bg_error *err)
{
	struct itimerspec t = { 0 };

	/* 0 disarms; a time that is over must fire at once. */
	if (us > 0) {
		t.it_value.tv_sec = us / 1000000;
		t.it_value.tv_nsec = us % 1000000 * 1000;
	}
	if (timerfd_settime(fd, flags, &t, NULL) < 0)
		return bg_fail_errno(err, "cannot set a timer");
	return 0;
}

int bg_timer_set(struct bg_timer *t, const struct bg_deadline *d,
		 struct bg_error *err)
{
	if (arm(t->fd[BG_TIMER_BOOT], d->boot_us, TFD_TIMER_ABSTIME, err))
		return err->code;
	return arm(t->fd[BG_TIMER_WALL], d->wall_ms * 1000,
		   TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, err);
}

int bg_timer_open(struct bg_timer *t, const char *state,
		  const struct bg_digest *root, const struct bg_deadline *d,
		  struct bg_error *err)
{
	BG_AUTO(str) struct bg_str dir = BG_STR_INIT;
	const int flags = TFD_CLOEXEC | TFD_NONBLOCK;

	*t = (struct bg_timer)BG_TIMER_INIT;
	bg_str_addf(&dir, "%s/journal", state);
	if (bg_str_check(&dir, err) || bg_dir_make(dir.buf, 0700, err) ||
	    bg_journal_path(&t->live, state, BG_J_LIVE, root, err))
		return err->code;
	t->fd[BG_TIMER_BOOT] = timerfd_create(CLOCK_BOOTTIME, flags);
	t->fd[BG_TIMER_WALL] = timerfd_create(CLOCK_REALTIME, flags);
	t->fd[BG_TIMER_END] = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (t->fd[BG_TIMER_BOOT] < 0 || t->fd[BG_TIMER_WALL] < 0 ||
	    t->fd[BG_TIMER_END] < 0 ||
	    inotify_add_watch(t->fd[BG_TIMER_END], dir.buf,
			      IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO) < 0)
		return bg_fail_errno(err, "cannot make a timer");
	return bg_timer_set(t, d, err);
}

void bg_timer_drain(struct bg_timer *t)
{
	char buf[4096];

	for (int i = 0; i < BG_TIMER_FDS; i++)
		while (read(t->fd[i], buf, sizeof(buf)) > 0)
			;
}

bool bg_timer_gone(const struct bg_timer *t)
{
	return !bg_path_exists(t->live);
}

void bg_timer_close(struct bg_timer *t)
{
	for (int i = 0; i < BG_TIMER_FDS; i++)
		bg_auto_fd(&t->fd[i]);
	free(t->live);
	t->live = NULL;
}

int bg_timer_wait(struct bg_timer *t, int limit_ms, struct bg_error *err)
{
	struct pollfd p[BG_TIMER_FDS];

	for (int i = 0; i < BG_TIMER_FDS; i++)
		p[i] = (struct pollfd){ .fd = t->fd[i], .events = POLLIN };
	if (poll(p, BG_TIMER_FDS, limit_ms) < 0 && errno != EINTR)
		return bg_fail_errno(err, "cannot wait");
	bg_timer_drain(t);
	return 0;
}

/*
 * The detached process
 */
#define ENV_MAX 12

static void add_env(const char **env, size_t *n, struct bg_arena *a,
		    const char *name, const char *value)
{
	if (value && *n < ENV_MAX - 1)
		env[(*n)++] = bg_arena_printf(a, "%s=%s", name, value);
}

static int start(struct bg_op *op, struct bg_error *err)
{
	BG_AUTO(arena) struct bg_arena a = BG_ARENA_INIT;
	const struct bg_places *p = op->places;
	const char *env[ENV_MAX] = { NULL };
	char hex[BG_DIGEST_TEXT + 1];
	const char *argv[] = { p->self_path,
			       "-C",
			       bg_repo_git_dir(bg_store_repo(op->store)),
			       "--batch",
			       "sweep",
			       "--grant",
			       hex,
			       "--wait",
			       NULL };
	size_t n = 0;

	if (!p->self_path)
		return bg_fail(err, BG_EFAIL, "no-program",
			       "the program's own path is not known");
	bg_digest_format(hex, &op->grant->root);
	add_env(env, &n, &a, "PATH", "/usr/local/bin:/usr/bin:/bin");
	add_env(env, &n, &a, "HOME", p->user_home);
	add_env(env, &n, &a, "XDG_STATE_HOME", p->state_home);
	add_env(env, &n, &a, "XDG_CACHE_HOME", p->cache_home);
	add_env(env, &n, &a, "XDG_CONFIG_HOME", p->config_home);
	add_env(env, &n, &a, "XDG_RUNTIME_DIR", p->run_dir);
	add_env(env, &n, &a, "GNUPGHOME", p->gpg.home);
	add_env(env, &n, &a, "BG_ANCHOR", p->anchor);
	if (bg_arena_check(&a, err))
		return err->code;
	return bg_proc_detach(argv, env, err);
}

bool bg_timer_start(struct bg_op *op)
{
	BG_AUTO(json) json_t *o = json_object();
	struct bg_error err;

	json_object_set_new(o, "label", json_string(op->grant->label));
	if (bg_journal_put(op->state, BG_J_LIVE, &op->grant->root, o, &err) ||
	    start(op, &err)) {
		bg_op_say(op, "warning", err.msg);
		return false;
	}
	return true;
}
