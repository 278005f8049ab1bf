#include "evidence/object.h"

#include <string.h>

const struct bg_oid bg_empty_tree = {
	{ 0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60,
	  0xe5, 0x4b, 0xf8, 0xd6, 0x92, 0x88, 0xfb, 0xee, 0x49, 0x04 }
};

void bg_oid_format(char *out, const struct bg_oid *o)
{
	bg_hex(out, o->b, sizeof(o->b));
}

bool bg_oid_parse(struct bg_oid *out, const char *hex)
{
	return hex && strlen(hex) == 2 * sizeof(out->b) &&
	       bg_unhex(out->b, sizeof(out->b), hex, false);
}

bool bg_oid_eq(const struct bg_oid *a, const struct bg_oid *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/*
 * Writing.  This is the one definition of the grammar's bytes: reading takes
 * apart, writes again and compares.
 */
#define SECONDS_MAX INT64_C(253402300799) /* the end of year 9999 */

static bool ident_char(char c)
{
	return c > ' ' && c < 0x7f && c != '<' && c != '>';
}

static bool ident_part_ok(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > 254)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!ident_char(s[i]))
			return false;
	return true;
}

/* The subject is one line that a terminal can show as it is. */
static bool subject_ok(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > 100 || s[0] == ' ' || s[n - 1] == ' ')
		return false;
	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~')
			return false;
	return true;
}

static bool repeats(const struct bg_oid *parents, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (bg_oid_eq(&parents[i], &parents[j]))
				return true;
	return false;
}

static void add_oid(struct bg_str *out, const char *word,
		    const struct bg_oid *oid)
{
	char hex[2 * BG_OID_LEN + 1];

	bg_oid_format(hex, oid);
	bg_str_add(out, word);
	bg_str_addn(out, hex, sizeof(hex) - 1);
	bg_str_addc(out, '\n');
}

static void add_ident(struct bg_str *out, const char *word, const char *name,
		      const char *email, int64_t seconds)
{
	bg_str_add(out, word);
	bg_str_add(out, name);
	bg_str_add(out, " <");
	bg_str_add(out, email);
	bg_str_addf(out, "> %lld +0000\n", (long long)seconds);
}

int bg_commit_payload(struct bg_str *out, const struct bg_oid *tree,
		      const struct bg_oid *parents, size_t n_parents,
		      const char *name, const char *email, int64_t seconds,
		      const char *subject, const char *body, size_t body_n,
		      struct bg_error *err)
{
	if (!ident_part_ok(name) || !ident_part_ok(email) || seconds < 0 ||
	    seconds > SECONDS_MAX)
		return bg_fail(err, BG_EVERIFY, "bad-ident",
			       "an author line that evidence does not hold");
	if (n_parents > BG_PARENTS_MAX || repeats(parents, n_parents))
		return bg_fail(err, BG_EVERIFY, "not-canonical",
			       "too many parents, or one twice");
	if (!subject_ok(subject))
		return bg_fail(err, BG_EVERIFY, "not-canonical",
			       "a subject that is not 1 to 100 printable "
			       "characters");
	if (!body_n || body[body_n - 1] != '\n' || body[0] == '\n')
		return bg_fail(err, BG_EVERIFY, "not-canonical",
			       "a body that does not end with its line");
	add_oid(out, "tree ", tree);
	for (size_t i = 0; i < n_parents; i++)
		add_oid(out, "parent ", &parents[i]);
	add_ident(out, "author ", name, email, seconds);
	add_ident(out, "committer ", name, email, seconds);
	bg_str_addc(out, '\n');
	bg_str_add(out, subject);
	bg_str_addn(out, "\n\n", 2);
	bg_str_addn(out, body, body_n);
	return bg_str_check(out, err);
}

/* Where the header ends: the offset of its empty line. */
static size_t header_end(const char *p, size_t n)
{
	const char *end = memmem(p, n, "\n\n", 2);

	return end ? (size_t)(end - p) + 1 : 0;
}

/* The signature as a header: git's folding, a space before each later line. */
static void add_folded(struct bg_str *out, const char *armor, size_t n)
{
	const char *end = armor + n;
	const char *word = "gpgsig ";

	while (armor < end) {
		const char *lf = memchr(armor, '\n', (size_t)(end - armor));

		lf = lf ? lf + 1 : end;
		bg_str_add(out, word);
		bg_str_addn(out, armor, (size_t)(lf - armor));
		word = " ";
		armor = lf;
	}
}

