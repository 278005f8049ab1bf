# shellcheck shell=bash
# A subshell with another home is what as() is for.
# shellcheck disable=SC2030,SC2031
# The test library: TAP for shell tests.  Every test file begins with
#
#	. "$(dirname "$0")/../lib.sh"
#	test_begin 'what is tested'
#
# and ends with done_testing.  Each runs alone, in any order and in parallel:
# its own HOME, GNUPGHOME, XDG folders and TMPDIR under $T, which is removed
# when everything passed and kept and named when something failed.
#
#	make_key alice			import test keys (tests/keys)
#	ok 'name' COMMAND...		passes when the command does
#	expect_exit CODE COMMAND...	and keeps $out, $err, $status
#	same GOT WANT [NAME]		equal, else a diff
#	like TEXT ERE [NAME]		unlike TEXT ERE [NAME]
#	json_is JSON FILTER WANT [NAME]	what jq -r prints
#	fsck_repo DIR			git agrees with what bg wrote
#	bg ...				the program (`bg` alone is the shell's)
#	bg_test ...			the same with fault points: BG_FAULT=...

set -u
set -o pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${BG_BUILD:=$top/build}"
BG=$BG_BUILD/bg
BG_TESTBIN=$BG_BUILD/test/bg
KEYS=$top/tests/keys
out='' err='' status=0
tap_n=0 tap_failed=0 tap_done=0

# Under valgrind (make check-valgrind) and else as it is.
read -ra under <<<"${BG_VALGRIND-}"
bg() { "${under[@]}" "$BG" "$@"; }
breakglass() { "$BG_BUILD/breakglass" "$@"; }
bg_test() { "$BG_TESTBIN" "$@"; }

# test_begin NAME: a home of its own.
test_begin() {
	T=$(mktemp -d /tmp/bgXXXXXX) || exit 1
	trap test_end EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	local v
	for v in $(compgen -e | grep -E '^(GIT_|GPG_|GNUPG|BG_|XDG_|LC_)'); do
		case $v in
		BG_BUILD | BG_TIMEOUT | BG_VALGRIND) ;;
		*) unset "$v" ;;
		esac
	done
	unset SSH_AUTH_SOCK SSH_CONNECTION SSH_TTY EDITOR VISUAL LESS \
		CDPATH NO_COLOR LANGUAGE LANG DISPLAY EMAIL
	export HOME=$T/home GNUPGHOME=$T/gpg TMPDIR=$T/tmp
	export XDG_CONFIG_HOME=$HOME/.config XDG_CACHE_HOME=$HOME/.cache
	export XDG_DATA_HOME=$HOME/.local/share XDG_STATE_HOME=$HOME/.local/state
	export XDG_RUNTIME_DIR=$T/run
	export LC_ALL=C.UTF-8 TZ=UTC COLUMNS=80 LINES=24 PAGER=cat TERM=dumb
	export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=$HOME/.gitconfig
	export GIT_AUTHOR_NAME='Test' GIT_AUTHOR_EMAIL='test@example.org'
	export GIT_COMMITTER_NAME='Test' GIT_COMMITTER_EMAIL='test@example.org'
	export GIT_TERMINAL_PROMPT=0 BG_BUILD
	export PATH="$BG_BUILD:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
	# Processes that outlive a test are found by this.
	export BG_TEST_DIR=$T
	mkdir -p "$HOME" "$TMPDIR" "$XDG_RUNTIME_DIR" "$T/w"
	mkdir -m 700 "$GNUPGHOME"
	chmod 700 "$XDG_RUNTIME_DIR"
	: >"$GIT_CONFIG_GLOBAL"
	cd "$T/w" || exit 1
	exec </dev/null
	printf '# %s\n' "$1"
}

