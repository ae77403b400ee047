#!/bin/sh
# Starts a cluster on this machine. In the foreground Ctrl-C stops it; with --detach it goes on in the background.
# Flags: --detach, --nodes N, --dir DIR, --fresh, --base-port PORT; --help tells more.

. "$(dirname -- "$0")/lib.sh"

need_build
exec node "$main" cluster --dir "$dir" "$@"
