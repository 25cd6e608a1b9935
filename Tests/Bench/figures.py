"""What is not CPU for each request: memory, starting, and what only Portico has.

Each function starts its servers, measures, and ends them; it returns numbers with the unit in the
name, for the report and the budgets.
"""

import contextlib
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import time

import build
from load import parsed
from peers import Peer
from processes import (BENCH, REQUEST, THANKS, Failure, Server, ask, cpu_ns, free_port,
                       memory_bytes, spawn, stop, wait_until_it_answers)

IDLE_CONNECTIONS = 10000
STARTS = 21
CALLS = 1024
"""How many calls a variant of plugins/micro.c makes for a request, and the bytes of that."""


@contextlib.contextmanager
def running(peer: Peer, kind: str, folder: pathlib.Path):
    """A server that answers, ended afterwards."""
    port = free_port(kind)
    server = peer.start(kind, port, folder / f"{peer.name}-{kind}-{port}")
    try:
        wait_until_it_answers(server)
        peer.settle(server)
        yield server
    finally:
        stop([server])


def idle_memory(peer: Peer, folder: pathlib.Path, count: int = IDLE_CONNECTIONS) -> dict:
    """Memory that a connection costs which has had its reply and stays."""
    with running(peer, "keep", folder) as server, contextlib.ExitStack() as clients:
        before = memory_bytes(server.pid)
        others = memory_bytes(server.process.pid) if peer.child else None
        for _ in range(count):
            client = clients.enter_context(
                socket.create_connection(("127.0.0.1", server.port), timeout=10))
            client.sendall(REQUEST)
            if client.recv(len(THANKS), socket.MSG_WAITALL) != THANKS:
                raise server.failure("gave a wrong reply on one of many connections")
        after = memory_bytes(server.pid)
        result = {"idle_connection_bytes": (after[1] - before[1]) / count,
                  "idle_connection_resident_bytes": (after[0] - before[0]) / count,
                  "resident_bytes": before[0]}
        if others:
            grown = memory_bytes(server.process.pid)
            result["parent_resident_bytes"] = others[0]
            result["parent_idle_connection_bytes"] = (grown[1] - others[1]) / count
        return result


def first_reply(peer: Peer, folder: pathlib.Path, starts: int = STARTS) -> dict:
    """From the start of the program to its first reply."""
    times_ms = []
    for _ in range(starts):
        port = free_port()
        began = time.perf_counter()
        server = peer.start("close", port, folder / f"{peer.name}-start-{port}")
        try:
            wait_until_it_answers(server, pause_s=0.0002)
            times_ms.append((time.perf_counter() - began) * 1000)
        finally:
            stop([server])
    return {"first_reply_ms": statistics.median(times_ms), "first_reply_least_ms": min(times_ms),
            "first_reply_most_ms": max(times_ms)}


def exchange(client: socket.socket) -> None:
    """One request of the variants of plugins/micro.c and its reply."""
    client.sendall(b"x" * CALLS)
    if len(client.recv(CALLS, socket.MSG_WAITALL)) != CALLS:
        raise Failure("the plugin for single calls did not answer in full")


def connected(server: Server, deadline_s: float = 10) -> socket.socket:
    """A connection to a server that may still be starting."""
    deadline = time.monotonic() + deadline_s
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            return socket.create_connection(("127.0.0.1", server.port), timeout=10)
        time.sleep(0.02)
    raise server.failure("cannot be reached")


def single_calls(peer: Peer, folder: pathlib.Path, rounds: int = 9, requests: int = 1500) -> dict:
    """What one `reply` and one `handle` cost: variants that differ by 1024 calls a request."""
    servers, clients, costs_ns = [], [], [[] for _ in range(4)]
    try:
        for mode in range(4):
            plugin = build.handler(f"micro{mode}", BENCH / "plugins/micro.c", f"-DMODE={mode}")
            port = free_port()
            own = folder / f"{peer.name}-micro-{port}"
            command = peer.command("keep", port, own)
            command[command.index("--plugin") + 1] = plugin
            servers.append(spawn(peer.name, "micro", command, port, own))
            clients.append(connected(servers[-1]))
            exchange(clients[-1])
            peer.settle(servers[-1])
        for turn in range(rounds + 1):
            for mode, server in enumerate(servers):
                before = cpu_ns(server.pid)
                for _ in range(requests):
                    exchange(clients[mode])
                if turn > 0:  # The first is not counted: caches, first buffers.
                    costs_ns[mode].append((cpu_ns(server.pid) - before) / requests)
    finally:
        for client in clients:
            client.close()
        stop(servers)

    def each(mode: int, calls: int) -> float:
        rounds_ns = zip(costs_ns[mode], costs_ns[0])
        return statistics.median((a - b) / calls for a, b in rounds_ns)

    return {"reply_ns": each(1, CALLS - 1), "plain_call_ns": each(2, CALLS),
            "handle_ns": each(3, CALLS - 1)}


def reload_under_load(peer: Peer, portico: pathlib.Path, folder: pathlib.Path) -> dict:
    """How long `portico reload` takes with clients coming and going, and how many are lost."""
    with running(peer, "close", folder) as server:
        command = [str(word) for word in
                   [portico, "bench", server.uri(), "--connections", 16, "--close", "--warm-up",
                    "none", "--duration", "3s", "--expect", "thank you !", "--json", "--quiet"]]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as load:
            time.sleep(1)
            began = time.perf_counter()
            run_folder = server.folder / "run"
            reload = subprocess.run([str(portico), "reload", "--run-dir", str(run_folder)],
                                    capture_output=True, text=True)
            took_ms = (time.perf_counter() - began) * 1000
            result = parsed(server, *load.communicate(timeout=30))
        if reload.returncode != 0:
            raise server.failure(f"the reload failed: {reload.stderr.strip()}")
        return {"reload_ms": took_ms, "reload_lost": sum(result["errors"].values()),
                "reload_requests": result["requests"]}


def respawn(peer: Peer, folder: pathlib.Path, times: int = 5) -> dict:
    """From the death of the worker to the next reply; a host of its own each time."""
    times_ms = []
    for _ in range(times):
        with running(peer, "close", folder) as server:
            began = time.perf_counter()
            os.kill(server.pid, signal.SIGKILL)
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                with contextlib.suppress(OSError):
                    if ask(server):
                        break
                time.sleep(0.0002)
            else:
                raise server.failure("did not answer again after its worker was killed")
            times_ms.append((time.perf_counter() - began) * 1000)
    return {"respawn_ms": statistics.median(times_ms)}


def worker_memory(peer: Peer, folder: pathlib.Path) -> dict:
    """Memory of a worker with the default plugin that has served one client."""
    with running(peer, "close", folder) as server:
        return {"worker_resident_bytes": memory_bytes(server.pid)[0],
                "supervisor_resident_bytes": memory_bytes(server.process.pid)[0]}
