"""Every worksheet on the local warehouse: it runs as it stands, and its answer is what the rows below it say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from local.warehouse.process import RunningWarehouse
from tests.dashboard import seed
from tests.gates.sources import REPOSITORY
from tests.streamlit import account_usage

WORKSHEETS = sorted((REPOSITORY / "worksheets").glob("*.sql"))
DATABASE = "WORKSHEETS"
Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def ask(warehouse: RunningWarehouse) -> Iterator[Ask]:
    """Runs a worksheet, with other values at its top where they are given; rows as dicts."""
    with warehouse.connect(paramstyle="qmark") as connection:
        account_usage.create(connection, DATABASE)
        seed.seed(connection, DATABASE)
        cursor = connection.cursor()
        refused = "'20261119T010000000000Z-000000aa', 'manifests/stocks/bad.json', 'stocks', 'bad'"
        cursor.execute(f"insert into ops.load_rejects select {refused}, '2026-11-19'::timestamp_ntz")

        def run(name: str, **values: str) -> list[dict[str, Any]]:
            text = re.sub(r"(?m)^\s*--.*$", "", (REPOSITORY / "worksheets" / f"{name}.sql").read_text())
            for variable, value in values.items():
                text, count = re.subn(rf"set {variable} = [^;]+;", f"set {variable} = {value};", text)
                assert count == 1, variable
            for statement in filter(str.strip, text.split(";")):
                cursor.execute(statement)
            names = [column.name.lower() for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

        yield run


@pytest.mark.parametrize("path", WORKSHEETS, ids=lambda path: path.stem)
def test_worksheet_answers_as_it_stands(path: Any, ask: Ask) -> None:
    assert ask(path.stem)


@pytest.mark.parametrize("path", WORKSHEETS, ids=lambda path: path.stem)
def test_worksheet_says_what_it_is_for_and_is_listed(path: Any) -> None:
    assert path.read_text().startswith("-- ")
    assert f"`{path.name}`" in (REPOSITORY / "worksheets" / "README.md").read_text()


def test_chain_puts_call_and_put_of_a_strike_side_by_side(ask: Ask) -> None:
    rows = ask("option_chain_on_a_date", days_to_expiration_at_most="30")

    assert {row["expiration_date"] for row in rows} == {date(2026, 11, 27), date(2026, 12, 18)}
    keys = [(row["expiration_date"], row["strike_usd"]) for row in rows]
    assert keys == sorted(set(keys))
    for row in rows:
        if row["call_delta"] is not None and row["put_delta"] is not None:
            # Delta of the call less that of the put is one, without dividends.
            assert row["call_delta"] - row["put_delta"] == pytest.approx(1, abs=0.01)


def test_restatements_show_what_changed(ask: Ask) -> None:
    rows = ask("restatements_of_a_ticker", ticker="'MSFT'")

    assert [(row["version_number"], row["is_current"]) for row in rows] == [(1, False), (2, False), (3, True)]
    assert rows[0]["volume_change_shares"] is None
    assert rows[1]["volume_change_shares"] == rows[1]["volume_shares"] - rows[0]["volume_shares"] > 0


@pytest.fixture(scope="module")
def restated() -> list[tuple[Any, ...]]:
    """The versions of the one bar of AAPL that was restated."""
    return seed.bar_versions({"AAPL": seed.bars("AAPL")})


def test_bars_as_of_a_moment_are_what_was_known_then(ask: Ask, restated: list[tuple[Any, ...]]) -> None:
    first, second = restated
    session, learned = first[1], second[4]
    before = {row["session_date"]: row for row in ask("bars_as_of", known_at=f"'{learned - timedelta(seconds=1)}'")}
    after = {row["session_date"]: row for row in ask("bars_as_of", known_at=f"'{learned}'")}

    assert (before[session]["close_usd"], before[session]["version_number"]) == (first[9], 1)
    assert (after[session]["close_usd"], after[session]["version_number"]) == (second[9], 2)
    # Sessions that were fetched later are not there, and no session is there twice.
    for rows in (before, after):
        assert all(row["known_from"] <= learned for row in rows.values())
    assert seed.LAST_SESSION not in before
    assert len(ask("bars_as_of", known_at="'2026-12-01'")) == seed.LENGTHS["AAPL"]


def test_nothing_was_known_before_the_first_fetch(ask: Ask) -> None:
    assert ask("bars_as_of", known_at="'2020-01-01'") == []


def test_coverage_counts_tickers_of_each_session(ask: Ask) -> None:
    rows = {row["session_date"]: row for row in ask("coverage", since="'2026-11-01'")}

    assert rows[seed.LAST_SESSION]["tickers"] == 6
    # SIM0002 has only the last three sessions.
    assert min(row["tickers"] for row in rows.values()) == 5
    assert rows[date(2026, 11, 12)]["suspect_fetches"] == 2


def test_load_history_has_every_load_and_what_is_missing(ask: Ask) -> None:
    rows = ask("load_history", since="'2026-11-01'")

    assert sum(row["manifests"] for row in rows) == 20
    assert sum(row["incomplete"] for row in rows) == 1
    assert [(row["load_date"], row["still_missing"]) for row in rows if row["refused"]] == [(date(2026, 11, 19), 1)]


def test_overrides_have_a_state_and_an_end(ask: Ask) -> None:
    rows = ask("overrides", since="'2026-11-01'")

    assert [(row["field"], row["state"], row["known_until"] is None) for row in rows] == [
        ("close_usd", "retracted", True),
        ("drop", "in force", True),
        ("close_usd", "over", False),
    ]


def test_data_quality_lists_complaints_only(ask: Ask) -> None:
    rows = ask("data_quality", since="'2026-10-01'")

    assert all(row["failures"] + row["warnings"] > 0 for row in rows)
    assert rows[0]["failures"] == 2
    assert rows[0]["status_now"] == "fail"
    assert rows[0]["last_complaint_at"] == datetime(2026, 11, 20, 23, 5, 42, 123456)


def test_cost_is_credits_times_their_price(ask: Ask) -> None:
    rows = {row["job"]: row for row in ask("cost", since="'2020-01-01'", usd_per_credit="4")}

    assert {job: (row["runs"], row["queries"]) for job, row in rows.items()} == {
        "polygon_stocks_load": (1, 2),
        "dbt_build": (1, 2),
    }
    assert rows["polygon_stocks_load"]["cost_usd"] == pytest.approx(0.012)
    assert rows["dbt_build"]["credits"] == pytest.approx(0.03)
