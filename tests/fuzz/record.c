/* A signed commit that is accepted is exactly what its parts are written to. */
#include "evidence/record.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	BG_AUTO(record) struct bg_record r = { .has_commit = false };
	BG_AUTO(str) struct bg_str packet = BG_STR_INIT;
	BG_AUTO(str) struct bg_str armor = BG_STR_INIT;
	BG_AUTO(str) struct bg_str whole = BG_STR_INIT;
	const struct bg_oid oid = { { 1 } };
	struct bg_error err;

	if (bg_record_parse(&r, &oid, (const char *)p, n, &err))
		return 0;
	must(r.has_commit && r.has_event && r.has_sig);
	bg_sig_write(&packet, &r.sig);
	bg_armor_write(&armor, packet.buf, packet.len);
	must(bg_commit_sign(&whole, r.commit.payload.buf, r.commit.payload.len,
			    armor.buf, armor.len, &err) == 0);
	must(whole.len == n && !memcmp(whole.buf, p, n));
	return 0;
}
