"""What the built-in vendor corrects after the demo has come through, so that there is a restatement to look at.

Only synthetic tickers are touched: the real bars stay what they are. The corrections that last are kept beside the
state, so that the market server says the same when the demo goes on; the answer that lacks rows is whole again then.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

# Two whose bars are restated, and one that splits; each has a bar in every session and nothing else to handle.
RESTATED, OTHER, SPLIT = "SIM0001", "SIM0003", "SIM0002"
TICKERS_NEEDED = 3
# Of its tickers, the incomplete answer has so many; ingest takes less than three quarters for an accident.
SHARE_ANSWERED = 0.4

Row = dict[str, Any]


@dataclass(frozen=True)
class Corrections:
    """What to tell the market server (see local/market/corrections.py), and what a user is told of it."""

    items: tuple[Row, ...]
    incomplete: date

    @property
    def lasting(self) -> list[Row]:
        """Those that the vendor does not mend again."""
        return [item for item in self.items if "left_out" not in item]

    def lines(self, dashboard: str, moment: str) -> list[tuple[str, str]]:
        """What was corrected, and the page where it is seen.

        Args:
            dashboard: its address.
            moment: just before the corrections, YYYY-MM-DD and HH:MM:SS, UTC.
        """
        day, time = moment.split(" ")
        return [
            ("Bars that were restated", f"{dashboard}/restatements"),
            (f"{RESTATED} as it was known before", f"{dashboard}/chart?ticker={RESTATED}&asof={day}&at={time}"),
            (f"{SPLIT} after a split of 3 for 1", f"{dashboard}/chart?ticker={SPLIT}"),
            ("A bar that cannot be true, and an answer that lacks tickers", f"{dashboard}/quality"),
        ]


def corrections(sessions: Sequence[date], tickers: Sequence[str], bar: Callable[[str, date], Row]) -> Corrections:
    """Of the newest sessions (oldest first, at least four).

    Args:
        tickers: the synthetic ones.
        bar: a ticker's unadjusted bar of a session, in the API's field names.
    """
    newest, before = sessions[-1], sessions[-2]
    incomplete = sessions[-4]
    restated, other, impossible = bar(RESTATED, before), bar(OTHER, before), bar(RESTATED, newest)
    close = round(restated["c"] * 1.02, 4)
    lower = {name: round(other[name] * 0.98, 4) for name in ("o", "h", "l", "c", "vw")}
    answered = round(len(tickers) * SHARE_ANSWERED)
    items: tuple[Row, ...] = (
        _of(RESTATED, before, {"c": close, "h": max(restated["h"], close)}),
        _of(OTHER, before, lower),
        _of(OTHER, newest, {"v": round(bar(OTHER, newest)["v"] * 1.5)}),
        _of(RESTATED, newest, {"h": round(impossible["l"] * 0.9, 4)}),
        {"session": newest.isoformat(), "ticker": SPLIT, "split": [1, 3]},
        {"session": incomplete.isoformat(), "left_out": list(tickers[answered:])},
    )
    return Corrections(items, incomplete)


def _of(ticker: str, session: date, fields: Row) -> Row:
    return {"session": session.isoformat(), "ticker": ticker, "fields": fields}


def kept(state: Path) -> Path:
    """The file of the corrections that last; it exists once the vendor has corrected."""
    return state / "corrections.json"


def arguments(state: Path, synthetic_tickers: int) -> list[str]:
    """Of the market server, so that it goes on with the corrections that last; with too few tickers there are none."""
    is_kept = kept(state).exists() and synthetic_tickers >= TICKERS_NEEDED
    return ["--corrections", str(kept(state))] if is_kept else []


def keep(state: Path, found: Corrections) -> None:
    """Write them down, whole or not at all."""
    path = kept(state)
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(found.lasting))
    draft.replace(path)
