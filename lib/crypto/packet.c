#include "crypto/packet.h"

#include <string.h>

const unsigned char *bg_cur_take(struct bg_cursor *c, size_t n)
{
	const unsigned char *p = c->p;

	if (c->bad || n > c->n) {
		c->bad = true;
		return NULL;
	}
	c->p += n;
	c->n -= n;
	return p;
}

unsigned bg_cur_u8(struct bg_cursor *c)
{
	const unsigned char *p = bg_cur_take(c, 1);

	return p ? p[0] : 0;
}

unsigned bg_cur_u16(struct bg_cursor *c)
{
	const unsigned char *p = bg_cur_take(c, 2);

	return p ? (unsigned)p[0] << 8 | p[1] : 0;
}

uint32_t bg_cur_u32(struct bg_cursor *c)
{
	const unsigned char *p = bg_cur_take(c, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
			       (uint32_t)p[2] << 8 | p[3]
		 : 0;
}

struct bg_bytes bg_cur_mpi(struct bg_cursor *c)
{
	unsigned bits = bg_cur_u16(c);
	struct bg_bytes v = { NULL, (bits + 7) / 8 };

	if (!bits || v.n > 512)
		c->bad = true;
	v.p = bg_cur_take(c, v.n);
	/* Minimal: the highest bit that the count promises is set, and none
	 * above it. */
	if (v.p && v.p[0] >> ((bits - 1) % 8) != 1) {
		c->bad = true;
		v.p = NULL;
	}
	if (!v.p)
		v.n = 0;
	return v;
}

void bg_mpi_write(struct bg_str *out, const unsigned char *p, size_t n)
{
	unsigned bits;

	while (n && !*p) {
		p++;
		n--;
	}
	bits = (unsigned)n * 8;
	if (n)
		for (unsigned top = *p; !(top & 0x80); top <<= 1)
			bits--;
	bg_str_addc(out, (char)(bits >> 8));
	bg_str_addc(out, (char)(bits & 255));
	bg_str_addn(out, p, n);
}

static size_t old_length(struct bg_cursor *c, unsigned kind)
{
	switch (kind) {
	case 0:
		return bg_cur_u8(c);
	case 1:
		return bg_cur_u16(c);
	case 2:
		return bg_cur_u32(c);
	}
	c->bad = true; /* "until the end of the file" */
	return 0;
}

static size_t new_length(struct bg_cursor *c, bool may_be_partial)
{
	unsigned first = bg_cur_u8(c);

	if (first < 192)
		return first;
	if (first == 255)
		return bg_cur_u32(c);
	if (may_be_partial && first >= 224) {
		c->bad = true;
		return 0;
	}
	return ((first - 192) << 8) + bg_cur_u8(c) + 192;
}

void bg_cur_packet(struct bg_packet *out, struct bg_cursor *c)
{
	const unsigned char *start = c->p;
	unsigned header = bg_cur_u8(c);
	size_t n;

	memset(out, 0, sizeof(*out));
	if (!(header & 0x80)) {
		c->bad = true;
		return;
	}
	if (header & 0x40) {
		out->tag = header & 0x3f;
		n = new_length(c, true);
	} else {
		out->tag = header >> 2 & 0x0f;
		n = old_length(c, header & 3);
	}
	out->body.p = bg_cur_take(c, n);
	if (!out->body.p)
		return;
	out->body.n = n;
	out->whole.p = start;
	out->whole.n = (size_t)(c->p - start);
}

struct bg_bytes bg_cur_subpacket(unsigned *type, struct bg_cursor *c)
{
	size_t n = new_length(c, false);
	struct bg_bytes body = { NULL, 0 };

	*type = 0;
	if (!n) {
		c->bad = true;
		return body;
	}
	*type = bg_cur_u8(c);
	body.p = bg_cur_take(c, n - 1);
	body.n = body.p ? n - 1 : 0;
	return body;
}
