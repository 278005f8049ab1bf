#!/bin/bash
# shellcheck disable=SC2016 # backquotes of Markdown, code of perl
# What the manual lists is what the sources have: findings, reasons, event types
# and their members, variables and settings.
. "$(dirname "$0")/../lib.sh"
test_begin 'manual and sources'
cd "$top" || exit 1

# Words behind .It in one section of a page, a line each.
listed() {
	sed -n "/^\.Sh $2/,/^\.Sh [^$(printf %.1s "$2")]/p" "$1" |
		sed -nE 's/^\.It Ic (.*)/\1/p'
}

# --- findings: id and class ---------------------------------------------------

class_of() { sed -E 's/ W$/ wrong/;s/ D$/ doubtful/;s/ V$/ deviation/;s/ G$/ gap/'; }
same "$(listed man/bg-verify.1 FINDINGS |
	sed -E 's/^([a-z-]+) Pq ([a-z]+)$/\1 \2/' | sort)" \
	"$(sed -nE 's/^[[:space:]]*\{ "([a-z-]+)", ([WDVG]),.*/\1 \2/p' \
		lib/evidence/findings.c | class_of | sort)" \
	'bg-verify(1) lists the findings of findings.c with their classes'

# --- reasons -------------------------------------------------------------------

# The identifier is the second argument; a choice of two counts as both.
reasons_in() {
	perl -0777 -ne 'while (/\b(?:bg_decide_refuse|bg_mistake|bg_gap)\(\s*d,(.*?);/sg) {
		my $call = $1;
		my ($id) = $call =~ /^\s*("[a-z-]+"|[^,]*\?[^,]*)/ or next;
		print "$1\n" while $id =~ /"([a-z-]+)"/g;
	}' "$@" | sort -u
}
same "$(listed man/bg-activate.1 REASONS | tr -d ',' | tr -s ' ' '\n' |
	sort -u)" "$(reasons_in lib/policy/*.c)" \
	'bg-activate(1) lists the reasons of decide'
same "$(reasons_in lib/policy/*.c | grep -vxF -e "$(
	sed -n '/^ \* One reason/,/^ \*\//p' lib/policy/decide.h |
		tr -c 'a-z-' '\n')")" '' 'decide.h names every reason'

# --- events --------------------------------------------------------------------

# TYPE MEMBER, with ? when it may be absent, from the tables of schema.c; the
# members of members too.
schema() {
	perl -0777 -ne '
		my %t;
		while (/bg_field f_(\w+)\[\]\s*=\s*\{(.*?)\bEND\b/sg) {
			my ($table, $body) = ($1, $2);
			while ($body =~ /\b(REQ|OPT|WORD|OPT_WORD|SUB|OPT_SUB)
					\(\s*"(\w+)"(?:,\s*BG_F_\w+,\s*f_(\w+))?/xg) {
				my ($kind, $name, $sub) = ($1, $2, $3);
				$name .= "?" if $kind =~ m{^OPT};
				push @{$t{$table}}, $name;
				push @{$t{$table}}, @{$t{$sub}} if $sub;
			}
		}
		while (/\[BG_EV_(\w+)\]\s*=\s*\{\s*f_(\w+)/g) {
			my ($ev, $table) = (lc $1, $2);
			$ev =~ tr/_/-/;
			print "$ev $_\n" for @{$t{$table}};
		}' lib/evidence/schema.c | sort -u
}
# The same of the page: what stands behind Ic in the item of the type.
page_events() {
	sed -n '/^\.Sh EVENT TYPES/,/^\.Sh STATE/p' man/bg-event.5 |
		perl -ne '
			if (/^\.It Ic (\S+)/) { $type = $1; next; }
			next unless $type && /^\..*?\bIc (.*)/;
			next if $type eq "trust" && /seq|prev/;
			print "$type $_\n" for grep /^[a-z]\w*\??$/, split / /, $1;
			' | sort -u
}
same "$(page_events)" "$(schema)" \
	'bg-event(5) has the types of schema.c with their members'
# Words that a member may have.
words_in() {
	perl -0777 -ne 'while (/_?WORD\(\s*"\w+",\s*((?:"[^"]*"\s*)+)\)/g) {
		my $all = $1; $all =~ s/["\s]+/ /g;
		print "$_\n" for split " ", $all;
	}' lib/evidence/schema.c | sort -u
}
page=$(sed -n '/^\.Sh EVENT TYPES/,/^\.Sh STATE/p' man/bg-event.5 |
	tr -c 'a-z-' '\n' | sort -u)
same "$(words_in | grep -vxF -e "$page")" '' \
	'bg-event(5) has the words that members may have'

# --- variables and settings ------------------------------------------------------

variables=$(grep -hoE '(getenv|env|keep)\((env, &e, ctx, )?"[A-Z_]+"' cmd/*.c |
	grep -oE '[A-Z_]+"' | tr -d '"' | grep -vx BG_FAULT
	grep -hoE '"(BG_EDITOR|BG_PAGER|VISUAL|EDITOR|PAGER)"' cmd/ui_run.c |
		tr -d '"')
same "$(sort -u <<<"$variables" | grep -vxF -e "$(
	sed -n '/^\.Sh ENVIRONMENT/,/^\.Sh FILES/p' man/bg.1 |
		tr -c 'A-Z_' '\n')")" '' \
	'bg(1) has every variable that is read'
settings=$(grep -hoE '"(bg|user)\.[a-zA-Z]+[".]' cmd/*.c | tr -d '"' |
	sed 's/^bg.alias\.$/bg.alias.NAME/' | sort -u)
same "$(grep -vxF -e "$(sed -nE 's/^\.I[tc]( Ic)? ((bg|user)\.[a-zA-Z.]+)$/\2/p' \
	man/bg.1)" <<<"$settings")" '' 'bg(1) has every setting'

# --- lines to type -------------------------------------------------------------

# Hints, examples and help name commands and options that are there.
lines_to_type() {
	cat cmd/*.c lib/*/*.c | perl -0777 -ne '
		s{"\s*\n\s*"}{}g;
		print "$1\n" while /(?<![a-z-])(?:bg|%s) ((?:[a-z-]+)[^\n]*?)(?:\\n|(?<!\\)")/g'
	sed -n 's/^\.\(Ic\|Dl\) \(bg\|breakglass\) //p' man/*
	sed -n '/^```sh/,/^```/s/^\(breakglass\|ana\|alice\|rita\) //p' README.md
}
if [ -x "$BG" ]; then
	declare -A help
	mapfile -t names < <(sed -n 's/^BG_CMD(\([a-z_]*\))$/\1/p' cmd/list.h)
	for name in "${names[@]}"; do
		help[${name//_/-}]=$("$BG" "${name//_/-}" -h)
	done
	same "$(lines_to_type | while read -r name rest; do
		[ -n "${help[$name]-}" ] || continue
		grep -oE -- '(^| )--[a-z][a-z-]+' <<<"${rest%% -- *}" |
			while read -r o; do
				grep -qE -- "$o( |\$)" <<<"${help[$name]}" ||
					echo "$name $o"
			done
	done | sort -u)" '' 'lines to type have options that are there'
	# A first word behind "bg " that is no command is a word of a sentence.
	known=$("$BG" help -a | sed -n 's/^  \([a-z-]*\) .*/\1/p')
	same "$(cat cmd/*.c lib/*/*.c | perl -0777 -ne '
		s{"\s*\n\s*"}{}g;
		print "$1\n" while /(?:bg_hint\(err,|bg_ctx_hint\(ctx,)\s*"(?:bg|%s) ([a-z][a-z-]*)/g' |
		sort -u | grep -vxF -e "$known")" '' 'hints name commands that are there'
fi

# --- references ------------------------------------------------------------------

# Pages that are named exist, here or in the system.
ours=$(grep -hoE '\.Xr bg[a-z-]* [157]' man/* | sort -u |
	while read -r _ name section; do
		[ -e "man/$name.$section" ] || echo "$name($section)"
	done)
same "$ours" '' 'every page that is named exists'
done_testing
