#!/bin/bash
# version: which program.
. "$(dirname "$0")/../lib.sh"
test_begin 'version'
want=$(sed -n 's/^VERSION := //p' "$top/Makefile")
expect_exit 0 bg version
same "$out" "breakglass $want" 'text'
expect_exit 0 bg version --json
json_is "$out" '.version, .format' "$want
1"
expect_exit 129 bg version x
done_testing
