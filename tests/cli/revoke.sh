#!/bin/bash
# Expansions in single quotes are for the programs that get them.
# shellcheck disable=SC2016,SC2031,SC2119,SC2317
# Ending somebody else's access, or all of it, and looking again.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../life.sh"
test_begin 'revoke'
life_setup

expect_exit 129 by bob revoke
expect_exit 129 by bob revoke --all @abc -m 'both'
expect_exit 129 by bob revoke @abc --by alice -m 'narrows --all only'
expect_exit 129 by bob --batch revoke --all
expect_exit 129 by bob revoke @abc --retry --attest
expect_exit 3 by bob revoke @zzzzzz -m 'no such grant'

# A typo in the second name ends nothing of the first.
open_one alice open
first=$LABEL
expect_exit 3 by bob revoke "$first" @zzzzzz -m 'two of them'
ok 'still there' access_is_there "$first"
open_one alice quick
expect_exit 0 by bob revoke "$first" "$LABEL" -m 'two of them'
ok 'both are gone' no_access

# --all, narrowed.
open_one alice open
first=$LABEL
open_one bob open
second=$LABEL
expect_exit 0 by carol --json revoke --all --by alice -m 'her key was stolen'
json_is "$out" '[.grants[] | [.grant, .access] | join(" ")] | join(",")' \
	"$first gone"
ok 'the other one stays' access_is_there "$second"
expect_exit 0 by carol revoke --all --policy ask -m 'nothing there'
same "$out" 'nothing is open'
expect_exit 0 by carol revoke --all --identity host -m 'all of that identity'
ok 'gone' no_access
same "$(bg log --grant "$second" --type revoke --json | jq -r .by)" carol

# Somebody who did not use it looks for themselves.
expect_exit 0 by carol revoke "$second" --retry
like "$out" 'access gone'
json_is "$(bg log --grant "$second" --type check -n 1 --json)" \
	'[.by, .data.ran, .data.access] | join(" ")' 'carol check absent' \
	'an independent check, signed by a person'
unlike "$(bg show "$second" --json 2>/dev/null)" '"self-checked"' \
	'so the gap is closed'

# It was there after all: proof is withdrawn, and asked for again.
: >"$T/access/$second"
expect_exit 1 by carol revoke "$second" --retry
like "$out" 'STILL THERE'
same "$(state_of "$second")" ending 'back to ending'
expect_exit 0 by carol revoke "$second" --retry
ok 'gone' no_access
expect_exit 129 by carol revoke --retry
open_one alice open
expect_exit 129 by carol revoke "$LABEL" --retry
like "$err" "^hint: bg done "
by alice 'done' >/dev/null

fsck_repo "$EV"
verify_ok
done_testing
