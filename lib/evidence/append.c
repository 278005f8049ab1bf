#include "evidence/append.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "evidence/append_priv.h"
#include "evidence/schema.h"

static void log_ref(char out[BG_WRITER_MAX + 32], const struct bg_log *log)
{
	snprintf(out, BG_WRITER_MAX + 32, BG_LOG_PREFIX "%s", log->writer);
}

/*
 * 1. The writer's lock and its own tip.
 */
int bg_log_lock(struct bg_lock *lock, const struct bg_log *log, int timeout_ms,
		struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	int r;

	if (!log->install)
		return 0;
	bg_str_addf(&path, "%s/lock/%s", log->install->dir, log->writer);
	if (path.oom)
		return bg_fail_oom(err);
	r = bg_lock_take(lock, path.buf, timeout_ms, err);
	return r ? bg_wrap(err, "cannot lock log '%s'", log->writer) : 0;
}

static int read_record(struct bg_record *out, struct bg_repo *repo,
		       const struct bg_oid *oid, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str raw = BG_STR_INIT;
	enum bg_object_kind kind;
	int r = bg_repo_read(&raw, &kind, repo, oid, err);

	if (r)
		return r;
	if (kind != BG_OBJ_COMMIT)
		return bg_fail(err, BG_EVERIFY, "not-canonical",
			       "a log that is no chain of commits");
	return bg_record_parse(out, oid, raw.buf, raw.len, err);
}

int bg_log_tip(struct bg_tip *out, const struct bg_log *log,
	       struct bg_error *err)
{
	BG_AUTO(record) struct bg_record rec = { .has_commit = false };
	char ref[BG_WRITER_MAX + 32];
	struct bg_oid oid;
	struct bg_error why;
	int r;

	log_ref(ref, log);
	r = bg_repo_ref(&oid, log->repo, ref, &why);
	if (r == BG_ENOENT) {
		memset(out, 0, sizeof(*out));
		return 0;
	}
	if (r) {
		*err = why;
		return r;
	}
	if ((r = read_record(&rec, log->repo, &oid, err)))
		return bg_wrap(err, "cannot read the end of log '%s'",
			       log->writer);
	if (!bg_str_eq(rec.event.writer, log->writer))
		return bg_fail(err, BG_EVERIFY, "wrong-log",
			       "log '%s' ends with an event of '%s'",
			       log->writer, rec.event.writer);
	out->seq = rec.event.seq;
	out->digest = rec.event.digest;
	out->commit = oid;
	out->trust_version = rec.event.trust_version;
	out->trust = rec.event.trust;
	out->at_ms = rec.event.at_ms;
	return 0;
}

/*
 * 2. A remote that knows more of this log than we do: this disk was copied or
 * put back, and going on would use a sequence number twice.
 */
static int check_remote(const struct bg_log *log, const struct bg_tip *tip,
			const struct bg_ref *remote, struct bg_error *err)
{
	BG_AUTO(record) struct bg_record rec = { .has_commit = false };
	int r;

	if (tip->seq && bg_oid_eq(&remote->oid, &tip->commit))
		return 0;
	if ((r = read_record(&rec, log->repo, &remote->oid, err)))
		return bg_wrap(err, "cannot read '%s'", remote->full);
	if (rec.event.seq < tip->seq ||
	    (rec.event.seq == tip->seq &&
	     bg_digest_eq(&rec.event.digest, &tip->digest)))
		return 0;
	return bg_fail(err, BG_EFAIL, "copied-log",
		       "'%s' has event %llu of this log, here it ends at %llu: "
		       "this is a copy or an old state of the disk; make a new "
		       "clone",
		       remote->full, (unsigned long long)rec.event.seq,
		       (unsigned long long)tip->seq);
}

static int check_remotes(const struct bg_log *log, const struct bg_tip *tip,
			 struct bg_error *err)
{
	BG_AUTO(refs) struct bg_refs refs = { { NULL, 0, 0 } };
	char name[BG_WRITER_MAX + 8];
	int r;

	snprintf(name, sizeof(name), "log/%s", log->writer);
	r = bg_repo_remote_refs(&refs, log->repo, name, err);
	for (size_t i = 0; !r && i < refs.list.n; i++)
		r = check_remote(log, tip, &refs.list.v[i], err);
	return r;
}

/*
 * An event that was signed, and perhaps stored, when the process died before
 * the ref moved.  It is finished rather than forgotten: its sequence number
 * has been signed once and is never signed again.
 */
