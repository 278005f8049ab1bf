#!/usr/bin/env bash
# What the documents claim, measured: every ratio is paired with its peer in the
# same run, because the machine's own pace is not ours to keep.
#
#	tests/bench.sh [EVENTS] [MANY]     10000 and 100000 by default
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
: "${BG_BUILD:=$top/build}"
tools=$BG_BUILD/test/tools
events=${1:-10000} many=${2:-100000}
cd "$top"
T=$(mktemp -d /tmp/bgbXXXXXX)
export HOME=$T/home GNUPGHOME=$T/gpg XDG_STATE_HOME=$T/state
export XDG_CACHE_HOME=$T/cache XDG_CONFIG_HOME=$T/config
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null LC_ALL=C.UTF-8 TZ=UTC
mkdir -p "$HOME" "$GNUPGHOME"
chmod 700 "$GNUPGHOME"
tidy() {
	gpgconf --kill all
	rm -rf "$T"
}
trap tidy EXIT

now_us() { date +%s%6N; }
# us COMMAND...: microseconds that it took.
us() {
	local began
	began=$(now_us)
	"$@" >/dev/null 2>&1 || [ $? -le 7 ] || return 1
	echo $(($(now_us) - began))
}
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
row() { printf '%-52s %12s %8s  %s\n' "$@"; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", a / b}'; }

printf 'machine: %s, %s cores; git %s; %s\n\n' "$(uname -m)" "$(nproc)" \
	"$(git --version | cut -d' ' -f3)" "$(date +%F)"
row what median ratio 'against, and the most that is claimed'

# --- append -------------------------------------------------------------
"$tools/append_bench" 5 >"$T/append"
cat "$T/append"

# --- verify -------------------------------------------------------------
anchor=$(faketime '20 days ago' "$tools/generate" "$events" "$T/v")
floor=$("$tools/limit" "$T/v/repo" 5 | sed 's/.*sum_ms \([0-9.]*\).*/\1/')
for _ in 1 2 3 4 5; do
	us "$BG_BUILD/bg" verify "$T/v/repo" --anchor "$anchor"
done >"$T/verify"
verify=$(median <"$T/verify")
# Keys for git: those under trust, and of installations from their events.
git -C "$T/v/repo" log --all --format=%b --grep '^writer ' |
	jq -r 'select(.type == "writer") | .data.key' |
	while read -r key; do base64 -d <<<"$key" | gpg -q --import 2>/dev/null || :; done
git -C "$T/v/repo" rev-list --all >"$T/commits"
shuf -n 300 --random-source=<(yes) "$T/commits" >"$T/sample"
for _ in 1 2 3; do
	us git -C "$T/v/repo" log --no-walk=unsorted --format='%G?' --stdin \
		<"$T/sample"
done >"$T/git"
git_each=$(($(median <"$T/git") / 300))
all=$(wc -l <"$T/commits")
row "verify $events events, ms" $((verify / 1000)) \
	"$(ratio $((git_each * all)) "$verify")" \
	"times as fast as git log %G? (sampled): at least 80"
row '' '' "$(ratio $((verify / 1000)) "$floor")" \
	"of object reads and bare signature checks: at most 2"

# --- what is stored does not slow what is done ------------------------------
gpg -q --batch --passphrase '' --quick-gen-key 'eva <eva@acme.example>' \
	ed25519 sign,cert never 2>/dev/null
gpg --export eva >"$T/eva.pgp"
open_repo() {
	local n=$1 a
	a=$(faketime '20 days ago' "$tools/generate" "$n" "$T/h$n" "eva=$T/eva.pgp")
	"$BG_BUILD/breakglass" clone "$T/h$n/repo" "$T/c$n" --anchor "$a" \
		>/dev/null
	"$BG_BUILD/breakglass" -C "$T/c$n" activate db -m "warming up this one" \
		>/dev/null 2>&1
	"$BG_BUILD/breakglass" -C "$T/c$n" "done" >/dev/null 2>&1 || :
}
activate_once() {
	us "$BG_BUILD/breakglass" -C "$T/c$1" activate db \
		-m 'measuring how long an opening takes'
	"$BG_BUILD/breakglass" -C "$T/c$1" "done" >/dev/null 2>&1 || :
}
open_repo 100
open_repo "$many"
for _ in $(seq 11); do
	for n in 100 "$many"; do
		us "$BG_BUILD/breakglass" -C "$T/c$n" status >>"$T/status.$n"
		activate_once "$n" >>"$T/activate.$n"
	done
done
for what in status activate; do
	few=$(median <"$T/$what.100") lots=$(median <"$T/$what.$many")
	row "$what with $many events, us" "$lots" "$(ratio "$lots" "$few")" \
		"of what it takes with 100 ($few us): at most 1.3"
done
