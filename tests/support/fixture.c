#include "support/fixture.h"

#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/io.h"
#include "evidence/record.h"

static const struct {
	const char *name, *principal;
} persons[] = {
	[FX_ANA] = { "ana", "kind: person\n    human: ana\n" },
	[FX_ALICE] = { "alice", "kind: person\n    human: alice\n" },
	[FX_BOB] = { "bob", "kind: person\n    human: bob\n" },
	[FX_RITA] = { "rita", "kind: person\n    human: rita\n" },
	[FX_DANA] = { "dana", "kind: person\n    human: dana\n" },
	[FX_SWEEP] = { "sweep", "kind: service\n    owner: dana\n" },
};
#define N_PERSONS FX_HOST

static const char readme[] = "Evidence of a test.\n";
static const char policy[] =
	"bg: policy/1\n"
	"name: db\n"
	"title: Test database\n"
	"owner: dana\n"
	"triggers:\n"
	"  - id: down\n"
	"    when: The database does not answer.\n"
	"    codes: [DB-DOWN]\n"
	"who:\n"
	"  activate: [oncall]\n"
	"  revoke: [lead]\n"
	"  approve: {roles: [lead], count: 1, when: after, within: 30m}\n"
	"reason: {min_length: 5}\n"
	"limits: {default: 30m, max: 2h, extensions: 1, extend_max: 30m, "
	"concurrent: 5}\n"
	"scopes:\n"
	"  - id: shell\n"
	"    title: Shell\n"
	"    identity: db-admin\n"
	"    grant: {provider: command, with: {grant: ['/bin/true'], "
	"revoke: ['/bin/true'], check: ['/bin/false']}}\n"
	"session: {record: none, capture: none}\n"
	"review: {roles: [review], within: 72h}\n";
static const char identity[] = "bg: identity/1\n"
			       "name: db-admin\n"
			       "kind: maintenance\n"
			       "title: Emergency login\n"
			       "owner: dana\n"
			       "custody: provider\n"
			       "users: [db]\n";

/*
 * Keys.
 */
static void key_path(char out[256], const struct fx *f, const char *name)
{
	snprintf(out, 256, "%s/keys/%s", f->dir, name);
}

static int read_blob(struct fx_writer *w, const char *path,
		     struct bg_error *err)
{
	char blob[280];

	snprintf(blob, sizeof(blob), "%s.pgp", path);
	return bg_file_read(&w->blob, blob, BG_KEYBLOB_MAX, err);
}

static int open_person(struct fx *f, enum fx_who who, bool make,
		       struct bg_error *err)
{
	struct fx_writer *w = &f->who[who];
	char path[256], blob[280], uid[160];
	int r = 0;

	snprintf(w->by, sizeof(w->by), "%s", persons[who].name);
	snprintf(w->email, sizeof(w->email), "%s@acme.example",
		 persons[who].name);
	snprintf(w->id, sizeof(w->id), "%032x", (unsigned)who + 1);
	key_path(path, f, w->by);
	snprintf(uid, sizeof(uid), "%s <%s@acme.example>", persons[who].name,
		 persons[who].name);
	snprintf(blob, sizeof(blob), "%s.pgp", path);
	if (make) {
		r = bg_install_key_make(&w->blob, path, uid, err);
		if (!r)
			r = bg_file_commit(blob, 0644, w->blob.buf, w->blob.len,
					   err);
	} else {
		r = read_blob(w, path, err);
	}
	if (!r)
		r = bg_signer_open_file(&w->signer, path, err);
	if (!r)
		w->fpr = *bg_signer_fpr(w->signer);
	return r;
}

static void set_log(struct fx *f, enum fx_who who, const char *slug)
{
	struct fx_writer *w = &f->who[who];

	bg_writer_name(w->writer, w->by, slug, &w->fpr, w->id);
	w->log = (struct bg_log){
		.repo = f->repo,
		.signer = w->signer,
		.writer = w->writer,
		.by = w->by,
		.name = w->by,
		.email = w->email,
		.genesis = f->genesis,
		.trust = f->trust,
		.trust_version = f->trust_version,
		.trust_commit = f->trust_commit,
		.places = &f->places,
	};
	if (who == FX_ALICE || who == FX_HOST)
		w->log.install = &f->install;
}

