"""Stock models built again and again as things arrive, seeded, against TA-Lib and against a build from nothing."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import pytest

from tests.dbt.conftest import Dbt, Lake, differences
from tests.dbt.stocks import (
    NOON,
    SESSIONS,
    Bar,
    Stock,
    expected,
    load,
    load_dividends,
    load_splits,
    walk,
)

MART = "marts.fct_polygon__stock_bars_performance"
MODELS = [
    MART,
    "intermediate.int_polygon__stock_bars_enriched",
    "intermediate.int_polygon__split_factors",
    "intermediate.int_polygon__ticker_years",
    "intermediate.int_polygon__ticker_spans",
]
# The tables behind the mart; views stay as the first build made them.
TABLES = [
    "stg_polygon__manifests_pending",
    *(f"snapshot_polygon__{history}" for history in ("stock_bars", "splits", "dividends")),
    "int_polygon__ticker_years",
    "int_polygon__ticker_spans_claimed",
    "int_polygon__ticker_spans",
    "int_polygon__splits_chosen",
    "int_polygon__split_factors",
    "int_polygon__stock_bars_enriched",
    "fct_polygon__stock_bars_performance",
]
FIRST_DAY = 800  # the place in SESSIONS of the first session after the first build
# Bars of each ticker at the first build: over one block and two, around the ends of seeds and windows, and none.
LENGTHS = {"A700": 700, "A513": 513, "A300": 300, "A252": 252, "A034": 34, "A033": 33, "A014": 14, "A001": 1, "A000": 0}


@dataclass
class Market:
    """Stocks that change by chance; everything that happens is loaded and remembered."""

    lake: Lake
    chance: random.Random = field(default_factory=lambda: random.Random(4))
    moment: datetime = NOON
    day: int = FIRST_DAY
    stocks: dict[str, Stock] = field(default_factory=dict)
    unsent: list[tuple[str, date, Bar]] = field(default_factory=list)
    # Tickers that something happened to since the last build.
    touched: set[str] = field(default_factory=set)

    def begin(self) -> None:
        for number, (ticker, length) in enumerate(LENGTHS.items()):
            bars = walk(100 + number, SESSIONS[FIRST_DAY - length : FIRST_DAY])
            self.stocks[ticker] = Stock(bars)
            if bars:
                self.send(ticker, bars)
        # A listing that ended, and one that paid a dividend and was split before the first build.
        self.stocks["ENDED"] = Stock(walk(200, SESSIONS[100:400]), dividends=[(SESSIONS[300], 1.5)])
        self.stocks["OLD"] = Stock(
            walk(201, SESSIONS[300:FIRST_DAY]), splits=[(SESSIONS[500], 1, 2)], dividends=[(SESSIONS[600], 0.8)]
        )
        for ticker in ("ENDED", "OLD"):
            self.send(ticker, self.stocks[ticker].bars)
        self.announce()

    def send(self, ticker: str, bars: dict[date, Bar]) -> None:
        self.moment += timedelta(minutes=1)
        self.stocks[ticker].bars.update(bars)
        self.touched.add(ticker)
        load(self.lake, ticker, bars, at=self.moment)

    def announce(self) -> None:
        self.moment += timedelta(minutes=1)
        load_splits(self.lake, self.stocks, at=self.moment)
        load_dividends(self.lake, self.stocks, at=self.moment)

    def next_bar(self, ticker: str, session: date) -> Bar:
        before = [bar.close for day, bar in self.stocks[ticker].bars.items() if day < session]
        return walk(self.chance.randrange(10**6), [session], start=before[-1] if before else 50.0)[session]

    def trade(self) -> None:
        """A session: most tickers have a bar, some of those that have none get it later."""
        session = SESSIONS[self.day]
        self.day += 1
        self.touched |= {
            ticker
            for ticker, stock in self.stocks.items()
            if session in [day for day, *_ in (*stock.splits, *stock.dividends)]
        }
        for ticker in LENGTHS | {"OLD": 0}:
            bar = self.next_bar(ticker, session)
            if self.chance.random() < 0.8:
                self.send(ticker, {session: bar})
            elif self.chance.random() < 0.5:
                self.unsent.append((ticker, session, bar))

    def correct(self) -> None:
        """Late bars, restated bars (mostly the newest), splits and dividends of the past, of today and to come."""
        pick = self.chance
        while self.unsent and pick.random() < 0.7:
            ticker, session, bar = self.unsent.pop(0)
            self.send(ticker, {session: bar})
        for ticker in pick.sample([ticker for ticker, stock in self.stocks.items() if stock.bars], 3):
            sessions = sorted(self.stocks[ticker].bars)
            session = pick.choice(sessions[-5:] if pick.random() < 0.6 else sessions)
            self.send(ticker, {session: self.next_bar(ticker, session)})
        some = pick.sample(list(self.stocks), 2)
        around = [SESSIONS[self.day + offset] for offset in (-200, -3, -1, 0, 1)]
        # Two splits within a week would contradict each other: tests/dbt/test_overrides.py has those.
        split = [day for day, *_ in self.stocks[some[0]].splits]
        free = [day for day in around if all(abs(day - other) > timedelta(days=7) for other in split)]
        self.stocks[some[0]].splits.append((pick.choice(free), *pick.choice([(1, 2), (2, 3), (10, 1), (1.05, 1)])))
        self.stocks[some[1]].dividends.append((pick.choice(around), round(pick.uniform(0.05, 2), 2)))
        self.touched |= {
            ticker
            for ticker, event in (
                (some[0], self.stocks[some[0]].splits[-1]),
                (some[1], self.stocks[some[1]].dividends[-1]),
            )
            if event[0] < SESSIONS[self.day]
        }
        self.announce()


@dataclass
class Built:
    """What the tables held after the last build that went on, and after one from nothing."""

    market: Market
    # By build: what something happened to before it, and by ticker the builds that wrote the mart's rows.
    steps: list[tuple[set[str], dict[str, list[datetime]]]]
    columns: list[str]
    later: dict[str, list[tuple[Any, ...]]]
    refreshed: dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def built(lake: Lake, dbt: Dbt) -> Built:
    market = Market(lake)
    market.begin()
    dbt("run", "--select", "+fct_polygon__stock_bars_performance", "int_polygon__ticker_years")
    steps = [(market.touched, written(lake))]
    for days in (1, 1, 3):
        market.touched = set()
        for _ in range(days):
            market.trade()
        market.correct()
        if days == 3:
            # The close at which a dividend was reinvested is restated: every total return before it moves.
            market.send("OLD", {SESSIONS[599]: market.next_bar("OLD", SESSIONS[599])})
            # Another company takes over a ticker, and a bar from before the gap arrives late.
            market.send("ENDED", walk(202, SESSIONS[700:740]) | {SESSIONS[410]: Bar(60.0, 60.0, 61.0, 59.0)})
        dbt("run", "--select", *TABLES)
        steps.append((market.touched, written(lake)))
    later = {table: lake.rows(table) for table in MODELS}
    dbt("run", "--full-refresh", "--select", *TABLES[-6:])
    columns = [row[0].lower() for row in lake.execute(f"describe table {MART}")]
    return Built(market, steps, columns, later, {table: lake.rows(table) for table in MODELS})


def written(lake: Lake) -> dict[str, list[datetime]]:
    rows = lake.execute(f"select ticker, recorded_at from {MART} order by ticker, session_date")
    return {ticker: [at for _, at in group] for ticker, group in groupby(rows, key=lambda row: row[0])}


@pytest.mark.parametrize("table", MODELS)
def test_going_on_equals_building_from_nothing_row_for_row(built: Built, table: str) -> None:
    assert differences(built.later[table], built.refreshed[table]) == []


@pytest.mark.parametrize("ticker", [*LENGTHS, "ENDED", "OLD"])
def test_after_many_builds_every_column_equals_the_oracle(built: Built, ticker: str) -> None:
    stock = built.market.stocks[ticker]
    truth = expected(stock, SESSIONS[built.market.day - 1])
    scale = np.max(truth["adjusted_close_usd"])
    bars = sorted((row for row in built.later[MART] if row[0] == ticker), key=lambda row: row[2])
    rows = [dict(zip(built.columns, row, strict=False)) for row in bars]
    for name, values in truth.items():
        got = np.array([math.nan if row[name] is None else float(row[name]) for row in rows])
        np.testing.assert_allclose(got, values, rtol=1e-8, atol=1e-13 * scale, err_msg=f"{ticker} {name}")


def test_build_writes_what_something_happened_to_and_nothing_else(built: Built) -> None:
    for (_, before), (touched, after) in pairwise(built.steps):
        newest = max(max(times) for times in after.values())
        assert {ticker for ticker, times in after.items() if newest in times} == touched & set(after)
        assert {ticker: times for ticker, times in after.items() if ticker not in touched} == {
            ticker: times for ticker, times in before.items() if ticker not in touched
        }
    # A session is a row, not a history: most of what the last build did not have to write stands as it was.
    assert all(len(set(times)) > 1 for ticker, times in after.items() if ticker in ("A700", "A513"))
