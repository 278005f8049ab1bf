/*
 * Whose signatures make a version of trust (evidence.md "Trust"; T9, T13).
 * Everything is counted in distinct humans, under the version before and under
 * the new one; what root alone may change needs root's threshold, anything
 * else admin's.
 */
#include <string.h>

#include "evidence/trust_version.h"

/* Is this signature one of a live member of the quorum under t? */
static bool signer_counts(const struct bg_trust *t, const struct bg_quorum *q,
			  const struct bg_signature_of *s)
{
	return bg_names_have(&q->principals, s->name) &&
	       !bg_trust_is_retired(t, s->name) &&
	       bg_principal_key(bg_trust_principal(t, s->name), &s->fpr);
}

static unsigned count_humans(const struct bg_trust *t,
			     const struct bg_quorum *q,
			     const struct bg_signers *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->list.n; i++) {
		const char *human = bg_trust_human(t, s->list.v[i].name);
		bool again = false;

		if (!signer_counts(t, q, &s->list.v[i]))
			continue;
		for (size_t j = 0; j < i && !again; j++)
			again = signer_counts(t, q, &s->list.v[j]) &&
				bg_str_eq(human,
					  bg_trust_human(t, s->list.v[j].name));
		n += !again;
	}
	return n;
}

static bool reached(const struct bg_trust *t, const struct bg_quorum *q,
		    const struct bg_signers *s)
{
	return q->threshold >= 1 && count_humans(t, q, s) >= q->threshold;
}

static bool same_names(const struct bg_names *a, const struct bg_names *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!bg_names_have(b, a->v[i]))
			return false;
	return true;
}

static bool same_quorum(const struct bg_quorum *a, const struct bg_quorum *b)
{
	return a->threshold == b->threshold &&
	       same_names(&a->principals, &b->principals);
}

static bool same_keys(const struct bg_principal *a,
		      const struct bg_principal *b)
{
	if (a->n_keys != b->n_keys)
		return false;
	for (size_t i = 0; i < a->n_keys; i++) {
		const struct bg_trust_key *x = &a->keys[i], *y = &b->keys[i];

		if (!bg_fpr_eq(&x->primary, &y->primary) ||
		    !bg_digest_eq(&x->blob, &y->blob) ||
		    x->n_signing != y->n_signing)
			return false;
		for (size_t j = 0; j < x->n_signing; j++)
			if (!bg_fpr_eq(&x->signing[j], &y->signing[j]))
				return false;
	}
	return true;
}

/* Are the members of a quorum the same persons with the same keys?  Else an
 * admin could become root by changing the keys under a root's name. */
static bool same_members(const struct bg_trust *prev,
			 const struct bg_trust *next, const struct bg_quorum *q)
{
	for (size_t i = 0; i < q->principals.n; i++) {
		const char *name = q->principals.v[i];
		const struct bg_principal *a = bg_trust_principal(prev, name);
		const struct bg_principal *b = bg_trust_principal(next, name);

		if (!a || !b || a->kind != b->kind ||
		    !bg_str_eq(a->human, b->human) || !same_keys(a, b))
			return false;
	}
	return true;
}

static bool same_compromises(const struct bg_trust *a, const struct bg_trust *b)
{
	if (a->n_compromised != b->n_compromised)
		return false;
	for (size_t i = 0; i < a->n_compromised; i++) {
		const struct bg_compromise *x = &a->compromised[i],
					   *y = &b->compromised[i];

		if (!bg_str_eq(x->name, y->name) ||
		    !bg_fpr_eq(&x->key, &y->key) ||
		    x->since_ms != y->since_ms ||
		    x->has_safe_seal != y->has_safe_seal ||
		    !bg_digest_eq(&x->safe_seal, &y->safe_seal))
			return false;
	}
	return true;
}

static bool roots_part_is_same(const struct bg_trust *prev,
			       const struct bg_trust *next)
{
	return same_quorum(&prev->root, &next->root) &&
	       same_quorum(&prev->admin, &next->admin) &&
	       same_members(prev, next, &prev->root) &&
	       same_members(prev, next, &prev->admin) &&
	       same_compromises(prev, next);
}

/* --- T13: what one signature may do ------------------------------------- */

