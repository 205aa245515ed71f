"""Whose ticker it was, from lists, events and silences to the marts: one security, whatever it is called."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from backtest.engine import Costs, simulate
from backtest.prices import from_bars
from dashboard.data.sql import STATEMENTS, bind
from tests.dbt.conftest import Dbt, Lake, differences
from tests.dbt.stocks import Stock as Told
from tests.dbt.stocks import expected, flat, load, load_dividends, load_splits, walk
from tests.dbt.test_securities import LIST, PATH, events, listed, minute, ticker


def sessions(first: str, last: str) -> list[date]:
    """Weekdays from the first to the last."""
    count = int(np.busday_count(first, np.datetime64(last) + 1))
    return [date.fromisoformat(str(np.busday_offset(first, day))) for day in range(count)]


FUND, META, TRANE, INGERSOLL = "BBGSIM000000", "BBG000MM2P62", "BBG000BSVTZ4", "BBG002R1CW27"
ONE, OTHER, TWIN = "BBGSIM000001", "BBGSIM000002", "BBGSIM000003"
MODELS = ("dim_polygon__securities", "dim_polygon__tickers", "fct_polygon__stock_bars_performance")
TABLES = (
    "intermediate.int_polygon__ticker_spans",
    "intermediate.int_polygon__split_factors",
    "intermediate.int_polygon__stock_bars_enriched",
    "marts.fct_polygon__stock_bars_performance",
    "marts.dim_polygon__securities",
    "marts.dim_polygon__tickers",
)
# A year and a half of a security that traded as SQ, and from its 270th session on as XYZ.
BLOCK, WALK = "BBG0018SLC07", walk(1, sessions("2023-01-02", "2024-06-28"))
LEARNED = minute(0) + timedelta(days=3)
FEBRUARY, MARCH = ("2020-02-03", "2020-02-28"), ("2020-03-02", "2020-03-31")
Row = tuple[Any, ...]


def traded(lake: Lake, name: str, first: str, last: str, close: float) -> None:
    load(lake, name, flat(sessions(first, last), close), at=minute(0))


def listing(lake: Lake, day: str, *rows: dict[str, Any]) -> None:
    lake.load("ticker_listings", PATH, rows, at=minute(0), session=day, params=LIST | {"date": day})


def first(lake: Lake) -> None:
    """META of a fund, then of a company that was FB; IR that passed from one company to another overnight."""
    traded(lake, "META", "2021-12-01", "2022-01-28", 12.31)
    traded(lake, "META", "2022-06-09", "2022-07-01", 184.0)
    traded(lake, "FB", "2022-03-01", "2022-06-08", 368.0)
    traded(lake, "IR", *FEBRUARY, 129.0)
    traded(lake, "IR", *MARCH, 32.25)
    traded(lake, "TT", *MARCH, 129.0)
    for name in ("PLAIN", "PASSED", "NAMED", "TWINA", "TWINB"):
        traded(lake, name, FEBRUARY[0], MARCH[1], 10.0)
    days = list(WALK)
    load(lake, "SQ", {day: WALK[day] for day in days[:269]}, at=minute(0))
    load(lake, "XYZ", {day: WALK[day] for day in days[269:]}, at=minute(0))
    traded(lake, "SILENT", *MARCH, 1.0)
    traded(lake, "SILENT", "2020-09-01", "2020-09-30", 1.0)
    # Of two shares of February's universe one lived and doubled, the other fell to a tenth on its last day.
    traded(lake, "LIVED", *FEBRUARY, 10.0)
    traded(lake, "LIVED", *MARCH, 20.0)
    traded(lake, "DIED", FEBRUARY[0], "2020-02-27", 10.0)
    traded(lake, "DIED", "2020-02-28", "2020-02-28", 1.0)
    paid = {"FB": Told({}, splits=[(date(2022, 6, 9), 1, 2)], dividends=[(date(2022, 6, 10), 1.0)])}
    load_splits(lake, paid, at=minute(0))
    load_dividends(lake, paid, at=minute(0))

    listing(lake, "2020-02-03", ticker("IR", TRANE, cik="1"), ticker("PASSED", ONE, cik="3"), ticker("NAMED", cik="5"))
    listing(lake, "2022-01-03", ticker("META", FUND, type="ETF"))
    delisted = ticker("META", active=False, delisted_utc="2022-01-28T00:00:00Z")
    died = ticker("DIED", active=False, delisted_utc="2020-02-28T00:00:00Z")
    lake.load("ticker_listings", PATH, [delisted, died], at=minute(0), session="x", params=LIST | {"active": "false"})
    today = [("META", META, "0001326801"), ("IR", INGERSOLL, "2"), ("TT", TRANE, "1"), ("PASSED", OTHER, "4")]
    today += [
        ("NAMED", "BBGSIM000004", "5"),
        ("TWINA", TWIN, "6"),
        ("TWINB", TWIN, "6"),
        ("LIVED", "BBGSIM000007", "7"),
        ("XYZ", BLOCK, "8"),
    ]
    listed(lake, minute(0), *(ticker(name, figi, cik=cik) for name, figi, cik in today))
    block = {"name": "Block", "composite_figi": BLOCK}
    events(lake, minute(0), "XYZ", block, ("2015-11-19", "SQ"), (str(days[269]), "XYZ"))
    trane = {"name": "Trane", "composite_figi": TRANE}
    events(lake, minute(0), "TT", trane, ("2007-01-03", "IR"), ("2020-03-02", "TT"))


def second(lake: Lake) -> None:
    """Three days later Meta's events come, and somebody decides."""
    meta = {"name": "Meta", "composite_figi": META}
    events(lake, LEARNED, "META", meta, ("2012-05-18", "FB"), ("2022-06-09", "META"))
    lake.override("securities", "PLAIN|2020-03-02", "security_id", "ours:PLAIN2", at=LEARNED, reason="a letter")


