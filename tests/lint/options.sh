#!/bin/bash
# The manual and the option tables agree: what -h lists stands in the page of
# the command, and the page lists no other option; exit codes too.
. "$(dirname "$0")/../lib.sh"
test_begin 'options and manual'
cd "$top" || exit 1
[ -x "$BG" ] || skip_all 'no program yet'

# The options of a command, from its -h: long ones without the dashes.
options_of() {
	"$BG" "$1" -h 2>/dev/null | sed -n '/^options/,/^$/p' |
		grep -oE -- '--[a-z][a-z-]*' | sort -u
}

mapfile -t names < <(sed -n 's/^BG_CMD(\([a-z_]*\))$/\1/p' cmd/list.h)
global=$("$BG" help -h | sed -n '/^global options/,/^$/p' |
	grep -oE -- '--[a-z][a-z-]*' | sort -u)
for name in "${names[@]}"; do
	word=${name//_/-}
	page=man/bg-$word.1
	if [ ! -e "$page" ] || ! "$BG" "$word" -h >/dev/null 2>&1; then
		fail "$word has a page and an option table"
		continue
	fi
	mandoc -T ascii "$page" 2>/dev/null | sed 's/.\x08//g' >"$T/w/page"
	same "$(options_of "$word" | while IFS= read -r o; do
		grep -qE -- "(^|[^a-z-])$o([^a-z-]|\$)" "$T/w/page" || echo "$o"
	done)" '' "bg-$word(1) has every option"
	same "$(grep -oE '^\.It Fl .*' "$page" | grep -oE -- '(^| )-[a-z][a-z-]+' |
		sed 's/^ *-/--/' | sort -u |
		grep -vxF -e "$(options_of "$word")" -e "$global")" '' \
		"bg-$word(1) lists no other option"
	same "$("$BG" "$word" -h | sed -n '/^exit status/,$p' |
		sed -nE 's/^  ([0-9]+) .*/\1/p' | while IFS= read -r code; do
		grep -qE "(^|[^0-9])$code([^0-9]|\$)" \
			<(sed -n '/^EXIT STATUS/,/^[A-Z]/p' "$T/w/page") ||
			echo "$code"
	done)" '' "bg-$word(1) has every exit status"
done
done_testing
