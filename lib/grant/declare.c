/* Declare: a use that happened without bg, written down honestly. */
#include <string.h>

#include "base/clock.h"
#include "grant/op.h"

static bool may_declare(const struct bg_op *op, const struct bg_policy *p)
{
	const char *me = op->me->name;

	return strcmp(p->owner, me) == 0 ||
	       bg_trust_has_role(op->trust, me, "security") ||
	       bg_names_have(&op->trust->root.principals, me) ||
	       bg_op_has_role(op, me, &p->activate) ||
	       bg_op_has_role(op, me, &p->revoke) ||
	       bg_op_has_role(op, me, &p->approve.roles) ||
	       bg_op_has_role(op, me, &p->review_roles);
}

static int check(struct bg_op *op, const struct bg_declare_ask *ask,
		 const struct bg_policy *p, struct bg_error *err)
{
	struct bg_reason r = { .id = "role" };
	bool recorded;

	if (!ask->reason || !*ask->reason)
		return bg_fail(err, BG_EUSAGE, "reason-missing",
			       "say what happened: the message is missing");
	if (ask->since_ms > bg_op_now(op))
		return bg_fail(err, BG_EUSAGE, "bad-period",
			       "it cannot have begun in the future");
	if (ask->until_ms && ask->until_ms < ask->since_ms)
		return bg_fail(err, BG_EUSAGE, "bad-period",
			       "it ended before it began");
	if (may_declare(op, p))
		return 0;
	snprintf(r.text, sizeof(r.text), "%s has no role in '%s'", op->me->name,
		 p->name);
	bg_refuse(&recorded, op->ops, "declare", p->name, NULL, &r, 1);
	return bg_fail(err, BG_EDENIED, "role", "%s%s", r.text,
		       recorded ? "" : " (could not be recorded)");
}

static int pick(const char **code, const struct bg_scope **scope,
		const struct bg_policy *p, const struct bg_declare_ask *ask,
		struct bg_error *err)
{
	size_t n;

	*code = NULL;
	if (ask->code) {
		*code = bg_policy_code(p, ask->code, &n);
		if (!*code)
			return bg_fail(err, BG_ENOENT, "no-such-code",
				       "no code '%.60s' in '%s'", ask->code,
				       p->name);
	}
	if (ask->scope)
		*scope = bg_policy_scope(p, ask->scope);
	else
		*scope = *code ? bg_policy_default_scope(p, *code)
			       : (p->n_scopes ? &p->scopes[0] : NULL);
	if (!*scope)
		return bg_fail(err, BG_ENOENT, "no-such-scope",
			       "no scope '%.60s' in '%s'",
			       ask->scope ? ask->scope : "", p->name);
	return 0;
}

static json_t *event_data(const struct bg_op *op, const struct bg_policy *p,
			  const struct bg_scope *scope, const char *code,
			  const struct bg_declare_ask *ask)
{
	char digest[BG_DIGEST_TEXT + 1], t[BG_TIME_LEN + 1];
	json_t *o;

	bg_digest_format(digest, &p->digest);
	bg_time_format(t, ask->since_ms);
	o = json_pack("{s:{s:s,s:s},s:s,s:s,s:s,s:s,s:s}", "policy", "name",
		      p->name, "sha256", digest, "scope", scope->id, "since", t,
		      "user", ask->user ? ask->user : op->me->name, "reason",
		      ask->reason, "identity", scope->identity);
	if (!o)
		return NULL;
	if (code)
		json_object_set_new(o, "code", json_string(code));
	if (ask->until_ms) {
		bg_time_format(t, ask->until_ms);
		json_object_set_new(o, "until", json_string(t));
	}
	if (ask->evidence && *ask->evidence)
		json_object_set_new(o, "evidence", json_string(ask->evidence));
	return o;
}

int bg_declare(struct bg_event *out, const struct bg_ops *ops,
	       const struct bg_declare_ask *ask, struct bg_error *err)
{
	BG_AUTO(op) struct bg_op op = { 0 };
	BG_AUTO(policy) struct bg_policy *p = NULL;
	const struct bg_scope *scope = NULL;
	const char *code;

	if (bg_op_begin(&op, ops, BG_OP_PERSON, false, err) ||
	    bg_op_policy(&p, op.trust, ask->policy, err) ||
	    check(&op, ask, p, err) || pick(&code, &scope, p, ask, err))
		return err->code;
	bg_op_say(&op, "sign", op.me->name);
	return bg_op_append(out, &op, BG_EV_DECLARE,
			    event_data(&op, p, scope, code, ask), BG_BY_PERSON,
			    NULL, 0, err);
}