@pytest.fixture(scope="module")
def built(lake: Lake, dbt: Dbt) -> tuple[Lake, dict[str, list[Row]], dict[str, list[Row]]]:
    """The lake after two builds, its tables then, and those of a build from nothing."""
    first(lake)
    dbt.run_behind(*MODELS)
    second(lake)
    dbt.run_behind(*MODELS, again=True)
    later = {table: lake.rows(table) for table in TABLES}
    dbt.run_behind(*MODELS, again=True, full_refresh=True)
    return lake, later, {table: lake.rows(table) for table in TABLES}


def spans(lake: Lake, *names: str, at: datetime | None = None) -> list[Row]:
    """Ticker, security, valid from and until, as known at a moment or now."""
    known = "(known_from is null or known_from <= %(at)s) and (known_until is null or known_until > %(at)s)"
    return lake.execute(
        "select ticker, security_id, valid_from::varchar, valid_until::varchar from marts.dim_polygon__securities"
        f" where {known.replace('%(at)s', repr(str(at or datetime.max)))} and ticker in ({str(list(names))[1:-1]})"
        " order by ticker, valid_from nulls first"
    )


def figures(lake: Lake, name: str, column: str) -> list[Any]:
    """A column of the mart, oldest session first."""
    rows = lake.execute(
        f"select {column} from marts.fct_polygon__stock_bars_performance where ticker = %s order by session_date",
        (name,),
    )
    return [value for (value,) in rows]


@pytest.mark.parametrize("table", TABLES)
def test_what_is_learned_late_leaves_the_tables_as_a_full_refresh_makes_them(built: Any, table: str) -> None:
    _, later, refreshed = built
    assert differences(refreshed[table], later[table]) == []


def test_fund_and_company_are_two_securities_and_no_figure_spans_both(built: Any) -> None:
    lake = built[0]
    assert spans(lake, "META") == [
        ("META", f"figi:{FUND}", None, "2022-01-29"),
        ("META", f"figi:{META}", "2022-06-09", None),
    ]
    assert max(abs(value) for value in figures(lake, "META", "simple_return_pct") if value is not None) < 1e-9
    assert figures(lake, "META", "drawdown_pct")[42:44] == [0, 0]


def test_renamed_security_is_one_with_one_history_also_through_a_split_that_is_told_under_its_old_name(
    built: Any,
) -> None:
    lake = built[0]
    assert spans(lake, "FB") == [("FB", f"figi:{META}", "2012-05-18", "2022-06-09")]
    assert set(figures(lake, "FB", "adjusted_close_usd")) == {184.0}
    assert figures(lake, "META", "simple_return_pct")[43] == pytest.approx(0)
    assert figures(lake, "META", "sma_20_usd")[43] == pytest.approx(184)
    assert figures(lake, "META", "dividend_usd")[44] == 1.0


def test_every_figure_runs_on_through_a_rename_as_the_oracle_computes_it(built: Any) -> None:
    truth = expected(Told(WALK), max(WALK))
    rows = built[0].execute(
        f"select {', '.join(truth)} from marts.fct_polygon__stock_bars_performance"
        " where security_id = %s order by session_date",
        (f"figi:{BLOCK}",),
    )
    for name, values in zip(truth, zip(*rows, strict=True), strict=True):
        got = np.array([np.nan if value is None else float(value) for value in values])
        np.testing.assert_allclose(got, truth[name], rtol=1e-8, atol=1e-11, err_msg=name)


