#include "session/session.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "grant/timer.h"
#include "session/child.h"
#include "session/session_record.h"

/* From asking to killing, when the window is over. */
#define GRACE_MS 5000

static const int64_t notices_ms[] = { 5 * 60 * 1000, 60 * 1000 };
#define N_NOTICES (sizeof(notices_ms) / sizeof(notices_ms[0]))

struct session {
	const struct bg_session_ask *ask;
	struct bg_session_result *out;
	struct bg_session_record record;
	struct bg_timer timer;
	struct bg_deadline deadline;
	struct bg_child child;
	bool watch_live;   /* the journal here knows the grant */
	size_t said;       /* notices that were given */
	int64_t killed_us; /* boot time when the end began; 0: it did not */
	bool killed_hard;
};

static void tell(const struct session *s, enum bg_session_notice what,
		 const char *text)
{
	if (s->ask->notice)
		s->ask->notice(s->ask->arg, what,
			       bg_deadline_left_ms(&s->deadline), text);
}

/*
 * Which file
 */
static bool is_program(const char *path, int *why)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			*why = errno;
		return false;
	}
	if (!S_ISREG(st.st_mode) || access(path, X_OK) < 0) {
		*why = EACCES;
		return false;
	}
	return true;
}

/* As execvp(3) looks: in PATH unless there is a slash. */
static int find_program(struct bg_str *out, int *why, const char *name,
			const char *path, struct bg_error *err)
{
	*why = ENOENT;
	if (strchr(name, '/')) {
		bg_str_add(out, name);
		*why = 0;
		return bg_str_check(out, err);
	}
	while (path && *name) {
		size_t n = strcspn(path, ":");

		bg_str_clear(out);
		bg_str_addn(out, n ? path : ".", n ? n : 1);
		bg_str_addf(out, "/%s", name);
		if (bg_str_check(out, err))
			return err->code;
		if (is_program(out->buf, why)) {
			*why = 0;
			return 0;
		}
		path = path[n] ? path + n + 1 : NULL;
	}
	return 0;
}

/*
 * Its environment
 */
static bool replaces(const char *pair, const json_t *added)
{
	size_t n = strcspn(pair, "=");
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)added, key, v)
		if (strlen(key) == n && strncmp(key, pair, n) == 0)
			return true;
	return false;
}

static const char **make_env(struct bg_arena *a, const struct session *s,
			     json_t *added)
{
	const char *const *old = s->ask->env;
	size_t n = 0, k = 0;
	const char **env, *key;
	json_t *v;

	while (old[n])
		n++;
	env = bg_arena_array(a, n + json_object_size(added) + 1, sizeof(*env));
	if (!env)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (!replaces(old[i], added))
			env[k++] = old[i];
	json_object_foreach(added, key, v)
		env[k++] =
			bg_arena_printf(a, "%s=%s", key, json_string_value(v));
	return env;
}

static int make_added(json_t **out, struct session *s, struct bg_error *err)
{
	if (bg_access_env(out, s->ask->ops->store, &s->ask->root, err))
		return err->code;
	json_object_set_new(*out, "BG_GRANT", json_string(s->record.label));
	json_object_set_new(*out, "BG_SESSION", json_string(s->record.id));
	return *out ? 0 : bg_fail_oom(err);
}

/*
 * The window
 */
/* Does the grant go on?  Reads what others wrote, extensions and ends. */
static bool goes_on(struct session *s)
{
	BG_AUTO(grant) struct bg_grant *g = NULL;
	struct bg_deadline d;
	struct bg_error err;
	struct bg_store *store = s->ask->ops->store;

	if (bg_store_update(store, &err) ||
	    bg_grant_load(&g, store, &s->ask->root, &err))
		/* Without evidence the window that we know holds. */
		return bg_deadline_left_ms(&s->deadline) > 0;
	if (g->state != BG_OPEN)
		return false;
	bg_grant_deadline(&d, g);
	if (d.wall_ms != s->deadline.wall_ms) {
		s->deadline = d;
		s->said = 0;
		while (s->said < N_NOTICES &&
		       bg_deadline_left_ms(&d) < notices_ms[s->said])
			s->said++;
		if (bg_timer_set(&s->timer, &d, &err))
			return false;
		tell(s, BG_SESSION_EXTENDED, "");
	}
	return bg_deadline_left_ms(&d) > 0;
}

static void end_it(struct session *s)
{
	int64_t now = bg_boottime_us();

	if (!s->killed_us) {
		tell(s, BG_SESSION_OVER, "");
		s->out->window = true;
		s->killed_us = now;
		/* An interactive shell ignores TERM, but not a hang-up. */
		bg_child_kill(&s->child, SIGHUP);
		bg_child_kill(&s->child, SIGTERM);
		bg_child_kill(&s->child, SIGCONT);
	} else if (!s->killed_hard &&
		   now - s->killed_us >= GRACE_MS * INT64_C(1000)) {
		s->killed_hard = true;
		bg_child_kill(&s->child, SIGKILL);
	}
}

static void check_window(struct session *s)
{
	bool gone = s->watch_live && bg_timer_gone(&s->timer);
	int64_t left = bg_deadline_left_ms(&s->deadline);

	if (s->killed_us || ((gone || left == 0) && !goes_on(s))) {
		end_it(s);
		return;
	}
	if (s->said < N_NOTICES && left <= notices_ms[s->said]) {
		/* An extension makes the notice wrong: look first. */
		if (goes_on(s) && s->said < N_NOTICES &&
		    bg_deadline_left_ms(&s->deadline) <= notices_ms[s->said]) {
			s->said++;
			tell(s, BG_SESSION_SOON, "");
		}
	}
}

