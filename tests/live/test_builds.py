"""dbt, as Airflow runs it, on loaded manifests; and those who read what it has built."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dashboard.data.warehouse import Warehouse
from dashboard.settings import WarehouseSettings
from tests.live.batches import SESSIONS, call_of, land, new_ticker, options, stocks
from tests.live.target import REHEARSAL, REPOSITORY, Target
from tests.live.test_account import call

pytestmark = [pytest.mark.live, pytest.mark.timeout(1800)]
FIRST, SECOND, THIRD = SESSIONS
LONG = f"it takes minutes: set SNOWTAPE_LIVE_ACCOUNT, or {REHEARSAL}=1"


@dataclass(frozen=True)
class Builds:
    """A ticker with options of which two sessions were built, and then a third; `before` is what a reader saw then."""

    ticker: str
    folder: Path
    before: dict[str, list[tuple[Any, ...]]]


def seen(target: Target, ticker: str) -> dict[str, list[tuple[Any, ...]]]:
    """The marts' rows of a ticker and its options."""
    statements = {
        "stocks": "select session_date, close_usd from marts.fct_polygon__stock_bars_performance where ticker = ",
        "options": "select session_date, close_usd, underlying_close_usd, open_interest_contracts "
        "from marts.fct_polygon__option_chain where underlying_ticker = ",
    }
    return {
        name: target.rows("reader", f"{statement}'{ticker}' order by session_date")
        for name, statement in statements.items()
    }


@pytest.fixture(scope="session")
def builds(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Builds:
    """Two builds with new stock and option data between them. Skips where they would take too long."""
    if target.is_quick:
        pytest.skip(f"tests/dbt builds on the local Snowflake; here {LONG}")
    ticker, folder = new_ticker(), tmp_path_factory.mktemp("dbt")
    for family, answers in (
        ("stocks", stocks(ticker, {FIRST: 9.0, SECOND: 10.0})),
        ("options", options(ticker, {FIRST: 1.0, SECOND: 2.0}, 7)),
    ):
        call(target, land(target, family, answers))
    target.build(folder)
    before = seen(target, ticker)
    for family, answers in (
        ("stocks", stocks(ticker, {THIRD: 12.0})),
        ("options", options(ticker, {THIRD: 4.0}, 8)),
    ):
        call(target, land(target, family, answers))
    target.build(folder)
    return Builds(ticker, folder, before)


def test_first_build_has_both_families(builds: Builds) -> None:
    assert builds.before == {
        "stocks": [(FIRST, 9.0), (SECOND, 10.0)],
        "options": [(FIRST, 1.0, 9.0, None), (SECOND, 2.0, 10.0, 7)],
    }


def test_second_build_adds_what_was_loaded_since_and_keeps_the_rest(target: Target, builds: Builds) -> None:
    assert seen(target, builds.ticker) == {
        "stocks": [*builds.before["stocks"], (THIRD, 12.0)],
        "options": [*builds.before["options"], (THIRD, 4.0, 12.0, 8)],
    }


def marts(target: Target) -> dict[str, int]:
    """Rows of every mart."""
    names = sorted(path.stem for path in (REPOSITORY / "dbt" / "models" / "marts").rglob("*.sql"))
    return {name: target.rows("transformer", f"select count(*) from marts.{name}")[0][0] for name in names}


def test_build_without_anything_new_changes_nothing(target: Target, builds: Builds) -> None:
    first = marts(target), seen(target, builds.ticker)

    target.build(builds.folder)

    assert (marts(target), seen(target, builds.ticker)) == first


def test_operator_overrules_a_field_and_takes_it_back(target: Target, builds: Builds) -> None:
    where = ("stock_bars", f"{builds.ticker}|{THIRD}", "volume_shares")
    statuses = []
    with target.connect("operator") as connection:
        for statement, values in (
            ("call ops.override(%s, %s, %s, %s, %s, %s)", (*where, "150", "a busted trade", "make test-live")),
            ("call ops.retract_override(%s, %s, %s, %s, %s)", (*where, "mended", "make test-live")),
        ):
            ((said,),) = connection.cursor().execute(statement, values).fetchall()
            statuses.append(json.loads(said)["status"])

    decisions = f"select value, is_retracted from ops.overrides where row_key = '{where[1]}' order by known_from"
    assert statuses == ["entered", "retracted"]
    assert target.rows("reader", decisions) == [("150", False), (None, True)]


def test_unit_tests_of_the_models_pass(target: Target, builds: Builds) -> None:
    said = target.dbt("test", "--select", "test_type:unit", folder=builds.folder)

    assert re.search(r"PASS=[1-9][0-9]* WARN=0 ERROR=0", said), said


def test_source_freshness_is_measured(target: Target, builds: Builds) -> None:
    """Whether it is fresh is a matter of the data, which is of one week; that it can be asked is the point."""
    target.dbt("source", "freshness", folder=builds.folder, ok=False)

    results = json.loads((builds.folder / "sources.json").read_text())["results"]
    assert {result["unique_id"].rpartition(".")[2] for result in results} == {"stock_bars", "option_bars"}
    assert all(result["status"] in ("pass", "warn", "error") and "max_loaded_at" in result for result in results)


def test_bars_as_of_a_moment_leave_out_what_came_later(target: Target, builds: Builds) -> None:
    text = re.sub(r"(?m)^\s*--.*$", "", (REPOSITORY / "worksheets" / "bars_as_of.sql").read_text())
    text = re.sub(r"set ticker = [^;]+;", f"set ticker = '{builds.ticker}';", text)
    answers = []
    for moment in ("2020-01-01", "2099-01-01"):
        statements = re.sub(r"set known_at = [^;]+;", f"set known_at = '{moment}';", text).split(";")
        answers.append(len(target.rows("reader", *filter(str.strip, statements))))

    assert answers == [0, 3]


@pytest.fixture
def pool(target: Target) -> Iterator[Warehouse]:
    """The dashboard's way to the warehouse."""
    opened = Warehouse(WarehouseSettings.from_env(target.environment("reader")))
    yield opened
    opened.close()


def test_dashboard_reads_bars_and_chains_as_a_reader(target: Target, pool: Warehouse, builds: Builds) -> None:
    whose = (
        f"select distinct security_id from marts.fct_polygon__stock_bars_performance where ticker = '{builds.ticker}'"
    )
    ((security,),) = target.rows("reader", whose)
    bars = pool.run("bars", {"security": security})
    chain = pool.run("option_chain", {"underlying": builds.ticker, "session": THIRD})

    assert list(bars["close_usd"]) == [9.0, 10.0, 12.0]
    assert list(chain["contract_ticker"]) == [call_of(builds.ticker)]


def test_every_statement_of_the_project_is_accepted(target: Target) -> None:
    """scripts/judge.py, whole: EXPLAIN of everything that has a plan."""
    if target.is_quick:
        pytest.skip(LONG)
    said = target.judge(*(("--skip", "*cost.sql") if target.is_rehearsal else ()))  # there is no account usage

    assert ", 0 refused, " in said
