"""Overrides, and splits and dividends that contradict each other, over three builds and a full refresh."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pytest

from tests.dbt.conftest import Dbt, Lake, differences
from tests.dbt.scenario import SESSIONS, bar, day, minute, ranged

WEEK = SESSIONS[-6:]
EX = WEEK[3]
MART = "marts.fct_polygon__stock_bars_performance"
CALL, PUT, OTHER = "O:AAA260821C00010000", "O:AAA260821P00010000", "O:BBB260821C00010000"
TABLES = [
    "snapshots.snapshot_polygon__overrides",
    "staging.stg_polygon__stock_bars_versions",
    "staging.stg_polygon__splits",
    "staging.stg_polygon__dividends",
    "intermediate.int_polygon__splits_chosen",
    "intermediate.int_polygon__split_factors",
    "intermediate.int_polygon__ticker_years",
    "intermediate.int_polygon__ticker_spans",
    "intermediate.int_polygon__stock_bars_enriched",
    "intermediate.int_polygon__options_bars_enriched",
    MART,
    "marts.fct_polygon__bar_versions",
    "marts.fct_polygon__option_chain",
    "marts.fct_polygon__put_call_ratio",
    "marts.dim_polygon__tickers",
]
ENTERED, RETRACTED = minute(60), minute(120)


@dataclass
class Built:
    """Closes and reasons of the marts after each build, and what the tables held after the last and after a refresh."""

    lake: Lake
    steps: list[dict[tuple[str, date], dict[str, Any]]]
    options: list[dict[str, tuple[Any, ...]]]
    as_of: dict[tuple[str, date], dict[str, Any]]
    later: dict[str, list[tuple[Any, ...]]]
    refreshed: dict[str, list[tuple[Any, ...]]]

    def step(self, number: int, ticker: str, column: str) -> list[Any]:
        """A column of a ticker's bars after a build, oldest first."""
        return [row[column] for (name, _), row in sorted(self.steps[number].items()) if name == ticker]


def before_first_build(lake: Lake) -> None:
    flat = ["DIV", "TWO", "NOID", "OLDNEW", "PAID", "SPLIT", "LONE", "CCC"]
    for ticker in flat:
        ranged(lake, "stock_bars", ticker, dict.fromkeys(WEEK, 100.0), at=minute(0))
    ranged(lake, "stock_bars", "AAA", dict(zip(WEEK, [10.0, 11.0, 12.0, 13.0, 14.0, 15.0], strict=True)), at=minute(0))
    ranged(lake, "stock_bars", "BBB", dict.fromkeys(WEEK, 10.0), at=minute(0))
    ranged(lake, "stock_bars", "SHARES", dict(zip(WEEK, [1.0] * 3 + [15.0] * 3, strict=True)), at=minute(0))
    ranged(lake, "stock_bars", "ECHO", dict(zip(WEEK, [100.0] * 3 + [50.0] * 3, strict=True)), at=minute(0))
    ranged(lake, "stock_bars", "DOUBT", dict.fromkeys(WEEK, 100.0), at=minute(0))
    ranged(lake, "stock_bars", "LATE", dict(zip(WEEK[:3], [100.0] * 3, strict=True)), at=minute(0))
    ranged(lake, "stock_bars", "OUT", {"2025-06-02": 7.0}, at=minute(0))
    splits = [
        split("s15", "SHARES", EX, 15, 1),
        split("s10", "SHARES", EX, 10, 1),
        split("e1", "ECHO", WEEK[2], 1, 2),
        split("e2", "ECHO", EX, 1, 2),
        split("d2", "DOUBT", EX, 1, 2),
        split("d3", "DOUBT", EX, 1, 3),
        split("l2", "LATE", EX, 1, 2),
        split("l4", "LATE", EX, 1, 4),
        split("wrong", "SPLIT", EX, 1, 2),
    ]
    lake.load("splits", "/stocks/v1/splits", splits, at=minute(0))
    dividends = [
        dividend("v1", "DIV", 1, "recurring"),
        dividend("v2", "DIV", 1, "recurring"),
        dividend("t1", "TWO", 0.5, "recurring"),
        dividend("t2", "TWO", 0.5, "special"),
        dividend(None, "NOID", 1, "recurring"),
        dividend("n1", "OLDNEW", 1, "recurring"),
        dividend("p1", "PAID", 2, "recurring"),
    ]
    lake.load("dividends", "/stocks/v1/dividends", dividends, at=minute(0))
    old = [{"id": "E1", "ticker": "OLDNEW", "ex_dividend_date": EX, "cash_amount": 1.0, "dividend_type": "CD"}]
    lake.load("dividends", "/v3/reference/dividends", old, at=minute(1))
    lake.load("dividends", "/stocks/v1/dividends", [dividend(None, "NOID", 1.0, "recurring")], at=minute(1))
    for contract in (CALL, PUT, OTHER):
        ranged(lake, "option_bars", contract, {WEEK[1]: 4.0}, at=minute(0))


