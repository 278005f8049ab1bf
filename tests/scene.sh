# shellcheck shell=bash
# A repository with people in it, for tests of commands.  Source after lib.sh:
#
#	scene_open			ana's repository, a shared one, $anchor
#	scene_join alice rita		they clone it (ana listed them)
#	by alice bg status		a command in alice's home and clone
#	scene_sync			everybody pushes, then fetches
#
# In trust: ana (root, admin), alice and erin (oncall), bob (lead), rita
# (security-review).  Policies: `files` opens at once, `vault` waits for a lead.
# Access is a file, $T/target/NAME: there means present.

# $anchor is for the test.
# shellcheck disable=SC2034
anchor=''

by() {
	local who=$1
	shift
	BG_REPO=$T/as/$who/ev as "$who" "$@"
}

# scene_policy NAME WHEN: on stdout.
scene_policy() {
	local name=$1 when=$2 approve='{when: none}'
	[ "$when" = none ] ||
		approve="{roles: [lead], count: 1, when: $when, within: 30m, solo: allowed}"
	cat <<-END
		bg: policy/1
		name: $name
		title: Files of the target
		owner: ana
		triggers:
		  - id: gone
		    when: A file of the target is gone.
		    codes: [FILE-GONE, FILE-WRONG]
		    probe: {run: [/usr/bin/test, -e, $T/target/healthy], expect: fail, timeout: 5s}
		who:
		  activate: [oncall]
		  revoke: [oncall, lead, security-review]
		  approve: $approve
		reason: {min_length: 10}
		limits: {default: 30m, max: 2h, extensions: 1, extend_max: 30m, concurrent: 2}
		scopes:
		  - id: read
		    title: Read it
		    codes: [FILE-GONE]
		    identity: target
		    grant: {provider: command, with: {grant: [/usr/bin/touch, $T/target/$name-read], check: [/usr/bin/test, -e, $T/target/$name-read], revoke: [/usr/bin/rm, -f, $T/target/$name-read]}}
		  - id: write
		    title: Write it
		    identity: target
		    grant: {provider: command, with: {grant: [/usr/bin/touch, $T/target/$name-write], check: [/usr/bin/test, -e, $T/target/$name-write], revoke: [/usr/bin/rm, -f, $T/target/$name-write]}}
		session: {record: none, readable_by: [security-review]}
		device: any
		review: {roles: [security-review], within: 72h}
	END
}

scene_open() {
	mkdir -p "$T/target"
	make_key ana >/dev/null 2>&1
	by ana bg -q init "$T/as/ana/ev" --org Acme >/dev/null 2>"$T/tmp/.init" || {
		diag "$(cat "$T/tmp/.init")"
		echo 'Bail out! cannot make a repository'
		exit 1
	}
	anchor=$(by ana bg trust anchor)
	{
		for who in alice:oncall erin:oncall bob:lead rita:security-review; do
			by ana bg trust add "${who%:*}" --draft \
				--key "$KEYS/${who%:*}.pub.asc" --role "${who#*:}"
		done
		by ana bg trust publish
		scene_policy files none >"$T/w/files.yaml"
		scene_policy vault before >"$T/w/vault.yaml"
		printf '%s\n' 'bg: identity/1' 'name: target' 'kind: service' \
			'title: The target' 'owner: ana' 'custody: provider' \
			>"$T/w/target.yaml"
		by ana bg policy publish "$T/w/target.yaml" "$T/w/files.yaml" \
			"$T/w/vault.yaml"
	} >"$T/tmp/.scene" 2>&1 || {
		diag "$(cat "$T/tmp/.scene")"
		echo 'Bail out! cannot set the scene'
		exit 1
	}
	git init -q --bare -b trust "$T/hub.git"
	by ana git -C "$T/as/ana/ev" remote add origin "$T/hub.git"
	by ana git -C "$T/as/ana/ev" push -q origin 'refs/heads/*:refs/heads/*'
}

scene_join() {
	local who
	for who; do
		by "$who" bg -q clone "$T/hub.git" "$T/as/$who/ev" \
			--anchor "$anchor" >"$T/tmp/.join" 2>&1 || {
			diag "$(cat "$T/tmp/.join")"
			echo "Bail out! $who cannot clone"
			exit 1
		}
	done
}

scene_sync() {
	local d
	for d in "$T"/as/*/ev; do
		git -C "$d" push -q origin 'refs/heads/log/*:refs/heads/log/*' \
			'refs/heads/att/*:refs/heads/att/*' 2>/dev/null
	done
	for d in "$T"/as/*/ev; do
		git -C "$d" fetch -q origin 2>/dev/null
	done
	return 0
}

# scene_grant WHO POLICY [OPTIONS]: open one; its id on stdout.
scene_grant() {
	local who=$1 policy=$2
	shift 2
	by "$who" bg -q activate "$policy" -c FILE-GONE \
		-m 'a file of the target is gone' "$@"
}
