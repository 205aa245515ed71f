"""Option models after a seeded random history of loads and builds equal a full refresh, row for row."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from tests.dbt.conftest import Dbt, Lake, differences
from tests.dbt.options import NOON, SESSION, load_bars, load_snapshot

TABLES = [
    "intermediate.int_polygon__options_bars_enriched",
    "intermediate.int_polygon__volatility_slices",
    "marts.fct_polygon__option_chain",
    *(
        f"marts.fct_polygon__{name}"
        for name in (
            "put_call_ratio",
            "open_interest_by_strike",
            "volatility_smile",
            "volatility_term_structure",
            "put_call_parity",
        )
    ),
]
BUILDS = 3
# What each build's newest manifest says of the Friday in the midst of the sessions, which has no bars.
CLOSED = date(2026, 6, 26)
CLOSURES: list[list[str]] = [[], [], [str(CLOSED)]]
UNDERLYINGS = ("AAA", "BBB", "CCC")
SESSIONS = [SESSION - timedelta(days=days) for days in (9, 8, 7, 6, 2, 1, 0)]


@dataclass
class Chance:
    """Random loads of few contracts and sessions, so that they meet: restated, late, repeated, tied."""

    random: random.Random = field(default_factory=lambda: random.Random(20260701))
    moment: int = 0
    curves: dict[str, dict[str, float]] = field(default_factory=dict)

    def load(self, lake: Lake, loads: int) -> None:
        """Some loads, each fetched at a moment that may lie before the last one's."""
        kinds = (self.bars, self.snapshot, self.terms, self.stocks, self.dividends, self.splits, self.yields)
        for _ in range(loads):
            self.moment += 1
            at = NOON + timedelta(minutes=self.moment - self.random.choice([0, 0, 0, 5]))
            self.random.choices(kinds, weights=(5, 3, 2, 4, 2, 1, 1))[0](lake, at)

    def bars(self, lake: Lake, at: Any) -> None:
        """Puts with their calls, so that there are pairs, and a contract alone."""
        calls = self.random.sample([contract for contract in CONTRACTS if contract[-9] == "C"], 5)
        pairs = [contract[:-9] + kind + contract[-8:] for contract in calls for kind in "CP"]
        prices = {contract: self.price() for contract in pairs[:-1]}
        load_bars(lake, prices, at=at, session=self.session())

    def snapshot(self, lake: Lake, at: Any) -> None:
        rows = [
            {"ticker": contract, "underlying": self.random.choice(UNDERLYINGS)}
            | {"implied_volatility": self.random.choice([0.2, 0.3]), "open_interest": self.random.randint(0, 3)}
            for contract in self.random.sample(CONTRACTS, 5)
        ]
        load_snapshot(lake, rows, at=at, session=self.session())

    def terms(self, lake: Lake, at: Any) -> None:
        """Listed late, sometimes with another underlying than before, or with an odd number of shares."""
        rows = [
            {"ticker": contract, "underlying_ticker": self.random.choice([contract[2:5], *UNDERLYINGS])}
            | {"contract_type": "call", "exercise_style": "american", "expiration_date": "2026-08-21"}
            | {"strike_price": 10, "shares_per_contract": self.random.choice([100, 100, 100, 50])}
            for contract in self.random.sample(CONTRACTS, 3)
        ]
        lake.load("option_contracts", "/v3/reference/options/contracts", rows, at=at)

    def stocks(self, lake: Lake, at: Any) -> None:
        closes = {name: self.random.choice([9.5, 10, 11]) for name in self.random.sample(UNDERLYINGS, 2)}
        bars = [{"T": name, "o": close, "h": close, "l": close, "c": close, "v": 5} for name, close in closes.items()]
        lake.grouped(str(self.session()), bars, at=at)

    def dividends(self, lake: Lake, at: Any) -> None:
        """A dividend may move to another ex-date: the sessions that it leaves change too."""
        days = self.random.choice([-300, -3, -1, 30])
        row = {"id": f"d{self.random.randint(1, 4)}", "ticker": self.random.choice(UNDERLYINGS), "currency": "USD"}
        row |= {"ex_dividend_date": str(SESSION + timedelta(days=days)), "cash_amount": self.random.choice([0.1, 0.2])}
        lake.load("dividends", "/stocks/v1/dividends", [row], at=at)

    def splits(self, lake: Lake, at: Any) -> None:
        days = self.random.choice([-200, -2])
        row = {"id": f"s{days}", "ticker": "AAA", "execution_date": str(SESSION + timedelta(days=days))}
        lake.load("splits", "/stocks/v1/splits", [row | {"split_from": 1, "split_to": 2}], at=at)

    def yields(self, lake: Lake, at: Any) -> None:
        """The whole history is told each time; of it a day is new, or restated."""
        day = str(self.random.choice(SESSIONS))
        self.curves[day] = {"yield_1_month": self.random.choice([3, 4]), "yield_1_year": self.random.choice([3.5, 5])}
        rows = [{"date": one} | curve for one, curve in sorted(self.curves.items())]
        lake.load("treasury_yields", "/fed/v1/treasury-yields", rows, at=at, params={"sort": "date.asc"})

    def session(self) -> date:
        return self.random.choice(SESSIONS)

    def price(self) -> float:
        return self.random.choice([0.05, 0.4, 1.1, 2.5])


