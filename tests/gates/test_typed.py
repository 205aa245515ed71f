"""Planted mistakes in names and types, against a small schema; and what Snowflake takes, which passes."""

from __future__ import annotations

import pytest

from tests.gates.deployed import migrate
from tests.gates.typed import Schema, check

SCHEMA: Schema = {}
migrate(
    SCHEMA,
    "-- a comment before it\n"
    "create table marts.bars (ticker varchar not null, session_date date, close_usd float, volume number(38, 0), "
    "is_late boolean, fetched_at timestamp_ntz(6), response variant)",
)
migrate(SCHEMA, "create table if not exists ops.loads (manifest_id varchar, family varchar)")
migrate(SCHEMA, "alter table ops.loads add column rows_loaded number(38, 0)")
migrate(SCHEMA, "create schema if not exists apps with managed access")


def test_schema_is_what_the_statements_make() -> None:
    assert set(SCHEMA) == {"MARTS", "OPS"}
    assert SCHEMA["OPS"]["LOADS"] == {"MANIFEST_ID": "VARCHAR", "FAMILY": "VARCHAR", "ROWS_LOADED": "DECIMAL(38, 0)"}


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("select tiker from marts.bars", id="unknown column"),
        pytest.param("select bars.tiker from marts.bars as bars", id="unknown column of an alias"),
        pytest.param("select ticker from marts.bars where session > '2026-01-02'", id="unknown column in where"),
        pytest.param("with b as (select ticker from marts.bars) select close_usd from b", id="not in the CTE"),
        pytest.param("select ticker from marts.bar", id="unknown table"),
        pytest.param("select ticker from bars", id="table without its schema"),
        pytest.param("select 1 as x from ops.loads where manifest_id in (select id from ops.loads)", id="subquery"),
        pytest.param("update ops.loads set rows = 1", id="unknown column in an update"),
        pytest.param("update ops.loads set rows_loaded = 1 where family_name = 'x'", id="in an update's where"),
        pytest.param("insert into ops.loads (manifest_id, rows) values ('x', 1)", id="unknown column in an insert"),
        pytest.param("insert into ops.loads (manifest_id, family) values ('x')", id="too few values"),
    ],
)
def test_unknown_name_is_found(sql: str) -> None:
    assert {finding.rule for finding in check("planted.sql", sql, SCHEMA)} == {"column"}


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("select ticker from marts.bars where ticker = 1", id="text = number"),
        pytest.param("select ticker from marts.bars where close_usd > '1'", id="number > text"),
        pytest.param("select ticker from marts.bars where session_date = ticker", id="date = text"),
        pytest.param("select ticker from marts.bars where session_date >= 'yesterday'", id="date >= no date"),
        pytest.param("select ticker from marts.bars where session_date between 1 and 2", id="date between numbers"),
        pytest.param("select ticker from marts.bars where is_late = 1", id="boolean = number"),
        pytest.param("select ticker from marts.bars where volume in ('1', '2')", id="number in texts"),
        pytest.param("select ticker from marts.bars where ticker in (select volume from marts.bars)", id="in query"),
        pytest.param("select 1 as x from marts.bars where ticker not in (select volume from marts.bars)", id="not in"),
        pytest.param("set since = '2026-01-02';\nselect 1 as x from marts.bars where volume > $since", id="variable"),
        pytest.param(
            "select b.ticker from marts.bars as b inner join ops.loads as l on b.volume = l.family", id="join"
        ),
        pytest.param("select coalesce(volume, 'none') as x from marts.bars", id="coalesce"),
        pytest.param("select iff(is_late, volume, ticker) as x from marts.bars", id="iff"),
        pytest.param("select case when is_late then session_date else 0 end as x from marts.bars", id="case"),
        pytest.param("select volume as x from marts.bars union all select ticker as x from marts.bars", id="union"),
        pytest.param("select sum(is_late) as x from marts.bars", id="sum of booleans"),
        pytest.param("select avg(ticker) as x from marts.bars", id="average of texts"),
        pytest.param("select ticker * 2 as x from marts.bars", id="text times number"),
        pytest.param("select fetched_at - session_date as x from marts.bars", id="timestamp minus date"),
        pytest.param(
            "with b as (select volume as v from marts.bars) select v from b where v = 'x'", id="through a CTE"
        ),
        pytest.param("insert into ops.loads (manifest_id, rows_loaded) values ('x', 'many')", id="insert"),
        pytest.param("update ops.loads set rows_loaded = 1 where family = 2", id="update"),
    ],
)
def test_values_that_cannot_meet_are_found(sql: str) -> None:
    assert {finding.rule for finding in check("planted.sql", sql, SCHEMA)} == {"type"}


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("select ticker from marts.bars where session_date >= '2026-01-02'", id="date beside its text"),
        pytest.param("select ticker from marts.bars where fetched_at > '2026-01-02 12:00:00'", id="time as text"),
        pytest.param("select ticker from marts.bars where fetched_at >= session_date", id="timestamp and date"),
        pytest.param("select ticker from marts.bars where volume > close_usd", id="numbers of two types"),
        pytest.param("select ticker from marts.bars where response:t = 1", id="variant"),
        pytest.param(
            "select f.value:c::float as c from marts.bars as b, lateral flatten(input => b.response) as f", id="flatten"
        ),
        pytest.param("select close_usd * 2 as twice, twice + 1 as more from marts.bars", id="lateral alias"),
        pytest.param("select null as version from marts.bars union all select ticker from marts.bars", id="null"),
        pytest.param("select sum(iff(is_late, 1, 0)) as late from marts.bars", id="count of booleans"),
        pytest.param(
            "set since = '2026-01-02';\nselect ticker from marts.bars where session_date >= to_date($since)",
            id="variable",
        ),
        pytest.param("select ticker from marts.bars where ticker not in (select ticker from marts.bars)", id="not in"),
        pytest.param("select session_date - '2026-01-02'::date as days from marts.bars", id="days"),
        pytest.param("insert into ops.loads (manifest_id, rows_loaded) values ('x', 1)", id="insert"),
        pytest.param("update ops.loads set rows_loaded = rows_loaded + 1 where family = 'stocks'", id="update"),
        pytest.param("call raw.load_manifest('x')", id="call"),
    ],
)
def test_what_fits_passes(sql: str) -> None:
    assert [str(finding) for finding in check("good.sql", sql, SCHEMA)] == []