static void set_logs(struct fx *f)
{
	/* Alice and her installation share its id; the others sit elsewhere. */
	memcpy(f->who[FX_ALICE].id, f->install.id, sizeof(f->install.id));
	for (int i = 0; i < N_PERSONS; i++)
		set_log(f, (enum fx_who)i,
			i == FX_ALICE ? f->install.host_slug : "elsewhere");
	set_log(f, FX_HOST, f->install.host_slug);
}

/*
 * Trust.
 */
static void add_principal(struct bg_str *yaml, const struct fx *f,
			  enum fx_who who)
{
	const struct fx_writer *w = &f->who[who];
	char fpr[41], digest[BG_DIGEST_TEXT + 1];
	struct bg_digest d;

	if (bg_sha256(&d, w->blob.buf, w->blob.len))
		memset(&d, 0, sizeof(d));
	bg_digest_format(digest, &d);
	bg_fpr_format(fpr, &w->fpr);
	bg_str_addf(yaml,
		    "  %s:\n    %s    email: %s\n    keys:\n"
		    "      - {primary: %s, signing: [%s], blob: '%s'}\n",
		    w->by, persons[who].principal, w->email, fpr, fpr, digest);
}

static void add_guest(struct bg_str *yaml, const struct fx *f)
{
	char fpr[41], digest[BG_DIGEST_TEXT + 1];
	const char *comma = "";
	struct bg_digest d;

	if (bg_sha256(&d, f->guest_blob.buf, f->guest_blob.len))
		memset(&d, 0, sizeof(d));
	bg_digest_format(digest, &d);
	bg_fpr_format(fpr, &f->guest_key.keys.v[0].fpr);
	bg_str_addf(yaml,
		    "  %s:\n    kind: person\n    human: %s\n"
		    "    email: %s@acme.example\n    keys:\n"
		    "      - {primary: %s, signing: [",
		    f->guest, f->guest, f->guest, fpr);
	for (size_t i = 0; i < f->guest_key.keys.n; i++) {
		if (!f->guest_key.keys.v[i].may_sign)
			continue;
		bg_fpr_format(fpr, &f->guest_key.keys.v[i].fpr);
		bg_str_addf(yaml, "%s%s", comma, fpr);
		comma = ", ";
	}
	bg_str_addf(yaml, "], blob: '%s'}\n", digest);
}

static void add_roles(struct bg_str *yaml, const char *guest)
{
	const char *comma = guest ? ", " : "";

	guest = guest ? guest : "";
	bg_str_addf(yaml,
		    "roles: {oncall: [alice%s%s], lead: [bob%s%s], "
		    "review: [rita%s%s], sweeper: [sweep]}\n",
		    comma, guest, comma, guest, comma, guest);
}

static void make_yaml(struct bg_str *yaml, const struct fx *f, bool all)
{
	bg_str_add(yaml, "bg: trust/1\n"
			 "organisation: Acme\n"
			 "root: {threshold: 1, principals: [ana]}\n"
			 "admin: {threshold: 1, principals: [ana]}\n"
			 "principals:\n");
	add_principal(yaml, f, FX_ANA);
	for (int i = 1; all && i < N_PERSONS; i++)
		add_principal(yaml, f, (enum fx_who)i);
	if (all && f->guest)
		add_guest(yaml, f);
	if (all)
		add_roles(yaml, f->guest);
}

static void add_text(struct bg_trust_file *v, size_t *n, const char *path,
		     const char *text, size_t len)
{
	v[*n].path = path;
	v[*n].text = text;
	v[(*n)++].n = len;
}

