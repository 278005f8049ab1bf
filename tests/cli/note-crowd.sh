#!/bin/bash
# Notes from 8 processes at once on one installation: all there, in one chain.
# NOTES sets how many each writes (20; 125 are a thousand together).
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'a crowd of notes'
# A sanitizer build is several times slower.
case $BG_BUILD in */san-*) : "${NOTES:=10}" ;; esac
: "${NOTES:=20}"
scene_open
scene_join alice
git -C "$T/as/alice/ev" remote remove origin
grant=$(scene_grant alice files)
began=$SECONDS
for p in 1 2 3 4 5 6 7 8; do
	(
		failed=0
		for ((i = 0; i < NOTES; i++)); do
			by alice bg -q note "$grant" "note $i of process $p" \
				>/dev/null 2>>"$T/tmp/notes.err" || failed=$((failed + 1))
		done
		echo "$failed" >"$T/tmp/notes.$p"
	) &
done
wait
diag "$((8 * NOTES)) notes in $((SECONDS - began)) s"
same "$(sort -u "$T"/tmp/notes.[1-8])" 0 'every process wrote all of its notes'
same "$(cat "$T/tmp/notes.err")" '' 'and nothing was complained about'
same "$(by alice bg log --type note --json | jq -r .data.text | sort -u | wc -l)" \
	$((8 * NOTES)) 'all are there'
by alice bg log --type note --json | jq -r '"\(.writer) \(.seq)"' | sort -u >"$T/w/seqs"
same "$(wc -l <"$T/w/seqs")" $((8 * NOTES)) 'no sequence number is used twice'
same "$(cut -d' ' -f1 "$T/w/seqs" | sort -u | wc -l)" 1 'in one log'
expect_exit 0 by alice bg --json verify "$T/as/alice/ev" --anchor "$anchor"
json_is "$out" '.verdict, .wrong' 'ok
0' 'which verifies: one chain'
by alice bg "done" >/dev/null
fsck_repo "$T/as/alice/ev"
done_testing
