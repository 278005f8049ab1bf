/* principals: of trust.yaml, and the keys that they sign with. */
#include <string.h>

#include "evidence/trust_parse.h"

static const struct bg_choice kinds[] = {
	{ "person", BG_PERSON },
	{ "vendor", BG_VENDOR },
	{ "service", BG_SERVICE },
	{ "workload", BG_WORKLOAD },
	{ "maintenance", BG_MAINTENANCE },
	{ "ai-agent", BG_AI_AGENT },
	{ "host", BG_HOST },
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *bg_principal_kind_text(enum bg_principal_kind k)
{
	for (size_t i = 0; i < N_KINDS; i++)
		if (kinds[i].value == (int)k)
			return kinds[i].word;
	return "person";
}

/* --- keys ---------------------------------------------------------------- */

static const struct bg_pubkey *find_key(const struct bg_keyblob *blob,
					const struct bg_fpr *fpr)
{
	for (size_t i = 0; i < blob->keys.n; i++)
		if (bg_fpr_eq(&blob->keys.v[i].fpr, fpr))
			return &blob->keys.v[i];
	return NULL;
}

static void check_signing(struct bg_trust_reader *p, const struct bg_yaml *at,
			  const struct bg_trust_key *key,
			  const struct bg_fpr *fpr)
{
	const struct bg_pubkey *k = find_key(&key->parsed, fpr);
	if (!k)
		bg_read_error(&p->r, at, "key-not-in-file",
			      "the key file does not hold this key");
	else if (!k->may_sign || !k->evp)
		bg_read_error(&p->r, at, "key-cannot-sign",
			      "this key cannot sign");
	else if (k->pk == BG_PK_RSA && k->bits < 3072)
		bg_read_error(&p->r, at, "weak-key",
			      "RSA with %u bits: at least 3072", k->bits);
}

/* The file keys/<primary>.pgp: there, the pinned bytes, one good key. */
static void load_blob(struct bg_trust_reader *p, const struct bg_yaml *map,
		      struct bg_trust_key *key, bool has_digest)
{
	char fpr[2 * BG_FPR_LEN + 1], path[64] = "keys/";
	struct bg_error err;
	bg_fpr_format(fpr, &key->primary);
	memcpy(path + 5, fpr, sizeof(fpr) - 1);
	memcpy(path + 5 + sizeof(fpr) - 1, ".pgp", 5);
	const struct bg_trust_file *file = bg_trust_file(p->t, path);
	const struct bg_yaml *at = bg_yaml_get(map, "primary");
	if (!file) {
		bg_read_error(&p->r, at, "key-file-missing",
			      "there is no file '%s'", path);
		return;
	}
	if (has_digest && !bg_digest_eq(&file->digest, &key->blob))
		bg_read_error(&p->r, bg_yaml_get(map, "blob"),
			      "key-file-digest",
			      "'%s' has other bytes than this digest", path);
	if (bg_keyblob_parse(&key->parsed, file->text, file->n, &err)) {
		bg_read_error(&p->r, at, "bad-key", "'%s': %.150s", path,
			      err.msg);
		return;
	}
	if (!bg_fpr_eq(&key->parsed.keys.v[0].fpr, &key->primary))
		bg_read_error(&p->r, at, "key-not-in-file",
			      "'%s' holds another primary key", path);
	const struct bg_yaml *list = bg_yaml_get(map, "signing");
	for (size_t i = 0; i < key->n_signing; i++)
		check_signing(p, list, key, &key->signing[i]);
}

static void read_key(struct bg_trust_reader *p, const struct bg_yaml *map,
		     struct bg_principal *who)
{
	static const char *const keys[] = { "primary", "signing", "blob",
					    NULL };
	if (!bg_read_map(&p->r, map, keys))
		return;
	struct bg_trust_key *key = &who->keys[who->n_keys];
	struct bg_yaml *list = bg_read_need(&p->r, map, "signing");
	if (!list || !bg_read_list(&p->r, list))
		list = NULL;
	else if (list->n == 0)
		bg_read_error(&p->r, list, "empty", "no signing key");
	key->signing = bg_trust_new_array(p, list, sizeof(*key->signing));
	for (size_t i = 0; list && key->signing && i < list->n; i++)
		key->n_signing += bg_trust_read_fpr(
			p, list->items[i], &key->signing[key->n_signing]);
	bool has_digest = bg_trust_read_digest(
		p, bg_read_need(&p->r, map, "blob"), &key->blob);
	if (!bg_trust_read_fpr(p, bg_read_need(&p->r, map, "primary"),
			       &key->primary))
		return;
	who->n_keys++;
	load_blob(p, map, key, has_digest);
}

/* --- one principal -------------------------------------------------------- */

/* What becomes an author line of git without changing. */
static bool email_is_fit(const char *s)
{
	const char *at = strchr(s, '@');
	size_t n = strlen(s);
	for (const char *c = s; *c; c++)
		if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f ||
		    strchr("<>()[]\\,;:\"'", *c))
			return false;
	return at && at != s && at[1] && !strchr(at + 1, '@') && n <= 254 &&
	       s[0] != '.' && s[n - 1] != '.';
}

