#include "support/lint.h"

#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "policy/channel.h"
#include "policy/controls.h"
#include "policy/decide.h"

static int trust(const char *text, size_t n, struct bg_faults *faults,
		 struct bg_error *err)
{
	BG_AUTO(trust) struct bg_trust *t = NULL;
	struct bg_trust_file file = { .path = "trust.yaml",
				      .text = text,
				      .n = n };
	return bg_trust_parse(&t, faults, &file, 1, err);
}

static int load(const char *kind, const char *name, const char *text, size_t n,
		struct bg_faults *faults, struct bg_error *err)
{
	BG_AUTO(yaml) struct bg_yaml_doc doc = { 0 };
	BG_AUTO(policy) struct bg_policy *policy = NULL;
	BG_AUTO(identity) struct bg_identity *identity = NULL;
	BG_AUTO(channels) struct bg_channels *channels = NULL;
	BG_AUTO(controls) struct bg_controls *controls = NULL;
	if (strcmp(kind, "yaml") == 0)
		return bg_yaml_load(&doc, faults, name, text, n, err);
	if (strcmp(kind, "trust") == 0)
		return trust(text, n, faults, err);
	if (strcmp(kind, "policy") == 0)
		return bg_policy_load(&policy, faults, name, text, n, err);
	if (strcmp(kind, "identity") == 0)
		return bg_identity_load(&identity, faults, name, text, n, err);
	if (strcmp(kind, "channels") == 0)
		return bg_channels_load(&channels, faults, name, text, n, err);
	if (strcmp(kind, "controls") == 0)
		return bg_controls_load(&controls, faults, name, text, n, err);
	return bg_fail(err, BG_EUSAGE, "usage", "no kind '%s'", kind);
}

int lint_text(const char *kind, const char *name, const char *text, size_t n,
	      struct bg_faults *faults, struct bg_error *err)
{
	char word[32];
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(name, "-"), name);
	return load(strcmp(kind, "auto") == 0 ? word : kind, name, text, n,
		    faults, err);
}

int lint_file(struct bg_str *out, const char *kind, const char *path,
	      struct bg_error *err)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	const char *name = strrchr(path, '/');
	int rc = bg_file_read(&text, path, 1 << 20, err);
	if (rc == 0)
		rc = lint_text(kind, name ? name + 1 : path, bg_str_text(&text),
			       text.len, &faults, err);
	if (rc)
		return rc;
	bg_faults_sort(&faults);
	for (size_t i = 0; i < faults.list.n; i++)
		bg_fault_format(out, &faults.list.v[i]);
	return bg_str_check(out, err);
}
