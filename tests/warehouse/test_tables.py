"""CREATE, ALTER and DROP of tables, views and schemas; temporary objects; MERGE and INSERT OVERWRITE."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import snowflake.connector.errors

Error = snowflake.connector.errors.ProgrammingError


def test_keys_are_recorded_but_not_enforced_and_not_null_is_enforced(sql: Any) -> None:
    sql(
        """create table t (id number not null primary key rely, v varchar unique,
           constraint u unique (id, v) norely) cluster by (id) comment = 'c'""",
        "alter table t add constraint pk2 primary key (v)",
        "insert into t values (1, 'a'), (1, 'a')",
    )
    assert sql("select count(*) from t") == [(2,)]
    with pytest.raises(snowflake.connector.errors.IntegrityError) as caught:
        sql("insert into t values (null, 'b')")
    assert caught.value.errno == 100072


def test_create_table_twice_is_an_error_and_if_not_exists_keeps_the_rows(sql: Any) -> None:
    sql("create table t (x int)", "insert into t values (1)", "create table if not exists t (y int)")
    assert sql("select x from t") == [(1,)]
    with pytest.raises(Error, match="already exists"):
        sql("create table t (x int)")


def test_create_as_select_with_column_types_keeps_types_and_not_null(sql: Any) -> None:
    sql("create or replace transient table t (x number(10, 2) not null, v varchar) as (select 1, 'a')")
    assert [(row[0], row[1], row[3]) for row in sql("describe table t")] == [
        ("X", "NUMBER(10,2)", "N"),
        ("V", "VARCHAR(16777216)", "Y"),
    ]
    with pytest.raises(snowflake.connector.errors.IntegrityError):
        sql("create or replace table t (x number(10, 2) not null, v varchar) as (select null, 'b')")
    assert sql("select v from t") == [("a",)]


def test_clone_and_like_copy_the_definition(sql: Any) -> None:
    sql("create table t (x int not null, v varchar default 'd')", "insert into t (x) values (1)")
    sql("create table copied clone t", "create table empty like t", "insert into empty (x) values (2)")
    assert sql("select * from copied union all select * from empty order by 1") == [(1, "d"), (2, "d")]
    with pytest.raises(snowflake.connector.errors.IntegrityError):
        sql("insert into copied values (null, 'x')")


def test_a_default_is_taken_for_columns_left_out(sql: Any) -> None:
    sql("create table t (x int, at timestamp_ntz(6) default sysdate(), n number autoincrement)")
    sql("insert into t (x) values (1), (2)")
    assert sql("select at <= sysdate() from t") == [(True,), (True,)]
    assert sql("select n from t order by n") == [(1,), (2,)]


def test_columns_are_added_dropped_renamed_and_retyped(sql: Any) -> None:
    sql(
        "create table t (x int)",
        "insert into t values (1)",
        "alter table t add column y varchar(10), z int",
        "alter table t add column if not exists y varchar",
        "alter table t drop column z",
        "alter table t rename column y to w",
        "alter table t alter column x set data type number(38, 2)",
    )
    assert [(row[0], row[1]) for row in sql("describe table t")] == [("X", "NUMBER(38,2)"), ("W", "VARCHAR(16777216)")]


def test_a_column_is_added_with_its_comment(sql: Any) -> None:
    sql("create table t (x int)", "alter table t add column y variant comment 'what it is', z int")
    columns = """select column_name, comment from information_schema.columns
                 where table_schema = current_schema() and table_name = 'T' order by 1"""
    assert sql(columns) == [("X", None), ("Y", "what it is"), ("Z", None)]


def test_rename_and_swap(sql: Any) -> None:
    sql("create table a as select 'a' as v", "create table b as select 'b' as v", "alter table a swap with b")
    assert sql.value("select v from a") == "b"
    sql("alter table a rename to c")
    assert sql.value("select v from c") == "b"
    with pytest.raises(Error):
        sql("select * from a")


def test_a_missing_table_is_an_error_with_snowflakes_number(sql: Any) -> None:
    with pytest.raises(Error) as caught:
        sql("select * from missing")
    assert (caught.value.errno, caught.value.sqlstate) == (2003, "42S02")
    with pytest.raises(Error):
        sql("drop table missing")
    sql("drop table if exists missing", "drop view if exists nowhere.missing")


def test_a_missing_column_is_an_invalid_identifier(sql: Any) -> None:
    with pytest.raises(Error) as caught:
        sql("select missing from (select 1 as x)")
    assert caught.value.errno == 904


def test_names_in_a_view_are_those_of_its_creator(sql: Any) -> None:
    schema = sql.value("select current_schema()")
    sql(
        "create table t as select 1 as x",
        "create or replace secure view v comment = 'c' copy grants as select * from t",
    )
    sql(f"create schema {schema}_other", "create table t as select 2 as x")
    assert sql(f"select x from {schema}.v") == [(1,)]


def test_view_columns_take_names_and_comments(sql: Any) -> None:
    sql("create view v (a comment 'it''s a', b) as select 1, 2")
    assert sql("select a, b from v") == [(1, 2)]
    assert [(row[0], row[9]) for row in sql("describe view v")] == [("A", "it's a"), ("B", None)]


def test_comments_of_tables_and_columns_are_kept(sql: Any) -> None:
    sql(
        "create table t (x int comment 'first', y int)",
        "comment on table t is 'it''s a table'",
        "comment on column t.y is 'second'",
    )
    assert [row[9] for row in sql("describe table t")] == ["first", "second"]
    sql('alter table t alter "X" comment $$one$$, "Y" comment $$two$$')
    assert [row[9] for row in sql("describe table t")] == ["one", "two"]
    assert sql(
        "select comment from information_schema.tables where table_name = 'T'  and table_schema = current_schema()"
    ) == [("it's a table",)]


def test_a_temporary_table_in_a_schema_hides_the_table_of_its_session_only(open_sql: Callable[..., Any]) -> None:
    one, other = open_sql(), open_sql()
    schema = one.value("select current_schema()")
    one(
        "create table t as select 'real' as v",
        f"create or replace temporary table {schema}.t as select 'temporary' as v",
    )
    assert one.value(f"select t.v from {schema}.t") == "temporary"
    assert other.value("select v from t") == "real"
    one("insert into t values ('more')", "update t set v = upper(v)", f"delete from {schema}.t where v = 'MORE'")
    assert one("select v from t") == [("TEMPORARY",)]
    assert [row[0] for row in one("describe table t")] == ["V"]
    one("drop table t")
    assert one.value("select v from t") == "real"


def test_temporary_views_and_merges_from_them(sql: Any) -> None:
    sql("create table t as select 1 as id, 'old' as v", "create temporary view source as select 1 as id, 'new' as v")
    sql("merge into t using source s on t.id = s.id when matched then update set v = s.v")
    assert sql("select v from t") == [("new",)]
    sql("drop view source")


def test_temporary_objects_are_gone_with_their_session(open_sql: Callable[..., Any]) -> None:
    one = open_sql()
    one("create temporary table t (x int)")
    one.connection.close()
    other = open_sql()
    with pytest.raises(Error):
        other("select * from t")
    assert (
        other("select table_name from information_schema.tables where table_name = 'T' and is_temporary = 'YES'") == []
    )


MERGE = """merge into t as d using (select column1 as id, column2 as v, column3 as gone from values
  (1, 'one', false), (2, 'two', true), (4, 'four', false)) as s
