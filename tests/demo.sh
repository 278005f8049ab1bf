#!/usr/bin/env bash
# The whole life of one emergency, played with throw-away keys: an admin, an
# engineer, a reviewer and a sweeper service, each with an own home, keyring and
# clone.  Leaves the repository and the reports in DIR (build/demo).
#
#	tests/demo.sh DIR
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
dir=${1:?usage: demo.sh DIR}
: "${BG_BUILD:=$top/build}"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
rm -rf "${dir:?}"/*
# Agent sockets want short paths, so the homes are not in DIR.
homes=$(mktemp -d /tmp/bgdemoXXXXXX)
stop_agents() {
	local h
	for h in "$homes"/*; do
		GNUPGHOME=$h/gpg gpgconf --kill all 2>/dev/null || :
	done
	rm -rf "$homes"
}
trap stop_agents EXIT

bold='' dim='' off=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
	bold=$'\e[1m' dim=$'\e[2m' off=$'\e[0m'
fi
scene() { printf '\n%s== %s%s\n' "$bold" "$*" "$off"; }

# as WHO COMMAND...: in WHO's home and clone, with WHO's keyring.
as() {
	local who=$1
	shift
	(
		cd "$homes/$who" || exit 1
		env -i PATH="$BG_BUILD:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" \
			HOME="$homes/$who" GNUPGHOME="$homes/$who/gpg" \
			XDG_STATE_HOME="$homes/$who/state" \
			GIT_CONFIG_NOSYSTEM=1 BG_REPO="$homes/$who/evidence" \
			LC_ALL=C.UTF-8 TZ=UTC TERM=dumb USER="$who" "$@"
	)
}
# The same, showing the line first, as it would be typed.
show() {
	local who=$1
	printf '%s%s$ %s%s\n' "$dim" "$who" "${*:2}" "$off"
	as "$@"
}
# It must fail with this status.
refused() {
	local want=$1 got=0
	shift
	show "$@" || got=$?
	if [ "$got" != "$want" ]; then
		printf 'demo: exit %s instead of %s\n' "$got" "$want" >&2
		exit 1
	fi
	printf '%s(exit %s)%s\n' "$dim" "$got" "$off"
}
new_person() {
	local who=$1
	mkdir -p "$homes/$who/gpg"
	chmod 700 "$homes/$who/gpg"
	as "$who" gpg --batch --quiet --passphrase '' --quick-gen-key \
		"$who <$who@acme.example>" ed25519 sign,cert never 2>/dev/null
	as "$who" gpg --batch --quiet --passphrase '' --quick-add-key \
		"$(as "$who" gpg --batch --with-colons -k "$who@acme.example" |
			awk -F: '/^fpr/ {print $10; exit}')" cv25519 encr never 2>/dev/null
	as "$who" gpg --batch --export "$who@acme.example" >"$homes/$who.pgp"
}
# What one has signed reaches the others through the shared repository.
share() {
	as "$1" git -C "$homes/$1/evidence" push -q origin \
		'refs/heads/log/*' 'refs/heads/att/*' 2>/dev/null || :
	for who in ana alice rita sweeper1; do
		[ -d "$homes/$who/evidence" ] || continue
		as "$who" git -C "$homes/$who/evidence" fetch -q origin
	done
}

scene 'Keys: an admin, an engineer, a reviewer, a sweeper service'
for who in ana alice rita sweeper1; do new_person "$who"; done
(cd "$homes" && printf '  %s\n' ./*.pgp)

scene 'Before the emergency: who may do what'
show ana breakglass init "$homes/ana/evidence" --org Acme
anchor=$(as ana breakglass trust anchor)
show ana breakglass trust add alice --key "$homes/alice.pgp" --role storage-oncall
show ana breakglass trust add rita --key "$homes/rita.pgp" --role security-review
show ana breakglass trust add sweeper1 --key "$homes/sweeper1.pgp" \
	--kind service --role sweeper
cp "$top/tests/demo/storage-console.yaml" "$homes/ana/"
show ana breakglass identity add array-root --kind maintenance --escrow 1 \
	--custodian alice --secret-file - <<<'correct horse battery staple'
show ana breakglass policy lint storage-console.yaml
show ana breakglass policy publish storage-console.yaml

scene 'Everybody clones, holding the anchor'
git init -q --bare -b trust "$dir/evidence.git"
as ana git -C "$homes/ana/evidence" remote add origin "$dir/evidence.git"
as ana git -C "$homes/ana/evidence" push -q origin 'refs/heads/*:refs/heads/*'
for who in alice rita sweeper1; do
	show "$who" breakglass clone "$dir/evidence.git" "$homes/$who/evidence" \
		--anchor "$anchor"
done

scene '03:00: the console of the array is gone'
show alice breakglass activate
refused 4 alice breakglass activate storage-console -t 8h \
	-m 'console is gone, controller B panics'
show alice breakglass activate storage-console \
	-m 'console is gone, controller B panics'
# shellcheck disable=SC2016 # for the shell of the emergency
show alice breakglass exec -- sh -c 'echo "controller B: $(id -un) was here"'
show alice breakglass note 'controller B restarted by hand'
show alice breakglass extend -m 'waiting for the resync'
show alice breakglass status
refused 6 alice breakglass "done"
share alice

scene 'Afterwards: rotate what was shown, end what is proven, review'
grant=$(as alice breakglass log --type activate -n 1 --json | jq -r .grant)
show ana breakglass rotate array-root -m 'changed on the array' \
	--secret-file - <<<'a new one nobody has seen'
share ana
refused 6 sweeper1 breakglass sweep
show alice breakglass sweep
share alice
refused 4 alice breakglass review "$grant" --decision approved \
	--class emergency --necessary yes --limited yes --reversed yes \
	-m 'I was fine'
show rita breakglass review
show rita breakglass review "$grant" --decision approved --class emergency \
	--necessary yes --limited yes --reversed yes \
	-m 'console was gone; one command, then ended'
share rita
show rita breakglass report "$grant"
as rita breakglass report "$grant" --format md >"$dir/report.md"
as rita breakglass report "$grant" --format json >"$dir/report.json"
as rita breakglass report --format md >"$dir/quarter.md"

scene 'The auditor: a bare clone by plain git, and one printed line'
git clone -q --bare --no-local "$dir/evidence.git" "$homes/audit.git"
mkdir -p "$homes/auditor/gpg"
chmod 700 "$homes/auditor/gpg"
refused 11 auditor breakglass verify "$homes/audit.git"
show auditor breakglass verify "$homes/audit.git" --anchor "$anchor"

scene 'A tampered clone'
ref=$(git -C "$homes/audit.git" for-each-ref \
	--format='%(refname) %(subject)' 'refs/heads/log/alice.*' |
	awk '$2 == "revoke" {print $1}')
forged=$(git -C "$homes/audit.git" cat-file commit "$ref" |
	sed 's/"handback"/"ordered"/' |
	git -C "$homes/audit.git" hash-object -t commit -w --stdin)
git -C "$homes/audit.git" update-ref "$ref" "$forged"
refused 5 auditor breakglass verify "$homes/audit.git" --anchor "$anchor"

scene 'Git agrees'
git -C "$dir/evidence.git" fsck --strict
printf '%s\n' "$anchor" >"$dir/anchor"
printf '\nrepository  %s\nanchor      %s\nreports     %s\n' \
	"$dir/evidence.git" "$dir/anchor" "$dir/report.md"
