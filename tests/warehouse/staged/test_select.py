"""Queries on staged files, LIST, stages and file formats."""

from __future__ import annotations

import bz2
import gzip
import json
import zlib
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

MANIFEST = {"manifest_id": "m1", "objects": [{"key": "a"}, {"key": "b"}]}


@pytest.mark.parametrize("file_format", ["'ndjson'", "ndjson"])
def test_a_document_is_read_by_its_path(sql: Any, bucket: Any, stage: str, file_format: str) -> None:
    bucket.put("manifests/stocks/20261120T231500123456Z-deadbeef.json", json.dumps(MANIFEST, indent=2))
    ((name, document),) = sql(
        "select metadata$filename as file_name, $1 as document "
        f"from @landing/manifests/stocks/20261120T231500123456Z-deadbeef.json (file_format => {file_format})"
    )
    assert name == f"{bucket.prefix}manifests/stocks/20261120T231500123456Z-deadbeef.json"
    assert json.loads(document) == MANIFEST


def test_columns_are_named_as_in_snowflake(sql: Any, bucket: Any, stage: str) -> None:
    bucket.put("a", "1")
    sql("select $1, metadata$filename, $1 as document from @landing (file_format => 'ndjson')")
    assert sql.columns == ["$1", "METADATA$FILENAME", "DOCUMENT"]
    sql("select * from @landing (file_format => 'ndjson')")
    assert sql.columns == ["$1"]


def test_everything_a_query_can_do_is_allowed(sql: Any, bucket: Any, stage: str) -> None:
    bucket.put_lines("left.gz", *({"id": n, "v": n * 10} for n in range(5)))
    bucket.put_lines("right.gz", {"id": 1, "w": "one"}, {"id": 3, "w": "three"})
    assert sql(
        """with l as (select $1:id::int as id, $1:v::int as v from @landing/left.gz (file_format => 'ndjson') s
                      where s.$1:v >= 10)
           select l.id, upper(r.$1:w::string), sum(v) over (order by l.id)
           from l join @landing/right.gz (file_format => 'ndjson') r on r.$1:id::int = l.id order by l.id"""
    ) == [(1, "ONE", 10), (3, "THREE", 40)]
    assert sql("select count(*) from @landing (file_format => 'ndjson', pattern => '.*right.*')") == [(2,)]
    assert (
        sql("select o.value:key::string from @landing/m (file_format => 'ndjson') m, lateral flatten(m.$1:objects) o")
        == []
    )
    bucket.put("m", json.dumps(MANIFEST))
    assert sql(
        "select o.value:key::string from @landing/m (file_format => 'ndjson') m, lateral flatten(m.$1:objects) o "
        "order by 1"
    ) == [("a",), ("b",)]


def test_a_staged_file_feeds_insert_and_create_table(sql: Any, bucket: Any, stage: str) -> None:
    bucket.put_lines("a", {"v": 1}, {"v": 2})
    sql(
        "create table c as select $1:v::int as v from @landing (file_format => 'ndjson')",
        "insert into c select $1:v::int from @landing (file_format => 'ndjson')",
    )
    assert sql("select sum(v), count(*) from c") == [(6, 4)]


def test_a_query_in_an_open_transaction_sees_each_file_as_it_is_now(sql: Any, bucket: Any, table: str) -> None:
    query = "select $1::int from @landing/a (file_format => 'ndjson')"
    sql("begin", "insert into t (v) values (1)")
    for value in (1, 2, 3):
        bucket.put("a", str(value))
        assert sql(query) == [(value,)]
    sql("rollback")


def test_what_a_query_leaves_behind_is_not_seen(sql: Any, bucket: Any, stage: str) -> None:
    bucket.put("a", '{"v": 1}')
    for _ in range(3):
        with pytest.raises(ProgrammingError, match="Division by zero"):
            sql("select 1 / ($1:v::int - 1) from @landing (file_format => 'ndjson')")
    assert not [row[1] for row in sql("show databases") if "staged" in row[1].lower()]


