# Tests an edge of the container's own: can it resolve and reach HOST:PORT?
#
# question: edge NUMBER HOST PORT
# prints, in any order, one line for each:
#     NONCE NUMBER WORD MILLISECONDS|- TOOL|- RESOLVER|- ADDRESS,...|-
# WORD: connects, closed (accepts, and ends the connection at once), refused, timeout, noroute, unresolved,
#       lookup-timeout, notool, unclear. What a tool said, where it is unclear, goes to standard error.
#
# All edges are tested at once, and no byte is sent to a target. Where there are getent and bash, one of each tests all
# that are well: to start programs is most of the work, in a container that may have a twentieth of a CPU. What does not
# connect by them within a second or two is tested by itself, by whatever the container has, and again where it is silent.

throttled() { # in how many tenths of a second the container was held up for its CPU limit, into $held; 0 if untold
  held=0
  for file in /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpu/cpu.stat; do
    [ -r "$file" ] || continue
    while read -r key value; do
      [ "$key" != nr_throttled ] || held=$value
    done <"$file"
  done
}

starved() { # whether it was for half of the last $limit seconds or more, $held being what it was before them
  before=$held
  throttled
  [ $((held - before)) -ge $((limit * 5)) ]
}

limited() { # runs a command for at most $limit seconds; 143 when that ended it, 142 when it had no CPU to run on
  throttled
  if has sleep; then
    sleep "$limit" >/dev/null 2>&1 &
  elif has bash; then
    # A socket that nothing is sent to nor comes from; a pipe would need a second process.
    bash -c 'exec 3<>/dev/udp/127.0.0.1/9 || exit 1; read -rt "$1" <&3; exit 0' bash "$limit" >/dev/null 2>&1 &
  else
    "$@" </dev/null # the tool's own limit must do
    return
  fi
  # The end of the task ends the nap, by its own process number: a trap in a waiting shell could come too early.
  nap=$!
  (
    trap 'kill "$task"' TERM
    "$@" </dev/null &
    task=$!
    wait "$task" 2>/dev/null
    code=$?
    [ "$code" -le 128 ] || wait "$task" 2>/dev/null
    kill "$nap" 2>/dev/null
    exit "$code"
  ) &
  task=$! ended=143
  if wait "$nap" 2>/dev/null; then
    # What its own CPU limit held up says nothing of the other side: it is given as long again.
    if starved; then
      left=$limit
      while has sleep && [ "$left" -gt 0 ] && kill -0 "$task" 2>/dev/null; do
        sleep 1 >/dev/null 2>&1
        left=$((left - 1))
      done
      if ! has sleep || { [ "$left" -eq 0 ] && starved; }; then ended=142; fi
    fi
    kill "$task" 2>/dev/null
  fi
  wait "$task" 2>/dev/null
  code=$?
  [ "$code" -ne 143 ] || code=$ended
  return "$code"
}

line_break='
'

next_line() { # takes the first line off $rest, into $line; fails when there is none
  [ -n "$rest" ] || return 1
  line=${rest%%"$line_break"*}
  case $rest in *"$line_break"*) rest=${rest#*"$line_break"} ;; *) rest= ;; esac
}

add_address() { # joins $1 to $addresses, once
  case ,$addresses, in *,"$1",*) ;; *) addresses=${addresses:+$addresses,}$1 ;; esac
}

first_fields() { # the first words of the lines of $1 are addresses
  rest=$1
  while next_line; do
    set -- $line # split at blanks, which is meant
    [ "$#" -eq 0 ] || add_address "$1"
  done
}

after_name() { # the addresses that nslookup prints after the name, in $1
  rest=$1 named=
  while next_line; do
    set -- $line
    case ${1-},$named in
      Name:,*) named=1 ;;
      Address:,1) add_address "$2" ;;
      Address,1) add_address "$3" ;; # busybox before 1.34 numbers them
    esac
  done
}

in_hosts_file() { # the addresses that the hosts file gives $host; fails when there are none
  [ -r /etc/hosts ] || return 1
  while read -r line || [ -n "$line" ]; do
    set -- ${line%%#*}
    address=${1-}
    while [ "$#" -gt 1 ]; do
      shift
      [ "$1" != "$host" ] || add_address "$address"
    done
  done </etc/hosts
  [ -n "$addresses" ] && resolver=hosts
}

look_up() { # has a tool look $host up, into $text and $code; once more where one packet may have been lost
  text=$(limited "$@" 2>/dev/null)
  code=$?
  case $code in 2 | 143) ;; *) return ;; esac
  text=$(limited "$@" 2>/dev/null)
  code=$?
}

