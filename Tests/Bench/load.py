"""Load on a server: `portico bench`, which checks every byte of every reply.

The figures begin after its warm-up, so that ten thousand connections are there by then; where each
request has a connection of its own there is none.
"""

import json
import os
import pathlib
import subprocess
from dataclasses import asdict, dataclass

from processes import BIG_SIZE, Failure, Server, softirq_pid
from works import Work

DEADLINE_S = 60


@dataclass(frozen=True)
class Turn:
    """What one server did in one round."""

    requests: int
    cpu_us: float
    """CPU of the serving process and of its processor's softirqs, for each request."""
    per_second: float
    p50_us: float
    p99_us: float
    client_busy: float

    as_dictionary = asdict


def warm_up(work: Work) -> str:
    """Long enough for all to have connected, and been answered several times."""
    return f"{max(100, work.connections // 8)}ms"


def command(portico: pathlib.Path, server: Server, work: Work, requests: int) -> list:
    """The command line of the load generator."""
    words = [portico, "bench", server.uri(), "--connections", work.connections, "--pipeline",
             work.pipeline, "--requests", requests, "--request-size", 64, "--pid", server.pid,
             "--json", "--quiet"]
    if softirq_pid():
        words += ["--pid", softirq_pid()]
    if work.kind == "close":
        words += ["--close", "--expect", "thank you !"]
    elif work.kind == "big":
        words += ["--expect-size", BIG_SIZE, "--warm-up", warm_up(work)]
    else:
        words += ["--expect", "thank you !", "--warm-up", warm_up(work)]
    return [str(word) for word in words]


def parsed(server: Server, output: str, errors: str) -> dict:
    """The generator's report."""
    try:
        return json.loads(output)
    except json.JSONDecodeError:
        raise server.failure(f"no load could be put on it: {errors.strip()}") from None


def put_load(portico: pathlib.Path, server: Server, work: Work, requests: int) -> Turn:
    """One turn of one server: so many requests, all answered, or a failure."""
    try:
        run = subprocess.run(command(portico, server, work, requests), capture_output=True,
                             text=True, timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        raise server.failure(f"{requests} requests took more than {DEADLINE_S} s") from None
    result = parsed(server, run.stdout, run.stderr)
    errors = {kind: count for kind, count in result["errors"].items() if count}
    # Datagrams may be lost: another is sent instead, until as many are answered as were asked for.
    if work.kind == "udp":
        errors.pop("lost", None)
    if errors or result["requests"] == 0:
        raise server.failure(f"wrong replies in {work.name}: {errors or run.stderr.strip()}")
    if result["server"] is None or not os.path.exists(f"/proc/{server.pid}"):
        raise server.failure("the process that serves has ended")
    latency = result["latency_us"]
    return Turn(result["requests"], result["server"]["cpu_us_per_request"],
                result["requests_per_second"], latency["p50"], latency["p99"],
                result["client"]["busy"])


def can_put_load(portico: pathlib.Path) -> None:
    """Fails with a sentence when there is no `portico bench`."""
    if not portico.exists():
        raise Failure(f"there is no {portico}: run `make build`, or give --bin-dir")
    run = subprocess.run([str(portico), "bench", "--help"], capture_output=True, text=True)
    if run.returncode != 0:
        raise Failure(f"{portico} has no command `bench`: build it anew")
