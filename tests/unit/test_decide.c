/* Every case of tests/decide, one assertion each. */
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "policy/cases.h"

static unsigned count;

static void show(const char *file, const struct bg_case_result *r)
{
	printf("%sok %u - %s:%u %s\n", r->passed ? "" : "not ", ++count, file,
	       r->line, r->name);
	for (const char *p = r->text ? r->text : ""; *p;) {
		size_t n = strcspn(p, "\n");
		printf("# %.*s\n", (int)n, p);
		p += n + (p[n] == '\n');
	}
}

static int run(const char *path)
{
	BG_AUTO(case_results) struct bg_case_results results = { 0 };
	struct bg_error err;
	const char *file = strrchr(path, '/');
	int rc = bg_cases_run(&results, path, NULL, &err);
	for (size_t i = 0; i < results.list.n; i++)
		show(file ? file + 1 : path, &results.list.v[i]);
	if (rc)
		printf("not ok %u - %s\n", ++count, err.msg);
	return rc;
}

int main(void)
{
	glob_t files = { 0 };
	int rc = glob("tests/decide/*.case", 0, NULL, &files);
	for (size_t i = 0; rc == 0 && i < files.gl_pathc; i++)
		run(files.gl_pathv[i]);
	globfree(&files);
	/* The specification by example has at least so many. */
	printf("%sok %u - %u cases\n", count >= 60 ? "" : "not ", count + 1,
	       count);
	printf("1..%u\n", count + 1);
	return 0;
}
