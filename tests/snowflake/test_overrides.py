"""ops.override and ops.retract_override: what is refused, without a warehouse, and what is written, on one."""

from __future__ import annotations

import json
from typing import Any

import jinja2
import pytest
from snowflake.connector.errors import ProgrammingError

from local.warehouse.process import RunningWarehouse
from snowflake.procedures import overrides
from snowflake.procedures.overrides import DROP, SHAPES, Refusal
from tests.gates.sources import REPOSITORY
from tests.schemachange.deploying import Database

AAA = "AAA|2026-03-18"


@pytest.mark.parametrize(
    ("dataset", "row_key", "field", "value", "message"),
    [
        ("stockbars", AAA, "close_usd", "5", "dataset is 'stockbars'; expected one of stock_bars, option_bars"),
        ("stock_bars", AAA, "close", "5", "field of stock_bars is 'close'; expected one of open_usd"),
        ("stock_bars", AAA, "close_usd", None, "value of close_usd is NULL, which is not allowed"),
        ("stock_bars", AAA, "close_usd", "", "value of close_usd is ''; expected a number above 0"),
        ("stock_bars", AAA, "close_usd", "0", "value of close_usd is '0'; expected a number above 0"),
        ("stock_bars", AAA, "close_usd", "-5", "expected a number above 0"),
        ("stock_bars", AAA, "close_usd", "NaN", "expected a number above 0"),
        ("stock_bars", AAA, "close_usd", "1e999", "expected a number above 0"),
        ("stock_bars", AAA, "close_usd", "1_000", "expected a number above 0"),
        ("stock_bars", AAA, "close_usd", "five", "expected a number above 0"),
        ("stock_bars", AAA, "volume_shares", "-1", "expected a number that is not negative"),
        ("stock_bars", AAA, "transactions", "1.5", "expected a whole number that is not negative"),
        ("stock_bars", AAA, DROP, "5", "value of a drop is '5'; expected NULL"),
        ("stock_bars", "AAA", "close_usd", "5", "key of stock_bars is 'AAA'; expected ticker|YYYY-MM-DD"),
        ("stock_bars", "AAA|18.3.2026", "close_usd", "5", "expected ticker|YYYY-MM-DD"),
        ("stock_bars", "AAA|2026-02-30", "close_usd", "5", "expected ticker|YYYY-MM-DD"),
        ("stock_bars", "|2026-03-18", "close_usd", "5", "expected ticker|YYYY-MM-DD"),
        ("splits", "", DROP, None, "key of splits is ''; expected split_id"),
        ("splits", "a1", "execution_date", "20260318", "expected YYYY-MM-DD"),
        ("tickers", "AAA", "is_active", "perhaps", "expected true or false"),
        ("dividends", "d1", "currency", " ", "expected 1 to 1000 characters"),
        ("treasury_yields", "19.11.2026", "yield_3_month_pct", "3.8", "expected YYYY-MM-DD"),
        ("treasury_yields", "2026-11-19", "yield_3_month_pct", "high", "expected a number"),
    ],
)
def test_what_cannot_be_followed_is_refused_before_a_statement_is_sent(
    dataset: str, row_key: str, field: str, value: str | None, message: str
) -> None:
    with pytest.raises(Refusal) as refused:
        overrides.override(None, dataset, row_key, field, value, "a slip", "Ana")  # type: ignore[arg-type]

    assert message in str(refused.value)
    assert str(refused.value).endswith("Nothing was written.")


@pytest.mark.parametrize(("reason", "author", "named"), [(" ", "Ana", "reason"), ("a slip", "", "author")])
def test_override_without_reason_or_author_is_refused(reason: str, author: str, named: str) -> None:
    with pytest.raises(Refusal, match=f"{named} is empty"):
        overrides.override(None, "stock_bars", AAA, "close_usd", "5", reason, author)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("dataset", "field", "value", "stored"),
    [
        ("stock_bars", "close_usd", " 5.25 ", "5.25"),
        ("stock_bars", "vwap_usd", None, None),
        ("stock_bars", "volume_shares", "0", "0"),
        ("stock_bars", DROP, None, None),
        ("option_chain", "delta", "-0.5", "-0.5"),
        ("treasury_yields", "yield_1_month_pct", "-0.05", "-0.05"),
        ("dividends", "pay_date", "2026-04-01", "2026-04-01"),
        ("dividends", "declaration_date", "2026-03-01", "2026-03-01"),
        ("tickers", "is_active", "FALSE", "FALSE"),
    ],
)
def test_value_that_the_field_can_hold_is_stored_as_text(
    dataset: str, field: str, value: str | None, stored: str | None
) -> None:
    assert overrides.checked_value(dataset, field, value) == stored


def test_procedure_and_dbt_know_the_same_fields() -> None:
    macros = (REPOSITORY / "dbt" / "macros" / "overrides" / "overridable.sql").read_text()
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    known: list[Any] = []
    environment.globals["return"] = known.append
    module = environment.from_string(macros).module

    for dataset, shape in SHAPES.items():
        module.overridable(dataset)  # type: ignore[attr-defined]
        found = known.pop()
        assert found["history"] == shape.history
        assert tuple(found["key"]) == shape.key
        assert set(found["required"]) == set(shape.required)
        assert found["fields"] == shape.fields


@pytest.fixture(scope="module")
def database(warehouse: RunningWarehouse) -> Database:
    """A deployed database with one bar in the history."""
    deployed = Database(warehouse, "OVERRULED", "snowtape", "")
    deployed.create()
    deployed.deploy()
    deployed.rows(
        "create table snapshots.snapshot_polygon__stock_bars as "
        "select 'AAA' as ticker, '2026-03-18'::date as session_date, 10::float as close_usd"
    )
    return deployed


def call(database: Database, statement: str, *arguments: str | None, autocommit: bool = True) -> dict[str, Any]:
    binds = ", ".join(["%s"] * len(arguments))
    with database.connect(autocommit=autocommit) as connection:
        answer = connection.cursor().execute(f"call ops.{statement}({binds})", arguments).fetchall()[0][0]
    return dict(json.loads(answer))


def written(database: Database) -> list[tuple[Any, ...]]:
    return database.rows(
        "select row_key, field, value, is_retracted, reason, author from ops.overrides order by known_from, override_id"
    )


def test_decisions_are_appended_and_the_last_one_can_be_retracted(database: Database) -> None:
    entered = call(database, "override", "stock_bars", AAA, "close_usd", "9.5", "it's a \\ slip", "Ana")
    call(database, "override", "stock_bars", AAA, "close_usd", "9.75", "a slip", "Ben", autocommit=False)
    retracted = call(database, "retract_override", "stock_bars", AAA, "close_usd", "mended", "Ana")

    assert (entered["status"], entered["value"], retracted["status"]) == ("entered", "9.5", "retracted")
    assert written(database) == [
        (AAA, "close_usd", "9.5", False, "it's a \\ slip", "Ana"),
        (AAA, "close_usd", "9.75", False, "a slip", "Ben"),
        (AAA, "close_usd", None, True, "mended", "Ana"),
    ]
    with pytest.raises(ProgrammingError, match="has no override to retract"):
        call(database, "retract_override", "stock_bars", AAA, "close_usd", "mended", "Ana")


def test_row_that_no_history_holds_is_refused(database: Database) -> None:
    before = written(database)

    with pytest.raises(ProgrammingError, match=r"stock_bars has no row AAA\|2026-03-19"):
        call(database, "override", "stock_bars", "AAA|2026-03-19", DROP, None, "a slip", "Ana")
    assert written(database) == before
