/*
 * completion: what shells need, from the option tables.  The scripts are
 * written once (make completions); words that depend on the repository are
 * asked for with --words, which answers within a second or not at all.
 */
#include "cmd/cmd.h"

#define PATIENCE_S 1

static struct {
	const char *words;
} o;

/* --- words of the repository ------------------------------------------------ */

static void say_word(const char *word, const char *text)
{
	bg_ui_text(stdout, word);
	if (text && *text) {
		putchar('\t');
		bg_ui_text(stdout, text);
	}
	putchar('\n');
}

static void grants(struct bg_ctx *ctx)
{
	BG_AUTO(grant_rows) struct bg_grant_rows rows = { 0 };
	struct bg_grant_query q = { .active_only = true };
	struct bg_error ignored;
	if (bg_store_grants(&rows, ctx->store, &q, &ignored))
		return;
	for (size_t i = 0; i < rows.list.n; i++) {
		const struct bg_grant_row *r = &rows.list.v[i];
		char text[256];
		snprintf(text, sizeof(text), "%s/%s, %s, %s", r->policy,
			 r->scope, r->by,
			 bg_state_text((enum bg_state)r->state));
		say_word(bg_ctx_at(ctx, r->label), text);
	}
}

static void policy_words(const struct bg_trust_file *f, bool codes)
{
	BG_AUTO(faults) struct bg_faults faults = { 0 };
	BG_AUTO(policy) struct bg_policy *p = NULL;
	struct bg_error ignored;
	if (bg_policy_load(&p, &faults, f->path, f->text, f->n, &ignored) || !p)
		return;
	const struct bg_names *list = codes ? bg_policy_codes(p) : NULL;
	for (size_t i = 0; list && i < list->n; i++)
		say_word(list->v[i], p->name);
	if (codes)
		return;
	say_word(p->name, p->title);
	for (size_t i = 0; i < p->n_scopes; i++) {
		char word[192];
		snprintf(word, sizeof(word), "%s/%s", p->name, p->scopes[i].id);
		say_word(word, p->scopes[i].title);
	}
}

static void files_of(struct bg_ctx *ctx, const char *kind)
{
	const struct bg_trust *t = bg_store_trust(ctx->store);
	static const char folder[] = "identities/";
	size_t n = sizeof(folder) - 1;
	for (size_t i = 0; i < t->n_files; i++) {
		const struct bg_trust_file *f = &t->files[i];
		char name[128];
		if (bg_starts_with(f->path, "policies/") &&
		    strcmp(kind, "identity"))
			policy_words(f, !strcmp(kind, "code"));
		if (!bg_starts_with(f->path, folder) ||
		    strcmp(kind, "identity"))
			continue;
		snprintf(name, sizeof(name), "%.*s",
			 (int)(strlen(f->path) - n - strlen(".yaml")),
			 f->path + n);
		say_word(name, NULL);
	}
}

static void people(struct bg_ctx *ctx, bool roles)
{
	const struct bg_trust *t = bg_store_trust(ctx->store);
	for (size_t i = 0; !roles && i < t->n_principals; i++)
		say_word(t->principals[i].name,
			 bg_principal_kind_text(t->principals[i].kind));
	for (size_t i = 0; roles && i < t->n_roles; i++)
		say_word(t->roles[i].name, NULL);
}

/* Silent about everything: a completion has nowhere to put an error. */
static int words(struct bg_ctx *ctx, const char *kind)
{
	struct bg_error ignored;
	if (!strcmp(kind, "type")) {
		for (int i = 0; i < BG_EV_COUNT; i++)
			say_word(bg_event_type_text((enum bg_event_type)i),
				 NULL);
		return 0;
	}
	alarm(PATIENCE_S);
	if (bg_ctx_store(ctx, 0, &ignored))
		return 0;
	if (!strcmp(kind, "grant"))
		grants(ctx);
	else if (!strcmp(kind, "principal") || !strcmp(kind, "role"))
		people(ctx, *kind == 'r');
	else
		files_of(ctx, kind);
	return 0;
}

/* --- tables for bash and zsh --------------------------------------------------- */

static void add_option(void *arg, const struct bg_opt *opt, char short_,
		       const char *long_, const char *placeholder,
		       const char *help)
{
	struct bg_str *s = arg;
	(void)opt, (void)placeholder, (void)help;
	if (short_)
		bg_str_addf(s, " -%c", short_);
	bg_str_addf(s, " --%s", long_);
}

