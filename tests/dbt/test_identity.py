"""Whose ticker it was, from lists, events and silences to the marts: one security, whatever it is called."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from backtest.engine import Costs, simulate
from backtest.prices import from_bars
from dashboard.data.door import Door
from dashboard.data.sql import STATEMENTS, bind
from dashboard.pages.backtest.form import PARAMS
from dashboard.pages.backtest.work import Work, find_work
from local.market import surface
from tests.dbt import identities
from tests.dbt.conftest import Dbt, Lake, differences
from tests.dbt.identities import (
    AAPL_SYMBOLS,
    BACK,
    BLOCK,
    FUND,
    INGERSOLL,
    LEARNED,
    META,
    ONE,
    OTHER,
    RENAMED,
    TRANE,
    TWIN,
    WALK,
)
from tests.dbt.stocks import Stock as Told
from tests.dbt.stocks import expected

MODELS = (
    "dim_polygon__securities",
    "dim_polygon__tickers",
    "fct_polygon__stock_bars_performance",
    "fct_polygon__option_chain",
    "dim_polygon__option_contracts",
    "fct_polygon__contract_history",
    "fct_polygon__chain_coverage",
    "fct_polygon__bar_versions",
)
TABLES = (
    "intermediate.int_polygon__options_bars_enriched",
    "intermediate.int_polygon__contract_lineage",
    "intermediate.int_polygon__ticker_spans",
    "intermediate.int_polygon__split_factors",
    "intermediate.int_polygon__stock_bars_enriched",
    "marts.fct_polygon__stock_bars_performance",
    "marts.dim_polygon__securities",
    "marts.dim_polygon__tickers",
)
Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def built(lake: Lake, dbt: Dbt) -> tuple[Lake, dict[str, list[Row]], dict[str, list[Row]]]:
    """The lake after two builds, its tables then, and those of a build from nothing."""
    identities.first(lake)
    dbt.run_behind(*MODELS)
    identities.second(lake)
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


def test_renamed_back_is_one_security_and_its_ticker_nobodys_meanwhile(built: Any) -> None:
    lake = built[0]
    rows = lake.execute(
        "select ticker, security_id, first_session_date::varchar, last_session_date::varchar"
        " from marts.dim_polygon__securities where ticker in ('BACK', 'FORTH') and known_until is null"
        " order by valid_from nulls first"
    )
    assert rows == [
        ("BACK", "figi:BBGSIM000009", *BACK["BACK"]),
        ("FORTH", "figi:BBGSIM000009", *BACK["FORTH"]),
        ("BACK", "figi:BBGSIM000009", "2020-03-23", "2020-03-31"),
    ]
    assert figures(lake, "BACK", "simple_return_pct")[9] == pytest.approx(0)


def test_who_it_was_thought_to_be_then_stays_known(built: Any) -> None:
    before = LEARNED - timedelta(hours=1)
    assert spans(built[0], "FB", at=before) == [("FB", "ticker:FB", None, None)]
    assert spans(built[0], "META", at=before)[1] == ("META", f"figi:{META}", "2022-06-09", None)


@pytest.fixture(scope="module")
def seen(built: Any, dbt: Dbt) -> dict[datetime, tuple[list[Row], list[Row]]]:
    """As of an hour before and after Meta's events came: spans of FB and META, and Meta's returns around its rename."""
    lake, found = built[0], {}
    wanted = ("int_polygon__ticker_spans", "fct_polygon__stock_bars_performance")
    for moment in (LEARNED - timedelta(hours=1), LEARNED + timedelta(hours=1)):
        chosen = [f"snapshots+,+{model}" for model in wanted]
        dbt("run", "--select", *chosen, "--exclude", "snapshots", "--vars", f"as_of: {moment}")
        found[moment] = (
            lake.execute(
                "select ticker, security_id, valid_from::varchar, valid_until::varchar"
                " from intermediate_as_of.int_polygon__ticker_spans"
                " where ticker in ('FB', 'META') and known_until is null order by ticker, valid_from nulls first"
            ),
            lake.execute(
                "select security_id, ticker, session_date::varchar, round(simple_return_pct, 6)"
                " from marts_as_of.fct_polygon__stock_bars_performance"
                " where ticker in ('FB', 'META') and session_date in ('2022-06-08', '2022-06-09') order by session_date"
            ),
        )
    return found


def test_events_that_come_late_are_not_known_as_of_before_and_are_as_of_after(built: Any, seen: Any) -> None:
    before, after = seen.values()
    assert before == (
        [
            ("FB", "ticker:FB", None, None),
            ("META", f"figi:{FUND}", None, "2022-01-29"),
            ("META", f"figi:{META}", "2022-06-09", None),
        ],
        [("ticker:FB", "FB", "2022-06-08", 0), (f"figi:{META}", "META", "2022-06-09", None)],
    )
    assert after[0] == spans(built[0], "FB", "META")
    assert after[1] == [(f"figi:{META}", "FB", "2022-06-08", 0), (f"figi:{META}", "META", "2022-06-09", 0)]


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


class Asking:
    """The lake as the dashboard's door asks it."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    def run(self, name: str, params: dict[str, Any] | None = None) -> pd.DataFrame:
        return pd.DataFrame([{"build_id": "one"}]) if name == "mart_version" else asked(self.lake, name, **params or {})


