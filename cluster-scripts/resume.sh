#!/bin/sh
# Lets a paused member go on.

usage_text='Usage: cluster-scripts/resume.sh N [--dir DIR]'
. "$(dirname -- "$0")/lib.sh"

read_arguments 1 "$@"
need_alive
case $(process_stat "$pid") in T*) ;; *) die "m$member is not paused" ;; esac
kill -CONT "$pid"
await_state '[!T]*'
printf 'm%s (process %s) goes on\n' "$member" "$pid"