struct values {
	struct bg_str *out;
	const char *command;
};

static bool is_kind(const char *s)
{
	static const char *const kinds[] = { "grant",     "policy", "code",
					     "file",      "dir",    "identity",
					     "principal", "role",   "type",
					     "command",   "key",    NULL };
	for (const char *const *k = kinds; *k; k++)
		if (!strcmp(*k, s))
			return true;
	return false;
}

static const char *kind_of(const struct bg_opt *opt, const char *long_)
{
	if (opt->kind == BG_OPT_MESSAGE && !strcmp(long_, "file"))
		return "file";
	return opt->complete;
}

static void add_value(void *arg, const struct bg_opt *opt, char short_,
		      const char *long_, const char *placeholder,
		      const char *help)
{
	struct values *v = arg;
	const char *kind = kind_of(opt, long_);
	(void)placeholder, (void)help;
	if (opt->kind == BG_OPT_FLAG)
		return;
	bg_str_addf(v->out, "\t%s:--%s", v->command, long_);
	if (short_)
		bg_str_addf(v->out, " | %s:-%c", v->command, short_);
	if (!kind)
		bg_str_add(v->out, ") echo : ;;\n");
	else if (is_kind(kind))
		bg_str_addf(v->out, ") echo :%s ;;\n", kind);
	else
		bg_str_addf(v->out, ") echo '%s' ;;\n", kind);
}

/* Shell functions of tables, the same for bash and zsh. */
static void tables(struct bg_str *out)
{
	const struct bg_cmd *const *c;
	bg_str_add(out, "_breakglass_commands='");
	for (c = bg_cmds(); *c; c++)
		if (!((*c)->flags & BG_CMD_PLUMBING))
			bg_str_addf(out, "%s ", (*c)->name);
	bg_str_add(out, "help version'\n_breakglass_globals='");
	bg_opt_each(bg_global_opts, add_option, out);
	bg_str_add(out, "'\n_breakglass_options() {\n\tcase $1 in\n");
	for (c = bg_cmds(); *c; c++) {
		bg_str_addf(out, "\t%s) echo '", (*c)->name);
		bg_opt_each((*c)->opts, add_option, out);
		bg_str_add(out, "' ;;\n");
	}
	bg_str_add(out, "\tesac\n}\n_breakglass_words() {\n\tcase $1 in\n");
	for (c = bg_cmds(); *c; c++) {
		if (!(*c)->words)
			continue;
		bg_str_addf(out, "\t%s) echo '", (*c)->name);
		for (const char *const *w = (*c)->words; *w; w++)
			bg_str_addf(out, "%s%s", w == (*c)->words ? "" : " ",
				    *w);
		bg_str_add(out, "' ;;\n");
	}
	bg_str_add(out, "\tesac\n}\n_breakglass_arguments() {\n\tcase $1 in\n");
	for (c = bg_cmds(); *c; c++)
		if ((*c)->complete)
			bg_str_addf(out, "\t%s) echo :%s ;;\n", (*c)->name,
				    (*c)->complete);
	bg_str_add(out, "\thelp) echo \"$_breakglass_commands\" ;;\n"
			"\tesac\n}\n"
			"# What follows an option: words, or :KIND.\n"
			"_breakglass_value() {\n\tcase $1:$2 in\n");
	for (c = bg_cmds(); *c; c++) {
		struct values v = { out, (*c)->name };
		bg_opt_each((*c)->opts, add_value, &v);
	}
	struct values v = { out, "*" };
	bg_opt_each(bg_global_opts, add_value, &v);
	bg_str_add(out, "\tesac\n}\n");
}

