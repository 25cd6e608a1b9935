#!/usr/bin/env python3
"""What a request costs in CPU of the server, beside a Python loop and a plain C epoll loop.

All servers run side by side and take turns, so that a slower minute of the machine slows all of
them; the servers share one processor, and the load has the others. A ratio is the median of each
round's own. The CPU is that of every thread of the one process that serves: of Portico, its
worker. Exit status 1 for a wrong reply; for slow figures only with --check.
"""

import argparse
import contextlib
import os
import pathlib
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLOSE, KEEP = "connect, thank, close", "64 bytes in, 11 out, kept open"
CONNECTIONS = 64
REQUESTS = {CLOSE: 12000, KEEP: 60000}
LOAD_MODE = {CLOSE: "close", KEEP: "keep"}
# (work, measured, compared with, limit): a ratio without a limit is only shown.
RATIOS = [
    (CLOSE, "portico", "python", 0.65),
    (CLOSE, "portico", "C epoll", None),
    (KEEP, "portico", "C epoll", 1.3),
]
START_DEADLINE_S = 15
LOAD_DEADLINE_S = 8
RUN_DEADLINE_S = 45


class Failure(Exception):
    """Something that ends the run with exit status 1, as a sentence."""


@dataclass
class Server:
    """One running server, the process to measure, and what was measured."""

    name: str
    work: str
    process: subprocess.Popen
    port: int
    log: pathlib.Path
    pid: int = 0
    costs_us: list = field(default_factory=list)

    def failure(self, what: str) -> Failure:
        """A sentence that names this server, with the end of what it wrote."""
        written = self.log.read_text(errors="replace").strip().splitlines()[-5:]
        return Failure("\n  ".join([f"{self.name} ({self.work}): {what}", *written]))


def build(source: pathlib.Path, output: pathlib.Path, *options: str) -> pathlib.Path:
    """Compiles one C file."""
    compiler = os.environ.get("CC", "cc")
    command = [compiler, "-std=c11", "-O2", *options, "-o", str(output), str(source)]
    if subprocess.run(command).returncode != 0:
        raise Failure(f"{source.name} does not compile")
    return output


def free_port() -> int:
    """A port that nobody has just now, below those that the kernel gives to clients: thousands of
    theirs are still in TIME_WAIT after a round, and a server could not be bound there."""
    for port in random.sample(range(20000, 32000), 200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("", port))
            return port
    raise Failure("no port between 20000 and 32000 is free")


def wait_until_it_answers(server: Server) -> None:
    """Asks until the right answer comes: an accepted connection alone may be a queue's."""
    deadline = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise server.failure(f"ended at once with status {server.process.returncode}")
        with contextlib.suppress(OSError):
            with socket.create_connection(("127.0.0.1", server.port), timeout=2) as connection:
                connection.sendall(b"x" * 64)
                answer = b""
                while len(answer) < 11 and (part := connection.recv(64)):
                    answer += part
                if answer == b"thank you !":
                    return
        time.sleep(0.02)
    raise server.failure(f"gave no right answer within {START_DEADLINE_S} s")


def child_named(parent: int, name: str) -> int:
    """The one child of a process that has this name, or 0."""
    found = []
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name, in parentheses, may hold anything, parentheses and blanks included.
            before, _, after = status.read_text().rpartition(")")
            if int(after.split()[1]) == parent and before.partition("(")[2] == name:
                found.append(int(status.parent.name))
    return found[0] if len(found) == 1 else 0


def cpu_ns(pid: int) -> int:
    """CPU time of a process: to the nanosecond where the kernel tells, else to the clock tick."""
    try:
        files = list(pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"))
        total = sum(int(file.read_text().split()[0]) for file in files)
        if total > 0:
            return total
    except FileNotFoundError:
        pass
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def put_load(load: pathlib.Path, server: Server, requests: int) -> None:
    """Runs the load generator, which checks every byte, to its end."""
    command = [load, LOAD_MODE[server.work], server.port, CONNECTIONS, requests]
    try:
        run = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                             timeout=LOAD_DEADLINE_S)
    except subprocess.TimeoutExpired:
        raise server.failure(f"{requests} requests took more than {LOAD_DEADLINE_S} s") from None
    if run.returncode != 0:
        raise server.failure(f"wrong replies: {(run.stdout + run.stderr).strip()}")


