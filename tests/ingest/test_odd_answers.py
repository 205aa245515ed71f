"""Answers with odd values anywhere end in an error of this package or in rows, never in another exception."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ingest import chain_bars, closures, datasets, option_planning
from ingest.answers import raise_for_status, read_answer
from ingest.conflicts import SeenBars
from ingest.datasets import Dataset, Request
from ingest.errors import IngestError, RateLimited
from ingest.fetcher import _expirations
from ingest.identity import EventPlan, follow_up, listing
from ingest.landing import raw_line
from ingest.manifests import Coverage

DAY, NOW = date(2026, 11, 24), datetime(2026, 11, 27, 22, tzinfo=UTC)
CASES = 400
(BATCH,) = option_planning.options_backfill([date(2026, 11, 23), DAY], ["KO"], Coverage({}, {}))
BAR = {"T": "KO", "o": 5, "h": 6, "l": 4, "c": 5, "v": 10, "n": 1, "vw": 5, "t": 1795554000000, "otc": True}
EVENT = {"type": "ticker_change", "date": "2020-01-01", "ticker_change": {"ticker": "KO"}}
SOUND: dict[str, tuple[Request, dict[str, Any] | list[dict[str, Any]]]] = {
    "grouped": (datasets.grouped(DAY, "x"), BAR),
    "range": (datasets.bars(Dataset.STOCK_BARS, "KO", DAY, DAY, "x"), BAR),
    "splits": (datasets.splits(DAY, "x"), {"ticker": "KO", "execution_date": "2026-11-25", "split_to": 2}),
    "tickers": (datasets.tickers("x"), {"ticker": "KO", "active": True, "composite_figi": "BBG000BMX289"}),
    "contracts": (
        datasets.contracts("KO", DAY, None, "x"),
        {"ticker": "O:KO261218C00060000", "underlying_ticker": "KO", "expiration_date": "2026-12-18"},
    ),
    "chain": (
        datasets.chain("KO", "2026-11-24"),
        {"details": {"ticker": "O:KO261218C00060000"}, "underlying_asset": {"ticker": "KO"}, "day": {"close": 1}},
    ),
    "events": (datasets.ticker_events("KO", "x"), EVENT),
}
ODD = [
    *(None, True, 0, -1, 1.5, 10**30, 10**400, "", "2026-13-45", "2026-11-24", "1e5", "NaN", "../..", "\u0000"),
    *([], [[]], {}, {"a": 1}, [None], "KO", {"ticker": ["x"]}, 1796072400),
]


def answer_of(name: str) -> dict[str, Any]:
    row = SOUND[name][1]
    results = (
        {"name": "Coca-Cola", "composite_figi": "BBG000BMX289", "events": [row] * 3} if name == "events" else [row] * 3
    )
    return {"status": "OK", "resultsCount": 3, "count": 3, "ticker": "KO", "results": copy.deepcopy(results)}


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to every value within a document."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in members:
        yield (*at, name)
        yield from places(inner, (*at, name))


def read(request: Request, body: bytes) -> None:
    """Everything that a fetch does with an answer."""
    answer = read_answer(request.path, dict(request.params), body, NOW)
    request.check(answer)
    rows = answer.rows
    assert answer.result_rows >= len(rows)
    raw_line(answer)
    seen = SeenBars(request.session)
    for row in rows:
        seen.add(row)
    listed = listing(rows)
    follow_up(EventPlan(50, 3), listed, listing(rows[1:]), "x")
    option_planning.contract_bars(_expirations(rows), (DAY, DAY))
    option_planning.listings_before(BATCH, rows)
    option_planning.listings_under_former_tickers(BATCH, rows)
    chain_bars.likeliest(chain_bars.last_days(rows), "2026-11-24")
    closures.announced(rows)


@pytest.mark.parametrize("name", SOUND)
def test_no_value_in_an_answer_is_unforeseen(name: str) -> None:
    pick, good = random.Random(name), answer_of(name)
    found = list(places(good))
    read(SOUND[name][0], json.dumps(good).encode())
    outcomes = set()
    for _ in range(CASES):
        answer = copy.deepcopy(good)
        for _ in range(pick.randint(1, 3)):
            *way, last = pick.choice(found)
            inner: Any = answer
            for step in way:
                inner = inner[step] if isinstance(inner, dict | list) and _has(inner, step) else None
            if isinstance(inner, dict | list) and _has(inner, last):
                inner[last] = copy.deepcopy(pick.choice(ODD))
        try:
            read(SOUND[name][0], json.dumps(answer).encode())
            outcomes.add("read")
        except IngestError as error:
            outcomes.add(type(error).__name__)
    assert outcomes >= {"read", "ServerError", "MalformedResponse"}


def _has(inner: dict[str, Any] | list[Any], step: Any) -> bool:
    return step in inner if isinstance(inner, dict) else isinstance(step, int) and step < len(inner)


def test_a_pause_until_a_moment_is_as_long_as_by_the_servers_clock() -> None:
    headers = {"Date": "Sat, 28 Nov 2026 22:00:00 GMT", "Retry-After": "Sat, 28 Nov 2026 22:00:10 GMT"}
    with pytest.raises(RateLimited) as limited:
        raise_for_status(429, headers, b"", "/v2/aggs", "api.example.com", NOW)
    assert limited.value.retry_after == 10