@pytest.mark.parametrize("address", [{"session": "2022-01-10"}, {}], ids=["the fund", "the company, also as FB"])
def test_ten_thousand_in_a_ticker_that_two_securities_had_stay_that(built: Any, address: dict[str, str]) -> None:
    free = {"ticker": "META", "cost": "0", "slippage": "0"}
    values = {param.name: param.default for param in PARAMS} | free | address
    work = find_work(Door(Asking(built[0])), values)
    assert isinstance(work, Work)
    held = work.runs[-1][1].equity()
    assert len(held) == (43 if address else 89)
    assert f"{held.iloc[-1]:.2f}" == "10000.00"


def history(lake: Lake, contract: str) -> list[Row]:
    """A contract's sessions: symbol, underlying's close, adjusted strike, close and volume; oldest first."""
    return lake.execute(
        "select contract_ticker, underlying_close_usd, adjusted_strike_usd, adjusted_close_usd,"
        " adjusted_volume_contracts from marts.fct_polygon__contract_history"
        " where contract_id = %s order by session_date",
        (contract,),
    )


def lineage(lake: Lake, root: str) -> dict[tuple[str, str | None], Row]:
    """By symbol and first day: what it was before, what it became, and what is not known of it."""
    rows = lake.execute(
        "select contract_ticker, valid_from::varchar, predecessor_ticker, successor_ticker, uncertain_reason"
        " from marts.dim_polygon__option_contracts where contract_ticker like %s",
        (f"O:{root}%",),
    )
    return {row[:2]: row[2:] for row in rows}


def test_contract_goes_on_under_the_new_ticker_and_root_at_the_volatility_that_it_had(built: Any) -> None:
    old, new = (WALK[session].close for session in RENAMED)
    rows = history(built[0], "O:SQ240621C00100000")
    assert [row[:3] for row in rows] == [
        ("O:SQ240621C00100000", old, 100),
        ("O:XYZ240621C00100000", new, 100),
    ]
    volatilities = built[0].execute(
        "select implied_volatility_pct from marts.fct_polygon__contract_history"
        " where contract_id = 'O:SQ240621C00100000'"
    )
    assert [value for (value,) in volatilities] == pytest.approx([30, 30])


def test_split_on_the_day_of_a_rename_that_is_learned_late_changes_strike_and_number_too(built: Any) -> None:
    assert history(built[0], "O:FB220916C00360000") == [
        ("O:FB220916C00360000", 368, 180, 15, 20),
        ("O:META220916C00180000", 184, 180, 15, 10),
    ]


def test_contract_of_a_former_ticker_is_not_compared_with_the_fund_that_had_the_new_one(built: Any) -> None:
    rows = built[0].execute(
        "select underlying_security_id, underlying_close_usd, implied_volatility_reason"
        " from marts.fct_polygon__option_chain"
        " where contract_ticker = 'O:FB220916C00400000' and session_date = '2022-01-28'"
    )
    assert rows == [(f"figi:{META}", None, "no_underlying_bar")]


def test_symbol_of_a_ticker_that_passed_on_is_two_contracts(built: Any) -> None:
    lake = built[0]
    assert [row[:2] for row in history(lake, "O:IR200417C00130000")] == [
        ("O:IR200417C00130000", 129),
        ("O:TT200417C00130000", 129),
    ]
    assert [row[:2] for row in history(lake, "O:IR200417C00130000 since 2020-03-02")] == [
        ("O:IR200417C00130000", 32.25)
    ]


