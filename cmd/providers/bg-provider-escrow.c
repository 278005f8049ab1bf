/*
 * bg-provider-escrow: a credential that was encrypted to custodians
 * (access.md, "Escrow").  bg opens the envelope with the activator's own key and
 * hands the credential over on descriptor 3; this program puts it into a file
 * of mode 0600 in the folder of the grant, says whether it is still there, and
 * overwrites and removes it at the end.
 *
 * Taking the file away does not take the knowledge away: what a person has
 * seen is absent only after a rotation.  So `revocable` is false, and a check
 * says unknown until the request says `rotated`.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "format/json.h"

#define REQUEST_MAX (64 * 1024)
#define SECRET_MAX (64 * 1024)
#define FILE_NAME "secret"

enum { EXIT_DONE = 0, EXIT_REFUSED = 4, EXIT_UNKNOWN = 1 };

static int answer(json_t *o, int status)
{
	BG_AUTO(free) char *text = NULL;

	json_object_set_new(o, "v", json_integer(1));
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(o);
	if (!text || puts(text) < 0 || fflush(stdout) == EOF)
		return EXIT_UNKNOWN;
	return status;
}

static int describe(void)
{
	return answer(json_pack("{s:b,s:s,s:b,s:b,s:b,s:[s,s],s:s}", "ok", 1,
				"isolation", "shared", "revocable", 0,
				"exposed", 1, "target_enforces", 0, "handle",
				"file", "version", "secret", "in"),
		      EXIT_DONE);
}

static int fail(const char *what)
{
	fprintf(stderr, "bg-provider-escrow: %s: %s\n", what, strerror(errno));
	return EXIT_UNKNOWN;
}

/* A new file each time: never one that somebody may have open. */
static int write_secret(const char *path, const struct bg_str *secret)
{
	struct bg_error err;
	BG_AUTO(fd) int fd = -1;

	if (bg_file_shred(path, &err))
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		  0600);
	if (fd < 0)
		return -1;
	if (bg_fd_write_all(fd, secret->buf, secret->len, &err))
		return -1;
	return fsync(fd);
}

static json_t *handle_of(const json_t *request)
{
	const json_t *state = json_object_get(request, "state");
	const char *version = bg_json_text(state, "version");
	json_t *handle = json_pack("{s:s}", "file", FILE_NAME);

	if (version)
		json_object_set_new(handle, "version", json_string(version));
	return handle;
}

static int grant(const json_t *request, const char *path)
{
	BG_AUTO(secret) struct bg_str secret = BG_STR_INIT;
	struct bg_error err;
	json_t *o;

	if (bg_fd_read_all(&secret, 3, SECRET_MAX, &err) || !secret.len) {
		fprintf(stderr, "bg-provider-escrow: no credential came on "
				"descriptor 3\n");
		return EXIT_REFUSED;
	}
	if (write_secret(path, &secret))
		return fail(path);
	o = json_pack("{s:b,s:s,s:o,s:[{s:s,s:s}],s:s}", "ok", 1, "access",
		      "present", "handle", handle_of(request), "show", "label",
		      "file", "text", path, "text",
		      "the credential is in a file");
	return answer(o, EXIT_DONE);
}

static int check(const json_t *request, const char *path)
{
	bool rotated = bg_json_bool(request, "rotated");
	const char *access = "unknown", *text;
	struct stat st;

	if (rotated) {
		access = "absent";
		text = "the credential was rotated";
	} else if (lstat(path, &st) == 0) {
		access = "present";
		text = "the file is still there";
	} else {
		text = "the file is gone; who saw the credential knows it "
		       "until it is rotated";
	}
	return answer(json_pack("{s:b,s:s,s:s}", "ok", 1, "access", access,
				"text", text),
		      EXIT_DONE);
}

static int take_back(const char *path)
{
	struct bg_error err;

	if (bg_file_shred(path, &err)) {
		fprintf(stderr, "bg-provider-escrow: %s\n", err.msg);
		return EXIT_UNKNOWN;
	}
	return answer(json_pack("{s:b,s:s,s:s}", "ok", 1, "access", "unknown",
				"text", "the file was overwritten and removed"),
		      EXIT_DONE);
}

int main(void)
{
	static const struct bg_json_limits limits = { REQUEST_MAX, 8192, 16 };
	BG_AUTO(str) struct bg_str in = BG_STR_INIT, path = BG_STR_INIT;
	BG_AUTO(json) json_t *request = NULL;
	const char *verb, *place;
	struct bg_error err;

	if (bg_fd_read_all(&in, 0, REQUEST_MAX, &err) ||
	    bg_json_parse(&request, bg_str_text(&in), in.len, &limits, &err)) {
		fprintf(stderr, "bg-provider-escrow: %s\n", err.msg);
		return EXIT_REFUSED;
	}
	verb = bg_json_text(request, "verb");
	if (verb && strcmp(verb, "describe") == 0)
		return describe();
	place = bg_json_text(request, "place");
	if (!verb || !place || place[0] != '/') {
		fprintf(stderr, "bg-provider-escrow: no verb or no place\n");
		return EXIT_REFUSED;
	}
	bg_str_addf(&path, "%s/" FILE_NAME, place);
	if (bg_str_check(&path, &err))
		return EXIT_UNKNOWN;
	if (strcmp(verb, "grant") == 0)
		return grant(request, path.buf);
	if (strcmp(verb, "check") == 0)
		return check(request, path.buf);
	if (strcmp(verb, "revoke") == 0)
		return take_back(path.buf);
	fprintf(stderr, "bg-provider-escrow: no such verb\n");
	return EXIT_REFUSED;
}
