"""EXPLAIN: a statement is judged against the tables that are there, and nothing is run."""

from __future__ import annotations

from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError


@pytest.fixture
def bars(sql: Any) -> Any:
    """A session with a table of one bar."""
    sql("create table bars (ticker varchar, close_usd float)", "insert into bars values ('AAPL', 1)")
    return sql


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("select ticker from bars where close_usd > 1", id="query"),
        pytest.param("with some as (select ticker from bars) select count(*) from some", id="with"),
        pytest.param("insert into bars values ('MSFT', 2)", id="insert"),
        pytest.param("update bars set close_usd = 2", id="update"),
        pytest.param("delete from bars", id="delete"),
    ],
)
@pytest.mark.parametrize("using", ["", "using text "])
def test_statement_is_explained_and_not_run(bars: Any, using: str, statement: str) -> None:
    assert bars(f"explain {using}{statement}")
    assert bars("select * from bars") == [("AAPL", 1.0)]


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("select tiker from bars", id="unknown column"),
        pytest.param("select ticker from bar", id="unknown table"),
        pytest.param("select no_such_function(ticker) from bars", id="unknown function"),
        pytest.param("select ticker from bars where", id="syntax"),
        pytest.param("update bars set price = 1", id="unknown column in an update"),
        pytest.param("call no_such_procedure()", id="a statement without a plan"),
    ],
)
def test_statement_that_cannot_be_compiled_is_refused(bars: Any, statement: str) -> None:
    with pytest.raises(ProgrammingError):
        bars(f"explain {statement}")


def test_variables_of_the_session_count(bars: Any) -> None:
    bars("set ticker = 'AAPL'")

    assert bars("explain select close_usd from bars where ticker = $ticker")
    with pytest.raises(ProgrammingError, match="UNKNOWN"):
        bars("explain select close_usd from bars where ticker = $unknown")


@pytest.mark.parametrize("statement", ["select ticker from bars limit ?", "explain select ticker from bars limit ?"])
def test_number_of_rows_that_is_a_bind_is_refused(connect: Any, bars: Any, statement: str) -> None:
    cursor = connect(paramstyle="qmark").cursor()
    cursor.execute("create temporary table bars (ticker varchar)")

    with pytest.raises(ProgrammingError, match="Invalid row count"):
        cursor.execute(statement, (1,))
