/* What parses has one canonical form, and that form parses to itself. */
#include "format/json.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	BG_AUTO(json) json_t *first = NULL;
	BG_AUTO(json) json_t *second = NULL;
	BG_AUTO(str) struct bg_str a = BG_STR_INIT;
	BG_AUTO(str) struct bg_str b = BG_STR_INIT;
	struct bg_error err;

	if (bg_json_parse(&first, (const char *)p, n, &bg_json_event_limits,
			  &err))
		return 0;
	must(bg_json_canon(&a, first, NULL, &err) == 0);
	must(bg_text_is_clean(a.buf, 0) && a.buf[a.len - 1] == '\n');
	/* Canonical text is wider: it may be over the limit of bytes. */
	if (bg_json_parse(&second, a.buf, a.len, &bg_json_event_limits, &err))
		return 0;
	must(json_equal(first, second));
	must(bg_json_canon(&b, second, NULL, &err) == 0);
	must(a.len == b.len && !memcmp(a.buf, b.buf, a.len));
	return 0;
}