resolve() { # sets $addresses and $resolver, or $word when the name is known not to resolve
  addresses= resolver=-
  if has getent; then
    resolver=getent
    look_up getent ahosts "$host"
    [ "$code" -ne 1 ] || look_up getent hosts "$host" # older ones know no ahosts
  elif has nslookup; then # asks DNS alone, unlike the tool, which may also find what it does not
    in_hosts_file && return
    after_name "$(limited nslookup "$host" 2>/dev/null)" # it may find one and fail, for want of an IPv6 address
    [ -z "$addresses" ] || resolver=nslookup
    return
  elif has python3; then
    resolver=python3
    look_up python3 -c 'import socket, sys
try:
    print(*{each[4][0]: 0 for each in socket.getaddrinfo(sys.argv[1], None)}, sep="\n")
except socket.gaierror as error:
    sys.exit(143 if error.errno == socket.EAI_AGAIN else 2)' "$host"
  elif has node; then
    resolver=node
    look_up node -e 'require("dns").lookup(process.argv[1], {all: true}, (error, found) => {
  if (error) process.exit(error.code === "EAI_AGAIN" ? 143 : 2)
  for (const each of found) console.log(each.address)
})' "$host"
  else
    in_hosts_file
    return
  fi
  case $code in 0) first_fields "$text" ;; 2) word=unresolved ;; 143) word=lookup-timeout ;; *) resolver=- ;; esac
}

read_word() { # sets $word by what a tool said ($1) and its exit status ($2)
  case $1 in
    *"it connects"*) word=connects ;;
    *"it closes"*) word=closed ;;
    *efused* | *ECONNREFUSED*) word=refused ;;
    # What Cilium says where nobody stands behind a Service: https://github.com/cilium/cilium/issues/45184
    *"peration not permitted"* | *EPERM*) word=refused ;;
    *"reset by peer"* | *ECONNRESET*) word=closed ;;
    *"o route to host"* | *nreachable* | *EHOSTUNREACH* | *ENETUNREACH*) word=noroute ;;
    *"timed out"* | *TIMEOUT* | *ime-out* | *ETIMEDOUT*) word=timeout ;;
    *"not known"* | *"bad address"* | *"Unknown host"* | *"not resolve"* | *"to resolve"* | *"ame resolution"* | \
      *"No address associated"* | *ENOTFOUND* | *EAI_AGAIN*) word=unresolved ;;
    *)
      word=unclear
      case $2 in 142) word=starved text="it gets no CPU to run on, for the container's limit" ;; 143) word=timeout ;; esac
      ;;
  esac
}

by_bash() {
  text=$(limited bash -c 'a=${EPOCHREALTIME-}
exec 3<>"/dev/tcp/$1/$2" || exit 9
b=${EPOCHREALTIME-}
read -rt 0.2 -N 1 <&3 2>/dev/null
case $? in 1) say=closes ;; *) say=connects ;; esac
echo "it $say${b:+ after=$(((${b/.} - ${a/.}) / 1000))}"' bash "$host" "$port" 2>&1)
  read_word "$text" $?
  case $word,$text in unclear,*"/dev/tcp/"*"No such file"*) word=unusable ;; esac # built without /dev/tcp
}

by_nc() {
  case $(nc -h 2>&1 </dev/null) in
    *BusyBox*-z*) text=$(limited nc -z -w "$limit" "$host" "$port" 2>&1) && text="it connects" ;;
    *BusyBox*"-e "*)
      # The program gets the connection; no -z, and without it nc would wait for the other side's end.
      text=$(limited nc -w "$limit" "$host" "$port" -e sh -c 'read -r a _ </proc/uptime
read -rt 1 _ && say=connects
read -r b _ </proc/uptime
a=${a%.*}${a#*.} b=${b%.*}${b#*.}
[ $((b - a)) -lt 50 ] || say=connects
echo "it ${say-closes} after=$(((a - $1) * 10))" >&2' sh "${started:-0}" 2>&1)
      ;;
    *BusyBox*) word=unusable; return ;;
    *) text=$(limited nc -v -z -w "$limit" "$host" "$port" 2>&1) && text="it connects" ;;
  esac
  read_word "$text" $?
  case $word,$text in unclear,*"invalid option"* | unclear,*sage:*) word=unusable ;; esac
}

