#!/bin/bash
# The manual knows every fault of the corpus, and its example has none.
. "$(dirname "$0")/../lib.sh"
test_begin 'faults and manual'

page=$top/man/bg-policy.5
faults=$BG_BUILD/test/tools/faults
[ -x "$faults" ] || skip_all 'not built: make tests'

# Ids that tests expect: lines "... [id]" of the corpus, words in the C tests.
ids=$({
	sed -n 's/.* \[\([a-z0-9-]*\)\]$/\1/p' "$top"/tests/policy/*.faults
	sed -n 's/.*"\(!\{0,1\}[a-z-]* \)*!\{0,1\}\([a-z]*-[a-z-]*\) " },$/\2/p' \
		"$top/tests/unit/test_policy.c"
} | sort -u)
known=$(sed -n 's/^\.It Cm //p' "$page" | tr ' ' '\n' | sort -u)
same "$(comm -23 <(echo "$ids") <(echo "$known"))" '' \
	'every id is in bg-policy(5)'

# An id of the manual is somewhere in the sources.
gone=''
for id in $known; do
	grep -qrF "\"$id\"" "$top/lib" || gone+="$id "
done
same "$gone" '' 'no id of the manual is gone'

sed -n '/^bg: policy\/1$/,/^\.Ed$/p' "$page" | grep -v '^\.Ed$' \
	>"$T/example.yaml"
same "$("$faults" policy "$T/example.yaml" | grep -c 'error:')" 0 \
	'the example of the manual has no error'

for f in "$top"/policies/*.yaml; do
	[ "${f##*/}" = channels.yaml ] && continue
	same "$("$faults" policy "$f")" '' "${f##*/} has no fault"
done
for f in "$top"/policies/identities/*.yaml; do
	same "$("$faults" identity "$f")" '' "${f##*/} has no fault"
done
same "$("$faults" channels "$top/policies/channels.yaml")" '' \
	'channels.yaml has no fault'

done_testing
