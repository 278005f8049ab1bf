#!/bin/bash
# Expansions in single quotes are for the programs that get them.
# shellcheck disable=SC2016,SC2031,SC2119,SC2317
# Clearing what is owed, by hand.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../life.sh"
test_begin 'settle'
life_setup
life_policy owes '{roles: [leads], count: 1, when: after, within: 30m, solo: denied}' |
	sed -e "s/^reason: .*/reason: {min_length: 10, ticket: {pattern: '^INC-[0-9]+\$', within: 30m}}/" \
		-e '/^device/i rotate: {within: 24h}' >p/owes.yaml
ok 'published' bg policy publish p/owes.yaml

expect_exit 0 by alice settle
same "$out" 'you owe nothing'
open_one alice owes
at=@${LABEL##*-}
expect_exit 0 by alice settle
like "$out" "^you owe"
like "$out" "^  $at  ticket .*bg settle $at ticket ID"
expect_exit 129 by alice settle ticket
expect_exit 129 by alice settle nonsense 1
expect_exit 129 by alice settle ticket not-a-ticket
expect_exit 0 by alice settle ticket INC-4711
like "$out" "^$at  settled: ticket INC-4711"
expect_exit 0 by alice settle
same "$out" 'you owe nothing'
json_is "$(bg log --grant "$LABEL" --type ticket --json)" \
	'.data | [.id, .system] | join(" ")' 'INC-4711 manual'

# Waiving is for the owner or root, with a reason, never of a review.
expect_exit 4 by alice settle "$LABEL" approve --waive -m 'no need'
expect_exit 4 by dana settle "$LABEL" approve --waive -m 'no need'
expect_exit 4 by carol settle "$LABEL" review --waive -m 'no need'
expect_exit 129 by carol --batch settle "$LABEL" approve --waive
expect_exit 0 by carol settle "$LABEL" approve --waive -m 'agreed by phone, 03:20'
by alice 'done' >/dev/null
unlike "$(bg status --json | jq -r '.debts[].what')" approve 'waived'

# told writes who was told.
expect_exit 0 by alice settle "$LABEL" told dana
json_is "$(bg log --grant "$LABEL" --type notify --json)" \
	'.data | [.to, .status] | join(" ")' 'dana told'

# gone: the target is gone; two people who did not use it say so.
open_one alice open
: >"$T/look-fails"
by alice 'done' >/dev/null
expect_exit 4 by alice settle "$LABEL" gone -m 'the host was scrapped'
expect_exit 0 by carol settle "$LABEL" gone -m 'the host was scrapped'
same "$(state_of "$LABEL")" ending 'one is not enough'
expect_exit 0 by bob revoke "$LABEL" --attest -m 'scrapped, I saw it'
same "$(state_of "$LABEL")" ended 'two are'
rm "$T/look-fails"

fsck_repo "$EV"
verify_ok
done_testing
