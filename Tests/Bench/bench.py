#!/usr/bin/env python3
"""What a request costs in CPU of the server: Portico, the limits in C, and its peers.

All servers of one kind of work run side by side and take turns, so that a slower minute of the
machine slows all of them; the order rotates with each round. A ratio is the median of each round's
own. The CPU is that of every thread of the one process that serves: of Portico, its worker. Exit
status 1 for a wrong reply or a server that fails; for slow figures only with --check.
"""

import argparse
import json
import pathlib
import sys
import tempfile
import time

import budgets
import chart
import environment
import figures
import peers
import report
from allocations import allocations
from load import can_put_load, put_load
from processes import BUILD, ROOT, Failure, free_port, softirq_pid, stay_off_the_servers_processor
from processes import stop, wait_until_it_answers
from works import chosen as chosen_works

RESULTS = BUILD / "results"
TURN_S = 0.5
SMALL_TURN_S = 0.1


class Run:
    """One run of the bench: what was chosen, and what came out so far."""

    def __init__(self, options: argparse.Namespace, temporary: pathlib.Path):
        self.options, self.temporary = options, temporary
        self.portico = options.bin_dir / "portico"
        self.turn_s = SMALL_TURN_S if options.requests == "small" else TURN_S
        self.failed = False
        self.notes = []
        self.peers = [peer for peer in peers.chosen(options.peer, self.portico)
                      if self.is_here(peer)]
        self.results = {"environment": environment.facts(self.peers, options.rounds),
                        "works": {}, "figures": {}, "notes": self.notes}
        names = {peer.name for peer in self.peers}
        if not softirq_pid():
            self.notes.append("ksoftirqd is out of sight here: what long sends leave to it is "
                              "not in the figures.")
        if "portico" in names:
            self.notes.append("portico: this build has one backend, and no option to choose it.")

    def is_here(self, peer: peers.Peer) -> bool:
        """Whether a peer can take part; says how to get it when it cannot."""
        if peer.name.endswith("-uring") and not environment.has_uring():
            self.notes.append(f"{peer.name}: io_uring is forbidden here.")
            print(f"{peer.name} is left out: io_uring is forbidden here", file=sys.stderr)
            return False
        try:
            if peer.is_here():
                return True
            self.notes.append(f"{peer.name}: not here ({peer.get}).")
            print(f"{peer.name} is not here: {peer.get}", file=sys.stderr)
        except Failure as failure:
            self.fail(failure)
        return False

    def fail(self, failure: Failure) -> None:
        """Remembers, and goes on with the others."""
        self.failed = True
        self.notes.append(str(failure).splitlines()[0])
        print(f"bench: {failure}", file=sys.stderr)

    def measure_work(self, work) -> None:
        """All turns of one kind of work."""
        measured = {"title": work.title, "budget": work.budget, "peers": {}}
        self.results["works"][work.name] = measured
        servers, requests = [], {}
        try:
            for peer in self.peers:
                if work.kind not in peer.kinds:
                    continue
                measured["peers"][peer.name] = []
                if work.kind in peer.cannot:
                    note = f"{peer.name}, {work.kind}: {peer.cannot[work.kind]}"
                    self.notes += [note] if note not in self.notes else []
                    continue
                self.start(peer, work, servers, requests)
            for turn in range(self.options.rounds):
                first = turn % max(1, len(servers))
                for server in servers[first:] + servers[:first]:
                    if server.name not in requests:
                        continue
                    try:
                        done = put_load(self.portico, server, work, requests[server.name])
                        measured["peers"][server.name].append(done.as_dictionary())
                    except Failure as failure:
                        # Half a row would be compared with whole ones.
                        measured["peers"][server.name] = []
                        del requests[server.name]
                        self.fail(failure)
        finally:
            stop(servers)
        print("\n".join(report.work_table(measured)) + "\n", flush=True)

    def start(self, peer: peers.Peer, work, servers: list, requests: dict) -> None:
        """Starts a server; its first turn is not counted, and says how long the others shall be."""
        port = free_port(work.kind)
        folder = self.temporary / f"{peer.name}-{work.name}-{port}"
        try:
            server = peer.start(work.kind, port, folder)
            servers.append(server)
            wait_until_it_answers(server)
            peer.settle(server)
            first = work.first_requests
            if self.options.requests == "small" and not work.is_crowd:
                first //= 10
            warm = put_load(self.portico, server, work, first)
            wanted = int(warm.per_second * self.turn_s * (2 if work.is_crowd else 1))
            least = max(work.connections * work.pipeline * 2, first // 2)
            requests[peer.name] = max(least, min(work.most_requests, wanted))
        except Failure as failure:
            self.fail(failure)

    def measure_figures(self) -> None:
        """Memory, starting and what only Portico has."""
        wanted = self.options.figures
        for peer in (peer for peer in self.peers if peer.kinds == peers.ALL):
            mine = self.results["figures"].setdefault(peer.name, {})
            steps = [("idle", lambda: figures.idle_memory(peer, self.temporary)),
                     ("start", lambda: figures.first_reply(peer, self.temporary))]
            if peer.name.startswith("portico"):
                steps += [
                    ("memory", lambda: figures.worker_memory(peer, self.temporary)),
                    ("calls", lambda: figures.single_calls(peer, self.temporary)),
                    ("reload", lambda: figures.reload_under_load(peer, self.portico,
                                                                 self.temporary)),
                    ("respawn", lambda: figures.respawn(peer, self.temporary)),
                    ("allocations", lambda: allocations(peer, self.portico, self.temporary))]
            for name, step in steps:
                if wanted != "all" and name not in wanted.split(","):
                    continue
                try:
                    mine.update(step())
                except (Failure, OSError) as failure:
                    self.fail(Failure(f"{peer.name}, {name}: {failure}"))
        lines = report.figure_lines(self.results)
        print("\n".join(lines) + ("\n" if lines else ""), flush=True)

    def write(self) -> None:
        """Table, page, pictures and numbers, in a folder of their own."""
        folder = self.options.output or RESULTS / time.strftime("%Y-%m-%d-%H%M%S")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "table.txt").write_text(report.text(self.results))
        (folder / "table.md").write_text(report.markdown(self.results))
        for name, work in self.results["works"].items():
            if any(work["peers"].values()):
                picture = chart.svg(work, self.results["environment"])
                (folder / f"{name}.svg").write_text(picture)
        (folder / "results.json").write_text(json.dumps(self.results, indent=1) + "\n")
        print(f"table.txt, table.md, results.json and a picture for each work are in {folder}")


