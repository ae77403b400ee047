#!/bin/sh
# Removes a stopped cluster's data, logs and description. Nothing else in the folder is touched.

usage_text='Usage: cluster-scripts/wipe.sh [--dir DIR]'
. "$(dirname -- "$0")/lib.sh"

read_arguments 0 "$@"
need_cluster
for number in $(member_numbers); do
  pid=$(member_pid "$number")
  [ -z "$pid" ] || die "m$number (process $pid) is running" "Stop the cluster first: cluster-scripts/stop.sh$dir_flag"
done
rm -rf "$dir/data" "$dir/log" "$dir/run" "$dir/kube"
rm -f "$dir/cluster.json" "$dir/kubeconfig"
rmdir "$dir" 2>/dev/null || true
printf 'wiped: %s\n' "$dir"
