/* activate: open access, or go on with a request that waits. */
#include <signal.h>
#include <unistd.h>

#include "cmd/ended.h"
#include "cmd/inside.h"

static struct {
	const char *code, *reason, *ticket, *beneficiary, *identity;
	int64_t duration;
	bool solo, owing, drill, host_signed, shell;
} o;

#define FETCH_EVERY 5 /* seconds, while waiting */

static volatile sig_atomic_t interrupted;

static void on_int(int signal)
{
	(void)signal;
	interrupted = 1;
}

/*
 * The cheat card
 */
static json_t *card_json(const struct bg_may_open_list *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->list.n; i++) {
		const struct bg_may_open *m = &l->list.v[i];
		json_t *v = json_pack("{s:s,s:s,s:s,s:s}", "policy", m->policy,
				      "scope", m->scope, "title", m->title,
				      "line", m->line);

		if (m->blocks)
			json_object_set_new(v, "blocks",
					    json_string(m->blocks));
		json_array_append_new(list, v);
	}
	return list;
}

static int card(struct bg_ctx *ctx, struct bg_error *err)
{
	BG_AUTO(may_open) struct bg_may_open_list l = { 0 };
	BG_AUTO(table) struct bg_table t = { .columns = 2 };
	const struct bg_principal *me;
	size_t n = 0;

	if (bg_ctx_me(&me, ctx, err) || bg_may_open(&l, ctx->store, me, err))
		return err->code;
	if (ctx->json) {
		BG_AUTO(json) json_t *doc = bg_ctx_doc();

		json_object_set_new(doc, "may_open", card_json(&l));
		return bg_ctx_json(ctx, doc, err);
	}
	for (size_t i = 0; i < l.list.n; i++) {
		const struct bg_may_open *m = &l.list.v[i];

		if (m->blocks)
			continue;
		n++;
		if (bg_table_add(&t, bg_ctx_line(ctx, m->line)) ||
		    bg_table_addf(&t, "%s", m->title))
			return bg_fail_oom(err);
	}
	if (n == 0)
		puts("there is nothing that you may open");
	bg_table_print(stdout, &ctx->ui, &t, 0);
	return 0;
}

/*
 * What a person sees
 */
static void print_access(struct bg_ctx *ctx, const struct bg_opening *p)
{
	const json_t *show = json_object_get(p->access, "show");
	const char *name = "access";
	size_t i;
	json_t *v;

	(void)ctx;
	json_array_foreach(show, i, v) {
		printf("  %-9s", name);
		bg_ui_text(stdout, bg_json_text(v, "text"));
		putchar('\n');
		name = "";
	}
}

static void print_open(struct bg_ctx *ctx, const struct bg_opening *p)
{
	BG_AUTO(str) struct bg_str left = BG_STR_INIT;
	const char *shared = bg_ctx_share(ctx);

	ctx->ui.now_ms = bg_now_ms();
	bg_ui_left(&left, &ctx->ui, p->expires_ms);
	printf("%s  %s/%s  open, %s%s%s\n", bg_ctx_at(ctx, p->label), p->policy,
	       p->scope, bg_str_text(&left), *shared ? "      " : "", shared);
	if (p->because[0]) {
		fputs("  because  ", stdout);
		bg_ui_text(stdout, p->because);
		putchar('\n');
	}
	print_access(ctx, p);
	for (size_t i = 0; i < p->decision.gaps.n; i++) {
		printf("  %-9s", i ? "" : "noted");
		bg_ui_text(stdout, p->decision.gaps.v[i].text);
		putchar('\n');
	}
	bg_debts_print(stdout, ctx, p->debts.v, p->debts.n);
	printf("  next     %s exec   work, recorded     %s extend   more     "
	       "%s done   end it\n",
	       ctx->word, ctx->word, ctx->word);
}

static void print_waits_for(struct bg_ctx *ctx, const struct bg_opening *p)
{
	const struct bg_trust *t = bg_store_trust(ctx->store);

	for (size_t i = 0; i < p->waits_for.n; i++) {
		const char *name = p->waits_for.v[i];
		const struct bg_principal *who = bg_trust_principal(t, name);

		printf("%s%s", i ? ", " : "", name);
		if (who && who->contact) {
			putchar(' ');
			bg_ui_text(stdout, who->contact);
		}
	}
}

static void print_waiting(struct bg_ctx *ctx, const struct bg_opening *p)
{
	const char *at = bg_ctx_at(ctx, p->label);
	BG_AUTO(str) struct bg_str until = BG_STR_INIT;
	const char *shared = bg_ctx_share(ctx);

	printf("%s  %s/%s  WAITING for %u of: ", at, p->policy, p->scope,
	       p->decision.approvals ? p->decision.approvals : 1);
	print_waits_for(ctx, p);
	printf("      no access yet%s%s\n", *shared ? "      " : "", shared);
	if (p->because[0]) {
		fputs("  because  ", stdout);
		bg_ui_text(stdout, p->because);
		putchar('\n');
	}
	printf("  next     %s activate %s          goes on once approved",
	       ctx->word, at);
	if (p->waits_until_ms) {
		bg_ui_time(&until, &ctx->ui, p->waits_until_ms);
		printf(" (until %s)", bg_str_text(&until));
	}
	printf("\n           %s activate %s --solo   go on alone, where the "
	       "policy allows it\n           %s done %s              "
	       "withdraw it\n",
	       ctx->word, at, ctx->word, at);
}

