#!/bin/bash
# review: the queue, the form, who may, what it settles.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'review'
scene_open
scene_join alice rita
expect_exit 0 by rita bg review
same "$out" 'no review waits for you' 'nothing yet'

grant=$(scene_grant alice files)
at=@${grant##*-}
by alice bg exec "$grant" -- true >/dev/null 2>&1
by alice bg "done" >/dev/null
scene_sync

expect_exit 0 by rita bg review
like "$out" '^1 for you' 'it waits for rita'
like "$out" "$at  files/read +alice" 'with grant, scope and who'
expect_exit 0 by rita bg review --json
json_is "$out" '.schema, .reviews[0].grant' "1
$grant" 'the queue as JSON'

expect_exit 4 by alice bg review "$grant" --decision approved \
	--class emergency --necessary yes --limited yes --reversed yes -m fine
like "$err" 'cannot review' 'nobody reviews an own use'
same "$(by alice bg log --type refuse --json | jq -r .data.command)" review \
	'and the attempt is evidence'

expect_exit 129 by rita bg --batch review "$grant" --decision approved -m ok
like "$err" 'decision, class, the three answers' 'what is missing is said'
like "$err" '^hint: ' 'with the line to type'
expect_exit 129 by rita bg review "$grant" --ask why --forward bob
expect_exit 129 by rita bg review --decision approved
expect_exit 3 by rita bg review @zzzzzz --print

expect_exit 0 by rita bg review "$grant" --print
like "$out" "^# Review of $grant" 'the form names the grant'
like "$out" 'reason +a file of the target is gone' 'with the facts'
like "$out" '^decision:' 'and the answers to give'
printf '%s\n' "$out" >"$T/w/form"
printf 'decisoin: approved\n' >"$T/w/wrong"
expect_exit 129 by rita bg review "$grant" --from "$T/w/wrong"
like "$err" "line 1 .*decisoin" 'a wrong form names its line'
printf 'comment: a\0b\n' >"$T/w/nul"
expect_exit 129 by rita bg review "$grant" --from "$T/w/nul"
same "$(by rita bg log --type review | wc -l)" 0 'nothing was signed'

expect_exit 0 by rita bg review "$grant" --ask 'why was it gone?'
scene_sync
expect_exit 0 by alice bg status --json
like "$out" 'answer' 'the question waits for alice'
expect_exit 0 by alice bg note "$grant" --answer 'a disk failed'
scene_sync

sed -e 's/^decision:$/decision: approved-with-findings/' \
	-e 's/^class:$/class: emergency/' \
	-e 's/^necessary:$/necessary: yes/' -e 's/^limited:$/limited: yes/' \
	-e 's/^reversed:$/reversed: yes/' \
	-e 's/^comment:$/comment: disk replaced, alert missing/' \
	-e 's/^action:$/action: add an alert | ana | 2099-12-24/' \
	"$T/w/form" >"$T/w/filled"
expect_exit 0 by rita bg review "$grant" --from "$T/w/filled"
like "$out" "$at  reviewed: approved-with-findings" 'signed from the form'
run by rita bg log --type review -n 1 --json
json_is "$out" '.data.decision, .data.necessary.answer, .data.corrective[0].text,
	.data.corrective[0].owner' 'approved-with-findings
yes
add an alert
ana' 'the answers are in the event'
expect_exit 0 by rita bg review
same "$out" 'no review waits for you' 'the queue is empty'

# Evidence that comes later makes it due again.
scene_sync
printf 'evidence\n' >"$T/w/file.txt"
expect_exit 0 by alice bg attach "$grant" "$T/w/file.txt"
scene_sync
expect_exit 0 by rita bg review
like "$out" '^1 for you' 'late evidence makes the review due again'
for who in alice rita; do fsck_repo "$T/as/$who/ev"; done
done_testing
