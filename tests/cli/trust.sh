#!/bin/bash
# trust: every change is a signed version.
. "$(dirname "$0")/../lib.sh"
test_begin 'trust'
make_key ana
bg -q init ev --org Acme >/dev/null 2>&1
cd ev || exit 1
anchor=$(bg trust anchor)

run bg trust show
like "$out" '^Acme  version 1, ' 'show'
run bg trust show --json
json_is "$out" '.version, .root.threshold, .principals[0].name' '1
1
ana'
run bg trust
like "$out" '^Acme  version 1' 'bare trust shows'
expect_exit 3 bg trust show anna
like "$err" 'nearest: ana' 'the nearest person'

# --- add ---------------------------------------------------------------------------
expect_exit 0 bg trust add alice --key "$KEYS/alice.pub.asc" --role oncall \
	--contact "+49 171 'x'"
same "$out" 'version 2 of trust, signed by ana: added alice' 'added'
run bg trust show alice
like "$out" '^alice  person' 'a person'
like "$out" "contact   \\+49 171 'x'" 'quotes survive'
like "$out" "keys      $(fpr alice)" 'her key'
like "$out" 'roles     oncall' 'her role'
gpg --batch --quiet --import "$KEYS/bob.pub.asc" 2>/dev/null
expect_exit 0 bg trust add bob --key "$(fpr bob)" --role oncall --role lead
expect_exit 0 bg -q trust add host1 --kind host --owner ana \
	--key "$KEYS/signonly.pub.asc"
same "$out" 4 '-q prints the version'
expect_exit 0 bg trust add acme-jo --kind vendor --sponsor ana \
	--contract C-2291 --until 2027-03-31 --key "$KEYS/carol.pub.asc" --json
json_is "$out" '.schema, .version' '1
5'
run bg trust show acme-jo
like "$out" 'until     2027-03-31' 'the last day'
like "$(cat trust.yaml)" "until: '2027-03-31'" 'as it was typed'
expect_exit 129 bg trust add Bad-Name --key "$KEYS/dana.pub.asc"
expect_exit 129 bg trust add dana --kind wizard
expect_exit 129 bg trust add dana --request x --key y
expect_exit 129 bg trust add dana --contact $'a\eb' --key "$KEYS/dana.pub.asc"
expect_exit 6 bg trust add again --key "$KEYS/alice.pub.asc"
like "$err" 'trust.yaml:[0-9]+:[0-9]+: error: .*\[key-twice\]' \
	'one key under two names'
expect_exit 3 bg trust add erin --key nobody@example.org
expect_exit 1 bg trust add weak --key "$KEYS/rsa2048.pub.asc"
head -c 2000 /dev/urandom >junk
expect_exit 5 bg trust add dana --key junk
same "$(bg trust log | head -n 1 | cut -d ' ' -f 1)" 5 'no version came of these'

# --- request --------------------------------------------------------------------------
request() { BG_REPO=$T/w/ev as "$1" bg trust request -o "$T/w/$1.req"; }
expect_exit 0 request erin
like "$out" "key $(fpr erin)" 'the fingerprint to read out'
expect_exit 0 bg trust add erin --request ../erin.req --role oncall
sed 's/"kind": "person"/"kind": "host"/' ../erin.req >../forged.req
expect_exit 5 bg trust add frank --request ../forged.req
like "$err" 'signature is wrong' 'a changed request'
printf 'x' >../no.req
expect_exit 5 bg trust add frank --request ../no.req
expect_exit 3 bg trust add frank --request ../nowhere.req

# --- role -------------------------------------------------------------------------------
expect_exit 0 bg trust role lead --add alice --remove bob
like "$(cat trust.yaml)" '^  lead: \[alice\]' 'added and removed'
expect_exit 3 bg trust role lead --remove bob
expect_exit 3 bg trust role lead --add nobody
expect_exit 129 bg trust role lead
expect_exit 129 bg trust role lead --add alice
like "$err" 'nothing to change' 'no version for nothing'
expect_exit 0 bg trust role newrole --add alice

