#!/bin/bash
# shellcheck disable=SC2030,SC2031
# verify: verdicts, exit codes, output, and that nothing but the path and the
# anchor matters.
. "$(dirname "$0")/../lib.sh"
test_begin 'verify'

forge=$BG_BUILD/test/tools/forge
mkdir made
anchor=$("$forge" make made)
repo=$PWD/made/repo
git clone -q "$repo" clone

# Verdicts that need no forger.
expect_exit 0 bg verify clone --anchor "$anchor"
like "$out" '^ok: ' 'the verdict in a line'
like "$out" 'that no seal covers' 'how much no seal covers'
like "$out" 'what this does not prove' 'what it does not prove'
expect_exit 11 bg verify clone
like "$out" '^unanchored: '
expect_exit 12 bg verify clone --anchor "$anchor" --max-age 1d
same "$(bg verify -q clone --anchor "$anchor")" ok '-q: one word'
same "$(bg -C clone verify -q --anchor "$anchor")" ok '-C DIR'
same "$(cd clone && bg verify -q --anchor "$anchor")" ok 'here'
printf '%s\nprinted on paper\n' "$anchor" >anchor.txt
same "$(bg verify -q clone --anchor @anchor.txt)" ok '@FILE'
grouped=$(sed 's/^bg1:\(.*\)/\1/; s/..../&-/g; s/-$//; s/^/bg1:/' <<<"$anchor")
same "$(bg verify -q clone --anchor "$grouped")" ok 'groups do not matter'

# The document.
bg verify clone --anchor "$anchor" --json >one
json_is "$(cat one)" '.schema' 1
json_is "$(cat one)" '.verdict' ok
json_is "$(cat one)" '.anchor' "$anchor"
json_is "$(cat one)" '.events == .unsealed' true
json_is "$(cat one)" '.writers' 7
json_is "$(cat one)" '.grants' 1
json_is "$(cat one)" '.limits | length' 5
json_is "$(cat one)" \
	'all(.findings[]; .id and .severity and .text and has("ref"))' true
bg verify clone --anchor "$anchor" --json >two
ok 'the same bytes again' cmp one two
# Another machine, another user's clone, bare or not.
git clone -q --bare "$repo" bare.git
(
	# shellcheck disable=SC2030 # for this subshell only
	export HOME=$T/elsewhere TZ=Asia/Tokyo
	mkdir "$HOME"
	bg verify bare.git --anchor "$anchor" --json
) >three
ok 'the same bytes elsewhere' cmp one three

# Engines agree; each alone is enough.
for engine in native gpgme both; do
	same "$(bg verify -q clone --anchor "$anchor" --engine "$engine")" ok \
		"--engine $engine"
done
expect_exit 129 bg verify clone --engine magic

# What is no verdict.
expect_exit 129 bg verify clone --anchor bg1:nonsense
expect_exit 129 bg verify clone more
expect_exit 3 bg verify nothing-here
expect_exit 129 bg verify anchor.txt
git init -q empty
expect_exit 1 bg verify empty --json
json_is "$out" .verdict incomplete 'a repository without evidence'

# Nothing of the user or the repository counts.
cat >evil <<-'SH'
	#!/bin/sh
	touch "$CANARY"
	exit 0
SH
chmod +x evil
export CANARY=$PWD/canary
git config --global gpg.program "$PWD/evil"
git config --global core.fsmonitor "$PWD/evil"
git -C clone config gpg.program "$PWD/evil"
git -C clone config core.fsmonitor "$PWD/evil"
for hook in post-checkout reference-transaction pre-auto-gc; do
	cp evil "clone/.git/hooks/$hook"
done
same "$(bg verify -q clone --anchor "$anchor" --engine both)" ok \
	'configuration and hooks do not matter'
ok 'and run nothing' test ! -e canary
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	# LeakSanitizer cannot work beside strace.
	ASAN_OPTIONS=detect_leaks=0 strace -f -o trace -e trace=openat,open,execve,connect \
		"$BG" verify -q clone --anchor "$anchor" >/dev/null
	unlike "$(grep -v ENOENT trace)" "\"$HOME/" 'nothing of HOME is opened'
	unlike "$(cat trace)" 'clone/.git/hooks' 'no hook is looked at'
	unlike "$(grep connect trace)" 'sin_port' 'no network'
	same "$(grep -c execve trace)" 1 'no process is started'
fi
before=$(find clone | sort | sha256sum)
bg verify -q clone >/dev/null
same "$(find clone | sort | sha256sum)" "$before" 'nothing is written'
ok 'no state, no cache' test ! -e "$XDG_CACHE_HOME/bg" -a ! -e "$XDG_STATE_HOME/bg"

# Unsafe: what could mislead a reader.
unsafe() {
	rm -rf bad
	git clone -q "$repo" bad
	(cd bad && eval "$2")
	expect_exit 14 bg verify bad --anchor "$anchor" --json
	json_is "$out" '.verdict + " " + .findings[0].id' \
		'unsafe unsafe-repository' "$1"
}
unsafe 'replace refs' 'git replace HEAD HEAD~1'
# shellcheck disable=SC2016 # for eval
unsafe 'grafts' 'git rev-parse HEAD >.git/info/grafts'
unsafe 'shallow' 'git rev-parse HEAD >.git/shallow'
unsafe 'alternates' 'echo /tmp >.git/objects/info/alternates'

# A truncated log shows only against what somebody saw.
cp -a made cut
"$forge" truncate cut >/dev/null
expect_exit 0 bg verify cut/repo --anchor "$anchor"
done_testing
