"""Stock models built again and again as things arrive, seeded, against TA-Lib and against a build from nothing."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
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
MODELS = [MART, "intermediate.int_polygon__stock_bars_enriched", "intermediate.int_polygon__split_factors"]
# The tables behind the mart; views stay as the first build made them.
TABLES = [
    "stg_polygon__manifests_pending",
    *(f"snapshot_polygon__{history}" for history in ("stock_bars", "splits", "dividends")),
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
        self.stocks[some[0]].splits.append((pick.choice(around), *pick.choice([(1, 2), (2, 3), (10, 1), (1.05, 1)])))
        self.stocks[some[1]].dividends.append((pick.choice(around), round(pick.uniform(0.05, 2), 2)))
        self.announce()


@dataclass
class Built:
    """What the tables held after the last build that went on, and after one from nothing."""

    market: Market
    steps: list[dict[str, list[tuple[Any, ...]]]]
    later: dict[str, list[tuple[Any, ...]]]
    refreshed: dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def built(lake: Lake, dbt: Dbt) -> Built:
    market = Market(lake)
    market.begin()
    dbt("run", "--select", "+fct_polygon__stock_bars_performance")
    steps = [by_ticker(lake)]
    for days in (1, 1, 3):
        for _ in range(days):
            market.trade()
        market.correct()
        if days == 3:
            # Another company takes over a ticker, and a bar from before the gap arrives late.
            market.send("ENDED", walk(202, SESSIONS[700:740]) | {SESSIONS[410]: Bar(60.0, 60.0, 61.0, 59.0)})
        dbt("run", "--select", *TABLES)
        steps.append(by_ticker(lake))
    later = {table: lake.rows(table) for table in MODELS}
    dbt("run", "--full-refresh", "--select", *TABLES[-3:])
    return Built(market, steps, later, {table: lake.rows(table) for table in MODELS})


def by_ticker(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for row in lake.rows(MART):
        rows.setdefault(row[0], []).append(row)
    return rows


@pytest.mark.parametrize("table", MODELS)
def test_going_on_equals_building_from_nothing_row_for_row(built: Built, table: str) -> None:
    assert differences(built.later[table], built.refreshed[table]) == []


@pytest.mark.parametrize("ticker", [*LENGTHS, "ENDED", "OLD"])
def test_after_many_builds_every_column_equals_the_oracle(built: Built, ticker: str) -> None:
    stock = built.market.stocks[ticker]
    truth = expected(stock, SESSIONS[built.market.day - 1])
    scale = np.max(truth["adjusted_close_usd"])
    for name, values in truth.items():
        rows = built.market.lake.execute(
            f"select {name} from {MART} where ticker = %s order by session_date", (ticker,)
        )
        got = np.array([math.nan if value is None else float(value) for (value,) in rows])
        np.testing.assert_allclose(got, values, rtol=1e-8, atol=1e-13 * scale, err_msg=f"{ticker} {name}")
