#!/usr/bin/env python3
"""How many instructions the worker executes for one request, on each path.

callgrind counts them, so the figure does not depend on how busy the machine is: the same binary
gives the same number to within a percent. The kernel's part is not in it. Each path has one
client that waits for each answer, so that a tick serves one request. With --check each figure is
compared with the one in instructions.json, and more than the margin above it is an error; a
figure far below asks to be written down, so that the gain is kept (--write does).
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMITTED = pathlib.Path(__file__).with_name("instructions.json")
MARGIN = 0.10
REQUEST = b"sixty-four bytes of request, of which the server looks at none.\n"
ANSWER = b"thank you !"
WARM_UP, REQUESTS = 300, 1000
START_DEADLINE_S = 60
DEEP = 16
BIG = 1 << 20


class Failure(Exception):
    """Something that ends the run with exit status 1, as a sentence."""


def read_exactly(connection: socket.socket, count: int) -> bytes:
    """So many bytes of a stream, or what came before its end."""
    parts = []
    while count > 0 and (part := connection.recv(min(count, 1 << 18))):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def expect(answer: bytes, right: bytes) -> None:
    """A figure of wrong answers would mean nothing."""
    if answer != right:
        raise Failure(f"a wrong answer: {answer[:40]!r} of {len(answer)} bytes")


def thank_and_close(port: int, count: int) -> None:
    """A connection for each request."""
    for _ in range(count):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(b"hello")
            expect(read_exactly(connection, 64), ANSWER)


class Kept:
    """Requests on one connection that stays, `depth` of them in each write."""

    def __init__(self, depth: int, answer: bytes):
        self.depth, self.answer, self.connection = depth, answer, None

    def __call__(self, port: int, count: int) -> None:
        if self.connection is None:
            self.connection = socket.create_connection(("127.0.0.1", port), timeout=30)
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count // self.depth):
            self.connection.sendall(REQUEST * self.depth)
            right = self.answer * self.depth
            expect(read_exactly(self.connection, len(right)), right)


def datagrams(port: int, count: int) -> None:
    """One datagram at a time."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(30)
        client.connect(("127.0.0.1", port))
        for _ in range(count):
            client.send(REQUEST)
            expect(client.recv(2048), ANSWER)


# name: (plugin, transport, client, requests, what it is)
PATHS = {
    "connect": ("thankyou", "tcp", lambda: thank_and_close, REQUESTS, "connect, thank, close"),
    "kept": ("eleven", "tcp", lambda: Kept(1, ANSWER), REQUESTS, "64 bytes in, 11 out"),
    "pipelined": ("eleven", "tcp", lambda: Kept(DEEP, ANSWER), REQUESTS * DEEP,
                  "the same, 16 in one segment"),
    "datagram": ("datagram", "udp", lambda: datagrams, REQUESTS, "a datagram in, one out"),
    "megabyte": ("megabyte", "tcp", lambda: Kept(1, b"x" * BIG), 100, "64 bytes in, 1 MiB out"),
}
FIXTURES = {"eleven": "Tests/Fixtures/eleven.c", "datagram": "Tests/Instructions/datagram.c",
            "megabyte": "Tests/Instructions/megabyte.c"}


def build(source: pathlib.Path, output: pathlib.Path) -> pathlib.Path:
    """Compiles a plugin in C."""
    command = [os.environ.get("CC", "cc"), "-std=c11", "-O2", "-shared", "-fPIC", "-I",
               str(ROOT / "Sources/CPortico/include"), "-o", str(output), str(source)]
    if subprocess.run(command).returncode != 0:
        raise Failure(f"{source.name} does not compile")
    return output


def free_port(transport: str) -> int:
    """A port that nobody has just now."""
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    for port in random.sample(range(20000, 32000), 200):
        with socket.socket(socket.AF_INET, kind) as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise Failure("no port between 20000 and 32000 is free")


