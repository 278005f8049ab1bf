#!/bin/bash
# The manual and the option tables agree: the page of a command has its
# synopsis, options, exit statuses and examples as -h prints them, and no
# others, in the order of sections that all pages have.
. "$(dirname "$0")/../lib.sh"
test_begin 'options and manual'
cd "$top" || exit 1
[ -x "$BG" ] || skip_all 'no program yet'

order='NAME SYNOPSIS DESCRIPTION OPTIONS OUTPUT ENVIRONMENT FILES EXIT STATUS'
order+=' EXAMPLES SEE ALSO SECURITY CONSIDERATIONS'

# Sections of a page that all pages have, in its order.
sections() {
	sed -n 's/^\.Sh //p' "$1" | grep -vxE 'REASONS|FINDINGS|FORM' |
		paste -sd ' '
}

# One section of the rendered page, with its lines unbroken.
section() {
	sed -n "/^$1\$/,/^[A-Z]/p" "$T/w/page" | sed '1d;/^[A-Z]/d'
}

words() { tr -s ' \n' '  ' | sed 's/^ //;s/ $//'; }

# What a part of -h says, until a blank line.
part() { sed -n "/^$1\$/,/^\$/p" "$T/w/help" | sed '1d;/^$/d'; }

# Options as "-c, --code CODE", from -h and from the page.
table_of() {
	part "$1" | sed -nE 's/^  (-., |    )(--[a-z-]+( [A-Z]+)?).*/\1\2/p' |
		sed 's/^ *//' | sort
}
items() {
	sed -n "/^\.Sh OPTIONS/,/^\.S[hs] [^O]/p" "$1" |
		sed -nE 's/^\.It Fl //p' |
		sed -E 's/^(.) , -([a-z-]+)/-\1, --\2/; s/^-([a-z])/--\1/; s/ Ar / /;
			s/^--(.), /-\1, /' | sort
}

mapfile -t names < <(sed -n 's/^BG_CMD(\([a-z_]*\))$/\1/p' cmd/list.h)
for name in "${names[@]}"; do
	word=${name//_/-}
	page=man/bg-$word.1
	if [ ! -e "$page" ] || ! "$BG" "$word" -h >"$T/w/help" 2>&1; then
		fail "$word has a page and an option table"
		continue
	fi
	mandoc -T ascii -O width=900 "$page" | sed 's/.\x08//g' >"$T/w/page"
	same "$(sections "$page")" "$order" "bg-$word(1) has every section"
	same "$(section SYNOPSIS | words)" \
		"$(sed -nE 's/^(usage:|   or:) //p' "$T/w/help" | words)" \
		"bg-$word(1) has the synopsis of -h"
	same "$(items "$page")" "$(table_of options)" \
		"bg-$word(1) has the options of -h"
	same "$(section 'EXIT STATUS' | sed -nE 's/^ {5}([0-9]+) .*/\1/p')" \
		"$(part 'exit status' | sed -nE 's/^  ([0-9]+) .*/\1/p')" \
		"bg-$word(1) has every exit status"
	same "$(part examples | sed 's/^ *//' |
		grep -vxF -e "$(section EXAMPLES | sed 's/^ *//')")" '' \
		"bg-$word(1) has the examples of -h"
done

# The entrance has what holds for all of them.
"$BG" help -h >"$T/w/help"
same "$(items man/bg.1 | grep -v -- --help)" \
	"$(table_of 'global options, before or after the command')" \
	'bg(1) has the global options'
mandoc -T ascii -O width=900 man/bg.1 | sed 's/.\x08//g' >"$T/w/page"
for name in "${names[@]}"; do
	word=${name//_/-}
	like "$(section DESCRIPTION)" "bg-$word\(1\)" "bg(1) names $word"
	"$BG" "$word" -h | sed -n '/^exit status/,$p' |
		sed -nE 's/^  ([0-9]+) .*/\1/p' >>"$T/w/exits"
done
same "$(section 'EXIT STATUS' | sed -nE 's/^ {5}([0-9]+) .*/\1/p')" \
	"$(sort -nu "$T/w/exits")" \
	'bg(1) has every exit status'
done_testing
