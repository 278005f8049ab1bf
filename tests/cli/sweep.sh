#!/bin/bash
# Expansions in single quotes are for the programs that get them.
# shellcheck disable=SC2016,SC2031,SC2119,SC2317
# The end without anyone coming back: the grant's own timer, sweep as the net
# under it, wrecks of crashes, and a disk that is full at the wrong moment.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../life.sh"
test_begin 'sweep'
life_setup

expect_exit 0 bg sweep
same "$out" 'nothing to do'

# The own timer ends it: nobody does anything.
open_one alice quick
ok 'access' access_is_there "$LABEL"
ok 'gone by itself' wait_for 10 no_access
wait_for 5 sh -c "[ \"\$($BG log --grant $LABEL --type check --json)\" ]"
same "$(events_of "$LABEL")" 'activate grant expire check '
json_is "$(bg log --grant "$LABEL" --type expire --json)" '.data.basis | test("boottime|wall")' true
same "$(state_of "$LABEL")" ended

# Without the timer (it was killed, the machine was down) sweep does.
timer_of() { pgrep -f "sweep --grant $1 --wait"; }
root_of() { bg log --grant "$1" --type activate --json | jq -r .event; }
open_one alice quick
root=$(root_of "$LABEL")
pid=$(timer_of "$root")
ok 'its timer runs' test -n "$pid"
kill -KILL "$pid"
expect_exit 0 bg sweep
same "$(state_of "$LABEL")" open 'not before its time'
sleep 2.2
expect_exit 0 bg sweep
like "$out" "^@${LABEL##*-}  ended; access gone"
ok 'gone' no_access
expect_exit 0 bg sweep
same "$out" 'nothing to do' 'twice is once'

# Ended by hand: the timer goes away too.
open_one alice open
root=$(root_of "$LABEL")
pid=$(timer_of "$root")
by alice 'done' >/dev/null
ok 'the timer is gone' wait_for 5 sh -c "! kill -0 $pid 2>/dev/null || grep -q 'State:.*Z' /proc/$pid/status"

# A failed end is tried again.
open_one alice open
: >"$T/take-fails"
by alice 'done' >/dev/null
expect_exit 6 bg sweep
like "$out" "^@${LABEL##*-}  STILL THERE"
rm "$T/take-fails"
expect_exit 0 bg --json sweep
json_is "$out" '[.ended, .retried, .failed] | map(tostring) | join(" ")' '1 1 0'
ok 'gone' no_access

# A crash between provider and event: it becomes an unknown grant, with its
# own timer, and nothing is forgotten.
: >"$T/give-slow"
by alice -q activate open -m 'primary unreachable' >/dev/null 2>&1 &
pid=$!
wait_for 10 sh -c "ls $XDG_STATE_HOME/bg/*/journal/open-* >/dev/null 2>&1"
mapfile -t pids < <(pids_of ' activate open ')
kill -KILL "${pids[@]}" "$pid" 2>/dev/null
wait "$pid" 2>/dev/null
rm "$T/give-slow"
sleep 1.3
LABEL=$(ls "$T/access")
same "$(events_of "$LABEL")" 'activate ' 'only the activation is written'
bg sweep >/dev/null
json_is "$(bg log --grant "$LABEL" --type grant --json)" \
	'.data | [.result, .why] | join(" ")' 'unknown broken-off'
same "$(state_of "$LABEL")" open
ok 'it has a timer' test -n "$(timer_of "$(root_of "$LABEL")")"
expect_exit 0 by alice 'done' "$LABEL"
ok 'gone' no_access

# What cannot be written does not stay open: the grant event meets a full disk.
life_faulty() {
	local fault=$1
	shift
	run env BG_FAULT="$fault" "$BG_TESTBIN" --key "$(fpr alice)" "$@"
}
life_faulty append.object=ENOSPC:2+ activate open -m 'primary unreachable'
same "$status" 1 'it says so'
like "$err" 'access was taken back'
ok 'no access remains' no_access
LABEL=$(bg log --type activate -n 1 --json | jq -r .grant)
bg sweep >/dev/null
same "$(events_of "$LABEL")" 'activate grant revoke check ' 'written later'
same "$(state_of "$LABEL")" ended

# No durable activation, no provider call.
life_faulty append.object=ENOSPC:1+ activate open -m 'primary unreachable'
same "$status" 1
life_faulty write=ENOSPC:1+,append.object=EIO:2+ activate open \
	-m 'primary unreachable'
ok 'nothing is open' no_access
bg sweep >/dev/null 2>&1

# Killed at each step of an opening and of an end: what is there is recorded,
# and sweep and revoke clean up.
for point in append.before-sign append.object append.ref append.done rename \
	fsync unlink fork exec; do
	for n in 1 2 3; do
		life_faulty "$point=KILL:$n" -q activate open \
			-m 'primary unreachable'
		bg sweep >/dev/null 2>&1
		if no_access; then
			open_one alice open 2>/dev/null
		fi
		life_faulty "$point=KILL:$n" -q 'done'
		bg sweep >/dev/null 2>&1
		by alice revoke --all -m 'next' >/dev/null 2>&1
		no_access || diag "after $point $n: $(ls "$T/access")"
	done
done
ok 'nothing is left of 54 crashes' no_access
ok 'no journal is left' sh -c \
	"! ls $XDG_STATE_HOME/bg/*/journal/open-* $XDG_STATE_HOME/bg/*/journal/end-* 2>/dev/null"

# Ending never waits for evidence: nothing at all can be written.
open_one alice open
life_faulty append.object=EIO:1+,append=EIO:1+,fsync=EIO:1+,rename=EIO:1+ \
	'done' "$LABEL"
ok 'taken back all the same' no_access
run by alice 'done' "$LABEL"
same "$status $(state_of "$LABEL")" '0 ended' 'and written later'

fsck_repo "$EV"
verify_ok
done_testing
