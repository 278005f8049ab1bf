#include "crypto/openpgp.h"

#include <string.h>

/* RFC 4880, 6.2, in the one form that gpg writes and evidence.md demands. */
static const char begin[] = "-----BEGIN PGP SIGNATURE-----\n\n";
static const char end[] = "-----END PGP SIGNATURE-----\n";
static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* RSA 4096 needs 560 bytes; nothing that is accepted is longer. */
#define PACKET_MAX 1024
#define LINE_BYTES 48

/* RFC 4880, 6.1, four bits at a time. */
static uint32_t crc24(const unsigned char *p, size_t n)
{
	static const uint32_t step[16] = {
		0x000000, 0x864cfb, 0x8ad50d, 0x0c99f6, 0x93e6e1, 0x15aa1a,
		0x1933ec, 0x9f7f17, 0xa18139, 0x27cdc2, 0x2b5434, 0xad18cf,
		0x3267d8, 0xb42b23, 0xb8b2d5, 0x3efe2e,
	};
	uint32_t crc = 0xb704ce;

	while (n--) {
		crc ^= (uint32_t)*p++ << 16;
		crc = (crc << 4 ^ step[crc >> 20 & 15]) & 0xffffff;
		crc = (crc << 4 ^ step[crc >> 20 & 15]) & 0xffffff;
	}
	return crc;
}

static size_t encode(char *out, const unsigned char *p, size_t n)
{
	char *o = out;

	for (; n; p += 3) {
		uint32_t v = (uint32_t)p[0] << 16;

		if (n > 1)
			v |= (uint32_t)p[1] << 8;
		if (n > 2)
			v |= p[2];
		*o++ = alphabet[v >> 18];
		*o++ = alphabet[v >> 12 & 63];
		*o++ = n > 1 ? alphabet[v >> 6 & 63] : '=';
		*o++ = n > 2 ? alphabet[v & 63] : '=';
		n -= n > 3 ? 3 : n;
	}
	return (size_t)(o - out);
}

void bg_armor_write(struct bg_str *out, const void *packet, size_t n)
{
	const unsigned char *p = packet;
	uint32_t crc = crc24(p, n);
	unsigned char c[3] = { crc >> 16, crc >> 8 & 255, crc & 255 };
	char line[LINE_BYTES / 3 * 4 + 1];

	bg_str_add(out, begin);
	while (n) {
		size_t take = n < LINE_BYTES ? n : LINE_BYTES;
		size_t len = encode(line, p, take);

		line[len++] = '\n';
		bg_str_addn(out, line, len);
		p += take;
		n -= take;
	}
	bg_str_addc(out, '=');
	bg_str_addn(out, line, encode(line, c, 3));
	bg_str_addc(out, '\n');
	bg_str_add(out, end);
}

/* Loose on purpose: what it lets through differs from its re-encoding. */
static size_t decode(unsigned char *out, size_t max, const char *p, size_t n)
{
	uint32_t v = 0;
	unsigned bits = 0;
	size_t len = 0;

	for (; n; p++, n--) {
		const char *at = *p ? strchr(alphabet, *p) : NULL;

		if (!at)
			continue;
		v = v << 6 | (uint32_t)(at - alphabet);
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (len == max)
			return 0;
		out[len++] = (unsigned char)(v >> bits);
	}
	return len;
}

static int bad_armor(struct bg_error *err)
{
	return bg_fail(err, BG_EVERIFY, "bad-armor",
		       "the signature's armor is not in its one form");
}

int bg_armor_read(struct bg_str *packet, const char *armor, size_t n,
		  struct bg_error *err)
{
	const size_t head = sizeof(begin) - 1;
	const size_t tail = 6 + sizeof(end) - 1; /* "=CRC4\n" and the end */
	BG_AUTO(str) struct bg_str again = BG_STR_INIT;
	unsigned char bytes[PACKET_MAX];
	size_t len;
	int r;

	if (n <= head + tail || n > 2 * PACKET_MAX)
		return bad_armor(err);
	len = decode(bytes, sizeof(bytes), armor + head, n - tail - head);
	if (!len)
		return bad_armor(err);
	bg_armor_write(&again, bytes, len);
	if ((r = bg_str_check(&again, err)))
		return r;
	if (again.len != n || memcmp(again.buf, armor, n) != 0)
		return bad_armor(err);
	bg_str_addn(packet, bytes, len);
	return bg_str_check(packet, err);
}