static int write_trust(struct fx *f, bool all, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str yaml = BG_STR_INIT;
	struct bg_trust_file files[16] = { { .path = NULL } };
	struct bg_trust prev = { .version = f->trust_version,
				 .digest = f->trust,
				 .commit = f->trust_commit };
	char paths[N_PERSONS + 1][64], fpr[41];
	size_t n = 0;

	make_yaml(&yaml, f, all);
	add_text(files, &n, "README.md", readme, sizeof(readme) - 1);
	if (all) {
		add_text(files, &n, "identities/db-admin.yaml", identity,
			 sizeof(identity) - 1);
		add_text(files, &n, "policies/db.yaml", policy,
			 sizeof(policy) - 1);
	}
	for (int i = 0; i < (all ? N_PERSONS : 1); i++) {
		bg_fpr_format(fpr, &f->who[i].fpr);
		snprintf(paths[i], sizeof(paths[i]), "keys/%s.pgp", fpr);
		add_text(files, &n, paths[i], f->who[i].blob.buf,
			 f->who[i].blob.len);
	}
	if (all && f->guest) {
		bg_fpr_format(fpr, &f->guest_key.keys.v[0].fpr);
		snprintf(paths[N_PERSONS], sizeof(paths[0]), "keys/%s.pgp",
			 fpr);
		add_text(files, &n, paths[N_PERSONS], f->guest_blob.buf,
			 f->guest_blob.len);
	}
	add_text(files, &n, "trust.yaml", bg_str_text(&yaml), yaml.len);
	f->who[FX_ANA].log.genesis = f->genesis;
	return bg_trust_append(&f->trust, &f->trust_commit, &f->who[FX_ANA].log,
			       all ? &prev : NULL, files, n, err);
}

/*
 * The whole.
 */
static void set_places(struct fx *f, const char *dir)
{
	snprintf(f->dir, sizeof(f->dir), "%s", dir);
	snprintf(f->repo_dir, sizeof(f->repo_dir), "%s/repo", dir);
	snprintf(f->state_dir, sizeof(f->state_dir), "%s/state", dir);
	f->places = (struct bg_places){
		.state_home = f->state_dir,
		.cache_home = f->dir,
		.config_home = f->dir,
		.user_home = f->dir,
		.user = "tester",
		.uid = 1000,
		.from = "local",
		.host = "ops1.acme.example",
		.machine = "sha256:00000000000000000000000000000000000000000000"
			   "00000000000000000000",
		.os = "Debian GNU/Linux 12",
	};
}

static void set_policy_digest(struct fx *f)
{
	struct bg_digest d;

	if (bg_sha256(&d, policy, sizeof(policy) - 1))
		memset(&d, 0, sizeof(d));
	bg_digest_format(f->policy_digest, &d);
}

static int open_host(struct fx *f, struct bg_error *err)
{
	struct fx_writer *w = &f->who[FX_HOST];
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	int r;

	bg_str_addf(&path, "%s/key", f->install.dir);
	snprintf(w->by, sizeof(w->by), "alice");
	snprintf(w->email, sizeof(w->email), "alice@acme.example");
	memcpy(w->id, f->install.id, sizeof(w->id));
	r = bg_signer_open_file(&w->signer, path.buf, err);
	if (!r)
		w->fpr = *bg_signer_fpr(w->signer);
	return r;
}

static int host_blob(struct fx *f, struct bg_error *err)
{
	struct fx_writer *w = &f->who[FX_HOST];

	bg_str_addn(&w->blob, f->install.blob.buf, f->install.blob.len);
	return bg_str_check(&w->blob, err);
}

static int register_all(struct fx *f, struct bg_error *err)
{
	int r = 0;

	for (int i = 0; i < FX_WRITERS && !r; i++)
		r = fx_append(f, NULL, (enum fx_who)i, BG_EV_WRITER,
			      fx_register(f, (enum fx_who)i), err);
	return r;
}

static int make_trust(struct fx *f, bool bare, struct bg_error *err)
{
	int r = bg_repo_init(&f->repo, f->repo_dir, bare, err);

	if (r)
		return r;
	set_log(f, FX_ANA, "elsewhere");
	if ((r = write_trust(f, false, err)))
		return r;
	f->genesis = f->trust;
	f->trust_version = 1;
	if ((r = write_trust(f, true, err)))
		return r;
	f->trust_version = 2;
	return 0;
}

static int set_guest(struct fx *f, const struct fx_guest *guest,
		     struct bg_error *err)
{
	int r;

	if (!guest)
		return 0;
	f->guest = guest->name;
	r = bg_keyblob_minimise(&f->guest_blob, guest->blob, guest->n, err);
	if (!r)
		r = bg_keyblob_parse(&f->guest_key, f->guest_blob.buf,
				     f->guest_blob.len, err);
	return r;
}

