# What a run wants to know inside one container, asked in one go.
#
# usage: sh -s -- SECONDS QUESTION...    with `nonce=...`, this text, the parts that the questions need, and script_end.sh
#        on standard input; a question is a word, its number, and what it asks for (each part says which)
# prints lines that begin with the nonce and the question's number, and a last one: NONCE end
#
# Runs in dash, bash and busybox ash. Writes no file (no here-document either: older shells make one of it), and waits
# for every process it started, because many a container's first process reaps none. The nonce is no variable of the
# environment, so that no program that is started here sees it.
set -f
unset BASH_ENV ENV
LC_ALL=C
export LC_ALL

has() { command -v "$1" >/dev/null 2>&1; }

now() { # centiseconds since the start of the machine, into $clock; empty where /proc does not tell
  clock=
  read -r clock _ 2>/dev/null </proc/uptime && clock=${clock%.*}${clock#*.}
}

