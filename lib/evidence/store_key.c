/*
 * Whose key: the person at the keyboard.
 */
#include <sys/stat.h>
#include <stdio.h>
#include <string.h>

#include "evidence/store_priv.h"
#include "evidence/trust_version.h"

struct choice {
	const struct bg_principal *who;
	struct bg_fpr primary, signing;
};
struct choices {
	BG_VEC(struct choice) v;
};

/* A listed signing key of this primary; gpg's own order first. */
static bool pick_signing(struct bg_fpr *out, const struct bg_trust_key *listed,
			 const struct bg_gpg_key *have)
{
	for (size_t i = 0; have && i < have->signing.n; i++)
		for (size_t k = 0; k < listed->n_signing; k++)
			if (bg_fpr_eq(&have->signing.v[i],
				      &listed->signing[k])) {
				*out = listed->signing[k];
				return true;
			}
	if (!listed->n_signing)
		return false;
	/* Expired or not here: signing says which, better than silence. */
	*out = listed->signing[0];
	return true;
}

static int add_choice(struct choices *out, const struct bg_trust *t,
		      const struct bg_fpr *fpr, const struct bg_gpg_key *have)
{
	for (size_t p = 0; p < t->n_principals; p++)
		for (size_t k = 0; k < t->principals[p].n_keys; k++) {
			const struct bg_trust_key *key =
				&t->principals[p].keys[k];
			struct choice c = { .who = &t->principals[p],
					    .primary = key->primary };

			if (bg_fpr_eq(&key->primary, fpr) &&
			    pick_signing(&c.signing, key, have) &&
			    bg_vec_push(&out->v, c))
				return -1;
		}
	return 0;
}

static int list_choices(struct choices *out, struct bg_store *s,
			const char *key, struct bg_error *err)
{
	const struct bg_trust *t = bg_store_trust(s);
	BG_AUTO(gpg_keys) struct bg_gpg_keys have = { 0 };
	int rc = bg_gpg_list(&have, &s->places->gpg, key, true, err);

	for (size_t i = 0; !rc && i < have.list.n; i++)
		if (add_choice(out, t, &have.list.v[i].primary,
			       &have.list.v[i]))
			rc = bg_fail_oom(err);
	return rc;
}

int bg_store_no_key(const struct bg_store *s, const char *key,
		    struct bg_error *err)
{
	(void)s;
	if (key)
		bg_fail(err, BG_ENOENT, "no-key",
			"no secret key '%s' here that trust knows", key);
	else
		bg_fail(err, BG_ENOENT, "no-key",
			"no secret key here that trust knows");
	return bg_hint(err, "bg trust request");
}

static int several_keys(const struct choices *c, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str list = BG_STR_INIT;
	char fpr[41];

	for (size_t i = 0; i < c->v.n; i++) {
		bg_fpr_format(fpr, &c->v.v[i].primary);
		bg_str_addf(&list, "%s%s %s", i ? ", " : "",
			    c->v.v[i].who->name, fpr);
	}
	bg_fail(err, BG_ENOENT, "several-keys",
		"several keys here are in trust: %s", bg_str_text(&list));
	bg_fpr_format(fpr, &c->v.v[0].primary);
	return bg_hint(err, "bg --key %s", fpr);
}

/* When a part of the keyring last changed. */
static void add_stamp(struct bg_str *out, const struct bg_gpg *gpg,
		      const char *part)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s%s/%s",
		 gpg->home ? gpg->home : gpg->user_home,
		 gpg->home ? "" : "/.gnupg", part);
	if (!stat(path, &st))
		bg_str_addf(out, " %lld.%09ld", (long long)st.st_mtim.tv_sec,
			    st.st_mtim.tv_nsec);
}

/* The choice of an earlier run under the same trust and the same keyring, so
 * that no gpg is started for it. */
static int choice_key(struct bg_str *out, struct bg_store *s, const char *key,
		      struct bg_error *err)
{
	const struct bg_gpg *gpg = &s->places->gpg;
	char hex[BG_DIGEST_TEXT + 1];

	bg_digest_format(hex, &bg_store_trust(s)->digest);
	bg_str_addf(out, "person %s %s %s", hex, gpg->home ? gpg->home : "",
		    key ? key : "");
	add_stamp(out, gpg, "pubring.kbx");
	add_stamp(out, gpg, "private-keys-v1.d");
	return bg_str_check(out, err);
}

static bool recall_choice(struct choice *out, struct bg_store *s,
			  const char *name)
{
	const struct bg_trust *t = bg_store_trust(s);
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	struct bg_error ignored;
	char primary[41] = "", signing[41] = "";

	if (bg_index_get_text(&text, &s->index, name, &ignored) ||
	    text.len != 81)
		return false;
	memcpy(primary, text.buf, 40);
	memcpy(signing, text.buf + 41, 40);
	if (!bg_fpr_parse(&out->primary, primary) ||
	    !bg_fpr_parse(&out->signing, signing))
		return false;
	out->who = bg_trust_by_key(t, &out->signing);
	return out->who != NULL;
}

static void remember_choice(const struct choice *c, struct bg_store *s,
			    const char *name)
{
	char text[96], primary[41], signing[41];
	struct bg_error ignored;

	bg_fpr_format(primary, &c->primary);
	bg_fpr_format(signing, &c->signing);
	snprintf(text, sizeof(text), "%s %s", primary, signing);
	/* A cache: not being able to remember costs the next run a listing. */
	if (bg_index_put_text(&s->index, name, text, &ignored))
		return;
}

static int choose(struct choice *out, struct bg_store *s, const char *key,
		  struct bg_error *err)
{
	BG_AUTO(str) struct bg_str name = BG_STR_INIT;
	struct choices c = { 0 };
	int rc = choice_key(&name, s, key, err);

	if (rc || recall_choice(out, s, bg_str_text(&name)))
		return rc;
	rc = list_choices(&c, s, key, err);
	if (!rc && !c.v.n)
		rc = bg_store_no_key(s, key, err);
	if (!rc && c.v.n > 1)
		rc = several_keys(&c, err);
	if (!rc) {
		*out = c.v.v[0];
		remember_choice(out, s, bg_str_text(&name));
	}
	bg_vec_release(&c.v);
	return rc;
}

int bg_store_person(const struct bg_principal **out, struct bg_store *s,
		    const char *key, struct bg_error *err)
{
	struct bg_hand_log *h = &s->hands[BG_BY_PERSON];
	struct choice c;
	int rc;

	if (s->has_person && !key) {
		*out = bg_trust_principal(bg_store_trust(s), s->person);
		return *out ? 0 : bg_store_no_key(s, NULL, err);
	}
	rc = choose(&c, s, key, err);
	if (rc)
		return rc;
	if (s->has_person && !bg_fpr_eq(&s->signing, &c.signing)) {
		if (h->signer)
			bg_signer_close(h->signer);
		memset(s->hands, 0, sizeof(s->hands));
	}
	s->has_person = true;
	s->primary = c.primary;
	s->signing = c.signing;
	snprintf(s->person, sizeof(s->person), "%s", c.who->name);
	*out = c.who;
	return 0;
}
