/* Armor and signature packets have exactly one accepted form. */
#include "crypto/openpgp.h"
#include "support/fuzz.h"

static void packet(const char *p, size_t n)
{
	BG_AUTO(str) struct bg_str again = BG_STR_INIT;
	struct bg_error err;
	struct bg_sig sig;

	if (bg_sig_parse(&sig, p, n, &err))
		return;
	bg_sig_write(&again, &sig);
	must(again.len == n && !memcmp(again.buf, p, n));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	BG_AUTO(str) struct bg_str again = BG_STR_INIT;
	struct bg_error err;

	packet((const char *)p, n);
	if (bg_armor_read(&raw, (const char *)p, n, &err))
		return 0;
	bg_armor_write(&again, raw.buf, raw.len);
	must(again.len == n && !memcmp(again.buf, p, n));
	packet(raw.buf, raw.len);
	return 0;
}