# End agents and timers that this test left, and nothing else.
end_processes() {
	local d p pid
	while IFS= read -r d; do
		gpgconf --homedir "${d%/*}" --kill all 2>/dev/null
	done < <(find "$T" -name private-keys-v1.d -type d 2>/dev/null)
	# The name comes on stdin, so that grep does not find itself.
	# shellcheck disable=SC2062
	while IFS= read -r p; do
		pid=${p#/proc/}
		pid=${pid%/*}
		[ "$pid" = "$$" ] || kill -KILL "$pid" 2>/dev/null
	done < <(printf '%s\n' "$T" |
		grep -lsaF -f - /proc/[0-9]*/cmdline /proc/[0-9]*/environ)
}

# pids_of ERE: processes of this test whose command line matches.
pids_of() {
	local p
	for p in $(pgrep -f -- "$1"); do
		grep -qsaF "$T" "/proc/$p/environ" && echo "$p"
	done
	return 0
}

test_end() {
	local code=$?
	cd /
	if [ "$tap_done" = 0 ]; then
		echo "# the test ended early, status $code"
		[ "$code" -ne 0 ] || code=1
	fi
	end_processes
	if [ "$code" -eq 0 ]; then
		chmod -R u+rwX "$T" 2>/dev/null
		rm -rf "$T" || { sleep 0.2; rm -rf "$T"; }
	else
		echo "# kept: $T"
	fi
	exit "$code"
}

done_testing() {
	echo "1..$tap_n"
	tap_done=1
	[ "$tap_failed" -eq 0 ]
	exit
}

# skip_all WHY: before anything was tested.
skip_all() {
	echo "1..0 # SKIP $1"
	tap_done=1
	exit 0
}

diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

pass() {
	tap_n=$((tap_n + 1))
	printf 'ok %d - %s\n' "$tap_n" "${1//#/ }"
}

fail() {
	tap_n=$((tap_n + 1))
	tap_failed=$((tap_failed + 1))
	printf 'not ok %d - %s\n' "$tap_n" "${1//#/ }"
	diag "at ${BASH_SOURCE[-1]}:${BASH_LINENO[-2]}"
	return 1
}

# skip NAME WHY
skip() {
	tap_n=$((tap_n + 1))
	printf 'ok %d - %s # SKIP %s\n' "$tap_n" "${1//#/ }" "$2"
}

# ok NAME COMMAND...
ok() {
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		pass "$name"
	else
		fail "$name"
		diag "command: $*"
		[ -z "$said" ] || diag "$said"
		return 1
	fi
}

# not_ok NAME COMMAND...: the command must fail.
not_ok() {
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		fail "$name"
		diag "succeeded: $*"
		[ -z "$said" ] || diag "$said"
		return 1
	fi
	pass "$name"
}

# run COMMAND...: fills $out, $err, $status; says nothing.
run() {
	# The braces keep bash's own word about a killed process to itself.
	{ "$@" >"$T/tmp/.out" 2>"$T/tmp/.err"; } 2>/dev/null
	status=$?
	# Bash warns about NUL bytes, which no output of ours may hold anyway.
	out=$(tr '\0' '@' <"$T/tmp/.out")
	err=$(tr '\0' '@' <"$T/tmp/.err")
	return "$status"
}

# expect_exit CODE COMMAND...
expect_exit() {
	local want=$1 name
	shift
	run "$@"
	name="exit $want: $*"
	name=${name//$'\n'/ }
	if [ "$status" -eq "$want" ]; then
		pass "${name:0:100}"
	else
		fail "${name:0:100}"
		diag "exit $status"
		[ -z "$out" ] || diag "stdout: $out"
		[ -z "$err" ] || diag "stderr: $err"
		return 1
	fi
}

# same GOT WANT [NAME]
same() {
	local name=${3-same as expected}
	if [ "$1" = "$2" ]; then
		pass "$name"
	else
		fail "$name"
		diff -u --label wanted --label got <(printf '%s\n' "$2") \
			<(printf '%s\n' "$1") | sed 's/^/# /'
		return 1
	fi
}

# like TEXT ERE [NAME]: some line matches.
like() {
	if grep -qE -e "$2" <<<"$1"; then
		pass "${3-like $2}"
	else
		fail "${3-like $2}"
		diag "text: $1"
		return 1
	fi
}

unlike() {
	if grep -qE -e "$2" <<<"$1"; then
		fail "${3-unlike $2}"
		diag "text: $1"
		return 1
	fi
	pass "${3-unlike $2}"
}

# json_is JSON FILTER WANT [NAME]
json_is() {
	local got
	got=$(jq -r "$2" <<<"$1" 2>&1)
	same "$got" "$3" "${4-$2 is $3}" || { diag "json: $1"; return 1; }
}

# What differs from run to run, made the same: for comparing whole output.
scrub() {
	sed -E \
		-e 's/BG-[0-9]{8}-[0-9a-hjkmnp-tv-z]{6,}/BG-ID/g' \
		-e 's/@[0-9a-hjkmnp-tv-z]{6}\b/@ID/g' \
		-e 's/sha256:[0-9a-f]{64}/sha256:DIGEST/g' \
		-e 's/\b[0-9a-f]{40}\b/COMMIT/g' \
		-e 's/\bbg1:[^ "]+/ANCHOR/g' \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g' \
		-e 's/\b[0-9]{2}:[0-9]{2}(:[0-9]{2}Z)?/HH:MM/g' \
		-e "s|${T:-/nowhere}|DIR|g"
}

# fpr NAME: primary fingerprint of a test key.
fpr() { awk -v n="$1" '$1 == n { print $2 }' "$KEYS/fingerprints"; }

# make_key NAME...: secret test keys into $GNUPGHOME.
make_key() {
	local name files=()
	for name; do files+=("$KEYS/$name.sec.asc"); done
	gpg --batch --quiet --no-tty --no-auto-check-trustdb --import \
		"${files[@]}" 2>"$T/tmp/.gpg" || {
		diag "$(cat "$T/tmp/.gpg")"
		echo 'Bail out! cannot import a test key'
		exit 1
	}
}

# as NAME COMMAND...: with another home and keyring, $T/as/NAME, made when it
# is first used with the test key of that name in it.
as() {
	local name=$1 d=$T/as/$1
	shift
	if [ ! -d "$d" ]; then
		mkdir -p "$d/home" "$d/run"
		mkdir -m 700 "$d/gpg"
		chmod 700 "$d/run"
		: >"$d/home/.gitconfig"
		if [ -e "$KEYS/$name.sec.asc" ]; then
			GNUPGHOME=$d/gpg make_key "$name"
		fi
	fi
	(
		export HOME=$d/home GNUPGHOME=$d/gpg XDG_RUNTIME_DIR=$d/run
		export XDG_CONFIG_HOME=$HOME/.config
		export XDG_CACHE_HOME=$HOME/.cache
		export XDG_DATA_HOME=$HOME/.local/share
		export XDG_STATE_HOME=$HOME/.local/state
		export GIT_CONFIG_GLOBAL=$HOME/.gitconfig
		"$@"
	)
}

# pinentry_says PASSPHRASE | --cancel | --none: who answers the agent of
# $GNUPGHOME when it asks for a passphrase.
pinentry_says() {
	local say=$1
	cat >"$GNUPGHOME/pinentry" <<-END
		#!/bin/sh
		echo 'OK ready'
		while read -r word rest; do
			case \$word in
			GETPIN)
				if [ '$say' = --cancel ]; then
					echo 'ERR 83886179 Operation cancelled'
				else
					echo 'D $say'
					echo OK
				fi ;;
			BYE) echo OK; exit 0 ;;
			*) echo OK ;;
			esac
		done
	END
	chmod 700 "$GNUPGHOME/pinentry"
	if [ "$say" = --none ]; then
		echo 'pinentry-program /nonexistent/pinentry'
	else
		echo "pinentry-program $GNUPGHOME/pinentry"
	fi >"$GNUPGHOME/gpg-agent.conf"
	gpgconf --homedir "$GNUPGHOME" --kill gpg-agent 2>/dev/null
	return 0
}

