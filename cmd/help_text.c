#include "cmd/help_text.h"

#include <stddef.h>

static const char emergency[] =
	"OPEN\n"
	"  bg activate                      what you may open, as lines to type\n"
	"  bg activate POLICY -m \"why\"      open it; -t 1h longer, -c CODE reason\n"
	"  bg activate @ID                  go on with one that waits\n"
	"  bg activate @ID --solo           go on alone; approvers are told by name\n"
	"WORK\n"
	"  bg exec                          a shell, recorded\n"
	"  bg exec psql -h db1              one command, recorded\n"
	"  bg note \"fenced db1\"             what the recorder cannot see\n"
	"  bg extend                        more time, without a gap (-t max: all)\n"
	"  bg status                        what is open, owed, waiting for you\n"
	"END\n"
	"  bg done                          take access back, check that it is gone\n"
	"    exit 0 gone, 6 NOT PROVEN gone, 1 STILL THERE: call for help, then\n"
	"    bg revoke @ID --retry\n"
	"WHEN IT DOES NOT WORK\n"
	"  cannot sign: no pinentry         export GPG_TTY=$(tty), the same again\n"
	"  no key                           bg activate ... --host-signed\n"
	"  bg: no such job                  type breakglass instead of bg\n"
	"  network down                     everything works; the rest is owed\n";

static const char approver[] =
	"AS AN APPROVER\n"
	"  bg approve                       what waits for you, oldest first\n"
	"  bg show @ID                      who asks, for what, why, and the probe\n"
	"  bg approve @ID                   agree; your key signs once\n"
	"  bg deny @ID -m \"why\"             refuse; access that is open is taken back\n"
	"  bg revoke @ID -m \"why\"           end somebody else's access\n"
	"  bg revoke --all --by NAME -m \"why\"   end all of a person's access\n"
	"\n"
	"An approval before opens a grant that waits; one after is a duty with a due\n"
	"date. Nobody approves an own use. An approval works from another machine and\n"
	"offline: it counts when the logs meet.\n";

static const char reviewer[] =
	"AS A REVIEWER\n"
	"  bg review                        your queue, most overdue first\n"
	"  bg show @ID                      one screen about it\n"
	"  bg report @ID                    all facts, deviations, gaps, three proofs\n"
	"  bg review @ID                    the form, in your editor\n"
	"  bg review @ID --ask \"why X?\"     a question; it is answered by a note\n"
	"  bg review @ID --print >form; bg review @ID --from form\n"
	"\n"
	"Three questions: was it necessary, was it limited, was it reversed? Answer yes,\n"
	"no or unproven. Unknown never counts as shown. Whoever used or approved a grant\n"
	"cannot review it. A review covers what was on record when it was signed; later\n"
	"material facts ask for it again.\n";

static const char auditor[] =
	"AS AN AUDITOR\n"
	"  git clone URL evidence           any git will do\n"
	"  bg verify evidence --anchor bg1:...   with the printed line you hold\n"
	"    exit 0 ok, 5 tampered, 11 unanchored, 12 stale, 13 rolled back\n"
	"  bg -C evidence log --json        the whole population, one event a line\n"
	"  bg -C evidence report --period 2026Q4 --format json\n"
	"  bg -C evidence show BG-20261123-k7q2xm\n"
	"\n"
	"verify trusts the anchor and nothing else: no keyring, no configuration, no\n"
	"network. Every event is a signed commit; its name is the SHA-256 of the commit\n"
	"without the signature header. bg-verify(1) lists every finding, bg-event(5) the\n"
	"format, bg-security(7) what a verdict does not prove.\n";

static const char admin[] =
	"AS AN ADMIN\n"
	"  bg init DIR --org NAME           a new repository; keep the anchor elsewhere\n"
	"  bg trust add NAME --request FILE --role ROLE\n"
	"  bg trust role ROLE --add NAME --remove NAME\n"
	"  bg trust retire NAME             first prints what the person holds\n"
	"  bg trust suspend NAME            at once, one signature\n"
	"  bg policy lint FILE              file:line:col: severity: text [id]\n"
	"  bg policy publish FILE           in force as a signed version\n"
	"  bg policy explain POLICY --by NAME   what would happen; runs nothing\n"
	"  bg identity add NAME --escrow 1 --custodian NAME\n"
	"  bg sweep --watch 30s             end what is over, retry, settle\n"
	"  bg trust anchor                  print the anchor again\n"
	"\n"
	"Changes are collected with --draft and signed at once: bg trust publish.\n";

static const char scripts[] =
	"IN SCRIPTS\n"
	"  breakglass, never bg: in a shell bg is job control.\n"
	"  breakglass --batch --json COMMAND    no question, no pager, one document\n"
	"  breakglass -q activate ...           prints the grant's id and nothing else\n"
	"  breakglass activate POLICY -m \"why\" -- COMMAND   open, run, end\n"
	"\n"
	"exit 0 done, 1 failed, 3 no such thing, 4 refused, 5 evidence is wrong,\n"
	"  6 attention, 7 waiting, 11 unanchored, 75 try again, 129 wrong command line;\n"
	"  exec: the command's own, 124 window over, 125 ours, 126, 127\n"
	"a failure  {\"schema\":1,\"error\":{\"exit\":4,\"reasons\":[{\"id\":I,\"text\":T}],...}}\n"
	"stable     --json, exit codes, finding and reason ids, option names\n"
	"variables  BG_REPO BG_GRANT BG_BATCH BG_PAGER BG_EDITOR BG_ANCHOR NO_COLOR\n"
	"settings   bg.repo bg.signingKey bg.providerPath bg.alias.NAME (git config)\n";

const struct bg_help_page bg_help_pages[] = {
	{ "emergency", emergency },
	{ "approver", approver },
	{ "reviewer", reviewer },
	{ "auditor", auditor },
	{ "admin", admin },
	{ "scripts", scripts },
	{ 0 },
};
