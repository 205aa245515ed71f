"""What COPY remembers of the files it loaded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

from local.warehouse import process

NOTHING = [{"status": "Copy executed with 0 files processed."}]


def count(sql: Any) -> int:
    return int(sql.value("select count(*) from t"))


@pytest.fixture
def one_file(bucket: Any) -> None:
    bucket.put_lines("a", {"v": 1})


@pytest.mark.usefixtures("one_file")
class TestOneFile:
    def test_an_unchanged_file_is_skipped(self, sql: Any, load: Any) -> None:
        load()
        assert load() == NOTHING
        assert load("files = ('a')") == NOTHING
        assert count(sql) == 1

    def test_new_content_under_the_same_key_is_loaded_again(self, sql: Any, bucket: Any, load: Any) -> None:
        load()
        bucket.put_lines("a", {"v": 2})
        assert load()[0]["status"] == "LOADED"
        assert count(sql) == 2

    def test_force_loads_again(self, sql: Any, load: Any) -> None:
        load()
        load("force = true")
        assert count(sql) == 2

    def test_force_false_does_not(self, sql: Any, load: Any) -> None:
        load()
        assert load("force = false") == NOTHING

    def test_after_truncate_it_is_loaded_again(self, sql: Any, load: Any) -> None:
        load()
        sql("truncate table t")
        load()
        assert count(sql) == 1

    def test_after_delete_it_is_not(self, sql: Any, load: Any) -> None:
        load()
        sql("delete from t")
        assert load() == NOTHING

    @pytest.mark.parametrize(
        "statements",
        [
            ("drop table t", "create table t (v number, file varchar, row_number number)"),
            ("create or replace table t (v number, file varchar, row_number number)",),
        ],
        ids=["drop", "replace"],
    )
    def test_a_table_created_anew_knows_no_files(self, sql: Any, load: Any, statements: tuple[str, ...]) -> None:
        load()
        sql(*statements)
        assert load()[0]["status"] == "LOADED"

    def test_the_history_goes_with_a_renamed_table(self, sql: Any, load: Any) -> None:
        load()
        sql("alter table t rename to t2", "create table t like t2")
        assert load()[0]["status"] == "LOADED"
        sql("drop table t", "alter table t2 rename to t")
        assert load() == NOTHING

    def test_each_table_has_its_own(self, sql: Any, load: Any) -> None:
        load()
        sql("create table other (v variant)")
        (row,) = sql("copy into other from @landing file_format = (type = json)")
        assert row[1] == "LOADED"

    def test_load_history_shows_the_load(self, sql: Any, bucket: Any, load: Any) -> None:
        load()
        assert sql(
            "select table_name, file_name, status, row_count, row_parsed, error_count "
            "from information_schema.load_history where schema_name = current_schema()"
        ) == [("T", f"{bucket.prefix}a", "LOADED", 1, 1, 0)]

    def test_copy_history_shows_the_load(self, sql: Any, bucket: Any, load: Any) -> None:
        load()
        query = (
            "select h.file_name, h.stage_location, h.status, h.row_count, h.table_name from table("
            "information_schema.copy_history(table_name => 't', start_time => {start})) h"
        )
        assert sql(query.format(start="dateadd(hours, -1, current_timestamp())")) == [
            (f"{bucket.prefix}a", "s3://snowtape/", "Loaded", 1, "T")
        ]
        assert sql(query.format(start="dateadd(hours, 1, current_timestamp())")) == []

    def test_copy_history_of_no_table_is_an_error(self, sql: Any) -> None:
        with pytest.raises(ProgrammingError, match=r"'.*NOWHERE' does not exist"):
            sql(
                "select * from table(information_schema.copy_history("
                "table_name => 'nowhere', start_time => current_timestamp()))"
            )


def test_skipped_files_are_named_beside_those_that_are_loaded(bucket: Any, load: Any) -> None:
    bucket.put_lines("a", {"v": 1})
    load()
    bucket.put_lines("b", {"v": 2})
    assert [(row["file"][-1], row["status"]) for row in load("files = ('a', 'b')")] == [
        ("b", "LOADED"),
        ("a", "LOAD_SKIPPED"),
    ]


def test_two_sessions_that_load_the_same_file_at_once_load_it_once(
    open_sql: Any, sql: Any, bucket: Any, table: str
) -> None:
    for number in range(20):
        bucket.put_lines(str(number), {"v": number})
    copy = "copy into t (v) from (select $1:v from @landing) file_format = (type = json)"
    sessions = [open_sql() for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda session: session(copy), sessions))
    assert count(sql) == 20


def test_stages_rows_and_history_survive_a_kill(tmp_path: Path, object_store: Any, bucket: Any) -> None:
    bucket.put_lines("a", {"v": 1})
    running = process.start(tmp_path, object_store_endpoint=object_store.endpoint)
    with running.connect() as connection:
        connection.cursor().execute("create database d")
        for statement in (
            "create schema d.s",
            "use schema d.s",
            f"create stage landing url = '{bucket.url}' file_format = (type = json)",
            "create table t (v variant)",
            "copy into t from @landing",
        ):
            connection.cursor().execute(statement)
        running.kill()
    running = process.start(tmp_path, object_store_endpoint=object_store.endpoint)
    try:
        with running.connect(database="D", schema="S") as connection:
            cursor = connection.cursor()
            assert cursor.execute("copy into t from @landing").fetchall() == [(NOTHING[0]["status"],)]
            assert cursor.execute("select v:v::int from t").fetchall() == [(1,)]
    finally:
        running.stop()