static bool same_yaml(const struct bg_yaml *a, const struct bg_yaml *b)
{
	if (!a || !b)
		return a == b;
	if (a->kind != b->kind || a->n != b->n)
		return false;
	if (a->kind == BG_YAML_SCALAR)
		return a->quoted == b->quoted && bg_str_eq(a->text, b->text);
	for (size_t i = 0; i < a->n; i++)
		if ((a->kind == BG_YAML_MAP &&
		     !bg_str_eq(a->keys[i]->text, b->keys[i]->text)) ||
		    !same_yaml(a->items[i], b->items[i]))
			return false;
	return true;
}

/* Parts of trust.yaml that a comparison leaves out; NULL ends. */
static const char *const suspended_only[] = { "suspended", NULL };
static const char *const roots_only[] = { "root", "admin", "principals",
					  "compromised", NULL };

static bool is_one_of(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (bg_str_eq(s, *list))
			return true;
	return false;
}

/* Every member of a that is not left out is in b and the same. */
static bool covers_members(const struct bg_yaml *a, const struct bg_yaml *b,
			   const char *const *but)
{
	for (size_t i = 0; i < a->n; i++)
		if (!is_one_of(a->keys[i]->text, but) &&
		    !same_yaml(a->items[i], bg_yaml_get(b, a->keys[i]->text)))
			return false;
	return true;
}

/* Every file of a that counts is in b with the same bytes. */
static bool covers_files(const struct bg_trust *a, const struct bg_trust *b,
			 bool keys_too)
{
	for (size_t i = 0; i < a->n_files; i++) {
		const struct bg_trust_file *x = &a->files[i];
		const struct bg_trust_file *y = bg_trust_file(b, x->path);

		if (!strcmp(x->path, "trust.yaml") ||
		    (!keys_too && bg_starts_with(x->path, "keys/")))
			continue;
		if (!y || !bg_digest_eq(&x->digest, &y->digest))
			return false;
	}
	return true;
}

/* Do the two versions differ only in these members of trust.yaml? */
static int differ_only(bool *out, const struct bg_trust *prev,
		       const struct bg_trust *next, const char *const *but,
		       bool keys_too, struct bg_error *err)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(yaml) struct bg_yaml_doc a = { 0 };
	BG_AUTO(yaml) struct bg_yaml_doc b = { 0 };
	const struct bg_trust_file *x = bg_trust_file(prev, "trust.yaml");
	const struct bg_trust_file *y = bg_trust_file(next, "trust.yaml");
	int rc;

	*out = false;
	if (!x || !y || !covers_files(prev, next, keys_too) ||
	    !covers_files(next, prev, keys_too))
		return 0;
	rc = bg_yaml_load(&a, &faults, "trust.yaml", x->text, x->n, err);
	if (!rc)
		rc = bg_yaml_load(&b, &faults, "trust.yaml", y->text, y->n,
				  err);
	if (rc)
		return rc;
	*out = a.root && b.root && a.root->kind == BG_YAML_MAP &&
	       b.root->kind == BG_YAML_MAP &&
	       covers_members(a.root, b.root, but) &&
	       covers_members(b.root, a.root, but);
	return 0;
}

static const struct bg_suspension *find_suspension(const struct bg_trust *t,
						   const char *name)
{
	for (size_t i = 0; i < t->n_suspended; i++)
		if (bg_str_eq(t->suspended[i].name, name))
			return &t->suspended[i];
	return NULL;
}

static int check_new_suspension(const struct bg_trust *prev,
				const struct bg_suspension *s, const char *by,
				struct bg_error *err)
{
	if (s->keep || !bg_str_eq(s->by, by))
		return bg_fail(err, BG_EVERIFY, "bad-suspension",
			       "the suspension of '%s' is not by its signer",
			       s->name);
	if (bg_names_have(&prev->root.principals, s->name) ||
	    bg_names_have(&prev->admin.principals, s->name) ||
	    bg_trust_has_role(prev, s->name, "runner") ||
	    bg_trust_has_role(prev, s->name, "sweeper"))
		return bg_fail(err, BG_EVERIFY, "bad-suspension",
			       "one signature cannot suspend '%s'", s->name);
	return 0;
}

static int check_suspension(const struct bg_trust *prev,
			    const struct bg_trust *next, const char *by,
			    struct bg_error *err)
{
	size_t own = 0;
	int rc = 0;

