#!/bin/bash
# shell-init: job control keeps what is its own, the rest is ours.
. "$(dirname "$0")/../lib.sh"
test_begin 'shell-init'
mkdir "$T/bin"
# shellcheck disable=SC2016
printf '#!/bin/sh\necho "program $BG_NAME: $*"\n' >"$T/bin/breakglass"
chmod +x "$T/bin/breakglass"
PATH=$T/bin:/usr/bin:/bin

try() { # SHELL ARGS...: what happens to `bg ARGS`
	local shell=$1
	shift
	"$BG" shell-init "$shell" >"$T/w/init"
	case $shell in
	fish) fish --no-config -c "source $T/w/init; bg $*" 2>&1 ;;
	zsh) zsh -f -c ". $T/w/init; bg $*" 2>&1 ;;
	*) "$shell" -c ". $T/w/init; bg $*" 2>&1 ;;
	esac
}
for shell in bash zsh fish dash; do
	command -v "$shell" >/dev/null || {
		skip "$shell" 'not installed'
		continue
	}
	for args in 'activate prod-db' 'status --json' "'@k7'" '-C /x log' \
		'--help' 'anything'; do
		same "$(try "$shell" "$args")" "program bg: ${args//\'/}" \
			"$shell: bg $args"
	done
	for args in '' '%1' '99999'; do
		unlike "$(try "$shell" "$args")" '^program' \
			"$shell: bg $args is job control"
	done
done
expect_exit 129 bg shell-init
expect_exit 129 bg shell-init csh
expect_exit 0 bg shell-init /usr/bin/zsh
done_testing
