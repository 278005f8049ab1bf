/* verify: the auditor's command.  No state, no index, no configuration of the
 * user or of the repository: a path, an anchor, and the raw objects. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "cmd/cmd.h"
#include "evidence/verify.h"

static struct {
	const char *anchor, *engine;
	int64_t max_age, at_ms;
} o;

static int engines(struct bg_history_options *opt, struct bg_ctx *ctx,
		   struct bg_error *err)
{
	const char *e = o.engine ? o.engine : "native";

	opt->engine_native = bg_str_eq(e, "native") || bg_str_eq(e, "both");
	opt->engine_gpgme = bg_str_eq(e, "gpgme") || bg_str_eq(e, "both");
	if (!opt->engine_native && !opt->engine_gpgme)
		return bg_ctx_usage(ctx, err,
				    "no engine '%s': native, gpgme or both", e);
	return 0;
}

/* The anchor as typed, or the first line of a file (@FILE). */
static int read_anchor(struct bg_digest *out, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	size_t n;
	int rc;

	if (o.anchor[0] != '@')
		return bg_anchor_parse(out, o.anchor, err);
	rc = bg_file_read(&text, o.anchor + 1, 4096, err);
	if (rc)
		return rc;
	n = strcspn(bg_str_text(&text), " \t\r\n");
	if (n < text.len)
		text.buf[n] = '\0';
	return bg_anchor_parse(out, bg_str_text(&text), err);
}

static void progress(void *arg, size_t done, size_t all)
{
	bg_ui_progress(arg, "verifying", done, all);
}

/*
 * Reading.
 */
static int temporary(char out[64], struct bg_error *err)
{
	snprintf(out, 64, "/tmp/bg-verify-XXXXXX");
	if (!mkdtemp(out))
		return bg_fail_errno(err, "cannot make a folder in '/tmp'");
	return 0;
}

static int read_all(struct bg_history *h, struct bg_ctx *ctx, const char *path,
		    struct bg_error *err)
{
	BG_AUTO(repo) struct bg_repo *repo = NULL;
	struct bg_history_options opt = { .progress = progress,
					  .progress_arg = &ctx->ui };
	struct bg_digest anchor;
	struct bg_error ignored;
	char tmp[64] = "";
	int rc = engines(&opt, ctx, err);

	if (!rc && o.anchor)
		rc = read_anchor(&anchor, err);
	if (!rc)
		rc = bg_repo_open(&repo, path, false, err);
	if (!rc && opt.engine_gpgme)
		rc = temporary(tmp, err);
	if (rc)
		return rc;
	opt.tmp = tmp;
	rc = bg_history_read(h, repo, o.anchor ? &anchor : NULL, &opt, err);
	if (*tmp && bg_tree_remove(tmp, &ignored))
		bg_ui_warn(&ctx->ui, "cannot remove '%s'", tmp);
	if (!rc)
		rc = bg_history_judge(h, err);
	if (!rc)
		rc = bg_verify_attachments(h, repo, err);
	bg_ui_progress(&ctx->ui, "verifying", 0, 0);
	return rc;
}

/* An unsafe repository and one without trust are verdicts, not failures. */
static int to_finding(struct bg_history *h, const struct bg_error *why,
		      struct bg_error *err)
{
	const char *id = why->code == BG_EUNSAFE ? "unsafe-repository"
						 : "no-log";

	if (why->code != BG_EUNSAFE && strcmp(why->id, "no-trust")) {
		*err = *why;
		return err->code;
	}
	h->incomplete = true;
	return bg_finding_add(&h->findings, id, "", NULL, "%s", why->msg)
		       ? bg_fail_oom(err)
		       : 0;
}

/* Nothing is sealed yet in this format's first version: any age is too much. */
static int check_age(struct bg_history *h, struct bg_error *err)
{
	if (!o.max_age)
		return 0;
	return bg_finding_add(&h->findings, "stale", "", NULL,
			      "no seal says how old this copy is")
		       ? bg_fail_oom(err)
		       : 0;
}

/*
 * Printing.
 */
static void print_names(FILE *f, const struct bg_finding *x)
{
	static const struct bg_oid no_commit;
	static const struct bg_digest no_event;
	char hex[BG_DIGEST_TEXT + 1];

	if (!bg_oid_eq(&x->commit, &no_commit)) {
		bg_oid_format(hex, &x->commit);
		fprintf(f, "  commit %s", hex);
	}
	if (!bg_digest_eq(&x->event, &no_event)) {
		bg_digest_format(hex, &x->event);
		fprintf(f, "\n  event  %s", hex);
	}
}