def pin(pid: int, cpus: set) -> None:
    """Keeps every thread of a process on some processors, if there are two to choose from."""
    if len(os.sched_getaffinity(0)) < 2:
        return
    for task in pathlib.Path(f"/proc/{pid}/task").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(int(task.name), cpus)


def measure(load: pathlib.Path, server: Server) -> None:
    """One round of one server."""
    requests = REQUESTS[server.work]
    try:
        before = cpu_ns(server.pid)
        put_load(load, server, requests)
        server.costs_us.append((cpu_ns(server.pid) - before) / requests / 1000)
    except OSError:
        raise server.failure("the process that serves has ended") from None


def stop(servers: list) -> None:
    """Ends every server that was started, by force where asking is not enough."""
    for server in servers:
        server.process.send_signal(signal.SIGTERM)
    for server in servers:
        try:
            server.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()


def start_all(options: argparse.Namespace, temporary: pathlib.Path, servers: list) -> None:
    """Builds and starts what is compared; adds to `servers` at once, so that all are stopped."""
    c_server = build(ROOT / "Tests/Cost/epoll_limit.c", temporary / "epoll_limit")

    def start(name: str, work: str, command: list, port: int) -> Server:
        log = temporary / f"{len(servers)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=output)
        server = Server(name, work, process, port, log, pid=process.pid)
        servers.append(server)
        wait_until_it_answers(server)
        return server

    port = free_port()
    python = [sys.executable, ROOT / "examples/article/server.py", "--quiet", port]
    start("python", CLOSE, python, port)
    port = free_port()
    start("C epoll", CLOSE, [c_server, port, "close"], port)
    port = free_port()
    start("C epoll", KEEP, [c_server, port], port)
    if options.without_portico:
        return
    portico = options.bin_dir / "portico"
    if not portico.exists():
        raise Failure(f"there is no {portico}: run `swift build -c release`, or give --bin-dir")
    eleven = build(ROOT / "Tests/Fixtures/eleven.c", temporary / "eleven.so", "-shared", "-fPIC",
                   "-I", str(ROOT / "Sources/CPortico/include"))
    for work, plugin in [(CLOSE, "thankyou"), (KEEP, eleven)]:
        port = free_port()
        run_directory = temporary / f"run-{port}"
        run_directory.mkdir()
        command = [portico, "--log-level", "error", "--workers", 1, "--plugin", plugin,
                   "--listen", f"tcp://127.0.0.1:{port}", "--run-dir", run_directory]
        server = start("portico", work, command, port)
        server.pid = child_named(server.process.pid, "portico-worker")
        if server.pid == 0:
            raise server.failure("has not exactly one child named portico-worker")


def allocations(server: Server, temporary: pathlib.Path) -> int:
    """How often the worker has called malloc and its like; needs allocations.c preloaded."""
    counted = temporary / f"allocations.{server.pid}"
    counted.unlink(missing_ok=True)
    os.kill(server.pid, signal.SIGUSR2)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if counted.exists() and (text := counted.read_text()):
            return int(text)
        time.sleep(0.01)
    raise server.failure("did not count its allocations")