# fsck_repo DIR: git finds nothing wrong, and its idea of who signed each
# commit of trust, logs and seals is the author's key.
fsck_repo() {
	local dir=$1 said
	if said=$(git -C "$dir" fsck --strict --no-dangling 2>&1) &&
		! grep -qE '^(error|warning|missing|broken)' <<<"$said"; then
		pass "git fsck --strict of ${dir##*/}"
	else
		fail "git fsck --strict of ${dir##*/}"
		diag "$said"
	fi
	if said=$(signers_of "$dir"); then
		pass "git verify-commit agrees about ${dir##*/}"
	else
		fail "git verify-commit agrees about ${dir##*/}"
		diag "$said"
	fi
}

# Lines about commits whose signature git does not find good or whose signer's
# key does not belong to the author.  The keys come from the repository itself
# (trust:keys/ and the keys that `writer` events introduce) and tests/keys.
signers_of() {
	local dir=$1 home=$T/tmp/signers bad=0 line
	local hash good key mail refs=()
	rm -rf "$home"
	mkdir -m 700 "$home"
	gpg --homedir "$home" --batch --quiet --no-tty --import \
		"$KEYS"/*.pub.asc 2>/dev/null
	keys_of "$dir" "$home" 2>/dev/null
	mapfile -t refs < <(git -C "$dir" for-each-ref --format='%(refname)' \
		'refs/heads/trust' 'refs/heads/log' 'refs/heads/seal' \
		'refs/remotes/*/trust' 'refs/remotes/*/log/*' 'refs/remotes/*/seal/*')
	[ "${#refs[@]}" -gt 0 ] || { echo 'no evidence refs'; return 1; }
	while read -r hash good key mail; do
		case $good in
		G | U | X | Y | R) ;;
		*)
			echo "$hash: git says '$good' (key $key, author $mail)"
			bad=1
			continue
			;;
		esac
		# Keys of people are in tests/keys under the author's name.
		line=$(awk -v k="$key" '$2 == k { print $1 }' "$KEYS/fingerprints")
		if [ -n "$line" ] && [[ $mail != "$line"@* ]]; then
			echo "$hash: signed by $line, author $mail"
			bad=1
		fi
	done < <(GNUPGHOME=$home git -C "$dir" log \
		--format='%H %G? %GP %ae' "${refs[@]}" --)
	gpgconf --homedir "$home" --kill all 2>/dev/null
	return "$bad"
}

# keys_of DIR HOME: import every public key that the repository holds.
keys_of() {
	local dir=$1 home=$2 ref path commit
	for ref in $(git -C "$dir" for-each-ref --format='%(refname)' \
		refs/heads/trust 'refs/remotes/*/trust'); do
		git -C "$dir" ls-tree -r --name-only "$ref" keys/ |
			while IFS= read -r path; do
				git -C "$dir" cat-file blob "$ref:$path" |
					gpg --homedir "$home" --batch --quiet \
						--no-tty --import
			done
	done
	for ref in $(git -C "$dir" for-each-ref --format='%(refname)' \
		refs/heads/log 'refs/remotes/*/log/*'); do
		# One by one: a log reaches the events of others.
		for commit in $(git -C "$dir" rev-list --grep='^writer ' "$ref"); do
			git -C "$dir" show -s --format=%b "$commit" |
				jq -r '.. | strings | select(length > 200)' 2>/dev/null |
				while IFS= read -r path; do
					base64 -d <<<"$path" 2>/dev/null |
						gpg --homedir "$home" --batch \
							--quiet --no-tty --import
				done
		done
	done
}
