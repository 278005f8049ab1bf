#!/bin/bash
# Expansions in single quotes are for the programs that get them.
# shellcheck disable=SC2016,SC2031,SC2119,SC2317
# A use that happened without bg, written down honestly.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../life.sh"
test_begin 'declare'
life_setup

expect_exit 129 by alice declare open -m 'password from the safe'
like "$err" '^hint: bg declare open --since TIME -m'
expect_exit 129 by alice declare open --since 2026-11-01
expect_exit 129 by alice declare open --since 2999-01-01 -m 'in the future'
expect_exit 129 by alice declare open --since 2026-11-02 --until 2026-11-01 \
	-m 'ended before it began'
expect_exit 3 by alice declare opne --since 2026-11-01 -m 'password from the safe'
expect_exit 3 by alice declare open/none --since 2026-11-01 -m 'password from the safe'
make_key frank
bg trust add frank --key "$(fpr frank)" >/dev/null 2>&1
expect_exit 4 by frank declare open --since 2026-11-01 -m 'I saw something'

expect_exit 0 by alice declare open --since 2026-11-01T03:10:00Z \
	--until 2026-11-01T03:40:00Z -m 'password from the safe, bg was down' --by bob
like "$out" '^@[0-9a-z]{6}  declared; owes'
LABEL=$(bg log --type declare -n 1 --json | jq -r .grant)
same "$(state_of "$LABEL")" ending 'it starts as ending'
json_is "$(bg log --grant "$LABEL" --type declare --json)" \
	'.data | [.user, .identity, .since] | join(" ")' \
	'bob host 2026-11-01T03:10:00.000Z'
same "$(bg log --grant "$LABEL" --type grant --json)" '' 'no grant event'
expect_exit 0 by carol revoke "$LABEL" --retry
like "$out" 'access gone'
like "$(bg status -a --json | jq -r --arg g "$LABEL" '.debts[] | select(.grant == $g) | .what')" \
	'^review$' 'it owes a review like any other'

fsck_repo "$EV"
verify_ok
done_testing
