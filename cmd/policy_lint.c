/* policy lint, policy test: files before they are in force. */
#include "base/io.h"
#include "cmd/policy.h"
#include "policy/cases.h"
#include "policy/channel.h"
#include "policy/controls.h"

#define FILE_LIMIT (256 * 1024)

/* Which loader: by the first line that says bg: KIND/1. */
static int load_one(struct bg_faults *faults, const char *file,
		    const struct bg_str *text, const struct bg_trust *t,
		    struct bg_error *err)
{
	const char *s = bg_str_text(text);
	if (strstr(s, "bg: identity/1")) {
		BG_AUTO(identity) struct bg_identity *i = NULL;
		return bg_identity_load(&i, faults, file, s, text->len, err);
	}
	if (strstr(s, "bg: channels/1")) {
		BG_AUTO(channels) struct bg_channels *c = NULL;
		return bg_channels_load(&c, faults, file, s, text->len, err);
	}
	if (strstr(s, "bg: controls/1")) {
		BG_AUTO(controls) struct bg_controls *c = NULL;
		return bg_controls_load(&c, faults, file, s, text->len, err);
	}
	BG_AUTO(policy) struct bg_policy *p = NULL;
	size_t before = faults->list.n;
	int rc = bg_policy_load(&p, faults, file, s, text->len, err);
	bool good = p != NULL;
	for (size_t i = before; i < faults->list.n; i++)
		good = good && faults->list.v[i].severity != BG_SEV_ERROR;
	return rc || !good || !t ? rc : bg_policy_check(p, t, faults, err);
}

/* With a repository the files are also held against its trust, as it would be
 * with all of them in force. */
static int take_all(struct bg_change *c, struct bg_ctx *ctx, int argc,
		    char **argv)
{
	struct bg_error ignored;
	const char *path;
	if (bg_ctx_store(ctx, 0, &ignored) ||
	    bg_change_begin(c, ctx, false, &ignored))
		return -1;
	for (int i = 0; i < argc; i++)
		if (bg_change_take(&path, c, argv[i], &ignored))
			return -1;
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	struct bg_trust *t = NULL;
	if (bg_trust_parse(&t, &faults, c->files.v, c->files.n, &ignored))
		return -1;
	bg_trust_free(c->t);
	c->t = t;
	return 0;
}

static json_t *fault_json(const struct bg_fault *f)
{
	bool error = f->severity == BG_SEV_ERROR;
	return json_pack("{s:s, s:i, s:i, s:s, s:s, s:s}", "file", f->file,
			 "line", (int)f->line, "col", (int)f->col, "severity",
			 error ? "error" : "warning", "id", f->id, "text",
			 f->text);
}

static int print(size_t *errors, struct bg_ctx *ctx,
		 const struct bg_faults *faults, struct bg_error *err)
{
	if (!ctx->json) {
		*errors = bg_faults_print(stdout, faults);
		return 0;
	}
	json_t *list = json_array();
	for (size_t i = 0; i < faults->list.n; i++) {
		*errors += faults->list.v[i].severity == BG_SEV_ERROR;
		json_array_append_new(list, fault_json(&faults->list.v[i]));
	}
	BG_AUTO(json)
	json_t *doc = json_pack("{s:i, s:o, s:I}", "schema", 1, "faults", list,
				"errors", (json_int_t)*errors);
	return bg_ctx_json(ctx, doc, err);
}

int bg_policy_lint_files(struct bg_ctx *ctx, int argc, char **argv,
			 struct bg_error *err)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(change) struct bg_change c = { 0 };
	size_t errors = 0;
	int rc = 0;
	bool held = !take_all(&c, ctx, argc, argv);
	for (int i = 0; !rc && i < argc; i++) {
		BG_AUTO(str) struct bg_str text = BG_STR_INIT;
		rc = bg_file_read(&text, argv[i], FILE_LIMIT, err);
		if (!rc)
			rc = load_one(&faults, argv[i], &text,
				      held ? c.t : NULL, err);
	}
	if (!rc)
		rc = print(&errors, ctx, &faults, err);
	return rc ? rc : errors ? bg_code_exit(BG_EATTENTION) : 0;
}

int bg_policy_test(struct bg_ctx *ctx, int argc, char **argv,
		   struct bg_error *err)
{
	BG_AUTO(case_results) struct bg_case_results r = { 0 };
	json_t *list = json_array();
	size_t failed = 0;
	int rc = 0;
	for (int i = 0; !rc && i < argc; i++)
		rc = bg_cases_run(&r, argv[i], NULL, err);
	for (size_t i = 0; !rc && i < r.list.n; i++) {
		const struct bg_case_result *c = &r.list.v[i];
		failed += !c->passed;
		json_array_append_new(list,
				      json_pack("{s:s, s:i, s:b, s:s}", "case",
						c->name, "line", (int)c->line,
						"passed", c->passed, "text",
						c->text ? c->text : ""));
		if (ctx->json)
			continue;
		printf("%s %zu - ", c->passed ? "ok" : "not ok", i + 1);
		bg_ui_text(stdout, c->name);
		putchar('\n');
		if (c->text) {
			fputs("  ", stdout);
			bg_ui_block(stdout, c->text, 2);
			putchar('\n');
		}
	}
	BG_AUTO(json)
	json_t *doc = json_pack("{s:i, s:o, s:I}", "schema", 1, "cases", list,
				"failed", (json_int_t)failed);
	if (!rc && ctx->json)
		rc = bg_ctx_json(ctx, doc, err);
	else if (!rc)
		printf("1..%zu\n", r.list.n);
	return rc ? rc : failed ? bg_code_exit(BG_EATTENTION) : 0;
}