static json_t *opening_json(const struct bg_opening *p)
{
	json_t *v = bg_ctx_doc();
	char t[BG_TIME_LEN + 1], digest[BG_DIGEST_TEXT + 1];

	if (!v)
		return NULL;
	bg_digest_format(digest, &p->root);
	json_object_set_new(v, "grant", json_string(p->label));
	json_object_set_new(v, "policy", json_string(p->policy));
	json_object_set_new(v, "scope", json_string(p->scope));
	json_object_set_new(v, "state",
			    json_string(p->state == BG_WAITING ? "waiting"
							       : "open"));
	if (p->expires_ms) {
		bg_time_format(t, p->expires_ms);
		json_object_set_new(v, "expires", json_string(t));
	}
	json_object_set_new(v, "event", json_string(digest));
	json_object_set(v, "access", p->access);
	json_object_set_new(v, "debts", bg_debts_json(p->debts.v, p->debts.n));
	return v;
}

static int show(struct bg_ctx *ctx, const struct bg_opening *p,
		struct bg_error *err)
{
	if (ctx->json) {
		BG_AUTO(json) json_t *doc = opening_json(p);

		return bg_ctx_json(ctx, doc, err);
	}
	if (ctx->quiet)
		puts(p->label);
	else if (p->state == BG_WAITING)
		print_waiting(ctx, p);
	else
		print_open(ctx, p);
	return 0;
}

/*
 * Waiting
 */
/* On a terminal: look every second until approved, interrupted or too late.
 * The request stays either way. */
static int wait_here(struct bg_opening *p, struct bg_ctx *ctx,
		     struct bg_error *err)
{
	struct sigaction sa = { .sa_handler = on_int };
	unsigned n = 0;
	int rc = BG_EWAIT;

	if (!bg_ui_may_ask(&ctx->ui) || ctx->json || o.shell)
		return BG_EWAIT;
	bg_ui_say(&ctx->ui, "waiting; Ctrl-C keeps the request");
	sigaction(SIGINT, &sa, NULL);
	while (rc == BG_EWAIT && !interrupted &&
	       (!p->waits_until_ms || bg_now_ms() < p->waits_until_ms)) {
		struct bg_digest root = p->root;

		sleep(1);
		if (interrupted)
			break;
		/* The approval comes from another machine. */
		if (++n % FETCH_EVERY == 0)
			(void)bg_ctx_fetch(ctx);
		rc = bg_store_update(ctx->store, err);
		if (rc)
			break;
		bg_opening_release(p);
		rc = bg_activate_continue(p, &ctx->ops, &root, false, err);
	}
	signal(SIGINT, SIG_DFL);
	return rc;
}

/*
 * Asking
 */
static int need_reason(struct bg_ctx *ctx, struct bg_str *asked,
		       const char *what, struct bg_error *err)
{
	if (o.reason && *o.reason)
		return 0;
	if (!bg_ui_may_ask(&ctx->ui)) {
		bg_fail(err, BG_EUSAGE, "no-message",
			"why? an activation says so");
		return bg_hint(err, "bg activate %s -m \"...\"", what);
	}
	if (bg_ui_ask(asked, &ctx->ui, "why?", err))
		return err->code;
	o.reason = bg_str_text(asked);
	return 0;
}

/* POLICY or POLICY/SCOPE, in place. */
static void split(char *arg, struct bg_activate_ask *ask)
{
	char *slash = strchr(arg, '/');

	ask->policy = arg;
	if (!slash)
		return;
	*slash = '\0';
	ask->scope = slash + 1;
}

static int open_new(struct bg_opening *p, struct bg_ctx *ctx, char *arg,
		    struct bg_error *err)
{
	BG_AUTO(str) struct bg_str asked = BG_STR_INIT;
	struct bg_activate_ask ask = {
		.code = o.code,
		.ticket = o.ticket,
		.beneficiary = o.beneficiary,
		.identity = o.identity,
		.duration = o.duration,
		.solo = o.solo,
		.owing = o.owing,
		.drill = o.drill,
		.host_signed = o.host_signed,
	};
	int rc = need_reason(ctx, &asked, arg, err);

	if (rc)
		return rc;
	ask.reason = o.reason;
	split(arg, &ask);
	rc = bg_activate(p, &ctx->ops, &ask, err);
	if (rc && rc != BG_EWAIT && p->decision.reasons.n)
		bg_ctx_refused(ctx, p->decision.reasons.v,
			       p->decision.reasons.n);
	return rc;
}

