#!/bin/sh
# kill -9 of one member, as if its power were cut.

usage_text='Usage: cluster-scripts/kill.sh N [--dir DIR]'
. "$(dirname -- "$0")/lib.sh"

read_arguments 1 "$@"
need_alive
kill -KILL "$pid"
while [ -n "$(member_pid "$member")" ]; do sleep 0.05; done
rm -f "$dir/run/m$member.pid"
printf 'm%s (process %s) killed; bring it back: cluster-scripts/restart.sh %s%s\n' \
  "$member" "$pid" "$member" "$dir_flag"
