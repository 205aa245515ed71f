"""The plot of a table in bench/RESULTS.md: a bar a row, for one column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

WIDTH, LABEL, VALUE, BAR, STEP = 420, 400, 90, 16, 24
COLOUR, OURS = "#999999", "#0072b2"
# Where the longest bar is this much longer than the shortest, lengths are logarithms.
LOGARITHMIC = 30


def bars(rows: Sequence[Mapping[str, Any]], label: str, column: str) -> str:
    """An SVG; rows without a number in the column are left out.

    Args:
        rows: lines of the table.
        label: the column that names a row; names with "Snowtape" stand out where others are beside them.
        column: the column that is drawn.
    """
    drawn = [(str(row[label]), float(row[column])) for row in rows if isinstance(row[column], (int, float))]
    least, most = min(value for _, value in drawn), max(value for _, value in drawn)
    is_log = least > 0 and most / least > LOGARITHMIC
    title = f"{column}{', on a logarithmic scale' if is_log else ''}"
    parts = [f'<text x="{LABEL}" y="14" font-weight="bold">{escape(title)}</text>']
    lowest = math.floor(math.log10(least)) if is_log else 0
    are_compared = 0 < sum("Snowtape" in name for name, _ in drawn) < len(drawn)
    for place, (name, value) in enumerate(drawn):
        share = (math.log10(value) - lowest) / (math.log10(most) - lowest) if is_log else value / (most or 1)
        length, top = max(round(share * WIDTH, 1), 1), 24 + place * STEP
        colour = OURS if "Snowtape" in name or not are_compared else COLOUR
        parts += [
            f'<text x="{LABEL - 8}" y="{top + 12}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{LABEL}" y="{top}" width="{length}" height="{BAR}" fill="{colour}"/>',
            f'<text x="{LABEL + length + 6}" y="{top + 12}">{_number(value)}</text>',
        ]
    shape = f'viewBox="0 0 {LABEL + WIDTH + VALUE} {30 + len(drawn) * STEP}" font-family="sans-serif" font-size="12"'
    background = '<rect width="100%" height="100%" fill="white"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {shape}>{background}{"".join(parts)}</svg>\n'


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
