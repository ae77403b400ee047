#!/bin/sh
# Freezes one member (SIGSTOP): it keeps its connections and says nothing, like a machine that hangs.

usage_text='Usage: cluster-scripts/pause.sh N [--dir DIR]'
. "$(dirname -- "$0")/lib.sh"

read_arguments 1 "$@"
need_alive
case $(process_stat "$pid") in T*) die "m$member is already paused" ;; esac
kill -STOP "$pid"
await_state 'T*'
printf 'm%s (process %s) paused; let it go on: cluster-scripts/resume.sh %s%s\n' \
  "$member" "$pid" "$member" "$dir_flag"
