"""What an option chain says of the bars of its session. Pure.

The snapshot of a contract has its last day bar, dated by `day.last_updated`: one of the session if the contract traded
in it, one of an older session if it did not. So a chain answers for its contracts what a range each would, 250 a page.
It doesn't hold those that expired with the session.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from ingest.datasets import NEW_YORK, bar_session

# The last options trade until 16:15, and a plan may be 15 minutes behind: `day_bar_is_final_hour` in dbt says the same.
FINAL_AT = time(17)


@dataclass(frozen=True)
class LastDay:
    """A contract's last day bar: its session (YYYY-MM-DD), "" where the contract never traded, and contracts traded."""

    session: str
    volume: float = 0.0


def is_final(session: str, fetched_at: datetime) -> bool:
    """Whether a day bar of a session (YYYY-MM-DD) that was fetched at a moment (aware) is whole."""
    return fetched_at >= datetime.combine(date.fromisoformat(session), FINAL_AT, NEW_YORK)


def last_days(rows: Iterable[Mapping[str, Any]]) -> dict[str, LastDay]:
    """The last day bars of a chain's rows, by contract; a contract is left out where its bar can't be used."""
    found = {}
    for row in rows:
        details, day = row.get("details"), row.get("day")
        contract = details.get("ticker") if isinstance(details, dict) else None
        if not isinstance(contract, str):
            continue
        if not day:
            found[contract] = LastDay("")
        elif isinstance(day, dict) and _number(day.get("close")) > 0:
            session = bar_session({"t": day.get("last_updated")})
            if session is not None:
                found[contract] = LastDay(session, _number(day.get("volume")))
    return found


def traded(days: Mapping[str, LastDay], session: str) -> frozenset[str]:
    """The contracts of which the chain has the bar of a session."""
    return frozenset(contract for contract, day in days.items() if day.session == session)


def answered(days: Mapping[str, LastDay], session: str) -> frozenset[str]:
    """The contracts of which the chain says what they traded in a session, or that they didn't.

    One that has a later bar has traded since: of the session nothing is known.
    """
    return frozenset(contract for contract, day in days.items() if day.session <= session)


def likeliest(days: Mapping[str, LastDay], session: str) -> str | None:
    """The contract that would most probably have traded in a session, of those whose last bar is older."""
    older = [
        (day.session, day.volume, contract) for contract, day in days.items() if day.session and day.session < session
    ]
    return max(older)[2] if older else None


def _number(value: object) -> float:
    """0 for what is not a number, however it is written."""
    try:
        return float(value) if isinstance(value, int | float | str) else 0.0
    except ValueError:
        return 0.0