int bg_commit_sign(struct bg_str *out, const char *payload, size_t n,
		   const char *armor, size_t armor_n, struct bg_error *err)
{
	size_t at = header_end(payload, n);

	if (!at || !armor_n || armor[armor_n - 1] != '\n')
		return bg_fail(err, BG_EFAIL, "not-canonical",
			       "cannot put a signature into this commit");
	bg_str_addn(out, payload, at);
	add_folded(out, armor, armor_n);
	bg_str_addn(out, payload + at, n - at);
	return bg_str_check(out, err);
}

/*
 * Reading.
 */
struct reader {
	const char *p, *end;
};

static int fail_grammar(struct bg_error *err, const char *what)
{
	return bg_fail(err, BG_EVERIFY, "not-canonical",
		       "a commit that is not in the one form of evidence: %s",
		       what);
}

/* The next line without its LF; false at the end or without an LF. */
static bool take_line(struct bg_span *line, struct reader *r)
{
	const char *lf;

	if (r->p == r->end)
		return false;
	lf = memchr(r->p, '\n', (size_t)(r->end - r->p));
	if (!lf)
		return false;
	line->p = r->p;
	line->n = (size_t)(lf - r->p);
	r->p = lf + 1;
	return true;
}

static bool peek(const struct reader *r, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(r->end - r->p) >= n && memcmp(r->p, word, n) == 0;
}

/* "WORD <40 hex>" */
static bool take_oid(struct bg_oid *out, struct reader *r, const char *word)
{
	struct bg_span line;
	char hex[2 * BG_OID_LEN + 1];
	size_t n = strlen(word);

	if (!peek(r, word) || !take_line(&line, r) ||
	    line.n != n + 2 * BG_OID_LEN)
		return false;
	memcpy(hex, line.p + n, sizeof(hex) - 1);
	hex[sizeof(hex) - 1] = '\0';
	return bg_oid_parse(out, hex);
}

static int take_parents(struct bg_commit *c, struct reader *r,
			struct bg_error *err)
{
	struct reader ahead = *r;
	struct bg_oid oid;

	while (peek(&ahead, "parent ")) {
		if (!take_oid(&oid, &ahead, "parent "))
			return fail_grammar(err, "a parent line");
		if (++c->n_parents > BG_PARENTS_MAX)
			return fail_grammar(err, "too many parents");
	}
	c->parents = bg_arena_array(&c->arena, c->n_parents, sizeof(oid));
	if (c->n_parents && !c->parents)
		return bg_fail_oom(err);
	for (size_t i = 0; i < c->n_parents; i++)
		if (!take_oid(&c->parents[i], r, "parent "))
			return fail_grammar(err, "a parent line");
	return 0;
}

static bool parse_seconds(int64_t *out, const char *p, size_t n)
{
	int64_t v = 0;

	if (!n || n > 12 || (n > 1 && p[0] == '0'))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		v = v * 10 + (p[i] - '0');
	}
	*out = v;
	return v <= SECONDS_MAX;
}

/* "NAME <EMAIL> SECONDS +0000"; writing it again is the real check. */
static bool parse_ident(struct bg_commit *c, const char *p, size_t n)
{
	static const char zone[] = " +0000";
	const char *open = memmem(p, n, " <", 2), *close;
	size_t left;

	if (!open)
		return false;
	left = n - (size_t)(open + 2 - p);
	close = memmem(open + 2, left, "> ", 2);
	if (!close)
		return false;
	left = n - (size_t)(close + 2 - p);
	if (left <= sizeof(zone) - 1 ||
	    memcmp(p + n - (sizeof(zone) - 1), zone, sizeof(zone) - 1) != 0)
		return false;
	c->name = bg_arena_strndup(&c->arena, p, (size_t)(open - p));
	c->email = bg_arena_strndup(&c->arena, open + 2,
				    (size_t)(close - open - 2));
	return parse_seconds(&c->seconds, close + 2, left - (sizeof(zone) - 1));
}

static int take_idents(struct bg_commit *c, struct reader *r,
		       struct bg_error *err)
{
	static const char a_word[] = "author ", c_word[] = "committer ";
	struct bg_span author, committer;

	if (!peek(r, a_word) || !take_line(&author, r) || !peek(r, c_word) ||
	    !take_line(&committer, r))
		return fail_grammar(err, "author and committer");
	author.p += sizeof(a_word) - 1;
	author.n -= sizeof(a_word) - 1;
	committer.p += sizeof(c_word) - 1;
	committer.n -= sizeof(c_word) - 1;
	if (author.n != committer.n ||
	    memcmp(author.p, committer.p, author.n) != 0 ||
	    !parse_ident(c, author.p, author.n))
		return bg_fail(err, BG_EVERIFY, "bad-ident",
			       "author and committer are not one line of the "
			       "form that evidence has");
	return 0;
}

