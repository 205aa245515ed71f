"""The plot of bench/history_slope.py: seconds and rows of a day over the years, log–log, a line a part."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, GAP = 300, 220, 60, 30, 110
# Okabe and Ito's, told apart by everyone.
COLOURS = ("#0072b2", "#d55e00", "#009e73")


def draw(rows: Sequence[Mapping[str, Any]], slopes: Mapping[str, float], path: Path) -> None:
    """Write an SVG with a panel for seconds and one for rows.

    Args:
        rows: lines of the table; `years`, and for each of `slopes` its value.
        slopes: "<part>, s" and "<part>, rows", with the slope that goes into the legend.
    """
    panels = [[name for name in slopes if name.endswith(unit)] for unit in (", s", ", rows")]
    drawn = [
        f'<g transform="translate({LEFT + place * (WIDTH + GAP)},{TOP})">{_panel(rows, slopes, names)}</g>'
        for place, names in enumerate(panels)
    ]
    width, height = 2 * (LEFT + WIDTH) + GAP, TOP + HEIGHT + 110
    shape = f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11"'
    background = '<rect width="100%" height="100%" fill="white"/>'
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" {shape}>{background}{"".join(drawn)}</svg>\n')


def _panel(rows: Sequence[Mapping[str, Any]], slopes: Mapping[str, float], names: Sequence[str]) -> str:
    years = [row["years"] for row in rows]
    values = [max(float(row[name]), 1e-3) for row in rows for name in names]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)) + 1e-9)
    widest = math.log(max(years) / min(years)) or 1.0

    def at(year: float, value: float) -> tuple[float, float]:
        across = math.log(year / min(years)) / widest
        up = (math.log10(max(value, 1e-3)) - low) / max(high - low, 1)
        return round(across * WIDTH, 1), round((1 - up) * HEIGHT, 1)

    unit = "seconds" if names[0].endswith(", s") else "rows that scans read"
    parts = [f'<text x="0" y="-10" font-weight="bold">A day: {unit}</text>']
    parts.append(f'<rect width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>')
    for power in range(low, high + 1):
        y = at(min(years), 10.0**power)[1]
        parts.append(f'<line x1="0" x2="{WIDTH}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="-6" y="{y + 4}" text-anchor="end">{10.0**power:,g}</text>')
    for year in years:
        x = at(year, values[0])[0]
        parts.append(f'<text x="{x}" y="{HEIGHT + 15}" text-anchor="middle">{year}</text>')
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT + 30}" text-anchor="middle">years of history</text>')
    for place, (name, colour) in enumerate(zip(names, COLOURS, strict=True)):
        points = [at(row["years"], row[name]) for row in rows]
        line = " ".join(f"{x},{y}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points]
        y = HEIGHT + 50 + 16 * place
        parts.append(f'<rect y="{y - 8}" width="14" height="4" fill="{colour}"/>')
        parts.append(f'<text x="20" y="{y - 2}">{name.split(",")[0]}: slope {slopes[name]:.2f}</text>')
    return "".join(parts)
