#!/bin/bash
# Size, leftovers and places of the files that are committed.
. "$(dirname "$0")/../lib.sh"
test_begin 'files'
cd "$top" || exit 1

if git rev-parse --git-dir >/dev/null 2>&1; then
	mapfile -t files < <(git -c safe.directory='*' ls-files |
		while IFS= read -r f; do [ -e "$f" ] && echo "$f"; done)
else
	mapfile -t files < <(find . -path ./build -prune -o -type f -print |
		sed 's|^\./||')
fi
ok 'there are files' test "${#files[@]}" -gt 20

long=$(wc -l lib/*/*.[ch] cmd/*.[ch] | awk '$1 > 700 && $2 != "total" {
	print $2 ": " $1 " lines" }')
same "$long" '' 'no source file above 700 lines'

text=()
for f in "${files[@]}"; do
	case $f in
	*.asc | LICENSE | tests/fuzz/*/* | *.bin | tests/lint/files.sh) ;;
	*) text+=("$f") ;;
	esac
done
same "$(grep -nE '\b(TODO|FIXME|XXX|HACK)\b' "${text[@]}")" '' \
	'nothing left for later'
same "$(grep -nE '(^|[^A-Za-z0-9_./])/work/' "${text[@]}")" '' \
	'no path of some machine'
source=()
for f in "${text[@]}"; do
	case $f in *.[ch] | *.sh | Makefile | man/* | *.md) source+=("$f") ;; esac
done
same "$(grep -nE '[[:space:]]+$' "${source[@]}" | head -20)" '' \
	'no space at the end of a line'
same "$(perl -0777 -ne 'print "$ARGV\n" if length && !/\n\z/' \
	"${source[@]}")" '' 'every file ends with a newline'

extra=$(printf '%s\n' "${files[@]}" | sed 's|/.*||' | sort -u |
	grep -vxE '\..*|LICENSE|cmd|lib|policies|tests|man|completions|Makefile|README\.md')
same "$extra" '' 'nothing else at the top'
done_testing