def test_whole_split_divides_the_strike_to_the_cent_and_a_symbol_may_name_another_contract_after_it(built: Any) -> None:
    lake = built[0]
    assert history(lake, "O:SHW200417C00900000") == [
        ("O:SHW200417C00900000", 900, 300, 10, 30),
        ("O:SHW200417C00300000", 300, 300, 11, 10),
    ]
    assert [row[0] for row in history(lake, "O:SHW200417C00300000")] == ["O:SHW200417C00300000", "O:SHW200417C00100000"]
    found = lineage(lake, "SHW")
    assert found["O:SHW200417C00905000", None] == (None, "O:SHW200417C00301670", None)
    assert found["O:SHW200417C00600000", None] == (None, None, "what it became is not known")


def test_odd_and_reverse_splits_change_the_deliverable_and_what_cannot_be_known_is_not_joined(built: Any) -> None:
    lake = built[0]
    odd, reverse = lineage(lake, "ODD"), lineage(lake, "REV")
    assert odd["O:ODD1200417C00060000", "2020-03-16"] == ("O:ODD200417C00090000", None, None)
    assert odd["O:ODD200417C00093000", None][1:] == (
        None,
        "what it became is not settled: O:ODD1200417C00062000, O:ODD2200417C00062000",
    )
    assert reverse["O:REV200417P00001000", None] == (None, "O:REV1200417P00001000", None)
    assert history(lake, "O:REV200417P00001000")[0][2:] == (1, 0.6, 10)
    assert reverse["O:REV200417P00002000", None][1:] == (
        None,
        "what it became is not settled: O:REV1200417P00002000 (its deliverable is not known)",
    )


def test_contracts_of_the_stand_in_are_joined_through_its_split_and_keep_their_volatility(built: Any) -> None:
    lake = built[0]
    found = lineage(lake, "AAPL")
    before = {name: row[1] for (name, _), row in found.items() if int(name[-8:]) > 300_000}
    assert before == {name: f"{name[:-8]}{int(name[-8:]) // 2:08d}" for name in before}
    assert len(before) == 60
    assert {row[2] for row in found.values()} == {None}
    assert tuple(dict.fromkeys(row[0] for row in history(lake, AAPL_SYMBOLS[0]))) == AAPL_SYMBOLS
    rows = lake.execute(
        "select implied_volatility_pct, underlying_close_usd, strike_usd,"
        " datediff('day', session_date, expiration_date)"
        " from marts.fct_polygon__contract_history where contract_id = %s order by session_date",
        (AAPL_SYMBOLS[0],),
    )
    truth = [100 * float(surface.sigma("AAPL", strike / spot, days / 365)) for _, spot, strike, days in rows]
    assert [row[0] for row in rows] == pytest.approx(truth, abs=0.05)


def test_deliverable_is_kept_and_an_adjusted_contract_without_a_known_past_is_flagged(built: Any) -> None:
    rows = built[0].execute(
        "select additional_deliverables, is_adjusted_contract, uncertain_reason"
        " from marts.dim_polygon__option_contracts where contract_ticker = 'O:TT1200417C00130000'"
    )
    assert [json.loads(rows[0][0]), *rows[0][1:]] == [
        [{"amount": 12.5, "type": "currency", "underlying": "USD"}],
        True,
        "what it was before it was adjusted is not known",
    ]


def test_sums_over_a_chain_are_complete_or_say_why_they_are_not(built: Any) -> None:
    rows = built[0].execute(
        "select underlying_ticker, session_date::varchar, is_volume_complete, is_open_interest_complete,"
        " open_interest_incomplete_reason from marts.fct_polygon__chain_coverage"
        " where underlying_ticker in ('FB', 'REV', 'SHW') order by underlying_ticker, session_date"
    )
    assert rows == [
        ("FB", "2022-06-08", True, False, "no snapshot"),
        ("REV", "2020-03-13", False, True, None),
        ("REV", "2020-03-16", False, False, "no snapshot"),
        ("SHW", "2020-03-13", False, False, "contracts traded that the snapshot lacks"),
        ("SHW", "2020-03-16", False, False, "contracts expired in the session, and the snapshot has them no more"),
    ]