until_connected() { # runs a tool that tells of its connection, and ends it there; sets $word
  throttled
  text=$(
    {
      "$@" </dev/null 2>&1 &
      printf '%s task %s\n' "$nonce" "$!"
      wait "$!" 2>/dev/null
    } | {
      task= heard= said=
      while read -r line; do
        # Both write when they like, so that the number may stand in the middle of what the tool says.
        case $line in *"$nonce task "*) task=${line##*"$nonce task "} line=${line%"$nonce task "*} ;; esac
        case $line in
          # curl before 8.16, curl from then on, wget
          *"onnected to "* | *"stablished "*"onnection to "* | *" connected."* | "connected."*) heard="it connects" ;;
          *) said="$said$line " ;;
        esac
        [ -z "$heard" ] || [ -z "$task" ] || kill "$task" 2>/dev/null
      done
      printf %s "${heard:-$said}"
    }
  )
  read_word "$text" 0
  if [ "$word" = timeout ] && starved; then read_word "" 142; fi # its own limit does not know of the container's
}

by_curl() { # telnet and ftp wait for the other side's first word, so that nothing is sent
  case $(curl -V 2>/dev/null) in *telnet*) scheme=telnet ;; *ftp*) scheme=ftp ;; *) word=unusable; return ;; esac
  until_connected curl -q -sv --noproxy '*' --connect-timeout "$limit" -m "$limit" -o /dev/null "$scheme://$host:$port"
}

by_wget() {
  case $(wget --help 2>&1 </dev/null) in *GNU*) ;; *) word=unusable; return ;; esac # the others do not tell enough
  until_connected wget --no-config --no-proxy -T "$limit" -t 1 -O /dev/null "ftp://$host:$port/"
}

by_python3() {
  text=$(limited python3 -c 'import socket, sys, time
began = time.monotonic()
try:
    peer = socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3]))
except OSError as error:
    sys.exit(str(error))
after = (time.monotonic() - began) * 1000
peer.settimeout(0.2)
try:
    say = "connects" if peer.recv(1) else "closes"
except socket.timeout:
    say = "connects"
except OSError:
    say = "closes"
print(f"it {say} after={after:.0f}")' "$host" "$port" "$limit" 2>&1)
  read_word "$text" $?
}

by_node() {
  text=$(limited node -e 'const say = (words) => { console.log(words); process.exit() }
const began = Date.now()
let after
const peer = require("net").connect({host: process.argv[1], port: +process.argv[2]}, () => {
  after = " after=" + (Date.now() - began)
  setTimeout(say, 200, "it connects" + after)
})
peer.on("data", () => say("it connects" + after))
peer.on("end", () => say("it closes" + after))
peer.on("error", (error) => say(after ? "it closes" + after : String((error.errors || [error])[0])))
setTimeout(say, process.argv[3] * 1000, "timed out")' "$host" "$port" "$limit" 2>&1)
  read_word "$text" $?
}

probe() { # one target: index, host, port, and its addresses where getent has told them
  index=$1 host=$2 port=$3 addresses=$4 resolver=getent word= tool=- text= doubt= said=
  [ -n "$addresses" ] || resolve
  now
  started=$clock
  [ -n "$word" ] || for tool in bash nc curl wget python3 node -; do
    [ "$tool" = - ] && word=notool && break
    has "$tool" || continue
    word=
    now
    started=$clock
    "by_$tool"
    # Silence alone is no answer, and the tool looks the name up for itself, which may fail for a moment.
    case $word in
      timeout | unresolved)
        now
        started=$clock
        "by_$tool"
        ;;
    esac
    case $word in
      unusable) ;;
      unclear) [ -n "$doubt" ] || doubt=$tool said=$text ;; # the next one may know better
      *) break ;;
    esac
  done
  case $word,$doubt in
    starved,*) word=unclear ;;
    notool,?*) word=unclear tool=$doubt text=$said ;;
  esac
  now
  took=-
  case $tool,$text in
    -,*) ;;
    *" after="*) took=${text##* after=} took=${took%%[!0-9]*} ;; # the tool's own clock leaves out its start
    *) [ -z "$clock" ] || took=$(((clock - started) * 10)) ;;
  esac
  [ "$word" != unclear ] || printf '%s %s\n' "$index" "$text" >&2
  printf '%s %s %s %s %s %s %s\n' "$nonce" "$index" "$word" "$took" "$tool" "$resolver" "${addresses:--}"
}

