#!/bin/sh
# Stops every member of the cluster: asks, waits up to ten seconds, then kills what is left.

usage_text='Usage: cluster-scripts/stop.sh [--dir DIR]'
. "$(dirname -- "$0")/lib.sh"

read_arguments 0 "$@"
need_cluster

stopped=
for number in $(member_numbers); do
  pid=$(member_pid "$number")
  [ -n "$pid" ] || continue
  kill -TERM "$pid" 2>/dev/null || true
  # A paused process would never hear of it.
  kill -CONT "$pid" 2>/dev/null || true
  stopped="$stopped m$number"
done
[ -n "$stopped" ] || die "no member is running in $dir"

tenths=0
for number in $(member_numbers); do
  while pid=$(member_pid "$number") && [ -n "$pid" ]; do
    if [ "$tenths" -ge 100 ]; then
      kill -KILL "$pid" 2>/dev/null || true
      printf 'm%s did not stop within ten seconds and was killed\n' "$number"
    fi
    sleep 0.1
    tenths=$((tenths + 1))
  done
  rm -f "$dir/run/m$number.pid"
done
printf 'stopped:%s\n' "$stopped"
