# Tells what a container shows of itself, and runs a command in it.
#
# question: proc NUMBER                                     what is mounted, and what listens
# question: path NUMBER PATH                                what PATH is without symbolic links, and what room is there
# question: command NUMBER CONSECUTIVE TRIES PROGRAM ARG...  run until it has succeeded CONSECUTIVE times in a row, or
#                                                           failed TRIES times; always the last question
# prints
#     NONCE NUMBER begin     before what a container's own files or programs say, which is not to be believed further
#     NONCE NUMBER end       after it; of a command with its exit status and MILLISECONDS|-
#     NONCE NUMBER real PATH
#     NONCE NUMBER room LINE  the last line of df -P -k
#     NONCE NUMBER missing   where there is no PROGRAM

show_proc() {
  printf '%s %s begin\n' "$nonce" "$1"
  {
    cat /proc/mounts
    # A busy pod has thousands of connections, and a handful that listens.
    if has grep; then
      grep -h -e local_address -e ' 0A ' /proc/net/tcp /proc/net/tcp6
    else
      cat /proc/net/tcp /proc/net/tcp6
    fi
  } 2>&1
  printf '\n%s %s end\n' "$nonce" "$1"
}

show_path() {
  real=$(cd -P -- "$2" 2>/dev/null && pwd -P)
  [ -n "$real" ] || ! has readlink || real=$(readlink -f "$2" 2>/dev/null)
  [ -z "$real" ] || printf '%s %s real %s\n' "$nonce" "$1" "$real"
  ! has df || df -P -k "$2" 2>/dev/null | {
    last=
    while read -r line; do last=$line; done
    [ -z "$last" ] || printf '%s %s room %s\n' "$nonce" "$1" "$last"
  }
}

run_command() {
  number=$1 wanted=$2 tries=$3 passed=0 failed=0
  shift 3
  if ! has "$1"; then
    printf '%s %s missing\n' "$nonce" "$number"
    return
  fi
  while [ "$passed" -lt "$wanted" ] && [ "$failed" -lt "$tries" ]; do
    now
    started=$clock took=-
    printf '%s %s begin\n' "$nonce" "$number"
    printf '\n%s %s begin\n' "$nonce" "$number" >&2
    if "$@"; then code=0 passed=$((passed + 1)); else code=$? passed=0 failed=$((failed + 1)); fi
    now
    [ -z "$clock" ] || took=$(((clock - started) * 10))
    printf '\n%s %s end %s %s\n' "$nonce" "$number" "$code" "$took"
  done
}