def test_a_path_without_files_gives_no_rows(sql: Any, stage: str) -> None:
    assert sql("select $1 from @landing/none (file_format => 'ndjson')") == []


def test_a_document_that_is_no_json_is_named(sql: Any, bucket: Any, stage: str) -> None:
    bucket.put("a", '{"v": 1}\n{"v": \n')
    with pytest.raises(ProgrammingError, match=r"Error parsing JSON.*\n.*File '.*/a', line 2"):
        sql("select $1 from @landing (file_format => 'ndjson')")


def test_without_a_format_that_is_read_here_a_query_is_refused(sql: Any, bucket: Any, stage: str) -> None:
    with pytest.raises(ProgrammingError, match=r"ESCAPE_UNENCLOSED_FIELD = .* is not supported"):
        sql("select $1 from @landing/a")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b'{"v":1}\n{"v":2}\n', ['{"v":1}', '{"v":2}'], id="ndjson"),
        pytest.param(b'\xef\xbb\xbf{"v":1}\r\n\r\n  \n{"v":2}', ['{"v":1}', '{"v":2}'], id="bom, crlf, blank lines"),
        pytest.param(b'{"v":1} {"v":2}\n{"v":3}', ['{"v":1}', '{"v":2}', '{"v":3}'], id="several a line"),
        pytest.param(b'{\n"v":\n1}\n{"v":2}', ['{\n"v":\n1}', '{"v":2}'], id="over several lines"),
        pytest.param(b'[{"v":1},\n {"v":2}]', ['[{"v":1},\n {"v":2}]'], id="one array"),
        pytest.param('"ü€"'.encode(), ['"ü€"'], id="text"),
        pytest.param(
            gzip.compress(b'{"v":1}\n') + gzip.compress(b'{"v":2}\n'), ['{"v":1}', '{"v":2}'], id="two members"
        ),
        pytest.param(bz2.compress(b'{"v":1}'), ['{"v":1}'], id="bz2"),
        pytest.param(b"", [], id="empty"),
    ],
)
def test_documents_are_found_in_any_layout(
    sql: Any, bucket: Any, stage: str, content: bytes, expected: list[str]
) -> None:
    bucket.put("a", content)
    rows = sql("select $1, metadata$file_row_number from @landing (file_format => 'ndjson') order by 2")
    assert [json.loads(text) for text, _ in rows] == [json.loads(text) for text in expected]
    assert [number for _, number in rows] == list(range(1, len(expected) + 1))


def test_an_outer_array_is_stripped_when_asked_for(sql: Any, bucket: Any, stage: str) -> None:
    bucket.put("a", ' [ {"v": 1} ,\n{"v": [2]}, "x" ]\n[]\n{"v": 3}')
    sql("create file format arrays type = json strip_outer_array = true")
    rows = sql("select $1 from @landing (file_format => 'arrays')")
    assert [json.loads(text) for (text,) in rows] == [{"v": 1}, {"v": [2]}, "x", {"v": 3}]


def test_a_named_compression_is_used(sql: Any, bucket: Any, stage: str) -> None:
    bucket.put("a", zlib.compress(b'{"v": 1}'))
    sql("create file format deflated type = json compression = deflate")
    assert sql("select $1:v::int from @landing (file_format => 'deflated')") == [(1,)]
    sql("create file format zipped type = json compression = gzip")
    with pytest.raises(ProgrammingError, match="decompression"):
        sql("select $1 from @landing (file_format => 'zipped')")


def test_list_shows_url_size_etag_and_time(sql: Any, bucket: Any, stage: str) -> None:
    etag = bucket.put("x/a.json", "{}")
    bucket.put("y/b.json", "{}")
    ((name, size, md5, modified),) = sql("list @landing/x")
    assert sql.columns == ["name", "size", "md5", "last_modified"]
    assert (name, size, md5) == (f"{bucket.url}x/a.json", 2, etag)
    assert modified.endswith(" GMT")
    assert [row[0] for row in sql("ls @landing pattern = '.*b[.]json'")] == [f"{bucket.url}y/b.json"]


