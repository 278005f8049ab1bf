#!/bin/bash
# attach: a file, bound by its digest.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'attach'
scene_open
scene_join alice
printf 'evidence\n' >file.txt
expect_exit 3 by alice bg attach file.txt
grant=$(scene_grant alice files)
expect_exit 0 by alice bg attach file.txt
like "$out" "^@${grant##*-}  attached file.txt" 'attached'
run by alice bg log --type attach --json
json_is "$out" '.data.attachments[0] | .name, .size, .sha256' "file.txt
9
sha256:$(sha256sum <file.txt | cut -d ' ' -f 1)" 'name, size, digest'
ref=$(git -C "$T/as/alice/ev" for-each-ref --format='%(refname)' refs/heads/att)
ok 'the bytes are in the repository' git -C "$T/as/alice/ev" cat-file -e "$ref"
expect_exit 0 by alice bg attach "@${grant##*-}" file.txt --name other.txt
expect_exit 3 by alice bg attach nowhere.txt
run by alice bg attach /dev/null
ok 'only regular files' test "$status" -ne 0
ln -s file.txt link.txt
run by alice bg attach .
ok 'no folder' test "$status" -ne 0
expect_exit 129 by alice bg attach
expect_exit 129 by alice bg attach a b
run by alice bg attach file.txt --name ../../x
like "$out" 'attached x ' 'the stored name is told'
same "$(by alice bg log --type attach -n 1 --json |
	jq -r '.data.attachments[0].name')" x 'a path is no name'
fsck_repo "$T/as/alice/ev"
done_testing
