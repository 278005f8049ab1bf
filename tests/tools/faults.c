/*
 * faults KIND FILE...: the faults of files, as lint prints them; used by
 * tests/policy.  KIND: yaml (syntax only), trust,
 * policy, identity.
 */
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "policy/decide.h"

static int load(const char *kind, const char *name, const struct bg_str *text,
		struct bg_faults *faults, struct bg_error *err)
{
	if (strcmp(kind, "yaml") == 0) {
		BG_AUTO(yaml) struct bg_yaml_doc doc = { 0 };
		return bg_yaml_load(&doc, faults, name, bg_str_text(text),
				    text->len, err);
	}
	if (strcmp(kind, "trust") == 0) {
		struct bg_trust_file file = { .path = "trust.yaml",
					      .text = bg_str_text(text),
					      .n = text->len };
		BG_AUTO(trust) struct bg_trust *t = NULL;
		return bg_trust_parse(&t, faults, &file, 1, err);
	}
	if (strcmp(kind, "policy") == 0) {
		BG_AUTO(policy) struct bg_policy *p = NULL;
		return bg_policy_load(&p, faults, name, bg_str_text(text),
				      text->len, err);
	}
	if (strcmp(kind, "identity") == 0) {
		BG_AUTO(identity) struct bg_identity *id = NULL;
		return bg_identity_load(&id, faults, name, bg_str_text(text),
					text->len, err);
	}
	return bg_fail(err, BG_EUSAGE, "usage", "no kind '%s'", kind);
}

static int show(const char *kind, const char *path, struct bg_error *err)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	BG_AUTO(str) struct bg_str out = BG_STR_INIT;
	const char *name = strrchr(path, '/');
	name = name ? name + 1 : path;
	int rc = bg_file_read(&text, path, 1 << 20, err);
	if (rc == 0)
		rc = load(kind, name, &text, &faults, err);
	if (rc)
		return rc;
	bg_faults_sort(&faults);
	for (size_t i = 0; i < faults.list.n; i++)
		bg_fault_format(&out, &faults.list.v[i]);
	fputs(bg_str_text(&out), stdout);
	return 0;
}

int main(int argc, char **argv)
{
	struct bg_error err;
	if (argc < 3) {
		fputs("usage: faults KIND FILE...\n", stderr);
		return 129;
	}
	for (int i = 2; i < argc; i++) {
		if (show(argv[1], argv[i], &err)) {
			fprintf(stderr, "faults: %s\n", err.msg);
			return 1;
		}
	}
	return 0;
}
