#!/usr/bin/env python3
"""The work of the bench on asyncio with uvloop: a protocol object for each connection.

    server.py close|keep|big|udp PORT

uvloop sets TCP_NODELAY by itself.
"""

import asyncio
import sys

import uvloop

REQUEST = 64
THANKS = b"thank you !"
BIG = b"x" * (1 << 20)


class Close(asyncio.Protocol):
    """Thanks for whatever comes, and closes."""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(THANKS)
        self.transport.close()


class Keep(asyncio.Protocol):
    """Answers each request of 64 bytes; those that came together in one write."""

    reply = THANKS

    def connection_made(self, transport):
        self.transport = transport
        self.partial = 0

    def data_received(self, data):
        requests, self.partial = divmod(self.partial + len(data), REQUEST)
        if requests:
            self.transport.write(self.reply * requests if requests > 1 else self.reply)


class Big(Keep):
    """The same with a large reply."""

    reply = BIG


class Datagrams(asyncio.DatagramProtocol):
    """Thanks for each datagram."""

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        self.transport.sendto(THANKS, peer)


async def main() -> None:
    """Serves until it is ended."""
    work, port = sys.argv[1], int(sys.argv[2])
    loop = asyncio.get_running_loop()
    if work == "udp":
        await loop.create_datagram_endpoint(Datagrams, local_addr=("127.0.0.1", port))
        await asyncio.Event().wait()
    protocol = {"close": Close, "keep": Keep, "big": Big}[work]
    server = await loop.create_server(protocol, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
