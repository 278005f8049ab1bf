#include "policy/identity.h"

#include <string.h>

#include "policy/policy_read.h"

static const struct bg_choice kinds[] = {
	{ "person", 0 },     { "vendor", 1 },      { "service", 2 },
	{ "workload", 3 },   { "maintenance", 4 }, { "ai-agent", 5 },
	{ "cloud-role", 6 },
};
static const struct bg_choice custodies[] = {
	{ "escrow", 0 }, { "provider", 1 }, { "vault", 2 }, { "none", 3 }
};

struct identity_reader {
	struct bg_reader r;
	struct bg_yaml *root;
	struct bg_identity *id;
};

/* --- where the provider runs -------------------------------------------------- */

/* USER@HOST or USER@HOST:PORT, fit to be one argument of ssh. */
static bool is_account(const char *s)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t user = strcspn(s, "@");
	const char *host = s + user + 1;
	if (user < 1 || user > 32 || s[user] != '@' || s[0] == '-')
		return false;
	size_t n = strcspn(host, ":");
	if (strspn(s, name) != user || strspn(host, name) != n || n < 1 ||
	    n > 253 || host[0] == '-')
		return false;
	if (host[n] == '\0')
		return true;
	size_t digits = strlen(host + n + 1);
	return digits >= 1 && digits <= 5 &&
	       strspn(host + n + 1, "0123456789") == digits;
}

static void read_at(struct identity_reader *p)
{
	struct bg_yaml *node = bg_yaml_get(p->root, "at");
	const char *at = bg_read_text(&p->r, node, 300);
	if (!at)
		return;
	if (strcmp(at, "sudo") == 0 ||
	    (bg_starts_with(at, "ssh://") && is_account(at + 6)))
		p->id->at = at;
	else
		bg_read_error(&p->r, node, "bad-choice",
			      "expected sudo or ssh://USER@HOST, not '%.60s'",
			      at);
}

/* --- escrow -------------------------------------------------------------------- */

static void read_quorum(struct identity_reader *p, const struct bg_yaml *map)
{
	static const char *const keys[] = { "k", "custodians", NULL };
	struct bg_escrow *e = &p->id->escrow;
	if (!map || !bg_read_map(&p->r, map, keys))
		return;
	const struct bg_yaml *k = bg_read_need(&p->r, map, "k");
	const struct bg_yaml *list = bg_read_need(&p->r, map, "custodians");
	e->k = (unsigned)bg_read_int(&p->r, k, 1, 16, 1);
	bg_read_words(&p->r, list, BG_WORD_NAME, BG_NAMES(e->custodians));
	if (list && list->kind == BG_YAML_LIST && e->k > list->n)
		bg_read_error(&p->r, k, "quorum-unreachable",
			      "%u of %zu custodians can never be reached", e->k,
			      list->n);
	else if (list && list->kind == BG_YAML_LIST && e->k == list->n)
		bg_read_warning(&p->r, k, "no-spare-key",
				"%u of %zu: one lost key locks the "
				"credential away",
				e->k, list->n);
}

static void read_escrow(struct identity_reader *p)
{
	static const char *const keys[] = { "quorum", "solo_to", NULL };
	struct bg_identity *id = p->id;
	struct bg_yaml *map = bg_yaml_get(p->root, "escrow");
	bool wanted = id->custody && strcmp(id->custody, "escrow") == 0;
	if (!map) {
		if (wanted)
			bg_read_need(&p->r, p->root, "escrow");
		return;
	}
	if (id->custody && !wanted)
		bg_read_error(&p->r, bg_yaml_key(p->root, "escrow"),
			      "escrow-without-custody",
			      "custodians of a credential whose custody is %s",
			      id->custody);
	if (!bg_read_map(&p->r, map, keys))
		return;
	id->escrow.present = true;
	read_quorum(p, bg_yaml_get(map, "quorum"));
	id->escrow.solo_to =
		bg_read_word(&p->r, bg_yaml_get(map, "solo_to"), BG_WORD_NAME);
	if (!bg_yaml_get(map, "quorum") && !bg_yaml_get(map, "solo_to"))
		bg_read_error(&p->r, map, "nobody-opens",
			      "expected quorum, solo_to or both");
	if (id->escrow.k > 1 && id->escrow.solo_to)
		bg_read_warning(&p->r, bg_yaml_get(map, "solo_to"),
				"opens-with-one-key",
				"with solo_to the credential opens with one "
				"key, not %u",
				id->escrow.k);
}

/* --- rotation --------------------------------------------------------------------- */

