#!/bin/bash
# deny: before it opens, and after.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'deny'
scene_open
scene_join alice bob
waiting=$(by alice bg --batch -q activate vault -c FILE-GONE \
	-m 'a file of the vault is gone')
scene_sync
expect_exit 129 by bob bg deny
expect_exit 129 by bob bg deny "$waiting"
same "$err" "bg: why? a denial says so
hint: bg deny $waiting -m \"why\"" 'a denial says why'
expect_exit 3 by bob bg deny @zzzzzz -m no
expect_exit 0 by bob bg deny "$waiting" -m 'use the copy'
like "$out" 'denied; it was never open' 'denied'
scene_sync
run by alice bg --batch activate "$waiting"
ok 'it never opens' test "$status" -ne 0 -a ! -e "$T/target/vault-read"
run by alice bg show "$waiting"
like "$out" 'denied' 'and says so'

# Access that is open is taken back by whoever may.
open=$(scene_grant alice files)
ok 'open' test -e "$T/target/files-read"
scene_sync
run by bob bg deny "$open" -m 'not needed' --json
ok 'access is gone' test ! -e "$T/target/files-read"
json_is "$out" '.schema, .grant, .state' "1
$open
denied"
scene_sync
run by alice bg status
unlike "$out" '^open' 'ended for her too'
fsck_repo "$T/as/bob/ev"
done_testing
