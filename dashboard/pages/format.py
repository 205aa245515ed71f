"""Values as text, one way everywhere: dollars, percent, shares, sessions, times in UTC."""

from __future__ import annotations

import math
from datetime import date, datetime

from dashboard.data.as_of import Known

NONE = "–"
_MINUS = "\N{MINUS SIGN}"


def _missing(value: float | None) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def number(value: float | None, decimals: int = 0) -> str:
    """1234.5 → "1,234.50"; a true minus sign, none before a zero; "–" for no value."""
    if value is None or _missing(value):
        return NONE
    return f"{value:z,.{decimals}f}".replace("-", _MINUS)


def signed(value: float | None, decimals: int = 2) -> str:
    """Like `number`, with the sign always shown, but of a zero."""
    if value is None or _missing(value):
        return NONE
    text = f"{value:+z,.{decimals}f}".replace("-", _MINUS)
    return text if text.strip("+0.") else text.removeprefix("+")


def usd(value: float | None) -> str:
    """A price in US dollars; four decimals under one dollar, where two would hide the move."""
    if value is None or _missing(value):
        return NONE
    return f"${number(value, 4 if abs(value) < 1 else 2)}"


def compact(value: float | None) -> str:
    """45_200_000 → "45.2M"."""
    if value is None or _missing(value):
        return NONE
    for size, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= size:
            return f"{value / size:.1f}{unit}"
    return f"{value:.0f}"


def session(value: date | None) -> str:
    """A trading day: "Fri 20 Nov 2026"."""
    return NONE if value is None else f"{value:%a} {value.day} {value:%b %Y}"


def utc(value: datetime | None) -> str:
    """A naive UTC time: "20 Nov 2026 23:15 UTC"."""
    return NONE if value is None else f"{value.day} {value:%b %Y %H:%M} UTC"


def known(then: Known) -> str:
    """'at the end of Fri 20 Nov 2026', 'before 18:30:00 UTC on Fri 20 Nov 2026'."""
    if then.at is None:
        return f"at the end of {session(then.day)}"
    return f"before {then.at:%H:%M:%S} UTC on {session(then.day)}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """1 → "1 bar", 2 → "2 bars"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
