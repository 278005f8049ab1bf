#!/bin/bash
# Expansions in single quotes are for the programs that get them.
# shellcheck disable=SC2016,SC2031,SC2119,SC2317
# Ending one's own: order, revoke, check, proof; what could not be proven; a
# second end; a key that does not sign.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../life.sh"
test_begin 'done'
life_setup

open_one alice open
ok 'access' access_is_there "$LABEL"
expect_exit 0 by alice 'done' -m 'failed over by hand'
at=@${LABEL##*-}
like "$out" "^$at  ended after [0-9]+s; access gone, checked after [0-9.]+s \(asked the target\)"
like "$out" '^ +review by reviewers in 3d   bg review @'
ok 'taken back' no_access
same "$(events_of "$LABEL")" 'activate grant revoke check '
json_is "$(bg log --grant "$LABEL" --type revoke --json)" \
	'.data | [.kind, .reason] | join(": ")' 'handback: failed over by hand'

# A second end says who and when, orders nothing, and exits by the proof.
expect_exit 0 by alice 'done' "$LABEL"
like "$out" "^$at  was ended by alice at [0-9:]+ .*; access gone"
expect_exit 0 by bob revoke "$LABEL" -m 'just to be sure'
like "$out" "^$at  was ended by alice"
same "$(events_of "$LABEL")" 'activate grant revoke check '
expect_exit 3 by alice 'done'
like "$err" 'no grant of yours is open'
expect_exit 0 by alice --json 'done' "$LABEL"
json_is "$out" '[.schema, .grant, .state, .access, .already] | map(tostring) | join(" ")' \
	"1 $LABEL ended gone true"

# Not proven: the check could not ask.
open_one alice open
: >"$T/look-fails"
expect_exit 6 by alice 'done'
like "$out" 'NOT PROVEN gone'
like "$out" '^  next     bg revoke @[0-9a-z]+ --retry'
same "$(state_of "$LABEL")" ending
expect_exit 6 by alice 'done' "$LABEL"
rm "$T/look-fails"
expect_exit 0 by alice 'done' "$LABEL"
like "$out" 'access gone'
same "$(bg log --grant "$LABEL" --type revoke --json | wc -l)" 1 \
	'one order, however often it is tried'

# Still there: revoking failed.
open_one alice open
: >"$T/take-fails"
expect_exit 1 by alice 'done'
like "$out" 'STILL THERE'
ok 'it is' access_is_there "$LABEL"
same "$(bg status --json | jq -r --arg g "$LABEL" '.grants[] | select(.id == $g) | .state')" \
	ending 'status shows it'
expect_exit 1 by bob --json revoke "$LABEL" --retry
json_is "$out" .access still-there
rm "$T/take-fails"
expect_exit 0 by bob revoke "$LABEL" --retry
ok 'gone' no_access
same "$(state_of "$LABEL")" ended

# Somebody else's is not done, it is revoked.
open_one alice open
expect_exit 129 by bob 'done' "$LABEL"
like "$err" "^hint: bg revoke $LABEL -m"
expect_exit 4 by dana revoke "$LABEL" -m 'not my business'
expect_exit 129 by bob --batch revoke "$LABEL"
expect_exit 0 by bob revoke "$LABEL" -m 'her laptop died'
json_is "$(bg log --grant "$LABEL" --type revoke --json)" \
	'[.by, .data.kind] | join(" ")' 'bob ordered'
ok 'gone' no_access

# Several are open: no guess, complete lines.
open_one alice open
first=$LABEL
open_one alice open
expect_exit 3 by alice 'done'
like "$err" "^hint: bg done @${first##*-} +# open/shell"
like "$err" "^hint: bg done @${LABEL##*-} +# open/shell"
expect_exit 0 by carol revoke --all --by alice -m 'all of it'
ok 'all gone' no_access
expect_exit 0 by carol revoke --all -m 'all of it'
same "$out" 'nothing is open'

# What waits is withdrawn.
by alice --batch activate ask -m 'primary unreachable' >/dev/null
LABEL=$(waiting_one)
expect_exit 0 by alice 'done' "$LABEL"
like "$out" 'withdrawn, it was never open'
expect_exit 0 by alice 'done' "$LABEL"
by alice --batch activate ask -m 'primary unreachable' >/dev/null
LABEL=$(waiting_one)
expect_exit 0 by carol deny "$LABEL" -m 'use the replica'
like "$out" 'denied; it was never open'

# deny of an open grant takes it back; it is not for those who use it.
open_one alice open
expect_exit 4 by alice deny "$LABEL" -m 'no'
by alice 'done' "$LABEL" >/dev/null
by alice -q activate ask --solo -m 'primary unreachable' >/dev/null
LABEL=$(ls "$T/access")
expect_exit 0 by carol deny "$LABEL" -m 'not without me'
ok 'taken back' no_access

# The key does not sign: handing back works all the same, signed by this
# installation.
open_one alice open
mv "$GNUPGHOME/private-keys-v1.d" "$T/keys-away"
gpgconf --kill gpg-agent
expect_exit 0 by alice 'done' "$LABEL"
ok 'taken back' no_access
mv "$T/keys-away" "$GNUPGHOME/private-keys-v1.d"
json_is "$(bg log --grant "$LABEL" --type revoke --json)" \
	'[.by, .data.kind, (.writer | contains("alice"))] | map(tostring) | join(" ")' \
	'alice handback true'

fsck_repo "$EV"
verify_ok
done_testing
