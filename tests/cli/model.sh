#!/bin/bash
# The fold under 20,000 random histories; 1,000 orders of each hundredth; every
# clause broken on purpose is caught.
model=$BG_BUILD/test/tools/model
# Sanitizers make it ten times slower.
case $BG_BUILD in
*/san-*) n=2000 ;;
*) n=20000 ;;
esac
echo 1..2
if out=$("$model" "$n" --orders 1000); then
	echo "ok 1 - $out"
else
	echo "not ok 1 - histories"
	printf '%s\n' "$out"
fi
if out=$("$model" --mutants 20000); then
	echo "ok 2 - ${out##*$'\n'}"
else
	echo "not ok 2 - broken clauses"
	printf '%s\n' "${out//$'\n'/$'\n'# }"
fi
