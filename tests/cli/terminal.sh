#!/bin/bash
# Questions on a terminal: hidden secrets, a number for one of several, colour,
# the pager; each with an option instead, and none with --batch.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'terminal'
command -v script >/dev/null || skip_all 'no script(1)'
scene_open
scene_join alice bob

# talk WHO COMMAND [PROMPT ANSWER]...: on a terminal of its own; each answer is
# typed when its prompt is there.  $said: everything that was shown.
talk() {
	local who=$1 command=$2 i
	shift 2
	rm -f "$T/w/in" "$T/w/out"
	mkfifo "$T/w/in"
	: >"$T/w/out"
	by "$who" env TERM=xterm script -qefc "$command" "$T/w/out" \
		<"$T/w/in" >/dev/null 2>&1 &
	local pid=$!
	exec 8>"$T/w/in"
	while [ $# -ge 2 ]; do
		for ((i = 0; i < 200; i++)); do
			grep -qF -e "$1" "$T/w/out" && break
			sleep 0.1
		done
		printf '%s\r' "$2" >&8
		shift 2
	done
	wait "$pid"
	status=$?
	exec 8>&-
	said=$(tr -d '\r\0' <"$T/w/out")
}

# --- a secret, hidden, twice ------------------------------------------------------
talk ana "$BG identity add hidden --escrow 1 --custodian alice" \
	'secret of hidden (hidden):' 's3cret-text' 'again:' 's3cret-text'
same "$status" 0 'a secret is asked for'
like "$said" 'hidden is in escrow' 'and kept'
unlike "$said" 's3cret' 'it is not shown'
before=$(by ana bg trust log | wc -l)
talk ana "$BG identity add other --escrow 1 --custodian alice" \
	'secret of other (hidden):' 'one' 'again:' 'two'
same "$status" 129 'two that differ'
like "$said" 'not the same' 'and it says so'
talk ana "$BG identity add other --escrow 1 --custodian alice" \
	'secret of other (hidden):' $'\003'
same "$status" 1 '^C cancels'
same "$(by ana bg trust log | wc -l)" "$before" 'and nothing was changed'

# --- one of several -----------------------------------------------------------------
first=$(scene_grant alice files)
second=$(by alice bg -q activate files/write -c FILE-WRONG -m 'it is wrong too')
talk alice "$BG note 'which one'" 'which one?' 2
same "$status" 0 'a number answers'
noted=$(by alice bg log --type note -n 1 --json | jq -r .grant)
ok 'it was one of them' grep -qx "$noted" <<<"$first
$second"
talk alice "$BG note 'which one'" 'which one?' 7 'a number from 1 to 2' ''
same "$status" 1 'nothing cancels'
talk alice "$BG --batch note 'which one'"
same "$status" 3 '--batch never asks'
like "$said" "^hint: bg note @" 'it lists'
scene_sync
talk bob "$BG deny @${first##*-}" 'why?' 'not needed any more'
ok 'a missing reason is asked for' test "$status" -eq 0 -o "$status" -eq 6
same "$(by bob bg log --type deny -n 1 --json | jq -r .data.reason)" \
	'not needed any more' 'and signed'

# --- pager, colour ---------------------------------------------------------------------
talk alice "env BG_PAGER='sed s/^/paged:/' $BG log -2"
same "$(grep -c '^paged:2' <<<"$said")" 2 'a pager on a terminal'
talk alice "env BG_PAGER='sed s/^/paged:/' $BG --no-pager log -2"
unlike "$said" '^paged' '--no-pager'
talk alice "env BG_PAGER='sed s/^/paged:/' $BG --json log -2"
unlike "$said" '^paged' 'nor with --json'
talk alice "env BG_PAGER=false $BG log"
ok 'a pager that fails is no crash' test "$status" -lt 128 -o "$status" = 141
talk ana "env PAGER=cat $BG policy diff $T/w/files.yaml"
sed 's/concurrent: 2/concurrent: 1/' files.yaml >files2.yaml
talk ana "env PAGER=cat $BG policy diff $T/w/files2.yaml"
like "$said" $'\e\\[3[12]m' 'colour on a terminal'
talk ana "env PAGER=cat NO_COLOR=1 $BG policy diff $T/w/files2.yaml"
unlike "$said" $'\e' 'NO_COLOR holds'
talk ana "env PAGER=cat $BG --color never policy diff $T/w/files2.yaml"
unlike "$said" $'\e' '--color never'
run by ana bg --color always policy diff "$T/w/files2.yaml"
like "$out" $'\e\\[3[12]m' '--color always without one'
done_testing
