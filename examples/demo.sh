#!/usr/bin/env bash
# A tour of half a minute: the default plugin, a plugin of your own, a crash that does not end it.
# usage: examples/demo.sh [FOLDER OF THE BINARIES]
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:-.build/release}
work=$(mktemp -d)
host=
trap '[ -z "$host" ] || kill "$host" 2>/dev/null || true; rm -rf "$work"' EXIT

# A reader gets time to read; a pipe does not need any.
pace=0
[ -t 1 ] && pace=4
title() { printf '\n\033[1m%s\033[0m\n' "$*"; sleep "$pace"; }
show() { printf '  $ %s\n' "$*"; }

# serve NAME ARGUMENTS...: starts a host on a port of its own choice, and waits until it serves.
serve() {
  show "portico --listen tcp://127.0.0.1:0 $*"
  "$bin/portico" --listen tcp://127.0.0.1:0 "$@" 2>"$work/log" &
  host=$!
  for _ in $(seq 100); do
    port=$(sed -n 's/.*listening on tcp:\/\/127.0.0.1:\([0-9]*\).*/\1/p' "$work/log")
    grep -q ' serving ' "$work/log" && [ -n "$port" ] && return
    kill -0 "$host" 2>/dev/null || break
    sleep 0.1
  done
  cat "$work/log" >&2
  echo "demo: the host did not start" >&2
  exit 1
}

# ask TEXT: what a client gets that sends TEXT, or "(nothing)" when the connection just ends.
ask() {
  local answer
  exec 9<>"/dev/tcp/127.0.0.1/$port"
  printf '%s' "$1" >&9
  answer=$(timeout 5 cat <&9 2>/dev/null) || true # a crash ends the connection: that is the point
  exec 9<&- 9>&-
  printf '  %-18s -> %s\n' "$1" "${answer:-(nothing)}"
  last=$answer
}

expect() {
  [ "$last" = "$1" ] && return
  echo "demo: expected '$1'" >&2
  cat "$work/log" >&2
  exit 1
}

finish() { # TERM drains; a clean end is exit status 0
  kill "$host"
  wait "$host"
  host=
}

title "1. The default plugin: log what a client sends, thank, close"
serve
ask "hello"
expect "thank you !"
ask "grüß dich"
expect "thank you !"
show "tail -2 log"
tail -2 "$work/log" | sed 's/^/  /'

title "2. A plugin of your own: a C file of a few lines, built on the spot"
cat >"$work/shout.c" <<'C'
#include <ctype.h>
#include <portico.h>
#include <stdlib.h>

ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
  const char *text = buffer;
  char upper[256];
  size_t n = len < sizeof upper ? len : sizeof upper;
  if (len == 4 && text[0] == 'b') abort(); /* "boom": for part 3 */
  for (size_t i = 0; i < n; i++) upper[i] = (char)toupper((unsigned char)text[i]);
  reply(upper, n);
  portico_finish(reply);
  return (ptrdiff_t)len;
}
C
sed 's/^/  | /' "$work/shout.c"
show "cc -shared -fPIC -o shout.so shout.c"
cc -shared -fPIC -I Sources/CPortico/include -o "$work/shout.so" "$work/shout.c"
finish
serve --plugin "$work/shout.so"
ask "hello"
expect "HELLO"

title "3. It crashes. The host goes on, and says who did it"
ask "boom"
sleep 0.5
ask "still there?"
expect "STILL THERE?"
grep ' error ' "$work/log" | cut -c1-160 | sed 's/^/  /'

title "4. A new version, swapped in while it serves"
sed -i 's/toupper/tolower/' "$work/shout.c"
cc -shared -fPIC -I Sources/CPortico/include -o "$work/shout.so" "$work/shout.c"
show "kill -HUP portico"
kill -HUP "$host"
sleep 1
ask "QUIET NOW"
expect "quiet now"

title "5. And an orderly end"
finish
tail -1 "$work/log" | sed 's/^/  /'
printf '\nThat was it. Next: make run, or the README.\n'