static int go_on(struct bg_opening *p, struct bg_ctx *ctx, const char *arg,
		 struct bg_error *err)
{
	static const char *const fixed[] = { "code",      "ticket", "for",
					     "identity",  "owing",  "drill",
					     "on-behalf", NULL };
	struct bg_digest root;
	int rc;

	for (size_t i = 0; fixed[i]; i++)
		if (bg_ctx_given(ctx, fixed[i]))
			return bg_ctx_usage(ctx, err,
					    "--%s was fixed when '%s' was "
					    "asked for",
					    fixed[i], arg);
	if (bg_ctx_grant(&root, ctx, arg, false, "bg activate %s", err))
		return err->code;
	rc = bg_activate_continue(p, &ctx->ops, &root, o.solo, err);
	if (rc != BG_EWAIT || !bg_ctx_fetch(ctx))
		return rc;
	bg_opening_release(p);
	return bg_activate_continue(p, &ctx->ops, &root, o.solo, err);
}

/*
 * The command
 */
static int inside(struct bg_ctx *ctx, const struct bg_opening *p, char **argv,
		  struct bg_error *err)
{
	int status = 125;

	/* stdout belongs to the command. */
	if (!ctx->quiet)
		bg_ui_say(&ctx->ui, "%s  %s/%s  open", bg_ctx_at(ctx, p->label),
			  p->policy, p->scope);
	if (bg_inside_run(&status, ctx, &p->root, argv, argv != NULL, err))
		return err->code;
	return status;
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(opening) struct bg_opening p = { 0 };
	int n = ctx->parsed.dashes >= 0 ? ctx->parsed.dashes : argc;
	char **command = bg_inside_command(ctx, argc - n, argv + n);
	int rc;

	ctx->remote = o.shell || command;
	if (n == 0 && !command && !o.shell)
		return card(ctx, err);
	if (n != 1)
		return bg_ctx_usage(ctx, err,
				    n ? "too many arguments"
				      : "which policy? none is given");
	if (o.shell && command)
		return bg_ctx_usage(ctx, err,
				    "--shell and a command exclude each "
				    "other");
	rc = bg_is_grant(argv[0]) ? go_on(&p, ctx, argv[0], err)
				  : open_new(&p, ctx, argv[0], err);
	if (rc == BG_EWAIT && p.label[0] && !command) {
		if (show(ctx, &p, err))
			return err->code;
		rc = wait_here(&p, ctx, err);
		if (rc == BG_EWAIT)
			return bg_code_exit(BG_EWAIT);
	}
	if (rc)
		return rc;
	if (o.shell || command)
		return inside(ctx, &p, command, err);
	return show(ctx, &p, err);
}

static const char *const examples[] = {
	"bg activate prod-db -m \"primary unreachable, failover stuck\"",
	"bg activate prod-db/repair -c DB-CORRUPT -t 1h -m \"...\"",
	"bg activate linux-root -m \"disk full\" -- journalctl -n 50",
	"bg activate @p4wz8t --solo", NULL
};
static const struct bg_opt opts[] = {
	{ BG_OPT_TEXT, 'c', "code", "CODE", "reason code, or its beginning",
	  &o.code, "code" },
	BG_OPT_WHY(&o.reason),
	BG_OPT_FOR(&o.duration),
	{ BG_OPT_TEXT, 0, "ticket", "TICKET", "number of the ticket", &o.ticket,
	  NULL },
	{ BG_OPT_TEXT, 0, "on-behalf", "NAME", "for somebody else",
	  &o.beneficiary, "principal" },
	{ BG_OPT_TEXT, 0, "identity", "NAME", "the scope that uses it",
	  &o.identity, "identity" },
	{ BG_OPT_FLAG, 0, "solo", NULL,
	  "without the approvals; who was skipped is named", &o.solo, NULL },
	{ BG_OPT_FLAG, 0, "owing", NULL, "although a review is overdue",
	  &o.owing, NULL },
	{ BG_OPT_FLAG, 0, "drill", NULL, "a drill, under the drill block",
	  &o.drill, NULL },
	{ BG_OPT_FLAG, 0, "host-signed", NULL,
	  "the host signs, because your key cannot", &o.host_signed, NULL },
	{ BG_OPT_FLAG, 's', "shell", NULL, "and into a recorded shell",
	  &o.shell, NULL },
	{ 0 },
};

const struct bg_cmd cmd_activate = {
	.name = "activate",
	.group = "emergency",
	.summary = "open access:  bg activate POLICY[/SCOPE] -m \"why\"",
	.usage = "activate [POLICY[/SCOPE]] [-c CODE] [-m TEXT] [-t D] "
		 "[-s | -- COMMAND...]\n"
		 "activate GRANT [--solo] [-s | -- COMMAND...]",
	.examples = examples,
	.exits = "0 1 3 4 5 7 11 14 75 129",
	.opts = opts,
	.complete = "policy",
	.flags = BG_CMD_STORE | BG_CMD_SIGN | BG_CMD_ANCHORED,
	.run = run,
};
