"""A smoke suite for the first real account: what documentation alone can't settle, and what everything rests on.

Run by `make test-live`. It fills a database of its own and takes some minutes and less than a credit. It has never run
on an account; with SNOWTAPE_LIVE_REHEARSAL=1 it has, on the local stand-ins.
"""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.live.target import REPOSITORY, Target, manifest_key

pytestmark = pytest.mark.live
HISTORY = "select script, checksum, status from schemachange.change_history order by installed_on, script"


def call(target: Target, manifest_id: str, role: str = "loader", autocommit: bool = True) -> Any:
    """`call raw.load_manifest`, as Airflow's task does it."""
    with target.connect(role, autocommit=autocommit) as connection:
        cursor = connection.cursor().execute("call raw.load_manifest(%s)", (manifest_key(manifest_id),))
        return json.loads(cursor.fetchall()[0][0])


def stored(target: Target, manifest_id: str) -> tuple[int, int]:
    """Raw rows and ledger rows of a manifest."""
    ((bars,),) = target.rows("deployer", f"select count(*) from raw.stock_bars where manifest_id = '{manifest_id}'")
    ((loads,),) = target.rows("deployer", f"select count(*) from raw.load_ledger where manifest_id = '{manifest_id}'")
    return bars, loads


def test_second_deployment_applies_nothing(target: Target) -> None:
    before = target.rows("deployer", HISTORY)

    target.deploy()

    assert target.rows("deployer", HISTORY) == before
    assert {status for _, _, status in before} == {"Success"}


@pytest.fixture
def two_files(target: Target) -> tuple[str, list[str]]:
    """A table of its own, and two objects of one line each below raw/ of the stage."""
    manifests = [target.land("2026-11-19", 1.0), target.land("2026-11-20", 2.0)]
    keys = [
        f"raw/stock_bars/{session}/{manifest}/0000.ndjson.gz"
        for session, manifest in zip(("2026-11-19", "2026-11-20"), manifests, strict=True)
    ]
    target.rows("deployer", "create or replace transient table raw.live_copy (line variant)", "select 1")
    return "raw.live_copy", keys


def copy(table: str, keys: list[str], force: bool = False) -> str:
    """COPY as the procedure writes it, without its lineage."""
    files = ", ".join(f"'{key}'" for key in keys)
    return (
        f"copy into {table} from (select $1 from @raw.landing) files = ({files}) "
        f"file_format = (format_name = 'raw.ndjson') on_error = abort_statement force = {str(force).lower()}"
    )


def test_copy_takes_two_files_once_and_again_with_force(target: Target, two_files: tuple[str, list[str]]) -> None:
    table, keys = two_files
    counts = []
    for force in (False, False, True):
        target.rows("deployer", copy(table, keys, force))
        counts.append(target.rows("deployer", f"select count(*) from {table}")[0][0])

    assert counts == [2, 2, 4]


def test_missing_file_stops_the_whole_copy(target: Target, two_files: tuple[str, list[str]]) -> None:
    table, keys = two_files

    with pytest.raises(ProgrammingError):
        target.rows("deployer", copy(table, [*keys, "raw/stock_bars/none.ndjson.gz"]))
    assert target.rows("deployer", f"select count(*) from {table}") == [(0,)]


def test_copy_that_was_rolled_back_can_be_done_again_with_force(
    target: Target, two_files: tuple[str, list[str]], record_property: Any
) -> None:
    table, keys = two_files
    target.rows("deployer", "begin", copy(table, keys), "rollback")
    assert target.rows("deployer", f"select count(*) from {table}") == [(0,)]
    target.rows("deployer", copy(table, keys))
    # Not documented, and not relied upon: whether load metadata is rolled back too.
    ((again,),) = target.rows("deployer", f"select count(*) from {table}")
    record_property("rows that a COPY without force loads after a rollback", again)

    target.rows("deployer", f"delete from {table}", copy(table, keys, force=True))

    assert target.rows("deployer", f"select count(*) from {table}") == [(2,)]


@pytest.mark.parametrize("autocommit", [True, False])
def test_rows_and_ledger_agree_whatever_the_callers_autocommit(target: Target, autocommit: bool) -> None:
    manifest_id = target.land("2026-11-18", 3.0)
    try:
        call(target, manifest_id, autocommit=autocommit)
    except ProgrammingError:
        assert not autocommit

    assert stored(target, manifest_id) in ([(1, 1)] if autocommit else [(1, 1), (0, 0)])


def test_second_call_loads_nothing(target: Target) -> None:
    manifest_id = target.land("2026-11-17", 4.0)

    answers = [call(target, manifest_id)["status"] for _ in range(2)]

    assert answers == ["loaded", "already_loaded"]
    assert stored(target, manifest_id) == (1, 1)


