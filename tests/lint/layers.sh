#!/bin/bash
# A folder under lib/ includes its own and lower ones; cmd/ may include all.
. "$(dirname "$0")/../lib.sh"
test_begin 'layers'
cd "$top" || exit 1

order='base format crypto evidence policy grant session report notify'

# Prints what is wrong with the includes of one folder.
wrong_includes() {
	local folder=$1 allowed=' ' f
	for f in $order; do
		allowed+="$f "
		[ "$f" != "$folder" ] || break
	done
	grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' \
		lib/"$folder"/*.[ch] | while IFS= read -r line; do
		f=${line#*\"}
		f=${f%%\"*}
		case $f in
		*..*) echo "$line: no relative paths" ;;
		*/*/*) echo "$line: too deep" ;;
		*/*) [[ $allowed = *" ${f%%/*} "* ]] ||
			echo "$line: not for lib/$folder" ;;
		*) echo "$line: name its folder" ;;
		esac
	done
}

for dir in lib/*/; do
	folder=${dir#lib/}
	folder=${folder%/}
	like " $order " " $folder " "lib/$folder is a known layer"
	same "$(wrong_includes "$folder")" '' \
		"lib/$folder includes its own and lower layers"
done
same "$(grep -nE '#[[:space:]]*include[[:space:]]*[<"]cmd/' -r lib)" '' \
	'lib includes nothing of cmd'
done_testing