def test_create_stage_obeys_or_replace_and_if_not_exists(sql: Any, bucket: Any, stage: str) -> None:
    with pytest.raises(ProgrammingError, match="already exists"):
        sql("create stage landing url = 's3://other/'")
    assert sql.value("create stage if not exists landing url = 's3://other/'").startswith("LANDING already exists")
    sql(f"create or replace stage landing url = '{bucket.url}x/' storage_integration = s3_reader comment = 'new'")
    (row,) = [dict(zip(sql.columns, row, strict=True)) for row in sql("show stages like 'LAND%'")]
    assert (row["url"], row["comment"], row["storage_integration"]) == (f"{bucket.url}x/", "new", "S3_READER")
    assert row["type"] == "EXTERNAL"


def test_alter_stage_changes_what_it_names(sql: Any, bucket: Any, stage: str) -> None:
    bucket.put("moved/a", "1")
    sql(f"alter stage landing set url = '{bucket.url}moved/' file_format = (format_name = 'ndjson')")
    assert sql("select $1::int, metadata$filename from @landing") == [(1, f"{bucket.prefix}moved/a")]
    properties = {row[1]: row[3] for row in sql("desc stage landing")}
    assert properties["URL"] == f'["{bucket.url}moved/"]'
    sql("alter stage landing rename to landed")
    assert sql("select $1::int from @landed") == [(1,)]
    sql("alter stage if exists nowhere set comment = 'x'")


def test_drop_stage(sql: Any, stage: str) -> None:
    sql("drop stage landing", "drop stage if exists landing")
    with pytest.raises(ProgrammingError, match=r"Stage '.*LANDING' does not exist"):
        sql("drop stage landing")
    with pytest.raises(ProgrammingError, match=r"Stage '.*LANDING' does not exist"):
        sql("list @landing")


def test_an_option_that_stages_lack_is_named(sql: Any) -> None:
    with pytest.raises(ProgrammingError, match="invalid parameter 'URI'"):
        sql("create stage wrong uri = 's3://x/'")
    with pytest.raises(ProgrammingError, match="invalid URL prefix"):
        sql("create stage wrong url = 'gs://x/'")


def test_file_formats_are_created_altered_shown_and_dropped(sql: Any) -> None:
    sql("create file format f type = json compression = auto strip_outer_array = true comment = 'x'")
    with pytest.raises(ProgrammingError, match="already exists"):
        sql("create file format f type = json")
    sql("create file format if not exists f type = json", "alter file format f set strip_outer_array = false")
    (row,) = [dict(zip(sql.columns, row, strict=True)) for row in sql("show file formats like 'f'")]
    assert (row["name"], row["type"], row["comment"]) == ("F", "JSON", "x")
    assert json.loads(row["format_options"]) == {"TYPE": "JSON", "COMPRESSION": "AUTO", "STRIP_OUTER_ARRAY": False}
    described = {property: value for property, _, value, _ in sql("describe file format f")}
    assert (described["TYPE"], described["STRIP_OUTER_ARRAY"]) == ("JSON", "false")
    sql("create or replace file format f type = csv field_delimiter = '|'", "drop file format f")
    with pytest.raises(ProgrammingError, match="does not exist"):
        sql("alter file format f set comment = 'x'")


def test_show_is_limited_to_the_schema_that_is_asked_for(sql: Any, open_sql: Any, stage: str) -> None:
    assert [row[1] for row in sql("show stages")] == ["LANDING"]
    schema = sql.value("select current_schema()")
    sql("use schema public") if sql("show schemas like 'PUBLIC'") else sql("create schema if not exists public")
    assert [row[1] for row in sql(f"show stages in schema {schema}")] == ["LANDING"]
    assert "LANDING" in [row[1] for row in sql("show stages in account")]


@pytest.mark.parametrize(
    "statement",
    ["put file:///tmp/x @landing", "get @landing file:///tmp/", "remove @landing/x", "create stage inside"],
)
def test_what_needs_an_internal_stage_is_refused(sql: Any, stage: str, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="not supported by the local warehouse"):
        sql(statement)
