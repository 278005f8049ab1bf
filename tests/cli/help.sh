#!/bin/bash
# help, -h, unknown commands, aliases, global options: nothing of this needs a
# repository.
. "$(dirname "$0")/../lib.sh"
test_begin 'help and dispatch'
mapfile -t names < <(sed -n 's/^BG_CMD(\([a-z_]*\))$/\1/p' "$top/cmd/list.h" |
	tr _ -)

# --- help ---------------------------------------------------------------------
expect_exit 0 bg help
same "$(head -n 1 <<<"$out")" 'in an emergency' 'the emergency block is first'
same "$(awk 'length > 79' <<<"$out")" '' 'no line is longer than 79'
like "$out" '^  activate   open access:  bg activate POLICY' 'with the line to type'
expect_exit 0 breakglass help
like "$out" 'breakglass activate POLICY' 'with the word that was typed'
expect_exit 0 env BG_NAME=bg "$BG_BUILD/breakglass" help
like "$out" ' bg activate POLICY' 'the shell function passes its name'
for page in emergency approver reviewer auditor admin scripts; do
	for word in bg breakglass; do
		run "$word" help "$page"
		same "$status" 0 "$word help $page"
		ok "$page fits a screen" test "$(wc -l <<<"$out")" -le 24
		same "$(awk 'length > 80' <<<"$out")" '' "$page is 80 wide"
	done
done
run breakglass help emergency
unlike "$out" '(^| )bg [a-z]' 'a page says breakglass when that was typed'
run bg help -a
for name in "${names[@]}"; do
	like "$out" "^  $name +[a-z]" "help -a has $name"
done
expect_exit 3 bg help nosuch
same "$err" "bg: no help about 'nosuch'
hint: bg help -a" 'what else there is'
expect_exit 129 bg help one two

# --- -h for every command -----------------------------------------------------
for name in "${names[@]}"; do
	run bg "$name" -h
	same "$status $err" '0 ' "$name -h"
	like "$out" "^usage: bg $name( |\$)" "$name: synopsis"
	ok "$name: two examples" test \
		"$(sed -n '/^examples/,/^$/p' <<<"$out" | grep -c '^  ')" -ge 2
	like "$out" '^  (129|125) ' "$name: exit codes"
	run bg "$name" --help
	same "$status" 0 "$name --help"
done
# shellcheck disable=SC2031
ok 'nothing was made at home' test -z \
	"$(find "$HOME" -type f ! -name .gitconfig)"

# --- wrong command lines ----------------------------------------------------------
while IFS='|' read -r line want; do
	# shellcheck disable=SC2086
	run bg $line
	same "$status ${err%%$'\n'*}" "129 bg: $want" "bg $line"
done <<'END'
status --nosuch|unknown option '--nosuch'
status --chec|unknown option '--chec': did you mean '--check'?
status -Z|unknown option '-Z'
--nosuch status|unknown option '--nosuch'
log -n|option '-n' needs a value
log -n x|wrong value 'x' for '--number': want a number
log -n 1 -n 2|option '--number' given twice
log --since yesterday|wrong value 'yesterday' for '--since': want a time (2026-11-23T03:14Z), day, month, quarter or year
status --check=yes|option '--check' takes no value
--color sometimes status|wrong value 'sometimes' for '--color': want auto, always or never
-q -v status|options '--quiet' and '--verbose' exclude each other
nosuchcommand|unknown command 'nosuchcommand'
provider-command|unknown command 'provider-command'
trust nosuch|unknown command 'trust nosuch'
trust show --to x|'trust show' takes no option '--to'
version now|unexpected argument 'now'
shell-init tcsh|no function for the shell 'tcsh': want bash, zsh, fish, dash or sh
END
run bg actvate
same "$err" "bg: unknown command 'actvate'
hint: bg activate" 'the nearest name is shown, and nothing runs'
run bg --json trst
json_is "$out" '.schema, .error.exit, .error.reasons[0].id, .error.hints[0]' \
	$'1\n129\nunknown-command\nbg trust' 'a failure is a document'
same "$err" '' 'and nothing else'
run bg $'a\eb'
same "$err" "bg: unknown command 'a\\x1bb'
hint: bg help" 'what was typed is escaped'

# --- global options on both sides ------------------------------------------------------
expect_exit 0 bg --json version
json_is "$out" .schema 1
expect_exit 0 bg version --json
json_is "$out" .schema 1
expect_exit 0 bg -q version
like "$out" '^[0-9.]+$' '-q before'
expect_exit 0 bg version -q
expect_exit 0 bg --version
run bg -C "$T/nowhere" status
same "$status" 3 '-C before: no repository'
run bg status -C "$T/nowhere"
same "$status" 3 '-C after'
run bg status --repo="$T/nowhere"
same "$status" 3 '--repo=DIR'

# --- aliases and external commands -------------------------------------------------------
git config --global bg.alias.v 'version --json'
git config --global bg.alias.say "help 'emergency'"
git config --global bg.alias.bad 'nosuch'
git config --global bg.alias.sh '!sh -c id'
git config --global bg.alias.status 'version'
expect_exit 0 bg v
json_is "$out" .schema 1 'an alias with arguments'
expect_exit 129 bg v more
expect_exit 0 bg say
like "$out" '^OPEN' 'quotes are words'
expect_exit 129 bg bad
expect_exit 129 bg sh
unlike "$out$err" 'uid=' 'an alias runs no shell'
run bg -C "$T/nowhere" status
same "$status" 3 'an alias never hides a command'
git init -q "$T/w/trap"
git -C "$T/w/trap" config bg.alias.trapped version
cd "$T/w/trap" || exit 1
expect_exit 129 bg trapped
cd "$T/w" || exit 1
mkdir "$T/bin" "$T/w/here"
# shellcheck disable=SC2016
printf '#!/bin/sh\necho "external $*"; echo "$BG_NAME"\n' >"$T/bin/bg-hello"
cp "$T/bin/bg-hello" "$T/bin/bg-provider-x"
cp "$T/bin/bg-hello" "$T/w/here/bg-local"
chmod +x "$T"/bin/bg-* "$T/w/here/bg-local"
PATH=$T/bin:.:here:$PATH
expect_exit 0 bg hello a -h
same "$out" 'external a -h
bg' 'bg-NAME on PATH'
expect_exit 129 bg provider-x
cd "$T/w/here" || exit 1
expect_exit 129 bg local
cd "$T/w" || exit 1

# --- descriptors, full disk ----------------------------------------------------------------
run bash -c '"$0" version >&- 2>/dev/null' "$BG"
ok 'a closed stdout is no crash' test "$status" -lt 2
run bash -c '"$0" nosuch 2>&-' "$BG"
same "$status" 129 'a closed stderr is no crash'
run bash -c '"$0" help -a >/dev/full' "$BG"
same "$status" 1 'a full disk is a failure'
like "$err" 'cannot write to standard output: No space left' 'and is said'
run bash -c '"$0" help -a | head -n 1 >/dev/null; exit "${PIPESTATUS[0]}"' "$BG"
ok 'a reader that had enough is none' test "$status" = 0 -o "$status" = 141
same "$err" '' 'and nothing is said'
done_testing
