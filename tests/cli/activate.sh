#!/bin/bash
# Expansions in single quotes are for the programs that get them.
# shellcheck disable=SC2016,SC2031,SC2119,SC2317
# Opening: decide, probe, write, give; waiting and going on; what is refused.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../life.sh"
test_begin 'activate'
life_setup

# The cheat card runs nothing and names complete lines.
expect_exit 0 by alice activate
like "$out" '^bg activate open/shell -m "..." +A shell'
ok 'nothing ran' no_access
expect_exit 0 by carol activate
like "$out" 'nothing that you may open'

# The first screen.
expect_exit 0 by alice activate open -m 'primary unreachable'
like "$out" '^@[0-9a-z]{6}  open/shell  open, 30m left, until [0-9:]+ \([0-9:]+Z\)'
like "$out" "^  because  IS-DOWN: probe 'false' failed, as expected"
like "$out" '^  next     bg exec '
LABEL=$(ls "$T/access")
like "$LABEL" '^BG-[0-9]{8}-[0-9a-z]{6}$' 'access is named after the grant'
same "$(events_of "$LABEL")" 'activate grant ' 'activate, then grant'
json_is "$(bg log --grant "$LABEL" --type activate --json)" \
	'.data.probe | [.result, .exit, .control] | map(tostring) | join(" ")' \
	'as-expected 1 ok'
json_is "$(bg log --grant "$LABEL" --type grant --json)" \
	'.data | [.result, .access, .isolation] | join(" ")' \
	'done present per-grant'
by alice 'done' "$LABEL" >/dev/null

# --json is the contract.
expect_exit 0 by alice --json activate open -m 'primary unreachable'
json_is "$out" '[.schema, .policy, .scope, .state] | map(tostring) | join(" ")' \
	'1 open shell open'
json_is "$out" 'keys | join(" ")' \
	'access debts event expires grant policy schema scope state'
LABEL=$(jq -r .grant <<<"$out")
by alice 'done' "$LABEL" >/dev/null

# -q prints the id alone.
open_one alice open
like "$LABEL" '^BG-[0-9]{8}-[0-9a-z]{6}$'
by alice 'done' "$LABEL" >/dev/null

# Typos: nothing is signed.
n=$(bg log --json | wc -l)
expect_exit 3 by alice activate opne -m 'primary unreachable'
like "$err" "^bg: no policy 'opne'"
like "$err" '^hint: bg activate open -m'
expect_exit 3 by alice activate open -c NO-CODE -m 'primary unreachable'
expect_exit 3 by alice activate open/none -m 'primary unreachable'
expect_exit 129 by alice --batch activate open
like "$err" '^hint: bg activate open -m'
expect_exit 129 by alice activate open -m short
like "$err" 'too short .* 5 of 10'
expect_exit 129 by alice activate open -m 'primary unreachable' -t 1x
expect_exit 129 by alice activate open -m $'escape \e[31m in the text'
same "$(bg log --json | wc -l)" "$n" 'nothing was written for a typo'

# Refusals are events, equal ones are counted.
expect_exit 4 by alice activate open -t 8h -m 'primary unreachable'
like "$err" "^bg: refused 'open/shell' for 8h: at most 2h"
like "$err" '^hint: bg activate open/shell -t 2h -m'
expect_exit 4 by alice activate open -t 8h -m 'primary unreachable'
same "$(bg log --type refuse --json | wc -l)" 1 'one event for equal refusals'
expect_exit 4 by carol activate open -m 'primary unreachable'
json_is "$(bg log --type refuse -n 1 --json)" '.data.rules | join(" ")' role
expect_exit 4 by alice --json activate open -t 8h -m 'primary unreachable'
json_is "$out" '[.error.exit, .error.reasons[0].id] | map(tostring) | join(" ")' \
	'4 window-over-limit'
ok 'no access was given' no_access

# A provider that fails: on record, nothing open.
: >"$T/give-fails"
expect_exit 1 by alice activate open -m 'primary unreachable'
like "$err" 'nothing is open'
rm "$T/give-fails"
json_is "$(bg log --type grant -n 1 --json)" .data.result failed
by alice 'done' >/dev/null 2>&1
ok 'no access was given' no_access

