"""Restatements: what a bar said before, what it says since, and when that was learned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from dashboard.data.door import Door
from dashboard.data.market import as_date, as_datetime

MOST_ROWS = 500
FIELDS = ("open_usd", "high_usd", "low_usd", "close_usd", "volume_shares", "vwap_usd", "transactions")
# What queries/restatements.sql compares: the columns that have a before_ twin.
COMPARED = FIELDS[:5]


@dataclass(frozen=True)
class Change:
    """One restatement: a bar's version, when it became known (UTC), and its fields that differ: before, after.

    An override is a version too; `override_reason` has its field, reason and author.
    """

    ticker: str
    session: date
    version: int
    versions: int
    known_from: datetime
    fields: dict[str, tuple[float, float]]
    is_dropped: bool = False
    override_reason: str | None = None


def read_changes(door: Door, ticker: str = "") -> list[Change]:
    """The newest restatements of the ticker ("": of all), newest first."""
    changes = []
    for row in door.read("restatements", ticker=ticker, rows=MOST_ROWS).to_dict("records"):
        session, known = as_date(row["session_date"]), as_datetime(row["known_from"])
        assert session is not None
        assert known is not None
        pairs = {name: (row[f"before_{name}"], row[name]) for name in COMPARED}
        fields = {
            name: (float(before), float(after))
            for name, (before, after) in pairs.items()
            if not pd.isna(before) and not pd.isna(after) and before != after
        }
        version, versions = int(row["version_number"]), int(row["version_count"])
        reason = None if pd.isna(row["override_reason"]) else str(row["override_reason"])
        is_dropped = bool(row["is_dropped"])
        changes.append(Change(str(row["ticker"]), session, version, versions, known, fields, is_dropped, reason))
    return changes


def known_days(versions: pd.DataFrame) -> list[date]:
    """The days on which a version of `versions` (queries/bar_versions.sql) became known, oldest first."""
    return sorted({day for value in versions["known_from"] if (day := as_date(value)) is not None})
