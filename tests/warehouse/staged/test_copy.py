"""COPY INTO through Snowflake's connector: which files, what comes back, what a failure leaves behind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

NOTHING = [{"status": "Copy executed with 0 files processed."}]


def values(sql: Any) -> list[Any]:
    return [value for (value,) in sql("select v from t order by 1")]


def test_a_load_reports_each_file_with_its_rows(sql: Any, bucket: Any, load: Any) -> None:
    bucket.put_lines("a.ndjson.gz", {"v": 1}, {"v": 2})
    bucket.put_lines("b.ndjson.gz", {"v": 3})
    assert load() == [
        {
            "file": f"{bucket.url}{name}",
            "status": "LOADED",
            "rows_parsed": rows,
            "rows_loaded": rows,
            "error_limit": 1,
            "errors_seen": 0,
            "first_error": None,
            "first_error_line": None,
            "first_error_character": None,
            "first_error_column_name": None,
        }
        for name, rows in (("a.ndjson.gz", 2), ("b.ndjson.gz", 1))
    ]
    assert values(sql) == [1, 2, 3]


def test_lineage_is_the_path_in_the_bucket_and_the_number_of_the_document(sql: Any, bucket: Any, load: Any) -> None:
    bucket.put_lines("x/a.ndjson.gz", {"v": 1}, {"v": 2})
    load()
    assert sql("select file, row_number, v from t order by v") == [
        (f"{bucket.prefix}x/a.ndjson.gz", 1, 1),
        (f"{bucket.prefix}x/a.ndjson.gz", 2, 2),
    ]


def test_all_metadata_columns_can_be_loaded(sql: Any, bucket: Any, stage: str) -> None:
    etag = bucket.put("a.json", '{"v": 1}')
    sql(
        "create table m (content_key varchar, modified timestamp_ntz, scanned timestamp_ltz)",
        "copy into m from (select metadata$file_content_key, metadata$file_last_modified, metadata$start_scan_time "
        "from @landing) file_format = (type = json)",
    )
    ((content_key, modified, is_recent),) = sql(
        "select content_key, modified, datediff(second, modified, scanned::timestamp_ntz) between -2 and 60 from m"
    )
    assert content_key == etag
    assert is_recent, modified


def test_only_the_named_files_are_loaded(sql: Any, bucket: Any, load: Any) -> None:
    for number in (1, 2, 3):
        bucket.put_lines(f"d/{number}.gz", {"v": number})
    load("files = ('1.gz', '3.gz')", path="d/")
    assert values(sql) == [1, 3]


def test_a_path_is_a_prefix(sql: Any, bucket: Any, load: Any) -> None:
    for key, value in (("2026-01-01/a", 1), ("2026-01-02/a", 2), ("2025-12-31/a", 3)):
        bucket.put_lines(key, {"v": value})
    load(path="2026")
    assert values(sql) == [1, 2]


def test_a_pattern_matches_the_whole_name(sql: Any, bucket: Any, load: Any) -> None:
    for key, value in (("a.json.gz", 1), ("a.json.gz.bak", 2), ("b/c.json.gz", 3)):
        bucket.put_lines(key, {"v": value})
    load("pattern = '.*[.]json[.]gz'")
    assert values(sql) == [1, 3]


def test_files_win_over_a_pattern(sql: Any, bucket: Any, load: Any) -> None:
    bucket.put_lines("a", {"v": 1})
    bucket.put_lines("b", {"v": 2})
    load("files = ('a') pattern = '.*b'")
    assert values(sql) == [1]


def test_size_limit_stops_after_the_file_that_crosses_it(sql: Any, bucket: Any, load: Any) -> None:
    for key in "abc":
        bucket.put(key, '{"v": 1}')
    assert len(load("size_limit = 9")) == 2
    assert len(load("size_limit = 1")) == 1


def test_purge_removes_what_was_loaded_and_nothing_else(bucket: Any, load: Any) -> None:
    bucket.put_lines("a", {"v": 1})
    bucket.put_lines("b", {"v": 2})
    load("files = ('a') purge = true")
    assert bucket.keys() == ["b"]


def test_purge_false_keeps_the_files(bucket: Any, load: Any) -> None:
    bucket.put_lines("a", {"v": 1})
    load("purge = false")
    assert bucket.keys() == ["a"]


def test_a_missing_file_aborts_and_is_named(sql: Any, bucket: Any, load: Any) -> None:
    bucket.put_lines("there", {"v": 1})
    with pytest.raises(ProgrammingError, match=r"Remote file 's3://.*/not-there' was not found"):
        load("files = ('there', 'not-there')")
    assert values(sql) == []
    assert (
        sql("select * from information_schema.load_history where table_name = 'T' and schema_name = current_schema()")
        == []
    )


def test_a_missing_file_is_reported_under_skip_file(sql: Any, bucket: Any, load: Any) -> None:
    bucket.put_lines("there", {"v": 1})
    result = load("files = ('there', 'not-there') on_error = skip_file")
    assert [row["status"] for row in result] == ["LOADED", "LOAD_FAILED"]
    assert values(sql) == [1]


def test_an_unknown_stage_table_or_column_is_an_error(sql: Any, table: str) -> None:
    for statement, message in (
        ("copy into t from @nowhere file_format = (type = json)", "Stage '.*NOWHERE' does not exist"),
        ("copy into nowhere from @landing file_format = (type = json)", "Table '.*NOWHERE' does not exist"),
        ("copy into t (x) from @landing file_format = (type = json)", "invalid identifier 'X'"),
        ("copy into t from @landing file_format = (format_name = 'nope')", "File format '.*NOPE' does not exist"),
    ):
        with pytest.raises(ProgrammingError, match=message):
            sql(statement)


def test_without_a_select_the_document_goes_into_the_only_variant_column(sql: Any, bucket: Any, stage: str) -> None:
    bucket.put_lines("a", {"v": [1, {"x": None}]}, "text")
    sql("create table d (v variant)", "copy into d from @landing file_format = (type = json)")
    assert [json.loads(value) for (value,) in sql("select v from d")] == [{"v": [1, {"x": None}]}, "text"]


def test_without_a_select_more_than_one_column_is_refused(sql: Any, bucket: Any, table: str) -> None:
    bucket.put_lines("a", {"v": 1})
    with pytest.raises(ProgrammingError, match="one and only one column of variant"):
        sql("copy into t from @landing file_format = (type = json)")


def test_the_stages_own_file_format_is_the_default(sql: Any, bucket: Any) -> None:
    bucket.put("a", '[{"v": 1}, {"v": 2}]')
    sql(
        f"create stage arrays url = '{bucket.url}' file_format = (type = json strip_outer_array = true)",
        "create table d (v variant)",
        "copy into d from @arrays",
    )
    assert sql("select v:v::int from d order by 1") == [(1,), (2,)]


def test_omitted_columns_get_their_defaults(sql: Any, bucket: Any, stage: str) -> None:
    bucket.put_lines("a", {"v": 1})
    sql(
        "create table d (v number, label varchar default 'none', other number)",
        "copy into d (v) from (select $1:v from @landing) file_format = (type = json)",
    )
    assert sql("select * from d") == [(1, "none", None)]


def test_values_keep_their_precision(sql: Any, bucket: Any, stage: str) -> None:
    big, real = 9007199254740993, 187.50120000000001
    bucket.put("a", f'{{"response": {{"T": "A", "t": {big}, "vw": {real!r}, "huge": 123456789012345678901234567890}}}}')
    sql(
        "create table d (response variant)",
        "copy into d from (select $1:response from @landing) file_format = (type = json)",
    )
    ((text, upper, lower, weighted),) = sql(
        "select response, response:T::string, response:t::number, response:vw::float from d"
    )
    assert json.loads(text) == {"T": "A", "t": big, "vw": real, "huge": 123456789012345678901234567890}
    assert (upper, int(lower), weighted) == ("A", big, real)


def test_a_failure_leaves_the_transaction_as_it_was(sql: Any, bucket: Any, load: Any) -> None:
    bucket.put_lines("good", {"v": 1})
    bucket.put("bad", '{"v": ')
    sql("begin", "insert into t (v) values (7)")
    with pytest.raises(ProgrammingError):
        load("files = ('good', 'bad')")
    sql("insert into t (v) values (8)", "commit")
    assert values(sql) == [7, 8]


def test_a_rolled_back_load_leaves_neither_rows_nor_history(sql: Any, bucket: Any, load: Any) -> None:
    bucket.put_lines("a", {"v": 1})
    sql("begin")
    load()
    sql("rollback")
    assert values(sql) == []
    assert load()[0]["status"] == "LOADED"
    assert values(sql) == [1]


def test_with_autocommit_off_a_load_waits_for_the_commit(open_sql: Any, bucket: Any, load: Any, sql: Any) -> None:
    bucket.put_lines("a", {"v": 1})
    other = open_sql()
    sql("alter session set autocommit = false")
    load()
    assert other("select count(*) from t") == [(0,)]
    sql("commit")
    assert other("select count(*) from t") == [(1,)]


def test_names_are_resolved_across_schemas_and_databases(sql: Any, open_sql: Any, bucket: Any) -> None:
    bucket.put_lines("a b/c=1.gz", {"v": 1})
    sql(
        "create database if not exists elsewhere",
        'create schema if not exists elsewhere."Mixed Case"',
        f'create or replace stage elsewhere."Mixed Case"."My Stage" url = \'{bucket.url}\'',
        'create or replace file format elsewhere."Mixed Case"."My Format" type = json',
    )
    other = open_sql()
    other(
        'create table "lower" ("v" number)',
        """copy into "lower" from (select $1:v from '@elsewhere."Mixed Case"."My Stage"/a b/')
           file_format = (format_name = 'elsewhere."Mixed Case"."My Format"')""",
    )
    assert other('select * from "lower"') == [(1,)]


@pytest.mark.parametrize(("style", "mark"), [("pyformat", "%s"), ("qmark", "?")])
def test_values_can_be_bound(open_sql: Any, bucket: Any, table: str, style: str, mark: str) -> None:
    bucket.put_lines("a", {"v": 1})
    session = open_sql(paramstyle=style)
    session(
        f"copy into t (v, file) from (select $1:v, {mark} from @landing) file_format = (type = json)",
        binds=("it's",),
    )
    assert session("select v, file from t") == [(1, "it's")]


def test_keys_with_odd_characters_are_found(sql: Any, bucket: Any, load: Any) -> None:
    names = ["a b.gz", "ä+€.gz", "x=1&y=2.gz", "100%.gz", "it's.gz", "a~b(c).gz", "#1.gz"]
    for number, name in enumerate(names):
        bucket.put_lines(f"odd/{name}", {"v": number})
    listed = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    load(f"files = ({listed})", path="odd/")
    assert values(sql) == list(range(len(names)))


def test_an_error_of_the_statement_is_not_blamed_on_a_file(sql: Any, bucket: Any, table: str) -> None:
    bucket.put_lines("a", {"v": 1})
    with pytest.raises(ProgrammingError) as error:
        sql("copy into t (v) from (select nonsense from @landing) file_format = (type = json)")
    assert "nonsense" in str(error.value).lower()
    assert "File" not in str(error.value)


def test_a_temporary_table_can_be_loaded(sql: Any, bucket: Any, stage: str) -> None:
    bucket.put_lines("a", {"v": 1})
    sql(
        "create temporary table tmp (v variant)",
        "copy into tmp from @landing file_format = (type = json)",
    )
    assert sql("select v:v::int from tmp") == [(1,)]


def test_an_empty_prefix_loads_nothing(load: Any) -> None:
    assert load() == NOTHING


def test_an_empty_file_is_loaded_with_no_rows(bucket: Any, load: Any) -> None:
    bucket.put("a", "")
    (row,) = load()
    assert (row["status"], row["rows_loaded"]) == ("LOADED", 0)
    assert load() == NOTHING
