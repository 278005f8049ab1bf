#include <string.h>

#include "report/period.h"

struct ranked {
	char hex[65];
	const char *label;
};

static int by_hex(const void *a, const void *b)
{
	return strcmp(((const struct ranked *)a)->hex,
		      ((const struct ranked *)b)->hex);
}

static int rank_one(struct ranked *out, const char *seed, const char *label)
{
	const struct bg_span pieces[] = { { seed, strlen(seed) },
					  { " ", 1 },
					  { label, strlen(label) } };
	struct bg_digest d;
	int rc = bg_sha256_v(&d, pieces, 3);

	if (!rc)
		bg_hex(out->hex, d.b, sizeof(d.b));
	out->label = label;
	return rc;
}

int bg_period_sample(struct bg_build *b, json_t *doc,
		     const struct bg_report_range *range, struct bg_error *err)
{
	const json_t *grants = json_object_get(doc, "grants");
	size_t n = json_array_size(grants);
	BG_AUTO(free) struct ranked *ranks = NULL;
	json_t *out, *list;

	if (!range->sample)
		return 0;
	ranks = calloc(n + 1, sizeof(*ranks));
	if (!ranks)
		return bg_fail_oom(err);
	for (size_t i = 0; i < n; i++)
		if (rank_one(&ranks[i], range->seed,
			     bg_json_text(json_array_get(grants, i), "grant")))
			return bg_fail(err, BG_EFAIL, "digest",
				       "cannot rank the sample");
	qsort(ranks, n, sizeof(*ranks), by_hex);
	out = bg_build_object(b);
	list = bg_build_array(b);
	for (size_t i = 0; i < n && i < range->sample; i++)
		bg_add_text(b, list, ranks[i].label);
	bg_put_text(b, out, "seed", range->seed);
	bg_put_int(b, out, "of", (int64_t)n);
	bg_put(b, out, "grants", list);
	bg_put(b, doc, "sample", out);
	return 0;
}
