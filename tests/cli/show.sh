#!/bin/bash
# show: one screen about one thing.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'show'
scene_open
scene_join alice rita
grant=$(scene_grant alice files --ticket INC-1)
at=@${grant##*-}
run by alice bg show
like "$out" "^$grant  files/read  open" 'the only one that is mine'
for what in "$grant" "$at" "${at^^}" "@$(cut -c 1-3 <<<"${grant##*-}")"; do
	run by alice bg show "$what"
	same "$status $(head -n 1 <<<"$out")" "0 $grant  files/read  open" "show $what"
done
like "$out" '  why      a file of the target is gone' 'why'
like "$out" "because  FILE-GONE: the probe of 'gone' says so too" 'the probe'
like "$out" '  gap  ' 'gaps are never hidden'
like "$out" '^  20.* alice +activate ' 'its events'
run by alice bg show "$at" --json
json_is "$out" '.grant, .state, (.events | length > 1), .by' "$grant
open
true
alice"
event=$(by alice bg log --type activate -n 1 --json | jq -r .event)
commit=$(by alice bg log --type activate -n 1 --json | jq -r .commit)
hex=${event#sha256:}
for what in "$event" "${hex:0:12}" "$commit"; do
	run by alice bg show "$what"
	like "$out" "^event   $event" "show ${what:0:16}"
done
like "$out" '^log     alice\.' 'its log'
run by alice bg show "$event" --json
json_is "$out" .event "$event"
run by alice bg show rita
like "$out" '^rita  person' 'a person'
run by alice bg show files
like "$out" '^bg: policy/1' 'a policy'
run by alice bg show target
like "$out" '^bg: identity/1' 'an identity'
run by alice bg show rita --json
json_is "$out" '.principals | length' 1
expect_exit 3 by alice bg show nosuch
like "$err" "^bg: no grant, event, person, policy or identity 'nosuch'" 'else'
expect_exit 3 by rita bg show
expect_exit 129 by alice bg show a b

# Several: listed with lines to type.
second=$(scene_grant alice files/write -c FILE-WRONG 2>/dev/null ||
	by alice bg -q activate files/write -c FILE-WRONG -m 'it is wrong too')
expect_exit 3 by alice bg note 'which one'
like "$err" "^hint: bg note $at \"...\"    # files/read, open" 'a line for each'
like "$err" "^hint: bg note @${second##*-} " 'and the other'
done_testing
