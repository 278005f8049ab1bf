#!/bin/bash
# shellcheck disable=SC2016 # backquotes of Markdown
# The tour of the README runs as it stands, in a clean home; what it says about
# building and testing is what is there.
. "$(dirname "$0")/../lib.sh"
test_begin 'readme'
readme=$top/README.md

# The fenced blocks of one language.
blocks() {
	awk -v want="\`\`\`$1" '$0 == want { on = 1; next }
		/^```/ { on = 0 } on' "$readme"
}

# --- the tour ------------------------------------------------------------------

blocks sh >"$T/tour"
like "$(cat "$T/tour")" 'activate door' 'there is a tour'
# What a person types, without the shell function: an untouched shell. A failure
# that the text does not announce ends it.
unset GNUPGHOME
expect_exit 0 bash -eu -o pipefail "$T/tour"
like "$out" '^anchor +bg1:' 'init prints the anchor'
like "$out" '^@[0-9a-z]{6}  door/open  open, 15m left' 'opened'
like "$out" "^  because  DOOR-STUCK: probe '.*' failed, as expected" 'probed'
like "$out" '^@[0-9a-z]{6}  door/open  .*extension 1 of 1' 'extended'
like "$out" '^@[0-9a-z]{6}  ended after .*; access gone' 'ended and gone'
like "$err" 'cannot review it' 'a self-review is refused'
for proof in necessary limited reversed; do
	like "$out" "^  $proof +shown " "$proof is shown"
done
like "$out" '^ok: anchored' 'the clone verifies'
like "$out" '^wrong  bad-signature  log/rita\.' 'the forgery is found'
same "$(grep -E '^exit [0-9]+$' <<<"$out")" $'exit 4\nexit 5' \
	'what fails, fails as it says'
ok 'it cleans up' test ! -e "$T/home/bg-tour"

# --- what it says ------------------------------------------------------------------

for target in $(blocks console | sed -n 's/^\$ \(sudo \)\{0,1\}make //p' |
	sed 's/#.*//'); do
	ok "make $target exists" grep -qE "^([a-z.A-Z-]+ )*$target:" "$top/Makefile"
done
for words in $(sed -n '/^```console/,/^```/s/^\$ make //p' "$readme" |
	tail -n 1); do
	like "$(cat "$top/.ci/run")" "make $words( |\$)" ".ci/run has make $words"
done
# A folder or file that it names is there.
for path in $(grep -oE '`[a-zA-Z./_-]+/?`' "$readme" | tr -d '`' |
	grep -E '^(lib|cmd|man|tests|policies|completions|\.ci)/' | sort -u); do
	case $path in
	completions/*) continue ;;
	esac
	ok "$path is there" test -e "$top/$path"
done
# Dependencies: every library that is linked has its line.
read -ra libs < <(sed -n 's/^LIBS := //p' "$top/Makefile")
for lib in "${libs[@]}"; do
	case $lib in
	yaml-0.1) lib=libyaml ;;
	gpgme) lib=GPGME ;;
	esac
	like "$(cat "$readme")" "^\\| .*$lib" "$lib has its line"
done
# Commands that it says are missing are missing, and the others are there.
for command in drill doctor reconcile export redact; do
	like "$(sed -n '/^## Limits/,$p' "$readme")" "\`$command\`" \
		"$command is named as missing"
	expect_exit 129 bg "$command"
done
done_testing
