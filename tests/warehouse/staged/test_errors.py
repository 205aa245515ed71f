"""Damaged files and values that do not fit: named exactly, and handled as ON_ERROR says."""

from __future__ import annotations

import gzip
import json
from typing import Any, NamedTuple

import pytest
from snowflake.connector.errors import ProgrammingError

LINES = "".join(json.dumps({"v": number}) + "\n" for number in range(1, 2001))


class Damage(NamedTuple):
    content: bytes
    message: str


DAMAGES = [
    pytest.param(Damage(b'{"v": 1}\n{"v": 2\n{"v": 3}\n', r"File '.*/bad', line 2, character"), id="cut line"),
    pytest.param(Damage(b'{"v": 1}\n\n{"v": x}\n', r"File '.*/bad', line 3, character 7"), id="bare word"),
    pytest.param(Damage(b'{"v": 1}\n{"v": 2}}\n', r"File '.*/bad', line 2, character"), id="one brace too many"),
    pytest.param(
        Damage(
            b'{"v": 1}\n{"v": 2, "x": [{"a": 1, "\\u0061": 2}]}\n', r'duplicate object attribute "a"\n.*/bad\', line 2'
        ),
        id="a key twice",
    ),
    pytest.param(Damage(b"not json at all", r"File '.*/bad', line 1, character 1"), id="no json"),
    pytest.param(
        Damage(gzip.compress(LINES.encode())[:-30], r"decompression .*ends before.*\n.*File '.*/bad', line"),
        id="cut gzip",
    ),
    pytest.param(
        Damage(gzip.compress(LINES.encode())[:2000] + b"?" * 800, r"File '.*/bad', line \d"), id="broken gzip"
    ),
    pytest.param(
        Damage(b'{"v": 1}\n{"v": "\xff"}\n', r"Invalid UTF8.*\n.*File '.*/bad', line 2, character 8"), id="no utf-8"
    ),
    pytest.param(
        Damage(b'{"v": "x"}', r"Numeric value 'x' is not recognized\n.*File '.*/bad', line 1.*column \"V\""),
        id="no number",
    ),
    pytest.param(Damage(b'[{"v": 1},\n{"v": 2}', r"File '.*/bad', line"), id="open array"),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_aborts_the_load_and_is_named(sql: Any, bucket: Any, load: Any, damage: Damage) -> None:
    bucket.put_lines("good", {"v": 1})
    bucket.put("bad", damage.content)
    with pytest.raises(ProgrammingError, match=damage.message):
        load("files = ('good', 'bad')")
    assert sql("select count(*) from t") == [(0,)]
    assert load("files = ('good')")[0]["status"] == "LOADED"


@pytest.mark.parametrize("damage", DAMAGES)
def test_skip_file_loads_the_others_only(sql: Any, bucket: Any, load: Any, damage: Damage) -> None:
    bucket.put_lines("good", {"v": 1})
    bucket.put("bad", damage.content)
    result = {row["file"].rpartition("/")[2]: row for row in load("on_error = skip_file")}
    assert (result["good"]["status"], result["bad"]["status"]) == ("LOADED", "LOAD_FAILED")
    assert result["bad"]["first_error"]
    assert result["bad"]["first_error_line"] >= 1
    assert sql("select count(*) from t") == [(1,)]


@pytest.mark.parametrize("other", ['"x"', "1"], ids=["fields of two types", "of one"])
def test_continue_leaves_out_a_document_that_repeats_a_key(sql: Any, bucket: Any, load: Any, other: str) -> None:
    bucket.put("a", f'{{"v": 1, "x": {other}}}\n{{"v": 2, "v": 3}}\n{{"v": 4, "x": 1}}\n')
    (row,) = load("on_error = continue")
    assert (row["rows_loaded"], row["errors_seen"], row["first_error_line"]) == (2, 1, 2)
    assert sql("select v from t order by 1") == [(1,), (4,)]


def test_the_same_key_in_two_objects_is_no_repetition(bucket: Any, load: Any) -> None:
    bucket.put("a", '{"v": 1, "x": [{"v": 1}, {"v": "two"}], "y": {"v": []}}\n')
    assert load()[0]["status"] == "LOADED"


def test_a_skipped_file_is_tried_again(sql: Any, bucket: Any, load: Any) -> None:
    bucket.put("bad", '{"v": ')
    load("on_error = skip_file")
    assert load("on_error = skip_file")[0]["status"] == "LOAD_FAILED"


def test_continue_leaves_out_what_is_bad(sql: Any, bucket: Any, load: Any) -> None:
    bucket.put("a", '{"v": 1}\n{"v": \n{"v": 3}\n{"v": "x"}\n{"v": 5}\n')
    (row,) = load("on_error = continue")
    assert (row["status"], row["rows_parsed"], row["rows_loaded"], row["errors_seen"]) == ("PARTIALLY_LOADED", 5, 3, 2)
    assert row["first_error_line"] == 2
    assert sql("select v, row_number from t order by 1") == [(1, 1), (3, 3), (5, 5)]


@pytest.mark.parametrize(
    ("on_error", "loaded"),
    [("skip_file_2", 0), ("skip_file_3", 3), ("'skip_file_50%'", 3), ("'skip_file_30%'", 0)],
)
def test_a_file_is_skipped_from_a_number_or_a_share_of_errors_on(
    sql: Any, bucket: Any, load: Any, on_error: str, loaded: int
) -> None:
    bucket.put("a", '{"v": 1}\n{"v": \n{"v": 3}\n{"v": "x"}\n{"v": 5}\n')
    load(f"on_error = {on_error}")
    assert sql("select count(*) from t") == [(loaded,)]


def test_a_null_in_a_column_that_takes_none_is_named(sql: Any, bucket: Any, stage: str) -> None:
    bucket.put_lines("a", {"v": 1}, {"w": 2})
    sql("create table n (v number not null)")
    with pytest.raises(ProgrammingError, match=r"NULL result in a non-nullable column\n.*line 2.*column \"V\""):
        sql("copy into n from (select $1:v from @landing) file_format = (type = json)")


def test_a_bad_timestamp_is_named(sql: Any, bucket: Any, stage: str) -> None:
    bucket.put_lines("a", {"v": "2026-11-20T23:15:00Z"}, {"v": "tomorrow"})
    sql("create table n (v timestamp_ntz)")
    with pytest.raises(ProgrammingError, match=r"tomorrow.*\n.*line 2.*column \"V\""):
        sql("copy into n from (select $1:v::timestamp_ntz from @landing) file_format = (type = json)")


def test_return_failed_only_leaves_out_what_went_well(bucket: Any, load: Any) -> None:
    bucket.put_lines("good", {"v": 1})
    bucket.put("bad", "{")
    assert [row["status"] for row in load("on_error = skip_file return_failed_only = true")] == ["LOAD_FAILED"]


class Refused(NamedTuple):
    options: str
    message: str


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Refused("on_eror = continue", "invalid parameter 'ON_EROR'"), id="unknown option"),
        pytest.param(Refused("on_error = ignore", r"invalid value \[ignore\] for parameter 'ON_ERROR'"), id="on_error"),
        pytest.param(Refused("force = maybe", "for parameter 'FORCE'"), id="no boolean"),
        pytest.param(Refused("files = ()", "for parameter 'FILES'"), id="no files"),
        pytest.param(Refused("pattern = '['", "invalid PATTERN"), id="pattern"),
        pytest.param(Refused("size_limit = 0", "for parameter 'SIZE_LIMIT'"), id="size_limit"),
        pytest.param(Refused("validation_mode = return_errors", "VALIDATION_MODE = .* not supported"), id="validation"),
        pytest.param(Refused("match_by_column_name = case_sensitive", "MATCH_BY_COLUMN_NAME"), id="match"),
        pytest.param(
            Refused(f"files = ({', '.join(repr(str(n)) for n in range(1001))})", "maximum is 1000"), id="1001"
        ),
    ],
)
def test_an_option_that_is_wrong_is_named(load: Any, case: Refused) -> None:
    with pytest.raises(ProgrammingError, match=case.message):
        load(case.options)