	for (size_t i = 0; i < prev->n_suspended; i++) {
		const struct bg_suspension *a = &prev->suspended[i];
		const struct bg_suspension *b = find_suspension(next, a->name);

		if (!b || b->keep != a->keep || !bg_str_eq(a->by, b->by))
			return bg_fail(err, BG_EVERIFY, "bad-suspension",
				       "one signature cannot lift the "
				       "suspension of '%s'",
				       a->name);
	}
	for (size_t i = 0; !rc && i < next->n_suspended; i++) {
		const struct bg_suspension *s = &next->suspended[i];

		own += !s->keep && bg_str_eq(s->by, by);
		if (!find_suspension(prev, s->name))
			rc = check_new_suspension(prev, s, by, err);
	}
	if (!rc && own > 3)
		rc = bg_fail(err, BG_EVERIFY, "bad-suspension",
			     "'%s' alone suspends more than 3", by);
	return rc;
}

static int below(struct bg_error *err, const char *what, unsigned have,
		 unsigned want)
{
	return bg_fail(err, BG_EVERIFY, "below-threshold",
		       "%u of %u humans of %s signed", have, want, what);
}

/* --- the rules ------------------------------------------------------------ */

static int check_genesis(const struct bg_trust *next,
			 const struct bg_signers *signers, struct bg_error *err)
{
	const char *by = signers->list.v[0].name;

	if (next->root.threshold != 1 || next->admin.threshold != 1 ||
	    next->root.principals.n != 1 || next->admin.principals.n != 1 ||
	    !bg_names_have(&next->root.principals, by) ||
	    !bg_names_have(&next->admin.principals, by))
		return bg_fail(err, BG_EVERIFY, "bad-genesis",
			       "its signer must be its only root and admin");
	if (!reached(next, &next->root, signers))
		return below(err, "root", 0, 1);
	return 0;
}

/* T9: in version 2 everyone named as root or admin proves possession. */
static int check_everyone_signed(const struct bg_trust *next,
				 const struct bg_quorum *q,
				 const struct bg_signers *signers,
				 struct bg_error *err)
{
	for (size_t i = 0; i < q->principals.n; i++) {
		bool found = false;

		for (size_t j = 0; j < signers->list.n && !found; j++)
			found = bg_str_eq(q->principals.v[i],
					  signers->list.v[j].name) &&
				signer_counts(next, q, &signers->list.v[j]);
		if (!found)
			return bg_fail(err, BG_EVERIFY, "below-threshold",
				       "'%s' is named and did not sign",
				       q->principals.v[i]);
	}
	return 0;
}

static int check_both(const struct bg_trust *prev, const struct bg_trust *next,
		      bool root, const struct bg_signers *signers,
		      struct bg_error *err)
{
	const struct bg_quorum *a = root ? &prev->root : &prev->admin;
	const struct bg_quorum *b = root ? &next->root : &next->admin;
	const char *what = root ? "root" : "admin";

	if (!reached(prev, a, signers))
		return below(err, what, count_humans(prev, a, signers),
			     a->threshold);
	if (!reached(next, b, signers))
		return below(err, what, count_humans(next, b, signers),
			     b->threshold);
	return 0;
}

/* Root's part changed: root's threshold, and admin's for anything else. */
static int check_root_change(const struct bg_trust *prev,
			     const struct bg_trust *next,
			     const struct bg_signers *signers,
			     struct bg_error *err)
{
	bool only = false;
	int rc = check_both(prev, next, true, signers, err);

	if (!rc)
		rc = differ_only(&only, prev, next, roots_only, false, err);
	if (!rc && !only)
		rc = check_both(prev, next, false, signers, err);
	if (!rc && next->version == 2)
		rc = check_everyone_signed(next, &next->root, signers, err);
	if (!rc && next->version == 2)
		rc = check_everyone_signed(next, &next->admin, signers, err);
	return rc;
}

int bg_trust_quorum_check(const struct bg_trust *prev,
			  const struct bg_trust *next,
			  const struct bg_signers *signers,
			  struct bg_error *err)
{
	const struct bg_signature_of *first = &signers->list.v[0];
	struct bg_error few;
	bool suspends;
	int rc;

	if (!prev)
		return check_genesis(next, signers, err);
	if (!roots_part_is_same(prev, next))
		return check_root_change(prev, next, signers, err);
	if (!check_both(prev, next, false, signers, &few))
		return 0;
	if (!signer_counts(prev, &prev->admin, first))
		return below(err, "admin",
			     count_humans(prev, &prev->admin, signers),
			     prev->admin.threshold);
	rc = differ_only(&suspends, prev, next, suspended_only, true, err);
	if (rc)
		return rc;
	if (suspends)
		return check_suspension(prev, next, first->name, err);
	return below(err, "admin", count_humans(prev, &prev->admin, signers),
		     prev->admin.threshold);
}
