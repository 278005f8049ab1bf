/* Public key blobs: what minimising leaves is a blob, the same when done
 * again. */
#include "crypto/openpgp.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	BG_AUTO(keyblob) struct bg_keyblob first = { .uid = NULL };
	BG_AUTO(keyblob) struct bg_keyblob second = { .uid = NULL };
	BG_AUTO(str) struct bg_str small = BG_STR_INIT;
	BG_AUTO(str) struct bg_str smaller = BG_STR_INIT;
	struct bg_error err;

	if (bg_keyblob_parse(&first, p, n, &err) == 0)
		must(first.keys.n > 0);
	if (bg_keyblob_minimise(&small, p, n, &err))
		return 0;
	if (bg_keyblob_parse(&second, small.buf, small.len, &err))
		return 0;
	must(second.keys.n > 0);
	must(bg_keyblob_minimise(&smaller, small.buf, small.len, &err) == 0);
	must(small.len == smaller.len &&
	     !memcmp(small.buf, smaller.buf, small.len));
	return 0;
}
