"""Table functions in Python with a vectorised process method."""

from __future__ import annotations

from typing import Any

import pytest
from snowflake.connector.errors import Error

DOUBLED = """
import pandas
from _snowflake import vectorized

class Doubled:
    @vectorized(input=pandas.DataFrame)
    def process(self, frame):
        return pandas.DataFrame({"twice": frame["X"] * 2, "text": frame["NAME"] + "!"})
"""


def function(body: str = DOUBLED, *, packages: str = "'pandas'", head: str = "create or replace function") -> str:
    return (
        f"{head} doubled(x float, name varchar) returns table (twice float, text varchar) language python "
        f"runtime_version = '3.11' packages = ({packages}) handler = 'Doubled' as $${body}$$"
    )


@pytest.fixture
def numbers(sql: Any) -> Any:
    sql("create table numbers (x float, name varchar)")
    sql("insert into numbers values (1.5, 'a'), (null, 'b'), (3, null)")
    return sql


def test_a_row_comes_back_beside_each_row_that_went_in(numbers: Any) -> None:
    numbers(function())

    rows = numbers("select n.x, f.twice, f.text from numbers as n, table(doubled(n.x, n.name)) as f order by n.x")

    assert rows == [(1.5, 3.0, "a!"), (3.0, 6.0, None), (None, None, "b!")]


def test_it_is_found_by_its_full_name_and_after_a_cross_join(numbers: Any) -> None:
    numbers(function())
    home = numbers.value("select current_schema()")
    numbers("use schema public")

    joined = f"from {home}.numbers as n cross join table({home}.doubled(n.x, n.name)) as f where n.x = 3"

    assert numbers(f"select f.* {joined}") == [(6.0, None)]


def test_a_view_and_a_table_may_be_made_of_it(numbers: Any) -> None:
    numbers(function())
    called = "select n.x, f.twice from numbers as n, table(doubled(n.x, n.name)) as f"
    numbers(f"create table made as {called}")

    assert numbers("select twice from made where x = 3") == [(6.0,)]


def test_a_replaced_function_runs_from_then_on(numbers: Any) -> None:
    query = "select max(f.twice) from numbers as n, table(doubled(n.x, n.name)) as f"
    numbers(function())
    assert numbers.value(query) == 6.0

    numbers(function(DOUBLED.replace("* 2", "* 20")))

    assert numbers.value(query) == 60.0
    with pytest.raises(Error, match="already exists"):
        numbers(function(head="create function"))


def test_more_rows_than_a_batch_arrive_all_and_in_their_places(sql: Any) -> None:
    sql(function(), "create table many as select seq4()::float as x from table(generator(rowcount => 5000))")
    called = "from many as m, table(doubled(m.x, 'a')) as f"

    assert sql.value(f"select count(*) {called} where f.twice = 2 * m.x") == 5000


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(DOUBLED.replace("* 2", "/ None"), "TypeError", id="an error of the handler"),
        pytest.param(DOUBLED.replace("import pandas\n", "import pandas, scipy\n"), "No module named", id="package"),
        pytest.param(
            DOUBLED.replace("    @vectorized(input=pandas.DataFrame)\n", ""), "vectorized process", id="row by row"
        ),
        pytest.param(DOUBLED.replace('"!"})', '"!"})[:1]'), "returned 1 rows; expected 3", id="too few rows"),
        pytest.param(
            DOUBLED.replace('"text"', '"more": 1, "text"'), "returned 3 columns; expected 2", id="too many columns"
        ),
    ],
)
def test_a_handler_that_fails_is_an_error_with_its_message(numbers: Any, body: str, message: str) -> None:
    numbers(function(body))
    with pytest.raises(Error, match=message):
        numbers("select f.* from numbers as n, table(doubled(n.x, n.name)) as f")


@pytest.mark.stand_in_only
@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("create function f(x float) returns float as 'x * 2'", id="scalar"),
        pytest.param("create function f(x float) returns table (y float) as 'select x'", id="SQL"),
        pytest.param(function().replace("handler = 'Doubled' ", ""), id="no handler"),
        pytest.param(function().replace("runtime_version = '3.11' ", ""), id="no runtime"),
        pytest.param(function().replace("twice float", "twice variant"), id="a type that is not known here"),
    ],
)
def test_a_function_of_another_kind_is_refused(sql: Any, statement: str) -> None:
    """Snowflake has scalar functions and other languages; nothing of the project uses one."""
    with pytest.raises(Error):
        sql(statement)


@pytest.mark.stand_in_only
def test_a_partition_is_refused(numbers: Any) -> None:
    """Snowflake takes OVER (PARTITION BY …) of a table function; nothing of the project uses it."""
    numbers(function())
    with pytest.raises(Error, match="PARTITION BY"):
        numbers("select f.* from numbers as n, table(doubled(n.x, n.name) over (partition by n.name)) as f")


def test_drop_takes_it_away(numbers: Any) -> None:
    numbers(function(), "drop function doubled(float, varchar)", "drop function if exists doubled(float, varchar)")
    with pytest.raises(Error):
        numbers("select f.* from numbers as n, table(doubled(n.x, n.name)) as f")