CONTRACTS = [
    f"O:{root}{expiration}{kind}{strike:08d}"
    for root in (*UNDERLYINGS, "AAA1")
    for expiration in ("260717", "260821")
    for kind in "CP"
    for strike in (9000, 10000, 11000)
]
# The tables that options are made of; views stay as the first build made them.
MODELS = (
    "int_polygon__options_bars_enriched",
    "int_polygon__volatility_slices",
    "marts.options,config.materialized:incremental",
)
HISTORIES = ("stock_bars", "splits", "dividends", "treasury_yields", "option_contracts", "options_bars", "option_chain")
CALENDAR = ("int_polygon__exchange_closures", "int_polygon__exchange_days")
AGAIN = (
    "stg_polygon__manifests_pending",
    *CALENDAR,
    *(f"snapshot_polygon__{history}" for history in HISTORIES),
    "int_polygon__risk_free_rates",
    *MODELS,
)


@dataclass
class Played:
    """What the tables held after each build, and after a full refresh."""

    builds: list[dict[str, list[tuple[Any, ...]]]]
    refreshed: dict[str, list[tuple[Any, ...]]]
    written: list[int]


@pytest.fixture(scope="module")
def played(lake: Lake, dbt: Dbt) -> Played:
    def contents() -> dict[str, list[tuple[Any, ...]]]:
        return {table: lake.rows(table) for table in TABLES}

    chance = Chance()
    builds, written = [], []
    for number in range(BUILDS):
        chance.load(lake, 40 if number == 0 else 13)
        # At last the exchange announces a closure that the calendar lacks.
        lake.load("tickers", "/v3/reference/tickers", [], at=NOON + timedelta(hours=number), closures=CLOSURES[number])
        dbt("run", "--select", *(AGAIN if number else ("+marts.options",)))
        builds.append(contents())
        ((newest,),) = lake.execute(
            f"""
            select count(*) from {TABLES[0]}
            where recorded_at = (select max(recorded_at) from {TABLES[0]})
            """
        )
        written.append(newest)
    dbt("run", "--full-refresh", "--select", *MODELS)
    return Played(builds, contents(), written)


@pytest.mark.parametrize("table", TABLES)
def test_table_equals_a_full_refresh_row_for_row(played: Played, table: str) -> None:
    assert differences(played.builds[-1][table], played.refreshed[table]) == []


@pytest.mark.parametrize("table", TABLES)
def test_history_left_something_in_the_table(played: Played, table: str) -> None:
    assert len(played.refreshed[table]) > 5


def test_every_build_changed_something_and_none_wrote_everything(played: Played) -> None:
    table = TABLES[0]

    for before, after in zip(played.builds, played.builds[1:], strict=False):
        assert before[table] != after[table]
    # The last one learned of a closure, which touches whatever lives then.
    assert 0 < played.written[1] < len(played.builds[1][table])


def test_a_closure_that_becomes_known_takes_a_session_from_contracts_that_live_then(played: Played) -> None:
    days = [{row[:2]: (row[6], row[8]) for row in build[TABLES[0]] if row[6] is not None} for build in played.builds]
    # By contract and session: expiration date, sessions to expiration.
    for key in days[1].keys() & days[2].keys():
        assert days[1][key][1] - days[2][key][1] == (key[1] < CLOSED), key
