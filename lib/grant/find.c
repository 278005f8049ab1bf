/* Which grant a person means (cli.md, GRANT). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "grant/grant.h"

/* "@k7" or "@K7QO": the beginning of the random part as it is written. */
static bool random_part(char out[7], const char *text)
{
	size_t n = strcspn(text, "@");

	if (!n || n > 6)
		return false;
	for (size_t i = 0; i < n; i++) {
		int value = bg_base32_value(text[i]);

		if (value < 0)
			return false;
		out[i] = bg_base32_alphabet[value];
	}
	out[n] = 0;
	return true;
}

/* "BG-20261123-k7q2xm", any case. */
static bool full_label(char out[BG_LABEL_LEN + 1], const char *text)
{
	if (strcspn(text, "@") != BG_LABEL_LEN ||
	    strncasecmp(text, "BG-", 3) != 0 || text[11] != '-')
		return false;
	for (size_t i = 3; i < 11; i++)
		if (!isdigit((unsigned char)text[i]))
			return false;
	memcpy(out, "BG-", 3);
	memcpy(out + 3, text + 3, 9);
	return random_part(out + 12, text + 12) && strlen(out) == BG_LABEL_LEN;
}

/* Keep the rows whose root begins with the hex digits after a second "@". */
static bool narrow(struct bg_grant_rows *rows, const char *given)
{
	const char *hex = strchr(*given == '@' ? given + 1 : given, '@');
	char text[BG_DIGEST_TEXT + 1];
	size_t kept = 0;

	if (!hex)
		return true;
	hex++;
	if (!*hex || strspn(hex, "0123456789abcdefABCDEF") != strlen(hex))
		return false;
	for (size_t i = 0; i < rows->list.n; i++) {
		struct bg_grant_row row = rows->list.v[i];

		bg_digest_format(text, &row.root);
		if (strncasecmp(text + strlen("sha256:"), hex, strlen(hex)) !=
		    0)
			bg_grant_row_release(&row);
		else
			rows->list.v[kept++] = row;
	}
	rows->list.n = kept;
	return true;
}

static int not_a_grant(struct bg_error *err, const char *given)
{
	(void)bg_fail(err, BG_ENOENT, "no-such-grant",
		      "no grant is called '%.40s'", given);
	return bg_hint(err, "bg status -a");
}

static bool same_labels(const struct bg_grant_rows *rows)
{
	for (size_t i = 1; i < rows->list.n; i++)
		if (strcmp(rows->list.v[i].label, rows->list.v[0].label) != 0)
			return false;
	return true;
}

static int choose(struct bg_digest *root, const struct bg_grant_rows *rows,
		  const char *given, struct bg_error *err)
{
	char hex[BG_DIGEST_TEXT + 1];

	if (rows->list.n == 1) {
		*root = rows->list.v[0].root;
		return 0;
	}
	if (!rows->list.n)
		return not_a_grant(err, given);
	if (!same_labels(rows))
		return bg_fail(err, BG_ENOENT, "several-grants",
			       "'%.40s' could be any of %zu grants", given,
			       rows->list.n);
	bg_digest_format(hex, &rows->list.v[0].root);
	return bg_fail(err, BG_ENOENT, "label-collision",
		       "%zu grants are called %s; add a part of the digest: "
		       "%s@%.8s",
		       rows->list.n, rows->list.v[0].label,
		       rows->list.v[0].label, hex + strlen("sha256:"));
}

static int find_named(struct bg_digest *root, struct bg_grant_rows *rows,
		      struct bg_store *store, const char *given,
		      struct bg_error *err)
{
	struct bg_grant_query q = { 0 };
	char label[BG_LABEL_LEN + 1], random[7];
	struct bg_grant_row row = { 0 };
	int rc;

	if (bg_digest_parse(root, given)) {
		rc = bg_store_grant(&row, store, root, err);
		bg_grant_row_release(&row);
		return rc == BG_ENOENT ? not_a_grant(err, given) : rc;
	}
	if (*given == '@' && random_part(random, given + 1))
		q.random = random;
	else if (full_label(label, given))
		q.label = label;
	else
		return not_a_grant(err, given);
	rc = bg_store_grants(rows, store, &q, err);
	if (rc)
		return rc;
	if (!narrow(rows, given))
		return not_a_grant(err, given);
	return choose(root, rows, given, err);
}

/* The only one of mine that is not over. */
static int find_mine(struct bg_digest *root, struct bg_grant_rows *rows,
		     struct bg_store *store, const char *me,
		     struct bg_error *err)
{
	struct bg_grant_query q = { .active_only = true };
	size_t kept = 0;
	int rc = bg_store_grants(rows, store, &q, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < rows->list.n; i++) {
		struct bg_grant_row row = rows->list.v[i];

		if (row.state < BG_ENDED &&
		    (bg_str_eq(row.by, me) || bg_str_eq(row.beneficiary, me)))
			rows->list.v[kept++] = row;
		else
			bg_grant_row_release(&row);
	}
	rows->list.n = kept;
	if (kept == 1) {
		*root = rows->list.v[0].root;
		return 0;
	}
	if (kept)
		return bg_fail(err, BG_ENOENT, "several-grants",
			       "%zu grants of yours are open: name one", kept);
	(void)bg_fail(err, BG_ENOENT, "no-such-grant",
		      "no grant of yours is open");
	return bg_hint(err, "bg status");
}

int bg_grant_find(struct bg_digest *root, struct bg_grant_rows *candidates,
		  struct bg_store *store, const char *given,
		  const char *env_grant, const char *me, bool guess,
		  struct bg_error *err)
{
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	int rc;

	if (!given && guess)
		given = env_grant && *env_grant ? env_grant : NULL;
	if (given)
		rc = find_named(root, &rows, store, given, err);
	else if (guess && me)
		rc = find_mine(root, &rows, store, me, err);
	else
		rc = bg_fail(err, BG_ENOENT, "no-such-grant",
			     "no grant is named");
	if (rc == BG_ENOENT && candidates) {
		*candidates = rows;
		rows = (struct bg_grant_rows){ 0 };
	}
	return rc;
}
