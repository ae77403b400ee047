#!/bin/sh
# Shows each member: its process, its role, how far it is. The exit code is 0 when all answer and agree on a leader.

usage_text='Usage: cluster-scripts/status.sh [--dir DIR]'
. "$(dirname -- "$0")/lib.sh"

read_arguments 0 "$@"
need_build
need_cluster
exec node "$main" status --dir "$dir"
