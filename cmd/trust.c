/* trust: who may do what.  Every change is a signed version, at once or as a
 * draft that collects for one publish. */
#include "cmd/trust.h"

#include "cmd/publish.h"
#include "cmd/sub.h"

struct bg_trust_opts bg_trust_o;
#define o bg_trust_o

int bg_trust_publish(struct bg_ctx *ctx, int argc, char **argv,
		     struct bg_error *err)
{
	BG_AUTO(change) struct bg_change c = { 0 };
	(void)argc, (void)argv;
	if (!bg_draft_exists(ctx)) {
		bg_fail(err, BG_ENOENT, "no-draft", "there is no draft");
		return bg_hint(err, "bg trust edit --draft");
	}
	if (o.discard) {
		int rc = bg_draft_discard(ctx, err);
		if (!rc && !ctx->json)
			puts("the draft is gone");
		return rc;
	}
	int rc = bg_draft_check_base(ctx, err);
	if (!rc)
		rc = bg_change_begin(&c, ctx, true, err);
	c.draft = false;
	c.offline = o.offline;
	if (!rc)
		rc = bg_change_finish(&c, err);
	return rc ? rc : bg_draft_discard(ctx, err);
}

int bg_trust_cosign(struct bg_ctx *ctx, int argc, char **argv,
		    struct bg_error *err)
{
	(void)ctx, (void)argc;
	bg_fail(err, BG_EUSAGE, "threshold",
		"cannot co-sign '%s': this version of the program makes "
		"versions of trust with one signature",
		argv[0]);
	return bg_hint(err, "bg trust show");
}

int bg_trust_edit(struct bg_ctx *ctx, int argc, char **argv,
		  struct bg_error *err)
{
	BG_AUTO(change) struct bg_change c = { 0 };
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	(void)argc, (void)argv;
	int rc = bg_change_begin(&c, ctx, o.draft, err);
	if (rc)
		return rc;
	const struct bg_trust_file *f = bg_change_file(&c, "trust.yaml");
	bg_str_addn(&text, f->text, f->n);
	c.offline = o.offline;
	for (;;) {
		bool changed = false, again = false;
		rc = bg_ui_edit(&text, &changed, &ctx->ui, ".yaml", err);
		if (rc)
			return rc;
		rc = bg_change_set(&c, "trust.yaml", bg_str_text(&text),
				   text.len, err);
		if (!rc)
			rc = bg_change_parse(&c, err);
		if (rc != BG_EATTENTION || !bg_ui_may_ask(&ctx->ui))
			break;
		struct bg_error ask;
		if (bg_ui_confirm(&again, &ctx->ui, "edit again?", true,
				  &ask) ||
		    !again)
			return rc;
	}
	return rc ? rc : bg_change_finish(&c, err);
}

static const struct bg_sub subs[] = {
	{ "show", 0, 1, "", BG_CMD_STORE | BG_CMD_PAGER, bg_trust_show },
	{ "log", 0, 0, "", BG_CMD_STORE | BG_CMD_PAGER, bg_trust_log },
	{ "diff", 0, 0, "", BG_CMD_STORE | BG_CMD_PAGER, bg_trust_diff },
	{ "anchor", 0, 0, "", BG_CMD_STORE, bg_trust_anchor },
	{ "request", 0, 0, "output name kind contact human owner", BG_CMD_STORE,
	  bg_trust_request },
	{ "accept", 1, 1, "", BG_CMD_STORE, bg_trust_accept },
	{ "add", 1, 1,
	  "request key kind role contact sponsor contract human owner email "
	  "until draft offline",
	  BG_CMD_STORE | BG_CMD_ANCHORED, bg_trust_add },
	{ "role", 1, 1, "add remove draft offline",
	  BG_CMD_STORE | BG_CMD_ANCHORED, bg_trust_role_change },
	{ "retire", 1, 1, "compromised-since to draft offline",
	  BG_CMD_STORE | BG_CMD_ANCHORED, bg_trust_retire },
	{ "suspend", 1, 1, "draft offline", BG_CMD_STORE | BG_CMD_ANCHORED,
	  bg_trust_suspend },
	{ "resume", 1, 1, "draft offline", BG_CMD_STORE | BG_CMD_ANCHORED,
	  bg_trust_resume },
	{ "edit", 0, 0, "draft offline", BG_CMD_STORE | BG_CMD_ANCHORED,
	  bg_trust_edit },
	{ "publish", 0, 0, "discard offline", BG_CMD_STORE | BG_CMD_ANCHORED,
	  bg_trust_publish },
	{ "cosign", 1, 1, "", 0, bg_trust_cosign },
	{ 0 },
};

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	return bg_sub_run(ctx, subs, "show", argc, argv, err);
}

