"""Counts what a request allocates in Portico's worker: it must be nothing."""

import os
import pathlib
import signal
import time

import build
from load import put_load
from peers import Peer
from processes import BENCH, BUILD, Server, free_port, spawn, stop, wait_until_it_answers
from works import BY_NAME

REQUESTS = {"close": 6000, "keep-64": 30000}


def counted(server: Server, base: pathlib.Path) -> int:
    """How often the worker has called malloc and its like; needs allocations.c preloaded."""
    file = base.with_name(f"{base.name}.{server.pid}")
    file.unlink(missing_ok=True)
    os.kill(server.pid, signal.SIGUSR2)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if file.exists() and (text := file.read_text()):
            return int(text)
        time.sleep(0.01)
    raise server.failure("did not count its allocations")


def allocations(peer: Peer, portico: pathlib.Path, folder: pathlib.Path) -> dict:
    """The difference that so many more requests make, for two kinds of work."""
    counter = build.c(BENCH / "allocations.c", BUILD / "bin/allocations.so", "-shared", "-fPIC")
    result = {}
    for name, requests in REQUESTS.items():
        work = BY_NAME[name]
        port = free_port()
        own = folder / f"{peer.name}-allocations-{port}"
        base = own / "count"
        environment = {"LD_PRELOAD": str(counter), "COUNT_ALLOCATIONS": str(base)}
        server = spawn(peer.name, work.kind, peer.command(work.kind, port, own), port, own,
                       environment)
        try:
            wait_until_it_answers(server)
            peer.settle(server)
            put_load(portico, server, work, requests)
            before = counted(server, base)
            put_load(portico, server, work, requests)
            result[f"allocations_{name}"] = counted(server, base) - before
            result[f"allocations_{name}_requests"] = requests
            # Not a matter of speed: it is either nothing or a mistake.
            if (count := result[f"allocations_{name}"]) > 0:
                raise server.failure(f"allocated {count} times in {requests} requests of {name}")
        finally:
            stop([server])
    return result
