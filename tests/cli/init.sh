#!/bin/bash
# init: the genesis, the anchor, one key.
. "$(dirname "$0")/../lib.sh"
test_begin 'init'

# --- no key, wrong lines: nothing is made -------------------------------------
expect_exit 3 bg init ev
same "$err" "bg: no secret key in your keyring
hint: gpg --quick-generate-key 'Name <you@example.org>' ed25519 sign 2y" \
	'no key: how to make one'
expect_exit 129 bg init
expect_exit 129 bg init a b
ok 'nothing was made' test ! -e ev
make_key expired
expect_exit 1 bg init ev
like "$err" 'has expired' 'an expired key cannot sign'
like "$err" '^hint: gpg --quick-set-expire' 'and how to mend it'
make_key revoked
expect_exit 1 bg init ev --key revoked
like "$err" 'is revoked' 'nor a revoked one'
make_key rsa2048
expect_exit 1 bg init ev --key rsa2048
like "$err" '3072|weak|RSA' 'nor a weak one'
ok 'still nothing was made' test ! -e ev

# --- one key ------------------------------------------------------------------------
make_key ana
expect_exit 0 bg init ev --org Acme --key ana@example.org
same "$(scrub <<<"$out")" "made     DIR/w/ev  for Acme
you      ana, key $(fpr ana): only root and admin
anchor   ANCHOR
         print it, and keep it where this repository is not: it proves all
         of it to anybody
next     git config --global bg.repo 'DIR/w/ev'
         bg policy publish FILE" 'what it prints'
like "$err" '^sign as ana' 'says who signs'
anchor=$(sed -n 's/^anchor   //p' <<<"$out")
like "$anchor" '^bg1:([0-9a-z]{4}-){13}[0-9a-z]{4}$' 'anchor in groups'
same "$(bg -C ev trust anchor)" "$anchor" 'the anchor again'
same "$(cd ev && find . -path ./.git -prune -o -type f -print | sort)" \
	"./README.md
./keys/$(fpr ana).pgp
./trust.yaml" 'a work tree that can be read'
same "$(git -C ev for-each-ref --format='%(refname)' | grep -c log/ana)" 2 \
	'a log for the person and one for the machine'
run bg -C ev log --json
same "$(jq -r .type <<<"$out" | sort -u)" writer 'both are registered'
same "$(bg -C ev trust log | wc -l)" 1 'one version'
expect_exit 1 bg init ev --key ana
like "$err" 'not empty' 'never into what is there'
mkdir empty
expect_exit 0 bg -q init empty --key ana
like "$out" '^bg1:' '-q prints the anchor'
expect_exit 0 bg init json --key ana --json --org 'Acme Ltd' --name root-ana
json_is "$out" '.organisation, .principal, .version' 'Acme Ltd
root-ana
1'
fsck_repo ev
fsck_repo json

# --- several keys -------------------------------------------------------------------
make_key bob
gpg --batch --yes --delete-secret-and-public-key "$(fpr rsa2048)" 2>/dev/null
expect_exit 3 bg init two
like "$err" '2 keys could sign: name one' 'several keys'
like "$err" "^hint: bg init two --key $(fpr ana)    # Ana" 'with lines to type'
like "$err" "^hint: bg init two --key $(fpr bob)" 'for each'
git config --global user.signingKey "$(fpr bob)"
expect_exit 0 bg -q init two
same "$(bg -C two trust show | sed -n 's/^root *//p')" '1 of bob' \
	'user.signingKey chooses'
git config --global bg.signingKey "$(fpr ana)"
expect_exit 0 bg -q init three
same "$(bg -C three trust show | sed -n 's/^root *//p')" '1 of ana' \
	'bg.signingKey before it'

# --- what one signer cannot do ----------------------------------------------------------
expect_exit 129 bg init four --admin carol@example.org
like "$err" 'only root and admin' 'further admins come later'
expect_exit 129 bg init four --admin-threshold 2
expect_exit 129 bg init four --org $'a\eb'
expect_exit 129 bg init four --name Ana
ok 'nothing was made' test ! -e four

# --- wrong key, no agent ------------------------------------------------------------------
make_key locked
pinentry_says --cancel
expect_exit 1 bg init five --key locked
like "$err" 'cancel' 'a cancelled passphrase'
ok 'and nothing stays' test ! -e five
pinentry_says wrong
expect_exit 1 bg init five --key locked
ok 'nor with a wrong one' test ! -e five
pinentry_says INSECURE
expect_exit 0 bg -q init five --key locked
gpgconf --kill gpg-agent
expect_exit 1 bg --batch init six --key locked
ok '--batch never asks' test ! -e six
for key in p256 p384 rsa3072 subkey signonly; do
	make_key "$key"
	expect_exit 0 bg -q init "$key" --key "$key"
	fsck_repo "$key"
done
done_testing
