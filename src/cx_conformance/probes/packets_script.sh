# Fetches a small file and a large one from a standing pod (standing_script.sh), and counts the bytes that come.
#
# question: packets NUMBER ADDRESS PORT
# prints NONCE NUMBER SMALL FULL TOOL|-      bytes of each; what did not come within the limit is 0
#
# Uses `limited` and `has` of the other parts. A large file fills packets up to what the nodes hold to be the largest;
# where something in between passes only smaller ones on and tells nobody, the connection stands and nothing comes.

fetched() { # the bytes of $1 that $tool gets, into $bytes
  case $tool in
    curl) bytes=$(limited curl -q -sg --noproxy '*' "$1" 2>/dev/null | wc -c) ;;
    wget) bytes=$(limited wget -q -O - "$1" 2>/dev/null | wc -c) ;;
    python3)
      bytes=$(limited python3 -c 'import sys, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(len(opener.open(sys.argv[1], timeout=float(sys.argv[2])).read()))' "$1" "$limit" 2>/dev/null)
      ;;
    node)
      bytes=$(limited node -e 'require("http").get(process.argv[1], (answer) => {
  let size = 0
  answer.on("data", (data) => { size += data.length }).on("end", () => console.log(size))
})' "$1" 2>/dev/null)
      ;;
  esac
  bytes=$((${bytes:-0} + 0))
}

packets() { # number, address, port
  number=$1 small=0 full=0 tries=0
  case $2 in *:*) from=http://[$2]:$3 ;; *) from=http://$2:$3 ;; esac
  for tool in curl wget python3 node -; do
    [ "$tool" = - ] || ! has "$tool" || break
  done
  # Whoever stands there may only just be starting.
  while [ "$tool" != - ] && [ "$small" -eq 0 ] && [ "$tries" -lt 10 ]; do
    [ "$tries" -eq 0 ] || sleep 1
    tries=$((tries + 1))
    fetched "$from/small"
    small=$bytes
  done
  # One that does not come may be one packet that was lost.
  for again in 1 2; do
    [ "$small" -gt 0 ] && [ "$full" -lt 65536 ] || break
    fetched "$from/full"
    [ "$bytes" -le "$full" ] || full=$bytes
  done
  printf '%s %s %s %s %s\n' "$nonce" "$number" "$small" "$full" "$tool"
}
