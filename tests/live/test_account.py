"""What documentation alone can't settle, and what everything rests on: deployment, COPY, CALL.

Run by `make test-live` (docs/live-tests.md); `make test` runs it on the stand-ins.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.live.batches import (
    SESSIONS,
    Batch,
    answer,
    land,
    land_options,
    land_stocks,
    new_ticker,
    objects_of,
    stocks,
)
from tests.live.target import Target

pytestmark = pytest.mark.live
HISTORY = "select script, checksum, status from schemachange.change_history order by installed_on, script"
State = Callable[[str, object], None]


def call(
    target: Target, batch: Batch, procedure: str = "load_manifest", role: str = "loader", autocommit: bool = True
) -> Any:
    """`call raw.load_manifest`, as Airflow's task does it."""
    with target.connect(role, autocommit=autocommit) as connection:
        cursor = connection.cursor().execute(f"call raw.{procedure}(%s)", (batch.key,))
        return json.loads(cursor.fetchall()[0][0])


def count(target: Target, table: str, batch: Batch) -> int:
    """Rows of a raw table that name the manifest."""
    ((rows,),) = target.rows("deployer", f"select count(*) from raw.{table} where manifest_id = '{batch.manifest_id}'")
    return int(rows)


def stored(target: Target, batch: Batch) -> tuple[int, int]:
    """Rows of bars, and of the ledger."""
    table = "stock_bars" if batch.family == "stocks" else "option_bars"
    return count(target, table, batch), count(target, "load_ledger", batch)


def test_second_deployment_applies_nothing(target: Target) -> None:
    before = target.rows("deployer", HISTORY)

    target.deploy()

    assert target.rows("deployer", HISTORY) == before
    assert {status for _, _, status in before} == {"Success"}


@pytest.fixture
def two_files(target: Target) -> Iterator[tuple[str, list[str]]]:
    """A table of its own, and two objects of one line each."""
    batch = land(target, "stocks", [stocks(new_ticker(), {session: 1.0}) for session in SESSIONS[:2]])
    call(target, batch)
    target.rows("deployer", "create or replace transient table raw.live_copy (line variant)", "select 1")
    yield "raw.live_copy", objects_of(target, batch)
    target.rows("deployer", "drop table raw.live_copy", "select 1")


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
    target: Target, two_files: tuple[str, list[str]], state: State
) -> None:
    table, keys = two_files
    target.rows("deployer", "begin", copy(table, keys), "rollback")
    assert target.rows("deployer", f"select count(*) from {table}") == [(0,)]
    target.rows("deployer", copy(table, keys))
    # Not documented, and not relied upon: whether load metadata is rolled back too.
    ((again,),) = target.rows("deployer", f"select count(*) from {table}")
    state(f"{target.label}: rows of two that a COPY without force loads after a rollback", again)

    target.rows("deployer", f"delete from {table}", copy(table, keys, force=True))

    assert target.rows("deployer", f"select count(*) from {table}") == [(2,)]


@pytest.mark.parametrize("autocommit", [True, False])
def test_rows_and_ledger_agree_whatever_the_callers_autocommit(target: Target, autocommit: bool) -> None:
    batch = land_stocks(target)
    try:
        call(target, batch, autocommit=autocommit)
    except ProgrammingError:
        assert not autocommit

    assert stored(target, batch) in ([(1, 1)] if autocommit else [(1, 1), (0, 0)])


@pytest.mark.parametrize("landed", [land_stocks, land_options])
def test_second_call_loads_nothing(target: Target, landed: Callable[[Target], Batch]) -> None:
    batch = landed(target)

    answers = [call(target, batch)["status"] for _ in range(2)]

    assert answers == ["loaded", "already_loaded"]
    assert stored(target, batch) == (1, 1)


def test_reload_removes_the_rows_and_loads_them_again(target: Target) -> None:
    batch = land_options(target)
    call(target, batch)
    loaded_at = f"select loaded_at from raw.load_ledger where manifest_id = '{batch.manifest_id}'"
    before = target.rows("deployer", loaded_at)

    again = call(target, batch, "reload_manifest", role="operator")

    assert (again["status"], again["rows_removed"], again["objects_changed"]) == ("reloaded", 3, 0)
    assert stored(target, batch) == (1, 1)
    assert target.rows("deployer", loaded_at) > before


def promise_more_results(entries: list[dict[str, Any]]) -> None:
    """What is found out after COPY, whose rows have to go again."""
    entries[0]["result_rows"] += 1


def promise_more_bytes(entries: list[dict[str, Any]]) -> None:
    """What is found out before COPY."""
    entries[0]["bytes"] += 1


@pytest.mark.parametrize("autocommit", [True, False])
@pytest.mark.parametrize(
    ("spoil", "said"),
    [(promise_more_bytes, "has [0-9]+ bytes"), (promise_more_results, "has 1 results; expected 2 by the manifest")],
    ids=["before COPY", "after COPY"],
)
def test_refused_load_is_rolled_back_and_its_reject_row_is_kept(
    target: Target, spoil: Callable[[list[dict[str, Any]]], None], said: str, autocommit: bool
) -> None:
    batch = land_stocks(target, spoil=spoil)

    with pytest.raises(ProgrammingError, match=f"SNOWTAPE_REFUSED {batch.key}: object .* {said}"):
        call(target, batch, autocommit=autocommit)
    reasons = f"select reason from raw.load_rejects where manifest_id = '{batch.manifest_id}'"
    ((reason,),) = target.rows("deployer", reasons)
    assert re.search(said, reason)
    assert stored(target, batch) == (0, 0)


