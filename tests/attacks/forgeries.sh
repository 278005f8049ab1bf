#!/bin/bash
# Every forgery of evidence in a repository that was good: what a plain clone of
# it verifies as, and the place that is named.
. "$(dirname "$0")/../lib.sh"
test_begin 'forged events and trust are found, and where'

forge=$BG_BUILD/test/tools/forge
good=$T/w/good
mkdir "$good"
anchor=$("$forge" make "$good")

# As an auditor has it: git clone, nothing else.
git clone -q "$good/repo" clone
expect_exit 0 bg verify clone --anchor "$anchor" --json
json_is "$out" .verdict ok
expect_exit 11 bg verify clone --json
json_is "$out" .verdict unanchored
other=$(printf '%s' "$anchor" | tr 0123456789 1234567890)
expect_exit 129 bg verify clone --anchor "$other"
fsck_repo "$good/repo"

# try KIND FINDING [clone|here]: tampered, and FINDING at the place that forge
# prints; of a fork either side may be the one that is named.
try() {
	local kind=$1 finding=$2 where=${3-clone} place at=bad/repo
	rm -rf bad theirs
	cp -a "$good" bad
	place=$("$forge" "$kind" bad) || fail "forge $kind"
	if [ "$where" = clone ]; then
		git clone -q bad/repo theirs 2>/dev/null
		at=theirs
	fi
	expect_exit 5 bg verify "$at" --anchor "$anchor" --json
	json_is "$out" .verdict tampered "$kind: tampered"
	# shellcheck disable=SC2016 # $c and $r are jq's
	same "$(printf '%s' "$out" | jq -r --arg c "${place#* }" \
		--arg r "${place% *}" '.findings[] |
		select((.commit == $c or .id == "forked-log") and .ref == $r) |
		.id' | grep -xF "$finding")" "$finding" \
		"$kind: $finding at ${place%% *}"
}

# Without a key.
try edit bad-signature
try swap-signature bad-signature
try drop bad-signature
try reorder bad-signature
try nul not-canonical
try signature-in-message not-canonical
try second-signature second-signature
try second-sha256 second-signature
try unsigned unsigned
try armor-comment bad-armor
try armor-crlf not-canonical
try armor-width bad-armor
try unhashed bad-packet
try extra-header not-canonical
# With a key that is in trust.
try drop-signed bad-prev
try other-key wrong-key
try other-key-claimed bad-signature
try sha1 weak-hash
try text-class text-signature
try foreign foreign-repository
try unknown-type unknown-type
try other-by bad-envelope
try not-canonical not-canonical
try other-author wrong-author
try fork forked-log here
# A type that the role may not sign, or that its own users may not.
try role-activate role-not-held
try role-approve role-not-held
try role-review role-not-held
try self-review not-distinct
try self-approve not-distinct
try host-activate role-not-held
# Trust.
try trust-edit bad-data
try trust-file bad-manifest
try trust-file-signed bad-manifest

# A newer format is not a forgery.
rm -rf bad
cp -a "$good" bad
"$forge" newer bad >/dev/null
expect_exit 1 bg verify bad/repo --anchor "$anchor" --json
json_is "$out" .verdict unsupported

done_testing