#define PENDING_LEN (2 * BG_OID_LEN + 1)

static int pending_path(struct bg_str *out, const struct bg_log *log,
			struct bg_error *err)
{
	bg_str_addf(out, "%s/lock/%s.pending", log->install->dir, log->writer);
	return bg_str_check(out, err);
}

/* Not synced: it is for a process that dies.  When the power goes in this very
 * moment, what can be left is an object that no ref leads to. */
static int write_pending(const struct bg_draft *d, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	char line[PENDING_LEN + 1];
	BG_AUTO(fd) int fd = -1;
	int r;

	if (!d->log->install)
		return 0;
	if ((r = pending_path(&path, d->log, err)))
		return r;
	bg_oid_format(line, &d->oid);
	line[PENDING_LEN - 1] = '\n';
	fd = open(path.buf, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || pwrite(fd, line, PENDING_LEN, 0) != PENDING_LEN)
		return bg_fail_errno(err, "cannot write '%s'", path.buf);
	return 0;
}

static int note_pending(const struct bg_draft *d, struct bg_error *err)
{
	struct bg_error why;
	int r = write_pending(d, &why);

	if (r == BG_ENOSPC && bg_install_free_reserve(d->log->repo))
		r = write_pending(d, &why);
	if (r)
		*err = why;
	return r;
}

static int read_pending(struct bg_oid *oid, const struct bg_log *log)
{
	BG_AUTO(str) struct bg_str path = BG_STR_INIT;
	char line[PENDING_LEN + 1] = "";
	struct bg_error ignored;
	BG_AUTO(fd) int fd = -1;

	if (!log->install || pending_path(&path, log, &ignored))
		return -1;
	fd = open(path.buf, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, line, PENDING_LEN, 0) != PENDING_LEN)
		return -1;
	line[PENDING_LEN - 1] = '\0';
	return bg_oid_parse(oid, line) ? 0 : -1;
}

static bool signed_by_us(const struct bg_record *rec, const struct bg_log *log)
{
	const struct bg_keyblob *blob = bg_signer_keyblob(log->signer);
	struct bg_error ignored;

	for (size_t i = 0; i < blob->keys.n; i++)
		if (bg_fpr_eq(&blob->keys.v[i].fpr, &rec->sig.issuer))
			return bg_sig_check(&rec->sig, &blob->keys.v[i],
					    rec->commit.payload.buf,
					    rec->commit.payload.len,
					    &ignored) == 0;
	return false;
}

static int finish_pending(struct bg_tip *tip, const struct bg_log *log,
			  const char *ref, struct bg_error *err)
{
	BG_AUTO(record) struct bg_record rec = { .has_commit = false };
	struct bg_error ignored;
	struct bg_oid oid;

	if (read_pending(&oid, log) ||
	    (tip->seq && bg_oid_eq(&oid, &tip->commit)) ||
	    !bg_repo_has(log->repo, &oid) ||
	    read_record(&rec, log->repo, &oid, &ignored))
		return 0;
	if (rec.event.seq != tip->seq + 1 ||
	    !bg_str_eq(rec.event.writer, log->writer) ||
	    (tip->seq && !bg_digest_eq(&rec.event.prev, &tip->digest)) ||
	    !signed_by_us(&rec, log))
		return 0;
	if (bg_repo_ref_move(log->repo, ref, tip->seq ? &tip->commit : NULL,
			     &oid, NULL, err))
		return bg_wrap(err, "cannot finish an interrupted event");
	return bg_log_tip(tip, log, err);
}

/*
 * 3. The payload.
 */
static int answer_cmp(const void *a, const void *b)
{
	const struct bg_answer *x = a, *y = b;

	return bg_digest_cmp(&x->digest, &y->digest);
}

/* The first stays, the others are sorted, each once. */
static size_t sort_answers(struct bg_answer *v, size_t n)
{
	size_t kept = n ? 1 : 0;

	if (n > 2)
		qsort(v + 1, n - 1, sizeof(*v), answer_cmp);
	for (size_t i = 1; i < n; i++) {
		if (bg_digest_eq(&v[i].digest, &v[0].digest) ||
		    bg_digest_eq(&v[i].digest, &v[kept - 1].digest))
			continue;
		v[kept++] = v[i];
	}
	return kept;
}

