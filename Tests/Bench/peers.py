"""Who is compared: how each server is built, started, and what of the work it can do.

A peer's program is in peers/NAME, written the way its users would write it; what that means for
each, and its socket options, is on the page Costs of the documentation.
"""

import functools
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import build
from processes import BENCH, BUILD, Failure, ROOT, Server, child_named, spawn

ALL = ("close", "keep", "big", "udp")
LIMITS = ("c-epoll", "c-uring")
SAFE = "c-epoll-safe"
"""The limit of an end that loses no answer: closes when the client has."""
USUAL = ("portico-uring", "portico-epoll", "portico")
"""Portico as it is without a flag: the first of these that is there."""
AT_ONCE = "portico-at-once"
"""Portico with what the limits do: --linger-bytes 0."""


@dataclass(frozen=True)
class Peer:
    """A server to measure."""

    name: str
    command: Callable
    """(kind, port, folder) to a command line; what it needs in the folder it writes there."""
    made: pathlib.Path
    """What has to be there; made by `make_it` where the peer's own sources are newer."""
    make_it: Callable | None = None
    get: str = "make bench-peers"
    """How to get it, for a line that says so."""
    version: Callable = lambda: ""
    cannot: dict = field(default_factory=dict)
    """Why not, by the kind of work that it does not do."""
    child: str = ""
    """The name of the process that serves, when it is a child of the one started."""
    environment: dict = field(default_factory=dict)
    kinds: tuple = ALL
    """A variant takes part in few kinds of work; what a peer cannot do is said, this is not."""
    sources: str = ""
    """Its folder in peers/, when that has another name."""

    def is_here(self) -> bool:
        """Whether it can be started; brings up to date what was made from older sources."""
        if self.make_it and (self.made.exists() or self.get == "cc"):
            build.when_older(self.made, BENCH / "peers" / (self.sources or self.name), self.make_it)
        return self.made.exists()

    def start(self, kind: str, port: int, folder: pathlib.Path) -> Server:
        """Starts it; `settle` comes when it has answered."""
        folder.mkdir(parents=True, exist_ok=True)
        return spawn(self.name, kind, self.command(kind, port, folder), port, folder,
                     self.environment)

    def settle(self, server: Server) -> None:
        """Finds the process that serves."""
        if self.child:
            server.pid = child_named(server.process.pid, self.child)
            if server.pid == 0:
                raise server.failure(f"has not exactly one child named {self.child}")


def source(name: str, *parts: str) -> pathlib.Path:
    """A file of a peer."""
    return BENCH.joinpath("peers", name, *parts)


def made(name: str) -> pathlib.Path:
    """Where a peer's program is put."""
    return BUILD / "bin" / name


def first_line(*command) -> str:
    """The first line that a command prints: a version, mostly."""
    run = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                         env={**os.environ, "LD_LIBRARY_PATH": str(build.LIBRARIES)})
    lines = (run.stdout + run.stderr).strip().splitlines()
    return lines[0] if lines else ""


def program(name: str) -> Callable:
    """The command of a peer that is one program of ours."""
    return lambda kind, port, folder: [made(name), kind, port]


def filled(template: pathlib.Path, output: pathlib.Path, **values) -> pathlib.Path:
    """A configuration file with its @WORDS@ replaced."""
    text = template.read_text()
    for word, value in values.items():
        text = text.replace(f"@{word.upper()}@", str(value))
    output.write_text(text)
    return output


def nginx(kind: str, port: int, folder: pathlib.Path) -> list:
    """Its command line; the configuration is written."""
    listen = "udp" if kind == "udp" else "backlog=4096"
    work = "keep" if kind == "udp" else kind
    file = filled(source("nginx", "nginx.conf"), folder / "nginx.conf", run=folder, port=port,
                  listen=listen, work=work, modules=build.ROOT_FOLDER / "usr/lib/nginx/modules",
                  build=BUILD / "bin")
    return [build.ROOT_FOLDER / "usr/sbin/nginx", "-e", folder / "error.log", "-p", folder,
            "-c", file]


def haproxy(kind: str, port: int, folder: pathlib.Path) -> list:
    """Its command line; the configuration is written."""
    file = filled(source("haproxy", "haproxy.cfg"), folder / "haproxy.cfg", port=port, work=kind,
                  folder=source("haproxy"))
    return [build.ROOT_FOLDER / "usr/sbin/haproxy", "-f", file, "-db"]


def envoy(kind: str, port: int, folder: pathlib.Path) -> list:
    """Its command line; the configuration is written."""
    template = "udp.json" if kind == "udp" else "tcp.json"
    file = filled(source("envoy", template), folder / "envoy.json", port=port, work=kind)
    return [build.ENVOY, "-c", file, "--concurrency", 1, "--log-level", "error",
            "--disable-hot-restart"]


def python(kind: str, port: int, _folder: pathlib.Path) -> list:
    """The article's own program where it is one; for connections that stay, ours."""
    if kind == "close":
        return [sys.executable, ROOT / "examples/article/server.py", "--quiet", port]
    return [sys.executable, source("python", "server.py"), kind, port]


