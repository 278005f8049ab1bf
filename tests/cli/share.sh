#!/bin/bash
# Sharing: what was written is at the remote when a command returns, whatever it
# prints; a remote that is not there is never in the way.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../life.sh"
test_begin 'sharing'
life_setup
hub=$T/hub.git
git init -q --bare -b trust "$hub"
git -C "$EV" remote add origin "$hub"
git -C "$EV" push -q origin 'refs/heads/*:refs/heads/*'

# Own logs and what they bind, here and there.
refs() { git -C "$1" for-each-ref --format='%(refname) %(objectname)' \
	refs/heads/log refs/heads/att; }
shared() { same "$(refs "$hub")" "$(refs "$EV")" "shared: $1"; }

label=$(by alice -q activate open -m 'primary unreachable')
shared 'activate -q'
run by alice note "$label" hello --json
shared 'note --json'
like "$(by alice note "$label" again)" ' pushed$' 'and said'
printf 'evidence\n' >file
run by alice attach "$label" file
shared 'attach'
ok 'bytes before the event that names them' \
	git -C "$hub" rev-parse -q --verify "$(git -C "$EV" for-each-ref \
		--format='%(refname)' refs/heads/att | head -n 1)"
run by alice exec "$label" -- true
shared 'exec'
expect_exit 4 by alice activate open -t 9h -m 'primary unreachable'
shared 'a refusal'
expect_exit 0 by alice -q "done" "$label"
shared 'done -q'
expect_exit 0 by dana review "$label" --decision approved --class emergency \
	--necessary yes --limited yes --reversed yes -m 'fine'
like "$out" ' pushed$' 'review says so'
shared 'review'

# The grant's own timer shares the end that it wrote.
label=$(by alice -q activate quick -m 'primary unreachable')
for _ in {1..100}; do
	[ -z "$(bg log "$label" --type check --json)" ] || break
	sleep 0.2
done
for _ in {1..25}; do
	[ "$(refs "$hub")" != "$(refs "$EV")" ] || break
	sleep 0.2
done
like "$(bg log "$label" --type expire)" expire 'the timer ended it'
shared 'the end by the timer'

# The clone that an auditor takes is whole.
git clone -q --mirror "$hub" "$T/audit.git"
expect_exit 0 bg verify "$T/audit.git" --anchor "$(bg trust anchor)" -q

# No remote there: queued, and the next one brings all of it.
mv "$hub" "$hub.away"
like "$(by alice note "$label" offline)" ' queued$' 'queued'
mv "$hub.away" "$hub"
run by alice note "$label" online
shared 'what was queued'
fsck_repo "$hub"
done_testing
