"""What a complete answer lacks ends, what only seems to be lacking stays, a sound answer closes a suspect session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.dbt.conftest import Dbt, Lake, differences
from tests.dbt.scenario import bar, minute, ranged

SESSION, BEFORE, CONTRADICTED = "2026-07-17", "2026-07-16", "2026-07-15"
CALL, GONE, OLD = "O:AAA260821C00110000", "O:AAA260821C00120000", "O:AAA260821C00130000"
RANGE = {"limit": "5000", "ex_dividend_date.gte": "2026-01-01"}
TABLES = (
    "snapshots.snapshot_polygon__stock_bars",
    "snapshots.snapshot_polygon__dividends",
    "snapshots.snapshot_polygon__option_contracts",
    "intermediate.int_polygon__stock_bars_enriched",
    "intermediate.int_polygon__options_bars_enriched",
    "marts.fct_polygon__stock_bars_performance",
    "marts.fct_polygon__bar_versions",
    "marts.fct_polygon__option_chain",
    "marts.dim_polygon__tickers",
)


def contracts(lake: Lake, listed: list[str], at: Any, as_of: str = SESSION) -> None:
    rows = [
        {"ticker": ticker, "underlying_ticker": "AAA", "contract_type": "call", "expiration_date": "2026-08-21"}
        | {"strike_price": int(ticker[-8:]) / 1000, "shares_per_contract": 100, "exercise_style": "american"}
        for ticker in listed
    ]
    params = {"underlying_ticker": "AAA", "as_of": as_of, "expired": "false", "limit": "1000"}
    lake.load("option_contracts", "/v3/reference/options/contracts", rows, at=at, params=params)


def dividends(lake: Lake, names: list[str], at: Any, **more: str) -> None:
    rows = [
        {"id": name, "ticker": "AAA", "ex_dividend_date": SESSION, "cash_amount": 1.0, "currency": "USD"}
        for name in names
    ]
    lake.load("dividends", "/stocks/v1/dividends", rows, at=at, params=RANGE | more)


def first(lake: Lake) -> None:
    lake.grouped(BEFORE, [bar(name, 10) for name in ("AAA", "BBB", "CCC")], at=minute(0))
    lake.grouped(SESSION, [bar(name, 11) for name in ("AAA", "BBB", "CCC")], at=minute(0))
    ranged(lake, "stock_bars", "OVER", {SESSION: 5.0}, at=minute(0), otc=True)
    lake.grouped(CONTRADICTED, [bar("AAA", 9), bar("AAA", 9.9), bar("BBB", 9)], at=minute(0))
    ranged(lake, "option_bars", GONE, {SESSION: 2.0}, at=minute(0))
    contracts(lake, [CALL, GONE], minute(0))
    dividends(lake, ["d1", "d2", "d3"], minute(0))
    newest_first = [
        {
            "ticker": "CASY",
            "name": "Casey's General Stores",
            "active": True,
            "last_updated_utc": "2026-07-01T00:00:00Z",
        },
        {"ticker": "CASY", "name": "Casey's, formerly", "active": True, "last_updated_utc": "2019-07-01T00:00:00Z"},
        {"ticker": "CASY", "name": "Casey's, delisted", "active": False, "last_updated_utc": "2026-07-02T00:00:00Z"},
        {"ticker": "CASY", "name": "Casey's, to come", "active": True, "last_updated_utc": "2099-07-01T00:00:00Z"},
    ]
    lake.load("tickers", "/v3/reference/tickers", newest_first, at=minute(0))


def second(lake: Lake) -> None:
    # One of three bars is withdrawn, and the over-the-counter one is in no grouped answer.
    lake.grouped(SESSION, [bar(name, 11) for name in ("AAA", "BBB")], at=minute(10))
    lake.grouped(CONTRADICTED, [bar("AAA", 9), bar("BBB", 9)], at=minute(10))
    contracts(lake, [CALL, OLD], minute(10))
    # A list of an earlier day, before OLD was listed.
    contracts(lake, [CALL], minute(11), as_of=BEFORE)
    dividends(lake, ["d1"], minute(10), **{"ex_dividend_date.lte": "2026-07-16"})
    dividends(lake, ["d1"], minute(11), **{"cash_amount.gte": "2"})
    dividends(lake, ["d1", "d2"], minute(12))


@dataclass
class Built:
    """What the tables held after two builds, and after one from nothing."""

    lake: Lake
    suspects_before: list[tuple[Any, ...]]
    later: dict[str, list[tuple[Any, ...]]]
    refreshed: dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def built(lake: Lake, dbt: Dbt) -> Built:
    first(lake)
    dbt.run_behind(*TABLES, "suspect_sessions")
    suspects = lake.execute("select session_date::varchar, reason, state from ops.suspect_sessions")
    second(lake)
    dbt.run_behind(*TABLES, "suspect_sessions", again=True)
    later = {table: lake.rows(table) for table in TABLES}
    dbt.run_behind(*TABLES, again=True, full_refresh=True)
    return Built(lake, suspects, later, {table: lake.rows(table) for table in TABLES})


@pytest.mark.parametrize("table", TABLES)
def test_incremental_equals_full_refresh_row_for_row(built: Built, table: str) -> None:
    assert differences(built.refreshed[table], built.later[table]) == []


def test_bar_that_the_session_no_longer_holds_leaves_the_mart_and_stays_in_its_versions(built: Built) -> None:
    bars = built.lake.execute(
        "select ticker from marts.fct_polygon__stock_bars_performance where session_date = %s order by 1", (SESSION,)
    )
    versions = built.lake.execute(
        "select ticker, close_usd, known_until, version_count, is_current from marts.fct_polygon__bar_versions"
    )

    assert bars == [("AAA",), ("BBB",), ("OVER",)]
    assert versions == [("CCC", 11.0, minute(10), 1, False)]


def test_dividend_ends_with_the_first_complete_answer_over_its_date_that_lacks_it(built: Built) -> None:
    rows = built.lake.execute(
        "select dividend_id, dbt_valid_to from snapshots.snapshot_polygon__dividends order by dividend_id"
    )

    assert rows == [("d1", None), ("d2", None), ("d3", minute(12))]


def test_contract_ends_with_the_newest_list_that_lacks_it_and_its_bars_keep_their_terms(built: Built) -> None:
    listed = built.lake.execute(
        "select contract_ticker, dbt_valid_to from snapshots.snapshot_polygon__option_contracts order by 1"
    )
    chain = built.lake.execute(
        "select exercise_style, shares_per_contract from marts.fct_polygon__option_chain where contract_ticker = %s",
        (GONE,),
    )

    assert listed == [(CALL, None), (GONE, minute(10)), (OLD, None)]
    assert chain == [("american", 100.0)]


def test_suspect_session_is_closed_by_a_later_answer_without_a_contradiction(built: Built) -> None:
    why = "bars that contradict each other"
    closed = built.lake.execute("select session_date::varchar, reason, state, closed_at from ops.suspect_sessions")

    assert built.suspects_before == [(CONTRADICTED, why, "open")]
    assert closed == [(CONTRADICTED, why, "closed", minute(10))]


def test_of_several_rows_of_a_ticker_the_active_one_that_was_updated_last_counts(built: Built) -> None:
    rows = built.lake.execute("select ticker_name, is_active from staging.stg_polygon__tickers where ticker = 'CASY'")

    assert rows == [("Casey's General Stores", True)]