static const char *read_email(struct bg_trust_reader *p,
			      const struct bg_yaml *node, const char *name)
{
	const char *email = bg_read_text(&p->r, node, 254);
	if (email && email_is_fit(email))
		return email;
	if (email)
		bg_read_error(&p->r, node, "bad-email",
			      "expected an address such as ana@acme.example");
	return bg_arena_printf(&p->t->arena, "%s@invalid", name);
}

static void refuse_key(struct bg_trust_reader *p, const struct bg_yaml *map,
		       const char *key, const char *only)
{
	if (bg_yaml_get(map, key))
		bg_read_error(&p->r, bg_yaml_key(map, key), "wrong-kind",
			      "'%s' is for %s only", key, only);
}

/* Who stands behind: human of persons and vendors, owner of the others;
 * resolved when all are read. */
static void read_human(struct bg_trust_reader *p, const struct bg_yaml *map,
		       struct bg_principal *who)
{
	bool living = who->kind == BG_PERSON || who->kind == BG_VENDOR;
	const char *need = living ? "human" : "owner";
	const char *name = bg_read_word(&p->r, bg_read_need(&p->r, map, need),
					BG_WORD_NAME);
	if (living)
		who->human = name ? name : who->name;
	else
		who->owner = name ? name : "";
	if (living)
		refuse_key(p, map, "owner", "service accounts and the like");
	else
		refuse_key(p, map, "human", "person and vendor");
	if (who->kind != BG_VENDOR) {
		refuse_key(p, map, "sponsor", "vendors");
		refuse_key(p, map, "contract", "vendors");
	}
}

static void read_principal(struct bg_trust_reader *p, const struct bg_yaml *key,
			   const struct bg_yaml *map, struct bg_principal *who)
{
	static const char *const keys[] = { "kind",     "human",   "owner",
					    "email",    "contact", "sponsor",
					    "contract", "until",   "keys",
					    NULL };
	who->name = bg_read_word(&p->r, key, BG_WORD_NAME);
	who->until_ms = INT64_MAX;
	if (!who->name)
		who->name = "";
	if (!bg_read_map(&p->r, map, keys)) {
		who->email = who->human = who->name;
		return;
	}
	who->kind = (enum bg_principal_kind)bg_read_choice(
		&p->r, bg_read_need(&p->r, map, "kind"), kinds, N_KINDS,
		BG_PERSON);
	read_human(p, map, who);
	who->email = read_email(p, bg_yaml_get(map, "email"), who->name);
	who->contact = bg_read_text(&p->r, bg_yaml_get(map, "contact"), 200);
	who->contract = bg_read_text(&p->r, bg_yaml_get(map, "contract"), 100);
	who->sponsor =
		bg_read_word(&p->r, bg_yaml_get(map, "sponsor"), BG_WORD_NAME);
	who->until_ms =
		bg_read_time(&p->r, bg_yaml_get(map, "until"), true, INT64_MAX);
	struct bg_yaml *list = bg_yaml_get(map, "keys");
	if (!list || !bg_read_list(&p->r, list))
		return;
	who->keys = bg_trust_new_array(p, list, sizeof(*who->keys));
	for (size_t i = 0; who->keys && i < list->n; i++)
		read_key(p, list->items[i], who);
}

