#!/usr/bin/env python3
"""The work of the bench in plain Python, for connections that stay: a loop over `selectors`.

    server.py keep|big|udp PORT

Connect, thank, close is the article's own program, examples/article/server.py.
"""

import selectors
import socket
import sys

REQUEST = 64
THANKS = b"thank you !"
BIG = b"x" * (1 << 20)


class Connection:
    """A client: what is unfinished of its request, and what is still to be sent to it."""

    def __init__(self, client: socket.socket, selector: selectors.BaseSelector, reply: bytes):
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client, self.selector, self.reply = client, selector, reply
        self.partial, self.output = 0, memoryview(b"")
        selector.register(client, selectors.EVENT_READ, self.ready)

    def ready(self, events: int) -> None:
        """Answers what came, or goes on sending."""
        try:
            if events & selectors.EVENT_READ:
                data = self.client.recv(65536)
                if not data:
                    self.close()
                    return
                requests, self.partial = divmod(self.partial + len(data), REQUEST)
                if requests:
                    self.output = memoryview(bytes(self.output) + self.reply * requests)
            self.send()
        except BlockingIOError:
            pass
        except OSError:
            self.close()

    def send(self) -> None:
        """As much as the kernel takes; waits for room for the rest."""
        waited = len(self.output) > 0
        try:
            while self.output:
                self.output = self.output[self.client.send(self.output):]
        except BlockingIOError:
            pass
        if waited:
            wanted = selectors.EVENT_WRITE if self.output else selectors.EVENT_READ
            if self.selector.get_key(self.client).events != wanted:
                self.selector.modify(self.client, wanted, self.ready)

    def close(self) -> None:
        """Forgets the client."""
        self.selector.unregister(self.client)
        self.client.close()


def serve_streams(port: int, reply: bytes) -> None:
    """Accepts and answers for ever."""
    with selectors.DefaultSelector() as selector, socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(4096)
        listener.setblocking(False)

        def accept(_events: int) -> None:
            client, _ = listener.accept()
            Connection(client, selector, reply)

        selector.register(listener, selectors.EVENT_READ, accept)
        while True:
            for key, events in selector.select():
                key.data(events)


def serve_datagrams(port: int) -> None:
    """Thanks for each datagram, for ever."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", port))
        while True:
            _, peer = server.recvfrom(2048)
            server.sendto(THANKS, peer)


def main() -> None:
    """Reads the command line."""
    work, port = sys.argv[1], int(sys.argv[2])
    if work == "udp":
        serve_datagrams(port)
    else:
        serve_streams(port, BIG if work == "big" else THANKS)


if __name__ == "__main__":
    main()
