"""Bars of one answer that contradict each other: the same ticker and session twice, with different values. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ingest.datasets import bar_session

# What makes a version (history_columns in dbt): two times of one session are no contradiction.
VALUES = ("o", "h", "l", "c", "v", "vw", "n", "otc")


class SeenBars:
    """The bars of one answer, page by page; a bar that is repeated to the digit is harmless."""

    def __init__(self, session: str | None) -> None:
        """`session`: that of a grouped request; None for a range, whose bars bring their own."""
        self._session = session
        self._seen: dict[tuple[Any, str], Mapping[str, Any]] = {}
        self._conflicts: dict[tuple[Any, str], list[Mapping[str, Any]]] = {}

    def add(self, bar: Mapping[str, Any]) -> None:
        """Take a bar as the answer holds it; one that names no ticker or session is left to the warehouse."""
        found, ticker = bar_session(bar) if bar.get("t") is not None else self._session, bar.get("T")
        if found is None or (self._session is not None and (found != self._session or ticker is None)):
            return
        key, values = (ticker, found), {name: bar.get(name) for name in VALUES}
        if self._seen.setdefault(key, values) != values:
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
