"""What it may cost: the one table of budgets, and the comparison of results with it."""

import statistics

from peers import AT_ONCE, LIMITS, SAFE, USUAL
from works import WORKS

# (figure, most, unit, title): of Portico.
FIGURES = [
    ("idle_connection_bytes", 300, "B", "memory for an idle connection at 10,000"),
    ("first_reply_ms", 50, "ms", "exec to first reply"),
    ("reply_ns", 35, "ns", "one reply"),
    ("worker_resident_bytes", 12 << 20, "B", "memory of a worker"),
    ("reload_lost", 0, "", "requests lost by a reload under load"),
    ("allocations_close", 0, "", "allocations: connect, thank, close"),
    ("allocations_keep-64", 0, "", "allocations: 64 bytes in, 11 out"),
]


def costs(work: dict, peer: str) -> list:
    """A peer's CPU for each request, by round."""
    return [turn["cpu_us"] for turn in work["peers"][peer]]


def limit_of(work: dict) -> str:
    """The better of the two limits that were measured, by their medians; empty if none was."""
    there = [name for name in LIMITS if work["peers"].get(name)]
    return min(there, key=lambda name: statistics.median(costs(work, name)), default="")


def usual_portico(names) -> str:
    """Of Portico's variants that were measured the one that users have without a flag: io_uring
    where it can be had; empty if none was measured."""
    return next((name for name in USUAL if name in names), "")


def ratio(work: dict, peer: str, other: str) -> float:
    """The median of each round's own ratio, so that a slow minute slows both."""
    return statistics.median(a / b for a, b in zip(costs(work, peer), costs(work, other)))


def shown(value: float) -> str:
    """Whole where it is large."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def compare(results: dict) -> list:
    """Each budget as (kept, sentence); what was not measured is said, and is not kept."""
    lines = []
    for work in WORKS:
        measured = results["works"].get(work.name, {"peers": {}})
        there = [name for name, turns in measured["peers"].items() if turns]
        limit, portico = limit_of(measured), usual_portico(there)
        if not limit or not portico:
            lines.append((False, f"{work.name}: not measured"))
            continue
        pairs = [(portico, limit)]
        if measured["peers"].get(SAFE) and measured["peers"].get(AT_ONCE):
            # Like with like: those that lose no answer, and those that close at once.
            pairs = [(portico, SAFE), (AT_ONCE, limit)]
        for mine, other in pairs:
            value = round(ratio(measured, mine, other), 2)
            lines.append((value <= work.budget, f"{work.name}: {mine} / {other} {value:.2f}, "
                          f"budget {work.budget:.2f}"))
        others = [name for name in there
                  if name not in (*LIMITS, SAFE) and not name.startswith("portico")]
        for mine, _ in pairs:
            ahead = [f"{name} ({ratio(measured, name, mine):.2f})" for name in others
                     if round(ratio(measured, name, mine), 2) < 1]
            lines.append((not ahead, f"{work.name}: {mine} is ahead of all {len(others)} peers"
                          if not ahead else f"{work.name}: ahead of {mine}: {', '.join(ahead)}"))
    for figure, most, unit, title in FIGURES:
        measured = {name: figures[figure] for name, figures in results["figures"].items()
                    if figure in figures}
        portico = usual_portico(measured)
        if not portico:
            lines.append((False, f"{title}: not measured"))
            continue
        value = measured[portico]
        lines.append((value <= most,
                      f"{title}: {portico} {shown(value)} {unit}".rstrip()
                      + f", budget {most:,} {unit}"))
    return lines


def check(results: dict) -> bool:
    """Prints each budget with its verdict; whether all are kept."""
    lines = compare(results)
    for kept, sentence in lines:
        print(f"{'kept    ' if kept else 'NOT KEPT'}  {sentence.strip()}")
    return all(kept for kept, _ in lines)
