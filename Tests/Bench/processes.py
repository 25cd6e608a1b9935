"""Servers as processes: started on one processor, asked until they answer, measured, ended.

The processors are shared out once: servers get the first, whoever puts load on them the rest, since
whether the two share one must not be a matter of luck: it changes what waking up costs.
"""

import contextlib
import functools
import os
import pathlib
import random
import resource
import signal
import socket
import subprocess
import time
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = ROOT / "Tests/Bench"
BUILD = ROOT / ".build-bench"
START_DEADLINE_S = 20
REQUEST = b"x" * 64
THANKS = b"thank you !"
BIG_SIZE = 1 << 20
FIRST, *REST = sorted(os.sched_getaffinity(0))


class Failure(Exception):
    """Something that could not be measured, as a sentence."""


@dataclass
class Server:
    """One running server, and the process of it that serves."""

    name: str
    kind: str
    process: subprocess.Popen
    port: int
    folder: pathlib.Path
    pid: int = 0

    def failure(self, what: str) -> Failure:
        """A sentence that names this server, with the end of what it wrote."""
        log = self.folder / "log"
        written = log.read_text(errors="replace").strip().splitlines()[-5:]
        return Failure("\n  ".join([f"{self.name} ({self.kind}): {what}", *written]))

    def uri(self) -> str:
        """Where it listens."""
        return f"{'udp' if self.kind == 'udp' else 'tcp'}://127.0.0.1:{self.port}"


def free_port(kind: str = "keep") -> int:
    """A port that nobody has just now, below those that the kernel gives to clients: thousands of
    theirs are still in TIME_WAIT after a round, and a server could not be bound there."""
    sort = socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM
    for port in random.sample(range(20000, 32000), 200):
        with socket.socket(socket.AF_INET, sort) as probe, contextlib.suppress(OSError):
            probe.bind(("", port))
            return port
    raise Failure("no port between 20000 and 32000 is free")


def stay_off_the_servers_processor() -> None:
    """For this process and the load that it starts; the servers are put on the other one."""
    if REST:
        os.sched_setaffinity(0, set(REST))
    # Ten thousand connections at both ends; servers inherit it.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def spawn(name: str, kind: str, command: list, port: int, folder: pathlib.Path,
          environment: dict | None = None) -> Server:
    """Starts a server on the servers' processor; what it writes goes to a file."""
    folder.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in command]
    mine = os.sched_getaffinity(0)
    if REST:
        os.sched_setaffinity(0, {FIRST})  # What is started inherits it, and all of its threads do.
    try:
        with (folder / "log").open("wb") as output:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=output, env={**os.environ, **(environment or {})})
    finally:
        os.sched_setaffinity(0, mine)
    return Server(name, kind, process, port, folder, pid=process.pid)


def ask(server: Server, timeout_s: float = 2) -> bool:
    """One request with a connection of its own; whether the reply was right."""
    if server.kind == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(min(timeout_s, 0.2))
            client.connect(("127.0.0.1", server.port))
            client.send(REQUEST)
            return client.recv(2048) == THANKS
    wanted = BIG_SIZE if server.kind == "big" else len(THANKS)
    with socket.create_connection(("127.0.0.1", server.port), timeout=timeout_s) as client:
        client.sendall(REQUEST)
        answer = b""
        while len(answer) < wanted and (part := client.recv(wanted - len(answer))):
            answer += part
        if server.kind == "close":
            return answer == THANKS and client.recv(1) == b""
        return len(answer) == wanted and (server.kind == "big" or answer == THANKS)


def wait_until_it_answers(server: Server, pause_s: float = 0.02) -> None:
    """Asks until the right answer comes: an accepted connection alone may be a queue's."""
    deadline = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise server.failure(f"ended at once with status {server.process.returncode}")
        with contextlib.suppress(OSError):
            if ask(server):
                return
        time.sleep(pause_s)
    raise server.failure(f"gave no right answer within {START_DEADLINE_S} s")


def child_named(parent: int, name: str) -> int:
    """The one child of a process whose name begins so, or 0."""
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


@functools.cache
def softirq_pid() -> int:
    """The kernel's thread for softirqs of the servers' processor, or 0 where it is out of sight.

    What a long send leaves to it is the server's work like what the send does itself; whether it is
    left to it depends on how a server calls the kernel.
    """
    for name in pathlib.Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if name.read_text().strip() == f"ksoftirqd/{FIRST}":
                return int(name.parent.name)
    return 0


def memory_bytes(pid: int) -> tuple:
    """Resident and proportional memory of a process."""
    values = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        values[name] = int(rest.split()[0]) * 1024
    return values["Rss"], values["Pss"]


def stop(servers: list) -> None:
    """Ends servers, by force where asking is not enough, with what they have started."""
    for server in servers:
        server.process.send_signal(signal.SIGTERM)
    for server in servers:
        try:
            server.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            # A second one cuts short what waits for its clients.
            server.process.send_signal(signal.SIGTERM)
            try:
                server.process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                server.process.kill()
                server.process.wait()
