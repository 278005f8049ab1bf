#!/bin/bash
# report: a grant and a period, text md json; the three proofs as they should be.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'report'
scene_open
scene_join alice bob rita
# Probes of root run as nobody, who has to see the target.
chmod 755 "$T" "$T/target"

# proofs GRANT WANT: states of necessary, limited, reversed.
proofs() {
	run by rita bg report "$1" --format json
	json_is "$out" '[.proofs.necessary.state, .proofs.limited.state,
		.proofs.reversed.state] | join(" ")' "$2" "$3"
}
review() {
	by rita bg review "$1" --decision approved --class emergency \
		--necessary "${2-yes}" --limited yes --reversed yes \
		-m 'looked at it' >/dev/null
}

# A clean one.
clean=$(scene_grant alice files)
by alice bg "done" >/dev/null
scene_sync
review "$clean"
proofs "$clean" 'shown shown shown' 'clean: all three are shown'
json_is "$out" '.verification.verdict, (.verification.events ==
	.verification.good)' 'ok
true' 'every event that it prints was checked again'
json_is "$out" '.attributes | map(.key) | join("")' abcdefghijklmn \
	'the attribute sheet is whole'
json_is "$out" '[.attributes[] | select(.result == "met" or .result ==
	"not_applicable" or .result == "gap_declared")] | length' 14 \
	'nothing is unknown or not met'
json_is "$out" '.timeline | map(.type) | index("activate") <
	index("grant") and index("grant") < index("revoke") and
	index("revoke") < index("check")' true 'the timeline is in order'
json_is "$out" '.proofs.reversed.events | length >= 1' true \
	'a proof names its events'

# Still open; a probe that says otherwise; a reviewer who says no.
open=$(scene_grant alice files)
scene_sync
proofs "$open" 'shown not-shown not-shown' 'open: not limited, not reversed yet'
by alice bg "done" >/dev/null
touch "$T/target/healthy"
healthy=$(scene_grant alice files)
by alice bg "done" >/dev/null
rm "$T/target/healthy"
scene_sync
proofs "$healthy" 'contradicted shown shown' 'the probe contradicts the need'
no=$(scene_grant alice files)
by alice bg "done" >/dev/null
scene_sync
review "$no" no
proofs "$no" 'contradicted shown shown' 'the reviewer contradicts the need'

# A withdrawn request gave no access: nothing is claimed about it.
by alice bg --batch activate vault -c FILE-GONE \
	-m 'a file of the vault is gone' >/dev/null 2>&1
waited=$(by alice bg log --type activate -n 1 --json | jq -r .grant)
by alice bg "done" "$waited" >/dev/null
scene_sync
proofs "$waited" 'shown not-shown not-shown' 'never opened: nothing to take back'

# The period: counts that equal an independent git count.
expect_exit 0 by rita bg report --format json
period=$out
count=$(git -C "$T/as/rita/ev" log --all --format=%s | grep -c '^activate ')
json_is "$period" .population.grants "$count" 'as many grants as git counts'
json_is "$period" '.population["never-opened"]' 1 'one was never opened'
json_is "$period" '.metrics.reversed_shown | "\(.n) of \(.of)"' '4 of 4' \
	'metrics are n of N'
json_is "$period" '.metrics.necessary_shown | "\(.n) of \(.of)"' '2 of 4'
json_is "$period" '[.exceptions[] | select(.id == "necessary-contradicted")] |
	length' 2 'exceptions name what is contradicted'
json_is "$period" .verification.verdict ok 'the whole repository was verified'

# A sample that sort and sha256sum reproduce.
expect_exit 0 by rita bg report --sample 2 --seed 81726354 --format json
want=$(jq -r '.grants[].grant' <<<"$out" | while read -r g; do
	printf '%s %s\n' "$(printf '81726354 %s' "$g" | sha256sum | cut -c1-64)" "$g"
done | sort | head -n 2 | cut -d' ' -f2)
json_is "$out" '.sample.grants[]' "$want" 'the sample is reproducible'
expect_exit 129 by rita bg report --sample 2
like "$err" 'seed' 'whose seed it is, is asked'

# Text and Markdown: same bytes every time and everywhere; hostile text is inert.
expect_exit 0 by rita bg report "$clean"
first=$out
same "$(TZ=Asia/Tokyo LC_ALL=C by rita bg report "$clean")" "$first" \
	'the same bytes in another time zone and locale'
same "$(by alice bg report "$clean")" "$first" 'and from another clone'
like "$first" '^Was it necessary, limited, reversed' 'the proofs come first'
# shellcheck disable=SC2016 # hostile text, to be taken as it is
bad=$(by alice bg -q activate files -c FILE-GONE \
	-m '<b>|`x` [y](z) *gone*')
by alice bg "done" >/dev/null
expect_exit 0 by alice bg report "$bad" --format md
unlike "$out" '<b>' 'no markup gets through'
# shellcheck disable=SC2016
like "$out" '&lt;b&gt;\\|\\`x\\` \\\[y\\\]\(z\) \\\*gone\\\*' 'it is shown inert'
expect_exit 0 by alice bg report "$bad" --format md -o "$T/w/r.md"
ok 'written to a file' test -s "$T/w/r.md"

expect_exit 129 by rita bg report --format pdf
expect_exit 129 by rita bg report "$clean" --period 2026
expect_exit 3 by rita bg report @zzzzzz
expect_exit 0 by rita bg report --period 2001
like "$out" '0 grants' 'an empty period is one'
for who in alice rita; do fsck_repo "$T/as/$who/ev"; done
done_testing
