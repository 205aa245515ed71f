"""Lines by session as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import pandas as pd

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 960, 70, 10, 26, 24
_MOST_POINTS = 1500
# A line is never told by its colour alone.
_LINES = (("var(--a)", ""), ("var(--b)", "6 4"), ("var(--muted)", "2 3"))


def chart(series: Sequence[tuple[str, pd.Series]], label: str, height: int = 320) -> str:
    """Curves over the same sessions, with their names above and a scale on the left."""
    sessions = series[0][1].index
    low = min(float(values.min()) for _, values in series)
    high = max(float(values.max()) for _, values in series)
    step = _step(high - low)
    ticks = np.arange(np.floor(low / step), np.ceil(high / step) + 1) * step
    bottom, top = float(ticks[0]), max(float(ticks[-1]), float(ticks[0]) + step)
    wide, tall = _WIDTH - _LEFT - _RIGHT, height - _TOP - _BOTTOM

    def down(value: float) -> float:
        return round(_TOP + tall * (top - value) / (top - bottom), 1)

    parts = [f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(label)}" font-size="12">']
    for tick in ticks:
        y = down(float(tick))
        parts.append(f'<path d="M{_LEFT} {y}H{_WIDTH - _RIGHT}" stroke="var(--line)"/>')
        said = f"{tick:,.{0 if step >= 1 else 1}f}".replace("-", "\N{MINUS SIGN}")
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end" fill="var(--muted)">{said}</text>')
    count = max(len(sessions) - 1, 1)
    for place in sorted({0, count // 2, len(sessions) - 1}):
        anchor = "start" if place == 0 else "end" if place == len(sessions) - 1 else "middle"
        x = _LEFT + wide * place / count
        parts.append(
            f'<text x="{x:.1f}" y="{height - 6}" text-anchor="{anchor}" fill="var(--muted)">'
            f"{sessions[place]:%Y-%m-%d}</text>"
        )
    every = max(1, len(sessions) // _MOST_POINTS)
    for number, (name, values) in enumerate(series):
        colour, dash = _LINES[min(number, len(_LINES) - 1)]
        kept = sorted({*range(0, len(values), every), len(values) - 1})
        points = " ".join(f"{_LEFT + wide * place / count:.1f},{down(float(values.iloc[place]))}" for place in kept)
        style = f'fill="none" stroke="{colour}" stroke-width="1.8" stroke-dasharray="{dash}"'
        x = _LEFT + number * 220
        parts.append(f'<polyline points="{points}" {style}/><path d="M{x} 10h24" {style}/>')
        parts.append(f'<text x="{x + 30}" y="14" fill="var(--ink)">{escape(name)}</text>')
    return "".join([*parts, "</svg>"])


def _step(span: float) -> float:
    """A distance of 1, 2 or 5 times a power of ten that cuts the span in four or so."""
    raw = max(span, 1e-9) / 4
    power = 10.0 ** np.floor(np.log10(raw))
    return float(next(each * power for each in (1, 2, 5, 10) if each * power >= raw))