def test_refusal_carries_its_token_and_is_recorded(target: Target) -> None:
    manifest_id = target.land("2026-11-17", 4.0)
    target.put(f"raw/stock_bars/2026-11-17/{manifest_id}/0000.ndjson.gz", b"other bytes")

    with pytest.raises(ProgrammingError, match=f"SNOWTAPE_REFUSED {manifest_key(manifest_id)}: object .* has 11 bytes"):
        call(target, manifest_id)
    reasons = f"select reason from raw.load_rejects where manifest_id = '{manifest_id}'"
    ((reason,),) = target.rows("deployer", reasons)
    assert "has 11 bytes" in reason
    assert stored(target, manifest_id) == (0, 0)


def test_copied_rows_have_a_checksum_of_their_object(target: Target, record_property: Any) -> None:
    manifest_id = target.land("2026-11-17", 4.0)
    call(target, manifest_id)

    checksums = f"select distinct content_key from raw.stock_bars where manifest_id = '{manifest_id}'"
    ((content_key,),) = target.rows("deployer", checksums)

    assert content_key
    # Not documented: if it is the md5, no object is read twice.
    record_property("METADATA$FILE_CONTENT_KEY has the form of an md5", bool(re.fullmatch("[0-9a-f]{32}", content_key)))


def test_eight_loads_at_once_load_each_manifest_once(target: Target) -> None:
    manifests = [target.land("2026-11-16", float(number)) for number in range(4)]
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda manifest_id: call(target, manifest_id)["status"], manifests * 2))

    assert sorted(statuses) == ["already_loaded"] * 4 + ["loaded"] * 4
    assert [stored(target, manifest_id) for manifest_id in manifests] == [(1, 1)] * 4


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("loader", "select count(*) from raw.stock_bars"),
        ("loader", "insert into raw.load_rejects (manifest_id) values ('x')"),
        ("loader", "delete from raw.load_ledger"),
        ("loader", "list @raw.landing"),
        ("loader", "call raw.reload_manifest('x')"),
        ("loader", "select count(*) from marts.dim_polygon__tickers"),
        ("transformer", "delete from raw.stock_bars"),
        ("transformer", "create table raw.mine (x number)"),
        ("transformer", "call raw.load_manifest('x')"),
        ("transformer", "grant select on all tables in schema marts to role public"),
        ("reader", "select count(*) from raw.load_ledger"),
        ("reader", "select count(*) from staging.stg_polygon__tickers"),
        ("reader", "delete from ops.dbt_test_results"),
        ("reader", "create view marts.mine as select 1 as one"),
        ("reader", "call raw.load_manifest('x')"),
        ("operator", "call raw.load_manifest('x')"),
        ("operator", "select count(*) from raw.stock_bars"),
        ("deployer", "drop database identifier($database)"),
    ],
)
def test_role_is_denied(account_only: Target, built: Path, role: str, statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"(?i)insufficient privileges|not authorized|does not exist"):
        account_only.rows(role, f"set database = '{account_only.database}'", statement)


def counts(target: Target) -> dict[str, Any]:
    """Rows of each mart, and a hash of what stands in the one of stock bars."""
    names = [path.stem for path in (REPOSITORY / "dbt" / "models" / "marts").rglob("*.sql")]
    found = {name: target.rows("transformer", f"select count(*) from marts.{name}")[0][0] for name in sorted(names)}
    found["bars"] = target.rows(
        "transformer",
        "select ticker, session_date, close_usd, adjusted_close_usd from marts.fct_polygon__stock_bars_performance "
        "order by ticker, session_date",
    )
    return found


def test_second_build_changes_nothing(target: Target, built: Path) -> None:
    first = counts(target)

    target.dbt("build", "--exclude-resource-type", "unit_test", folder=built)

    assert counts(target) == first


def test_bars_as_of_a_moment_leave_out_what_came_later(target: Target, built: Path) -> None:
    text = re.sub(r"(?m)^\s*--.*$", "", (REPOSITORY / "worksheets" / "bars_as_of.sql").read_text())
    answers = []
    for moment in ("2020-01-01", "2099-01-01"):
        statements = re.sub(r"set known_at = [^;]+;", f"set known_at = '{moment}';", text).split(";")
        answers.append(len(target.rows("reader", *filter(str.strip, statements))))

    assert answers[0] == 0
    assert answers[1] > 0


def test_dashboard_reads_its_bars_as_a_reader(target: Target, built: Path) -> None:
    from dashboard.data.warehouse import Warehouse
    from dashboard.settings import WarehouseSettings

    pool = Warehouse(WarehouseSettings.from_env(target.environment("reader")))
    try:
        frame = pool.run("bars", {"ticker": "AAPL"})
    finally:
        pool.close()

    assert len(frame) > 0


def test_queries_of_a_run_are_found_by_their_tag(account_only: Target) -> None:
    tag = f"snowtape/live/{time.time_ns()}"
    with account_only.connect("operator", session_parameters={"QUERY_TAG": tag}) as connection:
        connection.cursor().execute("select 1")
        cursor = connection.cursor().execute(
            "select count(*), sum(total_elapsed_time) from table(information_schema.query_history_by_session()) "
            "where query_tag = %s",
            (tag,),
        )
        queries, milliseconds = cursor.fetchall()[0]

    assert queries >= 1
    assert milliseconds >= 0
