#!/bin/bash
# The library never prints, exits, reads argv or the environment, and starts
# programs in two places: base/proc.c, and session/child.c, which also hands the
# terminal to the command.  Checked on what the compiled objects ask for.
. "$(dirname "$0")/../lib.sh"
test_begin 'library border'

# object symbol, one a line; checked calls (__printf_chk) under their own name.
nm -A --undefined-only "$BG_BUILD/libbg.a" 2>/dev/null |
	sed -E 's/^[^:]*:([^:]*):.* ([^ ]+)$/\1 \2/' |
	sed -E 's/ (__)?(isoc99_)?([a-z_]+)_chk$/ \3/; s/@.*$//' |
	sort -u >"$T/w/asked"
ok 'the library asks for something' test -s "$T/w/asked"

# forbidden WHAT NAMES [OBJECTS THAT MAY]
forbidden() {
	local what=$1 names=$2 may=${3-none} found
	found=$(grep -E " (__)?($names)\$" "$T/w/asked" |
		grep -vE "^($may)\.o ")
	same "$found" '' "$what"
}

forbidden 'does not print' \
	'v?printf|v?fprintf|v?dprintf|v?wprintf|puts|fputs|fputc|putc|putchar|fwrite|fputs_unlocked|perror|psignal|psiginfo|stdout|stderr|stdin|v?warnx?|v?errx?|error|error_at_line|v?syslog|openlog'
forbidden 'asks nobody' \
	'getchar|gets|scanf|vscanf|getpass|isatty|ttyname|ttyname_r|getlogin|getlogin_r|readline|tcgetattr|tcsetattr' \
	'child'
forbidden 'does not exit' \
	'exit|quick_exit|abort|assert_fail|assert_perror_fail|atexit|on_exit'
forbidden 'leaves children with _exit only' '_exit' 'proc|child'
forbidden 'does not read or change the environment' \
	'getenv|secure_getenv|environ|setenv|putenv|unsetenv|clearenv|program_invocation_name|program_invocation_short_name|getopt|getopt_long|optarg|optind|setlocale|wordexp'
forbidden 'starts programs in two places' \
	'fork|vfork|clone|clone3|posix_spawnp?|system|popen|execv|execve|execvp|execvpe|execvpe|execl|execlp|execle|fexecve' \
	'proc|child'
forbidden 'leaves the state of the process alone' \
	'chdir|fchdir|chroot|umask|signal|sigaction|sigprocmask|setrlimit|setuid|setgid|setresuid|setresgid|setgroups|setsid|alarm|setitimer' \
	'proc|child'
forbidden 'calls nothing that is banned' \
	'strcpy|strcat|sprintf|vsprintf|strtok|localtime|gmtime|ctime|ctime_r|asctime|asctime_r|mktemp|tmpnam|tempnam'
done_testing