/* What is declared, on one line: the full names are in --json and with -v. */
static void print_short(const struct bg_finding *x)
{
	static const struct bg_digest no_event;
	char hex[BG_DIGEST_TEXT + 1];
	bool has_event = !bg_digest_eq(&x->event, &no_event);

	bg_digest_format(hex, &x->event);
	printf("%s  %s  ", bg_class_text(x->class), x->id);
	bg_ui_text(stdout, *x->ref ? x->ref : "-");
	printf("  %.8s  ", has_event ? hex + 7 : "-");
	bg_ui_text(stdout, x->text);
	fputc('\n', stdout);
}

static void print_finding(struct bg_ctx *ctx, const struct bg_history *h,
			  const struct bg_finding *x)
{
	const struct bg_trust *t = bg_finding_acknowledged_in(x, &h->trust);
	enum bg_colour c = x->class == BG_WRONG && !t ? BG_RED : BG_YELLOW;

	if (!ctx->verbose && !t &&
	    (x->class == BG_DEVIATION || x->class == BG_GAP)) {
		print_short(x);
		return;
	}
	printf("%s%s%s  %s", bg_ui_on(&ctx->ui, c), bg_class_text(x->class),
	       bg_ui_off(&ctx->ui), x->id);
	if (*x->ref) {
		fputs("  ", stdout);
		bg_ui_text(stdout, x->ref);
	}
	fputs("\n  ", stdout);
	bg_ui_text(stdout, x->text);
	fputc('\n', stdout);
	print_names(stdout, x);
	if (t)
		printf("\n  acknowledged in version %llu of trust by %s",
		       (unsigned long long)t->version, t->signer);
	fputs("\n", stdout);
}

static void print_verdict(struct bg_ctx *ctx, const struct bg_history *h,
			  enum bg_verdict v)
{
	struct bg_verify_counts n;

	bg_verify_count(&n, h);
	printf("%s%s%s: %s\n",
	       bg_ui_on(&ctx->ui, v == BG_V_OK ? BG_GREEN : BG_RED),
	       bg_verdict_text(v), bg_ui_off(&ctx->ui), bg_verdict_meaning(v));
	printf("%zu events of %zu writers, %zu grants; %zu wrong, %zu "
	       "doubtful; %zu that no seal covers\n",
	       n.events, n.writers, n.grants, n.wrong, n.doubtful, n.unsealed);
}

static void print_text(struct bg_ctx *ctx, const struct bg_history *h,
		       enum bg_verdict v)
{
	char anchor[BG_ANCHOR_LEN + 1];

	if (ctx->quiet) {
		puts(bg_verdict_text(v));
		return;
	}
	for (size_t i = 0; i < h->findings.list.n; i++)
		print_finding(ctx, h, &h->findings.list.v[i]);
	print_verdict(ctx, h, v);
	if (h->trust.n) {
		bg_anchor_format(anchor, &h->trust.v[0]->digest, true);
		printf("%s %s, version %zu of trust\n",
		       h->anchored ? "anchor" : "unanchored, it would be",
		       anchor, h->trust.n);
	}
	puts("what this does not prove:");
	for (const char *const *l = bg_verify_limits; *l; l++)
		printf("  %s\n", *l);
}

static json_t *finding_json(const struct bg_history *h,
			    const struct bg_finding *x)
{
	static const struct bg_oid no_commit;
	static const struct bg_digest no_event;
	const struct bg_trust *t = bg_finding_acknowledged_in(x, &h->trust);
	char hex[BG_DIGEST_TEXT + 1];
	json_t *j = json_pack("{s:s, s:s, s:s, s:s}", "id", x->id, "severity",
			      bg_class_text(x->class), "ref", x->ref, "text",
			      x->text);

	if (j && !bg_oid_eq(&x->commit, &no_commit)) {
		bg_oid_format(hex, &x->commit);
		json_object_set_new(j, "commit", json_string(hex));
	}
	if (j && !bg_digest_eq(&x->event, &no_event)) {
		bg_digest_format(hex, &x->event);
		json_object_set_new(j, "event", json_string(hex));
	}
	if (j && t)
		json_object_set_new(j, "acknowledged",
				    json_pack("{s:I, s:s}", "version",
					      (json_int_t)t->version, "by",
					      t->signer));
	return j;
}