/* --- between principals ---------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct bg_principal *x = a, *y = b;
	return strcmp(x->name, y->name);
}

static void check_person(struct bg_trust_reader *p, const struct bg_yaml *map,
			 const char *key, const char *name)
{
	const struct bg_principal *who = bg_trust_principal(p->t, name);
	if (!who)
		bg_read_error(&p->r, bg_yaml_get(map, key), "unknown-principal",
			      "no principal '%s'", name);
	else if (who->kind != BG_PERSON)
		bg_read_error(&p->r, bg_yaml_get(map, key), "not-a-person",
			      "'%s' is a %s: expected a person", name,
			      bg_principal_kind_text(who->kind));
}

static void resolve(struct bg_trust_reader *p, const struct bg_yaml *all,
		    struct bg_principal *who)
{
	const struct bg_yaml *map = bg_yaml_get(all, who->name);
	if (who->owner && who->owner[0])
		check_person(p, map, "owner", who->owner);
	if (who->sponsor)
		check_person(p, map, "sponsor", who->sponsor);
	if (who->kind == BG_VENDOR && who->until_ms == INT64_MAX)
		bg_read_warning(&p->r, map, "vendor-without-end",
				"vendor '%s' has no last day (until)",
				who->name);
	if (!who->human) {
		const struct bg_principal *owner =
			bg_trust_principal(p->t, who->owner);
		/* A fault was recorded when there is none. */
		who->human = owner && owner->human ? owner->human : who->name;
	}
}

struct listed {
	const struct bg_fpr *fpr;
	const char *who;
};

static int by_fpr(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	return memcmp(x->fpr->b, y->fpr->b, BG_FPR_LEN);
}

/* One key under two names would count twice. */
static void check_repeats(struct bg_trust_reader *p, struct listed *v, size_t n,
			  const struct bg_yaml *all)
{
	qsort(v, n, sizeof(*v), by_fpr);
	for (size_t i = 1; i < n; i++) {
		char hex[2 * BG_FPR_LEN + 1];
		if (!bg_fpr_eq(v[i].fpr, v[i - 1].fpr))
			continue;
		bg_fpr_format(hex, v[i].fpr);
		bg_read_error(&p->r, bg_yaml_get(all, v[i].who), "key-twice",
			      "key %s is listed for '%s' and '%s'", hex,
			      v[i - 1].who, v[i].who);
	}
}

static void check_keys(struct bg_trust_reader *p, const struct bg_yaml *all)
{
	struct bg_trust *t = p->t;
	size_t most = 0, n = 0, m = 0;
	for (size_t i = 0; i < t->n_principals; i++)
		for (size_t k = 0; k < t->principals[i].n_keys; k++)
			most += 1 + t->principals[i].keys[k].n_signing;
	struct listed *primary =
		bg_arena_array(&t->arena, most + 1, sizeof(*primary));
	struct listed *signing =
		bg_arena_array(&t->arena, most + 1, sizeof(*signing));
	if (!primary || !signing)
		return;
	for (size_t i = 0; i < t->n_principals; i++) {
		const struct bg_principal *who = &t->principals[i];
		for (size_t k = 0; k < who->n_keys; k++) {
			const struct bg_trust_key *key = &who->keys[k];
			primary[n++] =
				(struct listed){ &key->primary, who->name };
			for (size_t s = 0; s < key->n_signing; s++)
				signing[m++] =
					(struct listed){ &key->signing[s],
							 who->name };
		}
	}
	check_repeats(p, primary, n, all);
	check_repeats(p, signing, m, all);
}

void bg_trust_read_principals(struct bg_trust_reader *p)
{
	struct bg_yaml *map = bg_read_need(&p->r, p->root, "principals");
	struct bg_trust *t = p->t;
	if (!map || !bg_read_map(&p->r, map, NULL))
		return;
	t->principals = bg_trust_new_array(p, map, sizeof(*t->principals));
	if (!t->principals)
		return;
	for (size_t i = 0; i < map->n; i++)
		read_principal(p, map->keys[i], map->items[i],
			       &t->principals[t->n_principals++]);
	qsort(t->principals, t->n_principals, sizeof(*t->principals), by_name);
	for (size_t i = 0; i < t->n_principals; i++)
		resolve(p, map, &t->principals[i]);
	check_keys(p, map);
}
