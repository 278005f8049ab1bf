# shellcheck shell=bash
# LABEL is for the tests; out and status are of tests/lib.sh.
# shellcheck disable=SC2034,SC2154
# For tests of the lifecycle: one repository, $EV, with ana as root and admin,
# alice and bob who activate, carol who approves, dana who reviews, and a
# provider whose access is a file.  After tests/lib.sh:
#
#	life_setup		makes all of it
#	by NAME COMMAND...	bg as that person, in this installation
#	access_is_there LABEL	the provider gave it and did not take it
#	life_policy NAME LINE.. a policy: what follows replaces or adds keys
EV='' LABEL=''

by() {
	local key
	key=$(fpr "$1")
	shift
	bg --key "$key" "$@"
}

script() {
	cat >"$T/$1"
	chmod 755 "$T/$1"
}

life_programs() {
	chmod 755 "$T"
	mkdir -p "$T/access"
	script give <<-END
		#!/bin/sh
		[ ! -e "$T/give-fails" ] || exit 1
		[ ! -e "$T/give-slow" ] || sleep 1
		: >"$T/access/\$1"
	END
	script take <<-END
		#!/bin/sh
		[ ! -e "$T/take-fails" ] || exit 1
		rm -f "$T/access/\$1"
	END
	script look <<-END
		#!/bin/sh
		[ ! -e "$T/look-fails" ] || exit 2
		[ -e "$T/access/\$1" ]
	END
}

access_is_there() { [ -e "$T/access/$1" ]; }
no_access() { [ -z "$(ls -A "$T/access")" ]; }

life_trust() {
	local p
	for p in alice bob carol dana erin; do
		bg trust add "$p" --key "$(fpr "$p")" \
			--contact "+49 $p" --draft || return 1
	done
	bg trust role oncall --add alice --add bob --draft &&
		bg trust role leads --add carol --add erin --draft &&
		bg trust role reviewers --add dana --add erin --draft &&
		bg trust publish
}

# life_policy NAME [APPROVE] [LIMITS]: prints the file.
life_policy() {
	local approve=${2:-'{when: none}'}
	local limits=${3:-'{default: 30m, max: 2h, extensions: 1, extend_max: 30m, concurrent: 3}'}
	cat <<-END
		bg: policy/1
		name: $1
		title: Break-glass for $1
		owner: carol
		triggers:
		  - id: down
		    when: It does not answer.
		    codes: [IS-DOWN]
		    probe: {run: ["false"], expect: fail, timeout: 5s, control: ["true"]}
		who:
		  activate: [oncall]
		  revoke: [oncall, leads]
		  approve: $approve
		reason: {min_length: 10}
		limits: $limits
		scopes:
		  - id: shell
		    title: A shell
		    identity: host
		    grant: {provider: command, with: {grant: [$T/give, '{grant}'], check: [$T/look, '{grant}'], revoke: [$T/take, '{grant}']}}
		session: {record: wanted, capture: exec, on_record_failure: continue, readable_by: [reviewers]}
		device: any
		review: {roles: [reviewers], count: 1, within: 72h, overdue: tell}
	END
}

life_identity() {
	cat <<-END
		bg: identity/1
		name: host
		kind: service
		title: The host
		owner: carol
		custody: provider
		rotate: {method: manual}
	END
}

life_setup() {
	EV=$T/ev
	make_key ana alice bob carol dana erin
	git config --global bg.signingKey "$(fpr ana)"
	git config --global bg.repo "$EV"
	life_programs
	mkdir -p p
	life_identity >p/host.yaml
	life_policy open >p/open.yaml
	life_policy quick '' \
		'{default: 2s, max: 1h, extensions: 2, extend_max: 3s, concurrent: 9}' \
		>p/quick.yaml
	life_policy ask \
		'{roles: [leads], count: 1, when: before, within: 30m, solo: allowed}' \
		>p/ask.yaml
	life_policy strict \
		'{roles: [leads], count: 1, when: before, within: 2s, solo: denied}' \
		>p/strict.yaml
	life_policy later \
		'{roles: [leads], count: 1, when: before, within: 30m, solo: after 2s}' \
		>p/later.yaml
	{
		bg init "$EV" --org Acme &&
			life_trust &&
			bg policy publish p/*.yaml
	} >"$T/setup.log" 2>&1 || {
		diag "$(cat "$T/setup.log")"
		echo 'Bail out! the lifecycle tests cannot be set up'
		exit 1
	}
}

# open_one NAME POLICY: activates, sets LABEL.
open_one() {
	LABEL=$(by "$1" -q activate "$2" -m 'primary unreachable') || return 1
}

# state_of LABEL
state_of() {
	bg status -a --json | jq -r --arg g "$1" \
		'.grants[] | select(.id == $g) | .state'
}

# events_of LABEL: types, oldest first.
events_of() {
	bg log --grant "$1" --json | jq -r .type | tac | tr '\n' ' '
}

# wait_for SECONDS COMMAND...
wait_for() {
	local end=$((SECONDS + $1))
	shift
	while ! "$@" 2>/dev/null; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

verify_ok() {
	local anchor
	anchor=$(bg trust anchor)
	run bg verify "$EV" --anchor "$anchor"
	same "$status" 0 "${1:-verifies ok}" || diag "$out"
}

# The only grant that waits.
waiting_one() {
	bg status -a --json |
		jq -r '[.grants[] | select(.state == "waiting")][0].id'
}
