/* Fault points of io.h: nothing of this is in a release. */
#include "base/io.h"

#ifdef BG_TEST

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAULTS_MAX 16
#define KILL_PROCESS (-1)

static struct fault {
	char name[32];
	int error;
	unsigned long nth, calls;
	bool onwards;
} faults[FAULTS_MAX];
static size_t n_faults;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int error_named(const char *p, size_t n)
{
	static const struct {
		const char *name;
		int error;
	} known[] = {
		{ "EIO", EIO },       { "ENOSPC", ENOSPC },
		{ "EACCES", EACCES }, { "EAGAIN", EAGAIN },
		{ "ENOMEM", ENOMEM }, { "ENOENT", ENOENT },
		{ "EMFILE", EMFILE }, { "KILL", KILL_PROCESS },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (bg_span_is((struct bg_span){ p, n }, known[i].name))
			return known[i].error;
	return EIO;
}

static void add_fault(const char *p, size_t n)
{
	struct fault *f = &faults[n_faults];
	size_t name = strcspn(p, "=:,");
	const char *q = p + name;

	if (!name || name >= sizeof(f->name) || n_faults == FAULTS_MAX)
		return;
	memset(f, 0, sizeof(*f));
	memcpy(f->name, p, name);
	f->error = EIO;
	f->nth = 1;
	if (q < p + n && *q == '=') {
		size_t len = strcspn(++q, ":,");

		f->error = error_named(q, len);
		q += len;
	}
	if (q < p + n && *q == ':') {
		char *end;

		f->nth = strtoul(q + 1, &end, 10);
		f->onwards = *end == '+';
	}
	n_faults++;
}

void bg_fault_set(const char *spec)
{
	pthread_mutex_lock(&lock);
	n_faults = 0;
	while (spec && *spec) {
		size_t n = strcspn(spec, ",");

		add_fault(spec, n);
		spec += n + (spec[n] == ',');
	}
	pthread_mutex_unlock(&lock);
}

int bg_fault(const char *name)
{
	int error = 0;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < n_faults && !error; i++) {
		struct fault *f = &faults[i];

		if (strcmp(f->name, name) != 0)
			continue;
		f->calls++;
		if (f->calls == f->nth || (f->onwards && f->calls > f->nth))
			error = f->error;
	}
	pthread_mutex_unlock(&lock);
	if (error == KILL_PROCESS) {
		kill(getpid(), SIGKILL);
		pause();
	}
	return error;
}

#else

/* A translation unit is never empty. */
extern const char bg_no_faults[];
const char bg_no_faults[] = "release";

#endif
