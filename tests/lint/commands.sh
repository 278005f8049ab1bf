#!/bin/bash
# Each command of cmd/list.h has its source, page, test and completion.
. "$(dirname "$0")/../lib.sh"
test_begin 'commands'
cd "$top" || exit 1
[ -e cmd/main.c ] || skip_all 'no program yet'

mapfile -t names < <(sed -n 's/^BG_CMD(\([a-z_]*\))$/\1/p' cmd/list.h)
ok 'the list has commands' test "${#names[@]}" -gt 5
same "$(printf '%s\n' "${names[@]}")" \
	"$(printf '%s\n' "${names[@]}" | LC_ALL=C sort -u)" 'the list is sorted'

# Plumbing is not offered; some of it has nothing to complete.
plumbing=$("$BG" help -a 2>/dev/null | sed '1,/^plumbing/d' |
	sed 's/^  \([a-z-]*\) .*/\1/')
for name in "${names[@]}"; do
	word=${name//_/-}
	missing=
	grep -qsE "\bcmd_$name\b" cmd/*.c || missing+=" cmd/$word.c"
	[ -e "man/bg-$word.1" ] || missing+=" man/bg-$word.1"
	compgen -G "tests/cli/$word*.sh" >/dev/null ||
		missing+=" tests/cli/$word.sh"
	for shell in completions/bg.bash completions/_bg completions/bg.fish; do
		grep -qswF -- "$word" "$shell" ||
			grep -qxF -- "$word" <<<"$plumbing" ||
			missing+=" $shell"
	done
	same "$missing" '' "$word has everything"
done

for shell in bash zsh fish; do
	case $shell in zsh) f=completions/_bg ;; *) f=completions/bg.$shell ;; esac
	if [ -x "$BG" ]; then
		ok "$f is fresh" diff -u "$f" <("$BG" completion "$shell")
	else
		skip "$f is fresh" 'no program yet'
	fi
done
done_testing
