#include <string.h>

#include "crypto/agent.h"

/* Canonical S-expressions (RFC 9804) as far as a signature needs them. */
struct sexp {
	const char *p;
	size_t n;
	bool bad;
};

static void expect(struct sexp *s, const char *text)
{
	size_t n = strlen(text);

	if (s->bad || s->n < n || memcmp(s->p, text, n) != 0) {
		s->bad = true;
		return;
	}
	s->p += n;
	s->n -= n;
}

/* "N:" and N bytes; N without leading zeros, at most 4 digits. */
static struct bg_span atom(struct sexp *s)
{
	struct bg_span v = { NULL, 0 };
	size_t len = 0, digits = 0;

	while (!s->bad && digits < s->n && digits < 4 && s->p[digits] >= '0' &&
	       s->p[digits] <= '9')
		len = len * 10 + (size_t)(s->p[digits++] - '0');
	if (s->bad || !digits || *s->p == '0' || s->n < digits + 1 ||
	    s->p[digits] != ':' || s->n - digits - 1 < len) {
		s->bad = true;
		return v;
	}
	v.p = s->p + digits + 1;
	v.n = len;
	s->p = v.p + len;
	s->n -= digits + 1 + len;
	return v;
}

static void number(struct bg_sig *sig, size_t i, struct sexp *s,
		   const char *name)
{
	struct bg_span v;

	expect(s, name);
	v = atom(s);
	expect(s, ")");
	while (v.n && !*v.p) {
		v.p++;
		v.n--;
	}
	if (!v.n || v.n > sizeof(sig->mpi[i]))
		s->bad = true;
	if (s->bad)
		return;
	memcpy(sig->mpi[i], v.p, v.n);
	sig->mpi_len[i] = v.n;
}

int bg_sexp_signature(struct bg_sig *sig, const void *p, size_t n,
		      struct bg_error *err)
{
	struct sexp s = { p, n, false };

	expect(&s, "(7:sig-val(");
	if (sig->pk == BG_PK_RSA) {
		expect(&s, "3:rsa");
		number(sig, 0, &s, "(1:s");
	} else {
		expect(&s, sig->pk == BG_PK_EDDSA ? "5:eddsa" : "5:ecdsa");
		number(sig, 0, &s, "(1:r");
		number(sig, 1, &s, "(1:s");
	}
	expect(&s, "))");
	if (s.bad || s.n)
		return bg_fail(err, BG_EFAIL, "agent-answer",
			       "gpg-agent gave something that is no "
			       "signature");
	return 0;
}
