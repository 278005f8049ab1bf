# shellcheck shell=bash
# Made by: breakglass completion bash
_breakglass_commands='activate approve attach clone declare deny done exec extend identity init log note policy report review revoke rotate settle show status sweep trust verify help version'
_breakglass_globals=' -C --repo --json --color --no-pager --batch -q --quiet -v --verbose --key'
_breakglass_options() {
	case $1 in
	activate) echo ' -c --code -m --message -F --file -t --for --ticket --on-behalf --identity --solo --owing --drill --host-signed -s --shell' ;;
	approve) echo ' -m --message -F --file' ;;
	attach) echo ' --name -m --message -F --file' ;;
	clone) echo ' --anchor --name' ;;
	completion) echo ' --words' ;;
	declare) echo ' --since --until -m --message -F --file -c --code --by' ;;
	deny) echo ' -m --message -F --file' ;;
	done) echo ' -m --message -F --file --attest' ;;
	exec) echo ' --end' ;;
	extend) echo ' -t --for -m --message -F --file' ;;
	help) echo ' -a --all' ;;
	identity) echo ' --kind --owner --title --escrow --custodian --solo-to --secret-file --rotate --drill --policy --offline' ;;
	init) echo ' --org --name --admin --admin-threshold --root --root-threshold' ;;
	log) echo ' --grant --type --by --since --until --period -n --number' ;;
	note) echo ' -m --message -F --file --answer' ;;
	policy) echo ' --draft --offline --by -c --code -m --message -F --file -t --for --ticket --on-behalf --identity --solo --owing --drill --host-signed' ;;
	prompt) echo '' ;;
	report) echo ' --since --until --period --sample --seed --format -o --output' ;;
	review) echo ' --print --from --decision --class --necessary --limited --reversed -m --message -F --file --action --ask --forward' ;;
	revoke) echo ' -m --message -F --file --all --by --policy --identity --retry --attest' ;;
	rotate) echo ' --now --secret-file -m --message -F --file' ;;
	settle) echo ' --waive -m --message -F --file' ;;
	shell-init) echo '' ;;
	show) echo '' ;;
	status) echo ' -a --all --check' ;;
	sweep) echo ' --watch --grant --wait' ;;
	trust) echo ' --request --key --kind --role --contact --email --human --owner --sponsor --contract --until --add --remove --compromised-since --to --name -o --output --draft --discard --offline' ;;
	verify) echo ' --anchor --max-age --at --engine' ;;
	version) echo '' ;;
	esac
}
_breakglass_words() {
	case $1 in
	completion) echo 'bash zsh fish' ;;
	help) echo 'emergency approver reviewer auditor admin scripts' ;;
	identity) echo 'list show add test retire' ;;
	policy) echo 'list show edit lint diff test publish retire explain' ;;
	shell-init) echo 'bash zsh fish dash sh' ;;
	trust) echo 'show log diff anchor request accept add role retire suspend resume edit publish cosign' ;;
	esac
}
_breakglass_arguments() {
	case $1 in
	activate) echo :policy ;;
	approve) echo :grant ;;
	attach) echo :file ;;
	clone) echo :dir ;;
	declare) echo :policy ;;
	deny) echo :grant ;;
	done) echo :grant ;;
	exec) echo :grant ;;
	extend) echo :grant ;;
	identity) echo :identity ;;
	init) echo :dir ;;
	log) echo :grant ;;
	note) echo :grant ;;
	policy) echo :policy ;;
	report) echo :grant ;;
	review) echo :grant ;;
	revoke) echo :grant ;;
	rotate) echo :identity ;;
	settle) echo :grant ;;
	show) echo :grant ;;
	status) echo :grant ;;
	trust) echo :principal ;;
	verify) echo :file ;;
	help) echo "$_breakglass_commands" ;;
	esac
}
# What follows an option: words, or :KIND.
_breakglass_value() {
	case $1:$2 in
	activate:--code | activate:-c) echo :code ;;
	activate:--message | activate:-m) echo : ;;
	activate:--file | activate:-F) echo :file ;;
	activate:--for | activate:-t) echo : ;;
	activate:--ticket) echo : ;;
	activate:--on-behalf) echo :principal ;;
	activate:--identity) echo :identity ;;
	approve:--message | approve:-m) echo : ;;
	approve:--file | approve:-F) echo :file ;;
	attach:--name) echo : ;;
	attach:--message | attach:-m) echo : ;;
	attach:--file | attach:-F) echo :file ;;
	clone:--anchor) echo : ;;
	clone:--name) echo : ;;
	completion:--words) echo 'grant policy code identity principal role type' ;;
	declare:--since) echo : ;;
	declare:--until) echo : ;;
	declare:--message | declare:-m) echo : ;;
	declare:--file | declare:-F) echo :file ;;
	declare:--code | declare:-c) echo :code ;;
	declare:--by) echo :principal ;;
	deny:--message | deny:-m) echo : ;;
	deny:--file | deny:-F) echo :file ;;
	done:--message | done:-m) echo : ;;
	done:--file | done:-F) echo :file ;;
	extend:--for | extend:-t) echo 'max' ;;
	extend:--message | extend:-m) echo : ;;
	extend:--file | extend:-F) echo :file ;;
	identity:--kind) echo 'person vendor service workload maintenance ai-agent cloud-role' ;;
	identity:--owner) echo :principal ;;
	identity:--title) echo : ;;
	identity:--escrow) echo : ;;
	identity:--custodian) echo :principal ;;
	identity:--solo-to) echo :role ;;
	identity:--secret-file) echo :file ;;
	identity:--rotate) echo : ;;
	identity:--drill) echo : ;;
	identity:--policy) echo :policy ;;
	init:--org) echo : ;;
	init:--name) echo : ;;
	init:--admin) echo :key ;;
	init:--admin-threshold) echo : ;;
	init:--root) echo :key ;;
	init:--root-threshold) echo : ;;
	log:--grant) echo :grant ;;
	log:--type) echo :type ;;
	log:--by) echo :principal ;;
	log:--since) echo : ;;
	log:--until) echo : ;;
	log:--period) echo : ;;
	log:--number | log:-n) echo : ;;
	note:--message | note:-m) echo : ;;
	note:--file | note:-F) echo :file ;;
	policy:--by) echo :principal ;;
	policy:--code | policy:-c) echo :code ;;
	policy:--message | policy:-m) echo : ;;
	policy:--file | policy:-F) echo :file ;;
	policy:--for | policy:-t) echo : ;;
	policy:--ticket) echo : ;;
	policy:--on-behalf) echo :principal ;;
	policy:--identity) echo :identity ;;
	report:--since) echo : ;;
	report:--until) echo : ;;
	report:--period) echo : ;;
	report:--sample) echo : ;;
	report:--seed) echo : ;;
	report:--format) echo 'text md json' ;;
	report:--output | report:-o) echo :file ;;
	review:--from) echo :file ;;
	review:--decision) echo 'approved approved-with-findings rejected' ;;
	review:--class) echo 'emergency drill misuse' ;;
	review:--necessary) echo 'yes no unproven' ;;
	review:--limited) echo 'yes no unproven' ;;
	review:--reversed) echo 'yes no unproven' ;;
	review:--message | review:-m) echo : ;;
	review:--file | review:-F) echo :file ;;
	review:--action) echo : ;;
	review:--ask) echo : ;;
	review:--forward) echo :principal ;;
	revoke:--message | revoke:-m) echo : ;;
	revoke:--file | revoke:-F) echo :file ;;
	revoke:--by) echo :principal ;;
	revoke:--policy) echo :policy ;;
	revoke:--identity) echo :identity ;;
	rotate:--secret-file) echo :file ;;
	rotate:--message | rotate:-m) echo : ;;
	rotate:--file | rotate:-F) echo :file ;;
	settle:--message | settle:-m) echo : ;;
	settle:--file | settle:-F) echo :file ;;
	sweep:--watch) echo : ;;
	sweep:--grant) echo :grant ;;
	trust:--request) echo :file ;;
	trust:--key) echo :key ;;
	trust:--kind) echo 'person vendor service workload maintenance ai-agent host' ;;
	trust:--role) echo :role ;;
	trust:--contact) echo : ;;
	trust:--email) echo : ;;
	trust:--human) echo :principal ;;
	trust:--owner) echo :principal ;;
	trust:--sponsor) echo :principal ;;
	trust:--contract) echo : ;;
	trust:--until) echo : ;;
	trust:--add) echo :principal ;;
	trust:--remove) echo :principal ;;
	trust:--compromised-since) echo : ;;
	trust:--to) echo :principal ;;
	trust:--name) echo : ;;
	trust:--output | trust:-o) echo :file ;;
	verify:--anchor) echo : ;;
	verify:--max-age) echo : ;;
	verify:--at) echo : ;;
	verify:--engine) echo 'native gpgme both' ;;
	*:--repo | *:-C) echo :dir ;;
	*:--color) echo 'auto always never' ;;
	*:--key) echo :key ;;
	esac
}
_breakglass_reply() {
	local words
	case $1 in
	:file) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
	:dir) mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
	:command) mapfile -t COMPREPLY < <(compgen -c -- "$2") ;;
	: | :key) ;;
	:*)
		words=$(breakglass completion --words "${1#:}" 2>/dev/null | cut -f 1)
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$2")
		;;
	*) mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2") ;;
	esac
}
_breakglass() {
	local i word command='' sub='' value
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-C | --repo | --color | --key) ((i++)) ;;
		-*) ;;
		*) if [ -z "$command" ]; then command=$word; elif [ -z "$sub" ]; then sub=$word; fi ;;
		esac
	done
	value=$(_breakglass_value "$command" "$prev")
	if [ -n "$value" ]; then
		_breakglass_reply "$value" "$cur"
	elif [[ $cur == -* ]]; then
		_breakglass_reply "$(_breakglass_options "$command") $_breakglass_globals" "$cur"
	elif [ -z "$command" ]; then
		_breakglass_reply "$_breakglass_commands" "$cur"
	else
		value=$(_breakglass_words "$command")
		if [ -z "$value" ] || [ -n "$sub" ]; then
			value=$(_breakglass_arguments "$command")
		fi
		_breakglass_reply "${value:-:}" "$cur"
	fi
}
complete -F _breakglass breakglass
complete -F _breakglass bg
