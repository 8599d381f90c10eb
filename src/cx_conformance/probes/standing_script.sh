# Stands in a pod and serves a small file and a large one over HTTP, for packets_script.sh to fetch from other nodes.
#
# usage: sh -s -- PORT FOLDER    in a pod that knows its address as POD_IP; FOLDER may be written to
# Runs until it is ended. Ends with status 9 where the image has nothing to serve by.
port=$1 folder=$2
has() { command -v "$1" >/dev/null 2>&1; }

printf x >"$folder/small"
head -c 65536 /dev/zero >"$folder/full" || exit 9
case $POD_IP in *:*) at=[$POD_IP] ;; *) at=$POD_IP ;; esac
if has busybox && busybox httpd --help >/dev/null 2>&1; then
  exec busybox httpd -f -p "$at:$port" -h "$folder"
fi
if has python3; then
  exec python3 -m http.server "$port" --bind "$POD_IP" --directory "$folder" >/dev/null 2>&1
fi
if has node; then
  exec node -e 'const [folder, host, port] = process.argv.slice(1)
require("http").createServer((asked, answer) => {
  require("fs").readFile(folder + (asked.url === "/full" ? "/full" : "/small"), (_, data) => answer.end(data))
}).listen(+port, host)' "$folder" "$POD_IP" "$port"
fi
exit 9
