/* Policies, identities and trust files: any bytes give faults, never harm. */
#include "evidence/trust.h"
#include "policy/identity.h"
#include "policy/policy.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	BG_AUTO(faults) struct bg_faults faults = { .list = { 0 } };
	BG_AUTO(policy) struct bg_policy *policy = NULL;
	BG_AUTO(identity) struct bg_identity *identity = NULL;
	BG_AUTO(str) struct bg_str lines = BG_STR_INIT;
	struct bg_error err;

	if (bg_policy_load(&policy, &faults, "p.yaml", (const char *)p, n,
			   &err))
		return 0;
	if (bg_identity_load(&identity, &faults, "i.yaml", (const char *)p, n,
			     &err))
		return 0;
	bg_faults_sort(&faults);
	for (size_t i = 0; i < faults.list.n; i++)
		bg_fault_format(&lines, &faults.list.v[i]);
	must(faults.list.n <= BG_FAULTS_MAX);
	return 0;
}