@pytest.mark.parametrize(
    ("file_format", "message"),
    [
        ("(format_name = 'ndjson' type = json)", "FORMAT_NAME and TYPE are mutually exclusive"),
        ("(type = json strip_outer_aray = true)", "invalid parameter 'STRIP_OUTER_ARAY'"),
        ("(type = json strip_null_values = true)", "STRIP_NULL_VALUES = True is not supported"),
        ("(type = json compression = zip)", r"invalid value \[zip\] for parameter 'COMPRESSION'"),
        ("(type = jsonl)", r"invalid value \[jsonl\] for parameter 'TYPE'"),
        ("(type = parquet)", "TYPE = PARQUET is not supported"),
        ("(type = csv)", r"ESCAPE_UNENCLOSED_FIELD = .* is not supported"),
        ("(type = csv escape_unenclosed_field = none)", "NULL_IF = .* is not supported"),
        (
            "(type = csv escape_unenclosed_field = none field_optionally_enclosed_by = '\"')",
            "FIELD_OPTIONALLY_ENCLOSED_BY = .* is not supported",
        ),
        ("(type = csv skip_headers = 1)", "invalid parameter 'SKIP_HEADERS'"),
    ],
)
def test_a_file_format_that_is_wrong_is_named(sql: Any, table: str, file_format: str, message: str) -> None:
    with pytest.raises(ProgrammingError, match=message):
        sql(f"copy into t (v) from (select $1:v from @landing) file_format = {file_format}")


