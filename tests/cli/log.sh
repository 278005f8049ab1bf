#!/bin/bash
# log: events, newest first.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'log'
scene_open
scene_join alice rita
grant=$(scene_grant alice files)
by alice bg note 'a note' >/dev/null
by alice bg "done" >/dev/null
run by alice bg log --json
same "$(jq -r .schema <<<"$out" | sort -u)" null 'one event a line'
ok 'each with its name and commit' jq -es 'all(.[]; (.event | test("^sha256:")) and (.commit | length == 40))' <<<"$out"
same "$(jq -r .at <<<"$out")" "$(jq -r .at <<<"$out" | sort -r)" 'newest first'
event=$(jq -r 'select(.type == "note") | .event' <<<"$out")
commit=$(jq -r 'select(.type == "note") | .commit' <<<"$out")
same "sha256:$(git -C "$T/as/alice/ev" cat-file commit "$commit" |
	sed '/^gpgsig /,/^ -----END/d' | sha256sum | cut -d ' ' -f 1)" "$event" \
	'the name is the digest of the commit without its signature'
same "$(by alice bg log --type note | scrub)" \
	"TIME  alice      note BG-ID: a note" 'one line a event'
same "$(by alice bg log -2 | wc -l)" 2 '-2 is -n 2'
same "$(by alice bg log --by ana --json | jq -r .by | sort -u)" ana '--by'
same "$(by alice bg log --grant "$grant" --json | jq -r .grant | sort -u)" \
	"$grant" '--grant'
same "$(by alice bg log "@${grant##*-}" | wc -l)" \
	"$(by alice bg log --grant "$grant" | wc -l)" 'as an argument too'
today=$(date -u +%F)
same "$(by alice bg log --until "$today" | wc -l)" "$(by alice bg log | wc -l)" \
	'a day is included to its end'
same "$(by alice bg log --period 2001)" '' 'nothing in another year'
ok 'this month' test -n "$(by alice bg log --period "${today%-*}")"
same "$(by alice bg log --since 2099-01-01)" '' 'nothing in the future'
expect_exit 3 by alice bg log --type nosuch
expect_exit 3 by alice bg log --grant @zzzzzz
expect_exit 129 by alice bg log --period 2026 --since 2026
expect_exit 129 by alice bg log --since tomorrow
expect_exit 0 by alice bg -q log -1
same "$(by alice bg log --json | head -c 1)" '{' 'a pager is for terminals only'
done_testing
