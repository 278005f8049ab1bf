#!/bin/bash
# Expansions in single quotes are for the programs that get them.
# shellcheck disable=SC2016,SC2031,SC2119,SC2317
# A command inside a grant: recorded start and end, its status, its end with
# the window; signals, stop and continue on a terminal.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../life.sh"
test_begin 'exec'
life_setup

# A process that was killed may stay as a zombie where nobody reaps it.
runs() { grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status"; }

expect_exit 125 by alice exec -- true
open_one alice open

# Status, output, input: the command's own.
expect_exit 0 by alice exec -- true
expect_exit 3 by alice exec -- sh -c 'exit 3'
expect_exit 127 by alice exec -- no-such-program-x
: >"$T/plain"
expect_exit 126 by alice exec -- "$T/plain"
expect_exit 137 by alice exec -- sh -c 'kill -9 $$'
expect_exit 143 by alice exec -- sh -c 'kill $$'
run by alice exec -- sh -c 'echo "$BG_GRANT"; echo oops >&2'
same "$out" "$LABEL" 'stdout is untouched'
like "$err" '^oops$'
like "$err" '^recorded: '
same "$(printf 'a\0b\nc' | by alice exec -- od -An -tx1 2>/dev/null)" \
	' 61 00 62 0a 63' 'stdin is untouched'
expect_exit 0 by alice exec @"${LABEL##*-}" sh -c 'exit 0'
expect_exit 0 by alice exec "$LABEL" -- ls -d /
same "$out" / 'options behind the first word are the command'"'"'s'
expect_exit 125 by alice exec @zzzzzz -- true
expect_exit 125 by alice exec --no-such-option -- true

# What is recorded: argv[0], how many, a digest; never the rest.
by alice exec -- sh -c 'exit 4' --password=hunter2 2>/dev/null
json_is "$(bg log --type session-start -n 1 --json)" \
	'.data | [.command.argv0, .command.argc, .capture] | map(tostring) | join(" ")' \
	'sh 4 none'
json_is "$(bg log --type session-end -n 1 --json)" \
	'.data | [.ended, .exit, .recovered] | map(tostring) | join(" ")' \
	'exit 4 false'
unlike "$(git -C "$EV" log --all)" hunter2 'no secret of a command line'

# Two starts of one command line do not give one digest: it is salted.
by alice exec -- true 2>/dev/null
by alice exec -- true 2>/dev/null
same "$(bg log --type session-start -n 2 --json | jq -r .data.command.digest |
	sort -u | wc -l)" 2 'salted'

# --end
expect_exit 2 by alice exec --end -- sh -c 'exit 2'
like "$err" 'access gone'
ok 'ended' no_access
expect_exit 125 by alice exec "$LABEL" -- touch "$T/ran"
ok 'nothing ran' test ! -e "$T/ran"

# The window ends it: the whole tree goes, the status is 124.
open_one alice quick
expect_exit 124 by alice exec -- sh -c \
	'trap "" TERM HUP; (sleep 60 & echo $! >'"$T"'/deep; wait) & wait; sleep 60'
like "$err" 'it is over'
pid=$(cat "$T/deep")
not_ok 'grandchild is gone' runs "$pid"
wait_for 10 no_access
ok 'access is gone' no_access
json_is "$(bg log --type session-end -n 1 --json)" .data.ended window

# Ended by somebody else in the middle of it.
open_one alice open
(sleep 1; by bob revoke "$LABEL" -m 'stop now' >/dev/null) &
expect_exit 124 by alice exec -- sleep 60
wait

# A signal is passed on.
open_one alice open
by alice exec -- sh -c 'trap "echo got it; exit 9" TERM; echo ready; while :; do sleep 0.1; done' \
	>"$T/sig" 2>/dev/null &
pid=$!
wait_for 10 grep -q ready "$T/sig"
real=$(pgrep -P "$pid" -f 'exec --' || echo "$pid")
kill -TERM "$real"
wait "$pid"
same "$? $(tr '\n' ' ' <"$T/sig")" '9 ready got it ' 'TERM reaches the command'

# The supervisor dies: the next sweep closes the record.
by alice exec -- sleep 30 2>/dev/null &
pid=$!
wait_for 10 sh -c "ls $XDG_STATE_HOME/bg/*/sessions/*.json >/dev/null"
real=$(pgrep -P "$pid" -f 'exec --' || echo "$pid")
wait_for 10 pgrep -P "$real" sleep >/dev/null
kill -KILL "$real"
wait "$pid" 2>/dev/null
expect_exit 0 bg sweep
like "$out" 'recovered 1 record'
json_is "$(bg log --type session-end -n 1 --json)" \
	'.data | [.ended, .recovered] | map(tostring) | join(" ")' 'lost true'

# On a terminal: job control, and the question on the way out.
if command -v tmux >/dev/null; then
	sock=$T/tmux
	tm() { tmux -S "$sock" "$@"; }
	screen() { tm capture-pane -p -S - | grep -v '^$'; }
	shows() { screen | grep -qE "$1"; }
	echo "PS1='inner\$ '" >"$T/shrc"
	export SHELL=/bin/sh ENV=$T/shrc
	tm -f /dev/null new-session -d -x 120 -y 40 \
		"cd $T/w && PS1='outer\$ ' exec bash --norc -i"
	tm send-keys "$BG --key $(fpr alice) exec" Enter
	ok 'a shell' wait_for 10 shows "^recorded: .*'exit' leaves"
	ok 'prompt' wait_for 10 shows 'inner\$'
	tm send-keys 'echo in-$BG_GRANT' Enter
	ok 'inside' wait_for 10 shows "^in-$LABEL"
	tm send-keys 'echo going; sleep 100' Enter
	wait_for 10 shows '^going'
	sleep 0.5
	tm send-keys C-c
	# What is typed before the shell has its terminal back is dropped.
	sleep 1
	tm send-keys 'echo status-$?' Enter
	ok 'Ctrl-C reaches the program, not the session' \
		wait_for 10 shows '^status-130'
	tm send-keys 'exit' Enter
	ok 'it asks' wait_for 10 shows "end @${LABEL##*-} now\? .* left \[Y/n\]"
	tm send-keys 'n' Enter
	ok 'back' wait_for 10 shows '^outer\$ *$'
	ok 'still open' access_is_there "$LABEL"
	tm send-keys "$BG --key $(fpr alice) exec -- cat" Enter
	wait_for 10 sh -c "tmux -S $sock capture-pane -p | tail -3 | grep -q recorded"
	sleep 0.5
	tm send-keys C-z
	ok 'Ctrl-Z stops it' wait_for 10 shows '\[1\]\+ +Stopped'
	tm send-keys 'fg' Enter
	sleep 0.5
	tm send-keys 'hello' Enter
	tm send-keys C-d
	ok 'and goes on' wait_for 10 shows '^hello'
	tm send-keys "$BG --key $(fpr alice) exec" Enter
	wait_for 10 sh -c "tmux -S $sock capture-pane -p | grep -v '^\$' | tail -1 | grep -q 'inner\\\$'"
	tm send-keys 'exit 0' Enter
	sleep 1
	tm send-keys Enter
	wait_for 10 no_access
	ok 'an empty answer ends it' no_access
	tm kill-server
else
	skip 'terminal' 'no tmux'
fi

fsck_repo "$EV"
verify_ok
done_testing