def uvloop_version() -> str:
    """As its package says."""
    found = sorted((BUILD / "uvloop").glob("uvloop-*.dist-info"))
    return found[0].name.removesuffix(".dist-info").replace("-", " ") if found else ""


def swift_nio_version() -> str:
    """The version that was resolved."""
    resolved = source("nio", "Package.resolved")
    text = resolved.read_text().partition('"swift-nio"')[2] if resolved.exists() else ""
    return "SwiftNIO " + text.partition('"version" : "')[2].partition('"')[0]


PEERS = [
    Peer("c-epoll", program("c-epoll"), made("c-epoll"),
         functools.partial(build.c, source("c-epoll", "server.c"), made("c-epoll")), get="cc",
         version=lambda: first_line("cc", "--version")),
    Peer(SAFE, lambda kind, port, _: [made("c-epoll"), "safe", port], made("c-epoll"),
         functools.partial(build.c, source("c-epoll", "server.c"), made("c-epoll")), get="cc",
         kinds=("close",), sources="c-epoll"),
    Peer("c-uring", program("c-uring"), made("c-uring"), build.uring,
         version=lambda: build.version_of("liburing-dev")),
    Peer("libuv", program("libuv"), made("libuv"), build.libuv,
         version=lambda: build.version_of("libuv1-dev")),
    Peer("tokio", program("tokio"), made("tokio"), build.tokio,
         version=lambda: build.version_of("librust-tokio-dev")),
    Peer("go", program("go"), made("go"), build.go, environment={"GOMAXPROCS": "1"},
         version=lambda: build.version_of("golang-1.19-go")),
    Peer("nginx", nginx, made("ngx_stream_thank_module.so"), build.nginx, child="nginx",
         version=lambda: build.version_of("nginx")),
    Peer("haproxy", haproxy, build.ROOT_FOLDER / "usr/sbin/haproxy",
         environment={"LD_LIBRARY_PATH": str(build.LIBRARIES)},
         version=lambda: build.version_of("haproxy"),
         cannot={"udp": "HAProxy has no services on UDP."}),
    Peer("envoy", envoy, made("libthanks.so"), build.envoy,
         environment={"ENVOY_DYNAMIC_MODULES_SEARCH_PATH": str(BUILD / "bin")},
         version=lambda: first_line(build.ENVOY, "--version").rpartition("version: ")[2]),
    Peer("nio", program("nio"), made("nio"), build.nio, version=swift_nio_version),
    Peer("node", lambda kind, port, _: ["node", source("node", "server.js"), kind, port],
         pathlib.Path(shutil.which("node") or "/nonexistent"), get="install Node",
         version=lambda: "Node " + first_line("node", "--version")),
    Peer("python", python, pathlib.Path(sys.executable),
         version=lambda: first_line(sys.executable, "--version")),
    Peer("uvloop",
         lambda kind, port, _: [sys.executable, source("uvloop", "server.py"), kind, port],
         BUILD / "uvloop", environment={"PYTHONPATH": str(BUILD / "uvloop")},
         version=uvloop_version),
]


def portico_peers(portico: pathlib.Path) -> list:
    """Portico with each backend that this build of it has."""
    if not portico.exists():
        raise Failure(f"there is no {portico}: run `make build`, or give --bin-dir")
    text = subprocess.run([str(portico), "run", "--help"], capture_output=True, text=True).stdout

    def command(options: list) -> Callable:
        def words(kind: str, port: int, folder: pathlib.Path) -> list:
            scheme = "udp" if kind == "udp" else "tcp"
            return [portico, "--log-level", "error", "--workers", 1, *options,
                    "--plugin", build.plugin(kind), "--listen", f"{scheme}://127.0.0.1:{port}",
                    "--run-dir", folder / "run"]
        return words

    def peer(name: str, options: list, kinds: tuple = ALL) -> Peer:
        return Peer(name, command(options), portico, child="portico-worker", kinds=kinds,
                    version=lambda: "Portico " + first_line(portico, "--version"))

    at_once = peer(AT_ONCE, ["--linger-bytes", "0"], ("close",))
    if "--backend" not in text:
        return [peer("portico", []), at_once]
    return [*(peer(f"portico-{backend}", ["--backend", backend]) for backend in ("epoll", "uring")),
            at_once]


def chosen(names: str, portico: pathlib.Path) -> list:
    """The peers of a comma-separated list, in the order of the table: Portico, limits, the rest.

    `all` is all of them, `portico` is Portico with each backend that it has.
    """
    every = portico_peers(portico) + PEERS
    if names == "all":
        return every
    wanted = names.split(",")
    for name in wanted:
        if name != "portico" and name not in [peer.name for peer in every]:
            known = ", ".join(peer.name for peer in every)
            raise SystemExit(f"bench: no peer is called {name}; there are {known}")
    return [peer for peer in every
            if peer.name in wanted or "portico" in wanted and peer.name.startswith("portico")]
