"""Bars of one answer that contradict each other: the same ticker and session twice, with different values. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ingest.datasets import TICKER, bar_session

# What makes a version (history_columns in dbt): two times of one session are no contradiction.
NUMBERS = ("o", "h", "l", "c", "v", "vw", "n")


class SeenBars:
    """The bars of one answer, page by page; a bar that is repeated to the digit is harmless."""

    def __init__(self, session: str | None) -> None:
        """`session`: that of a grouped request; None for a range, whose bars bring their own."""
        self._session = session
        self._seen: dict[tuple[str | None, str], Mapping[str, Any]] = {}
        self._conflicts: dict[tuple[str | None, str], list[Mapping[str, Any]]] = {}

    def add(self, bar: Mapping[str, Any]) -> None:
        """Take a bar as the answer holds it; one that names no ticker or session is left to the warehouse."""
        found, ticker = bar_session(bar) if bar.get("t") is not None else self._session, _ticker(bar)
        if found is None or (self._session is not None and (found != self._session or ticker is None)):
            return
        key = (ticker, found)
        first = self._seen.setdefault(key, bar)
        if first is not bar and (values := _values(bar)) != _values(first):
            others = self._conflicts.setdefault(key, [])
            if values not in others:
                others.append(values)

    @property
    def conflicts(self) -> dict[str, int]:
        """By session: how many bars there are besides the first of their ticker, and other than it."""
        counted: Counter[str] = Counter()
        for (_, session), others in self._conflicts.items():
            counted[session] += len(others)
        return dict(counted)


def _values(bar: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _number(bar.get(name)) for name in NUMBERS} | {"otc": _is_otc(bar)}


def _ticker(bar: Mapping[str, Any]) -> str | None:
    """None where the warehouse finds no ticker either: such a row is rejected by itself."""
    ticker = bar.get("T")
    name = ticker.strip() if isinstance(ticker, str) else ""
    return name if TICKER.fullmatch(name) else None


def _number(value: Any) -> Any:
    """A number, however it is written (7, 7.0, "7"); anything else as it is."""
    try:
        return value if isinstance(value, bool) or value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        return value


def _is_otc(bar: Mapping[str, Any]) -> bool:
    return str(bar.get("otc")).lower() in ("true", "1")