static int set_answers(struct bg_event *e, struct bg_draft *d,
		       const struct bg_answer *answers, size_t n,
		       struct bg_error *err)
{
	BG_AUTO(free) struct bg_answer *v = calloc(n + 1, sizeof(*v));
	int r = 0;

	if (!v)
		return bg_fail_oom(err);
	if (n)
		memcpy(v, answers, n * sizeof(*v));
	n = sort_answers(v, n);
	if (n > BG_ANSWERS_MAX)
		return bg_fail(err, BG_EUSAGE, "too-many-answers",
			       "an event that answers %zu others, %d are "
			       "allowed",
			       n, BG_ANSWERS_MAX);
	e->n_answers = n;
	for (size_t i = 0; i < n && !r; i++) {
		e->answers[i] = v[i].digest;
		if (!bg_str_eq(v[i].writer, d->log->writer))
			r = bg_draft_parent(d, &v[i].commit, err);
	}
	return r;
}

/* T1 and T2: the newest version held, never an older one than before; a parent
 * when this log names it for the first time. */
static int set_trust(struct bg_event *e, struct bg_draft *d,
		     struct bg_error *err)
{
	const struct bg_log *log = d->log;

	if (d->tip.trust_version > log->trust_version)
		return bg_fail(err, BG_EFAIL, "trust-rollback",
			       "this log has named version %llu of trust "
			       "already, version %llu is older",
			       (unsigned long long)d->tip.trust_version,
			       (unsigned long long)log->trust_version);
	e->has_trust = true;
	e->trust_version = log->trust_version;
	e->trust = log->trust;
	if (d->tip.seq && bg_digest_eq(&d->tip.trust, &log->trust))
		return 0;
	return bg_draft_parent(d, &log->trust_commit, err);
}

static int set_envelope(struct bg_event *e, struct bg_draft *d,
			const struct bg_answer *answers, size_t n,
			struct bg_error *err)
{
	int r;

	e->writer = d->log->writer;
	e->by = d->log->by;
	e->seq = d->tip.seq + 1;
	e->has_repo = true;
	e->repo = d->log->genesis;
	e->has_prev = d->tip.seq > 0;
	e->prev = d->tip.digest;
	if (d->tip.seq && (r = bg_draft_parent(d, &d->tip.commit, err)))
		return r;
	if ((r = set_answers(e, d, answers, n, err)))
		return r;
	return set_trust(e, d, err);
}

/* 3 to 7, with the lock held and the tip known. */
static int append(struct bg_event *e, struct bg_draft *d,
		  const struct bg_answer *answers, size_t n,
		  struct bg_error *err)
{
	BG_AUTO(json) json_t *host = NULL;
	char boot[BG_BOOT_ID_LEN + 1], label[BG_LABEL_LEN + 1];
	struct bg_event full = *e;
	int r = set_envelope(&full, d, answers, n, err);

	if (r || (r = bg_draft_facts(&full, &host, boot, d->log->places, err)))
		return r;
	full.host = host;
	if (bg_schema_of(full.type)->root) {
		bg_event_label(label, full.writer, full.seq, full.at_ms);
		full.grant = label;
	}
	d->tree = bg_empty_tree;
	if ((r = bg_draft_sign(d, &full, err)) || (r = note_pending(d, err)) ||
	    (r = bg_draft_publish(d, err)))
		return r;
	bg_draft_hand_out(e, d);
	(void)bg_fault("append.done"); /* KILL: stored, nobody was told */
	return 0;
}

#define LOCK_MS 30000

int bg_append(struct bg_event *e, const struct bg_log *log,
	      const struct bg_answer *answers, size_t n, bool lock_held,
	      struct bg_error *err)
{
	BG_AUTO(lock) struct bg_lock lock = BG_LOCK_INIT;
	BG_AUTO(draft) struct bg_draft d = { .log = log };
	char ref[BG_WRITER_MAX + 32];
	int r = 0;

	log_ref(ref, log);
	d.ref = ref;
	if (!lock_held)
		r = bg_log_lock(&lock, log, LOCK_MS, err);
	if (!r)
		r = bg_log_tip(&d.tip, log, err);
	if (!r)
		r = finish_pending(&d.tip, log, ref, err);
	if (!r)
		r = check_remotes(log, &d.tip, err);
	if (!r)
		r = append(e, &d, answers, n, err);
	if (r) {
		json_decref(e->data);
		e->data = NULL;
		return bg_wrap(err, "cannot write '%s' to log '%s'",
			       bg_event_type_text(e->type), log->writer);
	}
	return 0;
}
