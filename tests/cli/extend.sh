#!/bin/bash
# Expansions in single quotes are for the programs that get them.
# shellcheck disable=SC2016,SC2031,SC2119,SC2317
# More time: added to the present end, capped by formula, followed by timers.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../life.sh"
test_begin 'extend'
life_setup

expires() { bg status --json | jq -r --arg g "$LABEL" \
	'.grants[] | select(.id == $g) | .expires | sub("\\..*"; "Z") | fromdate'; }

open_one alice open
before=$(expires)
expect_exit 129 by alice extend -t nonsense
expect_exit 4 by alice extend -t 2h
like "$err" "^bg: cannot extend '@${LABEL##*-}' so far: at most 30m more"
like "$err" "^hint: bg extend @${LABEL##*-} -t 30m"
expect_exit 4 by bob extend "$LABEL"
expect_exit 0 by alice extend -t 10m -m 'base backup still copying'
like "$out" "^@${LABEL##*-}  open/shell  [34][09]m left, until .*  extension 1 of 1"
same "$(($(expires) - before))" 600 'added to the present end'
expect_exit 4 by alice extend
like "$err" "^bg: cannot extend '@${LABEL##*-}': 1 of 1 extensions used"
like "$err" '^hint: bg activate open/shell -m'
by alice 'done' >/dev/null
expect_exit 1 by alice extend "$LABEL"
like "$err" 'it is ended'
expect_exit 7 by alice -q activate ask -m 'primary unreachable'
LABEL=$(waiting_one)
expect_exit 1 by alice extend "$LABEL"
like "$err" "^hint: bg activate @${LABEL##*-}$" 'one that waits is gone on with'
by alice -q 'done' "$LABEL" >/dev/null

# max; --json; the step is the default.
open_one alice open
before=$(expires)
expect_exit 0 by alice --json extend -t max
json_is "$out" '[.schema, .state, .extensions] | map(tostring) | join(" ")' \
	'1 open 1'
same "$(($(expires) - before))" 1800 'the whole step'
by alice 'done' >/dev/null

# The grant's own timer follows an extension, and ends it then.
open_one alice quick
sleep 1
expect_exit 0 by alice extend
sleep 2.5
ok 'still there after the first end' access_is_there "$LABEL"
ok 'gone after the second' wait_for 10 no_access
wait_for 5 sh -c "[ \"\$($BG log --grant $LABEL --type check --json)\" ]"
same "$(events_of "$LABEL")" 'activate grant extend expire check '

fsck_repo "$EV"
verify_ok
done_testing
