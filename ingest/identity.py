"""Which security a ticker is: the requests that follow from today's ticker list. Pure.

The listing of active tickers says what each one is today. Compared with the one before, it shows which tickers are new,
gone or another security's now, and those are asked about at once:

    new, another FIGI or CIK   its ticker events, by ticker: those of the security that has it today
    gone                       what became of it, among the delisted ones, and the events of its FIGI

Events of the past are added and corrected too: a share of all tickers is asked about with every session, in turn, so
that the one that was asked longest ago is next. docs/identity.md names the vendor's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingest import datasets
from ingest.datasets import Request

# What a ticker is in a path; the vendor's list also has spellings that no exchange uses.
ASKABLE = re.compile(r"[A-Z][A-Za-z0-9.:_-]{0,15}")
# A run asks for this many at most, and for no more than the key's limit allows in this time.
MOST_EVENTS, EVENT_MINUTES = 1_000, 20
# More than this many, and more than this share, are not gone: the list is short (dbt/macros/received/bounds.sql).
GONE_AT_MOST, GONE_SHARE = 10, 0.05


@dataclass(frozen=True)
class Identity:
    """What the vendor says a ticker is, and when it last wrote so ("" if unknown); None where it doesn't say."""

    composite_figi: str | None = None
    cik: str | None = None
    updated: str = ""

    def contradicts(self, other: Identity) -> bool:
        """Whether it is another security, or is known for the first time."""
        return (self.composite_figi, self.cik) != (other.composite_figi, other.cik)


Listing = Mapping[str, Identity]


@dataclass(frozen=True)
class EventPlan:
    """How many requests may follow from a listing.

    Attributes:
        most: requests at most.
        turn: consecutive sessions have consecutive numbers; whose turn it is.
        of: the tickers to ask about; none for all that are listed.
        compares: whether what has changed since the listing before comes first.
    """

    most: int
    turn: int
    of: tuple[str, ...] = ()
    compares: bool = True


def most_events(requests_per_minute: int) -> int:
    """How many requests a daily run may spend on ticker events."""
    return min(MOST_EVENTS, requests_per_minute * EVENT_MINUTES)


def listing(rows: Iterable[Mapping[str, Any]], before: Listing | None = None) -> dict[str, Identity]:
    """What the rows of a listing say of each ticker; of two rows of a ticker the one that was updated last counts.

    Args:
        before: what the pages before say.
    """
    found = dict(before or {})
    for row in rows:
        ticker, figi = row.get("ticker"), _text(row, "composite_figi")
        if isinstance(ticker, str) and ASKABLE.fullmatch(ticker):
            told = Identity(
                figi if figi and datasets.FIGI.fullmatch(figi) else None,
                _text(row, "cik"),
                _text(row, "last_updated_utc") or "",
            )
            found[ticker] = max(found.get(ticker, told), told, key=lambda one: one.updated)
    return found


def follow_up(plan: EventPlan, today: Listing, before: Listing | None, span: str) -> list[Request]:
    """What to ask besides today's listing: first for what has changed, then for those whose turn it is.

    Args:
        before: the listing before; None where there is none, and nothing counts as changed.
    """
    of = set(plan.of)
    watched = {ticker for ticker in today if not of or ticker in of}
    turns = plan.most - plan.most // 2 if before is not None else plan.most
    changed = _changed(today, before or {}, watched, of, span) if before is not None else []
    changed = changed[: plan.most - turns]
    asked = {request.path for request in changed}
    turn = [datasets.ticker_events(ticker, span) for ticker in share(sorted(watched), plan.turn, turns)]
    return changed + [request for request in turn if request.path not in asked]


def share(tickers: Sequence[str], turn: int, size: int) -> Sequence[str]:
    """The tickers whose turn it is: consecutive turns go through all of them, `size` at a time."""
    if not tickers or size < 1:
        return ()
    begin = turn % -(-len(tickers) // size) * size
    return tickers[begin : begin + size]


def _changed(today: Listing, before: Listing, watched: set[str], of: set[str], span: str) -> list[Request]:
    requests, figis = [], set[str]()
    for ticker in sorted(watched):
        if ticker not in before or today[ticker].contradicts(before[ticker]):
            requests.append(datasets.ticker_events(ticker, span))
            figis.add(today[ticker].composite_figi or "")
    gone = sorted(ticker for ticker in before if ticker not in today and (not of or ticker in of))
    if len(gone) > max(GONE_AT_MOST, GONE_SHARE * len(before)):
        return requests
    for ticker in gone:
        requests.append(datasets.delisted_ticker(ticker, span))
    former = [(ticker, figi) for ticker in [*gone, *sorted(watched)] if (figi := _former(ticker, today, before))]
    for _, figi in former:
        if figi not in figis:
            requests.append(datasets.ticker_events(figi, span))
            figis.add(figi)
    return requests


def _former(ticker: str, today: Listing, before: Listing) -> str | None:
    """The FIGI of the security that had a ticker before and doesn't now."""
    figi = before[ticker].composite_figi if ticker in before else None
    return None if ticker in today and today[ticker].composite_figi == figi else figi


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) and value else None
