"""LATERAL FLATTEN, by which every response becomes rows."""

from __future__ import annotations

from typing import Any

import pytest

BARS = """create table bars as select column1 as id, parse_json(column2) as response from values
  (1, '{"results": [{"T": "AAPL", "t": 1, "v": 1.5e3}, {"T": "MSFT", "t": 2}], "status": "OK"}'),
  (2, '{"results": [], "status": "OK"}'),
  (3, '{"status": "OK"}'),
  (4, '{"results": [{"T": "IBM", "t": null, "v": 0.5}]}')"""


@pytest.fixture
def bars(sql: Any) -> Any:
    sql(BARS)
    return sql


def test_members_that_differ_in_case_only_stay_apart(bars: Any) -> None:
    assert bars(
        """select b.id, f.value:T::varchar, f.value:t::number, f.value:v::float
           from bars b, lateral flatten(input => b.response:results) f order by 1, 2"""
    ) == [(1, "AAPL", 1, 1500.0), (1, "MSFT", 2, None), (4, "IBM", None, 0.5)]


@pytest.mark.parametrize(
    "join",
    [
        pytest.param(", lateral flatten(input => b.response:results) f", id="comma lateral"),
        pytest.param(", lateral flatten(b.response:results) as f", id="by position"),
        pytest.param("inner join lateral flatten(input => b.response:results) f", id="inner join"),
        pytest.param("cross join table(flatten(input => b.response:results)) f", id="table function"),
        pytest.param(", lateral flatten(input => b.response, path => 'results') f", id="path"),
    ],
)
def test_each_way_to_write_it_gives_the_same_rows(bars: Any, join: str) -> None:
    assert bars(f"select f.value:T::varchar from bars b {join} order by 1") == [("AAPL",), ("IBM",), ("MSFT",)]


@pytest.mark.parametrize("join", [", lateral flatten(input => response:results, outer => true) f",
                                  "left join lateral flatten(input => response:results) f"])  # fmt: skip
def test_outer_keeps_rows_without_elements(bars: Any, join: str) -> None:
    assert bars(f"select id, f.value:T::varchar from bars {join} order by 1, 2") == [
        (1, "AAPL"),
        (1, "MSFT"),
        (2, None),
        (3, None),
        (4, "IBM"),
    ]


def test_index_key_and_path_of_arrays_and_objects(sql: Any) -> None:
    assert sql(
        'select index, key, path, value::varchar from table(flatten(parse_json(\'["a", {"b": 1}]\'))) order by index'
    ) == [(0, None, "[0]", "a"), (1, None, "[1]", '{"b":1}')]
    assert sql('select key, index, value from table(flatten(parse_json(\'{"a": 1, "B": [2]}\'))) order by key') == [
        ("B", None, "[2]"),
        ("a", None, "1"),
    ]


def test_a_flatten_of_a_flattened_value(sql: Any) -> None:
    assert sql(
        """select g.value::number from (select parse_json('{"a": [{"b": [1, 2]}, {"b": [3]}]}') as o) x,
           lateral flatten(input => x.o:a) f, lateral flatten(input => f.value:b) g order by 1"""
    ) == [(1,), (2,), (3,)]


def test_a_star_brings_the_tables_columns_and_flattens_columns_only(bars: Any) -> None:
    bars("select * from bars, lateral flatten(input => response:results) f order by id limit 1")
    assert bars.columns == ["ID", "RESPONSE", "SEQ", "KEY", "PATH", "INDEX", "VALUE", "THIS"]
    bars("select b.*, f.value:T::varchar as ticker, f.index from bars b, lateral flatten(b.response:results) f")
    assert bars.columns == ["ID", "RESPONSE", "TICKER", "INDEX"]


def test_it_works_in_views_and_common_table_expressions_with_filters_and_windows(bars: Any) -> None:
    bars(
        """create view flat as
           with source as (select * from bars where response:status = 'OK' or id = 4),
           flattened as (
             select s.id, f.value:T::varchar as ticker, f.value:v::float as volume, f.index as position
             from source s, lateral flatten(input => s.response:results) f
             where f.value:T::varchar <> 'MSFT'
           )
           select *, row_number() over (order by ticker) as rank from flattened
           qualify row_number() over (partition by ticker order by id desc) = 1"""
    )
    assert bars("select * from flat order by ticker") == [(1, "AAPL", 1500.0, 0, 1), (4, "IBM", 0.5, 0, 2)]


def test_elements_can_be_grouped_and_joined(bars: Any) -> None:
    bars(
        "create table names as select column1 as ticker, column2 as name from values ('AAPL', 'Apple'), ('IBM', 'Big')"
    )
    assert bars(
        """select n.name, count(*), sum(f.value:v::float), max(f.value:t::number) from bars b
           join lateral flatten(input => b.response:results) f
           join names n on n.ticker = f.value:T::varchar
           group by n.name order by 1"""
    ) == [("Apple", 1, 1500.0, 1), ("Big", 1, 0.5, None)]


def test_large_documents_lose_and_double_nothing(sql: Any) -> None:
    """Documents of some 100 kB go through in portions; the count and the sum show that each element comes once."""
    sql(
        """create table one as select object_construct('results', array_agg(object_construct('T', 'SIM' || n, 't', n,
           'v', n / 7, 'filler', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'))) as response
           from (select seq4() as n from table(generator(rowcount => 1500)))""",
        """create table many as select seq4() as id, response, 'a' || seq4() as label from one,
           table(generator(rowcount => 20))""",
    )
    assert sql(
        """select count(*), sum(f.value:t::number), count(distinct f.value:T::varchar), count(distinct m.label),
           sum(m.id) from many m, lateral flatten(input => m.response:results) f"""
    ) == [(30000, 20 * 1499 * 750, 1500, 20, 1500 * 190)]
