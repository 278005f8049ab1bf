#!/bin/bash
# identity: the inventory; a secret goes into escrow and nowhere else.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'identity'
scene_open
secret='correct horse battery'

run by ana bg identity
like "$out" '^target  service  ana  provider  rotated never  used never' 'list'
expect_exit 0 by ana bg identity add san-root --kind maintenance \
	--title "Root of the array, 'A'" --escrow 1 --custodian alice \
	--rotate 90d --policy vault --secret-file - <<<"$secret"
like "$out" '^san-root is in escrow' 'put in escrow'
unlike "$out$err" "$secret" 'the secret is not printed'
ok 'nor in the repository' test -z \
	"$(git -C "$T/as/ana/ev" cat-file --batch-all-objects --batch |
		grep -a "$secret")"
ok 'nor in any file' test -z "$(grep -rlaF "$secret" "$T/as" 2>/dev/null)"
run by ana bg identity list --json
json_is "$out" '.identities[] | select(.name == "san-root") |
	.kind, .custody, .owner, (.rotated | length)' 'maintenance
escrow
ana
24'
expect_exit 0 by ana bg identity show san-root
like "$out" "^title: 'Root of the array, ''A'''\$" 'its file'
like "$out" '^users: \[vault\]' 'its policies'
expect_exit 0 by ana bg identity test san-root
like "$out" 'opens with 1 of 1 custodians' 'the escrow file is there'
expect_exit 6 by ana bg identity test target
expect_exit 3 by ana bg identity test nosuch
expect_exit 3 by ana bg identity show nosuch

# --- refused ------------------------------------------------------------------------
before=$(by ana bg trust log | wc -l)
expect_exit 129 by ana bg identity add san-root --escrow 1 --custodian alice \
	--secret-file - <<<x
like "$err" 'there already' 'a second one'
expect_exit 129 by ana bg identity add two --escrow 2 --custodian alice \
	--custodian erin --secret-file - <<<x
like "$err" 'this version' 'a quorum of two'
expect_exit 3 by ana bg identity add one --escrow 1 --custodian nobody \
	--secret-file - <<<x
expect_exit 129 by ana bg identity add one --escrow 1 --secret-file - <<<x
expect_exit 129 by ana bg identity add one --escrow 1 --custodian alice
like "$err" '^hint: bg identity add one .*--secret-file FILE' 'without a terminal: the option'
expect_exit 129 by ana bg identity add one --escrow 1 --custodian alice \
	--secret-file - </dev/null
like "$err" 'is empty' 'an empty secret'
expect_exit 129 by ana bg identity add Bad/Name --escrow 1 --custodian alice
expect_exit 129 by ana bg identity add one --title $'a\nb'
same "$(by ana bg trust log | wc -l)" "$before" 'nothing was signed for these'
scene_join alice
expect_exit 4 by alice bg identity add mine --kind service
expect_exit 0 by ana bg identity add plain --kind service
expect_exit 0 by ana bg identity retire plain
like "$(by ana bg identity list)" '^plain .*retired' 'retired'
expect_exit 129 by ana bg identity retire plain
fsck_repo "$T/as/ana/ev"
done_testing