int fx_make(struct fx *f, const char *dir, bool bare, struct bg_error *err)
{
	return fx_make_with(f, dir, bare, NULL, err);
}

int fx_make_with(struct fx *f, const char *dir, bool bare,
		 const struct fx_guest *guest, struct bg_error *err)
{
	char keys[160];
	int r;

	memset(f, 0, sizeof(*f));
	if ((r = set_guest(f, guest, err)))
		return r;
	set_places(f, dir);
	set_policy_digest(f);
	snprintf(keys, sizeof(keys), "%s/keys", dir);
	if ((r = bg_dir_make(keys, 0700, err)))
		return r;
	for (int i = 0; i < N_PERSONS && !r; i++)
		r = open_person(f, (enum fx_who)i, true, err);
	if (r || (r = make_trust(f, bare, err)) ||
	    (r = bg_install_make(&f->install, f->repo, &f->genesis, &f->places,
				 err)) ||
	    (r = bg_install_pin(&f->install, &f->genesis, err)) ||
	    (r = open_host(f, err)) || (r = host_blob(f, err)))
		return r;
	set_logs(f);
	return register_all(f, err);
}

static int read_trust(struct fx *f, struct bg_error *err)
{
	BG_AUTO(record) struct bg_record rec = { .has_commit = false };
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	int r = bg_repo_ref(&f->trust_commit, f->repo, BG_TRUST_REF, err);

	if (r ||
	    (r = bg_repo_read(&raw, NULL, f->repo, &f->trust_commit, err)) ||
	    (r = bg_record_parse(&rec, &f->trust_commit, raw.buf, raw.len,
				 err)))
		return r;
	f->trust = rec.event.digest;
	f->trust_version = rec.event.seq;
	return 0;
}

/* A test may copy the whole folder: the copy is told that it is the one. */
static int adopt(struct fx *f, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	BG_AUTO(str) struct bg_str name = BG_STR_INIT;
	BG_AUTO(str) struct bg_str line = BG_STR_INIT;
	const char *git_dir = bg_repo_git_dir(f->repo);
	struct stat st;
	int r;

	bg_str_addf(&path, "%sbg-installation", git_dir);
	if ((r = bg_file_read(&name, path.buf, 128, err)))
		return r;
	name.buf[strcspn(name.buf, "\n")] = '\0';
	if (stat(git_dir, &st))
		return bg_fail_errno(err, "cannot look at '%s'", git_dir);
	bg_str_clear(&path);
	bg_str_addf(&path, "%s/bg/%s/repo", f->state_dir, name.buf);
	bg_str_addf(&line, "%llu %llu %s\n", (unsigned long long)st.st_dev,
		    (unsigned long long)st.st_ino, git_dir);
	return bg_file_commit(path.buf, 0600, line.buf, line.len, err);
}

int fx_open(struct fx *f, const char *dir, struct bg_error *err)
{
	int r = 0;

	memset(f, 0, sizeof(*f));
	set_places(f, dir);
	set_policy_digest(f);
	for (int i = 0; i < N_PERSONS && !r; i++)
		r = open_person(f, (enum fx_who)i, false, err);
	if (r || (r = bg_repo_open(&f->repo, f->repo_dir, false, err)) ||
	    (r = adopt(f, err)) ||
	    (r = bg_install_open(&f->install, f->repo, &f->places, err)) ||
	    (r = open_host(f, err)) || (r = host_blob(f, err)))
		return r;
	f->genesis = f->install.genesis;
	if ((r = read_trust(f, err)))
		return r;
	set_logs(f);
	return 0;
}

void fx_close(struct fx *f)
{
	for (int i = 0; i < FX_WRITERS; i++) {
		if (f->who[i].signer)
			bg_signer_close(f->who[i].signer);
		bg_str_release(&f->who[i].blob);
	}
	bg_str_release(&f->guest_blob);
	bg_keyblob_release(&f->guest_key);
	bg_install_close(&f->install);
	bg_repo_close(f->repo);
	memset(f, 0, sizeof(*f));
}
