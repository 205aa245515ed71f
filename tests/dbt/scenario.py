"""Loads between three builds, made to be hard: restated, late, repeated, tied, doubled and damaged bars."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from tests.dbt.conftest import Lake, Observation

NOON = datetime(2026, 7, 20, 12)
CLOSED = ["2026-01-19", "2026-02-16", "2026-04-03", "2026-05-25", "2026-06-19", "2026-07-03"]
# Over both changes of New York's clock.
SESSIONS = [str(np.busday_offset("2026-01-05", day, holidays=CLOSED)) for day in range(130)]
LAST = SESSIONS[-1]
CLOSES = [float(close) for close in np.round(100 * np.exp(np.random.default_rng(7).normal(0, 0.02, 130).cumsum()), 2)]
VALUES = ("o", "h", "l", "c", "v", "vw", "n")
CALL, PUT, ADJUSTED = "O:AAA260821C00110000", "O:AAA260821P00110000", "O:AAA1260821C00110000"


def minute(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


def bar(ticker: str, close: float, **more: Any) -> dict[str, Any]:
    return {"T": ticker, "o": close, "h": close + 1, "l": close / 2, "c": close, "v": 1000, "vw": close, "n": 7} | more


def day(session: str) -> date:
    return date.fromisoformat(session)


def ranged(
    lake: Lake,
    dataset: str,
    ticker: str,
    bars: dict[str, float],
    *,
    at: datetime,
    manifest: str | None = None,
    **more: Any,
) -> None:
    """A range response: no ticker in the bars, `t` is midnight in New York."""
    path = f"/v2/aggs/ticker/{ticker}/range/1/day/{min(bars)}/{max(bars)}"
    results = []
    for session, close in bars.items():
        midnight = datetime.combine(date.fromisoformat(session), datetime.min.time(), ZoneInfo("America/New_York"))
        results.append({"t": int(midnight.timestamp() * 1000)} | bar("", close, **more))
        del results[-1]["T"]
    lake.load(dataset, path, results, at=at, manifest=manifest)


def before_first_build(lake: Lake) -> None:
    ranged(lake, "stock_bars", "AAA", dict(zip(SESSIONS, CLOSES, strict=True)), at=minute(0))
    ranged(lake, "stock_bars", "BBB", dict.fromkeys(SESSIONS[-25:], 20.0), at=minute(0))
    damaged = [
        {"o": 1, "h": 1, "l": 1, "c": 1, "v": 1, "t": 0},
        {"T": "NOPRICE", "o": 1, "h": 1, "l": 1, "v": 1},
        bar("ZERO", 0),
        bar("HUGE", 1e13),
    ]
    odd = [bar("ODD", 5, v=1.5e9) | {"vw": None}, {"T": "BARE", "c": 7}]
    lake.grouped(LAST, [bar("CCC", 10), bar("CCC", 11), bar("DDD", 5), *damaged, *odd], at=minute(0))
    lake.grouped(SESSIONS[-2], [], at=minute(0))
    splits = [
        {"id": "a1", "ticker": "AAA", "execution_date": SESSIONS[60], "split_from": 1, "split_to": 2},
        {"id": "b1", "ticker": "BBB", "execution_date": "2027-01-04", "split_from": 1, "split_to": 3},
    ]
    lake.load("splits", "/stocks/v1/splits", splits, at=minute(0))
    tickers = [
        {"ticker": "AAA", "name": "Triple A [replayed]", "market": "stocks", "active": True, "cik": "0000012345"},
        {"ticker": "BBB", "name": "Triple B [synthetic]", "market": "stocks", "active": True},
        {"ticker": "CCC", "name": "Triple C", "market": "stocks", "active": True},
        {"ticker": "CCC", "name": "Old C", "market": "stocks", "active": False, "delisted_utc": "2019-05-01T00:00:00Z"},
    ]
    lake.load("tickers", "/v3/reference/tickers", tickers, at=minute(0))
    contracts = [
        {"ticker": CALL, "underlying_ticker": "AAA", "contract_type": "call", "exercise_style": "american"}
        | {"expiration_date": "2026-08-21", "strike_price": 110, "shares_per_contract": 100},
        {"ticker": PUT, "underlying_ticker": "AAA", "contract_type": "put", "exercise_style": "american"}
        | {"expiration_date": "2026-08-21", "strike_price": 110, "shares_per_contract": 100},
    ]
    lake.load("option_contracts", "/v3/reference/options/contracts", contracts, at=minute(0))
    for contract in (CALL, PUT, ADJUSTED):
        ranged(lake, "option_bars", contract, {SESSIONS[10]: 4.0, LAST: 2.5}, at=minute(0))
    ranged(lake, "option_bars", "O:NONSENSE", {LAST: 1.0}, at=minute(0))


def between_first_and_second(lake: Lake) -> None:
    for number, close in ((10, 12), (20, 13), (30, 14)):
        lake.grouped(LAST, [bar("CCC", close), bar("DDD", 5)], at=minute(number))
    # Read again and found unchanged: the whole range of one ticker, and once more a single bar.
    ranged(lake, "stock_bars", "AAA", dict(zip(SESSIONS, CLOSES, strict=True)), at=minute(15))
    lake.grouped(LAST, [bar("DDD", 5)], at=minute(40))
    chain = [{"details": {"ticker": CALL}, "implied_volatility": 0.25, "open_interest": 12, "underlying_asset": {}}]
    chain += [{"details": {"ticker": "O:NONSENSE"}, "open_interest": 3}]
    lake.load("option_chain", "/v3/snapshot/options/AAA", chain, at=minute(20), session=LAST)


def between_second_and_third(lake: Lake) -> None:
    # Late: fetched between answers that are absorbed already, one of which brought nothing new at its time.
    lake.grouped(LAST, [bar("CCC", 99)], at=minute(25))
    lake.grouped(LAST, [bar("DDD", 6)], at=minute(35))
    announced = [{"id": "a2", "ticker": "AAA", "execution_date": SESSIONS[100], "split_from": 4, "split_to": 1}]
    lake.load("splits", "/stocks/v1/splits", announced, at=minute(50))
    renamed = [{"ticker": "BBB", "name": "Bold B [synthetic]", "market": "stocks", "active": True}]
    lake.load("tickers", "/v3/reference/tickers", renamed, at=minute(50))
    ranged(lake, "option_bars", CALL, {LAST: 2.75}, at=minute(50))


class Chance:
    """Seeded loads of few values at few moments in any order: repeats, ties and late ones come by themselves."""

    def __init__(self) -> None:
        self.random = random.Random(20260720)

    def load(self, lake: Lake, loads: int) -> None:
        pick = self.random
        for _ in range(loads):
            bars = [bar(f"X{pick.randrange(4)}", pick.randint(1, 3)) for _ in range(pick.randint(1, 4))]
            lake.grouped(pick.choice(SESSIONS[-3:]), bars, at=minute(pick.randint(0, 25)))


def key_of(seen: Observation) -> tuple[str, str]:
    """Ticker and session of a stock bar, from the path or from the bar."""
    parts = seen.path.split("/")
    if parts[3] == "grouped":
        return seen.result.get("T", ""), parts[-1]
    return parts[4], str(datetime.fromtimestamp(seen.result["t"] / 1000, ZoneInfo("America/New_York")).date())


def replay(observations: list[Observation]) -> list[tuple[Any, ...]]:
    """Versions from the raw lines alone: the last word of every moment, then changes only.

    What two rows of one answer say otherwise counts for neither.
    """
    words: dict[tuple[str, str], dict[datetime, tuple[Any, dict[str, Any]]]] = defaultdict(dict)
    said_in: dict[tuple[str, int, str, str], set[tuple[Any, ...]]] = defaultdict(set)
    for seen in observations:
        said_in[seen.manifest_id, seen.line, *key_of(seen)].add(tuple(seen.result.get(name) for name in VALUES))
    for seen in observations:
        word = ((seen.manifest_id, seen.line, seen.index), seen.result)
        key = key_of(seen)
        is_contradicted = len(said_in[seen.manifest_id, seen.line, *key]) > 1
        if key[0] and 0 < (seen.result.get("c") or 0) < 1e12 and not is_contradicted:
            words[key][seen.fetched_at] = max(words[key].get(seen.fetched_at, word), word, key=lambda item: item[0])
    versions = []
    for (ticker, session), said in words.items():
        changes: list[tuple[datetime, tuple[Any, ...]]] = []
        for at, (_, result) in sorted(said.items(), key=lambda item: item[0]):
            values = tuple(result.get(name) for name in VALUES)
            if not changes or changes[-1][1] != values:
                changes.append((at, values))
        ends = [at for at, _ in changes[1:]] + [None]
        versions += [
            (ticker, date.fromisoformat(session), *values, at, end)
            for (at, values), end in zip(changes, ends, strict=True)
        ]
    return sorted(versions, key=repr)


def numbers(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows with every number as a float, so that 1 and 1.0 and Decimal(1) are one."""
    kept = (str, date, type(None), bool)
    return [tuple(value if isinstance(value, kept) else float(value) for value in row) for row in rows]
