"""What plain fakesnow lacks or gets wrong and the chain needs: one test a point, through Snowflake's own connector."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from snowflake.connector.errors import Error

ACCOUNT_LEVEL = [
    "create role if not exists loader",
    "create warehouse if not exists loading warehouse_size = xsmall auto_suspend = 60",
    "grant usage on warehouse loading to role loader",
    "revoke usage on warehouse loading from role loader",
    "create storage integration if not exists landing type = external_stage storage_provider = 's3' enabled = true",
    "create user if not exists robot type = service",
    "create resource monitor monthly with credit_quota = 10",
    "alter session set query_tag = 'test'",
    "use role loader",
    "use warehouse loading",
]


@pytest.mark.parametrize("statement", ACCOUNT_LEVEL, ids=lambda statement: " ".join(statement.split()[:3]))
def test_account_level_statement_is_accepted(sql: Any, statement: str) -> None:
    sql(statement)


@pytest.mark.stand_in_only  # an account runs them instead
def test_account_level_statements_are_written_down(sql: Any) -> None:
    sql("create role if not exists auditor")
    assert sql("select count(*) from _fs_global._snowtape.recorded_statements where statement like '%auditor%'") != [
        (0,)
    ]


def test_role_and_warehouse_are_those_that_were_chosen(sql: Any) -> None:
    sql("use role loader", "use warehouse loading")
    assert sql("select current_role(), current_warehouse()") == [("LOADER", "LOADING")]


def test_query_tag_is_read_back(sql: Any) -> None:
    sql("alter session set query_tag = 'nightly'")
    assert "nightly" in sql("show parameters like 'QUERY_TAG'")[0]


def test_keys_are_declared_and_not_enforced(sql: Any) -> None:
    sql("create table t (x int primary key, y int unique)", "insert into t values (1, 1), (1, 1)")
    assert sql.value("select count(*) from t") == 2


def test_null_timestamp_stays_null(sql: Any) -> None:
    sql("create table t (moment timestamp_ntz)", "insert into t values (null), ('2026-11-20 16:00:00')")
    assert sql("select moment from t order by moment nulls first") == [(None,), (datetime.datetime(2026, 11, 20, 16),)]


def test_temporary_table_in_a_schema_hides_the_permanent_one_from_its_session_only(open_sql: Any) -> None:
    one, other = open_sql(), open_sql()
    schema = one.value("select current_schema()")
    one(f"create table {schema}.t as select 1 as x", f"create temporary table {schema}.mine as select 2 as x")
    assert one.value(f"select x from {schema}.mine") == 2
    with pytest.raises(Error, match="MINE"):
        other(f"select x from {schema}.mine")


def test_merge_updates_inserts_and_counts(sql: Any) -> None:
    sql(
        "create table t as select 1 as id, 'old' as v",
        "create table s as select * from values (1, 'new'), (2, 'two') x(id, v)",
    )
    rows = sql(
        "merge into t using s on t.id = s.id"
        " when matched then update set v = s.v when not matched then insert (id, v) values (s.id, s.v)"
    )
    assert rows == [(1, 1)]
    assert sql("select id, v from t order by id") == [(1, "new"), (2, "two")]


def test_insert_overwrite_reads_before_it_deletes(sql: Any) -> None:
    sql("create table t as select 1 as x", "insert overwrite into t select x + 1 from t")
    assert sql("select x from t") == [(2,)]


def test_flatten_keeps_keys_that_differ_in_case_only(sql: Any) -> None:
    sql("create table r (response variant)")
    sql("""insert into r select parse_json('{"results": [{"T": "AAPL", "t": 1}, {"T": "MSFT", "t": 2}]}')""")
    rows = sql(
        "select f.value:T::varchar, f.value:t::number from r, lateral flatten(input => r.response:results) as f"
        " order by 1"
    )
    assert rows == [("AAPL", 1), ("MSFT", 2)]


def test_flatten_of_a_missing_path_has_no_rows(sql: Any) -> None:
    sql("create table r (response variant)", "insert into r select parse_json('{}')")
    assert sql("select f.value from r, lateral flatten(input => r.response:results) as f") == []


def test_one_row_a_key_with_qualify(sql: Any) -> None:
    sql("create table t as select * from values (1, 1), (1, 2), (2, 5) x(k, v)")
    rows = sql("select k, v from t qualify row_number() over (partition by k order by v desc) = 1 order by k")
    assert rows == [(1, 2), (2, 5)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("to_timestamp_ntz(1795190400000, 3)", datetime.datetime(2026, 11, 20, 16)),
        ("date_trunc('month', to_date('2026-11-20'))", datetime.date(2026, 11, 1)),
        ("try_to_number('x')", None),
        ("iff(true, 1, 2)", 1),
        ("zeroifnull(null)", 0),
        ("datediff('day', to_date('2026-11-20'), to_date('2026-11-23'))", 3),
        ("split_part('O:AAPL', ':', 2)", "AAPL"),
        ("typeof(parse_json('{}'))", "OBJECT"),
        (
            "convert_timezone('UTC', 'America/New_York', to_timestamp_ntz('2026-11-20 21:00:00'))",
            datetime.datetime(2026, 11, 20, 16),
        ),
    ],
)
def test_function_answers_as_snowflake_does(sql: Any, expression: str, expected: object) -> None:
    assert sql.value(f"select {expression}") == expected


def test_division_by_zero_is_an_error(sql: Any) -> None:
    with pytest.raises(Error, match=r"(?i)division by zero"):
        sql("select 1 / 0")