/* The folded lines of "gpgsig ", unfolded into the arena. */
static int take_signature(struct bg_commit *c, struct reader *r,
			  struct bg_error *err)
{
	static const char word[] = "gpgsig ";
	struct bg_span line;
	size_t skip = sizeof(word) - 1;
	char *armor = bg_arena_alloc(&c->arena, (size_t)(r->end - r->p) + 1);

	if (!armor)
		return bg_fail_oom(err);
	if (!peek(r, word))
		return 0;
	c->armor = armor;
	do {
		if (!take_line(&line, r))
			return fail_grammar(err, "the signature header");
		memcpy(armor, line.p + skip, line.n - skip + 1);
		armor += line.n - skip + 1;
		skip = 1;
	} while (peek(r, " "));
	c->armor_n = (size_t)(armor - c->armor);
	return 0;
}

/* Something stands where the empty line after the header belongs. */
static int fail_extra_header(const struct reader *r, struct bg_error *err)
{
	if (peek(r, "gpgsig"))
		return bg_fail(err, BG_EVERIFY, "second-signature",
			       "a commit with a second signature header");
	return fail_grammar(err, "a header that evidence does not have");
}

static int take_message(struct bg_commit *c, struct reader *r,
			struct bg_error *err)
{
	struct bg_span subject, empty;

	if (!peek(r, "\n"))
		return fail_extra_header(r, err);
	r->p++;
	if (!take_line(&subject, r) || !take_line(&empty, r) || empty.n)
		return fail_grammar(err, "a message without a body");
	c->subject = bg_arena_strndup(&c->arena, subject.p, subject.n);
	c->body = r->p;
	c->body_n = (size_t)(r->end - r->p);
	return 0;
}

static int check_bytes(const char *raw, size_t n, struct bg_error *err)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)raw[i];

		if ((c < ' ' && c != '\n') || c == 0x7f)
			return fail_grammar(err, "a control character");
	}
	return 0;
}

/* Write what was read and compare; body then points into the payload. */
static int compare(struct bg_commit *c, const char *raw, size_t n,
		   struct bg_error *err)
{
	BG_AUTO(str) struct bg_str again = BG_STR_INIT;
	const char *all;
	int r;

	r = bg_commit_payload(&c->payload, &c->tree, c->parents, c->n_parents,
			      c->name, c->email, c->seconds, c->subject,
			      c->body, c->body_n, err);
	if (r)
		return r;
	c->body = c->payload.buf + c->payload.len - c->body_n;
	all = c->payload.buf;
	if (c->armor) {
		r = bg_commit_sign(&again, c->payload.buf, c->payload.len,
				   c->armor, c->armor_n, err);
		if (r)
			return r;
		all = again.buf;
	}
	if ((c->armor ? again.len : c->payload.len) != n ||
	    memcmp(all, raw, n) != 0)
		return fail_grammar(err, "writing it again gives other bytes");
	return 0;
}

static int parse(struct bg_commit *c, const char *raw, size_t n,
		 struct bg_error *err)
{
	struct reader r = { raw, raw + n };
	int rc;

	if ((rc = check_bytes(raw, n, err)))
		return rc;
	if (!take_oid(&c->tree, &r, "tree "))
		return fail_grammar(err, "no tree line");
	if ((rc = take_parents(c, &r, err)) || (rc = take_idents(c, &r, err)) ||
	    (rc = take_signature(c, &r, err)) ||
	    (rc = take_message(c, &r, err)) ||
	    (rc = bg_arena_check(&c->arena, err)))
		return rc;
	if ((rc = compare(c, raw, n, err)))
		return rc;
	if (bg_sha256(&c->digest, c->payload.buf, c->payload.len))
		return bg_fail_oom(err);
	return 0;
}

int bg_commit_parse_any(struct bg_commit *out, const char *raw, size_t n,
			struct bg_error *err)
{
	struct bg_commit c = { .arena = BG_ARENA_INIT, .payload = BG_STR_INIT };
	int r = parse(&c, raw, n, err);

	if (r)
		bg_commit_release(&c);
	else
		*out = c;
	return r;
}

int bg_commit_parse(struct bg_commit *out, const char *raw, size_t n,
		    struct bg_error *err)
{
	struct bg_commit c;
	int r = bg_commit_parse_any(&c, raw, n, err);

	if (r)
		return r;
	if (!c.armor) {
		bg_commit_release(&c);
		return bg_fail(err, BG_EVERIFY, "unsigned",
			       "a commit without a signature header");
	}
	*out = c;
	return 0;
}

void bg_commit_release(struct bg_commit *c)
{
	bg_arena_release(&c->arena);
	bg_str_release(&c->payload);
	memset(c, 0, sizeof(*c));
}
