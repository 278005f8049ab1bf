#!/bin/bash
# status: what is open, for you, owed.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'status'
scene_open
scene_join alice bob rita

expect_exit 0 by alice bg status
same "$out" 'nothing open; nothing owed' 'nothing open'
same "$err" '' 'no talk'
run by alice bg status --json
json_is "$out" '.schema, .overdue, (.grants | length), (.you | length)' \
	$'1\n0\n0\n0' 'empty document'

grant=$(scene_grant alice files)
like "$grant" '^BG-[0-9]{8}-[0-9a-hjkmnp-tv-z]{6}$' '-q prints the id'
expect_exit 0 by alice bg status
same "$(scrub <<<"$out")" 'open
  @ID  files/read  alice  30m left, until HH:MM (HH:MM)' 'one open grant'
run by alice bg status --json
json_is "$out" '.grants[0] | [.id, .policy, .scope, .by, .state] | join(" ")' \
	"$grant files read alice open"
json_is "$out" '.grants[0] | (.left > 1700 and .left <= 1800), (.overdue|length)' \
	$'true\n0' 'time left in seconds'
like "$(jq -r '.grants[0] | .started, .expires' <<<"$out")" \
	'^20[0-9-]*T[0-9:.]*Z$' 'times are RFC 3339'
expect_exit 0 by alice bg status --check
expect_exit 0 by alice bg -q status
same "$out" 0 'nothing is overdue'
expect_exit 0 by alice bg status "@${grant##*-}"
expect_exit 3 by alice bg status @zzzzzz
like "$err" "^bg: no grant" 'says that it is not there'

by alice bg "done" >/dev/null
run by alice bg status
like "$out" 'review' 'a review is owed'
unlike "$out" '^open' 'nothing is open'
run by alice bg status -a
like "$out" '^ended' '-a shows what ended'
scene_sync
run by rita bg status
like "$out" '^for you' 'it waits for the reviewer'
like "$out" "bg review @${grant##*-}" 'with the line to type'
run by rita bg status --json
json_is "$out" '.you[] | select(.what == "review") | .grant' "$grant" \
	'the queue as JSON'
run by bob bg status --json
json_is "$out" '[.you[] | select(.what == "review")] | length' 0 \
	'the review is not for others'
run by alice bg status --json
json_is "$out" '.you | length' 0 'nor the independent check for the user'

# Waiting is a question to the approver.
waiting=$(by alice bg --batch -q activate vault -c FILE-GONE \
	-m 'a file of the vault is gone')
scene_sync
run by alice bg status
like "$out" 'WAITING for approval' 'waiting is shown'
run by bob bg status
like "$out" "approve .* bg approve @${waiting##*-}" 'it waits for bob'

expect_exit 129 by alice bg status one two
expect_exit 129 by alice bg status --chek
like "$err" "did you mean '--check'" 'the nearest option'
fsck_repo "$T/as/alice/ev"
done_testing
