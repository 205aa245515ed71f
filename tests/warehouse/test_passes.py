"""Passes that are left out would have changed nothing: trees come out as fakesnow's whole chain makes them."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from fakesnow.cursor import FakeSnowflakeCursor
from sqlglot import exp

from local.warehouse.sql import patches
from local.warehouse.sql.passes import Passes, kinds_of

REPOSITORY = Path(__file__).resolve().parents[2]
patches.apply()
STATEMENTS = [
    "select a.b:c::varchar as d, upper(a.b:c) as e, a.list[0]::int as f, a.list[1] from a where d > 1",
    "select to_date('2026-01-02'), to_timestamp('1'), to_decimal('1.5', 10, 2), try_parse_json('{}')",
    "select split('a b', ' ')",
    "select dateadd('day', 1, '2026-01-02'), dateadd('day', 1, x::date), datediff('day', '2026-01-02', y) from t",
    "select object_construct('a', 1, 'b', null), array_construct(1, 2), array_size(x) from t",
    "select array_agg(y), object_agg(k, v) from t",
    "select array_agg(y) within group (order by z), array_agg(y) over (partition by z) from t group by all",
    "select value::varchar, f.value:a::number from t, lateral flatten(input => t.v) as f",
    "select * from table(flatten(input => parse_json('[1]')))",
    "select * from information_schema.tables where a in (select b from information_schema.databases)",
    "select sha2('a'), sha2_hex('a', 256), x'ff', random(), haversine(1, 2, 3, 4) from t",
    "select current_version(), trim(x::varchar) from t",
    "select regexp_replace(a, '[0-9]+', 'x'), regexp_substr(a, 'b+', 1, 1, 'e', 1) from t sample (10)",
    "select column1, column2 from (values (1, 'a'), (2, 'b'))",
    "select s.nextval, cast('2026-01-02 10:00:00 +0100' as timestamp_tz), to_variant(1) from identifier('t')",
    "select a as b, b + 1 as c from t join u on b = u.b where b > 1",
    "create or replace table t (a number(38, 0) comment 'one', b float, c variant, d varchar(10)) comment = 'a table'",
    "create table t as select a::number as a, b::float as b, c::varchar(3) as c from u",
    "create table t clone u",
    "create or replace view v as select a:b::timestamp_ntz as c from t",
    "create stage s url = 's3://bucket/prefix/'",
    "create file format f type = json",
    "create user u",
    "alter table t cluster by (a)",
    "alter table t drop clustering key",
    "alter table t add column a int, b float",
    "alter session set timezone = 'UTC'",
    "comment on table t is 'text'",
    "drop schema s",
    "insert into t select a, parse_json(b) from u",
    "delete from t using u where t.a = u.a and t.d > to_date('2026-01-02')",
    "update t set a = object_construct('b', 1) where c = 'x'",
    "merge into t using u on t.a = u.a when matched then update set b = u.b",
    "set a = 1",
    "use schema s",
    "show tables in schema s",
    "show columns in table t",
    "show primary keys in table t",
    "show parameters like 'TIMEZONE'",
    "list @s",
]
FILES = sorted(
    path
    for folder in ("dashboard/data/queries", "worksheets", "snowflake", "bench/sql", "ingest/sql")
    for path in (REPOSITORY / folder).rglob("*.sql")
)


class Chain(FakeSnowflakeCursor):
    """fakesnow's chain of passes without a warehouse behind it."""

    def __init__(self) -> None:
        self._conn = Connection()  # type: ignore[assignment]
        self._duck_conn = None  # type: ignore[assignment]

    def run(self, tree: Any) -> Any:
        return self._transform(tree, None)


class Connection:
    database, schema, db_path, table_stages = "D", "S", None, ()

    class variables:
        @staticmethod
        def update_variables(_: Any) -> None: ...


def trees(text: str) -> list[exp.Expr]:
    """The statements of a text that sqlglot can parse."""
    try:
        return [tree for tree in sqlglot.parse(text, read="snowflake") if tree is not None]
    except sqlglot.errors.ParseError:
        return []


def outcome(tree: Any) -> str:
    """The translated SQL, or what was raised instead."""
    try:
        done = Chain().run(tree)
        sql = (done.tree if isinstance(tree, Passes) else done).sql(dialect="duckdb")
        return re.sub(r"\d\d:\d\d:\d\d\.\d+", "now", sql)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_comes_out_as_from_all_passes(statement: str) -> None:
    (tree,) = trees(statement)

    assert outcome(Passes(tree.copy())) == outcome(tree.copy())


@pytest.mark.parametrize("statement", STATEMENTS)
def test_after_each_pass_the_nodes_of_the_tree_are_known(statement: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree,) = trees(statement)
    transform = Passes.transform

    def and_look(passes: Passes, rewrite: Any, **values: Any) -> Passes:
        transform(passes, rewrite, **values)
        assert [*map(id, passes._nodes)] == [*map(id, passes.tree.dfs())], rewrite
        return passes

    monkeypatch.setattr(Passes, "transform", and_look)
    with contextlib.suppress(NotImplementedError):  # a session parameter that fakesnow doesn't know
        Chain().run(Passes(tree))


@pytest.mark.slow
def test_the_projects_own_sql_comes_out_as_from_all_passes() -> None:
    found = [tree for path in FILES for tree in trees(re.sub(r"%\((\w+)\)s", "'x'", path.read_text()))]

    assert len(found) > 40
    for tree in found:
        assert outcome(Passes(tree.copy())) == outcome(tree.copy()), tree.sql(dialect="snowflake")


def test_a_pass_says_which_nodes_it_acts_on() -> None:
    def on_two(expression: exp.Expr) -> exp.Expr:
        if isinstance(expression, (exp.Upper, exp.Lower)):
            return exp.Null()
        return expression

    def untold(expression: exp.Expr) -> exp.Expr:
        return exp.Null() if expression.key == "upper" else expression

    assert kinds_of(on_two.__code__) == (exp.Upper, exp.Lower)
    assert kinds_of(untold.__code__) is None
    assert Passes(sqlglot.parse_one("select upper(a)")).transform(on_two).tree.sql() == "SELECT NULL"
    assert Passes(sqlglot.parse_one("select upper(a)")).transform(untold).tree.sql() == "SELECT NULL"