# --- comments stay where nothing changed ---------------------------------------------------
sed -i 's/^organisation:/# kept comment\norganisation:/' trust.yaml
cat >"$T/editor" <<END
#!/bin/sh
cp "$T/w/ev/trust.yaml" "\$1"
END
chmod +x "$T/editor"
expect_exit 0 env EDITOR="$T/editor" "$BG" trust edit
expect_exit 0 bg trust role newrole --add bob
like "$(git show trust:trust.yaml)" '^# kept comment' 'a comment survives'
# shellcheck disable=SC2016
printf '#!/bin/sh\necho "nonsense: [" >>"$1"\n' >"$T/editor"
expect_exit 6 env EDITOR="$T/editor" "$BG" trust edit
expect_exit 129 env EDITOR=true "$BG" trust edit
expect_exit 1 env EDITOR=false "$BG" trust edit
expect_exit 129 env EDITOR="$T/editor" "$BG" --batch trust edit

# --- suspend, resume, retire ---------------------------------------------------------------
expect_exit 0 bg trust suspend bob
like "$out" 'revoke --all --by bob' 'what comes next'
like "$(bg trust show bob)" 'suspended' 'is shown'
expect_exit 129 bg trust suspend bob
expect_exit 3 bg trust suspend nobody
expect_exit 0 bg trust resume bob
expect_exit 3 bg trust resume bob
expect_exit 0 bg trust retire bob
like "$out" '^roles     oncall' 'first what the person holds'
like "$(cat trust.yaml)" '^  - name: bob' 'retired'
unlike "$(sed -n '/^roles/,/^[a-z]/p' trust.yaml)" bob 'out of every role'
expect_exit 129 bg trust retire bob
expect_exit 129 bg trust add bob --key "$KEYS/dana.pub.asc"
like "$err" 'retired' 'a retired name is not given again'
expect_exit 0 bg trust retire "$(fpr alice)" --compromised-since 2026-01-01
like "$(cat trust.yaml)" '^compromised:' 'a stolen key is on record'
expect_exit 3 bg trust retire "$(fpr dana)"
expect_exit 6 bg trust retire ana
like "$err" 'threshold|nobody|empty' 'nobody can lock everybody out'

# --- draft -----------------------------------------------------------------------------------
version=$(bg trust log | head -n 1 | cut -d ' ' -f 1)
expect_exit 3 bg trust publish
expect_exit 0 bg trust add dana --key "$KEYS/dana.pub.asc" --draft
like "$out" '^in the draft: added dana' 'kept'
expect_exit 0 bg trust role oncall --add dana --draft
run bg trust diff
like "$out" '^\+  dana:' 'diff shows the draft'
expect_exit 3 bg trust show dana
expect_exit 0 bg trust publish
same "$out" "version $((version + 1)) of trust, signed by ana" 'one version'
expect_exit 0 bg trust show dana
expect_exit 0 bg trust role oncall --remove dana --draft
expect_exit 0 bg trust role other --add dana
expect_exit 75 bg trust publish
like "$err" 'came after it was begun' 'an outdated draft takes nothing back'
expect_exit 0 bg trust publish --discard
expect_exit 3 bg trust publish

# --- who may not -------------------------------------------------------------------------------
git config user.signingKey "$(fpr erin)"
cd "$T/w" || exit 1
as erin bg -q clone "$T/w/ev" "$T/as/erin/ev" --anchor "$anchor" 2>/dev/null
expect_exit 4 env BG_REPO="$T/as/erin/ev" bash -c ". $top/tests/lib.sh; T=$T
	KEYS=$KEYS as erin bg trust suspend dana"
like "$err" "'erin' is no admin; ask ana" 'only an admin'
like "$(BG_REPO=$T/as/erin/ev as erin bg log --type refuse)" 'refuse' \
	'a refused attempt is evidence'

# --- threshold, unanchored ------------------------------------------------------------------------
expect_exit 129 bg -C ev trust cosign x
git clone -q ev plain
expect_exit 0 bg -C plain trust show
expect_exit 5 bg -C plain trust accept "$(make_key carol; bg -q init o --key carol 2>/dev/null)"
expect_exit 129 bg -C plain trust accept bg1:nonsense
expect_exit 0 bg -C plain trust accept "$anchor"
expect_exit 75 bg -C plain --key ana@example.org trust role other --add ana
like "$err" 'did not take the version; nothing changed' 'shared first'
same "$(git -C plain status --porcelain)" '' 'and nothing has changed'
expect_exit 0 bg -C plain --key ana@example.org trust role other --add ana \
	--offline
like "$err" '^warning: not shared yet' '--offline warns'
fsck_repo ev
done_testing