def between_first_and_second(lake: Lake) -> None:
    """A close of an old session, a volume that isn't known, a bar, a split, a dividend's amount, and option bars."""
    lake.override("stock_bars", f"AAA|{WEEK[1]}", "close_usd", "5.5", at=ENTERED, reason="a busted trade")
    lake.override("stock_bars", f"CCC|{WEEK[2]}", "volume_shares", None, at=ENTERED)
    lake.override("stock_bars", f"LONE|{WEEK[5]}", "drop", None, at=ENTERED)
    lake.override("stock_bars", "OUT|2025-06-02", "drop", None, at=ENTERED)
    lake.override("splits", "wrong", "drop", None, at=ENTERED)
    lake.override("dividends", "p1", "cash_amount", "1", at=ENTERED)
    lake.override("option_bars", f"{CALL}|{WEEK[1]}", "close_usd", "2", at=ENTERED)
    lake.override("option_bars", f"{PUT}|{WEEK[1]}", "drop", None, at=ENTERED)
    lake.override("option_bars", f"{OTHER}|{WEEK[1]}", "drop", None, at=ENTERED)
    # The vendor restates a bar that is overruled; its volume counts, its close doesn't.
    restated = bar("AAA", 12.5, v=2000)
    lake.grouped(WEEK[1], [restated], at=minute(61))
    # The price that shows which of two ratios was right comes late.
    ranged(lake, "stock_bars", "LATE", dict.fromkeys(WEEK[3:], 25.0), at=minute(61))


def between_second_and_third(lake: Lake) -> None:
    """Everything is given back but the close, which is overruled once more."""
    lake.override("stock_bars", f"AAA|{WEEK[1]}", "close_usd", "6.5", at=RETRACTED, reason="the exchange's notice")
    for dataset, row_key, field in (
        ("stock_bars", f"LONE|{WEEK[5]}", "drop"),
        ("splits", "wrong", "drop"),
        ("dividends", "p1", "cash_amount"),
        ("option_bars", f"{PUT}|{WEEK[1]}", "drop"),
    ):
        lake.override(dataset, row_key, field, None, at=RETRACTED, is_retracted=True)


def split(name: str, ticker: str, executed: str, shares_from: float, shares_to: float) -> dict[str, Any]:
    return {
        "id": name, "ticker": ticker, "execution_date": executed, "split_from": shares_from, "split_to": shares_to
    }  # fmt: skip


def dividend(name: str | None, ticker: str, amount: float, kind: str) -> dict[str, Any]:
    told = {
        "ticker": ticker,
        "ex_dividend_date": EX,
        "cash_amount": amount,
        "currency": "USD",
        "distribution_type": kind,
    }
    return told if name is None else told | {"id": name}


def results_of(run: Any) -> list[Any]:
    """What the data tests of a run found, without the project's hooks."""
    return [result for result in run.results if result.node.resource_type == "test"]