static void read_rotate(struct identity_reader *p)
{
	static const char *const keys[] = { "every", "method", "always", NULL };
	static const struct bg_choice methods[] = { { "provider", 1 },
						    { "manual", 0 } };
	struct bg_identity *id = p->id;
	struct bg_yaml *map = bg_yaml_get(p->root, "rotate");
	if (!map || !bg_read_map(&p->r, map, keys))
		return;
	id->rotate_every = bg_read_duration(&p->r, bg_yaml_get(map, "every"), 1,
					    3660 * BG_DAY, 0);
	id->rotate_by_provider =
		bg_read_choice(&p->r, bg_read_need(&p->r, map, "method"),
			       methods, BG_COUNT(methods), 0);
	id->rotate_always =
		bg_read_bool(&p->r, bg_yaml_get(map, "always"), false);
	if (id->rotate_by_provider && !bg_yaml_get(p->root, "provider"))
		bg_read_error(&p->r, bg_yaml_get(map, "method"),
			      "rotate-without-provider",
			      "no provider to rotate with");
}

static void read_rest(struct identity_reader *p)
{
	static const char *const drill_keys[] = { "every", NULL };
	struct bg_identity *id = p->id;
	struct bg_yaml *drill = bg_yaml_get(p->root, "drill");
	if (drill && bg_read_map(&p->r, drill, drill_keys))
		id->drill_every = bg_read_duration(
			&p->r, bg_read_need(&p->r, drill, "every"), 1,
			3660 * BG_DAY, 0);
	bg_read_words(&p->r, bg_yaml_get(p->root, "users"), BG_WORD_NAME,
		      BG_NAMES(id->users));
	struct bg_yaml *provider = bg_yaml_get(p->root, "provider");
	if (provider)
		bg_provider_read(&p->r, provider, "name", &id->provider);
	id->retired_ms = bg_read_time(&p->r, bg_yaml_get(p->root, "retired"),
				      false, INT64_MAX);
}

/* --- the whole ---------------------------------------------------------------------- */

static void read_identity(struct identity_reader *p)
{
	static const char *const keys[] = { "bg",      "name",   "kind",
					    "title",   "owner",  "custody",
					    "at",      "escrow", "rotate",
					    "drill",   "users",  "provider",
					    "retired", NULL };
	struct bg_identity *id = p->id;
	p->root = bg_read_root(&p->r, "identity/1", keys);
	if (!p->root)
		return;
	id->name = bg_read_word(&p->r, bg_read_need(&p->r, p->root, "name"),
				BG_WORD_NAME);
	id->title =
		bg_read_text(&p->r, bg_read_need(&p->r, p->root, "title"), 200);
	id->owner = bg_read_word(&p->r, bg_read_need(&p->r, p->root, "owner"),
				 BG_WORD_NAME);
	struct bg_yaml *kind = bg_read_need(&p->r, p->root, "kind");
	struct bg_yaml *custody = bg_read_need(&p->r, p->root, "custody");
	id->kind = kinds[bg_read_choice(&p->r, kind, kinds, BG_COUNT(kinds), 4)]
			   .word;
	if (custody)
		id->custody =
			custodies[bg_read_choice(&p->r, custody, custodies,
						 BG_COUNT(custodies), 3)]
				.word;
	read_at(p);
	read_escrow(p);
	read_rotate(p);
	read_rest(p);
	if (!id->custody)
		id->custody = "none";
}

int bg_identity_load(struct bg_identity **out, struct bg_faults *faults,
		     const char *file, const char *text, size_t n,
		     struct bg_error *err)
{
	BG_AUTO(identity) struct bg_identity *id = calloc(1, sizeof(*id));
	BG_AUTO(yaml) struct bg_yaml_doc doc = { 0 };
	if (!id)
		return bg_fail_oom(err);
	id->retired_ms = INT64_MAX;
	int rc = bg_yaml_load(&doc, faults, file, text, n, err);
	if (rc == 0 && doc.root) {
		struct identity_reader p = { .r = { &doc, &id->arena },
					     .id = id };
		read_identity(&p);
	}
	if (rc == 0)
		rc = bg_arena_check(&id->arena, err);
	if (rc == 0)
		rc = bg_arena_check(&faults->arena, err);
	if (rc)
		return rc;
	*out = bg_move(id);
	return 0;
}

void bg_identity_free(struct bg_identity *id)
{
	if (!id)
		return;
	json_decref(id->provider.with);
	bg_arena_release(&id->arena);
	free(id);
}
