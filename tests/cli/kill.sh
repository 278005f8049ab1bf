#!/bin/bash
# Expansions in single quotes are for the programs that get them.
# shellcheck disable=SC2016,SC2031,SC2119,SC2317
# kill -9 at random moments of activate, note and done: the evidence stays
# right, no access exists that is not written down, and what was reported as
# done is there.  KILLS sets how many (200), SEED which.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../life.sh"
test_begin 'kill -9'
life_setup
# A sanitizer build is several times slower.
case $BG_BUILD in */san-*) : "${KILLS:=40}" ;; esac
: "${KILLS:=200}" "${SEED:=$$}"
RANDOM=$SEED
diag "SEED=$SEED"
anchor=$(bg trust anchor)

# killed_after MS COMMAND...: status 137 when it was in time.
killed_after() {
	local ms=$1 pid
	shift
	"$@" >"$T/said" 2>/dev/null &
	pid=$!
	sleep "$(printf '0.%03d' "$ms")"
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

# Every access has its grant on record, or a journal that says so.
unrecorded() {
	local label
	for label in "$T"/access/*; do
		label=${label##*/}
		[ "$label" != '*' ] || continue
		bg log --grant "$label" --type activate --json 2>/dev/null |
			grep -q . || echo "$label"
	done
}

key=$(fpr alice)
killed=0 bad=0 lost=0 wild=0
# Once whole, so that agent and caches are warm and times are known.
took() {
	local start
	start=$(date +%s%N)
	"$@" >/dev/null 2>&1
	echo $((($(date +%s%N) - start) / 1000000 + 1))
}
open_one alice open
by alice 'done' >/dev/null
spans=("$(took by alice -q activate open -m 'primary unreachable')"
	"$(took by alice note 'a first note')" "$(took by alice 'done')")
diag "activate, note, done take ${spans[*]} ms"
for ((i = 0; i < KILLS; i++)); do
	ms=$((RANDOM % spans[i % 3]))
	[ "$ms" -lt 999 ] || ms=998
	# note and done need something that is open.
	if [ $((i % 3)) -ne 0 ] && no_access; then
		open_one alice open 2>/dev/null
	fi
	case $((i % 3)) in
	0)
		killed_after "$ms" "$BG" --key "$key" --batch -q \
			activate open -m 'primary unreachable'
		;;
	1)
		killed_after "$ms" "$BG" --key "$key" --batch --json note \
			"$LABEL" "note number $i"
		;;
	2)
		killed_after "$ms" "$BG" --key "$key" --batch --json 'done'
		;;
	esac
	code=$?
	[ "$code" -ne 137 ] || killed=$((killed + 1))
	if [ "$code" -eq 0 ]; then
		case $((i % 3)) in
		0) want=$(cat "$T/said") ;;
		1) want=$(jq -r .event "$T/said") ;;
		2) want=$(jq -r .grant "$T/said") ;;
		esac
		bg show "$want" >/dev/null 2>&1 || lost=$((lost + 1))
	fi
	[ -z "$(unrecorded)" ] || wild=$((wild + 1))
	"$BG" verify "$EV" --anchor "$anchor" >"$T/verify" 2>&1 || {
		bad=$((bad + 1))
		diag "$(grep -E '^wrong|^[a-z]+:' "$T/verify")"
	}
	# Some runs begin in a heap of wrecks, some after a sweep.
	if [ $((RANDOM % 4)) -eq 0 ]; then
		bg sweep >/dev/null 2>&1
		by alice revoke --all -m 'between two runs' >/dev/null 2>&1
	fi
done
diag "$killed of $KILLS were killed in time"
ok 'most were killed' test "$((killed * 2))" -gt "$KILLS"
same "$bad" 0 'the evidence verified each time'
same "$lost" 0 'what was reported is there'
same "$wild" 0 'no access without a record'

# Everything that was left can be ended, and is.
bg sweep >/dev/null 2>&1
by alice revoke --all -m 'at the end' >/dev/null 2>&1
bg sweep >/dev/null 2>&1
ok 'nothing is left' no_access
same "$(bg status --json | jq '[.grants[] | select(.state == "open" or .state == "ending")] | length')" \
	0 'nothing is open'
ok 'no journal is left' sh -c \
	"! ls $XDG_STATE_HOME/bg/*/journal/open-* $XDG_STATE_HOME/bg/*/journal/end-* 2>/dev/null"
# A sequence number is never used twice.
same "$(git -C "$EV" log --all --format=%b | jq -r '[.writer, .seq, .type] | map(tostring) | join(" ")' |
	grep -v ' trust$' | cut -d' ' -f1,2 | sort | uniq -d)" '' \
	'no sequence number twice'
fsck_repo "$EV"
verify_ok
done_testing