static const char bash_tail[] =
	"_breakglass_reply() {\n"
	"\tlocal words\n"
	"\tcase $1 in\n"
	"\t:file) mapfile -t COMPREPLY < <(compgen -f -- \"$2\") ;;\n"
	"\t:dir) mapfile -t COMPREPLY < <(compgen -d -- \"$2\") ;;\n"
	"\t:command) mapfile -t COMPREPLY < <(compgen -c -- \"$2\") ;;\n"
	"\t: | :key) ;;\n"
	"\t:*)\n"
	"\t\twords=$(breakglass completion --words \"${1#:}\" 2>/dev/null | cut -f 1)\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$2\")\n"
	"\t\t;;\n"
	"\t*) mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$2\") ;;\n"
	"\tesac\n"
	"}\n"
	"_breakglass() {\n"
	"\tlocal i word command='' sub='' value\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tword=${COMP_WORDS[i]}\n"
	"\t\tcase $word in\n"
	"\t\t-C | --repo | --color | --key) ((i++)) ;;\n"
	"\t\t-*) ;;\n"
	"\t\t*) if [ -z \"$command\" ]; then command=$word; elif [ -z \"$sub\" ]; then sub=$word; fi ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\tvalue=$(_breakglass_value \"$command\" \"$prev\")\n"
	"\tif [ -n \"$value\" ]; then\n"
	"\t\t_breakglass_reply \"$value\" \"$cur\"\n"
	"\telif [[ $cur == -* ]]; then\n"
	"\t\t_breakglass_reply \"$(_breakglass_options \"$command\") $_breakglass_globals\" \"$cur\"\n"
	"\telif [ -z \"$command\" ]; then\n"
	"\t\t_breakglass_reply \"$_breakglass_commands\" \"$cur\"\n"
	"\telse\n"
	"\t\tvalue=$(_breakglass_words \"$command\")\n"
	"\t\tif [ -z \"$value\" ] || [ -n \"$sub\" ]; then\n"
	"\t\t\tvalue=$(_breakglass_arguments \"$command\")\n"
	"\t\tfi\n"
	"\t\t_breakglass_reply \"${value:-:}\" \"$cur\"\n"
	"\tfi\n"
	"}\n"
	"complete -F _breakglass breakglass\n"
	"complete -F _breakglass bg\n";

static const char zsh_tail[] =
	"_breakglass_reply() {\n"
	"\tlocal -a list\n"
	"\tcase $1 in\n"
	"\t:file) _files ;;\n"
	"\t:dir) _files -/ ;;\n"
	"\t:command) _command_names -e ;;\n"
	"\t: | :key) ;;\n"
	"\t:*)\n"
	"\t\tlist=(${(f)\"$(breakglass completion --words \"${1#:}\" 2>/dev/null | cut -f 1)\"})\n"
	"\t\tcompadd -a list\n"
	"\t\t;;\n"
	"\t*) list=(${=1}); compadd -a list ;;\n"
	"\tesac\n"
	"}\n"
	"_breakglass() {\n"
	"\tlocal i word command='' sub='' value\n"
	"\tlocal cur=${words[CURRENT]} prev=${words[CURRENT-1]}\n"
	"\tfor ((i = 2; i < CURRENT; i++)); do\n"
	"\t\tword=${words[i]}\n"
	"\t\tcase $word in\n"
	"\t\t-C | --repo | --color | --key) ((i++)) ;;\n"
	"\t\t-*) ;;\n"
	"\t\t*) if [[ -z $command ]]; then command=$word; elif [[ -z $sub ]]; then sub=$word; fi ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\tvalue=$(_breakglass_value \"$command\" \"$prev\")\n"
	"\tif [[ -n $value ]]; then\n"
	"\t\t_breakglass_reply \"$value\"\n"
	"\telif [[ $cur == -* ]]; then\n"
	"\t\t_breakglass_reply \"$(_breakglass_options \"$command\") $_breakglass_globals\"\n"
	"\telif [[ -z $command ]]; then\n"
	"\t\t_breakglass_reply \"$_breakglass_commands\"\n"
	"\telse\n"
	"\t\tvalue=$(_breakglass_words \"$command\")\n"
	"\t\t[[ -n $value && -z $sub ]] || value=$(_breakglass_arguments \"$command\")\n"
	"\t\t_breakglass_reply \"${value:-:}\"\n"
	"\tfi\n"
	"}\n"
	"_breakglass \"$@\"\n";

/* --- fish ------------------------------------------------------------------------ */

static void fish_quote(struct bg_str *out, const char *text)
{
	bg_str_addc(out, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			bg_str_addc(out, '\\');
		bg_str_addc(out, *text);
	}
	bg_str_addc(out, '\'');
}

static void fish_words(struct bg_str *out, const char *kind)
{
	if (!strcmp(kind, "file"))
		bg_str_add(out, " -F");
	else if (!strcmp(kind, "dir"))
		bg_str_add(out, " -x -a '(__fish_complete_directories)'");
	else if (!strcmp(kind, "command"))
		bg_str_add(out, " -x -a '(__fish_complete_command)'");
	else if (!strcmp(kind, "key"))
		bg_str_add(out, " -x");
	else if (is_kind(kind))
		bg_str_addf(out,
			    " -x -a '(breakglass completion --words %s "
			    "2>/dev/null)'",
			    kind);
	else {
		bg_str_add(out, " -x -a ");
		fish_quote(out, kind);
	}
}