@pytest.mark.parametrize(
    ("select", "message"),
    [
        ("select $1:v from @landing where $1:v = 1", "WHERE is not allowed"),
        ("select $1:v from @landing order by 1", "ORDER BY is not allowed"),
        ("select $1:v from @landing limit 1", "LIMIT is not allowed"),
        ("select distinct $1:v from @landing", "DISTINCT is not allowed"),
        ("select $1:v from @landing a join @landing b", "JOIN is not allowed"),
        ("select f.value from @landing, lateral flatten($1:v) f", "(JOIN|FLATTEN) is not allowed"),
        ("select $1:v from @landing group by 1", "GROUP BY is not allowed"),
        ("select count(*) from @landing", "(Function 'COUNT' is not supported|[*] is not allowed)"),
        ("select sum($1:v) from @landing", "Function 'SUM' is not supported"),
        ("select coalesce($1:v, 1) from @landing", "Function 'COALESCE' is not supported"),
        ("select upper($1:v) from @landing", "Function 'UPPER' is not supported"),
        ("select lower($1:v) from @landing", "Function 'LOWER' is not supported"),
        ("select sha2($1:v) from @landing", "Function 'SHA2' is not supported"),
        ("select try_parse_json($1:v) from @landing", "Function 'TRY_PARSE_JSON' is not supported"),
        ("select try_to_timestamp($1:v) from @landing", "Function 'TRY_TO_TIMESTAMP' is not supported"),
        ("select current_timestamp from @landing", "Function 'CURRENT_TIMESTAMP' is not supported"),
        ("select current_timestamp() from @landing", "Function 'CURRENT_TIMESTAMP' is not supported"),
        ("select (select 1) from @landing", "a subquery is not allowed"),
        ("select $1:v from t", "(from named stages only|a FROM that is not a stage)"),
        ("select $1:v, 2 from @landing", "expecting 1 but got 2"),
    ],
)
def test_a_select_that_snowflake_refuses_is_refused(sql: Any, table: str, select: str, message: str) -> None:
    with pytest.raises(ProgrammingError, match=message):
        sql(f"copy into t (v) from ({select}) file_format = (type = json)")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$1:s::varchar", "text"),
        ("$1['s']::varchar", "text"),
        ("s.$1:o.k[1]::varchar", "b"),
        ('$1:"Odd Key"::varchar', "odd"),
        ("nvl($1:missing::varchar, 'none')", "none"),
        ("ifnull($1:s::varchar, 'none')", "text"),
        ("iff($1:n > 1, 'many', 'one')", "many"),
        ("case when $1:n = 2 then 'two' else '?' end", "two"),
        ("to_varchar($1:n)", "2"),
        ("split_part($1:s::varchar, 'x', 1)", "te"),
        ("md5($1:s::varchar)", "1cb251ec0d568de6a929b520c4aed8d1"),
        ("$1:s::varchar || '!'", "text!"),
        ("substr($1:s::varchar, 2)", "ext"),
        ("to_timestamp_ntz($1:ms::number, 3)::varchar", "2024-01-15 21:20:00.123"),
        ("regexp_substr(metadata$filename, '[^/]+$')", "a.json"),
        ("null", None),
        ("$2", None),
    ],
)
def test_what_snowflake_allows_gives_the_right_value(
    sql: Any, bucket: Any, stage: str, expression: str, expected: str | None
) -> None:
    document = {"s": "text", "n": 2, "o": {"k": ["a", "b"]}, "Odd Key": "odd", "ms": 1705353600123}
    bucket.put("a.json", json.dumps(document))
    sql(
        "create table e (x varchar)",
        f"copy into e from (select {expression} from @landing s) file_format = (type = json)",
    )
    ((value,),) = sql("select x from e")
    assert value == expected or (value or "").startswith(str(expected))
