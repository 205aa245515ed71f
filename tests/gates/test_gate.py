"""Planted mistakes: each must be found, by the rule that is there for it. And what Snowflake has must pass."""

from __future__ import annotations

import pytest

from tests.gates.gate import DEPLOY, LOAD, check


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        pytest.param("function", "select list_transform(prices, 1) as doubled from bars", id="list_transform"),
        pytest.param("function", "select epoch_ms(t) as session_time from bars", id="epoch_ms"),
        pytest.param("function", "select strptime(day, '%Y-%m-%d') as session_date from bars", id="strptime"),
        pytest.param("function", "select * from read_json('bars.json')", id="read_json"),
        pytest.param("function", "select * from generate_series(1, 10)", id="generate_series"),
        pytest.param("function", "select columns(*) from bars", id="columns"),
        pytest.param("function", "select distinct on (ticker) ticker, close_usd from bars", id="distinct on"),
        pytest.param("function", "select no_such_function(close_usd) as x from bars", id="nobody's function"),
        pytest.param("syntax", "from bars select ticker", id="from first"),
        pytest.param("syntax", "from bars", id="from only"),
        pytest.param("syntax", "select ticker from bars using sample 10", id="using sample"),
        pytest.param("syntax", "summarize bars", id="summarize"),
        pytest.param("syntax", "select a->>'b' as b from bars", id="json arrow"),
        pytest.param("syntax", "select close_usd as order from bars", id="reserved alias"),
        pytest.param("name", "select close_usd as account from bars", id="limited alias"),
        pytest.param("name", 'select close_usd as "close" from bars', id="quoted alias"),
        pytest.param("syntax", "select volume::hugeint as volume_shares from bars", id="hugeint"),
        pytest.param("type", "select id::uuid as run_id from bars", id="uuid"),
        pytest.param("operator", "select a ^ 2 as squared from bars", id="power"),
        pytest.param("operator", "select 7 // 2 as half", id="integer division"),
        pytest.param("operator", "select prices[1:2] as some from bars", id="slice"),
        pytest.param("statement", "delete from bars where ticker = 'X'", id="delete"),
        pytest.param("style", "SELECT ticker FROM bars", id="upper case"),
        pytest.param("style", "select ticker, close_usd from bars", id="two columns a line"),
        pytest.param("style", "select a.x from a semi join b on a.x = b.x", id="semi join is an alias"),
        pytest.param("statement", "  \n", id="nothing"),
    ],
)
def test_mistake_in_a_query_is_found(rule: str, sql: str) -> None:
    assert rule in {finding.rule for finding in check("planted.sql", sql)}


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        pytest.param("syntax", "create table raw.bars (order int)", id="reserved column"),
        pytest.param("syntax", "create table raw.bars (current_date int)", id="reserved by ANSI"),
        pytest.param("name", "create table raw.bars (schema varchar)", id="limited column"),
        pytest.param("syntax", "create table raw.bars (payload json)", id="json type"),
        pytest.param("statement", "drop table raw.bars", id="drop"),
        pytest.param("statement", "call raw.load_manifest('x')", id="call, with schemachange's autocommit off"),
    ],
)
def test_mistake_in_a_script_is_found(rule: str, sql: str) -> None:
    assert rule in {finding.rule for finding in check("V9.9.9__planted.sql", sql, DEPLOY)}


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        pytest.param("syntax", "copy into raw.bars from @raw.landing on_eror = abort_statement", id="misspelt option"),
        pytest.param(
            "function", "copy into raw.bars (a) from (select coalesce($1:a, 1) from @raw.landing)", id="coalesce"
        ),
        pytest.param("function", "copy into raw.bars (a) from (select upper($1:a) from @raw.landing)", id="upper"),
        pytest.param("function", "copy into raw.bars (a) from (select sha2($1:a) from @raw.landing)", id="sha2"),
        pytest.param("statement", "drop table raw.bars", id="drop"),
        *(
            pytest.param("statement", sql, id=f"owner's rights: {sql}")
            for sql in (
                "list @raw.landing/raw/",
                "ls @raw.landing",
                "use schema raw",
                "use warehouse loads",
                "use role x",
                "alter session set query_tag = 'x'",
                "set x = 1",
                "unset x",
                "show parameters",
                "show variables",
                "show grants",
                "put file:///tmp/x @raw.landing",
                "get @raw.landing file:///tmp/",
                "remove @raw.landing/x",
                "create temporary table raw.mine (x number)",
                "execute immediate 'list @raw.landing'",
                "call raw.load_manifest('x')",
                "explain select 1",
            )
        ),
    ],
)
def test_mistake_in_the_load_is_found(rule: str, sql: str) -> None:
    assert rule in {finding.rule for finding in check("load", sql, LOAD, style=False)}


def test_finding_names_file_and_line() -> None:
    (finding,) = check("bars.sql", "select\n    ticker,\n    epoch_ms(t) as session_time\nfrom bars")

    assert str(finding).startswith("bars.sql:3: function: epoch_ms is not in tests/gates/words/functions.txt.")


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(
            "select\n    f.value:c::float as close_usd,\n    f.index as bar\n"
            "from raw.stock_bars as r,\n    lateral flatten(input => r.response:results) as f",
            id="flatten",
        ),
        pytest.param(
            "select ticker\nfrom bars\nqualify row_number() over (partition by ticker order by fetched_at desc) = 1",
            id="qualify",
        ),
        pytest.param("select ticker\nfrom bars\nwhere ticker = :ticker\norder by day\nlimit :rows", id="named binds"),
        pytest.param("select ticker\nfrom bars\nwhere ticker = %s and day = %(day)s", id="format binds"),
        pytest.param("select a.t\nfrom a asof join b match_condition (a.t >= b.t) on a.k = b.k", id="asof join"),
    ],
)
def test_snowflakes_own_sql_passes(sql: str) -> None:
    assert check("good.sql", sql) == []
