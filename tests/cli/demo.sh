#!/bin/bash
# shellcheck disable=SC2016 # backquotes of Markdown
# The demo, whole, and what it leaves behind; git agrees about who signed.
. "$(dirname "$0")/../lib.sh"
test_begin 'demo'
expect_exit 0 "$top/tests/demo.sh" "$T/demo"
like "$err" 'at most 1h here' 'a too long window is refused'
like "$err" 'cannot review' 'a self-review is refused'
like "$out" '^  next     breakglass rotate array-root   by somebody' 'what was seen is rotated first'
like "$out" 'ok: anchored, and nothing is wrong' 'the auditor sees ok'
like "$out" 'wrong  bad-signature  log/alice' 'the tampered clone is seen'
like "$out" 'verification    ok: [0-9]+ of [0-9]+ events check' 'the report is verified'
# The first screen of the README is from it: what changes with each run aside.
plain() {
	sed -E "s/@[0-9a-z]{6}/@ID/g; s/[0-9]{2}:[0-9]{2}(:[0-9]{2}Z)?/TIME/g
		s/ [0-9a-f]{8}( [0-9a-f]{8})*\$/ EVENTS/; s/[0-9.]+ ?s( |;)/N\1/g
		s,(~|/)[^ ]*/secret\$,SECRET,; s/'//g" | tr -s ' '
}
same "$(sed -n '/^```text/,/^```/p' "$top/README.md" | grep -v '^```' | plain |
	grep -vxF -e "$(printf '%s\n%s\n' "$out" "$err" | plain)")" '' \
	'the README shows what it shows'
for f in report.md report.json quarter.md anchor; do
	ok "it leaves $f" test -s "$T/demo/$f"
done
json_is "$(cat "$T/demo/report.json")" '[.proofs[].state] | unique[]' shown \
	'all three proofs are shown'
secret='correct horse battery|nobody has seen'
same "$(git -C "$T/demo/evidence.git" cat-file --batch --batch-all-objects |
	grep -Eac "$secret")" 0 'the credential is in no object'
same "$(grep -Eric "$secret" "$T/demo/"*.md "$T/demo/"*.json | grep -vc ':0$')" 0 \
	'and in no report'
git clone -q --bare "$T/demo/evidence.git" "$T/plain.git"
expect_exit 0 bg verify "$T/plain.git" --anchor "$(cat "$T/demo/anchor")"
fsck_repo "$T/demo/evidence.git"
done_testing
