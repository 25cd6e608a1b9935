"""Tables of the results: for a terminal, and in Markdown for a page."""

import statistics

import budgets
from works import WORKS

DASH = "–"


def rows(work: dict) -> list:
    """(peer, median, lowest, highest, multiple of the limit or None, requests/s, p50, p99)."""
    limit = budgets.limit_of(work)
    result = []
    for name, turns in work["peers"].items():
        if not turns:
            result.append((name,))
            continue
        cost = budgets.costs(work, name)
        multiple = budgets.ratio(work, name, limit) if limit else None
        result.append((name, statistics.median(cost), min(cost), max(cost), multiple,
                       *(statistics.median(turn[key] for turn in turns)
                         for key in ("per_second", "p50_us", "p99_us"))))
    return result


def short(value: float, digits: int = 3) -> str:
    """With as many digits as are worth something; never an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.{max(0, digits - len(str(int(value))))}f}"


def facts_lines(results: dict) -> list:
    """Where the figures come from."""
    facts = results["environment"]
    return [f"{facts['processor']}, {facts['processors']} processors, Linux {facts['kernel']}",
            f"{facts['date']}; rounds: {facts['rounds']}; servers on processor "
            f"{facts['servers_on']}, load on {', '.join(map(str, facts['load_on']))}",
            *(f"{name}: {version}" for name, version in facts["versions"].items() if version)]


def work_table(work: dict) -> list:
    """One kind of work, for a terminal."""
    limit = budgets.limit_of(work)
    lines = [work["title"] + (f"   (limit: {limit})" if limit else ""),
             f"  {'':<14}{'CPU µs a request':>18}{'lowest':>9}{'highest':>9}{'× limit':>9}"
             f"{'requests/s':>12}{'p50 µs':>9}{'p99 µs':>10}"]
    for name, *values in rows(work):
        if not values:
            lines.append(f"  {name:<14}{DASH:>18}")
            continue
        median, low, high, multiple, pace, p50, p99 = values
        times = f"{multiple:.2f}" if multiple else ""
        lines.append(f"  {name:<14}{short(median):>18}{short(low):>9}{short(high):>9}{times:>9}"
                     f"{pace:>12,.0f}{short(p50):>9}{short(p99):>10}")
    return lines


FIGURE_TITLES = [
    ("idle_connection_bytes", "memory for an idle connection at 10,000, bytes"),
    ("parent_idle_connection_bytes", "the same, of the parent process, bytes"),
    ("resident_bytes", "resident memory after one request, bytes"),
    ("first_reply_ms", "exec to first reply, ms"),
    ("worker_resident_bytes", "resident memory of a worker with thankyou, bytes"),
    ("supervisor_resident_bytes", "resident memory of the supervisor, bytes"),
    ("reply_ns", "one reply, ns"),
    ("plain_call_ns", "a C function through a pointer, for comparison, ns"),
    ("handle_ns", "one call of handle, ns"),
    ("reload_ms", "reload under load, ms"),
    ("reload_lost", "requests lost by it"),
    ("respawn_ms", "death of a worker to the next reply, ms"),
    ("allocations_close", "allocations in 6,000 requests: connect, thank, close"),
    ("allocations_keep-64", "allocations in 30,000 requests: 64 bytes in, 11 out"),
]


def figure_lines(results: dict) -> list:
    """What is not CPU for each request, a line for each figure."""
    lines = []
    for key, title in FIGURE_TITLES:
        values = [f"{name} {figures[key]:,.0f}" if abs(figures[key]) >= 100
                  else f"{name} {figures[key]:,.3g}"
                  for name, figures in results["figures"].items() if key in figures]
        if values:
            lines.append(f"{title}: {', '.join(values)}")
    return lines


def text(results: dict) -> str:
    """All of it, for a terminal."""
    lines = facts_lines(results)
    for work in results["works"].values():
        lines += ["", *work_table(work)]
    lines += ["", *figure_lines(results)]
    if results["notes"]:
        lines += ["", *(f"{DASH} {note}" for note in results["notes"])]
    return "\n".join(lines) + "\n"


def markdown(results: dict) -> str:
    """A matrix of medians for a page: a row a peer, a column a work; then the figures."""
    works = [work for work in WORKS if work.name in results["works"]]
    names = list(dict.fromkeys(name for work in results["works"].values()
                               for name in work["peers"]))
    lines = ["CPU of the server for each request, µs: median (and multiple of the limit).", "",
             "| | " + " | ".join(work.name for work in works) + " |",
             "| --- |" + " ---: |" * len(works)]
    for name in names:
        cells = []
        for work in works:
            found = [row for row in rows(results["works"][work.name]) if row[0] == name]
            if not found or len(found[0]) == 1:
                cells.append(DASH)
                continue
            _, median, _, _, multiple, *_ = found[0]
            cells.append(short(median) + (f" ({multiple:.2f})" if multiple else ""))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += ["", *(f"- {work.name}: {work.title}" for work in works)]
    lines += ["", *(f"- {line}" for line in figure_lines(results))]
    lines += ["", *(f"- {DASH} {note}" for note in results["notes"])]
    lines += ["", *(f"- {line}" for line in facts_lines(results))]
    return "\n".join(lines) + "\n"
