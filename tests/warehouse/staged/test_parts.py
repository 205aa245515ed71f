"""The parts that need no server: references, documents, paths that are followed once."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from local.warehouse.staged import documents, statements
from local.warehouse.staged.formats import JsonFormat
from local.warehouse.staged.references import parse
from local.warehouse.staged.transform import extract_once

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("text", "parts", "path"),
    [
        ("@landing", ("LANDING",), ""),
        ("@raw.landing/a/B.gz", ("RAW", "LANDING"), "a/B.gz"),
        ('@Db."My Schema"."a/b ""c"""/x y', ("DB", "My Schema", 'a/b "c"'), "x y"),
        ("'@raw.landing/it''s'", ("RAW", "LANDING"), "it's"),
    ],
)
def test_a_reference_is_taken_apart(text: str, parts: tuple[str, ...], path: str) -> None:
    reference = parse(text)
    assert (reference.parts, reference.path) == (parts, path)


@pytest.mark.parametrize("text", ["landing", "@", "@a.b.c.d", "@a..b", "@a.", '@"a', "@~/x", "@%t"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(ProgrammingError):
        parse(text)


@pytest.mark.slow
@given(st.lists(JSON, max_size=6), st.booleans())
def test_both_ways_find_the_same_documents(values: list[Any], is_compressed: bool) -> None:
    content = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values).encode()
    text = documents.text_of(gzip.compress(content) if is_compressed else content, JsonFormat())
    for found in (documents.split(text), documents.scan(text, JsonFormat())):
        assert [json.loads(document) for document in found.texts.to_pylist()] == values
        assert found.lines.to_pylist() == found.rows.to_pylist() == list(range(1, len(values) + 1))
        assert not found.problems


@given(st.lists(JSON, max_size=6), st.sampled_from([None, 2]))
def test_an_outer_array_gives_its_elements(values: list[Any], indent: int | None) -> None:
    text = documents.text_of(json.dumps(values, indent=indent).encode(), JsonFormat())
    found = documents.scan(text, JsonFormat(strip_outer_array=True))
    assert [json.loads(document) for document in found.texts.to_pylist()] == values
    assert not found.problems


@given(st.binary(max_size=60))
def test_no_bytes_make_it_fail_without_saying_where(content: bytes) -> None:
    problems: list[documents.Problem] = []
    try:
        text = documents.text_of(content, JsonFormat())
        for strip in (False, True):
            problems += documents.scan(text, JsonFormat(strip_outer_array=strip)).problems
    except documents.Damaged as damaged:
        problems.append(damaged.problem)
    assert all(problem.line >= 1 and problem.character >= 1 for problem in problems)


def test_paths_are_followed_in_one_call() -> None:
    select = sqlglot.parse_one(
        """SELECT s."$1" -> '$.a', CAST(s."$1" ->> '$.b.c' AS INT) FROM src AS s""", read="duckdb"
    )
    assert isinstance(select, exp.Select)
    assert extract_once(select).sql(dialect="duckdb") == (
        """SELECT LIST_EXTRACT(_p, 1), CAST((LIST_EXTRACT(_p, 2) ->> '$') AS INT) """
        """FROM (SELECT *, JSON_EXTRACT("$1", ['$.a', '$.b.c']) AS _p FROM src) AS s"""
    )


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("copy into t from @s", True),
        ("COPY\nINTO t FROM @s", True),
        ("ls @s", True),
        ("select 1", False),
        ("select '@s' from t", False),
        ("select $1 from @s/a", True),
        ("select a from t join @s/b x on true", True),
        ("with x as (select $1 from '@s/a') select * from x", True),
        ("create table t as select $1 from @s", True),
        ("create procedure p() returns int language python as $$ select $1 from @s $$", False),
        ("create or replace temporary stage s url = 's3://x/'", True),
        ("create file format f type = json", True),
        ("create table stage (a int)", False),
        ("alter stage s set comment = 'x'", True),
        ("alter table s rename to t", False),
        ("show stages", True),
        ("show terse stages in account", True),
        ("show tables", False),
        ("drop file format f", True),
        ("select * from information_schema.load_history", True),
        ("select * from table(db.information_schema.copy_history(table_name => 't'))", True),
        ("call p('select * from @s')", False),
        ("insert into t values ('from @s')", True),
        ("put file:///x @s", True),
    ],
)
def test_only_statements_about_staged_files_are_taken(statement: str, expected: bool) -> None:
    assert statements.handles(statement) is expected
