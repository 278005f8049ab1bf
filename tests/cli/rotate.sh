#!/bin/bash
# Expansions in single quotes are for the programs that get them.
# shellcheck disable=SC2016,SC2031,SC2119,SC2317
# A credential in escrow: opened with the activator's own key, given in a file
# that the end shreds, tainted until somebody else rotates it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../life.sh"
test_begin 'rotate'
life_setup

secret='correct horse battery staple'
cat >p/san-root.yaml <<END
bg: identity/1
name: san-root
kind: maintenance
title: Root of the storage array
owner: carol
custody: escrow
escrow: {quorum: {k: 1, custodians: [carol, dana]}, solo_to: oncall}
rotate: {method: manual}
END
life_policy san | sed -e 's/identity: host/identity: san-root/' \
	-e 's/^    grant: .*/    grant: {provider: escrow, with: {}}/' \
	-e '/^device/i rotate: {within: 24h}' >p/san.yaml
ok 'published' bg policy publish p/san-root.yaml p/san.yaml

# Putting it in: by the owner, never on a command line.
printf '%s' "$secret" >"$T/secret"
expect_exit 4 by alice rotate san-root --secret-file "$T/secret"
expect_exit 129 by carol --batch rotate san-root
like "$err" '^hint: bg rotate san-root --secret-file FILE'
expect_exit 3 by carol rotate no-such -m 'typo'
expect_exit 0 by carol rotate san-root --secret-file - <"$T/secret"
like "$out" '^rotated san-root, 0 exposures settled'
json_is "$(bg log --type rotate -n 1 --json)" \
	'.data | [.identity, .method, .attachments[0].media] | join(" ")' \
	'san-root manual application/vnd.bg.escrow+json'

# Opening: a path is shown, the content nowhere.
expect_exit 0 by alice --json activate san -m 'array console locked out'
LABEL=$(jq -r .grant <<<"$out")
file=$(jq -r .access.paths.BG_SECRET_FILE <<<"$out")
same "$(cat "$file")" "$secret" 'the credential is in the file'
same "$(stat -c %a "$file")" 600 'for its user alone'
unlike "$out$err" "$secret" 'not printed'
expect_exit 0 by alice exec -- sh -c 'cat "$BG_SECRET_FILE"'
same "$out" "$secret" 'exec gives the path'
json_is "$(bg log --grant "$LABEL" --type grant --json)" \
	'.data | [.provider, .isolation, .revocable, .exposed] | map(tostring) | join(" ")' \
	'escrow shared false true'

# Everything that is kept holds no plaintext.
not_ok 'not in the repository' sh -c \
	"git -C '$EV' rev-list --all --objects | cut -d' ' -f1 |
	git -C '$EV' cat-file --batch | grep -aq 'correct horse'"
not_ok 'nor elsewhere in the state' sh -c \
	"grep -raq 'correct horse' --exclude=secret '$XDG_STATE_HOME' '$XDG_CACHE_HOME'"

# The end shreds the file; who saw it knows it until it is rotated.
expect_exit 6 by alice 'done'
like "$out" 'NOT PROVEN gone'
like "$out" 'rotate .*  bg rotate san-root'
ok 'the file is gone' test ! -e "$file"
same "$(state_of "$LABEL")" ending
expect_exit 6 by alice 'done' "$LABEL"
expect_exit 4 by alice rotate san-root --secret-file "$T/secret"

# A rotation by the owner, who saw nothing, is the proof.
printf 'another one' >"$T/secret"
expect_exit 0 by carol rotate san-root --secret-file "$T/secret"
like "$out" '^rotated san-root, 1 exposure settled'
same "$(state_of "$LABEL")" ended 'proven by a check that knows the rotation'
expect_exit 0 by alice 'done' "$LABEL"

# The next opening gets the new one; while it is open, a rotation asks first.
open_one alice san
file=$(by alice exec -- sh -c 'echo "$BG_SECRET_FILE"' 2>/dev/null)
same "$(cat "$file")" 'another one' 'the newest is given'
expect_exit 1 by carol rotate san-root --secret-file "$T/secret"
like "$err" 'in use by 1 open grant'

# Shared: ending one ends the other.
first=$LABEL
open_one bob san
expect_exit 6 by bob 'done' "$LABEL"
like "$out" 'also     ended 1 other grant'
same "$(state_of "$first")" ending 'the other one too'
json_is "$(bg log --grant "$first" --type revoke --json)" .data.kind collateral
ok 'its file is gone' test ! -e "$file"
expect_exit 0 by carol rotate san-root --secret-file "$T/secret"
same "$(state_of "$first") $(state_of "$LABEL")" 'ended ended'

# Who is neither custodian nor in the role cannot open it: nothing is given.
make_key frank
bg trust add frank --key "$(fpr frank)" --role oncall >/dev/null 2>&1
mkdir -m 700 "$T/frank"
GNUPGHOME=$T/frank make_key frank
GNUPGHOME=$T/frank expect_exit 1 by frank activate san -m 'array console locked out'
like "$err" 'nothing is open'
ok 'no file' test -z "$(find "$XDG_STATE_HOME" -name secret)"

# An escrow file that was changed, or is another's, does not open.
ref=$(git -C "$EV" for-each-ref --format='%(refname)' 'refs/heads/att/san-root' | tail -1)
like "$ref" 'att/san-root/carol\.'

fsck_repo "$EV"
verify_ok
done_testing
