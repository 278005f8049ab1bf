#!/bin/bash
# approve: what waits for you; before and by whom.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'approve'
scene_open
scene_join alice bob rita
expect_exit 0 by bob bg approve
same "$out" 'nothing waits for you' 'nothing yet'
expect_exit 7 by alice bg --batch activate vault -c FILE-GONE \
	-m 'a file of the vault is gone'
grant=$(by alice bg log --type activate -n 1 --json | jq -r .grant)

# Nobody fetches by hand: the request is looked for where it was pushed.
expect_exit 0 by bob bg approve
like "$out" "^$grant  vault/read  waiting" 'what waits'
like "$out" 'why      a file of the vault is gone' 'and why'
like "$out" "next     bg approve @${grant##*-}" 'and the line'
run by bob bg approve --json
json_is "$out" '.you[0].what, .you[0].grant' "approve
$grant"
run by rita bg approve
same "$out" 'nothing waits for you' 'not for others'

expect_exit 4 by alice bg approve "$grant"
like "$err" 'alice' 'nobody approves an own use'
expect_exit 4 by rita bg approve "@${grant##*-}"
same "$(by rita bg log --by rita --type refuse | wc -l)" 1 'a refused attempt is evidence'
expect_exit 3 by bob bg approve @zzzzzz
expect_exit 3 by bob bg approve BG-20200101-aaaaaa
expect_exit 129 by bob bg approve a b

expect_exit 0 by bob bg approve "@${grant##*-}" -m 'agreed'
like "$out" "^@${grant##*-}  approved      pushed" 'approved and pushed'
like "$err" "^$grant  vault/read" 'the facts are shown before the key is asked'
like "$err" 'sign as bob|vault' 'and who signs'
expect_exit 0 by bob bg approve
same "$out" 'nothing waits for you' 'done'
expect_exit 0 by alice bg --batch activate "$grant"
ok 'access is there' test -e "$T/target/vault-read"
by alice bg "done" >/dev/null
ok 'and gone' test ! -e "$T/target/vault-read"
for who in alice bob rita; do fsck_repo "$T/as/$who/ev"; done
done_testing
