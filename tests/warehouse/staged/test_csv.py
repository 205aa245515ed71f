"""Fields of CSV files: the one kind that is read, and what is wrong with a file of another kind."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

FORMAT = "type = csv skip_header = 1 escape_unenclosed_field = none null_if = ()"


@pytest.fixture
def csv(sql: Any, bucket: Any) -> str:
    sql(
        f"create stage landing url = '{bucket.url}'",
        f"create file format csv {FORMAT} skip_blank_lines = true",
        f"create file format strict {FORMAT}",
        "create table t (number int, a varchar, b varchar, c varchar)",
    )
    return "copy into t from (select metadata$file_row_number, $1, $2, $3 from @landing) file_format = "


def test_fields_are_texts_and_an_empty_or_absent_one_is_null(sql: Any, bucket: Any, csv: str) -> None:
    bucket.put("a.csv.gz", gzip.compress(b"a,b,c\nNULL,1e9,\\N\n\n,007\r\nx,y,z,more"))
    sql(f"{csv} 'csv'")
    assert sql("select * from t order by number") == [
        (1, "NULL", "1e9", "\\N"),
        (2, None, "007", None),
        (3, "x", "y", "z"),
    ]


def test_byte_order_mark_is_not_part_of_the_header(sql: Any, bucket: Any, csv: str) -> None:
    bucket.put("a", b"\xef\xbb\xbfa,b,c\n1,2,3\n")
    assert sql("select $1, $3, $4 from @landing (file_format => 'csv')") == [("1", "3", None)]


def test_blank_line_is_an_error_unless_it_is_skipped(sql: Any, bucket: Any, csv: str) -> None:
    bucket.put("a", "a,b,c\n\n1,2,3\n")
    with pytest.raises(ProgrammingError, match=r"End of record reached.*\n.*line 2"):
        sql(f"{csv} 'strict'")


def test_file_without_a_bar_is_loaded_with_no_rows(sql: Any, bucket: Any, csv: str) -> None:
    bucket.put("a", "a,b,c\n")
    (loaded,) = sql(f"{csv} 'csv'")
    assert loaded[1:4] == ("LOADED", 0, 0)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (gzip.compress(b"a,b,c\n1,2,3\n" * 99)[:-9], "ends before its compressed data does"),
        (b"a,b,c\n\xff\n", "Invalid UTF8"),
    ],
    ids=["cut off", "not UTF-8"],
)
def test_damaged_file_is_named(sql: Any, bucket: Any, csv: str, body: bytes, reason: str) -> None:
    bucket.put("bad", body)
    with pytest.raises(ProgrammingError, match=rf"(?s){reason}.*File '.*bad'"):
        sql(f"{csv} 'csv'")


def test_without_a_select_csv_is_refused(sql: Any, bucket: Any, csv: str) -> None:
    with pytest.raises(ProgrammingError, match="by a SELECT of its columns only"):
        sql("copy into t from @landing file_format = 'csv'")