static const char *const examples[] = {
	"bg trust show alice",
	"bg trust add alice --request alice.req --role dba-oncall",
	"bg trust role dba-oncall --add bob --remove eve",
	"bg trust suspend eve", NULL
};
static const struct bg_opt opts[] = {
	{ BG_OPT_TEXT, 0, "request", "FILE", "add: the signed request to take",
	  &o.request, "file" },
	{ BG_OPT_TEXT, 0, "key", "KEY", "add: file or fingerprint of the key",
	  &o.key, "key" },
	{ BG_OPT_TEXT, 0, "kind", "KIND",
	  "person vendor service workload maintenance ai-agent host", &o.kind,
	  "person vendor service workload maintenance ai-agent host" },
	{ BG_OPT_LIST, 0, "role", "ROLE", "add: a role for the new one",
	  &o.roles, "role" },
	{ BG_OPT_TEXT, 0, "contact", "TEXT", "how to reach the person",
	  &o.contact, NULL },
	{ BG_OPT_TEXT, 0, "email", "ADDRESS", "author address of commits",
	  &o.email, NULL },
	{ BG_OPT_TEXT, 0, "human", "NAME",
	  "the living person, if another principal has the same one", &o.human,
	  "principal" },
	{ BG_OPT_TEXT, 0, "owner", "NAME", "who answers for a machine",
	  &o.owner, "principal" },
	{ BG_OPT_TEXT, 0, "sponsor", "NAME", "who answers for a vendor",
	  &o.sponsor, "principal" },
	{ BG_OPT_TEXT, 0, "contract", "REF", "the vendor's contract",
	  &o.contract, NULL },
	{ BG_OPT_UNTIL, 0, "until", "DAY", "the last day", &o.until, NULL },
	{ BG_OPT_LIST, 0, "add", "NAME", "role: a new member", &o.add,
	  "principal" },
	{ BG_OPT_LIST, 0, "remove", "NAME", "role: a member less", &o.remove,
	  "principal" },
	{ BG_OPT_SINCE, 0, "compromised-since", "TIME",
	  "retire: the key was stolen then", &o.compromised_since, NULL },
	{ BG_OPT_TEXT, 0, "to", "NAME", "retire: who takes over what was owned",
	  &o.to, "principal" },
	{ BG_OPT_TEXT, 0, "name", "NAME", "request: the name you ask for",
	  &o.name, NULL },
	{ BG_OPT_TEXT, 'o', "output", "FILE", "request: write it here", &o.out,
	  "file" },
	{ BG_OPT_FLAG, 0, "draft", NULL, "collect; publish signs all at once",
	  &o.draft, NULL },
	{ BG_OPT_FLAG, 0, "discard", NULL, "publish: drop the draft instead",
	  &o.discard, NULL },
	{ BG_OPT_FLAG, 0, "offline", NULL, "do not share the version first",
	  &o.offline, NULL },
	{ 0 },
};
static const char *const words[] = { "show",    "log",     "diff",   "anchor",
				     "request", "accept",  "add",    "role",
				     "retire",  "suspend", "resume", "edit",
				     "publish", "cosign",  NULL };

const struct bg_cmd cmd_trust = {
	.name = "trust",
	.group = "before",
	.summary = "who may do what; every change is a signed version",
	.usage = "trust show [NAME] | log | diff | anchor | request | accept "
		 "ANCHOR\n"
		 "trust add NAME --request FILE | --key FILE|FPR [--kind K] "
		 "[--role R]...\n"
		 "trust role ROLE [--add NAME]... [--remove NAME]...\n"
		 "trust retire NAME|FPR [--compromised-since T] [--to NAME]\n"
		 "trust suspend | resume NAME|POLICY\n"
		 "trust edit | publish | cosign FILE",
	.examples = examples,
	.exits = "0 1 3 4 5 6 11 14 75 129",
	.opts = opts,
	.words = words,
	.complete = "principal",
	.run = run,
};