static int next_wake_ms(const struct session *s)
{
	int64_t left = bg_deadline_left_ms(&s->deadline), ms = 60000;

	if (s->killed_us)
		return 100;
	if (s->said < N_NOTICES && left > notices_ms[s->said])
		ms = left - notices_ms[s->said];
	else if (left > 0)
		ms = left;
	return ms < 60000 ? (int)ms + 1 : 60000;
}

static void supervise(struct session *s)
{
	enum { CHILD = BG_TIMER_FDS, SIGNALS, N };
	struct pollfd p[N];

	while (!s->child.exited) {
		for (int i = 0; i < BG_TIMER_FDS; i++)
			p[i] = (struct pollfd){ .fd = s->timer.fd[i],
						.events = POLLIN };
		p[CHILD] = (struct pollfd){ .fd = s->child.pidfd,
					    .events = POLLIN };
		p[SIGNALS] = (struct pollfd){ .fd = s->child.signals,
					      .events = POLLIN };
		poll(p, N, next_wake_ms(s));
		bg_timer_drain(&s->timer);
		bg_child_tick(&s->child);
		if (!s->child.exited)
			check_window(s);
	}
}

/*
 * The whole
 */
static int status_of(const struct session *s)
{
	const struct bg_child *c = &s->child;

	if (c->exec_errno)
		return c->exec_errno == ENOENT ? 127 : 126;
	if (s->out->window)
		return 124;
	if (WIFSIGNALED(c->status))
		return 128 + WTERMSIG(c->status);
	return WEXITSTATUS(c->status);
}

static void take_end(struct session *s, int64_t began_us)
{
	const struct bg_child *c = &s->child;
	struct bg_record_end e = { .exit = -1 };
	struct bg_error err;

	s->out->duration_ms = (bg_boottime_us() - began_us) / 1000;
	s->out->status = status_of(s);
	e.duration_ms = s->out->duration_ms;
	e.ended = "exit";
	if (c->exec_errno) {
		e.ended = "not-run";
	} else if (WIFSIGNALED(c->status)) {
		e.signal = WTERMSIG(c->status);
		e.ended = "signal";
	} else {
		e.exit = WEXITSTATUS(c->status);
	}
	if (s->out->window)
		e.ended = "window";
	if (bg_session_record_finish(&s->record, &e, &err)) {
		s->out->unwritten = true;
		tell(s, BG_SESSION_UNWRITTEN, err.msg);
	}
}

static int run_child(struct session *s, struct bg_error *err)
{
	BG_AUTO(arena) struct bg_arena a = BG_ARENA_INIT;
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	BG_AUTO(json) json_t *added = NULL;
	int64_t began = bg_boottime_us();
	const char **env, **argv;
	size_t n = 0;
	int why = 0;

	if (make_added(&added, s, err) ||
	    find_program(&path, &why, s->ask->argv[0], s->ask->path, err))
		return err->code;
	env = make_env(&a, s, added);
	while (s->ask->argv[n])
		n++;
	argv = bg_arena_array(&a, n + 1, sizeof(*argv));
	if (!env || !argv)
		return bg_fail_oom(err);
	memcpy(argv, s->ask->argv, n * sizeof(*argv));
	if (s->ask->argv0)
		argv[0] = s->ask->argv0;
	if (why)
		s->child.exec_errno = why;
	else if (bg_child_start(&s->child, path.buf, argv, env, err))
		return err->code;
	else
		supervise(s);
	bg_child_finish(&s->child);
	s->out->started = !s->child.exec_errno;
	take_end(s, began);
	return 0;
}

static int begin(struct session *s, struct bg_error *err)
{
	BG_AUTO(grant) struct bg_grant *g = NULL;
	struct bg_store *store = s->ask->ops->store;
	const char *state = bg_store_install(store)->dir;

	if (bg_grant_load(&g, store, &s->ask->root, err))
		return err->code;
	bg_grant_deadline(&s->deadline, g);
	if (g->state != BG_OPEN || bg_deadline_left_ms(&s->deadline) == 0) {
		bg_fail(err, BG_EFAIL, "not-open", "'%s' is not open: it is %s",
			g->label,
			g->state == BG_OPEN ? "over" : bg_state_text(g->state));
		return g->policy ? bg_hint(err, "bg activate %s -m \"...\"",
					   g->policy->name)
				 : err->code;
	}
	s->watch_live = bg_journal_has(state, BG_J_LIVE, &g->root);
	if (bg_timer_open(&s->timer, state, &g->root, &s->deadline, err))
		return err->code;
	while (s->said < N_NOTICES &&
	       bg_deadline_left_ms(&s->deadline) < notices_ms[s->said])
		s->said++;
	return bg_session_record_start(&s->record, s->ask->ops, g, s->ask->argv,
				       err);
}

int bg_session_run(struct bg_session_result *out,
		   const struct bg_session_ask *ask, struct bg_error *err)
{
	struct session s = { .ask = ask,
			     .out = out,
			     .timer = BG_TIMER_INIT,
			     .child = BG_CHILD_INIT };
	int rc;

	memset(out, 0, sizeof(*out));
	out->status = 125;
	rc = begin(&s, err);
	if (!rc) {
		memcpy(out->session, s.record.id, sizeof(out->session));
		tell(&s, BG_SESSION_BEGINS, "");
		rc = run_child(&s, err);
		if (rc)
			bg_session_record_abandon(&s.record);
	}
	bg_timer_close(&s.timer);
	bg_session_record_release(&s.record);
	return rc;
}
