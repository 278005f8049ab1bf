#!/bin/bash
# Which key signs: none, several, not in trust, expired, locked; and what an
# unanchored repository may still do.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'keys and anchors'
scene_open
scene_join alice rita
grant=$(scene_grant alice files)
scene_sync
at=@${grant##*-}

# --- not in trust -----------------------------------------------------------
as frank true
as frank bg -q clone "$T/hub.git" "$T/as/frank/ev" --anchor "$anchor" \
	>/dev/null 2>&1
expect_exit 3 by frank bg note "$at" hello
like "$err" '^bg: ' 'one line says why'
like "$err" 'trust' 'the key is not in trust'
expect_exit 3 by frank bg approve "$at"
expect_exit 0 by frank bg status
expect_exit 0 by frank bg show "$at"
expect_exit 0 by frank bg log
run by frank bg --json note "$at" hello
json_is "$out" '.error.exit' 3

# --- several keys ---------------------------------------------------------------
GNUPGHOME=$T/as/rita/gpg make_key erin
expect_exit 3 by rita bg note "$at" 'which of me'
like "$err" 'several|2 ' 'two keys that trust knows'
like "$err" "$(fpr rita)|--key" 'with lines to type'
expect_exit 0 by rita bg --key "$(fpr rita)" note "$at" 'rita says'
expect_exit 0 by rita bg note "$at" --key rita@example.org 'rita again'
same "$(by rita bg --key "$(fpr rita)" log --type note --json | jq -r .by | sort -u)" \
	rita 'signed by the one named'
as rita git config --global bg.signingKey "$(fpr rita)"
expect_exit 0 by rita bg note "$at" 'configured'
expect_exit 3 by rita bg note "$at" --key nobody@example.org 'nobody'

# --- gone, expired, locked ----------------------------------------------------------
GNUPGHOME=$T/as/alice/gpg gpg --batch --quiet --yes --delete-secret-keys \
	"$(fpr alice)" 2>/dev/null
expect_exit 3 by alice bg note "$at" 'no key any more'
expect_exit 0 by alice bg status
make_key alice >/dev/null
GNUPGHOME=$T/as/alice/gpg make_key alice
expect_exit 0 by alice bg note "$at" 'back again'
GNUPGHOME=$T/as/alice/gpg gpg --batch --quiet --faked-system-time \
	20250102T000000 --quick-set-expire "$(fpr alice)" 20260101T000000 2>/dev/null
run by alice bg note "$at" 'expired now'
ok 'an expired key does not sign' test "$status" -ne 0
like "$err" 'expired' 'and says so'

# --- unanchored: read, and sign only notes, approvals and reviews --------------------
git clone -q "$T/hub.git" "$T/as/bob-plain" 2>/dev/null
as bob true
plain() { BG_REPO=$T/as/bob-plain as bob "$@"; }
expect_exit 0 plain bg status
expect_exit 0 plain bg log
expect_exit 0 plain bg trust show
run plain bg trust anchor
same "$out" "$anchor" 'what it says of itself'
like "$err" '^warning: ' 'with a warning'
for line in "activate files -m gone" "deny $at -m no" \
	"trust suspend erin" "policy retire files"; do
	# shellcheck disable=SC2086
	run plain bg $line
	ok "unanchored: no $line" test "$status" -ne 0
	same "$(git -C "$T/as/bob-plain" for-each-ref | grep -c log/bob)" 0 \
		'and nothing is signed'
done
expect_exit 0 plain bg note "$at" 'from a plain clone'
like "$err" '^warning: this repository is unanchored \(bg1:' 'signed with a warning'
expect_exit 11 plain bg deny "$at" -m 'still not'
like "$err" '^hint: bg trust accept ANCHOR' 'and what to do'
expect_exit 0 plain bg trust accept "$anchor"
expect_exit 0 plain bg note "$at" 'anchored now'
same "$err" "$(grep '^sign as' <<<"$err")" 'without a warning'
done_testing