static int print_json(struct bg_ctx *ctx, const struct bg_history *h,
		      enum bg_verdict v, struct bg_error *err)
{
	BG_AUTO(json) json_t *doc = bg_ctx_doc();
	json_t *findings = json_array(), *limits = json_array();
	char anchor[BG_ANCHOR_LEN + 1];
	struct bg_verify_counts n;

	bg_verify_count(&n, h);
	for (size_t i = 0; i < h->findings.list.n; i++)
		json_array_append_new(findings,
				      finding_json(h, &h->findings.list.v[i]));
	for (const char *const *l = bg_verify_limits; *l; l++)
		json_array_append_new(limits, json_string(*l));
	json_object_set_new(doc, "verdict", json_string(bg_verdict_text(v)));
	if (h->trust.n) {
		bg_anchor_format(anchor, &h->trust.v[0]->digest, false);
		json_object_set_new(doc, "anchor", json_string(anchor));
	}
	json_object_set_new(doc, "events", json_integer((json_int_t)n.events));
	json_object_set_new(doc, "writers",
			    json_integer((json_int_t)n.writers));
	json_object_set_new(doc, "grants", json_integer((json_int_t)n.grants));
	json_object_set_new(doc, "wrong", json_integer((json_int_t)n.wrong));
	json_object_set_new(doc, "doubtful",
			    json_integer((json_int_t)n.doubtful));
	json_object_set_new(doc, "unsealed",
			    json_integer((json_int_t)n.unsealed));
	json_object_set_new(doc, "trust", json_integer((json_int_t)h->trust.n));
	json_object_set_new(doc, "findings", findings);
	json_object_set_new(doc, "limits", limits);
	return bg_ctx_json(ctx, doc, err);
}

/* A path that is typed is taken as it is; else -C, else where we are. */
static int find_path(const char **out, struct bg_ctx *ctx, int argc,
		     char **argv, struct bg_error *err)
{
	struct stat st;
	int rc = bg_ctx_args(ctx, argc, argv, 0, 1, err);

	if (rc)
		return rc;
	*out = argc ? argv[0] : ctx->repo ? ctx->repo : ".";
	if (!stat(*out, &st) && S_ISREG(st.st_mode)) {
		bg_fail(err, BG_EUSAGE, "not-a-repository",
			"'%s' is a file, not a repository", *out);
		return bg_hint(err, "git clone --mirror '%s' DIR", *out);
	}
	return 0;
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(history) struct bg_history h = { 0 };
	struct bg_error why;
	enum bg_verdict v;
	const char *path;
	int rc = find_path(&path, ctx, argc, argv, err);

	if (rc)
		return rc;
	rc = read_all(&h, ctx, path, &why);
	if (rc)
		rc = to_finding(&h, &why, err);
	if (!rc)
		rc = check_age(&h, err);
	if (rc)
		return rc;
	bg_findings_acknowledge(&h.findings, &h.trust);
	bg_findings_sort(&h.findings);
	v = bg_verdict_of(&h);
	if (ctx->json)
		rc = print_json(ctx, &h, v, err);
	else
		print_text(ctx, &h, v);
	return rc ? rc : bg_verdict_exit(v);
}

static const char *const examples[] = {
	"bg verify evidence --anchor bg1:7k3v-...",
	"bg verify --anchor @anchor.txt --engine both --json", NULL
};
static const struct bg_opt opts[] = {
	{ BG_OPT_TEXT, 0, "anchor", "ANCHOR",
	  "the printed line, or @FILE that holds it", &o.anchor, NULL },
	{ BG_OPT_DURATION, 0, "max-age", "DURATION",
	  "say stale when the newest seal is older", &o.max_age, NULL },
	{ BG_OPT_UNTIL, 0, "at", "TIME", "judge ages at this time", &o.at_ms,
	  NULL },
	{ BG_OPT_TEXT, 0, "engine", "ENGINE",
	  "who checks signatures: native, gpgme or both", &o.engine,
	  "native gpgme both" },
	{ 0 },
};

const struct bg_cmd cmd_verify = {
	.name = "verify",
	.group = "evidence",
	.summary = "prove, from raw objects and one printed line, that all of "
		   "it is true",
	.usage = "verify [DIR] [--anchor A|@FILE] [--max-age D] [--at T] "
		 "[--engine native|gpgme|both]",
	.examples = examples,
	.exits = "0 1 5 11 12 13 14 129",
	.opts = opts,
	.complete = "file",
	.flags = BG_CMD_PAGER,
	.run = run,
};