def count_allocations(options: argparse.Namespace, load: pathlib.Path, temporary: pathlib.Path,
                      servers: list) -> None:
    """Prints what a request allocates: the difference that so many more of them make."""
    counter = build(ROOT / "Tests/Cost/allocations.c", temporary / "allocations.so", "-shared",
                    "-fPIC")
    eleven = temporary / "eleven.so"
    environment = {"LD_PRELOAD": str(counter), "COUNT_ALLOCATIONS": str(temporary / "allocations")}
    print()
    for work, plugin in [(CLOSE, "thankyou"), (KEEP, eleven)]:
        port = free_port()
        log = temporary / f"allocations-{port}.log"
        command = [options.bin_dir / "portico", "--log-level", "error", "--workers", 1, "--plugin",
                   plugin, "--listen", f"tcp://127.0.0.1:{port}"]
        with log.open("wb") as output:
            process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=output,
                                       env={**os.environ, **environment})
        server = Server("portico", work, process, port, log, pid=process.pid)
        servers.append(server)
        wait_until_it_answers(server)
        server.pid = child_named(process.pid, "portico-worker")
        put_load(load, server, REQUESTS[work])
        before = allocations(server, temporary)
        put_load(load, server, REQUESTS[work])
        count = allocations(server, temporary) - before
        print(f"{work:<34}portico  {count:6} allocations in {REQUESTS[work]} requests")
        stop([server])
        servers.remove(server)


def report(servers: list) -> bool:
    """Prints the table and the ratios; returns whether every limit is kept."""
    print(f"\n{'CPU of the server for each request':<34}{'':9}{'median':>9}{'lowest':>9}"
          f"{'highest':>9}")
    for server in servers:
        low, high = min(server.costs_us), max(server.costs_us)
        print(f"{server.work:<34}{server.name:<9}{statistics.median(server.costs_us):6.2f} µs"
              f"{low:6.2f} µs{high:6.2f} µs")
    kept = True
    costs = {(server.work, server.name): server.costs_us for server in servers}
    print()
    for work, measured, other, limit in RATIOS:
        if (work, measured) not in costs:
            continue
        rounds = zip(costs[work, measured], costs[work, other])
        ratio = statistics.median(a / b for a, b in rounds)
        verdict = ""
        if limit is not None:
            kept = kept and ratio <= limit
            verdict = f"   limit {limit:.2f}: {'kept' if ratio <= limit else 'NOT KEPT'}"
        print(f"{work:<34}{measured} / {other:<9}{ratio:6.2f}{verdict}")
    return kept


def main() -> int:
    """Reads the command line, measures, reports."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin-dir", type=pathlib.Path, default=ROOT / ".build/release",
                        help="where the portico executable is (default: .build/release)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each server (default: 5)")
    parser.add_argument("--check", action="store_true", help="exit 1 when a limit is not kept")
    parser.add_argument("--without-portico", action="store_true",
                        help="only what it is compared with")
    options = parser.parse_args()
    servers = []
    with tempfile.TemporaryDirectory(prefix="portico-cost-") as name:
        temporary = pathlib.Path(name)
        try:
            load = build(ROOT / "Tests/Cost/load.c", temporary / "load")
            start_all(options, temporary, servers)
            # Servers on the first processor, load on the rest: whether the two share one must not
            # be a matter of luck, since it changes what waking up costs.
            first, *rest = sorted(os.sched_getaffinity(0))
            for server in servers:
                pin(server.pid, {first})
            if rest:
                os.sched_setaffinity(0, set(rest))
            for server in servers:  # Not counted: caches, first buffers, the interpreter's start.
                put_load(load, server, REQUESTS[server.work] // 10)
            began = time.monotonic()
            for turn in range(max(1, options.rounds)):
                if time.monotonic() - began > RUN_DEADLINE_S:
                    print(f"stopped after {turn} rounds: {RUN_DEADLINE_S} s are over")
                    break
                for server in servers:
                    measure(load, server)
            kept = report(servers)
            if not options.without_portico:
                count_allocations(options, load, temporary, servers)
        except Failure as failure:
            print(f"cost: {failure}", file=sys.stderr)
            return 1
        finally:
            stop(servers)
    return 1 if options.check and not kept else 0


if __name__ == "__main__":
    sys.exit(main())