static void fish_option(void *arg, const struct bg_opt *opt, char short_,
			const char *long_, const char *placeholder,
			const char *help)
{
	struct values *v = arg;
	const char *kind = kind_of(opt, long_);
	(void)placeholder;
	bg_str_add(v->out, "complete -c breakglass");
	if (v->command)
		bg_str_addf(v->out, " -n '__fish_seen_subcommand_from %s'",
			    v->command);
	if (short_)
		bg_str_addf(v->out, " -s %c", short_);
	bg_str_addf(v->out, " -l %s", long_);
	if (opt->kind != BG_OPT_FLAG && kind)
		fish_words(v->out, kind);
	else if (opt->kind != BG_OPT_FLAG)
		bg_str_add(v->out, " -x");
	bg_str_add(v->out, " -d ");
	fish_quote(v->out, help);
	bg_str_addc(v->out, '\n');
}

static void fish_command(struct bg_str *out, const struct bg_cmd *c)
{
	struct values v = { out, c->name };
	bg_str_addf(out,
		    "complete -c breakglass -n __fish_use_subcommand -a %s -d ",
		    c->name);
	fish_quote(out, c->summary);
	bg_str_addc(out, '\n');
	bg_opt_each(c->opts, fish_option, &v);
	if (c->words) {
		bg_str_addf(out,
			    "complete -c breakglass -n "
			    "'__fish_seen_subcommand_from %s' -a '",
			    c->name);
		for (const char *const *w = c->words; *w; w++)
			bg_str_addf(out, "%s%s", w == c->words ? "" : " ", *w);
		bg_str_add(out, "'\n");
	}
	if (!c->complete)
		return;
	bg_str_addf(out,
		    "complete -c breakglass -n "
		    "'__fish_seen_subcommand_from %s'",
		    c->name);
	fish_words(out, c->complete);
	bg_str_addc(out, '\n');
}

static void fish(struct bg_str *out)
{
	struct values v = { out, NULL };
	bg_str_add(out, "# Made by: breakglass completion fish\n"
			"complete -c breakglass -f\n");
	bg_opt_each(bg_global_opts, fish_option, &v);
	for (const struct bg_cmd *const *c = bg_cmds(); *c; c++)
		fish_command(out, *c);
	bg_str_add(out, "complete -c bg -w breakglass\n");
}

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	int rc = bg_ctx_args(ctx, argc, argv, o.words ? 0 : 1, 1, err);
	if (rc)
		return rc;
	if (o.words)
		return words(ctx, o.words);
	if (!strcmp(argv[0], "bash")) {
		bg_str_add(&s, "# shellcheck shell=bash\n"
			       "# Made by: breakglass completion bash\n");
		tables(&s);
		bg_str_add(&s, bash_tail);
	} else if (!strcmp(argv[0], "zsh")) {
		bg_str_add(&s, "#compdef bg breakglass\n"
			       "# Made by: breakglass completion zsh\n");
		tables(&s);
		bg_str_add(&s, zsh_tail);
	} else if (!strcmp(argv[0], "fish")) {
		fish(&s);
	} else {
		return bg_ctx_usage(ctx, err,
				    "no completion for '%s': bash, "
				    "zsh or fish",
				    argv[0]);
	}
	rc = bg_str_check(&s, err);
	if (!rc)
		fputs(bg_str_text(&s), stdout);
	return rc;
}

static const char *const examples[] = { "source <(breakglass completion bash)",
					"breakglass completion --words grant",
					NULL };
static const struct bg_opt opts[] = {
	{ BG_OPT_TEXT, 0, "words", "KIND",
	  "grant policy code identity principal role type: what there is",
	  &o.words, "grant policy code identity principal role type" },
	{ 0 },
};
static const char *const shells[] = { "bash", "zsh", "fish", NULL };

const struct bg_cmd cmd_completion = {
	.name = "completion",
	.group = "before",
	.summary = "print the completions of a shell, or words for them",
	.usage = "completion bash | zsh | fish\n"
		 "completion --words KIND",
	.examples = examples,
	.exits = "0 129",
	.opts = opts,
	.words = shells,
	.flags = BG_CMD_PLUMBING,
	.run = run,
};