# Waiting, then approved.
expect_exit 7 by alice --batch activate ask -m 'primary unreachable'
like "$out" '^@[0-9a-z]{6}  ask/shell  WAITING for 1 of: '
like "$out" 'carol \+49 carol'
LABEL=$(waiting_one)
at=@${LABEL##*-}
ok 'no access yet' no_access
expect_exit 7 by alice --batch activate "$at"
expect_exit 4 by alice approve "$at"
expect_exit 4 by bob approve "$at"
json_is "$(bg log --type refuse -n 1 --json)" '[.by, .grant] | join(" ")' \
	"bob $LABEL" 'a refusal is in the log of whoever tried'
expect_exit 0 by carol approve "$at"
ok 'approval opens nothing by itself' no_access
expect_exit 4 by bob activate "$at"
expect_exit 0 by alice activate "$at"
like "$out" "^$at  ask/shell  open, 30m left"
ok 'access' access_is_there "$LABEL"
expect_exit 0 by alice activate "$at"
same "$(bg log --grant "$LABEL" --type grant --json | wc -l)" 1 'opened once'
by alice 'done' "$LABEL" >/dev/null

# Alone: at once, later, never.
expect_exit 0 by alice -q activate ask --solo -m 'primary unreachable'
LABEL=$out
by alice 'done' "$LABEL" >/dev/null
expect_exit 7 by alice --batch activate ask -m 'primary unreachable'
LABEL=$(waiting_one)
expect_exit 0 by alice activate "$LABEL" --solo
json_is "$(bg log --type solo -n 1 --json)" '.data.skipped | join(" ")' \
	'carol erin' 'who was skipped is named'
by alice 'done' "$LABEL" >/dev/null
expect_exit 7 by alice --batch activate later -m 'primary unreachable'
LABEL=$(waiting_one)
expect_exit 7 by alice --batch activate "$LABEL" --solo
sleep 2
expect_exit 0 by alice --batch activate "$LABEL" --solo
by alice 'done' "$LABEL" >/dev/null
expect_exit 4 by alice activate strict --solo -m 'primary unreachable'

# A request that is too old does not open, even with its approval.
expect_exit 7 by alice --batch activate strict -m 'primary unreachable'
LABEL=$(waiting_one)
sleep 2
expect_exit 0 by carol approve "$LABEL"
expect_exit 1 by alice activate "$LABEL"
like "$err" 'too old'
ok 'no access' no_access
bg sweep >/dev/null
same "$(state_of "$LABEL")" closed 'sweep ended the request'

# Run a command, then end; the status is the command's.
expect_exit 5 by alice activate open -m 'primary unreachable' -- \
	sh -c 'test -n "$BG_GRANT" && echo inside; exit 5'
same "$out" inside 'stdout is the command'"'"'s'
ok 'ended' no_access
expect_exit 125 by alice activate open -t 9h -m 'primary unreachable' -- true

# On a terminal a request waits there; Ctrl-C keeps it; -s goes on in a shell.
if command -v tmux >/dev/null; then
	tm() { tmux -S "$T/tmux" "$@"; }
	shows() { tm capture-pane -p -S - | grep -qE "$1"; }
	echo "PS1='inner\$ '" >"$T/shrc"
	export SHELL=/bin/sh ENV=$T/shrc
	tm -f /dev/null new-session -d -x 120 -y 40 \
		"cd $T/w && exec bash --norc -i"
	tm send-keys "$BG --key $(fpr alice) activate ask; echo status-\$?" Enter
	ok 'it asks why' wait_for 10 shows '^why\?'
	tm send-keys 'primary unreachable' Enter
	ok 'it waits' wait_for 10 shows '^waiting; Ctrl-C keeps the request'
	tm send-keys C-c
	ok 'Ctrl-C ends the waiting' wait_for 10 shows 'status-7' || diag "$(tm capture-pane -p)"
	LABEL=$(waiting_one)
	tm send-keys "clear; $BG --key $(fpr alice) activate $LABEL" Enter
	ok 'it waits again' wait_for 10 shows '^waiting; Ctrl-C'
	by carol approve "$LABEL" >/dev/null
	ok 'and goes on by itself' wait_for 10 shows 'ask/shell  open, 30m left'
	by alice 'done' "$LABEL" >/dev/null
	tm send-keys "clear; $BG --key $(fpr alice) activate open -s -m 'primary unreachable'" Enter
	ok 'into a shell' wait_for 10 shows 'inner\$'
	tm send-keys 'exit' Enter
	ok 'it asks' wait_for 10 shows 'now\? .* left \[Y/n\]'
	tm send-keys 'y' Enter
	ok 'ended' wait_for 10 no_access
	tm kill-server
else
	skip 'terminal' 'no tmux'
fi

# Unpinned: nothing is opened, nothing is run.
mkdir -p "$T/other"
git clone -q "$EV" "$T/other/ev" 2>/dev/null
expect_exit 11 by alice -C "$T/other/ev" activate open -m 'primary unreachable'
ok 'nothing ran' no_access

fsck_repo "$EV"
verify_ok
done_testing
