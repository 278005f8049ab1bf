#!/bin/bash
# The shapes of --json in the manual: every member that a command prints stands
# in the OUTPUT of its page.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../life.sh"
test_begin 'shapes of JSON'

# Words of a page's OUTPUT, and of the pages that it refers to there.
output() {
	sed -n '/^\.Sh OUTPUT/,/^\.Sh EXIT/p' "$top/man/bg-$1.1" | tee "$T/w/page" |
		sed 's/\\(dq/"/g'
	sed -nE 's/^\.Xr bg-([a-z]+) ([15]).*/\1 \2/p' "$T/w/page" |
		while read -r name section; do
			if [ "$section" = 5 ]; then
				cat "$top/man/bg-$name.5"
			else
				sed -n '/^\.Sh OUTPUT/,/^\.Sh EXIT/p' \
					"$top/man/bg-$name.1"
			fi
		done
}
# shape COMMAND KEYS ARGS...: KEYS is a jq filter that lists members.
every='[paths | .[] | strings] | unique[]'
shape() {
	local page=$1 keys=$2
	shift 2
	run "$@" --json
	same "$(jq -r "$keys" <<<"$out" 2>&1 | sort -u |
		grep -vxF -e "$(output "$page" | tr -c 'a-z_0-9' '\n')")" '' \
		"bg-$page(1): ${*:2:3}"
	same "$(jq -c '.schema // .v' <<<"$out" | sort -u)" 1 \
		"$page: a schema, or an event"
}
event() { shape "$1" "$every" "${@:2}"; }

life_setup
shape init "$every" bg init first --org First --key "$(fpr ana)"
git init -q --bare -b trust hub.git
git -C "$EV" push -q "$PWD/hub.git" 'refs/heads/*:refs/heads/*'
shape clone "$every" bg clone hub.git copy --anchor "$(bg trust anchor)"

# --- who may do what ----------------------------------------------------------
shape trust '[(keys, (.root, .admin | keys), (.principals[] | keys)) | .[]][]' \
	bg trust show
shape trust "$every" bg trust log
shape trust "$every" bg trust anchor
shape trust "$every" bg trust accept "$(bg trust anchor)"
shape trust "$every" by bob trust request
shape trust "$every" bg trust suspend erin
shape trust "$every" bg trust resume erin --draft
bg trust publish >"$T/log" 2>&1
shape policy "$every" bg policy list
shape policy "$every" bg policy show open
shape policy "$every" bg policy lint p/open.yaml
shape policy "$every" bg policy explain open --by alice -t 9h
shape policy "$every" bg policy explain ask --by alice
shape identity "$every" bg identity list
shape identity "$every" bg identity show host

# --- an emergency ---------------------------------------------------------------
shape activate "$every" by alice activate
shape activate "$every" by alice activate ask -m 'primary unreachable'
waits=$(jq -r .grant <<<"$out")
shape approve "$every" by carol approve
event approve by carol approve "$waits"
shape activate '[keys, (.debts[] | keys) | .[]][]' by alice activate "$waits"
like "$out" '"state":"open"' 'it is open'
event note by alice note "$waits" hello
printf 'evidence\n' >file
event attach by alice attach "$waits" file
shape extend "$every" by alice extend "$waits"
shape status "$every" by alice status
shape "done" "$every" by alice "done" "$waits"
open_one alice open
shape revoke "$every" by carol revoke "$LABEL" -m 'no more'
shape deny "$every" by carol deny "$(
	by alice -q activate ask -m 'primary unreachable')" -m 'no'
open_one alice open
shape revoke "$every" by carol revoke --all -m 'all of it'

# --- afterwards -------------------------------------------------------------------
shape settle "$every" by carol settle
event settle by carol settle "$waits" told dana
event declare by alice declare open --since 2026-11-01 -m 'by hand'
event rotate by ana rotate host -m 'changed by hand' --now
shape review "$every" by dana review
shape review "$every" by dana review "$waits" --decision approved \
	--class emergency --necessary yes --limited yes --reversed yes -m fine
shape report '[keys, (.verification, .proofs, .proofs.limited | keys) | .[]][]' \
	bg report "$waits"
shape report '[keys, (.period, .sample | keys) | .[]][]' \
	bg report --sample 1 --seed x
shape show '[keys, (.findings[] | keys), (.debts[] | keys) | .[]][]' \
	bg show "$waits"
shape show "$every" bg show open
event log bg log -n 1
shape sweep "$every" bg sweep
shape verify "$every" bg verify "$EV"
shape version "$every" bg version

# --- without bg --------------------------------------------------------------------
# The lines of bg-event(5) for plain git, in a repository with attachments.
cd "$EV" || exit 1
mapfile -t lines < <(sed -n 's/^\.Dl \(git log.*\)/\1/p' "$top/man/bg-event.5")
same "${#lines[@]}" 2 'bg-event(5) has two lines for git'
run bash -c "${lines[0]//BG-20261123-k7q2xm/$waits}"
same "$(wc -l <<<"$out")" "$(bg log "$waits" --json | wc -l)" \
	'events of a grant by git'
run bash -c "${lines[1]}"
json_is "$out" length "$(($(bg log --json | wc -l) + $(bg trust log | wc -l)))" \
	'events and versions as JSON by git'
same "$(jq -r '.[].type' <<<"$out" | sort | uniq -c | grep -w attach)" \
	'      1 attach' 'one of them an attachment'
done_testing
