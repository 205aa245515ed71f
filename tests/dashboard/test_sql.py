"""Statements: allow-listed files, values bound by place."""

from __future__ import annotations

import re

import pytest

from dashboard.data.sql import STATEMENTS, Value, bind


def test_each_name_becomes_a_placeholder_in_its_order() -> None:
    assert bind("select 1 where a = :b and c = :a and d = :b", {"a": 1, "b": "x"}) == (
        "select 1 where a = ? and c = ? and d = ?",
        ("x", 1, "x"),
    )


@pytest.mark.parametrize("text", ["select a::date", "-- at 10:30 :no\nselect 1", "select ':no'", "select 'it''s :no'"])
def test_casts_comments_and_strings_hold_no_parameters(text: str) -> None:
    assert bind(text, {}) == (text, ())


def test_a_name_without_a_value_and_a_value_without_a_name_are_refused() -> None:
    with pytest.raises(KeyError):
        bind("select :a", {})
    with pytest.raises(ValueError, match="b"):
        bind("select :a", {"a": 1, "b": 2})


def test_limit_gets_the_number_itself_since_snowflake_documents_no_bind_there() -> None:
    assert bind("select a from b where a = :a\nlimit :rows", {"a": 1, "rows": 20}) == (
        "select a from b where a = ?\nlimit 20",
        (1,),
    )


@pytest.mark.parametrize("rows", ["20", "1; drop table marts.x", -1, 2.0, True, None])
def test_limit_that_is_not_a_number_of_rows_is_refused(rows: Value) -> None:
    with pytest.raises(ValueError, match=r"rows is .*; expected a whole number of rows"):
        bind("select a from b limit :rows", {"rows": rows})


@pytest.mark.parametrize("text", ["select a -- limit :rows", "select 'limit :rows'"])
def test_limit_in_a_comment_or_a_string_takes_no_parameter(text: str) -> None:
    assert bind(text, {}) == (text, ())


def test_a_hostile_value_never_reaches_the_text() -> None:
    text, values = bind(STATEMENTS["bars"], {"security": "'; drop table marts.x --"})
    assert "drop table" not in text
    assert values == ("'; drop table marts.x --",)


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_statements_read_only_marts_ops_and_the_catalog(name: str) -> None:
    text = re.sub(r"--[^\n]*", "", STATEMENTS[name]).lower()
    local = set(re.findall(r"(\w+) as \(\s*select", text))
    # table(…) is a function of a value, no table.
    for table in re.findall(r"\b(?:from|join)\s+(?!table\()([\w.]+)", text):
        assert table in local or table.split(".")[0] in {"marts", "ops", "information_schema"}, table
    assert not re.search(r"\b(insert|update|delete|merge|create|drop|alter|call)\b", text)
