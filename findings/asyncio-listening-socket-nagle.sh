#!/bin/sh
# CPython's asyncio beside uvloop 0.23.0: a server on a socket made by `socket.socket()` leaves Nagle's algorithm on.
#
# Expected: each connection of an asyncio server has TCP_NODELAY, like those of `start_server(host=…, port=…)`.
# Seen (CPython 3.11): asyncio sets it only if the socket's protocol number is IPPROTO_TCP. `socket.socket()` has 0 there, and so
# have the connections that it accepts. uvloop sets it for all of them. If a relay or an emulator binds its socket first, it
# delays a small answer after another one. The delay is the client's 40 ms for an acknowledgement.
#
# Exit 1: the behaviour has changed.
set -eu

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
python3 -m venv "$directory/venv"
"$directory/venv/bin/pip" install --quiet uvloop==0.23.0

cat >"$directory/nodelay.py" <<'PYTHON'
import asyncio
import socket
import sys


async def accepted(**where):
    """Whether a connection that such a server accepts has TCP_NODELAY."""
    found = asyncio.get_running_loop().create_future()

    def serve(_, writer):
        found.set_result(bool(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
        writer.close()

    server = await asyncio.start_server(serve, **where)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    answer = await found
    writer.close()
    server.close()
    return answer


def bound(*kind):
    made = socket.socket(*kind)
    made.bind(("127.0.0.1", 0))
    return made


async def main():
    print(
        await accepted(host="127.0.0.1", port=0),
        await accepted(sock=bound()),
        await accepted(sock=bound(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)),
    )


if sys.argv[1] == "uvloop":
    import uvloop

    uvloop.run(main())
else:
    asyncio.run(main())
PYTHON

expect() {
  printf '%-60s %s\n' "$1" "$3"
  [ "$2" = "$3" ] || { echo "changed: it was $2" >&2; exit 1; }
}

run() {
  "$directory/venv/bin/python" "$directory/nodelay.py" "$1"
}

"$directory/venv/bin/python" --version
expect "asyncio: host and port, socket.socket(), with IPPROTO_TCP" "True False True" "$(run asyncio)"
expect "uvloop: host and port, socket.socket(), with IPPROTO_TCP" "True True True" "$(run uvloop)"
