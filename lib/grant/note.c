/* Notes and attached files: what the recorder could not see. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "grant/op.h"

#define ATTACH_MAX (16u * 1024 * 1024)
#define TEXT_MAX 4096

/* Users, whoever has a role in the policy, its owner, reviewers. */
static bool has_part(const struct bg_op *op)
{
	const struct bg_grant *g = op->grant;
	const struct bg_policy *p = g->policy;
	const char *me = op->me->name;

	if (bg_op_i_am_user(op) ||
	    bg_names_have(&op->trust->root.principals, me))
		return true;
	if (!p)
		return false;
	return strcmp(p->owner, me) == 0 ||
	       bg_op_has_role(op, me, &p->activate) ||
	       bg_op_has_role(op, me, &p->revoke) ||
	       bg_op_has_role(op, me, &p->approve.roles) ||
	       bg_op_has_role(op, me, &p->review_roles) ||
	       bg_op_has_role(op, me, &p->readable_by);
}

static int check_text(const char *text, struct bg_error *err)
{
	size_t n = strlen(text);

	if (n == 0 || n > TEXT_MAX)
		return bg_fail(err, BG_EUSAGE, "text-too-long",
			       "a text has 1 to %d bytes, not %zu", TEXT_MAX,
			       n);
	if (!bg_text_is_clean(text, n))
		return bg_fail(err, BG_EUSAGE, "bad-text",
			       "the text holds control characters or is not "
			       "UTF-8");
	return 0;
}

static int begin(struct bg_op *op, const struct bg_ops *ops,
		 const struct bg_digest *root, const char *command,
		 bool unanchored_ok, struct bg_error *err)
{
	if (bg_op_begin(op, ops, BG_OP_PERSON, unanchored_ok, err) ||
	    bg_op_load(op, root, err))
		return err->code;
	if (has_part(op))
		return 0;
	return bg_op_deny(op, command, err, "role", "%s has no part in '%s'",
			  op->me->name, op->grant->label);
}

/* The newest question of a reviewer. */
static const struct bg_event *question(const struct bg_grant *g)
{
	const struct bg_event *best = NULL;

	for (size_t i = 0; i < g->n_events; i++) {
		const struct bg_event *e = g->events[i];
		const char *d = bg_json_text(e->data, "decision");

		if (e->type == BG_EV_REVIEW && g->counted[i] && d &&
		    strcmp(d, "needs-info") == 0 &&
		    (!best || e->at_ms > best->at_ms))
			best = e;
	}
	return best;
}

int bg_note(struct bg_event *out, const struct bg_ops *ops,
	    const struct bg_digest *root, const char *text, bool answer,
	    struct bg_error *err)
{
	BG_AUTO(op) struct bg_op op = { 0 };
	const struct bg_event *q = NULL;
	char digest[BG_DIGEST_TEXT + 1];
	json_t *data;

	if (check_text(text, err) || begin(&op, ops, root, "note", true, err))
		return err->code;
	if (answer) {
		q = question(op.grant);
		if (!q)
			return bg_fail(err, BG_ENOENT, "no-question",
				       "nobody asked about '%s'",
				       op.grant->label);
	}
	data = json_pack("{s:s}", "text", text);
	if (q) {
		bg_digest_format(digest, &q->digest);
		json_object_set_new(data, "reply_to", json_string(digest));
	}
	bg_op_say(&op, "sign", op.me->name);
	return bg_op_append(out, &op, BG_EV_NOTE, data, BG_BY_PERSON,
			    q ? &q->digest : NULL, q ? 1 : 0, err);
}

/*
 * Files
 */
/* Names in evidence are lower case; what does not fit becomes '-'. */
static void make_name(char out[64], const char *path)
{
	const char *base = strrchr(path, '/');
	size_t n = 0;

	for (base = base ? base + 1 : path; *base && n < 63; base++) {
		char c = *base;

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      (n && strchr("._-", c))))
			c = '-';
		if (n || c != '-')
			out[n++] = c;
	}
	while (n && out[n - 1] == '.')
		n--;
	out[n] = '\0';
	if (n == 0)
		snprintf(out, 64, "file");
}

static int read_file(struct bg_str *out, const char *path, struct bg_error *err)
{
	struct stat st;

	/* A link could point at something else than what was looked at. */
	if (lstat(path, &st) < 0)
		return errno == ENOENT
			       ? bg_fail(err, BG_ENOENT, "no-such-file",
					 "no file '%s'", path)
			       : bg_fail_errno(err, "cannot read '%s'", path);
	if (!S_ISREG(st.st_mode))
		return bg_fail(err, BG_EUSAGE, "not-a-file",
			       "cannot attach '%s': only plain files, no "
			       "links or devices",
			       path);
	if ((uint64_t)st.st_size > ATTACH_MAX)
		return bg_fail(err, BG_EUSAGE, "file-too-large",
			       "cannot attach '%s': %lld bytes, at most %u",
			       path, (long long)st.st_size, ATTACH_MAX);
	return bg_file_read(out, path, ATTACH_MAX, err);
}

/* Is the whole of it readable text? */
static const char *media_of(const struct bg_str *content)
{
	const char *p = bg_str_text(content);

	for (size_t i = 0; i < content->len;) {
		uint32_t cp;
		size_t n = bg_utf8_decode(&cp, p + i, content->len - i);

		if (n == 0 ||
		    (cp < 0x20 && cp != '\n' && cp != '\t' && cp != '\r'))
			return "application/octet-stream";
		i += n;
	}
	return "text/plain";
}

/* A name that no attachment of this grant has yet. */
static void make_unique(char name[64], const struct bg_grant *g)
{
	char base[64];
	bool taken = true;

	snprintf(base, sizeof(base), "%s", name);
	for (int k = 2; taken && k < 1000; k++) {
		taken = false;
		for (size_t i = 0; i < g->n_events; i++) {
			const json_t *a = json_array_get(
				json_object_get(g->events[i]->data,
						"attachments"),
				0);
			const char *n = bg_json_text(a, "name");

			if (n && strcmp(n, name) == 0)
				taken = true;
		}
		if (taken)
			snprintf(name, 64, "%.58s-%u", base,
				 (unsigned)k % 1000);
	}
}

int bg_attach(struct bg_event *out, const struct bg_ops *ops,
	      const struct bg_digest *root, const char *path, const char *name,
	      const char *text, struct bg_error *err)
{
	BG_AUTO(op) struct bg_op op = { 0 };
	BG_AUTO(str) struct bg_str content = BG_STR_INIT;
	struct bg_attachment a;
	char safe[64];
	json_t *data;

	if ((text && *text && check_text(text, err)) ||
	    read_file(&content, path, err) ||
	    begin(&op, ops, root, "attach", false, err))
		return err->code;
	make_name(safe, name && *name ? name : path);
	make_unique(safe, op.grant);
	if (bg_op_attach(&a, &op, op.grant->label, safe, media_of(&content),
			 content.buf, content.len, err))
		return err->code;
	data = json_pack("{s:[o]}", "attachments", bg_attachment_json(&a));
	if (data && text && *text)
		json_object_set_new(data, "text", json_string(text));
	bg_op_say(&op, "sign", op.me->name);
	return bg_op_append(out, &op, BG_EV_ATTACH, data, BG_BY_PERSON, NULL, 0,
			    err);
}