names_at_once() { # has one getent look all hosts up; sets $names, a line of addresses for each, or fails
  wanted=$# named=0 names= addresses=
  rest=$(limited getent ahosts "$@" 2>/dev/null) || return 1
  while next_line; do
    set -- $line
    if [ "$#" -ge 3 ]; then # the first line of a host ends with its full name
      [ "$named" -eq 0 ] || names=$names$addresses$line_break
      named=$((named + 1)) addresses=
    fi
    [ "$#" -eq 0 ] || add_address "$1"
  done
  names=$names$addresses$line_break
  [ "$named" -eq "$wanted" ]
}

connected_at_once() { # has one bash connect to all targets, NUMBER HOST PORT each; prints NUMBER MILLISECONDS of some
  limited bash -c 'clock() { # milliseconds, into $t; before bash 5.0 by the machine
  if [ -n "${EPOCHREALTIME-}" ]; then t=$((${EPOCHREALTIME/.} / 1000)); else read -r t _ </proc/uptime; t=${t/.}0; fi
}
trap "kill \$(jobs -p); wait; exit 143" TERM
while [ "$#" -gt 0 ]; do
  {
    clock
    a=$t
    exec 3<>"/dev/tcp/$2/$3" || exit
    clock
    read -rt 0.2 -N 1 <&3
    [ "$?" -eq 1 ] || echo "$1 $((t - a))"
  } &
  shift 3
done
wait' bash "$@" 2>/dev/null
}

all_at_once() { # tests edges, NUMBER HOST PORT each, as far as they are well; sets $names and $connected
  has getent || return
  usual=$limit targets=$* hosts=
  [ "$limit" -le 2 ] || limit=2
  while [ "$#" -gt 0 ]; do
    hosts="$hosts $2"
    shift 3
  done
  # Split at blanks, which is meant.
  if ! names_at_once $hosts; then
    names=
  elif has bash; then
    limit=1
    connected=$(connected_at_once $targets)
  fi
  limit=$usual
}

edges() { # tests edges, NUMBER HOST PORT each
  names= connected=
  [ "$#" -le 3 ] || all_at_once "$@"
  connected=$line_break$connected
  while [ "$#" -gt 0 ]; do
    addresses=${names%%"$line_break"*} names=${names#*"$line_break"}
    case $connected in
      *"$line_break$1 "*)
        took=${connected#*"$line_break$1 "}
        printf '%s %s connects %s bash getent %s\n' "$nonce" "$1" "${took%%[!0-9]*}" "$addresses"
        ;;
      *) probe "$1" "$2" "$3" "$addresses" & ;;
    esac
    shift 3
  done
  wait
}

first_words() { # what a server says first to some bytes: number, host, port, the bytes as \ooo
  index=$1 host=$2 port=$3 bytes=$4 tool=-
  for tool in bash nc python3 node -; do
    [ "$tool" = - ] || has "$tool" || continue
    [ "$tool" != bash ] || has cat || continue
    break
  done
  printf '%s %s begin\n' "$nonce" "$index"
  case $tool in
    bash) limited bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "$3" >&3 && exec cat <&3' bash "$host" "$port" "$bytes" ;;
    nc) limited sh -c 'printf "$4" | nc -w "$1" "$2" "$3"' sh "$limit" "$host" "$port" "$bytes" ;;
    python3) limited python3 -c 'import socket, sys
peer = socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[4]))
peer.sendall(bytes(int(one, 8) for one in sys.argv[3].split("\\")[1:]))
sys.stdout.buffer.write(peer.recv(512))' "$host" "$port" "$bytes" "$limit" ;;
    node) limited node -e 'const [host, port, bytes] = process.argv.slice(1)
const peer = require("net").connect({host, port: +port}, () => {
  peer.write(Buffer.from(bytes.split("\\").slice(1).map((one) => parseInt(one, 8))))
})
peer.on("data", (said) => process.stdout.write(said, () => process.exit()))
peer.on("error", () => process.exit(1))' "$host" "$port" "$bytes" ;;
  esac 2>/dev/null
  printf '\n%s %s end %s\n' "$nonce" "$index" "$tool"
}
