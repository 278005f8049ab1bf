#!/bin/bash
# policy: lint, publish, explain; nothing of this runs anything.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'policy'

# --- lint without a repository --------------------------------------------------
cd "$top" || exit 1
for f in policies/*.yaml policies/identities/*.yaml; do
	run bg policy lint "$f"
	unlike "$out" ': error: ' "$f has no error"
	same "$status" 0 "$f: exit 0"
done
cd "$T/w" || exit 1
printf 'bg: policy/1\nname: x\nnosuch: 1\nowner: [a]\n' >bad.yaml
expect_exit 6 bg policy lint bad.yaml
like "$out" '^bad.yaml:3:1: error: .* \[unknown-key\]$' 'file:line:col: severity: text [id]'
ok 'all faults in one run' test "$(wc -l <<<"$out")" -gt 3
same "$err" '' 'findings are the result'
run bg policy lint bad.yaml --json
json_is "$out" '.faults[] | select(.id == "unknown-key") | .line, .severity' '3
error'
expect_exit 3 bg policy lint nowhere.yaml
expect_exit 129 bg policy lint
printf 'bg: policy/1\nname: "a\\eb"\n' >esc.yaml
run bg policy lint esc.yaml
unlike "$out" $'\e' 'no escape sequence reaches the terminal'
printf 'bg: policy/1\nname: \xff\n' >utf.yaml
expect_exit 6 bg policy lint utf.yaml

# --- cases --------------------------------------------------------------------------
expect_exit 0 bg policy test "$top"/tests/decide/prod-db.case
like "$out" '^ok 1 - ' 'cases as TAP'
sed 's/^allowed .*/refused/' "$top/tests/decide/ssh-host.case" |
	sed "s|\.\./\.\./|$top/|; s|@TRUST trust|@TRUST $top/tests/decide/trust|" >wrong.case
run bg policy test wrong.case
ok 'a wrong case is told' test "$status" -ne 0
expect_exit 3 bg policy test nowhere.case

# --- in a repository ------------------------------------------------------------------
scene_open
scene_join alice rita
run by alice bg policy
same "$(scrub <<<"$out")" '*  files  read write  Files of the target
*  vault  read write  Files of the target
* you may open it' 'bare policy lists, with what one may open'
run by rita bg policy list
unlike "$out" '^\*' 'not for a reviewer'
run by alice bg policy list --json
json_is "$out" '.policies[0] | .name, .may_open, .scopes[1]' 'files
true
write'
same "$(by alice bg policy show files)" "$(cat "$T/w/files.yaml")" 'show is the file'
expect_exit 3 by alice bg policy show flies
same "$err" "bg: no policy 'flies'
hint: bg policy show files" 'the nearest'
sed 's/concurrent: 2/concurrent: 1/' files.yaml >files2.yaml
run by ana bg policy diff files2.yaml
like "$out" '^\+limits: .*concurrent: 1' 'diff'
expect_exit 0 by ana bg policy diff files.yaml
same "$out" '' 'no difference, no output'
run by ana bg policy lint files2.yaml
unlike "$out" error 'held against trust'
sed 's/oncall/nosuchrole/' files.yaml >norole.yaml
expect_exit 6 by ana bg policy lint norole.yaml
like "$out" '\[unknown-role\]' 'an unknown role'
expect_exit 6 by ana bg policy publish norole.yaml
like "$err" 'norole|files.yaml:[0-9]+:[0-9]+: error' 'is not published'
expect_exit 4 by alice bg policy publish files2.yaml
like "$err" "'alice' is no admin" 'only an admin'
expect_exit 0 by ana bg policy publish files2.yaml
like "$out" '^version [0-9]+ of trust, signed by ana: policies/files.yaml' 'published'
expect_exit 129 by ana bg policy publish files2.yaml
printf 'hello\n' >text.yaml
expect_exit 129 by ana bg policy publish text.yaml
printf 'bg: policy/1\nname: ../../x\n' >path.yaml
run by ana bg policy publish path.yaml
ok 'no path leaves the folder' test "$status" -ne 0
# shellcheck disable=SC2016
printf '#!/bin/sh\nsed -i "s/concurrent: 1/concurrent: 3/" "$1"\n' >"$T/editor"
chmod +x "$T/editor"
expect_exit 0 by ana env EDITOR="$T/editor" "$BG" policy edit files
like "$(by ana bg policy show files)" 'concurrent: 3' 'edited'

# --- explain ------------------------------------------------------------------------------
rm -f "$T"/target/*
expect_exit 0 by alice bg policy explain files -c FILE-GONE
like "$out" '^allowed 30m up to 1h$' 'allowed, and until when'
like "$out" '^would probe  /usr/bin/test -e' 'what would be probed'
expect_exit 0 by alice bg policy explain vault -c FILE-GONE
like "$out" '^waits' 'would wait'
expect_exit 4 by alice bg policy explain files/write -t 8h -c FILE-GONE
like "$out" 'window-over-limit' 'refused, with the reason'
like "$out" '^hint  *bg activate files/write -c FILE-GONE -t 2h -m' 'and the line that works'
expect_exit 4 by alice bg policy explain files -c FILE-GONE --by rita
like "$out" '^reason role' 'as another person'
expect_exit 3 by alice bg policy explain files -c NOSUCH
expect_exit 3 by alice bg policy explain files/nosuch
expect_exit 3 by alice bg policy explain files --by nobody
run by alice bg policy explain files -c FILE-GONE --json
json_is "$out" '.allowed, .policy, .scope, .duration' 'true
files
read
1800'
same "$(find "$T/target" -type f)" '' 'nothing ran'
same "$(by alice bg log --by alice --json | jq -r .type | sort -u)" "refuse
writer" 'and nothing was signed for it'

# --- retire -----------------------------------------------------------------------------------
expect_exit 0 by ana bg policy retire files
expect_exit 3 by ana bg policy show files
expect_exit 3 by ana bg policy retire files
fsck_repo "$T/as/ana/ev"
done_testing
