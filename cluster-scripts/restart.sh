#!/bin/sh
# Starts one member again that was killed or has ended; it catches up with the others.

usage_text='Usage: cluster-scripts/restart.sh N [--dir DIR]'
. "$(dirname -- "$0")/lib.sh"

read_arguments 1 "$@"
need_build
need_member
exec node "$main" cluster --dir "$dir" --only "$member"
