#!/bin/bash
# note: words, bounded and clean.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'note'
scene_open
scene_join alice rita
expect_exit 3 by alice bg note hello
grant=$(scene_grant alice files)
expect_exit 0 by alice bg note 'promoted db2 by hand'
like "$out" "^@${grant##*-}  noted      pushed" 'noted'
text() { by alice bg log --type note -n 1 --json | jq -r .data.text; }
same "$(text)" 'promoted db2 by hand' 'as it was written'
expect_exit 0 by alice bg note several words here
same "$(text)" 'several words here' 'several words are one text'
expect_exit 0 by alice bg note "@${grant##*-}" -m one -m two
same "$(text)" 'one two' 'several -m are one text'
printf 'from a\n\tfile\r\n' >note.txt
expect_exit 0 by alice bg note -F note.txt
same "$(text)" 'from a file' '-F FILE'
run by alice bg note -F - <note.txt
same "$(text)" 'from a file' '-F -'
expect_exit 0 by alice bg note --reason 'an old word'
same "$(text)" 'an old word' '--reason is -m'
expect_exit 0 by alice bg note --json x
json_is "$out" '.type, .data.text' 'note
x'

# --- hostile text ------------------------------------------------------------------
count=$(by alice bg log --type note --json | wc -l)
expect_exit 129 by alice bg note
expect_exit 129 by alice bg note a -m b
printf 'a\0b' >nul.txt
expect_exit 129 by alice bg note -F nul.txt
head -c 1048577 /dev/zero | tr '\0' x >big.txt
run by alice bg note -F big.txt
ok '1 MiB of text is refused' test "$status" -ne 0
head -c 65536 big.txt >mid.txt
run by alice bg note -F mid.txt
ok '64 KiB too' test "$status" -ne 0
for bad in $'\e[31mred' $'a\x9bb' $'\xff\xfe' $'rtl \u202e evil' $'zero\u200bwidth'; do
	run by alice bg note "$bad"
	if [ "$status" -eq 0 ]; then
		unlike "$(by alice bg log --type note -n 1)" $'\e|\u202e|\u200b' \
			'hostile text is escaped'
	else
		unlike "$err" $'\e|\u202e|\u200b' 'hostile text is refused, escaped'
	fi
done
run by alice bg log --type note
unlike "$out" $'\e' 'nothing hostile reaches the terminal'
ok 'some notes came through' test "$count" -ge 6

# --- from another clone: looked for at the remote once --------------------------------------
expect_exit 3 by rita bg note @zzzzzz 'nowhere'
expect_exit 0 by rita bg note "@${grant##*-}" 'seen from afar'
fsck_repo "$T/as/alice/ev"
done_testing
