#!/bin/bash
# Every header compiles alone, has a guard and says what it is for.
. "$(dirname "$0")/../lib.sh"
test_begin 'headers'
cd "$top" || exit 1

headers=(lib/*/*.h)
for h in cmd/*.h; do
	# list.h is a list: it has no meaning of its own.
	[ "$h" = cmd/list.h ] || headers+=("$h")
done
cp "$BG_BUILD/flags" "$T/w/flags"

# shellcheck disable=SC2016
printf '%s\n' "${headers[@]}" | xargs -P 2 -I{} bash -c '
	eval "$(cat "$0") -fsyntax-only -w -MF /dev/null -x c -I. $1" \
		>"$2/${1//\//_}.log" 2>&1 || echo "$1"' "$T/w/flags" {} "$T/w" \
	>"$T/w/failed"
for h in "${headers[@]}"; do
	if grep -qxF "$h" "$T/w/failed"; then
		fail "$h compiles alone"
		diag "$(head -5 "$T/w/${h//\//_}.log")"
	elif ! grep -q '^#ifndef BG_.*_H$' "$h"; then
		fail "$h has a guard"
	elif [ "$(head -c 2 "$h")" != '/*' ]; then
		fail "$h says what it is for"
	else
		pass "$h"
	fi
done
guards=$(grep -h '^#ifndef BG_.*_H$' "${headers[@]}" | sort | uniq -d)
same "$guards" '' 'guards are unique'
done_testing
