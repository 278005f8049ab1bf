/* report: the document of one grant, or of a period. */
#include "report/report.h"

#include <string.h>
#include <time.h>

#include "base/io.h"
#include "cmd/cmd.h"

static struct {
	struct bg_range range;
	int64_t sample;
	const char *seed, *format, *out;
} o;

static const struct bg_opt opts[] = {
	BG_OPT_RANGE(o.range),
	{ BG_OPT_NUMBER, 0, "sample", "N", "a reproducible sample of N grants",
	  &o.sample, NULL },
	{ BG_OPT_TEXT, 0, "seed", "TEXT", "what ranks the sample", &o.seed,
	  NULL },
	{ BG_OPT_TEXT, 0, "format", "FORMAT", "text, md or json", &o.format,
	  "text md json" },
	{ BG_OPT_TEXT, 'o', "output", "PATH", "write it there", &o.out,
	  "file" },
	{ 0 }
};

static int which_format(enum bg_report_format *out, struct bg_ctx *ctx,
			struct bg_error *err)
{
	static const char *const words[] = { "text", "md", "json" };

	*out = ctx->json ? BG_REPORT_JSON : BG_REPORT_TEXT;
	if (!o.format)
		return 0;
	for (size_t i = 0; i < 3; i++)
		if (!strcmp(o.format, words[i])) {
			*out = (enum bg_report_format)i;
			return 0;
		}
	return bg_ctx_usage(ctx, err, "no format '%s': text, md, json",
			    o.format);
}

/* The quarter that it is now, UTC. */
static int this_quarter(struct bg_range *r, int64_t now_ms,
			struct bg_error *err)
{
	time_t t = (time_t)(now_ms / 1000);
	struct tm tm;
	char word[32];

	if (!gmtime_r(&t, &tm))
		return bg_fail(err, BG_EFAIL, "clock", "cannot tell the time");
	snprintf(word, sizeof(word), "%04dQ%d", tm.tm_year + 1900,
		 tm.tm_mon / 3 + 1);
	if (!bg_time_parse(&r->since_ms, word, false) ||
	    !bg_time_parse(&r->until_ms, word, true))
		return bg_fail(err, BG_EFAIL, "clock", "cannot tell the time");
	return 0;
}

static int make(json_t **doc, struct bg_ctx *ctx, int argc, char **argv,
		struct bg_error *err)
{
	struct bg_report_range range;
	struct bg_digest root;
	int rc;

	if (argc) {
		rc = bg_ctx_grant(&root, ctx, argv[0], false, "bg report %s",
				  err);
		return rc ? rc : bg_report_grant(doc, ctx->store, &root, err);
	}
	if (!o.range.since_ms && !o.range.until_ms) {
		rc = this_quarter(&o.range, ctx->ui.now_ms, err);
		if (rc)
			return rc;
	}
	range = (struct bg_report_range){ .since_ms = o.range.since_ms,
					  .until_ms = o.range.until_ms,
					  .sample = (size_t)o.sample,
					  .seed = o.seed };
	return bg_report_period(doc, ctx->store, &range, err);
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(json) json_t *doc = NULL;
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	enum bg_report_format format;
	int rc = bg_ctx_args(ctx, argc, argv, 0, 1, err);

	if (!rc)
		rc = which_format(&format, ctx, err);
	if (rc)
		return rc;
	if (argc && (o.range.since_ms || o.range.until_ms || o.sample))
		return bg_ctx_usage(ctx, err,
				    "a grant has no period and no sample");
	if (o.sample && !o.seed)
		return bg_ctx_usage(ctx, err,
				    "--sample needs --seed TEXT: "
				    "the auditor's choice");
	rc = make(&doc, ctx, argc, argv, err);
	if (!rc)
		rc = bg_report_render(&text, doc, format, err);
	if (rc)
		return rc;
	if (o.out)
		return bg_file_commit(o.out, 0644, text.buf, text.len, err);
	fwrite(text.buf, 1, text.len, stdout);
	return 0;
}

const struct bg_cmd cmd_report = {
	.name = "report",
	.group = "afterwards",
	.summary = "one use or a period, for people and for machines",
	.usage = "report [GRANT | --period P | --since T --until T] "
		 "[--sample N --seed TEXT] [--format F] [-o PATH]",
	.examples =
		(const char *const[]){ "bg report",
				       "bg report @k7q2xm --format md -o k7.md",
				       "bg report --period 2026Q4 --sample 25 "
				       "--seed 81726354",
				       NULL },
	.exits = "0 1 3 5 14 129",
	.opts = opts,
	.complete = "grant",
	.flags = BG_CMD_STORE | BG_CMD_PAGER,
	.run = run,
};
