"""One picture a kind of work: bars of the medians, with what the rounds spread to.

SVG by hand, with no reference to anything else, and colours for light and for dark.
"""

from xml.sax.saxutils import escape

import budgets
from report import rows, short

WIDTH, LEFT, RIGHT, TOP, ROW = 760, 120, 170, 64, 26
STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #1c2733; }
    .title { font-size: 16px; font-weight: 600; }
    .note { font-size: 12px; fill: #5b6875; }
    .portico { fill: #0b6bcb; } .limit { fill: #7d8894; } .peer { fill: #b9c3cd; }
    .spread { stroke: #1c2733; stroke-width: 1.3; fill: none; }
    .paper { fill: #ffffff; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6ebf0; } .note { fill: #9aa7b4; } .paper { fill: #14181d; }
      .portico { fill: #4da3ff; } .limit { fill: #8a96a3; } .peer { fill: #4a5663; }
      .spread { stroke: #e6ebf0; }
    }"""


def kind_of(name: str) -> str:
    """The class of a bar."""
    if name.startswith("portico"):
        return "portico"
    return "limit" if name in budgets.LIMITS else "peer"


def svg(work: dict, facts: dict) -> str:
    """The picture of one kind of work, fastest first."""
    measured = sorted((row for row in rows(work) if len(row) > 1), key=lambda row: row[1])
    most = max((row[3] for row in measured), default=1)
    scale = (WIDTH - LEFT - RIGHT) / most
    height = TOP + ROW * len(measured) + 34
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             f'width="{WIDTH}" height="{height}" role="img">',
             f"<title>{escape(work['title'])}</title>", f"<style>{STYLE}\n</style>",
             f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
             f'<text class="title" x="16" y="26">{escape(work["title"])}</text>',
             '<text class="note" x="16" y="46">CPU of the server for each request, µs: median, '
             'lowest to highest round; in brackets the multiple of the limit</text>']
    for index, (name, median, low, high, multiple, *_) in enumerate(measured):
        top = TOP + index * ROW
        middle = top + ROW / 2 - 2
        end = LEFT + high * scale + 8
        label = short(median) + (f" ({multiple:.2f})" if multiple else "")
        parts += [
            f'<text x="{LEFT - 8}" y="{middle + 4.5:.1f}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{kind_of(name)}" x="{LEFT}" y="{top + 2}" rx="2" '
            f'width="{max(1, median * scale):.1f}" height="{ROW - 8}"/>',
            f'<path class="spread" d="M{LEFT + low * scale:.1f} {middle:.1f}'
            f'H{LEFT + high * scale:.1f}M{LEFT + low * scale:.1f} {middle - 4:.1f}v8'
            f'M{LEFT + high * scale:.1f} {middle - 4:.1f}v8"/>',
            f'<text x="{end:.1f}" y="{middle + 4.5:.1f}">{escape(label)}</text>']
    source = f"{facts['processor']}, Linux {facts['kernel']}; rounds: {facts['rounds']}"
    parts += [f'<text class="note" x="16" y="{height - 12}">{escape(source)}</text>', "</svg>"]
    return "\n".join(parts) + "\n"