def newest_results() -> dict:
    """Those of the last run."""
    found = sorted(RESULTS.glob("*/results.json"))
    if not found:
        raise SystemExit("bench: there are no results yet: run `make bench`")
    print(f"{found[-1].parent}:")
    return json.loads(found[-1].read_text())


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin-dir", type=pathlib.Path, default=ROOT / ".build/release",
                        help="where the portico executable is (default: .build/release)")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each server (default: 9)")
    parser.add_argument("--work", default="all", help="kinds of work, with commas (default: all)")
    parser.add_argument("--peer", default="all", help="servers, with commas (default: all)")
    parser.add_argument("--figures", default="all",
                        help="of idle, start, memory, calls, reload, respawn, allocations; or none")
    parser.add_argument("--requests", choices=["usual", "small"], default="usual",
                        help="a turn of a second, or of a tenth")
    parser.add_argument("--output", type=pathlib.Path, help="folder of the results")
    parser.add_argument("--check", action="store_true", help="exit 1 when a budget is not kept")
    parser.add_argument("--check-newest", action="store_true",
                        help="measure nothing: compare the newest results with the budgets")
    return parser.parse_args()


def main() -> int:
    """Measures, reports, compares."""
    options = parsed()
    if options.check_newest:
        return 0 if budgets.check(newest_results()) else 1
    stay_off_the_servers_processor()
    with tempfile.TemporaryDirectory(prefix="portico-bench-") as name:
        try:
            can_put_load(options.bin_dir / "portico")
            run = Run(options, pathlib.Path(name))
        except Failure as failure:
            print(f"bench: {failure}", file=sys.stderr)
            return 1
        for work in chosen_works(options.work) if options.work != "none" else []:
            run.measure_work(work)
        run.measure_figures()
        run.write()
    kept = budgets.check(run.results) if options.check else True
    return 1 if run.failed or not kept else 0


if __name__ == "__main__":
    sys.exit(main())
