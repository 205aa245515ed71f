"""ops.mute_test and ops.end_test_mute: what is refused, and what is written on a warehouse."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

from local.warehouse.process import RunningWarehouse
from snowflake.procedures import mutes
from snowflake.procedures.mutes import Refusal
from tests.schemachange.deploying import Database

VWAP, UNIQUE = "test.snowtape.vwap_within_range.1a", "test.snowtape.unique_ticker.2b"


@pytest.mark.parametrize(
    ("accepted", "until", "reason", "author", "message"),
    [
        pytest.param(None, "31.12.2026", "known", "Ana", "until is '31.12.2026'; expected YYYY-MM-DD", id="no date"),
        pytest.param(None, None, "known", "Ana", "until is None; expected YYYY-MM-DD", id="without an end"),
        pytest.param(None, "2026-01-31", "known", "Ana", "until is 2026-01-31, which has passed", id="over"),
        pytest.param(-1, "2999-12-31", "known", "Ana", "accepted_rows is -1; expected 0 or more", id="below 0"),
        pytest.param(None, "2999-12-31", " ", "Ana", "reason is empty", id="no reason"),
        pytest.param(None, "2999-12-31", "known", "", "author is empty", id="no author"),
    ],
)
def test_what_cannot_be_followed_is_refused_before_a_statement_is_sent(
    accepted: int | None, until: Any, reason: str, author: str, message: str
) -> None:
    with pytest.raises(Refusal) as refused:
        mutes.mute(None, "vwap_within_range", accepted, until, reason, author)  # type: ignore[arg-type]

    assert message in str(refused.value)
    assert str(refused.value).endswith("Nothing was written.")


def test_a_mute_may_end_today_and_not_before() -> None:
    today = date(2026, 11, 28)
    assert mutes.last_day("2026-11-28", today) == today
    with pytest.raises(Refusal):
        mutes.last_day("2026-11-27", today)


@pytest.fixture(scope="module")
def database(warehouse: RunningWarehouse) -> Database:
    """A deployed database with results of two tests, and of two more of one name."""
    deployed = Database(warehouse, "MUTED", "snowtape", "")
    deployed.create()
    deployed.deploy()
    for test_id in (VWAP, UNIQUE, "test.snowtape.doubled.3c", "test.snowtape.doubled.4d"):
        deployed.rows(
            "insert into ops.dbt_test_results (run_id, invocation_id, executed_at, test_id, test_name, status) "
            f"select 'r', 'i', '2026-11-20'::timestamp_ntz, '{test_id}', '{test_id.split('.')[2]}', 'warn'"
        )
    return deployed


def call(database: Database, statement: str, *arguments: Any, autocommit: bool = True) -> dict[str, Any]:
    binds = ", ".join(["%s"] * len(arguments))
    with database.connect(autocommit=autocommit) as connection:
        answer = connection.cursor().execute(f"call ops.{statement}({binds})", arguments).fetchall()[0][0]
    return dict(json.loads(answer))


def written(database: Database) -> list[tuple[Any, ...]]:
    return database.rows(
        "select test_id, accepted_rows, muted_until, is_retracted, reason, author from ops.test_mutes "
        "order by entered_at, mute_id"
    )


def test_mutes_are_appended_and_the_last_one_can_be_ended(database: Database) -> None:
    last = datetime.now(UTC).date() + timedelta(days=30)
    muted = call(database, "mute_test", "vwap_within_range", 1500, f"{last}", "it's \\ ordinary", "Ana")
    call(database, "mute_test", UNIQUE, None, f"{last}", "a rename", "Ben", autocommit=False)
    ended = call(database, "end_test_mute", VWAP, "mended", "Ana")

    assert (muted["status"], muted["test_id"], muted["muted_until"]) == ("muted", VWAP, f"{last}")
    assert (ended["status"], ended["test_id"]) == ("unmuted", VWAP)
    assert written(database) == [
        (VWAP, 1500, last, False, "it's \\ ordinary", "Ana"),
        (UNIQUE, None, last, False, "a rename", "Ben"),
        (VWAP, None, date.fromisoformat(ended["muted_until"]), True, "mended", "Ana"),
    ]
    with pytest.raises(ProgrammingError, match="is not muted"):
        call(database, "end_test_mute", VWAP, "mended", "Ana")


@pytest.mark.parametrize(
    ("test", "message"),
    [("vwap", "has no result; expected a test's name or id"), ("doubled", "names 2 tests: .*; use an id")],
)
def test_name_of_no_test_or_of_several_is_refused(database: Database, test: str, message: str) -> None:
    before = written(database)

    with pytest.raises(ProgrammingError, match=message):
        call(database, "mute_test", test, None, "2999-12-31", "known", "Ana")
    assert written(database) == before