@pytest.fixture(scope="module")
def built(lake: Lake, dbt: Dbt) -> Built:
    steps, options = [], []
    for load in (before_first_build, between_first_and_second, between_second_and_third):
        load(lake)
        if steps:
            dbt.run_tables()
        else:
            dbt("run")
        steps.append(bars(lake, MART))
        options.append(chain(lake))
    later = {table: lake.rows(table) for table in TABLES}
    then = f"as_of: {datetime(2026, 7, 20, 13, 30)}"
    dbt("run", "--select", "snapshots+", "--exclude", "snapshots", "marts.history", "--vars", then)
    as_of = bars(lake, "marts_as_of.fct_polygon__stock_bars_performance")
    dbt.run_tables("--full-refresh")
    return Built(lake, steps, options, as_of, later, {table: lake.rows(table) for table in TABLES})


def bars(lake: Lake, table: str) -> dict[tuple[str, date], dict[str, Any]]:
    names = [row[0].lower() for row in lake.execute(f"describe table {table}")]
    rows = [dict(zip(names, row, strict=True)) for row in lake.execute(f"select * from {table}")]
    return {(row["ticker"], row["session_date"]): row for row in rows}


def chain(lake: Lake) -> dict[str, tuple[Any, ...]]:
    rows = lake.execute("select contract_ticker, close_usd, override_reason from marts.fct_polygon__option_chain")
    return {contract: rest for contract, *rest in rows}


@pytest.mark.parametrize("table", TABLES)
def test_three_builds_with_overrides_equal_a_full_refresh(built: Built, table: str) -> None:
    assert differences(built.later[table], built.refreshed[table]) == []


@pytest.mark.parametrize("ticker", ["DIV", "TWO", "NOID", "OLDNEW"])
def test_dividend_of_one_dollar_counts_once_however_often_it_is_told(built: Built, ticker: str) -> None:
    assert built.step(0, ticker, "dividend_usd") == [None, None, None, 1.0, None, None]
    assert built.step(0, ticker, "total_return_close_usd") == [99.0, 99.0, 99.0, 100.0, 100.0, 100.0]


def test_of_two_ratios_of_a_day_the_one_that_prices_show_counts(built: Built) -> None:
    assert built.step(0, "SHARES", "adjusted_close_usd") == [15.0] * 6


def test_split_that_is_told_on_two_days_counts_on_the_day_on_which_the_price_moved(built: Built) -> None:
    assert built.step(0, "ECHO", "adjusted_close_usd") == [50.0] * 6
    assert built.step(0, "ECHO", "split_to") == [None, None, None, 2.0, None, None]


def test_ratios_that_prices_do_not_show_are_found_and_never_multiplied(built: Built, dbt: Dbt) -> None:
    assert built.step(0, "DOUBT", "split_factor")[0] in (pytest.approx(1 / 2), pytest.approx(1 / 3))

    (result,) = results_of(dbt("test", "--select", "splits_contradict_each_other"))
    doubted = built.lake.execute("select ticker from intermediate.int_polygon__splits_chosen where not is_resolved")
    assert {row[0] for row in doubted} == {"DOUBT"}
    assert (result.status, result.failures) == ("warn", 2)


def test_price_that_comes_late_chooses_another_ratio_and_adjusts_the_history_anew(built: Built) -> None:
    assert built.step(1, "LATE", "adjusted_close_usd") == [25.0] * 6


def test_close_of_an_old_session_is_overruled_also_over_a_restatement_and_overruled_again(built: Built) -> None:
    assert built.step(0, "AAA", "close_usd") == [10, 11, 12, 13, 14, 15]
    assert built.step(1, "AAA", "close_usd") == [10, 5.5, 12, 13, 14, 15]
    assert built.step(1, "AAA", "volume_shares")[1] == 2000
    assert built.step(1, "AAA", "simple_return_pct")[1:3] == [pytest.approx(-45), pytest.approx(100 * (12 / 5.5 - 1))]
    assert built.step(2, "AAA", "close_usd") == [10, 6.5, 12, 13, 14, 15]


