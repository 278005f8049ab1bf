#!/bin/bash
# clone: join, verified against the anchor.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'clone'
scene_open

expect_exit 0 by alice bg clone "$T/hub.git" "$T/as/alice/ev" --anchor "$anchor"
same "$out" "verified   ok, 2 events, 2 writers
remembered the anchor; made a key for this machine
you        alice
next       git config --global bg.repo '$T/as/alice/ev'" 'what it prints'
same "$err" '' 'nothing else'
expect_exit 0 by alice bg status
ok 'hooks and templates are not copied' test ! -e "$T/as/alice/ev/.git/hooks/pre-commit.sample"
same "$(by alice bg trust anchor)" "$anchor" 'the anchor is remembered'

# --- a person who is not in trust ------------------------------------------------
as frank true
cd "$T/as/frank" || exit 1
expect_exit 0 by frank bg clone "$T/hub.git" "$T/as/frank/ev" --anchor "$anchor"
like "$out" '^not in trust: send frank.req to ana and read them' 'a request'
ok 'the request is there' test -s frank.req
expect_exit 0 by ana bg trust add frank --request frank.req --role oncall
scene_sync
like "$(by frank bg policy list)" '^\* +files' 'and in after ana took it'
expect_exit 0 by frank bg -q activate files -c FILE-GONE \
	-m 'a file of the target is gone'
cd "$T/w" || exit 1

# --- refused ------------------------------------------------------------------------
expect_exit 129 bg clone "$T/hub.git" no
same "$err" "bg: cannot clone without the anchor: nobody could tell a fake from the real one
hint: bg clone URL DIR --anchor bg1:..." 'no anchor'
wrong=${anchor%?}
case $anchor in *0) wrong+=1 ;; *) wrong+=0 ;; esac
expect_exit 129 bg clone "$T/hub.git" no --anchor "$wrong"
like "$err" 'mistyped' 'a mistyped anchor is told'
other=$(make_key bob && bg -q init other --key bob 2>/dev/null)
expect_exit 5 bg clone "$T/hub.git" no --anchor "$other"
ok 'nothing is kept' test ! -e no
mkdir there
expect_exit 1 bg clone "$T/hub.git" there --anchor "$anchor"
ok 'what was there stays' test -d there
expect_exit 1 bg clone "$T/nowhere.git" no --anchor "$anchor"
expect_exit 129 bg clone 'ext::sh -c id% >&2' no --anchor "$anchor"
unlike "$out$err" 'uid=' 'no helper program runs'
git init -q plain
git -C plain commit -q --allow-empty -m x
expect_exit 1 bg clone plain no --anchor "$anchor"

# --- tampered ------------------------------------------------------------------------
git clone -q --bare --no-local "$T/hub.git" bad.git
ref=$(git -C bad.git for-each-ref --format='%(refname)' 'refs/heads/log/ana.*' |
	head -n 1)
forged=$(git -C bad.git cat-file commit "$ref" | sed 's/"host": "[^"]*"/"host": "evil"/' |
	git -C bad.git hash-object -t commit -w --stdin --literally)
git -C bad.git update-ref "$ref" "$forged"
expect_exit 5 by rita bg clone "$T/w/bad.git" "$T/as/rita/ev" --anchor "$anchor"
like "$err" 'tampered' 'tampered'
ok 'and not kept' test ! -e "$T/as/rita/ev"

# --- the default directory ------------------------------------------------------------
cp -R "$T/hub.git" "$T/w/evidence.git"
expect_exit 0 bg -q clone "$T/w/evidence.git" --anchor "$anchor"
ok 'named after the URL' test -d evidence
expect_exit 0 bg clone "$T/w/evidence.git" json --anchor "$anchor" --json
json_is "$out" '.verdict, (.events > 0)' 'ok
true'
done_testing