def test_list_is_loaded_in_one_call_without_its_damaged_manifests(target: Target) -> None:
    batches = [land_stocks(target), land_stocks(target, spoil=promise_more_results), land_stocks(target)]
    batches += [land_stocks(target, spoil=promise_more_bytes)]
    keys = json.dumps([batch.key for batch in batches])
    with target.connect("loader", autocommit=True) as connection:
        cursor = connection.cursor().execute("call raw.load_manifests(%s)", (keys,))
        answer = json.loads(cursor.fetchall()[0][0])

    statuses = {one["manifest_key"]: one["status"] for one in answer["manifests"]}
    assert [statuses[batch.key] for batch in batches] == ["loaded", "refused", "loaded", "refused"]
    assert [stored(target, batch) for batch in batches] == [(1, 1), (0, 0), (1, 1), (0, 0)]
    assert [count(target, "load_rejects", batch) for batch in batches] == [0, 1, 0, 1]


def test_copied_rows_have_a_checksum_of_their_object(target: Target, state: State) -> None:
    batch = land_stocks(target)
    call(target, batch)

    checksums = f"select distinct content_key from raw.stock_bars where manifest_id = '{batch.manifest_id}'"
    ((content_key,),) = target.rows("deployer", checksums)

    assert content_key
    # Not documented: if it is the md5, no object is read twice.
    is_md5 = bool(re.fullmatch("[0-9a-f]{32}", content_key))
    state(f"{target.label}: METADATA$FILE_CONTENT_KEY has the form of an md5", is_md5)


def test_loads_of_both_families_at_once_load_each_manifest_once(target: Target, state: State) -> None:
    batches = [landed(target) for landed in (land_stocks, land_options) for _ in range(3)]
    began = time.monotonic()
    call(target, land_stocks(target))
    one = time.monotonic() - began

    began = time.monotonic()
    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda batch: call(target, batch)["status"], batches * 2))

    state(f"{target.label}: seconds of one load, and of twelve calls for six manifests at once", (
        round(one, 1), round(time.monotonic() - began, 1)
    ))  # fmt: skip
    assert sorted(statuses) == ["already_loaded"] * 6 + ["loaded"] * 6
    assert [stored(target, batch) for batch in batches] == [(1, 1)] * 6


def test_load_beside_an_open_one_of_the_other_family_ends_when_that_does_at_the_latest(
    target: Target, state: State
) -> None:
    """The families' rows of raw.load_locks are probably in one micro-partition, and Snowflake locks these."""
    batch = land_options(target)
    with target.connect("deployer") as other, ThreadPoolExecutor(1) as pool:
        cursor = other.cursor().execute("begin")
        cursor.execute("update raw.load_locks set locked_by = 'live' where family = 'stocks'")
        load = pool.submit(call, target, batch)
        has_ended, _ = wait([load], timeout=2 if target.is_rehearsal else 60)
        cursor.execute("rollback")

        assert load.result(timeout=600)["status"] == "loaded"
    state(f"{target.label}: a load waits for an open one of the other family", not has_ended)
    assert stored(target, batch) == (1, 1)


def test_manifest_of_more_objects_than_one_copy_takes_is_loaded_whole(target: Target, state: State) -> None:
    """1,000 files fill a COPY; the next one goes into another, in the same transaction."""
    ticker = new_ticker()
    batch = land(target, "stocks", [stocks(ticker, {SESSIONS[-1]: 1.0})] * 1001)
    began = time.monotonic()

    loaded = call(target, batch)

    state(f"{target.label}: seconds of a load of 1,001 objects", round(time.monotonic() - began))
    assert (loaded["objects"], loaded["rows_loaded"]) == (1001, 1001)
    assert stored(target, batch) == (1001, 1)


def loaded_or_refused(target: Target, batch: Batch) -> str:
    """What became of a load."""
    try:
        return str(call(target, batch)["status"])
    except ProgrammingError as error:
        if f"SNOWTAPE_REFUSED {batch.key}" not in str(error):
            raise
        return f"refused: {str(error)[:300]}"


def test_line_of_20_mb_is_loaded_whole_or_refused_and_never_cut(target: Target, state: State) -> None:
    """A VARIANT takes 16 MB at least. Fifteen times what the API gives in one answer, so no ingest depends on it."""
    # Not compressible by much: as in a real answer, every bar has another ticker and price.
    rows = [
        {"T": f"X{number:07}", "c": number * 1.01, "t": 1_795_208_400_000, "x": "y" * 60} for number in range(166_000)
    ]
    big = answer("/v2/aggs/grouped/locale/us/market/stocks/2026-11-20", rows)
    batch = land(target, "stocks", {("stock_bars", "2026-11-20"): [big]})
    assert 20_000_000 < len(json.dumps(big)) < 24_000_000

    outcome = loaded_or_refused(target, batch)

    state(f"{target.label}: a line of 20 MB is", outcome)
    assert stored(target, batch) == ((1, 1) if outcome == "loaded" else (0, 0))
    assert count(target, "load_rejects", batch) == (0 if outcome == "loaded" else 1)
    # Its bars are of no company: they must not reach the marts of the tests that follow.
    target.rows("deployer", f"delete from raw.stock_bars where manifest_id = '{batch.manifest_id}'")
    target.rows("deployer", f"delete from raw.load_ledger where manifest_id = '{batch.manifest_id}'")


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