def test_ticker_that_passes_on_overnight_begins_anew_and_its_former_owner_goes_on(built: Any) -> None:
    lake = built[0]
    assert spans(lake, "IR", "TT") == [
        ("IR", f"figi:{TRANE}", "2007-01-03", "2020-03-02"),
        ("IR", f"figi:{INGERSOLL}", "2020-03-02", None),
        ("TT", f"figi:{TRANE}", "2020-03-02", None),
    ]
    assert figures(lake, "IR", "simple_return_pct")[20] is None
    assert figures(lake, "TT", "simple_return_pct")[0] == pytest.approx(0)
    assert figures(lake, "TT", "sma_20_usd")[0] == pytest.approx(129)


def test_who_it_was_thought_to_be_then_stays_known(built: Any) -> None:
    before = LEARNED - timedelta(hours=1)
    assert spans(built[0], "FB", at=before) == [("FB", "ticker:FB", None, None)]
    assert spans(built[0], "META", at=before)[1] == ("META", f"figi:{META}", "2022-06-09", None)


def test_silence_is_the_last_resort_and_a_decision_the_first(built: Any) -> None:
    assert spans(built[0], "SILENT", "PLAIN") == [
        ("PLAIN", "ticker:PLAIN before 2020-03-02", None, "2020-03-02"),
        ("PLAIN", "ours:PLAIN2", "2020-03-02", None),
        ("SILENT", "ticker:SILENT before 2020-09-01", None, "2020-09-01"),
        ("SILENT", "ticker:SILENT", "2020-09-01", None),
    ]


def test_days_between_two_owners_that_nothing_dates_belong_to_neither(built: Any) -> None:
    lake = built[0]
    assert [row[1] for row in spans(lake, "PASSED")] == [
        f"figi:{ONE}",
        "ticker:PASSED before 2026-07-20",
        f"figi:{OTHER}",
    ]
    reasons = lake.execute(
        "select uncertain_reason from marts.dim_polygon__securities"
        " where ticker = 'PASSED' and is_uncertain and known_until is null"
    )
    assert reasons == [("it passed from one security to another in these days",)]


def test_list_without_a_figi_is_bridged_by_the_cik(built: Any) -> None:
    assert spans(built[0], "NAMED") == [("NAMED", "figi:BBGSIM000004", None, None)]


def test_two_tickers_of_one_figi_that_trade_at_once_stay_two(built: Any) -> None:
    assert [row[1] for row in spans(built[0], "TWINA", "TWINB")] == [f"figi:{TWIN}/TWINA", f"figi:{TWIN}/TWINB"]


def test_ticker_is_found_with_whom_it_belongs_to_now_or_belonged_to_last(built: Any) -> None:
    rows = built[0].execute(
        "select ticker, security_id from marts.dim_polygon__tickers where ticker in ('FB', 'META', 'IR') order by 1"
    )
    assert rows == [("FB", f"figi:{META}"), ("IR", f"figi:{INGERSOLL}"), ("META", f"figi:{META}")]


def asked(lake: Lake, name: str, **values: str) -> pd.DataFrame:
    """A statement of the dashboard."""
    text, bound = bind(STATEMENTS[name], values)
    with lake.connection.cursor() as cursor:
        cursor.execute(text.replace("?", "%s"), bound)
        return pd.DataFrame(cursor.fetchall(), columns=[column.name.lower() for column in cursor.description])


def bought_and_held(lake: Lake, universe: pd.DataFrame) -> float:
    """What 100 USD in equal parts of LIVED and DIED, as far as the universe has them, came to by the end."""
    of = {row.ticker: row.security_id for row in universe.itertuples() if row.ticker in ("LIVED", "DIED")}
    prices = from_bars({name: asked(lake, "bars", security=of[name]) for name in of}, ended=frozenset({"DIED"}))
    wanted = np.ones(prices.close_usd.shape, dtype=np.int8)
    return float(simulate(prices, wanted, Costs(0, 0), 100).equity().iloc[-1])


def test_universe_of_a_day_has_what_was_delisted_since_and_todays_list_would_flatter(built: Any) -> None:
    lake = built[0]
    then, later = (asked(lake, "screener", day=day) for day in ("2020-02-04", "2020-03-31"))
    assert {"DIED", "LIVED"} <= set(then["ticker"])
    assert "DIED" not in set(later["ticker"])
    assert set(then.loc[then["ticker"] == "IR", "security_id"]) == {f"figi:{TRANE}"}
    assert bought_and_held(lake, then) == pytest.approx(50 * 2 + 50 * 0.1)
    assert bought_and_held(lake, later) == pytest.approx(200)