on d.id = s.id
when matched and s.gone then delete
when matched then update set d.v = s.v, d.changed = true
when not matched then insert (id, v) values (s.id, v)"""


def test_merge_counts_rows_as_snowflake_does(sql: Any) -> None:
    sql(
        "create table t (id int, v varchar, changed boolean)",
        "insert into t (id, v) values (1, 'a'), (2, 'b'), (3, 'c')",
    )
    assert sql(MERGE) == [(1, 1, 1)]
    assert sql.columns == ["number of rows inserted", "number of rows updated", "number of rows deleted"]
    assert sql.cursor.rowcount == 3
    assert sql("select id, v, changed from t order by id") == [(1, "one", True), (3, "c", None), (4, "four", None)]


def test_merge_with_two_source_rows_for_one_target_is_nondeterministic(sql: Any) -> None:
    sql("create table t as select 1 as id, 'a' as v")
    with pytest.raises(Error, match="Duplicate row detected during DML action") as caught:
        sql("merge into t using (select 1 as id, 'b' as v union all select 1, 'c') s on t.id = s.id "
            "when matched then update set v = s.v")  # fmt: skip
    assert caught.value.errno == 100090
    assert sql("select v from t") == [("a",)]


def test_merge_takes_binds_and_nulls(sql: Any) -> None:
    sql("create table t (id int, at timestamp_ntz)")
    statement = """merge into t using (select %s as id, %s::timestamp_ntz as at) s on t.id = s.id
                   when not matched then insert values (s.id, s.at) when matched then update set at = s.at"""
    assert sql(statement, binds=(1, None)) == [(1, 0)]
    assert sql(statement, binds=(1, datetime(2026, 11, 20))) == [(0, 1)]
    assert sql("select at from t") == [(datetime(2026, 11, 20),)]


def test_insert_overwrite_reads_before_it_deletes(sql: Any) -> None:
    sql("create table t (x int, y int)", "insert into t values (1, 1), (2, 2), (3, 3)")
    assert sql("insert overwrite into t (x, y) select x, y * 10 from t where x > 1") == [(2,)]
    assert sql("select * from t order by x") == [(2, 20), (3, 30)]


def test_dml_counts_rows(sql: Any) -> None:
    sql("create table t (x int)")
    assert sql("insert into t select column1 from values (1), (2), (3)") == [(3,)]
    assert sql("update t set x = x + 1 where x > 1") == [(2, 0)]
    assert sql("delete from t where x = 1") == [(1,)]
    assert sql.cursor.rowcount == 1
    sql("truncate table t")
    assert sql.value("select count(*) from t") == 0


def test_update_and_delete_join_other_tables(sql: Any) -> None:
    sql(
        "create table t (id int, v int)",
        "insert into t values (1, 1), (2, 2)",
        "create table s as select 2 as id, 20 as v",
    )
    sql("update t set v = s.v from s where t.id = s.id")
    assert sql("select v from t order by id") == [(1,), (20,)]
    sql("delete from t using s where t.id = s.id")
    assert sql("select id from t") == [(1,)]


def test_schemas_and_databases_come_and_go(warehouse: Any) -> None:
    with warehouse.connect() as connection:
        cursor = connection.cursor()
        rows = lambda statement: cursor.execute(statement).fetchall()  # noqa: E731
        rows("create database if not exists passing")
        assert rows("select current_database(), current_schema()") == [("PASSING", "PUBLIC")]
        rows("create schema if not exists raw with managed access data_retention_time_in_days = 1")
        rows("create table t (x int)")
        assert ("PASSING",) in [(row[1],) for row in rows("show databases")]
        assert {row[1] for row in rows("show schemas in database passing")} == {"RAW", "PUBLIC", "information_schema"}
        rows("use schema passing.public")
        rows("drop schema raw")
        with pytest.raises(Error):
            rows("select * from passing.raw.t")
        rows("drop database passing")
        with pytest.raises(Error) as caught:
            rows("use database passing")
        assert caught.value.errno == 2043


def test_information_schema_lists_tables_views_and_columns(sql: Any) -> None:
    sql("create table t (id number not null, v varchar(3), n number(10, 2), at timestamp_ntz, j variant)")
    sql("create view w as select id from t")
    here = "where table_schema = current_schema()"
    assert sql(f"select table_name, table_type from information_schema.tables {here} order by 1") == [
        ("T", "BASE TABLE"),
        ("W", "VIEW"),
    ]
    assert sql(
        f"""select column_name, data_type, is_nullable, numeric_precision, numeric_scale, character_maximum_length
            from information_schema.columns {here} and table_name = 'T' order by ordinal_position"""
    ) == [
        ("ID", "NUMBER", "NO", 38, 0, None),
        ("V", "TEXT", "YES", None, None, 3),
        ("N", "NUMBER", "YES", 10, 2, None),
        ("AT", "TIMESTAMP_NTZ", "YES", None, None, None),
        ("J", "VARIANT", "YES", None, None, None),
    ]
    assert sql(f"select table_name from information_schema.views {here}") == [("W",)]
