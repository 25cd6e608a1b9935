"""The kinds of work: what a request is, how many clients send it, how much of it makes a turn."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """One kind of work. `kind` is what a server is told to do; one kind serves several works."""

    name: str
    title: str
    kind: str
    connections: int
    pipeline: int
    first_requests: int
    """How many requests the first, uncounted turn has; the pace of that one sizes the others."""
    most_requests: int
    """A turn's bound: ephemeral ports, mostly."""
    budget: float
    """Most that Portico may use of CPU, as a multiple of the limit's."""

    @property
    def is_crowd(self) -> bool:
        """Whether a short turn would be little more than the first requests of its connections."""
        return self.connections >= 10000


WORKS = [
    Work("close", "connect, thank, close; 64 at a time", "close", 64, 1, 4000, 24000, 1.15),
    Work("keep-1", "64 bytes in, 11 out; 1 connection", "keep", 1, 1, 4000, 100000, 1.10),
    Work("keep-64", "64 bytes in, 11 out; 64 connections", "keep", 64, 1, 10000, 400000, 1.10),
    Work("keep-512", "64 bytes in, 11 out; 512 connections", "keep", 512, 1, 10000, 400000, 1.10),
    Work("keep-10000", "64 bytes in, 11 out; 10,000 connections", "keep", 10000, 1, 20000, 400000,
         1.10),
    Work("pipelined", "64 bytes in, 11 out; 64 connections, 16 in flight on each", "keep", 64, 16,
         50000, 4000000, 1.15),
    Work("big", "64 bytes in, 1 MiB out; 16 connections", "big", 16, 1, 200, 20000, 1.10),
    Work("udp", "a datagram of 64 bytes, one of 11; 64 clients", "udp", 64, 1, 4000, 400000, 1.15),
]
"""In the order of the table."""

BY_NAME = {work.name: work for work in WORKS}


def chosen(names: str) -> list:
    """The works of a comma-separated list; `all` is all of them."""
    if names == "all":
        return WORKS
    unknown = [name for name in names.split(",") if name not in BY_NAME]
    if unknown:
        raise SystemExit(f"bench: no work is called {unknown[0]}; there are {', '.join(BY_NAME)}")
    return [BY_NAME[name] for name in names.split(",")]
