"""Sessions of the past whose bars a daily run fetches again, so that a restatement is noticed years later. Pure.

A bucket of flat files says which of them were replaced; the API says nothing, so it has to be asked. A daily run asks
for a few past sessions of the whole market, those first that were asked for longest ago. Of a handful of tickers it
asks for one, over all its sessions, which is a single request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from statistics import median_low

from ingest.completeness import nearest
from ingest.datasets import GROUPED, Dataset
from ingest.manifests import WHOLE_MARKET, Coverage, Manifest
from ingest.outcomes import BEFORE_HISTORY
from ingest.planning import Batch, reread_sessions, reread_ticker


def batches(
    manifests: Sequence[Manifest], held: Coverage, before: date, most: int, tickers: Sequence[str] = ()
) -> list[Batch]:
    """What to fetch again of the sessions before a day: one batch, or none.

    Args:
        manifests: all of the family stocks.
        held: what they hold.
        most: sessions at most; 0 for none.
        tickers: those that are fetched one by one; none for the whole market.
    """
    if not most:
        return []
    if tickers:
        past = {one: sorted(day for day in held.sessions.get(one, ()) if day < before) for one in tickers}
        asked = {one: middle(last_asked(manifests, one), days) for one, days in past.items() if days}
        found = min(asked, key=lambda one: asked[one], default=None)
        return [reread_ticker(found, past[found])] if found else []
    days = [day for day in held.sessions.get(WHOLE_MARKET, ()) if day < before]
    chosen = longest_ago(last_asked(manifests, WHOLE_MARKET), days, most)
    if not chosen:
        return []
    neighbours: dict[str, int] = {}
    for day in chosen:
        neighbours |= nearest(held.rows, day, day)
    return [reread_sessions(chosen, min(days), neighbours)]


def last_asked(manifests: Iterable[Manifest], symbol: str) -> dict[date, str]:
    """By session, the newest manifest of which it was asked for a symbol; also where the answer was that it is older
    than the plan's history.
    """
    newest: dict[date, str] = {}
    for manifest in sorted(manifests, key=lambda one: one.manifest_id):
        for cover in manifest.each:
            if cover.underlying == symbol:
                asked = (*cover.sessions, *cover.suspect_sessions, *_refused(manifest))
                newest |= {date.fromisoformat(day): manifest.manifest_id for day in asked}
    return newest


def middle(asked: Mapping[date, str], days: Iterable[date]) -> str:
    """When half of these sessions had last been asked for. One that no answer covers any more, because the plan's
    history has moved on, must not make its ticker the one that always waits longest.
    """
    return median_low(asked.get(day, "") for day in days)


def longest_ago(asked: Mapping[date, str], days: Iterable[date], most: int) -> list[date]:
    """Of these sessions the ones that were asked for longest ago, and the newest one, which the plan serves for sure:
    without any answer there would be no manifest to say that the others are older than its history. Oldest first.
    """
    order = sorted(days, reverse=True)
    if not order:
        return []
    rest = sorted(order[1:], key=lambda day: asked.get(day, ""))
    return sorted([order[0], *rest[: max(most - 1, 1)]])


def _refused(manifest: Manifest) -> list[str]:
    """Whole sessions that the plan does not reach back to."""
    found = (
        GROUPED.fullmatch(item.path)
        for item in manifest.missing
        if item.dataset == Dataset.STOCK_BARS and item.reason.startswith(BEFORE_HISTORY)
    )
    return [match[1] for match in found if match]