def child_named(parent: int, name: str) -> int:
    """The one child of a process whose command line starts a program of this name, or 0."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            above = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if int(above) == parent and any(word.endswith(name.encode()) for word in words):
                found.append(int(folder.name))
    return found[0] if len(found) == 1 else 0


def control(*words: str) -> None:
    """Talks to the callgrind in a process."""
    run = subprocess.run(["callgrind_control", *words], capture_output=True, text=True, timeout=60)
    if run.returncode != 0:
        raise Failure(f"callgrind_control {' '.join(words)}: {(run.stdout + run.stderr).strip()}")


class Host:
    """A Portico whose worker runs under callgrind."""

    def __init__(self, options: argparse.Namespace, path: str, folder: pathlib.Path):
        plugin, transport, *_ = PATHS[path]
        if plugin in FIXTURES:
            plugin = build(ROOT / FIXTURES[plugin], folder / f"{plugin}.so")
        self.folder, self.port = folder, free_port(transport)
        self.log = folder / "log"
        run_folder = folder / "run"
        run_folder.mkdir()
        command = ["valgrind", "-q", "--tool=callgrind", "--trace-children=yes",
                   f"--callgrind-out-file={folder}/out.%p", "--dump-instr=yes",
                   str(options.bin_dir / "portico"), "run", "--log-level", "error", "--allow-wx",
                   "--workers", "1", "--plugin", str(plugin), "--run-dir", str(run_folder),
                   "--listen", f"{transport}://127.0.0.1:{self.port}"]
        command += ["--backend", options.backend] if options.backend else []
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output)
        self.worker = 0

    def wait(self, serve) -> None:
        """Until the first right answer."""
        deadline = time.monotonic() + START_DEADLINE_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError):
                serve(self.port, DEEP)
                self.worker = child_named(self.process.pid, "portico-worker")
                if self.worker:
                    return
            time.sleep(0.1)
        raise Failure(f"Portico does not serve: {self.log.read_text(errors='replace')[-800:]}")

    def count(self) -> int:
        """Instructions since the last zero."""
        before = set(self.folder.glob(f"out.{self.worker}*"))
        control("-d", str(self.worker))
        for _ in range(200):
            for file in set(self.folder.glob(f"out.{self.worker}*")) - before:
                if total := re.search(r"^(?:summary|totals): (\d+)", file.read_text(), re.M):
                    self.dump = file
                    return int(total[1])
            time.sleep(0.05)
        raise Failure("callgrind wrote no counts")

    def stop(self) -> None:
        """Ends it, by force where asking is not enough."""
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def measure(options: argparse.Namespace, path: str) -> float:
    """Instructions for one request."""
    _, _, make, requests, _ = PATHS[path]
    serve = make()
    with tempfile.TemporaryDirectory(prefix="portico-instructions-") as name:
        host = Host(options, path, pathlib.Path(name))
        try:
            host.wait(serve)
            serve(host.port, requests * WARM_UP // REQUESTS)
            control("-z", str(host.worker))
            serve(host.port, requests)
            count = host.count()
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                shutil.copy(host.dump, options.keep / f"{path}.callgrind")
        finally:
            host.stop()
    return count / requests


def main() -> int:
    """Reads the command line, measures, compares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin-dir", type=pathlib.Path, default=ROOT / ".build/release",
                        help="where the portico executable is (default: .build/release)")
    parser.add_argument("--path", action="append", choices=list(PATHS), help="only this path")
    parser.add_argument("--backend", help="as for portico run")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for callgrind's own files")
    parser.add_argument("--check", action="store_true", help="exit 1 when a figure has grown")
    parser.add_argument("--write", action="store_true", help="write the figures down")
    options = parser.parse_args()
    committed = json.loads(COMMITTED.read_text()) if COMMITTED.exists() else {}
    figures, kept = dict(committed), True
    try:
        for path in options.path or PATHS:
            key = f"{options.backend}/{path}" if options.backend else path
            figure = round(measure(options, path))
            line = f"{PATHS[path][4]:<30}{figure:>9} instructions"
            if options.check and key not in committed:
                raise Failure(f"{COMMITTED.name} has no figure for {key}")
            if key in committed:
                change = figure / committed[key] - 1
                line += f"  {change:+6.1%} of {committed[key]}"
                if change > MARGIN:
                    kept, line = False, line + f"   MORE THAN {MARGIN:.0%} ABOVE"
                elif change < -MARGIN:
                    line += "   a gain: keep it with --write"
            figures[key] = figure
            print(line, flush=True)
    except Failure as failure:
        print(f"instructions: {failure}", file=sys.stderr)
        return 1
    if options.write:
        COMMITTED.write_text(json.dumps(figures, indent=2) + "\n")
    return 1 if options.check and not kept else 0


if __name__ == "__main__":
    sys.exit(main())
