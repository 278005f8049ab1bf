#include "crypto/openpgp.h"

#include <string.h>

void bg_fpr_format(char *out, const struct bg_fpr *f)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < sizeof(f->b); i++) {
		*out++ = digits[f->b[i] >> 4];
		*out++ = digits[f->b[i] & 15];
	}
	*out = '\0';
}

bool bg_fpr_parse(struct bg_fpr *out, const char *hex)
{
	return hex && strlen(hex) == 2 * sizeof(out->b) &&
	       bg_unhex(out->b, sizeof(out->b), hex, true);
}

bool bg_fpr_eq(const struct bg_fpr *a, const struct bg_fpr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}
