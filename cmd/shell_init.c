/*
 * shell-init: `bg` is a job-control builtin of every POSIX shell. The function
 * leaves it what job control owns (nothing, %job, a number) and sends everything
 * else to the program.
 */
#include "cmd/cmd.h"

static const char posix[] = "bg() {\n"
			    "\tcase ${1-} in\n"
			    "\t'' | %* | [0-9]*) %s bg \"$@\" ;;\n"
			    "\t*) BG_NAME=bg command breakglass \"$@\" ;;\n"
			    "\tesac\n"
			    "}\n";

static const char fish[] =
	"function bg --description 'break-glass access, or job control'\n"
	"\tif test (count $argv) -eq 0; or string match -qr '^(%|[0-9])' -- $argv[1]\n"
	"\t\tbuiltin bg $argv\n"
	"\telse\n"
	"\t\tBG_NAME=bg command breakglass $argv\n"
	"\tend\n"
	"end\n";

static int run(struct bg_ctx *ctx, int argc, char **argv, struct bg_error *err)
{
	int rc = bg_ctx_args(ctx, argc, argv, 1, 1, err);
	if (rc)
		return rc;
	const char *shell = argv[0], *slash = strrchr(shell, '/');
	if (slash)
		shell = slash + 1;
	const char *at = strstr(posix, "%s");
	if (!strcmp(shell, "fish")) {
		fputs(fish, stdout);
		return 0;
	}
	/* dash has no `builtin`, and no functions are skipped by `command`
	 * there that would matter. */
	bool plain = !strcmp(shell, "dash") || !strcmp(shell, "sh");
	if (!plain && strcmp(shell, "bash") && strcmp(shell, "zsh"))
		return bg_ctx_usage(ctx, err,
				    "no function for the shell '%s': want "
				    "bash, zsh, fish, dash or sh",
				    shell);
	printf("%.*s%s%s", (int)(at - posix), posix,
	       plain ? "command" : "builtin", at + 2);
	return 0;
}

static const char *const examples[] = {
	"eval \"$(breakglass shell-init bash)\"",
	"breakglass shell-init fish | source", NULL
};
static const char *const words[] = { "bash", "zsh", "fish", "dash", "sh", NULL };
static const struct bg_opt opts[] = { { 0 } };

const struct bg_cmd cmd_shell_init = {
	.name = "shell-init",
	.group = "before",
	.summary =
		"print the shell function that makes `bg` reach this program",
	.usage = "shell-init bash|zsh|fish|dash|sh",
	.examples = examples,
	.exits = "0 129",
	.opts = opts,
	.words = words,
	.flags = BG_CMD_PLUMBING,
	.run = run,
};