def test_reason_and_author_stand_beside_the_number(built: Built) -> None:
    nothing = [None] * 4
    assert built.step(1, "AAA", "override_reason") == [None, "close_usd: a busted trade (Ana)", *nothing]
    assert built.step(1, "PAID", "override_reason") == [*nothing[:3], "cash_amount: a slip (Ana)", None, None]
    assert built.options[1][CALL] == [2.0, "close_usd: a slip (Ana)"]


def test_number_that_is_not_known_can_be_said_so(built: Built) -> None:
    assert built.step(1, "CCC", "volume_shares") == [1000, 1000, None, 1000, 1000, 1000]


def test_dropped_bar_is_gone_until_the_override_is_retracted(built: Built) -> None:
    assert [len(built.step(number, "LONE", "close_usd")) for number in range(3)] == [6, 5, 6]
    assert [len(built.step(number, "OUT", "close_usd")) for number in range(3)] == [1, 0, 0]
    assert [sorted(step) for step in built.options] == [[CALL, PUT, OTHER], [CALL], [CALL, PUT]]


def test_dropped_split_and_overruled_dividend_adjust_the_whole_history_anew(built: Built) -> None:
    assert [built.step(number, "SPLIT", "adjusted_close_usd")[0] for number in range(3)] == [50.0, 100.0, 50.0]
    assert [built.step(number, "PAID", "total_return_close_usd")[0] for number in range(3)] == [98.0, 99.0, 98.0]


def test_override_touches_what_depends_on_it_and_nothing_else(built: Built) -> None:
    untouched = {"DIV", "TWO", "NOID", "OLDNEW", "BBB", "SHARES", "ECHO", "DOUBT"}
    for before, after in zip(built.steps, built.steps[1:], strict=False):
        same = {key for key, row in after.items() if before.get(key, {}).get("recorded_at") == row["recorded_at"]}
        assert {ticker for ticker, _ in after if ticker in untouched} == untouched
        assert {key for key in after if key[0] in untouched} <= same
        # Nothing before the overruled session depends on it.
        assert ("AAA", day(WEEK[0])) in same
        assert ("AAA", day(WEEK[1])) not in same


def test_as_of_a_moment_an_override_counts_from_when_it_was_entered(built: Built) -> None:
    closes = [row["close_usd"] for (ticker, _), row in sorted(built.as_of.items()) if ticker == "AAA"]
    assert closes == [10, 5.5, 12, 13, 14, 15]
    assert [row["adjusted_close_usd"] for (ticker, _), row in sorted(built.as_of.items()) if ticker == "SPLIT"] == [
        100.0
    ] * 6
    assert ("LONE", day(WEEK[5])) not in built.as_of


def test_versions_of_an_overruled_bar_tell_what_counted_when(built: Built) -> None:
    versions = built.lake.execute(
        """
        select close_usd, volume_shares, override_reason, known_from
        from marts.fct_polygon__bar_versions
        where ticker = 'AAA'
        order by version_number
        """
    )
    assert [tuple(row) for row in versions] == [
        (11.0, 1000.0, None, minute(0)),
        (5.5, 1000.0, "close_usd: a busted trade (Ana)", ENTERED),
        (5.5, 2000.0, "close_usd: a busted trade (Ana)", minute(61)),
        (6.5, 2000.0, "close_usd: the exchange's notice (Ana)", RETRACTED),
    ]


def test_override_of_no_row_and_of_no_value_changes_nothing_and_is_found(built: Built, dbt: Dbt) -> None:
    built.lake.override("stock_bars", f"NONE|{WEEK[1]}", "close_usd", "5", at=minute(200))
    built.lake.override("stock_bars", f"DIV|{WEEK[1]}", "close_usd", "cheap", at=minute(200))
    dbt("run", "--select", "snapshot_polygon__overrides")

    (result,) = results_of(dbt("test", "--select", "overrides_change_nothing"))
    assert (result.status, result.failures) == ("warn", 2)
    closes = built.lake.execute(
        "select distinct close_usd from staging.stg_polygon__stock_bars_casted where ticker = 'DIV'"
    )
    assert [tuple(row) for row in closes] == [(100.0,)]
