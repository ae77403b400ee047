# Shared by the scripts of this folder; read with `.`, not run.
#
# A member's process is known by the file <dir>/run/m<N>.pid, which holds "<process id> <start time>". A process
# is ours only when both agree, so an id that the system has given to another program is never signalled, and
# nothing is ever looked up by name. src/cli/processes.ts writes the same files.

set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
main=$root/dist/cli/main.js
dir=$root/.keelson
dir_flag=
me=$(basename -- "$0")

die() {
  printf '%s: %s\n' "$me" "$1" >&2
  shift
  for line in "$@"; do printf '%s\n' "$line" >&2; done
  exit 1
}

usage() {
  printf '%s: %s\n%s\n' "$me" "$1" "$usage_text" >&2
  exit 2
}

# read_arguments MAX "$@": takes --dir and --help out, and at most MAX other words, which become $member.
read_arguments() {
  max=$1
  shift
  member=
  while [ $# -gt 0 ]; do
    case $1 in
      --help | -h)
        # The second line of each script says what it does.
        printf '%s\n\n%s\n' "$usage_text" "$(sed -n '2s/^# //p' "$0")"
        exit 0
        ;;
      --dir)
        [ $# -ge 2 ] || usage "--dir: the value is missing"
        dir=$2
        dir_flag=" --dir $2"
        shift
        ;;
      --dir=*)
        dir=${1#--dir=}
        dir_flag=" --dir $dir"
        ;;
      -*) usage "unknown flag $1" ;;
      *)
        if [ "$max" -eq 0 ] || [ -n "$member" ]; then usage "unexpected argument $1"; fi
        member=$1
        ;;
    esac
    shift
  done
  if [ "$max" -eq 1 ] && [ -z "$member" ]; then usage "which member? give its number"; fi
}

need_build() {
  [ -f "$main" ] || die "the command is not built" "Run: npm run build"
}

need_cluster() {
  [ -f "$dir/cluster.json" ] || die "there is no cluster in $dir" "Start one: cluster-scripts/start.sh$dir_flag"
}

# Numbers of all members, from the description: one "name" per member.
member_numbers() {
  sed -n 's/.*"name": *"m\([0-9]*\)".*/\1/p' "$dir/cluster.json"
}

need_member() {
  need_cluster
  for number in $(member_numbers); do
    if [ "$number" = "$member" ]; then return 0; fi
  done
  die "there is no member $member" "Members are: $(member_numbers | tr '\n' ' ')"
}

# process_stat PID: prints "<state> <start time>", nothing when there is no such process.
process_stat() {
  if [ "$(uname -s)" = Linux ]; then
    # The second field is a name in parentheses that may hold anything: cut behind the last one.
    { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null || true; } | cut -d ' ' -f 1,20
  else
    ps -o state= -o lstart= -p "$1" 2>/dev/null | awk '{ print $1, $2 "_" $3 "_" $4 "_" $5 "_" $6 }'
  fi
}

# member_pid N: prints the id of member N's process when it is alive, nothing otherwise.
member_pid() {
  file=$dir/run/m$1.pid
  [ -f "$file" ] || return 0
  read -r pid start <"$file" || return 0
  seen=$(process_stat "$pid")
  [ -n "$seen" ] || return 0
  # Z: dead, and nobody has asked for its exit code yet. A thread of it may still be on its way out of the disk.
  case $seen in Z*) [ "$(ls "/proc/$pid/task" 2>/dev/null | wc -l)" -gt 1 ] || return 0 ;; esac
  if [ "${seen#* }" = "$start" ]; then printf '%s\n' "$pid"; fi
}

# need_alive: sets $pid to the process of $member.
need_alive() {
  need_member
  pid=$(member_pid "$member")
  [ -n "$pid" ] || die "m$member is not running" "Start it: cluster-scripts/restart.sh $member$dir_flag"
}

# await_state PATTERN: waits up to two seconds until the state of process $pid fits; a signal takes effect a little later.
await_state() {
  tries=0
  while [ "$tries" -lt 40 ]; do
    # shellcheck disable=SC2254
    case $(process_stat "$pid") in $1) return 0 ;; esac
    sleep 0.05
    tries=$((tries + 1))
  done
}
