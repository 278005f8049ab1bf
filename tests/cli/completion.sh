#!/bin/bash
# completion: fresh files, static and dynamic words, never in the way.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'completion'
for shell in bash zsh fish; do
	expect_exit 0 bg completion "$shell"
	printf '%s\n' "$out" >"$T/w/$shell"
	case $shell in
	fish) check=(fish --no-config -n) ;;
	*) check=("$shell" -n) ;;
	esac
	command -v "$shell" >/dev/null || {
		skip "$shell reads it" 'not installed'
		continue
	}
	ok "$shell reads it" "${check[@]}" "$T/w/$shell"
done
ok 'shellcheck is content' shellcheck -s bash "$T/w/bash"
expect_exit 129 bg completion csh

complete_words() { # WORDS...: what bash offers for the last one
	bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		_breakglass; printf "%s\n" "${COMPREPLY[@]}"' "$T/w/bash" "$@"
}
same "$(complete_words bg act)" activate 'a command'
same "$(complete_words bg -C x stat)" status 'after global options'
same "$(complete_words bg trust ret)" retire 'a sub-command'
same "$(complete_words bg status --ch)" --check 'an option'
same "$(complete_words bg trust add x --kind ven)" vendor "an option's word"
same "$(complete_words bg log -F '')" '' 'nothing for what is not there'

# Nothing to ask: silent and at once.
for kind in grant policy code identity principal role type; do
	run bg completion --words "$kind"
	[ "$kind" = type ] || same "$status$out$err" 0 "no $kind, no talk"
done
like "$out" '^activate' 'event types are always known'

scene_open
scene_join alice
grant=$(scene_grant alice files)
run by alice bg completion --words grant
same "$out" "@${grant##*-}	files/read, alice, open" 'open grants'
run by alice bg completion --words policy
same "$(cut -f 1 <<<"$out")" 'files
files/read
files/write
vault
vault/read
vault/write' 'policies and scopes'
run by alice bg completion --words code
like "$out" '^FILE-GONE' 'codes'
run by alice bg completion --words principal
same "$(cut -f 1 <<<"$out" | paste -sd ' ')" 'alice ana bob erin rita' 'people'
run by alice bg completion --words role
same "$(cut -f 1 <<<"$out" | paste -sd ' ')" 'oncall lead security-review' 'roles'
done_testing
