"""What to fetch of options, decided without fetching: underlyings, sessions and what is covered in, batches out.

A contract's bars are a request of its own, or the chain has them. Everything here is pure.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from ingest import datasets
from ingest.datasets import Dataset, Family, Request
from ingest.manifests import Coverage
from ingest.planning import Batch, not_held, span_of, without_held_contracts


def options_daily(
    session: date,
    before: Sequence[date],
    underlyings: Sequence[str],
    chain_of: date | None = None,
    held: Coverage | None = None,
) -> list[Batch]:
    """For every underlying: its contracts, their bars of the session and of those `before` it, and the chain.

    Args:
        chain_of: the newest session that has closed, which the chain is of, where its bars are not published yet.
        held: where the session's bars are to be those of the chain: what manifests hold of the sessions before it, of
            which only gaps are asked for. None: ranges are asked for all of them.
    """
    window = (*before, session)
    batches = [
        _options(underlying, window, f"{underlying} {session}", chain_of=chain_of or session)
        for underlying in underlyings
    ]
    if held is None or (chain_of or session) != session:
        return batches
    return [_by_chain(batch, held.holds(batch.scope[0])) for batch in batches]


def options_backfill(
    sessions: Sequence[date], underlyings: Sequence[str], held: Coverage, *, refetch: bool = False
) -> list[Batch]:
    """For every underlying the contracts that lived in the sessions that no manifest holds, and their bars.

    One request fetches a contract's whole range, so held sessions in the midst of others are fetched again.
    """
    batches = []
    for underlying in underlyings:
        lacking = not_held(sessions, () if refetch else held.holds(underlying))
        if lacking:
            window = [day for day in sessions if lacking[0] <= day <= lacking[-1]]
            batch = _options(underlying, window, f"{underlying} {lacking[0]} to {lacking[-1]}")
            batches.append(batch if refetch else without_held_contracts(batch, held))
    return batches


def contract_bars(
    expirations: Mapping[str, str], window: tuple[date, date], after: str = ""
) -> list[tuple[str, Request]]:
    """Contracts in the order of their tickers and the request for each, clipped to its life.

    Args:
        expirations: contract's ticker (`O:…`) → expiration date; contracts that expired before the window need nothing.
        after: a ticker up to which the contracts are already covered.
    """
    start, end = window
    span = span_of(start, end)
    requests = []
    for ticker, expiration in sorted(expirations.items()):
        last = min(end, date.fromisoformat(expiration))
        if last >= start and ticker > after:
            requests.append((ticker, datasets.bars(Dataset.OPTION_BARS, ticker, start, last, span)))
    return requests


def listings_before(batch: Batch, splits: Iterable[Mapping[str, Any]]) -> list[Request]:
    """Listings of an underlying's contracts as of the session before each of its splits within a batch's window.

    Args:
        splits: rows of the splits endpoint.
    """
    days = sorted({day for split in splits if (day := datasets.day_in(split, "execution_date"))})
    before = {max(earlier) for day in days if (earlier := [one for one in batch.sessions if one.isoformat() < day])}
    (underlying,), start = batch.scope, batch.sessions[0]
    span = span_of(start, batch.sessions[-1])
    asked = [(day, since) for day in sorted(before) if day != batch.sessions[-1] for since in (None, start)]
    return [datasets.contracts(underlying, day, since, span) for day, since in asked]


def listings_under_former_tickers(batch: Batch, events: Iterable[Mapping[str, Any]]) -> list[Request]:
    """Listings of an underlying's contracts under each other ticker that it had within a batch's window: as of the
    first and the last session under that ticker, and those that had expired by the last.

    Args:
        events: rows of the ticker events endpoint.
    """
    (underlying,), sessions = batch.scope, batch.sessions
    span = span_of(sessions[0], sessions[-1])
    changes = sorted(
        (since, ticker)
        for event in events
        if (since := datasets.day_in(event, "date"))
        and isinstance(ticker := datasets.inner(event, "ticker_change").get("ticker"), str)
        and event.get("type") == "ticker_change"
        and datasets.TICKER.fullmatch(ticker)
    )
    requests = []
    for (since, ticker), (until, _) in itertools.pairwise([*changes, ("9999-12-31", "")]):
        days = [day for day in sessions if since <= day.isoformat() < until]
        if days and ticker != underlying:
            asked = dict.fromkeys([(days[-1], None), (days[-1], sessions[0]), (days[0], None)])
            requests += [datasets.contracts(ticker, day, expired_since, span) for day, expired_since in asked]
    return requests


def _options(underlying: str, sessions: Sequence[date], label: str, *, chain_of: date | None = None) -> Batch:
    start, end = sessions[0], sessions[-1]
    span = span_of(start, end)
    requests = [datasets.contracts(underlying, end, None, span), datasets.contracts(underlying, end, start, span)]
    if chain_of:
        requests.append(datasets.chain(underlying, chain_of.isoformat()))
    elif start < end:
        # A contract that was renamed since is not listed under its old name as of the end.
        requests.append(datasets.contracts(underlying, start, None, span))
    return Batch(Family.OPTIONS, label, tuple(sessions), (underlying,), tuple(requests), contract_window=(start, end))


def _by_chain(batch: Batch, held: Collection[date]) -> Batch:
    """The last session from the chain, and by range those before it from the first one on that a run has missed.

    What lies before the first session that is held is for a backfill.
    """
    *before, session = batch.sessions
    missed = [day for day in before if day not in held and day > min(held, default=date.max)]
    asked = (*(day for day in before if missed and day >= missed[0]), session)
    return replace(batch, sessions=asked, contract_window=(asked[0], session), without_chain=batch.sessions)
