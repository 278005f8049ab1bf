#!/bin/bash
# prompt: short, silent when there is nothing to say.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../scene.sh"
test_begin 'prompt'
expect_exit 0 bg prompt
same "$out$err" '' 'silent without a repository'
scene_open
scene_join alice rita
expect_exit 0 by alice bg prompt
same "$out$err" '' 'silent with nothing open'
grant=$(scene_grant alice files)
expect_exit 0 by alice bg prompt
like "$out" "^\(bg ${grant##*-} (29|30)m\) $" 'open'
scene_sync
expect_exit 0 by rita bg prompt
same "$out$err" '' "silent about another's"
expect_exit 0 by rita env BG_GRANT="$grant" "$BG" prompt
like "$out" "${grant##*-}" 'inside the grant'
by alice bg "done" >/dev/null
expect_exit 0 by alice bg prompt
same "$out$err" '' 'silent after the end'
done_testing
